/* run_table.h -- a table of runs in a CSV file: a line of names, then one row of
 * numbers for each run. Spaces and quotes around a field, CRLF, a byte order mark and
 * empty lines at the end are fine; anything else that is not a number is an error with
 * its line.
 */
#ifndef ODEC_RUN_TABLE_H
#define ODEC_RUN_TABLE_H

#include "context.h"

struct run_table {
    int64_t n_rows;
    int32_t n_columns;
    char **names;   /* [n_columns] */
    double *values; /* [n_rows][n_columns] */
};

odec_status run_table_read(struct odec_context *context, const char *path,
                           struct run_table *out);
void run_table_release(struct run_table *table);

#endif
