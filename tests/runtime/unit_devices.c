/* unit_devices.c -- odec_devices on simulated GPUs: what is shown of each device, by
 * what is known and what is not, while solves go on too; their order; and which of them
 * `auto` takes. Each test is one of ctest's.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event.h"
#include "failing_alloc.h"
#include "odec_compile.h"
#include "scratch.h"
#include "simgpu/sim.h"
#include "solver.h"

enum { WATCHDOG_SECONDS = 200, MIB = 1 << 20 };

static const char model_text[] = "model spring\n"
                                 "par k = 1\n"
                                 "init x = 1, v = 0\n"
                                 "x' = v\n"
                                 "v' = -k*x\n"
                                 "solve { method = tsit5; t = 0 .. 1 }\n";

/* Linked with --wrap=dlopen: the simulated NVRTC is the only one of any machine. */
void *__real_dlopen(const char *path, int flags);
void *__wrap_dlopen(const char *path, int flags);

void *__wrap_dlopen(const char *path, int flags) {
    const bool is_other =
        path && strstr(path, "libnvrtc") && strcmp(path, "libnvrtc.so.13") != 0;
    return is_other ? NULL : __real_dlopen(path, flags);
}

static odec_compilation *spring, *stiff; /* two programs */
static char cache[256];

static odec_compilation *compile(const char *method) {
    odec_spec spec = ODEC_SPEC_INIT;
    odec_compilation *compilation;
    spec.method = method;
    assert_int_equal(
        odec_compile("spring", model_text, sizeof model_text - 1, &spec, &compilation),
        ODEC_OK);
    return compilation;
}

static int begin(void **state) {
    (void)state;
    alarm(WATCHDOG_SECONDS);
    const char *directory = scratch_create();
    if (directory == NULL || !sim_open()) {
        return 1;
    }
    snprintf(cache, sizeof cache, "%s/cache", directory);
    spring = compile("tsit5");
    stiff = compile("rodas4");
    return 0;
}

static int end(void **state) {
    odec_compilation_destroy(spring);
    odec_compilation_destroy(stiff);
    return scratch_remove(state);
}

/* ---- a context and its devices ---- */

struct machine {
    odec_context *context;
    odec_devices *devices;
};

static struct machine machine_open(const char *settings) {
    struct machine m;
    assert_true(settings == NULL || sim.configure(settings));
    assert_int_equal(odec_context_create(&m.context), ODEC_OK);
    assert_int_equal(odec_devices_create(m.context, &m.devices), ODEC_OK);
    return m;
}

static void machine_close(struct machine *m) {
    odec_devices_destroy(m->devices);
    odec_context_destroy(m->context);
    assert_int_equal(sim.finish(), 0);
}

static odec_device_state state_of(const struct machine *m, int32_t i) {
    odec_device_state state = ODEC_DEVICE_STATE_INIT;
    odec_devices_get(m->devices, i, &state);
    return state;
}

/* ---- solves ---- */

static odec_solver *open_solver(odec_context *context, const odec_compilation *what,
                                const char *device) {
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_solver *solver;
    options.device = device;
    options.n_threads = 1;
    options.cache_dir = cache;
    options.chunk_runs = 64;
    if (odec_solver_create(context, odec_compilation_program(what), &options,
                           &solver) != ODEC_OK) {
        fail_msg("%s", odec_context_error(context));
    }
    return solver;
}

typedef bool progress_function(void *user, int64_t runs_done, int64_t n_runs);

static odec_status solve(odec_solver *solver, int64_t n_runs,
                         progress_function *progress, void *user) {
    odec_batch batch = ODEC_BATCH_INIT;
    batch.n_runs = n_runs;
    batch.progress = progress;
    batch.user = user;
    return odec_solve(solver, &batch, NULL, NULL);
}

static void solve_on(odec_context *context, const odec_compilation *what,
                     const char *device, int64_t n_runs) {
    odec_solver *solver = open_solver(context, what, device);
    assert_int_equal(solve(solver, n_runs, NULL, NULL), ODEC_OK);
    odec_solver_destroy(solver);
}

/* ---- what is shown ---- */

static void assert_unknown(const odec_device_state *s) {
    assert_int_equal(s->memory_used, -1);
    assert_true(isnan(s->utilization) && isnan(s->watts));
    assert_true(isnan(s->celsius) && isnan(s->mhz));
}

static void test_values(void **state) {
    (void)state;
    static const struct {
        const char *name, *description;
        int64_t mib;
        double mhz;
    } rows[] = {{"cuda:0", "Simulated GPU 0, 2 multiprocessors", 64, 1500},
                {"cuda:1", "Simulated GPU 1, 7 multiprocessors", 32, 1980},
                {"cuda:2", "Simulated GPU 2, 7 multiprocessors", 128, 900}};
    struct machine m =
        machine_open("devices=3; memory=64M,32M,128M; clock_mhz=1500,1980,900; "
                     "sms=2,7; fault_call=cuDevicePrimaryCtxRetain:1:out-of-memory");
    assert_int_equal(odec_devices_count(m.devices), 4);
    for (int32_t i = 0; i < 4; i++) {
        odec_device_state s = state_of(&m, i);
        assert_unknown(&s);
        assert_int_equal(s.memory_total, -1);
    }
    odec_devices_sample(m.devices);
    for (int32_t i = 0; i < 3; i++) {
        odec_device_state s = state_of(&m, 1 + i);
        char text[64];
        assert_string_equal(s.name, rows[i].name);
        assert_string_equal(s.description, rows[i].description);
        assert_string_equal(s.missing, "");
        assert_string_equal(s.unknown, "");
        assert_int_equal(s.memory_total, rows[i].mib * MIB);
        assert_int_equal(s.memory_used, 0);
        assert_true(s.utilization == 0 && s.watts == 60 && s.celsius == 40);
        assert_true(s.mhz == rows[i].mhz);
        assert_true(isnan(s.runs_per_second));
        assert_int_equal(s.runs_done, -1);
        assert_int_equal(odec_devices_refused(m.devices, 1 + i, text, sizeof text), 0);
        assert_string_equal(text, "");
    }
    assert_false(sim.fault_fired()); /* no GPU was started */
    machine_close(&m);
}

static void test_cpu(void **state) {
    (void)state;
    struct machine m = machine_open("devices=1");
    double due = clock_seconds() + 0.3;
    odec_devices_sample(m.devices);
    while (clock_seconds() < due) {
    }
    odec_devices_sample(m.devices);
    odec_device_state s = state_of(&m, 0);
    int64_t pages = sysconf(_SC_PHYS_PAGES);
    assert_string_equal(s.name, "cpu");
    assert_non_null(strstr(s.description, " core"));
    assert_non_null(strstr(s.description, ", vectors of "));
    assert_string_equal(s.missing, "");
    assert_true(s.memory_total > 0 && s.memory_total <= pages * sysconf(_SC_PAGESIZE));
    assert_true(s.memory_used > 0 && s.memory_used <= s.memory_total);
    assert_true(s.utilization > 0 && s.utilization <= 1); /* we were busy */
    assert_true(isnan(s.watts));
    assert_true(isnan(s.mhz) || s.mhz > 100);
    machine_close(&m);
}

static void test_no_such_device(void **state) {
    (void)state;
    struct machine m = machine_open("devices=1");
    const int32_t wrong[] = {-1, 2, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        odec_device_state s = state_of(&m, wrong[i]);
        char text[8] = "x";
        assert_string_equal(s.name, "");
        assert_string_equal(s.missing, "there is no such device");
        assert_unknown(&s);
        assert_int_equal(odec_devices_refused(m.devices, wrong[i], text, sizeof text),
                         0);
        assert_string_equal(text, "");
    }
    machine_close(&m);
}

static void test_without_nvml(void **state) {
    (void)state;
    struct machine m = machine_open("devices=2; memory=64M,32M; nvml=missing");
    odec_devices_sample(m.devices);
    for (int32_t i = 1; i < 3; i++) {
        odec_device_state s = state_of(&m, i);
        assert_string_equal(s.missing, "");
        assert_string_equal(s.unknown,
                            "no NVML that works is installed (libnvidia-ml.so.1)");
        assert_int_equal(s.memory_total, (i == 1 ? 64 : 32) * MIB);
        assert_unknown(&s);
    }
    assert_string_equal(state_of(&m, 0).unknown, "");
    machine_close(&m);
}

static void test_nvml_that_lies(void **state) {
    (void)state;
    struct machine m = machine_open("devices=1; memory=64M; nvml=lies");
    for (int k = 1; k <= 2; k++) {
        char text[512], expected[512];
        odec_devices_sample(m.devices);
        odec_device_state s = state_of(&m, 1);
        assert_string_equal(s.missing, "");
        assert_int_equal(s.memory_total, 64 * MIB);
        assert_unknown(&s);
        assert_int_equal(odec_devices_refused(m.devices, 1, text, sizeof text), 4 * k);
        snprintf(expected, sizeof expected,
                 "memory used is not in 0 .. total (%d), the utilization is not in 0 "
                 ".. 1 (%d), the power is not in 0 .. 10000 W (%d), the temperature is "
                 "not in -100 .. 200 C (%d)",
                 k, k, k, k);
        assert_string_equal(text, expected);
        /* In too little room, cut. */
        assert_int_equal(odec_devices_refused(m.devices, 1, text, 12), 4 * k);
        assert_string_equal(text, "memory used");
    }
    machine_close(&m);
}

/* Where there is no GPU for solves, a solver on one is refused with the same words. */
static void assert_refused(const struct machine *m, const char *missing) {
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_solver *solver;
    char expected[300];
    options.device = "cuda";
    odec_status status = odec_solver_create(
        m->context, odec_compilation_program(spring), &options, &solver);
    assert_int_equal(status, ODEC_ERROR_DEVICE);
    snprintf(expected, sizeof expected, "cuda: %s", missing);
    assert_string_equal(odec_context_error(m->context), expected);
}

static void test_what_is_missing(void **state) {
    (void)state;
    static const struct {
        const char *settings;
        int32_t count;
        const char *name, *missing; /* of the last device */
        int32_t n_usable;
        bool is_seen; /* what is no use for solves can still be looked at */
    } rows[] = {
        {"devices=0", 2, "cuda",
         "the CUDA driver does not start: no CUDA-capable device is detected "
         "(CUDA_ERROR_NO_DEVICE)",
         1, false},
        {"driver=11000", 2, "cuda", "the driver's CUDA 11.0 is too old: 11.4 is needed",
         1, false},
        {"driver=0:999", 2, "cuda",
         "the CUDA driver does not start: unknown error (CUDA_ERROR_UNKNOWN)", 1,
         false},
        {"devices=2; lost=1:0", 3, "cuda:1", "the GPU is lost", 2, false},
        {"devices=2; fault_call=cuDeviceGet:2:no-device", 3, "cuda:1",
         "no CUDA-capable device is detected (CUDA_ERROR_NO_DEVICE)", 2, false},
        {"devices=2; fault_call=cuDeviceGetName:2:out-of-memory", 3, "cuda:1",
         "out of memory (CUDA_ERROR_OUT_OF_MEMORY)", 2, false},
        {"devices=2; driver=11040", 3, "cuda:1",
         "no NVRTC for this driver is installed (libnvrtc.so.N)", 1, true},
        {"devices=2; nvrtc_version=11060", 3, "cuda:1",
         "NVRTC 11.6 is too old: 11.7 is needed", 1, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct machine m = machine_open(rows[i].settings);
        int32_t order[8];
        odec_devices_sample(m.devices);
        assert_int_equal(odec_devices_count(m.devices), rows[i].count);
        odec_device_state s = state_of(&m, rows[i].count - 1);
        assert_string_equal(s.name, rows[i].name);
        assert_string_equal(s.missing, rows[i].missing);
        assert_true(rows[i].is_seen ? s.watts == 60 : isnan(s.watts));
        assert_int_equal(odec_devices_rank(m.devices, order), rows[i].n_usable);
        assert_string_equal(state_of(&m, 0).missing, "");
        if (rows[i].n_usable == 1) {
            assert_refused(&m, rows[i].missing);
        }
        machine_close(&m);
    }
}

/* A GPU that is lost while we look. */
static void test_lost_meanwhile(void **state) {
    (void)state;
    int32_t order[3];
    struct machine m = machine_open("devices=2");
    odec_devices_sample(m.devices);
    assert_int_equal(odec_devices_rank(m.devices, order), 3);
    sim.lose(0);
    odec_devices_sample(m.devices);
    odec_device_state s = state_of(&m, 1);
    assert_string_equal(s.missing, "the GPU is lost");
    assert_unknown(&s);
    assert_int_equal(odec_devices_rank(m.devices, order), 2);
    assert_int_equal(order[0], 2);
    assert_string_equal(state_of(&m, 2).missing, "");
    machine_close(&m);
}

/* ---- while a solve goes on ---- */

/* Looks from another thread: what the solve itself tells, and what NVML does. */
struct watcher {
    struct machine *machine;
    atomic_bool ended, stop;
    atomic_bool seen; /* runs, memory and a rate */
    pthread_t thread;
    /* the most that was seen */
    int64_t runs_done, memory_used;
    double rate, utilization, watts, celsius;
    bool samples; /* else it only reads */
};

static void *watch(void *user) {
    struct watcher *w = user;
    while (!atomic_load(&w->ended)) {
        if (w->samples) {
            odec_devices_sample(w->machine->devices);
        }
        odec_device_state s = state_of(w->machine, 1);
        w->runs_done = s.runs_done > w->runs_done ? s.runs_done : w->runs_done;
        w->memory_used =
            s.memory_used > w->memory_used ? s.memory_used : w->memory_used;
        w->rate = fmax(w->rate, s.runs_per_second);
        w->utilization = fmax(w->utilization, s.utilization);
        w->watts = fmax(w->watts, s.watts);
        w->celsius = fmax(w->celsius, s.celsius);
        atomic_store(&w->seen, w->runs_done > 0 && w->memory_used > 0 && w->rate > 0);
        usleep(2000);
    }
    return NULL;
}

static bool goes_on(void *user, int64_t runs_done, int64_t n_runs) {
    (void)runs_done;
    (void)n_runs;
    return !atomic_load((atomic_bool *)user);
}

/* Solves on cuda:0, looked at from another thread all the while. */
static void solve_watched(struct machine *m, int64_t n_runs, bool samples,
                          struct watcher *w) {
    odec_solver *solver = open_solver(m->context, spring, "cuda:0");
    *w = (struct watcher){.machine = m, .samples = samples};
    assert_int_equal(pthread_create(&w->thread, NULL, watch, w), 0);
    assert_int_equal(solve(solver, n_runs, NULL, NULL), ODEC_OK);
    atomic_store(&w->ended, true);
    pthread_join(w->thread, NULL);
    odec_solver_destroy(solver);
}

/* The solve goes on until its own sampler, without any sample taken by hand, has told
 * another thread of runs, memory and a rate. */
static bool until_seen(void *user, int64_t runs_done, int64_t n_runs) {
    (void)runs_done;
    (void)n_runs;
    return !atomic_load(&((struct watcher *)user)->seen);
}

static void test_solve_tells(void **state) {
    (void)state;
    struct machine m = machine_open("devices=2; run_us=2000");
    odec_solver *solver = open_solver(m.context, spring, "cuda:0");
    struct watcher w = {.machine = &m};
    assert_int_equal(pthread_create(&w.thread, NULL, watch, &w), 0);
    assert_int_equal(solve(solver, 1000000, until_seen, &w), ODEC_CANCELLED);
    atomic_store(&w.ended, true);
    pthread_join(w.thread, NULL);
    assert_int_equal(solve(solver, 100, NULL, NULL), ODEC_OK);
    odec_device_state s = state_of(&m, 1), other = state_of(&m, 2);
    assert_true(s.runs_done >= w.runs_done + 100);
    assert_true(s.runs_per_second > 0);
    assert_int_equal(other.memory_used, -1); /* it took no part */
    assert_int_equal(other.runs_done, -1);
    odec_solver_destroy(solver);
    machine_close(&m);
}

/* What it tells is right, on a machine at rest: 1.6 s of runs. */
static void test_speed_of_a_solve(void **state) {
    (void)state;
    struct watcher w;
    struct machine m = machine_open("devices=2; run_us=2000");
    solve_watched(&m, 800, false, &w);
    assert_true(w.runs_done >= 800 * 0.3 && w.runs_done <= 800);
    assert_true(w.rate > 150 && w.rate < 1500);
    odec_device_state s = state_of(&m, 1);
    assert_int_equal(s.runs_done, 800);
    assert_true(s.runs_per_second > 150 && s.runs_per_second < 1500);
    machine_close(&m);
}

static void test_watched_by_another_thread(void **state) {
    (void)state;
    struct watcher w;
    struct machine m = machine_open("devices=1; run_us=1000");
    solve_watched(&m, 300, true, &w);
    struct simgpu_device_report report;
    assert_true(sim.device_report(0, &report));
    assert_int_equal(w.memory_used, report.peak_bytes);
    assert_true(w.utilization == 1 && w.watts == 460 && w.celsius == 70);
    machine_close(&m);
}

/* A cancelled solve counts what was done, and no more. */
static void test_cancelled(void **state) {
    (void)state;
    atomic_bool stop = true;
    struct machine m = machine_open("devices=1; run_us=100");
    odec_solver *solver = open_solver(m.context, spring, "cuda:0");
    assert_int_equal(solve(solver, 100, NULL, NULL), ODEC_OK);
    assert_int_equal(state_of(&m, 1).runs_done, 100);
    assert_int_equal(solve(solver, 100000, goes_on, &stop), ODEC_CANCELLED);
    int64_t n_runs = state_of(&m, 1).runs_done;
    assert_true(n_runs >= 100 && n_runs < 100000);
    odec_solver_destroy(solver);
    machine_close(&m);
}

/* What a context has measured is the next solver's guess, for the same program alone.
 */
static void test_rates(void **state) {
    (void)state;
    struct machine m = machine_open("devices=2; run_us=500,4000");
    solve_on(m.context, spring, "cuda:0", 200);
    solve_on(m.context, spring, "cuda:1", 50);
    solve_on(m.context, spring, "cuda:1", 25);
    odec_device_state s[] = {state_of(&m, 1), state_of(&m, 2)};
    assert_int_equal(s[0].runs_done, 200);
    assert_int_equal(s[1].runs_done, 75);
    assert_true(s[0].runs_per_second > s[1].runs_per_second);
    odec_solver *same = open_solver(m.context, spring, "cuda");
    assert_true(same->devices[0].rate == s[0].runs_per_second);
    assert_true(same->devices[1].rate == s[1].runs_per_second);
    odec_solver_destroy(same);
    odec_solver *other = open_solver(m.context, stiff, "cuda");
    assert_true(other->devices[0].rate == 0 && other->devices[1].rate == 0);
    odec_solver_destroy(other);
    machine_close(&m);
}

/* ---- ranking ---- */

static void assert_order(const struct machine *m, const char *expected) {
    int32_t order[8];
    char text[64] = "";
    odec_devices_sample(m->devices);
    int32_t n = odec_devices_rank(m->devices, order);
    for (int32_t k = 0; k < n; k++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", k ? " " : "",
                 state_of(m, order[k]).name);
    }
    assert_string_equal(text, expected);
}

static void *solve_until_stopped(void *user) {
    struct watcher *w = user;
    odec_solver *solver = open_solver(w->machine->context, spring, "cuda:2");
    solve(solver, 1000000, goes_on, &w->stop);
    odec_solver_destroy(solver);
    return NULL;
}

static void test_rank_by_memory_and_load(void **state) {
    (void)state;
    struct machine m = machine_open("devices=3; memory=64M,32M,128M; run_us=20000");
    assert_order(&m, "cuda:2 cuda:0 cuda:1 cpu");
    /* cuda:2 is in use and warm: 1 * 1/2 * 1 against 3/4 and 5/8. */
    struct machine other = {0};
    assert_int_equal(odec_context_create(&other.context), ODEC_OK);
    struct watcher w = {.machine = &other};
    assert_int_equal(pthread_create(&w.thread, NULL, solve_until_stopped, &w), 0);
    do {
        usleep(1000);
        odec_devices_sample(m.devices);
    } while (state_of(&m, 3).utilization != 1);
    assert_order(&m, "cuda:0 cuda:1 cuda:2 cpu");
    atomic_store(&w.stop, true);
    pthread_join(w.thread, NULL);
    odec_context_destroy(other.context);
    assert_order(&m, "cuda:2 cuda:0 cuda:1 cpu");
    sim.lose(2);
    assert_order(&m, "cuda:0 cuda:1 cpu");
    machine_close(&m);
}

static void test_rank_by_speed(void **state) {
    (void)state;
    struct machine m =
        machine_open("devices=3; memory=64M,32M,128M; run_us=200,12800,1600");
    solve_on(m.context, spring, "cuda:1", 10);
    assert_order(&m, "cuda:2 cuda:0 cuda:1 cpu"); /* one speed says nothing */
    solve_on(m.context, spring, "cuda:0", 100);
    solve_on(m.context, spring, "cuda:2", 30);
    assert_order(&m, "cuda:0 cuda:2 cuda:1 cpu");
    solve_on(m.context, spring, "cpu", 100000);
    assert_order(&m, "cpu cuda:0 cuda:2 cuda:1");
    /* Another program: its speed cannot be compared with those. */
    solve_on(m.context, stiff, "cuda:1", 10);
    assert_order(&m, "cuda:2 cuda:0 cuda:1 cpu");
    machine_close(&m);
}

/* ---- auto ---- */

static void assert_solver(odec_context *context, const char *expected) {
    char text[64] = "";
    odec_solver *solver = open_solver(context, spring, "auto");
    for (int32_t i = 0; i < odec_solver_n_devices(solver); i++) {
        odec_device_info info = ODEC_DEVICE_INFO_INIT;
        odec_solver_device_info(solver, i, &info);
        assert_string_equal(info.failure, "");
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 info.name);
    }
    assert_string_equal(text, expected);
    odec_solver_destroy(solver);
}

/* The CPU comes last in auto's list: it stands by. */
static void test_auto(void **state) {
    (void)state;
    static const struct {
        const char *settings, *devices;
    } rows[] = {
        {"devices=3; memory=64M,32M,128M", "cuda:2 cuda:0 cpu"},
        {"devices=2; memory=64M", "cuda:0 cuda:1 cpu"},
        {"devices=2; memory=67108863,64M", "cuda:1 cpu"},
        {"devices=2; memory=32M", "cpu"},
        {"devices=2; memory=32M; nvml=missing", "cuda:0 cuda:1 cpu"},
        {"devices=2; memory=32M; nvml=lies", "cuda:0 cuda:1 cpu"},
        {"devices=3; lost=1:0", "cuda:0 cuda:2 cpu"},
        {"devices=0", "cpu"},
        {"devices=1; nvrtc_version=11060", "cpu"},
        {"devices=1; nvrtc_version=11070", "cuda:0 cpu"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        odec_context *context;
        assert_true(sim.configure(rows[i].settings));
        assert_int_equal(odec_context_create(&context), ODEC_OK);
        assert_solver(context, rows[i].devices);
        odec_context_destroy(context);
        assert_int_equal(sim.finish(), 0);
    }
}

/* Memory that the context itself has taken is no reason to leave a GPU out. */
static void test_auto_twice(void **state) {
    (void)state;
    struct machine m = machine_open("devices=1; memory=64M");
    odec_context *other;
    odec_solver *solver = open_solver(m.context, spring, "cuda:0");
    assert_int_equal(solve(solver, 100, NULL, NULL), ODEC_OK);
    odec_devices_sample(m.devices);
    assert_true(state_of(&m, 1).memory_used > 0);
    assert_solver(m.context, "cuda:0 cpu");
    assert_int_equal(odec_context_create(&other), ODEC_OK);
    assert_solver(other, "cpu");
    odec_context_destroy(other);
    odec_solver_destroy(solver);
    machine_close(&m);
}

/* ---- memory that fails ---- */

static void test_no_memory(void **state) {
    (void)state;
    long n = 0;
    for (bool failed = true; failed; n++) {
        odec_context *context;
        odec_devices *devices = NULL;
        assert_true(sim.configure("devices=2"));
        alloc_fail_at(n + 1);
        odec_status status = odec_context_create(&context);
        if (status == ODEC_OK) {
            status = odec_devices_create(context, &devices);
        }
        failed = n_alloc_calls > n;
        alloc_fail_at(0);
        if (status != ODEC_OK) {
            assert_int_equal(status, ODEC_ERROR_MEMORY);
            assert_null(devices);
        } else {
            odec_device_state last = ODEC_DEVICE_STATE_INIT;
            odec_devices_sample(devices);
            odec_devices_get(devices, odec_devices_count(devices) - 1, &last);
            if (strcmp(last.name, "cuda") == 0) { /* CUDA's own share was refused */
                assert_string_equal(last.missing, "out of memory");
            } else {
                assert_string_equal(last.name, "cuda:1");
            }
        }
        odec_devices_destroy(devices);
        odec_context_destroy(context);
        assert_int_equal(sim.finish(), 0);
    }
    assert_true(n > 6);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_no_such_device),
        cmocka_unit_test(test_without_nvml),
        cmocka_unit_test(test_nvml_that_lies),
        cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_lost_meanwhile),
        cmocka_unit_test(test_solve_tells),
        cmocka_unit_test(test_speed_of_a_solve),
        cmocka_unit_test(test_watched_by_another_thread),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_rank_by_memory_and_load),
        cmocka_unit_test(test_rank_by_speed),
        cmocka_unit_test(test_auto),
        cmocka_unit_test(test_auto_twice),
        cmocka_unit_test(test_no_memory),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, begin, end);
}
