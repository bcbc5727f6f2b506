/* grid.h -- the points of a sweep, many at once. */
#ifndef ODEC_GRID_H
#define ODEC_GRID_H

#include "odec.h"

struct grid {
    double lo, hi;
    int64_t n, repeat; /* point (r / repeat) % n for run r */
    bool log;
};

struct odec_ramp grid_ramp(const struct grid *grid);
double grid_point(const struct odec_ramp *ramp, int64_t run);

/* Points of runs first .. first + n - 1, in the precision asked for. */
void grid_fill(const struct grid *grid, int64_t first, int64_t n,
               odec_precision precision, void *out);

#endif
