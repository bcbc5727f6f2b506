/* unit_again.c -- one batch after another through a solver, as a loop in real time has
 * them: from the second one on nothing is allocated, no page asked for and no thread
 * started, as long as the batches are of one size; and their results are the same bits.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "runtime_support.h"

#include "failing_alloc.h"

static long n_pages, n_threads;
static long thread_fails_at; /* the start that fails, counted from 1; 0: none */

void *__real_mmap(void *at, size_t bytes, int protection, int flags, int fd,
                  off_t from);
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd,
                  off_t from);
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd,
                  off_t from) {
    n_pages++;
    return __real_mmap(at, bytes, protection, flags, fd, from);
}

typedef void *thread_main(void *user);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          thread_main *start, void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          thread_main *start, void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          thread_main *start, void *user) {
    return ++n_threads == thread_fails_at
               ? EAGAIN
               : __real_pthread_create(thread, attributes, start, user);
}

enum { MOST_RUNS = 3000, N_SAVES = 4 };

static double values[MOST_RUNS * N_SAVES];

static bool go_on(void *user, int64_t runs_done, int64_t n_runs) {
    (void)user, (void)runs_done, (void)n_runs;
    return true;
}

/* What the call asked the system for. */
struct asked {
    long allocations, pages, threads;
};

static struct asked solve(odec_solver *solver, int64_t n_runs, bool to_sink,
                          char digest[33]) {
    odec_source k = sweep_k(n_runs);
    odec_batch batch = batch_of(n_runs, &k);
    const odec_save save = saves_of(N_SAVES);
    odec_output output = ODEC_OUTPUT_INIT;
    const odec_sink sink = {.size = sizeof sink, .write = look_away};
    odec_result result = ODEC_RESULT_INIT;
    output.values = values;
    batch.save = &save;
    batch.progress = go_on;
    batch.output = to_sink ? NULL : &output;
    alloc_fail_at(0);
    n_pages = n_threads = 0;
    const odec_status status =
        odec_solve(solver, &batch, to_sink ? &sink : NULL, &result);
    const struct asked asked = {n_alloc_calls, n_pages, n_threads};
    assert_string_equal(odec_context_error(context), "");
    assert_int_equal(status, ODEC_OK);
    strcpy(digest, result.digest);
    return asked;
}

static void test_nothing_the_second_time(void **state) {
    (void)state;
    static const struct {
        int64_t n_runs, chunk_runs;
        bool to_sink;
    } rows[] = {{1, 0, false},   {1, 0, true},       {1024, 0, false},
                {1024, 0, true}, {3000, 100, false}, {3000, 100, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const odec_program program = decay_program();
        odec_solver_options options = test_options();
        options.chunk_runs = rows[i].chunk_runs;
        odec_solver *solver = open_solver(&program, &options);
        char first[33], later[33];
        const struct asked at_first =
            solve(solver, rows[i].n_runs, rows[i].to_sink, first);
        assert_true(at_first.allocations > 5 && at_first.pages > 0 &&
                    at_first.threads > 0);
        for (int k = 0; k < 5; k++) {
            const struct asked again =
                solve(solver, rows[i].n_runs, rows[i].to_sink, later);
            assert_int_equal(again.allocations, 0);
            assert_int_equal(again.pages, 0);
            assert_int_equal(again.threads, 0);
            assert_string_equal(later, first);
        }
        odec_solver_destroy(solver);
        /* the next solver finds what this one kept: begin anew */
        odec_context_destroy(context);
        assert_int_equal(odec_context_create(&context), ODEC_OK);
    }
}

/* Sizes that change: what is kept for one is not taken for another. */
static void test_sizes_in_turn(void **state) {
    (void)state;
    static const int64_t sizes[] = {1, 700, 3, 3000, 1, 3000, 700};
    const odec_program program = decay_program();
    const odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options);
    for (int k = 0; k < 30; k++) {
        const int64_t n = sizes[k % 7];
        char used[33], fresh[33];
        solve(solver, n, k % 3 == 0, used);
        odec_solver *other = open_solver(&program, &options);
        solve(other, n, false, fresh);
        odec_solver_destroy(other);
        assert_string_equal(used, fresh);
    }
    odec_solver_destroy(solver);
}

/* Whichever thread cannot be started, of a solver's or of its first batch's: one error, and
 * a solver that is there goes on once threads can be started again. */
static void test_each_thread_fails(void **state) {
    (void)state;
    static const char *const errors[] = {
        "cannot start thread 1 of 2: Resource temporarily unavailable",
        "cannot start thread 2 of 2: Resource temporarily unavailable",
        "cannot start the writing thread: Resource temporarily unavailable"};
    const odec_program program = decay_program();
    const odec_solver_options options = test_options();
    odec_source k = sweep_k(10);
    const odec_batch batch = batch_of(10, &k);
    odec_result result = ODEC_RESULT_INIT;
    for (int n = 1; n <= 4; n++) {
        odec_solver *solver;
        odec_context_clear(context);
        n_threads = 0;
        thread_fails_at = n;
        odec_status status = odec_solver_create(context, &program, &options, &solver);
        assert_int_equal(status, n <= 2 ? ODEC_ERROR_DEVICE : ODEC_OK);
        if (status == ODEC_OK) {
            status = odec_solve(solver, &batch, NULL, &result);
            assert_int_equal(status, n <= 3 ? ODEC_ERROR_DEVICE : ODEC_OK);
        } else {
            assert_null(solver);
        }
        thread_fails_at = 0;
        assert_string_equal(odec_context_error(context), n <= 3 ? errors[n - 1] : "");
        if (solver) {
            assert_int_equal(odec_solve(solver, &batch, NULL, &result), ODEC_OK);
            assert_int_equal(result.n_by_status[ODEC_RUN_OK], 10);
        }
        odec_solver_destroy(solver);
    }
    odec_context_clear(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_the_second_time),
        cmocka_unit_test(test_sizes_in_turn),
        cmocka_unit_test(test_each_thread_fails),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
