/* control.h -- step-size control: the error norm and the controllers that follow it.
 *
 * The norm is the root mean square of e_i / (atol_i + rtol max(|y_i|, |y1_i|)) (Hairer,
 * Norsett & Wanner I, II.4, eq. 4.11). The controller works on its base-2 logarithm and needs
 * two or three digits, so reciprocal, logarithm and exponential are short recipes of their
 * own, made of the same IEEE operations on every machine. No step taken is less accurate for
 * it: what they decide is h, and whether an error within 2e-3 of the tolerance is accepted.
 * All of it lies on the path from one step's length to the next: its latency counts.
 */
#ifndef ODEC_CONTROL_H
#define ODEC_CONTROL_H

#include "dialect.h"

#if REAL_FLOAT
#define ROUND_MAGIC 12582912.0f   /* 1.5 * 2^23: adding it rounds to an integer */
#define LOG_MAGIC_BITS 0x4b000000 /* 2^23 */
#define LOG_MAGIC 8388735.0f      /* 2^23 + 127 */
#define LOG_MANTISSA 0x007fffff
#define LOG_ONE 0x3f800000
#define RECIPROCAL_SEED 0x7ef311c7
#else
#define ROUND_MAGIC 6755399441055744.0
#define LOG_MAGIC_BITS 0x4330000000000000LL
#define LOG_MAGIC 4503599627371519.0
#define LOG_MANTISSA 0x000fffffffffffffLL
#define LOG_ONE 0x3ff0000000000000LL
#define RECIPROCAL_SEED 0x7fde623822fc16e6LL
#endif

/* An explicit method's attempt is so short that these count in it: there they are a term shorter,
 * and err as is said behind a stiff method's. */

/* 1/b to 1.4e-4 (1.3e-3) for b > 0 normal, by an integer seed good to 5 %. Not finite or not a
 * number where b is infinite or NaN. */
FN real rough_reciprocal(real b) {
    const real r = as_real(I(RECIPROCAL_SEED) - as_int(b));
#if STEP_STIFF
    const real e = fnmadd(b, r, R(1));
    return fmadd(r, fmadd(e, e, e), r);
#else
    /* Newton's step errs to one side: half of that is given back. */
    return r * fnmadd(b, r, R(2.00128));
#endif
}

/* log2(x) to 7e-4 (5e-3) for x > 0 normal; about -1023 (-127) for 0; at least 128 for infinity
 * and for NaN, or NaN for a NaN with a sign. */
FN real rough_log2(real x) {
    const ival b = as_int(x);
    const real e = as_real((b >> MANTISSA_BITS) | I(LOG_MAGIC_BITS)) - R(LOG_MAGIC);
    const real m = as_real((b & I(LOG_MANTISSA)) | I(LOG_ONE));
#if STEP_STIFF
    real p = fmadd(m, R(0.158248703), R(-1.051875023));
    p = fmadd(m, p, R(3.047884149));
    return fmadd(m, p, e - R(2.153620712));
#else
    const real p = fmadd(m, R(-0.344848434), R(2.024665783));
    return fmadd(m, p, e - R(1.674877589));
#endif
}

/* 2^y to 8e-5 (1.8e-3) for |y| < 100. */
FN real rough_exp2(real y) {
    const real z = y + R(ROUND_MAGIC);
    const real f = y - (z - R(ROUND_MAGIC));
#if STEP_STIFF
    real p = fmadd(f, R(0.055171669), R(0.242611122));
    p = fmadd(f, p, R(0.693260985));
    p = fmadd(f, p, R(0.999928074));
#else
    real p = fmadd(f, R(0.238428936), R(0.703448006));
    p = fmadd(f, p, R(1.000443142));
#endif
    return as_real(as_int(p) + (as_int(z) << MANTISSA_BITS));
}

/* What every run of a solve shares: the tolerances times the root of N_STATES, so that a sum
 * of squares is a mean. */
struct tolerance {
    scalar rtol;
#if IN_WORKSPACE
    const double *given; /* no array of a thread's own */
    scalar root;
#else
    scalar atol[N_STATES];
#endif
};

FN void tolerance_set(struct tolerance *tol, double rtol, const double *atol) {
    const real root = vsqrt(R(N_STATES));
    tol->rtol = (scalar)rtol * lane_get(&root, 0);
#if IN_WORKSPACE
    tol->given = atol;
    tol->root = lane_get(&root, 0);
#else
    for (int i = 0; i < N_STATES; i++) {
        tol->atol[i] = (scalar)atol[i] * lane_get(&root, 0);
    }
#endif
}

FN real tolerance_atol(const struct tolerance *tol, int i) {
#if IN_WORKSPACE
    return R(tol->given[i]) * splat(tol->root);
#else
    return splat(tol->atol[i]);
#endif
}

/* In place of a norm: the attempt failed because its linear systems were singular; because it
 * ends outside of a state's bounds, which a shorter one may not, or from where none stays inside. */
#define NORM_SINGULAR SCALAR_MAX
#define NORM_OUTSIDE (SCALAR_MAX * 0.5f)
#define NORM_LEAVING (SCALAR_MAX * 0.25f)

/* (e / weight)^2 added to sum. */
FN real norm_add(const struct tolerance *tol, int i, real e, real y, real y1,
                 real sum) {
    const real size = vmax(vabs(y), vabs(y1));
    const real weight = fmadd(splat(tol->rtol), size, tolerance_atol(tol, i));
    const real q = e * rough_reciprocal(weight);
    return fmadd(q, q, sum);
}

#define LOG2_SAFETY (-0.152003093)   /* log2(0.9) */
#define LOG2_SHRINK (-2.321928)      /* log2(1/5): no step shrinks more at once */
#define LOG2_GROW (3.321928)         /* log2(10) */
#define LOG2_NORM_FLOOR (-26.575425) /* log2(1e-8): controllers forget smaller norms */

/* A controller gives the factor for the next step after an attempt of h whose squared error norm
 * is `norm`; `accepted` where it was at most 1. q is the order of the error estimate in h. After a
 * rejection the exponent is the plain 1/q, halved, since these are logarithms of squares. A norm
 * that is no finite number shrinks most: its logarithm is large or NaN, and vmax gives its second
 * operand then. What they remember of the last accepted step is a run's own, from its start to
 * its end. */

/* The factor that 1/q and a safety of 0.9 ask for. */
FN real control_plain(real l, real root) { return fnmadd(root, l, R(LOG2_SAFETY)); }

FN real control_exponent(real a) { return vmin(vmax(a, R(LOG2_SHRINK)), R(LOG2_GROW)); }

/* For explicit methods: the PI rule (Hairer & Wanner II, IV.2, eq. 2.43 with alpha = 0.7/q, beta =
 * 0.4/q), which is steady where stability bounds the step, with its target inside, so that
 * errors settle at 0.55 of the tolerance whatever the gains; and where errors grow from step to
 * step Gustafsson's predictive rule, which sees that, if it is the more careful one. (Alone
 * the first has up to five times as many rejections, the second fails where stability bounds the
 * step: measured, tests/bench/RECORDS.md.) memory: log2 of the norm; memory_change: of how much
 * longer than the last accepted step the one just tried was meant to be. */
#define CONTROL_START_pi LOG2_NORM_FLOOR
#define LOG2_TARGET (-1.724993) /* log2(0.55^2) */
FN real control_pi(real norm, mask accepted, scalar q, real h, brief *memory,
                   brief *memory_change) {
    (void)h; /* the change of its logarithm is the exponent before */
    const real l_before = real_of_brief(*memory),
               change = real_of_brief(*memory_change);
    const real root = splat((scalar)0.5 / q);
    const real settled = splat((scalar)(0.15 * LOG2_TARGET) / q);
    /* What does not wait for the norm, so that each rule is one step behind its logarithm. */
    const real trend = fmadd(root, l_before, change + R(LOG2_SAFETY));
    const real pull = fmadd(splat((scalar)0.2 / q), l_before, settled);
    const real l = rough_log2(norm);
    const real predicted = fnmadd(root + root, l, trend);
    const real pi = fmadd(splat((scalar)-0.35 / q), l, pull);
    const real a =
        control_exponent(sel(accepted, vmin(predicted, pi), control_plain(l, root)));
    *memory = brief_of(sel(accepted, vmax(l, R(LOG2_NORM_FLOOR)), l_before));
    *memory_change = brief_of(sel(accepted, a, change + a));
    return rough_exp2(a);
}

/* For stiff ones: Gustafsson's predictive rule, from the change of h and of the error between
 * two accepted steps, where that is more careful than the plain one (Hairer & Wanner II, IV.8,
 * eq. 8.25), which settles at 0.9^q. memory: log2 of error^(1/q) / h. */
#define CONTROL_START_predictive CONTROL_START_LENGTH
FN real control_predictive(real norm, mask accepted, scalar q, real h, brief *memory) {
    const real before = real_of_brief(*memory);
    const real root = splat((scalar)0.5 / q);
    const real l = rough_log2(norm), log_h = rough_log2(h);
    const real plain = control_plain(l, root);
    const real predicted = fnmadd(root, l, plain) + (log_h + before);
    const real a = sel(accepted, vmin(predicted, plain), plain);
    const real memory_new = fmadd(root, vmax(l, R(LOG2_NORM_FLOOR)), -log_h);
    *memory = brief_of(sel(accepted, memory_new, before));
    return rough_exp2(control_exponent(a));
}

/* Before the first step predictions predict nothing: it is as if all before had been short. */
#define CONTROL_START_LENGTH 1e4

#define CONTROL_NAMED(part, name) CONTROL_NAMED_(part, name)
#define CONTROL_NAMED_(part, name) part##name

/* The one that suits the program's method, on (norm, accepted, h, memory...). */
#define CONTROL_START CONTROL_NAMED(CONTROL_START_, STEP_CONTROL)
#define control_next(norm, accepted, ...) \
    CONTROL_NAMED(control_, STEP_CONTROL)(norm, accepted, STEP_ERROR_ORDER, __VA_ARGS__)

#endif
