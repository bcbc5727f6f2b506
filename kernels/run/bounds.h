/* bounds.h -- states that must stay within bounds: what a model says of them, not of its method.
 *
 * A step that ends outside by more than a state's atol is not taken: adaptive steps are tried
 * shorter, and a run that cannot stay inside, or has fixed steps, is over. What is within atol
 * is rounding and error, and is set to the bound. Stages may lie anywhere.
 */
#ifndef ODEC_BOUNDS_H
#define ODEC_BOUNDS_H

#include "abi.h"
#include "dialect.h"
#include "model.h"
#include "workspace.h"

#if BOUNDED
/* Lanes where a state is outside by more than its atol. No number is nowhere. */
FN mask bounds_left(const struct odec_args *a, const cell *y) {
    mask left = m_of_bits(0);
#define LEFT_BELOW(i, bound) \
    left = m_or(left, lt(y[i], (bound)-splat((scalar)ARGS_ATOL(a)[i])));
#define LEFT_ABOVE(i, bound) \
    left = m_or(left, gt(y[i], (bound) + splat((scalar)ARGS_ATOL(a)[i])));
    STATE_LOWER_BOUNDS(LEFT_BELOW)
    STATE_UPPER_BOUNDS(LEFT_ABOVE)
    return left;
}

/* Sets what is outside to its bound. Returns the lanes where something was. */
FN mask bounds_keep(cell *y) {
    mask moved = m_of_bits(0);
#define KEEP_ABOVE(i, bound)                  \
    {                                         \
        const mask outside = lt(y[i], bound); \
        y[i] = sel(outside, (bound), y[i]);   \
        moved = m_or(moved, outside);         \
    }
#define KEEP_BELOW(i, bound)                  \
    {                                         \
        const mask outside = gt(y[i], bound); \
        y[i] = sel(outside, (bound), y[i]);   \
        moved = m_or(moved, outside);         \
    }
    STATE_LOWER_BOUNDS(KEEP_ABOVE)
    STATE_UPPER_BOUNDS(KEEP_BELOW)
    return moved;
}

/* Lanes where a state begins on a bound, at y, goes outwards, by f, and ends outside, at y1. */
FN mask bounds_crossed(const cell *y, const cell *f, const cell *y1) {
    mask crossed = m_of_bits(0);
#define CROSSED_BELOW(i, bound) \
    crossed = m_or(crossed,     \
                   m_and(m_and(le(y[i], bound), lt(f[i], R(0))), lt(y1[i], bound)));
#define CROSSED_ABOVE(i, bound) \
    crossed = m_or(crossed,     \
                   m_and(m_and(ge(y[i], bound), gt(f[i], R(0))), gt(y1[i], bound)));
    STATE_LOWER_BOUNDS(CROSSED_BELOW)
    STATE_UPPER_BOUNDS(CROSSED_ABOVE)
    return crossed;
}

/* A run that has left its bounds, where no step is tried again: its states are this NaN, which no
 * arithmetic makes. (What is stored is the one canonical NaN.) */
#define OUTSIDE_BITS (REAL_FLOAT ? 0x7fc0b0b0LL : 0x7ff80000b0b0b0b0LL)

FN void bounds_mark(mask left, cell *y) {
    EACH(i, N_STATES) y[i] = sel(left, as_real(I(OUTSIDE_BITS)), y[i]);
}
#endif

/* Bit l: lane l has left its bounds for good. */
FN unsigned lanes_outside(const cell *y) {
#if BOUNDED
    return mask_bits(ieq(as_int(y[0]), I(OUTSIDE_BITS)));
#else
    (void)y;
    return 0;
#endif
}

#endif
