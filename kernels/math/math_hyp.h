/* math_hyp.h -- the hyperbolic functions and their inverses, from expm1 and log1p.
 *
 * With E = e^a - 1, a = |x|: sinh = (E + E/(E+1))/2 and tanh = E2/(E2 + 2), E2 = e^(2a)
 * - 1, keep their relative accuracy at 0. The inverses are log1p of something that is
 * small with x.
 */
#ifndef ODEC_MATH_HYP_H
#define ODEC_MATH_HYP_H

#include "math_exp.h"
#include "math_log.h"
#include "math_round.h"

#define HYP_LARGE \
    (REAL_FLOAT ? (scalar)10 : (scalar)22) /* e^-2x is below half an ulp */

/* The same as expm1_parts, with |lo| at most half an ulp of hi. */
FN real expm1_pair(real x, real *lo) {
    real hi, rest;
    expm1_parts(x, &hi, &rest);
    real e = hi + rest;
    *lo = fast_sum_error(hi, rest, e);
    return e;
}

FN real odec_sinh(real x) {
    real a = vabs(x), e_lo, e = expm1_pair(a, &e_lo);
    real d = e + R(1), d_lo = two_sum_error(e, R(1), d) + e_lo;
    real q_lo, q = quotient_pair(e, e_lo, d, d_lo, &q_lo);
    real s = e + q;
    real y = R(0.5) * (s + (fast_sum_error(e, q, s) + (e_lo + q_lo)));
    mask rare = m_not(le(a, R(HYP_LARGE)));
    if (any_rare(rare)) {
        y = sel(rare, exp_halved(a, 1), y);
    }
    return vcopysign(y, x);
}

FN real odec_cosh(real x) {
    real h = exp_halved(vabs(x), 1);
    return h + R(0.25) / h;
}

/* From HYP_LARGE on tanh is 1, so the argument is cut there. */
FN real odec_tanh(real x) {
    real a = vmin(R(HYP_LARGE), vabs(x)), e_lo, e = expm1_pair(a + a, &e_lo);
    real d = e + R(2), d_lo = two_sum_error(e, R(2), d) + e_lo;
    real q_lo, q = quotient_pair(e, e_lo, d, d_lo, &q_lo);
    return vcopysign(q + q_lo, x);
}

/* Far out asinh and acosh are log(2x). */
#define INVERSE_LARGE (REAL_FLOAT ? (scalar)0x1p60 : (scalar)0x1p500)
FN real log_twice(real x) { return odec_log(x) + R(LN2_HI); }

/* log1p(a + a^2 / (1 + sqrt(1 + a^2))) */
FN real odec_asinh(real x) {
    real a = vabs(x), z = a * a;
    real v = z / (R(1) + vsqrt(fmadd(a, a, R(1))));
    real t = a + v;
    real y = log1p_sum(t, fast_sum_error(a, v, t));
    mask rare = m_not(le(a, R(INVERSE_LARGE)));
    if (any_rare(rare)) {
        y = sel(rare, log_twice(a), y);
    }
    return vcopysign(y, x);
}

/* With t = x - 1: log1p(t + sqrt(t^2 + 2t)) */
FN real odec_acosh(real x) {
    real t = x - R(1);
    real v = vsqrt(fmadd(t, t, t + t));
    real s = v + t;
    real y = log1p_sum(s, fast_sum_error(v, t, s));
    mask rare = m_not(within(R(1), x, R(INVERSE_LARGE)));
    if (any_rare(rare)) {
        y = sel(rare, sel(lt(x, R(1)), nan_real(), log_twice(x)), y);
    }
    return y;
}

/* log1p(2a / (1 - a)) / 2, the quotient as a pair of reals */
FN real odec_atanh(real x) {
    real a = vabs(x), d = R(1) - a, d_lo = (R(1) - d) - a;
    real q_lo, q = quotient_pair(a + a, R(0), d, d_lo, &q_lo);
    real y = R(0.5) * log1p_sum(q, q_lo);
    mask rare = m_not(lt(a, R(1)));
    if (any_rare(rare)) {
        y = sel(rare, sel(eq(a, R(1)), inf_real(), nan_real()), y);
    }
    return vcopysign(y, x);
}

#endif
