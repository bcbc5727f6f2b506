/* sink_npy.c -- results as NumPy arrays, written as they come, so that they may be
 * larger than memory:
 *
 *   NAME.npy         (n_runs, n_saves, n_columns), C order, in the program's precision
 *   NAME.status.npy  (n_runs,), one byte a run: the values of odec_run_status
 *   NAME.json        names, units, times, what varied over the runs, how it went, and the size
 *                    and checksum of the other two
 *
 * The format is NumPy's own, version 1.0: magic, length, a dict in text, padded to 64
 * bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "about_json.h"
#include "result_file.h"

#define EXTENSION ".npy"

static double npy_least_bytes(const struct result_about *about) {
    double scalar =
        about->program->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
    return (double)about->batch->n_runs *
           ((double)about->settings->n_saves * about->program->n_columns * scalar + 1);
}

/* type: 'f' or 'u'; shape: "(3, 4)". */
static odec_status write_header(struct out_file *out, char type, int bytes,
                                const char *shape) {
    const uint16_t one = 1;
    bool little = *(const unsigned char *)&one == 1;
    char header[256] = "\x93NUMPY\x01";
    int n = 10 + snprintf(header + 10, sizeof header - 10,
                          "{'descr': '%c%c%d', 'fortran_order': False, 'shape': %s, }",
                          bytes == 1 ? '|'
                          : little   ? '<'
                                     : '>',
                          type, bytes, shape);
    int padded = (n + 1 + 63) / 64 * 64;
    memset(header + n, ' ', (size_t)(padded - n));
    header[padded - 1] = '\n';
    header[8] = (char)((padded - 10) & 0xff);
    header[9] = (char)((padded - 10) >> 8);
    return out_file_write(out, header, (size_t)padded);
}

static odec_status npy_begin(struct result_file *file) {
    const struct result_about *about = &file->about;
    struct out_file *data = &file->parts[RESULT_DATA];
    struct out_file *status = &file->parts[RESULT_STATUS];
    char shape[96];
    snprintf(shape, sizeof shape, "(%lld, %lld, %d)", (long long)about->batch->n_runs,
             (long long)about->settings->n_saves, about->program->n_columns);
    int bytes = about->program->precision == ODEC_FLOAT ? 4 : 8;
    TRY(write_header(data, 'f', bytes, shape));
    snprintf(shape, sizeof shape, "(%lld,)", (long long)about->batch->n_runs);
    TRY(write_header(status, 'u', 1, shape));
    file->data_begins = data->position;
    file->status_begins = status->position;
    return ODEC_OK;
}

static odec_status npy_write(struct result_file *file,
                             const struct odec_portion *portion) {
    const struct odec_program *program = file->about.program;
    struct out_file *data = &file->parts[RESULT_DATA];
    struct out_file *status = &file->parts[RESULT_STATUS];
    const int64_t first = portion->first_run, n = portion->n_runs;
    size_t scalar = program->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
    size_t count =
        (size_t)n * (size_t)file->about.settings->n_saves * (size_t)program->n_columns;
    const int64_t run_bytes = (int64_t)(count / (size_t)n * scalar);
    TRY(out_file_seek(data, file->data_begins + first * run_bytes));
    TRY(out_file_write(data, portion->values, count * scalar));
    TRY(out_file_seek(status, file->status_begins + first));
    for (int64_t i = 0; i < n;) {
        int64_t m = n - i < 4096 ? n - i : 4096;
        char *at = out_file_reserve(status, (size_t)m);
        if (at == NULL) {
            return ODEC_ERROR_IO;
        }
        for (int64_t k = 0; k < m; k++) {
            at[k] = (char)portion->records[i + k].status;
        }
        out_file_advance(status, (size_t)m);
        i += m;
    }
    return ODEC_OK;
}

static odec_status npy_finish(struct result_file *file,
                              const struct odec_result *result) {
    struct strbuf text = {0};
    for (int i = RESULT_DATA; i < RESULT_ABOUT; i++) {
        TRY(out_file_flush(&file->parts[i])); /* so that their sums are whole */
    }
    about_json(file, result, &text);
    odec_status status =
        text.failed ? context_out_of_memory(file->context)
                    : out_file_write(&file->parts[RESULT_ABOUT], text.at, text.n);
    strbuf_release(&text);
    return status;
}

const struct result_format result_format_npy = {
    .extension = EXTENSION,
    .beside = {[RESULT_STATUS] = ".status.npy", [RESULT_ABOUT] = ".json"},
    .any_order = true,
    .least_bytes = npy_least_bytes,
    .exact = true,
    .begin = npy_begin,
    .write = npy_write,
    .finish = npy_finish,
};
