/* csv_text.h -- rows of a result as text:
 *
 *   run,t,<labels>,<what varies over the runs>,<columns>,status
 *
 * A row's time is the save time; where only the final state is saved it is the time
 * that the run reached, which is t1 unless the run failed or was stopped by an event.
 * Formatting changes nothing: any number of threads format rows at once.
 */
#ifndef ODEC_CSV_TEXT_H
#define ODEC_CSV_TEXT_H

#include "abi.h"
#include "decimal.h"
#include "result_file.h"

/* The same in every row, or every run: a short text and a comma or line end. */
struct csv_field {
    char at[DECIMAL_SIZE];
    size_t n;
};

struct csv_text {
    const struct result_about *about;
    size_t labels_room; /* bytes of a row's labels, at most */
    struct decimal decimal;
    struct odec_ramp *ramps; /* [n_axes], of those that are grids */
    struct csv_field statuses[ODEC_RUN_STATUS_COUNT];
    int64_t n_times;
    struct csv_field times[]; /* [n_times]: of all saves, or none where they are many */
};

/* NULL: no memory. `about` is borrowed. */
struct csv_text *csv_text_create(const struct result_about *about);
void csv_text_destroy(struct csv_text *text); /* NULL is fine */

/* Bytes that n rows need at most while they are formatted. */
size_t csv_text_room(const struct csv_text *text, int64_t n);

/* Rows first .. first + n - 1 of a portion, all of a run one after another; returns the
 * end of what was written. */
char *csv_text_rows(const struct csv_text *text, const struct odec_portion *portion,
                    int64_t first, int64_t n, char *to);

#endif
