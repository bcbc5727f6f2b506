/* support.c -- see support.h. */
#define _GNU_SOURCE
#include "support.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct cuda_api cuda;

/* ---- the libraries ---- */

static bool bind(void *library, const char *symbol, void *place) {
    void *found = library ? dlsym(library, symbol) : NULL;
    if (!found) {
        fprintf(stderr, "%s is missing\n", symbol);
    }
    memcpy(place, &found, sizeof found);
    return found != NULL;
}

int support_open(void **state) {
    (void)state;
    bool ok = sim_open();
    void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    void *nvrtc = dlopen("libnvrtc.so.13", RTLD_NOW | RTLD_LOCAL);
    void *nvml = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
#define DRIVER(member, symbol, parameters) \
    ok = ok && bind(driver, #symbol, &cuda.driver.member);
#define NVRTC(member, symbol, parameters) \
    ok = ok && bind(nvrtc, #symbol, &cuda.nvrtc.member);
#define NVML(member, symbol, parameters) \
    ok = ok && bind(nvml, #symbol, &cuda.nvml.member);
#include "cuda_api.def"
    return ok ? 0 : -1;
}

double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- kernels ---- */

const char *const kernels =
    "struct take_args { unsigned long long *next, n_runs; int *out; };\n"
    "extern \"C\" { __constant__ int odec_bias[4]; }\n"
    "static __device__ int place() {\n"
    "    return (int)(blockIdx.x * blockDim.x + threadIdx.x);\n"
    "}\n"
    "extern \"C\" __global__ void __launch_bounds__(128, 2)\n"
    "take(const __grid_constant__ struct take_args args) {\n"
    "    for (;;) {\n"
    "        const unsigned long long run = atomicAdd(args.next, 1ull);\n"
    "        if (run >= args.n_runs) { return; }\n"
    "        args.out[run] = 1 + place() + odec_bias[3];\n"
    "    }\n"
    "}\n"
    "/* extern \"C\" __global__ void ghost(int none) {} */\n"
    "struct grid_args { int *out; };\n"
    "extern \"C\" __global__ void grid(const __grid_constant__ struct grid_args a) {\n"
    "    const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x +\n"
    "                           blockIdx.x;\n"
    "    const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) *\n"
    "                            blockDim.x + threadIdx.x;\n"
    "    a.out[block * blockDim.x * blockDim.y * blockDim.z + thread] += 1;\n"
    "}\n"
    "extern \"C\" __global__ void store(const __grid_constant__ grid_args a) {\n"
    "    *a.out = 1;\n"
    "}\n";

char *image_of(const char *text) {
    const char *options[] = {"--gpu-architecture=sm_90", "--std=c++17"};
    nvrtcProgram program;
    size_t bytes;
    OK(cuda.nvrtc.create(&program, text, "kernels.cu", 0, NULL, NULL));
    if (cuda.nvrtc.compile(program, 2, options) != NVRTC_SUCCESS) {
        char log[4096] = "";
        OK(cuda.nvrtc.log_bytes(program, &bytes));
        if (bytes <= sizeof log) {
            OK(cuda.nvrtc.log(program, log));
        }
        fail_msg("%s", log);
    }
    OK(cuda.nvrtc.cubin_bytes(program, &bytes));
    char *image = malloc(bytes);
    assert_non_null(image);
    OK(cuda.nvrtc.cubin(program, image));
    OK(cuda.nvrtc.destroy(&program));
    return image;
}

CUfunction kernel(const struct gpu *gpu, const char *name) {
    CUfunction function;
    OK(cuda.driver.module_function(&function, gpu->module, name));
    return function;
}

CUresult take(const struct gpu *gpu, CUstream stream, unsigned n_blocks,
              unsigned long long *next, unsigned long long n_runs, int *out) {
    struct take_args args = {next, n_runs, out};
    void *arguments[] = {&args};
    return cuda.driver.launch(kernel(gpu, "take"), n_blocks, 1, 1, 32, 1, 1, 0, stream,
                              arguments, NULL);
}

CUresult store(const struct gpu *gpu, int *out) {
    void *arguments[] = {&out};
    return cuda.driver.launch(kernel(gpu, "store"), 1, 1, 1, 1, 1, 1, 0, gpu->stream,
                              arguments, NULL);
}

/* ---- a device ---- */

struct gpu gpu_open(int ordinal) {
    struct gpu gpu = {.ordinal = ordinal};
    CUdevice device;
    OK(cuda.driver.device_get(&device, ordinal));
    OK(cuda.driver.context_retain(&gpu.context, device));
    OK(cuda.driver.context_push(gpu.context));
    OK(cuda.driver.stream_create(&gpu.stream, CU_STREAM_NON_BLOCKING));
    OK(cuda.driver.stream_create(&gpu.other_stream, CU_STREAM_NON_BLOCKING));
    char *image = image_of(kernels);
    OK(cuda.driver.module_load(&gpu.module, image));
    free(image);
    return gpu;
}

struct gpu gpu_begin(const char *settings) {
    assert_true(sim.configure(settings));
    OK(cuda.driver.init(0));
    return gpu_open(0);
}

void gpu_close(struct gpu *gpu) {
    OK(cuda.driver.module_unload(gpu->module));
    OK(cuda.driver.stream_destroy(gpu->stream));
    OK(cuda.driver.stream_destroy(gpu->other_stream));
    gpu_leave_dead(gpu);
}

void gpu_leave_dead(struct gpu *gpu) {
    CUcontext popped;
    OK(cuda.driver.context_pop(&popped));
    assert_ptr_equal(popped, gpu->context);
    OK(cuda.driver.context_release(gpu->ordinal));
}

CUdeviceptr device_bytes(size_t bytes) {
    CUdeviceptr memory;
    OK(cuda.driver.memory_allocate(&memory, bytes));
    return memory;
}

void *pinned_bytes(size_t bytes) {
    void *memory;
    OK(cuda.driver.pinned_allocate(&memory, bytes, 0));
    return memory;
}

/* ---- verdicts ---- */

void assert_violation(const char *words) {
    struct simgpu_report report;
    assert_int_not_equal(sim.finish(), 0);
    sim.report(&report);
    if (!strstr(report.first_violation, words)) {
        fail_msg("\"%s\" is not about \"%s\"", report.first_violation, words);
    }
}

void assert_clean(void) {
    struct simgpu_report report;
    const int n = sim.finish();
    sim.report(&report);
    assert_string_equal(report.first_violation, "");
    assert_int_equal(n, 0);
}
