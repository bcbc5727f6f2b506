/* support.c -- see support.h: the JIT path of the library, with every result kept. */
#define _GNU_SOURCE
#include "support.h"

#include <unistd.h>

#include "methods.h"

const char *stiff_method(int i) {
    for (int m = 0; method_at(m); m++) {
        if (method_at(m)->stiff && i-- == 0) {
            return method_at(m)->name;
        }
    }
    return NULL;
}

static char cache_directory[64];

int support_begin(void **state) {
    (void)state;
    strcpy(cache_directory, "/tmp/odec-numeric-XXXXXX");
    return mkdtemp(cache_directory) == NULL;
}

int support_end(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", cache_directory);
    return system(command);
}

const char *support_cache(void) { return cache_directory; }

char *example_text(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.ode", EXAMPLES_DIR, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("no example %s", path);
    }
    char *text = calloc(1, 65536);
    assert_true(fread(text, 1, 65535, file) < 65535);
    fclose(file);
    return text;
}

static double or_nan(double x) { return x == 0 ? (double)NAN : x; }

/* A trial that says nothing saves the final state alone. */
static const odec_save *save_of(const struct trial *trial) {
    static const odec_save final = ODEC_SAVE_INIT;
    return trial->save.size || trial->save.kind ? &trial->save : &final;
}

struct machine *machine_of(const struct trial *trial) {
    struct machine *m = calloc(1, sizeof *m);
    odec_spec spec = ODEC_SPEC_INIT;
    spec.method = trial->method;
    spec.precision = trial->precision;
    spec.outputs = trial->outputs;
    spec.dt = or_nan(trial->dt);
    spec.rtol = or_nan(trial->rtol);
    spec.save = save_of(trial);
    if (trial->t0 == trial->t1 && trial->t0 != 0) { /* fixed steps need to know */
        spec.t0 = trial->t0;
        spec.t1 = trial->t1;
    }
    odec_status status = odec_compile("trial.ode", trial->text, strlen(trial->text),
                                      &spec, &m->compilation);
    if (status != ODEC_OK) {
        fail_msg("%s:\n%s", odec_status_text(status),
                 m->compilation ? odec_compilation_diagnostics(m->compilation) : "");
    }
    m->program = odec_compilation_program(m->compilation);
    if (trial->kernel || trial->large) {
        m->changed = *m->program;
        if (trial->kernel) {
            m->changed.kernels[ODEC_TARGET_CPU].text = trial->kernel;
        }
        if (trial->large) {
            m->changed.flops_rhs = INT32_MAX;
        }
        m->program = &m->changed;
    }
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.device = "cpu";
    options.n_threads = trial->threads ? trial->threads : 1;
    options.lanes = trial->lanes;
    options.chunk_runs = trial->chunk;
    options.compiler = trial->compiler;
    options.cache_dir = trial->cache ? trial->cache : cache_directory;
    assert_int_equal(odec_context_create(&m->context), ODEC_OK);
    if (odec_solver_create(m->context, m->program, &options, &m->solver) != ODEC_OK) {
        fail_msg("%s", odec_context_error(m->context));
    }
    return m;
}

void machine_destroy(struct machine *m) {
    odec_solver_destroy(m->solver);
    odec_context_destroy(m->context);
    odec_compilation_destroy(m->compilation);
    free(m);
}

struct collecting {
    struct outcome *outcome;
    bool is_float;
};

static odec_status collect(void *user, const odec_portion *portion) {
    const struct collecting *c = user;
    const int64_t first = portion->first_run, n_runs = portion->n_runs;
    const void *values = portion->values;
    struct outcome *o = c->outcome;
    if (first < 0 || first + n_runs > o->n_runs) {
        return ODEC_ERROR_ARGUMENT;
    }
    memcpy(o->bytes + (size_t)first * o->row_bytes, values,
           (size_t)n_runs * o->row_bytes);
    memcpy(o->records + first, portion->records, (size_t)n_runs * sizeof *o->records);
    const int64_t per_run = o->n_saves * o->n_columns;
    for (int64_t i = 0; i < n_runs * per_run; i++) {
        o->values[first * per_run + i] =
            c->is_float ? ((const float *)values)[i] : ((const double *)values)[i];
    }
    return ODEC_OK;
}

static odec_batch batch_of(const struct trial *trial, double *atol, int n_states) {
    odec_batch batch = ODEC_BATCH_INIT;
    batch.n_runs = trial->n_runs ? trial->n_runs : 1;
    batch.pars = trial->pars;
    batch.states = trial->states;
    if (trial->t0 != 0 || trial->t1 != 0) {
        batch.t0 = trial->t0;
        batch.t1 = trial->t1;
    }
    batch.rtol = or_nan(trial->rtol);
    batch.dt = or_nan(trial->dt);
    batch.dt_max = or_nan(trial->dt_max);
    batch.max_attempts = trial->max_attempts;
    batch.save = save_of(trial);
    const double absolute = trial->atol ? trial->atol : trial->rtol;
    for (int i = 0; i < n_states; i++) {
        atol[i] = or_nan(absolute);
    }
    batch.atol = atol;
    return batch;
}

struct outcome outcome_of(struct machine *m, const struct trial *trial) {
    double *atol = calloc((size_t)m->program->n_states, sizeof *atol);
    const odec_batch batch = batch_of(trial, atol, m->program->n_states);
    const bool is_float = m->program->precision == ODEC_FLOAT;
    struct outcome o = {.n_runs = batch.n_runs,
                        .n_columns = m->program->n_columns,
                        .result = ODEC_RESULT_INIT};
    const double t0 = isnan(batch.t0) ? m->program->t0 : batch.t0;
    const double t1 = isnan(batch.t1) ? m->program->t1 : batch.t1;
    if (odec_save_times(m->context, batch.save, t0, t1, NULL, 0, &o.n_saves) !=
        ODEC_OK) {
        fail_msg("%s", odec_context_error(m->context));
    }
    const size_t n = (size_t)(o.n_runs * o.n_saves * o.n_columns);
    o.row_bytes = (size_t)(o.n_saves * o.n_columns) * (is_float ? 4 : 8);
    o.bytes = malloc((size_t)o.n_runs * o.row_bytes);
    o.values = malloc(n * sizeof *o.values);
    o.records = malloc((size_t)o.n_runs * sizeof *o.records);
    memset(o.bytes, 0x5a,
           (size_t)o.n_runs * o.row_bytes); /* what is never stored shows */
    struct collecting collecting = {&o, is_float};
    const odec_sink sink = {.size = sizeof sink, .write = collect, .user = &collecting};
    const odec_status status = odec_solve(m->solver, &batch, &sink, &o.result);
    if (status != ODEC_OK) {
        fail_msg("%s", odec_context_error(m->context));
    }
    assert_int_equal(o.result.n_saves, o.n_saves);
    free(atol);
    return o;
}

void outcome_release(struct outcome *o) {
    free(o->bytes);
    free(o->values);
    free(o->records);
}

struct outcome solve_trial(const struct trial *trial) {
    struct machine *m = machine_of(trial);
    struct outcome o = outcome_of(m, trial);
    machine_destroy(m);
    return o;
}

double largest_error(const struct outcome *o, double (*exact)(double t),
                     const double *times) {
    double largest = 0;
    for (int64_t i = 0; i < o->n_saves; i++) {
        const double error = fabs(value(o, 0, i, 0) - exact(times[i]));
        largest = larger(largest, error);
    }
    return largest;
}

double slope_of(int n, const double *x, const double *y) {
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (int i = 0; i < n; i++) {
        const double a = log(x[i]), b = log(y[i]);
        sx += a, sy += b, sxx += a * a, sxy += a * b;
    }
    return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

bool has_compiler(const char *name) {
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    return system(command) == 0;
}
