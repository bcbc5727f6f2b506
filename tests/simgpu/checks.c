/* checks.c -- a driver call begins and ends here: what its caller must have done first,
 * whether a fault is due, and what was done wrong.
 *
 * The rules are CUDA's, told strictly. Where CUDA leaves a misuse undefined it is a
 * violation, and the call fails or does the harmless thing. After a fatal error every
 * call on that context returns the error; a thread needs to hear it once, and may only
 * pop and release after that. (As often as the context was retained, since its holders
 * do not know each other.)
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* ---- violations ---- */

static _Thread_local const char *call_symbol; /* that this thread is in */

void violation(const char *format, ...) {
    char text[sizeof world.report.first_violation];
    int n = snprintf(text, sizeof text, "%s%s", call_symbol ? call_symbol : "",
                     call_symbol ? ": " : "");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + n, sizeof text - (size_t)n, format, arguments);
    va_end(arguments);
    if (world.report.n_violations++ == 0) {
        memcpy(world.report.first_violation, text, sizeof text);
    }
    fprintf(stderr, "simgpu: violation: %s\n", text);
    const char *abort_wanted = getenv("SIMGPU_ABORT");
    if (abort_wanted && strcmp(abort_wanted, "1") == 0) {
        fflush(NULL);
        abort();
    }
}

bool is_fatal(CUresult error) {
    return error == CUDA_ERROR_DEVICE_UNAVAILABLE || error == CUDA_ERROR_UNKNOWN ||
           error == CUDA_ERROR_ECC_UNCORRECTABLE ||
           (error >= CUDA_ERROR_ILLEGAL_ADDRESS && error <= CUDA_ERROR_LAUNCH_FAILED &&
            error != CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
}

/* ---- dead contexts ---- */

/* This thread is told once more that the context is dead. How often it was before. */
static int note_told(struct thread_state *thread, const struct context *context) {
    const int i = context->device->ordinal;
    if (thread->told[i].context != context) {
        thread->told[i].context = context;
        thread->told[i].n_times = 0;
    }
    return thread->told[i].n_times++;
}

static void check_dead(struct call *call) {
    const struct context *context = call->context;
    const int error = context->error;
    const int allowed =
        context->n_retains_at_death > 1 ? context->n_retains_at_death : 1;
    if (note_told(call->thread, context) >= allowed) {
        violation("a call on a context after its fatal error %d was returned", error);
    }
    call->told = true;
    call->go = false;
    call->result = error;
}

/* ---- faults ---- */

/* Counts a call for every fault that waits for one like it. The code of the one that is
 * due now; 0: none. */
static CUresult fault_due(const struct call *call) {
    CUresult due = CUDA_SUCCESS;
    for (int i = 0; i < world.config.n_faults; i++) {
        struct fault *fault = &world.config.faults[i];
        const bool counts =
            (fault->symbol[0] == '\0' || strcmp(fault->symbol, call->symbol) == 0) &&
            (fault->device < 0 ||
             (call->device && call->device->ordinal == fault->device));
        if (counts && ++fault->n_seen == fault->n) {
            world.report.n_faults_fired++;
            due = fault->code;
        }
    }
    return due;
}

void call_count(struct call *call) {
    world.report.n_calls++;
    const CUresult code = fault_due(call);
    if (code == CUDA_SUCCESS || !call->go) {
        return;
    }
    call->result = code;
    call->go = call->flags & ALWAYS;
    if (!is_fatal(code)) {
        call->go = call->flags & (ALWAYS | GIVES_BACK);
        return;
    }
    if (code == CUDA_ERROR_DEVICE_UNAVAILABLE && call->device) {
        device_lose(call->device);
    } else if (call->device && call->device->primary) {
        context_die(call->device->primary, code);
    }
    if (world.config.async && call->flags & ASYNCHRONOUS) {
        call->result = CUDA_SUCCESS;
    }
}

/* ---- calls ---- */

struct call call_check(const char *symbol, unsigned flags, int ordinal) {
    world_lock();
    call_symbol = symbol;
    world_prepare();
    struct call call = {.symbol = symbol,
                        .flags = flags,
                        .thread = thread_here(),
                        .device = device_find(ordinal),
                        .go = true};
    call.context = thread_current(call.thread);
    if (call.context && !call.device) {
        call.device = call.context->device;
    }
    if (call.device) {
        device_check_lost(call.device);
    }
    if (!world.initialised && !(flags & BEFORE_INIT)) {
        violation("a call before cuInit");
        call.result = CUDA_ERROR_NOT_INITIALIZED;
        call.go = false;
    } else if (flags & NEEDS_CONTEXT && !call.context) {
        violation("no context is current");
        call.result = CUDA_ERROR_INVALID_CONTEXT;
        call.go = false;
    } else if (flags & NEEDS_CONTEXT && !call.context->object.alive) {
        violation("the current context is released");
        call.result = CUDA_ERROR_CONTEXT_IS_DESTROYED;
        call.go = false;
    } else if (flags & NEEDS_CONTEXT && call.context->error) {
        check_dead(&call);
    }
    return call;
}

struct call call_enter(const char *symbol, unsigned flags, int ordinal) {
    struct call call = call_check(symbol, flags, ordinal);
    call_count(&call);
    return call;
}

CUresult call_leave(struct call *call, CUresult result) {
    if (call->result != CUDA_SUCCESS) {
        result = call->result;
    }
    const struct context *context = call->context;
    if (context && result != CUDA_SUCCESS && context->error == result && !call->told) {
        note_told(call->thread, context);
    }
    call_symbol = NULL;
    world_unlock();
    return result;
}

void *call_object(const struct call *call, const void *handle, enum object_kind kind) {
    if (kind == OBJECT_STREAM && handle == NULL && world.config.default_stream) {
        return context_default_stream(call->context);
    }
    struct object *object = object_find(handle, kind);
    if (object && object->context != call->context) {
        violation("a handle of device %d while the context of device %d is current",
                  object->context->device->ordinal, call->context->device->ordinal);
        return NULL;
    }
    return object;
}
