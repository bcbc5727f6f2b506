/* derive_support.h -- what the tests of derive.c share: a model's text to f and its
 * derivatives in one graph, the graph's value in double, and the reference, which is a
 * central difference in MPFR.
 *
 *   struct derived d;
 *   derived_of_text(&d, "model m\ninit x = 1\nx' = x*x");
 *   const double *value = graph_doubles(&d, &(struct point){.states = {3}});
 *   derivative_of(&d, value, 0, 0) ...                df_0 / dx: 6
 *   derived_close(&d);
 *
 * With BITS bits and a step of 2^-STEP of the argument the reference is good to 2^-170
 * even 2^-110 away from a singularity, so what is measured is the derivative alone.
 * What goes wrong here fails the cmocka test that called.
 */
#ifndef DERIVE_SUPPORT_H
#define DERIVE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "diag.h"
#include "graph.h"
#include "math_reference.h"
#include "passes.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

enum { BITS = 1400, STEP = 200 };
enum { MAX_STATES = 8, MAX_PARS = 16 };

/* The values of a graph's leaves. */
struct point {
    double states[MAX_STATES], time, pars[MAX_PARS];
};

/* A model, or a right-hand side made by hand, with its derivatives. */
struct derived {
    jmp_buf on_failure;
    struct arena *arena;
    struct lowered l;
};

/* An arena alone; l is the caller's to fill. */
void derived_open(struct derived *d);
/* As compile.c does it. */
void derived_of_text(struct derived *d, const char *text);
void derived_close(struct derived *d);

/* Where in `linear` the derivative of f's row by a state, or by t where `variable` is
 * the number of states, stands; -1: zero by structure. */
int place_of(const struct lowered *l, int row, int variable);

/* All nodes' values by the kernels' own arithmetic, in the arena. */
double leaf_value(const struct node *node, const struct point *p);
double *graph_doubles(const struct derived *d, const struct point *p);
double *graph_floats(const struct derived *d, const struct point *p);
/* Of row by variable, as in place_of, among these. */
double derivative_of(const struct derived *d, const double value[], int row,
                     int variable);

/* One operation in MPFR. */
void precise_op(enum op op, mpfr_ptr r, mpfr_t *const x);
/* A difference's step is 2^this: small beside x, and beside the 1 that is the size of a
 * period. */
int step_exponent(double x);
/* d op / d argument `slot`, by a step of 2^e, in d's precision; not a number where the
 * operation has no value on a side. */
void precise_partial(enum op op, const double args[], int slot, int e, mpfr_ptr d);

#endif
