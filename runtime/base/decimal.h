/* decimal.h -- numbers as text in a file: as printf's "%.17g" and "%.9g" in the C
 * locale, byte for byte, several times as fast.
 */
#ifndef ODEC_DECIMAL_H
#define ODEC_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_SIZE = 32, DECIMAL_MIN_POWER = -300, DECIMAL_MAX_POWER = 345 };

/* 10^q as c 2^e with c in [2^127, 2^128), rounded towards zero. */
struct decimal_power {
    uint64_t high, low;
    int32_t exponent;
};

struct decimal {
    struct decimal_power powers[DECIMAL_MAX_POWER - DECIMAL_MIN_POWER + 1];
};

void decimal_init(struct decimal *decimal);

/* n_digits: 17 for a double, 9 for a float's value. Returns the length; no NUL. A NaN
 * is "nan" whatever its sign. */
size_t decimal_real(const struct decimal *decimal, char out[DECIMAL_SIZE], double value,
                    int n_digits);
size_t decimal_integer(char out[DECIMAL_SIZE], int64_t value);

#endif
