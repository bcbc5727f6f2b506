/* bench_stiff.c -- stiff problems: odec's Rosenbrock methods beside SUNDIALS' CVODE
 * (peer_cvode.h), at one tolerance and over many.
 *
 * Both integrate the same parameter sets: odec's batch takes its parameters as columns
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
    {"network100", NULL, 100, 2048, 256, 128, true},
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

static bool peer_solve(struct stiff *s, int n_runs, double rtol,
                       struct peer_stats *stats) {
    if (!peer_cvode_run(&s->problem, s->pars, n_runs, rtol, s->atol, s->y_peer,
                        stats)) {
        fprintf(stderr, "SUNDIALS refuses\n");
        return false;
    }
    if (stats->failed) {
        fprintf(stderr, "%d of the peer's runs failed\n", stats->failed);
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

static bool stiff_duel(const struct stiff_report *r, struct stiff *s, struct job *job) {
    const double n_runs = s->c->n_runs, n_peer = s->c->n_peer;
    struct sample wall = {0}, odec = {0}, peer = {0}, ratio = {0};
    struct peer_stats stats = {0};
    set_tolerance(s, job, RTOL);
    if (!job_runs(job, s->c->n_runs, true)) {
        return false;
    }
    for (int k = 0; k < r->o->repeats; k++) {
        struct moment took;
        if (!job_solve(job, &took) || !peer_solve(s, s->c->n_peer, RTOL, &stats)) {
            return false;
        }
        sample_add(&wall, took.wall / n_runs * 1e6);
        sample_add(&odec, took.cpu / n_runs * 1e6);
        sample_add(&peer, stats.seconds / n_peer * 1e6);
        sample_add(&ratio, peer.at[k] / odec.at[k]);
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
    say_errors(r, "CVODE", errors_of(s, s->y_peer, s->problem.n));
    say(r, "CVODE / odec, same repeat, median", sample_median(&ratio), "times");
    say(r, "CVODE / odec, medians", sample_median(&peer) / sample_median(&odec),
        "times");
    return stiff_check(r, s, job);
}

bool bench_stiff(const struct bench_options *o) {
    bool met = true;
    report_title("stiff",
                 "rtol 1e-6, atol the problem's, one thread; odec rodas5p beside CVODE "
                 "BDF with\n  analytic Jacobian (dense; KLU for networks), the same "
                 "parameter sets; error at t1:\n  |y - ref| / (atol/rtol + |ref|) over "
                 "states and the first runs, ref CVODE at 1e-12");
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

/* NULL: the peer, CVODE. */
static const char *const curve_methods[] = {"rosenbrock23", "rodas4", "rodas5p", NULL};
enum { N_CURVES = sizeof curve_methods / sizeof curve_methods[0] };
enum { LOOSEST = 3, TIGHTEST = 9 }; /* decades below 1 */

/* At one tolerance every solver takes its turn, MIN_TURNS times or until this much time
 * has gone into all of them: their ratios are what a reader looks at, and a busy
 * machine must not meet one of them alone. */
static const double TURNS_SECONDS = 4;
enum { MIN_TURNS = 3 };

/* A solver, and its point at the tolerance of the moment. */
struct curve {
    const char *method; /* NULL: the peer */
    struct job job;     /* unless the peer */
    bool has_point;     /* every run reached its end */
    int n_runs;         /* of a turn */
    double attempts;    /* per run */
    struct errors errors;
    struct sample us; /* per run; a turn each */
};

static const char *solver_name(const struct curve *c, char name[64]) {
    snprintf(name, 64, "%s%s", c->method ? "odec " : "CVODE BDF",
             c->method ? c->method : "");
    return name;
}

/* One turn; its time is *seconds. */
static bool curve_turn(struct stiff *s, struct curve *c, double rtol, double *seconds) {
    if (c->method) {
        struct moment took;
        const bool done = job_solve(&c->job, &took);
        *seconds = took.cpu;
        c->attempts = job_attempts(&c->job) / c->n_runs;
        return done;
    }
    struct peer_stats stats = {0};
    const bool done = peer_solve(s, c->n_runs, rtol, &stats);
    *seconds = stats.seconds;
    c->attempts = (double)(stats.steps + stats.error_failures) / c->n_runs;
    return done;
}

/* The errors, from the reference's runs; then odec takes as many runs a turn as go into
 * a quarter of a second, so that no lane waits for the last ones to end. */
static bool curve_prepare(struct stiff *s, struct curve *c, double rtol) {
    double seconds = 0;
    c->us = (struct sample){0};
    c->n_runs = s->c->n_reference;
    if (c->method) {
        set_tolerance(s, &c->job, rtol);
    }
    if ((c->method && !job_runs(&c->job, c->n_runs, true)) ||
        !curve_turn(s, c, rtol, &seconds)) {
        return false;
    }
    if (c->method == NULL) {
        c->errors = errors_of(s, s->y_peer, s->problem.n);
        return true;
    }
    c->errors = job_errors(s, &c->job);
    while (2 * c->n_runs <= s->c->n_runs && seconds < 0.25) {
        c->n_runs *= 2;
        seconds *= 2;
    }
    return job_runs(&c->job, c->n_runs, false);
}

/* The least time stands for the point: a busy neighbour costs CVODE more than odec, and
 * a median would put that into the ratio. */
static void write_point(FILE *csv, const char *problem, int decade,
                        const struct curve *c) {
    char solver[64];
    const double us = sample_min(&c->us);
    solver_name(c, solver);
    fprintf(csv, "%s,%s,1e-%d,%.6g,%.4g,%.4g,%.6g\n", problem, solver, decade, us,
            c->errors.largest, c->errors.rms, c->attempts);
    fflush(csv);
    printf("  %-12s %-18s 1e-%d %11.5g us/run (median %.5g)  error max %8.2g rms %8.2g "
           "%9.5g attempts\n",
           problem, solver, decade, us, sample_median(&c->us), c->errors.largest,
           c->errors.rms, c->attempts);
    fflush(stdout);
}

/* The points of all solvers at one tolerance. False where one has none. */
static bool write_points(const struct bench_options *o, struct stiff *s,
                         struct curve curves[N_CURVES], int decade, FILE *csv) {
    const double rtol = pow(10, -decade);
    double spent = 0;
    bool all = true;
    set_tolerance(s, NULL, rtol);
    for (int k = 0; k < N_CURVES; k++) {
        curves[k].has_point = curve_prepare(s, &curves[k], rtol);
    }
    for (int turn = 0; turn < o->repeats && (turn < MIN_TURNS || spent < TURNS_SECONDS);
         turn++) {
        for (int k = 0; k < N_CURVES; k++) {
            struct curve *c = &curves[k];
            double seconds = 0;
            c->has_point = c->has_point && curve_turn(s, c, rtol, &seconds);
            sample_add(&c->us, seconds / c->n_runs * 1e6);
            spent += seconds;
        }
    }
    for (int k = 0; k < N_CURVES; k++) {
        char solver[64];
        if (curves[k].has_point) {
            write_point(csv, s->c->name, decade, &curves[k]);
        } else {
            fprintf(stderr, "%s, %s: no point at rtol 1e-%d\n", s->c->name,
                    solver_name(&curves[k], solver), decade);
            all = false;
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
        curves[k] = (struct curve){.method = curve_methods[k]};
        ready = ready && (curves[k].method == NULL ||
                          stiff_job(o, &s, curves[k].method, &curves[k].job));
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

static FILE *open_csv(const char *path) {
    struct peer_library library;
    FILE *csv = peer_library_look(&library) ? fopen(path, "w") : NULL;
    if (csv) {
        fprintf(
            csv,
            "# odec_bench workprecision, least of the turns; peer: SUNDIALS %s, %s\n"
            "problem,solver,rtol,us_per_run,error_max,error_rms,attempts_or_steps"
            "\n",
            library.version, peer_library_verdict(&library));
    }
    return csv;
}

bool bench_workprecision(const struct bench_options *o) {
    char path[4096], command[16384];
    report_title("workprecision",
                 "rtol 1e-3 .. 1e-9, atol in proportion, one thread, solvers in turns, "
                 "least CPU time;\n  errors as in `stiff`");
    snprintf(path, sizeof path, "%s/work_precision_stiff.csv", o->records);
    FILE *csv = open_csv(path);
    if (csv == NULL) {
        return report_failure("workprecision", "its .csv cannot be written");
    }
    bool all = true;
    for (int k = 0; k < N_CASES; k++) {
        if (cases[k].has_curve) {
            all = write_curves(o, &cases[k], csv) && all;
        }
    }
    all = fclose(csv) == 0 && all;
    snprintf(command, sizeof command,
             "python3 '%s/plot_work_precision.py' '%s' '%s/work_precision_stiff.svg'",
             ODEC_BENCH_SOURCES, path, o->records);
    const bool drawn = system(command) == 0;
    printf("  %s\n", drawn ? "drawn:" : "NOT drawn:");
    printf("  %s\n", command);
    return (all && drawn) || report_failure("workprecision", "see above");
}
