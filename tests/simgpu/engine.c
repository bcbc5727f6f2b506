/* engine.c -- the engines of a device: they do a stream's work, and it takes its time.
 *
 * An engine does one work at a time, in the order in which works were submitted, so
 * work of different streams overlaps where it is of different engines. Simulated time
 * runs along with the clock:
 *
 *   begins  when it was submitted, the stream was ready and the engine was free
 *   ends    after its duration
 *
 * A host that falls behind (it does compute what kernels compute, and has other work)
 * does not stretch simulated time, except where a duration is left to it: what a caller
 * submits is submitted when it learnt of what it waited for.
 *
 * Threads of a grid run one after another. A kernel says of each atomicAdd: a thread
 * that takes a run from a counter is charged for it when it comes back for the next.
 * There the kernel also sleeps while it is ahead of its time, and ends when its context
 * has died, results half written, as a device's would be.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "world.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* bad accesses are theirs */
#else
#define SANITIZED 0
#endif

/* ---- one launch ---- */

enum escape { ESCAPE_NONE, ESCAPE_DEAD, ESCAPE_BAD_ACCESS };

struct running {
    sigjmp_buf escape;
    struct device *device;
    struct context *context;
    double begin;     /* in simulated time */
    double charged_s; /* for its runs, until now */
    bool has_run;     /* the current thread of the grid */
    bool is_last;     /* the device is lost during this launch */
    uint64_t n_atomics;
};

/* What this host thread runs, read by a signal handler. */
static _Thread_local struct running *running __attribute__((tls_model("initial-exec")));

static double slowness(const struct device *device, double time) {
    const struct device_config *config = device->config;
    return time >= config->slow_at_s ? config->slow_factor : 1;
}

/* Sleeps, unless the context dies. Locked. */
static void sleep_until(struct device *device, const struct context *context,
                        double time) {
    while (!context->error && !device_check_lost(device) && world_now() < time) {
        world_wait_until(fmin(time, device->lost_at));
    }
}

void engine_atomic(void) {
    enum { AHEAD_US = 500 }; /* shorter sleeps are not worth it */
    struct running *r = running;
    struct device *device = r->device;
    if (r->has_run) {
        const double now = r->begin + r->charged_s;
        r->charged_s += 1e-6 * device->config->run_us * slowness(device, now);
    }
    r->has_run = true;
    r->n_atomics++;
    const double time = r->begin + r->charged_s;
    const bool lost = r->is_last && r->n_atomics > 1;
    if (lost || r->context->error || time > world_now() + 1e-6 * AHEAD_US ||
        world_now() >= device->lost_at) {
        world_lock();
        if (lost) {
            device_lose(device);
        }
        sleep_until(device, r->context, time);
        world_unlock();
    }
    if (r->context->error) {
        siglongjmp(r->escape, ESCAPE_DEAD);
    }
}

static enum escape run_grid(const struct work *work) {
    const int escape = sigsetjmp(running->escape, 1);
    if (escape) {
        return (enum escape)escape;
    }
    const unsigned *g = work->grid, *b = work->block;
    const unsigned n_blocks = g[0] * g[1] * g[2], n_threads = b[0] * b[1] * b[2];
    for (unsigned i = 0; i < n_blocks; i++) {
        for (unsigned k = 0; k < n_threads; k++) {
            const unsigned place[12] = {i % g[0],
                                        i / g[0] % g[1],
                                        i / g[0] / g[1],
                                        k % b[0],
                                        k / b[0] % b[1],
                                        k / b[0] / b[1],
                                        g[0],
                                        g[1],
                                        g[2],
                                        b[0],
                                        b[1],
                                        b[2]};
            void *argument = work->argument;
            work->function->module->place(place);
            running->has_run = false;
            work->function->call(&argument);
        }
    }
    return ESCAPE_NONE;
}

/* A bad access of a kernel ends the kernel; any other is none of ours. */
#if !SANITIZED
static struct sigaction old_action[2]; /* of SIGSEGV, SIGBUS */

static void on_bad_access(int signal, siginfo_t *info, void *user) {
    if (running) {
        siglongjmp(running->escape, ESCAPE_BAD_ACCESS);
    }
    const struct sigaction *old = &old_action[signal == SIGBUS];
    if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(signal, info, user);
    } else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
        old->sa_handler(signal);
    } else {
        sigaction(signal, old, NULL); /* the access happens again, and ends all */
    }
}
#endif

void engine_start(void) {
#if !SANITIZED
    struct sigaction action = {.sa_sigaction = on_bad_access, .sa_flags = SA_SIGINFO},
                     now;
    sigaction(SIGSEGV, NULL, &now);
    if (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != on_bad_access) {
        sigaction(SIGSEGV, &action, &old_action[0]);
        sigaction(SIGBUS, &action, &old_action[1]);
    }
#endif
}

/* Runs the kernel; locked before and after. Its simulated duration. */
static double do_launch(struct stream *stream, const struct work *work, double begin) {
    struct context *context = stream->object.context;
    struct device *device = context->device;
    struct running r = {.device = device, .context = context, .begin = begin};
    r.is_last = ++device->report.n_launches == (long)device->config->lost_launch;
    if (device->report.n_launches == 1) {
        device->lost_at =
            fmin(device->lost_at, world_now() + device->config->lost_after_s);
    }
    world_unlock();
    const double host_begin = world_now();
    running = &r;
    const enum escape escape = run_grid(work);
    running = NULL;
    const double host_s = world_now() - host_begin;
    world_lock();
    device->report.n_atomics += r.n_atomics;
    if (escape == ESCAPE_BAD_ACCESS) {
        context_die(context, CUDA_ERROR_ILLEGAL_ADDRESS);
    }
    if (r.is_last) {
        device_lose(device);
    }
    const double least = 1e-6 * device->config->launch_us * slowness(device, begin);
    return fmax(least, device->config->run_us > 0 ? r.charged_s : host_s);
}

/* Moves the bytes: where it takes simulated time, at the end of it, so that who reads
 * too early or overwrites too early has the wrong bytes. */
static double do_copy(const struct stream *stream, const struct work *work,
                      double begin) {
    const struct context *context = stream->object.context;
    struct device *device = context->device;
    const double rate = 1e6 * device->config->copy_MBps;
    double duration = 0;
    if (rate > 0 && work->kind != WORK_FILL) {
        duration = (double)work->bytes / rate * slowness(device, begin);
        sleep_until(device, context, begin + duration);
        if (context->error) {
            return duration;
        }
    }
    world_unlock();
    const double host_begin = world_now();
    if (work->kind == WORK_FILL) {
        memset(work->to, work->value, work->bytes);
    } else if (work->n_rows == 0) {
        memcpy(work->to, work->from, work->bytes);
    }
    for (size_t row = 0; row < work->n_rows; row++) {
        memcpy((char *)work->to + row * work->to_pitch,
               (const char *)work->from + row * work->from_pitch,
               work->bytes / work->n_rows);
    }
    const double host_s = world_now() - host_begin;
    world_lock();
    return duration > 0 ? duration : host_s;
}

/* ---- engines ---- */

static void account(struct device *device, int engine, double begin, double end,
                    const struct work *work) {
    struct simgpu_device_report *report = &device->report;
    if (report->engines[engine].n_jobs++ == 0) {
        report->engines[engine].first_start_s = begin;
    }
    report->engines[engine].busy_s += end - begin;
    report->engines[engine].last_end_s = end;
    report->engines[engine].bytes += work->bytes;
}

static int engine_of(const struct work *work) {
    return work->kind == WORK_COPY_IN    ? SIMGPU_COPY_IN
           : work->kind == WORK_COPY_OUT ? SIMGPU_COPY_OUT
                                         : SIMGPU_COMPUTE;
}

/* Could the engine do what was submitted before, in another stream? Whose thread wakes
 * first is a matter of luck. */
static bool is_preceded(const struct context *context, const struct work *work) {
    for (size_t i = 0; i < world.n_objects; i++) {
        const struct object *object = world.objects[i];
        if (object->kind == OBJECT_STREAM && object->alive &&
            object->context == context) {
            const struct work *other = stream_next((const struct stream *)object);
            if (other && engine_of(other) == engine_of(work) &&
                other->number < work->number) {
                return true;
            }
        }
    }
    return false;
}

void engine_do(struct stream *stream, const struct work *work) {
    struct context *context = stream->object.context;
    struct device *device = context->device;
    const int i = engine_of(work);
    struct engine *engine = &device->engines[i];
    while ((engine->busy || is_preceded(context, work)) && !context->error) {
        world_wait();
    }
    if (context->error) {
        return;
    }
    engine->busy = true;
    const double begin = fmax(fmax(work->submitted, stream->time), engine->free_at);
    const double duration = work->kind == WORK_LAUNCH ? do_launch(stream, work, begin)
                                                      : do_copy(stream, work, begin);
    sleep_until(device, context, begin + duration);
    const double end =
        context->error ? fmin(begin + duration, world_now()) : begin + duration;
    stream->time = engine->free_at = fmax(begin, end);
    account(device, i, begin, engine->free_at, work);
    engine->busy = false;
    world_wake();
}
