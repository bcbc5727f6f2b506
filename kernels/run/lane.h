/* lane.h -- one run on its way: its start, one attempt, its saves, its end.
 *
 * What is here is the same for a CPU vector of lanes and for a CUDA thread (WIDTH is 1);
 * the drivers in templates/ decide which run is in which lane. A lane whose run is over has
 * h = 0 and is inert: attempts leave its state as it is. The method (erk.h, rosenbrock.h) gives
 * struct step and the functions step_...
 */
#ifndef ODEC_LANE_H
#define ODEC_LANE_H

#include "abi.h"
#include "dialect.h"
#include "instant.h"
#include "run_status.h"
#if ADAPTIVE
#include "first_step.h"
#endif

#ifndef SAVES_APART
#define SAVES_APART 0 /* 1: saves are a call that the registers of an attempt survive */
#endif

/* What every run shares is where args say, except in a CUDA module's constant memory. */
#ifndef ARGS_PARS
#define ARGS_PARS(a) ((a)->pars)
#define ARGS_STATES(a) ((a)->states)
#define ARGS_ATOL(a) ((a)->atol)
#endif

/* What every run of a solve shares. */
struct solve {
    const struct odec_args *args;
    struct tolerance tol;
    struct instant t0, t1;
    real dt_max;
    long long first_due; /* index of the first save time after t0 */
};

/* All members are reals or of a real's size: a driver moves single lanes word by word. */
struct lane {
    CELLS(y, N_STATES);
#if STEP_FSAL
    CELLS(k1, N_STATES); /* f(t, y), known from the last accepted step */
#endif
    CELLS(values, N_VALUES + !N_VALUES); /* per-run values, hoisted out of the step */
    struct instant t;
    real h;      /* the next attempt's step, before it is cut at the end */
    real memory; /* of the step-size controller */
#if SAVES
    struct instant due; /* next save time, infinite after the last */
#endif
    ival n_accepted;
};

/* Where its arrays are, if not in itself. */
FN void lane_place(struct lane *s) {
#if IN_WORKSPACE
    s->y = workspace()->lane_y;
#if STEP_FSAL
    s->k1 = workspace()->lane_k1;
#endif
    s->values = workspace()->lane_values;
#else
    (void)s;
#endif
}

/* Which run a lane works on, and its next save. */
struct place {
    long long run[WIDTH];
#if SAVES
    long long save[WIDTH];
#endif
};

FN void solve_begin(struct solve *g, const struct odec_args *args) {
    g->args = args;
    tolerance_set(&g->tol, args->rtol, ARGS_ATOL(args));
    g->t0 = instant_splat(args->t0);
    g->t1 = instant_splat(args->t1);
    g->dt_max = splat((scalar)args->dt_max);
    g->first_due = 0;
    while (g->first_due < args->n_saves && args->save_times[g->first_due] <= args->t0) {
        g->first_due++;
    }
}

/* ---- storing ---- */

FN void store_row(const struct solve *g, long long run, long long save, const cell *row,
                  int lane) {
    scalar *values = (scalar *)g->args->values;
    for (int i = 0; i < N_COLUMNS; i++) {
        values[VALUE_INDEX(g->args, run, save, i)] = lane_get(&row[i], lane);
    }
}

FN void store_nan(const struct solve *g, long long run, long long save) {
    scalar *values = (scalar *)g->args->values;
    const real nan = nan_real();
    for (int i = 0; i < N_COLUMNS; i++) {
        values[VALUE_INDEX(g->args, run, save, i)] = lane_get(&nan, 0);
    }
}

/* The columns of a result at (t, y), the same NaN for every NaN. */
FN void row_at(struct instant t, const cell *y, const cell *values, cell *row) {
    model_columns(t.hi, y, values, row);
    EACH(i, N_COLUMNS) row[i] = canonical(row[i]);
}

FN double due_at(const struct solve *g, long long save) {
    return save < g->args->n_saves ? g->args->save_times[save] : NEVER;
}

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
    LOCAL_CELLS(p, N_PARS + !N_PARS);
    for (int i = 0; i < N_PARS; i++) {
        if (ARGS_PARS(a)[i].data) {
            p[i] = input_load(&ARGS_PARS(a)[i], first, n);
        }
    }
    model_defaults(ARGS_PARS(a), p);
    model_values(p, s->values);
    model_initial(p, s->y);
    for (int i = 0; i < N_STATES; i++) {
        if (ARGS_STATES(a)[i].data) {
            s->y[i] = input_load(&ARGS_STATES(a)[i], first, n);
        }
    }
    s->t = g->t0;
    s->n_accepted = I(0);
    s->memory = R(STEP_STIFF ? LOG2_UNKNOWN : LOG2_NORM_FLOOR);
    for (int l = 0; l < WIDTH; l++) {
        at->run[l] = first + l;
    }
#if SAVES
    for (int l = 0; l < WIDTH; l++) {
        at->save[l] = g->first_due;
    }
    s->due = instant_splat(due_at(g, g->first_due));
    if (g->first_due > 0) {
        LOCAL_CELLS(row, N_COLUMNS);
        row_at(g->t0, s->y, s->values, row);
        for (int l = 0; l < n; l++) {
            for (long long i = 0; i < g->first_due; i++) {
                store_row(g, first + l, i, row, l);
            }
        }
    }
#endif
    LOCAL_CELLS(f0, N_STATES);
    model_rhs(s->t.hi, s->y, s->values, f0);
#if STEP_FSAL
    EACH(i, N_STATES) s->k1[i] = f0[i];
#endif
#if ADAPTIVE
    const real longest = vmin(instant_since(g->t1, g->t0), g->dt_max);
    s->h = first_step(&g->tol, s->t.hi, s->y, f0, s->values, longest);
#else
    s->h = R(0);
#endif
}

/* ---- saves ---- */

#if SAVES
/* Stores the save times that an accepted step to (t_new, y1) reaches. */
FN_RARE void save_due(const struct solve *g, struct lane *s, struct place *at,
                      mask accepted, struct instant t_new, struct step *step) {
    mask due = m_and(accepted, instant_reached(t_new, s->due));
    step_complete(step);
    do {
        LOCAL_CELLS(y_due, N_STATES);
        LOCAL_CELLS(row, N_COLUMNS);
        const mask at_end = instant_reached(s->due, t_new);
        step_dense(step, instant_since(s->due, s->t) / step->h, y_due);
        EACH(i, N_STATES) y_due[i] = sel(at_end, step->y1[i], y_due[i]);
        row_at(s->due, y_due, s->values, row);
        for (unsigned b = mask_bits(due); b; b &= b - 1) {
            const int l = lowest_bit(b);
            store_row(g, at->run[l], at->save[l]++, row, l);
            instant_set(&s->due, l, due_at(g, at->save[l]));
        }
        due = m_and(accepted, instant_reached(t_new, s->due));
    } while (any_lane(due));
}

#if SAVES_APART
/* The same as a call, for a CUDA thread. Inlined, the stages of a step and everything that an
 * attempt keeps have to be in registers at once; here what a save needs goes to memory of its
 * own, and only where there is a save. */
FN_OUTLINE void save_due_call(const struct odec_args *args, struct lane *s,
                              struct place *at, struct instant t_new,
                              struct step *step) {
    struct solve g;
    g.args = args;
    save_due(&g, s, at, m_of_bits(1), t_new, step);
}

FN void save_due_apart(const struct solve *g, struct lane *s, struct place *at,
                       struct instant t_new, const struct step *step) {
    struct lane lane;
    struct place place = *at;
    struct step copy;
    UNROLL for (int i = 0; i < N_VALUES; i++) { lane.values[i] = s->values[i]; }
    lane.t = s->t;
    lane.due = s->due;
    copy.t = step->t;
    copy.h = step->h;
    copy.values = lane.values;
    EACH(i, N_STATES) copy.y[i] = step->y[i];
    EACH(i, N_STATES) copy.y1[i] = step->y1[i];
    UNROLL for (int j = 1; j <= ERK_STAGES; j++) {
        EACH(i, N_STATES) copy.k[j][i] = step->k[j][i];
    }
    save_due_call(g->args, &lane, &place, t_new, &copy);
    *at = place;
    s->due = lane.due;
}
#endif
#endif

/* ---- one attempt: lane_begin_attempt, step_take, step_error, lane_end_attempt ---- */

/* The step from where the lanes stand. */
FN void lane_begin_step(const struct lane *s, real t, real h, struct step *step) {
    step_place(step);
    step->t = t;
    step->h = h;
    step->values = s->values;
    EACH(i, N_STATES) step->y[i] = s->y[i];
#if STEP_FSAL
    EACH(i, N_STATES) step->k[1][i] = s->k1[i];
#endif
}

#if ADAPTIVE
/* The step that every lane tries next, cut where it would pass t1. */
FN void lane_begin_attempt(const struct solve *g, const struct lane *s,
                           struct step *step) {
    lane_begin_step(s, s->t.hi, vmin(s->h, instant_since(g->t1, s->t)), step);
}

/* Takes over the steps that are good enough. e is the squared error norm. Returns the lanes
 * whose run is over, at t1 or because steps have become too small to count. */
FN mask lane_end_attempt(const struct solve *g, struct lane *s, struct place *at,
                         struct step *step, real e) {
    const mask last = ge(s->h, instant_since(g->t1, s->t));
    const struct instant t_new = instant_sel(last, g->t1, instant_add(s->t, step->h));
#if SAVES && STEP_STIFF
    const mask inside = m_and(le(e, R(1)), m_not(instant_reached(s->due, t_new)));
    if (any_lane(inside)) {
        e = sel(inside, vmax(step_dense_error(&g->tol, step), e), e);
    }
#endif
    const mask accepted = le(e, R(1));
#if SAVES
    if (any_lane(m_and(accepted, instant_reached(t_new, s->due)))) {
#if SAVES_APART
        save_due_apart(g, s, at, t_new, step);
#else
        save_due(g, s, at, accepted, t_new, step);
#endif
    }
#else
    (void)at;
#endif
#if STEP_STIFF
    const real factor =
        control_factor_stiff(e, accepted, STEP_ERROR_ORDER, step->h, &s->memory);
#else
    const real factor = control_factor(e, accepted, STEP_ERROR_ORDER, &s->memory);
#endif
    s->h = vmin(step->h * factor, g->dt_max);
    const mask stuck = m_and(m_not(accepted), instant_stuck(s->t, s->h));
    s->t = instant_sel(accepted, t_new, s->t);
    EACH(i, N_STATES) s->y[i] = sel(accepted, step->y1[i], s->y[i]);
#if STEP_FSAL
    EACH(i, N_STATES) s->k1[i] = sel(accepted, step->k[ERK_STAGES][i], s->k1[i]);
#endif
    s->n_accepted = count_add(s->n_accepted, accepted);
    return m_or(m_and(accepted, last), stuck);
}

/* How a run ended that has stopped at (t, h): `over` where lane_end_attempt said so. */
FN int lane_status(int at_end, int over, scalar norm) {
    const int finite = norm - norm == 0;
    return at_end                  ? RUN_OK
           : !over                 ? RUN_MAX_ATTEMPTS
           : !finite               ? RUN_NON_FINITE
           : norm == NORM_SINGULAR ? RUN_SINGULAR
                                   : RUN_STEP_UNDERFLOW;
}
#endif

/* ---- end ---- */

/* The run in lane l is over: stores what is left to store. row: the columns at (t, y). */
FN void lane_finish(const struct solve *g, const struct lane *s, const struct place *at,
                    int l, int status, long long n_attempts, long long n_accepted,
                    const cell *row) {
    const struct odec_args *a = g->args;
    struct odec_run_record *r = &a->records[at->run[l]];
    r->t =
        status == RUN_OK ? a->t1 : instant_get(&s->t, l); /* in float too, to the bit */
    r->status = status;
    r->n_accepted = n_accepted;
    r->n_rejected = n_attempts - n_accepted;
    r->n_rhs = n_attempts * STEP_RHS + 1 + ADAPTIVE;
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
