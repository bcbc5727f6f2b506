/* result_file.h -- results in a file, in the format that its name ends in. The file is
 * a sink for odec_solve; a format is one row of the table in result_file.c.
 *
 *   result_file_create -> odec_solve(..., result_file_sink(f)) -> result_file_finish
 *
 * While it is written, NAME.partial.json tells which runs NAME.partial holds, and of which batch.
 * Both are those of an earlier run until this one has its first results. Of several files the
 * last to get its name is that which describes the others by their checksums; its former is the
 * first to go. So none of a result stands beside one of another result:
 *
 *   former   NAME  NAME.status  NAME.json      removed last to first, but for NAME,
 *   new      NAME  NAME.status  NAME.json      which the new one replaces; then first to last
 */
#ifndef ODEC_RESULT_FILE_H
#define ODEC_RESULT_FILE_H

#include "out_file.h"
#include "ranges.h"
#include "run_table.h"
#include "settings.h"

/* What varies over the runs: a parameter's name, or "x(0)" for an initial value. */
struct run_axis {
    const char *name;
    const struct odec_source *source; /* what the batch has: a grid or a column */
    const char *file;                 /* where a column came from */
    /* A sweep as it was asked for, where the batch has a column of its points: those of some
     * runs alone (`numbers` below), or of a list. Kind DEFAULT: it is `source`. */
    struct odec_source sweep;
    const double *list; /* [sweep.n]; NULL: the points of a grid */
};

/* What is told of each run beside its values: a column of its table, as it stands there. */
struct run_label {
    const char *name;
    const struct run_text *at; /* run r of the table has at[r * stride] */
    int64_t stride;
};

/* What a file says about its batch. Borrowed: must outlive the file. */
struct result_about {
    const struct odec_program *program;
    const struct odec_batch *batch;
    const struct settings *settings; /* the batch's, with defaults filled in */
    const struct run_axis *axes;
    int32_t n_axes;
    int32_t n_threads; /* that may write it; 0: the caller's alone */
    /* [n_runs] ascending: which of a larger batch's runs these are; NULL: 0, 1, ... */
    const int64_t *numbers;
    const struct run_label *labels;
    int32_t n_labels;
};

/* The number that a run has in results. */
int64_t result_run_number(const struct result_about *about, int64_t run);
/* What label i says of a run. */
const struct run_text *result_label(const struct result_about *about, int32_t i,
                                    int64_t run);

struct result_file;
enum { BATCH_ID_SIZE = 33 }; /* of batch_id.h's text */

/* Is the name one that can be written? Before any work is done. */
odec_status result_file_check(struct odec_context *context, const char *path);

/* The bytes that the result will have, or where they are not known beforehand (`exact` false)
 * at least has. ODEC_ERROR_IO: the disk has no room for them. */
odec_status result_file_room(struct odec_context *context, const char *path,
                             const struct result_about *about, int64_t *bytes,
                             bool *exact);

/* File i of a result, NULL after the last: the result's own name, then those of what stands
 * beside it; malloc'd. */
char *result_file_part(const char *path, int i);

/* Creates the file, after seeing that the result can fit on the disk. */
odec_status result_file_create(struct odec_context *context, const char *path,
                               const struct result_about *about,
                               struct result_file **out);
struct odec_sink result_file_sink(struct result_file *file);
odec_status result_file_finish(struct result_file *file,
                               const struct odec_result *result);

/* Not finished, and will not be: sends what was written to NAME.partial, so that
 * result_file_runs is true. */
void result_file_keep(struct result_file *file);

/* What was not finished stays as NAME.partial, or goes where no run was written. NULL
 * is fine. */
void result_file_destroy(struct result_file *file);

double result_file_seconds(const struct result_file *file); /* spent writing */
int64_t result_file_bytes(const struct result_file *file);
int64_t result_file_runs(const struct result_file *file); /* written so far */
/* Of the first failure of the sink or of finish; "" where there is none. */
const char *result_file_error(const struct result_file *file);
bool result_file_is_broken_pipe(const struct result_file *file);
/* May another process write it at the same time, since the file system has no locks? */
bool result_file_is_unguarded(const struct result_file *file);
/* Where the runs are that result_file_runs counts, "" where nowhere. */
const char *result_file_place(const struct result_file *file);

/* ---- for the formats ---- */

enum { RESULT_DATA, RESULT_STATUS, RESULT_ABOUT, RESULT_PARTS };

struct result_format {
    const char *extension;
    const char *beside[RESULT_PARTS]; /* what other parts end in instead; NULL: none */
    bool any_order;                   /* runs may come in any order */
    /* at least this many bytes will be written; for the check against the disk's free
     * ones */
    double (*least_bytes)(const struct result_about *about);
    bool exact; /* no more than these, but for headers */
    odec_status (*begin)(struct result_file *file);
    odec_status (*write)(struct result_file *file, const struct odec_portion *portion);
    odec_status (*finish)(struct result_file *file, const struct odec_result *result);
    void (*release)(struct result_file *file); /* of its data; NULL: there is none */
};

extern const struct result_format result_format_csv, result_format_npy;

struct result_file {
    const struct result_format *format;
    char *path; /* as it was given */
    struct result_about about;
    struct odec_context *context;        /* its own, for errors on the writing thread */
    struct out_file parts[RESULT_PARTS]; /* fd -1: the format has none such */
    void *format_data;                   /* the format's */
    struct ranges runs;                  /* given to the format */
    struct ranges safe; /* of these, those whose bytes are all in the file */
    int64_t data_begins, status_begins; /* where the format's headers end */
    char batch[BATCH_ID_SIZE];
    double seconds, note_due;
    bool is_published;
};

/* Value of one axis for run r, in a double. */
double run_axis_value(const struct run_axis *axis, int64_t run);

/* The time of a final row: t1, or where a run that failed or was stopped has come to.
 */
double result_final_time(const struct result_about *about,
                         const struct odec_run_record *record);

#endif
