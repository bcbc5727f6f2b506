/* math_power.h -- powers by multiplications: x^n for the whole n from -4 to 6 and the half ones
 * from -2.5 to 2.5.
 *
 * They are part of pow (math_pow.h), which comes here for such an exponent, and stand by
 * themselves where the exponent is a number of the text: then what n asks is decided by the C
 * compiler. Both do the same operations, so x^n has the same bits whether n is a number or
 * computed, and the compiler's own folding has them too. Special values are pow's.
 *
 *     x^2 = x x    x^3 = x^2 x    x^4 = x^2 x^2    x^5 = x^4 x    x^6 = x^3 x^3
 *     x^(w+1/2) = x^w sqrt x      x^-n = 1/x^n
 *
 * Each product adds half an ulp at most, and a factor's own error counts as often as it is one:
 * these n are the ones that stay within pow's 4 ulp. Nothing over- or underflows on the way
 * that the result does not: where x^n does, 1/x^n is s^n/(s x)^n with a power of two s, which
 * is exact.
 */
#ifndef ODEC_MATH_POWER_H
#define ODEC_MATH_POWER_H

#include "math_round.h"

#if REAL_FLOAT
#define POWER_SCALE 0x1p20f /* 2^even, and its fourth power is a number */
#else
#define POWER_SCALE 0x1p60
#endif

/* p sqrt x, p = x^w for a whole w. Not NaN alone for x < 0: pow's (-0)^1.5 is 0, its
 * (-inf)^1.5 is inf. */
FN real power_half(real x, real p) {
    real z = p * vsqrt(x);
    mask rare = m_not(gt(x, R(0)));
    if (any_rare(rare)) {
        real special = sel(eq(x, -inf_real()), inf_real(), nan_real());
        z = sel(rare, sel(eq(x, R(0)), R(0), special), z);
    }
    return z;
}

/* The lanes where 1/p is not good enough for p = x^n: an x^n that over- or underflowed, and
 * what is special anyway. */
FN mask power_is_rare(real p) {
    return m_not(within(R(SCALAR_TINY), vabs(p), R(SCALAR_MAX)));
}
FN real power_scale(real x) {
    return sel(lt(vabs(x), R(1)), R(POWER_SCALE), R(1 / POWER_SCALE));
}

/* ---- n in the text ---- */

/* x^(whole + half/2) */
FN real power_positive(real x, const int whole, const int half) {
    real x2 = x * x, p = R(1);
    if (whole == 1) {
        p = x;
    } else if (whole == 2) {
        p = x2;
    } else if (whole == 3) {
        p = x2 * x;
    } else if (whole == 4) {
        p = x2 * x2;
    } else if (whole == 5) {
        p = x2 * x2 * x;
    } else if (whole == 6) {
        p = (x2 * x) * (x2 * x);
    }
    return half ? power_half(x, p) : p;
}

FN real power_of(real x, const double n) {
    const double size = n < 0 ? -n : n;
    const int whole = (int)size, half = size != (double)whole;
    real p = power_positive(x, whole, half);
    if (n < 0) {
        real q = R(1) / p;
        mask rare = power_is_rare(p);
        if (any_rare(rare)) {
            real s = power_scale(x);
            real inverse = R(1) / power_positive(x * s, whole, half);
            q = sel(rare, inverse * power_positive(s, whole, half), q);
        }
        p = q;
    }
    return p;
}

/* ---- n by lane ---- */

FN mask is_power_by_products(real n) {
    real size = vabs(n);
    mask whole = eq(vfloor(n), n), half = eq(vfloor(n + n), n + n);
    mask small = m_and(le(R(-4), n), le(size, sel(whole, R(6), R(2.5))));
    return m_and(small, half);
}

FN real power_positive_by_lane(real x, real whole, mask half) {
    real x2 = x * x, x3 = x2 * x, x4 = x2 * x2;
    real p = sel(eq(whole, R(0)), R(1), x);
    p = sel(eq(whole, R(2)), x2, p);
    p = sel(eq(whole, R(3)), x3, p);
    p = sel(eq(whole, R(4)), x4, p);
    p = sel(eq(whole, R(5)), x4 * x, p);
    p = sel(eq(whole, R(6)), x3 * x3, p);
    return any_lane(half) ? sel(half, power_half(x, p), p) : p;
}

/* x^n where is_power_by_products(n), else anything. */
FN_RARE real power_by_lane(real x, real n) {
    real size = vabs(n), whole = vfloor(size);
    mask half = ne(size, whole), negative = lt(n, R(0));
    real p = power_positive_by_lane(x, whole, half);
    if (any_lane(negative)) {
        real q = R(1) / p;
        mask rare = m_and(negative, power_is_rare(p));
        if (any_rare(rare)) {
            real s = power_scale(x);
            real inverse = R(1) / power_positive_by_lane(x * s, whole, half);
            q = sel(rare, inverse * power_positive_by_lane(s, whole, half), q);
        }
        p = sel(negative, q, p);
    }
    return p;
}

#endif
