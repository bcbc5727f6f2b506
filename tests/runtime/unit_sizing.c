/* unit_sizing.c -- what a batch is said to take on the CPU is what it takes.
 */
#include "context.h"
#include "memory.h"
#include "runtime_support.h"

static int64_t most_bytes; /* in use while a batch was solved */

static bool note_use(void *user, int64_t runs_done, int64_t n_runs) {
    (void)user, (void)runs_done, (void)n_runs;
    const int64_t bytes = memory_in_use(context->host_memory);
    most_bytes = bytes > most_bytes ? bytes : most_bytes;
    return true;
}

/* Of what is not counted: save times and atol, which are in the batch's settings. */
static int64_t bytes_of(const odec_sizing *sizing, const char *name) {
    for (int64_t i = 0; i < sizing->n_arrays; i++) {
        if (strcmp(sizing->array_name[i], name) == 0) {
            return sizing->array_bytes[i];
        }
    }
    return 0;
}

static void try_batch(int64_t n_runs, int64_t n_saves, int64_t chunk_runs,
                      int64_t memory_bytes, bool direct) {
    const odec_program program = decay_program();
    odec_solver_options options = test_options();
    options.chunk_runs = chunk_runs;
    options.memory_bytes = memory_bytes;
    odec_solver *solver = open_solver(&program, &options);
    odec_source k = sweep_k(n_runs);
    odec_batch batch = batch_of(n_runs, &k);
    const odec_save save = saves_of(n_saves);
    odec_output output = ODEC_OUTPUT_INIT;
    const odec_sink sink = {.size = sizeof sink, .write = look_away};
    odec_sizing sizing = ODEC_SIZING_INIT;
    odec_result result = ODEC_RESULT_INIT;
    output.values = calloc((size_t)(n_runs * n_saves), sizeof(double));
    output.records = calloc((size_t)n_runs, sizeof *output.records);
    assert_true(output.values && output.records);
    batch.save = &save;
    batch.progress = note_use;
    batch.output = direct ? &output : NULL;
    assert_int_equal(odec_solver_sizing(solver, &batch, direct, 0, &sizing), ODEC_OK);
    assert_int_equal(memory_in_use(context->host_memory), 0);
    most_bytes = 0;
    assert_int_equal(odec_solve(solver, &batch, direct ? NULL : &sink, &result),
                     ODEC_OK);

    assert_int_equal(sizing.n_runs, n_runs);
    assert_int_equal(sizing.n_saves, n_saves);
    assert_int_equal(sizing.value_bytes, n_runs * n_saves * 8);
    assert_int_equal(sizing.record_bytes, n_runs * (int64_t)sizeof *output.records);
    assert_int_equal(bytes_of(&sizing, "values"), direct ? 0 : 8 * n_saves);
    assert_int_equal(sizing.total_bytes, sizing.fixed_bytes + sizing.chunk_runs *
                                                                  sizing.n_buffers *
                                                                  sizing.run_bytes);
    assert_true(memory_bytes == 0 || sizing.budget_bytes == memory_bytes);
    assert_true(sizing.total_bytes <= sizing.budget_bytes);
    assert_true(result.n_chunks >= sizing.n_chunks);
    assert_true(result.chunk_runs <= sizing.chunk_runs);
    const int64_t counted = sizing.total_bytes - bytes_of(&sizing, "save_times");
    assert_true(most_bytes >= counted && most_bytes < counted + 1024); /* alignment */
    odec_solver_destroy(solver);
    free(output.values);
    free(output.records);
}

static void test_as_allocated(void **state) {
    (void)state;
    for (int direct = 0; direct < 2; direct++) {
        try_batch(1, 2, 0, 0, direct);
        try_batch(1000, 50, 0, 0, direct);
        try_batch(1000, 50, 70, 0, direct);
        try_batch(5000, 20, 0, 100000, direct);
    }
}

static void test_refused(void **state) {
    (void)state;
    const odec_program program = decay_program();
    odec_solver_options options = test_options();
    options.memory_bytes = 1000;
    odec_solver *solver = open_solver(&program, &options);
    odec_batch batch = batch_of(10, NULL);
    odec_sizing sizing = ODEC_SIZING_INIT;
    assert_int_equal(odec_solver_sizing(solver, &batch, false, 1, &sizing),
                     ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context),
                        "there is no device 1: the solver has 1");
    odec_context_clear(context);
    const odec_save save = saves_of(100);
    batch.save = &save;
    assert_int_equal(odec_solver_sizing(solver, &batch, false, 0, &sizing),
                     ODEC_ERROR_BUDGET);
    assert_string_equal(odec_context_error(context),
                        "one run needs 1.6 KiB (values 800 B), the budget is 1000 B");
    odec_context_clear(context);
    batch.n_runs = 0;
    assert_int_equal(odec_solver_sizing(solver, &batch, false, 0, &sizing),
                     ODEC_ERROR_ARGUMENT);
    odec_context_clear(context);
    odec_solver_destroy(solver);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_allocated),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
