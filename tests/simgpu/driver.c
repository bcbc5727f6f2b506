/* driver.c -- the entry points of libcuda.
 *
 * Each is a call_enter, the deed where it may go on, and a call_leave: see checks.c.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define ENTER(flags) call_enter(__func__, flags, -1)
#define ENTER_OF_DEVICE(flags, ordinal) call_enter(__func__, flags, ordinal)

/* ---- errors ---- */

/* Their names, by cuda_api.h. NULL: unknown. */
static const char *error_name(CUresult error) {
    static const struct {
        const char *name;
        int number;
    } names[] = {
#define NUMBER(name, number) {#name, number},
        CUDA_NUMBERS(NUMBER)
#undef NUMBER
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].number == error && strncmp(names[i].name, "CUDA_", 5) == 0) {
            return names[i].name;
        }
    }
    return NULL;
}

CUresult cuGetErrorName(CUresult error, const char **text) {
    *text = error_name(error);
    return *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/* The words of the real driver for the errors that matter most. */
CUresult cuGetErrorString(CUresult error, const char **text) {
    switch (error) {
    case CUDA_SUCCESS:
        *text = "no error";
        break;
    case CUDA_ERROR_OUT_OF_MEMORY:
        *text = "out of memory";
        break;
    case CUDA_ERROR_NO_DEVICE:
        *text = "no CUDA-capable device is detected";
        break;
    case CUDA_ERROR_DEVICE_UNAVAILABLE:
        *text = "CUDA-capable device(s) is/are busy or unavailable";
        break;
    case CUDA_ERROR_NO_BINARY_FOR_GPU:
        *text = "no kernel image is available for execution on the device";
        break;
    case CUDA_ERROR_UNSUPPORTED_PTX_VERSION:
        *text = "the provided PTX was compiled with an unsupported toolchain.";
        break;
    case CUDA_ERROR_ECC_UNCORRECTABLE:
        *text = "uncorrectable ECC error encountered";
        break;
    case CUDA_ERROR_ILLEGAL_ADDRESS:
        *text = "an illegal memory access was encountered";
        break;
    case CUDA_ERROR_LAUNCH_FAILED:
        *text = "unspecified launch failure";
        break;
    case CUDA_ERROR_UNKNOWN:
        *text = "unknown error";
        break;
    default:
        *text = error_name(error);
    }
    return *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/* ---- the driver and its devices ---- */

CUresult cuInit(unsigned int flags) {
    struct call c = ENTER(BEFORE_INIT);
    CUresult result = world.config.init_error;
    if (c.go && result == CUDA_SUCCESS) {
        result = flags == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
        world.initialised = result == CUDA_SUCCESS;
        world.finished = false;
        engine_start();
    }
    return call_leave(&c, result);
}

CUresult cuDriverGetVersion(int *version) {
    struct call c = ENTER(BEFORE_INIT);
    if (c.go) {
        *version = world.config.driver_version;
    }
    return call_leave(&c, CUDA_SUCCESS);
}

CUresult cuDeviceGetCount(int *count) {
    struct call c = ENTER(0);
    if (c.go) {
        *count = world.config.n_devices;
    }
    return call_leave(&c, CUDA_SUCCESS);
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    struct call c = ENTER_OF_DEVICE(0, ordinal);
    const bool found = device_find(ordinal) != NULL;
    if (c.go && found) {
        *device = ordinal;
    }
    return call_leave(&c, found ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE);
}

CUresult cuDeviceGetName(char *name, int size, CUdevice ordinal) {
    struct call c = ENTER_OF_DEVICE(0, ordinal);
    const bool found = device_find(ordinal) != NULL;
    if (c.go && found) {
        snprintf(name, (size_t)size, "Simulated GPU %d", ordinal);
    }
    return call_leave(&c, found ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE);
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice ordinal) {
    struct call c = ENTER_OF_DEVICE(0, ordinal);
    const struct device *device = device_find(ordinal);
    if (!device) {
        return call_leave(&c, CUDA_ERROR_INVALID_DEVICE);
    }
    const struct device_config *config = device->config;
    const int capability = (int)lround(10 * config->capability);
    CUresult result = CUDA_SUCCESS;
    if (c.go) {
        switch (attribute) {
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
            *value = MAX_BLOCK_THREADS;
            break;
        case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
            *value = (int)(1000 * config->clock_mhz);
            break;
        case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
            *value = (int)config->sms;
            break;
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR:
            *value = THREADS_OF_SM;
            break;
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
            *value = capability / 10;
            break;
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
            *value = capability % 10;
            break;
        default:
            violation("device attribute %d is not simulated", attribute);
            result = CUDA_ERROR_INVALID_VALUE;
        }
    }
    return call_leave(&c, result);
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice ordinal) {
    struct call c = ENTER_OF_DEVICE(0, ordinal);
    const struct device *device = device_find(ordinal);
    if (c.go && device) {
        *bytes = (size_t)device->config->memory;
    }
    return call_leave(&c, device ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE);
}

CUresult cuDeviceGetPCIBusId(char *id, int size, CUdevice ordinal) {
    struct call c = ENTER_OF_DEVICE(0, ordinal);
    const bool found = device_find(ordinal) != NULL;
    if (c.go && found) {
        snprintf(id, (size_t)size, "0000:%02X:00.0", ordinal + 1);
    }
    return call_leave(&c, found ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE);
}

/* ---- contexts ---- */

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice ordinal) {
    struct call c = ENTER_OF_DEVICE(0, ordinal);
    struct device *device = device_find(ordinal);
    CUresult result = device ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
    if (c.go && device) {
        void *handle = NULL;
        result = context_retain(device, &handle);
        if (result == CUDA_SUCCESS) {
            *context = handle;
        }
    }
    return call_leave(&c, result);
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice ordinal) {
    struct call c = ENTER_OF_DEVICE(ALWAYS, ordinal);
    struct device *device = device_find(ordinal);
    CUresult result = device ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
    if (c.go && device) {
        result = context_release(device);
    }
    return call_leave(&c, result);
}

/* The device of a context's handle is known only by looking, before the call counts. */
CUresult cuCtxPushCurrent_v2(CUcontext handle) {
    struct call c = call_check(__func__, 0, -1);
    struct context *context = c.go ? object_find(handle, OBJECT_CONTEXT) : NULL;
    c.device = context ? context->device : NULL;
    call_count(&c);
    return call_leave(&c, c.go ? context_push(c.thread, context) : CUDA_SUCCESS);
}

CUresult cuCtxPopCurrent_v2(CUcontext *handle) {
    struct call c = ENTER(ALWAYS);
    void *popped = NULL;
    const CUresult result = c.go ? context_pop(c.thread, &popped) : CUDA_SUCCESS;
    if (handle && popped) {
        *handle = popped;
    }
    return call_leave(&c, result);
}

/* ---- memory ---- */

CUresult cuMemGetInfo_v2(size_t *free_bytes, size_t *total_bytes) {
    struct call c = ENTER(NEEDS_CONTEXT);
    if (c.go) {
        *free_bytes = memory_free_bytes(c.device);
        *total_bytes = (size_t)c.device->config->memory;
    }
    return call_leave(&c, CUDA_SUCCESS);
}

CUresult cuMemAlloc_v2(CUdeviceptr *memory, size_t bytes) {
    struct call c = ENTER(NEEDS_CONTEXT);
    CUresult result = CUDA_SUCCESS;
    if (c.go) {
        void *start = NULL;
        result = block_allocate(c.context, BLOCK_DEVICE, bytes, &start);
        if (result == CUDA_SUCCESS) {
            *memory = (CUdeviceptr)(uintptr_t)start;
        }
    }
    return call_leave(&c, result);
}

CUresult cuMemFree_v2(CUdeviceptr memory) {
    struct call c = ENTER(NEEDS_CONTEXT | GIVES_BACK);
    void *start = (void *)(uintptr_t)memory;
    return call_leave(&c, c.go ? block_free(c.context, BLOCK_DEVICE, start) : 0);
}

CUresult cuMemHostAlloc(void **memory, size_t bytes, unsigned int flags) {
    struct call c = ENTER(NEEDS_CONTEXT);
    const CUresult result = flags > 7 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    if (!c.go || result != CUDA_SUCCESS) {
        return call_leave(&c, result);
    }
    return call_leave(&c, block_allocate(c.context, BLOCK_PINNED, bytes, memory));
}

CUresult cuMemFreeHost(void *memory) {
    struct call c = ENTER(NEEDS_CONTEXT | GIVES_BACK);
    return call_leave(&c, c.go ? block_free(c.context, BLOCK_PINNED, memory) : 0);
}

/* ---- copies ---- */

/* The block at one end of a copy; NULL, and a violation, where it does not hold the
 * bytes. */
static struct block *copy_end(const struct call *c, const void *start, size_t bytes,
                              bool pinned) {
    struct block *block = block_find(start, bytes);
    if (!block || (block->kind == BLOCK_PINNED) != pinned) {
        violation("%zu bytes at %p are not within one allocation of %s memory%s", bytes,
                  start, pinned ? "pinned" : "device",
                  block_was(start) ? " any more" : "");
        return NULL;
    }
    if (block->context != c->context && !pinned) {
        violation("memory of device %d while the context of device %d is current",
                  block->context->device->ordinal, c->context->device->ordinal);
        return NULL;
    }
    return block;
}

/* From the first byte to the last one, at either end. */
static size_t span(const struct work *work, size_t pitch) {
    return work->n_rows == 0 ? work->bytes
                             : (work->n_rows - 1) * pitch + work->bytes / work->n_rows;
}

static CUresult submit(const struct call *c, struct work *work, CUstream handle) {
    struct stream *stream = call_object(c, handle, OBJECT_STREAM);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    struct block *source = copy_end(c, work->from, span(work, work->from_pitch),
                                    work->kind == WORK_COPY_IN);
    struct block *target =
        copy_end(c, work->to, span(work, work->to_pitch), work->kind == WORK_COPY_OUT);
    if (!source || !target) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    work_uses(work, source);
    work_uses(work, target);
    return stream_submit(stream, work);
}

static CUresult submit_copy(const struct call *c, enum work_kind kind, void *to,
                            const void *from, size_t bytes, CUstream handle) {
    struct work work = {.kind = kind, .to = to, .from = from, .bytes = bytes};
    return submit(c, &work, handle);
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                              CUstream stream) {
    struct call c = ENTER(NEEDS_CONTEXT | ASYNCHRONOUS);
    void *target = (void *)(uintptr_t)to;
    return call_leave(
        &c, c.go ? submit_copy(&c, WORK_COPY_IN, target, from, bytes, stream) : 0);
}

CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                              CUstream stream) {
    struct call c = ENTER(NEEDS_CONTEXT | ASYNCHRONOUS);
    const void *source = (const void *)(uintptr_t)from;
    return call_leave(
        &c, c.go ? submit_copy(&c, WORK_COPY_OUT, to, source, bytes, stream) : 0);
}

/* One end of a copy by rows; NULL, and a violation, where it is none that is simulated. */
static char *rows_end(CUmemorytype type, const void *at_host, CUdeviceptr at_device,
                      size_t x, size_t y, size_t pitch) {
    const char *at =
        type == CU_MEMORYTYPE_HOST ? at_host : (char *)(uintptr_t)at_device;
    if (type != CU_MEMORYTYPE_HOST && type != CU_MEMORYTYPE_DEVICE) {
        violation("copies of memory of type %d are not simulated", type);
        return NULL;
    }
    return (char *)at + y * pitch + x;
}

/* Of one layer, whose rows are `pitch` apart; the direction is as the memories' types say. */
CUresult cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D *r, CUstream stream) {
    enum { MOST_PITCH = 2147483647 };
    struct call c = ENTER(NEEDS_CONTEXT | ASYNCHRONOUS);
    if (!c.go || r->WidthInBytes == 0 || r->Height == 0) {
        return call_leave(&c, CUDA_SUCCESS);
    }
    if (r->Depth != 1 || r->srcZ || r->dstZ || r->srcLOD || r->dstLOD || r->reserved0 ||
        r->reserved1) {
        violation("copies of %zu layers are not simulated", r->Depth);
        return call_leave(&c, CUDA_ERROR_INVALID_VALUE);
    }
    if (r->srcPitch < r->WidthInBytes || r->dstPitch < r->WidthInBytes ||
        r->srcPitch > MOST_PITCH || r->dstPitch > MOST_PITCH) {
        violation("rows of %zu bytes that are %zu and %zu apart", r->WidthInBytes,
                  r->srcPitch, r->dstPitch);
        return call_leave(&c, CUDA_ERROR_INVALID_VALUE);
    }
    const bool from_host = r->srcMemoryType == CU_MEMORYTYPE_HOST;
    const bool to_host = r->dstMemoryType == CU_MEMORYTYPE_HOST;
    struct work work = {.kind = from_host ? WORK_COPY_IN
                                : to_host ? WORK_COPY_OUT
                                          : WORK_COPY_WITHIN,
                        .to = rows_end(r->dstMemoryType, r->dstHost, r->dstDevice,
                                       r->dstXInBytes, r->dstY, r->dstPitch),
                        .from = rows_end(r->srcMemoryType, r->srcHost, r->srcDevice,
                                         r->srcXInBytes, r->srcY, r->srcPitch),
                        .bytes = r->WidthInBytes * r->Height,
                        .n_rows = r->Height,
                        .to_pitch = r->dstPitch,
                        .from_pitch = r->srcPitch};
    if (!work.to || !work.from) {
        return call_leave(&c, CUDA_ERROR_INVALID_VALUE);
    }
    return call_leave(&c, submit(&c, &work, stream));
}

/* Of memory that the driver gave; it knows of no other. Needs no context. */
CUresult cuPointerGetAttribute(void *value, CUpointer_attribute attribute,
                               CUdeviceptr memory) {
    struct call c = ENTER(0);
    const struct block *block = block_find((const void *)(uintptr_t)memory, 1);
    CUresult result = block ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    if (c.go && block) {
        const bool pinned = block->kind == BLOCK_PINNED;
        switch (attribute) {
        case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
            *(unsigned *)value = pinned ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
            break;
        case CU_POINTER_ATTRIBUTE_CONTEXT:
            *(void **)value = block->context->object.handle;
            break;
        case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
            *(int *)value = block->context->device->ordinal;
            break;
        case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
            *(CUdeviceptr *)value = (CUdeviceptr)(uintptr_t)block->start;
            break;
        case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
            *(size_t *)value = block->bytes;
            break;
        default:
            violation("pointer attribute %d is not simulated", attribute);
            result = CUDA_ERROR_INVALID_VALUE;
        }
    }
    return call_leave(&c, result);
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes,
                         CUstream handle) {
    struct call c = ENTER(NEEDS_CONTEXT | ASYNCHRONOUS);
    if (!c.go) {
        return call_leave(&c, CUDA_SUCCESS);
    }
    struct work work = {
        .kind = WORK_FILL, .to = (void *)(uintptr_t)to, .bytes = bytes, .value = value};
    struct stream *stream = call_object(&c, handle, OBJECT_STREAM);
    struct block *target = stream ? copy_end(&c, work.to, bytes, false) : NULL;
    if (!target) {
        return call_leave(&c, stream ? CUDA_ERROR_INVALID_VALUE
                                     : CUDA_ERROR_INVALID_HANDLE);
    }
    work_uses(&work, target);
    return call_leave(&c, stream_submit(stream, &work));
}
