/* first_step.h -- the length of a run's first step, where it has to be found. */
#ifndef ODEC_FIRST_STEP_H
#define ODEC_FIRST_STEP_H

#include "control.h"
#include "dialect.h"
#include "instant.h"

/* The length of the first step (Hairer, Norsett & Wanner I, II.4, p. 169), at most `longest`.
 * f0 is f(t0, y); sign is that of steps. Where the model gives no finite number, some step
 * that the controller will shrink. */
FN real first_step(const struct tolerance *tol, struct instant t0, real sign,
                   const cell *y, const cell *f0, const cell *values, real longest) {
    real d0 = R(0), d1 = R(0), d2 = R(0);
    LOCAL_CELLS(y1, N_STATES);
    LOCAL_CELLS(f1, N_STATES);
    EACH(i, N_STATES) {
        d0 = norm_add(tol, i, y[i], y[i], y[i], d0);
        d1 = norm_add(tol, i, f0[i], y[i], y[i], d1);
    }
    d0 = vsqrt(d0);
    d1 = vsqrt(d1);
    const mask small = m_or(lt(d0, R(1e-5)), lt(d1, R(1e-5)));
    real h0 = sel(small, R(1e-6), R(0.01) * (d0 / d1));
    h0 = vmin(h0, longest);
    const real step = with_sign(h0, sign);
    EACH(i, N_STATES) y1[i] = fmadd(step, f0[i], y[i]);
    model_rhs(time_after(t0, step), y1, values, f1);
    EACH(i, N_STATES) d2 = norm_add(tol, i, f1[i] - f0[i], y[i], y[i], d2);
    d2 = vsqrt(d2) / h0;
    const real d = vmax(d1, d2);
    const real root = rough_exp2(R(1.0 / STEP_ERROR_ORDER) *
                                 (R(-6.643856) - rough_log2(d))); /* (0.01/d)^(1/q) */
    const real h1 = sel(le(d, R(1e-15)), vmax(R(1e-6), h0 * R(1e-3)), root);
    real h = vmin(vmin(R(100) * h0, h1), longest);
    return sel(m_and(gt(h, R(0)), is_finite(h)), h, longest * R(0x1p-10));
}

#endif
