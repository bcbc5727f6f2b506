/* math_round.h -- the ground floor of the elementary functions, and those that are
 * exact.
 *
 * First what math_*.h share: the bits of a real, powers of two, guards, sums with their
 * error, Horner's rule. Then what is exact or correctly rounded: square root, rounding
 * to integers, the floored remainder, smaller and larger, and division by a divisor
 * that is known in advance.
 */
#ifndef ODEC_MATH_ROUND_H
#define ODEC_MATH_ROUND_H

#include "dialect.h"

/* ------------------------------------------------------------------- bits of a real --
 */
#define EXPONENT_BIAS (REAL_FLOAT ? 127 : 1023)
#define ONE_BITS ((iscalar)EXPONENT_BIAS << MANTISSA_BITS)
#define MANTISSA_MASK (((iscalar)1 << MANTISSA_BITS) - 1)
#define INF_BITS ((iscalar)(2 * EXPONENT_BIAS + 1) << MANTISSA_BITS)

/* x + MAGIC - MAGIC is x rounded to an integer, ties to even, where |x| <
 * 2^(MANTISSA_BITS-1), and the low bits of x + MAGIC are that integer in two's
 * complement. */
#if REAL_FLOAT
#define MAGIC 0x1.8p23f
#else
#define MAGIC 0x1.8p52
#endif

/* p * 2^k where t = MAGIC + k and neither p nor the product leaves the normal numbers.
 */
FN real scale_fast(real p, real t) {
    return as_real((ival)((uval)as_int(p) + ((uval)as_int(t) << MANTISSA_BITS)));
}

/* 2^k where t = MAGIC + k and 2^k is a normal number. */
FN real pow2_of(real t) { return scale_fast(R(1), t); }

/* p * 2^k, k an integer in -2200..2200 (double), rounded once if the factors before the
 * last are exact: up to 3 steps, the smallest factor last. */
FN real scale_slow(real p, real k) {
    real third = fmadd(k, R(0.333333), R(MAGIC)), t = third - R(MAGIC);
    return p * pow2_of(third) * pow2_of(third) * pow2_of(k - t - t + R(MAGIC));
}

/* x = 2^k m, m in [sqrt(1/2), sqrt(2)), for a positive normal x. One addition to the
 * bits makes the exponent's carry fall at sqrt(2) rather than at 2. */
#define SQRT_HALF_BITS ((iscalar)(REAL_FLOAT ? 0x3f3504f3LL : 0x3fe6a09e667f3bcdLL))
FN real split_binary(real x, real *k) {
    ival i = (ival)((uval)as_int(x) + (uval)I(ONE_BITS - SQRT_HALF_BITS));
#if REAL_FLOAT
    *k =
        as_real((ival)((uval)i >> MANTISSA_BITS) | I(0x4b000000)) - R(0x1p23f + 127.0f);
#else
    *k = as_real((ival)((uval)i >> MANTISSA_BITS) | I(0x4330000000000000LL)) -
         R(0x1p52 + 1023.0);
#endif
    return as_real((i & I(MANTISSA_MASK)) + I(SQRT_HALF_BITS));
}

/* ---------------------------------------------------------------------------- guards
 * -- */
/* any_lane() for guards that are seldom true: the compiler keeps what they guard, and
 * what it spills, out of the way. */
#if defined(__CUDACC__)
FN int any_rare(mask m) { return any_lane(m); }
#else
FN int any_rare(mask m) { return __builtin_expect(any_lane(m), 0) != 0; }
#endif

/* lo <= x <= hi, false for a NaN. */
FN mask within(real lo, real x, real hi) { return m_and(le(lo, x), le(x, hi)); }

/* ------------------------------------------------------- sums and products, with error
 * -- */
/* Error of s = a + b; any order (Knuth, TAOCP 2, 4.2.2) or |a| >= |b| or a = 0 (Dekker
 * 1971). */
FN real two_sum_error(real a, real b, real s) {
    real v = s - a;
    return (a - (s - v)) + (b - v);
}
FN real fast_sum_error(real a, real b, real s) { return (a - s) + b; }

/* q + q_lo = (n + n_lo) / (d + d_lo): one division and one step with the remainder. */
FN real quotient_pair(real n, real n_lo, real d, real d_lo, real *q_lo) {
    real inverse = R(1) / d, q = n * inverse;
    *q_lo = (fnmadd(q, d, n) + fnmadd(q, d_lo, n_lo)) * inverse;
    return q;
}

/* ------------------------------------------------------------------------- polynomials
 * -- */
/* POLY(n, x, c0, .., c(n-1)) = c0 + c1 x + ..: in fours, by Horner's rule in x^4. That
 * is two multiplications more than Horner's rule in x, and a third of its latency
 * (Estrin, 1960). */
#define POLY(n, x, ...) POLY_##n(x, (x) * (x), ((x) * (x)) * ((x) * (x)), __VA_ARGS__)
#define POLY_1(x, x2, x4, a) R(a)
#define POLY_2(x, x2, x4, a, b) fmadd(R(b), x, R(a))
#define POLY_3(x, x2, x4, a, b, c) fmadd(R(c), x2, POLY_2(x, x2, x4, a, b))
#define POLY_4(x, x2, x4, a, b, c, d) \
    fmadd(POLY_2(x, x2, x4, c, d), x2, POLY_2(x, x2, x4, a, b))
#define POLY_5(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_1(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_6(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_2(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_7(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_3(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_8(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_4(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_9(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_5(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_10(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_6(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_11(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_7(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_12(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_8(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_13(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_9(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_14(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_10(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_15(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_11(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_16(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_12(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_17(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_13(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_18(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_14(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_19(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_15(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_20(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_16(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_21(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_17(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))
#define POLY_22(x, x2, x4, a, b, c, d, ...) \
    fmadd(POLY_18(x, x2, x4, __VA_ARGS__), x4, POLY_4(x, x2, x4, a, b, c, d))

/* -------------------------------------------------------------------- exact functions
 * -- */
FN real odec_sqrt(real x) { return vsqrt(x); }
FN real odec_abs(real x) { return vabs(x); }
FN real odec_floor(real x) { return vfloor(x); }
FN real odec_ceil(real x) { return -vfloor(-x); }

/* To the nearest integer, ties away from zero. x - trunc(x) is exact. */
FN real odec_round(real x) {
    real t = vtrunc(x);
    return sel(le(R(0.5), vabs(x - t)), t + vcopysign(R(1), x), t);
}

/* -1, 0 or 1; a zero keeps its sign and a NaN stays one. */
FN real odec_sign(real x) {
    return sel(ne(x, R(0)), sel(is_nan(x), x, vcopysign(R(1), x)), x);
}

/* A NaN argument gives NaN (IEEE 754-2019 minimum, maximum). Of two zeros of unlike
 * sign min takes -0 and max +0: their bits are joined by or and by and, which changes
 * nothing for equal numbers of another kind. */
FN real odec_min(real a, real b) {
    real m = sel(eq(a, b), as_real(as_int(a) | as_int(b)), vmin(a, b));
    return sel(is_nan(a), a, m);
}
FN real odec_max(real a, real b) {
    real m = sel(eq(a, b), as_real(as_int(a) & as_int(b)), vmax(a, b));
    return sel(is_nan(a), a, m);
}

/* The exponent of |x| > 0, finite, as a real; of a zero something small. */
FN real exponent_of(real x) {
    mask small = lt(x, R(SCALAR_TINY));
    real k, n = sel(small, x * R((scalar)1 / SCALAR_EPS), x);
    ival biased = (ival)((uval)as_int(n) >> MANTISSA_BITS);
    k = as_real(biased + as_int(R(MAGIC))) - R(MAGIC) - R(EXPONENT_BIAS);
    return sel(small, k - R(MANTISSA_BITS), k);
}

/* a mod b for 0 <= a, 0 < b, finite: a - n b is exact for n = trunc(RN(a/b)) <
 * 2^MANTISSA_BITS, because it is a multiple of the last place of a or b and not larger
 * than b in magnitude; n may be one too large, then the difference is negative and b is
 * added. A larger quotient is taken in parts, as by hand: b 2^s with a quotient of less
 * than 2^MANTISSA_BITS first. */
FN real mod_once(real a, real b) {
    real r = fnmadd(vtrunc(a / b), b, a);
    return sel(lt(r, R(0)), r + b, r);
}
FN real mod_positive(real a, real b) {
    const scalar step = MANTISSA_BITS - 2;
    real eb = exponent_of(b);
    NO_UNROLL
    for (int i = 0; i <= 2 * EXPONENT_BIAS / MANTISSA_BITS + 4; i++) {
        real gap = exponent_of(a) - eb - R(step);
        mask far = m_and(gt(gap, R(0)), gt(a, R(0)));
        if (!any_lane(far)) {
            break;
        }
        a = sel(far, mod_once(a, scale_slow(b, sel(far, gap, R(0)))), a);
    }
    return mod_once(a, b);
}

/* x - y floor(x/y): the sign is y's, as for Python's %. x mod 0 and inf mod y are NaN;
 * x mod inf is x or, where the signs differ, that infinity. The result is exact, but
 * for a small x of the other sign, where x + y has to be rounded. */
FN real odec_mod(real x, real y) {
    real a = vabs(x), b = vabs(y);
    real r = mod_once(a, b);
    mask easy = m_and(lt(a, b * R((scalar)0.25 / SCALAR_EPS)), le(b, R(SCALAR_MAX)));
    if (any_rare(m_not(easy))) {
        mask usual = m_and(le(a, R(SCALAR_MAX)), within(R(0), b, R(SCALAR_MAX)));
        usual = m_and(usual, gt(b, R(0)));
        mask work = m_and(usual, m_not(easy));
        real hard = mod_positive(sel(work, a, R(0)), sel(work, b, R(1)));
        hard = sel(work, hard, nan_real());
        hard = sel(m_and(le(a, R(SCALAR_MAX)), eq(b, inf_real())), a, hard);
        r = sel(easy, r, hard);
    }
    mask differ = lt(vcopysign(R(1), x) * vcopysign(R(1), y), R(0));
    r = sel(m_and(differ, ne(r, R(0))), b - r, r);
    return vcopysign(r, y);
}

/* The IEEE quotient x/c, given r = 1/c correctly rounded.
 *
 *     q0 = RN(x r)    e = RN(q0 c - x)    q = RN(q0 - e r)
 *
 * is x/c correctly rounded (Markstein, IBM J. Res. Dev. 34, 1990; Brisebarre, Muller
 * and Raina, IEEE Trans. Comput. 53, 2004, section 1) while nothing over- or
 * underflows. A proof for precision p; u = 2^-p, x and c in [1, 2), c = C 2u with an
 * integer C < 2^p:
 *
 *   |r - 1/c| <= u/2, and 1 <= x < c (then the quotient lies in (1/2, 1), its ulp is
 * u): the other case, ulp 2u, is the same with less error. t = x/c - q0 obeys |t| <=
 * (x+1) u/2, less than 1.5 ulp, for x < 2 - 2u. x - q0 c is an integer multiple E of
 * 2u^2. (1) A quotient is never a midpoint m of two numbers. Let m = q0 + u/2. x/c > m
 * means 2E > C, so 2E >= C + 1, and E 2u^2 r >= (C+1) u^2 (1/c - u/2) = u/2 + u/(2C) -
 * (C+1) u^3/2 > u/2, for C(C+1) < 2^2p: q0 + (x - q0 c) r lies above m too. So it is
 * below m, and for q0 - u/2. (2) The midpoints q0 +- 3u/2 are never reached: (x+1) u/2
 * (1 + u) < 3u/2 for x < 2 - 2u. (3) |E| < 2^p makes e exact. Only in (x < c) with |t|
 * > u may |E| reach 1.5 * 2^p, and e is off by 2u^2; (1) does not matter then, and (2)
 * still has room, except for x = 2 - 4u and c = 2 - 2u, where q0 = 1, e is exact, and q
 * = 1 - u is right. (This is also checked for every x and c with p <= 8, and in float
 * for all x, many c.)
 *
 * The guard keeps |q0| in a range where, c being in its own, no step over- or
 * underflows, e included. Zeros, infinities and NaN are outside of it, and so is every
 * quotient by a c out of its range, for which reciprocal_for_division gives NaN. */
#if REAL_FLOAT
#define DIV_BY_C_RANGE 0x1p50f
#define DIV_BY_Q_RANGE 0x1p50f
#else
#define DIV_BY_C_RANGE 0x1p400
#define DIV_BY_Q_RANGE 0x1p500
#endif
FN real reciprocal_for_division(real c) {
    const mask usual = within(R(1 / DIV_BY_C_RANGE), vabs(c), R(DIV_BY_C_RANGE));
    return sel(usual, R(1) / c, nan_real());
}

/* x/c, given r = reciprocal_for_division(c), or 1/c where c is known to be in range. */
FN real div_by(real x, real c, real r) {
    real q0 = x * r;
    real e = fmsub(q0, c, x);
    real q = fnmadd(e, r, q0);
    mask safe = within(R(1 / DIV_BY_Q_RANGE), vabs(q0), R(DIV_BY_Q_RANGE));
    if (any_rare(m_not(safe))) {
        q = sel(safe, q, x / c);
    }
    return q;
}

#endif
