/* batch.c -- odec_solve: a batch through all devices of a solver and one sink.
 *
 *   queue --range--> worker (one a device) --portion--> waiting --> writer --> sink
 *     ^                |                                |             |
 *     +--- returned ---+                                |             +--> back to its
 *          by a device that failed                      |                  worker
 *                                in order, where the sink asks for it
 *
 * The calling thread moves all of it; devices and the writer raise one event when they
 * have something new. Portions stay in their device's memory until they are written,
 * which bounds how far devices run ahead of the sink.
 */
#include <math.h>
#include <string.h>

#include "cpu_features.h"
#include "distribute.h"
#include "job.h"
#include "rates.h"
#include "sampler.h"
#include "settle.h"
#include "sized.h"
#include "worker.h"
#include "writer.h"

#define PROGRESS_SECONDS 0.1
#define SAMPLE_SECONDS 1.0

/* A portion and whose memory it is in. */
struct held {
    struct portion portion;
    struct worker *worker;
};

struct solving {
    struct odec_context *context;
    struct odec_solver *solver;
    const struct odec_batch *batch;
    struct odec_result *result;
    struct settings settings;
    struct inputs *inputs;
    struct job job;
    struct event changed;
    struct queue *queue;
    struct writer *writer;  /* the solver's, once it has begun */
    struct worker *workers; /* [n_devices] of the solver */
    bool any_order;         /* the sink's wish */
    struct held *waiting;   /* [n_waiting] collected, not yet given to the writer */
    struct held *given;     /* ring of `capacity`: in the writer's hands, in order */
    int32_t capacity, n_waiting;
    int64_t n_given, n_taken_back;
    int64_t next_run; /* to be given, in order */
    int64_t runs_collected;
    double progress_due;
    double start, sample_due; /* seconds of the clock */
};

/* ---- set-up ---- */

/* Every device begins; one at least has to, or to stand by. */
static odec_status begin_workers(struct solving *s) {
    int32_t n_begun = 0;
    odec_status first_failure = ODEC_ERROR_DEVICE;
    const char *reason = "";
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        struct solver_device *on = &s->solver->devices[i];
        struct worker *worker = &s->workers[i];
        *worker = (struct worker){.on = on,
                                  .options = &s->solver->options,
                                  .job = &s->job,
                                  .context = s->context};
        on->n_runs = on->n_noted = 0;
        on->seconds = (struct device_seconds){0};
        odec_status status = ODEC_ERROR_DEVICE;
        if (on->device) {
            on->failure[0] = '\0';
            status = worker_begin(worker, s->batch->n_runs);
        }
        n_begun += status == ODEC_OK || on->stands_by;
        if (status != ODEC_OK && reason[0] == '\0') {
            first_failure = status;
            reason = on->failure;
        }
    }
    FAIL_IF(n_begun == 0, s->context, first_failure, "%s", reason);
    return ODEC_OK;
}

/* Runs of each device's share; those of devices that did not begin go to the others.
 * False in *out: no device with a share has begun, so that there are none. */
static odec_status make_shares(struct solving *s, int64_t *counts, bool *out) {
    const struct odec_solver_options *options = &s->solver->options;
    const int32_t n = s->solver->n_devices;
    const char *names[MAX_DEVICES];
    double capacities[MAX_DEVICES];
    for (int32_t i = 0; i < n; i++) {
        names[i] = s->solver->devices[i].facts.name;
        capacities[i] =
            options->distribution == ODEC_UNIFORM ? 1 : options->capacities[i];
    }
    TRY(distribute_capacity(s->context, s->batch->n_runs, n, names, capacities,
                            counts)); /* the caller's numbers are in order */
    *out = false;
    for (int32_t i = 0; i < n; i++) {
        capacities[i] = s->workers[i].state == WORKER_READY ? capacities[i] : 0;
        *out |= capacities[i] > 0;
    }
    return *out ? distribute_capacity(s->context, s->batch->n_runs, n, names,
                                      capacities, counts)
                : ODEC_OK;
}

static struct queue_device queue_device_of(const struct worker *worker) {
    const bool ready = worker->state == WORKER_READY;
    return (struct queue_device){
        .most_runs = ready ? worker->plan.chunk_runs : 1,
        .grain_runs = ready ? worker->on->facts.n_resident / 4 : 0,
        .rate = worker->on->rate,
        .n_buffers = ready ? worker->plan.n_buffers : 1,
    };
}

static int32_t count_workers(const struct solving *s) {
    int32_t n = 0;
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        n += s->workers[i].state != WORKER_OUT;
    }
    return n;
}

static odec_status make_queue(struct solving *s) {
    const int32_t n = s->solver->n_devices;
    struct queue_device devices[MAX_DEVICES];
    int64_t counts[MAX_DEVICES];
    bool shares = s->solver->options.distribution != ODEC_DYNAMIC;
    for (int32_t i = 0; i < n; i++) {
        devices[i] = queue_device_of(&s->workers[i]);
    }
    if (shares) {
        TRY(make_shares(s, counts, &shares));
    }
    TRY(queue_create(s->context, shares ? QUEUE_SHARES : QUEUE_DYNAMIC,
                     s->batch->n_runs, n, devices, shares ? counts : NULL, &s->queue));
    for (int32_t i = 0; i < n; i++) {
        worker_join(&s->workers[i], s->queue, i);
        if (s->workers[i].state == WORKER_OUT) {
            queue_drop(s->queue, i); /* one that stands by joins later */
        }
    }
    return ODEC_OK;
}

static odec_status allocate(struct solving *s) {
    struct heap *heap = s->context->heap;
    size_t n = (size_t)s->solver->n_devices;
    s->capacity = (int32_t)n * WORKER_MAX_PORTIONS;
    s->workers = heap_take(heap, n, sizeof *s->workers);
    s->waiting = heap_take(heap, (size_t)s->capacity, sizeof *s->waiting);
    s->given = heap_take(heap, (size_t)s->capacity, sizeof *s->given);
    return s->workers && s->waiting && s->given ? ODEC_OK
                                                : context_out_of_memory(s->context);
}

/* Threads that digest with the writer: as many as there are cores that compute nothing,
 * up to MOST, where there is something to digest for each. */
static int32_t count_helpers(const struct solving *s) {
    enum { MOST = 7, LEAST_BYTES = 4 << 20 };
    const int32_t n_threads = s->solver->options.n_threads, cores = cpu_usable_cores();
    int64_t n = (n_threads > 0 && n_threads < cores ? n_threads : cores) - 1;
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        if (s->workers[i].state == WORKER_READY) {
            n -= s->solver->devices[i].facts.n_threads;
        }
    }
    const int64_t run_bytes =
        s->job.run_value_bytes + (int64_t)sizeof(struct odec_run_record);
    const int64_t n_useful = s->batch->n_runs / (LEAST_BYTES / run_bytes + 1);
    n = n < n_useful ? n : n_useful;
    return (int32_t)(n > MOST ? MOST : n < 0 ? 0 : n);
}

/* Before anything runs: is what a GPU is to read and to write its own? */
static odec_status check_device_memory(struct solving *s) {
    const struct solver_device *on = &s->solver->devices[0];
    if (!s->job.on_device) {
        return ODEC_OK;
    }
    FAIL_IF(on->device == NULL, s->context, ODEC_ERROR_DEVICE, "%s", on->failure);
    return on->backend->check(on->device, s->context, &s->job, s->batch->n_runs);
}

static odec_status solve_prepare(struct solving *s, const struct odec_sink *sink) {
    const bool has_sink = sink && sink->write;
    TRY(job_make(s->solver, s->batch, has_sink, &s->settings, &s->inputs, &s->job));
    s->job.changed = &s->changed;
    s->any_order = !has_sink || sink->any_order;
    TRY(check_device_memory(s));
    TRY(allocate(s));
    TRY(begin_workers(s));
    TRY(make_queue(s));
    s->result->n_runs = s->batch->n_runs;
    s->result->n_saves = s->settings.n_saves;
    const struct writer_request request = {.sink = sink,
                                           .output = s->job.output,
                                           .shape = s->job.shape,
                                           .without_digest =
                                               s->job.device_output.values && !has_sink,
                                           .changed = &s->changed,
                                           .result = s->result,
                                           .n_helpers = count_helpers(s)};
    if (s->solver->writer == NULL) {
        TRY(writer_create(s->context, s->capacity, &s->solver->writer));
    }
    TRY(writer_begin(s->context, s->solver->writer, &request));
    s->writer = s->solver->writer;
    return ODEC_OK;
}

/* Tells the context's rates what a device has done by now. */
static void note_rate(struct solving *s, int32_t i, double rate, int64_t n_runs) {
    struct solver_device *on = &s->solver->devices[i];
    rates_note(s->solver->rates, on->facts.name, &s->solver->program.known, rate,
               n_runs - on->n_noted);
    on->n_noted = n_runs;
}

static void solve_release(struct solving *s) {
    if (s->writer) {
        writer_end(s->writer); /* reads devices' memory to its end */
    }
    for (int32_t i = 0; s->workers && i < s->solver->n_devices; i++) {
        struct worker *worker = &s->workers[i];
        if (s->queue && queue_rate(s->queue, i) > 0) {
            worker->on->rate = queue_rate(s->queue, i);
        }
        if (s->queue) {
            note_rate(s, i, queue_rate(s->queue, i), worker->on->n_runs);
        }
        worker_end(worker);
    }
    queue_destroy(s->queue);
    heap_give(s->given);
    heap_give(s->waiting);
    heap_give(s->workers);
    inputs_destroy(s->inputs);
    settings_release(&s->settings);
}

/* ---- portions ---- */

static bool collect(struct solving *s, struct worker *worker) {
    bool moved = false;
    struct portion portion;
    while (worker_collect(worker, &portion)) {
        s->waiting[s->n_waiting++] = (struct held){portion, worker};
        s->runs_collected += portion.slice.n_runs;
        moved = true;
    }
    return moved;
}

/* The first of those waiting that the writer may have, or -1. */
static int32_t next_to_give(const struct solving *s) {
    for (int32_t i = 0; i < s->n_waiting; i++) {
        if (s->any_order || s->waiting[i].portion.slice.first == s->next_run) {
            return i;
        }
    }
    return -1;
}

static struct held take_waiting(struct solving *s, int32_t i) {
    struct held held = s->waiting[i];
    s->n_waiting--;
    memmove(&s->waiting[i], &s->waiting[i + 1],
            (size_t)(s->n_waiting - i) * sizeof s->waiting[0]);
    return held;
}

static bool give_to_writer(struct solving *s) {
    int32_t i = next_to_give(s);
    if (i < 0) {
        return false;
    }
    struct held held = take_waiting(s, i);
    const struct slice slice = held.portion.slice;
    if (s->settings.span == 0) {
        settle_records(s->job.program, s->settings.t1, &held.portion.at, slice.n_runs);
    }
    const struct writer_portion portion = {.slice = slice, .at = held.portion.at};
    s->given[s->n_given++ % s->capacity] = held;
    s->next_run = slice.first + slice.n_runs;
    writer_give(s->writer, &portion);
    return true;
}

static bool take_back_from_writer(struct solving *s) {
    bool moved = false;
    for (int64_t n_done = writer_n_done(s->writer); s->n_taken_back < n_done;
         s->n_taken_back++) {
        struct held *held = &s->given[s->n_taken_back % s->capacity];
        worker_give_back(held->worker, &held->portion);
        moved = true;
    }
    return moved;
}

/* ---- devices that fail ---- */

/* All devices have failed: one that stands by takes over. False: there is none. */
static bool call_stand_by(struct solving *s) {
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        struct solver_device *on = &s->solver->devices[i];
        struct worker *worker = &s->workers[i];
        if (!on->stands_by) {
            continue;
        }
        on->stands_by = false;
        if (solver_open(s->solver, on) != ODEC_OK) {
            context_move_error(s->context, on->failure, sizeof on->failure);
        } else if (worker_begin(worker, s->batch->n_runs) == ODEC_OK) {
            struct queue_device as = queue_device_of(worker);
            as.n_buffers = 1;
            context_log(s->context, ODEC_LOG_INFO, "%s takes over", on->facts.name);
            queue_join(s->queue, i, &as);
            return true;
        }
    }
    return false;
}

/* What the first device said that failed in this batch, or before it. */
static odec_status say_failure(struct solving *s) {
    const struct odec_solver *solver = s->solver;
    const char *reason = "no device is left";
    for (int32_t i = solver->n_devices - 1; i >= 0; i--) {
        const struct solver_device *on = &solver->devices[i];
        reason = on->failure[0] && on->device == NULL ? on->failure : reason;
    }
    for (int32_t i = solver->n_devices - 1; i >= 0; i--) {
        const struct solver_device *on = &solver->devices[i];
        reason = on->failure[0] && on->device ? on->failure : reason;
    }
    return context_fail(s->context, ODEC_ERROR_DEVICE, "%s", reason);
}

/* Results that the sink wants in order can fill the memory of all devices, while the
 * runs before them, which a device failed to do, wait for a place: nothing is written,
 * and no device has room for another portion. */
static bool is_stuck(const struct solving *s) {
    if (s->n_waiting == 0 || s->n_given > s->n_taken_back) {
        return false;
    }
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        const struct worker *worker = &s->workers[i];
        if (worker->n_flights > 0 &&
            worker->n_held < worker->on->backend->max_portions) {
            return false;
        }
    }
    return true;
}

/* The worker that has this run in hand, or NULL. */
static const struct worker *worker_with(const struct solving *s, int64_t run) {
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        const struct worker *worker = &s->workers[i];
        for (int32_t k = 0; k < worker->n_flights; k++) {
            const struct slice left = worker->flights[k].left;
            if (run >= left.first && run - left.first < left.n_runs) {
                return worker;
            }
        }
    }
    return NULL;
}

/* Then results give way, to be computed again: the last ones of the device that has the
 * run in hand which is to be written next, or of any, so that it takes that run. */
static odec_status make_way(struct solving *s) {
    const struct worker *blocked = worker_with(s, s->next_run);
    int32_t last = -1;
    for (int32_t i = 0; i < s->n_waiting; i++) {
        const struct held *held = &s->waiting[i];
        if ((blocked ? held->worker == blocked : held->worker->state != WORKER_OUT) &&
            (last < 0 ||
             held->portion.slice.first > s->waiting[last].portion.slice.first)) {
            last = i;
        }
    }
    FAIL_IF(last < 0, s->context, ODEC_ERROR_DEVICE, "the devices do not go on");
    struct held held = take_waiting(s, last);
    s->runs_collected -= held.portion.slice.n_runs;
    return worker_reject(held.worker, &held.portion)
               ? ODEC_OK
               : context_out_of_memory(s->context);
}

/* ---- the batch ---- */

/* Reports when it is time to; ODEC_CANCELLED where the caller wants no more. */
static odec_status report_progress(struct solving *s, bool now) {
    const struct odec_batch *batch = s->batch;
    FAIL_IF(solver_is_closing(s->solver), s->context, ODEC_CANCELLED,
            "cancelled: the solver is being destroyed");
    TRY(context_check_use(s->context));
    if (batch->progress == NULL || (!now && clock_seconds() < s->progress_due)) {
        return ODEC_OK;
    }
    int64_t runs = s->runs_collected;
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        runs += worker_progress(&s->workers[i]);
    }
    s->progress_due = clock_seconds() + PROGRESS_SECONDS;
    FAIL_IF(!batch->progress(batch->user, runs, batch->n_runs), s->context,
            ODEC_CANCELLED, "cancelled");
    return ODEC_OK;
}

/* Each second, for whoever looks at odec_devices meanwhile. Before a device has
 * finished its first range its rate is that of the runs it has begun. */
static void take_samples(struct solving *s) {
    const double now = clock_seconds();
    if (s->context->sampler == NULL || now < s->sample_due) {
        return;
    }
    s->sample_due = now + SAMPLE_SECONDS;
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        struct worker *worker = &s->workers[i];
        if (worker->state == WORKER_READY) {
            const int64_t n_runs = worker->on->n_runs + worker_progress(worker);
            const double rate = queue_rate(s->queue, i);
            note_rate(s, i, rate > 0 ? rate : (double)n_runs / (now - s->start),
                      n_runs);
            sampler_take_one(s->context->sampler, worker->on->facts.name);
        }
    }
}

static odec_status check_writer(struct solving *s) {
    odec_status sink = writer_status(s->writer);
    FAIL_IF(sink != ODEC_OK, s->context, sink, "the results could not be taken: %s",
            odec_status_text(sink));
    return ODEC_OK;
}

/* Moves whatever can move. False: nothing could. */
static bool solve_advance(struct solving *s) {
    bool moved = take_back_from_writer(s);
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        moved |= collect(s, &s->workers[i]);
        moved |= worker_advance(&s->workers[i]);
    }
    return give_to_writer(s) || moved;
}

static bool is_finished(const struct solving *s) {
    return queue_left(s->queue) == 0 && s->n_waiting == 0 &&
           s->n_given == s->n_taken_back;
}

static odec_status solve_run(struct solving *s) {
    while (!is_finished(s)) {
        uint64_t seen = event_count(&s->changed);
        TRY(check_writer(s));
        TRY(report_progress(s, false));
        take_samples(s);
        if (solve_advance(s)) {
            continue;
        }
        if (count_workers(s) == 0 && s->n_given == s->n_taken_back) {
            if (call_stand_by(s)) {
                continue;
            }
            return say_failure(s);
        }
        if (is_stuck(s) && count_workers(s) > 0) {
            TRY(make_way(s));
            continue;
        }
        struct timespec until = clock_after(PROGRESS_SECONDS);
        event_wait(&s->changed, seen, &until);
    }
    TRY(check_writer(s));
    return report_progress(s, true);
}

/* Ends what is in flight after a failure: devices stop soon, what is finished is kept.
 */
static void solve_abandon(struct solving *s) {
    for (int32_t i = 0; i < s->solver->n_devices; i++) {
        if (s->workers[i].state == WORKER_READY) {
            s->workers[i].on->backend->stop(s->workers[i].on->device);
        }
    }
    writer_abandon(s->writer);
}

/* What the devices did, once they are all done. */
static void sum_up(struct solving *s, const struct device_seconds *before) {
    struct odec_result *result = s->result;
    for (int32_t i = 0; s->workers && i < s->solver->n_devices; i++) {
        const struct worker *worker = &s->workers[i];
        struct solver_device *on = worker->on;
        if (on && on->device) {
            on->seconds = on->backend->seconds(on->device);
            on->seconds.busy -= before[i].busy;
            on->seconds.kernel -= before[i].kernel;
            result->solve_seconds = on->seconds.busy > result->solve_seconds
                                        ? on->seconds.busy
                                        : result->solve_seconds;
            result->n_chunks += worker->n_ranges;
            result->chunk_runs = worker->most_runs > result->chunk_runs
                                     ? worker->most_runs
                                     : result->chunk_runs;
        }
    }
}

/* Which states' errors were not controlled is known of whole batches alone. */
static void settle_seen(struct odec_solver *solver, bool is_whole,
                        odec_result *result) {
    const int32_t n_states = solver->program.known.n_states;
    if (!is_whole) {
        memset(solver->seen, 0, 2 * (size_t)n_states * sizeof *solver->seen);
    }
    for (int32_t i = 0; i < n_states; i++) {
        result->n_below_atol += odec_solver_below_atol(solver, i);
    }
}

/* The caller's sink. */
struct callers {
    struct odec_context *context;
    struct odec_sink sink;
};

static odec_status call_sink(void *user, const odec_portion *portion) {
    const struct callers *callers = user;
    context_begin_sink(callers->context);
    const odec_status status = callers->sink.write(callers->sink.user, portion);
    context_end_sink(callers->context);
    return status;
}

static odec_status solve_batch(struct odec_solver *solver, const odec_batch *given,
                               const odec_sink *given_sink, odec_result *result) {
    struct odec_context *context = solver->context;
    struct odec_batch batch = ODEC_BATCH_INIT;
    struct odec_sink sink = ODEC_SINK_INIT;
    struct device_seconds before[MAX_DEVICES] = {0};
    TRY(context_read(context, &batch, given, "odec_batch", "ODEC_BATCH_INIT"));
    if (given_sink) {
        TRY(context_read(context, &sink, given_sink, "odec_sink", "ODEC_SINK_INIT"));
    }
    struct callers callers = {context, sink};
    if (sink.write) {
        sink.write = call_sink;
        sink.user = &callers;
    }
    struct solving s = {.context = context,
                        .solver = solver,
                        .batch = &batch,
                        .result = result,
                        .start = clock_seconds()};
    s.sample_due = s.start + SAMPLE_SECONDS;
    for (int32_t i = 0; i < solver->n_devices; i++) {
        const struct solver_device *on = &solver->devices[i];
        if (on->device) {
            before[i] = on->backend->seconds(on->device);
        }
    }
    settle_seen(solver, false, result);
    event_init(&s.changed);
    odec_status status = solve_prepare(&s, given_sink ? &sink : NULL);
    if (status == ODEC_OK) {
        status = solve_run(&s);
        if (status != ODEC_OK) {
            solve_abandon(&s);
        }
    }
    sum_up(&s, before);
    const bool has_steps = s.settings.span > 0;
    solve_release(&s); /* devices end */
    settle_seen(solver, status == ODEC_OK && has_steps, result);
    event_destroy(&s.changed);
    if (status != ODEC_OK) {
        result->digest[0] = '\0'; /* of a part */
    }
    return status;
}

/* Before the work is done that it is to tell of. */
static odec_status check_result(struct odec_context *context,
                                const odec_result *result) {
    char text[SIZED_TEXT];
    FAIL_IF(result && !sized_is_possible(result->size), context, ODEC_ERROR_ARGUMENT,
            "%s",
            sized_explain(text, SIZED_WRONG, "odec_result", result->size,
                          sizeof *result, "ODEC_RESULT_INIT"));
    return ODEC_OK;
}

odec_status odec_solve(odec_solver *solver, const odec_batch *given,
                       const odec_sink *sink, odec_result *result) {
    struct odec_result known = ODEC_RESULT_INIT;
    TRY(solver_enter(solver, "odec_solve"));
    odec_status status = check_result(solver->context, result);
    if (status == ODEC_OK) {
        status = solve_batch(solver, given, sink, &known);
        if (result) {
            sized_write(result, &known);
        }
    }
    return solver_leave(solver, status);
}
