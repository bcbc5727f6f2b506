/* unit_runtime.c -- the runtime without the compiler: a kernel written by hand
 * (exponential decay by rk4) goes through solver, batch and sinks. What must not change
 * a bit is tried against it: chunks, threads, lanes, the cache; and what must not hang
 * or leak: cancelling, a sink that fails, a compiler that is missing.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bytes.h"
#include "result_file.h"

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

#define ABI_TEXT                                                                       \
    "struct odec_input { const void *data; long long stride; };\n"                     \
    "struct odec_run_record { double t; int status, n_accepted, n_rejected, n_rhs,\n"  \
    "                         n_jacobian, reserved; };\n"                              \
    "struct odec_args { long long n_runs, *next, grain; const int *stop;\n"            \
    "  const struct odec_input *pars, *states; double t0, t1, rtol; const double "     \
    "*atol;\n"                                                                         \
    "  double dt, dt_max; long long max_attempts; const double *save_times;\n"         \
    "  long long n_saves; void *values; struct odec_run_record *records; };\n"

/* x' = -k x in four steps to each save time. A run with k = 13 fails, one with k = 77
 * never ends unless it is stopped. */
static const char decay_kernel[] = ABI_TEXT
    "extern const int odec_kernel_abi;\n"
    "const int odec_kernel_abi = " TEXT_OF(ODEC_KERNEL_ABI) ";\n"
    "static double input(struct odec_input in, long long run, double otherwise) {\n"
    "    return in.data ? ((const double *)in.data)[run * in.stride] : otherwise; }\n"
    "static void one(const struct odec_args *a, long long run) {\n"
    "    double k = input(a->pars[0], run, 0.5), x = input(a->states[0], run, 1), t = "
    "a->t0;\n"
    "    int steps = 0;\n"
    "    for (long long s = 0; s < a->n_saves; s++) {\n"
    "        double h = (a->save_times[s] - t) / 4;\n"
    "        for (int i = 0; i < 4; i++, steps++) {\n"
    "            double k1 = -k*x, k2 = -k*(x + h/2*k1), k3 = -k*(x + h/2*k2),\n"
    "                   k4 = -k*(x + h*k3);\n"
    "            x += h/6*(k1 + 2*k2 + 2*k3 + k4); }\n"
    "        t = a->save_times[s];\n"
    "        ((double *)a->values)[run * a->n_saves + s] = k == 13 ? "
    "__builtin_nan(\"\") : x; }\n"
    "    a->records[run] = (struct odec_run_record){t, k == 13 ? 4 : 0, steps, LANES,\n"
    "                                               4 * steps, 0, 0}; }\n"
    "int odec_kernel(const struct odec_args *a);\n"
    "int odec_kernel(const struct odec_args *a) {\n"
    "    for (;;) {\n"
    "        long long run = __atomic_fetch_add(a->next, a->grain, __ATOMIC_RELAXED);\n"
    "        long long end = run + a->grain < a->n_runs ? run + a->grain : a->n_runs;\n"
    "        if (run >= end) return 0;\n"
    "        for (; run < end; run++) {\n"
    "            while (input(a->pars[0], run, 0.5) == 77)\n"
    "                if (__atomic_load_n(a->stop, __ATOMIC_RELAXED)) return 0;\n"
    "            if (__atomic_load_n(a->stop, __ATOMIC_RELAXED)) return 0;\n"
    "            one(a, run); } } }\n";

static const odec_quantity decay_pars[] = {{"k", "1/s", "rate", 0.5, -100, 100}};
static const odec_quantity decay_states[] = {{"x", "", "", 1, -INFINITY, INFINITY}};

static const odec_array decay_arrays[] = {{"values", ODEC_PER_RUN, 0, 8},
                                          {"records", ODEC_PER_RUN, 32, 0},
                                          {"save_times", ODEC_SHARED, 0, 8}};

static odec_program decay_program(void) {
    return (odec_program){.abi = ODEC_KERNEL_ABI,
                          .model = "decay",
                          .text = "",
                          .n_pars = 1,
                          .n_states = 1,
                          .n_columns = 1,
                          .n_arrays = 3,
                          .arrays = decay_arrays,
                          .pars = decay_pars,
                          .states = decay_states,
                          .columns = decay_states,
                          .method = "rk4",
                          .order = 4,
                          .adaptive = true,
                          .saves = true,
                          .rtol = NAN,
                          .dt = NAN,
                          .dt_max = NAN,
                          .t0 = 0,
                          .t1 = 1,
                          .kernel_cpu = decay_kernel};
}

static odec_context *context;
static char directory[64]; /* for files and the kernel cache */

static int setup(void **state) {
    (void)state;
    strcpy(directory, "/tmp/odec-test-XXXXXX");
    return mkdtemp(directory) == NULL || odec_context_create(&context) != ODEC_OK;
}

static int remove_entry(const char *path, const struct stat *info, int type,
                        struct FTW *at) {
    (void)info, (void)type, (void)at;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    odec_context_destroy(context);
    return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static char *in_directory(const char *name) {
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static odec_solver_options test_options(void) {
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.cache_dir = in_directory("cache");
    options.n_threads = 2;
    return options;
}

static odec_solver *open_solver(const odec_program *program,
                                const odec_solver_options *options) {
    odec_solver *solver;
    odec_context_clear(context);
    if (odec_solver_create(context, program, options, &solver) != ODEC_OK) {
        fail_msg("%s", odec_context_error(context));
    }
    return solver;
}

/* A sweep of k over 0 .. 2. */
static odec_source sweep_k(int64_t n) {
    return (odec_source){
        .kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 2, .n = n, .repeat = 1};
}

static odec_batch batch_of(int64_t n_runs, const odec_source *k) {
    odec_batch batch = ODEC_BATCH_INIT;
    batch.n_runs = n_runs;
    batch.pars = k;
    return batch;
}

/* ---- results ---- */

struct collected {
    double *values;
    int64_t n_runs, n_saves, fail_after;
};

static odec_status collect(void *user, int64_t first, int64_t n, const void *values,
                           const struct odec_run_record *records) {
    struct collected *c = user;
    assert_int_equal(first, c->n_runs);
    assert_int_equal(records[0].n_accepted, 4 * c->n_saves);
    if (c->values) {
        memcpy(c->values + first * c->n_saves, values,
               (size_t)(n * c->n_saves) * sizeof(double));
    }
    c->n_runs += n;
    return c->fail_after && c->n_runs > c->fail_after ? ODEC_ERROR_IO : ODEC_OK;
}

static void test_same_digest_however_split(void **state) {
    (void)state;
    enum { N = 1001 };
    odec_program program = decay_program();
    odec_source k = sweep_k(N);
    odec_batch batch = batch_of(N, &k);
    batch.save = (odec_save){.kind = ODEC_SAVE_COUNT, .count = 3};
    static double values[3 * N];
    char digest[33] = "";
    const int64_t chunks[] = {0, 1, 7, 1000};
    for (int i = 0; i < 16; i++) {
        odec_solver_options options = test_options();
        options.n_threads = 1 + i % 3;
        options.lanes = 1 << (i / 4);
        options.chunk_runs = chunks[i % 4];
        odec_solver *solver = open_solver(&program, &options);
        struct collected got = {values, 0, 3, 0};
        odec_result result;
        odec_status status =
            odec_solve(solver, &batch, &(odec_sink){collect, &got}, &result);
        assert_string_equal(odec_context_error(context), "");
        assert_int_equal(status, ODEC_OK);
        assert_int_equal(got.n_runs, N);
        assert_int_equal(result.n_by_status[ODEC_RUN_OK], N);
        assert_int_equal(result.n_accepted, 12 * N);
        assert_int_equal(result.n_chunks,
                         chunks[i % 4] ? (N - 1) / chunks[i % 4] + 1 : 1);
        assert_true(fabs(values[3 * 500 + 2] - exp(-1)) < 1e-4);
        assert_true(values[3 * 500] == 1 && values[2] == 1);
        if (i > 0) {
            assert_string_equal(digest, result.digest);
        }
        strcpy(digest, result.digest);
        odec_solver_destroy(solver);
    }
    assert_int_equal(strlen(digest), 32);
}

/* Every kind of source gives the same bits for the same numbers, and strides are kept.
 */
static void test_sources_agree(void **state) {
    (void)state;
    enum { N = 100 };
    odec_program program = decay_program();
    double table[N][2];
    odec_source k = sweep_k(N), column = {.kind = ODEC_SOURCE_COLUMN,
                                          .column = &table[0][1],
                                          .stride = 2};
    odec_source x = {.kind = ODEC_SOURCE_UNIFORM, .value = 1};
    for (int i = 0; i < N; i++) {
        table[i][1] = odec_grid_point(0, 2, N, false, i);
    }
    odec_solver_options options = test_options();
    options.chunk_runs = 30;
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(N, &k);
    odec_result by_grid, by_column;
    assert_int_equal(odec_solve(solver, &batch, NULL, &by_grid), ODEC_OK);
    batch.pars = &column;
    batch.states = &x;
    assert_int_equal(odec_solve(solver, &batch, NULL, &by_column), ODEC_OK);
    assert_string_equal(by_grid.digest, by_column.digest);
    table[50][1] = 0.123;
    assert_int_equal(odec_solve(solver, &batch, NULL, &by_column), ODEC_OK);
    assert_string_not_equal(by_grid.digest, by_column.digest);
    odec_solver_destroy(solver);
}

static void test_failed_run_is_counted(void **state) {
    (void)state;
    odec_program program = decay_program();
    double ks[] = {1, 13, 1};
    odec_source k = {.kind = ODEC_SOURCE_COLUMN, .column = ks, .stride = 1};
    odec_batch batch = batch_of(3, &k);
    odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options);
    double values[3];
    struct collected got = {values, 0, 1, 0};
    odec_result result;
    assert_int_equal(odec_solve(solver, &batch, &(odec_sink){collect, &got}, &result),
                     ODEC_OK);
    assert_int_equal(result.n_by_status[ODEC_RUN_OK], 2);
    assert_int_equal(result.n_by_status[ODEC_RUN_NON_FINITE], 1);
    assert_true(isnan(values[1]) && values[0] == values[2]);
    odec_solver_destroy(solver);
}

/* ---- endings ---- */

static bool cancel_at_once(void *user, int64_t runs_done, int64_t n_runs) {
    (void)runs_done, (void)n_runs;
    return ++*(int *)user < 3;
}

/* Runs that never end are stopped; the solver works on. */
static void test_cancel(void **state) {
    (void)state;
    odec_program program = decay_program();
    odec_source k = {.kind = ODEC_SOURCE_UNIFORM, .value = 77};
    odec_solver_options options = test_options();
    options.chunk_runs = 10;
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(100, &k);
    int calls = 0;
    batch.progress = cancel_at_once;
    batch.user = &calls;
    odec_result result;
    assert_int_equal(odec_solve(solver, &batch, NULL, &result), ODEC_CANCELLED);
    assert_string_equal(odec_context_error(context), "cancelled");
    assert_string_equal(result.digest, "");
    assert_true(result.solve_seconds < 5);
    k.value = 1;
    batch.progress = NULL;
    assert_int_equal(odec_solve(solver, &batch, NULL, &result), ODEC_OK);
    odec_solver_destroy(solver);
}

static void test_sink_failure_ends_batch(void **state) {
    (void)state;
    odec_program program = decay_program();
    odec_source k = sweep_k(100000);
    odec_solver_options options = test_options();
    options.chunk_runs = 100;
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(100000, &k);
    struct collected got = {NULL, 0, 1, 500};
    odec_result result;
    assert_int_equal(odec_solve(solver, &batch, &(odec_sink){collect, &got}, &result),
                     ODEC_ERROR_IO);
    assert_int_equal(got.n_runs, 600); /* nothing more after the failure */
    assert_string_equal(
        odec_context_error(context),
        "the results could not be taken: a file cannot be read or written");
    odec_solver_destroy(solver);
}

/* ---- wrong batches ---- */

static void assert_refused(odec_solver *solver, const odec_batch *batch,
                           const char *text) {
    odec_context_clear(context);
    odec_status status = odec_solve(solver, batch, NULL, NULL);
    assert_string_equal(odec_context_error(context), text);
    assert_true(status == ODEC_ERROR_ARGUMENT || status == ODEC_ERROR_BUDGET);
}

static void test_wrong_sources(void **state) {
    (void)state;
    odec_program program = decay_program();
    odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options);
    double ks[] = {1, 200, NAN};
    odec_source k = {.kind = ODEC_SOURCE_UNIFORM, .value = 101};
    odec_batch batch = batch_of(2, &k);
    assert_refused(solver, &batch,
                   "parameter 'k' is 101, outside its bounds -100 .. 100");
    k.value = INFINITY;
    assert_refused(solver, &batch, "parameter 'k' is inf: it must be finite");
    k = (odec_source){.kind = ODEC_SOURCE_COLUMN, .column = ks, .stride = 1};
    assert_refused(solver, &batch,
                   "parameter 'k' is 200 in run 1, outside its bounds -100 .. 100");
    ks[1] = NAN;
    assert_refused(solver, &batch, "parameter 'k' is nan in run 1: it must be finite");
    k = sweep_k(0);
    assert_refused(solver, &batch, "the sweep of 'k' needs at least one point");
    k = sweep_k(2);
    k.hi = 1000;
    assert_refused(solver, &batch,
                   "parameter 'k' is 1000, outside its bounds -100 .. 100");
    k = sweep_k(2);
    k.log = true;
    assert_refused(
        solver, &batch,
        "the geometric sweep of 'k' needs two ends of the same sign, neither of "
        "them 0");
    odec_source x = {.kind = ODEC_SOURCE_UNIFORM, .value = NAN};
    batch.pars = NULL;
    batch.states = &x;
    assert_refused(solver, &batch, "initial value of 'x' is nan: it must be finite");
    odec_solver_destroy(solver);
}

static void test_wrong_settings(void **state) {
    (void)state;
    odec_program program = decay_program();
    odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(0, NULL);
    assert_refused(solver, &batch, "a batch of 0 runs: 1 to 100000000000 are possible");
    batch = batch_of(1, NULL);
    batch.t1 = -1;
    assert_refused(solver, &batch, "the time span 0 .. -1 does not run forward");
    batch = batch_of(1, NULL);
    batch.rtol = 0;
    assert_refused(solver, &batch, "rtol must be positive, not 0");
    batch = batch_of(1, NULL);
    double atol = -1;
    batch.atol = &atol;
    assert_refused(solver, &batch, "atol of x must be positive, not -1");
    batch = batch_of(1, NULL);
    batch.max_attempts = -1;
    assert_refused(solver, &batch, "max_attempts must be positive, not -1");
    batch = batch_of(1, NULL);
    batch.save = (odec_save){.kind = ODEC_SAVE_EVERY, .dt = -1};
    assert_refused(solver, &batch, "the save interval must be positive, not -1");
    batch = batch_of(1, NULL);
    batch.size = 4;
    odec_context_clear(context);
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_ERROR_ARGUMENT);
    odec_solver_destroy(solver);
}

static void test_budget(void **state) {
    (void)state;
    odec_program program = decay_program();
    odec_solver_options options = test_options();
    options.memory_bytes = 1 << 20;
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(100000, NULL);
    odec_result result;
    assert_int_equal(odec_solve(solver, &batch, NULL, &result), ODEC_OK);
    assert_int_equal(result.chunk_runs, ((1 << 20) - 8) / 40 / 2);
    batch.save = (odec_save){.kind = ODEC_SAVE_COUNT, .count = 100000};
    assert_refused(solver, &batch, "one run needs 1.5 MiB, the budget is 1.0 MiB");
    odec_solver_destroy(solver);
}

static void assert_no_solver(const odec_program *program,
                             const odec_solver_options *options, odec_status status,
                             const char *text) {
    odec_solver *solver = (odec_solver *)&context;
    odec_context_clear(context);
    assert_int_equal(odec_solver_create(context, program, options, &solver), status);
    assert_string_equal(odec_context_error(context), text);
    assert_null(solver);
}

static void test_wrong_solvers(void **state) {
    (void)state;
    odec_program program = decay_program();
    odec_solver_options options = test_options();
    options.lanes = 3;
    assert_no_solver(&program, &options, ODEC_ERROR_ARGUMENT,
                     "3 lanes: 1, 2, 4 or 8 are possible");
    options = test_options();
    options.n_threads = 5000;
    assert_no_solver(&program, &options, ODEC_ERROR_ARGUMENT,
                     "5000 threads: 1 to 1024 can be used");
    options = test_options();
    options.device = "gpu";
    assert_no_solver(&program, &options, ODEC_ERROR_ARGUMENT,
                     "unknown device 'gpu': one of auto, cpu");
    options.device = "cuda:1";
    assert_no_solver(&program, &options, ODEC_ERROR_ARGUMENT,
                     "the device 'cuda:1' is not available yet");
    options = test_options();
    options.compiler = "no-such-cc";
    assert_no_solver(&program, &options, ODEC_ERROR_COMPILER,
                     "the C compiler 'no-such-cc' is not there or cannot be run");
    options = test_options();
    options.compiler = "/bin/false";
    assert_no_solver(&program, &options, ODEC_ERROR_COMPILER,
                     "the C compiler /bin/false failed without a message");
    options = test_options();
    program.kernel_cpu =
        "int odec_kernel(void) { return 0; }\n"
        "extern const int odec_kernel_abi; const int odec_kernel_abi = 99;";
    assert_no_solver(&program, &options, ODEC_ERROR_DEVICE,
                     "the kernel does not fit this runtime (ABI 99, not " TEXT_OF(
                         ODEC_KERNEL_ABI) ")");
    program.kernel_cpu = "this is not C\n";
    odec_solver *solver;
    odec_context_clear(context);
    assert_int_equal(odec_solver_create(context, &program, &options, &solver),
                     ODEC_ERROR_COMPILER);
    assert_non_null(strstr(odec_context_error(context), "<stdin>:1:"));
    program.abi = 7;
    assert_no_solver(
        &program, &options, ODEC_ERROR_ARGUMENT,
        "the program was made for kernel ABI 7, this runtime has " TEXT_OF(
            ODEC_KERNEL_ABI) ": compile it "
        "anew");
}

/* ---- the kernel cache ---- */

/* Opens a solver with the cache; was the kernel there? */
static bool is_hit(const char *cache_directory) {
    odec_program program = decay_program();
    odec_solver_options options = test_options();
    options.cache_dir = cache_directory;
    odec_solver *solver = open_solver(&program, &options);
    bool hit = odec_solver_cache_hit(solver);
    odec_batch batch = batch_of(10, NULL);
    odec_result result;
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
    assert_true(fd >= 0 && bytes_read(fd, 1 << 28, &bytes));
    close(fd);
    return bytes;
}

static bool exists(const char *path) { return access(path, F_OK) == 0; }

/* Solves into a file; fail_after runs the sink is made to fail. */
static odec_status solve_into(const char *path, int64_t n_runs, int64_t fail_after) {
    odec_program program = decay_program();
    odec_source k = sweep_k(n_runs);
    struct run_axis axis = {"k", &k, NULL};
    odec_batch batch = batch_of(n_runs, &k);
    batch.save = (odec_save){.kind = ODEC_SAVE_COUNT, .count = 2};
    struct settings settings;
    assert_int_equal(settings_resolve(context, &program, &batch, &settings), ODEC_OK);
    struct result_about about = {&program, &batch, &settings, &axis, 1};
    odec_solver_options options = test_options();
    options.chunk_runs = 100;
    odec_solver *solver = open_solver(&program, &options);
    struct result_file *file;
    assert_int_equal(result_file_create(context, path, &about, &file), ODEC_OK);
    assert_false(exists(path));
    odec_sink sink = result_file_sink(file);
    odec_result result;
    odec_status status = ODEC_OK;
    if (fail_after) { /* only the first runs arrive */
        double values[200] = {0};
        struct odec_run_record records[100] = {{0}};
        for (int64_t first = 0; first < fail_after; first += 100) {
            status = sink.write(sink.user, first, 100, values, records);
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
    struct result_about about = {&program, &batch, &settings, NULL, 0};
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

/* ---- several at once ---- */

static void *solve_in_thread(void *user) {
    odec_context *own;
    odec_solver *solver;
    odec_program program = decay_program();
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.cache_dir = user;
    options.n_threads = 2;
    odec_source k = sweep_k(5000);
    odec_batch batch = batch_of(5000, &k);
    odec_result *result = calloc(1, sizeof *result);
    if (odec_context_create(&own) == ODEC_OK) {
        options.chunk_runs = 500;
        if (odec_solver_create(own, &program, &options, &solver) == ODEC_OK) {
            odec_solve(solver, &batch, NULL, result);
            odec_solver_destroy(solver);
        }
        odec_context_destroy(own);
    }
    return result;
}

static void test_contexts_in_threads(void **state) {
    (void)state;
    enum { N = 4 };
    pthread_t threads[N];
    odec_result *results[N];
    char cache[128];
    strcpy(cache, in_directory("shared-cache"));
    for (int i = 0; i < N; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, solve_in_thread, cache), 0);
    }
    for (int i = 0; i < N; i++) {
        pthread_join(threads[i], (void **)&results[i]);
        assert_int_equal(strlen(results[i]->digest), 32);
        assert_string_equal(results[i]->digest, results[0]->digest);
    }
    for (int i = 0; i < N; i++) {
        free(results[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_digest_however_split),
        cmocka_unit_test(test_sources_agree),
        cmocka_unit_test(test_failed_run_is_counted),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_sink_failure_ends_batch),
        cmocka_unit_test(test_wrong_sources),
        cmocka_unit_test(test_wrong_settings),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_wrong_solvers),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_npy),
        cmocka_unit_test(test_partial_is_kept),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_contexts_in_threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
