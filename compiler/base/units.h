/* units.h -- units of measure: products of named units with integer exponents. */
#ifndef ODEC_UNITS_H
#define ODEC_UNITS_H

#include <stdbool.h>

#include "mem.h"

struct unit_factor {
    const char *name;
    int exponent; /* not 0 */
};

/* Immutable. Each name stands once; n == 0: dimensionless. */
struct unit {
    int n;
    struct unit_factor at[];
};

struct unit *unit_power(struct arena *arena, const char *name, int exponent);
struct unit *unit_one(struct arena *arena);
struct unit *unit_times(struct arena *arena, const struct unit *a,
                        const struct unit *b);
struct unit *unit_over(struct arena *arena, const struct unit *a, const struct unit *b);
const char *unit_text(struct arena *arena, const struct unit *unit);

/* How two units compare once SI prefixes and units derived from others are worked out;
 * *ratio is the number of b in one a where they differ in scale alone. */
enum unit_relation { UNITS_SAME, UNITS_SCALED, UNITS_DIFFERENT };
enum unit_relation unit_compare(struct arena *arena, const struct unit *a,
                                const struct unit *b, double *ratio);

/* False where it is known not to be a time: it is neither one, nor a number, which is what
 * time is in equations without units, and is not made of names that the table does not
 * know. */
bool unit_can_be_time(struct arena *arena, const struct unit *unit);
/* Where the table does not know the name, but one that it nearly is ("hr", "litre", "mv"):
 * that unit. Else NULL. */
const char *unit_suggestion(struct arena *arena, const char *name);

#endif
