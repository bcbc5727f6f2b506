/* bench_solve.c -- the benches of integration itself, through the C API: Lorenz with
 * steps adaptive and fixed, lane refill, Hodgkin-Huxley, two threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "job.h"
#include "peer_sundials.h"
#include "reference.h"

static const double lorenz_y0[] = {1, 0, 0};

/* Sets the sweep of the parameter named, and the number of runs. Closes the job where
 * it fails. */
static bool job_sweep(struct job *job, const char *name, odec_source source,
                      int64_t n_runs, bool keep) {
    if (job_source(job, name, source) && job_runs(job, n_runs, keep)) {
        return true;
    }
    job_close(job);
    return false;
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
    const int n_states = peer_model_states(sweep->model);
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

static bool reference_sweep(const struct peer_sweep *sweep, double *values) {
    const int n_states = peer_model_states(sweep->model);
    for (int64_t i = 0; i < sweep->n; i += sweep->stride) {
        const double p = odec_grid_point(sweep->lo, sweep->hi, sweep->n, false, i);
        if (!reference_run(sweep->model, p, sweep->t1,
                           values + i / sweep->stride * n_states)) {
            return false;
        }
    }
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
    const size_t rows = (size_t)(d->sweep.n / d->sweep.stride);
    m->reference = calloc(rows * PEER_MAX_STATES, sizeof(double));
    bool done = m->reference;
    for (int i = 0; i < N_PEERS; i++) {
        m->peers[i] = peer_create(d->sweep.model, peer_methods[i]);
        m->values[i] = calloc(rows * PEER_MAX_STATES, sizeof(double));
        done = done && m->peers[i] && m->values[i];
    }
    return done && reference_sweep(&d->sweep, m->reference);
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
    report_value(o, d->name, "odec, attempts", job_attempts(&m.job) / n_runs,
                 "per run");
    report_value(o, d->name, "odec, rate",
                 job_attempts(&m.job) / n_runs / sample_median(&cpu) * 1e3,
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
                                      .spec = {.model = "lorenz.ode",
                                               .outputs = "x,y,z",
                                               .method = "tsit5",
                                               .dt = NAN,
                                               .tolerance = 1e-8,
                                               .t1 = 1,
                                               .threads = 1,
                                               .y0 = lorenz_y0},
                                      .sweep = {PEER_LORENZ, 0, 21, LORENZ_RUNS, 16, 1},
                                      .target = 40});
}

bool bench_hodgkin_huxley(const struct bench_options *o) {
    report_title("hodgkin-huxley",
                 "16,384 runs, I 8 .. 20 uA/cm^2 (spiking), t 0 .. 50 ms, "
                 "tsit5, tolerance 1e-6, one thread");
    return duel_run(o,
                    &(struct duel){.name = "hodgkin-huxley",
                                   .parameter = "I",
                                   .spec = {.model = "hodgkin_huxley.ode",
                                            .method = "tsit5",
                                            .dt = NAN,
                                            .tolerance = 1e-6,
                                            .t1 = 50,
                                            .threads = 1},
                                   .sweep = {PEER_HODGKIN_HUXLEY, 8, 20, 16384, 32, 50},
                                   .target = 9});
}

/* ---- Lorenz, fixed steps ---- */

#define FLOPS_PER_STEP \
    174.0 /* 63 multiply-adds of the tableau and 6 times 8 of the model */

static odec_source lorenz_rho(void) {
    return (odec_source){
        .kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 21, .n = LORENZ_RUNS, .repeat = 1};
}

bool bench_fixed(const struct bench_options *o) {
    report_title("fixed",
                 "65,536 runs of Lorenz, t 0 .. 1, tsit5, fixed steps of 1e-3, one "
                 "thread");
    const struct job_spec spec = {.model = "lorenz.ode",
                                  .outputs = "x,y,z",
                                  .method = "tsit5",
                                  .dt = 1e-3,
                                  .tolerance = NAN,
                                  .t1 = 1,
                                  .threads = 1,
                                  .y0 = lorenz_y0};
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
        const double flops = job_attempts(&job) * FLOPS_PER_STEP;
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

/* Van der Pol's oscillators whose mu, and with it the cost of a run, is random. */
struct refill_case {
    const char *name, *model, *method;
    int n_runs;
    double mu_low, mu_high, t1; /* mu evenly in its logarithm */
    double target;              /* NAN: none */
};

/* In an order of chance that is always the same. The caller frees it. */
static double *random_mu(const struct refill_case *c) {
    unsigned long long state = 7;
    double *mu = malloc(sizeof *mu * (size_t)c->n_runs);
    for (int i = 0; mu && i < c->n_runs; i++) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        mu[i] =
            c->mu_low * pow(c->mu_high / c->mu_low, (double)(state >> 11) * 0x1p-53);
    }
    return mu;
}

/* jobs: with refill and without. Closed where it fails. */
static bool refill_open(const struct bench_options *o, const struct refill_case *c,
                        const double *mu, struct job jobs[2]) {
    for (int i = 0; i < 2; i++) {
        const struct job_spec spec = {.model = c->model,
                                      .method = c->method,
                                      .dt = NAN,
                                      .tolerance = 1e-6,
                                      .t1 = c->t1,
                                      .threads = 1,
                                      .prefix = i ? "#define REFILL 0\n" : NULL};
        const odec_source source = {
            .kind = ODEC_SOURCE_COLUMN, .column = mu, .stride = 1};
        if (!job_open(o, &spec, &jobs[i]) ||
            !job_sweep(&jobs[i], "mu", source, c->n_runs, false)) {
            if (i) {
                job_close(&jobs[0]);
            }
            return false;
        }
    }
    return true;
}

static bool refill_run(const struct bench_options *o, const struct refill_case *c) {
    static const char *const names[2] = {"lanes refilled",
                                         "groups wait for their slowest"};
    static const char gain[] = "gain of refilling (same bits), median";
    struct job jobs[2];
    struct sample time[2] = {{0}}, ratio = {0};
    double *mu = random_mu(c);
    if (mu == NULL || !refill_open(o, c, mu, jobs)) {
        free(mu);
        return report_failure(c->name, "see above");
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
    const double attempts = job_attempts(&jobs[0]) / c->n_runs;
    job_close(&jobs[0]);
    job_close(&jobs[1]);
    free(mu);
    if (!done || !same) {
        return report_failure(c->name, done ? "the two results differ" : "see above");
    }
    report_value(o, c->name, "attempts", attempts, "per run");
    for (int i = 0; i < 2; i++) {
        report_value(o, c->name, names[i], sample_median(&time[i]), "ms CPU");
    }
    if (isnan(c->target)) {
        report_value(o, c->name, gain, sample_median(&ratio), "times");
        return true;
    }
    return report_target(o, c->name, gain, sample_median(&ratio), true, c->target,
                         "times");
}

bool bench_refill(const struct bench_options *o) {
    report_title("refill",
                 "16,384 runs of van der Pol, mu random in 0.1 .. 100, t 0 .. 20, "
                 "tsit5, tolerance 1e-6, one thread");
    return refill_run(o, &(struct refill_case){.name = "refill",
                                               .model = "vanderpol.ode",
                                               .method = "tsit5",
                                               .n_runs = 16384,
                                               .mu_low = 0.1,
                                               .mu_high = 100,
                                               .t1 = 20,
                                               .target = 2.5});
}

bool bench_mixed(const struct bench_options *o) {
    report_title("mixed",
                 "4,096 runs of van der Pol, mu random in 1 .. 1e4, t 0 .. 2000, "
                 "rodas5p, tolerance 1e-6, one thread");
    return refill_run(o, &(struct refill_case){.name = "mixed",
                                               .model = "van_der_pol_stiff.ode",
                                               .method = "rodas5p",
                                               .n_runs = 4096,
                                               .mu_low = 1,
                                               .mu_high = 1e4,
                                               .t1 = 2000,
                                               .target = NAN});
}

/* ---- two threads ---- */

bool bench_threads(const struct bench_options *o) {
    report_title("threads",
                 "1,048,576 runs of Lorenz as above, one thread and two, wall time");
    struct job jobs[2];
    struct sample time[2] = {{0}};
    for (int i = 0; i < 2; i++) {
        const struct job_spec spec = {.model = "lorenz.ode",
                                      .outputs = "x,y,z",
                                      .method = "tsit5",
                                      .dt = NAN,
                                      .tolerance = 1e-8,
                                      .t1 = 1,
                                      .threads = i + 1,
                                      .y0 = lorenz_y0};
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
