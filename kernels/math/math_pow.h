/* math_pow.h -- pow, cbrt, hypot.
 *
 * pow(x, y) = 2^(y log2 x). y log2 x may reach 1024 and its absolute error becomes the
 * relative error of the result, so log2 x is a pair of reals with about 65 (float 33)
 * good bits: with s = f / (2 + f) taken as a pair (one division, one Newton
 * correction),
 *
 *     log(1 + f) = 2 atanh(s) = 2 s + 2/3 s^3 + s^5 P(s^2),   |s| <= 0.172
 *
 * (Cody & Waite, 1980, ch. 7; Tang, ACM TOMS 16, 1990, for the split). The first two
 * terms are evaluated in pairs, s^4 P / 2 <= 2^-12 is not. Products and sums of pairs
 * are Dekker's (Numer. Math. 18, 1971) with the fused multiply-add.
 *
 * Small whole and half exponents are products instead (math_power.h), lane by lane.
 */
#ifndef ODEC_MATH_POW_H
#define ODEC_MATH_POW_H

#include "math_log.h"
#include "math_power.h"
#include "math_round.h"

#if REAL_FLOAT
#define TWO_LOG2_E 0x1.715476p+1f /* 2 / ln 2 */
#define TWO_LOG2_E_LO 0x1.4ae0c0p-25f
#define THIRD_LOG2_E 0x1.ec709ep-1f /* (2/3) / ln 2 */
#define THIRD_LOG2_E_LO -0x1.e2fe02p-28f
#define EXP2_NORMAL 125.0f
#define EXP2_LIMIT 300.0f
#else
#define TWO_LOG2_E 0x1.71547652b82fep+1
#define TWO_LOG2_E_LO 0x1.777d0ffda0d24p-55
#define THIRD_LOG2_E 0x1.ec709dc3a03fdp-1
#define THIRD_LOG2_E_LO 0x1.d27f05548af0cp-55
#define EXP2_NORMAL 1021.0
#define EXP2_LIMIT 2000.0
#endif

/* hi + lo = log2(2^k (1 + f)). */
FN real log2_pair(real k, real f, real *lo) {
    real d = R(2) + f, d_lo = fast_sum_error(R(2), f, d);
    real s_lo, s = quotient_pair(f, R(0), d, d_lo, &s_lo);
    real z = s * s, z_lo = fmadd(s + s, s_lo, fmsub(s, s, z));
#if REAL_FLOAT
    real g = z * POLY(3, z, 0.57708019, 0.411849767, 0.337826997);
#else
    real g = z * POLY(7, z, 0.5770780163556182, 0.41219858309182233,
                      0.32059890229630944, 0.26230769899998246, 0.22198410126965662,
                      0.19125263195613687, 0.19040991095475904);
#endif
    /* (a, a_lo) = 2/3 log2(e) + g;  (b, b_lo) = z a;  (c, c_lo) = 2 log2(e) + b */
    real a = R(THIRD_LOG2_E) + g;
    real a_lo = fast_sum_error(R(THIRD_LOG2_E), g, a) + R(THIRD_LOG2_E_LO);
    real b = z * a, b_lo = fmadd(z, a_lo, fmadd(z_lo, a, fmsub(z, a, b)));
    real c = R(TWO_LOG2_E) + b;
    real c_lo = fast_sum_error(R(TWO_LOG2_E), b, c) + (b_lo + R(TWO_LOG2_E_LO));
    real m = s * c, m_lo = fmadd(s, c_lo, fmadd(s_lo, c, fmsub(s, c, m)));
    real hi = k + m;
    *lo = fast_sum_error(k, m, hi) + m_lo;
    return hi;
}

/* 2^r, |r| <= 1/2. */
FN real exp2_reduced(real r) {
#if REAL_FLOAT
    return fmadd(POLY(7, r, 0.693147182, 0.240226507, 0.0555040613, 0.00961808581,
                      0.00133366091, 0.00015452785, 1.46984403e-05),
                 r, R(1));
#else
    return fmadd(POLY(11, r, 0.6931471805599453, 0.2402265069591015,
                      0.05550410866482406, 0.009618129107586219, 0.0013333558145774509,
                      0.00015403530467365735, 1.525273448087493e-05,
                      1.3215430099409518e-06, 1.0177781092339032e-07,
                      7.07467792315743e-09, 4.4984597101605887e-10),
                 r, R(1));
#endif
}

/* The table of C17 F.10.4.4 for what the main line cannot do, and over- and underflow;
 * y log2|x| = e + e_lo. */
FN real pow_edge(real x, real y, real e, real e_lo) {
    real ax = vabs(x), ay = vabs(y), none = R(0), inf = inf_real();
    real far = vmin(vmax(e, R(-EXP2_LIMIT)), R(EXP2_LIMIT));
    real n = (far + R(MAGIC)) - R(MAGIC);
    real z = scale_slow(exp2_reduced((far - n) + sel(eq(far, e), e_lo, none)), n);
    mask whole = eq(vfloor(y), y), half = eq(vfloor(y * R(0.5)), y * R(0.5));
    mask odd = m_and(m_and(whole, m_not(half)), lt(ay, inf));
    mask grows = lt(none, y);
    z = sel(eq(ax, none), sel(grows, none, inf), z);
    z = sel(eq(ax, inf), sel(grows, inf, none), z);
    mask outward = m_or(m_and(grows, gt(ax, R(1))), m_and(m_not(grows), lt(ax, R(1))));
    z = sel(eq(ay, inf), sel(eq(ax, R(1)), R(1), sel(outward, inf, none)), z);
    z = sel(m_and(odd, ilt(as_int(x), I(0))), -z, z);
    mask domain = m_and(m_and(lt(x, none), lt(ax, inf)), m_not(whole));
    z = sel(m_or(domain, m_or(is_nan(x), is_nan(y))), nan_real(), z);
    return sel(m_or(eq(x, R(1)), eq(y, none)), R(1), z);
}

/* By the logarithm, any y. */
FN real pow_by_log(real x, real y) {
    mask unusual = log_is_rare(x);
    real base = x;
    if (any_rare(unusual)) {
        base = sel(le(vabs(x), R(SCALAR_MAX)), vabs(x), R(1));
    }
    real k, f = log_split(base, unusual, any_rare(unusual), &k);
    real l_lo, l = log2_pair(k, f, &l_lo);
    real e = y * l, e_lo = fmadd(y, l_lo, fmsub(y, l, e));
    real t = e + R(MAGIC);
    real r = (e - (t - R(MAGIC))) + e_lo;
    real z = scale_fast(exp2_reduced(r), t);
    mask rare = m_or(unusual, m_not(lt(vabs(e), R(EXP2_NORMAL))));
    if (any_rare(rare)) {
        z = sel(rare, pow_edge(x, y, e, e_lo), z);
    }
    return z;
}

FN real odec_pow(real x, real y) {
    mask products = is_power_by_products(y);
    int some = any_lane(products);
    if (some && !any_lane(m_not(products))) {
        return power_by_lane(x, y);
    }
    real z = pow_by_log(x, y);
    return some ? sel(products, power_by_lane(x, y), z) : z;
}

/* x = 2^(3n+j) m, m in [1, 2): r approximates (2^j m)^(-1/3) by a polynomial and Newton
 * steps r += r (1 - a r^3)/3, which need no division; then y = a r^2, corrected by its
 * residual (y^3 - a) r^2 / 3, so that only the last rounding and little more is left.
 */
FN real cbrt_positive(real a) {
    real k = exponent_of(a);
    real m = as_real((as_int(a) & I(MANTISSA_MASK)) | I(ONE_BITS));
    /* (k - 1)/3 is never near a tie, so this is floor(k/3) */
    real n = fmadd(k - R(1), R(0.333333343), R(MAGIC)) - R(MAGIC),
         j = fnmadd(n, R(3), k);
#if REAL_FLOAT
    real r = POLY(4, m, 1.54446876, -0.815438509, 0.321514785, -0.0507721938);
#else
    real r = POLY(6, m, 1.7830494059641238, -1.5730733902381373, 1.2536011998717107,
                  -0.6046089906875437, 0.15834948321845307, -0.017322870866351137);
#endif
    r = r * sel(eq(j, R(0)), R(1),
                sel(eq(j, R(1)), R(0.7937005259840998), R(0.6299605249474366)));
    real c = m * pow2_of(j + R(MAGIC));
    UNROLL
    for (int i = 0; i < 2 - REAL_FLOAT; i++) {
        r = fmadd(fnmadd(c * r, r * r, R(1)), r * R(0.3333333333333333), r);
    }
    real y = c * r * r;
    real y2 = y * y, y2_lo = fmsub(y, y, y2);
    real residual = fmadd(y, y2_lo, fmsub(y, y2, c));
    y = fnmadd(residual, r * r * R(0.3333333333333333), y);
    return y * pow2_of(n + R(MAGIC));
}

FN real odec_cbrt(real x) {
    real a = vabs(x);
    mask rare = m_not(within(R(SCALAR_TINY), a, R(SCALAR_MAX)));
    if (any_rare(rare)) {
        mask small = m_and(gt(a, R(0)), lt(a, R(SCALAR_TINY)));
        real up = REAL_FLOAT ? R(0x1p30) : R(0x1p60),
             down = REAL_FLOAT ? R(0x1p-10) : R(0x1p-20);
        real y = cbrt_positive(sel(small, a * up, sel(rare, R(1), a)));
        return sel(m_and(rare, m_not(small)), x, vcopysign(sel(small, y * down, y), x));
    }
    return vcopysign(cbrt_positive(a), x);
}

/* sqrt(x^2 + y^2), the larger one squared inside the fused multiply-add. Where a square
 * would over- or underflow both are scaled by a power of two first. */
#if REAL_FLOAT
#define HYPOT_RANGE 0x1p60f
#define HYPOT_SCALE 0x1p100f
#else
#define HYPOT_RANGE 0x1p500
#define HYPOT_SCALE 0x1p600
#endif
FN real odec_hypot(real x, real y) {
    real a = vmax(vabs(x), vabs(y)), b = vmin(vabs(y), vabs(x));
    real h = vsqrt(fmadd(a, a, b * b));
    mask rare = m_not(
        m_and(within(R(1 / HYPOT_RANGE), a, R(HYPOT_RANGE)), le(b, R(HYPOT_RANGE))));
    if (any_rare(rare)) {
        mask small = lt(a, R(1));
        real up = sel(small, R(HYPOT_SCALE), R(1 / HYPOT_SCALE));
        real down = sel(small, R(1 / HYPOT_SCALE), R(HYPOT_SCALE));
        real s = a * up, t = b * up;
        real scaled = vsqrt(fmadd(s, s, t * t)) * down;
        mask infinite = m_or(eq(vabs(x), inf_real()), eq(vabs(y), inf_real()));
        scaled = sel(m_or(is_nan(x), is_nan(y)), nan_real(), scaled);
        h = sel(rare, sel(infinite, inf_real(), scaled), h);
    }
    return h;
}

#endif
