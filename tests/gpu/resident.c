/* resident.c -- sources and results in the memory of a GPU, on a stream of the application's, in
 * several orders: every bit is the CPU's, and the stream keeps its order though it is busy.
 *
 *   resident MODEL.ode PARAMETER LO HI RUNS BUSY_BYTES
 *
 * Prints a line for each trial that failed, and how many were good; exits with 1 if not all.
 * Compiled by resident.sh, against CUDA's header or that of tests/install/cuda.
 */
#include <cuda.h>
#include <odec_compile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_SAVES = 5, BUSY_TIMES = 50, GAP = 3 };

/* ---- what is solved ---- */

struct solving {
    odec_context *context;
    const odec_program *program;
    int32_t parameter;
    double lo, hi;
    int64_t n_runs;
    size_t busy_bytes; /* that the stream writes again and again before */
    size_t scalar;     /* of a value, in bytes */
    size_t n_values;   /* of all runs */
};

static const odec_save save = {
    .size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = N_SAVES};

static double value_of(const struct solving *s, int64_t run) {
    return odec_grid_point(s->lo, s->hi, s->n_runs, false, run);
}

static odec_status solve(const struct solving *s, const char *device,
                         const odec_source *source, const odec_output *output,
                         CUstream stream, odec_result *result) {
    odec_solver *solver = NULL;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_batch batch = ODEC_BATCH_INIT;
    odec_source *pars = calloc((size_t)s->program->n_pars, sizeof *pars);
    options.device = device;
    options.chunk_runs = s->n_runs / 3 + 1; /* several chunks */
    odec_status status = ODEC_ERROR_MEMORY;
    if (pars) {
        pars[s->parameter] = *source;
        batch.n_runs = s->n_runs;
        batch.pars = pars;
        batch.save = &save;
        batch.output = output;
        batch.stream = stream;
        status = odec_solver_create(s->context, s->program, &options, &solver);
    }
    if (status == ODEC_OK) {
        status = odec_solve(solver, &batch, NULL, result);
    }
    odec_solver_destroy(solver);
    free(pars);
    return status;
}

/* ---- orders ---- */

struct order {
    const char *name;
    int64_t run, save, column; /* strides */
    size_t n;                  /* scalars from the first to the last, at least */
};

enum { N_ORDERS = 4 };

static void orders_of(const struct solving *s, struct order orders[N_ORDERS]) {
    const int64_t n = s->n_runs, c = s->program->n_columns, row = N_SAVES * c;
    orders[0] = (struct order){"C order", row, c, 1, s->n_values};
    orders[1] = (struct order){"runs fastest", 1, n * c, n, s->n_values};
    orders[2] =
        (struct order){"rows apart", row + GAP, c, 1, (size_t)(n * (row + GAP))};
    orders[3] = (struct order){"saves fastest", row, 1, N_SAVES, s->n_values};
}

/* The value of run r, save i, column k. */
static const char *value_at(const struct solving *s, const struct order *o,
                            const char *values, int64_t r, int64_t i, int64_t k) {
    return values + (size_t)(r * o->run + i * o->save + k * o->column) * s->scalar;
}

static bool same(const struct solving *s, const struct order *o, const char *values,
                 const char *in_order) {
    const int64_t c = s->program->n_columns;
    for (int64_t r = 0; r < s->n_runs; r++) {
        for (int64_t i = 0; i < N_SAVES * c; i++, in_order += s->scalar) {
            if (memcmp(value_at(s, o, values, r, i / c, i % c), in_order, s->scalar)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- a trial ---- */

struct memory {
    CUdeviceptr column, values, records, busy;
    char *host; /* pinned: the column, then what comes back */
    struct odec_run_record *records_back;
    CUstream stream;
};

static bool take(struct memory *m, const struct solving *s, const struct order *o) {
    const size_t n = (size_t)s->n_runs;
    return !cuStreamCreate(&m->stream, CU_STREAM_NON_BLOCKING) &&
           !cuMemAlloc(&m->column, n * s->scalar) &&
           !cuMemAlloc(&m->values, o->n * s->scalar) &&
           !cuMemAlloc(&m->records, n * sizeof *m->records_back) &&
           !cuMemAlloc(&m->busy, s->busy_bytes) &&
           !cuMemHostAlloc((void **)&m->host, (n + o->n) * s->scalar, 0) &&
           !cuMemHostAlloc((void **)&m->records_back, n * sizeof *m->records_back, 0);
}

static void give_back(struct memory *m) {
    cuMemFreeHost(m->records_back);
    cuMemFreeHost(m->host);
    cuMemFree(m->busy);
    cuMemFree(m->records);
    cuMemFree(m->values);
    cuMemFree(m->column);
    cuStreamDestroy(m->stream);
}

/* Work for the stream, and behind it the column. */
static void fill(const struct memory *m, const struct solving *s) {
    for (int i = 0; i < BUSY_TIMES; i++) {
        cuMemsetD8Async(m->busy, (unsigned char)i, s->busy_bytes, m->stream);
    }
    for (int64_t r = 0; r < s->n_runs; r++) {
        if (s->scalar == sizeof(float)) {
            ((float *)(void *)m->host)[r] = (float)value_of(s, r);
        } else {
            ((double *)(void *)m->host)[r] = value_of(s, r);
        }
    }
    cuMemsetD8Async(m->column, 0xff, (size_t)s->n_runs * s->scalar, m->stream);
    cuMemcpyHtoDAsync(m->column, m->host, (size_t)s->n_runs * s->scalar, m->stream);
}

/* What is wrong; NULL: nothing. */
static const char *try_inside(struct memory *m, const struct solving *s,
                              const struct order *o, const char *values,
                              const struct odec_run_record *records) {
    const size_t n = (size_t)s->n_runs;
    odec_output output = ODEC_OUTPUT_INIT;
    odec_result result = ODEC_RESULT_INIT;
    const odec_source source = {.kind = ODEC_SOURCE_DEVICE,
                                .device = (const void *)(uintptr_t)m->column,
                                .stride = 1};
    output.values = (void *)(uintptr_t)m->values;
    output.records = (void *)(uintptr_t)m->records;
    output.on_device = ODEC_VALUES_ON_DEVICE | ODEC_RECORDS_ON_DEVICE;
    output.run_stride = o->run;
    output.save_stride = o->save;
    output.column_stride = o->column;
    fill(m, s);
    if (solve(s, "cuda:0", &source, &output, m->stream, &result) != ODEC_OK) {
        return odec_context_error(s->context);
    }
    char *back = m->host + n * s->scalar;
    cuMemcpyDtoHAsync(back, m->values, o->n * s->scalar, m->stream);
    cuMemcpyDtoHAsync(m->records_back, m->records, n * sizeof *records, m->stream);
    if (cuStreamSynchronize(m->stream)) {
        return "the stream has failed";
    }
    return !same(s, o, back, values) ? "other values"
           : memcmp(m->records_back, records, n * sizeof *records) != 0
               ? "other records"
               : NULL;
}

static bool try_one(const struct solving *s, const struct order *o, const char *values,
                    const struct odec_run_record *records) {
    struct memory m = {0};
    const char *wrong =
        take(&m, s, o) ? try_inside(&m, s, o, values, records) : "memory cannot be had";
    if (wrong) {
        printf("FAILED, %s: %s, %s in %s\n", wrong, s->program->model,
               s->scalar == sizeof(float) ? "float" : "double", o->name);
    }
    give_back(&m);
    return wrong == NULL;
}

/* How many of N_ORDERS are good. */
static int try_all(const struct solving *s) {
    struct order orders[N_ORDERS];
    char *values = malloc(s->n_values * s->scalar);
    double *column = malloc((size_t)s->n_runs * sizeof *column);
    struct odec_run_record *records = malloc((size_t)s->n_runs * sizeof *records);
    odec_output output = ODEC_OUTPUT_INIT;
    int n_good = 0;
    output.values = values;
    output.records = records;
    for (int64_t r = 0; column && r < s->n_runs; r++) {
        column[r] = value_of(s, r);
    }
    const odec_source source = {
        .kind = ODEC_SOURCE_COLUMN, .column = column, .stride = 1};
    if (!values || !records || !column ||
        solve(s, "cpu", &source, &output, NULL, NULL) != ODEC_OK) {
        printf("FAILED, on the CPU: %s\n", odec_context_error(s->context));
    } else {
        orders_of(s, orders);
        for (int i = 0; i < N_ORDERS; i++) {
            n_good += try_one(s, &orders[i], values, records);
        }
    }
    free(values);
    free(column);
    free(records);
    return n_good;
}

static int try_model(const char *text, const char *precision, char **arguments) {
    odec_spec spec = ODEC_SPEC_INIT;
    odec_compilation *compilation = NULL;
    struct solving s = {.lo = strtod(arguments[3], NULL),
                        .hi = strtod(arguments[4], NULL),
                        .n_runs = strtol(arguments[5], NULL, 10),
                        .busy_bytes = strtoul(arguments[6], NULL, 10)};
    int n_good = 0;
    spec.precision = precision;
    spec.save = &save;
    if (odec_compile(arguments[1], text, strlen(text), &spec, &compilation) ==
            ODEC_OK &&
        odec_context_create(&s.context) == ODEC_OK) {
        s.program = odec_compilation_program(compilation);
        s.scalar = s.program->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
        s.n_values = (size_t)(s.n_runs * N_SAVES * s.program->n_columns);
        s.parameter = odec_program_parameter(s.program, arguments[2]);
        n_good = s.parameter >= 0 && s.n_runs > 0 ? try_all(&s) : 0;
    } else {
        fputs(compilation ? odec_compilation_diagnostics(compilation) : "", stdout);
    }
    odec_context_destroy(s.context);
    odec_compilation_destroy(compilation);
    return n_good;
}

int main(int argc, char **argv) {
    static char text[1 << 16];
    CUcontext primary;
    FILE *file = argc == 7 ? fopen(argv[1], "rb") : NULL;
    if (!file) {
        fprintf(stderr, "usage: resident MODEL.ode PARAMETER LO HI RUNS BUSY_BYTES\n");
        return 2;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    if (cuInit(0) || cuDevicePrimaryCtxRetain(&primary, 0) ||
        cuCtxPushCurrent(primary)) {
        printf("FAILED, the GPU does not start\n");
        return 1;
    }
    const int n_good = try_model(text, "double", argv) + try_model(text, "float", argv);
    cuCtxPopCurrent(&primary);
    cuDevicePrimaryCtxRelease(0);
    printf("%d of %d\n", n_good, 2 * N_ORDERS);
    return n_good != 2 * N_ORDERS;
}
