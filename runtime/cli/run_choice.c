/* run_choice.c -- --only: some runs of a batch, with the bits that they have among all. What
 * varies becomes a column of the values that these runs have; their numbers stay.
 */
#include <stdlib.h>
#include <string.h>

#include "ranges.h"
#include "request.h"
#include "runs.h"
#include "say.h"

/* "4" or "10..20", and where it ends. */
static int take_range(const char *text, int64_t n_runs, struct ranges *chosen,
                      const char **rest) {
    const char *end = text + strcspn(text, ",");
    const char *dots = strstr(text, "..");
    const char *middle = dots && dots < end ? dots : NULL;
    int64_t first, last;
    char n[SAY_SIZE], most[SAY_SIZE];
    CLI_TRY(parse_index("--only", text, middle ? middle : end, &first));
    last = first;
    if (middle) {
        CLI_TRY(parse_index("--only", middle + 2, end, &last));
    }
    if (last < first) {
        return cli_error(EXIT_WRONG, "--only: '%.*s' ends before it begins",
                         (int)(end - text), text);
    }
    if (last >= n_runs) {
        return cli_error(EXIT_WRONG, "--only: there is no run %lld: %s run%s, 0 .. %s",
                         (long long)last, say_count(n, n_runs), say_s(n_runs),
                         say_count(most, n_runs - 1));
    }
    switch (ranges_add(chosen, (struct slice){first, last - first + 1})) {
    case RANGES_OK:
        *rest = end;
        return EXIT_DONE;
    case RANGES_OVERLAP:
        return cli_error(EXIT_WRONG, "--only: '%.*s' is named twice", (int)(end - text),
                         text);
    default:
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
}

static int take_ranges(const char *text, int64_t n_runs, struct ranges *chosen) {
    for (;; text++) {
        CLI_TRY(take_range(text, n_runs, chosen, &text));
        if (*text == '\0') {
            return EXIT_DONE;
        }
    }
}

static int take_numbers(const struct ranges *chosen, struct runs *runs) {
    int64_t n = 0;
    const int64_t total = ranges_total(chosen);
    runs->numbers = calloc((size_t)total, sizeof *runs->numbers);
    if (runs->numbers == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    for (int64_t i = 0; i < chosen->n; i++) {
        for (int64_t k = 0; k < chosen->at[i].n_runs; k++) {
            runs->numbers[n++] = chosen->at[i].first + k;
        }
    }
    runs->n_runs = n;
    return EXIT_DONE;
}

int runs_choose(const char *only, struct runs *runs) {
    struct ranges chosen = {0};
    int status = take_ranges(only, runs->n_runs, &chosen);
    if (status == EXIT_DONE) {
        status = take_numbers(&chosen, runs);
    }
    ranges_release(&chosen);
    return status;
}

/* The value that an axis has in a run of the whole batch. */
static double value_of(const struct run_axis *axis, int64_t run) {
    return axis->list ? axis->list[run / axis->sweep.repeat % axis->sweep.n]
                      : run_axis_value(axis, run);
}

int runs_fill(struct runs *runs) {
    for (int32_t i = 0; i < runs->n_axes; i++) {
        struct run_axis *axis = &runs->axes[i];
        struct odec_source *source = (struct odec_source *)axis->source;
        if (axis->list == NULL && runs->numbers == NULL) {
            continue;
        }
        double *column = calloc((size_t)runs->n_runs, sizeof *column);
        if (column == NULL) {
            return cli_error(EXIT_UNFINISHED, "out of memory");
        }
        runs->columns[i] = column;
        if (source->kind == ODEC_SOURCE_GRID) {
            axis->sweep = *source;
        }
        for (int64_t run = 0; run < runs->n_runs; run++) {
            column[run] = value_of(axis, runs->numbers ? runs->numbers[run] : run);
        }
        *source = (struct odec_source){
            .kind = ODEC_SOURCE_COLUMN, .column = column, .stride = 1};
    }
    return EXIT_DONE;
}
