/* lu.h -- what the generated LU code of a model is made of.
 *
 * Factors without exchanges hold the reciprocals of their pivots. A reciprocal here is a fixed
 * recipe of multiply-adds, within an ulp or so: correct rounding would cost a division and
 * gain nothing, and the recipe's bits are the same everywhere.
 *
 * What pivots without exchanges can do wrong shows in the ratio of a diagonal entry before
 * elimination to the pivot it becomes: large where they cancel (the pivot is rounding error),
 * small where elements have grown so much that the entry is lost. The ratio does not change
 * with the units of the states, since the diagonal of D J D^-1 is J's.
 */
#ifndef ODEC_LU_H
#define ODEC_LU_H

#include "control.h"
#include "dialect.h"

struct growth {
    real least, most; /* of |entry / pivot| */
};

FN struct growth growth_none(void) {
    struct growth g;
    g.least = g.most = R(1);
    return g;
}

/* 1/pivot in two parts, two cubic steps and one of Newton's from an integer seed good to 12 %:
 * to 2e-3, infinite for 0, and all of it. NaN where the pivot is 0, infinite or NaN. */
FN real lu_rough_reciprocal(real pivot) {
    const uval bits =
        (uval)I(RECIPROCAL_SEED) - (uval)as_int(pivot); /* of either sign */
    const real r = as_real((ival)bits);
    const real e = fnmadd(pivot, r, R(1));
    return fmadd(r, fmadd(e, e, e), r);
}

FN real lu_refine(real pivot, real r) {
    real e = fnmadd(pivot, r, R(1));
    r = fmadd(r, fmadd(e, e, e), r);
#if !REAL_FLOAT
    e = fnmadd(pivot, r, R(1));
    r = fmadd(r, e, r);
#endif
    return r;
}

FN real lu_reciprocal(real pivot) {
    return lu_refine(pivot, lu_rough_reciprocal(pivot));
}

/* The reciprocal of a pivot that was `entry` before elimination. */
FN real lu_pivot(real entry, real pivot, struct growth *g) {
    const real r = lu_rough_reciprocal(pivot);
    const real ratio = vabs(entry * r);
    g->least =
        vmin(ratio, g->least); /* a NaN leaves them: it goes on to the error norm */
    g->most = vmax(ratio, g->most);
    return lu_refine(pivot, r);
}

/* Where the factors are not good for a digit. */
FN mask lu_bad(struct growth g) {
    const real limit = R(0.125 / SCALAR_EPS);
    return m_or(gt(g.most, limit), lt(g.least * limit, R(1)));
}

#endif
