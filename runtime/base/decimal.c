/* decimal.c -- see decimal.h.
 *
 * A double is m 2^e with m in [2^63, 2^64). For n digits its decimal exponent k is
 * guessed from e, and v 10^(n-1-k) is formed as a 192-bit product of m and the power's
 * 128 bits:
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

static struct decimal_power power_of(const struct wide *x) {
    return (struct decimal_power){x->w[0], x->w[1], x->exponent + 128};
}

void decimal_init(struct decimal *decimal) {
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

static const uint64_t powers_of_ten[] = {1,
                                         10,
                                         100,
                                         1000,
                                         10000,
                                         100000,
                                         1000000,
                                         10000000,
                                         100000000,
                                         1000000000,
                                         10000000000,
                                         100000000000,
                                         1000000000000,
                                         10000000000000,
                                         100000000000000,
                                         1000000000000000,
                                         10000000000000000,
                                         100000000000000000};

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

/* value = D 10^(k - n_digits + 1), D of exactly n_digits digits; false where rounding
 * cannot be told. */
static bool find_digits(const struct decimal *decimal, double value, int n_digits,
                        uint64_t *digits, int *k) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int biased = (int)(bits >> 52 & 0x7ff);
    uint64_t m = bits & ((UINT64_C(1) << 52) - 1);
    m = biased ? m | UINT64_C(1) << 52 : m;
    int zeros = __builtin_clzll(m), e = (biased ? biased : 1) - 1075 - zeros;
    m <<= zeros;
    int guess =
        (int)((e + 63) * INT64_C(1292913986) >> 32); /* floor(log10(2^(e + 63))) */
    uint64_t fraction, d = scale(decimal, m, e, n_digits - 1 - guess, &fraction);
    if (d >= powers_of_ten[n_digits]) {
        guess++;
        d = scale(decimal, m, e, n_digits - 1 - guess, &fraction);
    }
    const uint64_t half = UINT64_C(1) << 63;
    if (fraction - (half - 8) <= 16) {
        return false;
    }
    d += fraction > half;
    if (d == powers_of_ten[n_digits]) {
        d /= 10;
        guess++;
    }
    *digits = d;
    *k = guess;
    return true;
}

/* Eight digits of v at once: a word of two lanes of four digits, then four of two, then
 * eight of one. 10486/2^20 and 103/2^10 divide by 100 and 10 exactly for what a lane
 * can hold. */
static void put_eight(char *out, uint32_t v) {
    uint64_t fours = v / 10000 | (uint64_t)(v % 10000) << 32;
    uint64_t hundreds = fours * 10486 >> 20 & UINT64_C(0x0000007f0000007f);
    uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
    uint64_t tens = twos * 103 >> 10 & UINT64_C(0x000f000f000f000f);
    uint64_t ones = tens | (twos - 10 * tens) << 8;
    ones += UINT64_C(0x3030303030303030);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    ones = __builtin_bswap64(ones);
#endif
    memcpy(out, &ones, 8);
}

/* n digits of d, leading zeros included. */
static void put_digits(char *out, uint64_t d, int n) {
    for (; n > 8; n -= 8) {
        put_eight(out + n - 8, (uint32_t)(d % 100000000));
        d /= 100000000;
    }
    for (int i = n - 1; i >= 0; i--) {
        out[i] = (char)('0' + d % 10);
        d /= 10;
    }
}

/* As %g lays digits out: scientific outside 1e-4 .. 10^n, no trailing zeros. */
static size_t lay_out(char *out, const char *digits, int n_digits, int k) {
    int n = n_digits; /* significant */
    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }
    char *p = out;
    if (k < -4 || k >= n_digits) {
        *p++ = digits[0];
        if (n > 1) {
            *p++ = '.';
            memcpy(p, digits + 1, (size_t)n - 1);
            p += n - 1;
        }
        *p++ = 'e';
        *p++ = k < 0 ? '-' : '+';
        int size = k < 0 ? -k : k, width = size < 100 ? 2 : 3;
        put_digits(p, (uint64_t)size, width);
        return (size_t)(p + width - out);
    }
    if (k < 0) {
        memcpy(p, "0.0000", 6);
        p += 1 - k;
        memcpy(p, digits, (size_t)n);
        return (size_t)(p + n - out);
    }
    memcpy(p, digits, (size_t)k + 1); /* zeros that are needed included */
    p += k + 1;
    if (n > k + 1) {
        *p++ = '.';
        memcpy(p, digits + k + 1, (size_t)(n - k - 1));
        p += n - k - 1;
    }
    return (size_t)(p - out);
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

size_t decimal_real(const struct decimal *decimal, char out[DECIMAL_SIZE], double value,
                    int n_digits) {
    if (isnan(value)) {
        memcpy(out, "nan", 3);
        return 3;
    }
    size_t sign = signbit(value) ? 1 : 0;
    out[0] = '-';
    double size = fabs(value);
    if (size == 0) {
        out[sign] = '0';
        return sign + 1;
    }
    uint64_t d;
    int k;
    if (isinf(size) || !find_digits(decimal, size, n_digits, &d, &k)) {
        return print_slowly(out, value, n_digits);
    }
    char digits[20] = {0};
    put_digits(digits, d, n_digits);
    return sign + lay_out(out + sign, digits, n_digits, k);
}

size_t decimal_integer(char out[DECIMAL_SIZE], int64_t value) {
    size_t sign = value < 0 ? 1 : 0;
    out[0] = '-';
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int n = 1;
    while (n < 20 && size / 10 >= (n <= 18 ? powers_of_ten[n - 1] : UINT64_MAX)) {
        n++;
    }
    put_digits(out + sign, size, n);
    return sign + (size_t)n;
}
