/* gpu_pipeline.c -- the thread that works for a GPU: copies in, launches, copies out.
 *
 *   in       | fill 0 | fill 1 |         | fill 2 |
 *   compute           | launch launch launch 0, transpose 0 | launch launch 1, ...
 *   out                                                     | portion portion 0 | ...
 *
 * The three are steps of one loop, none of which waits: where nothing can move the
 * thread sleeps for a moment, or until it is told of something new. A launch is bounded
 * to about LAUNCH_SECONDS, by the steps that a thread of it tries, as measured by the
 * last one.
 */
#include "gpu_device.h"
#include "grid.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define LAUNCH_SECONDS 0.2
#define POLL_SECONDS 1e-4

enum { FIRST_ATTEMPTS = 16, MOST_ATTEMPTS = 1 << 30 };

/* ---- failures ---- */

/* The first failure ends the work; what is submitted stays undone. */
static void fail(struct gpu_device *device, odec_status status, const char *reason) {
    pthread_mutex_lock(&device->mutex);
    if (device->failure == ODEC_OK) {
        device->failure = status;
        snprintf(device->reason, sizeof device->reason, "%s", reason);
    }
    pthread_mutex_unlock(&device->mutex);
    event_raise(device->job->changed, NULL);
}

bool gpu_pipeline_succeeded(struct gpu_device *device, int result, const char *what) {
    char reason[GPU_REASON_SIZE] = "";
    if (gpu_succeeded(device->gpu, result, what, reason)) {
        return true;
    }
    fail(device,
         device->calls->outcome(result) == GPU_NO_MEMORY ? ODEC_ERROR_MEMORY
                                                         : ODEC_ERROR_DEVICE,
         reason);
    return false;
}

static bool succeeded(struct gpu_device *device, int result, const char *what) {
    return gpu_pipeline_succeeded(device, result, what);
}

/* Has what was recorded in the event come to its end? A failure is none. */
static bool has_ended(struct gpu_device *device, gpu_event event, const char *what) {
    int result = GPU_CALL(device, event_query, event);
    return device->calls->outcome(result) != GPU_NOT_READY &&
           succeeded(device, result, what);
}

static bool is_failed(struct gpu_device *device) {
    pthread_mutex_lock(&device->mutex);
    bool failed = device->failure != ODEC_OK;
    pthread_mutex_unlock(&device->mutex);
    return failed;
}

static struct gpu_buffer *buffer_of(struct gpu_device *device, int64_t range) {
    return &device->buffers[range % device->n_buffers];
}

static size_t scalar_bytes(const struct gpu_device *device) {
    return device->program->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
}

static bool launch(struct gpu_device *device, gpu_function function, gpu_stream stream,
                   int64_t n_blocks, void *arguments, const char *what) {
    return succeeded(
        device,
        GPU_CALL(device, launch, function, n_blocks, GPU_BLOCK, stream, arguments),
        what);
}

/* Blocks for n independent pieces of work. */
static int64_t blocks_for(const struct gpu_device *device, int64_t n) {
    int64_t blocks = (n + GPU_BLOCK - 1) / GPU_BLOCK;
    int64_t most = 16 * (int64_t)device->gpu->n_multiprocessors;
    return blocks < most ? blocks : most;
}

/* ---- in ---- */

static bool fill_by_kernel(struct gpu_device *device, const struct gpu_buffer *buffer,
                           gpu_address column, const struct odec_source *source) {
    const struct grid grid = {source->lo, source->hi, source->n, source->repeat,
                              source->log};
    struct odec_grid_args args = {
        .ramp = grid_ramp(&grid),
        .out = (void *)(uintptr_t)column,
        .first = buffer->slice.first,
        .n_runs = buffer->slice.n_runs,
        .is_float = device->program->precision == ODEC_FLOAT,
    };
    return launch(device, device->fill_grid, device->in,
                  blocks_for(device, buffer->slice.n_runs), &args, "filling a sweep");
}

/* A piece of a column by way of pinned memory. False: no piece is free, or a failure.
 */
static bool fill_piece(struct gpu_device *device, const struct gpu_buffer *buffer,
                       gpu_address column, int32_t input) {
    const int64_t k = device->n_pieces % GPU_PIECES;
    if (device->n_pieces >= GPU_PIECES &&
        !has_ended(device, device->piece_copied[k], "copying in")) {
        return false;
    }
    int64_t n = buffer->slice.n_runs - device->fill_run;
    n = n < device->piece_runs ? n : device->piece_runs;
    size_t bytes = (size_t)n * scalar_bytes(device);
    gpu_address to = column + (size_t)device->fill_run * scalar_bytes(device);
    inputs_fill_one(device->job->inputs, input, buffer->slice.first + device->fill_run,
                    n, device->pinned_pieces[k]);
    if (!succeeded(
            device,
            GPU_CALL(device, copy_in, to, device->pinned_pieces[k], bytes, device->in),
            "copying in") ||
        !succeeded(device,
                   GPU_CALL(device, event_record, device->piece_copied[k], device->in),
                   "copying in")) {
        return false;
    }
    device->n_pieces++;
    device->fill_run += n;
    return true;
}

/* One column, or a piece of one, of the first range that has not all its inputs. */
static bool step_in(struct gpu_device *device, int64_t n_submitted) {
    if (device->n_filled == n_submitted) {
        return false;
    }
    struct gpu_buffer *buffer = buffer_of(device, device->n_filled);
    const struct inputs *inputs = device->job->inputs;
    int32_t column = 0, i = 0;
    for (; i < device->fill_input; i++) {
        column += inputs_is_varying(inputs, i);
    }
    while (i < inputs_count(inputs) && !inputs_is_varying(inputs, i)) {
        i++;
    }
    if (i == inputs_count(inputs)) {
        if (!succeeded(device,
                       GPU_CALL(device, event_record, buffer->filled, device->in),
                       "copying in")) {
            return false;
        }
        device->fill_input = 0;
        device->n_filled++;
        return true;
    }
    gpu_address at = buffer->inputs +
                     (size_t)column * (size_t)device->chunk_runs * scalar_bytes(device);
    const struct odec_source *source = inputs_source(inputs, i);
    bool by_kernel = source->kind == ODEC_SOURCE_GRID;
    if (!(by_kernel ? fill_by_kernel(device, buffer, at, source)
                    : fill_piece(device, buffer, at, i))) {
        return false;
    }
    device->fill_input = i;
    if (by_kernel || device->fill_run == buffer->slice.n_runs) {
        device->fill_input = i + 1;
        device->fill_run = 0;
    }
    return true;
}

/* ---- compute ---- */

static struct odec_input input_of(const struct gpu_device *device,
                                  const struct gpu_buffer *buffer, int32_t i,
                                  int32_t *n_columns) {
    const struct inputs *inputs = device->job->inputs;
    if (inputs_is_varying(inputs, i)) {
        size_t bytes = (size_t)device->chunk_runs * scalar_bytes(device);
        gpu_address at = buffer->inputs + (size_t)(*n_columns)++ * bytes;
        return (struct odec_input){(void *)(uintptr_t)at, 1};
    }
    if (inputs_source(inputs, i)->kind == ODEC_SOURCE_DEVICE) {
        return (struct odec_input){
            (void *)inputs_device_at(inputs, i, buffer->slice.first),
            inputs_source(inputs, i)->stride};
    }
    if (inputs_uniform(inputs, i) == NULL) {
        return (struct odec_input){NULL, 0};
    }
    gpu_address at = device->uniforms + (size_t)i * scalar_bytes(device);
    return (struct odec_input){(void *)(uintptr_t)at, 0};
}

static bool send_tables(struct gpu_device *device, struct gpu_buffer *buffer) {
    const struct odec_program *program = device->program;
    const struct gpu_tables tables = gpu_tables_of(program);
    char *image = buffer->pinned_tables;
    struct odec_input *pars = (struct odec_input *)(image + tables.pars);
    struct odec_input *states = (struct odec_input *)(image + tables.states);
    int32_t n_columns = 0;
    memcpy(image + tables.atol, device->job->settings->atol,
           (size_t)program->n_states * sizeof(double));
    for (int32_t i = 0; i < program->n_pars; i++) {
        pars[i] = input_of(device, buffer, i, &n_columns);
    }
    for (int32_t i = 0; i < program->n_states; i++) {
        states[i] = input_of(device, buffer, program->n_pars + i, &n_columns);
    }
    gpu_address to = device->constant ? device->constant : buffer->tables;
    return succeeded(
        device, GPU_CALL(device, copy_in, to, image, tables.bytes, device->compute),
        "copying in");
}

static void *pointer(gpu_address at) { return (void *)(uintptr_t)at; }

static struct odec_args arguments_of(const struct gpu_device *device,
                                     const struct gpu_buffer *buffer, bool resume) {
    const struct settings *settings = device->job->settings;
    const struct gpu_tables tables = gpu_tables_of(device->program);
    const gpu_address n_suspended =
        device->counters + offsetof(struct gpu_counters, n_suspended);
    struct odec_args args = {
        .n_runs = buffer->slice.n_runs,
        .first_run = buffer->slice.first,
        .next = pointer(device->counters),
        .grain = 1,
        .pars = pointer(buffer->tables + tables.pars),
        .states = pointer(buffer->tables + tables.states),
        .t0 = settings->t0,
        .t1 = settings->t1,
        .span = settings->span,
        .sign = settings->t1 < settings->t0 ? -1 : 1,
        .rtol = settings->rtol,
        .atol = pointer(buffer->tables + tables.atol),
        .dt = settings->dt,
        .dt_max = settings->dt_max,
        .max_attempts = settings->max_attempts,
        .save_times = pointer(device->save_times),
        .n_saves = settings->n_saves,
        .launch_attempts = device->launch_attempts,
        .resume = resume,
        .n_suspended = pointer(n_suspended),
        .seen = pointer(device->counters + offsetof(struct gpu_counters, seen)),
    };
    arrays_bind(device->program, device->calls->target, ODEC_PER_LANE,
                &device->lane_arrays, device->lanes_at, &args);
    arrays_bind(device->program, device->calls->target, ODEC_PER_RUN,
                &device->run_arrays, buffer->arrays, &args);
    args.values = pointer(device->computed_values);
    return args;
}

static int64_t blocks_of(const struct gpu_device *device,
                         const struct gpu_buffer *buffer) {
    int64_t n_blocks = (buffer->slice.n_runs + GPU_BLOCK - 1) / GPU_BLOCK;
    return n_blocks < device->n_blocks ? n_blocks : device->n_blocks;
}

/* One bounded launch for the first range that is not computed. */
static bool launch_kernel(struct gpu_device *device, struct gpu_buffer *buffer,
                          bool resume) {
    struct odec_args args = arguments_of(device, buffer, resume);
    const int64_t n_blocks = blocks_of(device, buffer);
    const gpu_address n_suspended =
        device->counters + offsetof(struct gpu_counters, n_suspended);
    device->is_launched =
        succeeded(device,
                  resume ? GPU_CALL(device, fill_zero, n_suspended,
                                    sizeof(unsigned long long), device->compute)
                         : GPU_CALL(device, fill_zero, device->counters,
                                    device->counters_bytes, device->compute),
                  "launching") &&
        succeeded(device,
                  GPU_CALL(device, event_record, device->launch_begin, device->compute),
                  "launching") &&
        launch(device, device->kernel, device->compute, n_blocks, &args, "launching") &&
        succeeded(device,
                  GPU_CALL(device, event_record, device->launch_end, device->compute),
                  "launching") &&
        succeeded(device,
                  GPU_CALL(device, copy_out, device->pinned_counters, device->counters,
                           device->counters_bytes, device->compute),
                  "launching") &&
        succeeded(device,
                  GPU_CALL(device, event_record, device->counted, device->compute),
                  "launching");
    return device->is_launched;
}

/* The next launch takes about LAUNCH_SECONDS if its steps take as long as the last
 * one's. */
static void adapt_attempts(struct gpu_device *device, double seconds) {
    double factor = seconds > 0 ? LAUNCH_SECONDS / seconds : 16;
    factor = factor > 16 ? 16 : factor < 1.0 / 16 ? 1.0 / 16 : factor;
    double attempts = factor * device->launch_attempts;
    device->launch_attempts = attempts < 1               ? 1
                              : attempts > MOST_ATTEMPTS ? MOST_ATTEMPTS
                                                         : (int)attempts;
}

/* The range's values by run, or at once to the caller's memory, before the next one is computed
 * where they were. */
static bool order_values(struct gpu_device *device, const struct gpu_buffer *buffer) {
    const size_t scalar = scalar_bytes(device);
    const int64_t n_runs = buffer->slice.n_runs;
    const gpu_address to = gpu_resident_ordered(device, buffer);
    struct odec_transpose_args args = {
        .from = pointer(device->computed_values),
        .to = pointer(to),
        .n_runs = n_runs,
        .n_values = (long long)((size_t)device->job->run_value_bytes / scalar),
        .is_float = device->program->precision == ODEC_FLOAT,
    };
    return (to == 0 || launch(device, device->transpose, device->compute,
                              blocks_for(device, n_runs * ((args.n_values + 3) / 4)),
                              &args, "transposing")) &&
           gpu_resident_send(device, buffer) &&
           succeeded(device,
                     GPU_CALL(device, event_record, buffer->ordered, device->compute),
                     "transposing");
}

/* Takes note of what a launch has done. True: the range is computed. */
static bool note_launch(struct gpu_device *device, const struct gpu_buffer *buffer,
                        double seconds) {
    const struct gpu_counters counters = *device->pinned_counters;
    arrays_seen_add(device->counters_bytes - sizeof counters,
                    device->pinned_counters->seen, device->seen);
    const int64_t n_runs = buffer->slice.n_runs;
    const bool computed = counters.next >= n_runs && counters.n_suspended == 0;
    pthread_mutex_lock(&device->mutex);
    device->kernel_seconds += seconds;
    device->runs_begun =
        device->runs_computed + (counters.next < n_runs ? counters.next : n_runs);
    if (computed) {
        device->runs_computed += n_runs;
        device->n_computed++;
        if (device->n_computed == device->n_submitted) {
            device->busy_seconds += clock_seconds() - device->busy_since;
        }
    }
    pthread_mutex_unlock(&device->mutex);
    return computed;
}

static bool step_compute(struct gpu_device *device) {
    struct gpu_buffer *buffer = buffer_of(device, device->n_computed);
    if (!device->is_launched) {
        if (device->n_computed == device->n_filled) {
            return false;
        }
        return succeeded(device,
                         GPU_CALL(device, stream_wait, device->compute, buffer->filled),
                         "launching") &&
               send_tables(device, buffer) && launch_kernel(device, buffer, false);
    }
    float milliseconds = 0;
    if (!has_ended(device, device->counted, "computing") ||
        !succeeded(device,
                   GPU_CALL(device, event_elapsed, &milliseconds, device->launch_begin,
                            device->launch_end),
                   "computing")) {
        return false;
    }
    const double seconds = 1e-3 * milliseconds;
    device->is_launched = false;
    if (note_launch(device, buffer, seconds)) {
        /* a range's end tells nothing of how long a launch takes */
        return order_values(device, buffer);
    }
    adapt_attempts(device, seconds);
    return launch_kernel(device, buffer, true);
}

/* ---- out ---- */

/* n runs of one array, from run out_run of the range on. */
static bool send_array(struct gpu_device *device, const struct gpu_buffer *buffer,
                       const struct gpu_stage *stage, const odec_array *array,
                       int64_t n) {
    const size_t bytes = (size_t)array_bytes(array, device->job->settings->n_saves);
    char *to = stage->pinned + device->portion_arrays.at[array->role];
    gpu_address from = buffer->arrays + device->run_arrays.at[array->role] +
                       (size_t)device->out_run * bytes;
    return succeeded(
        device, GPU_CALL(device, copy_out, to, from, (size_t)n * bytes, device->out),
        "copying out");
}

static bool send_portion(struct gpu_device *device, struct gpu_stage *stage) {
    const struct gpu_buffer *buffer = buffer_of(device, device->n_leaving);
    int64_t n = buffer->slice.n_runs - device->out_run;
    n = n < device->portion_runs ? n : device->portion_runs;
    if (!succeeded(device, GPU_CALL(device, stream_wait, device->out, buffer->ordered),
                   "copying out")) {
        return false;
    }
    for (const odec_array *a = NULL;
         (a = arrays_next(device->program, device->calls->target, ODEC_PER_RUN, a));) {
        const bool stays = a->role == ODEC_ARRAY_VALUES && !device->job->host_values;
        if (!stays && !send_array(device, buffer, stage, a, n)) {
            return false;
        }
    }
    if (!succeeded(device, GPU_CALL(device, event_record, stage->copied, device->out),
                   "copying out")) {
        return false;
    }
    stage->slice = (struct slice){buffer->slice.first + device->out_run, n};
    stage->is_settled = false;
    stage->number = device->n_portions++;
    device->out_run += n;
    stage->ends_range = device->out_run == buffer->slice.n_runs;
    if (stage->ends_range) {
        device->n_leaving++;
        device->out_run = 0;
    }
    return true;
}

static void set_state(struct gpu_device *device, struct gpu_stage *stage,
                      enum gpu_stage_state state) {
    pthread_mutex_lock(&device->mutex);
    stage->state = state;
    if (state == STAGE_READY && stage->ends_range) {
        device->n_out++;
    }
    pthread_mutex_unlock(&device->mutex);
    if (state == STAGE_READY) {
        event_raise(device->job->changed, NULL);
    }
}

static enum gpu_stage_state state_of(struct gpu_device *device,
                                     const struct gpu_stage *stage) {
    pthread_mutex_lock(&device->mutex);
    enum gpu_stage_state state = stage->state;
    pthread_mutex_unlock(&device->mutex);
    return state;
}

static bool step_out(struct gpu_device *device) {
    bool moved = false;
    for (int32_t i = 0; i < GPU_STAGES && !is_failed(device); i++) {
        struct gpu_stage *stage = &device->stages[i];
        enum gpu_stage_state state = state_of(device, stage);
        if (state == STAGE_COPYING && has_ended(device, stage->copied, "copying out")) {
            bool sent;
            if (gpu_resident_settle(device, stage, &sent) && !sent) {
                set_state(device, stage, STAGE_READY);
            }
            moved = true;
        } else if (state == STAGE_FREE && device->n_leaving < device->n_computed &&
                   send_portion(device, stage)) {
            set_state(device, stage, STAGE_COPYING);
            moved = true;
        }
    }
    return moved;
}

/* ---- the thread ---- */

static bool is_in_flight(struct gpu_device *device, int64_t n_submitted) {
    bool flying = device->is_launched || device->n_filled < n_submitted;
    for (int32_t i = 0; i < GPU_STAGES; i++) {
        flying |= state_of(device, &device->stages[i]) == STAGE_COPYING;
    }
    return flying;
}

/* For a moment, or until there is something new. */
static void rest(struct gpu_device *device, uint64_t seen, int64_t n_submitted) {
    const bool flying = is_in_flight(device, n_submitted);
    struct timespec until = clock_after(POLL_SECONDS);
    pthread_mutex_lock(&device->mutex);
    if (device->n_signals == seen) {
        if (flying) {
            pthread_cond_timedwait(&device->wake, &device->mutex, &until);
        } else {
            pthread_cond_wait(&device->wake, &device->mutex);
        }
    }
    pthread_mutex_unlock(&device->mutex);
}

/* What is in flight has ended when this returns: its memory may go. */
static void drain(struct gpu_device *device) {
    const gpu_stream streams[] = {device->in, device->compute, device->out};
    for (int i = 0; i < 3; i++) {
        GPU_GIVE_BACK(device->gpu, GPU_CALL(device, stream_synchronize, streams[i]));
    }
}

static void work(struct gpu_device *device) {
    if (!gpu_enter(device->gpu)) {
        fail(device, ODEC_ERROR_DEVICE, "its context cannot be used");
        return;
    }
    if (device->job->on_device) {
        gpu_resident_wait(device);
    }
    for (;;) {
        pthread_mutex_lock(&device->mutex);
        const uint64_t seen = device->n_signals;
        const int64_t n_submitted = device->n_submitted;
        const bool stop = device->stop;
        pthread_mutex_unlock(&device->mutex);
        if (stop || is_failed(device)) {
            break;
        }
        bool moved = step_in(device, n_submitted);
        moved |= !is_failed(device) && step_compute(device);
        moved |= !is_failed(device) && step_out(device);
        if (!moved && !is_failed(device)) {
            rest(device, seen, n_submitted);
        }
    }
    drain(device);
    gpu_leave(device->gpu);
}

static void *pipeline_main(void *user) {
    struct gpu_device *device = user;
    pthread_mutex_lock(&device->mutex);
    for (;;) {
        while (!device->closing && !device->is_working) {
            pthread_cond_wait(&device->wake, &device->mutex);
        }
        if (device->closing) {
            break;
        }
        pthread_mutex_unlock(&device->mutex);
        work(device);
        pthread_mutex_lock(&device->mutex);
        if (device->n_computed < device->n_submitted) {
            device->busy_seconds += clock_seconds() - device->busy_since;
        }
        device->is_working = false;
        pthread_cond_broadcast(&device->idle);
    }
    pthread_mutex_unlock(&device->mutex);
    return NULL;
}

odec_status gpu_pipeline_create(struct odec_context *context,
                                struct gpu_device *device) {
    pthread_condattr_t attributes;
    sigset_t all, before;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&device->mutex, NULL);
    pthread_cond_init(&device->wake, &attributes);
    pthread_cond_init(&device->idle, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&device->thread, NULL, pipeline_main, device);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        pthread_cond_destroy(&device->idle);
        pthread_cond_destroy(&device->wake);
        pthread_mutex_destroy(&device->mutex);
        return context_fail(context, ODEC_ERROR_DEVICE,
                            "cannot start a device's thread: %s", strerror(error));
    }
    device->has_thread = true;
    return ODEC_OK;
}

void gpu_pipeline_destroy(struct gpu_device *device) {
    if (!device->has_thread) {
        return;
    }
    pthread_mutex_lock(&device->mutex);
    device->closing = true;
    pthread_cond_broadcast(&device->wake);
    pthread_mutex_unlock(&device->mutex);
    pthread_join(device->thread, NULL);
    pthread_cond_destroy(&device->idle);
    pthread_cond_destroy(&device->wake);
    pthread_mutex_destroy(&device->mutex);
}

void gpu_pipeline_signal(struct gpu_device *device) {
    device->n_signals++;
    pthread_cond_broadcast(&device->wake);
}

void gpu_pipeline_start(struct gpu_device *device) {
    device->n_filled = device->n_leaving = device->fill_run = 0;
    device->fill_input = 0;
    device->n_pieces = 0;
    device->is_launched = false;
    device->out_run = device->n_portions = 0;
    if (device->launch_attempts == 0) {
        device->launch_attempts = FIRST_ATTEMPTS;
    }
    pthread_mutex_lock(&device->mutex);
    device->n_submitted = device->n_computed = device->n_out = device->n_collected = 0;
    device->runs_computed = device->runs_begun = device->runs_collected = 0;
    device->stop = false;
    device->failure = ODEC_OK;
    device->reason[0] = '\0';
    device->is_working = true;
    gpu_pipeline_signal(device);
    pthread_mutex_unlock(&device->mutex);
}

void gpu_pipeline_stop(struct gpu_device *device) {
    pthread_mutex_lock(&device->mutex);
    device->stop = true;
    gpu_pipeline_signal(device);
    while (device->is_working) {
        pthread_cond_wait(&device->idle, &device->mutex);
    }
    pthread_mutex_unlock(&device->mutex);
}
