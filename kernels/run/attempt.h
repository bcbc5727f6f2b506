/* attempt.h -- one attempt of a step, in phases.
 *
 *   begin     the step that every lane tries next, cut where it would pass its stop
 *   take      step_take and step_error of the family
 *   accept    is it good enough, and where does it lead
 *   save      the save times up to there, from its dense output
 *   control   the length of the next one
 *   commit    the lane goes on from there, or stays
 *   settle    what follows from a change of the state there
 *
 * What a program has none of costs nothing. Each phase sees what those before it found in
 * struct attempt: what moves the end of a step belongs between accept and save, what is summed
 * up over steps after save, what changes the state at the end after commit.
 */
#ifndef ODEC_ATTEMPT_H
#define ODEC_ATTEMPT_H

#include "lane.h"
#include "saves.h"

#if IN_WORKSPACE
/* Where its arrays are. */
FN void step_place(struct step *s) { ATTEMPT_ARRAYS(PLACE_IN_STEP, PLACE_2D_IN_STEP) }
#endif

/* The step from where the lanes stand, t by their clocks, h long. */
FN void lane_begin_step(const struct solve *g, const struct lane *s, real t, real h,
                        struct step *step) {
#if IN_WORKSPACE
    step_place(step);
#endif
    step->t0 = g->t0;
    step->t = with_sign(t, g->sign);
    step->h = with_sign(h, g->sign);
    step->values = s->values;
    EACH(i, N_STATES) step->y[i] = s->y[i];
#if STEP_FSAL
    /* Filled here: were it copied by a function, gcc would keep k1 in memory. */
    cell *const slope = step_begin_slope(step);
    EACH(i, N_STATES) slope[i] = s->k1[i];
#endif
}

#if ADAPTIVE || STOPS
/* The instant that the lanes' steps may not pass. */
FN struct instant lane_stop(const struct solve *g, const struct lane *s) {
#if STOPS
    (void)g;
    return s->stop;
#else
    (void)s;
    return g->end;
#endif
}

/* How far the next step may go. */
FN real attempt_length(const struct solve *g, const struct lane *s) {
#if FIXED_STEPS
    const mask whole = instant_reached(s->stop, s->grid_end);
    return sel(whole, s->h, instant_since(s->stop, s->t));
#else
    return vmin(s->h, instant_since(lane_stop(g, s), s->t));
#endif
}

FN void lane_begin_attempt(const struct solve *g, const struct lane *s,
                           struct step *step) {
    lane_begin_step(g, s, s->t.hi, attempt_length(g, s), step);
}

#if BOUNDED
/* Lanes that begin on a bound, go outwards from there and end outside. */
FN_RARE mask attempt_leaves(const struct solve *g, const struct step *step) {
    LOCAL_CELLS(f0, N_STATES);
    model_rhs(STEP_START(step), step->y, step->values, f0);
    EACH(i, N_STATES) f0[i] = with_sign(f0[i], g->sign);
    return bounds_crossed(step->y, f0, step->y1);
}
#endif

/* The squared error norm; with fixed steps infinite where the state is not finite, else 0. */
FN real attempt_error(const struct solve *g, const struct step *step) {
#if FIXED_STEPS
    mask finite = is_finite(step->y1[0]);
    EACH(i, N_STATES) finite = m_and(finite, is_finite(step->y1[i]));
    (void)g;
    const real norm = sel(finite, R(0), inf_real());
#else
    const real norm = step_error(&g->tol, step);
#endif
#if BOUNDED
    const mask left = bounds_left(g->args, step->y1);
    if (!any_lane(left)) {
        return norm;
    }
    return sel(left, sel(attempt_leaves(g, step), R(NORM_LEAVING), R(NORM_OUTSIDE)),
               norm);
#else
    return norm;
#endif
}

/* What is known of an attempt. */
struct attempt {
    real error; /* squared norm */
    mask last;  /* it ends at the lane's stop */
    mask accepted;
    struct instant end;
#if ADAPTIVE
    real length;
#endif
#if BOUNDED
    mask moved; /* a state was set to its bound */
#endif
};

/* A step's error estimate may cross zero by accident. Where it is the first, of which no other
 * tells how long it can be, and where its dense output is wanted, that has to hold too. */
#define ATTEMPT_LOOKS (STEP_DENSE_CHECK && ADAPTIVE)

FN struct attempt attempt_accept(const struct solve *g, const struct lane *s,
                                 struct place *at, struct step *step, real error) {
    struct attempt a;
#if FIXED_STEPS
    a.last = instant_reached(s->grid_end, s->stop);
    a.end = instant_sel(a.last, s->stop, s->grid_end);
#else
#if STEP_STIFF /* the same, by what leaves a CUDA thread more registers */
    a.length = vabs(step->h);
#else
    a.length = with_sign(step->h, g->sign);
#endif
    a.last = ge(s->h, instant_since(lane_stop(g, s), s->t));
    a.end = instant_sel(a.last, lane_stop(g, s), instant_add(s->t, a.length));
#endif
    a.error = error;
#if ATTEMPT_LOOKS
    mask look = tally_is_none(s->n_accepted);
#if SAVES
    look = m_or(look, m_not(instant_reached(s->due, a.end)));
#endif
    look = m_and(look, le(error, R(1)));
    if (any_lane(look)) {
        a.error = sel(look, vmax(step_dense_error(&g->tol, step), error), error);
        count_rhs(at, look, STEP_DENSE_CHECK_RHS);
    }
#else
    (void)at;
#endif
    a.accepted = le(a.error, R(1));
#if BOUNDED
    a.moved = m_and(bounds_keep(step->y1), a.accepted);
#endif
    return a;
}

FN void attempt_save(const struct solve *g, struct lane *s, struct place *at,
                     struct step *step, const struct attempt *a) {
#if SAVES
    if (any_lane(m_and(a->accepted, instant_reached(a->end, s->due)))) {
#if SAVES_APART
        save_due_apart(g, s, at, a->end, step);
#else
        save_due(g, s, at, a->accepted, a->end, step);
#endif
    }
#else
    (void)g, (void)s, (void)at, (void)step, (void)a;
#endif
}

FN void attempt_control(const struct solve *g, struct lane *s, struct place *at,
                        const struct attempt *a) {
#if FIXED_STEPS
    const mask cut = m_not(instant_reached(a->end, s->grid_end));
    const mask whole = m_and(a->accepted, m_not(cut));
    s->h = sel(m_and(a->accepted, cut), instant_since(s->grid_end, a->end), s->h);
    for (unsigned b = mask_bits(whole); b; b &= b - 1) {
        at->step[lowest_bit(b)]++;
        lane_set_grid(g, s, at, lowest_bit(b));
    }
#else
    const real factor = control_next(a->error, a->accepted, a->length, LANE_MEMORY(s));
    s->h = vmin(a->length * factor, g->dt_max);
    (void)at;
#endif
}

FN void attempt_commit(struct lane *s, struct step *step, const struct attempt *a) {
    s->t = instant_sel(a->accepted, a->end, s->t);
    EACH(i, N_STATES) s->y[i] = sel(a->accepted, step->y1[i], s->y[i]);
#if STEP_FSAL
    cell *const slope = step_end_slope(step);
    EACH(i, N_STATES) s->k1[i] = sel(a->accepted, slope[i], s->k1[i]);
#endif
    s->n_accepted = tally_add(s->n_accepted, a->accepted);
}

/* The slope of a state that was set to its bound is another one. */
FN void attempt_settle(const struct solve *g, struct lane *s, const struct attempt *a) {
#if BOUNDED && STEP_FSAL
    if (any_lane(a->moved)) {
        LOCAL_CELLS(f0, N_STATES);
        model_rhs(lane_time(g, s->t), s->y, s->values, f0);
        EACH(i, N_STATES) s->k1[i] = sel(a->moved, f0[i], s->k1[i]);
    }
#else
    (void)g, (void)s, (void)a;
#endif
}

/* Where the lanes go no further: the next step would not move their clocks, whether the one
 * before was accepted or not. */
FN mask attempt_stuck(const struct lane *s, const struct attempt *a) {
#if FIXED_STEPS
    (void)s;
    return m_not(a->accepted);
#else
    const mask stuck = instant_stuck(s->t, s->h);
#if BOUNDED
    return m_or(stuck, eq(a->error, R(NORM_LEAVING)));
#else
    (void)a;
    return stuck;
#endif
#endif
}

/* All of it after step_take. Returns the lanes whose run is over, at its end or because they
 * are stuck. */
FN mask lane_end_attempt(const struct solve *g, struct lane *s, struct place *at,
                         struct step *step, real error) {
    const struct attempt a = attempt_accept(g, s, at, step, error);
    attempt_save(g, s, at, step, &a);
    attempt_control(g, s, at, &a);
    attempt_commit(s, step, &a);
    attempt_settle(g, s, &a);
    const mask stuck = attempt_stuck(s, &a);
#if STOPS
    return m_or(m_and(a.accepted, instant_reached(a.end, g->end)), stuck);
#else
    return m_or(m_and(a.accepted, a.last), stuck);
#endif
}

/* How a run ended that has stopped at (t, h): `over` where lane_end_attempt said so, `outside`
 * where it began out of its bounds. */
FN int lane_status(int at_end, int over, int outside, scalar norm) {
    const int finite = norm - norm == 0;
    return outside                 ? RUN_OUT_OF_BOUNDS
           : at_end                ? RUN_OK
           : !over                 ? RUN_MAX_ATTEMPTS
           : !finite               ? RUN_NON_FINITE
           : norm == NORM_SINGULAR ? RUN_SINGULAR
           : norm == NORM_OUTSIDE  ? RUN_OUT_OF_BOUNDS
           : norm == NORM_LEAVING  ? RUN_OUT_OF_BOUNDS
                                   : RUN_STEP_UNDERFLOW;
}
#endif

#endif
