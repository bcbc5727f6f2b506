/* unit_faults.c -- faults come where they are asked for, and what they do to a context:
 * whoever behaves sees no violation.
 */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static void *host(CUdeviceptr memory) { return (void *)(uintptr_t)memory; }

static bool is_fatal(CUresult error) {
    return error != CUDA_SUCCESS && error != CUDA_ERROR_OUT_OF_MEMORY;
}

/* ---- a well-behaved caller ---- */

/* A small piece of work on device 0 that gives back whatever it got, in spite of any
 * error; the first error. */
struct careful {
    CUresult error;
    bool dead; /* only popping and releasing is allowed */
};

static bool fine(struct careful *c, CUresult result) {
    if (result != CUDA_SUCCESS && c->error == CUDA_SUCCESS) {
        c->error = result;
    }
    c->dead = c->dead || is_fatal(result);
    return result == CUDA_SUCCESS;
}

/* A step back of a live context; it happens even where it fails. */
#define GIVE_BACK(c, call) \
    do {                   \
        if (!(c)->dead) {  \
            fine(c, call); \
        }                  \
    } while (0)

static void careful_work(struct careful *c, const char *image) {
    enum { N_RUNS = 10, OUT = N_RUNS * sizeof(int) };
    CUstream stream;
    CUmodule module;
    CUfunction function;
    CUdeviceptr next, out;
    void *pinned;
    if (!fine(c, cuda.driver.stream_create(&stream, 0))) {
        return;
    }
    if (!fine(c, cuda.driver.module_load(&module, image))) {
        goto no_module;
    }
    if (!fine(c, cuda.driver.memory_allocate(&next, 8))) {
        goto no_next;
    }
    if (!fine(c, cuda.driver.memory_allocate(&out, OUT))) {
        goto no_out;
    }
    if (!fine(c, cuda.driver.pinned_allocate(&pinned, OUT, 0))) {
        goto no_pinned;
    }
    struct take_args args = {host(next), N_RUNS, host(out)};
    void *arguments[] = {&args};
    if (fine(c, cuda.driver.module_function(&function, module, "take")) &&
        fine(c, cuda.driver.fill_bytes(next, 0, 8, stream)) &&
        fine(c, cuda.driver.launch(function, 1, 1, 1, 32, 1, 1, 0, stream, arguments,
                                   NULL)) &&
        fine(c, cuda.driver.copy_out(pinned, out, OUT, stream))) {
        fine(c, cuda.driver.stream_synchronize(stream));
    } else {
        GIVE_BACK(c, cuda.driver.stream_synchronize(stream));
    }
    GIVE_BACK(c, cuda.driver.pinned_free(pinned));
no_pinned:
    GIVE_BACK(c, cuda.driver.memory_free(out));
no_out:
    GIVE_BACK(c, cuda.driver.memory_free(next));
no_next:
    GIVE_BACK(c, cuda.driver.module_unload(module));
no_module:
    GIVE_BACK(c, cuda.driver.stream_destroy(stream));
}

static struct careful careful_all(const char *image) {
    struct careful c = {0};
    CUcontext context;
    if (!fine(&c, cuda.driver.init(0)) ||
        !fine(&c, cuda.driver.context_retain(&context, 0))) {
        return c;
    }
    if (fine(&c, cuda.driver.context_push(context))) {
        careful_work(&c, image);
        fine(&c, cuda.driver.context_pop(&context));
    }
    fine(&c, cuda.driver.context_release(0));
    return c;
}

/* Every call in turn fails in every way; each is noticed, and nothing is left. */
static void each_call_fails_in_each_way(void **state) {
    (void)state;
    static const struct {
        const char *code;
        CUresult error;
        bool async;
    } ways[] = {
        {"out-of-memory", CUDA_ERROR_OUT_OF_MEMORY, false},
        {"launch-failed", CUDA_ERROR_LAUNCH_FAILED, false},
        {"lost", CUDA_ERROR_DEVICE_UNAVAILABLE, false},
        {"ecc", CUDA_ERROR_ECC_UNCORRECTABLE, false},
        {"999", CUDA_ERROR_UNKNOWN, false},
        {"illegal-address", CUDA_ERROR_ILLEGAL_ADDRESS, true},
        {"lost", CUDA_ERROR_DEVICE_UNAVAILABLE, true},
    };
    assert_true(sim.configure(""));
    char *image = image_of(kernels);
    assert_int_equal(careful_all(image).error, CUDA_SUCCESS);
    const long n_calls = sim.calls();
    assert_int_equal(n_calls, 20);
    assert_clean();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        for (long n = 1; n <= n_calls + 1; n++) {
            char settings[64];
            snprintf(settings, sizeof settings, "fault=%ld:%s; async=%d", n,
                     ways[i].code, ways[i].async);
            assert_true(sim.configure(settings));
            const struct careful c = careful_all(image);
            const bool last = n == n_calls + 1;
            assert_int_equal(sim.fault_fired(), !last);
            assert_int_equal(c.error, last ? CUDA_SUCCESS : ways[i].error);
            assert_clean();
        }
    }
    free(image);
}

static void faults_count_by_device_and_symbol(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("devices=2; fault_call=cuMemAlloc_v2:3:out-of-memory; "
                               "fault_call=cuMemAlloc_v2:1:unknown:1; "
                               "fault=2:ecc:1");
    CUdeviceptr memory[2], refused;
    CUcontext context;
    memory[0] = device_bytes(8);
    memory[1] = device_bytes(8);
    GIVES(CUDA_ERROR_OUT_OF_MEMORY, cuda.driver.memory_allocate(&refused, 8));
    OK(cuda.driver.memory_free(memory[0]));
    OK(cuda.driver.memory_free(memory[1]));
    OK(cuda.driver.context_retain(&context, 1));
    GIVES(CUDA_ERROR_ECC_UNCORRECTABLE, cuda.driver.context_push(context));
    OK(cuda.driver.context_release(1));
    OK(cuda.driver.context_retain(&context, 1)); /* what was dead is gone */
    OK(cuda.driver.context_push(context));
    GIVES(CUDA_ERROR_UNKNOWN, cuda.driver.memory_allocate(&refused, 8));
    OK(cuda.driver.context_pop(&context));
    OK(cuda.driver.context_release(1));
    gpu_close(&gpu);
    struct simgpu_report report;
    sim.report(&report);
    assert_int_equal(report.n_faults_fired, 3);
    assert_clean();
}

static void an_asynchronous_fault_shows_later(void **state) {
    (void)state;
    size_t free_bytes, total_bytes;
    struct gpu gpu = gpu_begin("fault_call=cuLaunchKernel:1:launch-failed; async=1");
    int *out = pinned_bytes(4);
    *out = 0;
    OK(store(&gpu, out));
    assert_int_equal(*out, 0);
    GIVES(CUDA_ERROR_LAUNCH_FAILED, cuda.driver.memory_info(&free_bytes, &total_bytes));
    gpu_leave_dead(&gpu);
    assert_clean();
}

static void polls_are_not_counted(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("run_us=20000");
    CUdeviceptr next = device_bytes(8), out = device_bytes(4);
    CUevent event;
    OK(cuda.driver.event_create(&event, CU_EVENT_DEFAULT));
    OK(cuda.driver.fill_bytes(next, 0, 8, gpu.stream));
    OK(take(&gpu, gpu.stream, 1, host(next), 1, host(out)));
    OK(cuda.driver.event_record(event, gpu.stream));
    const long before = sim.calls();
    int n_polls = 0;
    while (cuda.driver.event_query(event) == CUDA_ERROR_NOT_READY) {
        n_polls++;
    }
    assert_true(n_polls > 0);
    assert_int_equal(sim.calls(), before + 1);
    OK(cuda.driver.event_destroy(event));
    OK(cuda.driver.memory_free(next));
    OK(cuda.driver.memory_free(out));
    gpu_close(&gpu);
    assert_clean();
}

/* ---- death ---- */

/* 100 runs of 10 ms under way, of which the device does some. */
static CUdeviceptr run_long(const struct gpu *gpu, int n_launches, int *out) {
    const CUdeviceptr next = device_bytes(8);
    OK(cuda.driver.fill_bytes(next, 0, 8, gpu->stream));
    for (int i = 0; i < n_launches; i++) {
        OK(take(gpu, gpu->stream, 1, host(next), 100, out));
    }
    return next;
}

static int n_done(const int *out) {
    int n = 0;
    for (int i = 0; i < 100; i++) {
        n += out[i] != 0;
    }
    return n;
}

/* The device dies in the middle: part of the results is there, waits end, and the other
 * device goes on. */
static void lost_at(const char *settings, bool from_here, int least, int most) {
    struct gpu other, gpu = gpu_begin(settings);
    CUcontext context;
    CUdeviceptr memory;
    int *out = pinned_bytes(400), results[100];
    memset(out, 0, 400);
    run_long(&gpu, 1, out);
    if (from_here) {
        const double until = seconds() + 0.1;
        while (seconds() < until) {
        }
        sim.lose(0);
    }
    GIVES(CUDA_ERROR_DEVICE_UNAVAILABLE, cuda.driver.stream_synchronize(gpu.stream));
    memcpy(results, out, sizeof results); /* pinned memory dies with its context */
    gpu_leave_dead(&gpu);
    assert_in_range(n_done(results), least, most);
    GIVES(CUDA_ERROR_DEVICE_UNAVAILABLE, cuda.driver.context_retain(&context, 0));
    other = gpu_open(1);
    memory = device_bytes(8);
    OK(cuda.driver.memory_free(memory));
    gpu_close(&other);
    struct simgpu_device_report report;
    assert_true(sim.device_report(0, &report));
    assert_true(report.lost);
    assert_clean();
}

static void a_device_is_lost(void **state) {
    (void)state;
    lost_at("devices=2; run_us=10000; lost=0:0.3", false, 1, 99);
    lost_at("devices=2; run_us=10000; lost_launch=0:1", false, 1, 2);
    lost_at("devices=2; run_us=10000", true, 1, 99);
}

static void lost_in_a_later_launch(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("lost_launch=0:2");
    int *out = pinned_bytes(400), first = 0;
    memset(out, 0, 400);
    run_long(&gpu, 1, out);
    OK(cuda.driver.stream_synchronize(gpu.stream));
    first = n_done(out);
    memset(out, 0, 400);
    run_long(&gpu, 1, out);
    GIVES(CUDA_ERROR_DEVICE_UNAVAILABLE, cuda.driver.stream_synchronize(gpu.stream));
    gpu_leave_dead(&gpu);
    assert_int_equal(first, 100);
    assert_clean();
}

/* What waits for a dead device's event goes on; what waits on a dead device ends. */
static void death_frees_who_waits(void **state) {
    (void)state;
    for (int dead = 0; dead < 2; dead++) {
        struct gpu gpu = gpu_begin("devices=2; run_us=10000"), other;
        CUevent event;
        int *out = pinned_bytes(400);
        const CUdeviceptr next = run_long(&gpu, 1, out);
        OK(cuda.driver.event_create(&event, CU_EVENT_DEFAULT));
        OK(cuda.driver.event_record(event, gpu.stream));
        other = gpu_open(1);
        OK(cuda.driver.stream_wait(other.stream, event, 0));
        sim.lose(dead);
        if (dead == 0) {
            OK(cuda.driver.stream_synchronize(other.stream));
            gpu_close(&other);
            gpu_leave_dead(&gpu);
        } else {
            GIVES(CUDA_ERROR_DEVICE_UNAVAILABLE,
                  cuda.driver.stream_synchronize(other.stream));
            gpu_leave_dead(&other);
            GIVES(CUDA_ERROR_NOT_READY, cuda.driver.event_query(event));
            OK(cuda.driver.stream_synchronize(gpu.stream));
            OK(cuda.driver.event_destroy(event));
            OK(cuda.driver.memory_free(next));
            OK(cuda.driver.pinned_free(out));
            gpu_close(&gpu);
        }
        assert_clean();
    }
}

/* Each holder of a context hears of its death; it is gone with the last one. */
static void a_dead_context_has_all_its_holders(void **state) {
    (void)state;
    size_t free_bytes, total_bytes;
    CUcontext again;
    struct gpu gpu = gpu_begin("fault_call=cuMemGetInfo_v2:1:launch-failed");
    OK(cuda.driver.context_retain(&again, 0));
    GIVES(CUDA_ERROR_LAUNCH_FAILED, cuda.driver.memory_info(&free_bytes, &total_bytes));
    GIVES(CUDA_ERROR_LAUNCH_FAILED, cuda.driver.memory_info(&free_bytes, &total_bytes));
    OK(cuda.driver.context_release(0));
    GIVES(CUDA_ERROR_LAUNCH_FAILED, cuda.driver.context_retain(&again, 0));
    gpu_leave_dead(&gpu);
    OK(cuda.driver.context_retain(&again, 0));
    OK(cuda.driver.context_push(again));
    OK(cuda.driver.memory_info(&free_bytes, &total_bytes));
    OK(cuda.driver.context_pop(&again));
    OK(cuda.driver.context_release(0));
    assert_clean();
}

/* Past the end is a page that nobody may touch. */
static void a_bad_access_is_an_error(void **state) {
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* the sanitizer reports it */
#else
    struct gpu gpu = gpu_begin("");
    const CUdeviceptr memory = device_bytes(4096);
    OK(store(&gpu, (int *)host(memory) + 1024));
    GIVES(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.driver.stream_synchronize(gpu.stream));
    gpu_leave_dead(&gpu);
    gpu = gpu_open(0); /* the device is as good as before */
    gpu_close(&gpu);
    assert_clean();
#endif
}

static void the_driver_does_not_start(void **state) {
    (void)state;
    static const struct {
        const char *settings;
        CUresult error;
    } rows[] = {
        {"driver=0", CUDA_ERROR_NO_DEVICE},
        {"driver=0:999", CUDA_ERROR_UNKNOWN},
        {"devices=0", CUDA_ERROR_NO_DEVICE},
        {"fault=1:out-of-memory", CUDA_ERROR_OUT_OF_MEMORY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *name, *text;
        assert_true(sim.configure(rows[i].settings));
        GIVES(rows[i].error, cuda.driver.init(0));
        OK(cuda.driver.error_name(rows[i].error, &name));
        OK(cuda.driver.error_text(rows[i].error, &text));
        assert_non_null(strstr(name, "CUDA_ERROR_"));
        assert_clean();
    }
}

/* ---- threads ---- */

static void *work_on_a_thread(void *image) {
    static struct careful results[8];
    static atomic_int n;
    struct careful *c = &results[atomic_fetch_add(&n, 1)];
    *c = (struct careful){0};
    for (int i = 0; i < 10; i++) {
        *c = careful_all(image);
    }
    return c;
}

static void threads_share_a_device(void **state) {
    (void)state;
    pthread_t threads[4];
    assert_true(sim.configure(""));
    char *image = image_of(kernels);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work_on_a_thread, image), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_int_equal(((struct careful *)result)->error, CUDA_SUCCESS);
    }
    free(image);
    assert_clean();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_fails_in_each_way),
        cmocka_unit_test(faults_count_by_device_and_symbol),
        cmocka_unit_test(an_asynchronous_fault_shows_later),
        cmocka_unit_test(polls_are_not_counted),
        cmocka_unit_test(a_device_is_lost),
        cmocka_unit_test(lost_in_a_later_launch),
        cmocka_unit_test(death_frees_who_waits),
        cmocka_unit_test(a_dead_context_has_all_its_holders),
        cmocka_unit_test(a_bad_access_is_an_error),
        cmocka_unit_test(the_driver_does_not_start),
        cmocka_unit_test(threads_share_a_device),
    };
    return cmocka_run_group_tests(tests, support_open, NULL);
}
