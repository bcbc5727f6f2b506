/* sweep.h -- a point of a sweep, the one formula for every device.
 *
 *   linear     lo + i (hi - lo)/(n - 1), the multiply-add fused
 *   geometric  lo exp(i log(hi/lo)/(n - 1))
 *
 * Always in double, whatever the program computes in. Both ends are exact: who fills a column
 * puts them in place of points 0 and n - 1.
 */
#ifndef ODEC_SWEEP_H
#define ODEC_SWEEP_H

#include "abi.h"
#include "dialect.h"
#include "math_exp.h"

/* Point i, no end; i as a double, exactly. Rounding leads no point outside. */
FN real sweep_inside(const struct odec_ramp *ramp, real i, int log) {
    const real lo = R(ramp->lo), step = R(ramp->step);
    const real least = R(ramp->least), most = R(ramp->most);
    real x = log ? lo * odec_exp(i * step) : fmadd(i, step, lo);
    x = sel(lt(x, least), least, x);
    return sel(gt(x, most), most, x);
}

#endif
