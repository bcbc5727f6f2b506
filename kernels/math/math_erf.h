/* math_erf.h -- erf and erfc.
 *
 * Near 0, erf x = x + x P(x^2). Elsewhere erfc x = e^(-x^2) g(t) / (1 + 2x), where
 * t = (x - 3)/(x + 3) maps the half line to an interval on which e^(x^2) erfc(x) (1 +
 * 2x) is smooth, so that one polynomial serves (Schonfelder, Math. Comp. 32, 1978;
 * Shepherd and Laframboise, Math. Comp. 36, 1981). x^2 is a pair of reals: its error
 * would be multiplied by up to 740.
 */
#ifndef ODEC_MATH_ERF_H
#define ODEC_MATH_ERF_H

#include "math_exp.h"
#include "math_round.h"

#define ERFC_ZERO (REAL_FLOAT ? (scalar)11 : (scalar)28) /* erfc is 0 from here on */

/* erf x - x, |x| <= 1 */
FN real erf_tail(real x) {
    real z = x * x;
#if REAL_FLOAT
    real p = POLY(7, z, 0.128379166, -0.376126289, 0.11283619, -0.0268551726,
                  0.00519085489, -0.000803205126, 7.9252095e-05);
#else
    real p =
        POLY(13, z, 0.1283791670955126, -0.3761263890318375, 0.11283791670954885,
             -0.02686617064507787, 0.005223977624828405, -0.0008548326981424206,
             0.00012055331132914722, -1.4925595771383641e-05, 1.6461008468017625e-06,
             -1.6350396149458015e-07, 1.466032841937597e-08, -1.1374955241501688e-09,
             5.960685550217251e-11);
#endif
    return x * p;
}

/* erfc a, 0.74 <= a. All but the exponential and the last sum is kept as a pair of
 * reals. */
FN real erfc_tail(real a) {
    a = vmin(R(ERFC_ZERO), a);
    real t = (a - R(3)) / (a + R(3));
#if REAL_FLOAT
    const scalar c0 = 1.25300801f, c0_lo = 5.02664948e-08;
    real q =
        POLY(9, t, -0.135621086, -0.0475621596, 0.129644468, -0.119276814, 0.0683175549,
             -0.0237446129, 0.00247555948, 0.00180132012, -0.000646852539);
#else
    const scalar c0 = 1.2530080582697296, c0_lo = 4.5276203702746546e-17;
    real q =
        POLY(21, t, -0.1356211061245812, -0.04756229435345127, 0.12964515870276466,
             -0.11927366341526677, 0.06830802734381182, -0.023770514919883093,
             0.002529391819511032, 0.0018886903767850489, -0.0007798323147625164,
             -0.00010515993600305421, 0.00012509969106462354, 4.9500798028322535e-06,
             -2.0102324870001412e-05, -7.328378549278257e-07, 3.478297518919869e-06,
             3.5725463398119743e-07, -6.287987192952387e-07, -1.3653539202912014e-07,
             1.1568083648680973e-07, 3.048134382946286e-08, -1.9343909645578627e-08);
#endif
    real p = fmadd(q, t, R(c0)), p_lo = fmadd(q, t, R(c0) - p) + R(c0_lo);
    real d = R(1) + (a + a), d_lo = fast_sum_error(a + a, R(1), d);
    real g_lo, g = quotient_pair(p, p_lo, d, d_lo, &g_lo);
    real s = a * a, s_lo = fmsub(a, a, s);
    real e = odec_exp(-s);
    return fmadd(e, g, e * fnmadd(g, s_lo, g_lo));
}

FN real odec_erf(real x) {
    real y = x + erf_tail(x), a = vabs(x);
    mask far = lt(R(1), a);
    if (any_lane(far)) {
        y = sel(far, vcopysign(R(1) - erfc_tail(a), x), y);
    }
    return y;
}

FN real odec_erfc(real x) {
    real a = vabs(x);
    real y = (R(1) - x) - erf_tail(x);
    mask far = lt(R(0.75), a);
    if (any_lane(far)) {
        real z = erfc_tail(a);
        y = sel(far, sel(lt(x, R(0)), R(2) - z, z), y);
    }
    return y;
}

#endif
