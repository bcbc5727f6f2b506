/* unit_checks.c -- the simulated driver finds each misuse: a table of a deed and of
 * words that the first violation must have.
 */
#include "support.h"

#include <pthread.h>
#include <stdlib.h>

enum { N = 4096, SLOW_RUNS = 300 }; /* bytes; runs of a launch that is long enough */

/* Work that is certainly pending for a while, though simulated time may be a quarter of a second
 * behind the clock: SLOW_RUNS runs of 2 ms, N bytes in 0.8 s. */
#define SLOW "run_us=2000; copy_MBps=0.005"

static void *host(CUdeviceptr memory) { return (void *)(uintptr_t)memory; }

/* Starts SLOW_RUNS runs, with results in `out`. */
static void run_slowly(const struct gpu *gpu, CUdeviceptr out) {
    const CUdeviceptr next = device_bytes(8);
    OK(cuda.driver.fill_bytes(next, 0, 8, gpu->stream));
    OK(take(gpu, gpu->stream, 1, host(next), SLOW_RUNS, host(out)));
}

/* ---- what is not given back ---- */

static void leak_memory(struct gpu *gpu) {
    device_bytes(N);
    gpu_close(gpu);
}

static void leak_pinned(struct gpu *gpu) {
    pinned_bytes(N);
    gpu_close(gpu);
}

static void leak_stream(struct gpu *gpu) {
    CUstream stream;
    OK(cuda.driver.stream_create(&stream, 0));
    gpu_close(gpu);
}

static void leak_event(struct gpu *gpu) {
    CUevent event;
    OK(cuda.driver.event_create(&event, CU_EVENT_DEFAULT));
    gpu_close(gpu);
}

static void leak_module(struct gpu *gpu) {
    CUmodule module;
    char *image = image_of(kernels);
    OK(cuda.driver.module_load(&module, image));
    free(image);
    gpu_close(gpu);
}

static void leak_program(struct gpu *gpu) {
    nvrtcProgram program;
    OK(cuda.nvrtc.create(&program, "", NULL, 0, NULL, NULL));
    gpu_close(gpu);
}

static void leak_nvml(struct gpu *gpu) {
    OK(cuda.nvml.init());
    gpu_close(gpu);
}

static void leak_retain(struct gpu *gpu) {
    CUcontext again;
    OK(cuda.driver.context_retain(&again, 0));
    assert_ptr_equal(again, gpu->context);
    gpu_close(gpu);
}

static void leak_until_configured(struct gpu *gpu) {
    (void)gpu;
    assert_true(sim.configure(""));
}

/* ---- contexts ---- */

static void release_twice(struct gpu *gpu) {
    gpu_close(gpu);
    GIVES(CUDA_ERROR_INVALID_CONTEXT, cuda.driver.context_release(0));
}

static void release_current(struct gpu *gpu) {
    OK(cuda.driver.context_push(gpu->context));
    gpu_close(gpu);
}

static void call_without_context(struct gpu *gpu) {
    CUdeviceptr memory;
    gpu_close(gpu);
    GIVES(CUDA_ERROR_INVALID_CONTEXT, cuda.driver.memory_allocate(&memory, N));
}

static void pop_nothing(struct gpu *gpu) {
    CUcontext popped;
    gpu_close(gpu);
    GIVES(CUDA_ERROR_INVALID_CONTEXT, cuda.driver.context_pop(&popped));
}

static void push_released(struct gpu *gpu) {
    gpu_close(gpu);
    GIVES(CUDA_ERROR_INVALID_CONTEXT, cuda.driver.context_push(gpu->context));
}

static void *push_and_end(void *context) {
    OK(cuda.driver.context_push(context));
    return NULL;
}

static void thread_leaves_context(struct gpu *gpu) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, push_and_end, gpu->context), 0);
    pthread_join(thread, NULL);
}

static void stack_left(struct gpu *gpu) { OK(cuda.driver.context_push(gpu->context)); }

static void call_before_init(struct gpu *gpu) {
    int count;
    gpu_close(gpu);
    assert_int_equal(sim.finish(), 0);
    GIVES(CUDA_ERROR_NOT_INITIALIZED, cuda.driver.device_count(&count));
}

/* ---- handles ---- */

static void stream_of_other_device(struct gpu *gpu) {
    struct gpu other = gpu_open(1);
    GIVES(CUDA_ERROR_INVALID_HANDLE, cuda.driver.stream_synchronize(gpu->stream));
    (void)other;
}

static void stream_after_destroy(struct gpu *gpu) {
    OK(cuda.driver.stream_destroy(gpu->stream));
    GIVES(CUDA_ERROR_INVALID_HANDLE, cuda.driver.stream_synchronize(gpu->stream));
}

static void event_for_stream(struct gpu *gpu) {
    CUevent event;
    (void)gpu;
    OK(cuda.driver.event_create(&event, CU_EVENT_DEFAULT));
    GIVES(CUDA_ERROR_INVALID_HANDLE, cuda.driver.stream_synchronize((CUstream)event));
}

static void default_stream(struct gpu *gpu) {
    (void)gpu;
    GIVES(CUDA_ERROR_INVALID_HANDLE, cuda.driver.stream_synchronize(NULL));
}

static void function_after_unload(struct gpu *gpu) {
    CUfunction function = kernel(gpu, "store");
    int n;
    OK(cuda.driver.module_unload(gpu->module));
    GIVES(CUDA_ERROR_INVALID_HANDLE,
          cuda.driver.function_attribute(&n, CU_FUNC_ATTRIBUTE_NUM_REGS, function));
}

static void program_after_destroy(struct gpu *gpu) {
    nvrtcProgram program, copy;
    size_t bytes;
    (void)gpu;
    OK(cuda.nvrtc.create(&program, "", NULL, 0, NULL, NULL));
    copy = program;
    OK(cuda.nvrtc.destroy(&program));
    assert_int_not_equal(cuda.nvrtc.log_bytes(copy, &bytes), NVRTC_SUCCESS);
}

static void nvml_before_init(struct gpu *gpu) {
    nvmlDevice_t device;
    (void)gpu;
    assert_int_not_equal(cuda.nvml.handle("0000:01:00.0", &device), NVML_SUCCESS);
}

/* ---- memory ---- */

static void free_twice(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(N);
    (void)gpu;
    OK(cuda.driver.memory_free(memory));
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.memory_free(memory));
}

static void free_middle(struct gpu *gpu) {
    (void)gpu;
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.memory_free(device_bytes(N) + 256));
}

static void free_as_pinned(struct gpu *gpu) {
    (void)gpu;
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.pinned_free(host(device_bytes(N))));
}

static void free_on_other_device(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(N);
    struct gpu other = gpu_open(1);
    (void)gpu, (void)other;
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.memory_free(memory));
}

static void write_past_end(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(100);
    (void)gpu;
    ((char *)host(memory))[100] = 0;
    OK(cuda.driver.memory_free(memory));
}

static void write_before_start(struct gpu *gpu) {
    char *memory = pinned_bytes(100);
    (void)gpu;
    memory[-1] = 0;
    OK(cuda.driver.pinned_free(memory));
}

static void free_in_use(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(N);
    void *pinned = pinned_bytes(N);
    OK(cuda.driver.copy_in(memory, pinned, N, gpu->stream));
    OK(cuda.driver.memory_free(memory));
}

static void free_pinned_in_use(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(N);
    void *pinned = pinned_bytes(N);
    OK(cuda.driver.copy_out(pinned, memory, N, gpu->stream));
    OK(cuda.driver.pinned_free(pinned));
}

static void free_in_use_by_kernel(struct gpu *gpu) {
    const CUdeviceptr out = device_bytes(N);
    run_slowly(gpu, out);
    OK(cuda.driver.memory_free(out));
}

/* ---- copies ---- */

static void copy_past_end(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(N);
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.copy_in(memory + 1, pinned_bytes(N), N, gpu->stream));
}

static void copy_past_pinned(struct gpu *gpu) {
    char *pinned = pinned_bytes(N);
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.copy_out(pinned + 1, device_bytes(N), N, gpu->stream));
}

static void copy_from_pageable(struct gpu *gpu) {
    static char pageable[N];
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.copy_in(device_bytes(N), pageable, N, gpu->stream));
}

static void copy_after_free(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(N);
    OK(cuda.driver.memory_free(memory));
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.copy_out(pinned_bytes(N), memory, N, gpu->stream));
}

static void fill_past_end(struct gpu *gpu) {
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.fill_bytes(device_bytes(N), 0, N + 1, gpu->stream));
}

/* Rows of 16 bytes within the device. */
static CUDA_MEMCPY3D rows_of(CUdeviceptr to, CUdeviceptr from, size_t n) {
    return (CUDA_MEMCPY3D){.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                           .srcDevice = from,
                           .srcPitch = 16,
                           .dstMemoryType = CU_MEMORYTYPE_DEVICE,
                           .dstDevice = to,
                           .dstPitch = 32,
                           .WidthInBytes = 16,
                           .Height = n,
                           .Depth = 1};
}

static void rows_past_end(struct gpu *gpu) {
    const CUdeviceptr to = device_bytes(N), from = device_bytes(N);
    CUDA_MEMCPY3D rows = rows_of(to + 16, from, N / 32);
    OK(cuda.driver.copy_box(&rows, gpu->stream)); /* its last byte is the memory's */
    rows.dstDevice++;
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.copy_box(&rows, gpu->stream));
}

static void rows_before_start(struct gpu *gpu) {
    const CUdeviceptr to = device_bytes(N), from = device_bytes(N);
    CUDA_MEMCPY3D rows = rows_of(to, from - 1, 2);
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.copy_box(&rows, gpu->stream));
}

static void rows_upon_each_other(struct gpu *gpu) {
    CUDA_MEMCPY3D rows = rows_of(device_bytes(N), device_bytes(N), 2);
    rows.dstPitch = 15;
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.copy_box(&rows, gpu->stream));
}

static void layers(struct gpu *gpu) {
    CUDA_MEMCPY3D rows = rows_of(device_bytes(N), device_bytes(N), 2);
    rows.Depth = 2;
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.copy_box(&rows, gpu->stream));
}

static void rows_too_far_apart(struct gpu *gpu) {
    CUDA_MEMCPY3D rows = rows_of(device_bytes(N), device_bytes(N), 1);
    rows.dstPitch = (size_t)1 << 31;
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.copy_box(&rows, gpu->stream));
}

static void rows_from_pageable(struct gpu *gpu) {
    static char pageable[N];
    CUDA_MEMCPY3D rows = rows_of(device_bytes(N), 0, 2);
    rows.srcMemoryType = CU_MEMORYTYPE_HOST;
    rows.srcHost = pageable;
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.copy_box(&rows, gpu->stream));
}

static void rows_of_other_device(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(N);
    struct gpu other = gpu_open(1);
    const CUDA_MEMCPY3D rows = rows_of(device_bytes(N), memory, 2);
    (void)gpu;
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.copy_box(&rows, other.stream));
}

static void free_in_use_by_rows(struct gpu *gpu) {
    const CUdeviceptr to = device_bytes(2 * N), from = device_bytes(N);
    const CUDA_MEMCPY3D rows = rows_of(to, from, N / 16);
    OK(cuda.driver.copy_box(&rows, gpu->stream));
    OK(cuda.driver.memory_free(from));
}

static void unknown_attribute(struct gpu *gpu) {
    int value;
    (void)gpu;
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.pointer_attribute(&value, 99, device_bytes(N)));
}

static void context_of_no_stream(struct gpu *gpu) {
    CUcontext context;
    (void)gpu;
    GIVES(CUDA_ERROR_INVALID_HANDLE, cuda.driver.stream_context(NULL, &context));
}

/* ---- pending work ---- */

static void destroy_pending_stream(struct gpu *gpu) {
    run_slowly(gpu, device_bytes(N));
    OK(cuda.driver.stream_destroy(gpu->stream));
}

static void unload_pending_module(struct gpu *gpu) {
    run_slowly(gpu, device_bytes(N));
    OK(cuda.driver.module_unload(gpu->module));
}

static void launch_on_freed(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(N);
    OK(cuda.driver.memory_free(memory));
    GIVES(CUDA_ERROR_INVALID_VALUE, store(gpu, host(memory)));
}

static void launch_on_other_device(struct gpu *gpu) {
    const CUdeviceptr memory = device_bytes(N);
    struct gpu other = gpu_open(1);
    (void)gpu;
    GIVES(CUDA_ERROR_INVALID_VALUE, store(&other, host(memory)));
}

static void launch_with_shared_memory(struct gpu *gpu) {
    CUdeviceptr memory = device_bytes(N);
    void *arguments[] = {&memory};
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.launch(kernel(gpu, "store"), 1, 1, 1, 1, 1, 1, 64, gpu->stream,
                             arguments, NULL));
}

static void call_on_dead_context(struct gpu *gpu) {
    size_t free_bytes, total_bytes;
    (void)gpu;
    sim.lose(0);
    for (int i = 0; i < 2; i++) {
        GIVES(CUDA_ERROR_DEVICE_UNAVAILABLE,
              cuda.driver.memory_info(&free_bytes, &total_bytes));
    }
}

/* ---- the table ---- */

struct misuse {
    void (*deed)(struct gpu *gpu);
    const char *words;
};

static const struct misuse misuses[] = {
    {leak_memory, "leaked 4096 bytes of device memory of device 0"},
    {leak_pinned, "leaked 4096 bytes of pinned memory of device 0"},
    {leak_stream, "leaked stream of device 0: 1 of them"},
    {leak_event, "leaked event of device 0: 1 of them"},
    {leak_module, "leaked module of device 0: 1 of them"},
    {leak_program, "leaked NVRTC program"},
    {leak_nvml, "NVML is not shut down"},
    {leak_retain, "device 0 is still retained (1 times)"},
    {leak_until_configured, "configured anew while something was alive"},
    {release_twice, "device 0 is released more often than retained"},
    {release_current, "while it is current on a thread"},
    {call_without_context, "cuMemAlloc_v2: no context is current"},
    {pop_nothing, "cuCtxPopCurrent_v2: no context is current"},
    {push_released,
     "cuCtxPushCurrent_v2: use of a handle that was given back (context)"},
    {thread_leaves_context, "a thread ends with 1 contexts on its stack"},
    {stack_left, "a thread ends with 2 contexts on its stack"},
    {call_before_init, "cuDeviceGetCount: a call before cuInit"},
    {stream_of_other_device,
     "a handle of device 0 while the context of device 1 is current"},
    {stream_after_destroy, "use of a handle that was given back (stream)"},
    {event_for_stream, "the handle is of kind event, not stream"},
    {default_stream, "(nil) is no handle"},
    {function_after_unload, "use of a handle that was given back (function)"},
    {program_after_destroy, "use of a handle that was given back (NVRTC program)"},
    {nvml_before_init, "a call of NVML before nvmlInit or after nvmlShutdown"},
    {free_twice, "is not the start of device memory any more"},
    {free_middle, "is not the start of device memory"},
    {free_as_pinned, "is not the start of pinned memory"},
    {free_on_other_device,
     "memory of device 0 while the context of device 1 is current"},
    {write_past_end,
     "something was written past the end of 100 bytes of device memory"},
    {write_before_start,
     "something was written before the start of 100 bytes of pinned memory"},
    {free_in_use,
     "4096 bytes of device memory are given back while work that uses them"},
    {free_pinned_in_use,
     "4096 bytes of pinned memory are given back while work that uses them"},
    {free_in_use_by_kernel,
     "4096 bytes of device memory are given back while work that uses them"},
    {copy_past_end, "are not within one allocation of device memory"},
    {copy_past_pinned, "are not within one allocation of pinned memory"},
    {copy_from_pageable, "are not within one allocation of pinned memory"},
    {copy_after_free, "are not within one allocation of device memory any more"},
    {fill_past_end, "4097 bytes at"},
    {rows_past_end, "4080 bytes at"},
    {rows_before_start, "are not within one allocation of device memory"},
    {rows_upon_each_other, "rows of 16 bytes that are 16 and 15 apart"},
    {layers, "copies of 2 layers are not simulated"},
    {rows_too_far_apart, "rows of 16 bytes that are 16 and 2147483648 apart"},
    {rows_from_pageable, "are not within one allocation of pinned memory"},
    {rows_of_other_device,
     "memory of device 0 while the context of device 1 is current"},
    {free_in_use_by_rows,
     "4096 bytes of device memory are given back while work that uses them"},
    {unknown_attribute, "pointer attribute 99 is not simulated"},
    {context_of_no_stream, "(nil) is no handle"},
    {destroy_pending_stream, "a stream is destroyed while its work is pending"},
    {unload_pending_module, "a module is unloaded while a launch of it is pending"},
    {launch_on_freed, "store gets memory that was given back, at byte 0"},
    {launch_on_other_device, "store gets memory of device 0, at byte 0"},
    {launch_with_shared_memory, "dynamic shared memory and `extra` are not simulated"},
    {call_on_dead_context, "a call on a context after its fatal error 46 was returned"},
};

static void each_misuse_is_found(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof misuses / sizeof *misuses; i++) {
        struct gpu gpu = gpu_begin("devices=2; " SLOW);
        misuses[i].deed(&gpu);
        assert_violation(misuses[i].words);
    }
}

/* ---- no misuse ---- */

static void good_use_is_clean(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("devices=2"), other = gpu_open(1);
    CUevent event;
    OK(cuda.driver.event_create(&event, CU_EVENT_DEFAULT));
    OK(cuda.driver.event_record(event, other.stream));
    OK(cuda.driver.event_destroy(event)); /* recorded: fine */
    OK(cuda.driver.stream_synchronize(other.stream));
    gpu_close(&other);
    gpu_close(&gpu);
    assert_clean();
}

static void settings_must_be_known(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "devices",        "devices=",       "devices=17",    "memory=1Q",
        "memory=1,2,",    "colour=1",       "fault=0:lost",  "fault=1",
        "fault=1:cosmic", "fault_call=1:2", "slow=1",        "nvml=maybe",
        "lost=0",         "async=2",        "driver=x",      "architectures=a",
        "sms=nan",        "sms=1:2",        "lost_launch=1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (sim.configure(wrong[i])) {
            fail_msg("\"%s\" was taken", wrong[i]);
        }
        assert_violation("no such setting or value");
    }
}

/* "leak": ends without a word to the simulator, which must speak up. */
int main(int n_arguments, char **arguments) {
    if (n_arguments == 2 && strcmp(arguments[1], "leak") == 0) {
        CUcontext context;
        return support_open(NULL) || cuda.driver.init(0) ||
               cuda.driver.context_retain(&context, 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_misuse_is_found),
        cmocka_unit_test(good_use_is_clean),
        cmocka_unit_test(settings_must_be_known),
    };
    return cmocka_run_group_tests(tests, support_open, NULL);
}
