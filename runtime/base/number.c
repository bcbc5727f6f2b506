/* number.c -- see number.h. Short numbers take a path of one multiplication or
 * division, which is exact: digits below 2^53 and a power of ten up to 10^22 are
 * doubles (Clinger 1990).
 */
#define _GNU_SOURCE
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number's parts as they are read. */
struct parts {
    uint64_t digits; /* the first 18 or so, as an integer */
    int scale;       /* power of ten that belongs to digits */
    bool exact;      /* digits are all there are */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Digits and the point; returns where they end, NULL without a digit. */
static const char *read_digits(const char *p, const char *end, struct parts *parts) {
    int n = 0;
    bool fraction = false;
    for (; p < end && (is_digit(*p) || (*p == '.' && !fraction)); p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        n++;
        if (parts->digits < UINT64_C(100000000000000000)) {
            parts->digits = 10 * parts->digits + (uint64_t)(*p - '0');
            parts->scale -= fraction;
        } else {
            parts->exact = false;
        }
    }
    return n > 0 ? p : NULL;
}

static const char *read_exponent(const char *p, const char *end, struct parts *parts) {
    if (p == end || (*p != 'e' && *p != 'E')) {
        return p;
    }
    p++;
    bool negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    int exponent = 0, n = 0;
    for (; p < end && is_digit(*p); p++, n++) {
        exponent = exponent < 100000 ? 10 * exponent + (*p - '0') : exponent;
    }
    parts->scale += negative ? -exponent : exponent;
    return n > 0 ? p : NULL;
}

/* strtod on a copy, as the text need not end where the number does. */
static double read_slowly(const char *start, const char *end, locale_t c) {
    char few[128], *copy = few;
    size_t n = (size_t)(end - start);
    if (n >= sizeof few && (copy = malloc(n + 1)) == NULL) {
        return NAN;
    }
    memcpy(copy, start, n);
    copy[n] = '\0';
    double value = c ? strtod_l(copy, NULL, c) : strtod(copy, NULL);
    if (copy != few) {
        free(copy);
    }
    return value;
}

bool number_real(const char *start, const char *end, locale_t c, double *out) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct parts parts = {.exact = true};
    bool negative = start < end && *start == '-';
    const char *p = start + (start < end && (*start == '-' || *start == '+'));
    p = read_digits(p, end, &parts);
    p = p ? read_exponent(p, end, &parts) : NULL;
    if (p != end) {
        return false;
    }
    if (parts.exact && parts.digits <= UINT64_C(1) << 53 && abs(parts.scale) <= 22) {
        double digits = (double)parts.digits;
        double value = parts.scale < 0 ? digits / powers[-parts.scale]
                                       : digits * powers[parts.scale];
        *out = negative ? -value : value;
        return true;
    }
    *out = read_slowly(start, end, c);
    return isfinite(*out);
}

bool number_count(const char *start, const char *end, int64_t *out) {
    double value;
    if (!number_real(start, end, (locale_t)0, &value) || value != floor(value) ||
        fabs(value) > 0x1p53) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}
