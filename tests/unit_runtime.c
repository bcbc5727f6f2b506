/* unit_runtime.c -- the runtime without the compiler: a kernel written by hand
 * (exponential decay by rk4) goes through solver, batch and sinks. What must not change
 * a bit is tried against it: chunks, threads, lanes, the cache; and what must not hang
 * or leak: cancelling, a sink that fails, a compiler that is missing.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "odec.h"

#define ABI_TEXT                                                                       \
    "struct odec_input { const void *data; long long stride; };\n"                     \
    "struct odec_run_record { double t; int status, n_accepted, n_rejected, n_rhs,\n"  \
    "                         n_jacobian, reserved; };\n"                              \
    "struct odec_args { long long n_runs, *next, grain; const int *stop;\n"            \
    "  const struct odec_input *pars, *states; double t0, t1, rtol; const double "     \
    "*atol;\n"                                                                         \
    "  double dt, dt_max; long long max_attempts; const double *save_times;\n"         \
    "  long long n_saves; void *values; struct odec_run_record *records; };\n"

/* x' = -k x in N_STEPS steps to each save time; a run with k = 13 fails at once. */
static const char decay_kernel[] = ABI_TEXT
    "extern const int odec_kernel_abi; const int odec_kernel_abi = 1;\n"
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
static char cache_directory[64];

static int setup(void **state) {
    (void)state;
    strcpy(cache_directory, "/tmp/odec-test-XXXXXX");
    return mkdtemp(cache_directory) == NULL || odec_context_create(&context) != ODEC_OK;
}

static int teardown(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", cache_directory);
    odec_context_destroy(context);
    return system(command);
}

static odec_solver *decay_solver(const odec_program *program, int32_t n_threads,
                                 int32_t lanes, int64_t chunk) {
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.n_threads = n_threads;
    options.lanes = lanes;
    options.chunk_runs = chunk;
    options.cache_dir = cache_directory;
    odec_solver *solver;
    odec_context_clear(context);
    if (odec_solver_create(context, program, &options, &solver) != ODEC_OK) {
        fail_msg("%s", odec_context_error(context));
    }
    return solver;
}

/* ------------------------------------------------------------------------------- tests
 * -- */

struct collected {
    double *values;
    int64_t n_runs, n_saves;
};

static odec_status collect(void *user, int64_t first, int64_t n, const void *values,
                           const struct odec_run_record *records) {
    struct collected *c = user;
    assert_int_equal(first, c->n_runs);
    assert_true(records[0].n_accepted == 4 * (int)c->n_saves);
    memcpy(c->values + first * c->n_saves, values,
           (size_t)(n * c->n_saves) * sizeof(double));
    c->n_runs += n;
    return ODEC_OK;
}

static void test_solve_decay(void **state) {
    (void)state;
    odec_program program = decay_program();
    odec_source k = {
        .kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 2, .n = 1001, .repeat = 1};
    odec_batch batch = ODEC_BATCH_INIT;
    batch.n_runs = 1001;
    batch.pars = &k;
    batch.save = (odec_save){.kind = ODEC_SAVE_COUNT, .count = 3};
    double values[1001 * 3];
    char digest[33] = "";
    const int64_t chunks[] = {0, 1, 7, 1000};
    for (int i = 0; i < 16; i++) {
        odec_solver *solver =
            decay_solver(&program, 1 + i % 3, 1 << (i / 4), chunks[i % 4]);
        struct collected got = {values, 0, 3};
        odec_result result;
        odec_status status =
            odec_solve(solver, &batch, &(odec_sink){collect, &got}, &result);
        assert_string_equal(odec_context_error(context), "");
        assert_int_equal(status, ODEC_OK);
        assert_int_equal(got.n_runs, 1001);
        assert_int_equal(result.n_by_status[ODEC_RUN_OK], 1001);
        assert_true(fabs(values[3 * 500 + 2] - exp(-1)) < 1e-3);
        assert_true(values[0] == 1);
        if (i > 0) {
            assert_string_equal(digest, result.digest);
        }
        strcpy(digest, result.digest);
        odec_solver_destroy(solver);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solve_decay),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
