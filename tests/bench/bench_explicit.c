/* bench_explicit.c -- work and precision of the explicit methods: odec's beside heyoka
 * (peer_heyoka.py), DOP853 (peer_numbalsoda.h) and ERKStep, from 1e-4 to 1e-12.
 *
 * The spans are long, so that a peer's start of a run is little beside the run. odec
 * takes a whole sweep, peers every STRIDE-th run of it; errors are of these runs, at the
 * end, relative to 1 + |y|, against reference.h.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "peer_numbalsoda.h"
#include "peer_sundials.h"
#include "reference.h"
#include "work_precision.h"

/* odec takes one tolerance more than its peers, so that it has the errors of theirs. */
enum { STRIDE = 32, LOOSEST = 4, TIGHTEST = 12, MIN_TURNS = 3 };

/* So much goes into the turns at one tolerance, of all that run in this process. */
static const double TURNS_SECONDS = 1;

struct explicit_case {
    const char *name, *parameter; /* examples/NAME.ode */
    enum peer_model model;
    double lo, hi, t1;
    int n_runs;
};

static const struct explicit_case cases[] = {
    {"lorenz", "rho", PEER_LORENZ, 0, 21, 50, 8192},
    {"hodgkin_huxley", "I", PEER_HODGKIN_HUXLEY, 8, 20, 50, 4096},
};

enum { N_CASES = sizeof cases / sizeof cases[0] };

static double swept(const struct explicit_case *c, int row) {
    return odec_grid_point(c->lo, c->hi, c->n_runs, false, (int64_t)row * STRIDE);
}

/* ---- who integrates ---- */

enum kind { BY_ODEC, BY_ERKSTEP, BY_DOP853, BY_HEYOKA };

struct contender {
    const char *name;
    enum kind kind;
    const char *method;     /* odec's */
    enum peer_method table; /* ERKStep's */

    bool is_there;          /* installed */
    bool wanted, has_point; /* at the tolerance of the moment */
    struct job job;
    struct peer *peer;
    double *values;  /* [n_rows][n] of the last turn */
    double attempts; /* per run; NAN: it does not say */
    struct sample us;
};

static const struct contender contenders[] = {
    {.name = "odec tsit5", .kind = BY_ODEC, .method = "tsit5"},
    {.name = "odec vern7", .kind = BY_ODEC, .method = "vern7"},
    {.name = "heyoka", .kind = BY_HEYOKA},
    {.name = "DOP853", .kind = BY_DOP853},
    {.name = "ERKStep tsit5", .kind = BY_ERKSTEP, .table = PEER_TSIT5},
    {.name = "ERKStep order 8", .kind = BY_ERKSTEP, .table = PEER_ORDER8},
};

enum { N_CONTENDERS = sizeof contenders / sizeof contenders[0] };

struct field {
    const struct bench_options *o;
    const struct explicit_case *c;
    int n, n_rows;
    double *reference; /* [n_rows][n] */
    struct contender all[N_CONTENDERS];
};

static bool open_job(const struct field *f, struct contender *who) {
    char file[64];
    snprintf(file, sizeof file, "%s.ode", f->c->name);
    const struct job_spec spec = {.model = file,
                                  .outputs =
                                      f->c->model == PEER_LORENZ ? "x,y,z" : NULL,
                                  .method = who->method,
                                  .dt = NAN,
                                  .tolerance = 1e-6,
                                  .t1 = f->c->t1,
                                  .threads = 1,
                                  .y0 = peer_model_start(f->c->model)};
    const odec_source sweep = {.kind = ODEC_SOURCE_GRID,
                               .lo = f->c->lo,
                               .hi = f->c->hi,
                               .n = f->c->n_runs,
                               .repeat = 1};
    return job_open(f->o, &spec, &who->job) &&
           job_source(&who->job, f->c->parameter, sweep) &&
           job_runs(&who->job, f->c->n_runs, true);
}

/* A peer that is not installed is none: no failure. */
static bool open_contender(struct field *f, struct contender *who) {
    const struct bench_options *o = f->o;
    who->values = calloc((size_t)f->n_rows * (size_t)f->n, sizeof(double));
    who->is_there = true;
    switch (who->kind) {
    case BY_ODEC:
        return who->values && open_job(f, who);
    case BY_ERKSTEP:
        who->peer = peer_create(f->c->model, who->table);
        return who->values && who->peer;
    case BY_DOP853:
        who->is_there = numbalsoda_open(o->peers);
        return who->values;
    case BY_HEYOKA:
        who->is_there = o->peers != NULL;
        return who->values;
    }
    return false;
}

static void field_close(struct field *f) {
    for (int k = 0; k < N_CONTENDERS; k++) {
        job_close(&f->all[k].job);
        peer_destroy(f->all[k].peer);
        free(f->all[k].values);
    }
    free(f->reference);
}

static bool field_open(struct field *f) {
    memcpy(f->all, contenders, sizeof f->all);
    f->n = peer_model_states(f->c->model);
    f->n_rows = f->c->n_runs / STRIDE;
    f->reference = calloc((size_t)f->n_rows * (size_t)f->n, sizeof(double));
    bool done = f->reference != NULL;
    for (int row = 0; done && row < f->n_rows; row++) {
        done = reference_run(f->c->model, swept(f->c, row), f->c->t1,
                             f->reference + row * f->n);
    }
    for (int k = 0; done && k < N_CONTENDERS; k++) {
        done = open_contender(f, &f->all[k]);
    }
    return done;
}

/* ---- turns ---- */

static bool turn_of_odec(struct field *f, struct contender *who, double tolerance,
                         double *seconds) {
    struct moment took;
    who->job.batch.rtol = tolerance;
    for (int i = 0; i < f->n; i++) {
        who->job.atol[i] = tolerance;
    }
    if (!job_solve(&who->job, &took)) {
        return false;
    }
    *seconds = took.cpu;
    sample_add(&who->us, took.cpu / f->c->n_runs * 1e6);
    who->attempts = job_attempts(&who->job) / f->c->n_runs;
    for (int row = 0; row < f->n_rows; row++) {
        memcpy(who->values + row * f->n, who->job.values + row * STRIDE * f->n,
               sizeof(double) * (size_t)f->n);
    }
    return true;
}

static bool turn_of_peer(struct field *f, struct contender *who, double tolerance,
                         double *seconds) {
    const struct explicit_case *c = f->c;
    const struct moment start = moment_now();
    bool done = true;
    for (int row = 0; done && row < f->n_rows; row++) {
        double *y = who->values + row * f->n;
        done = who->kind == BY_DOP853
                   ? numbalsoda_dop853(c->model, swept(c, row), c->t1, tolerance, y)
                   : peer_run(who->peer, swept(c, row), c->t1, tolerance, y);
    }
    *seconds = moment_since(start).cpu;
    sample_add(&who->us, *seconds / f->n_rows * 1e6);
    who->attempts = NAN;
    return done;
}

/* All of its turns: it answers with a line of figures, then the values. */
static bool turns_of_heyoka(struct field *f, struct contender *who, double tolerance) {
    const struct explicit_case *c = f->c;
    char command[16384], said[256];
    double us[MIN_TURNS], overhead;
    int batch;
    snprintf(command, sizeof command,
             "'%s/bin/python3' '%s/peer_heyoka.py' %s %.17g %.17g %d %d %.17g %.17g %d",
             f->o->peers, ODEC_BENCH_SOURCES, c->name, c->lo, c->hi, c->n_runs, STRIDE,
             c->t1, tolerance, MIN_TURNS);
    FILE *answer = popen(command, "r");
    const size_t n_values = (size_t)f->n_rows * (size_t)f->n;
    bool done = answer && fgets(said, sizeof said, answer) &&
                sscanf(said, "%d %lf %lf %lf %lf %lf", &batch, &overhead,
                       &who->attempts, &us[0], &us[1], &us[2]) == 6 &&
                fread(who->values, sizeof(double), n_values, answer) == n_values;
    done = answer && pclose(answer) == 0 && done;
    for (int i = 0; done && i < MIN_TURNS; i++) {
        sample_add(&who->us, us[i]);
    }
    if (done) {
        printf("  heyoka: batches of %d; %.3g us/run of Python's calls not counted\n",
               batch, overhead);
    }
    return done;
}

static bool take_turn(struct field *f, struct contender *who, double tolerance,
                      double *seconds) {
    *seconds = 0;
    switch (who->kind) {
    case BY_ODEC:
        return turn_of_odec(f, who, tolerance, seconds);
    case BY_HEYOKA:
        return who->us.n > 0 || turns_of_heyoka(f, who, tolerance);
    default:
        return turn_of_peer(f, who, tolerance, seconds);
    }
}

/* ---- points ---- */

static void write_point(const struct field *f, const struct contender *who, int decade,
                        FILE *csv) {
    double largest = 0, squares = 0;
    for (int i = 0; i < f->n_rows * f->n; i++) {
        const double e =
            fabs(who->values[i] - f->reference[i]) / (1 + fabs(f->reference[i]));
        largest = e <= largest ? largest : e; /* a NaN is the largest */
        squares += e * e;
    }
    work_precision_point(csv, f->c->name, who->name, decade, &who->us, largest,
                         sqrt(squares / (f->n_rows * f->n)), who->attempts);
}

/* False where one of odec's has no point. */
static bool write_points(struct field *f, int decade, FILE *csv) {
    const double tolerance = pow(10, -decade);
    double spent = 0, seconds;
    bool all = true;
    for (int k = 0; k < N_CONTENDERS; k++) {
        f->all[k].us = (struct sample){0};
        f->all[k].wanted =
            f->all[k].is_there && (decade <= TIGHTEST || f->all[k].kind == BY_ODEC);
        f->all[k].has_point = f->all[k].wanted;
    }
    for (int turn = 0;
         turn < f->o->repeats && (turn < MIN_TURNS || spent < TURNS_SECONDS); turn++) {
        for (int k = 0; k < N_CONTENDERS; k++) {
            struct contender *who = &f->all[k];
            who->has_point = who->has_point && take_turn(f, who, tolerance, &seconds);
            spent += who->has_point ? seconds : 0;
        }
    }
    for (int k = 0; k < N_CONTENDERS; k++) {
        const struct contender *who = &f->all[k];
        if (who->has_point) {
            write_point(f, who, decade, csv);
        } else if (who->wanted) {
            fprintf(stderr, "%s, %s: no point at 1e-%d\n", f->c->name, who->name,
                    decade);
            all = all && who->kind != BY_ODEC; /* a peer's failure is not odec's */
        }
    }
    return all;
}

bool bench_explicit(const struct bench_options *o) {
    struct work_precision out;
    report_title("explicit",
                 "rtol = atol = 1e-4 .. 1e-12, one thread, solvers in turns, least CPU "
                 "time; Lorenz: 8,192\n  runs, rho 0 .. 21, t 0 .. 50; Hodgkin-Huxley: "
                 "4,096 runs, I 8 .. 20, t 0 .. 50; peers: every\n  32nd run; errors "
                 "at the end, relative to 1 + |y|");
    if (!work_precision_open(&out, o, "explicit", "work_precision_explicit")) {
        return false;
    }
    bool all = true;
    for (int k = 0; k < N_CASES; k++) {
        if (o->problem && strcmp(o->problem, cases[k].name) != 0) {
            continue;
        }
        static struct field field;
        field = (struct field){.o = o, .c = &cases[k]};
        bool done = field_open(&field);
        for (int decade = LOOSEST; done && decade <= TIGHTEST + 1; decade++) {
            all = write_points(&field, decade, out.csv) && all;
        }
        field_close(&field);
        all = done && all;
    }
    return work_precision_close(&out) && all;
}
