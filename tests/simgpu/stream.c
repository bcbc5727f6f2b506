/* stream.c -- streams and moments (what events record).
 *
 * A stream is a queue of work and a thread that does it in order. The work that is
 * being done stays at the queue's head until its last effect is visible: a stream whose
 * queue is empty is idle. On a dead context work is dropped and moments come at once,
 * so that nothing waits for what will never be.
 *
 * A moment outlives its event, and an event that is recorded again gets a new one: who
 * waits, waits for what the event meant at that time.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* ---- moments ---- */

struct moment *moment_make(void) {
    struct moment *moment = calloc(1, sizeof *moment);
    if (!moment) {
        abort();
    }
    moment->n_refs = 1;
    return moment;
}

struct moment *moment_ref(struct moment *moment) {
    moment->n_refs++;
    return moment;
}

void moment_unref(struct moment *moment) {
    if (moment && --moment->n_refs == 0) {
        free(moment);
    }
}

/* ---- the thread ---- */

static void work_drop(struct work *work) {
    for (int i = 0; i < work->n_uses; i++) {
        work->uses[i]->n_users--;
    }
    if (work->function) {
        work->function->module->n_users--;
    }
    moment_unref(work->moment);
    free(work->argument);
    free(work);
}

static void work_do(struct stream *stream, struct work *work) {
    const struct context *context = stream->object.context;
    switch (work->kind) {
    case WORK_RECORD:
        work->moment->done = true;
        work->moment->time = stream->time = fmax(stream->time, work->submitted);
        break;
    case WORK_WAIT:
        while (!work->moment->done && !context->error) {
            world_wait();
        }
        stream->time = fmax(stream->time, work->moment->time);
        break;
    default:
        if (!context->error) {
            engine_do(stream, work);
        }
    }
}

static void *stream_thread(void *user) {
    struct stream *stream = user;
    world_lock();
    for (;;) {
        struct work *work = stream->first;
        if (work) {
            work_do(stream, work);
            stream->first = work->next;
            if (!stream->first) {
                stream->last = &stream->first;
            }
            work_drop(work);
            world_wake();
        } else if (stream->closing) {
            break;
        } else {
            world_wait();
        }
    }
    world.n_stream_threads--;
    world_wake();
    world_unlock();
    return NULL;
}

/* Signals are the application's business, but for those of a bad access. */
static bool start_thread(struct stream *stream) {
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    const bool ok = pthread_create(&thread, &attributes, stream_thread, stream) == 0;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

/* ---- streams ---- */

CUresult stream_create(struct context *context, CUstream *handle) {
    struct stream *stream = object_add(sizeof *stream, OBJECT_STREAM, context);
    stream->last = &stream->first;
    if (!start_thread(stream)) {
        stream->object.alive = false;
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    world.n_stream_threads++;
    *handle = stream->object.handle;
    return CUDA_SUCCESS;
}

const struct work *stream_next(const struct stream *stream) {
    const struct work *work = stream->first;
    while (work && (work->kind == WORK_RECORD ||
                    (work->kind == WORK_WAIT && work->moment->done))) {
        work = work->next;
    }
    return work && work->kind != WORK_WAIT ? work : NULL;
}

bool stream_is_pending(const struct stream *stream) { return stream->first != NULL; }

CUresult stream_destroy(struct stream *stream) {
    if (stream_is_pending(stream)) {
        violation("a stream is destroyed while its work is pending");
    }
    while (stream_is_pending(stream)) {
        world_wait();
    }
    stream->object.alive = false;
    stream->closing = true;
    world_wake();
    return CUDA_SUCCESS;
}

void work_uses(struct work *work, struct block *block) {
    for (int i = 0; i < work->n_uses; i++) {
        if (work->uses[i] == block) {
            return;
        }
    }
    if (work->n_uses < MAX_BLOCKS_USED) {
        work->uses[work->n_uses++] = block;
    }
}

CUresult stream_submit(struct stream *stream, const struct work *work) {
    struct work *copy = malloc(sizeof *copy);
    if (!copy) {
        abort();
    }
    *copy = *work;
    copy->submitted = device_host_time(stream->object.context->device);
    copy->number = world.n_works++;
    copy->next = NULL;
    for (int i = 0; i < copy->n_uses; i++) {
        copy->uses[i]->n_users++;
    }
    if (copy->function) {
        copy->function->module->n_users++;
    }
    *stream->last = copy;
    stream->last = &copy->next;
    world_wake();
    return CUDA_SUCCESS;
}
