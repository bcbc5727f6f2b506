/* csv_text.c -- see csv_text.h. */
#include "csv_text.h"

#include <stdlib.h>
#include <string.h>

#include "grid.h"

enum { MAX_TIMES = 1 << 14 };
enum { NUMBER_ROOM = 25 }; /* -1.2345678901234567e-300 and a comma */

static struct csv_field field_of(const char *text, char end) {
    struct csv_field field = {.n = strlen(text) + 1};
    memcpy(field.at, text, field.n - 1);
    field.at[field.n - 1] = end;
    return field;
}

static char *put_field(char *to, const struct csv_field *field) {
    memcpy(to, field->at, sizeof field->at);
    return to + field->n;
}

static char *put_double(const struct csv_text *text, char *to, double value) {
    return decimal_doubles(&text->decimal, to, &value, 1);
}

void csv_text_destroy(struct csv_text *text) {
    if (text) {
        free(text->ramps);
        free(text);
    }
}

/* Bytes that the longest labels take. */
static size_t labels_room(const struct result_about *about) {
    size_t room = 0;
    for (int32_t i = 0; i < about->n_labels; i++) {
        int32_t longest = 0;
        for (int64_t run = 0; run < about->batch->n_runs; run++) {
            const int32_t n = result_label(about, i, run)->n;
            longest = n > longest ? n : longest;
        }
        room += (size_t)longest + 3;
    }
    return room;
}

struct csv_text *csv_text_create(const struct result_about *about) {
    const int64_t n_saves = about->settings->n_saves;
    const size_t n_times = n_saves <= MAX_TIMES ? (size_t)n_saves : 0,
                 n_axes = (size_t)about->n_axes;
    struct csv_text *text = calloc(1, sizeof *text + n_times * sizeof text->times[0]);
    if (text) {
        text->ramps = calloc(n_axes + 1, sizeof *text->ramps);
    }
    if (text == NULL || text->ramps == NULL) {
        csv_text_destroy(text);
        return NULL;
    }
    text->about = about;
    text->labels_room = labels_room(about);
    decimal_init(&text->decimal);
    for (size_t i = 0; i < n_axes; i++) {
        const odec_source *source = about->axes[i].source;
        if (source->kind == ODEC_SOURCE_GRID) {
            text->ramps[i] = grid_ramp(&(struct grid){source->lo, source->hi, source->n,
                                                      source->repeat, source->log});
        }
    }
    for (int i = 0; i < ODEC_RUN_STATUS_COUNT; i++) {
        text->statuses[i] = field_of(odec_run_status_text(i), '\n');
    }
    text->n_times = (int64_t)n_times;
    for (size_t i = 0; i < n_times; i++) {
        struct csv_field *field = &text->times[i];
        field->n = (size_t)(put_double(text, field->at, about->settings->times[i]) -
                            field->at);
    }
    return text;
}

size_t csv_text_room(const struct csv_text *text, int64_t n) {
    const struct result_about *about = text->about;
    const size_t n_numbers =
        2 + (size_t)about->n_axes + (size_t)about->program->n_columns;
    return (size_t)n * (n_numbers * NUMBER_ROOM + DECIMAL_SIZE + text->labels_room) +
           DECIMAL_SIZE;
}

static char *put_time(const struct csv_text *text, char *to, int64_t save,
                      const struct odec_run_record *record) {
    const struct settings *settings = text->about->settings;
    if (settings->saves_end && record->status != ODEC_RUN_OK) {
        return put_double(text, to, result_final_time(text->about, record));
    }
    return save < text->n_times ? put_field(to, &text->times[save])
                                : put_double(text, to, settings->times[save]);
}

static char *put_axes(const struct csv_text *text, char *to, int64_t run) {
    const struct result_about *about = text->about;
    for (int32_t i = 0; i < about->n_axes; i++) {
        const odec_source *source = about->axes[i].source;
        const double value = source->kind == ODEC_SOURCE_GRID
                                 ? grid_point(&text->ramps[i], run)
                                 : source->column[run * source->stride];
        const float single = (float)value;
        to = about->program->precision == ODEC_FLOAT
                 ? decimal_floats(&text->decimal, to, &single, 1)
                 : put_double(text, to, value);
    }
    return to;
}

static char *put_labels(const struct csv_text *text, char *to, int64_t run) {
    for (int32_t i = 0; i < text->about->n_labels; i++) {
        const struct run_text *label = result_label(text->about, i, run);
        *to = '"';
        to += label->quoted;
        memcpy(to, label->at, (size_t)label->n);
        to += label->n;
        *to = '"';
        to += label->quoted;
        *to++ = ',';
    }
    return to;
}

/* The columns of one row of the portion. */
static char *put_values(const struct csv_text *text, char *to, const void *values,
                        int64_t row) {
    const int64_t n = text->about->program->n_columns;
    return text->about->program->precision == ODEC_FLOAT
               ? decimal_floats(&text->decimal, to, (const float *)values + row * n, n)
               : decimal_doubles(&text->decimal, to, (const double *)values + row * n,
                                 n);
}

char *csv_text_rows(const struct csv_text *text, const struct odec_portion *portion,
                    int64_t first, int64_t n, char *to) {
    const int64_t n_saves = text->about->settings->n_saves;
    int64_t i = first / n_saves, save = first % n_saves;
    const char *axes = NULL; /* of this run, in an earlier row */
    size_t axes_size = 0;
    for (int64_t row = first; row < first + n; row++) {
        const struct odec_run_record *record = &portion->records[i];
        to += decimal_integer(&text->decimal, to,
                              result_run_number(text->about, portion->first_run + i));
        *to++ = ',';
        to = put_time(text, to, save, record);
        if (axes) {
            memcpy(to, axes, axes_size);
            to += axes_size;
        } else {
            axes = to;
            to = put_labels(text, to, portion->first_run + i);
            to = put_axes(text, to, portion->first_run + i);
            axes_size = (size_t)(to - axes);
        }
        to = put_values(text, to, portion->values, row);
        to = put_field(to, &text->statuses[record->status]);
        if (++save == n_saves) {
            save = 0;
            i++;
            axes = NULL;
        }
    }
    return to;
}
