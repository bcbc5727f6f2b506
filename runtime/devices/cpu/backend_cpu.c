/* backend_cpu.c -- the CPU as a device: a kernel (cpu_kernel.h) run by a pool of threads that
 * share each chunk run by run.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arrays.h"
#include "backend.h"
#include "cpu_features.h"
#include "cpu_kernel.h"
#include "fp_state.h"
#include "host_memory.h"
#include "pool.h"

enum { MAX_BUFFERS = 2 };

enum buffer_state { BUFFER_FREE, BUFFER_BUSY, BUFFER_HELD /* its portion is out */ };

/* A range on its way: | inputs | arrays per run |, each part aligned. */
struct buffer {
    enum buffer_state state;
    int64_t number; /* of the range, as they were submitted */
    struct memory_handle memory;
    struct odec_input *inputs; /* [inputs_count] */
    struct slice slice;
    struct odec_args args; /* next, grain and stop are the device's */
    struct place results;
    struct pool_job job;
    const struct cpu_device *device;
    atomic_int failed; /* not 0: what the kernel returned */
    _Alignas(64) long long next;
};

struct cpu_device {
    void *block; /* that it is in, at its border */
    struct cpu_kernel kernel;
    struct pool *pool;
    struct memory *memory; /* the context's */
    int32_t member;        /* of it; -1: not yet */
    int64_t memory_bytes;  /* what the options allow; 0: no bound */
    const struct job *job; /* of a solve */
    int32_t n_buffers;
    int64_t kept_runs, kept_run_bytes; /* that the buffers' memory is for */
    int64_t n_submitted;
    size_t arrays_offset;             /* in a chunk, */
    struct array_offsets run_arrays;  /* and in those of its arrays */
    struct array_offsets lane_arrays; /* of one worker, and `seen`, in lane_memory */
    struct memory_handle lane_memory; /* | worker 0 | worker 1 | ... */
    char *lanes_at;
    char reason[64];
    struct buffer buffers[MAX_BUFFERS];
    _Alignas(64) int stop;
};

/* ---- open, close ---- */

static int32_t usable_cores(void) {
    int32_t n = cpu_usable_cores();
    return n > POOL_MAX_THREADS ? POOL_MAX_THREADS : n;
}

/* What GPUs have in the workspace the CPU's kernels have on the stack. */
static bool is_on_stack(const odec_array *array) {
    return array->role == ODEC_ARRAY_WORKSPACE &&
           !(array->targets >> ODEC_TARGET_CPU & 1);
}

/* A worker keeps the arrays of its lanes on its stack: those at work, prepared and kept
 * to take a block of steps again. */
static size_t stack_bytes(const struct odec_program *program, int32_t n_reals) {
    int64_t lane_bytes = 0;
    for (int32_t i = 0; i < program->n_arrays; i++) {
        if (is_on_stack(&program->arrays[i])) {
            lane_bytes += program->arrays[i].bytes;
        }
    }
    return (size_t)(8 << 20) + (size_t)(3 * lane_bytes * n_reals);
}

static odec_status device_init(struct odec_context *context,
                               const struct odec_program *program,
                               const struct odec_solver_options *options,
                               struct cpu_device *device) {
    FAIL_IF(options->n_threads < 0, context, ODEC_ERROR_ARGUMENT,
            "%d threads: 1 to %d can be used", options->n_threads, POOL_MAX_THREADS);
    TRY(cpu_kernel_make(context, program, options, &device->kernel));
    device->memory_bytes = options->memory_bytes;
    TRY(host_memory(context, &device->memory));
    TRY(memory_join(context, device->memory, options->memory_fraction,
                    &device->member));
    int32_t n_threads = options->n_threads ? options->n_threads : usable_cores();
    return pool_create(context, n_threads, stack_bytes(program, device->kernel.n_reals),
                       &device->pool);
}

static void destroy(struct cpu_device *device) {
    if (device) {
        if (device->member >= 0) {
            memory_leave(device->memory, device->member);
        }
        pool_destroy(device->pool);
        cpu_kernel_release(&device->kernel);
        heap_give(device->block);
    }
}

static void cpu_close(struct device *opened) { destroy((struct cpu_device *)opened); }

static odec_status cpu_open(const struct backend *backend, struct odec_context *context,
                            const struct odec_program *program,
                            const struct odec_solver_options *options, int32_t ordinal,
                            struct device **out) {
    (void)backend;
    *out = NULL;
    FAIL_IF(ordinal != 0, context, ODEC_ERROR_ARGUMENT, "there is one CPU: cpu");
    const size_t border = _Alignof(struct cpu_device);
    char *block = heap_take(context->heap, 1, sizeof(struct cpu_device) + border);
    if (block == NULL) {
        return context_out_of_memory(context);
    }
    struct cpu_device *device = (void *)(block + border - (uintptr_t)block % border);
    *device = (struct cpu_device){
        .block = block, .kernel = {.image = {.fd = -1}}, .member = -1};
    odec_status status = device_init(context, program, options, device);
    if (status != ODEC_OK) {
        destroy(device);
        return status;
    }
    *out = (struct device *)device;
    return ODEC_OK;
}

static void cpu_facts(const struct device *opened, struct device_facts *out) {
    const struct cpu_device *device = (const struct cpu_device *)opened;
    int32_t n_threads = pool_n_threads(device->pool);
    *out = (struct device_facts){
        .name = "cpu",
        .compiler = device->kernel.is_native ? "" : device->kernel.cc.path,
        .lanes = device->kernel.lanes,
        .n_threads = n_threads,
        .n_resident = (int64_t)n_threads * device->kernel.n_reals * ODEC_MOST_GROUPS,
        .free_bytes = host_memory_free_bytes(),
        .cache_hit = device->kernel.cache_hit,
    };
    const struct cpu_kernel *kernel = &device->kernel;
    snprintf(out->description, sizeof out->description,
             "%d thread%s of %d lane%s%s%s%s", n_threads, n_threads > 1 ? "s" : "",
             kernel->lanes, kernel->lanes > 1 ? "s" : "", kernel->is_native ? ", " : "",
             kernel->is_native ? cpu_isa_name(kernel->isa) : "",
             kernel->fuses ? "" : " (slow: no fused multiply-add in hardware)");
}

/* ---- memory ---- */

enum { ALIGNMENT = 64 /* a cache line */ };

static size_t aligned(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Of one worker; 0: the program has none. */
static size_t seen_bytes(const struct odec_program *program) {
    return aligned(arrays_seen_bytes(program, ODEC_TARGET_CPU));
}

/* Of one worker, for all the lanes it has in flight; then what it has seen of the states. */
static struct array_offsets place_lanes(const struct cpu_device *device,
                                        const struct job *job) {
    struct array_offsets offsets = arrays_place(
        job->program, ODEC_TARGET_CPU, ODEC_PER_LANE, job->settings->n_saves,
        (int64_t)device->kernel.n_reals * ODEC_MOST_GROUPS, ALIGNMENT, 0);
    offsets.at[ODEC_ARRAY_SEEN] = offsets.bytes;
    offsets.bytes += seen_bytes(job->program);
    return offsets;
}

/* Each worker's lanes and what it has seen count with what aligns them. The workspace is on
 * the workers' stacks, generated inputs are in the chunk's memory, and what the kernel
 * writes straight to the caller's memory is nowhere else. */
static int32_t cpu_arrays(const struct device *opened, const struct job *job,
                          struct odec_array *arrays) {
    const struct cpu_device *device = (const struct cpu_device *)opened;
    const uint32_t mine = 1u << ODEC_TARGET_CPU;
    const int64_t n_workers = pool_n_threads(device->pool);
    const int64_t seen = (int64_t)seen_bytes(job->program);
    int32_t n = 0;
    for (int32_t i = 0; i < job->program->n_arrays; i++) {
        const struct odec_array *array = &job->program->arrays[i];
        if (is_on_stack(array) ||
            (array->targets & mine && array->kind != ODEC_PER_LANE)) {
            arrays[n] = *array;
            if (array->role == ODEC_ARRAY_SEEN) {
                arrays[n].bytes = seen * n_workers;
            } else if (job->direct >> array->role & 1) {
                arrays[n].bytes = arrays[n].bytes_per_save = 0;
            }
            n++;
        }
    }
    const int64_t lanes = (int64_t)place_lanes(device, job).bytes - seen;
    arrays[n++] = (struct odec_array){
        .name = "lanes", .kind = ODEC_SHARED, .bytes = lanes * n_workers};
    arrays[n++] = (struct odec_array){.name = "inputs",
                                      .kind = ODEC_PER_RUN,
                                      .bytes = inputs_bytes_per_run(job->inputs)};
    return n;
}

static int64_t cpu_budget(const struct device *opened) {
    const struct cpu_device *device = (const struct cpu_device *)opened;
    int64_t budget =
        memory_budget(device->memory, device->member) - 4096; /* alignment */
    return device->memory_bytes > 0 && device->memory_bytes < budget
               ? device->memory_bytes
               : budget;
}

static void release_memory(struct cpu_device *device) {
    for (int32_t i = 0; i < MAX_BUFFERS; i++) {
        memory_put(device->memory, &device->buffers[i].memory);
    }
    memory_put(device->memory, &device->lane_memory);
}

/* Sizes are below the plan's budget, so that sums of them do not overflow. */
static odec_status make_buffer(struct cpu_device *device, struct odec_context *context,
                               const struct plan *plan, struct buffer *buffer) {
    const struct inputs *inputs = device->job->inputs;
    device->arrays_offset =
        aligned((size_t)plan->chunk_runs * (size_t)inputs_bytes_per_run(inputs));
    device->run_arrays = arrays_place(device->job->program, ODEC_TARGET_CPU,
                                      ODEC_PER_RUN, device->job->settings->n_saves,
                                      plan->chunk_runs, ALIGNMENT, device->job->direct);
    buffer->device = device;
    buffer->state = BUFFER_FREE;
    buffer->inputs = heap_take(context->heap, (size_t)inputs_count(inputs) + 1,
                               sizeof *buffer->inputs);
    if (buffer->inputs == NULL) {
        return context_out_of_memory(context);
    }
    return memory_get(context, device->memory, device->member, "a chunk",
                      device->arrays_offset + device->run_arrays.bytes,
                      &buffer->memory);
}

/* What a chunk takes, and in how many buffers: as long as that does not change, their memory
 * stays from one solve to the next. */
static void drop_other_buffers(struct cpu_device *device, const struct plan *plan) {
    if (plan->chunk_runs != device->kept_runs || plan->n_buffers != device->n_buffers ||
        plan->run_bytes != device->kept_run_bytes) {
        release_memory(device);
    }
    device->kept_runs = plan->chunk_runs;
    device->kept_run_bytes = plan->run_bytes;
    device->n_buffers = plan->n_buffers;
}

static int *seen_by(const struct cpu_device *device, int32_t worker) {
    return (int *)(void *)((uintptr_t)device->lanes_at +
                           (size_t)worker * device->lane_arrays.bytes +
                           device->lane_arrays.at[ODEC_ARRAY_SEEN]);
}

static odec_status make_lanes(struct cpu_device *device, struct odec_context *context) {
    device->lane_arrays = place_lanes(device, device->job);
    if (device->lane_arrays.bytes > 0) {
        TRY(memory_get(context, device->memory, device->member, "the lanes",
                       device->lane_arrays.bytes * (size_t)pool_n_threads(device->pool),
                       &device->lane_memory));
    }
    device->lanes_at = memory_at(device->memory, device->lane_memory);
    const size_t seen = seen_bytes(device->job->program);
    for (int32_t i = 0; seen > 0 && i < pool_n_threads(device->pool); i++) {
        memset(seen_by(device, i), 0, seen);
    }
    return ODEC_OK;
}

static void release_lists(struct cpu_device *device) {
    for (int32_t i = 0; i < MAX_BUFFERS; i++) {
        heap_give(device->buffers[i].inputs);
        device->buffers[i].inputs = NULL;
    }
}

static odec_status cpu_begin(struct device *opened, struct odec_context *context,
                             const struct job *job, const struct plan *plan) {
    struct cpu_device *device = (struct cpu_device *)opened;
    drop_other_buffers(device, plan);
    device->job = job;
    device->n_submitted = 0;
    device->reason[0] = '\0';
    odec_status status = make_lanes(device, context);
    for (int32_t i = 0; status == ODEC_OK && i < plan->n_buffers; i++) {
        status = make_buffer(device, context, plan, &device->buffers[i]);
    }
    if (status != ODEC_OK) {
        release_lists(device);
        release_memory(device);
    }
    return status;
}

/* The busy one that was submitted first, or a free one; NULL: there is none. */
static struct buffer *find_buffer(struct cpu_device *device, enum buffer_state state) {
    struct buffer *found = NULL;
    for (int32_t i = 0; i < device->n_buffers; i++) {
        struct buffer *buffer = &device->buffers[i];
        if (buffer->state == state &&
            (found == NULL || buffer->number < found->number)) {
            found = buffer;
        }
    }
    return found;
}

static bool is_done(struct buffer *buffer) { return atomic_load(&buffer->job.done); }

static void set_stop(struct cpu_device *device, bool stop) {
    __atomic_store_n(&device->stop, stop, __ATOMIC_RELAXED);
}

static void cpu_stop(struct device *opened) {
    set_stop((struct cpu_device *)opened, true);
}

static void cpu_end(struct device *opened) {
    struct cpu_device *device = (struct cpu_device *)opened;
    set_stop(device, true);
    for (struct buffer *buffer; (buffer = find_buffer(device, BUFFER_BUSY));) {
        uint64_t seen = event_count(device->job->changed);
        if (is_done(buffer)) {
            buffer->state = BUFFER_FREE;
            continue;
        }
        struct timespec until = clock_after(1);
        event_wait(device->job->changed, seen, &until);
    }
    set_stop(device, false);
    const size_t seen = arrays_seen_bytes(device->job->program, ODEC_TARGET_CPU);
    for (int32_t i = 0; i < pool_n_threads(device->pool); i++) {
        arrays_seen_add(seen, seen_by(device, i), device->job->seen);
    }
    release_lists(device);
    device->job = NULL;
}

/* ---- launches ---- */

static void buffer_work(void *user, int32_t worker) {
    struct buffer *buffer = user;
    const struct cpu_device *device = buffer->device;
    struct odec_args args = buffer->args;
    args.worker = worker;
    args.seen = seen_by(device, worker);
    arrays_bind(
        device->job->program, ODEC_TARGET_CPU, ODEC_PER_LANE, &device->lane_arrays,
        (uintptr_t)device->lanes_at + (size_t)worker * device->lane_arrays.bytes,
        &args);
    fp_state before = fp_enter();
    int failed = device->kernel.call(&args);
    fp_leave(before);
    if (failed) {
        atomic_store(&buffer->failed, failed);
    }
}

/* Runs a worker takes at once: few enough that the last ones do not wait for one
 * worker, many enough that taking them costs nothing, and whole vectors. */
static long long buffer_grain(const struct cpu_device *device, long long n_runs) {
    long long width = device->kernel.n_reals;
    long long share = n_runs / (8 * (long long)pool_n_threads(device->pool));
    long long grain = share / width * width;
    return grain < width ? width : grain > 64 * width ? 64 * width : grain;
}

/* Where the kernel stores: in the chunk's memory, to which args point, or straight in the
 * caller's. */
static struct place place_results(const struct job *job, int64_t first,
                                  struct odec_args *args) {
    struct place at = place_in_order(&job->shape, args->values, args->records);
    const struct place output = place_after(&job->output, &job->shape, first);
    if (job->direct >> ODEC_ARRAY_VALUES & 1) {
        at.values = output.values;
        at.run_stride = output.run_stride;
        at.save_stride = output.save_stride;
        at.column_stride = output.column_stride;
    }
    if (job->direct >> ODEC_ARRAY_RECORDS & 1) {
        at.records = output.records;
        at.record_stride = output.record_stride;
    }
    const bool in_order = place_is_in_order(&at, &job->shape);
    args->values = at.values;
    args->run_stride = at.run_stride;
    args->save_stride = at.save_stride;
    args->column_stride = in_order ? 0 : at.column_stride;
    args->records = at.records;
    args->record_stride = at.record_stride;
    return at;
}

static void cpu_submit(struct device *opened, struct slice slice) {
    struct cpu_device *device = (struct cpu_device *)opened;
    struct buffer *buffer = find_buffer(device, BUFFER_FREE);
    const struct job *job = device->job;
    const struct settings *settings = job->settings;
    char *memory = memory_at(device->memory, buffer->memory);
    inputs_fill(job->inputs, slice.first, slice.n_runs, memory, buffer->inputs);
    buffer->state = BUFFER_BUSY;
    buffer->number = device->n_submitted++;
    buffer->slice = slice;
    buffer->next = 0;
    buffer->args = (struct odec_args){
        .n_runs = slice.n_runs,
        .first_run = slice.first,
        .next = &buffer->next,
        .grain = buffer_grain(device, slice.n_runs),
        .stop = &device->stop,
        .pars = buffer->inputs,
        .states = buffer->inputs + job->program->n_pars,
        .t0 = settings->t0,
        .t1 = settings->t1,
        .span = settings->span,
        .sign = settings->t1 < settings->t0 ? -1 : 1,
        .rtol = settings->rtol,
        .atol = settings->atol,
        .dt = settings->dt,
        .dt_max = settings->dt_max,
        .max_attempts = settings->max_attempts,
        .save_times = settings->times,
        .n_saves = settings->n_saves,
    };
    arrays_bind(job->program, ODEC_TARGET_CPU, ODEC_PER_RUN, &device->run_arrays,
                (uintptr_t)memory + device->arrays_offset, &buffer->args);
    buffer->results = place_results(job, slice.first, &buffer->args);
    atomic_store(&buffer->failed, 0);
    buffer->job.work = buffer_work;
    buffer->job.user = buffer;
    buffer->job.finished = job->changed;
    pool_submit(device->pool, &buffer->job);
}

static int32_t cpu_n_free(struct device *opened) {
    struct cpu_device *device = (struct cpu_device *)opened;
    int32_t n = 0;
    for (int32_t i = 0; i < device->n_buffers; i++) {
        n += device->buffers[i].state == BUFFER_FREE;
    }
    return n;
}

static bool cpu_collect(struct device *opened, struct portion *out) {
    struct cpu_device *device = (struct cpu_device *)opened;
    struct buffer *buffer = find_buffer(device, BUFFER_BUSY);
    if (buffer == NULL || !is_done(buffer)) {
        return false;
    }
    buffer->state = BUFFER_HELD;
    int failed = atomic_load(&buffer->failed);
    if (failed) {
        snprintf(device->reason, sizeof device->reason,
                 "the kernel failed with code %d", failed);
        return false;
    }
    *out = (struct portion){.slice = buffer->slice,
                            .at = buffer->results,
                            .place = (int32_t)(buffer - device->buffers)};
    return true;
}

static void cpu_give_back(struct device *opened, const struct portion *portion) {
    struct cpu_device *device = (struct cpu_device *)opened;
    device->buffers[portion->place].state = BUFFER_FREE;
}

static int64_t cpu_progress(struct device *opened) {
    struct cpu_device *device = (struct cpu_device *)opened;
    int64_t runs = 0;
    for (int32_t i = 0; i < device->n_buffers; i++) {
        const struct buffer *buffer = &device->buffers[i];
        if (buffer->state == BUFFER_BUSY) {
            int64_t begun = __atomic_load_n(&buffer->next, __ATOMIC_RELAXED);
            runs += begun < buffer->slice.n_runs ? begun : buffer->slice.n_runs;
        }
    }
    return runs;
}

static odec_status cpu_health(struct device *opened, const char **reason) {
    struct cpu_device *device = (struct cpu_device *)opened;
    *reason = device->reason;
    return device->reason[0] ? ODEC_ERROR_DEVICE : ODEC_OK;
}

static struct device_seconds cpu_seconds(struct device *opened) {
    struct cpu_device *device = (struct cpu_device *)opened;
    return (struct device_seconds){.busy = pool_busy_seconds(device->pool)};
}

static int32_t cpu_count(const struct backend *backend, struct odec_context *context,
                         const char **missing, const char **no_compiler) {
    (void)backend, (void)context;
    *missing = *no_compiler = "";
    return 1;
}

const struct backend backend_cpu = {
    .kind = "cpu",
    .max_portions = MAX_BUFFERS,
    .usual_bytes = (int64_t)32 << 20,
    .usual_runs = 1,
    .count = cpu_count,
    .open = cpu_open,
    .close = cpu_close,
    .facts = cpu_facts,
    .arrays = cpu_arrays,
    .budget = cpu_budget,
    .begin = cpu_begin,
    .end = cpu_end,
    .submit = cpu_submit,
    .n_free = cpu_n_free,
    .collect = cpu_collect,
    .give_back = cpu_give_back,
    .progress = cpu_progress,
    .stop = cpu_stop,
    .health = cpu_health,
    .seconds = cpu_seconds,
};
