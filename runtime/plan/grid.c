/* grid.c -- the points of sweeps on the CPU, by the formula of kernels/math/sweep.h, which
 * CUDA's kernel uses too: the same bits wherever a point is evaluated.
 *
 * i is exact in a double: a batch has fewer than 2^53 runs. Where hi - lo or hi/lo
 * overflows, halves and the difference of logarithms stand in. A geometric sweep's step is
 * the natural logarithm of two neighbours' ratio; only how dense it is follows from that.
 */
#include "grid.h"

#include <math.h>

#include "fp_state.h"
#include "math_all.h"
#include "sweep.h"

struct odec_ramp grid_ramp(const struct grid *grid) {
    const double lo = grid->lo, hi = grid->hi;
    struct odec_ramp ramp = {.lo = lo,
                             .hi = hi,
                             .least = lo < hi ? lo : hi,
                             .most = lo < hi ? hi : lo,
                             .n = grid->n,
                             .repeat = grid->repeat,
                             .log = grid->log};
    double count = (double)(grid->n > 1 ? grid->n - 1 : 1);
    if (grid->log) {
        double ratio = hi / lo;
        bool fits = ratio >= 0x1p-1000 && ratio <= 0x1p1000;
        double range = fits ? odec_log(ratio) : odec_log(fabs(hi)) - odec_log(fabs(lo));
        ramp.step = range / count;
    } else {
        double range = hi - lo;
        ramp.step =
            isfinite(range) ? range / count : 2 * ((0.5 * hi - 0.5 * lo) / count);
    }
    return ramp;
}

static double ramp_point(const struct odec_ramp *ramp, int64_t i) {
    return i == 0             ? ramp->lo
           : i == ramp->n - 1 ? ramp->hi
                              : sweep_inside(ramp, (double)i, ramp->log);
}

double grid_point(const struct odec_ramp *ramp, int64_t run) {
    return ramp_point(ramp, run / ramp->repeat % ramp->n);
}

double odec_grid_point(double lo, double hi, int64_t n, bool log, int64_t i) {
    struct grid grid = {.lo = lo, .hi = hi, .n = n, .repeat = 1, .log = log};
    const fp_state callers = fp_enter();
    fp_hold(&grid.lo);
    fp_hold(&grid.hi);
    struct odec_ramp ramp = grid_ramp(&grid);
    double point = ramp_point(&ramp, i);
    fp_hold(&point);
    fp_leave(callers);
    return point;
}

static void put(odec_precision precision, void *out, int64_t k, double value) {
    if (precision == ODEC_FLOAT) {
        ((float *)out)[k] = (float)value;
    } else {
        ((double *)out)[k] = value;
    }
}

enum { BLOCK = 1 << 20 }; /* points counted in 32 bits, which convert in vectors */

static inline __attribute__((always_inline)) void
ramp_block(const struct odec_ramp *ramp, int64_t i, int n, bool log,
           odec_precision precision, void *out) {
    const double first = (double)i;
    if (precision == ODEC_FLOAT) {
        for (int k = 0; k < n; k++) {
            ((float *)out)[k] = (float)sweep_inside(ramp, first + (double)k, log);
        }
    } else {
        for (int k = 0; k < n; k++) {
            ((double *)out)[k] = sweep_inside(ramp, first + (double)k, log);
        }
    }
}

/* Points i .. i + n - 1, none beyond the last; the ends are put right afterwards. */
static inline __attribute__((always_inline)) void
ramp_fill_with(const struct odec_ramp *ramp, int64_t i, int64_t n,
               odec_precision precision, void *out) {
    size_t bytes = precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
    for (int64_t k = 0; k < n; k += BLOCK) {
        int m = (int)(n - k < BLOCK ? n - k : BLOCK);
        void *here = (char *)out + (size_t)k * bytes;
        if (ramp->log) {
            ramp_block(ramp, i + k, m, true, precision, here);
        } else {
            ramp_block(ramp, i + k, m, false, precision, here);
        }
    }
    if (i + n > ramp->n - 1) {
        put(precision, out, n - 1, ramp->hi);
    }
    if (i == 0) {
        put(precision, out, 0, ramp->lo);
    }
}

static void ramp_fill_plain(const struct odec_ramp *ramp, int64_t i, int64_t n,
                            odec_precision precision, void *out) {
    ramp_fill_with(ramp, i, n, precision, out);
}

#if defined(__x86_64__)
/* The same operations with fma in hardware: the same bits, many times as fast. */
__attribute__((target("avx2,fma"))) static void
ramp_fill_fma(const struct odec_ramp *ramp, int64_t i, int64_t n,
              odec_precision precision, void *out) {
    ramp_fill_with(ramp, i, n, precision, out);
}

static void ramp_fill(const struct odec_ramp *ramp, int64_t i, int64_t n,
                      odec_precision precision, void *out) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        ramp_fill_fma(ramp, i, n, precision, out);
    } else {
        ramp_fill_plain(ramp, i, n, precision, out);
    }
}
#else
#define ramp_fill ramp_fill_plain
#endif

static int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }

/* One point, many times. */
static void fill_constant(double value, int64_t n, odec_precision precision,
                          void *out) {
    if (precision == ODEC_FLOAT) {
        for (int64_t k = 0; k < n; k++) {
            ((float *)out)[k] = (float)value;
        }
    } else {
        for (int64_t k = 0; k < n; k++) {
            ((double *)out)[k] = value;
        }
    }
}

void grid_fill(const struct grid *grid, int64_t first, int64_t n,
               odec_precision precision, void *out) {
    struct odec_ramp ramp = grid_ramp(grid);
    size_t bytes = precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
    for (int64_t done = 0; done < n;) {
        int64_t run = first + done;
        int64_t i = run / grid->repeat % grid->n;
        void *here = (char *)out + (size_t)done * bytes;
        int64_t count; /* runs served at once */
        if (grid->repeat == 1) {
            count = min_i64(n - done, grid->n - i);
            ramp_fill(&ramp, i, count, precision, here);
        } else {
            count = min_i64(n - done, grid->repeat - run % grid->repeat);
            fill_constant(ramp_point(&ramp, i), count, precision, here);
        }
        done += count;
    }
}
