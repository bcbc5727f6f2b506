/* math_reference.h -- what the tests of the elementary functions share: MPFR's value,
 * the error in units in the last place, and the arguments to try.
 *
 * Everything is a double here; in float mode the arguments are floats that a double
 * holds. The arguments are stratified: a quarter each from
 *   - the interval that models use,
 *   - all bit patterns alike (so all exponents alike, subnormals, infinities and NaN
 * included),
 *   - the neighbourhood of the function's difficult points, at 1, 2, 4, ... ulps,
 *   - sizes spread evenly over the exponents near 1.
 */
#ifndef MATH_REFERENCE_H
#define MATH_REFERENCE_H

#include <math.h>
#include <mpfr.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "math_functions.h"

enum { REFERENCE_BITS = 120 };

#define DECLARE_DOUBLE(lanes)                                                          \
    void math_double_##lanes(int function, size_t n, const double *x, const double *z, \
                             double *y);
#define DECLARE_FLOAT(lanes)                                                        \
    void math_float_##lanes(int function, size_t n, const float *x, const float *z, \
                            float *y);
MATH_DOUBLE_WIDTHS(DECLARE_DOUBLE)
MATH_FLOAT_WIDTHS(DECLARE_FLOAT)

/* ------------------------------------------------------------------------ random
 * numbers -- */
static uint64_t random_state = 0x9e3779b97f4a7c15u;
static inline uint64_t random_bits(void) { /* splitmix64 (Steele, Lea, Flood, 2014) */
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
/* What is tried of one row does not depend on the others: each begins anew, by its name. */
static inline void random_begin(const char *name) {
    random_state = 0x9e3779b97f4a7c15u;
    for (; *name; name++) {
        random_state = (random_state ^ (unsigned char)*name) * 0x100000001b3u;
    }
}
static inline double random_unit(void) {
    return (double)(random_bits() >> 11) * 0x1p-53;
}
static inline double random_between(double a, double b) {
    return a + (b - a) * random_unit();
}

/* -------------------------------------------------------------------------------
 * formats -- */
static inline double double_of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline double float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}
static inline double any_number(bool single) {
    return single ? float_of_bits((uint32_t)random_bits())
                  : double_of_bits(random_bits());
}
/* x moved by a number of ulps that is about as likely to be 1 as 2^30. */
static inline double near_number(double x, bool single) {
    int64_t step = (int64_t)(random_bits() >> (single ? 45 : 20) >> random_bits() % 44);
    step = random_bits() & 1 ? step : -step;
    if (single) {
        float f = (float)x;
        int32_t bits;
        memcpy(&bits, &f, sizeof f);
        return float_of_bits((uint32_t)bits + (uint32_t)step);
    }
    int64_t bits;
    memcpy(&bits, &x, sizeof x);
    return double_of_bits((uint64_t)bits + (uint64_t)step);
}
static inline double rounded_to(double x, bool single) {
    return single ? (double)(float)x : x;
}

/* The size of the last place of |r| in the format, subnormals included. */
static inline int ulp_exponent(mpfr_srcptr r, bool single) {
    int p = single ? 24 : 53, least = single ? -149 : -1074;
    int e = mpfr_zero_p(r) ? least : (int)mpfr_get_exp(r) - p;
    return e < least ? least : e;
}

/* |y - r| in ulps of r; infinity where one of them is NaN and the other is not, or the
 * signs differ. An overflowing result counts as 2^1024 (2^128). */
static inline double ulp_error(double y, mpfr_srcptr r, bool single) {
    if (isnan(y) || mpfr_nan_p(r)) {
        return isnan(y) && mpfr_nan_p(r) ? 0 : INFINITY;
    }
    if (!signbit(y) != !mpfr_signbit(r)) {
        return INFINITY;
    }
    int top = single ? 128 : 1024;
    bool beyond = mpfr_inf_p(r) || (mpfr_regular_p(r) && mpfr_get_exp(r) > top);
    if (beyond && isinf(y)) {
        return 0;
    }
    mpfr_t d, limit;
    mpfr_init2(d, REFERENCE_BITS);
    mpfr_init2(limit, 53);
    mpfr_set_ui_2exp(limit, 1, top, MPFR_RNDN);
    mpfr_setsign(limit, limit, signbit(y), MPFR_RNDN);
    if (isinf(y)) {
        mpfr_sub(d, limit, r, MPFR_RNDN);
    } else if (beyond) {
        mpfr_d_sub(d, y, limit, MPFR_RNDN);
    } else {
        mpfr_d_sub(d, y, r, MPFR_RNDN);
    }
    int e = beyond ? top - (single ? 24 : 53) : ulp_exponent(r, single);
    mpfr_mul_2si(d, d, -e, MPFR_RNDN);
    double error = fabs(mpfr_get_d(d, MPFR_RNDN));
    mpfr_clears(d, limit, (mpfr_ptr)0);
    return error;
}

/* -----------------------------------------------------------------------------
 * reference -- */
/* Python's %: the sign is z's. */
static inline void reference_mod(mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr z,
                                 mpfr_rnd_t rounding) {
    mpfr_fmod(r, x, z, rounding);
    if (mpfr_zero_p(r)) {
        mpfr_setsign(r, r, mpfr_signbit(z), rounding);
    } else if (!mpfr_nan_p(r) && !mpfr_signbit(r) != !mpfr_signbit(z)) {
        mpfr_add(r, r, z, rounding);
    }
}
static inline void reference_minmax(mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr z,
                                    bool larger) {
    bool first = mpfr_zero_p(x) && mpfr_zero_p(z) ? !mpfr_signbit(x) == larger
                 : larger                         ? mpfr_greater_p(x, z)
                                                  : mpfr_less_p(x, z);
    if (mpfr_nan_p(x) || mpfr_nan_p(z)) {
        mpfr_set_nan(r);
    } else {
        mpfr_set(r, first ? x : z, MPFR_RNDN);
    }
}
static inline void reference_min(mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr z,
                                 mpfr_rnd_t rounding) {
    (void)rounding;
    reference_minmax(r, x, z, false);
}
static inline void reference_max(mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr z,
                                 mpfr_rnd_t rounding) {
    (void)rounding;
    reference_minmax(r, x, z, true);
}
static inline void reference_sign(mpfr_ptr r, mpfr_srcptr x, mpfr_rnd_t rounding) {
    mpfr_set(r, x, rounding);
    if (!mpfr_nan_p(x) && !mpfr_zero_p(x)) {
        mpfr_set_si(r, mpfr_sgn(x), rounding);
    }
}

/* Of arguments in any precision; z where the function has two. */
static inline void precise_function(int function, mpfr_ptr r, mpfr_srcptr x,
                                    mpfr_srcptr z) {
    switch (function) {
#define F1(name, precise, library, bound, lo, hi) \
    case MATH_##name:                             \
        precise(r, x, MPFR_RNDN);                 \
        break;
#define F2(name, precise, bound)     \
    case MATH_##name:                \
        precise(r, x, z, MPFR_RNDN); \
        break;
#include "math_functions.def"
    default:
        mpfr_set_nan(r);
        break;
    }
}

static inline void reference(int function, double x_value, double z_value, mpfr_ptr r) {
    mpfr_t x, z;
    mpfr_init2(x, 53);
    mpfr_init2(z, 53);
    mpfr_set_d(x, x_value, MPFR_RNDN);
    mpfr_set_d(z, z_value, MPFR_RNDN);
    precise_function(function, r, x, z);
    mpfr_clears(x, z, (mpfr_ptr)0);
}

/* -----------------------------------------------------------------------------
 * arguments -- */
static const struct {
    const char *name;
    int arity;
    double bound, lo, hi;
} math_rows[MATH_COUNT] = {
#define F1(name, precise, library, bound, lo, hi) {#name, 1, bound, lo, hi},
#define F2(name, precise, bound) {#name, 2, bound, -10, 10},
#include "math_functions.def"
};

/* The function's number by its name, or MATH_COUNT. */
static inline int math_of(const char *name) {
    int f = 0;
    while (f < MATH_COUNT && strcmp(math_rows[f].name, name) != 0) {
        f++;
    }
    return f;
}

/* A multiple of pi/2, rounded: 1, 2, ... or a random one of any size; or the double
 * (the float) that is closest to one of all (Muller, Elementary Functions, ch. 11). */
static inline double near_right_angle(bool single) {
    if (random_bits() % 16 == 0) {
        return single ? 0x1.f37c8ap+95 : 0x1.6ac5b262ca1ffp+849;
    }
    double k = floor(ldexp(1, (int)(random_bits() % (single ? 22 : 52))) *
                     random_between(1, 2));
    return rounded_to(k * 1.5707963267948966192, single) * (random_bits() & 1 ? 1 : -1);
}

static inline double difficult_point(int function, bool single) {
    static const double edges[] = {
        0.0,        0.25,       0.5,        0.75, 1.0,  2.0,        1.5,       3.0,
        0.34657359, 0.70710678, 1.41421356, 22.0, 38.0, 0.41421356, 2.7182818, 10.0};
    double wide[] = {709.782712893384,
                     -708.396418532264,
                     -745.1332191019412,
                     710.4758600739439,
                     -36.7,
                     27.226017111108366,
                     26.543258461425392,
                     5.863584748755167};
    double narrow[] = {88.72283905206835,
                       -87.33654475055310,
                       -103.9720770839918,
                       89.41598629223294,
                       -17.33,
                       10.05,
                       9.19,
                       3.83};
    double e = edges[random_bits() % (sizeof edges / sizeof *edges)];
    uint64_t pick = random_bits();
    if (pick % 4 == 0) {
        e = (single ? narrow : wide)[pick / 4 % 8];
    }
    if (function == MATH_sin || function == MATH_cos || function == MATH_tan) {
        return near_number(near_right_angle(single), single);
    }
    if (function == MATH_floor || function == MATH_ceil || function == MATH_round) {
        e = floor(ldexp(random_unit(), (int)(random_bits() % 54))) +
            (pick & 8 ? 0.5 : 0);
    }
    return near_number((pick & 16 ? -1 : 1) * rounded_to(e, single), single);
}

static inline double argument(int function, bool single) {
    switch (random_bits() & 3) {
    case 0:
        return rounded_to(
            random_between(math_rows[function].lo, math_rows[function].hi), single);
    case 1:
        return any_number(single);
    case 2:
        return difficult_point(function, single);
    default: {
        int spread = single ? 20 : 60;
        double size = ldexp(random_between(1, 2),
                            (int)(random_bits() % (uint64_t)(2 * spread)) - spread);
        bool negative = math_rows[function].lo < 0 && random_bits() & 1;
        return rounded_to(negative ? -size : size, single);
    }
    }
}

/* Pairs: pow where the power is of any finite size, quotients of all sizes, and equal,
 * opposite, whole and special numbers. */
static inline void argument_pair(int function, bool single, double *x, double *z) {
    uint64_t way = random_bits();
    double top = single ? 128 : 1024;
    *x = argument(function, single), *z = argument(function, single);
    if (function == MATH_pow && way & 1) {
        if (way & 6) { /* x of any size, or near 1: the exponent that reaches +-1080 */
            *x = way & 2
                     ? fabs(*x)
                     : rounded_to(1 + ldexp(random_unit() - 0.5, -(int)(way >> 8 & 31)),
                                  single);
        }
        double l = log2(fabs(*x));
        *z = rounded_to(random_between(-1.06, 1.06) * top / (l == 0 ? 1 : l), single);
        if (*x < 0) {
            *z = rounded_to(rint(*z), single);
        }
    } else if (way & 1) { /* of like size */
        *z =
            rounded_to(*x * ldexp(random_between(0.5, 2), (int)(way >> 8 & 3)), single);
    } else if ((way & 14) == 0) {
        static const double special[] = {0.0, -0.0,  1,      -1,    2,        -2,
                                         3,   -3,    0.5,    -0.5,  INFINITY, -INFINITY,
                                         NAN, 1e300, -1e300, 5e-324};
        *x = rounded_to(way & 256 ? *x : special[way >> 9 & 15], single);
        *z = rounded_to(special[way >> 13 & 15], single);
    } else if ((way & 14) == 2) {
        *x = rounded_to(floor(*x), single), *z = rounded_to(floor(*z), single);
    }
}

/* ---------------------------------------------------------------- float against double
 * -- */
static inline double sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static inline double library(int f, double x) {
    switch (f) {
#define F1(name, precise, library, bound, lo, hi) \
    case MATH_##name:                             \
        return library(x);
#define F2(name, precise, bound)
#include "math_functions.def"
    default:
        return NAN;
    }
}
static inline double float_error(float y, double r) {
    if (isnan(y) || isnan(r)) {
        return isnan(y) && isnan(r) ? 0 : INFINITY;
    }
    if (!signbit(y) != !signbit(r)) {
        return INFINITY;
    }
    double a = fmin(fabs(r), 0x1p128), b = fmin(fabs((double)y), 0x1p128);
    uint64_t bits;
    memcpy(&bits, &a, sizeof a);
    int e = (int)(bits >> 52) - 1023 - 23;
    e = e < -149 ? -149 : e > 104 ? 104 : e;
    return fabs(b - a) * double_of_bits((uint64_t)(1023 - e) << 52);
}
/* -------------------------------------------------------------------------------
 * div_by -- */
/* Divisors in [1, 2) of `bits` fraction bits: those near the ends, whose reciprocals
 * are the worst, then random ones. */
static inline uint64_t divisor_mantissa(int k, int bits) {
    uint64_t all = (UINT64_C(1) << bits) - 1;
    return k < 64    ? all - (uint64_t)k
           : k < 128 ? (uint64_t)k - 64
                     : random_bits() & all;
}
/* How many x in [1, 2) div_by gets wrong for one divisor. */
static inline uint64_t div_by_wrong_floats(uint64_t mantissa) {
    static float x[4096], c[4096], q[4096];
    uint64_t wrong = 0;
    float divisor = (float)float_of_bits(0x3f800000u | (uint32_t)mantissa);
    for (uint32_t first = 0; first < 1u << 23; first += 4096) {
        for (uint32_t i = 0; i < 4096; i++) {
            uint32_t bits = 0x3f800000u | (first + i);
            memcpy(&x[i], &bits, sizeof bits);
            c[i] = divisor;
        }
        math_float_16(MATH_div_by, 4096, x, c, q);
        for (uint32_t i = 0; i < 4096; i++) {
            wrong += q[i] != x[i] / c[i];
        }
    }
    return wrong;
}
/* Random and extreme mantissas, quotients next to a midpoint of two doubles. */
static inline uint64_t div_by_wrong_doubles(uint64_t n) {
    static double x[4096], c[4096], q[4096];
    uint64_t wrong = 0, one = UINT64_C(1023) << 52;
    for (uint64_t done = 0; done < n; done += 4096) {
        for (int i = 0; i < 4096; i++) {
            uint64_t r = random_bits();
            c[i] = double_of_bits(one | divisor_mantissa((int)(r & 255), 52));
            x[i] = double_of_bits(one | divisor_mantissa((int)(r >> 8 & 255), 52));
            if (r >> 16 & 1) { /* c times a midpoint, rounded */
                x[i] = near_number((double)(c[i] * (x[i] + 0x1p-53)), false);
            }
            if ((r >> 17 & 15) == 0) {
                x[i] = ldexp(x[i], (int)(r >> 32 & 4095) - 2048);
                c[i] = ldexp(c[i], (int)(r >> 48 & 4095) - 2048);
            }
        }
        math_double_8(MATH_div_by, 4096, x, c, q);
        for (int i = 0; i < 4096; i++) {
            double exact = x[i] / c[i];
            bool both_nan = isnan(exact) && isnan(q[i]);
            wrong += !both_nan && memcmp(&exact, &q[i], sizeof exact) != 0;
        }
    }
    return wrong;
}

#endif
