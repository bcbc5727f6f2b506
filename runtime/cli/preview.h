/* preview.h -- the last state of a few runs, as a table for a person: what `odec run`
 * shows where no file is asked for.
 */
#ifndef ODEC_PREVIEW_H
#define ODEC_PREVIEW_H

#include "result_file.h"

enum { PREVIEW_RUNS = 10, PREVIEW_COLUMNS = 8 };

struct preview {
    const struct result_about *about;
    int64_t n_runs; /* seen */
    double t[PREVIEW_RUNS];
    double values[PREVIEW_RUNS][PREVIEW_COLUMNS];
    int status[PREVIEW_RUNS];
};

bool preview_fits(const struct result_about *about);
struct odec_sink preview_sink(struct preview *preview,
                              const struct result_about *about);
void preview_print(const struct preview *preview); /* on standard output */

#endif
