/* backend_cuda.c -- CUDA's driver as the table of calls that devices/gpu works with, and its
 * row in the table of backends.
 */
#include <stdio.h>
#include <stdlib.h>

#include "backend_gpu.h"
#include "cuda_compile.h"

/* The entry points for a GPU. */
#define DRIVER(gpu) (&cuda_api_of(gpu)->driver)

/* ---- libraries ---- */

static bool cuda_library_open(struct gpu_library *out) {
    struct heap *heap = out->heap;
    struct cuda_api *api = heap_take(heap, 1, sizeof *api);
    if (api) {
        cuda_api_open(api);
        *out = (struct gpu_library){.heap = heap,
                                    .api = api,
                                    .n_devices = api->n_devices,
                                    .missing = api->missing,
                                    .no_compiler = api->no_nvrtc,
                                    .driver_version = api->driver_version,
                                    .compiler = api->nvrtc_path};
    }
    return api != NULL;
}

static void cuda_library_close(struct gpu_library *library) {
    cuda_api_close(library->api);
    heap_give(library->api);
}

static enum gpu_outcome cuda_outcome(int result) {
    return result == CUDA_SUCCESS               ? GPU_DONE
           : result == CUDA_ERROR_NOT_READY     ? GPU_NOT_READY
           : result == CUDA_ERROR_OUT_OF_MEMORY ? GPU_NO_MEMORY
           : cuda_is_fatal(result)              ? GPU_FATAL
                                                : GPU_FAILED;
}

static const char *cuda_text(const struct gpu_library *library, int result,
                             char text[GPU_TEXT_SIZE]) {
    return cuda_error_text(library->api, result, text);
}

/* ---- one GPU ---- */

static bool read_facts(struct gpu *gpu, char reason[GPU_REASON_SIZE]) {
    int major = 0, minor = 0;
    const struct {
        int *value;
        CUdevice_attribute attribute;
    } facts[] = {
        {&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR},
        {&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR},
        {&gpu->n_multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT},
        {&gpu->max_threads, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR},
    };
    char name[96] = "";
    bool done =
        gpu_succeeded(gpu, DRIVER(gpu)->device_name(name, sizeof name, gpu->handle),
                      "its name", reason);
    for (size_t i = 0; done && i < sizeof facts / sizeof *facts; i++) {
        done = gpu_succeeded(gpu,
                             DRIVER(gpu)->device_attribute(
                                 facts[i].value, facts[i].attribute, gpu->handle),
                             "its attributes", reason);
    }
    gpu->architecture = 10 * major + minor;
    snprintf(gpu->description, sizeof gpu->description, "%s, %d multiprocessors", name,
             gpu->n_multiprocessors);
    return done;
}

/* The primary context, which is never reset. */
static bool cuda_retain(struct gpu *gpu, char reason[GPU_REASON_SIZE]) {
    CUcontext context = NULL;
    if (!gpu_succeeded(gpu, DRIVER(gpu)->device_get(&gpu->handle, gpu->ordinal),
                       "finding it", reason) ||
        !read_facts(gpu, reason) ||
        !gpu_succeeded(gpu, DRIVER(gpu)->context_retain(&context, gpu->handle),
                       "starting it", reason)) {
        return false;
    }
    gpu->context = context;
    return true;
}

static void cuda_release(struct gpu *gpu) { DRIVER(gpu)->context_release(gpu->handle); }

static int cuda_push(struct gpu *gpu) {
    return DRIVER(gpu)->context_push(gpu->context);
}

static int cuda_pop(struct gpu *gpu) {
    CUcontext popped;
    return DRIVER(gpu)->context_pop(&popped);
}

static int cuda_memory_info(struct gpu *gpu, size_t *free_bytes) {
    size_t total_bytes = 0;
    return DRIVER(gpu)->memory_info(free_bytes, &total_bytes);
}

static int cuda_memory_allocate(struct gpu *gpu, gpu_address *out, size_t bytes) {
    return DRIVER(gpu)->memory_allocate(out, bytes);
}

static int cuda_memory_free(struct gpu *gpu, gpu_address at) {
    return DRIVER(gpu)->memory_free(at);
}

static int cuda_pinned_allocate(struct gpu *gpu, void **out, size_t bytes) {
    return DRIVER(gpu)->pinned_allocate(out, bytes, 0);
}

static int cuda_pinned_free(struct gpu *gpu, void *at) {
    return DRIVER(gpu)->pinned_free(at);
}

/* Nothing is known of the host's memory that the driver did not give. */
static int cuda_memory_of(struct gpu *gpu, gpu_address at, struct gpu_extent *out) {
    unsigned int type = 0; /* of the size that the driver writes */
    int result =
        DRIVER(gpu)->pointer_attribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, at);
    out->kind = GPU_MEMORY_NONE;
    if (result == CUDA_ERROR_INVALID_VALUE) {
        return CUDA_SUCCESS;
    }
    if (result != CUDA_SUCCESS || type != CU_MEMORYTYPE_DEVICE) {
        out->kind = GPU_MEMORY_HOST;
        return result;
    }
    out->kind = GPU_MEMORY_DEVICE;
    out->context = NULL;
    const struct {
        CUpointer_attribute attribute;
        void *value;
    } facts[] = {{CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, &out->ordinal},
                 {CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, &out->start},
                 {CU_POINTER_ATTRIBUTE_RANGE_SIZE, &out->bytes}};
    for (size_t i = 0; result == CUDA_SUCCESS && i < sizeof facts / sizeof *facts;
         i++) {
        result = DRIVER(gpu)->pointer_attribute(facts[i].value, facts[i].attribute, at);
    }
    if (result == CUDA_SUCCESS) { /* memory of a pool may have none */
        const int asked = DRIVER(gpu)->pointer_attribute(
            &out->context, CU_POINTER_ATTRIBUTE_CONTEXT, at);
        result = asked == CUDA_ERROR_INVALID_VALUE ? CUDA_SUCCESS : asked;
    }
    return result;
}

/* ---- kernels ---- */

static int cuda_module_load(struct gpu *gpu, gpu_module *out, const void *image) {
    CUmodule module = NULL;
    const int result = DRIVER(gpu)->module_load(&module, image);
    *out = module;
    return result;
}

static int cuda_module_unload(struct gpu *gpu, gpu_module module) {
    return DRIVER(gpu)->module_unload(module);
}

static int cuda_module_function(struct gpu *gpu, gpu_function *out, gpu_module module,
                                const char *name) {
    CUfunction function = NULL;
    const int result = DRIVER(gpu)->module_function(&function, module, name);
    *out = function;
    return result;
}

static int cuda_module_global(struct gpu *gpu, gpu_address *out, gpu_module module,
                              const char *name) {
    size_t bytes = 0;
    return DRIVER(gpu)->module_global(out, &bytes, module, name);
}

static int cuda_resident_blocks(struct gpu *gpu, int *out, gpu_function function,
                                int threads) {
    return DRIVER(gpu)->blocks_per_sm(out, function, threads, 0);
}

static int cuda_local_bytes(struct gpu *gpu, int *out, gpu_function function) {
    return DRIVER(gpu)->function_attribute(out, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES,
                                           function);
}

static int cuda_launch(struct gpu *gpu, gpu_function function, int64_t n_blocks,
                       int threads, gpu_stream stream, void *arguments) {
    void *list[] = {arguments};
    return DRIVER(gpu)->launch(function, (unsigned)n_blocks, 1, 1, (unsigned)threads, 1,
                               1, 0, stream, list, NULL);
}

/* ---- streams and events ---- */

static int cuda_stream_create(struct gpu *gpu, gpu_stream *out) {
    CUstream stream = NULL;
    const int result = DRIVER(gpu)->stream_create(&stream, CU_STREAM_NON_BLOCKING);
    *out = stream;
    return result;
}

static int cuda_stream_destroy(struct gpu *gpu, gpu_stream stream) {
    return DRIVER(gpu)->stream_destroy(stream);
}

static int cuda_stream_synchronize(struct gpu *gpu, gpu_stream stream) {
    return DRIVER(gpu)->stream_synchronize(stream);
}

static int cuda_stream_kind(struct gpu *gpu, gpu_stream stream,
                            enum gpu_stream_kind *out) {
    CUcontext context = NULL;
    CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
    int result = DRIVER(gpu)->stream_context(stream, &context);
    *out = GPU_STREAM_FOREIGN;
    if (result == CUDA_SUCCESS && context == gpu->context) {
        result = DRIVER(gpu)->stream_capturing(stream, &status);
        *out = status == CU_STREAM_CAPTURE_STATUS_NONE ? GPU_STREAM_OWN
                                                       : GPU_STREAM_RECORDED;
    }
    return result == CUDA_ERROR_INVALID_HANDLE ? CUDA_SUCCESS : result;
}

static int cuda_stream_wait(struct gpu *gpu, gpu_stream stream, gpu_event event) {
    return DRIVER(gpu)->stream_wait(stream, event, 0);
}

static int cuda_copy_in(struct gpu *gpu, gpu_address to, const void *from, size_t bytes,
                        gpu_stream stream) {
    return DRIVER(gpu)->copy_in(to, from, bytes, stream);
}

static int cuda_copy_out(struct gpu *gpu, void *to, gpu_address from, size_t bytes,
                         gpu_stream stream) {
    return DRIVER(gpu)->copy_out(to, from, bytes, stream);
}

/* As a box of one layer: rows as far apart as one likes are a matter for it alone
 * (cuMemcpy2DAsync may refuse them within a device). */
static int cuda_copy_rows(struct gpu *gpu, const struct gpu_rows *rows,
                          gpu_stream stream) {
    CUDA_MEMCPY3D copy = {.srcMemoryType = CU_MEMORYTYPE_DEVICE,
                          .srcDevice = rows->from,
                          .srcPitch = rows->from_pitch,
                          .srcHeight = rows->n,
                          .dstMemoryType = CU_MEMORYTYPE_DEVICE,
                          .dstDevice = rows->to,
                          .dstPitch = rows->to_pitch,
                          .dstHeight = rows->n,
                          .WidthInBytes = rows->bytes,
                          .Height = rows->n,
                          .Depth = 1};
    if (rows->from_host) {
        copy.srcMemoryType = CU_MEMORYTYPE_HOST;
        copy.srcHost = (const void *)(uintptr_t)rows->from;
        copy.srcDevice = 0;
    }
    return DRIVER(gpu)->copy_box(&copy, stream);
}

static int cuda_fill_zero(struct gpu *gpu, gpu_address to, size_t bytes,
                          gpu_stream stream) {
    return DRIVER(gpu)->fill_bytes(to, 0, bytes, stream);
}

static int cuda_event_create(struct gpu *gpu, gpu_event *out) {
    CUevent event = NULL;
    const int result = DRIVER(gpu)->event_create(&event, CU_EVENT_DEFAULT);
    *out = event;
    return result;
}

static int cuda_event_destroy(struct gpu *gpu, gpu_event event) {
    return DRIVER(gpu)->event_destroy(event);
}

static int cuda_event_record(struct gpu *gpu, gpu_event event, gpu_stream stream) {
    return DRIVER(gpu)->event_record(event, stream);
}

static int cuda_event_query(struct gpu *gpu, gpu_event event) {
    return DRIVER(gpu)->event_query(event);
}

static int cuda_event_elapsed(struct gpu *gpu, float *milliseconds, gpu_event begin,
                              gpu_event end) {
    return DRIVER(gpu)->event_elapsed(milliseconds, begin, end);
}

const struct gpu_calls cuda_calls = {
    .kind = "cuda",
    .title = "CUDA",
    .target = ODEC_TARGET_CUDA,
    .library_open = cuda_library_open,
    .library_close = cuda_library_close,
    .outcome = cuda_outcome,
    .text = cuda_text,
    .retain = cuda_retain,
    .release = cuda_release,
    .push = cuda_push,
    .pop = cuda_pop,
    .memory_info = cuda_memory_info,
    .memory_allocate = cuda_memory_allocate,
    .memory_free = cuda_memory_free,
    .pinned_allocate = cuda_pinned_allocate,
    .pinned_free = cuda_pinned_free,
    .memory_of = cuda_memory_of,
    .compile = cuda_compile,
    .module_load = cuda_module_load,
    .module_unload = cuda_module_unload,
    .module_function = cuda_module_function,
    .module_global = cuda_module_global,
    .resident_blocks = cuda_resident_blocks,
    .local_bytes = cuda_local_bytes,
    .launch = cuda_launch,
    .stream_create = cuda_stream_create,
    .stream_destroy = cuda_stream_destroy,
    .stream_synchronize = cuda_stream_synchronize,
    .stream_kind = cuda_stream_kind,
    .stream_wait = cuda_stream_wait,
    .copy_in = cuda_copy_in,
    .copy_out = cuda_copy_out,
    .copy_rows = cuda_copy_rows,
    .fill_zero = cuda_fill_zero,
    .event_create = cuda_event_create,
    .event_destroy = cuda_event_destroy,
    .event_record = cuda_event_record,
    .event_query = cuda_event_query,
    .event_elapsed = cuda_event_elapsed,
};

const struct backend backend_cuda = GPU_BACKEND("cuda", &cuda_calls);
