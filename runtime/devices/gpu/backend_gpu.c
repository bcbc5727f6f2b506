/* backend_gpu.c -- a GPU as a device: its kernels loaded (gpu_load.c), its memory laid out for a plan (gpu_device.h draws it), worked on by a
 * thread of its own (gpu_pipeline.c). Whose GPU it is the table says that a backend's row
 * names (gpu_calls.h).
 */
#include "backend_gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu_device.h"

#define PORTION_BYTES ((int64_t)16 << 20) /* values copied out at once, */
#define PIECE_BYTES ((int64_t)4 << 20)    /* and of a column copied in */
#define ALIGNMENT 256                     /* of every part of a block */

static size_t aligned(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max_i64(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t scalar_bytes(const struct odec_program *program) {
    return program->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
}

struct gpu_tables gpu_tables_of(const struct odec_program *program) {
    const size_t n_pars = (size_t)program->n_pars, n_states = (size_t)program->n_states;
    struct gpu_tables tables = {.bytes = 0};
#define TABLE(type, size, name, n)                                  \
    _Static_assert(sizeof(type) == (size), "as abi.h has counted"); \
    tables.name = tables.bytes;                                     \
    tables.bytes += (size) * ((n) + !(n));
    ODEC_TABLES(TABLE, n_pars, n_states)
#undef TABLE
    return tables;
}

static size_t seen_bytes(const struct gpu_device *device) {
    return arrays_seen_bytes(device->program, device->calls->target);
}

static odec_status failed(struct odec_context *context, const char *reason) {
    return context_fail(context, ODEC_ERROR_DEVICE, "%s", reason);
}

odec_status gpu_device_enter(struct gpu_device *device, struct odec_context *context) {
    bool entered = gpu_enter(device->gpu);
    odec_status status = gpu_check(context, device->gpu);
    if (status != ODEC_OK) {
        if (entered) {
            gpu_leave(device->gpu);
        }
        return status;
    }
    FAIL_IF(!entered, context, ODEC_ERROR_DEVICE, "%s: its context cannot be used",
            device->gpu->name);
    return ODEC_OK;
}

/* ---- open: loaded kernels to functions, streams, events ---- */

static bool find_functions(struct gpu_device *device, char reason[GPU_REASON_SIZE]) {
    const struct {
        gpu_function *function;
        gpu_module module;
        const char *name;
    } wanted[] = {{&device->kernel, device->module, "odec_kernel"},
                  {&device->fill_grid, device->tools, "odec_fill_grid"},
                  {&device->transpose, device->tools, "odec_transpose"}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (!gpu_succeeded(device->gpu,
                           GPU_CALL(device, module_function, wanted[i].function,
                                    wanted[i].module, wanted[i].name),
                           "finding a kernel", reason)) {
            return false;
        }
    }
    const bool has_constant =
        gpu_tables_of(device->program).bytes <= ODEC_CONSTANT_BYTES;
    return !has_constant ||
           gpu_succeeded(device->gpu,
                         GPU_CALL(device, module_global, &device->constant,
                                  device->module, "odec_shared"),
                         "finding constant memory", reason);
}

/* Threads that take one run after another leave no room while a launch lasts: the
 * kernels that copy in and out beside them need some, and a block's place is enough for
 * several of theirs. */
static int32_t spare_blocks(int32_t max_blocks) {
    return max_blocks < 2 ? 0 : max_blocks < 128 ? 1 : max_blocks / 64;
}

/* How many threads are resident, and what their local memory takes. */
static bool measure_kernel(struct gpu_device *device, char reason[GPU_REASON_SIZE]) {
    const struct gpu *gpu = device->gpu;
    int blocks = 0, local = 0;
    if (!gpu_succeeded(
            device->gpu,
            GPU_CALL(device, resident_blocks, &blocks, device->kernel, GPU_BLOCK),
            "its occupancy", reason) ||
        !gpu_succeeded(device->gpu,
                       GPU_CALL(device, local_bytes, &local, device->kernel),
                       "its local memory", reason)) {
        return false;
    }
    if (blocks < 1) {
        snprintf(reason, GPU_REASON_SIZE,
                 "%s: the kernel does not fit a multiprocessor", gpu->name);
        return false;
    }
    device->max_blocks = blocks * gpu->n_multiprocessors;
    device->max_blocks -= spare_blocks(device->max_blocks);
    device->local_bytes = (int64_t)local * gpu->max_threads * gpu->n_multiprocessors;
    return true;
}

static bool create_streams(struct gpu_device *device, char reason[GPU_REASON_SIZE]) {
    gpu_stream *const streams[] = {&device->in, &device->compute, &device->out};
    for (int i = 0; i < 3; i++) {
        if (!gpu_succeeded(device->gpu, GPU_CALL(device, stream_create, streams[i]),
                           "creating a stream", reason)) {
            return false;
        }
    }
    return true;
}

enum { N_EVENTS = 4 + GPU_PIECES + 2 * GPU_MAX_BUFFERS + GPU_STAGES };

static void list_events(struct gpu_device *device, gpu_event *list[N_EVENTS]) {
    int n = 0;
    list[n++] = &device->launch_begin;
    list[n++] = &device->launch_end;
    list[n++] = &device->counted;
    list[n++] = &device->arrived;
    for (int i = 0; i < GPU_PIECES; i++) {
        list[n++] = &device->piece_copied[i];
    }
    for (int i = 0; i < GPU_MAX_BUFFERS; i++) {
        list[n++] = &device->buffers[i].filled;
        list[n++] = &device->buffers[i].ordered;
    }
    for (int i = 0; i < GPU_STAGES; i++) {
        list[n++] = &device->stages[i].copied;
    }
}

static bool create_events(struct gpu_device *device, char reason[GPU_REASON_SIZE]) {
    gpu_event *events[N_EVENTS];
    list_events(device, events);
    for (int i = 0; i < N_EVENTS; i++) {
        if (!gpu_succeeded(device->gpu, GPU_CALL(device, event_create, events[i]),
                           "creating an event", reason)) {
            return false;
        }
    }
    return true;
}

/* Within the GPU's context. */
static odec_status open_inside(struct odec_context *context, struct gpu_device *device,
                               const struct odec_solver_options *options) {
    char reason[GPU_REASON_SIZE] = "";
    TRY(gpu_load(context, device, options));
    return find_functions(device, reason) && measure_kernel(device, reason) &&
                   create_streams(device, reason) && create_events(device, reason)
               ? ODEC_OK
               : failed(context, reason);
}

static odec_status device_init(struct odec_context *context, struct gpu_device *device,
                               const struct odec_solver_options *options,
                               int32_t ordinal) {
    TRY(gpu_load_check(context, device));
    device->seen = heap_take(context->heap, 1, seen_bytes(device) + 1);
    if (device->seen == NULL) {
        return context_out_of_memory(context);
    }
    TRY(gpu_acquire(context, device->calls, ordinal, &device->gpu));
    device->memory_bytes = options->memory_bytes;
    TRY(memory_join(context, device->gpu->memory, options->memory_fraction,
                    &device->member));
    TRY(gpu_device_enter(device, context));
    odec_status status = open_inside(context, device, options);
    gpu_leave(device->gpu);
    TRY(status);
    TRY(gpu_check(context, device->gpu));
    return gpu_pipeline_create(context, device);
}

/* ---- close ---- */

static void release_handles(struct gpu_device *device) {
    gpu_event *events[N_EVENTS];
    gpu_stream *const streams[] = {&device->in, &device->compute, &device->out};
    gpu_module *const modules[] = {&device->module, &device->tools};
    list_events(device, events);
    if (device->pinned) {
        GPU_GIVE_BACK(device->gpu, GPU_CALL(device, pinned_free, device->pinned));
    }
    for (int i = 0; i < N_EVENTS; i++) {
        if (*events[i]) {
            GPU_GIVE_BACK(device->gpu, GPU_CALL(device, event_destroy, *events[i]));
        }
    }
    for (int i = 0; i < 3; i++) {
        if (*streams[i]) {
            GPU_GIVE_BACK(device->gpu, GPU_CALL(device, stream_destroy, *streams[i]));
        }
    }
    for (int i = 0; i < 2; i++) {
        if (*modules[i]) {
            GPU_GIVE_BACK(device->gpu, GPU_CALL(device, module_unload, *modules[i]));
        }
    }
}

static void destroy(struct gpu_device *device) {
    gpu_pipeline_destroy(device);
    if (device->gpu) {
        if (gpu_enter(device->gpu) || gpu_enter(device->gpu)) {
            release_handles(device);
            gpu_leave(device->gpu);
        }
        if (atomic_load(&device->gpu->is_dead)) {
            memory_forget(device->gpu->memory);
        }
        if (device->member >= 0) {
            memory_leave(device->gpu->memory, device->member);
        }
        gpu_release(device->gpu);
    }
    heap_give(device->seen);
    heap_give(device);
}

void gpu_close(struct device *opened) {
    if (opened) {
        destroy((struct gpu_device *)opened);
    }
}

odec_status gpu_open(const struct backend *backend, struct odec_context *context,
                     const struct odec_program *program,
                     const struct odec_solver_options *options, int32_t ordinal,
                     struct device **out) {
    *out = NULL;
    struct gpu_device *device = heap_take(context->heap, 1, sizeof *device);
    if (device == NULL) {
        return context_out_of_memory(context);
    }
    device->calls = backend->gpu;
    device->program = program;
    device->member = -1;
    odec_status status = device_init(context, device, options, ordinal);
    if (status != ODEC_OK) {
        destroy(device);
        return status;
    }
    *out = (struct device *)device;
    return ODEC_OK;
}

void gpu_facts(const struct device *opened, struct device_facts *out) {
    const struct gpu_device *device = (const struct gpu_device *)opened;
    *out = (struct device_facts){
        .compiler = device->is_linked_in ? "" : device->gpu->library->compiler,
        .lanes = 1,
        .n_resident = (int64_t)device->max_blocks * GPU_BLOCK,
        .free_bytes = device->gpu->free_bytes,
        .cache_hit = device->cache_hit,
    };
    snprintf(out->name, sizeof out->name, "%s", device->gpu->name);
    snprintf(out->description, sizeof out->description, "%s", device->gpu->description);
}

/* ---- plans ---- */

static int64_t budget_of(const struct gpu_device *device) {
    int64_t budget = memory_budget(device->gpu->memory, device->member);
    return device->memory_bytes > 0 ? min_i64(budget, device->memory_bytes) : budget;
}

int64_t gpu_budget(const struct device *opened) {
    return budget_of((const struct gpu_device *)opened);
}

/* Runs copied out at once: a sixteenth of the budget at most. */
static int64_t portion_runs(const struct gpu_device *device, const struct job *job) {
    const int64_t bytes = min_i64(PORTION_BYTES, budget_of(device) / 16);
    const int64_t run = job->host_values ? job->run_value_bytes
                                         : (int64_t)sizeof(struct odec_run_record);
    return max_i64(bytes / max_i64(run, 1), 1);
}

/* Of so many blocks of threads. */
static struct array_offsets place_lanes(const struct gpu_device *device,
                                        const struct job *job, int32_t n_blocks) {
    return arrays_place(device->program, device->calls->target, ODEC_PER_LANE,
                        job->settings->n_saves, (int64_t)n_blocks * GPU_BLOCK,
                        ALIGNMENT, 0);
}

/* Blocks at once: fewer than could be resident where their lanes would take more than a
 * quarter of the budget. */
static int32_t count_blocks(const struct gpu_device *device, const struct job *job) {
    int64_t blocks =
        budget_of(device) / 4 / max_i64((int64_t)place_lanes(device, job, 1).bytes, 1);
    return (int32_t)max_i64(min_i64(blocks, device->max_blocks), 1);
}

/* Roles that a chunk has no array for, as what they are goes straight to the caller's memory. */
static uint32_t chunks_without(const struct job *job) {
    return gpu_resident_keeps_values(job) ? 0 : 1u << ODEC_ARRAY_VALUES;
}

/* Lanes count for those blocks; parts of blocks are aligned. */
int32_t gpu_arrays(const struct device *opened, const struct job *job,
                   struct odec_array *arrays) {
    const struct gpu_device *device = (const struct gpu_device *)opened;
    const struct odec_program *program = device->program;
    const int64_t n_threads = (int64_t)count_blocks(device, job) * GPU_BLOCK;
    const int64_t scalar = scalar_bytes(program);
    const int64_t tables = (int64_t)gpu_tables_of(program).bytes;
    const uint32_t without = chunks_without(job);
    int32_t n = 0;
    for (int32_t i = 0; i < program->n_arrays; i++) {
        const struct odec_array *array = &program->arrays[i];
        if (array->targets & 1u << device->calls->target &&
            !(without >> array->role & 1)) {
            const bool per_lane = array->kind == ODEC_PER_LANE;
            arrays[n] = *array;
            arrays[n].kind = per_lane ? ODEC_SHARED : array->kind;
            arrays[n].bytes *= per_lane ? n_threads : 1;
            arrays[n].bytes_per_save *= per_lane ? n_threads : 1;
            n++;
        }
    }
    const struct odec_array own[BACKEND_MAX_ARRAYS] = {
        {.name = "inputs",
         .kind = ODEC_PER_RUN,
         .bytes = inputs_n_varying(job->inputs) * scalar},
        {.name = "computed values",
         .kind = ODEC_PER_COMPUTED_RUN,
         .bytes = job->run_value_bytes},
        {.name = "tables",
         .kind = ODEC_SHARED,
         .bytes = GPU_MAX_BUFFERS * tables + 32 * ALIGNMENT +
                  inputs_count(job->inputs) * scalar},
        {.name = "local memory", .kind = ODEC_SHARED, .bytes = device->local_bytes},
    };
    memcpy(&arrays[n], own, sizeof own);
    return n + BACKEND_MAX_ARRAYS;
}

/* ---- begin: memory ---- */

static size_t counters_bytes(const struct gpu_device *device) {
    return sizeof(struct gpu_counters) + seen_bytes(device);
}

static gpu_address address(const struct gpu_device *device,
                           struct memory_handle handle) {
    return (gpu_address)(uintptr_t)memory_at(device->gpu->memory, handle);
}

static odec_status get(struct gpu_device *device, struct odec_context *context,
                       const char *what, size_t bytes, struct memory_handle *handle) {
    struct odec_context attempt = {.heap = context->heap};
    odec_status status =
        memory_get(&attempt, device->gpu->memory, device->member, what, bytes, handle);
    TRY(gpu_check(context, device->gpu)); /* of which that may be a consequence */
    FAIL_IF(status != ODEC_OK, context, status, "%s", attempt.error);
    return ODEC_OK;
}

static odec_status make_chunks(struct gpu_device *device, struct odec_context *context,
                               const struct plan *plan) {
    const struct job *job = device->job;
    const size_t n = (size_t)plan->chunk_runs;
    const size_t inputs = aligned(n * (size_t)inputs_n_varying(job->inputs) *
                                  (size_t)scalar_bytes(device->program));
    device->run_arrays = arrays_place(device->program, device->calls->target,
                                      ODEC_PER_RUN, job->settings->n_saves,
                                      plan->chunk_runs, ALIGNMENT, chunks_without(job));
    device->n_buffers = plan->n_buffers;
    device->chunk_runs = plan->chunk_runs;
    device->portion_runs = min_i64(portion_runs(device, job), plan->chunk_runs);
    TRY(get(device, context, "computed values",
            aligned(n * (size_t)job->run_value_bytes), &device->computed));
    device->computed_values = address(device, device->computed);
    for (int32_t i = 0; i < plan->n_buffers; i++) {
        struct gpu_buffer *buffer = &device->buffers[i];
        TRY(get(device, context, "a chunk", inputs + device->run_arrays.bytes,
                &buffer->memory));
        buffer->inputs = address(device, buffer->memory);
        buffer->arrays = buffer->inputs + inputs;
    }
    return ODEC_OK;
}

static odec_status make_lanes(struct gpu_device *device, struct odec_context *context) {
    device->n_blocks = count_blocks(device, device->job);
    device->lane_arrays = place_lanes(device, device->job, device->n_blocks);
    TRY(get(device, context, "the lanes", device->lane_arrays.bytes, &device->lanes));
    device->lanes_at = address(device, device->lanes);
    return ODEC_OK;
}

static odec_status make_shared(struct gpu_device *device,
                               struct odec_context *context) {
    const struct job *job = device->job;
    const size_t times = aligned((size_t)job->settings->n_saves * sizeof(double));
    const size_t uniforms = aligned((size_t)inputs_count(job->inputs) *
                                    (size_t)scalar_bytes(device->program));
    const size_t tables = aligned(gpu_tables_of(device->program).bytes);
    const size_t counters = aligned(counters_bytes(device));
    TRY(get(device, context, "the save times and tables",
            times + uniforms + counters + GPU_MAX_BUFFERS * tables, &device->shared));
    device->save_times = address(device, device->shared);
    device->uniforms = device->save_times + times;
    device->counters = device->uniforms + uniforms;
    for (size_t i = 0; i < GPU_MAX_BUFFERS; i++) {
        device->buffers[i].tables = device->counters + counters + i * tables;
    }
    return ODEC_OK;
}

/* The pinned memory, of the same size as last time where that will do. */
static odec_status get_pinned(struct gpu_device *device, struct odec_context *context,
                              size_t bytes) {
    char reason[GPU_REASON_SIZE] = "";
    void *pinned = NULL;
    if (device->pinned && device->pinned_bytes == bytes) {
        return ODEC_OK;
    }
    if (device->pinned) {
        GPU_GIVE_BACK(device->gpu, GPU_CALL(device, pinned_free, device->pinned));
        device->pinned = NULL;
    }
    int result = GPU_CALL(device, pinned_allocate, &pinned, bytes);
    FAIL_IF(!gpu_succeeded(device->gpu, result, "pinned memory", reason), context,
            device->calls->outcome(result) == GPU_NO_MEMORY ? ODEC_ERROR_MEMORY
                                                            : ODEC_ERROR_DEVICE,
            "%s", reason);
    device->pinned = pinned;
    device->pinned_bytes = bytes;
    return ODEC_OK;
}

static odec_status make_pinned(struct gpu_device *device,
                               struct odec_context *context) {
    const size_t scalar = (size_t)scalar_bytes(device->program);
    const size_t tables = aligned(gpu_tables_of(device->program).bytes);
    const size_t counters = aligned(counters_bytes(device));
    device->piece_runs =
        min_i64(PIECE_BYTES / (int64_t)scalar, max_i64(device->chunk_runs, 512));
    const size_t piece = aligned((size_t)device->piece_runs * scalar);
    device->portion_arrays =
        arrays_place(device->program, device->calls->target, ODEC_PER_RUN,
                     device->job->settings->n_saves, device->portion_runs, ALIGNMENT,
                     device->job->host_values ? 0 : 1u << ODEC_ARRAY_VALUES);
    const size_t portion = device->portion_arrays.bytes;
    TRY(get_pinned(device, context,
                   counters + GPU_MAX_BUFFERS * tables + GPU_PIECES * piece +
                       GPU_STAGES * portion));
    char *at = device->pinned;
    device->pinned_counters = (struct gpu_counters *)at;
    device->counters_bytes = counters_bytes(device);
    at += counters;
    for (int i = 0; i < GPU_MAX_BUFFERS; i++, at += tables) {
        device->buffers[i].pinned_tables = at;
    }
    for (int i = 0; i < GPU_PIECES; i++, at += piece) {
        device->pinned_pieces[i] = at;
    }
    for (int i = 0; i < GPU_STAGES; i++, at += portion) {
        device->stages[i].state = STAGE_FREE;
        device->stages[i].pinned = at;
    }
    return ODEC_OK;
}

/* Host memory to the device's, piece by piece; done when it returns. */
static bool upload(struct gpu_device *device, gpu_address to, const void *from,
                   size_t bytes, char reason[GPU_REASON_SIZE]) {
    const size_t most =
        (size_t)device->piece_runs * (size_t)scalar_bytes(device->program);
    for (size_t done = 0; done < bytes;) {
        size_t n = bytes - done < most ? bytes - done : most;
        memcpy(device->pinned_pieces[0], (const char *)from + done, n);
        if (!gpu_succeeded(device->gpu,
                           GPU_CALL(device, copy_in, to + done,
                                    device->pinned_pieces[0], n, device->in),
                           "copying in", reason) ||
            !gpu_succeeded(device->gpu,
                           GPU_CALL(device, stream_synchronize, device->in),
                           "copying in", reason)) {
            return false;
        }
        done += n;
    }
    return true;
}

static odec_status send_shared(struct gpu_device *device,
                               struct odec_context *context) {
    const struct job *job = device->job;
    const size_t scalar = (size_t)scalar_bytes(device->program);
    char reason[GPU_REASON_SIZE] = "";
    bool sent = upload(device, device->save_times, job->settings->times,
                       (size_t)job->settings->n_saves * sizeof(double), reason);
    for (int32_t i = 0; sent && i < inputs_count(job->inputs); i++) {
        const void *value = inputs_uniform(job->inputs, i);
        if (value) {
            sent = upload(device, device->uniforms + (size_t)i * scalar, value, scalar,
                          reason);
        }
    }
    return sent ? ODEC_OK : failed(context, reason);
}

/* Blocks of another plan go before those of this one come. */
static void forget_other_plan(struct gpu_device *device, const struct plan *plan) {
    struct memory *memory = device->gpu->memory;
    const struct plan *last = &device->plan;
    if (last->chunk_runs != plan->chunk_runs || last->n_buffers != plan->n_buffers ||
        last->run_bytes != plan->run_bytes ||
        last->computed_bytes != plan->computed_bytes ||
        last->fixed_bytes != plan->fixed_bytes) {
        for (int32_t i = 0; i < GPU_MAX_BUFFERS; i++) {
            memory_put(memory, &device->buffers[i].memory);
        }
        memory_put(memory, &device->computed);
        memory_put(memory, &device->lanes);
        memory_put(memory, &device->shared);
        device->plan = *plan;
    }
}

static odec_status begin_inside(struct gpu_device *device, struct odec_context *context,
                                const struct plan *plan) {
    forget_other_plan(device, plan);
    TRY(make_chunks(device, context, plan));
    TRY(make_lanes(device, context));
    TRY(make_shared(device, context));
    TRY(make_pinned(device, context));
    return send_shared(device, context);
}

odec_status gpu_begin(struct device *opened, struct odec_context *context,
                      const struct job *job, const struct plan *plan) {
    struct gpu_device *device = (struct gpu_device *)opened;
    device->job = job;
    TRY(gpu_device_enter(device, context));
    odec_status status = begin_inside(device, context, plan);
    if (status == ODEC_OK && job->on_device) {
        status = gpu_resident_mark(device, context);
    }
    gpu_leave(device->gpu);
    if (status == ODEC_OK) {
        status = gpu_check(context, device->gpu);
    }
    if (status == ODEC_OK) {
        memset(device->seen, 0, seen_bytes(device));
        gpu_pipeline_start(device);
    }
    return status;
}

/* ---- ranges and portions ---- */

void gpu_end(struct device *opened) {
    struct gpu_device *device = (struct gpu_device *)opened;
    gpu_pipeline_stop(device);
    arrays_seen_add(seen_bytes(device), device->seen, device->job->seen);
}

void gpu_submit(struct device *opened, struct slice slice) {
    struct gpu_device *device = (struct gpu_device *)opened;
    pthread_mutex_lock(&device->mutex);
    if (device->n_submitted == device->n_computed) {
        device->busy_since = clock_seconds();
    }
    device->buffers[device->n_submitted % device->n_buffers].slice = slice;
    device->n_submitted++;
    gpu_pipeline_signal(device);
    pthread_mutex_unlock(&device->mutex);
}

int32_t gpu_n_free(struct device *opened) {
    struct gpu_device *device = (struct gpu_device *)opened;
    pthread_mutex_lock(&device->mutex);
    int32_t n = device->n_buffers - (int32_t)(device->n_submitted - device->n_out);
    pthread_mutex_unlock(&device->mutex);
    return n;
}

bool gpu_collect(struct device *opened, struct portion *out) {
    struct gpu_device *device = (struct gpu_device *)opened;
    bool found = false;
    pthread_mutex_lock(&device->mutex);
    for (int32_t i = 0; i < GPU_STAGES && !found; i++) {
        struct gpu_stage *stage = &device->stages[i];
        found = stage->state == STAGE_READY && stage->number == device->n_collected;
        if (found) {
            stage->state = STAGE_HELD;
            device->n_collected++;
            device->runs_collected += stage->slice.n_runs;
            const size_t *at = device->portion_arrays.at;
            void *records = stage->pinned + at[ODEC_ARRAY_RECORDS];
            void *values =
                device->job->host_values ? stage->pinned + at[ODEC_ARRAY_VALUES] : NULL;
            *out = (struct portion){
                .slice = stage->slice,
                .at = place_in_order(&device->job->shape, values, records),
                .place = i};
        }
    }
    pthread_mutex_unlock(&device->mutex);
    return found;
}

void gpu_give_back(struct device *opened, const struct portion *portion) {
    struct gpu_device *device = (struct gpu_device *)opened;
    pthread_mutex_lock(&device->mutex);
    device->stages[portion->place].state = STAGE_FREE;
    gpu_pipeline_signal(device);
    pthread_mutex_unlock(&device->mutex);
}

int64_t gpu_progress(struct device *opened) {
    struct gpu_device *device = (struct gpu_device *)opened;
    pthread_mutex_lock(&device->mutex);
    int64_t runs = device->runs_begun - device->runs_collected;
    pthread_mutex_unlock(&device->mutex);
    return runs;
}

void gpu_stop(struct device *opened) {
    struct gpu_device *device = (struct gpu_device *)opened;
    pthread_mutex_lock(&device->mutex);
    device->stop = true;
    gpu_pipeline_signal(device);
    pthread_mutex_unlock(&device->mutex);
}

odec_status gpu_health(struct device *opened, const char **reason) {
    struct gpu_device *device = (struct gpu_device *)opened;
    pthread_mutex_lock(&device->mutex);
    odec_status status = device->failure; /* the reason stays what it is from here on */
    pthread_mutex_unlock(&device->mutex);
    *reason = device->reason;
    return status;
}

struct device_seconds gpu_seconds(struct device *opened) {
    struct gpu_device *device = (struct gpu_device *)opened;
    pthread_mutex_lock(&device->mutex);
    struct device_seconds seconds = {device->busy_seconds, device->kernel_seconds};
    if (device->is_working && device->n_computed < device->n_submitted) {
        seconds.busy += clock_seconds() - device->busy_since;
    }
    pthread_mutex_unlock(&device->mutex);
    return seconds;
}

/* ---- which there are ---- */

int32_t gpu_count(const struct backend *backend, struct odec_context *context,
                  const char **missing, const char **no_compiler) {
    const struct gpu_library *library = context_gpus(context, backend->gpu);
    *missing = library->missing;
    *no_compiler = library->no_compiler;
    return library->n_devices;
}
