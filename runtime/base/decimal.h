/* decimal.h -- numbers as text in a file: as printf's "%.17g" and "%.9g" in the C
 * locale, byte for byte, several times as fast.
 */
#ifndef ODEC_DECIMAL_H
#define ODEC_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/* SIZE: of the room for a number, more than any has of characters. */
enum { DECIMAL_SIZE = 40, DECIMAL_MIN_POWER = -323, DECIMAL_MAX_POWER = 345 };

/* 10^q as c 2^e with c in [2^127, 2^128), rounded towards zero; and the least double that
 * is not below it. */
struct decimal_power {
    uint64_t high, low;
    double least;
    int32_t exponent;
};

struct decimal {
    uint32_t fours[10000]; /* four digits of a number, the first in the lowest byte */
    struct decimal_power powers[DECIMAL_MAX_POWER - DECIMAL_MIN_POWER + 1];
};

void decimal_init(struct decimal *decimal);

/* Return the length; no NUL. A NaN is "nan" whatever its sign. */
size_t decimal_double(const struct decimal *decimal, char out[DECIMAL_SIZE],
                      double value); /* 17 digits */
size_t decimal_integer(const struct decimal *decimal, char out[DECIMAL_SIZE],
                       int64_t value);

/* n numbers, a comma after each, with DECIMAL_SIZE bytes of room behind the last one's
 * beginning; return the end. Floats have 9 digits. */
char *decimal_doubles(const struct decimal *decimal, char *out, const double *values,
                      int64_t n);
char *decimal_floats(const struct decimal *decimal, char *out, const float *values,
                     int64_t n);

#endif
