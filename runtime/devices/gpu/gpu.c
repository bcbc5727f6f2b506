/* gpu.c -- see gpu.h. */
#include "gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is left to the driver and to others, of the memory that is free. */
#define SAFETY_MARGIN 0.05

enum { MAX_GPUS = 64 };

/* Of one vendor; a context has a list of them. */
struct gpu_machine {
    const struct gpu_calls *calls;
    struct gpu_library library;
    struct gpu *gpus[MAX_GPUS]; /* NULL: not in use */
    struct gpu_machine *next;
};

/* A machine that there is no memory for is one without GPUs. */
static const struct gpu_library no_library = {.missing = "out of memory",
                                              .no_compiler = ""};

static void close_machine(void *object) { /* after all GPUs */
    struct gpu_machine *machine = object;
    machine->calls->library_close(&machine->library);
    heap_give(machine);
}

static struct gpu_machine *find_machine(const struct odec_context *context,
                                        const struct gpu_calls *calls) {
    struct gpu_machine *machine = context->gpus;
    while (machine && machine->calls != calls) {
        machine = machine->next;
    }
    return machine;
}

static struct gpu_machine *machine_of(struct odec_context *context,
                                      const struct gpu_calls *calls) {
    struct gpu_machine *machine = find_machine(context, calls);
    if (machine) {
        return machine;
    }
    machine = heap_take(context->heap, 1, sizeof *machine);
    if (machine) {
        machine->library.heap = context->heap;
    }
    if (machine == NULL || !calls->library_open(&machine->library)) {
        heap_give(machine);
        return NULL;
    }
    machine->calls = calls;
    machine->next = context->gpus;
    context->gpus = machine;
    context_own(context, machine, close_machine);
    return machine;
}

const struct gpu_library *context_gpus(struct odec_context *context,
                                       const struct gpu_calls *calls) {
    const struct gpu_machine *machine = machine_of(context, calls);
    return machine ? &machine->library : &no_library;
}

bool context_uses_gpu(const struct odec_context *context, const struct gpu_calls *calls,
                      int32_t ordinal) {
    const struct gpu_machine *machine = find_machine(context, calls);
    return machine && ordinal < MAX_GPUS && machine->gpus[ordinal] != NULL;
}

/* ---- calls ---- */

bool gpu_succeeded(struct gpu *gpu, int result, const char *what,
                   char reason[GPU_REASON_SIZE]) {
    char text[GPU_TEXT_SIZE];
    const enum gpu_outcome outcome = gpu->calls->outcome(result);
    if (outcome == GPU_DONE) {
        return true;
    }
    if (reason[0] == '\0') {
        snprintf(reason, GPU_REASON_SIZE, "%s: %s: %s", gpu->name, what,
                 gpu->calls->text(gpu->library, result, text));
    }
    if (outcome == GPU_FATAL) {
        pthread_mutex_lock(&gpu->mutex);
        if (!atomic_exchange(&gpu->is_dead, true)) {
            memcpy(gpu->death, reason, GPU_REASON_SIZE);
        }
        pthread_mutex_unlock(&gpu->mutex);
    }
    return false;
}

odec_status gpu_check(struct odec_context *context, struct gpu *gpu) {
    char death[GPU_REASON_SIZE];
    if (!atomic_load(&gpu->is_dead)) {
        return ODEC_OK;
    }
    pthread_mutex_lock(&gpu->mutex);
    memcpy(death, gpu->death, sizeof death);
    pthread_mutex_unlock(&gpu->mutex);
    return context_fail(context, ODEC_ERROR_DEVICE, "%s", death);
}

bool gpu_enter(struct gpu *gpu) {
    char ignored[GPU_REASON_SIZE] = "";
    return !atomic_load(&gpu->is_dead) &&
           gpu_succeeded(gpu, gpu->calls->push(gpu), "entering the context", ignored);
}

void gpu_leave(struct gpu *gpu) {
    char ignored[GPU_REASON_SIZE] = "";
    gpu_succeeded(gpu, gpu->calls->pop(gpu), "leaving the context", ignored);
}

/* ---- its memory ---- */

static void *allocate(void *user, size_t bytes) {
    struct gpu *gpu = user;
    char ignored[GPU_REASON_SIZE] = "";
    gpu_address memory = 0;
    if (!gpu_enter(gpu)) {
        return NULL;
    }
    bool done = gpu_succeeded(gpu, gpu->calls->memory_allocate(gpu, &memory, bytes),
                              "allocating", ignored);
    gpu_leave(gpu);
    return done ? (void *)(uintptr_t)memory : NULL;
}

static void release(void *user, void *at, size_t bytes) {
    struct gpu *gpu = user;
    (void)bytes;
    if (gpu_enter(gpu) || gpu_enter(gpu)) {
        GPU_GIVE_BACK(gpu, gpu->calls->memory_free(gpu, (gpu_address)(uintptr_t)at));
        gpu_leave(gpu);
    }
}

/* ---- opening ---- */

static bool retain(struct gpu *gpu, char reason[GPU_REASON_SIZE]) {
    size_t free_bytes = 0;
    if (!gpu->calls->retain(gpu, reason)) {
        gpu->context = NULL;
        return false;
    }
    if (!gpu_enter(gpu)) {
        snprintf(reason, GPU_REASON_SIZE, "%s: its context cannot be used", gpu->name);
        return false;
    }
    bool done = gpu_succeeded(gpu, gpu->calls->memory_info(gpu, &free_bytes),
                              "its memory", reason);
    gpu_leave(gpu);
    gpu->free_bytes = (int64_t)free_bytes;
    return done;
}

static void destroy(struct gpu *gpu) {
    if (atomic_load(&gpu->is_dead) && gpu->memory) {
        memory_forget(gpu->memory);
    }
    memory_destroy(gpu->memory);
    if (gpu->context) {
        gpu->calls->release(gpu);
    }
    gpu->machine->gpus[gpu->ordinal] = NULL;
    pthread_mutex_destroy(&gpu->mutex);
    heap_give(gpu);
}

static odec_status create(struct odec_context *context, struct gpu_machine *machine,
                          int32_t ordinal, struct gpu **out) {
    struct gpu *gpu = heap_take(context->heap, 1, sizeof *gpu);
    char reason[GPU_REASON_SIZE] = "";
    if (gpu == NULL) {
        return context_out_of_memory(context);
    }
    pthread_mutex_init(&gpu->mutex, NULL);
    gpu->calls = machine->calls;
    gpu->library = &machine->library;
    gpu->machine = machine;
    gpu->ordinal = ordinal;
    snprintf(gpu->name, sizeof gpu->name, "%s:%d", gpu->calls->kind, ordinal);
    odec_status status = ODEC_OK;
    if (!retain(gpu, reason)) {
        status = context_fail(context, ODEC_ERROR_DEVICE, "%s", reason);
    } else {
        const struct memory_source source = {allocate, release, gpu};
        int64_t budget = (int64_t)((1 - SAFETY_MARGIN) * (double)gpu->free_bytes);
        status = memory_create(context, gpu->name, &source, budget, &gpu->memory);
    }
    if (status != ODEC_OK) {
        destroy(gpu);
        return status;
    }
    *out = machine->gpus[ordinal] = gpu;
    return ODEC_OK;
}

odec_status gpu_acquire(struct odec_context *context, const struct gpu_calls *calls,
                        int32_t ordinal, struct gpu **out) {
    struct gpu_machine *machine = machine_of(context, calls);
    if (machine == NULL) {
        return context_out_of_memory(context);
    }
    *out = NULL;
    const struct gpu_library *library = &machine->library;
    FAIL_IF(library->missing[0], context, ODEC_ERROR_DEVICE, "%s: %s", calls->kind,
            library->missing);
    FAIL_IF(ordinal < 0 || ordinal >= library->n_devices || ordinal >= MAX_GPUS,
            context, ODEC_ERROR_ARGUMENT,
            "there is no device %s:%d: this machine has %d", calls->kind, ordinal,
            library->n_devices);
    struct gpu *gpu = machine->gpus[ordinal];
    if (gpu == NULL) {
        TRY(create(context, machine, ordinal, &gpu));
    }
    gpu->n_users++;
    *out = gpu;
    return ODEC_OK;
}

void gpu_release(struct gpu *gpu) {
    if (gpu && --gpu->n_users == 0) {
        destroy(gpu);
    }
}
