/* bits.c -- the same bits however a batch is split: over chunks, budgets, buffers,
 * devices of unequal memory and speed, GPUs and CPU together, any distribution, sinks
 * in order or not.
 */
#include "device_support.h"

/* A trial in both kinds of sink, against the CPU's bits. */
static void check(struct trial trial) {
    struct outcome reference, outcome;
    trial_on_cpu(&trial, &reference);
    for (int in_order = 0; in_order < 2; in_order++) {
        trial.in_order = in_order;
        trial_run(&trial, &outcome);
        assert_same_bits(&outcome, &reference);
        outcome_release(&outcome);
    }
    outcome_release(&reference);
}

#define UNEQUAL "memory=64M,3M,8M,5M,2M,16M,1500K,4M; run_us=20,160,40,80,320,20,40,160"

static void test_one_chunk(void **state) {
    (void)state;
    check((struct trial){.sim = "devices=1", .n_runs = 300});
}

static void test_seven_chunks(void **state) {
    (void)state;
    check((struct trial){.sim = "devices=1", .n_runs = 300, .chunk_runs = 43});
    check((struct trial){
        .sim = "devices=1", .n_runs = 300, .chunk_runs = 43, .n_buffers = 1});
}

static void test_small_budget(void **state) {
    (void)state;
    struct trial trial = {
        .sim = "devices=1", .n_runs = 3000, .n_saves = 40, .memory_bytes = 1 << 20};
    check(trial);
    trial.sim = "devices=2; memory=1M";
    trial.memory_bytes = 0;
    check(trial);
}

/* Portions of so many bytes that threads help the writer, where there are cores for
 * them. */
static void test_many_bytes(void **state) {
    (void)state;
    check((struct trial){.sim = "devices=1; memory=256M",
                         .n_runs = 6000,
                         .n_saves = 200,
                         .n_threads = 4});
}

static void test_saves_columns_float(void **state) {
    (void)state;
    check((struct trial){
        .sim = "devices=1", .n_runs = 700, .n_saves = 9, .chunk_runs = 111});
    check((struct trial){.sim = "devices=1", .n_runs = 700, .columns = true});
    check((struct trial){.sim = "devices=2",
                         .n_runs = 700,
                         .is_float = true,
                         .n_saves = 9,
                         .columns = true});
    check((struct trial){
        .sim = "devices=2", .n_runs = 700, .is_float = true, .chunk_runs = 50});
}

static void test_fixed_and_stiff(void **state) {
    (void)state;
    check((struct trial){.sim = "devices=2", .n_runs = 500, .fixed_steps = true});
    check((struct trial){
        .sim = "devices=2", .n_runs = 500, .fixed_steps = true, .n_saves = 9});
    check((struct trial){.sim = "devices=2", .n_runs = 500, .method = "rodas5p"});
}

/* Runs that leave the finite numbers: at some step of a launch, or of a block, or at
 * the last. Which step it was is the same. */
static void test_not_finite(void **state) {
    (void)state;
    struct trial trial = {
        .sim = "devices=2",
        .model = "model pole\npar p = 1\ninit x = 1, y = 0\nx' = p*x^2\ny' = x - y\n"
                 "solve { t = 0 .. 4 }\n",
        .method = "dopri5",
        .n_runs = 700,
        .fixed_steps = true,
    };
    struct outcome outcome;
    check(trial);
    trial_run(&trial, &outcome);
    int n_failed = 0, n_others = 0;
    for (int64_t i = 0; i < trial.n_runs; i++) {
        n_failed += outcome.records[i].status == ODEC_RUN_NON_FINITE;
        n_others += outcome.records[i].status == ODEC_RUN_OK;
    }
    outcome_release(&outcome);
    assert_true(n_failed > 50 && n_others > 50 && n_failed + n_others == 700);
    trial.n_saves = 9;
    check(trial);
    trial.is_float = true;
    check(trial);
    trial.n_saves = 0;
    check(trial);
    trial.fixed_steps = false;
    check(trial);
}

/* Which states were never above their atol: e, and m, which begins with zero. z is zero all the
 * time, and one run alone, the last, sees r above it, between its start and its end. */
static void test_below_atol(void **state) {
    (void)state;
    struct trial trial = {
        .model = "model faint\npar p = 1\ninit x = 1, e = 1e-12, z = 0, r = 0, m = 0\n"
                 "x' = -0.3*x\ne' = -e\nz' = z\n"
                 "r' = (if p > 199.99 then 1e-4 else 1e-14)*cos(t)\n"
                 "m' = -1e-14*cos(t)\nsolve { t = 0 .. 6.283185307179586 }\n",
        .n_runs = 900,
        .chunk_runs = 70,
    };
    static const char *const sims[] = {"devices=1", "devices=3; " UNEQUAL};
    struct outcome outcome;
    for (int i = 0; i < 8; i++) {
        trial.sim = sims[i % 2];
        trial.device = i & 1 ? "all" : NULL;
        trial.is_float = i & 2;
        trial.method = i & 4 ? "rodas5p" : NULL;
        check(trial);
        trial_run(&trial, &outcome);
        assert_int_equal(outcome.below_atol, 1u << 1 | 1u << 4);
        outcome_release(&outcome);
    }
    trial.fixed_steps = true;
    trial_run(&trial, &outcome);
    assert_int_equal(outcome.status, ODEC_OK);
    assert_int_equal(outcome.below_atol, 0);
    outcome_release(&outcome);
}

/* Runs of two steps each end with every launch of so many, so that nothing is ever
 * suspended: launches become longer all the same. */
static void test_runs_of_two_steps(void **state) {
    (void)state;
    struct trial trial = {
        .sim = "devices=1",
        .model =
            "model short\npar p = 1\ninit x = 1\nx' = -p*x\nsolve { t = 0 .. 0.02 }\n",
        .method = "rk4",
        .n_runs = 400000,
        .fixed_steps = true,
    };
    struct simgpu_device_report report;
    check(trial);
    assert_true(sim.device_report(0, &report));
    assert_true(report.n_launches < 40); /* 6; 393 of 16 steps each */
}

static void test_two_devices(void **state) {
    (void)state;
    check((struct trial){
        .sim = "devices=2; " UNEQUAL, .n_runs = 1500, .chunk_runs = 100});
}

static void test_three_devices(void **state) {
    (void)state;
    check((struct trial){.sim = "devices=3; " UNEQUAL, .n_runs = 1500, .n_saves = 9});
}

static void test_eight_devices(void **state) {
    (void)state;
    check(
        (struct trial){.sim = "devices=8; " UNEQUAL, .n_runs = 2500, .chunk_runs = 70});
}

static void test_cpu_and_gpus(void **state) {
    (void)state;
    check((struct trial){.sim = "devices=2; " UNEQUAL,
                         .device = "all",
                         .n_runs = 2500,
                         .chunk_runs = 100});
}

static void test_named_devices(void **state) {
    (void)state;
    check((struct trial){
        .sim = "devices=4", .device = "cuda:3,cpu,cuda:1", .n_runs = 900});
}

static void test_uniform(void **state) {
    (void)state;
    struct trial trial = {.sim = "devices=3; " UNEQUAL,
                          .device = "all",
                          .n_runs = 1001,
                          .chunk_runs = 60,
                          .distribution = ODEC_UNIFORM};
    struct outcome outcome;
    check(trial);
    trial_run(&trial, &outcome);
    assert_int_equal(runs_of(&outcome, "cuda:0"), 251);
    assert_int_equal(runs_of(&outcome, "cuda:1"), 250);
    assert_int_equal(runs_of(&outcome, "cuda:2"), 250);
    assert_int_equal(runs_of(&outcome, "cpu"), 250);
    outcome_release(&outcome);
}

static void test_capacity(void **state) {
    (void)state;
    const double capacities[] = {3, 0, 1};
    struct trial trial = {.sim = "devices=3; " UNEQUAL,
                          .n_runs = 1001,
                          .chunk_runs = 60,
                          .distribution = ODEC_CAPACITY,
                          .capacities = capacities,
                          .n_capacities = 3};
    struct outcome outcome;
    check(trial);
    trial_run(&trial, &outcome);
    assert_int_equal(runs_of(&outcome, "cuda:0"), 751);
    assert_int_equal(runs_of(&outcome, "cuda:1"), 0);
    assert_int_equal(runs_of(&outcome, "cuda:2"), 250);
    outcome_release(&outcome);
}

static void test_wrong_capacities(void **state) {
    (void)state;
    static const struct {
        double capacities[2];
        const char *text;
    } cases[] = {
        {{1, -1}, "the capacity of device cuda:1 is -1, which is negative"},
        {{NAN, 1}, "the capacity of device cuda:0 is nan, which is no finite number"},
        {{1, INFINITY},
         "the capacity of device cuda:1 is inf, which is no finite number"},
        {{0, 0}, "none of 2 devices has any capacity: all are 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial trial = {.sim = "devices=2",
                              .n_runs = 10,
                              .distribution = ODEC_CAPACITY,
                              .capacities = cases[i].capacities,
                              .n_capacities = 2};
        struct outcome outcome;
        trial_run(&trial, &outcome);
        assert_int_equal(outcome.status, ODEC_ERROR_ARGUMENT);
        assert_string_equal(outcome.error, cases[i].text);
        outcome_release(&outcome);
    }
}

static void test_fewer_runs_than_devices(void **state) {
    (void)state;
    for (int64_t n = 1; n <= 4; n++) {
        check((struct trial){.sim = "devices=8", .device = "all", .n_runs = n});
        check((struct trial){.sim = "devices=8",
                             .device = "all",
                             .n_runs = n,
                             .distribution = ODEC_UNIFORM});
    }
}

/* N, 2N, N runs, and other saves, by one solver: nothing of an old plan is used again.
 */
static void test_changed_sizes(void **state) {
    (void)state;
    static const int64_t sizes[] = {500, 1000, 500, 3, 777, 500};
    struct trial trial = {.device = "all", .chunk_runs = 190, .n_saves = 9};
    odec_context *context;
    odec_solver *solver;
    assert_true(sim.configure("devices=2; memory=2M"));
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    assert_int_equal(trial_open(&trial, context, &solver), ODEC_OK);
    struct outcome outcomes[6] = {{0}};
    for (size_t i = 0; i < 6; i++) {
        trial.n_runs = sizes[i];
        trial_solve(&trial, context, solver, &outcomes[i]);
    }
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    assert_int_equal(sim.finish(), 0);
    for (size_t i = 0; i < 6; i++) {
        struct outcome reference;
        trial.n_runs = sizes[i];
        trial_on_cpu(&trial, &reference);
        assert_same_bits(&outcomes[i], &reference);
        outcome_release(&reference);
        outcome_release(&outcomes[i]);
    }
}

/* A solver that is used again plans each batch as a new one would: memory that is full
 * of the plan before is no reason for shorter chunks, or for none. From many saves to
 * few the chunks grow while tables shrink, and the last but one has room for a single
 * buffer of one run. */
static void test_plans_of_used_solver(void **state) {
    (void)state;
    static const struct {
        int64_t n_runs, n_saves, n_chunks;
    } rows[] = {{16000, 9, 5}, {40, 3600, 4}, {1000, 140, 4},
                {16000, 9, 5}, {4, 27000, 4}, {16000, 9, 5}};
    enum { N = sizeof rows / sizeof rows[0] };
    struct trial trials[N];
    for (int i = 0; i < N; i++) {
        trials[i] = (struct trial){.sim = "devices=1; memory=2M",
                                   .n_runs = rows[i].n_runs,
                                   .n_saves = rows[i].n_saves};
    }
    odec_context *context;
    odec_solver *solver;
    struct outcome used[N] = {{0}}, fresh, reference;
    assert_true(sim.configure(trials[0].sim));
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    assert_int_equal(trial_open(&trials[0], context, &solver), ODEC_OK);
    for (int i = 0; i < N; i++) {
        trial_solve(&trials[i], context, solver, &used[i]);
    }
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    assert_int_equal(sim.finish(), 0);
    for (int i = 0; i < N; i++) {
        trial_on_cpu(&trials[i], &reference);
        assert_same_bits(&used[i], &reference);
        trial_run(&trials[i], &fresh);
        assert_int_equal(fresh.result.n_chunks, rows[i].n_chunks);
        assert_int_equal(used[i].result.n_chunks, fresh.result.n_chunks);
        assert_int_equal(used[i].result.chunk_runs, fresh.result.chunk_runs);
        outcome_release(&reference);
        outcome_release(&fresh);
        outcome_release(&used[i]);
    }
}

/* Two solvers of one context share a device's memory. */
static void test_two_solvers(void **state) {
    (void)state;
    struct trial trials[2] = {{.n_runs = 300, .chunk_runs = 50},
                              {.n_runs = 300, .n_saves = 9}};
    odec_context *context;
    odec_solver *solvers[2];
    struct outcome outcomes[2] = {{0}}, reference;
    assert_true(sim.configure("devices=1; memory=4M"));
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(trial_open(&trials[i], context, &solvers[i]), ODEC_OK);
    }
    for (int i = 0; i < 2; i++) {
        trial_solve(&trials[i], context, solvers[i], &outcomes[i]);
    }
    for (int i = 0; i < 2; i++) {
        odec_solver_destroy(solvers[i]);
    }
    odec_context_destroy(context);
    assert_int_equal(sim.finish(), 0);
    for (int i = 0; i < 2; i++) {
        trial_on_cpu(&trials[i], &reference);
        assert_same_bits(&outcomes[i], &reference);
        outcome_release(&outcomes[i]);
        outcome_release(&reference);
    }
}

/* More parameters than constant memory takes, so many that lanes are in the workspace.
 */
static void test_many_parameters(void **state) {
    (void)state;
    enum { N = 2100 };
    static char text[80 * N];
    int n = snprintf(text, sizeof text, "model many\n");
    for (int i = 0; i < N; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "par p%d = %d.5\n", i, i % 7);
    }
    snprintf(
        text + n, sizeof text - (size_t)n,
        "init x = 1, v = p%d\nx' = v\nv' = -p0*x - p1*v*v*v\nsolve { t = 0 .. 5 }\n",
        N - 1);
    check((struct trial){.sim = "devices=2",
                         .model = text,
                         .n_runs = 300,
                         .n_saves = 5,
                         .chunk_runs = 70});
}

/* A GPU newer than NVRTC knows gets PTX. */
static void test_newer_gpu(void **state) {
    (void)state;
    check((struct trial){.sim = "devices=1; capability=13.0", .n_runs = 100});
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_chunk),
        cmocka_unit_test(test_seven_chunks),
        cmocka_unit_test(test_small_budget),
        cmocka_unit_test(test_many_bytes),
        cmocka_unit_test(test_saves_columns_float),
        cmocka_unit_test(test_fixed_and_stiff),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_below_atol),
        cmocka_unit_test(test_runs_of_two_steps),
        cmocka_unit_test(test_two_devices),
        cmocka_unit_test(test_three_devices),
        cmocka_unit_test(test_eight_devices),
        cmocka_unit_test(test_cpu_and_gpus),
        cmocka_unit_test(test_named_devices),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_wrong_capacities),
        cmocka_unit_test(test_fewer_runs_than_devices),
        cmocka_unit_test(test_changed_sizes),
        cmocka_unit_test(test_plans_of_used_solver),
        cmocka_unit_test(test_two_solvers),
        cmocka_unit_test(test_many_parameters),
        cmocka_unit_test(test_newer_gpu),
    };
    return RUN_DEVICE_TESTS(argc, argv, tests);
}
