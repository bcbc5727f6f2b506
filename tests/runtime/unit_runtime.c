/* unit_runtime.c -- the runtime without the compiler: a kernel written by hand goes
 * through solver and batch. What must not change a bit is tried against it: chunks,
 * threads, lanes; and what must not hang or leak: cancelling, a sink that fails, a
 * compiler that is missing. What it keeps on disk is unit_store.c's.
 */
#include <pthread.h>

#include "abi_text.h"
#include "runtime_support.h"

/* ---- results ---- */

struct collected {
    double *values;
    int64_t n_runs, n_saves, fail_after;
};

static odec_status collect(void *user, const odec_portion *portion) {
    struct collected *c = user;
    const int64_t first = portion->first_run, n = portion->n_runs;
    assert_int_equal(first, c->n_runs);
    assert_int_equal(portion->records[0].n_accepted, 4 * c->n_saves);
    if (c->values) {
        memcpy(c->values + first * c->n_saves, portion->values,
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
    batch.save =
        &(odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 3};
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
        odec_result result = ODEC_RESULT_INIT;
        odec_status status = odec_solve(
            solver, &batch,
            &(odec_sink){.size = sizeof(odec_sink), .write = collect, .user = &got},
            &result);
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
    odec_result by_grid = ODEC_RESULT_INIT, by_column = ODEC_RESULT_INIT;
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
    odec_result result = ODEC_RESULT_INIT;
    assert_int_equal(
        odec_solve(
            solver, &batch,
            &(odec_sink){.size = sizeof(odec_sink), .write = collect, .user = &got},
            &result),
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
    odec_result result = ODEC_RESULT_INIT;
    assert_int_equal(odec_solve(solver, &batch, NULL, &result), ODEC_CANCELLED);
    assert_string_equal(odec_context_error(context), "cancelled");
    assert_string_equal(result.digest, "");
    assert_int_equal(calls, 3); /* not asked again */
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
    odec_result result = ODEC_RESULT_INIT;
    assert_int_equal(
        odec_solve(
            solver, &batch,
            &(odec_sink){.size = sizeof(odec_sink), .write = collect, .user = &got},
            &result),
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

/* One value for all runs is the batch's mistake; in runs of a sweep or a column it is theirs. */
static void test_states_outside_their_bounds(void **state) {
    (void)state;
    odec_program program = decay_program();
    odec_quantity bounded = program.states[0];
    bounded.lo = 0;
    bounded.hi = INFINITY;
    program.states = &bounded;
    odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options);
    double starts[] = {-1, NAN};
    odec_source x = {.kind = ODEC_SOURCE_UNIFORM, .value = -1};
    odec_batch batch = batch_of(2, NULL);
    batch.states = &x;
    assert_refused(solver, &batch,
                   "initial value of 'x' is -1, outside its bounds 0 ..");
    x = (odec_source){.kind = ODEC_SOURCE_COLUMN, .column = starts, .stride = 1};
    assert_refused(solver, &batch,
                   "initial value of 'x' is nan in run 1: it must be finite");
    starts[1] = -2;
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    x = (odec_source){.kind = ODEC_SOURCE_GRID, .lo = -2, .hi = 2, .n = 2, .repeat = 1};
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    bounded.lo = -(double)INFINITY;
    bounded.hi = 0.5;
    odec_solver_destroy(solver);
    solver = open_solver(&program, &options);
    x = (odec_source){.kind = ODEC_SOURCE_UNIFORM, .value = 1};
    assert_refused(solver, &batch,
                   "initial value of 'x' is 1, outside its bounds .. 0.5");
    odec_solver_destroy(solver);
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
    k.stride = INT64_MAX / 4;
    batch.n_runs = 3;
    assert_refused(solver, &batch,
                   "the column of 'k' is larger than any memory: a stride of "
                   "2305843009213693951");
    batch.n_runs = 2;
    k.stride = 1;
    k.column = (const double *)(const void *)((const char *)ks + 4);
    assert_refused(solver, &batch,
                   "the column of 'k' is not aligned to the 8 bytes of one value");
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
    batch.t1 = -1e300; /* NEVER of kernels/dialect.h */
    assert_refused(solver, &batch,
                   "the time span 0 .. -1e+300 is not within -1e+300 .. 1e+300, the "
                   "times of double");
    batch.t0 = -9e299;
    batch.t1 = 9e299;
    assert_refused(solver, &batch,
                   "the time span -9e+299 .. 9e+299 is longer than 1e+300, the longest "
                   "of double");
    batch = batch_of(1, NULL);
    batch.rtol = 0;
    assert_refused(solver, &batch, "rtol must be positive, not 0");
    batch = batch_of(1, NULL);
    double atol = -1;
    batch.atol = &atol;
    assert_refused(solver, &batch, "atol of x must be positive, not -1");
    atol = 0x1p-1030;
    assert_refused(
        solver, &batch,
        "atol of x is 8.69169475979376e-311, below the smallest normal number of "
        "double, 2.2250738585072014e-308");
    batch = batch_of(1, NULL);
    batch.max_attempts = -1;
    assert_refused(solver, &batch, "max_attempts must be positive, not -1");
    batch = batch_of(1, NULL);
    batch.save =
        &(odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_EVERY, .dt = -1};
    assert_refused(solver, &batch, "the save interval must be positive, not -1");
    batch = batch_of(1, NULL);
    batch.size = 4;
    odec_context_clear(context);
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_ERROR_ARGUMENT);
    odec_solver_destroy(solver);
}

/* A batch that asks of its steps what they are not made for is not just solved without. */
static void test_steps_of_the_other_kind(void **state) {
    (void)state;
    odec_program program = decay_program();
    const odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(1, NULL);
    batch.dt = 0.1;
    assert_refused(
        solver, &batch,
        "the batch sets dt, but its program chooses its steps (rk4): a program "
        "of fixed steps is compiled with dt");
    odec_solver_destroy(solver);
    program.adaptive = false;
    program.rtol = 1e-3; /* what a program says beside its dt is not asked for */
    solver = open_solver(&program, &options);
    static const double unsaid[] = {NAN}, atol[] = {1e-9};
    const struct {
        double rtol, dt_max;
        const double *atol;
        const char *text;
    } rows[] = {
        {1e-6, NAN, NULL, "rtol"}, {NAN, 1, NULL, "dt_max"}, {NAN, NAN, atol, "atol"}};
    for (int i = 0; i < 3; i++) {
        char expected[160];
        batch.rtol = rows[i].rtol;
        batch.dt_max = rows[i].dt_max;
        batch.atol = rows[i].atol;
        snprintf(expected, sizeof expected,
                 "the batch sets %s, but its program has fixed steps (rk4): one that "
                 "chooses them is compiled without dt",
                 rows[i].text);
        assert_refused(solver, &batch, expected);
    }
    batch.rtol = batch.dt_max = NAN;
    batch.atol = unsaid;
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    odec_solver_destroy(solver);
}

/* A batch that says nothing of them has its program's save times. */
static void test_save_times_of_the_program(void **state) {
    (void)state;
    odec_program program = decay_program();
    const odec_save thirds = saves_of(4);
    const odec_save final = ODEC_SAVE_INIT;
    program.save = &thirds;
    const odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(2, NULL);
    odec_output output = ODEC_OUTPUT_INIT;
    odec_result result = ODEC_RESULT_INIT;
    double values[8];
    output.values = values;
    output.n_saves = 4;
    batch.output = &output;
    assert_int_equal(odec_solve(solver, &batch, NULL, &result), ODEC_OK);
    assert_int_equal(result.n_saves, 4);
    assert_true(values[4] == 1 && fabs(values[7] - exp(-0.5)) < 1e-4);
    output.n_saves = 1;
    assert_refused(solver, &batch,
                   "the output has room for 1 save times, the batch has 4");
    output.n_saves = 0;
    assert_refused(
        solver, &batch,
        "the batch has its program's 4 save times, and the output does not say "
        "how many it has room for (n_saves)");
    batch.save = &final;
    assert_int_equal(odec_solve(solver, &batch, NULL, &result), ODEC_OK);
    assert_int_equal(result.n_saves, 1);
    odec_solver_destroy(solver);
}

/* Runs 2 apart and saves 3 apart: each value has a place, though neither stride reaches
 * beyond what the other spans. */
static void test_strides_that_tile(void **state) {
    (void)state;
    const odec_program program = decay_program();
    const odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options);
    odec_source k = sweep_k(3);
    odec_batch batch = batch_of(3, &k);
    const odec_save both = saves_of(2);
    odec_output output = ODEC_OUTPUT_INIT;
    double values[8], in_order[6];
    batch.save = &both;
    batch.output = &output;
    output.values = in_order;
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    for (int i = 0; i < 8; i++) {
        values[i] = -1;
    }
    output.values = values;
    output.run_stride = 2;
    output.save_stride = 3;
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    for (int i = 0; i < 6; i++) {
        assert_true(values[2 * (i / 2) + 3 * (i % 2)] == in_order[i]);
    }
    assert_true(values[1] == -1 && values[6] == -1);
    output.save_stride = 2;
    assert_refused(solver, &batch,
                   "the output's strides let two values have one place");
    odec_solver_destroy(solver);
}

/* Steps that no integer or no run counts are refused before anything is computed. */
static void test_fixed_steps_are_counted(void **state) {
    (void)state;
    odec_program program = decay_program();
    program.adaptive = false;
    odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(1, NULL);
    static const struct {
        double dt;
        int64_t max_attempts;
        const char *text;
    } rows[] = {
        {0, 0, "rk4 takes fixed steps: dt must be positive, not 0"},
        {1e-310, 0,
         "dt is 9.99999999999997e-311, below the smallest normal number of double, "
         "2.2250738585072014e-308"},
        {1e-300, 0,
         "dt = 1e-300 makes 1e+300 steps of the time span 0 .. 1, more than the 2^53 that can "
         "be counted"},
        {0x1p-53, INT64_MAX,
         "dt = 1.1102230246251565e-16 makes 9.01e+15 steps of the time span 0 .. 1, more than "
         "the 2^53 that can be counted"},
        {0x1p-52, (INT64_C(1) << 52) - 1,
         "dt = 2.220446049250313e-16 makes 4503599627370496 steps of the time span 0 .. 1, "
         "more than max_attempts, 4503599627370495"},
        {0.3, 3,
         "dt = 0.3 makes 4 steps of the time span 0 .. 1, more than max_attempts, 3"},
        {1e-7, 0,
         "dt = 1e-07 makes 10000000 steps of the time span 0 .. 1, more than max_attempts, "
         "1000000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        batch.dt = rows[i].dt;
        batch.max_attempts = rows[i].max_attempts;
        assert_refused(solver, &batch, rows[i].text);
    }
    batch.dt = 0.3;
    batch.max_attempts = 4;
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    batch.dt = 1e300;
    batch.max_attempts = 1;
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    batch.dt = 1;
    batch.t1 = 1e300; /* NEVER of kernels/dialect.h */
    assert_refused(
        solver, &batch,
        "the time span 0 .. 1e+300 is not within -1e+300 .. 1e+300, the times of "
        "double");
    batch.t1 = 0;
    program.saves = false;
    odec_solver *final = open_solver(&program, &options);
    assert_refused(
        final, &batch,
        "the time span 0 .. 0 has no length: with fixed steps that needs a program "
        "compiled to save more than the final state");
    odec_solver_destroy(final);
    odec_solver_destroy(solver);
}

static void test_budget(void **state) {
    (void)state;
    odec_program program = decay_program();
    odec_solver_options options = test_options();
    options.memory_bytes = 1 << 20;
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(100000, NULL);
    odec_result result = ODEC_RESULT_INIT;
    assert_int_equal(odec_solve(solver, &batch, NULL, &result), ODEC_OK);
    assert_int_equal(result.chunk_runs,
                     ((1 << 20) - 8) / (8 + (int)sizeof(struct odec_run_record)) / 2);
    batch.save = &(odec_save){
        .size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 100000};
    assert_refused(solver, &batch,
                   "one run needs 1.5 MiB (values 781.2 KiB), the budget is 1.0 MiB");
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
                     "unknown device 'gpu': auto, all, cpu, cuda, cuda:0 and the like");
    options.device = "cpu,cpu";
    assert_no_solver(&program, &options, ODEC_ERROR_ARGUMENT,
                     "the device cpu:0 is named twice");
    options = test_options();
    options.distribution = ODEC_CAPACITY;
    assert_no_solver(&program, &options, ODEC_ERROR_ARGUMENT,
                     "0 capacities for 1 devices");
    options = test_options();
    options.n_buffers = 3;
    assert_no_solver(&program, &options, ODEC_ERROR_ARGUMENT,
                     "3 buffers: 1 or 2 are possible");
    options = test_options();
    options.compiler = "no-such-cc";
    assert_no_solver(&program, &options, ODEC_ERROR_COMPILER,
                     "the C compiler 'no-such-cc' is not there or cannot be run");
    options = test_options();
    options.compiler = "/bin/false";
    assert_no_solver(&program, &options, ODEC_ERROR_COMPILER,
                     "the C compiler /bin/false failed without a message");
    options = test_options();
    program.kernels[ODEC_TARGET_CPU].text =
        "int odec_kernel(void) { return 0; }\n"
        "extern const int odec_kernel_abi; const int odec_kernel_abi = 99;";
    assert_no_solver(&program, &options, ODEC_ERROR_DEVICE,
                     "the kernel does not fit this runtime (ABI 99, not " ABI_NUMBER
                     ")");
    program.kernels[ODEC_TARGET_CPU].text = "this is not C\n";
    odec_solver *solver;
    odec_context_clear(context);
    assert_int_equal(odec_solver_create(context, &program, &options, &solver),
                     ODEC_ERROR_COMPILER);
    assert_non_null(strstr(odec_context_error(context), "<stdin>:1:"));
    program.abi = 7;
    assert_no_solver(
        &program, &options, ODEC_ERROR_ARGUMENT,
        "the program was made for kernel ABI 7, this runtime has " ABI_NUMBER
        ": compile it anew");
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
    result->size = sizeof *result;
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
        cmocka_unit_test(test_states_outside_their_bounds),
        cmocka_unit_test(test_wrong_settings),
        cmocka_unit_test(test_fixed_steps_are_counted),
        cmocka_unit_test(test_steps_of_the_other_kind),
        cmocka_unit_test(test_save_times_of_the_program),
        cmocka_unit_test(test_strides_that_tile),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_wrong_solvers),
        cmocka_unit_test(test_contexts_in_threads),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
