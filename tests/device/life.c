/* life.c -- what happens while a batch runs: it is cancelled, its devices' work
 * overlaps with copies, slow devices take less, and solvers come and go by the
 * thousand.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>

#include "device_support.h"

/* What two simulated devices have launched so far. */
static long launches(void) {
    long n = 0;
    for (int i = 0; i < 2; i++) {
        struct simgpu_device_report report;
        assert_true(sim.device_report(i, &report));
        n += report.n_launches;
    }
    return n;
}

/* A launch that computes, and one that is queued behind it, for each. */
enum { LAUNCHES_IN_HAND = 4 };

/* ---- cancelling ---- */

struct cancelling {
    int64_t after; /* runs done */
    bool cancelled;
    long n_launches; /* when it was cancelled */
};

static bool cancel(void *user, int64_t runs_done, int64_t n_runs) {
    struct cancelling *c = user;
    (void)n_runs;
    if (runs_done >= c->after && !c->cancelled) {
        c->cancelled = true;
        c->n_launches = launches();
    }
    return !c->cancelled;
}

/* Long launches: it takes effect when those in hand are over. */
static void test_cancel(void **state) {
    (void)state;
    struct cancelling cancelling = {.after = 300};
    struct trial trial = {.sim = "devices=2; run_us=2000",
                          .n_runs = 20000,
                          .chunk_runs = 100,
                          .progress = cancel,
                          .user = &cancelling};
    struct outcome reference, outcome;
    trial_run(&trial, &outcome);
    assert_in_range(launches() - cancelling.n_launches, 0, LAUNCHES_IN_HAND);
    assert_int_equal(outcome.status, ODEC_CANCELLED);
    assert_string_equal(outcome.result.digest, ""); /* marked as a part */
    trial_on_cpu(&trial, &reference);
    int64_t n = assert_partial(&outcome, &reference);
    assert_in_range(n, 1, 5000);
    outcome_release(&outcome);
    outcome_release(&reference);
}

/* The same solver goes on after it. */
static void test_solve_after_cancel(void **state) {
    (void)state;
    struct cancelling cancelling = {.after = 1};
    struct trial trial = {.device = "all", .n_runs = 2000, .chunk_runs = 100};
    odec_context *context;
    odec_solver *solver;
    struct outcome cancelled = {0}, whole = {0}, reference;
    assert_true(sim.configure("devices=2; run_us=500"));
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    assert_int_equal(trial_open(&trial, context, &solver), ODEC_OK);
    trial.progress = cancel;
    trial.user = &cancelling;
    trial_solve(&trial, context, solver, &cancelled);
    assert_int_equal(cancelled.status, ODEC_CANCELLED);
    odec_context_clear(context);
    trial.progress = NULL;
    trial_solve(&trial, context, solver, &whole);
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    assert_int_equal(sim.finish(), 0);
    trial_on_cpu(&trial, &reference);
    assert_same_bits(&whole, &reference);
    outcome_release(&cancelled);
    outcome_release(&whole);
    outcome_release(&reference);
}

/* Another thread destroys the solver while it works: within a launch it is gone, with a
 * part of the results. */
struct destroying {
    odec_solver *solver;
    pthread_t thread;
    bool started;
    long n_launches, n_launches_after; /* at the start and the end of destroying */
};

static void *destroy_solver(void *user) {
    struct destroying *d = user;
    d->n_launches = launches();
    odec_solver_destroy(d->solver);
    d->n_launches_after = launches();
    return NULL;
}

static bool let_destroy(void *user, int64_t runs_done, int64_t n_runs) {
    struct destroying *d = user;
    (void)n_runs;
    if (runs_done > 200 && !d->started) {
        d->started = true;
        assert_int_equal(pthread_create(&d->thread, NULL, destroy_solver, d), 0);
    }
    return true;
}

static void test_destroy_while_running(void **state) {
    (void)state;
    struct destroying destroying = {0};
    struct trial trial = {.device = "all",
                          .n_runs = 200000,
                          .chunk_runs = 100,
                          .progress = let_destroy,
                          .user = &destroying};
    odec_context *context;
    struct outcome outcome = {0};
    assert_true(sim.configure("devices=2; run_us=1000"));
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    assert_int_equal(trial_open(&trial, context, &destroying.solver), ODEC_OK);
    trial_solve_alone(&trial, context, destroying.solver, &outcome);
    assert_true(destroying.started);
    assert_int_equal(pthread_join(destroying.thread, NULL), 0);
    assert_in_range(destroying.n_launches_after - destroying.n_launches, 0,
                    LAUNCHES_IN_HAND);
    assert_int_equal(outcome.status, ODEC_CANCELLED);
    assert_string_equal(outcome.error, "cancelled: the solver is being destroyed");
    assert_string_equal(outcome.result.digest, "");
    int64_t n = 0;
    for (int64_t i = 0; i < trial.n_runs; i++) {
        assert_true(outcome.times[i] <= 1);
        n += outcome.times[i];
    }
    assert_in_range(n, 1, trial.n_runs - 1);
    odec_context_destroy(context);
    assert_int_equal(sim.finish(), 0);
    outcome_release(&outcome);
}

/* Progress never goes back, and reaches the end. */
static bool watch(void *user, int64_t runs_done, int64_t n_runs) {
    int64_t *last = user;
    assert_in_range(runs_done, *last, n_runs);
    *last = runs_done;
    return true;
}

static void test_progress(void **state) {
    (void)state;
    int64_t last = 0;
    struct trial trial = {.sim = "devices=2; run_us=300",
                          .n_runs = 4000,
                          .chunk_runs = 300,
                          .progress = watch,
                          .user = &last};
    struct outcome outcome;
    trial_run(&trial, &outcome);
    assert_int_equal(outcome.status, ODEC_OK);
    assert_int_equal(last, 4000);
    outcome_release(&outcome);
}

/* ---- overlap ---- */

/* From the first work of any engine to the last. */
static double seconds_on_device(const struct trial *trial) {
    struct simgpu_device_report report;
    struct outcome outcome;
    trial_run(trial, &outcome);
    assert_int_equal(outcome.status, ODEC_OK);
    outcome_release(&outcome);
    assert_true(sim.device_report(0, &report));
    double first = INFINITY, last = 0;
    for (int i = 0; i < SIMGPU_N_ENGINES; i++) {
        if (report.engines[i].n_jobs > 0) {
            first = fmin(first, report.engines[i].first_start_s);
            last = fmax(last, report.engines[i].last_end_s);
        }
        print_message("  engine %d: %ld jobs, busy %.3f s\n", i,
                      report.engines[i].n_jobs, report.engines[i].busy_s);
    }
    return last - first;
}

/* 12 chunks of 250 runs of 20 saves: compute 250 * 200 us = 50 ms, and 250 * 370 bytes
 * out at 1.8 MB/s 50 ms as well. A portion is a sixteenth of the memory at most. */
static void assert_overlap(int64_t memory_bytes) {
    struct trial trial = {.sim = "devices=1; run_us=200; copy_MBps=1.8",
                          .n_runs = 3000,
                          .n_saves = 20,
                          .chunk_runs = 250,
                          .n_buffers = 1,
                          .memory_bytes = memory_bytes};
    double one = seconds_on_device(&trial);
    trial.n_buffers = 2;
    double two = seconds_on_device(&trial);
    print_message("one buffer %.3f s, two buffers %.3f s: %.2f times\n", one, two,
                  one / two);
    assert_true(one >= 1.6 * two);
}

static void test_overlap(void **state) {
    (void)state;
    assert_overlap(0);
}

/* More portions than stages: none may wait for the launch that computes meanwhile. */
static void test_overlap_of_portions(void **state) {
    (void)state;
    assert_overlap(320 << 10);
}

/* ---- distribution ---- */

/* Speeds 1:2:4:8: all of them take part, none computes faster than it can, and each run
 * is computed once. */
static void test_unequal_speeds(void **state) {
    (void)state;
    static const double run_us[] = {800, 400, 200, 100};
    struct trial trial = {.sim = "devices=4; run_us=800,400,200,100; launch_us=0",
                          .n_runs = 6000,
                          .chunk_runs = 60};
    struct outcome outcome;
    trial_run(&trial, &outcome);
    assert_int_equal(outcome.status, ODEC_OK);
    int64_t n_runs = 0;
    for (int i = 0; i < 4; i++) {
        struct simgpu_device_report report;
        assert_true(sim.device_report(i, &report));
        double seconds = 1e-6 * run_us[i] * (double)outcome.devices[i].n_runs;
        assert_true(outcome.devices[i].n_runs > 0);
        assert_true(report.engines[SIMGPU_COMPUTE].busy_s >= 0.9999 * seconds);
        n_runs += outcome.devices[i].n_runs;
    }
    assert_int_equal(n_runs, trial.n_runs);
    outcome_release(&outcome);
}

/* The same: the makespan against the ideal one. The queue learns the speeds by the
 * machine's own clock, so this holds on a machine that has little else to do. */
static void test_makespan(void **state) {
    (void)state;
    struct trial trial = {.sim = "devices=4; run_us=800,400,200,100; launch_us=0",
                          .n_runs = 60000,
                          .chunk_runs = 60};
    struct outcome outcome;
    trial_run(&trial, &outcome);
    assert_int_equal(outcome.status, ODEC_OK);
    double last = 0, first = INFINITY;
    for (int i = 0; i < 4; i++) {
        struct simgpu_device_report report;
        assert_true(sim.device_report(i, &report));
        first = fmin(first, report.engines[SIMGPU_COMPUTE].first_start_s);
        last = fmax(last, report.engines[SIMGPU_COMPUTE].last_end_s);
    }
    double ideal = 60000 / (1e6 / 800 + 1e6 / 400 + 1e6 / 200 + 1e6 / 100);
    print_message("makespan %.3f s, ideal %.3f s: %.3f\n", last - first, ideal,
                  (last - first) / ideal);
    assert_true(last - first < 1.1 * ideal);
    outcome_release(&outcome);
}

/* ---- coming and going ---- */

static void test_thousand_cycles(void **state) {
    (void)state;
    struct trial trial = {.device = "all", .n_runs = 30, .chunk_runs = 20};
    struct outcome reference;
    size_t before = 0;
    trial_on_cpu(&trial, &reference);
    for (int i = 0; i < 1000; i++) {
        odec_context *context;
        assert_true(
            sim.configure("devices=2")); /* without notes of the cycles before */
        odec_solver *solver;
        struct outcome outcome = {0};
        assert_int_equal(odec_context_create(&context), ODEC_OK);
        assert_int_equal(trial_open(&trial, context, &solver), ODEC_OK);
        trial_solve(&trial, context, solver, &outcome);
        odec_solver_destroy(solver);
        odec_context_destroy(context);
        assert_same_bits(&outcome, &reference);
        outcome_release(&outcome);
        assert_int_equal(sim.finish(), 0);
        if (i == 599) {
            before = mallinfo2().uordblks;
        }
    }
    /* Flat: less than 40 bytes a cycle, which threads' caches of free blocks can take.
     */
    assert_true(mallinfo2().uordblks < before + 16000);
    outcome_release(&reference);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_solve_after_cancel),
        cmocka_unit_test(test_destroy_while_running),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_overlap_of_portions),
        cmocka_unit_test(test_unequal_speeds),
        cmocka_unit_test(test_makespan),
        cmocka_unit_test(test_thousand_cycles),
    };
    return RUN_DEVICE_TESTS(argc, argv, tests);
}
