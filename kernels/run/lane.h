/* lane.h -- one run on its way: its start and its end. Between them come attempts (attempt.h)
 * and saves (saves.h).
 *
 * What is here is the same for a CPU vector of lanes and for a CUDA thread (WIDTH is 1);
 * the drivers in templates/ decide which run is in which lane. A lane whose run is over has
 * h = 0 and is inert: attempts leave its state as it is.
 */
#ifndef ODEC_LANE_H
#define ODEC_LANE_H

#include "abi.h"
#include "dialect.h"
#include "family.h"
#include "instant.h"
#include "model.h"
#include "run_status.h"
#if ADAPTIVE
#include "first_step.h"
#endif
#include "grid.h"

/* What every run shares is where args say, except in a CUDA module's constant memory. */
#ifndef ARGS_PARS
#define ARGS_PARS(a) ((a)->pars)
#define ARGS_STATES(a) ((a)->states)
#define ARGS_ATOL(a) ((a)->atol)
#endif

#include "bounds.h"

/* What every run of a solve shares. */
struct solve {
    const struct odec_args *args;
    struct tolerance tol;
    struct instant t0;  /* the equations' time at which runs start, */
    struct instant end; /* and when they end by their own clock */
    real sign;          /* of the equations' time, by with_sign */
    real dt_max;
#if GRID_STOPS
    struct fixed_grid grid;
#endif
};

/* All members are reals or of a real's size: a driver moves single lanes word by word. */
struct lane {
    LANE_ARRAYS(CELLS_OF, CELLS_2D_OF)
    LANE_VALUES(MEMBER_OF)
};

/* What the controller remembers of it. */
#if STEP_MEMORY_CHANGE
#define LANE_MEMORY(s) &(s)->memory, &(s)->memory_change
#else
#define LANE_MEMORY(s) &(s)->memory
#endif

/* Which run a lane works on, and its next save. */
struct place {
    PLACE_WORDS(WORD_OF)
};

/* So many evaluations beside those of an attempt, in the lanes of m. */
FN void count_rhs(struct place *at, mask m, int n) {
#if STEP_COUNTS_RHS
    for (unsigned b = mask_bits(m); b; b &= b - 1) {
        at->n_rhs[lowest_bit(b)] += n;
    }
#else
    (void)at, (void)m, (void)n;
#endif
}

/* Where its arrays are, if not in itself. */
FN void lane_place(struct lane *s) {
#if IN_WORKSPACE
    LANE_ARRAYS(PLACE_IN_LANE, NO_CELLS_2D)
#else
    (void)s;
#endif
}

FN void solve_begin(struct solve *g, const struct odec_args *args) {
    g->args = args;
    tolerance_set(&g->tol, args->rtol, ARGS_ATOL(args));
    g->t0 = instant_splat(args->t0);
    g->end = instant_splat(args->span);
    g->sign = splat((scalar)args->sign);
    g->dt_max = splat((scalar)args->dt_max);
#if GRID_STOPS
    g->grid = fixed_grid_of(args);
#endif
}

/* ---- times ---- */

/* The first save time after the start. (Looked up by each run that starts, rather than kept by
 * a CUDA thread in registers while it steps.) */
FN long long first_due(const struct solve *g) {
    const struct odec_args *a = g->args;
    long long save = 0;
    while (save < a->n_saves && a->save_times[save] == a->t0) {
        save++;
    }
    return save;
}

/* When save time `save` is due. */
FN double due_at(const struct solve *g, long long save) {
    const struct odec_args *a = g->args;
    return save < a->n_saves ? time_between(a->t0, a->save_times[save]) : NEVER;
}

/* The equations' time in each lane; at a run's end t1 as it was given. */
FN real lane_time(const struct solve *g, struct instant t) {
    const real now = time_after(g->t0, with_sign(t.hi, g->sign));
    return sel(instant_reached(t, g->end), splat((scalar)g->args->t1), now);
}

/* ---- storing ---- */

#if HAS_STRIDES
/* In the application's own order. No row: NaN. */
FN_RARE void store_strided(const struct odec_args *a, long long run, long long save,
                           const cell *row, int lane) {
    scalar *to = (scalar *)a->values + run * a->run_stride + save * a->save_stride;
    const real nan = nan_real();
    for (int i = 0; i < N_COLUMNS; i++) {
        to[i * a->column_stride] = row ? lane_get(&row[i], lane) : lane_get(&nan, 0);
    }
}
#define RECORD_INDEX(a, run) ((run) * (a)->record_stride)
#else
#define RECORD_INDEX(a, run) (run)
#endif

FN void store_row(const struct solve *g, long long run, long long save, const cell *row,
                  int lane) {
    scalar *values = (scalar *)g->args->values;
#if HAS_STRIDES
    if (g->args->column_stride) {
        store_strided(g->args, run, save, row, lane);
        return;
    }
#endif
    for (int i = 0; i < N_COLUMNS; i++) {
        values[VALUE_INDEX(g->args, run, save, i)] = lane_get(&row[i], lane);
    }
}

FN void store_nan(const struct solve *g, long long run, long long save) {
    scalar *values = (scalar *)g->args->values;
    const real nan = nan_real();
#if HAS_STRIDES
    if (g->args->column_stride) {
        store_strided(g->args, run, save, 0, 0);
        return;
    }
#endif
    for (int i = 0; i < N_COLUMNS; i++) {
        values[VALUE_INDEX(g->args, run, save, i)] = lane_get(&nan, 0);
    }
}

/* The columns of a result at (t, y), the same NaN for every NaN. */
FN void row_at(real t, const cell *y, const cell *values, cell *row) {
    model_columns(t, y, values, row);
    EACH(i, N_COLUMNS) row[i] = canonical(row[i]);
}

#if GRID_STOPS
/* Lane l is at the start of its step of the grid. */
FN void lane_set_grid(const struct solve *g, struct lane *s, const struct place *at,
                      int l) {
    instant_set(&s->grid_end, l, fixed_time(&g->grid, at->step[l] + 1));
    lane_set(&s->h, l, (scalar)fixed_length(&g->grid, at->step[l]));
}
#endif

/* ---- start ---- */

/* The input's value in run `first` + lane, lanes beyond `n` repeating the last run. */
FN real input_load(const struct odec_input *input, long long first, int n) {
    const scalar *data = (const scalar *)input->data;
    real x = splat(data[first * input->stride]);
    if (input->stride) {
        for (int lane = 1; lane < WIDTH; lane++) {
            const int l = lane < n ? lane : n - 1;
            lane_set(&x, lane, data[(first + l) * input->stride]);
        }
    }
    return x;
}

/* n lanes of s begin runs first .. first + n - 1; the rest repeat the last of them. */
FN void lane_start(const struct solve *g, struct lane *s, struct place *at,
                   long long first, int n) {
    const struct odec_args *a = g->args;
    const real t0 = splat((scalar)a->t0);
    LOCAL_CELLS(p, N_PARS + !N_PARS);
    for (int i = 0; i < N_PARS; i++) {
        if (ARGS_PARS(a)[i].data) {
            p[i] = input_load(&ARGS_PARS(a)[i], first, n);
        }
    }
    model_defaults(ARGS_PARS(a), p);
    model_values(p, s->values);
    for (int i = 0; i < N_STATES; i++) {
        if (ARGS_STATES(a)[i].data) {
            s->y[i] = input_load(&ARGS_STATES(a)[i], first, n);
        }
    }
    s->t = instant_splat(0);
    model_initial(ARGS_STATES(a), t0, p, s->y);
#if BOUNDED
    const mask left = bounds_left(a, s->y);
    bounds_keep(s->y);
    bounds_mark(left, s->y);
#endif
    s->n_accepted = tally_none();
#if STOPS
    s->stop = g->end;
#endif
    s->memory = brief_of(R(CONTROL_START));
#if STEP_MEMORY_CHANGE
    s->memory_change = brief_of(R(CONTROL_START_LENGTH));
#endif
    for (int l = 0; l < WIDTH; l++) {
        at->run[l] = first + l;
#if STEP_COUNTS_RHS
        at->n_rhs[l] = 0;
#endif
    }
#if SAVES
    const long long first_save = first_due(g);
    for (int l = 0; l < WIDTH; l++) {
        at->save[l] = first_save;
    }
    s->due = instant_splat(due_at(g, first_save));
    if (first_save > 0) {
        LOCAL_CELLS(row, N_COLUMNS);
        row_at(t0, s->y, s->values, row);
        for (int l = 0; l < n; l++) {
            for (long long i = 0; i < first_save; i++) {
                store_row(g, first + l, i, row, l);
            }
        }
    }
#endif
    LOCAL_CELLS(f0, N_STATES);
    model_rhs(t0, s->y, s->values, f0);
#if STEP_FSAL
    EACH(i, N_STATES) s->k1[i] = f0[i];
#endif
#if ADAPTIVE
    const real longest = vmin(g->end.hi, g->dt_max);
    s->h = first_step(&g->tol, g->t0, g->sign, s->y, f0, s->values, longest);
#if BOUNDED
    s->h = sel(left, R(0), s->h); /* it gets no further */
#endif
#else
    s->h = R(0);
#endif
#if GRID_STOPS
    for (int l = 0; l < WIDTH; l++) {
        at->step[l] = 0;
        lane_set_grid(g, s, at, l);
    }
#endif
}

/* ---- end ---- */

/* Lane l has no run: attempts leave it where it is. */
FN void lane_retire(const struct solve *g, struct lane *s, struct place *at, int l) {
    const double end = g->args->span;
    instant_set(&s->t, l, end);
    lane_set(&s->h, l, 0);
#if SAVES
    instant_set(&s->due, l, NEVER);
#endif
#if STOPS
    instant_set(&s->stop, l, end);
#endif
#if GRID_STOPS
    at->step[l] = g->grid.n_steps;
    instant_set(&s->grid_end, l, end);
#endif
    (void)at;
}

/* The run in lane l is over: stores what is left to store. row: the columns at (t, y). */
FN void lane_finish(const struct solve *g, const struct lane *s, const struct place *at,
                    int l, int status, long long n_attempts, long long n_accepted,
                    const cell *row) {
    const struct odec_args *a = g->args;
    struct odec_run_record *r = &a->records[RECORD_INDEX(a, at->run[l])];
    const double t = instant_get(&s->t, l);
    r->t = status == RUN_OK ? a->t1 : a->t0 + a->sign * t;
    r->status = status;
    r->n_rejected =
        (unsigned)(n_attempts - n_accepted); /* modulo 2^32, as it is counted */
    r->n_accepted = n_attempts - r->n_rejected;
    r->n_rhs = n_attempts * STEP_RHS + 1 + ADAPTIVE;
#if STEP_COUNTS_RHS
    r->n_rhs += at->n_rhs[l];
#endif
    r->n_jacobian = n_attempts * STEP_JACOBIANS;
    r->reserved = 0;
#if SAVES
    for (long long i = at->save[l]; i < a->n_saves; i++) {
        store_nan(g, at->run[l], i);
    }
    (void)row;
#else
    if (status == RUN_OK) {
        store_row(g, at->run[l], 0, row, l);
    } else {
        store_nan(g, at->run[l], 0);
    }
#endif
}

#endif
