/* probe.h -- runs of a model, interpreted, at the parameters' defaults: with any method, to a
 * tolerance, for so much work, counted in floating-point operations as the kernels would do them.
 *
 * Everything is computed by the kernels' own arithmetic (op_value), so that every machine sees
 * the same, and what a kernel rejects is rejected: an attempt whose factors are no good, a norm or
 * a weight that is no number.
 */
#ifndef ODEC_PROBE_H
#define ODEC_PROBE_H

#include "graph.h"
#include "methods.h"
#include "passes.h"

/* A node's operation or, OP_COUNT, a leaf; `node` and the arguments are places of values. */
struct instruction {
    enum op op;
    node_id node, args[3];
};

struct tape {
    int n;
    struct instruction *at;
};

struct probe {
    struct arena *arena;
    const struct lowered *l;
    const struct function *f, *jacobian; /* rhs and linear of l */
    const struct sparse_lu *lu;          /* NULL: explicit methods alone */
    const struct race *race;
    int n;
    double *value; /* by node */
    double *pars;
    const double *initial;
    struct tape rhs, linear;
    double *factors, *work, *sum; /* [n_entries], [n], [n] */
};

/* A run by one of the methods. */
struct runner {
    const struct method *method;
    struct tableau tableau;
    double tight;                                  /* tolerances are divided by it */
    double flops_attempt, flops_dense, flops_save; /* a step with saves, each of them */
    double flops;                                  /* spent */
    double gone, step; /* of the time span; the next step's length */
    double t, h; /* of the attempt: the equations' time and the step, of its sign */
    double *y, *y1, *w, *ft;
    double *k[MOST_STAGES + 1];
};

/* The graph is one before hoisting. */
struct probe *probe_create(struct arena *arena, const struct lowered *l,
                           const struct sparse_lu *lu, const struct race *race);
struct runner *probe_runner(const struct probe *p, const char *method, double tight);

/* Goes on until so much of the time span is gone, or so much work is spent in all. */
void probe_run(struct probe *p, struct runner *r, double until, double work);

/* Of an error between states y and y1, in tolerances over `tight`. */
double probe_norm(const struct probe *p, const double *error, const double *y,
                  const double *y1, double tight);
double probe_power(double x, double exponent);
double race_span(const struct race *race);

#endif
