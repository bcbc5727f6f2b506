/* number.h -- numbers that people write: 28, -1.5e-3, .5, 1e6. Nothing else that strtod
 * knows (hexadecimal, inf, nan) is a number here.
 */
#ifndef ODEC_NUMBER_H
#define ODEC_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

/* The text from start to end, all of it; correctly rounded. c: a "C" locale, or 0 where
 * the process's own has a '.' for decimal point. False also where the value overflows.
 */
bool number_real(const char *start, const char *end, locale_t c, double *out);

/* A whole number, which may be written 1e6. False beyond 2^53. */
bool number_count(const char *start, const char *end, int64_t *out);

#endif
