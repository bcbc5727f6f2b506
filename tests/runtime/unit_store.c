/* unit_store.c -- what the runtime keeps on disk: the kernel cache, which is trusted
 * only where nobody else could have written it, and result files, which bear their name
 * only when they are complete.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "result_file.h"
#include "runtime_support.h"

/* ---- the kernel cache ---- */

/* Opens a solver with the cache; was the kernel there? */
static bool is_hit(const char *cache_directory) {
    odec_program program = decay_program();
    odec_solver_options options = test_options();
    options.cache_dir = cache_directory;
    odec_solver *solver = open_solver(&program, &options);
    bool hit = odec_solver_cache_hit(solver);
    odec_batch batch = batch_of(10, NULL);
    odec_result result = ODEC_RESULT_INIT;
    assert_int_equal(odec_solve(solver, &batch, NULL, &result), ODEC_OK);
    assert_int_equal(result.n_by_status[ODEC_RUN_OK], 10);
    odec_solver_destroy(solver);
    return hit;
}

/* The only file of the cache. */
static char *cache_file(const char *cache_directory) {
    static char path[512];
    DIR *entries = opendir(cache_directory);
    struct dirent *entry;
    path[0] = '\0';
    while (entries && (entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] != '.') {
            assert_string_equal(path, "");
            snprintf(path, sizeof path, "%s/%s", cache_directory, entry->d_name);
        }
    }
    closedir(entries);
    return path;
}

static void test_cache(void **state) {
    (void)state;
    char cache[128];
    strcpy(cache, in_directory("deep/er/cache"));
    assert_false(is_hit(cache));
    assert_true(is_hit(cache));
    struct stat info;
    assert_int_equal(stat(cache, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_false(is_hit("")); /* none */
    assert_false(is_hit("/proc/odec"));
    /* Every single changed byte, and every shorter file, means: compile anew. */
    char *path = cache_file(cache);
    assert_int_equal(stat(path, &info), 0);
    const off_t places[] = {0, 20, 50, 60, 100, info.st_size / 2, info.st_size - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int fd = open(path, O_RDWR);
        unsigned char byte;
        assert_int_equal(pread(fd, &byte, 1, places[i]), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
        close(fd);
        assert_false(is_hit(cache));
        assert_true(is_hit(cache));
    }
    assert_int_equal(truncate(path, info.st_size / 2), 0);
    assert_false(is_hit(cache));
    assert_int_equal(truncate(path, 0), 0);
    assert_false(is_hit(cache));
    /* What others could write, or a link, is not read. */
    assert_int_equal(chmod(path, 0666), 0);
    assert_false(is_hit(cache));
    assert_true(is_hit(cache)); /* replaced by a file of our own */
    char elsewhere[128];
    strcpy(elsewhere, in_directory("elsewhere"));
    assert_int_equal(rename(path, elsewhere), 0);
    assert_int_equal(symlink(elsewhere, path), 0);
    assert_false(is_hit(cache));
    assert_int_equal(chmod(cache, 0755), 0);
    assert_false(is_hit(cache));
    assert_int_equal(chmod(cache, 0700), 0);
    assert_true(is_hit(cache));
}

/* ---- result files ---- */

static struct bytes read_whole(const char *path) {
    struct bytes bytes = {0};
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && bytes_read(NULL, fd, 1 << 28, &bytes));
    close(fd);
    return bytes;
}

static bool exists(const char *path) { return access(path, F_OK) == 0; }

static int32_t n_threads = 1; /* that write */

/* Solves into a file; fail_after runs the sink is made to fail. */
static odec_status solve_into(const char *path, int64_t n_runs, int64_t fail_after) {
    odec_program program = decay_program();
    odec_source k = sweep_k(n_runs);
    struct run_axis axis = {.name = "k", .source = &k};
    odec_batch batch = batch_of(n_runs, &k);
    batch.save =
        &(odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 2};
    struct settings settings;
    assert_int_equal(settings_resolve(context, &program, &batch, &settings), ODEC_OK);
    struct result_about about = {.program = &program,
                                 .batch = &batch,
                                 .settings = &settings,
                                 .axes = &axis,
                                 .n_axes = 1,
                                 .n_threads = n_threads};
    odec_solver_options options = test_options();
    options.chunk_runs = n_runs < 2000 ? 100 : n_runs / 2;
    odec_solver *solver = open_solver(&program, &options);
    struct result_file *file;
    assert_int_equal(result_file_create(context, path, &about, &file), ODEC_OK);
    assert_false(exists(path));
    odec_sink sink = result_file_sink(file);
    odec_result result = ODEC_RESULT_INIT;
    odec_status status = ODEC_OK;
    if (fail_after) { /* only the first runs arrive */
        double values[200] = {0};
        struct odec_run_record records[100] = {{0}};
        for (int64_t first = 0; first < fail_after; first += 100) {
            const odec_portion portion = {.size = sizeof portion,
                                          .first_run = first,
                                          .n_runs = 100,
                                          .values = values,
                                          .records = records};
            status = sink.write(sink.user, &portion);
        }
        assert_int_equal(status, ODEC_OK);
        status = ODEC_ERROR_IO;
    } else {
        status = odec_solve(solver, &batch, &sink, &result);
        assert_int_equal(status, ODEC_OK);
        status = result_file_finish(file, &result);
    }
    result_file_destroy(file);
    odec_solver_destroy(solver);
    settings_release(&settings);
    return status;
}

static void test_csv(void **state) {
    (void)state;
    char path[128];
    strcpy(path, in_directory("three.csv"));
    assert_int_equal(solve_into(path, 3, 0), ODEC_OK);
    struct bytes text = read_whole(path);
    assert_string_equal((const char *)text.at, "run,t,k,x,status\n"
                                               "0,0,0,1,ok\n"
                                               "0,1,0,1,ok\n"
                                               "1,0,1,1,ok\n"
                                               "1,1,1,0.36789419940674861,ok\n"
                                               "2,0,2,1,ok\n"
                                               "2,1,2,0.1355497705071797,ok\n");
    bytes_release(&text);
    assert_false(exists(in_directory("three.csv.partial")));
    assert_false(exists(in_directory("three.csv.partial.json")));
}

/* As many rows as several portions have, of several blocks each. */
static void test_csv_by_threads(void **state) {
    (void)state;
    enum { N_RUNS = 40000 };
    char path[128];
    struct bytes one = {0};
    for (n_threads = 1; n_threads <= 5; n_threads += 2) {
        strcpy(path, in_directory("threads.csv"));
        assert_int_equal(solve_into(path, N_RUNS, 0), ODEC_OK);
        struct bytes text = read_whole(path);
        if (n_threads == 1) {
            one = text;
        } else {
            assert_int_equal(text.n, one.n);
            assert_memory_equal(text.at, one.at, one.n);
            bytes_release(&text);
        }
        assert_int_equal(unlink(path), 0);
    }
    n_threads = 1;
    const char *line = (const char *)one.at;
    for (int i = -1; i < 2 * N_RUNS; i++) {
        char expected[64];
        const int n = snprintf(expected, sizeof expected, "%d,%d,%.17g,", i / 2, i % 2,
                               odec_grid_point(0, 2, N_RUNS, false, i / 2));
        if (i >= 0) {
            assert_memory_equal(line, expected, (size_t)n);
        }
        line = strchr(line, '\n') + 1;
    }
    assert_int_equal(*line, '\0');
    bytes_release(&one);
}

static void test_npy(void **state) {
    (void)state;
    char path[128];
    strcpy(path, in_directory("many.npy"));
    assert_int_equal(solve_into(path, 1000, 0), ODEC_OK);
    struct bytes data = read_whole(path);
    assert_int_equal(data.n, 128 + 1000 * 2 * 8);
    assert_memory_equal(data.at,
                        "\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', "
                        "'fortran_order': False, 'shape': (1000, 2, 1), }",
                        70);
    assert_int_equal(data.at[127], '\n');
    const double *values = (const double *)(const void *)(data.at + 128);
    assert_true(values[0] == 1 && fabs(values[1999] - exp(-2)) < 1e-3);
    bytes_release(&data);
    data = read_whole(in_directory("many.status.npy"));
    assert_int_equal(data.n, 128 + 1000);
    bytes_release(&data);
    data = read_whole(in_directory("many.json"));
    assert_non_null(strstr((const char *)data.at, "\"shape\": [1000, 2, 1]"));
    assert_non_null(strstr((const char *)data.at, "\"times\": [0, 1]"));
    bytes_release(&data);
}

static void test_partial_is_kept(void **state) {
    (void)state;
    static const char *const names[] = {"part.csv", "part.npy"};
    for (int i = 0; i < 2; i++) {
        char path[128], partial[160];
        strcpy(path, in_directory(names[i]));
        assert_int_equal(solve_into(path, 1000, 300), ODEC_ERROR_IO);
        assert_false(exists(path));
        snprintf(partial, sizeof partial, "%s.partial", path);
        assert_true(exists(partial));
        strcat(partial, ".json");
        struct bytes note = read_whole(partial);
        assert_memory_equal(note.at, "{\"runs\": 1000, \"complete\": [[0, 300]], ", 39);
        bytes_release(&note);
    }
}

static void test_wrong_files(void **state) {
    (void)state;
    static const struct {
        const char *path, *error;
    } rows[] = {
        {"x.nc", "cannot write x.nc: NetCDF is not available yet; use .csv or .npy"},
        {"x.txt",
         "cannot tell the format of 'x.txt': it must end in .csv or .npy, or be -"},
        {".csv",
         "cannot tell the format of '.csv': it must end in .csv or .npy, or be -"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        odec_context_clear(context);
        assert_int_equal(result_file_check(context, rows[i].path), ODEC_ERROR_ARGUMENT);
        assert_string_equal(odec_context_error(context), rows[i].error);
    }
    odec_program program = decay_program();
    odec_batch batch = batch_of(INT64_C(10000000000), NULL);
    double time = 1;
    struct settings settings = {.times = &time, .n_saves = 100000000};
    struct result_about about = {
        .program = &program, .batch = &batch, .settings = &settings};
    struct result_file *file;
    odec_context_clear(context);
    assert_int_equal(
        result_file_create(context, in_directory("huge.npy"), &about, &file),
        ODEC_ERROR_IO);
    assert_non_null(strstr(odec_context_error(context), "would take at least 6.9 EiB"));
    batch.n_runs = 1;
    settings.n_saves = 1;
    odec_context_clear(context);
    assert_int_equal(result_file_create(context, "/nowhere/x.csv", &about, &file),
                     ODEC_ERROR_IO);
    assert_string_equal(odec_context_error(context),
                        "cannot write /nowhere/x.csv: No such file or directory");
}

/* The sum of a file does not ask in which order its pieces came, nor how they were cut. */
static void test_sums_of_pieces(void **state) {
    (void)state;
    struct crc32 sum = {0};
    assert_true(crc32_of(&sum, 0) == 0);
    crc32_add(&sum, 4, "56789", 5);
    crc32_add(&sum, 0, "1234", 4);
    assert_true(crc32_of(&sum, 9) == 0xcbf43926); /* ISO 3309's check value */
    static char file[100000]; /* with a hole at its end: what is not written is zeros */
    for (size_t i = 0; i < sizeof file - 1000; i++) {
        file[i] = (char)(i * i >> 5);
    }
    struct crc32 whole = {0};
    crc32_add(&whole, 0, file, sizeof file);
    for (size_t length = 1; length < sizeof file; length = 3 * length + 1) {
        struct crc32 pieces = {0};
        for (size_t end = sizeof file - 1000; end > 0;) {
            const size_t n = end < length ? end : length;
            end -= n;
            crc32_add(&pieces, (int64_t)end, file + end, n);
        }
        assert_true(crc32_of(&pieces, sizeof file) == crc32_of(&whole, sizeof file));
    }
    struct crc32 far = {0}; /* beyond 2^32 bits */
    crc32_add(&far, INT64_C(1) << 40, "a", 1);
    assert_true(crc32_of(&far, (INT64_C(1) << 40) + 1) != crc32_of(&far, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_of_pieces),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_by_threads),
        cmocka_unit_test(test_npy),
        cmocka_unit_test(test_partial_is_kept),
        cmocka_unit_test(test_wrong_files),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
