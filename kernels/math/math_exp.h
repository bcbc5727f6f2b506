/* math_exp.h -- exp and expm1.
 *
 * x = k ln 2 + r with an integer k and |r| <= ln(2)/2, so e^x = 2^k e^r (Cody & Waite,
 * Software Manual for the Elementary Functions, 1980, ch. 6). ln 2 is kept as LN2_HI +
 * LN2_LO; with a fused multiply-add x - k LN2_HI is exact, although LN2_HI has all its
 * bits: the result is a multiple of LN2_HI's last place (or of x's) and below 1. e^r is
 * a minimax polynomial; 2^k is an addition to the exponent's bits.
 */
#ifndef ODEC_MATH_EXP_H
#define ODEC_MATH_EXP_H

#include "math_round.h"

#if REAL_FLOAT
#define LOG2_E 0x1.715476p+0f
#define LN2_HI 0x1.62e430p-1f
#define LN2_LO -0x1.05c610p-29f
#define EXP_NORMAL 87.0f  /* |x| up to here: e^x is a normal number */
#define EXP_LIMIT 128.0f  /* beyond: certainly an infinity or a zero */
#define EXPM1_LIMIT 17.0f /* beyond: 1 is less than half an ulp of e^x */
#else
#define LOG2_E 0x1.71547652b82fep+0
#define LN2_HI 0x1.62e42fefa39efp-1
#define LN2_LO 0x1.abc9e3b39803fp-56
#define EXP_NORMAL 708.0
#define EXP_LIMIT 1024.0
#define EXPM1_LIMIT 38.0
#endif

/* e^r, |r| <= ln(2)/2, relative error of the approximation 2^-57.8 (float 2^-28.2). */
FN real exp_reduced(real r) {
#if REAL_FLOAT
    real q =
        POLY(5, r, 0.49999994, 0.166665167, 0.0416681059, 0.0083691366, 0.00138365757);
#else
    real q = POLY(10, r, 0.5000000000000011, 0.1666666666666637, 0.04166666666652484,
                  0.008333333333523247, 0.001388888894529122, 0.0001984126944332216,
                  2.480149115403915e-05, 2.755764324977668e-06, 2.7631010644791153e-07,
                  2.4982049967704325e-08);
#endif
    return fmadd(fmadd(q, r, R(1)), r, R(1));
}

/* e^x 2^-h for a small integer h. The error before the last rounding: r is off by half
 * an ulp of r < 0.35, so e^x by 0.25 ulp; the last product by 0.18; together below 0.9
 * + rounding of a subnormal, whose ulp is at least twice as large. */
FN real exp_halved(real x, scalar h) {
    real t = fmadd(x, R(LOG2_E), R(MAGIC)), k = t - R(MAGIC);
    real r = fmadd(k, R(-LN2_LO), fmadd(k, R(-LN2_HI), x));
    real p = exp_reduced(r);
    real y = scale_fast(p, t - R(h));
    mask rare = m_not(le(vabs(x), R(EXP_NORMAL)));
    if (any_rare(rare)) {
        real edge = scale_slow(p, k - R(h));
        edge = sel(gt(x, R(EXP_LIMIT)), inf_real(), edge);
        edge = sel(lt(x, R(-EXP_LIMIT)), R(0), edge);
        y = sel(rare, sel(is_nan(x), x, edge), y);
    }
    return y;
}

FN real odec_exp(real x) { return exp_halved(x, 0); }

/* hi + lo = e^x - 1 for |x| <= EXPM1_LIMIT, relative error about 2^-60.
 * e^x - 1 = (2^k - 1) + 2^k r + 2^k (e^r - 1 - r): the first two are added with their
 * error. */
FN void expm1_parts(real x, real *hi, real *lo) {
    real t = fmadd(x, R(LOG2_E), R(MAGIC)), k = t - R(MAGIC);
    real r0 = fmadd(k, R(-LN2_HI), x), r = fmadd(k, R(-LN2_LO), r0);
    real r_lo = fmadd(k, R(-LN2_LO), r0 - r);
#if REAL_FLOAT
    real q = POLY(6, r, 0.5, 0.166666672, 0.041666355, 0.00833327323, 0.00139410992,
                  0.00019914296);
#else
    real q = POLY(11, r, 0.5, 0.16666666666666677, 0.04166666666666667,
                  0.008333333333321386, 0.0013888888888886047, 0.00019841269886816876,
                  2.4801587317847143e-05, 2.7557243450900627e-06, 2.755728315206937e-07,
                  2.5109321234239775e-08, 2.09108055949424e-09);
#endif
    real tail = fmadd(r * r, q, r_lo);
    real s = pow2_of(t), a = s - R(1);
    *hi = fmadd(s, r, a);
    *lo = fmadd(s, tail, fmadd(s, r, a - *hi));
}

FN real odec_expm1(real x) {
    real hi, lo;
    expm1_parts(x, &hi, &lo);
    real y = vcopysign(hi + lo, x);
    mask rare = m_not(le(vabs(x), R(EXPM1_LIMIT)));
    if (any_rare(rare)) {
        y = sel(rare, sel(lt(x, R(0)), R(-1), odec_exp(x)), y);
    }
    return y;
}

#endif
