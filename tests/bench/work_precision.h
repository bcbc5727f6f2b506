/* work_precision.h -- the files of a work-precision bench: NAME.csv, its plot NAME.svg
 * and, on standard output, its table of times at equal error (work_precision.py).
 */
#ifndef ODEC_BENCH_WORK_PRECISION_H
#define ODEC_BENCH_WORK_PRECISION_H

#include "bench.h"

struct work_precision {
    const struct bench_options *o;
    const char *bench, *name;
    char path[4096]; /* of the .csv */
    FILE *csv;
};

/* Opens NAME.csv in o->records. False with a message. */
bool work_precision_open(struct work_precision *out, const struct bench_options *o,
                         const char *bench, const char *name);

/* One point, at rtol = 10^-decade. The least time stands for it: a busy neighbour costs
 * one solver more than another, and a median would put that into their ratio.
 * attempts: NAN where the solver does not say. */
void work_precision_point(FILE *csv, const char *problem, const char *solver,
                          int decade, const struct sample *us, double error_max,
                          double error_rms, double attempts);

/* Draws the plot and prints the table. False, with a message, where it cannot. */
bool work_precision_close(struct work_precision *out);

#endif
