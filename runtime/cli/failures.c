/* failures.c -- see failures.h.
 *
 *   odec: warning: 3 of 7 runs failed: 2 step-underflow, 1 non-finite
 *   odec:   step-underflow: first run 4, at t = 1.5, a = 0.6666666666666666
 *   odec:   non-finite: first run 6, at t = 1, a = 1
 */
#include "failures.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "say.h"
#include "strbuf.h"

enum { MOST_PARAMETERS = 12 }; /* that are told of one run */

bool failures_is_one(int run_status) {
    return run_status != ODEC_RUN_OK && run_status != ODEC_RUN_EVENT_STOP;
}

int64_t failures_count(const struct odec_result *result) {
    int64_t n = 0;
    for (int i = 0; i < ODEC_RUN_STATUS_COUNT; i++) {
        n += failures_is_one(i) ? result->n_by_status[i] : 0;
    }
    return n;
}

/* ---- the table ---- */

static odec_status write_text(struct out_file *file, struct strbuf *text) {
    odec_status status =
        text->failed ? ODEC_ERROR_MEMORY : out_file_write(file, text->at, text->n);
    strbuf_release(text);
    return status;
}

static odec_status write_names(const struct failures *failures) {
    const struct result_about *about = failures->about;
    struct strbuf text = {0};
    strbuf_add(&text, "run,t");
    for (int32_t i = 0; i < about->n_labels; i++) {
        const char *name = about->labels[i].name;
        const char *quote = strpbrk(name, ",\"") ? "\"" : "";
        strbuf_add(&text, ",%s%s%s", quote, name, quote);
    }
    for (int32_t i = 0; i < about->n_axes; i++) {
        strbuf_add(&text, ",%s", about->axes[i].name);
    }
    strbuf_add(&text, ",status\n");
    return write_text(failures->table, &text);
}

static odec_status write_run(const struct failures *failures, int64_t run,
                             const struct odec_run_record *record) {
    const struct result_about *about = failures->about;
    struct strbuf text = {0};
    strbuf_add(&text, "%lld,%.17g", (long long)result_run_number(about, run),
               record->t);
    for (int32_t i = 0; i < about->n_labels; i++) {
        const struct run_text *label = result_label(about, i, run);
        const char *quote = label->quoted ? "\"" : "";
        strbuf_add(&text, ",%s%.*s%s", quote, label->n, label->at, quote);
    }
    for (int32_t i = 0; i < about->n_axes; i++) {
        strbuf_add(&text, ",%.17g", run_axis_value(&about->axes[i], run));
    }
    strbuf_add(&text, ",%s\n", odec_run_status_text(record->status));
    return write_text(failures->table, &text);
}

/* ---- the sink ---- */

static odec_status sink_write(void *user, const odec_portion *portion) {
    struct failures *failures = user;
    for (int64_t i = 0; i < portion->n_runs; i++) {
        const struct odec_run_record *record = &portion->records[i];
        const int64_t run = portion->first_run + i;
        if (!failures_is_one(record->status)) {
            continue;
        }
        if (record->status < ODEC_RUN_STATUS_ROOM &&
            !(failures->first[record->status].seen &&
              failures->first[record->status].run < run)) {
            failures->first[record->status].seen = true;
            failures->first[record->status].run = run;
            failures->first[record->status].t = record->t;
        }
        odec_status status =
            failures->table ? write_run(failures, run, record) : ODEC_OK;
        if (status != ODEC_OK) {
            return status;
        }
    }
    return failures->next.write ? failures->next.write(failures->next.user, portion)
                                : ODEC_OK;
}

struct odec_sink failures_sink(struct failures *failures,
                               const struct result_about *about,
                               const struct odec_sink *next, struct out_file *table) {
    *failures = (struct failures){.about = about, .table = table};
    if (next) {
        failures->next = *next;
    }
    if (table) {
        write_names(failures); /* a failure stays with the file */
    }
    return (struct odec_sink){.size = sizeof(struct odec_sink),
                              .write = sink_write,
                              .user = failures,
                              .any_order = !table && (!next || next->any_order)};
}

/* ---- in words ---- */

void failures_add_causes(struct strbuf *out, const struct odec_result *result) {
    char count[SAY_SIZE];
    const char *comma = "";
    for (int i = 0; i < ODEC_RUN_STATUS_COUNT; i++) {
        if (failures_is_one(i) && result->n_by_status[i] > 0) {
            strbuf_add(out, "%s%s %s", comma, say_count(count, result->n_by_status[i]),
                       odec_run_status_text(i));
            comma = ", ";
        }
    }
}

/* "step-underflow: first run 4, at t = 1.5, a = 0.75" */
static void add_first(struct strbuf *out, const struct failures *failures, int kind,
                      int64_t n) {
    const struct result_about *about = failures->about;
    const int64_t run = failures->first[kind].run;
    char t[SAY_SIZE], value[SAY_SIZE];
    strbuf_add(out, "%s: %srun %lld, at t = %s", odec_run_status_text(kind),
               n > 1 ? "first " : "", (long long)result_run_number(about, run),
               say_real(t, failures->first[kind].t));
    for (int32_t i = 0; i < about->n_labels && i < MOST_PARAMETERS; i++) {
        const struct run_text *label = result_label(about, i, run);
        char shown[CLI_TEXT];
        strbuf_add(out, ", %s = %s", about->labels[i].name,
                   cli_text(shown, label->at, (size_t)label->n));
    }
    for (int32_t i = 0; i < about->n_axes && i < MOST_PARAMETERS; i++) {
        strbuf_add(out, ", %s = %s", about->axes[i].name,
                   say_real(value, run_axis_value(&about->axes[i], run)));
    }
    if (about->n_axes > MOST_PARAMETERS) {
        strbuf_add(out, ", ...");
    }
}

void failures_warn(const struct failures *failures, const struct odec_result *result) {
    const int64_t n = failures_count(result);
    if (n == 0) {
        return;
    }
    struct strbuf text = {0};
    char a[SAY_SIZE], b[SAY_SIZE];
    failures_add_causes(&text, result);
    cli_warning("%s of %s run%s failed: %s", say_count(a, n),
                say_count(b, result->n_runs), say_s(result->n_runs),
                text.at ? text.at : "");
    strbuf_release(&text);
    for (int i = 0; i < ODEC_RUN_STATUS_COUNT; i++) {
        if (failures_is_one(i) && failures->first[i].seen) {
            struct strbuf line = {0};
            add_first(&line, failures, i, result->n_by_status[i]);
            fprintf(stderr, "odec:   %s\n", line.at ? line.at : "");
            strbuf_release(&line);
        }
    }
}
