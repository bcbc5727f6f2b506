/* batch.c -- odec_solve: a batch through a device and a sink, chunk by chunk.
 *
 *   calling thread   inputs of 0 | inputs of 1 |  ...waits, reports progress...
 *   device                       |  chunk 0    |  chunk 1    |  chunk 2
 *   writer                                     |  chunk 0    |  chunk 1    |
 *
 * A chunk passes four counters in order: prepared (its inputs are there), submitted,
 * computed and written. With n_buffers buffers, chunk i uses buffer i % n_buffers: its
 * inputs may be prepared once chunk i - n_buffers is computed, and it may be submitted
 * once that is written. The calling thread alone moves the first three; whatever
 * happens elsewhere raises one event.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "plan.h"
#include "settings.h"
#include "solver.h"
#include "writer.h"

enum { MAX_BUFFERS = 2 };

#define PROGRESS_SECONDS 0.1
#define DEFAULT_BUDGET_BYTES ((int64_t)32 << 20)

/* A chunk's memory: | inputs | values | records |, each part aligned. */
struct buffer {
    char *memory;
    size_t bytes;
    struct odec_input *inputs; /* [inputs_count] */
    struct slice slice;
    struct launch launch;
};

struct solve {
    struct odec_context *context;
    struct odec_solver *solver;
    const struct odec_batch *batch;
    struct odec_result *result;
    struct settings settings;
    struct inputs *inputs;
    struct plan plan;
    struct event changed;
    struct writer *writer;
    struct buffer buffers[MAX_BUFFERS];
    size_t values_offset, records_offset; /* in a buffer */
    int64_t run_value_bytes;
    int64_t n_prepared, n_submitted, n_computed;
    int64_t runs_computed;
    double progress_due;
};

/* ---- set-up ---- */

static size_t scalar_bytes(const struct odec_program *program) {
    return program->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
}

/* The kernel's arrays, and the columns that the runtime generates for a chunk. */
static odec_status make_plan(struct solve *s) {
    const struct odec_program *program = s->solver->program;
    int64_t input_bytes = inputs_bytes_per_run(s->inputs);
    s->run_value_bytes =
        s->settings.n_saves * program->n_columns * (int64_t)scalar_bytes(program);
    size_t n = (size_t)program->n_arrays;
    struct odec_array *arrays = calloc(n + 1, sizeof *arrays);
    if (arrays == NULL) {
        return context_out_of_memory(s->context);
    }
    memcpy(arrays, program->arrays, n * sizeof *arrays);
    arrays[n] = (struct odec_array){"inputs", ODEC_PER_RUN, input_bytes, 0};
    struct plan_request request = {
        .arrays = arrays,
        .n_arrays = program->n_arrays + 1,
        .n_saves = s->settings.n_saves,
        .n_lanes = s->solver->facts.n_resident,
        .n_runs = s->batch->n_runs,
        .budget_bytes = s->solver->memory_bytes,
        .max_chunk_runs = s->solver->chunk_runs,
        .n_buffers = MAX_BUFFERS,
    };
    if (request.budget_bytes == 0) {
        request.budget_bytes = plan_budget(&request, DEFAULT_BUDGET_BYTES,
                                           s->solver->facts.free_bytes / 2);
    }
    odec_status status = plan_make(s->context, &request, &s->plan);
    free(arrays);
    TRY(status);
    FAIL_IF(s->plan.run_bytes < input_bytes + s->run_value_bytes +
                                    (int64_t)sizeof(struct odec_run_record),
            s->context, ODEC_ERROR_ARGUMENT,
            "the program's arrays leave out its values or records");
    return ODEC_OK;
}

static size_t aligned(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/* Sizes are below the plan's budget, so that sums of them do not overflow. */
static odec_status make_buffers(struct solve *s) {
    size_t n = (size_t)s->plan.chunk_runs;
    s->values_offset = aligned(n * (size_t)inputs_bytes_per_run(s->inputs));
    s->records_offset = s->values_offset + aligned(n * (size_t)s->run_value_bytes);
    for (int32_t i = 0; i < s->plan.n_buffers; i++) {
        struct buffer *buffer = &s->buffers[i];
        size_t bytes = s->records_offset + n * sizeof(struct odec_run_record);
        buffer->memory = s->solver->backend->allocate(s->solver->device, bytes);
        buffer->bytes = bytes;
        buffer->inputs =
            calloc((size_t)inputs_count(s->inputs) + 1, sizeof *buffer->inputs);
        if (buffer->memory == NULL || buffer->inputs == NULL) {
            return context_out_of_memory(s->context);
        }
    }
    return ODEC_OK;
}

static odec_status solve_prepare(struct solve *s, const struct odec_sink *sink) {
    const struct odec_program *program = s->solver->program;
    FAIL_IF(s->batch->n_runs < 1 || s->batch->n_runs > ODEC_MAX_RUNS, s->context,
            ODEC_ERROR_ARGUMENT, "a batch of %lld runs: 1 to %lld are possible",
            (long long)s->batch->n_runs, (long long)ODEC_MAX_RUNS);
    TRY(settings_resolve(s->context, program, s->batch, &s->settings));
    TRY(inputs_create(s->context, program, s->batch, &s->inputs));
    TRY(make_plan(s));
    s->result->n_runs = s->batch->n_runs;
    s->result->n_saves = s->settings.n_saves;
    s->result->n_chunks = s->plan.n_chunks;
    s->result->chunk_runs = s->plan.chunk_runs;
    TRY(make_buffers(s));
    return writer_create(s->context, sink, &s->changed, s->result, &s->writer);
}

static void solve_release(struct solve *s) {
    writer_destroy(s->writer);
    for (int32_t i = 0; i < MAX_BUFFERS; i++) {
        s->solver->backend->release(s->solver->device, s->buffers[i].memory,
                                    s->buffers[i].bytes);
        free(s->buffers[i].inputs);
    }
    inputs_destroy(s->inputs);
    settings_release(&s->settings);
}

/* ---- a chunk's steps ---- */

static struct buffer *buffer_of(struct solve *s, int64_t chunk) {
    return &s->buffers[chunk % s->plan.n_buffers];
}

static odec_status prepare_chunk(struct solve *s) {
    struct buffer *buffer = buffer_of(s, s->n_prepared);
    TRY(plan_slice(s->context, &s->plan, s->n_prepared, &buffer->slice));
    inputs_fill(s->inputs, buffer->slice.first, buffer->slice.n_runs, buffer->memory,
                buffer->inputs);
    s->n_prepared++;
    return ODEC_OK;
}

static void submit_chunk(struct solve *s) {
    struct buffer *buffer = buffer_of(s, s->n_submitted);
    const struct settings *settings = &s->settings;
    buffer->launch.finished = &s->changed;
    buffer->launch.args = (struct odec_args){
        .n_runs = buffer->slice.n_runs,
        .pars = buffer->inputs,
        .states = buffer->inputs + s->solver->program->n_pars,
        .t0 = settings->t0,
        .t1 = settings->t1,
        .rtol = settings->rtol,
        .atol = settings->atol,
        .dt = settings->dt,
        .dt_max = settings->dt_max,
        .max_attempts = settings->max_attempts,
        .save_times = settings->times,
        .n_saves = settings->n_saves,
        .values = buffer->memory + s->values_offset,
        .records = (struct odec_run_record *)(buffer->memory + s->records_offset),
    };
    s->solver->backend->submit(s->solver->device, &buffer->launch);
    s->n_submitted++;
}

/* The oldest submitted chunk is computed: to the writer with it. */
static odec_status pass_on_chunk(struct solve *s) {
    struct buffer *buffer = buffer_of(s, s->n_computed);
    int failed = atomic_load(&buffer->launch.failed);
    FAIL_IF(failed, s->context, ODEC_ERROR_DEVICE, "the kernel failed with code %d",
            failed);
    struct writer_chunk chunk = {
        .slice = buffer->slice,
        .values = buffer->launch.args.values,
        .bytes = (size_t)(buffer->slice.n_runs * s->run_value_bytes),
        .records = buffer->launch.args.records,
    };
    writer_give(s->writer, &chunk);
    s->runs_computed += buffer->slice.n_runs;
    s->n_computed++;
    return ODEC_OK;
}

/* Moves whatever can move; *moved tells whether anything did. */
static odec_status solve_advance(struct solve *s, bool *moved) {
    const struct backend *backend = s->solver->backend;
    const int64_t n_chunks = s->plan.n_chunks, n_buffers = s->plan.n_buffers;
    *moved = true;
    if (s->n_submitted > s->n_computed &&
        backend->done(&buffer_of(s, s->n_computed)->launch)) {
        return pass_on_chunk(s);
    }
    if (s->n_submitted < s->n_prepared &&
        s->n_submitted < writer_n_done(s->writer) + n_buffers) {
        submit_chunk(s);
        return ODEC_OK;
    }
    if (s->n_prepared == s->n_submitted && s->n_prepared < n_chunks &&
        s->n_prepared < s->n_computed + n_buffers) {
        return prepare_chunk(s);
    }
    *moved = false;
    return ODEC_OK;
}

/* ---- the batch ---- */

/* Reports when it is time to; ODEC_CANCELLED where the caller wants no more. */
static odec_status report_progress(struct solve *s, bool now) {
    const struct odec_batch *batch = s->batch;
    if (batch->progress == NULL || (!now && clock_seconds() < s->progress_due)) {
        return ODEC_OK;
    }
    int64_t runs = s->runs_computed;
    for (int64_t i = s->n_computed; i < s->n_submitted; i++) {
        runs += s->solver->backend->progress(&buffer_of(s, i)->launch);
    }
    s->progress_due = clock_seconds() + PROGRESS_SECONDS;
    FAIL_IF(!batch->progress(batch->user, runs, batch->n_runs), s->context,
            ODEC_CANCELLED, "cancelled");
    return ODEC_OK;
}

static odec_status check_writer(struct solve *s) {
    odec_status sink = writer_status(s->writer);
    FAIL_IF(sink != ODEC_OK, s->context, sink, "the results could not be taken: %s",
            odec_status_text(sink));
    return ODEC_OK;
}

static odec_status solve_run(struct solve *s) {
    while (writer_n_done(s->writer) < s->plan.n_chunks) {
        uint64_t seen = event_count(&s->changed);
        TRY(check_writer(s));
        TRY(report_progress(s, false));
        bool moved;
        TRY(solve_advance(s, &moved));
        if (!moved) {
            struct timespec until = clock_after(PROGRESS_SECONDS);
            event_wait(&s->changed, seen, &until);
        }
    }
    TRY(check_writer(s));
    return report_progress(s, true);
}

/* Ends what is in flight after a failure: the device stops soon, nothing is left
 * behind. */
static void solve_abandon(struct solve *s) {
    const struct backend *backend = s->solver->backend;
    backend->stop(s->solver->device, true);
    writer_abandon(s->writer);
    for (; s->n_computed < s->n_submitted; s->n_computed++) {
        struct launch *launch = &buffer_of(s, s->n_computed)->launch;
        for (;;) {
            uint64_t seen = event_count(&s->changed);
            if (backend->done(launch)) {
                break;
            }
            struct timespec until = clock_after(1);
            event_wait(&s->changed, seen, &until);
        }
    }
    backend->stop(s->solver->device, false);
}

static odec_status read_batch(struct odec_context *context,
                              const struct odec_batch *given, struct odec_batch *out) {
    *out = (struct odec_batch)ODEC_BATCH_INIT;
    FAIL_IF(given->size < sizeof given->size || given->size > sizeof *out, context,
            ODEC_ERROR_ARGUMENT,
            "odec_batch has size %zu, not %zu: start from ODEC_BATCH_INIT", given->size,
            sizeof *out);
    memcpy(out, given, given->size);
    return ODEC_OK;
}

odec_status odec_solve(odec_solver *solver, const odec_batch *given,
                       const odec_sink *sink, odec_result *result) {
    struct odec_batch batch;
    struct odec_result ignored;
    result = result ? result : &ignored;
    *result = (struct odec_result){0};
    TRY(read_batch(solver->context, given, &batch));
    struct solve s = {.context = solver->context,
                      .solver = solver,
                      .batch = &batch,
                      .result = result};
    double busy_before = solver->backend->busy_seconds(solver->device);
    event_init(&s.changed);
    odec_status status = solve_prepare(&s, sink);
    if (status == ODEC_OK) {
        status = solve_run(&s);
        if (status != ODEC_OK) {
            solve_abandon(&s);
        }
    }
    solve_release(&s);
    event_destroy(&s.changed);
    if (status != ODEC_OK) {
        result->digest[0] = '\0'; /* of a part */
    }
    result->solve_seconds = solver->backend->busy_seconds(solver->device) - busy_before;
    return status;
}
