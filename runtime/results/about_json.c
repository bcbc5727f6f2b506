/* about_json.c -- see about_json.h. */
#include "about_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_key(struct strbuf *out, const char *key) {
    strbuf_add(out, "  ");
    strbuf_add_json_string(out, key);
    strbuf_add(out, ": ");
}

static void add_string(struct strbuf *out, const char *key, const char *value) {
    add_key(out, key);
    strbuf_add_json_string(out, value);
    strbuf_add(out, ",\n");
}

static void add_real(struct strbuf *out, const char *key, double value) {
    add_key(out, key);
    strbuf_add_json_real(out, value);
    strbuf_add(out, ",\n");
}

void about_json_statuses(const struct odec_result *result, struct strbuf *out) {
    strbuf_add(out, "{\"ok\": %lld", (long long)result->n_by_status[ODEC_RUN_OK]);
    for (int i = 1; i < ODEC_RUN_STATUS_COUNT; i++) {
        if (result->n_by_status[i] > 0) {
            strbuf_add(out, ", \"%s\": %lld", odec_run_status_text(i),
                       (long long)result->n_by_status[i]);
        }
    }
    strbuf_add(out, "}");
}

static void add_columns(struct strbuf *out, const struct odec_program *program) {
    strbuf_add(out, "  \"columns\": [");
    for (int32_t i = 0; i < program->n_columns; i++) {
        strbuf_add(out, "%s\n    {\"name\": ", i ? "," : "");
        strbuf_add_json_string(out, program->columns[i].name);
        strbuf_add(out, ", \"unit\": ");
        strbuf_add_json_string(out, program->columns[i].unit);
        strbuf_add(out, "}");
    }
    strbuf_add(out, "],\n");
}

static void add_sweep(struct strbuf *out, const struct run_axis *axis) {
    const struct odec_source *sweep =
        axis->sweep.kind == ODEC_SOURCE_GRID ? &axis->sweep : axis->source;
    if (axis->list) {
        strbuf_add(out, ", \"values\": [");
        for (int64_t i = 0; i < sweep->n; i++) {
            strbuf_add(out, i ? ", " : "");
            strbuf_add_json_real(out, axis->list[i]);
        }
        strbuf_add(out, "], \"n\": %lld, \"repeat\": %lld", (long long)sweep->n,
                   (long long)sweep->repeat);
        return;
    }
    strbuf_add(out, ", \"lo\": ");
    strbuf_add_json_real(out, sweep->lo);
    strbuf_add(out, ", \"hi\": ");
    strbuf_add_json_real(out, sweep->hi);
    strbuf_add(out, ", \"n\": %lld, \"repeat\": %lld, \"log\": %s", (long long)sweep->n,
               (long long)sweep->repeat, sweep->log ? "true" : "false");
}

static void add_axes(struct strbuf *out, const struct result_about *about) {
    strbuf_add(out, "  \"axes\": [");
    for (int32_t i = 0; i < about->n_axes; i++) {
        const struct run_axis *axis = &about->axes[i];
        strbuf_add(out, "%s\n    {\"name\": ", i ? "," : "");
        strbuf_add_json_string(out, axis->name);
        if (axis->file) {
            strbuf_add(out, ", \"file\": ");
            strbuf_add_json_string(out, axis->file);
        } else {
            add_sweep(out, axis);
        }
        strbuf_add(out, "}");
    }
    strbuf_add(out, "],\n");
}

/* Parameters and initial values that every run shares and the caller gave. */
static void add_set(struct strbuf *out, const struct result_about *about) {
    const struct odec_program *program = about->program;
    int n = 0;
    strbuf_add(out, "  \"set\": {");
    for (int32_t i = 0; i < program->n_pars + program->n_states; i++) {
        bool is_par = i < program->n_pars;
        int32_t k = is_par ? i : i - program->n_pars;
        const struct odec_source *list =
            is_par ? about->batch->pars : about->batch->states;
        if (list && list[k].kind == ODEC_SOURCE_UNIFORM) {
            strbuf_add(out, "%s\"%s%s\": ", n++ ? ", " : "",
                       is_par ? program->pars[k].name : program->states[k].name,
                       is_par ? "" : "(0)");
            strbuf_add_json_real(out, list[k].value);
        }
    }
    strbuf_add(out, "},\n");
}

/* Which of a larger batch's runs these are. */
static void add_numbers(struct strbuf *out, const struct result_about *about) {
    if (about->numbers == NULL) {
        return;
    }
    strbuf_add(out, "  \"runs\": [");
    for (int64_t i = 0; i < about->batch->n_runs; i++) {
        strbuf_add(out, "%s%lld",
                   i % 16 ? ", "
                   : i    ? ",\n    "
                          : "",
                   (long long)about->numbers[i]);
    }
    strbuf_add(out, "],\n");
}

/* The length of the character at p, of n bytes; 0 where there is none in UTF-8. */
static int utf8_length(const char *p, int32_t n) {
    const unsigned char c = (unsigned char)*p;
    const int length = c < 0x80   ? 1
                       : c < 0xc2 ? 0
                       : c < 0xe0 ? 2
                       : c < 0xf0 ? 3
                       : c < 0xf5 ? 4
                                  : 0;
    for (int i = 1; i < length; i++) {
        if (i >= n || ((unsigned char)p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/* A text of the table as a string of JSON: quotes inside are doubled there. What is no UTF-8 is
 * taken for Latin-1. */
static void add_label(struct strbuf *out, const struct run_text *label) {
    struct strbuf plain = {0};
    for (int32_t i = 0; i < label->n;) {
        const char *at = label->at + i;
        const int n = utf8_length(at, label->n - i);
        const unsigned char c = (unsigned char)*at;
        if (n > 0) {
            strbuf_add(&plain, "%.*s", n, at);
        } else {
            strbuf_add(&plain, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
        }
        const bool doubled = label->quoted && c == '"';
        i += (n > 0 ? n : 1) + doubled;
    }
    strbuf_add_json_string(out, plain.at ? plain.at : "");
    out->failed = out->failed || plain.failed;
    strbuf_release(&plain);
}

/* Columns of the table that are no parameters: names of runs, groups. */
static void add_labels(struct strbuf *out, const struct result_about *about) {
    if (about->n_labels == 0) {
        return;
    }
    strbuf_add(out, "  \"labels\": [");
    for (int32_t i = 0; i < about->n_labels; i++) {
        strbuf_add(out, "%s\n    {\"name\": ", i ? "," : "");
        strbuf_add_json_string(out, about->labels[i].name);
        strbuf_add(out, ", \"values\": [");
        for (int64_t run = 0; run < about->batch->n_runs; run++) {
            strbuf_add(out, run ? ", " : "");
            add_label(out, result_label(about, i, run));
        }
        strbuf_add(out, "]}");
    }
    strbuf_add(out, "],\n");
}

/* What the numbers of NAME.status.npy mean. */
static void add_status_codes(struct strbuf *out) {
    strbuf_add(out, "  \"status_codes\": {");
    for (int i = 0; i < ODEC_RUN_STATUS_COUNT; i++) {
        strbuf_add(out, "%s\"%s\": %d", i ? ", " : "", odec_run_status_text(i), i);
    }
    strbuf_add(out, "},\n");
}

static void add_times(struct strbuf *out, const struct result_about *about) {
    strbuf_add(out, "  \"times\": [");
    for (int64_t i = 0; i < about->settings->n_saves; i++) {
        strbuf_add(out, i % 8 ? ", " : i ? ",\n    " : "");
        strbuf_add_json_real(out, about->settings->times[i]);
    }
    strbuf_add(out, "],\n");
}

/* Of what stands beside: names without folders, as they may be moved together. */
static void add_files(struct strbuf *out, const struct result_file *file) {
    strbuf_add(out, "  \"files\": {");
    for (int i = RESULT_DATA; i < RESULT_ABOUT; i++) {
        const struct out_file *part = &file->parts[i];
        char *name = result_file_part(file->path, i);
        const char *slash = name ? strrchr(name, '/') : NULL;
        out->failed |= name == NULL;
        strbuf_add(out, i ? ",\n    " : "\n    ");
        strbuf_add_json_string(out, slash ? slash + 1 : name ? name : "");
        free(name);
        strbuf_add(out, ": {\"bytes\": %lld, \"crc32\": %lu}", (long long)part->length,
                   (unsigned long)crc32_of(&part->sum, part->length));
    }
    strbuf_add(out, "},\n");
}

void about_json(const struct result_file *file, const struct odec_result *result,
                struct strbuf *out) {
    const struct result_about *about = &file->about;
    const struct odec_program *program = about->program;
    const struct settings *settings = about->settings;
    strbuf_add(out, "{\n");
    add_string(out, "model", program->model);
    add_string(out, "odec", ODEC_VERSION);
    add_string(out, "method", program->method);
    add_string(out, "precision", program->precision == ODEC_FLOAT ? "float" : "double");
    strbuf_add(out, "  \"shape\": [%lld, %lld, %d],\n", (long long)result->n_runs,
               (long long)result->n_saves, program->n_columns);
    strbuf_add(out, "  \"dimensions\": [\"run\", \"time\", \"column\"],\n");
    add_columns(out, program);
    add_axes(out, about);
    add_numbers(out, about);
    add_labels(out, about);
    add_set(out, about);
    strbuf_add(out, "  \"t\": [");
    strbuf_add_json_real(out, settings->t0);
    strbuf_add(out, ", ");
    strbuf_add_json_real(out, settings->t1);
    strbuf_add(out, "],\n");
    if (program->adaptive) {
        add_real(out, "rtol", settings->rtol);
        strbuf_add(out, "  \"atol\": [");
        for (int32_t i = 0; i < program->n_states; i++) {
            strbuf_add(out, i ? ", " : "");
            strbuf_add_json_real(out, settings->atol[i]);
        }
        strbuf_add(out, "],\n");
    } else {
        add_real(out, "dt", settings->dt);
    }
    add_times(out, about);
    add_status_codes(out);
    strbuf_add(out, "  \"status\": ");
    about_json_statuses(result, out);
    strbuf_add(out, ",\n");
    add_string(out, "batch", file->batch);
    add_files(out, file);
    strbuf_add(out, "  \"digest\": \"%s\"\n}\n", result->digest);
}

static void add_device(struct strbuf *out, const odec_device_info *info) {
    strbuf_add(out, "{\"name\": \"%s\", \"description\": ", info->name);
    strbuf_add_json_string(out, info->description);
    strbuf_add(out, ", \"runs\": %lld, \"seconds\": %.6f, \"compiler\": ",
               (long long)info->n_runs, info->busy_seconds);
    strbuf_add_json_string(out, info->compiler);
    if (info->n_threads > 0) {
        strbuf_add(out, ", \"threads\": %d, \"lanes\": %d", info->n_threads,
                   info->lanes);
    }
    if (info->kernel_seconds > 0) {
        strbuf_add(out, ", \"kernel_seconds\": %.6f", info->kernel_seconds);
    }
    if (info->failure[0]) {
        strbuf_add(out, ", \"failure\": ");
        strbuf_add_json_string(out, info->failure);
    }
    strbuf_add(out, "}");
}

/* Those that took part, or should have. */
static void add_devices(struct strbuf *out, const struct odec_solver *solver) {
    const char *comma = "";
    strbuf_add(out, "  \"devices\": [");
    for (int32_t i = 0; i < odec_solver_n_devices(solver); i++) {
        odec_device_info info = ODEC_DEVICE_INFO_INIT;
        odec_solver_device_info(solver, i, &info);
        strbuf_add(out, "%s", comma);
        add_device(out, &info);
        comma = ", ";
    }
    strbuf_add(out, "],\n");
}

/* States whose error was not controlled. */
static void add_below_atol(struct strbuf *out, const struct stats *stats) {
    const char *comma = "";
    strbuf_add(out, "  \"below_atol\": [");
    for (int32_t i = 0; i < stats->program->n_states; i++) {
        if (odec_solver_below_atol(stats->solver, i)) {
            strbuf_add(out, "%s", comma);
            strbuf_add_json_string(out, stats->program->states[i].name);
            comma = ", ";
        }
    }
    strbuf_add(out, "],\n");
}

void stats_json(const struct stats *stats, struct strbuf *out) {
    const struct odec_result *result = stats->result;
    const struct odec_solver *solver = stats->solver;
    strbuf_add(out, "{\n");
    add_string(out, "model", stats->program->model);
    strbuf_add(out, "  \"runs\": %lld,\n  \"saves\": %lld,\n",
               (long long)result->n_runs, (long long)result->n_saves);
    strbuf_add(out, "  \"attempts\": {\"accepted\": %lld, \"rejected\": %lld},\n",
               (long long)result->n_accepted, (long long)result->n_rejected);
    strbuf_add(out, "  \"rhs\": %lld,\n  \"jacobian\": %lld,\n",
               (long long)result->n_rhs, (long long)result->n_jacobian);
    strbuf_add(out, "  \"status\": ");
    about_json_statuses(result, out);
    strbuf_add(out, ",\n");
    add_string(out, "method", stats->program->method);
    if (stats->program->method_reason) {
        add_string(out, "method_reason", stats->program->method_reason);
    }
    add_string(out, "precision",
               stats->program->precision == ODEC_FLOAT ? "float" : "double");
    add_below_atol(out, stats);
    strbuf_add(out,
               "  \"seconds\": {\"compile\": %.6f, \"solve\": %.6f, \"write\": %.6f, "
               "\"total\": %.6f},\n",
               stats->compile_seconds, result->solve_seconds, stats->write_seconds,
               stats->total_seconds);
    strbuf_add(out, "  \"cache_hit\": %s,\n",
               odec_solver_cache_hit(solver) ? "true" : "false");
    add_devices(out, solver);
    strbuf_add(out, "  \"chunks\": %lld,\n  \"chunk_runs\": %lld,\n",
               (long long)result->n_chunks, (long long)result->chunk_runs);
    strbuf_add(out, "  \"digest\": \"%s\"\n}\n", result->digest);
}
