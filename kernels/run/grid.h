/* grid.h -- the times of fixed steps, by the clock of a run.
 *
 * Step i goes from i dt to (i+1) dt, each rounded once, so time does not drift in either
 * precision; the last step ends at the run's end exactly and may be shorter. A step that would
 * be shorter than 1e-9 dt is not made: the one before ends there.
 */
#ifndef ODEC_GRID_H
#define ODEC_GRID_H

#include "abi.h"
#include "dialect.h"

struct fixed_grid {
    double span, dt;
    long long n_whole; /* steps of length dt */
    long long n_steps; /* all, the last one perhaps another length */
    long long n_run;   /* those that max_attempts allows */
};

FN struct fixed_grid fixed_grid_of(const struct odec_args *a) {
    struct fixed_grid grid;
    grid.span = a->span;
    grid.dt = a->dt;
    const double n = grid.span / a->dt;
    long long whole = (long long)n;
    const double rest = n - (double)whole;
    grid.n_steps = whole + (rest > 1e-9);
    if (grid.n_steps < 1) {
        grid.n_steps = 1;
    }
    grid.n_whole =
        grid.n_steps - 1; /* the last one ends the run, whatever its length */
    grid.n_run = grid.n_steps < a->max_attempts ? grid.n_steps : a->max_attempts;
    if (grid.n_whole > grid.n_run) {
        grid.n_whole = grid.n_run;
    }
    return grid;
}

FN double fixed_time(const struct fixed_grid *grid, long long step) {
    return step >= grid->n_steps ? grid->span : time_at(0, grid->dt, (double)step);
}

/* Length of a step: dt, or what is left for the last. */
FN double fixed_length(const struct fixed_grid *grid, long long step) {
    return step + 1 < grid->n_steps ? grid->dt : grid->span - fixed_time(grid, step);
}

#endif
