/* run_table.h -- a table of runs in a CSV file: a line of names, then one row for each run.
 * Spaces and quotes around a field, CRLF, a byte order mark and empty lines at the end are fine;
 * anything else that is not right is an error with its line, and where it is known what has been
 * meant, with that.
 *
 * The names come first, so that they can be judged before any value is:
 *
 *   run_table_open -> names; the caller says what each column is -> run_table_rows
 */
#ifndef ODEC_RUN_TABLE_H
#define ODEC_RUN_TABLE_H

#include "bytes.h"
#include "context.h"

enum run_column { RUN_NUMBERS, RUN_TEXTS, RUN_IGNORED };

/* A field as it stands in the file, which is the table's; quoted: between quotes, of which
 * those inside are doubled. */
struct run_text {
    const char *at;
    int32_t n;
    bool quoted;
};

struct run_table {
    int64_t n_rows;
    int32_t n_columns, n_numbers, n_texts;
    char **names;           /* [n_columns] */
    enum run_column *kinds; /* [n_columns]; numbers, unless the caller changes it */
    double *values;         /* [n_rows][n_numbers], in the order of the columns */
    struct run_text *texts; /* [n_rows][n_texts] */
    struct bytes file;
    size_t rows_begin; /* in the file */
};

odec_status run_table_open(struct odec_context *context, const char *path,
                           struct run_table *out);
odec_status run_table_rows(struct odec_context *context, const char *path,
                           struct run_table *table);
/* Both, of a table of numbers. */
odec_status run_table_read(struct odec_context *context, const char *path,
                           struct run_table *out);
void run_table_release(struct run_table *table);

#endif
