/* sweep.h -- a point of a sweep, the one formula for every device.
 *
 *   linear     lo + i (hi - lo)/(n - 1), the multiply-add fused
 *   geometric  2^(log2 lo + i/(n - 1) (log2 hi - log2 lo)), the exponent a pair of doubles as
 *              in math_pow.h: within 1 ulp, however far apart lo and hi are
 *
 * Who sweeps 0.001 .. 1000 in seven points wants the doubles 0.01, 0.1, 1, ...: what the ends'
 * own rounding lets be off by an ulp. So a geometric point that a number of three digits is
 * next to becomes that number. Where points are so dense that they meet such numbers by
 * chance it does not.
 *
 * Always in double, whatever the program computes in. Both ends are exact: who fills a column
 * puts them in place of points 0 and n - 1.
 */
#ifndef ODEC_SWEEP_H
#define ODEC_SWEEP_H

#include "abi.h"
#include "dialect.h"
#include "math_pow.h"

#define SWEEP_SPARSE 0x1p-30 /* neighbours further apart than this, as logarithms */

/* hi + lo = log2(|x|), x not 0. */
FN real sweep_log2(real x, real *lo) {
    real k, size = vabs(x);
    const mask rare = log_is_rare(size);
    const real f = log_split(size, rare, any_rare(rare), &k);
    return log2_pair(k, f, lo);
}

/* (a + a_lo) (b + b_lo) where bit is 1, else a + a_lo; relative error 2^-104. */
FN real sweep_times(mask bit, real a, scalar b, scalar b_lo, real *a_lo) {
    const real p = a * R(b);
    const real e = fmadd(a, R(b_lo), fmadd(*a_lo, R(b), fmsub(a, R(b), p)));
    const real hi = p + e;
    *a_lo = sel(bit, fast_sum_error(p, e, hi), *a_lo);
    return sel(bit, hi, a);
}

/* hi + lo = 5^n for a whole n in 0 .. 511: powers of 5^(2^j). */
FN real sweep_power_of_5(real n, real *lo) {
    real power = R(1), half = n;
    *lo = R(0);
#define POWER(hi_5, lo_5)                                \
    {                                                    \
        const real rest = vfloor(half * R(0.5));         \
        const mask odd = ne(rest + rest, half);          \
        power = sweep_times(odd, power, hi_5, lo_5, lo); \
        half = rest;                                     \
    }
    POWER(0x1.4p+2, 0)                                     /* 5^1 */
    POWER(0x1.9p+4, 0)                                     /* 5^2 */
    POWER(0x1.388p+9, 0)                                   /* 5^4 */
    POWER(0x1.7d784p+18, 0)                                /* 5^8 */
    POWER(0x1.1c37937e08p+37, 0)                           /* 5^16 */
    POWER(0x1.3b8b5b5056e17p+74, -0x1.3107fp+20)           /* 5^32 */
    POWER(0x1.84f03e93ff9f5p+148, -0x1.2ac340948e389p+93)  /* 5^64 */
    POWER(0x1.27748f9301d32p+297, -0x1.901cc86649e4ap+243) /* 5^128 */
    POWER(0x1.54fdd7f73bf3cp+594, -0x1.7222446fe467p+539)  /* 5^256 */
#undef POWER
    return power;
}

/* x > 0, or the number of three digits that is within 2^-51 x of it, correctly rounded where
 * it is a normal one. e10: about log10 x. Both are taken as multiples of 2^e: 10^e is 5^e 2^e.
 * 2^-51: the ends may be off by half an ulp each way, so may the number, and x by 0.7. */
FN real sweep_round_number(real x, real e10) {
    const real e = vfloor(e10) - R(2);
    const mask below = lt(e, R(0));
    real p_lo, p = sweep_power_of_5(vabs(e), &p_lo);
    const real y = scale_slow(x, -e);
    const real digits = vfloor(sel(below, y * p, y / p) + R(0.5));
    real q_lo, q = quotient_pair(digits, R(0), p, p_lo, &q_lo);
    const real m = digits * p, m_lo = fmadd(digits, p_lo, fmsub(digits, p, m));
    const real number = sel(below, q + q_lo, m + m_lo);
    return sel(le(vabs(number - y), R(0x1p-51) * y), scale_slow(number, e), x);
}

/* 2^(r + r_lo), |r| <= 1/2: exp2_reduced with its first two terms in pairs, so that little more
 * than the last rounding is left. */
FN real sweep_exp2(real r, real r_lo) {
    const real q =
        POLY(10, r, 0.2402265069591015, 0.05550410866482406, 0.009618129107586219,
             0.0013333558145774509, 0.00015403530467365735, 1.525273448087493e-05,
             1.3215430099409518e-06, 1.0177781092339032e-07, 7.07467792315743e-09,
             4.4984597101605887e-10);
    const real a = r * R(LN2_HI);
    const real a_lo =
        fmadd(r_lo, R(LN2_HI), fmadd(r, R(LN2_LO), fmsub(r, R(LN2_HI), a)));
    const real s = R(1) + a;
    return s + fmadd(r * r, q, fast_sum_error(R(1), a, s) + a_lo);
}

FN real sweep_geometric(const struct odec_ramp *ramp, real i) {
    const real lo = R(ramp->lo), hi = R(ramp->hi);
    real l_lo, l = sweep_log2(lo, &l_lo), h_lo, h = sweep_log2(hi, &h_lo);
    const real d = h - l, d_lo = two_sum_error(h, -l, d) + (h_lo - l_lo);
    real part_lo,
        part = quotient_pair(i, R(0), R((double)(ramp->n - 1)), R(0), &part_lo);
    const real p = d * part;
    const real p_lo = fmadd(d, part_lo, fmadd(d_lo, part, fmsub(d, part, p)));
    const real e = l + p, e_lo = two_sum_error(l, p, e) + (l_lo + p_lo);
    const real k = (e + R(MAGIC)) - R(MAGIC);
    const real r = (e - k) + e_lo, r_lo = fast_sum_error(e - k, e_lo, r);
    real x = scale_slow(sweep_exp2(r, r_lo), k);
    const mask sparse = gt(vabs(R(ramp->step)), R(SWEEP_SPARSE));
    x = sel(sparse, sweep_round_number(x, e * R(0x1.34413509f79ffp-2)), x);
    return vcopysign(x, lo);
}

/* Point i, no end; i as a double, exactly. Rounding leads no point outside. */
FN real sweep_inside(const struct odec_ramp *ramp, real i, int log) {
    const real least = R(ramp->least), most = R(ramp->most);
    real x = log ? sweep_geometric(ramp, i) : fmadd(i, R(ramp->step), R(ramp->lo));
    x = sel(lt(x, least), least, x);
    return sel(gt(x, most), most, x);
}

#endif
