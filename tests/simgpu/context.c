/* context.c -- primary contexts, and which of them is current on which thread.
 *
 * A context is made by the first retain of its device and taken down by the last
 * release. The next retain makes another one with another handle, so that the first
 * one's is found when it is used. What a context still has at its last release is a
 * leak, unless the context is dead: nothing of a dead one can be given back.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* ---- threads ---- */

static _Thread_local struct thread_state *here;
static pthread_key_t end_key;
static pthread_once_t end_once = PTHREAD_ONCE_INIT;

static void stack_check(const struct thread_state *thread) {
    if (thread->generation == world.generation && thread->depth > 0) {
        violation("a thread ends with %d contexts on its stack", thread->depth);
    }
}

/* A thread ends. */
static void thread_end(void *user) {
    struct thread_state *thread = user;
    world_lock();
    if (!world.finished) {
        stack_check(thread);
    }
    struct thread_state **at = &world.threads;
    while (*at != thread) {
        at = &(*at)->next;
    }
    *at = thread->next;
    world_unlock();
    here = NULL;
    free(thread);
}

static void make_end_key(void) { pthread_key_create(&end_key, thread_end); }

struct thread_state *thread_here(void) {
    if (!here) {
        pthread_once(&end_once, make_end_key);
        here = calloc(1, sizeof *here);
        if (!here) {
            abort();
        }
        pthread_setspecific(end_key, here);
        here->next = world.threads;
        world.threads = here;
    }
    if (here->generation !=
        world.generation) { /* what it knows is of an earlier world */
        *here =
            (struct thread_state){.generation = world.generation, .next = here->next};
    }
    return here;
}

struct context *thread_current(const struct thread_state *thread) {
    return thread->depth > 0 ? thread->stack[thread->depth - 1] : NULL;
}

void threads_check(void) {
    for (struct thread_state *t = world.threads; t; t = t->next) {
        stack_check(t);
        t->depth = 0;
    }
}

static bool is_current_anywhere(const struct context *context) {
    for (const struct thread_state *t = world.threads; t; t = t->next) {
        for (int i = 0; t->generation == world.generation && i < t->depth; i++) {
            if (t->stack[i] == context) {
                return true;
            }
        }
    }
    return false;
}

CUresult context_push(struct thread_state *thread, struct context *context) {
    if (!context) {
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    if (thread->depth == MAX_STACK) {
        violation("more than %d contexts on a thread's stack", MAX_STACK);
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    thread->stack[thread->depth++] = context;
    return CUDA_SUCCESS;
}

CUresult context_pop(struct thread_state *thread, void **handle) {
    if (thread->depth == 0) {
        violation("no context is current");
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    const struct context *context = thread->stack[--thread->depth];
    if (handle) {
        *handle = context->object.handle;
    }
    return CUDA_SUCCESS;
}

/* ---- contexts ---- */

CUresult context_retain(struct device *device, void **handle) {
    if (device->lost) {
        return CUDA_ERROR_DEVICE_UNAVAILABLE;
    }
    if (!device->primary) {
        device->primary = object_add(sizeof *device->primary, OBJECT_CONTEXT, NULL);
        device->primary->device = device;
        device->primary->next = world.contexts;
        world.contexts = device->primary;
        device_tell(device, world_now());
    }
    if (device->primary->error) {
        return device->primary->error;
    }
    device->primary->n_retains++;
    *handle = device->primary->object.handle;
    return CUDA_SUCCESS;
}

void context_die(struct context *context, CUresult error) {
    if (!context->error) {
        context->n_retains_at_death = context->n_retains;
        context->error = error;
        world_wake();
    }
}

struct stream *context_default_stream(struct context *context) {
    CUstream handle;
    if (!context->default_stream && stream_create(context, &handle) == CUDA_SUCCESS) {
        context->default_stream = object_find(handle, OBJECT_STREAM);
    }
    return context->default_stream;
}

/* What a context that is being released still has. */
static void context_check_leaks(const struct context *context) {
    static const char *const words[OBJECT_N_KINDS] = {
#define KIND(name, words) [OBJECT_##name] = words,
        OBJECT_KINDS(KIND)
#undef KIND
    };
    int n_alive[OBJECT_N_KINDS] = {0};
    for (size_t i = 0; i < world.n_objects; i++) {
        const struct object *object = world.objects[i];
        n_alive[object->kind] += object->alive && object->context == context;
    }
    n_alive[OBJECT_STREAM] -= context->default_stream != NULL;
    for (int kind = OBJECT_STREAM; kind <= OBJECT_MODULE; kind++) {
        if (n_alive[kind]) {
            violation("leaked %s of device %d: %d of them", words[kind],
                      context->device->ordinal, n_alive[kind]);
        }
    }
    for (const struct block *b = context->blocks; b; b = b->next) {
        if (b->kind != BLOCK_GLOBAL) {
            violation("leaked %zu bytes of %s memory of device %d", b->bytes,
                      b->kind == BLOCK_DEVICE ? "device" : "pinned",
                      context->device->ordinal);
        }
    }
}

/* Streams end without what is left of their work; memory and modules go after them. */
void context_take_down(struct context *context) {
    if (!context->error) {
        context_check_leaks(context);
    }
    context->device->primary = NULL;
    context_die(context, CUDA_ERROR_CONTEXT_IS_DESTROYED);
    context->object.alive = false;
    for (size_t i = 0; i < world.n_objects; i++) {
        struct object *object = world.objects[i];
        if (object->context == context && object->kind == OBJECT_STREAM) {
            struct stream *stream = (struct stream *)object;
            object->alive = false;
            stream->closing = true;
            world_wake();
            while (stream_is_pending(stream)) {
                world_wait();
            }
        }
    }
    for (size_t i = 0; i < world.n_objects; i++) {
        struct object *object = world.objects[i];
        if (object->context == context && object->alive) {
            object->alive = false;
            if (object->kind == OBJECT_MODULE) {
                module_close((struct module *)object);
            }
        }
    }
    block_release_all(context);
}

CUresult context_release(struct device *device) {
    struct context *context = device->primary;
    if (!context) {
        violation("device %d is released more often than retained", device->ordinal);
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    if (--context->n_retains > 0) {
        return CUDA_SUCCESS;
    }
    if (is_current_anywhere(context)) {
        violation(
            "device %d is released for the last time while it is current on a thread",
            device->ordinal);
    }
    context_take_down(context);
    return CUDA_SUCCESS;
}
