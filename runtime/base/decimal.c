/* decimal.c -- see decimal.h.
 *
 * A double is m 2^e with m in [2^63, 2^64). For n digits and the decimal exponent k,
 * v 10^(n-1-k) is formed as a 192-bit product of m and the power's 128 bits:
 *
 *   | D: the digits, as an integer | 64 bits of fraction, f | the rest |
 *
 * The power is right to 2^-127, so f is off by a few units at most: D is rounded by f
 * unless f is that near to one half. There, and only there, printf decides (ties
 * included). (The idea is Ryu's and Grisu's; Loitsch 2010, Adams 2018.)
 */
#define _GNU_SOURCE
#include "decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef unsigned __int128 uint128;

/* ---- powers of ten ---- */

/* A 256-bit mantissa, most significant word first, its top bit set, times 2^exponent.
 * 350 truncated steps leave far more than the 128 bits that are kept. */
struct wide {
    uint64_t w[4];
    int32_t exponent;
};

static void wide_times_ten(struct wide *x) {
    uint64_t carry = 0;
    for (int i = 3; i >= 0; i--) {
        uint128 product = (uint128)x->w[i] * 10 + carry;
        x->w[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    int shift = 64 - __builtin_clzll(carry); /* carry is 5 to 9 */
    for (int i = 3; i > 0; i--) {
        x->w[i] = x->w[i] >> shift | x->w[i - 1] << (64 - shift);
    }
    x->w[0] = x->w[0] >> shift | carry << (64 - shift);
    x->exponent += shift;
}

static void wide_over_ten(struct wide *x) {
    uint64_t rest = 0;
    for (int i = 0; i < 4; i++) {
        uint128 part = (uint128)rest << 64 | x->w[i];
        x->w[i] = (uint64_t)(part / 10);
        rest = (uint64_t)(part % 10);
    }
    int shift = __builtin_clzll(x->w[0]); /* 3 or 4 */
    for (int i = 0; i < 3; i++) {
        x->w[i] = x->w[i] << shift | x->w[i + 1] >> (64 - shift);
    }
    /* what moves in from the right: the remainder's next bits */
    x->w[3] = x->w[3] << shift | (uint64_t)(((uint128)rest << shift) / 10);
    x->exponent -= shift;
}

/* The least double that is not below the power; infinity beyond them all. */
static double least_double(const struct wide *x) {
    const int e = x->exponent + 203, lost = e < -1074 ? -1074 - e : 0;
    const uint64_t bits = x->w[0] >> 11 >> lost; /* 53 of them, fewer for tiny ones */
    const bool is_exact = bits << lost << 11 == x->w[0] && x->w[1] == 0 && x->w[2] == 0;
    return ldexp((double)(bits + !is_exact), e + lost);
}

static struct decimal_power power_of(const struct wide *x) {
    return (struct decimal_power){x->w[0], x->w[1], least_double(x), x->exponent + 128};
}

void decimal_init(struct decimal *decimal) {
    for (uint32_t i = 0; i < 10000; i++) {
        decimal->fours[i] =
            i / 1000 | i / 100 % 10 << 8 | i / 10 % 10 << 16 | i % 10 << 24;
    }
    const struct wide one = {{UINT64_C(1) << 63, 0, 0, 0}, -255};
    struct wide up = one, down = one;
    for (int q = 0; q <= DECIMAL_MAX_POWER; q++) {
        decimal->powers[q - DECIMAL_MIN_POWER] = power_of(&up);
        wide_times_ten(&up);
    }
    for (int q = 0; q >= DECIMAL_MIN_POWER; q--) {
        decimal->powers[q - DECIMAL_MIN_POWER] = power_of(&down);
        wide_over_ten(&down);
    }
}

/* ---- digits ---- */

#define TEN_TO_8 UINT64_C(100000000)
#define TEN_TO_16 UINT64_C(10000000000000000)

/* floor(m 2^e 10^q) and the 64 bits of fraction behind it. */
static uint64_t scale(const struct decimal *decimal, uint64_t m, int e, int q,
                      uint64_t *fraction) {
    const struct decimal_power *power = &decimal->powers[q - DECIMAL_MIN_POWER];
    uint128 low = (uint128)m * power->low, high = (uint128)m * power->high;
    high += (uint64_t)(low >> 64);
    uint64_t w2 = (uint64_t)(high >> 64), w1 = (uint64_t)high;
    int shift =
        -(e + power->exponent) - 128; /* in 4 .. 38, as the result is below 10^18 */
    *fraction = w2 << (64 - shift) | w1 >> shift;
    return w2 >> shift;
}

/* The normal number of these bits is D 10^(k - n_digits + 1), D of exactly n_digits
 * digits; false where rounding cannot be told. */
static inline bool find_digits(const struct decimal *decimal, uint64_t bits,
                               int n_digits, uint64_t *digits, int *k) {
    const uint64_t top = UINT64_C(1) << 63;
    const int e = (int)(bits >> 52) - 1086;
    double size;
    memcpy(&size, &bits, sizeof size);
    /* floor(log10(2^(e + 63))): a power of ten may lie between that and size */
    int exponent = (int)((e + 63) * INT64_C(1292913986) >> 32);
    exponent += size >= decimal->powers[exponent + 1 - DECIMAL_MIN_POWER].least;
    uint64_t fraction;
    uint64_t d =
        scale(decimal, bits << 11 | top, e, n_digits - 1 - exponent, &fraction);
    if (fraction - (top - 8) <= 16) {
        return false;
    }
    d += fraction >> 63;
    if (d == (n_digits == 17 ? 10 * TEN_TO_16 : 10 * TEN_TO_8)) {
        d /= 10;
        exponent++;
    }
    *digits = d;
    *k = exponent;
    return true;
}

/* Of v, the first in the lowest byte. */
static inline uint64_t eight_digits(const struct decimal *decimal, uint64_t v) {
    const uint64_t high = v / 10000, low = v - 10000 * high;
    return decimal->fours[high] | (uint64_t)decimal->fours[low] << 32;
}

#define ZEROS UINT64_C(0x3030303030303030) /* "00000000" */

/* The lowest byte comes first. */
static inline void put_eight(char *out, uint64_t text) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    text = __builtin_bswap64(text);
#endif
    memcpy(out, &text, 8);
}

static inline void put_sixteen(char *out, uint128 text) {
    put_eight(out, (uint64_t)text);
    put_eight(out + 8, (uint64_t)(text >> 64));
}

/* As %g lays digits out: scientific outside 1e-4 .. 10^n_digits, no trailing zeros. All
 * moves are of whole words. */
static inline size_t lay_out(const struct decimal *decimal, char *out, uint64_t d,
                             int n_digits, int k) {
    const bool is_long = n_digits == 17; /* otherwise 9 */
    const uint64_t nine = is_long ? d / TEN_TO_8 : d, first = nine / TEN_TO_8;
    const uint64_t low = eight_digits(decimal, nine - TEN_TO_8 * first),
                   high = is_long ? eight_digits(decimal, d - TEN_TO_8 * nine) : 0;
    const uint128 rest = (uint128)(high + ZEROS) << 64 | (low + ZEROS);
    const int n_zeros = high  ? __builtin_clzll(high) / 8
                        : low ? 8 + __builtin_clzll(low) / 8
                              : 16;
    const int n = 17 - n_zeros; /* significant */
    if (k >= 0 && k < n_digits) {
        out[0] = (char)('0' + first);
        put_sixteen(out + 1, rest);
        if (n <= k + 1) { /* a whole number */
            return (size_t)k + 1;
        }
        put_sixteen(out + k + 2, rest >> 8 * k);
        out[k + 1] = '.';
        return (size_t)n + 1;
    }
    if (k < 0 && k >= -4) {
        memcpy(out, "0.000000", 8);
        out[1 - k] = (char)('0' + first);
        put_sixteen(out + 2 - k, rest);
        return (size_t)(n + 1 - k);
    }
    out[0] = (char)('0' + first);
    out[1] = '.';
    put_sixteen(out + 2, rest);
    char *p = out + (n > 1 ? n + 1 : 1);
    const int size = k < 0 ? -k : k;
    const uint64_t three = eight_digits(decimal, (uint64_t)size) + ZEROS;
    p[0] = 'e';
    p[1] = k < 0 ? '-' : '+';
    put_eight(p + 2, three >> (size < 100 ? 48 : 40));
    return (size_t)(p + (size < 100 ? 4 : 5) - out);
}

/* printf, and whatever the locale's decimal point is becomes a '.'. */
static size_t print_slowly(char *out, double value, int n_digits) {
    char text[64];
    snprintf(text, sizeof text, "%.*g", n_digits, value);
    size_t n = 0;
    for (const char *p = text; *p && n < DECIMAL_SIZE; p++) {
        if (strchr("0123456789+-einfa", *p)) {
            out[n++] = *p;
        } else if (n > 0 && out[n - 1] != '.') {
            out[n++] = '.';
        }
    }
    return n;
}

static inline size_t put_real(const struct decimal *decimal, char *out, double value,
                              int n_digits) {
    uint64_t bits, d;
    int k;
    memcpy(&bits, &value, sizeof bits);
    const size_t sign = bits >> 63;
    bits &= UINT64_MAX >> 1;
    const bool is_normal = (bits >> 52) - 1 < 0x7fe;
    out[0] = '-';
    if (is_normal && find_digits(decimal, bits, n_digits, &d, &k)) {
        return sign + lay_out(decimal, out + sign, d, n_digits, k);
    }
    if (bits == 0) {
        out[sign] = '0';
        return sign + 1;
    }
    if (isnan(value)) {
        memcpy(out, "nan", 3);
        return 3;
    }
    return print_slowly(out, value, n_digits);
}

size_t decimal_double(const struct decimal *decimal, char out[DECIMAL_SIZE],
                      double value) {
    return put_real(decimal, out, value, 17);
}

char *decimal_doubles(const struct decimal *decimal, char *out, const double *values,
                      int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        out += put_real(decimal, out, values[i], 17);
        *out++ = ',';
    }
    return out;
}

char *decimal_floats(const struct decimal *decimal, char *out, const float *values,
                     int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        out += put_real(decimal, out, (double)values[i], 9);
        *out++ = ',';
    }
    return out;
}

size_t decimal_integer(const struct decimal *decimal, char out[DECIMAL_SIZE],
                       int64_t value) {
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint64_t parts[3]; /* of eight digits, from the right */
    int n = 0;
    do {
        parts[n++] = size % TEN_TO_8;
        size /= TEN_TO_8;
    } while (size);
    out[0] = '-';
    char *p = out + (value < 0);
    const uint64_t first = eight_digits(decimal, parts[--n]);
    const int n_zeros = first ? __builtin_ctzll(first) / 8 : 7;
    put_eight(p, (first + ZEROS) >> 8 * n_zeros);
    p += 8 - n_zeros;
    while (n > 0) {
        put_eight(p, eight_digits(decimal, parts[--n]) + ZEROS);
        p += 8;
    }
    return (size_t)(p - out);
}
