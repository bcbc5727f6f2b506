/* math_trig.h -- sin, cos, tan and their inverses.
 *
 * x = k pi/2 + r + r_lo with |r| <= pi/4. pi/2 is STEP_HI + STEP_LO; x - k STEP_HI is
 * exact in one fused multiply-add (a multiple of STEP_HI's last place, or of x's, below
 * 1); the next one rounds, and its error is had by a third (Cody & Waite, 1980, ch. 8;
 * Boldo, Daumas and Li, IEEE Trans. Comput. 58, 2009, for the fused form). That is good
 * while |r| is not small against k STEP_LO. ONE comparison, |r| >= |k| REDUCTION_LIMIT,
 * excludes arguments near a multiple of pi/2, large ones (before the rounding of 2/pi
 * can take |r| far beyond pi/4), infinities and NaN together. They get Payne and
 * Hanek's reduction (ACM SIGNUM 18, 1983): only the 192 bits of 2/pi that matter for
 * the exponent at hand are multiplied by the mantissa, in integers.
 *
 * On |r| <= pi/4 sin and cos are minimax polynomials.
 */
#ifndef ODEC_MATH_TRIG_H
#define ODEC_MATH_TRIG_H

#include "math_round.h"

#if REAL_FLOAT
#define TWO_OVER_PI 0x1.45f306p-1f
#define PIO2_HI 0x1.921fb6p+0f
#define PIO2_LO -0x1.777a5cp-25f
#define STEP_HI 0x1.921fb4p+0f /* pi/2 cut, so that STEP_LO > 0 and sin(-0) = -0 */
#define STEP_LO 0x1.4442d2p-24f
#define REDUCTION_LIMIT 0x1p-17f
#else
#define TWO_OVER_PI 0x1.45f306dc9c883p-1
#define PIO2_HI 0x1.921fb54442d18p+0
#define PIO2_LO 0x1.1a62633145c07p-54
#define STEP_HI PIO2_HI
#define STEP_LO PIO2_LO
#define REDUCTION_LIMIT 0x1p-40
#endif

/* x = (quadrant) pi/2 + r - minus_lo. The sign of minus_lo makes sin(-0) = -0 free of
 * charge. */
typedef struct {
    real r, minus_lo;
    ival quadrant; /* its two low bits count */
} angle;

/* The bits of 2/pi after the binary point, behind 64 zeros. */
#define TWO_OVER_PI_WORDS                                                       \
    0x00000000, 0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,     \
        0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0, \
        0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484, \
        0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, \
        0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, \
        0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, \
        0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab

/* |x| 2/pi = quadrant + f (mod 4), -1/2 <= f < 1/2, for the normal x >= 1/2 with these
 * bits: out = { first, second, shift, quadrant } as reals, |f| = (first + second 2^-p)
 * 2^(-p - shift) where first and second have p = MANTISSA_BITS + 1 bits; first carries
 * f's sign, and second.
 *
 *     x = m 2^e;  bit i of 2/pi weighs 2^-i;  those with e - i >= 2 give multiples of
 * 4; w = the 192 bits from i = e - 1;  m w 2^-190 = x 2/pi (mod 4), error below 2^-137
 *
 * No double is closer than 2^-62 to a multiple of pi/2 (relative to pi/2; Muller,
 * Elementary Functions, 3rd ed., ch. 11), so more than 70 bits of f are good. */
FN_OUTLINE void payne_hanek(iscalar bits, scalar *out) {
    const unsigned table[] = {TWO_OVER_PI_WORDS};
    typedef unsigned long long u64;
    u64 m = (u64)((bits & MANTISSA_MASK) | ((iscalar)1 << MANTISSA_BITS));
    int e = (int)(bits >> MANTISSA_BITS & (2 * EXPONENT_BIAS + 1)) - EXPONENT_BIAS -
            MANTISSA_BITS;
    int from = 62 + e;
    unsigned f[6] = {0, 0, 0,
                     0, 0, 0}; /* m w mod 2^192, least significant word first */
    for (int half = 0; half < 2; half++) {
        u64 carry = 0, digit = half ? m >> 32 : m & 0xffffffffu;
        for (int i = half; i < 6; i++) {
            int at = (from >> 5) + 5 - i + half;
            u64 pair = (u64)table[at] << 32 | table[at + 1];
            u64 w = pair >> (32 - (from & 31)) & 0xffffffffu;
            carry += digit * w + f[i];
            f[i] = (unsigned)carry;
            carry >>= 32;
        }
    }
    int quadrant = (int)(f[5] >> 30), negative = (int)(f[5] >> 29 & 1), shift = 0;
    u64 a = (u64)f[5] << 32 | f[4], b = (u64)f[3] << 32 | f[2],
        c = (u64)f[1] << 32 | f[0];
    if (negative) { /* f - 1: the two's complement; the lowest bits are noise */
        a = ~a, b = ~b, c = ~c;
        quadrant++;
    }
    a = a << 2 | b >> 62, b = b << 2 | c >> 62, c = c << 2;
    while (!(a >> 63) && shift < 128) {
        a = a << 1 | b >> 63, b = b << 1 | c >> 63, c = c << 1;
        shift++;
    }
    const int p = MANTISSA_BITS + 1;
    u64 first = a >> (64 - p);
    u64 second = (a << p | b >> (64 - p)) >> (64 - p);
    out[0] = negative ? -(scalar)first : (scalar)first;
    out[1] = negative ? -(scalar)second : (scalar)second;
    out[2] = (scalar)shift;
    out[3] = (scalar)quadrant;
}

/* The reduction of the lanes in `rare`. */
FN_OUTLINE void angle_reduce_rare(real x, mask rare, angle *out) {
    unsigned lanes = mask_bits(rare);
    real first = R(0), second = R(0), shift = R(0), quadrant = R(0);
    ival bits = as_int(x);
    NO_UNROLL
    for (int l = 0; l < WIDTH; l++) {
        if (lanes >> l & 1) {
            scalar part[4];
            payne_hanek(lane_iget(&bits, l), part);
            lane_set(&first, l, part[0]);
            lane_set(&second, l, part[1]);
            lane_set(&shift, l, part[2]);
            lane_set(&quadrant, l, part[3]);
        }
    }
    const scalar p = MANTISSA_BITS + 1;
    real sign = vcopysign(R(1), x);
    real scale = sign * pow2_of(R(MAGIC) - R(p) - shift);
    real a = first * scale, b = second * scale * R(SCALAR_EPS / 2);
    real hi = a * R(PIO2_HI);
    real lo = fmsub(a, R(PIO2_HI), hi) + fmadd(a, R(PIO2_LO), b * R(PIO2_HI));
    real r = hi + lo;
    mask finite = is_finite(x);
    out->r = sel(rare, sel(finite, r, nan_real()), out->r);
    out->minus_lo = sel(rare, -fast_sum_error(hi, lo, r), out->minus_lo);
    ival q = as_int(fmadd(quadrant, sign, R(MAGIC)));
    out->quadrant = isel(rare, q, out->quadrant);
}

FN angle angle_reduce(real x) {
    angle v;
    real t = fmadd(x, R(TWO_OVER_PI), R(MAGIC)), k = t - R(MAGIC);
    real r0 = fmadd(k, R(-STEP_HI), x);
    v.r = fmadd(k, R(-STEP_LO), r0);
    v.minus_lo = fmadd(k, R(STEP_LO), v.r - r0);
    v.quadrant = as_int(t);
    mask rare = m_not(le(vabs(k) * R(REDUCTION_LIMIT), vabs(v.r)));
    if (any_rare(rare)) {
        angle w = v; /* a copy, so that v stays in registers */
        angle_reduce_rare(x, rare, &w);
        v = w;
    }
    return v;
}

/* sin(r + lo) = r - u and cos(r + lo) = w + c; each pair leaves one rounding to its
 * user. The neglected lo r^2/2 is 0.15 ulp of the sine at most. */
FN real sin_tail(angle v, real z) {
#if REAL_FLOAT
    real q = POLY(3, z, 0.166666552, -0.00833218545, 0.000195174143);
#else
    real q =
        POLY(6, z, 0.1666666666666663, -0.008333333333321796, 0.0001984126982929171,
             -2.755731350622662e-06, 2.505072809044216e-08, -1.5895004570262603e-10);
#endif
    return fmadd(v.r * z, q, v.minus_lo);
}
FN real cos_head(real z) { return fnmadd(R(0.5), z, R(1)); }
FN real cos_tail(angle v, real z, real w) {
#if REAL_FLOAT
    real q = POLY(3, z, 0.0416666456, -0.00138873013, 2.44306702e-05);
#else
    real q =
        POLY(6, z, 0.041666666666666595, -0.00138888888888733, 2.4801587288944058e-05,
             -2.75573141905021e-07, 2.0875700476645983e-09, -1.1358429079328654e-11);
#endif
    real w_lo = fnmadd(R(0.5), z, R(1) - w);
    return fmadd(z * z, q, fmadd(v.r, v.minus_lo, w_lo));
}

FN mask odd_quadrant(ival q) { return ieq(q & I(1), I(1)); }
/* Negates where q is 2 or 3 (mod 4). */
FN real quadrant_sign(ival q, real y) {
    return as_real(as_int(y) ^ (ival)((uval)(q & I(2)) << (SCALAR_BITS - 2)));
}

FN real sin_quadrant(angle v, ival q) {
    real z = v.r * v.r, w = cos_head(z);
    real s = v.r - sin_tail(v, z), c = w + cos_tail(v, z, w);
    return quadrant_sign(q, sel(odd_quadrant(q), c, s));
}
FN real odec_sin(real x) {
    angle v = angle_reduce(x);
    return sin_quadrant(v, v.quadrant);
}
FN real odec_cos(real x) {
    angle v = angle_reduce(x);
    return sin_quadrant(v, (ival)((uval)v.quadrant + (uval)I(1)));
}

/* (s + s_lo) / (c + c_lo), or -(c + c_lo) / (s + s_lo) in an odd quadrant: one
 * division, whose quotient is corrected by the remainder, the low parts included. */
FN real odec_tan(real x) {
    angle v = angle_reduce(x);
    real z = v.r * v.r, w = cos_head(z);
    real s_tail = sin_tail(v, z), c_tail = cos_tail(v, z, w);
    real s = v.r - s_tail, s_lo = (v.r - s) - s_tail;
    real c = w + c_tail, c_lo = fast_sum_error(w, c_tail, c);
    mask odd = odd_quadrant(v.quadrant);
    real n = sel(odd, -c, s), n_lo = sel(odd, -c_lo, s_lo);
    real d = sel(odd, s, c), d_lo = sel(odd, s_lo, c_lo);
    real q_lo, q = quotient_pair(n, n_lo, d, d_lo, &q_lo);
    return vcopysign(q + q_lo, q);
}

/* ------------------------------------------------------------------------- inverses --
 * asin: minimax on |x| <= 1/2; above, asin x = pi/2 - 2 asin sqrt((1 - x)/2), whose
 * argument is exact but for the root (Cody & Waite, 1980, ch. 10), and the root is a
 * pair of reals. atan(a/b): one of 0, pi/4, pi/2 plus atan of a quotient of at most
 * 1/2, by the tangent's addition theorem (ch. 11); the quotient is a pair of reals, so
 * the sum rounds once. */
#define PIO4_HI (PIO2_HI / 2)
#define PIO4_LO (PIO2_LO / 2)
#define PI_HI (PIO2_HI * 2)
#define PI_LO (PIO2_LO * 2)

/* asin|x| for |x| <= 1/2 is s + t; for larger |x| it is pi/2 - 2 (s + t). */
FN void asin_parts(real x, mask big, real *s, real *t) {
    real a = vabs(x);
    real z = sel(big, fnmadd(R(0.5), a, R(0.5)), a * a);
    real root = vsqrt(z);
    real root_lo = fnmadd(root, root, z) / vmax(root + root, R(SCALAR_TINY));
    *s = sel(big, root, a);
#if REAL_FLOAT
    real p =
        POLY(5, z, 0.166667536, 0.0749525204, 0.045476038, 0.0241521131, 0.0422117524);
#else
    real p = POLY(12, z, 0.16666666666665383, 0.07500000000342884, 0.04464285682362657,
                  0.030381959324970474, 0.022371753679654494, 0.01735976869599555,
                  0.013884622522932048, 0.012173121409365955, 0.006511530635039055,
                  0.019572080246571477, -0.016291268031362723, 0.0319570933509975);
#endif
    *t = fmadd(*s * z, p, sel(big, root_lo, R(0)));
}

/* c + c_lo - (s + t), where c is not smaller than s. */
FN real angle_minus(scalar c, scalar c_lo, real s, real t) {
    real hi = R(c) - s;
    return hi + (((R(c) - hi) - s) + (R(c_lo) - t));
}

FN real odec_asin(real x) {
    real s, t;
    mask big = lt(R(0.5), vabs(x));
    asin_parts(x, big, &s, &t);
    real y = sel(big, angle_minus(PIO2_HI, PIO2_LO, s + s, t + t), s + t);
    return vcopysign(y, x);
}

FN real odec_acos(real x) {
    real s, t;
    mask big = lt(R(0.5), vabs(x));
    asin_parts(x, big, &s, &t);
    real middle = angle_minus(PIO2_HI, PIO2_LO, vcopysign(s, x), vcopysign(t, x));
    real right = (s + s) + (t + t), left = angle_minus(PI_HI, PI_LO, s + s, t + t);
    return sel(big, sel(lt(x, R(0)), left, right), middle);
}

/* atan(a/b) as a sum, a and b not negative, finite, not both zero, and neither a^2 nor
 * b^2 out of range. */
FN real atan_ratio(real a, real b, real *lo) {
    mask low = le(a + a, b), high = lt(b + b, a);
    real sum = a + b;
    real n = sel(low, a, sel(high, -b, a - b)); /* a - b is exact: b/2 < a <= 2b */
    real d = sel(low, b, sel(high, a, sum));
    real d_lo = sel(m_or(low, high), R(0), two_sum_error(a, b, sum));
    real q_lo, q = quotient_pair(n, R(0), d, d_lo, &q_lo);
    real z = q * q;
#if REAL_FLOAT
    real p = POLY(6, z, -0.333333284, 0.199995562, -0.142731562, 0.109489098,
                  -0.0801115185, 0.0390729085);
#else
    real p = POLY(12, z, -0.33333333333332993, 0.1999999999990564, -0.14285714276589834,
                  0.1111111066783213, -0.09090896436059012, 0.07692076720850431,
                  -0.06663837621596498, 0.05858471610067346, -0.0512273370597995,
                  0.04188447164687145, -0.027464706398517513, 0.010136770834201746);
#endif
    real t = fmadd(q * z, p, q_lo);
    real base = sel(low, R(0), sel(high, R(PIO2_HI), R(PIO4_HI)));
    real base_lo = sel(low, R(0), sel(high, R(PIO2_LO), R(PIO4_LO)));
    real hi = base + q;
    *lo = fast_sum_error(base, q, hi) + (t + base_lo);
    return hi;
}

#define ATAN_RANGE (REAL_FLOAT ? (scalar)0x1p60 : (scalar)0x1p500)

FN real odec_atan(real x) {
    real lo, a = vabs(x), hi = atan_ratio(a, R(1), &lo);
    real y = hi + lo;
    mask rare = m_not(le(a, R(ATAN_RANGE)));
    if (any_rare(rare)) {
        y = sel(rare, sel(is_nan(x), x, R(PIO2_HI)), y);
    }
    return vcopysign(y, x);
}

/* Infinities and zeros become the finite, positive pair of the same direction; what is
 * large or small is scaled. */
FN void atan2_tame(real *a, real *b) {
    const scalar scale = REAL_FLOAT ? (scalar)0x1p80 : (scalar)0x1p600;
    mask a_inf = eq(*a, inf_real()), b_inf = eq(*b, inf_real());
    mask some = m_or(a_inf, b_inf), none = eq(vmax(*a, *b), R(0));
    real most = vmax(*a, *b);
    real f = sel(lt(R(ATAN_RANGE), most), R(1 / scale),
                 sel(lt(most, R(1 / ATAN_RANGE)), R(scale), R(1)));
    *a = sel(some, sel(a_inf, R(1), R(0)), *a * f);
    *b = sel(some, sel(b_inf, R(1), R(0)), sel(none, R(1), *b * f));
}

FN real odec_atan2(real y, real x) {
    real a = vabs(y), b = vabs(x);
    mask rare = m_not(m_and(within(R(1 / ATAN_RANGE), a, R(ATAN_RANGE)),
                            within(R(1 / ATAN_RANGE), b, R(ATAN_RANGE))));
    int some_rare = any_rare(rare);
    if (some_rare) {
        real ta = a, tb = b;
        atan2_tame(&ta, &tb);
        a = sel(rare, ta, a), b = sel(rare, tb, b);
    }
    real lo, hi = atan_ratio(a, b, &lo);
    if (some_rare) { /* a small angle is its tangent, and may be a subnormal */
        real small = vabs(y) / vabs(x);
        mask is_small = m_and(rare, lt(small, R(SCALAR_EPS)));
        hi = sel(is_small, small, hi), lo = sel(is_small, R(0), lo);
        hi = sel(m_or(is_nan(x), is_nan(y)), nan_real(), hi);
    }
    real left = angle_minus(PI_HI, PI_LO, hi, lo);
    return vcopysign(sel(ilt(as_int(x), I(0)), left, hi + lo), y);
}

#endif
