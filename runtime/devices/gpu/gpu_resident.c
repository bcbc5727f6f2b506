/* gpu_resident.c -- the caller's own memory on the GPU: whether it may be read and written, the
 * order with the caller's stream, and the way of results to their places in it.
 *
 *   caller's stream   ... | arrived |
 *   compute                 wait    | launches of a range | values, records to their places | ...
 *
 * Kernels read columns where they lie. Results are copied by rows, on the stream that computes,
 * before the next range is computed where they were:
 *
 *   in C order       the kernel that transposes writes them to their places
 *   runs neighbours  from where they were computed, [value][run]
 *   in another one   from where they were transposed to, [run][value]
 */
#include "gpu_device.h"

#include <stdio.h>

#define MOST_PITCH ((int64_t)INT32_MAX) /* bytes between rows, of any GPU */

/* ---- may it be used? ---- */

/* Bytes from `first` up to `end`, which is beyond them. */
struct range {
    gpu_address first, end;
};

static odec_status failed(struct odec_context *context, struct gpu_device *device,
                          int result, const char *what) {
    char reason[GPU_REASON_SIZE] = "";
    return gpu_succeeded(device->gpu, result, what, reason)
               ? ODEC_OK
               : context_fail(context, ODEC_ERROR_DEVICE, "%s", reason);
}

static odec_status check_range(struct gpu_device *device, struct odec_context *context,
                               const char *what, const struct range *range) {
    const struct gpu *gpu = device->gpu;
    struct gpu_extent in = {.kind = GPU_MEMORY_NONE};
    TRY(failed(context, device, GPU_CALL(device, memory_of, range->first, &in),
               "looking at memory"));
    FAIL_IF(in.kind == GPU_MEMORY_NONE, context, ODEC_ERROR_ARGUMENT,
            "%s: not in the memory of a GPU", what);
    FAIL_IF(in.kind == GPU_MEMORY_HOST, context, ODEC_ERROR_ARGUMENT,
            "%s: in the host's memory, not in that of %s", what, gpu->name);
    FAIL_IF(in.ordinal != gpu->ordinal, context, ODEC_ERROR_ARGUMENT,
            "%s: in the memory of %s:%d, not of %s", what, gpu->calls->kind, in.ordinal,
            gpu->name);
    FAIL_IF(in.context && in.context != gpu->context, context, ODEC_ERROR_ARGUMENT,
            "%s: in memory of another context than the primary one of %s", what,
            gpu->name);
    const gpu_address before = range->first - in.start;
    FAIL_IF(range->end - range->first > in.bytes - before, context, ODEC_ERROR_ARGUMENT,
            "%s: %llu bytes, %llu more than its allocation has from there on", what,
            range->end - range->first, range->end - range->first - (in.bytes - before));
    return ODEC_OK;
}

static struct range range_of_input(const struct job *job, int32_t i, int64_t n_runs) {
    const gpu_address a = inputs_device_at(job->inputs, i, 0);
    const gpu_address b = inputs_device_at(job->inputs, i, n_runs - 1);
    return (struct range){a < b ? a : b, (a < b ? b : a) + job->shape.scalar};
}

static gpu_address address_of(const void *at) { return (gpu_address)(uintptr_t)at; }

/* Their strides, which were looked at, are not negative. */
static struct range range_of_values(const struct job *job, int64_t n_runs) {
    const struct place *at = &job->device_output;
    const struct shape *shape = &job->shape;
    const int64_t last = (n_runs - 1) * at->run_stride +
                         (shape->n_saves - 1) * at->save_stride +
                         (shape->n_columns - 1) * at->column_stride;
    return (struct range){address_of(at->values),
                          address_of(at->values) +
                              (gpu_address)(last + 1) * shape->scalar};
}

static struct range range_of_records(const struct job *job, int64_t n_runs) {
    const struct place *at = &job->device_output;
    return (struct range){
        address_of(at->records),
        address_of(at->records + (n_runs - 1) * at->record_stride + 1)};
}

static bool overlap(const struct range *a, const struct range *b) {
    return a->first < b->end && b->first < a->end;
}

static odec_status check_inputs(struct gpu_device *device, struct odec_context *context,
                                const struct job *job, int64_t n_runs,
                                const struct range results[2]) {
    char what[96];
    for (int32_t i = 0; i < inputs_count(job->inputs); i++) {
        if (inputs_source(job->inputs, i)->kind != ODEC_SOURCE_DEVICE) {
            continue;
        }
        const struct range range = range_of_input(job, i, n_runs);
        snprintf(what, sizeof what, "the device's column of '%.48s'",
                 inputs_name(job->inputs, i));
        TRY(check_range(device, context, what, &range));
        FAIL_IF(overlap(&range, &results[0]) || overlap(&range, &results[1]), context,
                ODEC_ERROR_ARGUMENT, "%s: the output is in the same memory", what);
    }
    return ODEC_OK;
}

static odec_status check_inside(struct gpu_device *device, struct odec_context *context,
                                const struct job *job, int64_t n_runs) {
    const struct place *output = &job->device_output;
    struct range results[2] = {{0, 0}, {0, 0}};
    enum gpu_stream_kind kind = GPU_STREAM_FOREIGN;
    if (output->values) {
        results[0] = range_of_values(job, n_runs);
        TRY(check_range(device, context, "the output's values", &results[0]));
    }
    if (output->records) {
        results[1] = range_of_records(job, n_runs);
        TRY(check_range(device, context, "the output's records", &results[1]));
    }
    FAIL_IF(overlap(&results[0], &results[1]), context, ODEC_ERROR_ARGUMENT,
            "the output's values and records are in the same memory");
    TRY(check_inputs(device, context, job, n_runs, results));
    TRY(failed(context, device, GPU_CALL(device, stream_kind, job->stream, &kind),
               "looking at the caller's stream"));
    FAIL_IF(kind == GPU_STREAM_FOREIGN, context, ODEC_ERROR_ARGUMENT,
            "the caller's stream is not of the primary context of %s",
            device->gpu->name);
    FAIL_IF(kind == GPU_STREAM_RECORDED, context, ODEC_ERROR_ARGUMENT,
            "the caller's stream is being captured: a batch cannot be part of a graph");
    return ODEC_OK;
}

odec_status gpu_check_memory(struct device *opened, struct odec_context *context,
                             const struct job *job, int64_t n_runs) {
    struct gpu_device *device = (struct gpu_device *)opened;
    TRY(gpu_device_enter(device, context));
    const odec_status status = check_inside(device, context, job, n_runs);
    gpu_leave(device->gpu);
    return status;
}

/* ---- the caller's stream ---- */

/* From the caller's thread, which the driver's default stream of a thread is of. */
odec_status gpu_resident_mark(struct gpu_device *device, struct odec_context *context) {
    return failed(context, device,
                  GPU_CALL(device, event_record, device->arrived, device->job->stream),
                  "the caller's stream");
}

bool gpu_resident_wait(struct gpu_device *device) {
    return gpu_pipeline_succeeded(
        device, GPU_CALL(device, stream_wait, device->compute, device->arrived),
        "the caller's stream");
}

/* ---- results ---- */

/* Runs are neighbours where values are computed, and in the caller's memory. */
static bool is_by_run(const struct job *job) {
    return job->device_output.values && job->device_output.run_stride == 1;
}

static bool is_in_order(const struct job *job) {
    return job->device_output.values &&
           place_is_in_order(&job->device_output, &job->shape);
}

bool gpu_resident_keeps_values(const struct job *job) {
    return job->host_values || !(is_in_order(job) || is_by_run(job));
}

gpu_address gpu_resident_ordered(const struct gpu_device *device,
                                 const struct gpu_buffer *buffer) {
    const struct job *job = device->job;
    if (gpu_resident_keeps_values(job)) {
        return buffer->arrays + device->run_arrays.at[ODEC_ARRAY_VALUES];
    }
    const struct place at =
        place_after(&job->device_output, &job->shape, buffer->slice.first);
    return is_in_order(job) ? address_of(at.values) : 0;
}

/* Elements along one axis: how many, and the bytes from one to the next at both ends. */
struct axis {
    int64_t n, to, from;
};

enum { N_AXES = 3 };

/* An axis goes into the elements, or into another one that it continues. */
static bool join(int64_t *n, int64_t to, int64_t from, struct axis *axis) {
    if (axis->n > 1 && axis->to == to && axis->from == from) {
        *n *= axis->n;
        axis->n = 1;
        return true;
    }
    return false;
}

/* n rows of so many bytes. */
static bool send_rows(struct gpu_device *device, gpu_stream stream,
                      struct gpu_rows rows) {
    const size_t bytes = rows.bytes;
    for (size_t done = 0; done < bytes; done += rows.bytes) {
        rows.bytes =
            bytes - done < (size_t)MOST_PITCH ? bytes - done : (size_t)MOST_PITCH;
        if (rows.n == 1) {
            rows.to_pitch = rows.from_pitch = rows.bytes;
        }
        if (!gpu_pipeline_succeeded(device, GPU_CALL(device, copy_rows, &rows, stream),
                                    "copying to the caller's memory")) {
            return false;
        }
        rows.to += rows.bytes;
        rows.from += rows.bytes;
    }
    return true;
}

/* Elements of so many bytes along all axes, in as few copies as it takes: what is in one piece
 * at both ends is an element, and the longest axis that is left the rows of a copy. */
static bool send_elements(struct gpu_device *device, gpu_stream stream,
                          struct gpu_rows rows, struct axis axes[N_AXES]) {
    int64_t bytes = (int64_t)rows.bytes;
    for (int k = 0; k < N_AXES * N_AXES; k++) {
        join(&bytes, bytes, bytes, &axes[k % N_AXES]);
    }
    int longest = 0;
    for (int k = 1; k < N_AXES; k++) {
        longest = axes[k].n > axes[longest].n ? k : longest;
    }
    struct axis by = axes[longest];
    if (by.to > MOST_PITCH || by.from > MOST_PITCH) {
        by = (struct axis){1, bytes, bytes};
    } else {
        axes[longest].n = 1;
    }
    for (int k = 0; k < N_AXES * N_AXES; k++) {
        join(&by.n, by.n * by.to, by.n * by.from, &axes[k % N_AXES]);
    }
    rows.n = (size_t)by.n;
    rows.bytes = (size_t)bytes;
    rows.to_pitch = (size_t)by.to;
    rows.from_pitch = (size_t)by.from;
    const gpu_address to = rows.to, from = rows.from;
    const int64_t n = axes[0].n * axes[1].n * axes[2].n;
    for (int64_t i = 0; i < n; i++) {
        int64_t left = i;
        rows.to = to;
        rows.from = from;
        for (int k = 0; k < N_AXES; k++) {
            rows.to += (gpu_address)(left % axes[k].n * axes[k].to);
            rows.from += (gpu_address)(left % axes[k].n * axes[k].from);
            left /= axes[k].n;
        }
        if (!send_rows(device, stream, rows)) {
            return false;
        }
    }
    return true;
}

/* Values of a range, from where they are computed or were transposed to. */
static bool send_values(struct gpu_device *device, const struct gpu_buffer *buffer) {
    const struct job *job = device->job;
    const struct shape *shape = &job->shape;
    const struct place to =
        place_after(&job->device_output, shape, buffer->slice.first);
    const int64_t scalar = (int64_t)shape->scalar, n_runs = buffer->slice.n_runs;
    const bool by_run = is_by_run(job);
    const int64_t run = by_run ? scalar : job->run_value_bytes;
    const int64_t column = by_run ? n_runs * scalar : scalar;
    struct axis axes[N_AXES] = {
        {n_runs, to.run_stride * scalar, run},
        {shape->n_columns, to.column_stride * scalar, column},
        {shape->n_saves, to.save_stride * scalar, shape->n_columns * column}};
    const struct gpu_rows rows = {
        .to = address_of(to.values),
        .from = by_run ? device->computed_values
                       : buffer->arrays + device->run_arrays.at[ODEC_ARRAY_VALUES],
        .bytes = shape->scalar};
    return send_elements(device, device->compute, rows, axes);
}

/* n records that follow each other at `from` to those of the batch's runs. */
static bool send_records(struct gpu_device *device, gpu_stream stream, gpu_address from,
                         bool from_host, struct slice slice) {
    const int64_t bytes = (int64_t)sizeof(struct odec_run_record);
    const struct place to =
        place_after(&device->job->device_output, &device->job->shape, slice.first);
    struct axis axes[N_AXES] = {
        {slice.n_runs, to.record_stride * bytes, bytes}, {1, 0, 0}, {1, 0, 0}};
    const struct gpu_rows rows = {.to = address_of(to.records),
                                  .from = from,
                                  .from_host = from_host,
                                  .bytes = sizeof(struct odec_run_record)};
    return send_elements(device, stream, rows, axes);
}

/* A span of no length has records that are made on the host. */
static bool settles(const struct job *job) {
    return job->device_output.records && job->settings->span == 0;
}

bool gpu_resident_send(struct gpu_device *device, const struct gpu_buffer *buffer) {
    const struct job *job = device->job;
    const bool values = job->device_output.values &&
                        (gpu_resident_keeps_values(job) || !is_in_order(job));
    const bool records = job->device_output.records && !settles(job);
    return (!values || send_values(device, buffer)) &&
           (!records ||
            send_records(device, device->compute,
                         buffer->arrays + device->run_arrays.at[ODEC_ARRAY_RECORDS],
                         false, buffer->slice));
}

bool gpu_resident_settle(struct gpu_device *device, struct gpu_stage *stage,
                         bool *sent) {
    const struct job *job = device->job;
    *sent = false;
    if (!settles(job) || stage->is_settled) {
        return true;
    }
    const size_t *at = device->portion_arrays.at;
    struct odec_run_record *records = (void *)(stage->pinned + at[ODEC_ARRAY_RECORDS]);
    const struct place place =
        place_in_order(&job->shape, stage->pinned + at[ODEC_ARRAY_VALUES], records);
    settle_records(job->program, job->settings->t1, &place, stage->slice.n_runs);
    stage->is_settled = *sent = true;
    return send_records(device, device->out, address_of(records), true, stage->slice) &&
           gpu_pipeline_succeeded(
               device, GPU_CALL(device, event_record, stage->copied, device->out),
               "copying to the caller's memory");
}
