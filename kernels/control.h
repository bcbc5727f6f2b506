/* control.h -- the step-size controller: error norm, PI rule, first step.
 *
 * The norm is the root mean square of e_i / (atol_i + rtol max(|y_i|, |y1_i|)) (Hairer,
 * Norsett & Wanner I, II.4, eq. 4.11). The controller works on its base-2 logarithm and needs
 * three digits of it, so reciprocal, logarithm and exponential are short recipes of their
 * own, made of the same IEEE operations on every machine. No step taken is less accurate for
 * it: what they decide is h, and whether an error within 1e-6 of the tolerance is accepted.
 */
#ifndef ODEC_CONTROL_H
#define ODEC_CONTROL_H

#include "dialect.h"

#if REAL_FLOAT
#define ROUND_MAGIC 12582912.0f  /* 1.5 * 2^23: adding it rounds to an integer */
#define LOG_MAGIC_BITS 0x4b000000 /* 2^23 */
#define LOG_MAGIC 8388735.0f     /* 2^23 + 127 */
#define LOG_MANTISSA 0x007fffff
#define LOG_ONE 0x3f800000
#define RECIPROCAL_SEED 0x7ef311c7
#else
#define ROUND_MAGIC 6755399441055744.0
#define LOG_MAGIC_BITS 0x4330000000000000LL
#define LOG_MAGIC 4503599627371519.0
#define LOG_MANTISSA 0x000fffffffffffffLL
#define LOG_ONE 0x3ff0000000000000LL
#define RECIPROCAL_SEED 0x7fde623822fc16e6LL
#endif

/* 1/b to 3e-6 for b > 0 normal: an integer seed good to 12 %, a cubic and a Newton step.
 * Not finite or not a number where b is infinite or NaN. */
FN real rough_reciprocal(real b) {
    real r = as_real(I(RECIPROCAL_SEED) - as_int(b));
    real e = fnmadd(b, r, R(1));
    r = fmadd(r, fmadd(e, e, e), r);
    e = fnmadd(b, r, R(1));
    return fmadd(r, e, r);
}

/* log2(x) to 2e-4 for x > 0 normal; about -1023 (-127) for 0; a finite number always. */
FN real rough_log2(real x) {
    const ival b = as_int(x);
    const real e = as_real((b >> MANTISSA_BITS) | I(LOG_MAGIC_BITS)) - R(LOG_MAGIC);
    const real m = as_real((b & I(LOG_MANTISSA)) | I(LOG_ONE));
    real p = fmadd(m, R(-0.078440676209), R(0.626032182164));
    p = fmadd(m, p, R(-2.078335168252));
    p = fmadd(m, p, R(4.029211391071));
    p = fmadd(m, p, R(-2.498353148814));
    return e + p;
}

/* 2^y to 1e-4 for |y| < 100. */
FN real rough_exp2(real y) {
    const real z = y + R(ROUND_MAGIC);
    const real f = y - (z - R(ROUND_MAGIC));
    real p = fmadd(f, R(0.009666369), R(0.055921976));
    p = fmadd(f, p, R(0.240223490));
    p = fmadd(f, p, R(0.693121045));
    p = fmadd(f, p, R(1.0));
    return as_real(as_int(p) + (as_int(z) << MANTISSA_BITS));
}

/* What every run of a solve shares. */
struct tolerance {
    scalar rtol;
    scalar atol[N_STATES];
};

/* (e / weight)^2 added to sum. */
FN real norm_add(const struct tolerance *tol, int i, real e, real y, real y1, real sum) {
    const real size = vmax(vabs(y), vabs(y1));
    const real weight = fmadd(splat(tol->rtol), size, splat(tol->atol[i]));
    const real q = e * rough_reciprocal(weight);
    return fmadd(q, q, sum);
}

#define LOG2_SAFETY (-0.152003093) /* log2(0.9) */
#define LOG2_SHRINK (-2.321928)    /* log2(1/5): no step shrinks more at once */
#define LOG2_GROW (3.321928)       /* log2(10) */
#define LOG2_ERROR_FLOOR (-13.287712) /* log2(1e-4): the PI rule forgets smaller errors */

/* The factor for the next step after an attempt whose squared error norm is `norm`;
 * `accepted` where it was at most 1. PI rule (Hairer & Wanner II, IV.2, eq. 2.43 with
 * alpha = 0.7/q, beta = 0.4/q), after a rejection the plain exponent 1/q; a norm that is no
 * finite number shrinks most. log_error: the previous accepted step's log2 error, updated. */
FN real control_factor(real norm, mask accepted, scalar q, real *log_error) {
    const real l = R(0.5) * rough_log2(norm);
    const real pi = fmadd(splat((scalar)0.4 / q), *log_error, splat((scalar)-0.7 / q) * l);
    real a = sel(accepted, pi, splat((scalar)-1.0 / q) * l) + R(LOG2_SAFETY);
    a = vmin(vmax(a, R(LOG2_SHRINK)), R(LOG2_GROW));
    a = sel(is_finite(norm), a, R(LOG2_SHRINK));
    *log_error = sel(accepted, vmax(l, R(LOG2_ERROR_FLOOR)), *log_error);
    return rough_exp2(a);
}

#endif
