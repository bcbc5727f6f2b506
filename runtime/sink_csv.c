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

struct csv {
    struct decimal decimal;
    int n_digits; /* of values, by precision */
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
    struct csv *csv = malloc(sizeof *csv);
    file->format_data = csv;
    if (csv == NULL) {
        return context_out_of_memory(file->context);
    }
    decimal_init(&csv->decimal);
    const struct result_about *about = &file->about;
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

/* All rows of one run. values: [n_saves][n_columns]. */
static void write_run(struct result_file *file, int64_t run, const void *values,
                      const struct odec_run_record *record) {
    const struct csv *csv = file->format_data;
    const struct result_about *about = &file->about;
    struct out_file *out = &file->data;
    const int32_t n_columns = about->program->n_columns;
    const bool is_float = about->program->precision == ODEC_FLOAT;
    const bool is_final = about->batch->save.kind == ODEC_SAVE_FINAL;
    const char *status = odec_run_status_text(record->status);
    for (int64_t save = 0; save < about->settings->n_saves; save++) {
        put_run(out, run);
        put_real(csv, out, is_final ? record->t : about->settings->times[save], 17);
        for (int32_t i = 0; i < about->n_axes; i++) {
            double value = run_axis_value(&about->axes[i], run);
            put_real(csv, out, is_float ? (double)(float)value : value, csv->n_digits);
        }
        for (int32_t i = 0; i < n_columns; i++) {
            int64_t at = save * n_columns + i;
            double value = is_float ? (double)((const float *)values)[at]
                                    : ((const double *)values)[at];
            put_real(csv, out, value, csv->n_digits);
        }
        put_text(out, status);
        put_text(out, "\n");
    }
}

static odec_status csv_write(struct result_file *file, int64_t first, int64_t n,
                             const void *values,
                             const struct odec_run_record *records) {
    const struct odec_program *program = file->about.program;
    size_t scalar = program->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
    size_t run_bytes =
        (size_t)file->about.settings->n_saves * (size_t)program->n_columns * scalar;
    for (int64_t i = 0; i < n; i++) {
        write_run(file, first + i, (const char *)values + (size_t)i * run_bytes,
                  &records[i]);
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
