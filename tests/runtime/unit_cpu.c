/* unit_cpu.c -- the CPU as a device, by kernels written by hand: what it gives to each of
 * its workers, and kernels that are linked in.
 */
#include "abi_text.h"
#include <fenv.h>
#include <float.h>

#include "cpu_features.h"
#include "runtime_support.h"

enum { N_THREADS = 3, LANE_BYTES = 24 };

/* Every run fills all of its worker's lanes with the run's number in the batch, gives the
 * others time to do the same, and looks whether it is still there. With its first run a
 * worker waits for the others, so that all of them have some. */
static const char lanes_kernel[] = ABI_HEADER ABI_DEFINITION
    "static int n_here;\n"
    "enum { N = LANES * ODEC_MOST_GROUPS * 3 };\n"
    "static int is_kept(long long *lanes, long long x) {\n"
    "    int kept = (unsigned long long)lanes % 64 == 0;\n"
    "    for (int i = 0; i < N; i++) lanes[i] = x;\n"
    "    for (int k = 0; k < 1000; k++) __asm__ volatile(\"\" ::: \"memory\");\n"
    "    for (int i = 0; i < N; i++) kept &= lanes[i] == x;\n"
    "    return kept; }\n"
    "int odec_kernel(const struct odec_args *a);\n"
    "int odec_kernel(const struct odec_args *a) {\n"
    "    for (int begun = 0;; begun = 1) {\n"
    "        long long run = __atomic_fetch_add(a->next, 1, __ATOMIC_RELAXED);\n"
    "        if (run >= a->n_runs) return 0;\n"
    "        if (!begun) __atomic_fetch_add(&n_here, 1, __ATOMIC_SEQ_CST);\n"
    "        while (__atomic_load_n(&n_here, __ATOMIC_SEQ_CST) < 3) { }\n"
    "        long long x = a->first_run + run;\n"
    "        ((double *)a->values)[run] = x;\n"
    "        a->records[run] = (struct odec_run_record){\n"
    "            .status = is_kept(a->suspended, x) ? 0 : 4,\n"
    "            .n_accepted = 3000000000 + a->worker, .n_rejected = 1}; } }\n";

static odec_program lanes_program(odec_array arrays[3], int64_t lane_bytes) {
    odec_program program = decay_program();
    arrays[0] = program.arrays[0];
    arrays[1] = program.arrays[1];
    arrays[2] = (odec_array){.name = "suspended",
                             .kind = ODEC_PER_LANE,
                             .bytes = lane_bytes,
                             .role = ODEC_ARRAY_SUSPENDED,
                             .targets = 1u << ODEC_TARGET_CPU};
    program.arrays = arrays;
    program.n_arrays = 3;
    program.kernels[ODEC_TARGET_CPU].text = lanes_kernel;
    return program;
}

struct seen {
    int64_t n_runs, n_workers, n_by_worker[N_THREADS];
};

static odec_status look(void *user, const odec_portion *portion) {
    struct seen *seen = user;
    for (int64_t i = 0; i < portion->n_runs; i++) {
        const struct odec_run_record *record = &portion->records[i];
        const long long worker = record->n_accepted - 3000000000;
        const double value = ((const double *)portion->values)[i];
        assert_true(value == (double)(portion->first_run + i));
        assert_int_equal(record->status, ODEC_RUN_OK);
        assert_in_range(worker, 0, N_THREADS - 1);
        seen->n_workers += seen->n_by_worker[worker]++ == 0;
    }
    seen->n_runs += portion->n_runs;
    return ODEC_OK;
}

/* Arrays per lane are each worker's own, whatever the width; counts are 64 bits wide. */
static void test_lanes(void **state) {
    (void)state;
    enum { N = 20000 };
    for (int lanes = 1; lanes <= 8; lanes *= 2) {
        odec_array arrays[3];
        const odec_program program = lanes_program(arrays, LANE_BYTES);
        odec_solver_options options = test_options();
        options.n_threads = N_THREADS;
        options.lanes = lanes;
        options.chunk_runs = 7000;
        odec_solver *solver = open_solver(&program, &options);
        odec_batch batch = batch_of(N, NULL);
        struct seen seen = {0};
        odec_result result = ODEC_RESULT_INIT;
        assert_int_equal(
            odec_solve(
                solver, &batch,
                &(odec_sink){.size = sizeof(odec_sink), .write = look, .user = &seen},
                &result),
            ODEC_OK);
        assert_int_equal(seen.n_runs, N);
        assert_int_equal(seen.n_workers, N_THREADS);
        assert_true(result.n_accepted >= INT64_C(3000000000) * N);
        assert_int_equal(result.n_rejected, N);
        odec_solver_destroy(solver);
    }
}

static int32_t lanes_for(const odec_program *program, int64_t n_runs,
                         int32_t n_threads) {
    odec_solver_options options = test_options();
    options.lanes = 0;
    options.n_threads = n_threads;
    options.n_runs = n_runs;
    odec_solver *solver = open_solver(program, &options);
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    assert_int_equal(odec_solver_device_info(solver, 0, &info), ODEC_OK);
    odec_solver_destroy(solver);
    return info.lanes;
}

/* No wider than the runs need that are known to come: a lane has n_groups of them at once. */
static void test_lanes_of_few_runs(void **state) {
    (void)state;
    odec_array arrays[3];
    odec_program program = lanes_program(arrays, LANE_BYTES);
    const int32_t widest = lanes_for(&program, 0, 1);
    static const struct {
        int64_t n_runs;
        int32_t n_threads, n_groups, lanes;
    } rows[] = {
        {1, 1, 0, 1}, {1, 1, 2, 1}, {2, 1, 1, 2},  {2, 1, 2, 1},       {3, 1, 2, 2},
        {4, 1, 2, 2}, {5, 1, 2, 4}, {7, 1, 1, 8},  {7, 3, 1, 4},       {7, 2, 2, 2},
        {8, 4, 2, 1}, {9, 4, 2, 2}, {17, 1, 2, 8}, {1000000, 2, 2, 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program.n_groups = rows[i].n_groups;
        const int32_t lanes = lanes_for(&program, rows[i].n_runs, rows[i].n_threads);
        assert_int_equal(lanes, rows[i].lanes < widest ? rows[i].lanes : widest);
    }
    program.precision = ODEC_FLOAT; /* twice as many to a vector of more than one */
    program.n_groups = 1;
    assert_int_equal(lanes_for(&program, 4, 1), 2);
    assert_int_equal(lanes_for(&program, 0, 1), widest);
}

/* They count: what aligns each worker's too. */
static void test_lanes_in_the_plan(void **state) {
    (void)state;
    odec_array arrays[3];
    const odec_program program = lanes_program(arrays, INT64_C(1) << 16);
    odec_solver_options options = test_options();
    options.n_threads = N_THREADS;
    options.lanes = 4;
    options.memory_bytes = 1 << 20;
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(100, NULL);
    odec_context_clear(context);
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_ERROR_BUDGET);
    assert_non_null(strstr(odec_context_error(context),
                           "shared arrays need 1.5 MiB (lanes 1.5 MiB), the budget is "
                           "1.0 MiB"));
    odec_solver_destroy(solver);
}

/* A list of arrays that the runtime cannot tell apart. */
static void test_wrong_arrays(void **state) {
    (void)state;
    odec_array arrays[3];
    odec_program program = lanes_program(arrays, LANE_BYTES);
    odec_solver_options options = test_options();
    odec_batch batch = batch_of(1, NULL);
    const struct {
        enum odec_array_role role;
        const char *text;
    } wrong[] = {
        {ODEC_ARRAY_NONE, "the program's array 0 ('values') has no role of its own"},
        {ODEC_ARRAY_RECORDS,
         "the program's array 1 ('records') has no role of its own"},
        {ODEC_N_ARRAY_ROLES, "the program's array 0 ('values') has no role of its own"},
        {ODEC_ARRAY_ATOL, "the program's arrays leave out its values or records"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        arrays[0].role = wrong[i].role;
        odec_solver *solver = open_solver(&program, &options);
        odec_context_clear(context);
        assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_ERROR_ARGUMENT);
        assert_string_equal(odec_context_error(context), wrong[i].text);
        odec_solver_destroy(solver);
    }
}

/* ---- linked in ---- */

/* A value tells which of the natives has computed it. */
static int store(const struct odec_args *a, double x) {
    for (;;) {
        const long long run = __atomic_fetch_add(a->next, 1, __ATOMIC_RELAXED);
        if (run >= a->n_runs) {
            return 0;
        }
        ((double *)a->values)[run] = x;
        a->records[run] = (struct odec_run_record){.t = a->t1};
    }
}

#define NATIVES(NATIVE)             \
    NATIVE(0, BASE, 2, DOUBLE)      \
    NATIVE(1, X86_64_V4, 8, DOUBLE) \
    NATIVE(2, BASE, 1, DOUBLE)      \
    NATIVE(3, X86_64_V3, 4, DOUBLE) \
    NATIVE(4, X86_64_V3, 2, DOUBLE) \
    NATIVE(5, BASE, 4, FLOAT)

#define FUNCTION(i, isa, lanes, precision) \
    static int native_##i(const struct odec_args *a) { return store(a, i); }
NATIVES(FUNCTION)

static const odec_native natives[] = {
#define ROW(i, isa, lanes, precision) \
    {ODEC_ISA_##isa, lanes, ODEC_##precision, native_##i, NULL},
    NATIVES(ROW)};

/* Without a C compiler that could be found, and without a cache. */
static odec_solver_options bare_options(void) {
    odec_solver_options options = test_options();
    options.cache_dir = "";
    setenv("PATH", "", 1);
    unsetenv("ODEC_CC");
    return options;
}

static odec_status take_value(void *user, const odec_portion *portion) {
    const double *values = portion->values;
    for (int64_t i = 0; i < portion->n_runs; i++) {
        assert_true(values[i] == values[0]);
    }
    *(double *)user = values[0];
    return ODEC_OK;
}

static int by_native(const odec_program *program, const odec_solver_options *options) {
    odec_solver *solver = open_solver(program, options);
    odec_batch batch = batch_of(10, NULL);
    double seen = -1;
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    odec_solver_device_info(solver, 0, &info);
    assert_string_equal(info.compiler, "");
    assert_false(info.cache_hit);
    assert_int_equal(
        odec_solve(
            solver, &batch,
            &(odec_sink){.size = sizeof(odec_sink), .write = take_value, .user = &seen},
            NULL),
        ODEC_OK);
    assert_int_equal(info.lanes, natives[(int)seen].lanes);
    odec_solver_destroy(solver);
    return (int)seen;
}

static void test_natives(void **state) {
    (void)state;
    static const int best[] = {[ODEC_ISA_BASE] = 0,
                               [ODEC_ISA_X86_64_V2] = 0,
                               [ODEC_ISA_X86_64_V3] = 3,
                               [ODEC_ISA_X86_64_V4] = 1};
    char *path = strdup(getenv("PATH"));
    odec_solver_options options = bare_options();
    odec_program program = decay_program();
    struct cpu_features cpu;
    cpu_features_read(&cpu);
    program.natives = natives;
    program.n_natives = sizeof natives / sizeof *natives;
    assert_int_equal(by_native(&program, &options), best[cpu.isa]);
    options.lanes = 1;
    assert_int_equal(by_native(&program, &options), 2);
    options.lanes = 2;
    assert_int_equal(by_native(&program, &options),
                     cpu.isa >= ODEC_ISA_X86_64_V3 ? 4 : 0);
    program.kernels[ODEC_TARGET_CPU].text = NULL; /* it never was looked at */
    assert_int_equal(by_native(&program, &options),
                     cpu.isa >= ODEC_ISA_X86_64_V3 ? 4 : 0);
    options.compiler = "no-such-cc";
    assert_int_equal(by_native(&program, &options),
                     cpu.isa >= ODEC_ISA_X86_64_V3 ? 4 : 0);
    options.lanes = 0; /* ODEC_ISA goes downwards alone */
    for (odec_isa isa = ODEC_ISA_X86_64_V2; isa <= ODEC_ISA_X86_64_V4; isa++) {
        setenv("ODEC_ISA", cpu_isa_name(isa), 1);
        assert_int_equal(by_native(&program, &options),
                         best[isa < cpu.isa ? isa : cpu.isa]);
    }
    setenv("ODEC_ISA", cpu_isa_name(ODEC_ISA_BASE), 1);
    assert_int_equal(by_native(&program, &options), 0);
    unsetenv("ODEC_ISA");
    setenv("PATH", path, 1);
    free(path);
}

/* What its compiler did to it is known to a native alone. */
static int contracted(void) { return ODEC_CONTRACTED; }
static int wrong_somehow(void) { return 7; }

static int rounds_as_kernels_do(void) {
    volatile double one = 1, tiny = DBL_EPSILON / 4;
    return one + tiny != 1;
}

static void test_natives_that_are_refused(void **state) {
    (void)state;
    char text[256];
    odec_solver_options options = test_options();
    odec_program program = decay_program();
    odec_native native = natives[0];
    odec_solver *solver;
    const struct {
        odec_native_check *check;
        const char *why;
    } rows[] = {{contracted,
                 "compiled without -ffp-contract=off: its results would have "
                 "other bits"},
                {wrong_somehow, "compiled wrongly (7)"}};
    program.natives = &native;
    program.n_natives = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        native.check = rows[i].check;
        odec_context_clear(context);
        assert_int_equal(odec_solver_create(context, &program, &options, &solver),
                         ODEC_ERROR_ARGUMENT);
        assert_null(solver);
        snprintf(text, sizeof text, "model decay: the kernel for %s was %s",
                 cpu_isa_name(ODEC_ISA_BASE), rows[i].why);
        assert_string_equal(odec_context_error(context), text);
    }
    native.check = rounds_as_kernels_do; /* whatever the application has set */
    fesetround(FE_UPWARD);
    assert_int_equal(odec_solver_create(context, &program, &options, &solver), ODEC_OK);
    fesetround(FE_TONEAREST);
    odec_solver_destroy(solver);
    setenv("ODEC_ISA", "avx", 1);
    odec_context_clear(context);
    assert_int_equal(odec_solver_create(context, &program, &options, &solver),
                     ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context),
                        "ODEC_ISA: 'avx' is none of x86-64-v4, x86-64-v3, x86-64-v2, "
                        "aarch64, portable");
    unsetenv("ODEC_ISA");
}

/* Where none fits, and where a compiler is asked for by its name, the text is compiled. */
static void test_no_native_that_fits(void **state) {
    (void)state;
    char *path = strdup(getenv("PATH"));
    odec_solver_options options = bare_options();
    odec_program program = decay_program();
    odec_solver *solver;
    program.natives = natives;
    program.n_natives = 1;
    options.lanes = 4;
    odec_context_clear(context);
    assert_int_equal(odec_solver_create(context, &program, &options, &solver),
                     ODEC_ERROR_COMPILER);
    program.kernels[ODEC_TARGET_CPU].text = NULL;
    const char *base = cpu_isa_name(ODEC_ISA_BASE);
    char text[256];
    setenv("ODEC_ISA", base, 1);
    odec_context_clear(context);
    assert_int_equal(odec_solver_create(context, &program, &options, &solver),
                     ODEC_ERROR_ARGUMENT);
    unsetenv("ODEC_ISA");
    snprintf(
        text, sizeof text,
        "model decay: no kernel that is linked in is for this CPU (%s, 4 lanes); it "
        "has %s of 2 lanes",
        base, base);
    assert_string_equal(odec_context_error(context), text);
    program.n_natives = 0;
    odec_context_clear(context);
    assert_int_equal(odec_solver_create(context, &program, &options, &solver),
                     ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context),
                        "the program has no kernel for the CPU");
    setenv("PATH", path, 1);
    free(path);
    program = decay_program();
    program.natives = natives;
    program.n_natives = 1;
    options.lanes = 0;
    options.compiler = "cc";
    solver = open_solver(&program, &options);
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    odec_solver_device_info(solver, 0, &info);
    assert_non_null(strstr(info.compiler, "cc"));
    odec_solver_destroy(solver);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_lanes_of_few_runs),
        cmocka_unit_test(test_lanes_in_the_plan),
        cmocka_unit_test(test_wrong_arrays),
        cmocka_unit_test(test_natives),
        cmocka_unit_test(test_natives_that_are_refused),
        cmocka_unit_test(test_no_native_that_fits),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
