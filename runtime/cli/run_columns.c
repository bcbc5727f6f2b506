/* run_columns.c -- --runs: what the columns of a table are, by their names, before any value is
 * read. A parameter's or initial value's differs from run to run; --keep's goes to the results
 * as it is; --ignore's, and those that odec's own results have, are passed over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runs.h"
#include "say.h"
#include "strbuf.h"
#include "targets.h"

enum { MOST_NAMES = 8 }; /* that one message has */

static const char *column_at(const void *list, int i) {
    const struct run_table *table = list;
    return i < table->n_columns ? table->names[i] : NULL;
}

static int32_t find_column(const struct run_table *table, const char *name, size_t n) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (strlen(table->names[i]) == n && strncmp(table->names[i], name, n) == 0) {
            return i;
        }
    }
    return -1;
}

/* One name of --ignore or --keep. */
static int take_name(const char *option, const char *path, const char *name, size_t n,
                     enum run_column kind, struct run_table *table) {
    const int32_t i = find_column(table, name, n);
    if (i < 0) {
        char text[64], hint[CLI_HINT];
        snprintf(text, sizeof text, "%.*s", (int)(n > 60 ? 60 : n), name);
        return cli_error(EXIT_WRONG, "%s: %s has no column '%s'%s", option, path, text,
                         cli_hint(hint, text, column_at, table));
    }
    if (table->kinds[i] != RUN_NUMBERS) {
        return cli_error(EXIT_WRONG, "%s: '%s' is named twice", option,
                         table->names[i]);
    }
    table->kinds[i] = kind;
    return EXIT_DONE;
}

/* NAME,NAME,... of each, or a name that has commas in it. */
static int take_names(const char *option, const struct text_list *list,
                      const char *path, enum run_column kind, struct run_table *table) {
    for (int k = 0; k < list->n; k++) {
        const char *text = list->at[k];
        if (find_column(table, text, strlen(text)) >= 0) {
            CLI_TRY(take_name(option, path, text, strlen(text), kind, table));
            continue;
        }
        for (;; text++) {
            const size_t n = strcspn(text, ",");
            CLI_TRY(take_name(option, path, text, n, kind, table));
            text += n;
            if (*text == '\0') {
                break;
            }
        }
    }
    return EXIT_DONE;
}

/* Results can be read again: what they say of a run that is no input of it. */
static bool is_of_results(const char *name) {
    static const char *const own[] = {"run", "t", "status"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcmp(name, own[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* As --failed writes them, and -o: run, t, ..., status. Who gives such a table to --runs knows
 * where it comes from. */
static bool is_result(const struct run_table *table) {
    const int32_t n = table->n_columns;
    return n > 2 && strcmp(table->names[0], "run") == 0 &&
           strcmp(table->names[1], "t") == 0 &&
           strcmp(table->names[n - 1], "status") == 0;
}

/* In another table they may have been meant for something. */
static void note_passed_over(const char *where, const struct run_table *table,
                             const bool *of_results) {
    struct strbuf names = {0};
    int n = 0;
    for (int32_t i = 0; i < table->n_columns && !is_result(table); i++) {
        if (of_results[i]) {
            strbuf_add(&names, "%s%s", n++ ? ", " : "", table->names[i]);
        }
    }
    if (n > 0) {
        cli_note("%s: column%s %s %s of a result, and %s passed over", where, say_s(n),
                 names.at ? names.at : "", n > 1 ? "are those" : "is that",
                 n > 1 ? "are" : "is");
    }
    strbuf_release(&names);
}

/* A state, or nearly the name of something? */
static bool has_meaning(const char *name, const struct odec_program *program) {
    char hint[CLI_HINT];
    return odec_program_state(program, name) >= 0 ||
           target_hint(hint, name, program)[0];
}

/* Columns that nobody knows: one that has a meaning, or all of them. */
static int report_unknown(const char *where, const struct run_table *table,
                          const bool *unknown, int32_t n,
                          const struct odec_program *program, const struct runs *runs) {
    struct strbuf names = {0}, list = {0};
    const char *first = NULL;
    int32_t shown = 0;
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (!unknown[i]) {
            continue;
        }
        if (has_meaning(table->names[i], program)) {
            first = table->names[i];
            n = 1;
            break;
        }
        first = first ? first : table->names[i];
        if (shown < MOST_NAMES) {
            strbuf_add(&names, "%s'%s'", shown ? ", " : "", table->names[i]);
        }
        strbuf_add(&list, "%s%s", shown++ ? "," : "", table->names[i]);
    }
    const char *all = list.at ? list.at : "";
    int status;
    if (n == 1) {
        struct strbuf advice = {0};
        strbuf_add(&advice,
                   "; --ignore %s passes over the column, --keep %s takes it to "
                   "the results",
                   all, all);
        status = target_unknown(where, first, strlen(first), program, runs,
                                advice.at ? advice.at : "");
        strbuf_release(&advice);
    } else if (n <= MOST_NAMES) {
        status =
            cli_error(EXIT_WRONG,
                      "%s: the model has no parameters %s; --ignore %s passes over "
                      "the columns, --keep %s takes them to the results",
                      where, names.at ? names.at : "", all, all);
    } else {
        status = cli_error(EXIT_WRONG,
                           "%s: the model has no parameters %s and %d more; --ignore "
                           "passes over columns, --keep takes them to the results",
                           where, names.at ? names.at : "", n - MOST_NAMES);
    }
    strbuf_release(&names);
    strbuf_release(&list);
    return status;
}

/* What each column is; which sources they are goes to targets. */
static int judge_names(const char *where, const struct odec_program *program,
                       struct runs *runs, struct target *targets, bool *unknown,
                       bool *of_results) {
    struct run_table *table = &runs->table;
    int32_t n_unknown = 0;
    for (int32_t i = 0; i < table->n_columns; i++) {
        const char *name = table->names[i];
        const size_t n = strlen(name);
        if (table->kinds[i] == RUN_TEXTS) {
            CLI_TRY(target_check_column("--keep", name, program));
        }
        if (table->kinds[i] != RUN_NUMBERS) {
            continue;
        }
        if (!target_find(name, n, program, runs, &targets[i])) {
            of_results[i] = is_of_results(name);
            unknown[i] = !of_results[i];
            n_unknown += unknown[i];
            table->kinds[i] = unknown[i] ? RUN_NUMBERS : RUN_IGNORED;
            continue;
        }
        CLI_TRY(target_claim(where, name, n, program, runs, &targets[i]));
        const struct run_axis axis = {.source = targets[i].source};
        CLI_TRY(target_add_axis(where, name, n, program, &axis, runs));
    }
    return n_unknown ? report_unknown(where, table, unknown, n_unknown, program, runs)
                     : EXIT_DONE;
}

/* A table's values against a parameter's bounds, so that an error has its line: names stand
 * on the first, and there are no empty ones between rows. */
static int check_column(const char *path, const struct run_table *table, int32_t number,
                        const char *name, const struct odec_quantity *quantity) {
    for (int64_t row = 0; row < table->n_rows; row++) {
        double value = table->values[row * table->n_numbers + number];
        if (value < quantity->lo || value > quantity->hi) {
            char v[SAY_SIZE], bounds[SAY_BOUNDS];
            return cli_error(EXIT_WRONG, "%s:%lld: '%s' is %s, outside its bounds %s",
                             path, (long long)row + 2, name, say_real(v, value),
                             say_bounds(bounds, quantity->lo, quantity->hi));
        }
    }
    return EXIT_DONE;
}

/* Sources and labels out of the columns, when the rows are there. */
static int take_columns(const char *path, const struct target *targets,
                        struct runs *runs) {
    struct run_table *table = &runs->table;
    int32_t number = 0, text = 0;
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (table->kinds[i] == RUN_TEXTS) {
            runs->labels[runs->n_labels++] = (struct run_label){
                table->names[i], table->texts + text, table->n_texts};
            text++;
        }
        if (table->kinds[i] != RUN_NUMBERS) {
            continue;
        }
        if (targets[i].is_par) {
            CLI_TRY(check_column(path, table, number, table->names[i],
                                 targets[i].quantity));
        }
        *targets[i].source = (struct odec_source){.kind = ODEC_SOURCE_COLUMN,
                                                  .column = table->values + number,
                                                  .stride = table->n_numbers};
        runs->axes[number].file = path;
        number++;
    }
    runs->n_runs = table->n_rows;
    return EXIT_DONE;
}

static int take_table(odec_context *context, const struct options *options,
                      const struct odec_program *program, struct runs *runs,
                      const char *path, struct target *targets, bool *unknown,
                      bool *of_results) {
    struct run_table *table = &runs->table;
    char where[256];
    snprintf(where, sizeof where, "%.240s:1", path);
    CLI_TRY(take_names("--ignore", &options->ignore, path, RUN_IGNORED, table));
    CLI_TRY(take_names("--keep", &options->keep, path, RUN_TEXTS, table));
    CLI_TRY(judge_names(where, program, runs, targets, unknown, of_results));
    odec_status status = run_table_rows(context, path, table);
    if (status != ODEC_OK) {
        return cli_failed(context, status);
    }
    CLI_TRY(take_columns(path, targets, runs));
    note_passed_over(where, table, of_results);
    return EXIT_DONE;
}

int runs_take_table(odec_context *context, const struct options *options,
                    const struct odec_program *program, struct runs *runs) {
    const bool is_input = strcmp(options->runs, "-") == 0;
    const char *path = is_input ? "/dev/stdin" : options->runs;
    odec_status read = run_table_open(context, path, &runs->table);
    if (read != ODEC_OK) {
        return cli_failed(context, read);
    }
    const size_t n = (size_t)runs->table.n_columns;
    CLI_TRY(runs_reserve_axes(runs, n));
    runs->labels = calloc(n, sizeof *runs->labels);
    struct target *targets = calloc(n, sizeof *targets);
    bool *unknown = calloc(2 * n, sizeof *unknown);
    int status = runs->labels && targets && unknown
                     ? take_table(context, options, program, runs, path, targets,
                                  unknown, unknown + n)
                     : cli_error(EXIT_UNFINISHED, "out of memory");
    free(targets);
    free(unknown);
    return status;
}
