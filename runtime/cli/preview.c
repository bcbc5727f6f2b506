/* preview.c -- see preview.h. */
#include "preview.h"

#include <stdio.h>

bool preview_fits(const struct result_about *about) {
    return about->batch->n_runs <= PREVIEW_RUNS;
}

static odec_status preview_write(void *user, const odec_portion *portion) {
    struct preview *preview = user;
    const int64_t first = portion->first_run, n = portion->n_runs;
    const struct odec_program *program = preview->about->program;
    int64_t n_saves = preview->about->settings->n_saves;
    for (int64_t i = 0; i < n && first + i < PREVIEW_RUNS; i++) {
        int64_t row = (i * n_saves + n_saves - 1) * program->n_columns;
        for (int32_t k = 0; k < program->n_columns && k < PREVIEW_COLUMNS; k++) {
            preview->values[first + i][k] =
                program->precision == ODEC_FLOAT
                    ? (double)((const float *)portion->values)[row + k]
                    : ((const double *)portion->values)[row + k];
        }
        preview->t[first + i] = result_final_time(preview->about, &portion->records[i]);
        preview->status[first + i] = portion->records[i].status;
        preview->n_runs = first + i + 1;
    }
    return ODEC_OK;
}

struct odec_sink preview_sink(struct preview *preview,
                              const struct result_about *about) {
    *preview = (struct preview){.about = about};
    return (struct odec_sink){
        .size = sizeof(struct odec_sink), .write = preview_write, .user = preview};
}

void preview_print(const struct preview *preview) {
    const struct result_about *about = preview->about;
    const struct odec_program *program = about->program;
    int32_t n =
        program->n_columns < PREVIEW_COLUMNS ? program->n_columns : PREVIEW_COLUMNS;
    printf("%5s %12s", "run", "t");
    for (int32_t k = 0; k < about->n_axes; k++) {
        printf(" %12.12s", about->axes[k].name);
    }
    for (int32_t k = 0; k < n; k++) {
        printf(" %14.14s", program->columns[k].name);
    }
    printf("%s  status\n", n < program->n_columns ? " ..." : "");
    for (int64_t run = 0; run < preview->n_runs; run++) {
        printf("%5d %12.6g", (int)run, preview->t[run]);
        for (int32_t k = 0; k < about->n_axes; k++) {
            printf(" %12.6g", run_axis_value(&about->axes[k], run));
        }
        for (int32_t k = 0; k < n; k++) {
            printf(" %14.8g", preview->values[run][k]);
        }
        printf("%s  %s\n", n < program->n_columns ? " ..." : "",
               odec_run_status_text(preview->status[run]));
    }
}
