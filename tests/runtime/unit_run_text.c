/* unit_run_text.c -- the simple call: what comes out is what the explicit calls give, every
 * mistake has its words, and no allocation that fails leaves anything behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "odec_compile.h"
#include "scratch.h"

static const char model[] = "model pair\n"
                            "par k = 1 in 0 .. 100, c = 2\n"
                            "init x = 1, y = c\n"
                            "x' = -k*x\n"
                            "y' = x - y\n"
                            "out total = x + y\n"
                            "solve { t = 0 .. 1; save = n 3 }\n";

static const char no_span[] = "model m\ninit x = 1\nx' = -x\n";

static odec_solver_options cpu = ODEC_SOLVER_OPTIONS_INIT;

/* ---- the same by the explicit calls ---- */

struct collected {
    double *values;
    int64_t of_run;
};

static odec_status collect(void *user, const odec_portion *portion) {
    const struct collected *c = user;
    memcpy(c->values + portion->first_run * c->of_run, portion->values,
           (size_t)(portion->n_runs * c->of_run) * sizeof(double));
    return ODEC_OK;
}

static void solve_explicitly(int64_t n_runs, const double *ks, double x0,
                             double *values) {
    odec_compilation *compilation;
    odec_context *context;
    odec_solver *solver;
    odec_source pars[2] = {{.kind = ODEC_SOURCE_COLUMN, .column = ks, .stride = 2}};
    odec_source states[2] = {{.kind = ODEC_SOURCE_UNIFORM, .value = x0}};
    odec_batch batch = ODEC_BATCH_INIT;
    odec_sink sink = ODEC_SINK_INIT;
    struct collected collected = {values, 9};
    assert_int_equal(odec_compile("m", model, strlen(model), NULL, &compilation),
                     ODEC_OK);
    const odec_program *program = odec_compilation_program(compilation);
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    assert_int_equal(odec_solver_create(context, program, &cpu, &solver), ODEC_OK);
    batch.n_runs = n_runs;
    batch.pars = pars;
    batch.states = states;
    batch.save = program->save;
    sink.write = collect;
    sink.user = &collected;
    assert_int_equal(odec_solve(solver, &batch, &sink, NULL), ODEC_OK);
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    odec_compilation_destroy(compilation);
}

enum { N_RUNS = 40, OF_RUN = 3 * 3 };

static void test_same_as_explicit(void **state) {
    (void)state;
    static double ks[2 * N_RUNS], reference[N_RUNS * OF_RUN], own[N_RUNS * OF_RUN];
    for (int i = 0; i < N_RUNS; i++) {
        ks[2 * i] = 0.1 * i;
    }
    solve_explicitly(N_RUNS, ks, 0.5, reference);
    const odec_setting settings[] = {{"x(0)", .value = 0.5},
                                     {"k", .column = ks, .stride = 2}};
    odec_run_options options = ODEC_RUN_OPTIONS_INIT;
    options.n_runs = N_RUNS;
    options.settings = settings;
    options.n_settings = 2;
    options.solver = &cpu;
    odec_solver_options small = cpu;
    small.chunk_runs = 7;
    for (int pass = 0; pass < 3; pass++) {
        odec_table *table;
        options.values = pass == 1 ? own : NULL;
        options.capacity = pass == 1 ? N_RUNS * OF_RUN : 0;
        options.solver = pass == 2 ? &small : &cpu;
        assert_int_equal(odec_run_text(model, &options, &table), ODEC_OK);
        assert_string_equal(table->error, "");
        assert_int_equal(table->n_runs, N_RUNS);
        assert_int_equal(table->n_saves, 3);
        assert_int_equal(table->n_columns, 3);
        assert_string_equal(table->columns[0], "x");
        assert_string_equal(table->columns[2], "total");
        assert_true(table->times[0] == 0 && table->times[1] == 0.5 &&
                    table->times[2] == 1);
        assert_true((table->values == own) == (pass == 1));
        assert_memory_equal(table->values, reference, sizeof reference);
        for (int i = 0; i < N_RUNS; i++) {
            assert_int_equal(table->records[i].status, ODEC_RUN_OK);
            assert_true(table->records[i].t == 1);
        }
        assert_int_equal(table->result->n_runs, N_RUNS);
        odec_table_destroy(table);
    }
}

/* Without options: one run, as the model says. In float: doubles that are floats. */
static void test_as_the_model_says(void **state) {
    (void)state;
    odec_table *table;
    odec_run_options options = ODEC_RUN_OPTIONS_INIT;
    assert_int_equal(odec_run_text(model, NULL, &table), ODEC_OK);
    assert_int_equal(table->n_runs, 1);
    assert_true(table->values[1] == 2); /* y(0) = c */
    assert_true(fabs(table->values[6] - exp(-1)) < 1e-5);
    odec_table_destroy(table);

    const odec_save final = ODEC_SAVE_INIT;
    options.solver = &cpu;
    options.precision = "float";
    options.method = "bs3";
    options.outputs = "y,x";
    options.save = &final;
    options.t0 = 1;
    options.t1 = 1.5;
    options.rtol = options.atol = 1e-5;
    assert_int_equal(odec_run_text(model, &options, &table), ODEC_OK);
    assert_string_equal(odec_compilation_program(table->compilation)->method, "bs3");
    assert_int_equal(table->n_saves, 1);
    assert_int_equal(table->n_columns, 2);
    assert_true(table->times[0] == 1.5);
    assert_true(fabs(table->values[1] - exp(-0.5)) < 1e-4);
    assert_true(table->values[1] == (double)(float)table->values[1]);
    odec_table_destroy(table);
}

/* A run that fails is no error. */
static void test_failed_runs(void **state) {
    (void)state;
    const double ks[] = {1, 2, 3};
    const odec_setting settings[] = {{"k", .column = ks}};
    odec_run_options options = ODEC_RUN_OPTIONS_INIT;
    odec_table *table;
    options.solver = &cpu;
    options.n_runs = 3;
    options.settings = settings;
    options.n_settings = 1;
    options.t0 = 0;
    options.t1 = 3;
    static const char text[] =
        "model m\npar k = 1\ninit x = 1\nx' = if k > 1.5 and k < 2.5 then x^2 else -x\n";
    assert_int_equal(odec_run_text(text, &options, &table), ODEC_OK);
    assert_int_equal(table->records[0].status, ODEC_RUN_OK);
    assert_int_not_equal(table->records[1].status, ODEC_RUN_OK);
    assert_true(isnan(table->values[1]) && table->records[1].t < 3);
    assert_int_equal(table->records[2].status, ODEC_RUN_OK);
    assert_true(table->values[0] == table->values[2]);
    odec_table_destroy(table);
}

/* ---- mistakes ---- */

static const odec_setting unknown[] = {{"kk", .value = 1}},
                          twice[] = {{"k", .value = 1}, {"k", .value = 2}},
                          outside[] = {{"k", .value = 101}},
                          state_alone[] = {{"x", .value = 1}},
                          no_name[] = {{NULL, .value = 1}},
                          no_state[] = {{"z(0)", .value = 1}};
static double three[3];
static const odec_save backwards = {
    .size = sizeof backwards, .kind = ODEC_SAVE_EVERY, .dt = -1};

/* What the options are that are refused: those of a run on the CPU, but for these. */
static const struct mistake {
    const char *text;
    const odec_setting *settings;
    int64_t n_settings, n_runs, capacity;
    size_t size, setting_size;
    odec_status status;
    const char *error;
} mistakes[] = {
    {.text = "model m\ninit x = 1\nx' = z\n",
     .status = ODEC_ERROR_MODEL,
     .error = "m.ode:3:6: error[E0203]: unknown name 'z'\n"
              "    3 | x' = z\n"
              "      |      ^\n"},
    {.text = no_span,
     .error = "neither the options nor the model's solve block say the time span"},
    {.settings = unknown,
     .n_settings = 1,
     .error = "pair has no parameter 'kk'; did you mean 'k'?"},
    {.settings = twice, .n_settings = 2, .error = "'k' is set twice"},
    {.settings = outside,
     .n_settings = 1,
     .error = "parameter 'k' is 101, outside its bounds 0 .. 100"},
    {.settings = state_alone,
     .n_settings = 1,
     .error = "pair has no parameter 'x': that is a state"},
    {.settings = no_name, .n_settings = 1, .error = "setting 0 has no name"},
    {.settings = no_state, .n_settings = 1, .error = "pair has no state 'z'"},
    {.n_settings = 1, .error = "the list of 1 settings is missing"},
    {.n_settings = -1, .error = "the list of -1 settings is missing"},
    {.settings = unknown,
     .n_settings = 1,
     .setting_size = 7,
     .error = "odec_setting has size 7, not 32: start from ODEC_RUN_OPTIONS_INIT"},
    {.n_runs = -1, .error = "-1 runs are not in 1 .. 100000000000"},
    {.capacity = 3,
     .error = "the results are 1 runs of 3 saves of 3 columns, and there is room for 3 "
              "values"},
    {.n_runs = INT64_C(100000000000),
     .status = ODEC_ERROR_MEMORY,
     .error = "there is no memory for 100000000000 runs of 3 saves of 3 columns"},
    {.size = 12,
     .error =
         "odec_run_options has size 12, not 160: start from ODEC_RUN_OPTIONS_INIT"},
};

static void test_mistakes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const struct mistake *m = &mistakes[i];
        odec_run_options options = ODEC_RUN_OPTIONS_INIT;
        odec_table *table;
        options.solver = &cpu;
        options.file_name = "m.ode";
        options.settings = m->settings;
        options.n_settings = m->n_settings;
        options.values = m->capacity ? three : NULL;
        options.capacity = m->capacity;
        options.n_runs = m->n_runs ? m->n_runs : 1;
        options.size = m->size ? m->size : options.size;
        options.setting_size = m->setting_size ? m->setting_size : options.setting_size;
        const odec_status status =
            odec_run_text(m->text ? m->text : model, &options, &table);
        assert_string_equal(table->error, m->error);
        assert_int_equal(status, m->status ? m->status : ODEC_ERROR_ARGUMENT);
        assert_null(table->values);
        assert_int_equal(table->n_runs, 0);
        odec_table_destroy(table);
    }
    odec_table *table;
    odec_run_options options = ODEC_RUN_OPTIONS_INIT;
    options.save = &backwards;
    assert_int_not_equal(odec_run_text(model, &options, &table), ODEC_OK);
    assert_true(*table->error);
    odec_table_destroy(table);
    odec_table_destroy(NULL);
}

/* Its kernel is in the cache. ASan sees what is not given back. */
static void test_allocations_fail(void **state) {
    (void)state;
    odec_run_options options = ODEC_RUN_OPTIONS_INIT;
    const odec_setting settings[] = {{"k", .value = 2}};
    odec_table *table;
    options.solver = &cpu;
    options.atol = 1e-8;
    options.settings = settings;
    options.n_settings = 1;
    assert_int_equal(odec_run_text(model, &options, &table), ODEC_OK);
    const double expected = table->values[8];
    odec_table_destroy(table);
    long n = 0, n_errors = 0;
    for (bool was_reached = true; was_reached;) {
        alloc_fail_at(++n);
        const odec_status status = odec_run_text(model, &options, &table);
        was_reached = n_alloc_calls >= n;
        alloc_fail_at(0);
        if (status == ODEC_OK) {
            assert_true(table->values[8] == expected);
        } else {
            assert_true(was_reached && (!table || *table->error));
            n_errors++;
        }
        odec_table_destroy(table);
    }
    print_message("%ld allocations, %ld errors\n", n - 1, n_errors);
    assert_true(n_errors > 5);
}

static int begin(void **state) {
    (void)state;
    cpu.device = "cpu";
    cpu.n_threads = 1;
    cpu.cache_dir = scratch_create();
    return cpu.cache_dir == NULL;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_explicit),
        cmocka_unit_test(test_as_the_model_says),
        cmocka_unit_test(test_failed_runs),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_allocations_fail),
    };
    return cmocka_run_group_tests(tests, begin, scratch_remove);
}
