/* bench_stiff.c -- stiff problems: odec's Rosenbrock methods beside SUNDIALS' CVODE
 * (peer_cvode.h) and, where it is installed, LSODA (peer_numbalsoda.h), at one tolerance
 * and over many.
 *
 * All integrate the same parameter sets: odec's batch takes its parameters as columns
 * of the table whose first rows the peer and the reference integrate. That the model's
 * text and the peer's C say the same problem is measured, too: odec at a tight
 * tolerance must meet the reference on every one of those rows.
 *
 * The error of a value at t1 is |y - ref| / (atol/rtol + |ref|), which is rtol where a
 * solver does what it was asked; atol/rtol is the same for every rtol.
 */
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "peer_cvode.h"
#include "peer_library.h"
#include "peer_numbalsoda.h"
#include "work_precision.h"

/* ---- problems ---- */

struct stiff_case {
    const char *name;                    /* in the tables */
    const struct stiff_problem *problem; /* NULL: a network of n_species */
    int n_species;
    int n_runs;      /* of odec's: about a second */
    int n_peer;      /* the first of them, which the peer takes */
    int n_reference; /* the first of these, whose errors are known */
    bool has_curve;  /* one of workprecision's */
};

static const struct stiff_case cases[] = {
    {"robertson", &stiff_robertson, 0, 65536, 1024, 256, true},
    {"hires", &stiff_hires, 0, 65536, 1024, 256, true},
    {"pollution", &stiff_pollution, 0, 16384, 1024, 256, true},
    {"network100", NULL, 100, 2048, 256, 64, true},
    {"network200", NULL, 200, 1024, 128, 64, false},
};

enum { N_CASES = sizeof cases / sizeof cases[0], PARAMETER_SEED = 42 };

/* The rtol that a problem's atol is for. */
#define RTOL 1e-6

struct stiff {
    const struct stiff_case *c;
    struct network *net; /* NULL: another problem */
    struct stiff_problem problem;
    char *text;        /* the model */
    double *pars;      /* [n_runs][n_pars] */
    double *y_peer;    /* [n_peer][n] */
    double *reference; /* [n_reference][n] */
    double *atol;      /* [n] scaled for an rtol */
};

static void stiff_close(struct stiff *s) {
    network_destroy(s->net);
    free(s->text);
    free(s->pars);
    free(s->y_peer);
    free(s->reference);
    free(s->atol);
}

/* The text of a network's model, or NULL. */
static char *network_text(const struct network *net) {
    char *text = NULL;
    size_t bytes;
    FILE *file = open_memstream(&text, &bytes);
    const bool written = file && network_write_model(net, file);
    if (file && fclose(file) == 0 && written) {
        return text;
    }
    free(text);
    return NULL;
}

static bool stiff_open(const struct bench_options *o, const struct stiff_case *c,
                       struct stiff *s) {
    *s = (struct stiff){.c = c};
    if (c->problem) {
        char file[64];
        s->problem = *c->problem;
        snprintf(file, sizeof file, "%s.ode", c->problem->name);
        s->text = read_model(o->examples, file);
    } else {
        s->net = network_create(c->n_species, STIFF_NETWORK_SEED);
        if (s->net == NULL) {
            return false;
        }
        s->problem = stiff_network(s->net);
        s->text = network_text(s->net);
    }
    const struct stiff_problem *p = &s->problem;
    const size_t n = (size_t)p->n;
    s->pars = calloc((size_t)c->n_runs * (size_t)p->n_pars, sizeof(double));
    s->y_peer = calloc((size_t)c->n_peer * n, sizeof(double));
    s->reference = calloc((size_t)c->n_reference * n, sizeof(double));
    s->atol = calloc(n, sizeof(double));
    if (!s->text || !s->pars || !s->y_peer || !s->reference || !s->atol) {
        return false;
    }
    stiff_problem_draw(p, c->n_runs, PARAMETER_SEED, s->pars);
    if (!peer_cvode_reference(p, s->pars, c->n_reference, s->reference)) {
        fprintf(stderr, "no reference solution\n");
        return false;
    }
    return true;
}

/* ---- either side's solves ---- */

/* The model's states must be the peer's, in its order: told by their initial values. */
static bool same_states(const struct odec_program *program,
                        const struct stiff_problem *p) {
    bool same = program->n_states == p->n && program->n_columns >= p->n;
    for (int i = 0; same && i < p->n; i++) {
        same = program->states[i].value == p->y0[i] &&
               strcmp(program->states[i].name, program->columns[i].name) == 0;
    }
    return same;
}

/* Always compiles anew, so that job->cc_took is the time without a cache. */
static bool stiff_job(const struct bench_options *o, const struct stiff *s,
                      const char *method, struct job *job) {
    const struct stiff_problem *p = &s->problem;
    const struct job_spec spec = {.model = p->name,
                                  .text = s->text,
                                  .method = method,
                                  .dt = NAN,
                                  .tolerance = RTOL,
                                  .t1 = p->t1,
                                  .threads = 1,
                                  .cache_dir = ""};
    if (!job_open(o, &spec, job)) {
        return false;
    }
    bool done = same_states(&job->program, p);
    if (!done) {
        fprintf(stderr, "%s: the model and the peer differ\n", p->name);
    }
    job->batch.t0 = p->t0;
    for (int i = 0; done && i < p->n_pars; i++) {
        done = job_source(job, p->pars[i].name,
                          (odec_source){.kind = ODEC_SOURCE_COLUMN,
                                        .column = s->pars + i,
                                        .stride = p->n_pars});
    }
    if (!done) {
        job_close(job);
    }
    return done;
}

/* One tolerance for both sides. */
static void set_tolerance(struct stiff *s, struct job *job, double rtol) {
    for (int i = 0; i < s->problem.n; i++) {
        s->atol[i] = s->problem.atol[i] * (rtol / RTOL);
    }
    if (job) {
        job->batch.rtol = rtol;
        memcpy(job->atol, s->atol, sizeof(double) * (size_t)s->problem.n);
    }
}

typedef bool peer_function(const struct stiff_problem *p, const double *pars,
                           int n_runs, double rtol, const double *atol, double *y_end,
                           struct peer_stats *stats);

/* Who integrates: odec by a method, or a peer. */
struct solver {
    const char *name, *method; /* method NULL: a peer */
    peer_function *peer;
};

static const struct solver cvode = {"CVODE BDF", NULL, peer_cvode_run};
static const struct solver lsoda = {"LSODA", NULL, numbalsoda_lsoda};

static bool peer_solve(struct stiff *s, const struct solver *who, int n_runs,
                       double rtol, struct peer_stats *stats) {
    if (!who->peer(&s->problem, s->pars, n_runs, rtol, s->atol, s->y_peer, stats)) {
        fprintf(stderr, "%s cannot be set up\n", who->name);
        return false;
    }
    if (stats->failed) {
        fprintf(stderr, "%d of the runs of %s failed\n", stats->failed, who->name);
    }
    return stats->failed == 0;
}

/* ---- errors ---- */

struct errors {
    double largest, rms; /* over states and runs; see the head of the file */
};

/* y: [n_reference][n_columns], of which the first n count. */
static struct errors errors_of(const struct stiff *s, const double *y, int n_columns) {
    const int n = s->problem.n, n_runs = s->c->n_reference;
    double largest = 0, squares = 0;
    for (int run = 0; run < n_runs; run++) {
        for (int i = 0; i < n; i++) {
            const double exact = s->reference[run * n + i];
            const double e = fabs(y[run * n_columns + i] - exact) /
                             (s->problem.atol[i] / RTOL + fabs(exact));
            largest = e <= largest ? largest : e; /* a NaN is the largest */
            squares += e * e;
        }
    }
    return (struct errors){largest, sqrt(squares / ((double)n * n_runs))};
}

static struct errors job_errors(const struct stiff *s, const struct job *job) {
    return errors_of(s, job->values, job->program.n_columns);
}

/* ---- stiff: one tolerance ---- */

/* A solver that alone has taken so long is known well enough: LSODA on a network. */
static const double SOLVER_SECONDS = 1;

struct stiff_report {
    const struct bench_options *o;
    const char *problem;
};

static void say(const struct stiff_report *r, const char *what, double value,
                const char *unit) {
    char text[96];
    snprintf(text, sizeof text, "%s: %s", r->problem, what);
    report_value(r->o, "stiff", text, value, unit);
}

/* What must be so for the duel to be fair. */
static bool stiff_check(const struct stiff_report *r, struct stiff *s,
                        struct job *job) {
    const double tight = 1e-9;
    char text[96];
    struct moment ignored;
    double attempts[2];
    const int n_runs[2] = {s->c->n_runs, s->c->n_peer};
    for (int i = 0; i < 2; i++) {
        if (!job_runs(job, n_runs[i], false) || !job_solve(job, &ignored)) {
            return false;
        }
        attempts[i] = job_attempts(job) / n_runs[i];
    }
    say(r, "attempts, the peer's runs to all", attempts[1] / attempts[0], "");
    set_tolerance(s, job, tight);
    if (!job_runs(job, s->c->n_reference, true) || !job_solve(job, &ignored)) {
        return false;
    }
    snprintf(text, sizeof text, "%s: same problem? rtol 1e-9, max error", r->problem);
    return report_target(r->o, "stiff", text, job_errors(s, job).largest, false, 1e-4,
                         "");
}

static void say_errors(const struct stiff_report *r, const char *who, struct errors e) {
    char text[64];
    snprintf(text, sizeof text, "%s, max error", who);
    say(r, text, e.largest, "");
    snprintf(text, sizeof text, "%s, rms error", who);
    say(r, text, e.rms, "");
}

/* LSODA's side, where it is there: of the runs with a reference. */
struct lsoda_figures {
    bool is_there;
    double spent; /* s */
    struct sample us, ratio;
    struct errors errors;
};

static bool lsoda_turn(struct stiff *s, double odec_us, struct lsoda_figures *f) {
    const int n_runs = s->c->n_reference;
    struct peer_stats stats = {0};
    if (!f->is_there || f->spent > SOLVER_SECONDS) {
        return true;
    }
    if (!peer_solve(s, &lsoda, n_runs, RTOL, &stats)) {
        return false;
    }
    f->spent += stats.seconds;
    f->errors = errors_of(s, s->y_peer, s->problem.n);
    sample_add(&f->us, stats.seconds / n_runs * 1e6);
    sample_add(&f->ratio, stats.seconds / n_runs * 1e6 / odec_us);
    return true;
}

static void say_lsoda(const struct stiff_report *r, const struct lsoda_figures *f) {
    if (f->is_there) {
        say(r, "LSODA, CPU time, median", sample_median(&f->us), "us/run");
        say(r, "LSODA, CPU time, least", sample_min(&f->us), "us/run");
        say_errors(r, "LSODA", f->errors);
        say(r, "LSODA / odec, same repeat, median", sample_median(&f->ratio), "times");
    }
}

static bool stiff_duel(const struct stiff_report *r, struct stiff *s, struct job *job) {
    const double n_runs = s->c->n_runs, n_peer = s->c->n_peer;
    struct sample wall = {0}, odec = {0}, peer = {0}, ratio = {0};
    struct lsoda_figures lsoda_is = {.is_there = numbalsoda_open(r->o->peers)};
    struct peer_stats stats = {0};
    struct errors cvode_errors = {0};
    set_tolerance(s, job, RTOL);
    if (!job_runs(job, s->c->n_runs, true)) {
        return false;
    }
    for (int k = 0; k < r->o->repeats; k++) {
        struct moment took;
        if (!job_solve(job, &took) ||
            !peer_solve(s, &cvode, s->c->n_peer, RTOL, &stats)) {
            return false;
        }
        sample_add(&wall, took.wall / n_runs * 1e6);
        sample_add(&odec, took.cpu / n_runs * 1e6);
        sample_add(&peer, stats.seconds / n_peer * 1e6);
        sample_add(&ratio, peer.at[k] / odec.at[k]);
        cvode_errors = errors_of(s, s->y_peer, s->problem.n);
        if (!lsoda_turn(s, odec.at[k], &lsoda_is)) {
            return false;
        }
    }
    say(r, "text to program", job->odec_took.wall, "s");
    say(r, "C compiler, no cache", job->cc_took.wall, "s");
    say(r, "odec's runs", n_runs, "");
    say(r, "odec, wall time, median", sample_median(&wall), "us/run");
    say(r, "odec, CPU time, median", sample_median(&odec), "us/run");
    say(r, "odec, CPU time, least", sample_min(&odec), "us/run");
    say(r, "odec, attempts", job_attempts(job) / n_runs, "per run");
    say_errors(r, "odec", job_errors(s, job));
    say(r, "CVODE's runs", n_peer, "");
    say(r, "CVODE, CPU time, median", sample_median(&peer), "us/run");
    say(r, "CVODE, CPU time, least", sample_min(&peer), "us/run");
    say(r, "CVODE, steps", (double)stats.steps / n_peer, "per run");
    say_errors(r, "CVODE", cvode_errors);
    say(r, "CVODE / odec, same repeat, median", sample_median(&ratio), "times");
    say(r, "CVODE / odec, medians", sample_median(&peer) / sample_median(&odec),
        "times");
    say_lsoda(r, &lsoda_is);
    return stiff_check(r, s, job);
}

bool bench_stiff(const struct bench_options *o) {
    bool met = true;
    report_title(
        "stiff",
        "rtol 1e-6, atol the problem's, one thread; odec rodas5p beside CVODE "
        "BDF with\n  analytic Jacobian (dense; KLU for networks) and LSODA, the "
        "same parameter sets; error at\n  t1: |y - ref| / (atol/rtol + |ref|) "
        "over states and the first runs, ref CVODE at 1e-13");
    for (int k = 0; k < N_CASES; k++) {
        const struct stiff_report r = {o, cases[k].name};
        struct stiff s;
        struct job job = {0};
        const bool done = stiff_open(o, &cases[k], &s) &&
                          stiff_job(o, &s, "rodas5p", &job) && stiff_duel(&r, &s, &job);
        job_close(&job);
        stiff_close(&s);
        if (!done) {
            met = report_failure(cases[k].name, "see above");
        }
    }
    return met;
}

/* ---- workprecision: rtol 1e-3 .. 1e-9 ---- */

static const struct solver *const curve_solvers[] = {
    &(struct solver){"odec rosenbrock23", "rosenbrock23", NULL},
    &(struct solver){"odec rodas4", "rodas4", NULL},
    &(struct solver){"odec rodas5p", "rodas5p", NULL},
    &cvode,
    &lsoda,
};
enum { N_CURVES = sizeof curve_solvers / sizeof curve_solvers[0] };
enum { LOOSEST = 3, TIGHTEST = 9 }; /* decades below 1 */

/* At one tolerance every solver takes its turn, MIN_TURNS times or until this much time
 * has gone into all of them: their ratios are what a reader looks at, and a busy
 * machine must not meet one of them alone. */
static const double TURNS_SECONDS = 2;
enum { MIN_TURNS = 3 };

/* A solver, and its point at the tolerance of the moment. */
struct curve {
    const struct solver *who;
    struct job job;  /* unless a peer */
    bool has_point;  /* every run reached its end */
    int n_runs;      /* of a turn */
    double attempts; /* per run */
    struct errors errors;
    struct sample us; /* per run; a turn each */
    double spent;     /* s, in all turns */
};

/* One turn; its time is *seconds. */
static bool curve_turn(struct stiff *s, struct curve *c, double rtol, double *seconds) {
    if (c->who->method) {
        struct moment took;
        const bool done = job_solve(&c->job, &took);
        *seconds = took.cpu;
        c->attempts = job_attempts(&c->job) / c->n_runs;
        return done;
    }
    struct peer_stats stats = {0};
    const bool done = peer_solve(s, c->who, c->n_runs, rtol, &stats);
    *seconds = stats.seconds;
    c->attempts = stats.steps > 0
                      ? (double)(stats.steps + stats.error_failures) / c->n_runs
                      : NAN;
    return done;
}

/* The errors, from the reference's runs, which are a peer's first turn; then odec takes
 * as many runs a turn as go into a quarter of a second, so that no lane waits for the
 * last ones to end. */
static bool curve_prepare(struct stiff *s, struct curve *c, double rtol) {
    const bool odec = c->who->method;
    double seconds = 0;
    c->us = (struct sample){0};
    c->spent = 0;
    c->n_runs = s->c->n_reference;
    if (odec) {
        set_tolerance(s, &c->job, rtol);
    }
    if ((odec && !job_runs(&c->job, c->n_runs, true)) ||
        !curve_turn(s, c, rtol, &seconds)) {
        return false;
    }
    if (!odec) {
        c->errors = errors_of(s, s->y_peer, s->problem.n);
        sample_add(&c->us, seconds / c->n_runs * 1e6);
        c->spent = seconds;
        return true;
    }
    c->errors = job_errors(s, &c->job);
    while (2 * c->n_runs <= s->c->n_runs && seconds < 0.25) {
        c->n_runs *= 2;
        seconds *= 2;
    }
    return job_runs(&c->job, c->n_runs, false);
}

/* The points of all solvers at one tolerance. False where one of odec's has none. */
static bool write_points(const struct bench_options *o, struct stiff *s,
                         struct curve curves[N_CURVES], int decade, FILE *csv) {
    const double rtol = pow(10, -decade);
    double spent = 0;
    bool all = true;
    set_tolerance(s, NULL, rtol);
    for (int k = 0; k < N_CURVES; k++) {
        curves[k].has_point = curves[k].who && curve_prepare(s, &curves[k], rtol);
    }
    for (int turn = 0; turn < o->repeats && (turn < MIN_TURNS || spent < TURNS_SECONDS);
         turn++) {
        for (int k = 0; k < N_CURVES; k++) {
            struct curve *c = &curves[k];
            double seconds = 0;
            if (c->who == NULL || (turn == 0 && !c->who->method) ||
                c->spent > SOLVER_SECONDS) {
                continue;
            }
            c->has_point = c->has_point && curve_turn(s, c, rtol, &seconds);
            sample_add(&c->us, seconds / c->n_runs * 1e6);
            spent += seconds;
            c->spent += seconds;
        }
    }
    for (int k = 0; k < N_CURVES; k++) {
        const struct curve *c = &curves[k];
        if (c->has_point) {
            work_precision_point(csv, s->c->name, c->who->name, decade, &c->us,
                                 c->errors.largest, c->errors.rms, c->attempts);
        } else if (c->who) {
            fprintf(stderr, "%s, %s: no point at rtol 1e-%d\n", s->c->name,
                    c->who->name, decade);
            all = all && c->who->method == NULL; /* a peer's failure is not odec's */
        }
    }
    return all;
}

static bool write_curves(const struct bench_options *o, const struct stiff_case *c,
                         FILE *csv) {
    static struct curve curves[N_CURVES];
    struct stiff s;
    bool ready = stiff_open(o, c, &s), all = true;
    for (int k = 0; k < N_CURVES; k++) {
        const struct solver *who = curve_solvers[k];
        curves[k] = (struct curve){0};
        if (who != &lsoda || numbalsoda_open(o->peers)) {
            curves[k].who = who;
            ready = ready && (who->method == NULL ||
                              stiff_job(o, &s, who->method, &curves[k].job));
        }
    }
    for (int decade = LOOSEST; ready && decade <= TIGHTEST; decade++) {
        all = write_points(o, &s, curves, decade, csv) && all;
    }
    for (int k = 0; k < N_CURVES; k++) {
        job_close(&curves[k].job);
    }
    stiff_close(&s);
    return ready && all;
}

bool bench_workprecision(const struct bench_options *o) {
    struct work_precision out;
    report_title("workprecision",
                 "rtol 1e-3 .. 1e-9, atol in proportion, one thread, solvers in turns, "
                 "least CPU time;\n  errors as in `stiff`");
    if (!work_precision_open(&out, o, "workprecision", "work_precision_stiff")) {
        return false;
    }
    bool all = true;
    for (int k = 0; k < N_CASES; k++) {
        if (cases[k].has_curve &&
            (o->problem == NULL || !strcmp(o->problem, cases[k].name))) {
            all = write_curves(o, &cases[k], out.csv) && all;
        }
    }
    return work_precision_close(&out) && all;
}
