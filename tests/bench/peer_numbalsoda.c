/* peer_numbalsoda.c -- see peer_numbalsoda.h. */
#define _GNU_SOURCE
#include "peer_numbalsoda.h"

#include "bench.h"

#include <dlfcn.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REAL double
#define EXP exp
#define FABS fabs
#define RHS(model) model##_double
#include "explicit_rhs.h"

typedef void rhs_function(double t, double *y, double *dy, void *user);

/* Both solvers: from y0 at times[0] to times[1]; y: [2][n], both times' values. */
typedef void solver_function(rhs_function *rhs, int n, double *y0, void *user,
                             int n_times, double *times, double *y, double rtol,
                             double atol, int max_steps, int *success);

static solver_function *lsoda, *dop853;

/* LSODA never comes to an end where its steps have become too small for t. */
enum { MAX_STEPS = 200000 };

/* ---- the libraries ---- */

static solver_function *find(const char *venv, const char *file, const char *name) {
    char pattern[4096];
    glob_t found;
    solver_function *function = NULL;
    snprintf(pattern, sizeof pattern, "%s/lib/python*/site-packages/numbalsoda/%s",
             venv, file);
    if (glob(pattern, 0, NULL, &found) == 0) {
        void *library = dlopen(found.gl_pathv[0], RTLD_NOW | RTLD_LOCAL);
        void *symbol = library ? dlsym(library, name) : NULL;
        memcpy(&function, &symbol, sizeof function);
        globfree(&found);
    }
    if (function == NULL) {
        fprintf(stderr, "no %s in %s\n", name, pattern);
    }
    return function;
}

bool numbalsoda_open(const char *venv) {
    if (venv == NULL) {
        fprintf(stderr, "no numbalsoda: see --peers and tests/bench/peers.sh\n");
        return false;
    }
    lsoda = lsoda ? lsoda : find(venv, "liblsoda.so", "lsoda_wrapper");
    dop853 = dop853 ? dop853 : find(venv, "libdop853.so", "dop853_wrapper");
    return lsoda && dop853;
}

/* ---- DOP853 ---- */

static void lorenz(double t, double *y, double *dy, void *user) {
    (void)t;
    lorenz_double(y, *(double *)user, dy);
}

static void hodgkin_huxley(double t, double *y, double *dy, void *user) {
    (void)t;
    hodgkin_huxley_double(y, *(double *)user, dy);
}

bool numbalsoda_dop853(enum peer_model model, double swept, double t1, double tolerance,
                       double *y) {
    const int n = peer_model_states(model);
    double start[PEER_MAX_STATES], both[2 * PEER_MAX_STATES], times[2] = {0, t1};
    int success = 0;
    memcpy(start, peer_model_start(model), sizeof(double) * (size_t)n);
    dop853(model == PEER_LORENZ ? lorenz : hodgkin_huxley, n, start, &swept, 2, times,
           both, tolerance, tolerance, MAX_STEPS, &success);
    memcpy(y, both + n, sizeof(double) * (size_t)n);
    return success == 1;
}

/* ---- LSODA ---- */

struct run {
    const struct stiff_problem *problem;
    const double *pars;
    const double *unit; /* [n], of the states; NULL: they are as they are */
    double *y;          /* [n], in the problem's own units */
};

static void plain_rhs(double t, double *y, double *dy, void *user) {
    const struct run *run = user;
    (void)t;
    run->problem->rhs(run->problem, run->pars, y, dy);
}

static void scaled_rhs(double t, double *y, double *dy, void *user) {
    const struct run *run = user;
    const int n = run->problem->n;
    (void)t;
    for (int i = 0; i < n; i++) {
        run->y[i] = y[i] * run->unit[i];
    }
    run->problem->rhs(run->problem, run->pars, run->y, dy);
    for (int i = 0; i < n; i++) {
        dy[i] /= run->unit[i];
    }
}

static bool all_equal(const double *x, int n) {
    for (int i = 1; i < n; i++) {
        if (x[i] != x[0]) {
            return false;
        }
    }
    return true;
}

/* work: [4][n]. */
static void run_all(const struct stiff_problem *p, const double *pars, int n_runs,
                    double rtol, const double *atol, double *work, double *y_end,
                    struct peer_stats *stats) {
    const size_t n = (size_t)p->n;
    const bool scaled = !all_equal(atol, p->n);
    double *start = work, *both = work + n, times[2] = {p->t0, p->t1};
    struct run run = {p, pars, scaled ? atol : NULL, work + 3 * n};
    for (size_t i = 0; i < n; i++) {
        start[i] = scaled ? p->y0[i] / atol[i] : p->y0[i];
    }
    const struct moment begin = moment_now();
    for (int k = 0; k < n_runs && stats->failed == 0; k++) {
        double *end = y_end + (size_t)k * n;
        int success = 0;
        run.pars = pars + (size_t)k * (size_t)p->n_pars;
        lsoda(scaled ? scaled_rhs : plain_rhs, p->n, start, &run, 2, times, both, rtol,
              scaled ? 1 : atol[0], MAX_STEPS, &success);
        stats->failed += success != 1;
        for (size_t i = 0; i < n; i++) {
            end[i] = success != 1 ? NAN : scaled ? both[n + i] * atol[i] : both[n + i];
        }
    }
    stats->seconds = moment_since(begin).cpu;
}

bool numbalsoda_lsoda(const struct stiff_problem *p, const double *pars, int n_runs,
                      double rtol, const double *atol, double *y_end,
                      struct peer_stats *stats) {
    double *work = malloc(4 * sizeof(double) * (size_t)p->n);
    *stats = (struct peer_stats){0};
    if (work) {
        run_all(p, pars, n_runs, rtol, atol, work, y_end, stats);
        free(work);
    }
    return work != NULL;
}
