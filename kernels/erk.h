/* erk.h -- explicit Runge-Kutta methods: one step of any tableau_*.h.
 *
 * A tableau's rows are macros, so a step expands to straight-line code: no loop over stages,
 * no test of a zero coefficient. h is folded into the coefficients, h*a_ij, which costs one
 * product per coefficient and saves one per state and stage; with a fixed step the products
 * are loop invariants.
 *
 * Stages are numbered from 1 as in the literature: k[1] .. k[ERK_STAGES].
 */
#ifndef ODEC_ERK_H
#define ODEC_ERK_H

#include "control.h"
#include "dialect.h"
#include "instant.h"

#define ERK_COUNT(stage, c, row) +1
#define ERK_ALL_STAGES (ERK_STAGES ERK_DENSE_EXTRA(ERK_COUNT))

#define ERK_SCALE(j, a) const real ha##j = h * R(a);
#define ERK_ADD(j, a) x = fmadd(ha##j, k[j][i], x);
/* result = y + h sum of the row's coefficients times stages */
#define ERK_COMBINE(row, result)    \
    {                               \
        row(ERK_SCALE)              \
        EACH(i, N_STATES) {         \
            real x = y[i];          \
            row(ERK_ADD)            \
            result[i] = x;          \
        }                           \
    }
#define ERK_STAGE(stage, c, row)                           \
    {                                                      \
        real w[N_STATES];                                  \
        ERK_COMBINE(row, w)                                \
        model_rhs(fmadd(R(c), h, t), w, values, k[stage]); \
    }

/* y1 = the solution after a step of h from (t, y). k[1] = f(t, y) is given; k[2] .. are
 * stages, up to the last, which an FSAL method takes at (t + h, y1). */
FN void erk_step(real t, const real *y, real h, const real *values,
                 real (*k)[N_STATES], real *y1) {
    ERK_STAGE_LIST(ERK_STAGE)
    ERK_COMBINE(ERK_B, y1)
#if ERK_FSAL
    model_rhs(t + h, y1, values, k[ERK_STAGES]);
#endif
}

#if ERK_EMBEDDED_ORDER
#define ERK_ERROR_ADD(j, e) x = fmadd(R(e), k[j][i], x);
/* Squared error norm of the step: mean over states of (h sum e_j k_j / weight)^2. */
FN real erk_error(const struct tolerance *tol, const real *y, const real *y1, real h,
                  real (*k)[N_STATES]) {
    real sum = R(0);
    EACH(i, N_STATES) {
        real x = R(0);
        ERK_E(ERK_ERROR_ADD)
        sum = norm_add(tol, i, h * x, y[i], y1[i], sum);
    }
    return sum * R(1.0 / N_STATES);
}
#endif

/* Stages that only dense output needs. */
FN void erk_dense_stages(real t, const real *y, real h, const real *values,
                         real (*k)[N_STATES]) {
    ERK_DENSE_EXTRA(ERK_STAGE)
    (void)t, (void)y, (void)h, (void)values, (void)k;
}

#define ERK_HORNER_1(c1) R(c1)
#define ERK_HORNER_2(c1, c2) fmadd(theta, R(c2), R(c1))
#define ERK_HORNER_3(c1, c2, c3) fmadd(theta, ERK_HORNER_2(c2, c3), R(c1))
#define ERK_HORNER_4(c1, c2, c3, c4) fmadd(theta, ERK_HORNER_3(c2, c3, c4), R(c1))
#define ERK_HORNER_5(c1, c2, c3, c4, c5) fmadd(theta, ERK_HORNER_4(c2, c3, c4, c5), R(c1))
#define ERK_HORNER_6(c1, c2, c3, c4, c5, c6) \
    fmadd(theta, ERK_HORNER_5(c2, c3, c4, c5, c6), R(c1))
#define ERK_HORNER_7(c1, c2, c3, c4, c5, c6, c7) \
    fmadd(theta, ERK_HORNER_6(c2, c3, c4, c5, c6, c7), R(c1))
#define ERK_HORNER_OF(degree) ERK_HORNER_OF_(degree)
#define ERK_HORNER_OF_(degree) ERK_HORNER_##degree
#define ERK_DENSE_WEIGHT(j, ...) \
    const real ha##j = h * (theta * ERK_HORNER_OF(ERK_DENSE_DEGREE)(__VA_ARGS__));
#define ERK_DENSE_ADD(j, ...) x = fmadd(ha##j, k[j][i], x);

/* result = y(t + theta h), 0 <= theta <= 1, from the stages of the step. */
FN void erk_dense(const real *y, real h, real theta, real (*k)[N_STATES], real *result) {
    ERK_DENSE(ERK_DENSE_WEIGHT)
    EACH(i, N_STATES) {
        real x = y[i];
        ERK_DENSE(ERK_DENSE_ADD)
        result[i] = x;
    }
}

#if ERK_EMBEDDED_ORDER
/* The first step (Hairer, Norsett & Wanner I, II.4, p. 169), at most `longest`. f0 is
 * f(t, y). Where the model gives no finite number, some step that the controller will
 * shrink. */
FN real erk_first_step(const struct tolerance *tol, real t, const real *y, const real *f0,
                       const real *values, real longest) {
    real d0 = R(0), d1 = R(0), d2 = R(0);
    real y1[N_STATES], f1[N_STATES];
    EACH(i, N_STATES) {
        d0 = norm_add(tol, i, y[i], y[i], y[i], d0);
        d1 = norm_add(tol, i, f0[i], y[i], y[i], d1);
    }
    d0 = vsqrt(d0 * R(1.0 / N_STATES));
    d1 = vsqrt(d1 * R(1.0 / N_STATES));
    const mask small = m_or(lt(d0, R(1e-5)), lt(d1, R(1e-5)));
    real h0 = sel(small, R(1e-6), R(0.01) * (d0 / d1));
    h0 = vmin(h0, longest);
    EACH(i, N_STATES) y1[i] = fmadd(h0, f0[i], y[i]);
    model_rhs(t + h0, y1, values, f1);
    EACH(i, N_STATES) d2 = norm_add(tol, i, f1[i] - f0[i], y[i], y[i], d2);
    d2 = vsqrt(d2 * R(1.0 / N_STATES)) / h0;
    const real d = vmax(d1, d2);
    const real root = rough_exp2(R(1.0 / (ERK_EMBEDDED_ORDER + 1)) *
                                 (R(-6.643856) - rough_log2(d))); /* (0.01/d)^(1/q) */
    const real h1 = sel(le(d, R(1e-15)), vmax(R(1e-6), h0 * R(1e-3)), root);
    real h = vmin(vmin(R(100) * h0, h1), longest);
    return sel(m_and(gt(h, R(0)), is_finite(h)), h, longest * R(0x1p-10));
}
#endif

#endif
