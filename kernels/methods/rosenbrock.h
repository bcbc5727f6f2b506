/* rosenbrock.h -- Rosenbrock methods: one step of any tableau of theirs.
 *
 * The form without matrix-vector products (Hairer & Wanner II, IV.7, eq. 7.25), with the
 * signs of J - d I, d = 1/(gamma h), whose off-diagonal entries are J's own: where u_i are the
 * literature's stages, here is v_i = -u_i,
 *
 *   (J - d I) v_i = f(t + alpha_i h, y - sum a_ij v_j) - sum (c_ij / h) v_j + gamma_i h f_t
 *   y1 = y - sum m_j v_j
 *
 * The model gives f, its Jacobian at J's places of the LU pattern, and straight-line code that
 * factors and solves (compiler/lu.c). A lane with h = 0 gets NaN for y1 and its norm: it is
 * never accepted, and inert.
 *
 * Stages are numbered from 1: v[1] .. v[ROS_STAGES]. Stages of a stiffly accurate method go on
 * from the argument of the one before: w + u is the next, and the last one y1.
 *
 * A tableau's macros, in terms of u, which unit_rosenbrock.c holds to all that is said here:
 *
 *   ROS_ORDER, ROS_EMBEDDED_ORDER    of y1 and of its companion
 *   ROS_STAGES, ROS_GAMMA, ROS_FIRST_GAMMA: gamma_1
 *   ROS_STIFFLY_ACCURATE             1: y1 is the last stage's argument + u, its error that u:
 *                                    no ROS_M, no ROS_E
 *   ROS_STAGE_LIST(S, T)             stages 2 ..: S(i, alpha_i, gamma_i, A, C) with A(j, a_ij) and
 *                                    C(j, c_ij), or T(i, alpha_i, gamma_i, C), which goes on
 *   ROS_M(A), ROS_E(A)               A(j, m_j); A(j, m_j minus the companion's weight)
 *   ROS_DENSE_ORDER, ROS_DENSE_DEGREE
 *   ROS_DENSE(D)                     D(j, c1, c2, ...), as many as the degree: u_j has the weight
 *                                    c1 theta + c2 theta^2 + ...; at theta = 1 that of y1
 *
 * A row leaves out what is zero.
 */
#ifndef ODEC_ROSENBROCK_H
#define ODEC_ROSENBROCK_H

#include "control.h"
#include "dense.h"
#include "dialect.h"
#include "family.h"
#include "lu.h"

#define PRODUCTS_SHARED 0

struct step {
    STEP_MEMBERS
    real per_h;
    mask singular; /* where the factors are no good */
};

/* A loop, not woven text: stages are long enough to overlap, and text twice as long costs as much
 * as it gains (measured). */
#define EACH_STEP(s, steps, n) \
    NO_UNROLL for (struct step *s = (steps); s < (steps) + (n); s++)

/* clang-format off */
#define ROS_C_ADD(j, c) x = fmadd(R(c), s->v[j][i], x);
#define ROS_A_ADD(j, a) x = fnmadd(R(a), s->v[j][i], x);
#define ROS_COMBINE(row, result)   \
    EACH(i, N_STATES) {            \
        real x = s->y[i];          \
        row(ROS_A_ADD)             \
        result[i] = x;             \
    }
/* v = the solution with right-hand side f(t + alpha h, w) - ... The sum of earlier stages does
 * not wait for f. */
#define ROS_SOLVE(stage, alpha, gamma, C)                                       \
    {                                                                           \
        cell *const v = s->v[stage];                                            \
        LOCAL_CELLS(f, N_STATES);                                               \
        model_rhs(STEP_TIME(s, alpha), s->w, s->values, f);                     \
        EACH(i, N_STATES) {                                                     \
            real x = R(0);                                                      \
            C(ROS_C_ADD)                                                        \
            v[i] = fnmadd(x, s->per_h, f[i]);                                   \
        }                                                                       \
        if ((gamma) != 0) {                                                     \
            model_add_time(R(gamma) * s->h, s->ft, v);                          \
        }                                                                       \
        model_solve(s->lu, v);                                                  \
    }
#define ROS_STAGE(stage, alpha, gamma, A, C)  \
    EACH_STEP(s, steps, n) {                  \
        ROS_COMBINE(A, s->w)                  \
        ROS_SOLVE(stage, alpha, gamma, C)     \
    }
#define ROS_NEXT_STAGE(stage, alpha, gamma, C)                                     \
    EACH_STEP(s, steps, n) {                                                       \
        EACH(i, N_STATES) s->w[i] = s->w[i] - s->v[(stage)-1][i];                  \
        ROS_SOLVE(stage, alpha, gamma, C)                                          \
    }
/* clang-format on */

/* Takes n steps, stage by stage together: each is a chain of dependent operations, and a core
 * sees only some hundred instructions ahead. */
FN void step_take(struct step *steps, int n) {
    EACH_STEP(s, steps, n) {
        s->per_h = R(1) / s->h;
        model_linear(STEP_START(s), s->y, s->values, s->v[1], s->ft, s->lu);
        s->singular = model_factor(s->per_h * R(1.0 / ROS_GAMMA), s->lu);
        model_add_time(R(ROS_FIRST_GAMMA) * s->h, s->ft, s->v[1]);
        model_solve(s->lu, s->v[1]);
    }
    ROS_STAGE_LIST(ROS_STAGE, ROS_NEXT_STAGE)
    EACH_STEP(s, steps, n) {
#if ROS_STIFFLY_ACCURATE
        EACH(i, N_STATES) s->y1[i] = s->w[i] - s->v[ROS_STAGES][i];
#else
        ROS_COMBINE(ROS_M, s->y1)
#endif
    }
}

/* What y1 differs by from its companion, in state i. */
FN real step_error_of(const struct step *s, int i) {
#if ROS_STIFFLY_ACCURATE
    return s->v[ROS_STAGES][i];
#else
    real x = R(0);
    ROS_E(ROS_A_ADD)
    return x;
#endif
}

/* Squared error norm of the step: mean over states of (error / weight)^2. */
FN real step_error(const struct tolerance *tol, const struct step *s) {
    real sum = R(0);
    EACH(i, N_STATES) {
        sum = norm_add(tol, i, step_error_of(s, i), s->y[i], s->y1[i], sum);
    }
    return sel(s->singular, R(NORM_SINGULAR), sum);
}

FN void step_complete(struct step *steps) { (void)steps; }

#define ROS_DENSE_WEIGHT(j, ...) \
    const real b##j = theta * HORNER_OF(ROS_DENSE_DEGREE)(__VA_ARGS__);
#define ROS_DENSE_ADD(j, ...) x = fnmadd(b##j, s->v[j][i], x);

/* result = y(t + theta h), 0 <= theta <= 1, from the stages of the step. */
FN void step_dense(const struct step *s, real theta, cell *result) {
    ROS_DENSE(ROS_DENSE_WEIGHT)
    EACH(i, N_STATES) {
        real x = s->y[i];
        ROS_DENSE(ROS_DENSE_ADD)
        result[i] = x;
    }
}

/* ---- the error of dense output ----
 * A component that is fast and driven is right at the ends of a step, where the method damps
 * its errors, but the polynomial between knows nothing of that, and the step's own error
 * estimate is blind. The residual r = f(y) - y' of the polynomial is not: its error is about
 * (J - d I)^-1 r, which is -r / J where a component is fast and -gamma h r where it is slow
 * (after an idea of Steinebach's for Rodas5Pr, 2024). */

/* clang-format off */
#define ROS_VALUE_ADD(j, ...) \
    x = fnmadd(R(VALUE_OF(ROS_DENSE_DEGREE)(ROS_CHECKED, __VA_ARGS__)), s->v[j][i], x);
#define ROS_SLOPE_ADD(j, ...) \
    x = fmadd(R(SLOPE_OF(ROS_DENSE_DEGREE)(ROS_CHECKED, __VA_ARGS__)), s->v[j][i], x);
#define ROS_DENSE_ERROR                                                            \
    {                                                                              \
        EACH(i, N_STATES) {                                                        \
            real x = s->y[i];                                                      \
            ROS_DENSE(ROS_VALUE_ADD)                                               \
            s->w[i] = x;                                                           \
        }                                                                          \
        model_rhs(STEP_TIME(s, ROS_CHECKED), s->w, s->values, f);                  \
        EACH(i, N_STATES) {                                                        \
            real x = R(0);                                                         \
            ROS_DENSE(ROS_SLOPE_ADD)                                               \
            f[i] = fmadd(x, s->per_h, f[i]); /* v = -u: f - y' */                  \
        }                                                                          \
        model_solve(s->lu, f);                                                     \
        EACH(i, N_STATES) sum = norm_add(tol, i, f[i], s->y[i], s->w[i], sum);     \
    }
/* clang-format on */

/* Its squared norm, for steps that save something inside: of two places together, since the
 * error may cross zero at one. Ten times the tolerance is good enough. */
FN_RARE real step_dense_error(const struct tolerance *tol, struct step *s) {
    LOCAL_CELLS(f, N_STATES);
    real sum = R(0);
#define ROS_CHECKED 0.25
    ROS_DENSE_ERROR
#undef ROS_CHECKED
#define ROS_CHECKED 0.75
    ROS_DENSE_ERROR
#undef ROS_CHECKED
    return sum * R(0.01);
}

#endif
