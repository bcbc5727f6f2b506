/* peer_cvode.h -- the peer of the stiff methods: SUNDIALS' CVODE (BDF, Newton), one run
 * at a time on one core, as its users call it.
 *
 * The Jacobians are analytic; the linear solver is SUNDIALS' dense one for problems
 * that give their Jacobian densely, KLU for those that give it in compressed columns. A
 * batch is one CVODE memory that is re-initialised for every run.
 */
#ifndef ODEC_PEER_CVODE_H
#define ODEC_PEER_CVODE_H

#include "network.h"

#include <stdbool.h>
#include <stdint.h>

enum { STIFF_MAX_PARS = 4 };

/* What a batch varies; the name is that of the .ode model's parameter. The model's
 * other parameters have their defaults. */
struct stiff_parameter {
    const char *name;
    double value;     /* the default */
    double low, high; /* a batch is log-uniform between them */
};

/* y' = f(y, pars) from y0 at t0 to t1. No problem depends on t. */
struct stiff_problem {
    const char *name; /* examples/NAME.ode; "network": see network_write_model */
    int n, n_pars;
    double t0, t1;
    struct stiff_parameter pars[STIFF_MAX_PARS];
    const double *y0;   /* [n] */
    const double *atol; /* [n]: what suits rtol = 1e-6 */

    /* pars: [n_pars]; y, dy: [n]. */
    void (*rhs)(const struct stiff_problem *p, const double *pars, const double *y,
                double *dy);
    /* Dense: J[row + n column], zeros on entry, of which it writes the others.
     * Sparse: values [column_starts[n]] of the pattern below, all written. */
    void (*jacobian)(const struct stiff_problem *p, const double *pars, const double *y,
                     double *J);
    /* NULL: dense. Otherwise the pattern in compressed columns, with the whole
     * diagonal. */
    const int *column_starts, *row_indices;

    const struct network *network; /* of a network's callbacks */
};

extern const struct stiff_problem stiff_robertson; /* n = 3,  t 0 .. 1e4 */
extern const struct stiff_problem stiff_hires;     /* n = 8,  t 0 .. 321.8122 */
extern const struct stiff_problem stiff_pollution; /* n = 20, t 0 .. 60 */

/* The network that the benches use at n = 100: LU factors of about 800 entries. */
enum { STIFF_NETWORK_SEED = 2 };

/* t 0 .. 1000. Refers to net, which outlives it. n <= STIFF_MAX_NETWORK. */
enum { STIFF_MAX_NETWORK = 1000 };
struct stiff_problem stiff_network(const struct network *net);

/* The parameters of n_runs runs, [n_runs][n_pars]: the defaults first, then log-uniform
 * draws; the same for the same seed. */
void stiff_problem_draw(const struct stiff_problem *p, int n_runs, uint64_t seed,
                        double *pars);

/* Sums over the runs. */
struct peer_stats {
    double seconds; /* CPU time of the loop over the runs, the set-up not included */
    long steps, rhs_evals, jacobians, factorizations, error_failures;
    int failed; /* runs that did not reach t1; their y_end is NaN */
};

/* pars: [n_runs][n_pars]; atol: [n]; y_end: [n_runs][n], at t1. False where SUNDIALS
 * cannot be set up; a run that fails is counted alone. */
bool peer_cvode_run(const struct stiff_problem *p, const double *pars, int n_runs,
                    double rtol, const double *atol, double *y_end,
                    struct peer_stats *stats);

/* The same at rtol = 1e-12 and a millionth of p's atol, against which runs at 1e-4 ..
 * 1e-8 are measured. Its own relative error at t1, seen against published values:
 * Robertson 3e-11, HIRES 8e-11, POLLU 8e-12; seen against rtol = 1e-13 over a batch:
 * these 2e-10 at most, the networks 3e-10. False where a run fails, too. */
bool peer_cvode_reference(const struct stiff_problem *p, const double *pars, int n_runs,
                          double *y_end);

#endif
