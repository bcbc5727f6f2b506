/* erk.h -- explicit Runge-Kutta methods: one step of any tableau_*.h.
 *
 * A tableau's rows are macros, so a step expands to straight-line code: no loop over stages,
 * no test of a zero coefficient. h is folded into the coefficients, h*a_ij, which costs one
 * product per coefficient and saves one per state and stage; with a fixed step the products
 * are loop invariants.
 *
 * Stages are numbered from 1 as in the literature: k[1] .. k[ERK_STAGES].
 *
 * A tableau's macros, which unit_tableau.c holds to all that is said here:
 *
 *   ERK_ORDER, ERK_EMBEDDED_ORDER    of y1 and of its companion; 0: there is none, and no ERK_E
 *   ERK_STAGES, ERK_FSAL             1: the last stage is f(t + h, y1), and is not in the list
 *   ERK_STAGE_LIST(S)                S(i, c_i, row) for stages 2 ..; row(A): A(j, a_ij)
 *   ERK_B(A)                         A(j, b_j)
 *   ERK_E(A)                         A(j, b_j minus the companion's weight)
 *   ERK_DENSE_ORDER, ERK_DENSE_DEGREE
 *   ERK_DENSE_EXTRA(S)               stages of dense output alone. Without FSAL the first is the
 *                                    slope at y1: S(ERK_STAGES + 1, 1.0, ERK_B)
 *   ERK_DENSE(D)                     D(j, c1, c2, ...), as many as the degree: stage j has the
 *                                    weight c1 theta + c2 theta^2 + ...
 *
 * A row leaves out what is zero. Dense output has the step's values and slopes at both ends.
 */
#ifndef ODEC_ERK_H
#define ODEC_ERK_H

#include "control.h"
#include "dense.h"
#include "dialect.h"
#include "family.h"

/* With a fixed step the products h a_ij are loop invariants. In double they would take more
 * registers than a CUDA thread has for them, and be computed anew in each step: there a block's
 * threads share them. (Not where the right-hand side is called with pointers into struct step,
 * which is in local memory then: whether it has products would be looked up with each.) */
#if defined(__CUDACC__) && FIXED_STEPS && !STOPS && !REAL_FLOAT && \
    (RHS_BY_VALUE || !RHS_CALLED)
#define PRODUCTS_SHARED 1
#else
#define PRODUCTS_SHARED 0
#endif

struct step {
    STEP_MEMBERS
#if PRODUCTS_SHARED
    bool has_products; /* h is what step_share_products was given */
#endif
};

#if STEP_FSAL
FN cell *step_begin_slope(struct step *s) { return s->k[1]; }
FN cell *step_end_slope(struct step *s) { return s->k[ERK_STAGES]; }
#endif

#define EACH_STEP(s, steps, n) \
    UNROLL for (struct step *s = (steps); s < (steps) + (n); s++)

#define ERK_ROW_B 1 /* where b's is: stage 1 has none */
#if PRODUCTS_SHARED
__shared__ volatile scalar erk_products[STEP_STAGES + 1][STEP_STAGES + 1];

/* Before anything else; every thread of the block. */
FN void step_share_products(scalar h) {
    if (threadIdx.x == 0) {
#define ERK_SHARE(j, a) erk_products[row_of][j] = (splat(h) * R(a)).v;
#define ERK_SHARE_ROW(stage, c, row) \
    {                                \
        enum { row_of = stage };     \
        row(ERK_SHARE)               \
    }
        ERK_STAGE_LIST(ERK_SHARE_ROW)
        ERK_SHARE_ROW(ERK_ROW_B, 1, ERK_B)
    }
    __syncthreads();
}

/* clang-format off */
/* Within ERK_COMBINE, whose row_of it reads. */
#define ERK_SCALE(j, a) \
    const real ha##j = s->has_products ? real_of(erk_products[row_of][j]) : s->h * R(a);
#else
#define ERK_SCALE(j, a) const real ha##j = s->h * R(a);
#endif
#define ERK_ADD(j, a) x = fmadd(ha##j, s->k[j][i], x);
/* result = y + h sum of the row's coefficients times stages */
#define ERK_COMBINE(stage, row, result) \
    {                                   \
        enum { row_of = stage };        \
        row(ERK_SCALE)                  \
        EACH(i, N_STATES) {             \
            real x = s->y[i];           \
            row(ERK_ADD)                \
            result[i] = x;              \
        }                               \
    }
#define ERK_STAGE(stage, c, row)                                          \
    EACH_STEP(s, steps, n) {                                              \
        LOCAL_CELLS(w, N_STATES);                                         \
        ERK_COMBINE(stage, row, w)                                        \
        model_rhs(STEP_TIME(s, c), w, s->values, s->k[stage]);            \
    }
/* clang-format on */

/* Takes n steps. k[1] = f(t, y) is given with FSAL methods; k[2] .. are stages, up to the last,
 * which an FSAL method takes at (t + h, y1). The steps advance stage by stage together: each is a chain of
 * dependent operations, and a core sees only some hundred instructions ahead. */
FN void step_take(struct step *steps, int n) {
#if !ERK_FSAL
    EACH_STEP(s, steps, n) {
        model_rhs(STEP_START(s), s->y, s->values, s->k[1]);
    }
#endif
    ERK_STAGE_LIST(ERK_STAGE)
    EACH_STEP(s, steps, n) {
        ERK_COMBINE(ERK_ROW_B, ERK_B, s->y1)
#if ERK_FSAL
        model_rhs(STEP_TIME(s, 1), s->y1, s->values, s->k[ERK_STAGES]);
#endif
    }
}

#if ERK_EMBEDDED_ORDER
#define ERK_ERROR_ADD(j, e) x = fmadd(R(e), s->k[j][i], x);
/* What y1 differs by from its companion, in state i: h sum e_j k_j. */
FN real step_error_of(const struct step *s, int i) {
    real x = R(0);
    ERK_E(ERK_ERROR_ADD)
    return s->h * x;
}

/* Squared error norm of the step: mean over states of (error / weight)^2. */
FN real step_error(const struct tolerance *tol, const struct step *s) {
    real sum = R(0);
    EACH(i, N_STATES) {
        sum = norm_add(tol, i, step_error_of(s, i), s->y[i], s->y1[i], sum);
    }
    return sum;
}
#endif

/* Stages that only dense output needs. */
FN void step_complete(struct step *steps) {
    enum { n = 1 };
    ERK_DENSE_EXTRA(ERK_STAGE)
    (void)steps;
}

#define ERK_DENSE_WEIGHT(j, ...) \
    const real ha##j = s->h * (theta * HORNER_OF(ERK_DENSE_DEGREE)(__VA_ARGS__));
#define ERK_DENSE_ADD(j, ...) x = fmadd(ha##j, s->k[j][i], x);

/* result = y(t + theta h), 0 <= theta <= 1, from the stages of the step. */
FN void step_dense(const struct step *s, real theta, cell *result) {
    ERK_DENSE(ERK_DENSE_WEIGHT)
    EACH(i, N_STATES) {
        real x = s->y[i];
        ERK_DENSE(ERK_DENSE_ADD)
        result[i] = x;
    }
}

#endif
