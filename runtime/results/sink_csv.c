/* sink_csv.c -- results as text (csv_text.h). A portion is formatted in blocks of rows, by
 * this thread and by helpers, and written by this thread in the order of the rows.
 */
#include <stdlib.h>
#include <string.h>

#include "csv_text.h"
#include "pool.h"

enum { MAX_BLOCKS = 32, BLOCK_BYTES = 1 << 17 };
enum { HELPER_STACK = 1 << 18, MAX_HELPERS = 7 };

struct csv_block {
    char *at, *end;
    atomic_bool ready;
};

struct csv {
    struct csv_text *text;
    struct pool *helpers; /* NULL: none */
    struct event changed; /* a block is ready */
    int64_t block_rows;
    struct csv_block blocks[MAX_BLOCKS];
    char *memory; /* of the blocks */

    /* the portion in hand */
    const struct odec_portion *portion;
    int64_t first, n_rows; /* of the blocks, in the portion */
    atomic_int next;       /* block that nobody has */
    struct pool_job job;
};

/* Each field takes at least one digit and a separator. */
static double csv_least_bytes(const struct result_about *about) {
    double rows = (double)about->batch->n_runs * (double)about->settings->n_saves;
    return rows *
           (2.0 * (3 + about->n_axes + about->program->n_columns) + about->n_labels);
}

static void put_text(struct out_file *out, const char *text) {
    out_file_write(out, text, strlen(text));
}

static void csv_release(struct result_file *file) {
    struct csv *csv = file->format_data;
    if (csv) {
        pool_destroy(csv->helpers);
        event_destroy(&csv->changed);
        csv_text_destroy(csv->text);
        free(csv->memory);
        free(csv);
        file->format_data = NULL;
    }
}

/* How many helpers have something to do. */
static int32_t count_helpers(const struct csv *csv, const struct result_about *about) {
    const double n_blocks = (double)about->batch->n_runs *
                            (double)about->settings->n_saves / (double)csv->block_rows;
    const int32_t n = about->n_threads - 1;
    return n_blocks < 4 || n < 0 ? 0 : n > MAX_HELPERS ? MAX_HELPERS : n;
}

static odec_status csv_create(struct result_file *file) {
    const struct result_about *about = &file->about;
    struct csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL) {
        return ODEC_ERROR_MEMORY;
    }
    file->format_data = csv;
    event_init(&csv->changed);
    csv->text = csv_text_create(about);
    if (csv->text == NULL) {
        return ODEC_ERROR_MEMORY;
    }
    const size_t row = csv_text_room(csv->text, 1);
    csv->block_rows = row < BLOCK_BYTES ? (int64_t)(BLOCK_BYTES / row) : 1;
    const size_t block = csv_text_room(csv->text, csv->block_rows);
    const int32_t n_helpers = count_helpers(csv, about);
    const size_t n_blocks = n_helpers ? MAX_BLOCKS : 1;
    csv->memory = malloc(n_blocks * block);
    if (csv->memory == NULL) {
        return ODEC_ERROR_MEMORY;
    }
    for (size_t i = 0; i < n_blocks; i++) {
        csv->blocks[i].at = csv->memory + i * block;
    }
    return n_helpers
               ? pool_create(file->context, n_helpers, HELPER_STACK, &csv->helpers)
               : ODEC_OK;
}

static odec_status csv_begin(struct result_file *file) {
    const struct result_about *about = &file->about;
    const odec_status status = csv_create(file);
    if (status != ODEC_OK) {
        csv_release(file);
        return status == ODEC_ERROR_MEMORY ? context_out_of_memory(file->context)
                                           : status;
    }
    struct out_file *out = &file->parts[RESULT_DATA];
    put_text(out, "run,t");
    for (int32_t i = 0; i < about->n_labels; i++) {
        const char *name = about->labels[i].name;
        const char *quote = strpbrk(name, ",\"") ? "\"" : "";
        put_text(out, ",");
        put_text(out, quote);
        put_text(out, name);
        put_text(out, quote);
    }
    for (int32_t i = 0; i < about->n_axes; i++) {
        put_text(out, ",");
        put_text(out, about->axes[i].name);
    }
    for (int32_t i = 0; i < about->program->n_columns; i++) {
        put_text(out, ",");
        put_text(out, about->program->columns[i].name);
    }
    put_text(out, ",status\n");
    return out->error ? ODEC_ERROR_IO : ODEC_OK;
}

/* ---- a portion ---- */

static int count_blocks(const struct csv *csv) {
    return (int)((csv->n_rows + csv->block_rows - 1) / csv->block_rows);
}

/* Formats a block that nobody has; false: there is none. */
static bool format_next(struct csv *csv) {
    const int i = atomic_fetch_add(&csv->next, 1);
    if (i >= count_blocks(csv)) {
        return false;
    }
    const int64_t row = i * csv->block_rows, left = csv->n_rows - row;
    struct csv_block *block = &csv->blocks[i];
    block->end =
        csv_text_rows(csv->text, csv->portion, csv->first + row,
                      left < csv->block_rows ? left : csv->block_rows, block->at);
    event_raise(&csv->changed, &block->ready);
    return true;
}

static void help(void *user, int32_t worker) {
    (void)worker;
    while (format_next(user)) {
    }
}

static void wait_for(struct csv *csv, struct csv_block *block) {
    for (;;) {
        const uint64_t seen = event_count(&csv->changed);
        if (atomic_load(&block->ready)) {
            return;
        }
        if (!format_next(csv)) {
            const struct timespec until = clock_after(1);
            event_wait(&csv->changed, seen, &until);
        }
    }
}

/* Rows of the portion for which there are blocks. */
static void write_blocks(struct csv *csv, struct out_file *out) {
    const int n_blocks = count_blocks(csv);
    for (int i = 0; i < n_blocks; i++) {
        atomic_store(&csv->blocks[i].ready, false);
    }
    atomic_store(&csv->next, 0);
    csv->job = (struct pool_job){.work = help, .user = csv, .finished = &csv->changed};
    const bool helped = n_blocks > 1;
    if (helped) {
        pool_submit(csv->helpers, &csv->job);
    }
    for (int i = 0; i < n_blocks; i++) {
        struct csv_block *block = &csv->blocks[i];
        wait_for(csv, block);
        out_file_write(out, block->at, (size_t)(block->end - block->at));
    }
    if (helped) {
        pool_wait(&csv->job);
    }
}

static odec_status csv_write(struct result_file *file,
                             const struct odec_portion *portion) {
    struct csv *csv = file->format_data;
    const int64_t n_rows = portion->n_runs * file->about.settings->n_saves,
                  most = csv->block_rows * (csv->helpers ? MAX_BLOCKS : 1);
    csv->portion = portion;
    for (csv->first = 0; csv->first < n_rows && !file->parts[RESULT_DATA].error;
         csv->first += csv->n_rows) {
        const int64_t left = n_rows - csv->first;
        csv->n_rows = left < most ? left : most;
        write_blocks(csv, &file->parts[RESULT_DATA]);
    }
    return file->parts[RESULT_DATA].error ? ODEC_ERROR_IO : ODEC_OK;
}

static odec_status csv_finish(struct result_file *file,
                              const struct odec_result *result) {
    (void)result;
    return out_file_flush(&file->parts[RESULT_DATA]);
}

const struct result_format result_format_csv = {
    .extension = ".csv",
    .least_bytes = csv_least_bytes,
    .begin = csv_begin,
    .write = csv_write,
    .finish = csv_finish,
    .release = csv_release,
};
