/* say.h -- numbers as a person reads them. Each function writes into the caller's
 * buffer and returns it, so that it stands directly among printf's arguments.
 */
#ifndef ODEC_SAY_H
#define ODEC_SAY_H

#include <stdint.h>

enum { SAY_SIZE = 32, SAY_BOUNDS = 72 };

char *say_bytes(char buffer[SAY_SIZE], int64_t bytes);    /* "3.1 GiB" */
char *say_count(char buffer[SAY_SIZE], int64_t count);    /* "1,234,567" */
char *say_rate(char buffer[SAY_SIZE], double per_second); /* "1.2 M" */
char *say_real(char buffer[SAY_SIZE], double value);      /* shortest that reads back */
/* "0 .. 1"; "0 ..", ".. 1" where there is one alone */
char *say_bounds(char buffer[SAY_BOUNDS], double lo, double hi);
char *say_seconds(char buffer[SAY_SIZE],
                  double seconds); /* "0.123 s", "2:05", "3:00:00" */

/* "" after one, "s" after any other count: the plural of most nouns. */
static inline const char *say_s(int64_t count) { return count == 1 ? "" : "s"; }

#endif
