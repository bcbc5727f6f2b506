/* world.c -- the state of the simulated machine: its lock, its clock, the table of
 * objects, and what tests ask of it.
 *
 * A handle is a number in the clothes of a pointer: the kind and the place in the
 * table. Nobody can dereference it, and it is valid or not without a guess.
 */
#define _GNU_SOURCE
#include "world.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct world world;

/* ---- lock and clock ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_once_t changed_once = PTHREAD_ONCE_INIT;

static void make_changed(void) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void world_lock(void) {
    pthread_once(&changed_once, make_changed);
    pthread_mutex_lock(&mutex);
}

void world_unlock(void) { pthread_mutex_unlock(&mutex); }

void world_wait(void) { pthread_cond_wait(&changed, &mutex); }

static double system_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void world_wait_until(double time) {
    const double at = world.epoch + time, whole = floor(at);
    if (!isfinite(at)) {
        world_wait();
        return;
    }
    const struct timespec t = {(time_t)whole, (long)(1e9 * (at - whole))};
    pthread_cond_timedwait(&changed, &mutex, &t);
}

void world_wake(void) { pthread_cond_broadcast(&changed); }

double world_now(void) { return system_seconds() - world.epoch; }

/* ---- objects ---- */

static const char *const kind_words[] = {
#define KIND(name, words) words,
    OBJECT_KINDS(KIND)
#undef KIND
};

#define HANDLE_MARK UINT64_C(0x51) /* in the first byte: no pointer begins so */

static void *handle_make(enum object_kind kind, size_t place) {
    return (void *)(uintptr_t)(HANDLE_MARK << 56 | (uint64_t)kind << 48 |
                               (uint64_t)world.generation % 256 << 40 | place << 4);
}

void *object_add(size_t bytes, enum object_kind kind, struct context *context) {
    struct object **objects =
        realloc(world.objects, (world.n_objects + 1) * sizeof *objects);
    struct object *object = calloc(1, bytes);
    if (!objects || !object) {
        abort();
    }
    *object = (struct object){kind, true, context, handle_make(kind, world.n_objects)};
    world.objects = objects;
    world.objects[world.n_objects++] = object;
    return object;
}

void *object_find(const void *handle, enum object_kind kind) {
    const uint64_t number = (uintptr_t)handle;
    const size_t place = number >> 4 & 0xfffffffff;
    if (place >= world.n_objects || world.objects[place]->handle != handle) {
        violation("%p is no handle", handle);
        return NULL;
    }
    struct object *object = world.objects[place];
    if (object->kind != kind) {
        violation("the handle is of kind %s, not %s", kind_words[object->kind],
                  kind_words[kind]);
        return NULL;
    }
    if (!object->alive) {
        violation("use of a handle that was given back (%s)", kind_words[kind]);
        return NULL;
    }
    return object;
}

/* ---- devices ---- */

struct device *device_find(int ordinal) {
    return ordinal >= 0 && ordinal < world.config.n_devices ? &world.devices[ordinal]
                                                            : NULL;
}

void device_lose(struct device *device) {
    if (!device->lost) {
        device->lost = true;
        if (device->primary) {
            context_die(device->primary, CUDA_ERROR_DEVICE_UNAVAILABLE);
        }
        world_wake();
    }
}

bool device_check_lost(struct device *device) {
    if (!device->lost && world_now() >= device->lost_at) {
        device_lose(device);
    }
    return device->lost;
}

/* The simulated host takes no time: a call comes when its caller learnt of what it
 * waited for, and the test's machine, which has other work too, is late. A caller that
 * stays away for longer than that has done so on purpose. */
#define LATE_SECONDS 0.25

void device_tell(struct device *device, double time) {
    device->host_time = fmax(device->host_time, time);
}

double device_host_time(struct device *device) {
    const double now = world_now();
    if (now > device->host_time + LATE_SECONDS) {
        device->host_time = now;
    }
    return fmin(now, device->host_time);
}

/* ---- begin and end ---- */

/* Takes down whatever there is and says what of it should not be there. */
static void world_clear(void) {
    threads_check();
    for (int i = 0; i < MAX_DEVICES; i++) {
        struct context *context = world.devices[i].primary;
        if (context) {
            violation("device %d is still retained (%d times)", i, context->n_retains);
            context_take_down(context);
        }
    }
    programs_take_down();
    if (world.n_nvml_inits) {
        violation("NVML is not shut down");
        world.n_nvml_inits = 0;
    }
    while (world.n_stream_threads > 0) {
        world_wait();
    }
}

/* Frees what was kept so that its use would be found. */
static void world_forget(void) {
    for (struct context *c = world.contexts; c; c = c->next) {
        blocks_unmap(c);
    }
    world.contexts = NULL;
    for (size_t i = 0; i < world.n_objects; i++) {
        if (world.objects[i]->kind == OBJECT_EVENT) {
            moment_unref(((struct event *)world.objects[i])->moment);
        }
        free(world.objects[i]);
    }
    free(world.objects);
    world.objects = NULL;
    world.n_objects = 0;
}

static bool world_configure(const char *text) {
    char message[256];
    const int n_before = world.report.n_violations;
    world_clear();
    const bool was_alive = world.report.n_violations > n_before;
    world_forget();
    world.report = (struct simgpu_report){0};
    const bool ok = config_read(text, &world.config, message, sizeof message);
    world.configured = true;
    world.initialised = world.finished = false;
    world.generation++;
    world.epoch = system_seconds();
    world.process = getpid();
    for (int i = 0; i < MAX_DEVICES; i++) {
        world.devices[i] =
            (struct device){.ordinal = i, .config = &world.config.devices[i]};
        world.devices[i].lost_at =
            world.config.devices[i].lost_after_s > 0 ? INFINITY : 0;
    }
    if (was_alive) {
        violation("configured anew while something was alive");
    }
    if (!ok) {
        violation("%s", message);
    }
    return ok;
}

void world_prepare(void) {
    if (!world.configured) {
        world_configure(getenv("SIMGPU"));
    }
}

bool simgpu_configure(const char *text) {
    world_lock();
    const bool ok = world_configure(text ? text : getenv("SIMGPU"));
    world_unlock();
    return ok;
}

int simgpu_finish(void) {
    world_lock();
    world_clear();
    world.initialised = false;
    world.finished = true;
    const int n = world.report.n_violations;
    world_unlock();
    return n;
}

/* The process ends: the last chance to say what was never given back. */
__attribute__((destructor)) static void world_end(void) {
    if (!world.configured || world.process != getpid()) {
        return; /* a forked child has none of the threads */
    }
    world_lock();
    if (!world.finished) {
        world_clear();
        world.finished = true;
    }
    world_forget();
    world_unlock();
}

/* ---- what tests ask ---- */

void simgpu_report(struct simgpu_report *out) {
    world_lock();
    *out = world.report;
    world_unlock();
}

bool simgpu_device_report(int ordinal, struct simgpu_device_report *out) {
    world_lock();
    const struct device *device = device_find(ordinal);
    if (device) {
        *out = device->report;
        out->lost = device->lost;
    }
    world_unlock();
    return device != NULL;
}

bool simgpu_fault_fired(void) {
    world_lock();
    const bool fired = world.report.n_faults_fired > 0;
    world_unlock();
    return fired;
}

long simgpu_calls(void) {
    world_lock();
    const long n = world.report.n_calls;
    world_unlock();
    return n;
}

void simgpu_lose(int ordinal) {
    world_lock();
    struct device *device = device_find(ordinal);
    if (device) {
        device_lose(device);
    }
    world_unlock();
}
