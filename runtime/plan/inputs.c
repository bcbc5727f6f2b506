/* inputs.c -- see inputs.h. */
#include "inputs.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "grid.h"
#include "say.h"

struct inputs {
    const struct odec_program *program;
    int64_t n_runs;
    struct odec_source *sources; /* [n] */
    int32_t n;                   /* n_pars + n_states */
    int32_t n_columns;           /* generated per chunk */
    bool on_device;              /* one of them at least is */
    size_t scalar_bytes;
    double uniform[]; /* [n], of which a float program uses the first half as floats */
};

static const struct odec_quantity *quantity_of(const struct inputs *inputs, int32_t i) {
    const struct odec_program *program = inputs->program;
    return i < program->n_pars ? &program->pars[i]
                               : &program->states[i - program->n_pars];
}

static const struct odec_source *source_of(const struct inputs *inputs, int32_t i) {
    return &inputs->sources[i];
}

/* Must its values be written for each chunk? */
static bool is_generated(const struct inputs *inputs,
                         const struct odec_source *source) {
    return source->kind == ODEC_SOURCE_GRID ||
           (source->kind == ODEC_SOURCE_COLUMN &&
            inputs->program->precision == ODEC_FLOAT);
}

/* ---- checking ---- */

/* Is it a number of the precision, and within the bounds where these are asked of it? A state
 * that starts outside its own in some runs alone is those runs' status. */
static bool is_right(const struct inputs *inputs, int32_t i, double value) {
    const struct odec_quantity *quantity = quantity_of(inputs, i);
    const double largest =
        inputs->program->precision == ODEC_FLOAT ? (double)FLT_MAX : DBL_MAX;
    const bool by_run = i >= inputs->program->n_pars &&
                        source_of(inputs, i)->kind != ODEC_SOURCE_UNIFORM;
    return fabs(value) <= largest &&
           (by_run || (value >= quantity->lo && value <= quantity->hi));
}

/* Says why a value is refused. where: "", or " in run 7". */
static odec_status refuse(struct odec_context *context, const struct inputs *inputs,
                          int32_t i, double value, int64_t run) {
    const struct odec_quantity *quantity = quantity_of(inputs, i);
    const char *kind = i < inputs->program->n_pars ? "parameter" : "initial value of";
    char v[SAY_SIZE], bounds[SAY_BOUNDS], where[48] = "";
    if (run >= 0) {
        snprintf(where, sizeof where, " in run %lld", (long long)run);
    }
    FAIL_IF(!isfinite(value), context, ODEC_ERROR_ARGUMENT,
            "%s '%s' is %s%s: it must be finite", kind, quantity->name,
            say_real(v, value), where);
    FAIL_IF(value < quantity->lo || value > quantity->hi, context, ODEC_ERROR_ARGUMENT,
            "%s '%s' is %s%s, outside its bounds %s", kind, quantity->name,
            say_real(v, value), where, say_bounds(bounds, quantity->lo, quantity->hi));
    return context_fail(context, ODEC_ERROR_ARGUMENT,
                        "%s '%s' is %s%s: too large for float", kind, quantity->name,
                        say_real(v, value), where);
}

static odec_status check_grid(struct odec_context *context, const struct inputs *inputs,
                              int32_t i, const struct odec_source *source) {
    const char *name = quantity_of(inputs, i)->name;
    FAIL_IF(source->n < 1 || source->repeat < 1, context, ODEC_ERROR_ARGUMENT,
            "the sweep of '%s' needs at least one point", name);
    for (int end = 0; end < 2; end++) {
        double value = end == 0 ? source->lo : source->hi;
        if (!is_right(inputs, i, value)) {
            return refuse(context, inputs, i, value, -1);
        }
    }
    FAIL_IF(source->log && !(source->lo != 0 && source->hi != 0 &&
                             (source->lo < 0) == (source->hi < 0)),
            context, ODEC_ERROR_ARGUMENT,
            "the geometric sweep of '%s' needs two ends of the same sign, neither of "
            "them 0",
            name);
    return ODEC_OK;
}

static odec_status check_column(struct odec_context *context,
                                const struct inputs *inputs, int32_t i,
                                const struct odec_source *source) {
    const struct odec_quantity *quantity = quantity_of(inputs, i);
    int64_t last;
    FAIL_IF(source->column == NULL, context, ODEC_ERROR_ARGUMENT,
            "the column of '%s' is missing", quantity->name);
    FAIL_IF((uintptr_t)source->column % _Alignof(double) != 0, context,
            ODEC_ERROR_ARGUMENT,
            "the column of '%s' is not aligned to the %zu bytes of one value",
            quantity->name, _Alignof(double));
    FAIL_IF(__builtin_mul_overflow(source->stride, inputs->n_runs - 1, &last) ||
                __builtin_mul_overflow(last, (int64_t)sizeof(double), &last),
            context, ODEC_ERROR_ARGUMENT,
            "the column of '%s' is larger than any memory: a stride of %lld",
            quantity->name, (long long)source->stride);
    for (int64_t run = 0; run < inputs->n_runs; run++) {
        double value = source->column[run * source->stride];
        if (!is_right(inputs, i, value)) {
            return refuse(context, inputs, i, value, run);
        }
    }
    return ODEC_OK;
}

/* What it takes without a look at the memory, which is not ours to read. */
static odec_status check_device(struct odec_context *context,
                                const struct inputs *inputs, int32_t i,
                                const struct odec_source *source) {
    const char *name = quantity_of(inputs, i)->name;
    const size_t scalar = inputs->scalar_bytes;
    int64_t last;
    FAIL_IF(source->device == NULL, context, ODEC_ERROR_ARGUMENT,
            "the device's column of '%s' is missing", name);
    FAIL_IF((uintptr_t)source->device % scalar != 0, context, ODEC_ERROR_ARGUMENT,
            "the device's column of '%s' is not aligned to the %zu bytes of one value",
            name, scalar);
    FAIL_IF(__builtin_mul_overflow(source->stride, inputs->n_runs - 1, &last) ||
                __builtin_mul_overflow(last, (int64_t)scalar, &last),
            context, ODEC_ERROR_ARGUMENT,
            "the device's column of '%s' is larger than any memory: a stride of %lld",
            name, (long long)source->stride);
    return ODEC_OK;
}

static odec_status check_source(struct odec_context *context,
                                const struct inputs *inputs, int32_t i) {
    const struct odec_source *source = source_of(inputs, i);
    switch (source->kind) {
    case ODEC_SOURCE_DEFAULT:
        return ODEC_OK;
    case ODEC_SOURCE_UNIFORM:
        return is_right(inputs, i, source->value)
                   ? ODEC_OK
                   : refuse(context, inputs, i, source->value, -1);
    case ODEC_SOURCE_GRID:
        return check_grid(context, inputs, i, source);
    case ODEC_SOURCE_COLUMN:
        return check_column(context, inputs, i, source);
    case ODEC_SOURCE_DEVICE:
        return check_device(context, inputs, i, source);
    default:
        return context_fail(context, ODEC_ERROR_ARGUMENT,
                            "unknown kind of source for '%s'",
                            quantity_of(inputs, i)->name);
    }
}

/* ---- filling ---- */

static void *uniform_place(struct inputs *inputs, int32_t i) {
    return (char *)inputs->uniform + (size_t)i * inputs->scalar_bytes;
}

/* A list that is not there leaves all to the model. */
static odec_status read_sources(struct odec_context *context,
                                const struct odec_batch *batch,
                                const struct odec_source *list, int32_t n,
                                struct odec_source *out) {
    void *known = NULL;
    const odec_status status =
        context_read_list(context, &known, sizeof *out, list, batch->source_size,
                          list ? n : 0, "odec_source", "ODEC_BATCH_INIT");
    if (status == ODEC_OK && list && n > 0) {
        memcpy(out, known, (size_t)n * sizeof *out);
    }
    heap_give(known);
    return status;
}

static odec_status inputs_init(struct odec_context *context, struct inputs *inputs,
                               const struct odec_batch *batch) {
    const int32_t n_pars = inputs->program->n_pars;
    inputs->sources =
        heap_take(context->heap, (size_t)inputs->n + 1, sizeof *inputs->sources);
    if (inputs->sources == NULL) {
        return context_out_of_memory(context);
    }
    TRY(read_sources(context, batch, batch->pars, n_pars, inputs->sources));
    TRY(read_sources(context, batch, batch->states, inputs->n - n_pars,
                     inputs->sources + n_pars));
    bool is_float = inputs->program->precision == ODEC_FLOAT;
    inputs->scalar_bytes = is_float ? sizeof(float) : sizeof(double);
    for (int32_t i = 0; i < inputs->n; i++) {
        TRY(check_source(context, inputs, i));
        const struct odec_source *source = source_of(inputs, i);
        inputs->on_device |= source->kind == ODEC_SOURCE_DEVICE;
        if (is_float) {
            *(float *)uniform_place(inputs, i) = (float)source->value;
        } else {
            *(double *)uniform_place(inputs, i) = source->value;
        }
        inputs->n_columns += is_generated(inputs, source);
    }
    return ODEC_OK;
}

odec_status inputs_create(struct odec_context *context,
                          const struct odec_program *program,
                          const struct odec_batch *batch, struct inputs **out) {
    *out = NULL;
    int32_t n = program->n_pars + program->n_states;
    struct inputs *inputs =
        heap_take(context->heap, 1, sizeof *inputs + (size_t)n * sizeof(double));
    if (inputs == NULL) {
        return context_out_of_memory(context);
    }
    inputs->program = program;
    inputs->n_runs = batch->n_runs;
    inputs->n = n;
    odec_status status = inputs_init(context, inputs, batch);
    if (status != ODEC_OK) {
        inputs_destroy(inputs);
        return status;
    }
    *out = inputs;
    return ODEC_OK;
}

void inputs_destroy(struct inputs *inputs) {
    if (inputs) {
        heap_give(inputs->sources);
        heap_give(inputs);
    }
}

int32_t inputs_count(const struct inputs *inputs) { return inputs->n; }

int64_t inputs_bytes_per_run(const struct inputs *inputs) {
    return inputs->n_columns * (int64_t)inputs->scalar_bytes;
}

const struct odec_source *inputs_source(const struct inputs *inputs, int32_t i) {
    return source_of(inputs, i);
}

bool inputs_is_varying(const struct inputs *inputs, int32_t i) {
    enum odec_source_kind kind = source_of(inputs, i)->kind;
    return kind == ODEC_SOURCE_GRID || kind == ODEC_SOURCE_COLUMN;
}

int32_t inputs_n_varying(const struct inputs *inputs) {
    int32_t n = 0;
    for (int32_t i = 0; i < inputs->n; i++) {
        n += inputs_is_varying(inputs, i);
    }
    return n;
}

const char *inputs_name(const struct inputs *inputs, int32_t i) {
    return quantity_of(inputs, i)->name;
}

bool inputs_on_device(const struct inputs *inputs) { return inputs->on_device; }

uintptr_t inputs_device_at(const struct inputs *inputs, int32_t i, int64_t run) {
    const struct odec_source *source = source_of(inputs, i);
    const int64_t bytes = run * source->stride * (int64_t)inputs->scalar_bytes;
    return (uintptr_t)source->device + (uintptr_t)bytes;
}

const void *inputs_uniform(const struct inputs *inputs, int32_t i) {
    return source_of(inputs, i)->kind == ODEC_SOURCE_UNIFORM
               ? uniform_place((struct inputs *)inputs, i)
               : NULL;
}

void inputs_fill_one(const struct inputs *inputs, int32_t i, int64_t first, int64_t n,
                     void *out) {
    const struct odec_source *source = source_of(inputs, i);
    odec_precision precision = inputs->program->precision;
    if (source->kind == ODEC_SOURCE_GRID) {
        struct grid grid = {source->lo, source->hi, source->n, source->repeat,
                            source->log};
        grid_fill(&grid, first, n, precision, out);
        return;
    }
    for (int64_t k = 0; k < n; k++) {
        double value = source->column[(first + k) * source->stride];
        if (precision == ODEC_FLOAT) {
            ((float *)out)[k] = (float)value;
        } else {
            ((double *)out)[k] = value;
        }
    }
}

void inputs_fill(const struct inputs *inputs, int64_t first, int64_t n, void *memory,
                 struct odec_input *list) {
    char *column = memory;
    for (int32_t i = 0; i < inputs->n; i++) {
        const struct odec_source *source = source_of(inputs, i);
        if (is_generated(inputs, source)) {
            inputs_fill_one(inputs, i, first, n, column);
            list[i] = (struct odec_input){column, 1};
            column += (size_t)n * inputs->scalar_bytes;
        } else if (source->kind == ODEC_SOURCE_COLUMN) {
            list[i] = (struct odec_input){&source->column[first * source->stride],
                                          source->stride};
        } else {
            list[i] = (struct odec_input){inputs_uniform(inputs, i), 0};
        }
    }
}
