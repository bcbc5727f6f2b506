/* faults.c -- for every n, the n-th call of the driver fails: either the whole result
 * with the right bits, or one clear error and what was finished kept. The simulated
 * driver has no complaint, nothing hangs, nothing leaks.
 *
 *   faults CODE[,async] DEVICES     a sweep, e.g. faults illegal-address,async cuda
 *   faults test_...                 one of the tests below
 */
#include <unistd.h>

#include "device_support.h"

enum { N_RUNS = 400, CHUNK = 90, MOST_CALLS = 5000 };

/* ---- sweeps ---- */

static struct {
    char code[64];
    bool async;
    const char *devices;
} swept;

static void test_sweep(void **state) {
    (void)state;
    struct trial trial = {
        .device = swept.devices, .n_runs = N_RUNS, .chunk_runs = CHUNK};
    struct outcome reference, outcome;
    char settings[256];
    int n_whole = 0, n_errors = 0;
    trial_on_cpu(&trial, &reference);
    int n = 1;
    for (bool fired = true; fired; n++) {
        assert_true(n < MOST_CALLS);
        snprintf(settings, sizeof settings, "devices=2; async=%d; fault=%d:%s",
                 swept.async, n, swept.code);
        trial.sim = settings;
        trial.in_order = n % 2;
        alarm(60); /* of each trial */
        trial_run(&trial, &outcome);
        fired = sim.fault_fired();
        if (outcome.status == ODEC_OK) {
            assert_same_bits(&outcome, &reference);
            n_whole++;
        } else {
            assert_true(fired);
            assert_true(strlen(outcome.error) > 10);
            if (outcome.created) {
                assert_partial(&outcome, &reference);
            }
            n_errors++;
        }
        outcome_release(&outcome);
    }
    outcome_release(&reference);
    print_message("%s on %s: %d calls, %d whole results, %d errors\n", swept.code,
                  swept.devices, n - 2, n_whole, n_errors);
    assert_true(n > 60 && n_whole > 10);
}

/* ---- devices that die in mid-batch ---- */

/* A state of it is never above its atol, which is known whoever dies. */
static const char mortal[] = "model mortal\npar k = 1, b = 0.1\n"
                             "init x = 1, v = 0, faint = 1e-12\n"
                             "x' = v\nv' = -k*x - b*v*v*v\nfaint' = -faint\n"
                             "solve { t = 0 .. 5 }\n";

static void check_death(const char *settings, const char *devices, bool in_order,
                        const char *dead) {
    struct trial trial = {.sim = settings,
                          .device = devices,
                          .model = mortal,
                          .n_runs = 3000,
                          .chunk_runs = 100,
                          .in_order = in_order};
    struct outcome reference, outcome;
    trial_on_cpu(&trial, &reference);
    trial_run(&trial, &outcome);
    assert_true(sim.fault_fired() || strstr(settings, "lost"));
    assert_same_bits(&outcome, &reference);
    assert_int_equal(outcome.below_atol, 1u << 2);
    for (int32_t i = 0; i < outcome.n_devices; i++) {
        const bool is_dead = strcmp(outcome.devices[i].name, dead) == 0;
        assert_int_equal(outcome.devices[i].failure[0] != '\0', is_dead);
        if (is_dead) { /* says who and what */
            assert_memory_equal(outcome.devices[i].failure, dead, strlen(dead));
        }
    }
    outcome_release(&outcome);
    outcome_release(&reference);
}

static void test_one_of_four_dies(void **state) {
    (void)state;
    for (int launch = 1; launch <= 4; launch++) {
        for (int in_order = 0; in_order < 2; in_order++) {
            char settings[128];
            snprintf(settings, sizeof settings,
                     "devices=4; run_us=20; lost_launch=2:%d", launch);
            check_death(settings, "cuda", in_order, "cuda:2");
        }
    }
}

static void test_one_of_four_dies_in_time(void **state) {
    (void)state;
    check_death("devices=4; run_us=400; lost=1:0.1", "cuda", false, "cuda:1");
    check_death("devices=4; run_us=400; lost=1:0.1", "cuda", true, "cuda:1");
}

static void test_cpu_finishes_alone(void **state) {
    (void)state;
    check_death("devices=1; run_us=50; lost_launch=0:2", "all", true, "cuda:0");
    check_death("devices=1; run_us=50; lost_launch=0:2", "all", false, "cuda:0");
}

static void test_ecc_error(void **state) {
    (void)state;
    check_death("devices=2; run_us=20; fault_call=cuLaunchKernel:5:ecc:1", "cuda", true,
                "cuda:1");
}

/* The only device dies: what was finished is kept, and said to be a part. */
static void test_last_device_dies(void **state) {
    (void)state;
    struct trial trial = {.sim = "devices=1; run_us=50; lost_launch=0:12",
                          .n_runs = 3000,
                          .chunk_runs = 100};
    struct outcome reference, outcome;
    trial_on_cpu(&trial, &reference);
    for (int in_order = 0; in_order < 2; in_order++) {
        trial.in_order = in_order;
        trial_run(&trial, &outcome);
        assert_int_equal(outcome.status, ODEC_ERROR_DEVICE);
        assert_memory_equal(outcome.error, "cuda:0: ", 8);
        assert_string_equal(outcome.result.digest, "");
        int64_t n = assert_partial(&outcome, &reference);
        assert_in_range(n, 100, 2900);
        assert_true(n == outcome.devices[0].n_runs);
        outcome_release(&outcome);
    }
    outcome_release(&reference);
}

/* ---- --device auto ---- */

static void check_auto(const char *settings, const char *who, const char *method) {
    struct trial trial = {
        .sim = settings, .device = "auto", .method = method, .n_runs = 500};
    struct outcome reference, outcome;
    trial_on_cpu(&trial, &reference);
    trial_run(&trial, &outcome);
    assert_same_bits(&outcome, &reference);
    if (runs_of(&outcome, who) != 500) {
        fail_msg("%s: the runs are not %s's", settings, who);
    }
    outcome_release(&outcome);
    outcome_release(&reference);
}

static void test_auto(void **state) {
    (void)state;
    static const char *const to_the_cpu[] = {
        "devices=0",
        "driver=11000",
        "driver=0:999",
        "driver=11040",
        "devices=1; capability=5.0",
        "devices=1; capability=6.1; architectures=60,61,70",
        "devices=2; biggest=1K",
        "devices=1; lost_launch=0:1",
    };
    check_auto("devices=1", "cuda:0", NULL);
    check_auto("devices=1; capability=7.0; architectures=60,61,70", "cuda:0", NULL);
    for (size_t i = 0; i < sizeof to_the_cpu / sizeof to_the_cpu[0]; i++) {
        check_auto(to_the_cpu[i], "cpu", NULL);
    }
    check_auto("devices=2; nvrtc=fail", "cpu", "bs3"); /* not in the cache */
}

/* One clear reason, whether NVRTC still knows such a GPU or not. */
static void test_old_gpu(void **state) {
    (void)state;
    static const struct {
        const char *sim, *error;
    } rows[] = {
        {"devices=1; capability=6.1; architectures=60,61,70",
         "cuda:0: its compute capability 6.1 is too old: 7.0 is needed"},
        {"devices=1; capability=6.2; architectures=60,61,70",
         "cuda:0: its compute capability 6.2 is too old: 7.0 is needed"},
        {"devices=1; capability=6.1",
         "cuda:0: its compute capability 6.1 is older than any that NVRTC 13.0 knows"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct trial trial = {.sim = rows[i].sim, .n_runs = 10};
        struct outcome outcome;
        trial_run(&trial, &outcome);
        assert_int_equal(outcome.status, ODEC_ERROR_COMPILER);
        assert_string_equal(outcome.error, rows[i].error);
        outcome_release(&outcome);
    }
}

static void test_auto_small_batch(void **state) {
    (void)state;
    struct trial trial = {
        .sim = "devices=1", .device = "auto", .n_runs = 10, .expected_runs = 10};
    struct outcome outcome;
    struct simgpu_report report;
    trial_run(&trial, &outcome);
    assert_int_equal(outcome.status, ODEC_OK);
    assert_int_equal(runs_of(&outcome, "cpu"), 10);
    sim.report(&report);
    assert_int_equal(report.n_calls, 0); /* CUDA was never started */
    outcome_release(&outcome);
}

/* In mid-batch: some is collected, as no more than four chunks are in hand. */
static bool lose_both(void *user, int64_t runs_done, int64_t n_runs) {
    (void)user;
    (void)n_runs;
    if (runs_done >= 1000) {
        sim.lose(0);
        sim.lose(1);
    }
    return true;
}

/* The CPU takes over when every GPU has died. */
static void test_auto_stands_by(void **state) {
    (void)state;
    struct trial trial = {.sim = "devices=2; run_us=500",
                          .device = "auto",
                          .n_runs = 3000,
                          .chunk_runs = 100,
                          .in_order = true,
                          .progress = lose_both};
    struct outcome reference, outcome;
    trial_on_cpu(&trial, &reference);
    trial_run(&trial, &outcome);
    assert_same_bits(&outcome, &reference);
    assert_in_range(runs_of(&outcome, "cpu"), 1, 2900);
    outcome_release(&outcome);
    outcome_release(&reference);
}

/* Shares are the GPUs'; when none of them can begin all runs are the CPU's, which
 * stands by and may have had no share at all. */
static void test_auto_shares(void **state) {
    (void)state;
    static const char *const none_begins[] = {
        "devices=2; biggest=1K",
        "devices=2; fault_call=cuMemAlloc_v2:1:lost:0; "
        "fault_call=cuMemAlloc_v2:1:lost:1",
    };
    static const double capacities[] = {3, 1, 0};
    struct trial trials[] = {
        {.distribution = ODEC_UNIFORM},
        {.distribution = ODEC_CAPACITY, .capacities = capacities, .n_capacities = 3},
    };
    for (size_t i = 0; i < 4; i++) {
        struct trial trial = trials[i / 2];
        struct outcome reference, outcome;
        trial.sim = none_begins[i % 2];
        trial.device = "auto";
        trial.n_runs = 500;
        trial_on_cpu(&trial, &reference);
        trial_run(&trial, &outcome);
        assert_same_bits(&outcome, &reference);
        assert_int_equal(runs_of(&outcome, "cpu"), 500);
        outcome_release(&outcome);
        outcome_release(&reference);
    }
}

/* Only devices without a share begin: they do what the others were to do. And a CPU
 * that has all the capacity does not stand by. */
static void test_shares_of_no_ready_device(void **state) {
    (void)state;
    static const struct {
        const char *sim, *device, *who;
        double capacities[3];
        int32_t n;
    } cases[] = {
        {"devices=2; fault_call=cuMemAlloc_v2:1:lost:0", "cuda", "cuda:1", {1, 0}, 2},
        {"devices=1; fault_call=cuMemAlloc_v2:1:lost:0", "all", "cpu", {1, 0}, 2},
        {"devices=2", "auto", "cpu", {0, 0, 1}, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial trial = {.sim = cases[i].sim,
                              .device = cases[i].device,
                              .n_runs = 500,
                              .distribution = ODEC_CAPACITY,
                              .capacities = cases[i].capacities,
                              .n_capacities = cases[i].n};
        struct outcome reference, outcome;
        trial_on_cpu(&trial, &reference);
        trial_run(&trial, &outcome);
        assert_same_bits(&outcome, &reference);
        assert_int_equal(runs_of(&outcome, cases[i].who), 500);
        outcome_release(&outcome);
        outcome_release(&reference);
    }
}

/* ---- memory ---- */

/* Fewer bytes than asked for: smaller chunks, the same bits. */
static void test_memory_is_short(void **state) {
    (void)state;
    static const char *const settings[] = {
        "devices=1; memory=64M; biggest=60K",
        "devices=1; fault_call=cuMemAlloc_v2:1:out-of-memory",
        "devices=1; fault_call=cuMemHostAlloc:1:out-of-memory",
        "devices=1; fault_call=cuLaunchKernel:1:out-of-memory",
        "devices=1; fault_call=cuLaunchKernel:7:out-of-memory",
    };
    struct trial trial = {.n_runs = 3000, .n_saves = 9};
    struct outcome reference, outcome;
    trial_on_cpu(&trial, &reference);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        trial.sim = settings[i];
        trial.in_order = i % 2;
        trial_run(&trial, &outcome);
        assert_same_bits(&outcome, &reference);
        outcome_release(&outcome);
    }
    outcome_release(&reference);
}

static void test_nothing_fits(void **state) {
    (void)state;
    struct trial trial = {.sim = "devices=1; biggest=100", .n_runs = 10};
    struct outcome outcome;
    trial_run(&trial, &outcome);
    assert_int_equal(outcome.status, ODEC_ERROR_MEMORY);
    assert_non_null(strstr(outcome.error, "cuda:0"));
    outcome_release(&outcome);
    trial.sim = "devices=1";
    trial.memory_bytes = 5000;
    trial_run(&trial, &outcome);
    assert_int_equal(outcome.status, ODEC_ERROR_BUDGET);
    assert_non_null(strstr(outcome.error, "the budget is 4.9 KiB"));
    outcome_release(&outcome);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_of_four_dies),
        cmocka_unit_test(test_one_of_four_dies_in_time),
        cmocka_unit_test(test_cpu_finishes_alone),
        cmocka_unit_test(test_ecc_error),
        cmocka_unit_test(test_last_device_dies),
        cmocka_unit_test(test_auto),
        cmocka_unit_test(test_old_gpu),
        cmocka_unit_test(test_auto_small_batch),
        cmocka_unit_test(test_auto_stands_by),
        cmocka_unit_test(test_auto_shares),
        cmocka_unit_test(test_shares_of_no_ready_device),
        cmocka_unit_test(test_memory_is_short),
        cmocka_unit_test(test_nothing_fits),
    };
    const struct CMUnitTest sweep[] = {cmocka_unit_test(test_sweep)};
    if (argc < 3) {
        return RUN_DEVICE_TESTS(argc, argv, tests);
    }
    snprintf(swept.code, sizeof swept.code, "%.*s", (int)strcspn(argv[1], ","),
             argv[1]);
    swept.async = strchr(argv[1], ',') != NULL;
    swept.devices = argv[2];
    return RUN_DEVICE_TESTS(1, argv, sweep);
}
