/* support.h -- a model's text to results in memory, for tests of what comes out.
 *
 *   struct trial trial = {.text = "...", .method = "tsit5", .rtol = 1e-8, .t1 = 10};
 *   struct machine *m = machine_of(&trial);           compiled, made ready for the CPU
 *   struct outcome o = outcome_of(m, &trial);         solved
 *   value(&o, run, save, column) ...
 *   outcome_release(&o);  machine_destroy(m);
 *
 * A member that is 0 or NULL is left to the model or to the default. What goes wrong
 * here fails the cmocka test that called. Kernels are cached in a directory of the
 * process's own, so that trials which differ in numbers alone compile once.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "odec_compile.h"

struct trial {
    /* the program */
    const char *text;
    const char *method, *precision, *outputs;
    double rtol, atol; /* atol: of every state; 0 with an rtol: the same number */
    double dt;         /* a fixed step */
    odec_save save;    /* all 0: the final state alone */
    /* the device */
    int32_t threads, lanes;
    int64_t chunk;
    const char *compiler, *cache;
    /* the batch */
    double t0, t1;  /* both 0: the model's */
    int64_t n_runs; /* 0: 1 */
    const odec_source *pars, *states;
    double dt_max;
    int64_t max_attempts;
    const char *kernel; /* the CPU's text in place of the program's own */
    bool large;         /* compiled with the effort for large kernels */
};

struct machine {
    odec_compilation *compilation;
    const odec_program *program;
    odec_program changed; /* `program`, where the trial has a kernel of its own */
    odec_context *context;
    odec_solver *solver;
};

struct outcome {
    odec_result result;
    int64_t n_runs, n_saves, n_columns;
    size_t row_bytes;     /* of one run: saves and columns */
    unsigned char *bytes; /* [n_runs][row_bytes], as the kernel stored them */
    double *values;       /* [n_runs][n_saves][n_columns] */
    struct odec_run_record *records;
};

/* For cmocka's group setup and teardown: the kernel cache. */
int support_begin(void **state);
int support_end(void **state);
const char *support_cache(void);

/* The i-th method for stiff models; NULL past the last. */
const char *stiff_method(int i);

/* The example's text; it belongs to the caller. */
char *example_text(const char *name);

struct machine *machine_of(const struct trial *trial);
void machine_destroy(struct machine *machine);
struct outcome outcome_of(struct machine *machine, const struct trial *trial);
void outcome_release(struct outcome *outcome);

/* Both at once. */
struct outcome solve_trial(const struct trial *trial);

static inline double value(const struct outcome *o, int64_t run, int64_t save,
                           int64_t column) {
    return o->values[(run * o->n_saves + save) * o->n_columns + column];
}

/* The larger one; a NaN stays. */
static inline double larger(double largest, double x) {
    return isnan(largest) || x <= largest ? largest : x;
}

/* Of the first run's first column over the saves, whose times these are. */
double largest_error(const struct outcome *outcome, double (*exact)(double t),
                     const double *times);

/* Slope of the least-squares line through (log x, log y). */
double slope_of(int n, const double *x, const double *y);

/* Is this C compiler on PATH? */
bool has_compiler(const char *name);

/* assert with the numbers in the message */
#define assert_within(x, lo, hi, ...)                                               \
    do {                                                                            \
        const double x_ = (x), lo_ = (lo), hi_ = (hi);                              \
        if (!(x_ >= lo_ && x_ <= hi_)) {                                            \
            print_error("%s = %.17g is not in %.17g .. %.17g: ", #x, x_, lo_, hi_); \
            print_error(__VA_ARGS__);                                               \
            print_error("\n");                                                      \
            fail();                                                                 \
        }                                                                           \
    } while (0)

#endif
