/* family.h -- what a family of methods offers, so that nothing else need know which it is.
 *
 * FAMILY_sizes.h, after the tableau, numbers for the preprocessor, which the compiler reads too:
 *
 *   STEP_ORDER         of the solution that is carried on
 *   STEP_EMBEDDED_ORDER
 *                      of the companion by which the error is estimated; 0: there is none
 *   STEP_DENSE_ORDER   of the polynomial within a step, which may be lower
 *   STEP_ERROR_ORDER   of the error estimate in h; 0: there is none, steps are fixed
 *   STEP_STIFF         1: it takes model_linear, model_factor, model_solve, model_add_time
 *   STEP_FSAL          1: the last stage is the next step's first
 *   STEP_RHS, STEP_JACOBIANS
 *                      evaluations in an attempt
 *   STEP_CONTROL       which of control.h's controllers suits it
 *   STEP_MEMORY_CHANGE 1: which remembers how lengths change beside the error
 *   STEP_DENSE_CHECK   1: the polynomial has an error of its own (step_dense_error)
 *   STEP_DENSE_CHECK_RHS, STEP_DENSE_RHS
 *                      evaluations that looking at it takes, and the polynomial itself
 *   STEP_COUNTS_RHS    1: a program has some of these
 *   STEP_STAGES        that a step keeps, those of dense output alone included
 *   STEP_ARRAYS(A, A2) its arrays, as in arrays.def
 *
 * FAMILY.h:
 *
 *   struct step                      STEP_MEMBERS and what the family has beside them
 *   step_take(steps, n)              n steps from (t, y) by h to y1, all advancing together
 *   step_error_of(step, i)           the error estimate of state i, of either sign
 *   step_error(tol, step)            their squared norm; NORM_SINGULAR
 *   step_complete(step)              what only dense output needs
 *   step_dense(step, theta, result)  y(t + theta h)
 *   step_dense_error(tol, step)      squared norm, where STEP_DENSE_CHECK
 *   step_begin_slope(step), step_end_slope(step)
 *                                    where f at both ends is, where STEP_FSAL
 *   PRODUCTS_SHARED                  1: step_share_products(h), by all threads of a block before
 *                                    steps of h, which then have has_products set
 */
#ifndef ODEC_FAMILY_H
#define ODEC_FAMILY_H

#include "instant.h"
#include "workspace.h"

#if !defined(STEP_ORDER) || !defined(STEP_EMBEDDED_ORDER) ||                           \
    !defined(STEP_DENSE_ORDER) || !defined(STEP_ERROR_ORDER) ||                        \
    !defined(STEP_STIFF) || !defined(STEP_FSAL) || !defined(STEP_RHS) ||               \
    !defined(STEP_JACOBIANS) || !defined(STEP_CONTROL) ||                              \
    !defined(STEP_MEMORY_CHANGE) || !defined(STEP_DENSE_CHECK_RHS) ||                  \
    !defined(STEP_DENSE_RHS) || !defined(STEP_DENSE_CHECK) || !defined(STEP_STAGES) || \
    !defined(STEP_ARRAYS)
#error "the family leaves something out"
#endif

/* A step on its way in one vector of lanes: of h from (t, y) to y1, with its stages. t is what
 * has passed since t0; both have the sign of the equations' time. */
#define STEP_MEMBERS                      \
    struct instant t0;                    \
    real t, h;                            \
    ATTEMPT_ARRAYS(CELLS_OF, CELLS_2D_OF) \
    const cell *values;

/* The equations' time at the step's part c; s is any family's struct step. */
#define STEP_TIME(s, c) time_after((s)->t0, fmadd(R(c), (s)->h, (s)->t))
#define STEP_START(s) time_after((s)->t0, (s)->t)

#endif
