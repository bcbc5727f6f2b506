/* math_log.h -- log, log1p, log2, log10.
 *
 * x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), then
 *
 *     log x = k ln 2 + f - f^2/2 + f^3 q(f)
 *
 * with a minimax polynomial q: no division and no table. f is exact. Where k != 0 the
 * large terms k ln 2 and f may cancel to half their size; ln 2 is cut to so few bits
 * that its product with k is exact (Cody & Waite, 1980, ch. 5), and the sum is taken
 * with its error (Dekker, Numer. Math. 18, 1971). What is left is the error of f^2/2,
 * 0.2 ulp, and the last rounding.
 */
#ifndef ODEC_MATH_LOG_H
#define ODEC_MATH_LOG_H

#include "math_exp.h"
#include "math_round.h"

#if REAL_FLOAT
#define LN2_SHORT 0x1.62e4p-1f /* times any exponent: exact */
#define LN2_REST 0x1.7f7d1cp-20f
#define LOG2_E_LO 0x1.4ae0c0p-26f
#define LOG10_E 0x1.bcb7b2p-2f
#define LOG10_E_LO -0x1.5b235ep-27f
#define LOG10_2_SHORT 0x1.344p-2f
#define LOG10_2_REST 0x1.3509f8p-18f
#else
#define LN2_SHORT 0x1.62e42fefa38p-1
#define LN2_REST 0x1.ef35793c7673p-45
#define LOG2_E_LO 0x1.777d0ffda0d24p-56
#define LOG10_E 0x1.bcb7b1526e50ep-2
#define LOG10_E_LO 0x1.95355baaafad3p-57
#define LOG10_2_SHORT 0x1.34413509f78p-2
#define LOG10_2_REST 0x1.fef311f12b358p-46
#endif

/* log(1 + f) - f for sqrt(1/2) <= 1 + f <= sqrt(2); the approximation is 2^-56.5 (float
 * 2^-27.3) of log(1 + f). */
FN real log1p_tail(real f) {
#if REAL_FLOAT
    real q = POLY(8, f, 0.333333164, -0.250008106, 0.200023115, -0.166245773,
                  0.14180629, -0.131279424, 0.128854126, -0.0786663145);
#else
    real q = POLY(19, f, 0.3333333333333325, -0.24999999999987588, 0.20000000000026782,
                  -0.16666666669894492, 0.14285714285006976, -0.1249999968899414,
                  0.11111110859032342, -0.1000001508706023, 0.09090933215139509,
                  -0.08332924297847183, 0.07691358230981603, -0.07149126145046324,
                  0.06686360175021866, -0.06201172644164898, 0.05659736348107166,
                  -0.05645633022203901, 0.06508245208438072, -0.060734664739368636,
                  0.02691848903041916);
#endif
    return (f * f) * fmadd(q, f, R(-0.5));
}

/* k ln 2 + f + c for a small c. */
FN real log_join(real k, real f, real c) {
    real hi = fmadd(k, R(LN2_SHORT), f);
    real lo = fmadd(k, R(LN2_SHORT), -hi) + f;
    return hi + (lo + fmadd(k, R(LN2_REST), c));
}

/* What is not a positive normal number: a subnormal is scaled by 2^shift before the
 * split, and what the logarithm of the others is replaces the result after it. */
FN mask log_is_rare(real x) { return m_not(within(R(SCALAR_TINY), x, R(SCALAR_MAX))); }
FN real log_special(real x, real y) {
    y = sel(eq(x, inf_real()), x, y);
    y = sel(eq(x, R(0)), -inf_real(), y);
    return sel(m_not(le(R(0), x)), sel(is_nan(x), x, nan_real()), y);
}
#define LOG_SHIFT (MANTISSA_BITS + 2)
FN real log_split(real x, mask rare, int some_rare, real *k) {
    if (some_rare) {
        mask small = m_and(rare, lt(x, R(SCALAR_TINY)));
        real f = split_binary(sel(small, x * R(4 / SCALAR_EPS), x), k) - R(1);
        *k = sel(small, *k - R(LOG_SHIFT), *k);
        return f;
    }
    return split_binary(x, k) - R(1);
}

FN real odec_log(real x) {
    mask rare = log_is_rare(x);
    int some_rare = any_rare(rare);
    real k, f = log_split(x, rare, some_rare, &k);
    real y = log_join(k, f, log1p_tail(f));
    return some_rare ? log_special(x, y) : y;
}

/* k scale + (f + c) (l + l_lo): the logarithm to another base, with the same care. */
FN real log_base(real k, real f, scalar scale, scalar scale_rest, scalar l,
                 scalar l_lo) {
    real c = log1p_tail(f);
    real p = f * R(l), p_lo = fmadd(f, R(l), -p);
    real tail = p_lo + fmadd(f, R(l_lo), c * R(l));
    real hi = fmadd(k, R(scale), p);
    real lo = fmadd(k, R(scale), -hi) + p;
    return hi + (lo + fmadd(k, R(scale_rest), tail));
}

FN real odec_log2(real x) {
    mask rare = log_is_rare(x);
    int some_rare = any_rare(rare);
    real k, f = log_split(x, rare, some_rare, &k);
    real y = log_base(k, f, 1, 0, LOG2_E, LOG2_E_LO);
    return some_rare ? log_special(x, y) : y;
}

FN real odec_log10(real x) {
    mask rare = log_is_rare(x);
    int some_rare = any_rare(rare);
    real k, f = log_split(x, rare, some_rare, &k);
    real y = log_base(k, f, LOG10_2_SHORT, LOG10_2_REST, LOG10_E, LOG10_E_LO);
    return some_rare ? log_special(x, y) : y;
}

/* log(1 + x + x_lo) for -1 < x <= LOG1P_BIG and a small x_lo. k is that of RN(1 + x),
 * and f = 2^-k x + (2^-k - 1) has the bits that 1 + x would lose; 2^-k - 1 is exact
 * while it matters. */
#define LOG1P_BIG (REAL_FLOAT ? (scalar)0x1p100 : (scalar)0x1p500)
FN real log1p_sum(real x, real x_lo) {
    real k;
    split_binary(R(1) + x, &k);
    real s = pow2_of(R(MAGIC) - k), sx = s * x, a = s - R(1);
    real f = sx + a;
    real f_lo = fmadd(s, x_lo, two_sum_error(sx, a, f));
    return log_join(k, f, log1p_tail(f) + fnmadd(f_lo, f, f_lo));
}

FN real odec_log1p(real x) {
    real y = vcopysign(log1p_sum(x, R(0)), x);
    mask rare = m_not(m_and(lt(R(-1), x), le(x, R(LOG1P_BIG))));
    if (any_rare(rare)) {
        y = sel(rare, odec_log(R(1) + x), y);
    }
    return y;
}

#endif
