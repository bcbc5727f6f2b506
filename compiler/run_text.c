/* run_text.c -- the simple call: text and arrays in, arrays out.
 *
 * It is what an application would write with odec_compile.h and odec.h, and uses nothing
 * else of either: compile, context, solver, one batch whose results go to where they belong. Whatever fails leaves its words in the table.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odec_compile.h"
#include "sized.h"

enum { ERROR_SIZE = 2048 };

struct table {
    odec_table shown; /* first: the caller's pointer is ours */
    odec_run_options options;
    odec_compilation *compilation;
    const odec_program *program;
    odec_context *context;
    odec_solver *solver;
    odec_source *sources; /* [n_pars + n_states] */
    double *atol, *times, *values;
    double *own_values; /* NULL where the caller's are used */
    struct odec_run_record *records;
    const char **columns;
    odec_result result;
    char error[ERROR_SIZE];
};

/* Both return from the function they stand in. */
#define TRY(call)                               \
    do {                                        \
        const odec_status try_status_ = (call); \
        if (try_status_ != ODEC_OK) {           \
            return try_status_;                 \
        }                                       \
    } while (0)
#define FAIL_IF(condition, table, status, ...)       \
    do {                                             \
        if (condition) {                             \
            return fail(table, status, __VA_ARGS__); \
        }                                            \
    } while (0)

static odec_status fail(struct table *t, odec_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static odec_status fail(struct table *t, odec_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(t->error, sizeof t->error, format, args);
    va_end(args);
    return status;
}

/* n * bytes of memory, zero; NULL where there is none. */
static void *reserve(int64_t n, size_t bytes) {
    return (uint64_t)n > PTRDIFF_MAX / bytes ? NULL
                                             : calloc(n > 0 ? (size_t)n : 1, bytes);
}

static odec_status read_options(struct table *t, const odec_run_options *given) {
    t->options = (odec_run_options)ODEC_RUN_OPTIONS_INIT;
    const odec_run_options *o = &t->options;
    if (given) {
        char why[SIZED_TEXT];
        const enum sized is = sized_read(&t->options, given);
        FAIL_IF(is != SIZED_OK, t, ODEC_ERROR_ARGUMENT, "%s",
                sized_explain(why, is, "odec_run_options", sized_size(given),
                              sizeof *given, "ODEC_RUN_OPTIONS_INIT"));
    }
    FAIL_IF(o->n_runs < 1 || o->n_runs > ODEC_MAX_RUNS, t, ODEC_ERROR_ARGUMENT,
            "%lld runs are not in 1 .. %lld", (long long)o->n_runs,
            (long long)ODEC_MAX_RUNS);
    FAIL_IF(o->n_settings < 0 || (o->n_settings > 0 && o->settings == NULL), t,
            ODEC_ERROR_ARGUMENT, "the list of %lld settings is missing",
            (long long)o->n_settings);
    return ODEC_OK;
}

static odec_status compile(struct table *t, const char *text) {
    const odec_run_options *o = &t->options;
    odec_spec spec = ODEC_SPEC_INIT;
    FAIL_IF(!text, t, ODEC_ERROR_ARGUMENT, "there is no text of a model");
    spec.method = o->method;
    spec.precision = o->precision;
    spec.outputs = o->outputs;
    spec.save = o->save;
    spec.t0 = o->t0;
    spec.t1 = o->t1;
    spec.rtol = o->rtol;
    spec.dt = o->dt;
    spec.dt_max = o->dt_max;
    const odec_status status =
        odec_compile(o->file_name, text, strlen(text), &spec, &t->compilation);
    FAIL_IF(!t->compilation, t, status, "%s", odec_status_text(status));
    t->shown.diagnostics = odec_compilation_diagnostics(t->compilation);
    t->shown.compilation = t->compilation;
    if (status != ODEC_OK) {
        t->shown.error = t->shown.diagnostics;
        return status;
    }
    t->program = odec_compilation_program(t->compilation);
    return ODEC_OK;
}

/* The source that a setting's name means: a parameter's, or "x(0)", a state's. */
static odec_status find_source(struct table *t, const char *name, odec_source **out) {
    static const char initial[] = "(0)";
    const size_t n = strlen(name), n_suffix = sizeof initial - 1;
    const bool is_state = n > n_suffix && strcmp(name + n - n_suffix, initial) == 0;
    char *copy = reserve((int64_t)n + 1, 1);
    FAIL_IF(!copy, t, ODEC_ERROR_MEMORY, "%s", odec_status_text(ODEC_ERROR_MEMORY));
    memcpy(copy, name, is_state ? n - n_suffix : n);
    int32_t i;
    const odec_status status = odec_program_find(
        t->context, t->program, is_state ? ODEC_STATE : ODEC_PARAMETER, copy, &i);
    free(copy);
    *out =
        status == ODEC_OK ? &t->sources[is_state ? t->program->n_pars + i : i] : NULL;
    return status;
}

static odec_status take_settings(struct table *t) {
    const odec_run_options *o = &t->options;
    t->sources =
        reserve((int64_t)t->program->n_pars + t->program->n_states, sizeof *t->sources);
    FAIL_IF(!t->sources, t, ODEC_ERROR_MEMORY, "%s",
            odec_status_text(ODEC_ERROR_MEMORY));
    for (int64_t i = 0; i < o->n_settings; i++) {
        odec_setting setting = {0};
        const char *from = (const char *)o->settings + (size_t)i * o->setting_size;
        char why[SIZED_TEXT];
        const enum sized is =
            sized_copy(&setting, sizeof setting, from, o->setting_size);
        FAIL_IF(is != SIZED_OK, t, ODEC_ERROR_ARGUMENT, "%s",
                sized_explain(why, is, "odec_setting", o->setting_size, sizeof setting,
                              "ODEC_RUN_OPTIONS_INIT"));
        FAIL_IF(!setting.name, t, ODEC_ERROR_ARGUMENT, "setting %lld has no name",
                (long long)i);
        odec_source *source = NULL;
        TRY(find_source(t, setting.name, &source));
        FAIL_IF(source->kind != ODEC_SOURCE_DEFAULT, t, ODEC_ERROR_ARGUMENT,
                "'%s' is set twice", setting.name);
        source->kind = setting.column ? ODEC_SOURCE_COLUMN : ODEC_SOURCE_UNIFORM;
        source->value = setting.value;
        source->column = setting.column;
        source->stride = setting.stride != 0 ? setting.stride : 1;
    }
    return ODEC_OK;
}

/* Memory for everything that comes out. */
static odec_status make_room(struct table *t, const odec_batch *batch) {
    const odec_run_options *o = &t->options;
    odec_table *shown = &t->shown;
    const int64_t n_columns = t->program->n_columns;
    int64_t n_saves;
    TRY(odec_save_times(t->context, batch->save, batch->t0, batch->t1, NULL, 0,
                        &n_saves));
    int64_t n_values;
    const bool is_too_large = __builtin_mul_overflow(o->n_runs, n_saves, &n_values) ||
                              __builtin_mul_overflow(n_values, n_columns, &n_values);
    FAIL_IF(
        o->values && (is_too_large || n_values > o->capacity), t, ODEC_ERROR_ARGUMENT,
        "the results are %lld runs of %lld saves of %lld columns, and there is room "
        "for %lld values",
        (long long)o->n_runs, (long long)n_saves, (long long)n_columns,
        (long long)o->capacity);
    t->times = reserve(n_saves, sizeof *t->times);
    t->records = reserve(o->n_runs, sizeof *t->records);
    t->columns = reserve(n_columns, sizeof *t->columns);
    if (!o->values && !is_too_large) {
        t->own_values = reserve(n_values, sizeof *t->own_values);
    }
    t->values = o->values ? o->values : t->own_values;
    FAIL_IF(!t->times || !t->records || !t->columns || !t->values, t, ODEC_ERROR_MEMORY,
            "there is no memory for %lld runs of %lld saves of %lld columns",
            (long long)o->n_runs, (long long)n_saves, (long long)n_columns);
    for (int32_t i = 0; i < n_columns; i++) {
        t->columns[i] = odec_program_quantity(t->program, ODEC_COLUMN, i)->name;
    }
    shown->n_runs = o->n_runs;
    shown->n_saves = n_saves;
    shown->n_columns = n_columns;
    return odec_save_times(t->context, batch->save, batch->t0, batch->t1, t->times,
                           n_saves, &n_saves);
}

/* A sink: floats to the doubles that tables have. */
static odec_status convert(void *user, const odec_portion *portion) {
    struct table *t = user;
    const int64_t of_run = t->shown.n_saves * t->shown.n_columns;
    const float *from = portion->values;
    double *to = t->values + portion->first_run * of_run;
    for (int64_t i = 0; i < portion->n_runs * of_run; i++) {
        to[i] = from[i];
    }
    return ODEC_OK;
}

static odec_status solve(struct table *t) {
    const odec_run_options *o = &t->options;
    const odec_program *program = t->program;
    odec_batch batch = ODEC_BATCH_INIT;
    batch.n_runs = o->n_runs;
    batch.pars = t->sources;
    batch.states = t->sources + program->n_pars;
    batch.t0 = isnan(o->t0) ? program->t0 : o->t0;
    batch.t1 = isnan(o->t1) ? program->t1 : o->t1;
    batch.max_attempts = o->max_attempts;
    batch.save = program->save;
    FAIL_IF(isnan(batch.t0) || isnan(batch.t1), t, ODEC_ERROR_ARGUMENT,
            "neither the options nor the model's solve block say the time span");
    if (!isnan(o->atol)) {
        t->atol = reserve(program->n_states, sizeof *t->atol);
        FAIL_IF(!t->atol, t, ODEC_ERROR_MEMORY, "%s",
                odec_status_text(ODEC_ERROR_MEMORY));
        for (int32_t i = 0; i < program->n_states; i++) {
            t->atol[i] = o->atol;
        }
        batch.atol = t->atol;
    }
    TRY(make_room(t, &batch));
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.n_runs = o->n_runs;
    TRY(odec_solver_create(t->context, program, o->solver ? o->solver : &options,
                           &t->solver));
    const bool is_float = program->precision == ODEC_FLOAT;
    odec_sink sink = ODEC_SINK_INIT;
    odec_output output = ODEC_OUTPUT_INIT;
    sink.write = convert;
    sink.user = t;
    sink.any_order = true;
    output.values = is_float ? NULL : t->values;
    output.records = t->records;
    output.n_saves = t->shown.n_saves;
    batch.output = &output;
    t->result = (odec_result)ODEC_RESULT_INIT;
    return odec_solve(t->solver, &batch, is_float ? &sink : NULL, &t->result);
}

static odec_status run(struct table *t, const char *text,
                       const odec_run_options *options) {
    TRY(read_options(t, options));
    TRY(compile(t, text));
    TRY(odec_context_create(&t->context));
    TRY(take_settings(t));
    return solve(t);
}

odec_status odec_run_text(const char *text, const odec_run_options *options,
                          odec_table **out) {
    if (!out) {
        return ODEC_ERROR_ARGUMENT;
    }
    struct table *t = calloc(1, sizeof *t);
    *out = NULL;
    if (!t) {
        return ODEC_ERROR_MEMORY;
    }
    odec_table *shown = &t->shown;
    *shown = (odec_table){.size = sizeof *shown, .error = t->error, .diagnostics = ""};
    const odec_status status = run(t, text, options);
    if (status != ODEC_OK && !*shown->error) {
        const char *said = t->context ? odec_context_error(t->context) : "";
        fail(t, status, "%s", *said ? said : odec_status_text(status));
    }
    if (status == ODEC_OK) {
        shown->columns = t->columns;
        shown->times = t->times;
        shown->values = t->values;
        shown->records = t->records;
        shown->result = &t->result;
    } else {
        shown->n_runs = shown->n_saves = shown->n_columns = 0;
    }
    odec_solver_destroy(t->solver);
    odec_context_destroy(t->context);
    *out = shown;
    return status;
}

void odec_table_destroy(odec_table *table) {
    struct table *t = (struct table *)table;
    if (t) {
        odec_compilation_destroy(t->compilation);
        free(t->sources);
        free(t->atol);
        free(t->times);
        free(t->own_values);
        free(t->records);
        free(t->columns);
        free(t);
    }
}
