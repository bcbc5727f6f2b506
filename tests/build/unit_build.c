/* unit_build.c -- odec build where memory runs out: for every n its n-th allocation fails. It ends
 * with one error in words, or as if nothing had been; no file is torn, and (ASan) nothing leaks.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "commands.h"
#include "failing_alloc.h"
#include "scratch.h"

enum { MOST_ALLOCATIONS = 3000, MOST_BYTES = 4 << 20 };

static const char model[] =
    "model decay\n"
    "par k = 1, class = 2*k\n"
    "init x = 1, y = 2\n"
    "x' = -k*x*class\n"
    "y' = -y^3\n"
    "solve { t = 0 .. 1; method = rodas5p; save = at 0, 0.5, 1 }\n";

static const char *folder; /* the tests' */

static const char *path_of(const char *name) {
    static char path[4][256];
    static int i;
    i = (i + 1) % 4;
    snprintf(path[i], sizeof path[i], "%s/%s", folder, name);
    return path[i];
}

/* NULL: there is none. */
static char *text_of(const char *name) {
    FILE *file = fopen(path_of(name), "rb");
    if (file == NULL) {
        return NULL;
    }
    char *text = calloc(1, MOST_BYTES);
    assert_non_null(text);
    assert_true(fread(text, 1, MOST_BYTES - 1, file) < MOST_BYTES - 1);
    fclose(file);
    return text;
}

static void write_text(const char *name, const char *text) {
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static const char *nvcc; /* NULL: no images */

/* Its messages go to the file "said". */
static int build(const char *directory, long failing, long *n_calls) {
    const char *words[] = {"odec",
                           "build",
                           path_of("decay.ode"),
                           "-o",
                           path_of(directory),
                           nvcc ? "--fatbin" : path_of("other.ode"),
                           nvcc ? "sm_80" : "--device",
                           "--nvcc",
                           nvcc};
    struct options options;
    assert_int_equal(options_parse(nvcc ? 9 : 7, (char **)words, &options), EXIT_DONE);
    fflush(stderr);
    const int before = dup(STDERR_FILENO);
    assert_non_null(freopen(path_of("said"), "wb", stderr));
    alloc_fail_at(failing);
    const int status = cmd_build(&options);
    *n_calls = n_alloc_calls;
    alloc_fail_at(0);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    options_release(&options);
    return status;
}

static void assert_same_or_absent(const char *name, const char *reference) {
    char *text = text_of(name), *expected = text_of(reference);
    if (text) {
        assert_string_equal(text, expected);
    }
    free(text);
    free(expected);
}

/* Of what was begun nothing is left. */
static void assert_empty(const char *directory) {
    DIR *open = opendir(path_of(directory));
    const struct dirent *entry;
    while (open && (entry = readdir(open)) != NULL) {
        assert_int_equal(entry->d_name[0], '.');
        assert_true(strlen(entry->d_name) <= 2);
    }
    if (open) {
        closedir(open);
    }
}

static void fail_each(void) {
    static const char *const files[] = {"decay.c", "decay.h", "decay_device.cuh",
                                        "other.c", "other.h", "other_device.cuh"};
    long n_calls;
    int n_errors = 0, n_tried = 0;
    write_text("decay.ode", model);
    write_text("other.ode", model);
    assert_int_equal(build("whole", 0, &n_calls), EXIT_DONE);
    const long n_all = n_calls;
    assert_in_range(n_all, 10, MOST_ALLOCATIONS);
    /* Where sanitizers have each piece of an arena allocated by itself, some of them. */
    for (long n = 1; n <= n_all; n += 1 + n_all / 500) {
        const int status = build("torn", n, &n_calls);
        n_tried++;
        char *said = text_of("said");
        if (status == EXIT_DONE) {
            assert_string_equal(said, "");
        } else {
            n_errors++;
            assert_int_equal(status, EXIT_UNFINISHED);
            assert_memory_equal(said, "odec: error: ", 13);
            assert_true(strstr(said, "out of memory\n") ||
                        strstr(said, "Cannot allocate memory\n"));
        }
        free(said);
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            char torn[64], whole[64];
            snprintf(torn, sizeof torn, "torn/%s", files[i]);
            snprintf(whole, sizeof whole, "whole/%s", files[i]);
            assert_same_or_absent(torn, whole);
            unlink(path_of(torn));
        }
        assert_empty("torn");
    }
    assert_true(n_errors >= n_tried / 2);
}

static void test_every_allocation(void **state) {
    (void)state;
    nvcc = NULL;
    fail_each();
}

static const char *simulated_nvcc;

/* The same with nvcc; what it makes once it keeps in its own cache. */
static void test_every_allocation_with_images(void **state) {
    (void)state;
    nvcc = simulated_nvcc;
    fail_each();
}

static int begin(void **state) {
    (void)state;
    folder = scratch_create();
    return folder == NULL;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_every_allocation_with_images)};
    if (argc != 2) {
        fprintf(stderr, "usage: unit_build NVCC\n");
        return 2;
    }
    simulated_nvcc = argv[1];
    return cmocka_run_group_tests(tests, begin, scratch_remove);
}
