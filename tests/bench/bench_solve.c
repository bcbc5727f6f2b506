/* bench_solve.c -- the benches of integration itself, through the C API: Lorenz with
 * steps adaptive and fixed, lane refill, Hodgkin-Huxley, two threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "odec.h"
#include "odec_compile.h"
#include "peer_sundials.h"

/* ---- a model, compiled and ready, with one parameter swept ---- */

struct job {
    odec_context *context;
    odec_compilation *compilation;
    odec_program program;
    char *kernel; /* owned text where it is not the program's own */
    odec_solver *solver;
    odec_batch batch;
    odec_source *pars;
    odec_source states[PEER_MAX_STATES];
    double atol[PEER_MAX_STATES];
    double *values; /* [n_runs][n_columns], or NULL: not kept */
    odec_result result;
};

struct job_spec {
    const char *model; /* a file of the examples */
    const char *outputs, *method;
    double dt; /* NAN: adaptive */
    double tolerance, t1;
    int threads;
    const char *prefix; /* put before the kernel's text; NULL: nothing */
    const double *y0;   /* initial values; NULL: the model's */
};

static const double lorenz_y0[] = {1, 0, 0};

static char *read_file(const char *directory, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);
    if (file == NULL || text == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
    } else {
        text[fread(text, 1, (1 << 16) - 1, file)] = '\0';
    }
    if (file) {
        fclose(file);
    }
    return text;
}

static void job_close(struct job *job) {
    odec_solver_destroy(job->solver);
    odec_compilation_destroy(job->compilation);
    odec_context_destroy(job->context);
    free(job->kernel);
    free(job->pars);
    free(job->values);
}

static bool job_failed(struct job *job, const char *why) {
    fprintf(stderr, "%s\n", why);
    job_close(job);
    *job = (struct job){0};
    return false;
}

static bool job_compile(const struct bench_options *o, const struct job_spec *spec,
                        struct job *job) {
    char *text = read_file(o->examples, spec->model);
    if (text == NULL) {
        return false;
    }
    odec_spec how = ODEC_SPEC_INIT;
    const odec_save final = {.kind = ODEC_SAVE_FINAL};
    how.method = spec->method;
    how.outputs = spec->outputs;
    how.save = &final;
    how.dt = spec->dt;
    const odec_status status =
        odec_compile(spec->model, text, strlen(text), &how, &job->compilation);
    free(text);
    if (status != ODEC_OK) {
        return job_failed(job, job->compilation
                                   ? odec_compilation_diagnostics(job->compilation)
                                   : odec_status_text(status));
    }
    job->program = *odec_compilation_program(job->compilation);
    if (spec->prefix) {
        const size_t n = strlen(spec->prefix) + strlen(job->program.kernel_cpu) + 1;
        job->kernel = malloc(n);
        if (job->kernel) {
            snprintf(job->kernel, n, "%s%s", spec->prefix, job->program.kernel_cpu);
            job->program.kernel_cpu = job->kernel;
        }
    }
    return true;
}

/* Compiles the model; job->batch then wants its swept source and n_runs. */
static bool job_open(const struct bench_options *o, const struct job_spec *spec,
                     struct job *job) {
    *job = (struct job){0};
    if (!job_compile(o, spec, job)) {
        return false;
    }
    if (odec_context_create(&job->context) != ODEC_OK) {
        return job_failed(job, "no context");
    }
    odec_solver_options how = ODEC_SOLVER_OPTIONS_INIT;
    how.device = "cpu";
    how.n_threads = spec->threads;
    how.compiler = o->compiler;
    if (odec_solver_create(job->context, &job->program, &how, &job->solver) !=
        ODEC_OK) {
        return job_failed(job, odec_context_error(job->context));
    }
    job->pars = calloc((size_t)job->program.n_pars + 1, sizeof *job->pars);
    job->batch = (odec_batch)ODEC_BATCH_INIT;
    job->batch.pars = job->pars;
    job->batch.t0 = 0;
    job->batch.t1 = spec->t1;
    job->batch.rtol = spec->tolerance;
    job->batch.dt = spec->dt;
    for (int i = 0; i < job->program.n_states; i++) {
        job->atol[i] = spec->tolerance;
        if (spec->y0) {
            job->states[i] =
                (odec_source){.kind = ODEC_SOURCE_UNIFORM, .value = spec->y0[i]};
        }
    }
    job->batch.states = job->states;
    job->batch.atol = job->atol;
    job->batch.save = (odec_save){.kind = ODEC_SAVE_FINAL};
    return true;
}

/* Sets the sweep of the parameter named, and the number of runs. */
static bool job_sweep(struct job *job, const char *name, odec_source source,
                      int64_t n_runs, bool keep) {
    for (int i = 0; i < job->program.n_pars; i++) {
        if (strcmp(job->program.pars[i].name, name) == 0) {
            job->pars[i] = source;
            job->batch.n_runs = n_runs;
            job->values = keep ? calloc((size_t)n_runs * (size_t)job->program.n_columns,
                                        sizeof(double))
                               : NULL;
            return true;
        }
    }
    return job_failed(job, "the model has no such parameter");
}

static odec_status keep_values(void *user, int64_t first_run, int64_t n_runs,
                               const void *values,
                               const struct odec_run_record *records) {
    struct job *job = user;
    const size_t n = (size_t)job->program.n_columns;
    (void)records;
    if (job->values) {
        memcpy(job->values + (size_t)first_run * n, values,
               (size_t)n_runs * n * sizeof(double));
    }
    return ODEC_OK;
}

/* One solve of the batch, timed. False, with a message, where not every run is ok. */
static bool job_solve(struct job *job, struct moment *took) {
    const odec_sink sink = {keep_values, job};
    const struct moment start = moment_now();
    const odec_status status =
        odec_solve(job->solver, &job->batch, &sink, &job->result);
    *took = moment_since(start);
    if (status != ODEC_OK) {
        fprintf(stderr, "%s\n", odec_context_error(job->context));
        return false;
    }
    if (job->result.n_by_status[ODEC_RUN_OK] != job->batch.n_runs) {
        fprintf(stderr, "not every run is ok\n");
        return false;
    }
    return true;
}

static double n_attempts(const struct job *job) {
    return (double)(job->result.n_accepted + job->result.n_rejected);
}

/* ---- a peer's share of the runs ---- */

/* Every `stride`-th run of a sweep lo .. hi of n points. values: [n /
 * stride][n_states]. */
struct peer_sweep {
    enum peer_model model;
    double lo, hi;
    int64_t n, stride;
    double t1;
};

static bool peer_sweep_run(struct peer *peer, const struct peer_sweep *sweep,
                           double tolerance, double *values, struct moment *took) {
    const int n_states = peer_n_states(peer);
    const struct moment start = moment_now();
    for (int64_t i = 0; i < sweep->n; i += sweep->stride) {
        const double p = odec_grid_point(sweep->lo, sweep->hi, sweep->n, false, i);
        if (!peer_run(peer, p, sweep->t1, tolerance,
                      values + i / sweep->stride * n_states)) {
            return false;
        }
    }
    *took = moment_since(start);
    return true;
}

/* Largest error relative to 1 + |reference|, of every `stride`-th row of `values`. */
static double largest_error(const double *values, int64_t stride,
                            const double *reference, int64_t n_rows, int n) {
    double largest = 0;
    for (int64_t r = 0; r < n_rows; r++) {
        for (int i = 0; i < n; i++) {
            const double exact = reference[r * n + i];
            const double e =
                fabs(values[r * stride * n + i] - exact) / (1 + fabs(exact));
            largest = e > largest ? e : largest;
        }
    }
    return largest;
}

/* odec against ERKStep on one sweep. */
struct duel {
    const char *name, *parameter;
    struct job_spec spec;
    struct peer_sweep sweep;
    double target;
};

enum { N_PEERS = 2 };
static const char *const peer_names[N_PEERS] = {"ERKStep tsit5", "ERKStep dopri5"};
static const enum peer_method peer_methods[N_PEERS] = {PEER_TSIT5, PEER_DOPRI5};

struct duel_memory {
    struct job job;
    struct peer *peers[N_PEERS];
    double *values[N_PEERS], *reference;
};

static void duel_close(struct duel_memory *m) {
    for (int i = 0; i < N_PEERS; i++) {
        peer_destroy(m->peers[i]);
        free(m->values[i]);
    }
    free(m->reference);
    job_close(&m->job);
}

static bool duel_open(const struct bench_options *o, const struct duel *d,
                      struct duel_memory *m) {
    *m = (struct duel_memory){0};
    if (!job_open(o, &d->spec, &m->job) ||
        !job_sweep(&m->job, d->parameter,
                   (odec_source){.kind = ODEC_SOURCE_GRID,
                                 .lo = d->sweep.lo,
                                 .hi = d->sweep.hi,
                                 .n = d->sweep.n,
                                 .repeat = 1},
                   d->sweep.n, true)) {
        return false;
    }
    struct peer *exact = peer_create(d->sweep.model, PEER_REFERENCE);
    const size_t rows = (size_t)(d->sweep.n / d->sweep.stride);
    m->reference = calloc(rows * PEER_MAX_STATES, sizeof(double));
    bool done = exact && m->reference;
    for (int i = 0; i < N_PEERS; i++) {
        m->peers[i] = peer_create(d->sweep.model, peer_methods[i]);
        m->values[i] = calloc(rows * PEER_MAX_STATES, sizeof(double));
        done = done && m->peers[i] && m->values[i];
    }
    struct moment ignored;
    done = done && peer_sweep_run(exact, &d->sweep, 1e-13, m->reference, &ignored);
    peer_destroy(exact);
    return done;
}

static bool duel_run(const struct bench_options *o, const struct duel *d) {
    struct duel_memory m;
    struct sample wall = {0}, cpu = {0}, peer[N_PEERS] = {{0}}, ratio[N_PEERS] = {{0}};
    const double n_runs = (double)d->sweep.n, n_rows = n_runs / (double)d->sweep.stride;
    bool done = duel_open(o, d, &m);
    for (int r = 0; done && r < o->repeats; r++) {
        struct moment took;
        done = job_solve(&m.job, &took);
        sample_add(&wall, took.wall / n_runs * 1e9);
        sample_add(&cpu, took.cpu / n_runs * 1e9);
        for (int i = 0; done && i < N_PEERS; i++) {
            done = peer_sweep_run(m.peers[i], &d->sweep, d->spec.tolerance, m.values[i],
                                  &took);
            sample_add(&peer[i], took.cpu / n_rows * 1e9);
            sample_add(&ratio[i], peer[i].at[r] / cpu.at[r]);
        }
    }
    if (!done) {
        duel_close(&m);
        return report_failure(d->name, "see above");
    }
    const int n = m.job.program.n_states;
    report_value(o, d->name, "odec, wall time", sample_median(&wall), "ns/run");
    report_value(o, d->name, "odec, CPU time", sample_median(&cpu), "ns/run");
    report_value(o, d->name, "odec, CPU time, best", sample_min(&cpu), "ns/run");
    report_value(o, d->name, "odec, attempts", n_attempts(&m.job) / n_runs, "per run");
    report_value(o, d->name, "odec, rate",
                 n_attempts(&m.job) / n_runs / sample_median(&cpu) * 1e3,
                 "M attempts/s");
    report_value(
        o, d->name, "odec, largest error",
        largest_error(m.job.values, d->sweep.stride, m.reference, (int64_t)n_rows, n),
        "");
    for (int i = 0; i < N_PEERS; i++) {
        char what[80];
        snprintf(what, sizeof what, "%s, CPU time", peer_names[i]);
        report_value(o, d->name, what, sample_median(&peer[i]), "ns/run");
        snprintf(what, sizeof what, "%s, largest error", peer_names[i]);
        report_value(o, d->name, what,
                     largest_error(m.values[i], 1, m.reference, (int64_t)n_rows, n),
                     "");
        snprintf(what, sizeof what, "%s / odec, same repeat, median", peer_names[i]);
        report_value(o, d->name, what, sample_median(&ratio[i]), "times");
    }
    duel_close(&m);
    return report_target(o, d->name, "ERKStep tsit5 / odec", sample_median(&ratio[0]),
                         true, d->target, "times");
}

/* ---- Lorenz, adaptive ---- */

#define LORENZ_RUNS 65536

bool bench_lorenz(const struct bench_options *o) {
    report_title("lorenz",
                 "65,536 runs, rho 0 .. 21, t 0 .. 1, tsit5, tolerance 1e-8, one "
                 "thread");
    return duel_run(o, &(struct duel){.name = "lorenz",
                                      .parameter = "rho",
                                      .spec = {"lorenz.ode", "x,y,z", "tsit5", NAN,
                                               1e-8, 1, 1, NULL, lorenz_y0},
                                      .sweep = {PEER_LORENZ, 0, 21, LORENZ_RUNS, 16, 1},
                                      .target = 120});
}

bool bench_hodgkin_huxley(const struct bench_options *o) {
    report_title("hodgkin-huxley",
                 "16,384 runs, I 8 .. 20 uA/cm^2 (spiking), t 0 .. 50 ms, "
                 "tsit5, tolerance 1e-6, one thread");
    return duel_run(o,
                    &(struct duel){.name = "hodgkin-huxley",
                                   .parameter = "I",
                                   .spec = {"hodgkin_huxley.ode", NULL, "tsit5", NAN,
                                            1e-6, 50, 1, NULL, NULL},
                                   .sweep = {PEER_HODGKIN_HUXLEY, 8, 20, 16384, 32, 50},
                                   .target = 25});
}

/* ---- Lorenz, fixed steps ---- */

#define FLOPS_PER_STEP                                                                 \
    174.0 /* 63 multiply-adds of the tableau and 6 times 8 of the model */

static odec_source lorenz_rho(void) {
    return (odec_source){
        .kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 21, .n = LORENZ_RUNS, .repeat = 1};
}

bool bench_fixed(const struct bench_options *o) {
    report_title("fixed",
                 "65,536 runs of Lorenz, t 0 .. 1, tsit5, fixed steps of 1e-3, one "
                 "thread");
    const struct job_spec spec = {"lorenz.ode", "x,y,z",  "tsit5", 1e-3, NAN, 1, 1,
                                  NULL,         lorenz_y0};
    struct job job;
    struct sample rate = {0}, peak = {0}, share = {0}, wall = {0};
    if (!job_open(o, &spec, &job) ||
        !job_sweep(&job, "rho", lorenz_rho(), LORENZ_RUNS, false)) {
        return report_failure("fixed", "see above");
    }
    job.batch.atol = NULL;
    for (int r = 0; r < o->repeats; r++) {
        struct moment took;
        const double before = peak_gflops();
        if (!job_solve(&job, &took)) {
            job_close(&job);
            return report_failure("fixed", "see above");
        }
        const double after = peak_gflops();
        const double flops = n_attempts(&job) * FLOPS_PER_STEP;
        sample_add(&wall, flops / took.wall * 1e-9);
        sample_add(&rate, flops / took.cpu * 1e-9);
        sample_add(&peak, before > after ? before : after);
        sample_add(&share, rate.at[r] / peak.at[r] * 100);
    }
    job_close(&job);
    report_value(o, "fixed", "odec, by wall time", sample_median(&wall), "GFLOP/s");
    report_value(o, "fixed", "odec, by CPU time", sample_median(&rate), "GFLOP/s");
    report_value(o, "fixed", "odec, by CPU time, best", sample_max(&rate), "GFLOP/s");
    report_value(o, "fixed", "peak, multiply-adds alone", sample_median(&peak),
                 "GFLOP/s");
    report_value(o, "fixed", "peak, best", sample_max(&peak), "GFLOP/s");
    return report_target(o, "fixed", "share of the peak, median", sample_median(&share),
                         true, 75, "%");
}

/* ---- lane refill ---- */

#define REFILL_RUNS 16384

/* mu = 0.1 .. 100 evenly in its logarithm, in an order of chance that is always the
 * same. */
static void random_mu(double *mu) {
    unsigned long long state = 7;
    for (int i = 0; i < REFILL_RUNS; i++) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        mu[i] = 0.1 * pow(1000, (double)(state >> 11) * 0x1p-53);
    }
}

bool bench_refill(const struct bench_options *o) {
    static double mu[REFILL_RUNS];
    static const char *const names[2] = {"lanes refilled",
                                         "groups wait for their slowest"};
    report_title("refill",
                 "16,384 runs of van der Pol, mu random in 0.1 .. 100, t 0 .. 20, "
                 "tsit5, tolerance 1e-6, one thread");
    struct job jobs[2];
    struct sample time[2] = {{0}}, ratio = {0};
    random_mu(mu);
    for (int i = 0; i < 2; i++) {
        const struct job_spec spec = {"vanderpol.ode",
                                      NULL,
                                      "tsit5",
                                      NAN,
                                      1e-6,
                                      20,
                                      1,
                                      i ? "#define REFILL 0\n" : NULL,
                                      NULL};
        const odec_source source = {
            .kind = ODEC_SOURCE_COLUMN, .column = mu, .stride = 1};
        if (!job_open(o, &spec, &jobs[i]) ||
            !job_sweep(&jobs[i], "mu", source, REFILL_RUNS, false)) {
            if (i) {
                job_close(&jobs[0]);
            }
            return report_failure("refill", "see above");
        }
    }
    bool done = true;
    for (int r = 0; done && r < o->repeats; r++) {
        for (int i = 0; done && i < 2; i++) {
            struct moment took;
            done = job_solve(&jobs[i], &took);
            sample_add(&time[i], took.cpu * 1e3);
        }
        sample_add(&ratio, time[1].at[r] / time[0].at[r]);
    }
    const bool same = done && strcmp(jobs[0].result.digest, jobs[1].result.digest) == 0;
    const double attempts = n_attempts(&jobs[0]) / REFILL_RUNS;
    job_close(&jobs[0]);
    job_close(&jobs[1]);
    if (!done || !same) {
        return report_failure("refill", done ? "the two results differ" : "see above");
    }
    report_value(o, "refill", "attempts", attempts, "per run");
    for (int i = 0; i < 2; i++) {
        report_value(o, "refill", names[i], sample_median(&time[i]), "ms CPU");
    }
    return report_target(o, "refill", "gain of refilling (same bits), median",
                         sample_median(&ratio), true, 2.5, "times");
}

/* ---- two threads ---- */

bool bench_threads(const struct bench_options *o) {
    report_title("threads",
                 "1,048,576 runs of Lorenz as above, one thread and two, wall time");
    struct job jobs[2];
    struct sample time[2] = {{0}};
    for (int i = 0; i < 2; i++) {
        const struct job_spec spec = {"lorenz.ode", "x,y,z", "tsit5",  NAN, 1e-8, 1,
                                      i + 1,        NULL,    lorenz_y0};
        odec_source rho = lorenz_rho();
        rho.n = 16 * LORENZ_RUNS;
        if (!job_open(o, &spec, &jobs[i]) ||
            !job_sweep(&jobs[i], "rho", rho, rho.n, false)) {
            if (i) {
                job_close(&jobs[0]);
            }
            return report_failure("threads", "see above");
        }
    }
    bool done = true;
    for (int r = 0; done && r < 5; r++) {
        for (int i = 0; done && i < 2; i++) {
            struct moment took;
            done = job_solve(&jobs[i], &took);
            sample_add(&time[i], took.wall);
        }
    }
    job_close(&jobs[0]);
    job_close(&jobs[1]);
    if (!done) {
        return report_failure("threads", "see above");
    }
    report_value(o, "threads", "one thread, best of five", sample_min(&time[0]), "s");
    report_value(o, "threads", "two threads, best of five", sample_min(&time[1]), "s");
    return report_target(o, "threads", "gain of two threads, best of five",
                         sample_min(&time[0]) / sample_min(&time[1]), true, 1.8,
                         "times");
}
