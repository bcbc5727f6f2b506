/* grid.c -- the one formula of every sweep, the same bits wherever it is evaluated.
 *
 *   linear     lo + i (hi - lo)/(n - 1), the multiply-add fused
 *   geometric  lo exp(i log(hi/lo)/(n - 1)), with the kernels' own exp and log
 *
 * and both ends exactly. i is exact in a double: a batch has fewer than 2^53 runs.
 * (Where hi - lo or hi/lo overflows, halves and the difference of logarithms stand in.)
 */
#include "grid.h"

#include <math.h>

#include "math_exp.h"
#include "math_log.h"

/* All of the formula that does not depend on i. */
struct ramp {
    double lo, hi, step;
    int64_t last;
    bool log;
};

static struct ramp ramp_of(double lo, double hi, int64_t n, bool log) {
    struct ramp ramp = {.lo = lo, .hi = hi, .last = n - 1, .log = log};
    double count = (double)(n > 1 ? n - 1 : 1);
    if (log) {
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

static inline __attribute__((always_inline)) double ramp_point(const struct ramp *ramp,
                                                               int64_t i) {
    double inside = ramp->log ? ramp->lo * odec_exp((double)i * ramp->step)
                              : __builtin_fma((double)i, ramp->step, ramp->lo);
    return i == 0 ? ramp->lo : i == ramp->last ? ramp->hi : inside;
}

double odec_grid_point(double lo, double hi, int64_t n, bool log, int64_t i) {
    struct ramp ramp = ramp_of(lo, hi, n, log);
    return ramp_point(&ramp, i);
}

/* Points i .. i + n - 1, none beyond the last. */
static inline __attribute__((always_inline)) void
ramp_fill_with(const struct ramp *ramp, int64_t i, int64_t n, odec_precision precision,
               void *out) {
    if (precision == ODEC_FLOAT) {
        for (int64_t k = 0; k < n; k++) {
            ((float *)out)[k] = (float)ramp_point(ramp, i + k);
        }
    } else {
        for (int64_t k = 0; k < n; k++) {
            ((double *)out)[k] = ramp_point(ramp, i + k);
        }
    }
}

static void ramp_fill_plain(const struct ramp *ramp, int64_t i, int64_t n,
                            odec_precision precision, void *out) {
    ramp_fill_with(ramp, i, n, precision, out);
}

#if defined(__x86_64__)
/* The same operations with fma in hardware: the same bits, many times as fast. */
__attribute__((target("avx2,fma"))) static void ramp_fill_fma(const struct ramp *ramp,
                                                              int64_t i, int64_t n,
                                                              odec_precision precision,
                                                              void *out) {
    ramp_fill_with(ramp, i, n, precision, out);
}

static void ramp_fill(const struct ramp *ramp, int64_t i, int64_t n,
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
    struct ramp ramp = ramp_of(grid->lo, grid->hi, grid->n, grid->log);
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
