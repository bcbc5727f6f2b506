/* fixed.h -- integration with fixed steps that are the same for all runs: a loop over steps that
 * does nothing else.
 *
 * A run whose state is no longer finite has failed. States are looked at once a block of
 * steps; where a lane has become non-finite the block is taken again, step by step, to find
 * where: the state at the last good step is kept.
 */
#ifndef ODEC_FIXED_H
#define ODEC_FIXED_H

#include "attempt.h"
#include "grid.h"
#include "lane.h"
#include "saves.h"

#define FIXED_BLOCK 128

/* Per lane: did the run fail, and where. */
struct fixed_progress {
    unsigned runs;          /* bit l: lane l has a run of its own, and may store */
    unsigned failed;        /* bit l: lane l is no longer finite, */
    unsigned outside;       /* or within its bounds */
    long long steps[WIDTH]; /* good steps of a failed lane */
    GOOD_ARRAYS(CELLS_OF, CELLS_2D_OF) /* its state after them */
};

/* Takes the step; where it leaves a state's bounds the run's end is marked. */
FN void fixed_take(const struct solve *g, struct step *step) {
    step_take(step, 1);
#if BOUNDED
    const mask left = bounds_left(g->args, step->y1);
    const mask moved = bounds_keep(step->y1);
#if STEP_FSAL
    if (any_lane(moved)) { /* the slope of a state that was moved is another one */
        LOCAL_CELLS(f0, N_STATES);
        cell *const slope = step_end_slope(step);
        model_rhs(STEP_TIME(step, 1), step->y1, step->values, f0);
        EACH(i, N_STATES) slope[i] = sel(moved, f0[i], slope[i]);
    }
#else
    (void)moved;
#endif
    bounds_mark(left, step->y1);
#else
    (void)g;
#endif
}

FN void fixed_advance(struct lane *s, struct step *step) {
    EACH(i, N_STATES) s->y[i] = step->y1[i];
#if STEP_FSAL
    cell *const slope = step_end_slope(step);
    EACH(i, N_STATES) s->k1[i] = slope[i];
#endif
}

/* One step in every lane, of length dt, from t by their clocks. */
FN void fixed_step(const struct solve *g, struct lane *s, real t, real h) {
    struct step step;
    lane_begin_step(g, s, t, h, &step);
#if PRODUCTS_SHARED
    step.has_products = true;
#endif
    fixed_take(g, &step);
    fixed_advance(s, &step);
}

FN unsigned lanes_finite(const cell *y) {
    mask finite = is_finite(y[0]);
    EACH(i, N_STATES) finite = m_and(finite, is_finite(y[i]));
    return mask_bits(finite);
}

#define FIXED_LANES ((unsigned)((1ull << WIDTH) - 1))

/* Where its array is, if not in itself. */
FN void fixed_place(struct fixed_progress *s) {
#if IN_WORKSPACE
    GOOD_ARRAYS(PLACE_GOOD, NO_CELLS_2D)
#else
    (void)s;
#endif
}

FN struct fixed_progress fixed_begin(const struct lane *s,
                                     const struct fixed_grid *grid, int n) {
    struct fixed_progress p;
    fixed_place(&p);
    p.runs = (unsigned)((1ull << n) - 1);
    p.failed = ~lanes_finite(s->y) & p.runs;
    p.outside = lanes_outside(s->y);
    for (int l = 0; l < WIDTH; l++) {
        p.steps[l] = p.failed >> l & 1 ? 0 : grid->n_run;
    }
    EACH(i, N_STATES) p.y[i] = s->y[i];
    return p;
}

/* Notes lanes that are not finite after `steps` steps; y is the state one step before. */
FN void fixed_note(struct fixed_progress *p, const struct lane *s, const cell *y,
                   long long steps) {
    unsigned bad = ~lanes_finite(s->y) & FIXED_LANES & ~p->failed;
    const mask m = m_of_bits(bad);
    EACH(i, N_STATES) p->y[i] = sel(m, y[i], p->y[i]);
    p->failed |= bad;
    p->outside |= bad & lanes_outside(s->y);
    for (; bad; bad &= bad - 1) {
        p->steps[lowest_bit(bad)] = steps - 1;
    }
}

/* Looks at the lanes after steps begin .. end-1 from `before`; on trouble takes them again
 * one by one. Lanes that are all right get the same bits a second time. */
FN_RARE void fixed_check(const struct solve *g, const struct fixed_grid *grid,
                         struct lane *s, struct fixed_progress *p,
                         const struct lane *before, long long begin, long long end) {
    if (!(~lanes_finite(s->y) & FIXED_LANES & ~p->failed)) {
        return;
    }
    *s = *before;
    for (long long i = begin; i < end; i++) {
        LOCAL_CELLS(y_before, N_STATES);
        EACH(j, N_STATES) y_before[j] = s->y[j];
        fixed_step(g, s, splat((scalar)fixed_time(grid, i)), splat((scalar)grid->dt));
        fixed_note(p, s, y_before, i + 1);
    }
}

/* The step that save time `save` is in, its end included; n_steps where there is none. Every
 * run has the same saves in the same steps. */
FN long long fixed_save_step(const struct solve *g, const struct fixed_grid *grid,
                             long long save) {
#if SAVES
    if (save >= g->args->n_saves) {
        return grid->n_steps;
    }
    const double t = due_at(g, save);
    long long step = (long long)(t / grid->dt);
    while (step > 0 && fixed_time(grid, step) >= t) {
        step--;
    }
    while (step + 1 < grid->n_steps && fixed_time(grid, step + 1) < t) {
        step++;
    }
    return step;
#else
    (void)g, (void)save;
    return grid->n_steps;
#endif
}

/* Step i with its saves, or the last one. */
FN_RARE void fixed_step_saving(const struct solve *g, const struct fixed_grid *grid,
                               struct lane *s, struct place *at,
                               struct fixed_progress *p, long long i) {
    LOCAL_CELLS(y_before, N_STATES);
    struct step step;
    const real h = splat((scalar)fixed_length(grid, i));
    s->t = instant_splat(fixed_time(grid, i));
    lane_begin_step(g, s, s->t.hi, h, &step);
#if PRODUCTS_SHARED
    step.has_products = false;
#endif
    fixed_take(g, &step);
#if SAVES
    const struct instant t_new = instant_splat(fixed_time(grid, i + 1));
    mask good = m_of_bits(p->runs & ~p->failed);
    EACH(j, N_STATES) good = m_and(good, is_finite(step.y1[j]));
    save_due(g, s, at, good, t_new, &step);
#else
    (void)g, (void)at;
#endif
    EACH(j, N_STATES) y_before[j] = s->y[j];
    fixed_advance(s, &step);
    fixed_note(p, s, y_before, i + 1);
}

/* The first save time after step i, given the first in it or after. */
FN long long fixed_skip_saves(const struct solve *g, const struct fixed_grid *grid,
                              long long save, long long i) {
    while (save < g->args->n_saves && due_at(g, save) <= fixed_time(grid, i + 1)) {
        save++;
    }
    return save;
}

/* Ends the group's n runs. */
FN_RARE void fixed_finish(const struct solve *g, const struct fixed_grid *grid,
                          struct lane *s, struct place *at,
                          const struct fixed_progress *p, int n) {
    const mask failed = m_of_bits(p->failed);
    EACH(i, N_STATES) s->y[i] = sel(failed, p->y[i], s->y[i]);
    s->t = instant_splat(fixed_time(grid, grid->n_run));
    LOCAL_CELLS(row, N_COLUMNS);
    row_at(lane_time(g, s->t), s->y, s->values, row);
    for (int l = 0; l < n; l++) {
        const int bad = p->failed >> l & 1;
        instant_set(&s->t, l, fixed_time(grid, p->steps[l]));
        const int outside = p->outside >> l & 1;
        const int status = bad && outside                ? RUN_OUT_OF_BOUNDS
                           : bad                         ? RUN_NON_FINITE
                           : grid->n_run < grid->n_steps ? RUN_MAX_ATTEMPTS
                                                         : RUN_OK;
        lane_finish(g, s, at, l, status, p->steps[l] + bad, p->steps[l], row);
    }
}

#endif
