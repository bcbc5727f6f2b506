/* sink_csv.c -- results as text, one row per run and save time:
 *
 *   run,t,<what varies over the runs>,<columns>,status
 *
 * A row's time is the save time; where only the final state is saved it is the time
 * that the run reached, which is t1 unless the run failed or was stopped by an event.
 */
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "result_file.h"

/* The same in every run: the time of each save, as text, where there are not too many.
 */
enum { MAX_TIME_TEXTS = 1 << 14 };

struct time_text {
    char at[DECIMAL_SIZE];
    size_t n;
};

struct csv {
    struct decimal decimal;
    int n_digits; /* of values, by precision */
    int64_t n_times;
    struct time_text times[]; /* [n_times]: all of them, or none */
};

/* Each field takes at least one digit and a separator. */
static double csv_least_bytes(const struct result_about *about) {
    double rows = (double)about->batch->n_runs * (double)about->settings->n_saves;
    return rows * (2.0 * (3 + about->n_axes + about->program->n_columns));
}

static void put_text(struct out_file *out, const char *text) {
    out_file_write(out, text, strlen(text));
}

static odec_status csv_begin(struct result_file *file) {
    const struct result_about *about = &file->about;
    int64_t n_saves = about->settings->n_saves;
    size_t n_times = n_saves <= MAX_TIME_TEXTS ? (size_t)n_saves : 0;
    struct csv *csv = malloc(sizeof *csv + n_times * sizeof csv->times[0]);
    file->format_data = csv;
    if (csv == NULL) {
        return context_out_of_memory(file->context);
    }
    decimal_init(&csv->decimal);
    csv->n_times = (int64_t)n_times;
    for (size_t i = 0; i < n_times; i++) {
        csv->times[i].n = decimal_real(&csv->decimal, csv->times[i].at,
                                       about->settings->times[i], 17);
    }
    csv->n_digits = about->program->precision == ODEC_FLOAT ? 9 : 17;
    struct out_file *out = &file->data;
    put_text(out, "run,t");
    for (int32_t i = 0; i < about->n_axes; i++) {
        put_text(out, ",");
        put_text(out, about->axes[i].name);
    }
    for (int32_t i = 0; i < about->program->n_columns; i++) {
        put_text(out, ",");
        put_text(out, about->program->columns[i].name);
    }
    put_text(out, ",status\n");
    return out->error ? ODEC_ERROR_IO : ODEC_OK;
}

/* A number and the comma after it. */
static void put_real(const struct csv *csv, struct out_file *out, double value,
                     int n_digits) {
    char *at = out_file_reserve(out, DECIMAL_SIZE + 1);
    if (at) {
        size_t n = decimal_real(&csv->decimal, at, value, n_digits);
        at[n] = ',';
        out_file_advance(out, n + 1);
    }
}

static void put_run(struct out_file *out, int64_t run) {
    char *at = out_file_reserve(out, DECIMAL_SIZE + 1);
    if (at) {
        size_t n = decimal_integer(at, run);
        at[n] = ',';
        out_file_advance(out, n + 1);
    }
}

static void put_time(const struct result_file *file, struct out_file *out, int64_t save,
                     const struct odec_run_record *record) {
    const struct csv *csv = file->format_data;
    const struct result_about *about = &file->about;
    if (about->settings->saves_end && record->status != ODEC_RUN_OK) {
        put_real(csv, out, result_final_time(about, record), 17);
    } else if (save < csv->n_times) {
        out_file_write(out, csv->times[save].at, csv->times[save].n);
        out_file_write(out, ",", 1);
    } else {
        put_real(csv, out, about->settings->times[save], 17);
    }
}

/* The columns of one row. */
static void put_values(const struct csv *csv, struct out_file *out, const void *values,
                       int64_t first, int32_t n, bool is_float) {
    for (int32_t i = 0; i < n; i++) {
        double value = is_float ? (double)((const float *)values)[first + i]
                                : ((const double *)values)[first + i];
        put_real(csv, out, value, csv->n_digits);
    }
}

/* All rows of one run. values: [n_saves][n_columns]. */
static void write_run(struct result_file *file, int64_t run, const void *values,
                      const struct odec_run_record *record) {
    const struct csv *csv = file->format_data;
    const struct result_about *about = &file->about;
    struct out_file *out = &file->data;
    const int32_t n_columns = about->program->n_columns;
    const bool is_float = about->program->precision == ODEC_FLOAT;
    const char *status = odec_run_status_text(record->status);
    for (int64_t save = 0; save < about->settings->n_saves; save++) {
        put_run(out, run);
        put_time(file, out, save, record);
        for (int32_t i = 0; i < about->n_axes; i++) {
            double value = run_axis_value(&about->axes[i], run);
            put_real(csv, out, is_float ? (double)(float)value : value, csv->n_digits);
        }
        put_values(csv, out, values, save * n_columns, n_columns, is_float);
        put_text(out, status);
        put_text(out, "\n");
    }
}

static odec_status csv_write(struct result_file *file,
                             const struct odec_portion *portion) {
    const struct odec_program *program = file->about.program;
    size_t scalar = program->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
    size_t run_bytes =
        (size_t)file->about.settings->n_saves * (size_t)program->n_columns * scalar;
    for (int64_t i = 0; i < portion->n_runs; i++) {
        write_run(file, portion->first_run + i,
                  (const char *)portion->values + (size_t)i * run_bytes,
                  &portion->records[i]);
    }
    return file->data.error ? ODEC_ERROR_IO : ODEC_OK;
}

static odec_status csv_finish(struct result_file *file,
                              const struct odec_result *result) {
    (void)result;
    return out_file_flush(&file->data);
}

const struct result_format result_format_csv = {
    .extension = ".csv",
    .least_bytes = csv_least_bytes,
    .begin = csv_begin,
    .write = csv_write,
    .finish = csv_finish,
};
