/* grid.h -- the times of fixed steps.
 *
 * Step i goes from t0 + i dt to t0 + (i+1) dt, each time one fused multiply-add, so time does
 * not drift in either precision; the last step ends at t1 exactly and may be shorter. A step
 * that would be shorter than 1e-9 dt is not made: the one before ends at t1.
 */
#ifndef ODEC_GRID_H
#define ODEC_GRID_H

#include "abi.h"
#include "dialect.h"

struct fixed_grid {
    double t0, t1, dt;
    long long n_whole; /* steps of length dt */
    long long n_steps; /* all, the last one perhaps another length */
    long long n_run;   /* those that max_attempts allows */
};

FN struct fixed_grid fixed_grid_of(const struct odec_args *a) {
    struct fixed_grid grid;
    grid.t0 = a->t0;
    grid.t1 = a->t1;
    grid.dt = a->dt;
    const double n = (a->t1 - a->t0) / a->dt;
    long long whole = (long long)n;
    const double rest = n - (double)whole;
    grid.n_steps = whole + (rest > 1e-9);
    if (grid.n_steps < 1) {
        grid.n_steps = 1;
    }
    grid.n_whole = grid.n_steps - 1; /* the last one ends at t1, whatever its length */
    grid.n_run = grid.n_steps < a->max_attempts ? grid.n_steps : a->max_attempts;
    if (grid.n_whole > grid.n_run) {
        grid.n_whole = grid.n_run;
    }
    return grid;
}

FN double fixed_time(const struct fixed_grid *grid, long long step) {
    return step >= grid->n_steps ? grid->t1 : time_at(grid->t0, grid->dt, (double)step);
}

/* Length of a step: dt, or what is left for the last. */
FN double fixed_length(const struct fixed_grid *grid, long long step) {
    return step + 1 < grid->n_steps ? grid->dt : grid->t1 - fixed_time(grid, step);
}

#endif
