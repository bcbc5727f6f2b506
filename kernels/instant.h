/* instant.h -- a point in time, and the clock of a run.
 *
 * A run's clock tells how long it has been on its way: it starts at 0 and never goes back,
 * wherever the time of its equations starts and whichever way that goes. So a clock's steps
 * are as fine at t0 = 1.7e9 as at 0, and the state moves by what the clock moves by; only
 * where equations name t is it added to t0 (time_after).
 *
 * In double one real is enough. In float an instant is an unevaluated sum of two reals, so
 * that a million small steps do not drift (Dekker 1971, Knuth TAOCP 4.2.2): the step h is a
 * float, the sum of all steps is not. A step's stages see `hi` alone.
 */
#ifndef ODEC_INSTANT_H
#define ODEC_INSTANT_H

#include "dialect.h"

struct instant {
    real hi;
#if REAL_FLOAT
    real lo;
#endif
};

FN struct instant instant_splat(double t) {
    struct instant r;
    r.hi = splat((scalar)t);
#if REAL_FLOAT
    const scalar hi = (scalar)t; /* an infinite t has no low part */
    r.lo = splat(hi - hi == 0 ? (scalar)(t - (double)hi) : (scalar)0);
#endif
    return r;
}

/* a - b, rounded once or nearly so where the two are close. */
FN real instant_since(struct instant a, struct instant b) {
#if REAL_FLOAT
    return (a.hi - b.hi) + (a.lo - b.lo);
#else
    return a.hi - b.hi;
#endif
}

FN struct instant instant_add(struct instant a, real h) {
    struct instant r;
#if REAL_FLOAT
    const real s = a.hi + h; /* two-sum, then the low parts, then renormalised */
    const real v = s - a.hi;
    const real e = ((a.hi - (s - v)) + (h - v)) + a.lo;
    r.hi = s + e;
    r.lo = e - (r.hi - s);
#else
    r.hi = a.hi + h;
#endif
    return r;
}

/* The equations' time when `since`, of either sign, has passed from t0 on. */
FN real time_after(struct instant t0, real since) {
#if REAL_FLOAT
    return t0.hi + (t0.lo + since);
#else
    return t0.hi + since;
#endif
}

FN struct instant instant_sel(mask m, struct instant a, struct instant b) {
    struct instant r;
    r.hi = sel(m, a.hi, b.hi);
#if REAL_FLOAT
    r.lo = sel(m, a.lo, b.lo);
#endif
    return r;
}

/* a >= b */
FN mask instant_reached(struct instant a, struct instant b) {
#if REAL_FLOAT
    return ge(instant_since(a, b), R(0));
#else
    return ge(a.hi, b.hi);
#endif
}

/* True where a step of h from a makes no progress any more. */
FN mask instant_stuck(struct instant a, real h) {
#if REAL_FLOAT
    return m_not(gt(h, vmax(vabs(a.hi) * R(0x1p-44f), R(SCALAR_TINY))));
#else
    return eq(a.hi + h, a.hi);
#endif
}

FN double instant_get(const struct instant *a, int lane) {
#if REAL_FLOAT
    return (double)lane_get(&a->hi, lane) + (double)lane_get(&a->lo, lane);
#else
    return lane_get(&a->hi, lane);
#endif
}

FN void instant_set(struct instant *a, int lane, double t) {
    const scalar hi = (scalar)t;
    lane_set(&a->hi, lane, hi);
#if REAL_FLOAT
    lane_set(&a->lo, lane, hi - hi == 0 ? (scalar)(t - (double)hi) : (scalar)0);
#endif
}

#endif
