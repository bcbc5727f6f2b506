/* bench.h -- what the benches share: clocks, statistics, the report.
 *
 * A bench measures odec and its peer in turns, in one run of the program, so that both
 * meet the same machine; medians over the repeats stand in the table. Times of one-core
 * work are the process's CPU time, which a busy machine disturbs least, with wall time
 * beside it.
 */
#ifndef ODEC_BENCH_H
#define ODEC_BENCH_H

#include <stdbool.h>
#include <stdio.h>

enum { MAX_REPEATS = 101 };

struct bench_options {
    const char *command;  /* the odec executable */
    const char *examples; /* directory of the models */
    const char *scratch;  /* directory on the disk to measure */
    const char *records;  /* directory for work_precision_*.csv and .svg */
    const char *peers;    /* what peers.sh installed; NULL: nothing */
    const char *problem;  /* the one that the work-precision benches take; NULL: all */
    bool any_library;     /* also against a SUNDIALS without optimisation */
    const char *compiler; /* the kernels' C compiler; NULL: odec's choice */
    int repeats;          /* 3 .. MAX_REPEATS */
    FILE *json;           /* NULL: none */
};

/* ---- clocks ---- */

struct moment {
    double wall, cpu; /* s; cpu: of every thread of this process */
};

struct moment moment_now(void);
struct moment moment_since(struct moment start);

/* ---- one quantity over the repeats ---- */

struct sample {
    int n;
    double at[MAX_REPEATS];
};

void sample_add(struct sample *s, double x);
double sample_median(const struct sample *s);
double sample_min(const struct sample *s);
double sample_max(const struct sample *s);

/* ---- the report: a table on standard output, JSON lines beside it ---- */

void report_title(const char *bench, const char *text);
void report_value(const struct bench_options *o, const char *bench, const char *what,
                  double value, const char *unit);
/* value against its target; returns whether it is met. */
bool report_target(const struct bench_options *o, const char *bench, const char *what,
                   double value, bool at_least, double target, const char *unit);
/* Prints why a bench could not be done; returns false. */
bool report_failure(const char *bench, const char *why);

/* ---- the benches: false where a target is missed or nothing could be measured ---- */

bool bench_lorenz(const struct bench_options *o);
bool bench_fixed(const struct bench_options *o);
bool bench_refill(const struct bench_options *o);
bool bench_mixed(const struct bench_options *o);
bool bench_hodgkin_huxley(const struct bench_options *o);
bool bench_threads(const struct bench_options *o);
bool bench_first(const struct bench_options *o);
bool bench_memory(const struct bench_options *o);
bool bench_disk(const struct bench_options *o);
bool bench_stiff(const struct bench_options *o);
bool bench_workprecision(const struct bench_options *o);
bool bench_explicit(const struct bench_options *o);
bool bench_sizes(const struct bench_options *o);
bool bench_writer(const struct bench_options *o);
bool bench_csv(const struct bench_options *o);

/* The core's rate of fused multiply-adds in its widest vectors, in GFLOP/s (peak.c). */
double peak_gflops(void);

#endif
