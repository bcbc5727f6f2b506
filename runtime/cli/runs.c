/* runs.c -- see runs.h. */
#include "runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "say.h"

/* ---- names ---- */

struct target {
    struct odec_source *source;
    const struct odec_quantity *quantity;
    bool is_par; /* false: an initial value */
};

struct settable_names {
    const struct odec_program *program;
    char text[96];
};

/* Parameters, then "x(0)" of every state. */
static const char *name_at(const void *list, int i) {
    struct settable_names *names = (struct settable_names *)list;
    const struct odec_program *program = names->program;
    if (i < program->n_pars) {
        return program->pars[i].name;
    }
    i -= program->n_pars;
    if (i >= program->n_states) {
        return NULL;
    }
    snprintf(names->text, sizeof names->text, "%s(0)", program->states[i].name);
    return names->text;
}

static bool same(const char *name, const char *text, size_t n) {
    return strlen(name) == n && strncmp(name, text, n) == 0;
}

/* The source that text[0..n) names. where: the option, or file and line. */
static int find_target(const char *where, const char *text, size_t n,
                       const struct odec_program *program, struct runs *runs,
                       struct target *out) {
    for (int32_t i = 0; i < program->n_pars; i++) {
        if (same(program->pars[i].name, text, n)) {
            *out = (struct target){&runs->pars[i], &program->pars[i], true};
            return EXIT_DONE;
        }
    }
    bool initial = n > 3 && strncmp(text + n - 3, "(0)", 3) == 0;
    for (int32_t i = 0; i < program->n_states; i++) {
        if (initial && same(program->states[i].name, text, n - 3)) {
            *out = (struct target){&runs->states[i], &program->states[i], false};
            return EXIT_DONE;
        }
        if (same(program->states[i].name, text, n)) {
            return cli_error(
                EXIT_WRONG, "%s: '%s' is a state; its initial value is written '%s(0)'",
                where, program->states[i].name, program->states[i].name);
        }
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(n > 60 ? 60 : n), text);
    struct settable_names names = {.program = program};
    char hint[CLI_HINT];
    return cli_error(EXIT_WRONG, "%s: the model has no parameter '%s'%s", where, name,
                     cli_hint(hint, name, name_at, &names));
}

/* The same, for a value that must not have been given before. */
static int claim_target(const char *where, const char *text, size_t n,
                        const struct odec_program *program, struct runs *runs,
                        struct target *out) {
    CLI_TRY(find_target(where, text, n, program, runs, out));
    if (out->source->kind != ODEC_SOURCE_DEFAULT) {
        return cli_error(EXIT_WRONG, "%s: '%.*s' is given twice", where, (int)n, text);
    }
    return EXIT_DONE;
}

/* What differs from run to run is a column of the results: none may have its name.
 * where: the option, or file and line. */
static int check_axis(const char *where, const char *name,
                      const struct odec_program *program) {
    static const char *const own[] = {"run", "t", "status"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcmp(name, own[i]) == 0) {
            return cli_error(EXIT_WRONG,
                             "%s: '%s' cannot differ from run to run: results have a "
                             "column of that name",
                             where, name);
        }
    }
    for (int32_t i = 0; i < program->n_columns; i++) {
        if (strcmp(name, program->columns[i].name) == 0) {
            return cli_error(EXIT_WRONG,
                             "%s: '%s' is an output too, and results have one column "
                             "of a name: leave it out with --out",
                             where, name);
        }
    }
    return EXIT_DONE;
}

/* A source that differs from run to run. */
static int add_axis(const char *where, const char *name, size_t n,
                    const struct odec_program *program,
                    const struct odec_source *source, const char *file,
                    struct runs *runs) {
    char *copy = strndup(name, n);
    if (copy == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    runs->names[runs->n_axes] = copy;
    runs->axes[runs->n_axes++] = (struct run_axis){copy, source, file};
    return check_axis(where, copy, program);
}

/* ---- --set and --sweep ---- */

static int take_set(const char *text, const struct odec_program *program,
                    struct runs *runs) {
    const char *equals = strchr(text, '=');
    if (equals == NULL) {
        return cli_error(EXIT_WRONG, "--set: '%s' is not NAME=VALUE", text);
    }
    struct target target;
    CLI_TRY(
        claim_target("--set", text, (size_t)(equals - text), program, runs, &target));
    double value;
    CLI_TRY(parse_real("--set", equals + 1, text + strlen(text), &value));
    *target.source = (struct odec_source){.kind = ODEC_SOURCE_UNIFORM, .value = value};
    return EXIT_DONE;
}

/* NAME=LO:HI:N[:log] */
static int take_sweep(const char *text, const struct odec_program *program,
                      struct runs *runs) {
    const char *equals = strchr(text, '=');
    const char *colons[4] = {equals};
    int n = 0;
    for (const char *p = equals; p && n < 3 && (p = strchr(p + 1, ':')) != NULL;) {
        colons[++n] = p;
    }
    const char *end = n == 3 ? colons[3] : text + strlen(text);
    bool log = n == 3 && strcmp(colons[3], ":log") == 0;
    if (n < 2 || (n == 3 && !log)) {
        return cli_error(EXIT_WRONG,
                         "--sweep: '%s' is not NAME=LO:HI:N or NAME=LO:HI:N:log", text);
    }
    struct target target;
    CLI_TRY(
        claim_target("--sweep", text, (size_t)(equals - text), program, runs, &target));
    struct odec_source grid = {.kind = ODEC_SOURCE_GRID, .repeat = 1, .log = log};
    CLI_TRY(parse_real("--sweep", equals + 1, colons[1], &grid.lo));
    CLI_TRY(parse_real("--sweep", colons[1] + 1, colons[2], &grid.hi));
    CLI_TRY(parse_count("--sweep", colons[2] + 1, end, &grid.n));
    *target.source = grid;
    return add_axis("--sweep", text, (size_t)(equals - text), program, target.source,
                    NULL, runs);
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

/* ---- --runs ---- */

/* A table's values against a parameter's bounds, so that an error has its line: names stand
 * on the first, and there are no empty ones between rows. */
static int check_column(const char *path, const struct run_table *table, int32_t column,
                        const struct odec_quantity *quantity) {
    for (int64_t row = 0; row < table->n_rows; row++) {
        double value = table->values[row * table->n_columns + column];
        if (value < quantity->lo || value > quantity->hi) {
            char v[SAY_SIZE], bounds[SAY_BOUNDS];
            return cli_error(EXIT_WRONG, "%s:%lld: '%s' is %s, outside its bounds %s",
                             path, (long long)row + 2, table->names[column],
                             say_real(v, value),
                             say_bounds(bounds, quantity->lo, quantity->hi));
        }
    }
    return EXIT_DONE;
}

static int take_table(odec_context *context, const char *path,
                      const struct odec_program *program, struct runs *runs) {
    odec_status status = run_table_read(context, path, &runs->table);
    if (status != ODEC_OK) {
        return cli_failed(context, status);
    }
    struct run_table *table = &runs->table;
    runs->axes = calloc((size_t)table->n_columns, sizeof *runs->axes);
    runs->names = calloc((size_t)table->n_columns, sizeof *runs->names);
    if (runs->axes == NULL || runs->names == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    char where[256];
    snprintf(where, sizeof where, "%.240s:1", path);
    for (int32_t i = 0; i < table->n_columns; i++) {
        struct target target;
        const char *name = table->names[i];
        CLI_TRY(claim_target(where, name, strlen(name), program, runs, &target));
        if (target.is_par) {
            CLI_TRY(check_column(path, table, i, target.quantity));
        }
        *target.source = (struct odec_source){.kind = ODEC_SOURCE_COLUMN,
                                              .column = table->values + i,
                                              .stride = table->n_columns};
        CLI_TRY(
            add_axis(where, name, strlen(name), program, target.source, path, runs));
    }
    runs->n_runs = table->n_rows;
    return EXIT_DONE;
}

static int take_sweeps(const struct options *options,
                       const struct odec_program *program, struct runs *runs) {
    size_t n = (size_t)options->sweep.n;
    runs->axes = calloc(n + 1, sizeof *runs->axes);
    runs->names = calloc(n + 1, sizeof *runs->names);
    if (runs->axes == NULL || runs->names == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
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
    for (int i = 0; i < options->set.n; i++) {
        CLI_TRY(take_set(options->set.at[i], program, runs));
    }
    return options->runs ? take_table(context, options->runs, program, runs)
                         : take_sweeps(options, program, runs);
}

int runs_parse(odec_context *context, const struct options *options,
               const struct odec_program *program, struct runs *out) {
    *out = (struct runs){.n_runs = 1};
    int status = parse_all(context, options, program, out);
    if (status != EXIT_DONE) {
        runs_release(out);
    }
    return status;
}

void runs_release(struct runs *runs) {
    for (int32_t i = 0; i < runs->n_axes; i++) {
        free(runs->names[i]);
    }
    free(runs->names);
    free(runs->axes);
    free(runs->pars);
    free(runs->states);
    run_table_release(&runs->table);
    *runs = (struct runs){0};
}
