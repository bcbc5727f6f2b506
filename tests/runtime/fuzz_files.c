/* fuzz_files.c -- any bytes at all as a table of runs, or as what a cache of kernels has, for
 * libFuzzer. The first byte says which.
 *
 * Nothing may crash, hang, leak or read what is not there; an error has its text; of a cache only
 * what was put comes back.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cache.h"
#include "run_table.h"

static void read_table(odec_context *context, const uint8_t *data, size_t size,
                       unsigned kinds) {
    char path[64];
    struct run_table table;
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || !bytes_write(fd, data, size)) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    odec_status status = run_table_open(context, path, &table);
    if (status == ODEC_OK) {
        for (int32_t i = 0; i < table.n_columns; i++) {
            table.kinds[i] = kinds >> i % 16 * 2 & 3 ? RUN_NUMBERS
                             : i % 3                 ? RUN_TEXTS
                                                     : RUN_IGNORED;
        }
        status = run_table_rows(context, path, &table);
        double sum = 0;
        for (int64_t i = 0; i < table.n_rows * table.n_numbers; i++) {
            sum += table.values[i];
        }
        for (int64_t i = 0; i < table.n_rows * table.n_texts; i++) {
            sum += table.texts[i].n > 0 ? table.texts[i].at[table.texts[i].n - 1] : 0;
        }
        static volatile double seen;
        seen = sum; /* so that all of it is read */
        (void)seen;
        run_table_release(&table);
    }
    close(fd);
    if ((status != ODEC_OK) != (odec_context_error(context)[0] != '\0')) {
        abort();
    }
}

/* ---- a cache that has the input for every key ---- */

struct shelf {
    const uint8_t *data;
    size_t size;
    uint8_t *put;
    size_t n_put;
};

static size_t shelf_get(void *user, const unsigned char *key, void *to,
                        size_t capacity) {
    const struct shelf *shelf = user;
    (void)key;
    if (to) {
        memcpy(to, shelf->data, shelf->size < capacity ? shelf->size : capacity);
    }
    return shelf->size;
}

static void shelf_put(void *user, const unsigned char *key, const void *at, size_t n) {
    struct shelf *shelf = user;
    (void)key;
    free(shelf->put);
    shelf->put = n ? malloc(n) : NULL;
    shelf->n_put = shelf->put ? n : 0;
    if (shelf->put) {
        memcpy(shelf->put, at, n);
    }
}

static void read_cache(odec_context *context, const uint8_t *data, size_t size) {
    struct shelf shelf = {.data = data, .size = size};
    struct odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.cache_get = shelf_get;
    options.cache_put = shelf_put;
    options.cache_user = &shelf;
    struct cache cache = cache_open(context, &options);
    const struct cache_key key =
        cache_key_of(&(struct cache_part){data, size < 8 ? size : 8}, 1);
    struct bytes image;
    if (cache_get(&cache, &key, &image)) {
        bytes_release(&image);
        abort(); /* nobody finds a SHA-256 by chance */
    }
    /* What is put comes back; with a bit of it changed it does not. */
    image = (struct bytes){heap_take(NULL, 1, size + 1), size};
    if (image.at) {
        memcpy(image.at, data, size);
        cache_put(&cache, &key, &image);
        struct bytes again;
        shelf.data = shelf.put;
        shelf.size = shelf.n_put;
        if (!cache_get(&cache, &key, &again) || again.n != size ||
            memcmp(again.at, data, size) != 0) {
            abort();
        }
        bytes_release(&again);
        shelf.put[(size ? data[0] : 0) % shelf.n_put] ^= 1;
        if (cache_get(&cache, &key, &again)) {
            abort();
        }
        bytes_release(&image);
    }
    free(shelf.put);
    cache_close(&cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    odec_context *context;
    if (size < 2 || odec_context_create(&context) != ODEC_OK) {
        return 0;
    }
    uint8_t *exact = malloc(size - 1);
    if (exact) {
        memcpy(exact, data + 1, size - 1);
        if (data[0] & 1) {
            read_cache(context, exact, size - 1);
        } else {
            read_table(context, exact, size - 1, data[0] * 0x9e3779b1u);
        }
    }
    free(exact);
    odec_context_destroy(context);
    return 0;
}
