/* runs.c -- see runs.h. */
#include "runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "say.h"
#include "targets.h"

int runs_reserve_axes(struct runs *runs, size_t n) {
    runs->axes = calloc(n + 1, sizeof *runs->axes);
    runs->names = calloc(n + 1, sizeof *runs->names);
    runs->columns = calloc(n + 1, sizeof *runs->columns);
    runs->lists = calloc(n + 1, sizeof *runs->lists);
    return runs->axes && runs->names && runs->columns && runs->lists
               ? EXIT_DONE
               : cli_error(EXIT_UNFINISHED, "out of memory");
}

/* ---- --set and --sweep ---- */

static int take_set(const char *text, const struct odec_program *program,
                    struct runs *runs) {
    struct target target = {0};
    const size_t named = strcspn(text, "=");
    size_t n;
    double value;
    if (text[named] == '=') { /* a name that is not there is told before its value */
        CLI_TRY(target_claim("--set", text, named, program, runs, &target));
    }
    CLI_TRY(parse_set(text, &n, &value));
    *target.source = (struct odec_source){.kind = ODEC_SOURCE_UNIFORM, .value = value};
    return EXIT_DONE;
}

/* NAME=LO:HI:N[:log], its values from `text` on. */
static int parse_grid(const char *whole, const char *text, struct odec_source *grid) {
    const char *colons[4] = {text - 1};
    int n = 0;
    for (const char *p = text; n < 3 && (p = strchr(p, ':')) != NULL; p++) {
        colons[++n] = p;
    }
    const char *end = n == 3 ? colons[3] : text + strlen(text);
    grid->log = n == 3 && strcmp(colons[3], ":log") == 0;
    if (n < 2 || (n == 3 && !grid->log)) {
        return cli_error(EXIT_WRONG,
                         "--sweep: '%s' is not NAME=LO:HI:N, NAME=LO:HI:N:log or "
                         "NAME=A,B,...",
                         whole);
    }
    char name[CLI_WHAT];
    const char *what =
        text == whole ? "--sweep"
                      : cli_what(name, "--sweep", whole, (size_t)(text - whole - 1));
    CLI_TRY(parse_real(what, text, colons[1], &grid->lo));
    CLI_TRY(parse_real(what, colons[1] + 1, colons[2], &grid->hi));
    return parse_count(what, colons[2] + 1, end, &grid->n);
}

/* NAME=A,B,...: a grid whose points are the list's. */
static int parse_list(const char *what, const char *text, struct odec_source *grid,
                      double **out) {
    const char *whole = text;
    int64_t n = 1;
    for (const char *p = text; *p; p++) {
        n += *p == ',';
    }
    double *list = calloc((size_t)n, sizeof *list);
    *out = list;
    if (list == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    for (int64_t i = 0; i < n; i++) {
        const char *end = text + strcspn(text, ",");
        if (strspn(text, " ") == (size_t)(end - text)) {
            return cli_error(EXIT_WRONG, "%s: '%.60s' has a comma too many", what,
                             whole);
        }
        CLI_TRY(parse_real(what, text, end, &list[i]));
        text = end + 1;
    }
    grid->n = n;
    grid->lo = list[0];
    grid->hi = list[n - 1];
    return EXIT_DONE;
}

static int take_sweep(const char *text, const struct odec_program *program,
                      struct runs *runs) {
    const char *equals = strchr(text, '=');
    struct odec_source grid = {.kind = ODEC_SOURCE_GRID, .repeat = 1};
    if (equals == NULL) {
        return parse_grid(text, text + strlen(text), &grid);
    }
    char what[CLI_WHAT];
    cli_what(what, "--sweep", text, (size_t)(equals - text));
    double **list = &runs->lists[runs->n_axes];
    CLI_TRY(strchr(equals, ',') && !strchr(equals, ':')
                ? parse_list(what, equals + 1, &grid, list)
                : parse_grid(text, equals + 1, &grid));
    struct target target;
    CLI_TRY(
        target_claim("--sweep", text, (size_t)(equals - text), program, runs, &target));
    *target.source = grid;
    const struct run_axis axis = {.source = target.source, .list = *list};
    return target_add_axis("--sweep", text, (size_t)(equals - text), program, &axis,
                           runs);
}

/* The grid of all sweeps, the first slowest: each repeats as often as those after it
 * have points. */
static int join_sweeps(struct runs *runs) {
    int64_t n_runs = 1;
    for (int32_t i = runs->n_axes - 1; i >= 0; i--) {
        struct odec_source *source = (struct odec_source *)runs->axes[i].source;
        source->repeat = n_runs;
        if (__builtin_mul_overflow(n_runs, source->n, &n_runs) ||
            n_runs > ODEC_MAX_RUNS) {
            double product = 1;
            for (int32_t k = 0; k < runs->n_axes; k++) {
                product *= (double)runs->axes[k].source->n;
            }
            char most[SAY_SIZE];
            return cli_error(EXIT_WRONG, "--sweep: %.3g runs; a batch has at most %s",
                             product, say_count(most, ODEC_MAX_RUNS));
        }
    }
    runs->n_runs = n_runs;
    return EXIT_DONE;
}

static int take_sweeps(const struct options *options,
                       const struct odec_program *program, struct runs *runs) {
    CLI_TRY(runs_reserve_axes(runs, (size_t)options->sweep.n));
    for (int i = 0; i < options->sweep.n; i++) {
        CLI_TRY(take_sweep(options->sweep.at[i], program, runs));
    }
    return join_sweeps(runs);
}

static int parse_all(odec_context *context, const struct options *options,
                     const struct odec_program *program, struct runs *runs) {
    runs->pars = calloc((size_t)program->n_pars + 1, sizeof *runs->pars);
    runs->states = calloc((size_t)program->n_states + 1, sizeof *runs->states);
    if (runs->pars == NULL || runs->states == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    if (options->runs && options->sweep.n > 0) {
        return cli_error(EXIT_WRONG,
                         "--runs and --sweep cannot be joined: a table already "
                         "says what every run is");
    }
    if (!options->runs && (options->ignore.n > 0 || options->keep.n > 0)) {
        return cli_error(EXIT_WRONG, "%s is for a table of --runs, which is not there",
                         options->ignore.n > 0 ? "--ignore" : "--keep");
    }
    for (int i = 0; i < options->set.n; i++) {
        CLI_TRY(take_set(options->set.at[i], program, runs));
    }
    CLI_TRY(options->runs ? runs_take_table(context, options, program, runs)
                          : take_sweeps(options, program, runs));
    if (options->only) {
        CLI_TRY(runs_choose(options->only, runs));
    }
    return runs_fill(runs);
}

int runs_parse(odec_context *context, const struct options *options,
               const struct model_file *model, struct runs *out) {
    *out = (struct runs){.n_runs = 1, .compilation = model->compilation};
    int status = parse_all(context, options, model->program, out);
    if (status != EXIT_DONE) {
        runs_release(out);
    }
    return status;
}

void runs_release(struct runs *runs) {
    for (int32_t i = 0; i < runs->n_axes; i++) {
        free(runs->names[i]);
        free(runs->columns[i]);
    }
    for (int32_t i = 0; runs->lists && i <= runs->n_axes; i++) {
        free(runs->lists[i]); /* one more where its name was wrong */
    }
    free(runs->names);
    free(runs->columns);
    free(runs->lists);
    free(runs->numbers);
    free(runs->labels);
    free(runs->axes);
    free(runs->pars);
    free(runs->states);
    run_table_release(&runs->table);
    *runs = (struct runs){0};
}
