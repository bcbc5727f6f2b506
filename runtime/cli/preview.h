/* preview.h -- results as a table for a person: what `odec run` shows where no file is asked
 * for. All saved rows of a single run, and of as many runs as one still reads.
 */
#ifndef ODEC_PREVIEW_H
#define ODEC_PREVIEW_H

#include "result_file.h"

enum { PREVIEW_ROWS = 1000 }; /* of several runs, at most */

struct preview {
    const struct result_about *about;
    void *values; /* [n_runs][n_saves][n_columns] */
    struct odec_run_record *records;
};

bool preview_fits(const struct result_about *about);

/* ODEC_ERROR_MEMORY: there is no room for the results. */
odec_status preview_create(const struct result_about *about, struct preview *out);
struct odec_sink preview_sink(struct preview *preview);
void preview_print(const struct preview *preview); /* on standard output */
void preview_release(struct preview *preview);

#endif
