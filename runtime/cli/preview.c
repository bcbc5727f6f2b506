/* preview.c -- see preview.h. Results are kept, and printed when all of them are there: what
 * is said on the way does not come between.
 */
#include "preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

bool preview_fits(const struct result_about *about) {
    return about->batch->n_runs == 1 ||
           about->batch->n_runs <= PREVIEW_ROWS / about->settings->n_saves;
}

static size_t scalar_bytes(const struct odec_program *program) {
    return program->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
}

/* Values of one run. */
static size_t run_values(const struct result_about *about) {
    return (size_t)about->settings->n_saves * (size_t)about->program->n_columns;
}

odec_status preview_create(const struct result_about *about, struct preview *out) {
    const size_t n_runs = (size_t)about->batch->n_runs;
    *out = (struct preview){.about = about};
    size_t n;
    if (!__builtin_mul_overflow(n_runs, run_values(about), &n)) {
        out->values = calloc(n + 1, scalar_bytes(about->program));
    }
    out->records = calloc(n_runs, sizeof *out->records);
    if (out->values == NULL || out->records == NULL) {
        preview_release(out);
        return ODEC_ERROR_MEMORY;
    }
    return ODEC_OK;
}

static odec_status preview_write(void *user, const odec_portion *portion) {
    struct preview *preview = user;
    const size_t run_bytes =
        run_values(preview->about) * scalar_bytes(preview->about->program);
    const size_t n = (size_t)portion->n_runs;
    memcpy((char *)preview->values + (size_t)portion->first_run * run_bytes,
           portion->values, n * run_bytes);
    memcpy(preview->records + portion->first_run, portion->records,
           n * sizeof *preview->records);
    return ODEC_OK;
}

struct odec_sink preview_sink(struct preview *preview) {
    return (struct odec_sink){.size = sizeof(struct odec_sink),
                              .write = preview_write,
                              .user = preview,
                              .any_order = true};
}

/* A name over numbers that are `least` wide. */
static int width(const char *name, int least) {
    int n = (int)strlen(name);
    return n > least ? n : least;
}

static void print_row(const struct preview *preview, int64_t run, int64_t save) {
    const struct result_about *about = preview->about;
    const struct odec_program *program = about->program;
    const struct odec_run_record *record = &preview->records[run];
    const size_t first =
        (size_t)run * run_values(about) + (size_t)save * (size_t)program->n_columns;
    printf("%5lld %12.6g", (long long)result_run_number(about, run),
           about->settings->saves_end ? result_final_time(about, record)
                                      : about->settings->times[save]);
    for (int32_t k = 0; k < about->n_labels; k++) {
        const struct run_text *label = result_label(about, k, run);
        char shown[CLI_TEXT];
        printf(" %*s", width(about->labels[k].name, 12),
               cli_text(shown, label->at, (size_t)label->n));
    }
    for (int32_t k = 0; k < about->n_axes; k++) {
        printf(" %*.6g", width(about->axes[k].name, 12),
               run_axis_value(&about->axes[k], run));
    }
    for (int32_t k = 0; k < program->n_columns; k++) {
        const size_t at = first + (size_t)k;
        printf(" %*.8g", width(program->columns[k].name, 14),
               program->precision == ODEC_FLOAT
                   ? (double)((const float *)preview->values)[at]
                   : ((const double *)preview->values)[at]);
    }
    printf("  %s\n", odec_run_status_text(record->status));
}

void preview_print(const struct preview *preview) {
    const struct result_about *about = preview->about;
    printf("%5s %12s", "run", "t");
    for (int32_t k = 0; k < about->n_labels; k++) {
        printf(" %*s", 12, about->labels[k].name);
    }
    for (int32_t k = 0; k < about->n_axes; k++) {
        printf(" %*s", 12, about->axes[k].name);
    }
    for (int32_t k = 0; k < about->program->n_columns; k++) {
        printf(" %*s", 14, about->program->columns[k].name);
    }
    printf("  status\n");
    for (int64_t run = 0; run < about->batch->n_runs; run++) {
        for (int64_t save = 0; save < about->settings->n_saves; save++) {
            print_row(preview, run, save);
        }
    }
}

void preview_release(struct preview *preview) {
    free(preview->values);
    free(preview->records);
    *preview = (struct preview){0};
}
