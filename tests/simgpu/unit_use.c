/* unit_use.c -- the simulated driver where it is used well: memory, kernels, modules,
 * streams and their time, NVRTC and NVML.
 *
 * Times are checked as the simulator reports them: they are exact however busy the host
 * is, provided that work is queued behind a gate, a launch that outlasts the queueing.
 */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *host(CUdeviceptr memory) { return (void *)(uintptr_t)memory; }

static struct simgpu_device_report device_report(int device) {
    struct simgpu_device_report report;
    assert_true(sim.device_report(device, &report));
    return report;
}

/* ---- memory ---- */

static void memory_is_bounded_and_poisoned(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("memory=1M; biggest=768K");
    size_t free_bytes, total_bytes;
    CUdeviceptr memory = device_bytes(1000), refused;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(((unsigned char *)host(memory))[i], 0xa5);
    }
    OK(cuda.driver.memory_info(&free_bytes, &total_bytes));
    assert_int_equal(total_bytes, 1 << 20);
    assert_int_equal(free_bytes, (1 << 20) - 1024);
    GIVES(CUDA_ERROR_OUT_OF_MEMORY, cuda.driver.memory_allocate(&refused, 769 << 10));
    GIVES(CUDA_ERROR_INVALID_VALUE, cuda.driver.memory_allocate(&refused, 0));
    CUdeviceptr most = device_bytes(768 << 10), rest = device_bytes(255 << 10);
    GIVES(CUDA_ERROR_OUT_OF_MEMORY, cuda.driver.memory_allocate(&refused, 1));
    OK(cuda.driver.memory_free(most));
    OK(cuda.driver.memory_free(rest));
    OK(cuda.driver.memory_free(memory));
    gpu_close(&gpu);
    assert_int_equal(device_report(0).peak_bytes, 1 << 20);
    assert_int_equal(device_report(0).used_bytes, 0);
    assert_clean();
}

/* Backed for 2048 threads of each multiprocessor, from the first launch on. */
static void local_memory_is_backed(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("memory=1M; sms=2; local=128");
    CUdeviceptr most = device_bytes(768 << 10);
    size_t free_bytes, total_bytes;
    int n;
    OK(cuda.driver.function_attribute(&n, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES,
                                      kernel(&gpu, "store")));
    assert_int_equal(n, 128);
    GIVES(CUDA_ERROR_OUT_OF_MEMORY, store(&gpu, host(most)));
    OK(cuda.driver.memory_free(most));
    CUdeviceptr little = device_bytes(256);
    OK(store(&gpu, host(little)));
    OK(cuda.driver.stream_synchronize(gpu.stream));
    OK(cuda.driver.memory_info(&free_bytes, &total_bytes));
    assert_int_equal(free_bytes, (512 << 10) - 256);
    OK(cuda.driver.memory_free(little));
    gpu_close(&gpu);
    assert_clean();
}

/* What the driver knows of an address: within a block, at its end, of the host's. */
static void addresses_are_known(void **state) {
    (void)state;
    static char pageable[8];
    struct gpu gpu = gpu_begin("devices=2"), other = gpu_open(1);
    const CUdeviceptr there = device_bytes(1000);
    CUdeviceptr start = 0;
    void *pinned = pinned_bytes(100);
    unsigned type = 0;
    int ordinal = -1;
    size_t bytes = 0;
    CUcontext context = NULL;
    OK(cuda.driver.pointer_attribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE,
                                     there + 999));
    OK(cuda.driver.pointer_attribute(&ordinal, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL,
                                     there));
    OK(cuda.driver.pointer_attribute(&start, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR,
                                     there + 999));
    OK(cuda.driver.pointer_attribute(&bytes, CU_POINTER_ATTRIBUTE_RANGE_SIZE,
                                     there + 999));
    OK(cuda.driver.pointer_attribute(&context, CU_POINTER_ATTRIBUTE_CONTEXT, there));
    assert_int_equal(type, CU_MEMORYTYPE_DEVICE);
    assert_int_equal(ordinal, 1);
    assert_true(start == there && bytes == 1000 && context == other.context);
    OK(cuda.driver.pointer_attribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE,
                                     (CUdeviceptr)(uintptr_t)pinned));
    assert_int_equal(type, CU_MEMORYTYPE_HOST);
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.pointer_attribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE,
                                        there + 1000));
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.pointer_attribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE,
                                        (CUdeviceptr)(uintptr_t)pageable));
    OK(cuda.driver.stream_context(gpu.stream, &context)); /* the other one is current */
    assert_ptr_equal(context, gpu.context);
    OK(cuda.driver.memory_free(there));
    OK(cuda.driver.pinned_free(pinned));
    gpu_close(&other);
    gpu_close(&gpu);
    assert_clean();
}

/* Rows within a device and from the host: what is between them is not touched. */
static void rows_are_copied(void **state) {
    (void)state;
    enum { N = 5, WIDTH = 3, FROM = 4, TO = 7 };
    struct gpu gpu = gpu_begin("copy_MBps=1");
    const CUdeviceptr memory[2] = {device_bytes(N * FROM), device_bytes(N * TO)};
    unsigned char *pinned = pinned_bytes(N * FROM + N * TO);
    for (int from_host = 0; from_host < 2; from_host++) {
        for (int i = 0; i < N * FROM; i++) {
            pinned[i] = (unsigned char)i;
        }
        CUDA_MEMCPY3D rows = {.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                              .srcDevice = memory[0],
                              .srcPitch = FROM,
                              .dstXInBytes = 1,
                              .dstMemoryType = CU_MEMORYTYPE_DEVICE,
                              .dstDevice = memory[1],
                              .dstPitch = TO,
                              .WidthInBytes = WIDTH,
                              .Height = N,
                              .Depth = 1};
        if (from_host) {
            rows.srcMemoryType = CU_MEMORYTYPE_HOST;
            rows.srcHost = pinned;
        } else {
            OK(cuda.driver.copy_in(memory[0], pinned, N * FROM, gpu.stream));
        }
        OK(cuda.driver.fill_bytes(memory[1], 0xee, N * TO, gpu.stream));
        OK(cuda.driver.copy_box(&rows, gpu.stream));
        OK(cuda.driver.copy_out(pinned + N * FROM, memory[1], N * TO, gpu.stream));
        OK(cuda.driver.stream_synchronize(gpu.stream));
        for (int row = 0; row < N; row++) {
            for (int x = 0; x < TO; x++) {
                const bool copied = x >= 1 && x < 1 + WIDTH;
                assert_int_equal(pinned[N * FROM + row * TO + x],
                                 copied ? row * FROM + x - 1 : 0xee);
            }
        }
    }
    OK(cuda.driver.memory_free(memory[0]));
    OK(cuda.driver.memory_free(memory[1]));
    OK(cuda.driver.pinned_free(pinned));
    gpu_close(&gpu);
    const struct simgpu_device_report report = device_report(0);
    assert_int_equal(report.engines[SIMGPU_COMPUTE].n_jobs,
                     3); /* two fills, one copy */
    assert_int_equal(report.engines[SIMGPU_COPY_IN].bytes, N * FROM + N * WIDTH);
    assert_clean();
}

/* The default stream is one like others, where it is allowed, and no leak. */
static void default_stream_takes_work(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("default_stream=1");
    const CUdeviceptr memory = device_bytes(4);
    unsigned char *pinned = pinned_bytes(4);
    CUcontext context;
    CUevent event;
    OK(cuda.driver.event_create(&event, CU_EVENT_DEFAULT));
    OK(cuda.driver.fill_bytes(memory, 7, 4, NULL));
    OK(cuda.driver.event_record(event, NULL));
    OK(cuda.driver.stream_wait(gpu.stream, event, 0));
    OK(cuda.driver.copy_out(pinned, memory, 4, gpu.stream));
    OK(cuda.driver.stream_synchronize(gpu.stream));
    assert_int_equal(pinned[3], 7);
    OK(cuda.driver.stream_context(NULL, &context));
    assert_ptr_equal(context, gpu.context);
    OK(cuda.driver.event_destroy(event));
    OK(cuda.driver.memory_free(memory));
    OK(cuda.driver.pinned_free(pinned));
    gpu_close(&gpu);
    assert_clean();
}

/* ---- kernels and modules ---- */

static void kernel_takes_runs(void **state) {
    (void)state;
    enum { N = 1000 };
    struct gpu gpu = gpu_begin("");
    CUdeviceptr next = device_bytes(8), out = device_bytes(N * sizeof(int)), bias;
    int *results = pinned_bytes(N * sizeof(int)),
        *bias_value = pinned_bytes(sizeof(int));
    size_t bytes;
    OK(cuda.driver.module_global(&bias, &bytes, gpu.module, "odec_bias"));
    assert_int_equal(bytes, 4 * sizeof(int));
    *bias_value = 41;
    OK(cuda.driver.copy_in(bias + 3 * sizeof(int), bias_value, sizeof(int),
                           gpu.stream));
    OK(cuda.driver.fill_bytes(next, 0, 8, gpu.stream));
    OK(take(&gpu, gpu.stream, 4, host(next), N, host(out)));
    OK(cuda.driver.copy_out(results, out, N * sizeof(int), gpu.stream));
    OK(cuda.driver.stream_synchronize(gpu.stream));
    for (int i = 0; i < N; i++) {
        assert_int_equal(results[i], 42); /* the first thread takes them all */
    }
    OK(cuda.driver.memory_free(next));
    OK(cuda.driver.memory_free(out));
    OK(cuda.driver.pinned_free(results));
    OK(cuda.driver.pinned_free(bias_value));
    gpu_close(&gpu);
    assert_int_equal(device_report(0).n_launches, 1);
    assert_int_equal(device_report(0).n_atomics, N + 4 * 32);
    assert_int_equal(device_report(0).engines[SIMGPU_COPY_OUT].bytes, N * sizeof(int));
    assert_clean();
}

static void every_thread_of_a_grid_runs_once(void **state) {
    (void)state;
    enum { N = 2 * 3 * 4 * 5 * 6 * 7 };
    struct gpu gpu = gpu_begin("");
    int *out = pinned_bytes(N * sizeof(int)); /* as on a device: seen from both */
    memset(out, 0, N * sizeof(int));
    void *arguments[] = {&out};
    OK(cuda.driver.launch(kernel(&gpu, "grid"), 2, 3, 4, 5, 6, 7, 0, gpu.stream,
                          arguments, NULL));
    OK(cuda.driver.stream_synchronize(gpu.stream));
    for (int i = 0; i < N; i++) {
        assert_int_equal(out[i], 1);
    }
    OK(cuda.driver.pinned_free(out));
    GIVES(CUDA_ERROR_INVALID_VALUE,
          cuda.driver.launch(kernel(&gpu, "grid"), 1, 1, 1, 1025, 1, 1, 0, gpu.stream,
                             arguments, NULL));
    gpu_close(&gpu);
    assert_clean();
}

static void each_load_has_its_own_variables(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("");
    CUmodule again;
    CUdeviceptr first, second;
    CUfunction none;
    char *image = image_of(kernels);
    OK(cuda.driver.module_load(&again, image));
    OK(cuda.driver.module_global(&first, NULL, gpu.module, "odec_bias"));
    OK(cuda.driver.module_global(&second, NULL, again, "odec_bias"));
    assert_int_not_equal(first, second);
    GIVES(CUDA_ERROR_NOT_FOUND, cuda.driver.module_function(&none, again, "ghost"));
    GIVES(CUDA_ERROR_NOT_FOUND,
          cuda.driver.module_global(&second, NULL, again, "no_such"));
    OK(cuda.driver.module_unload(again));
    GIVES(CUDA_ERROR_INVALID_IMAGE, cuda.driver.module_load(&again, "not an image"));
    image[100] ^= 1;
    GIVES(CUDA_ERROR_INVALID_IMAGE, cuda.driver.module_load(&again, image));
    free(image);
    gpu_close(&gpu);
    assert_clean();
}

/* ---- attributes ---- */

static void devices_are_as_configured(void **state) {
    (void)state;
    static const struct {
        CUdevice_attribute attribute;
        int value[2];
    } rows[] = {
        {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, {4, 8}},
        {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, {2048, 2048}},
        {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, {7, 12}},
        {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, {5, 1}},
        {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, {1024, 1024}},
        {CU_DEVICE_ATTRIBUTE_CLOCK_RATE, {1500000, 1500000}},
    };
    assert_true(sim.configure("devices=2; sms=4,8; capability=7.5,12.1; memory=1M,2M; "
                              "driver=12040"));
    int count, version, value;
    OK(cuda.driver.init(0));
    OK(cuda.driver.device_count(&count));
    OK(cuda.driver.driver_version(&version));
    assert_int_equal(count, 2);
    assert_int_equal(version, 12040);
    for (int d = 0; d < 2; d++) {
        char name[64], id[32];
        size_t bytes;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            OK(cuda.driver.device_attribute(&value, rows[i].attribute, d));
            assert_int_equal(value, rows[i].value[d]);
        }
        OK(cuda.driver.device_name(name, sizeof name, d));
        OK(cuda.driver.device_pci_bus_id(id, sizeof id, d));
        OK(cuda.driver.device_total_bytes(&bytes, d));
        assert_string_equal(name, d ? "Simulated GPU 1" : "Simulated GPU 0");
        assert_string_equal(id, d ? "0000:02:00.0" : "0000:01:00.0");
        assert_int_equal(bytes, (1 + d) << 20);
    }
    GIVES(CUDA_ERROR_INVALID_DEVICE, cuda.driver.device_get(&value, 2));
    assert_clean();
}

/* ---- time ---- */

/* One stream waits for a gate of the other: both go on at the same simulated time. */
struct gated {
    struct gpu gpu;
    CUdeviceptr next[2], out, memory;
    void *pinned;
    CUevent gate, end[2];
};

enum { GATE_RUNS = 100, RUNS = 30, BYTES = 30000 };

/* On the first stream or the other one. */
static void launch_runs(struct gated *g, int i, int n) {
    const CUstream stream = i ? g->gpu.other_stream : g->gpu.stream;
    OK(cuda.driver.fill_bytes(g->next[i], 0, 8, stream));
    OK(take(&g->gpu, stream, 1, host(g->next[i]), (unsigned long long)n, host(g->out)));
}

static struct gated gated_begin(const char *settings) {
    struct gated g = {.gpu = gpu_begin(settings)};
    g.next[0] = device_bytes(8);
    g.next[1] = device_bytes(8);
    g.out = device_bytes(GATE_RUNS * sizeof(int));
    g.memory = device_bytes(BYTES);
    g.pinned = pinned_bytes(BYTES);
    OK(cuda.driver.event_create(&g.gate, CU_EVENT_DEFAULT));
    OK(cuda.driver.event_create(&g.end[0], CU_EVENT_DEFAULT));
    OK(cuda.driver.event_create(&g.end[1], CU_EVENT_DEFAULT));
    launch_runs(&g, 0, GATE_RUNS);
    OK(cuda.driver.event_record(g.gate, g.gpu.stream));
    OK(cuda.driver.stream_wait(g.gpu.other_stream, g.gate, 0));
    return g;
}

/* The milliseconds from the gate to the end of each stream's work. */
static void gated_end(struct gated *g, float milliseconds[2]) {
    const CUstream streams[2] = {g->gpu.stream, g->gpu.other_stream};
    for (int i = 0; i < 2; i++) {
        OK(cuda.driver.event_record(g->end[i], streams[i]));
    }
    GIVES(CUDA_ERROR_NOT_READY, cuda.driver.event_query(g->end[0]));
    for (int i = 0; i < 2; i++) {
        OK(cuda.driver.stream_synchronize(streams[i]));
        OK(cuda.driver.event_query(g->end[i]));
        OK(cuda.driver.event_elapsed(&milliseconds[i], g->gate, g->end[i]));
        OK(cuda.driver.event_destroy(g->end[i]));
    }
    OK(cuda.driver.event_destroy(g->gate));
    OK(cuda.driver.memory_free(g->next[0]));
    OK(cuda.driver.memory_free(g->next[1]));
    OK(cuda.driver.memory_free(g->out));
    OK(cuda.driver.memory_free(g->memory));
    OK(cuda.driver.pinned_free(g->pinned));
    gpu_close(&g->gpu);
    assert_clean();
}

static void assert_near(double x, double expected) {
    if (fabs(x - expected) > 0.02 * expected) {
        fail_msg("%g is not near %g", x, expected);
    }
}

/* The host does the little that these kernels compute in well below a run's time. */
#define TIMES "run_us=1000; copy_MBps=1"

static void engines_overlap(void **state) {
    (void)state;
    float ms[2];
    struct gated g = gated_begin(TIMES);
    launch_runs(&g, 0, RUNS);
    OK(cuda.driver.copy_in(g.memory, g.pinned, BYTES, g.gpu.other_stream));
    gated_end(&g, ms);
    assert_near(ms[0], 30);
    assert_near(ms[1], 30);
    const struct simgpu_device_report report = device_report(0);
    assert_near(report.engines[SIMGPU_COMPUTE].busy_s, 0.130);
    assert_near(report.engines[SIMGPU_COPY_IN].busy_s, 0.030);
    assert_near(report.engines[SIMGPU_COPY_IN].last_end_s -
                    report.engines[SIMGPU_COPY_IN].first_start_s,
                0.030);
}

static void directions_overlap(void **state) {
    (void)state;
    float ms[2];
    struct gated g = gated_begin(TIMES);
    OK(cuda.driver.copy_out((char *)g.pinned, g.memory, BYTES / 2, g.gpu.stream));
    OK(cuda.driver.copy_in(g.memory + BYTES / 2, (char *)g.pinned + BYTES / 2,
                           BYTES / 2, g.gpu.other_stream));
    gated_end(&g, ms);
    assert_near(ms[0], 15);
    assert_near(ms[1], 15);
}

/* In the order in which it was submitted, whichever stream's thread wakes first. */
static void an_engine_does_one_work_at_a_time(void **state) {
    (void)state;
    for (int first = 0; first < 2; first++) {
        float ms[2];
        struct gated g = gated_begin(TIMES);
        launch_runs(&g, first, RUNS);
        launch_runs(&g, 1 - first, RUNS);
        gated_end(&g, ms);
        assert_near(ms[first], 30);
        assert_near(ms[1 - first], 60);
    }
}

/* This test's machine may have other work; who stays away for longer is not waited for.
 */
static void a_late_caller_takes_no_simulated_time(void **state) {
    (void)state;
    static const struct {
        double away_s, least_s, most_s;
    } cases[] = {{0.05, 0.0599, 0.0601}, {0.5, 0.56, 1000}};
    for (int i = 0; i < 2; i++) {
        struct gpu gpu = gpu_begin(TIMES);
        CUdeviceptr next = device_bytes(sizeof(unsigned long long));
        CUdeviceptr out = device_bytes(RUNS * sizeof(int));
        for (int k = 0; k < 2; k++) {
            OK(cuda.driver.fill_bytes(next, 0, sizeof(unsigned long long), gpu.stream));
            OK(take(&gpu, gpu.stream, 1, host(next), RUNS, host(out)));
            OK(cuda.driver.stream_synchronize(gpu.stream));
            usleep((useconds_t)(1e6 * cases[i].away_s));
        }
        const struct simgpu_device_report report = device_report(0);
        const double took = report.engines[SIMGPU_COMPUTE].last_end_s -
                            report.engines[SIMGPU_COMPUTE].first_start_s;
        assert_true(took >= cases[i].least_s && took <= cases[i].most_s);
        OK(cuda.driver.memory_free(next));
        OK(cuda.driver.memory_free(out));
        gpu_close(&gpu);
        assert_clean();
    }
}

static void a_device_slows_down(void **state) {
    (void)state;
    float ms[2];
    struct gated g = gated_begin(TIMES "; slow=0:3");
    launch_runs(&g, 0, RUNS);
    gated_end(&g, ms);
    assert_near(ms[0], 90);
}

static void copies_come_at_their_end(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("copy_MBps=1");
    CUdeviceptr memory = device_bytes(100000);
    char *pinned = pinned_bytes(100000);
    memset(pinned, 1, 100000);
    OK(cuda.driver.fill_bytes(memory, 2, 100000, gpu.stream));
    OK(cuda.driver.copy_out(pinned, memory, 100000, gpu.stream));
    assert_int_equal(pinned[0], 1); /* read too early: 100 ms are to go */
    OK(cuda.driver.stream_synchronize(gpu.stream));
    assert_int_equal(pinned[0], 2);
    OK(cuda.driver.memory_free(memory));
    OK(cuda.driver.pinned_free(pinned));
    gpu_close(&gpu);
    assert_clean();
}

/* ---- NVRTC ---- */

static nvrtcResult compile(const char *text, const char *option, char log[1024]) {
    nvrtcProgram program;
    size_t bytes;
    OK(cuda.nvrtc.create(&program, text, "model.cu", 0, NULL, NULL));
    const nvrtcResult result = cuda.nvrtc.compile(program, 1, &option);
    OK(cuda.nvrtc.log_bytes(program, &bytes));
    assert_in_range(bytes, 1, 1024);
    OK(cuda.nvrtc.log(program, log));
    assert_int_equal(strlen(log), bytes - 1);
    OK(cuda.nvrtc.destroy(&program));
    return result;
}

static void nvrtc_says_what_is_wrong(void **state) {
    (void)state;
    static const char not_ours[] = "extern \"C\" __global__ void f(int *x) { *x = 1; }";
    char log[1024];
    int major, minor, n, list[64];
    assert_true(sim.configure("nvrtc_version=13010; architectures=80,90"));
    assert_int_equal(cuda.nvrtc.version(&major, &minor), NVRTC_SUCCESS);
    assert_int_equal(1000 * major + 10 * minor, 13010);
    OK(cuda.nvrtc.n_architectures(&n));
    OK(cuda.nvrtc.architectures(list));
    assert_true(n == 2 && list[0] == 80 && list[1] == 90);
    assert_int_equal(compile("int f(;\n", "-arch=sm_90", log), NVRTC_ERROR_COMPILATION);
    assert_non_null(strstr(log, "model.cu:1"));
    assert_int_equal(compile(not_ours, "-arch=sm_90", log), NVRTC_ERROR_COMPILATION);
    assert_non_null(strstr(log, "without exactly one __grid_constant__ struct"));
    assert_int_not_equal(compile(kernels, "--gpu-architecture=sm_75", log), 0);
    assert_string_equal(log,
                        "nvrtc: error: invalid value for --gpu-architecture (-arch)\n");
    assert_int_not_equal(compile(kernels, "--frobnicate", log), 0);
    assert_string_equal(log, "nvrtc: error: unrecognized option --frobnicate found\n");
    assert_int_equal(compile(kernels, "-arch=sm_80", log), NVRTC_SUCCESS);
    assert_string_equal(log, "");
    assert_clean();
    assert_true(sim.configure("nvrtc=fail"));
    assert_int_equal(compile(kernels, "-arch=sm_80", log), NVRTC_ERROR_COMPILATION);
    assert_clean();
    assert_true(sim.configure("nvrtc=missing"));
    assert_int_not_equal(cuda.nvrtc.version(&major, &minor), NVRTC_SUCCESS);
    assert_clean();
}

/* What a text for one architecture does on another: a cubin is for its major version,
 * PTX for all that are newer. */
static void architectures_must_fit(void **state) {
    (void)state;
    static const struct {
        const char *capability, *option;
        CUresult cubin, ptx; /* -1: there is none */
    } rows[] = {
        {"capability=8.9", "-arch=sm_80", CUDA_SUCCESS, CUDA_SUCCESS},
        {"capability=8.0", "-arch=sm_89", CUDA_ERROR_NO_BINARY_FOR_GPU,
         CUDA_ERROR_NO_BINARY_FOR_GPU},
        {"capability=9.0", "-arch=sm_80", CUDA_ERROR_NO_BINARY_FOR_GPU, CUDA_SUCCESS},
        {"capability=9.0", "-arch=compute_80", -1, CUDA_SUCCESS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gpu gpu = {0};
        nvrtcProgram program;
        CUmodule module;
        size_t bytes;
        assert_true(sim.configure(rows[i].capability));
        OK(cuda.driver.init(0));
        OK(cuda.driver.context_retain(&gpu.context, 0));
        OK(cuda.driver.context_push(gpu.context));
        OK(cuda.nvrtc.create(&program, kernels, NULL, 0, NULL, NULL));
        OK(cuda.nvrtc.compile(program, 1, &rows[i].option));
        OK(cuda.nvrtc.ptx_bytes(program, &bytes));
        char *image = malloc(bytes);
        OK(cuda.nvrtc.ptx(program, image));
        GIVES(rows[i].ptx, cuda.driver.module_load(&module, image));
        if (rows[i].ptx == CUDA_SUCCESS) {
            OK(cuda.driver.module_unload(module));
        }
        OK(cuda.nvrtc.cubin_bytes(program, &bytes));
        assert_int_equal(bytes == 0, rows[i].cubin == -1);
        if (bytes) {
            OK(cuda.nvrtc.cubin(program, image));
            GIVES(rows[i].cubin, cuda.driver.module_load(&module, image));
            if (rows[i].cubin == CUDA_SUCCESS) {
                OK(cuda.driver.module_unload(module));
            }
        }
        free(image);
        OK(cuda.nvrtc.destroy(&program));
        gpu_leave_dead(&gpu);
        assert_clean();
    }
}

/* ---- NVML ---- */

static void nvml_measures(void **state) {
    (void)state;
    enum { N = 10 }; /* 1 s: simulated time may be a quarter of one behind the clock */
    struct gpu gpu = gpu_begin("memory=1M; run_us=100000");
    CUdeviceptr next = device_bytes(8), out = device_bytes(N * sizeof(int));
    nvmlDevice_t device;
    nvmlMemory_t memory;
    nvmlUtilization_t use;
    unsigned milliwatts, celsius, mhz;
    assert_int_equal(cuda.nvml.init(), NVML_SUCCESS);
    assert_int_equal(cuda.nvml.handle("00000000:01:00.0", &device), NVML_SUCCESS);
    assert_int_not_equal(cuda.nvml.handle("0000:02:00.0", &device), NVML_SUCCESS);
    assert_int_equal(cuda.nvml.memory(device, &memory), NVML_SUCCESS);
    assert_int_equal(memory.total, 1 << 20);
    assert_int_equal(memory.used, 512);
    assert_int_equal(cuda.nvml.utilization(device, &use), NVML_SUCCESS);
    assert_int_equal(use.gpu, 0);
    OK(cuda.driver.fill_bytes(next, 0, 8, gpu.stream));
    OK(take(&gpu, gpu.stream, 1, host(next), N, host(out)));
    do {
        assert_int_equal(cuda.nvml.utilization(device, &use), NVML_SUCCESS);
    } while (use.gpu != 100);
    assert_int_equal(cuda.nvml.power(device, &milliwatts), NVML_SUCCESS);
    assert_int_equal(cuda.nvml.temperature(device, NVML_TEMPERATURE_GPU, &celsius),
                     NVML_SUCCESS);
    assert_int_equal(cuda.nvml.clock(device, NVML_CLOCK_SM, &mhz), NVML_SUCCESS);
    assert_int_equal(milliwatts, 460000);
    assert_int_equal(celsius, 70);
    assert_int_equal(mhz, 1500);
    OK(cuda.driver.stream_synchronize(gpu.stream));
    OK(cuda.driver.memory_free(next));
    OK(cuda.driver.memory_free(out));
    gpu_close(&gpu);
    assert_int_equal(cuda.nvml.shutdown(), NVML_SUCCESS);
    assert_clean();
}

static void nvml_lies_and_fails(void **state) {
    (void)state;
    nvmlDevice_t device;
    nvmlMemory_t memory;
    unsigned celsius;
    assert_true(sim.configure("nvml=lies"));
    assert_int_equal(cuda.nvml.init(), NVML_SUCCESS);
    assert_int_equal(cuda.nvml.handle("0000:01:00.0", &device), NVML_SUCCESS);
    assert_int_equal(cuda.nvml.memory(device, &memory), NVML_SUCCESS);
    assert_true(memory.used > memory.total);
    assert_int_equal(cuda.nvml.temperature(device, NVML_TEMPERATURE_GPU, &celsius),
                     NVML_SUCCESS);
    assert_true(celsius == 4000000000u);
    sim.lose(0);
    assert_int_not_equal(cuda.nvml.memory(device, &memory), NVML_SUCCESS);
    assert_int_equal(cuda.nvml.shutdown(), NVML_SUCCESS);
    assert_clean();
    assert_true(sim.configure("nvml=missing"));
    assert_int_not_equal(cuda.nvml.init(), NVML_SUCCESS);
    assert_clean();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_bounded_and_poisoned),
        cmocka_unit_test(local_memory_is_backed),
        cmocka_unit_test(addresses_are_known),
        cmocka_unit_test(rows_are_copied),
        cmocka_unit_test(default_stream_takes_work),
        cmocka_unit_test(kernel_takes_runs),
        cmocka_unit_test(every_thread_of_a_grid_runs_once),
        cmocka_unit_test(each_load_has_its_own_variables),
        cmocka_unit_test(devices_are_as_configured),
        cmocka_unit_test(engines_overlap),
        cmocka_unit_test(directions_overlap),
        cmocka_unit_test(an_engine_does_one_work_at_a_time),
        cmocka_unit_test(a_late_caller_takes_no_simulated_time),
        cmocka_unit_test(a_device_slows_down),
        cmocka_unit_test(copies_come_at_their_end),
        cmocka_unit_test(nvrtc_says_what_is_wrong),
        cmocka_unit_test(architectures_must_fit),
        cmocka_unit_test(nvml_measures),
        cmocka_unit_test(nvml_lies_and_fails),
    };
    return cmocka_run_group_tests(tests, support_open, NULL);
}
