/* driver_queue.c -- the entry points of libcuda that put work into streams: streams,
 * events, modules and launches. See driver.c for the rest.
 */
#define _GNU_SOURCE
#include <string.h>

#include "world.h"

#define ENTER(flags) call_enter(__func__, flags, -1)

/* ---- streams ---- */

CUresult cuStreamCreate(CUstream *stream, unsigned int flags) {
    struct call c = ENTER(NEEDS_CONTEXT);
    const CUresult result =
        flags > CU_STREAM_NON_BLOCKING ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    if (!c.go || result != CUDA_SUCCESS) {
        return call_leave(&c, result);
    }
    return call_leave(&c, stream_create(c.context, stream));
}

CUresult cuStreamDestroy_v2(CUstream handle) {
    struct call c = ENTER(NEEDS_CONTEXT | GIVES_BACK);
    struct stream *stream = c.go ? call_object(&c, handle, OBJECT_STREAM) : NULL;
    return call_leave(&c, stream ? stream_destroy(stream) : CUDA_ERROR_INVALID_HANDLE);
}

/* Waits even where it fails: its caller could not go on with work in flight. */
CUresult cuStreamSynchronize(CUstream handle) {
    struct call c = ENTER(NEEDS_CONTEXT | GIVES_BACK);
    struct stream *stream = c.go ? call_object(&c, handle, OBJECT_STREAM) : NULL;
    if (!stream) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    while (stream_is_pending(stream) && !c.context->error) {
        world_wait();
    }
    device_tell(c.device, stream->time);
    return call_leave(&c, c.context->error);
}

/* Of whichever context. */
CUresult cuStreamGetCtx(CUstream handle, CUcontext *context) {
    struct call c = ENTER(NEEDS_CONTEXT);
    const struct object *stream = !c.go ? NULL
                                  : handle == NULL && world.config.default_stream
                                      ? call_object(&c, NULL, OBJECT_STREAM)
                                      : object_find(handle, OBJECT_STREAM);
    if (!stream) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    *context = stream->context->object.handle;
    return call_leave(&c, CUDA_SUCCESS);
}

CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *status) {
    struct call c = ENTER(NEEDS_CONTEXT);
    if (!c.go || !call_object(&c, handle, OBJECT_STREAM)) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    *status = world.config.capturing ? CU_STREAM_CAPTURE_STATUS_ACTIVE
                                     : CU_STREAM_CAPTURE_STATUS_NONE;
    return call_leave(&c, CUDA_SUCCESS);
}

/* The event may be of another device. */
CUresult cuStreamWaitEvent(CUstream stream_handle, CUevent event_handle,
                           unsigned int flags) {
    struct call c = ENTER(NEEDS_CONTEXT);
    if (!c.go || flags != 0) {
        return call_leave(&c, CUDA_ERROR_INVALID_VALUE);
    }
    struct stream *stream = call_object(&c, stream_handle, OBJECT_STREAM);
    const struct event *event = object_find(event_handle, OBJECT_EVENT);
    if (!stream || !event) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    if (!event->moment) {
        return call_leave(&c, CUDA_SUCCESS);
    }
    const struct work work = {.kind = WORK_WAIT, .moment = moment_ref(event->moment)};
    return call_leave(&c, stream_submit(stream, &work));
}

/* ---- events ---- */

CUresult cuEventCreate(CUevent *event, unsigned int flags) {
    enum { KNOWN_FLAGS = 7 };
    struct call c = ENTER(NEEDS_CONTEXT);
    if (!c.go || flags > KNOWN_FLAGS) {
        return call_leave(&c, CUDA_ERROR_INVALID_VALUE);
    }
    const struct event *made =
        object_add(sizeof(struct event), OBJECT_EVENT, c.context);
    *event = made->object.handle;
    return call_leave(&c, CUDA_SUCCESS);
}

CUresult cuEventDestroy_v2(CUevent handle) {
    struct call c = ENTER(NEEDS_CONTEXT | GIVES_BACK);
    struct event *event = c.go ? call_object(&c, handle, OBJECT_EVENT) : NULL;
    if (!event) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    event->object.alive = false;
    moment_unref(event->moment);
    event->moment = NULL;
    return call_leave(&c, CUDA_SUCCESS);
}

CUresult cuEventRecord(CUevent event_handle, CUstream stream_handle) {
    struct call c = ENTER(NEEDS_CONTEXT);
    if (!c.go) {
        return call_leave(&c, CUDA_SUCCESS);
    }
    struct stream *stream = call_object(&c, stream_handle, OBJECT_STREAM);
    struct event *event = call_object(&c, event_handle, OBJECT_EVENT);
    if (!stream || !event) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    moment_unref(event->moment);
    event->moment = moment_make();
    const struct work work = {.kind = WORK_RECORD, .moment = moment_ref(event->moment)};
    return call_leave(&c, stream_submit(stream, &work));
}

/* Polls that find nothing are not counted: how many there are is a matter of luck. */
CUresult cuEventQuery(CUevent handle) {
    struct call c = call_check(__func__, NEEDS_CONTEXT, -1);
    const struct event *event = c.go ? call_object(&c, handle, OBJECT_EVENT) : NULL;
    if (event && event->moment && !event->moment->done) {
        return call_leave(&c, CUDA_ERROR_NOT_READY);
    }
    call_count(&c);
    if (event && event->moment) {
        device_tell(c.device, event->moment->time);
    }
    return call_leave(&c, event ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE);
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent start_handle,
                            CUevent end_handle) {
    struct call c = ENTER(NEEDS_CONTEXT);
    if (!c.go) {
        return call_leave(&c, CUDA_SUCCESS);
    }
    const struct event *start = call_object(&c, start_handle, OBJECT_EVENT);
    const struct event *end = call_object(&c, end_handle, OBJECT_EVENT);
    if (!start || !end || !start->moment || !end->moment) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    if (!start->moment->done || !end->moment->done) {
        return call_leave(&c, CUDA_ERROR_NOT_READY);
    }
    *milliseconds = (float)(1e3 * (end->moment->time - start->moment->time));
    return call_leave(&c, CUDA_SUCCESS);
}

/* ---- modules ---- */

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
    struct call c = ENTER(NEEDS_CONTEXT);
    return call_leave(&c, c.go ? module_load(c.context, image, module) : 0);
}

CUresult cuModuleUnload(CUmodule handle) {
    struct call c = ENTER(NEEDS_CONTEXT | GIVES_BACK);
    struct module *module = c.go ? call_object(&c, handle, OBJECT_MODULE) : NULL;
    return call_leave(&c, module ? module_unload(module) : CUDA_ERROR_INVALID_HANDLE);
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule handle, const char *name) {
    struct call c = ENTER(NEEDS_CONTEXT);
    struct module *module = c.go ? call_object(&c, handle, OBJECT_MODULE) : NULL;
    return call_leave(&c, module ? module_find_function(module, name, function)
                                 : CUDA_ERROR_INVALID_HANDLE);
}

CUresult cuModuleGetGlobal_v2(CUdeviceptr *memory, size_t *bytes, CUmodule handle,
                              const char *name) {
    struct call c = ENTER(NEEDS_CONTEXT);
    struct module *module = c.go ? call_object(&c, handle, OBJECT_MODULE) : NULL;
    return call_leave(&c, module ? module_find_global(module, name, memory, bytes)
                                 : CUDA_ERROR_INVALID_HANDLE);
}

/* ---- functions ---- */

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute,
                            CUfunction handle) {
    struct call c = ENTER(NEEDS_CONTEXT);
    if (!c.go || !call_object(&c, handle, OBJECT_FUNCTION)) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    const struct device_config *config = c.device->config;
    switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
        *value = MAX_BLOCK_THREADS;
        break;
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
        *value = (int)config->local;
        break;
    case CU_FUNC_ATTRIBUTE_NUM_REGS:
        *value = (int)config->registers;
        break;
    default:
        violation("function attribute %d is not simulated", attribute);
        return call_leave(&c, CUDA_ERROR_INVALID_VALUE);
    }
    return call_leave(&c, CUDA_SUCCESS);
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction handle,
                                                     int threads, size_t shared_bytes) {
    struct call c = ENTER(NEEDS_CONTEXT);
    (void)shared_bytes;
    if (!c.go || !call_object(&c, handle, OBJECT_FUNCTION)) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    if (threads < 1) {
        return call_leave(&c, CUDA_ERROR_INVALID_VALUE);
    }
    *blocks = threads <= MAX_BLOCK_THREADS ? (int)c.device->config->blocks : 0;
    return call_leave(&c, CUDA_SUCCESS);
}

CUresult cuLaunchKernel(CUfunction function_handle, unsigned int grid_x,
                        unsigned int grid_y, unsigned int grid_z, unsigned int block_x,
                        unsigned int block_y, unsigned int block_z,
                        unsigned int shared_bytes, CUstream stream_handle,
                        void **arguments, void **extra) {
    struct call c = ENTER(NEEDS_CONTEXT | ASYNCHRONOUS);
    if (!c.go) {
        return call_leave(&c, CUDA_SUCCESS);
    }
    struct stream *stream = call_object(&c, stream_handle, OBJECT_STREAM);
    struct function *function = call_object(&c, function_handle, OBJECT_FUNCTION);
    if (!stream || !function) {
        return call_leave(&c, CUDA_ERROR_INVALID_HANDLE);
    }
    if (shared_bytes || extra) {
        violation("dynamic shared memory and `extra` are not simulated");
        return call_leave(&c, CUDA_ERROR_INVALID_VALUE);
    }
    const unsigned grid[3] = {grid_x, grid_y, grid_z};
    const unsigned block[3] = {block_x, block_y, block_z};
    return call_leave(&c, function_launch(function, stream, grid, block, arguments));
}
