/* cuda_gpu.c -- see cuda_gpu.h. */
#include "cuda_gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is left to the driver and to others, of the memory that is free. */
#define SAFETY_MARGIN 0.05

enum { MAX_GPUS = 64 };

struct cuda_machine {
    struct cuda_api api;
    struct cuda_gpu *gpus[MAX_GPUS]; /* NULL: not in use */
};

/* A machine that there is no memory for is one without CUDA. */
static const struct cuda_api no_cuda = {.missing = "out of memory"};

static void close_machine(void *object) { /* after all GPUs */
    struct cuda_machine *machine = object;
    cuda_api_close(&machine->api);
    free(machine);
}

static struct cuda_machine *machine_of(struct odec_context *context) {
    if (context->cuda == NULL) {
        context->cuda = calloc(1, sizeof *context->cuda);
        if (context->cuda) {
            cuda_api_open(&context->cuda->api);
            context_own(context, context->cuda, close_machine);
        }
    }
    return context->cuda;
}

const struct cuda_api *context_cuda(struct odec_context *context) {
    struct cuda_machine *machine = machine_of(context);
    return machine ? &machine->api : &no_cuda;
}

bool context_uses_gpu(const struct odec_context *context, int32_t ordinal) {
    return context->cuda && ordinal < MAX_GPUS && context->cuda->gpus[ordinal] != NULL;
}

/* ---- calls ---- */

bool cuda_succeeded(struct cuda_gpu *gpu, CUresult result, const char *what,
                    char reason[CUDA_REASON_SIZE]) {
    char text[CUDA_TEXT_SIZE];
    if (result == CUDA_SUCCESS) {
        return true;
    }
    if (reason[0] == '\0') {
        snprintf(reason, CUDA_REASON_SIZE, "%s: %s: %s", gpu->name, what,
                 cuda_error_text(gpu->api, result, text));
    }
    if (cuda_is_fatal(result)) {
        pthread_mutex_lock(&gpu->mutex);
        if (!atomic_exchange(&gpu->is_dead, true)) {
            memcpy(gpu->death, reason, CUDA_REASON_SIZE);
        }
        pthread_mutex_unlock(&gpu->mutex);
    }
    return false;
}

odec_status cuda_gpu_check(struct odec_context *context, struct cuda_gpu *gpu) {
    char death[CUDA_REASON_SIZE];
    if (!atomic_load(&gpu->is_dead)) {
        return ODEC_OK;
    }
    pthread_mutex_lock(&gpu->mutex);
    memcpy(death, gpu->death, sizeof death);
    pthread_mutex_unlock(&gpu->mutex);
    return context_fail(context, ODEC_ERROR_DEVICE, "%s", death);
}

bool cuda_gpu_enter(struct cuda_gpu *gpu) {
    char ignored[CUDA_REASON_SIZE] = "";
    return !atomic_load(&gpu->is_dead) &&
           cuda_succeeded(gpu, gpu->api->driver.context_push(gpu->context),
                          "entering the context", ignored);
}

void cuda_gpu_leave(struct cuda_gpu *gpu) {
    char ignored[CUDA_REASON_SIZE] = "";
    CUcontext popped;
    cuda_succeeded(gpu, gpu->api->driver.context_pop(&popped), "leaving the context",
                   ignored);
}

/* ---- its memory ---- */

static void *allocate(void *user, size_t bytes) {
    struct cuda_gpu *gpu = user;
    char ignored[CUDA_REASON_SIZE] = "";
    CUdeviceptr memory = 0;
    if (!cuda_gpu_enter(gpu)) {
        return NULL;
    }
    bool done = cuda_succeeded(gpu, gpu->api->driver.memory_allocate(&memory, bytes),
                               "allocating", ignored);
    cuda_gpu_leave(gpu);
    return done ? (void *)(uintptr_t)memory : NULL;
}

static void release(void *user, void *at, size_t bytes) {
    struct cuda_gpu *gpu = user;
    (void)bytes;
    if (cuda_gpu_enter(gpu) || cuda_gpu_enter(gpu)) {
        CUDA_GIVE_BACK(gpu, gpu->api->driver.memory_free((CUdeviceptr)(uintptr_t)at));
        cuda_gpu_leave(gpu);
    }
}

/* ---- opening ---- */

static bool read_facts(struct cuda_gpu *gpu, char reason[CUDA_REASON_SIZE]) {
    const struct cuda_api *api = gpu->api;
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
        cuda_succeeded(gpu, api->driver.device_name(name, sizeof name, gpu->device),
                       "its name", reason);
    for (size_t i = 0; done && i < sizeof facts / sizeof *facts; i++) {
        done = cuda_succeeded(gpu,
                              api->driver.device_attribute(
                                  facts[i].value, facts[i].attribute, gpu->device),
                              "its attributes", reason);
    }
    gpu->architecture = 10 * major + minor;
    snprintf(gpu->description, sizeof gpu->description, "%s, %d multiprocessors", name,
             gpu->n_multiprocessors);
    return done;
}

static bool retain(struct cuda_gpu *gpu, char reason[CUDA_REASON_SIZE]) {
    const struct cuda_api *api = gpu->api;
    size_t free_bytes = 0, total_bytes = 0;
    if (!cuda_succeeded(gpu, api->driver.device_get(&gpu->device, gpu->ordinal),
                        "finding it", reason) ||
        !read_facts(gpu, reason) ||
        !cuda_succeeded(gpu, api->driver.context_retain(&gpu->context, gpu->device),
                        "starting it", reason)) {
        gpu->context = NULL;
        return false;
    }
    if (!cuda_gpu_enter(gpu)) {
        snprintf(reason, CUDA_REASON_SIZE, "%s: its context cannot be used", gpu->name);
        return false;
    }
    bool done = cuda_succeeded(gpu, api->driver.memory_info(&free_bytes, &total_bytes),
                               "its memory", reason);
    cuda_gpu_leave(gpu);
    gpu->free_bytes = (int64_t)free_bytes;
    return done;
}

static void destroy(struct cuda_gpu *gpu) {
    if (atomic_load(&gpu->is_dead) && gpu->memory) {
        memory_forget(gpu->memory);
    }
    memory_destroy(gpu->memory);
    if (gpu->context) {
        gpu->api->driver.context_release(gpu->device);
    }
    gpu->machine->gpus[gpu->ordinal] = NULL;
    pthread_mutex_destroy(&gpu->mutex);
    free(gpu);
}

static odec_status create(struct odec_context *context, struct cuda_machine *machine,
                          int32_t ordinal, struct cuda_gpu **out) {
    struct cuda_gpu *gpu = calloc(1, sizeof *gpu);
    char reason[CUDA_REASON_SIZE] = "";
    if (gpu == NULL) {
        return context_out_of_memory(context);
    }
    pthread_mutex_init(&gpu->mutex, NULL);
    gpu->api = &machine->api;
    gpu->machine = machine;
    gpu->ordinal = ordinal;
    snprintf(gpu->name, sizeof gpu->name, "cuda:%d", ordinal);
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

odec_status cuda_gpu_acquire(struct odec_context *context, int32_t ordinal,
                             struct cuda_gpu **out) {
    struct cuda_machine *machine = machine_of(context);
    if (machine == NULL) {
        return context_out_of_memory(context);
    }
    *out = NULL;
    FAIL_IF(machine->api.missing[0], context, ODEC_ERROR_DEVICE, "cuda: %s",
            machine->api.missing);
    FAIL_IF(ordinal < 0 || ordinal >= machine->api.n_devices || ordinal >= MAX_GPUS,
            context, ODEC_ERROR_ARGUMENT,
            "there is no device cuda:%d: this machine has %d", ordinal,
            machine->api.n_devices);
    struct cuda_gpu *gpu = machine->gpus[ordinal];
    if (gpu == NULL) {
        TRY(create(context, machine, ordinal, &gpu));
    }
    gpu->n_users++;
    *out = gpu;
    return ODEC_OK;
}

void cuda_gpu_release(struct cuda_gpu *gpu) {
    if (gpu && --gpu->n_users == 0) {
        destroy(gpu);
    }
}
