/* output.c -- see output.h. */
#include "output.h"

#include <string.h>

#include "overlap.h"

/* ---- places ---- */

struct place place_in_order(const struct shape *shape, void *values,
                            struct odec_run_record *records) {
    return (struct place){.values = values,
                          .run_stride = shape->n_saves * shape->n_columns,
                          .save_stride = shape->n_columns,
                          .column_stride = 1,
                          .records = records,
                          .record_stride = 1};
}

bool place_is_in_order(const struct place *place, const struct shape *shape) {
    return place->column_stride == 1 && place->save_stride == shape->n_columns &&
           place->run_stride == shape->n_saves * shape->n_columns;
}

struct place place_after(const struct place *place, const struct shape *shape,
                         int64_t n) {
    struct place after = *place;
    if (after.values) {
        after.values += n * after.run_stride * (int64_t)shape->scalar;
    }
    if (after.records) {
        after.records += n * after.record_stride;
    }
    return after;
}

/* ---- copies ---- */

static char *value_at(const struct place *place, const struct shape *shape, int64_t run,
                      int64_t save, int64_t column) {
    const int64_t i = run * place->run_stride + save * place->save_stride +
                      column * place->column_stride;
    return place->values + i * (int64_t)shape->scalar;
}

/* n values, `scalar` bytes each, a stride from one to the next. */
static void copy_values(char *to, int64_t to_stride, const char *from,
                        int64_t from_stride, int64_t n, size_t scalar) {
    if (scalar == sizeof(float)) {
        for (int64_t i = 0; i < n; i++) {
            memcpy(to + i * to_stride, from + i * from_stride, sizeof(float));
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            memcpy(to + i * to_stride, from + i * from_stride, sizeof(double));
        }
    }
}

/* A block of runs has a cache line of each column where runs are fastest. */
enum { BLOCK_RUNS = 16 };

static void copy_block(const struct place *to, const struct place *from,
                       const struct shape *shape, int64_t n) {
    const int64_t scalar = (int64_t)shape->scalar;
    for (int64_t save = 0; save < shape->n_saves; save++) {
        for (int64_t column = 0; column < shape->n_columns; column++) {
            copy_values(value_at(to, shape, 0, save, column), to->run_stride * scalar,
                        value_at(from, shape, 0, save, column),
                        from->run_stride * scalar, n, shape->scalar);
        }
    }
}

static void copy_all_values(const struct place *to, const struct place *from,
                            const struct shape *shape, int64_t n) {
    if (place_is_in_order(to, shape) && place_is_in_order(from, shape)) {
        memcpy(to->values, from->values,
               (size_t)(n * shape->n_saves * shape->n_columns) * shape->scalar);
        return;
    }
    for (int64_t run = 0; run < n; run += BLOCK_RUNS) {
        const struct place t = place_after(to, shape, run);
        const struct place f = place_after(from, shape, run);
        copy_block(&t, &f, shape, n - run < BLOCK_RUNS ? n - run : BLOCK_RUNS);
    }
}

void place_copy(const struct place *to, const struct place *from,
                const struct shape *shape, int64_t n) {
    if (to->values && from->values && to->values != from->values) {
        copy_all_values(to, from, shape, n);
    }
    if (to->records && from->records && to->records != from->records) {
        for (int64_t run = 0; run < n; run++) {
            to->records[run * to->record_stride] =
                from->records[run * from->record_stride];
        }
    }
}

void place_gather(void *to, const struct place *from, const struct shape *shape,
                  int64_t first, int64_t n) {
    char *at = to;
    for (int64_t i = first; i < first + n; i++, at += shape->scalar) {
        memcpy(at, value_at(from, shape, 0, i / shape->n_columns, i % shape->n_columns),
               shape->scalar);
    }
}

/* ---- the caller's ---- */

/* `most`: what an object may have of such elements. */
static odec_status check_strides(struct odec_context *context, const char *what,
                                 const struct dimension *d, int n_dimensions,
                                 int64_t most) {
    for (int i = 0; i < n_dimensions; i++) {
        FAIL_IF(d[i].stride < -most || d[i].stride > most, context, ODEC_ERROR_ARGUMENT,
                "the output's %s are larger than any memory: a stride of %lld", what,
                (long long)d[i].stride);
    }
    FAIL_IF(overlap_span(d, n_dimensions, most) < 0, context, ODEC_ERROR_ARGUMENT,
            "the output's %s are larger than any memory", what);
    FAIL_IF(overlap_is_there(d, n_dimensions), context, ODEC_ERROR_ARGUMENT,
            "the output's strides let two %s have one place", what);
    return ODEC_OK;
}

static odec_status check_values(struct odec_context *context,
                                const struct odec_batch *batch,
                                const struct odec_output *output,
                                const struct place *place, const struct shape *shape) {
    FAIL_IF(
        (uintptr_t)output->values % shape->scalar != 0, context, ODEC_ERROR_ARGUMENT,
        "the output's values are not aligned to the %zu bytes of one", shape->scalar);
    FAIL_IF(
        output->n_saves < 0, context, ODEC_ERROR_ARGUMENT,
        "the output's n_saves is %lld: it is the number of save times that there is "
        "room for, or 0 where that is not said",
        (long long)output->n_saves);
    FAIL_IF(output->n_saves != 0 && output->n_saves < shape->n_saves, context,
            ODEC_ERROR_ARGUMENT,
            "the output has room for %lld save times, the batch has %lld",
            (long long)output->n_saves, (long long)shape->n_saves);
    FAIL_IF(batch->save == NULL && output->n_saves == 0 && shape->n_saves > 1, context,
            ODEC_ERROR_ARGUMENT,
            "the batch has its program's %lld save times, and the output does not say "
            "how many it has room for (n_saves)",
            (long long)shape->n_saves);
    const struct dimension d[OVERLAP_MOST] = {{batch->n_runs, place->run_stride},
                                              {shape->n_saves, place->save_stride},
                                              {shape->n_columns, place->column_stride}};
    return check_strides(context, "values", d, 3, INT64_MAX / (int64_t)shape->scalar);
}

/* What of the output is where. */
static odec_status split(struct odec_context *context, const struct place *place,
                         int64_t on_device, struct place *host, struct place *device) {
    const bool values = on_device & ODEC_VALUES_ON_DEVICE;
    const bool records = on_device & ODEC_RECORDS_ON_DEVICE;
    FAIL_IF(on_device & ~(ODEC_VALUES_ON_DEVICE | ODEC_RECORDS_ON_DEVICE), context,
            ODEC_ERROR_ARGUMENT, "the output's on_device is %lld, of which 3 is known",
            (long long)on_device);
    *host = *device = *place;
    *(values ? &host->values : &device->values) = NULL;
    *(records ? &host->records : &device->records) = NULL;
    FAIL_IF(device->values && (place->run_stride < 0 || place->save_stride < 0 ||
                               place->column_stride < 0),
            context, ODEC_ERROR_ARGUMENT,
            "the output's strides in a GPU's memory must not be negative");
    FAIL_IF(device->records && place->record_stride < 0, context, ODEC_ERROR_ARGUMENT,
            "the output's record_stride in a GPU's memory must not be negative");
    FAIL_IF((uintptr_t)device->records % _Alignof(struct odec_run_record) != 0, context,
            ODEC_ERROR_ARGUMENT, "the output's records are not aligned to %zu bytes",
            _Alignof(struct odec_run_record));
    return ODEC_OK;
}

odec_status output_resolve(struct odec_context *context, const struct odec_batch *batch,
                           const struct shape *shape, struct place *out,
                           struct place *device) {
    struct odec_output output = ODEC_OUTPUT_INIT;
    *out = *device = (struct place){0};
    if (batch->output == NULL) {
        return ODEC_OK;
    }
    TRY(context_read(context, &output, batch->output, "odec_output",
                     "ODEC_OUTPUT_INIT"));
    struct place place = place_in_order(shape, output.values, output.records);
    if (output.run_stride || output.save_stride || output.column_stride) {
        /* of one alone it does not matter */
        place.run_stride = batch->n_runs > 1 ? output.run_stride : place.run_stride;
        place.save_stride = shape->n_saves > 1 ? output.save_stride : place.save_stride;
        place.column_stride = shape->n_columns > 1 ? output.column_stride : 1;
    }
    if (output.record_stride) {
        place.record_stride = output.record_stride;
    }
    if (output.values) {
        TRY(check_values(context, batch, &output, &place, shape));
    }
    if (output.records) {
        const struct dimension records = {batch->n_runs, place.record_stride};
        const size_t border = _Alignof(struct odec_run_record);
        FAIL_IF((uintptr_t)output.records % border != 0, context, ODEC_ERROR_ARGUMENT,
                "the output's records are not aligned to %zu bytes", border);
        TRY(check_strides(context, "records", &records, 1,
                          INT64_MAX / (int64_t)sizeof(struct odec_run_record)));
    }
    return split(context, &place, output.on_device, out, device);
}
