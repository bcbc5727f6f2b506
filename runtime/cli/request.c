/* request.c -- see request.h. */
#include "request.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "number.h"
#include "save.h"
#include "say.h"

enum { COMPILE_SECONDS = 600 };

static void trim(const char **start, const char **end) {
    while (*start < *end && **start == ' ') {
        ++*start;
    }
    while (*end > *start && (*end)[-1] == ' ') {
        --*end;
    }
}

/* "0,5": a number, were the comma a point. */
static bool is_decimal_comma(const char *start, const char *end) {
    char text[64];
    const size_t n = (size_t)(end - start);
    char *comma = n < sizeof text ? memchr(memcpy(text, start, n), ',', n) : NULL;
    double value;
    if (comma) {
        *comma = '.';
    }
    return comma && number_real(text, text + n, (locale_t)0, &value);
}

int parse_real(const char *what, const char *start, const char *end, double *out) {
    trim(&start, &end);
    if (!number_real(start, end, (locale_t)0, out)) {
        return cli_error(
            EXIT_WRONG, "%s: '%.*s' is not a number%s", what,
            (int)(end - start > 60 ? 60 : end - start), start,
            is_decimal_comma(start, end) ? ": it is to have a decimal point" : "");
    }
    return EXIT_DONE;
}

int parse_set(const char *text, size_t *n, double *value) {
    const char *equals = strchr(text, '=');
    const char *comma = equals ? strchr(equals, ',') : NULL;
    if (equals == NULL) {
        return cli_error(EXIT_WRONG, "--set: '%s' is not NAME=VALUE", text);
    }
    if (comma && strchr(comma, '=')) {
        return cli_error(EXIT_WRONG,
                         "--set: '%s' sets several at once: write --set %.*s %s", text,
                         (int)(comma - text), text, comma + 1 + strspn(comma + 1, " "));
    }
    *n = (size_t)(equals - text);
    char what[CLI_WHAT];
    return parse_real(cli_what(what, "--set", text, *n), equals + 1,
                      text + strlen(text), value);
}

int parse_count(const char *what, const char *start, const char *end, int64_t *out) {
    trim(&start, &end);
    if (!number_count(start, end, out) || *out < 1) {
        return cli_error(EXIT_WRONG, "%s: '%.*s' is not a positive whole number", what,
                         (int)(end - start > 60 ? 60 : end - start), start);
    }
    return EXIT_DONE;
}

int parse_index(const char *what, const char *start, const char *end, int64_t *out) {
    trim(&start, &end);
    const char *sign = start + strcspn(start, ":-");
    int64_t first, last;
    if (sign > start && sign < end && number_count(start, sign, &first) &&
        number_count(sign + 1, end, &last)) {
        return cli_error(EXIT_WRONG,
                         "%s: '%.*s' is not the number of a run: write %lld..%lld",
                         what, (int)(end - start > 60 ? 60 : end - start), start,
                         (long long)first, (long long)last);
    }
    if (!number_count(start, end, out) || *out < 0) {
        return cli_error(EXIT_WRONG, "%s: '%.*s' is not the number of a run: 0, 1, ...",
                         what, (int)(end - start > 60 ? 60 : end - start), start);
    }
    return EXIT_DONE;
}

static const char *end_of(const char *text) { return text + strlen(text); }

/* An option of one number, left as it was where it is not given. */
static int positive_option(const char *name, const char *text, double *out) {
    if (text == NULL) {
        return EXIT_DONE;
    }
    CLI_TRY(parse_real(name, text, end_of(text), out));
    return *out > 0 ? EXIT_DONE
                    : cli_error(EXIT_WRONG, "%s: '%s' must be positive", name, text);
}

static int count_option(const char *name, const char *text, int64_t most,
                        int64_t *out) {
    if (text == NULL) {
        return EXIT_DONE;
    }
    CLI_TRY(parse_count(name, text, end_of(text), out));
    return *out <= most ? EXIT_DONE
                        : cli_error(EXIT_WRONG, "%s: '%s' is more than %lld", name,
                                    text, (long long)most);
}

/* T1, T0:T1, or T0 .. T1 as in a model. */
static int parse_span(const char *text, double *t0, double *t1) {
    const char *dots = strstr(text, "..");
    const char *middle = dots ? dots : strchr(text, ':');
    if (middle == NULL) {
        return parse_real("--t", text, end_of(text), t1);
    }
    const char *rest = middle + (dots ? 2 : 1), *third = strpbrk(rest, ":");
    if (third) {
        return cli_error(EXIT_WRONG,
                         "--t: '%s' is neither T1 nor T0:T1; times of results are "
                         "--save every:DT",
                         text);
    }
    CLI_TRY(parse_real("--t", text, middle, t0));
    CLI_TRY(parse_real("--t", rest, end_of(text), t1));
    if (!isfinite(*t1 - *t0)) {
        return cli_error(EXIT_WRONG, "--t: the time span '%s' is not finite", text);
    }
    return EXIT_DONE;
}

/* T1,T2,... */
static int parse_times(const char *text, struct request *out) {
    size_t n = 1;
    for (const char *p = text; *p; p++) {
        n += *p == ',';
    }
    out->save_at = calloc(n, sizeof *out->save_at);
    if (out->save_at == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        const char *end = text + strcspn(text, ",");
        CLI_TRY(parse_real("--save", text, end, &out->save_at[i]));
        text = end + 1;
    }
    out->save = (struct odec_save){.size = sizeof out->save,
                                   .kind = ODEC_SAVE_AT,
                                   .count = (int64_t)n,
                                   .at = out->save_at};
    return EXIT_DONE;
}

/* What follows a word and a ':', or as in a model a blank; NULL: another word. */
static const char *after_word(const char *text, const char *word) {
    const size_t n = strlen(word);
    return strncmp(text, word, n) == 0 && (text[n] == ':' || text[n] == ' ')
               ? text + n + 1
               : NULL;
}

static int parse_save(const char *text, struct request *out) {
    const char *every = after_word(text, "every"), *at = after_word(text, "at"),
               *n = after_word(text, "n");
    if (strcmp(text, "final") == 0) {
        out->save.kind = ODEC_SAVE_FINAL;
    } else if (every) {
        out->save.kind = ODEC_SAVE_EVERY;
        CLI_TRY(positive_option("--save every", every, &out->save.dt));
    } else if (at) {
        CLI_TRY(parse_times(at, out));
    } else if (n) {
        out->save.kind = ODEC_SAVE_COUNT;
        CLI_TRY(count_option("--save n", n, ODEC_MAX_SAVES, &out->save.count));
    } else {
        return cli_error(
            EXIT_WRONG,
            "--save: '%s' is none of final, every:DT, at:T1,T2,..., n:COUNT", text);
    }
    out->spec.save = &out->save;
    return EXIT_DONE;
}

/* 64M, 2G, 1e9, 10%. */
static int parse_memory(const char *text, struct odec_solver_options *out) {
    const char *end = end_of(text);
    const char *units = "KMGT";
    const char *unit = end > text ? strchr(units, end[-1]) : NULL;
    double value;
    if (end > text && end[-1] == '%') {
        CLI_TRY(parse_real("--memory", text, end - 1, &value));
        if (!(value > 0 && value <= 100)) {
            return cli_error(EXIT_WRONG, "--memory: '%s' is not in 0%% .. 100%%", text);
        }
        out->memory_fraction = value / 100;
        return EXIT_DONE;
    }
    CLI_TRY(parse_real("--memory", text, unit && *unit ? end - 1 : end, &value));
    value *= unit && *unit ? ldexp(1, 10 * (int)(unit - units + 1)) : 1;
    if (!(value >= 1 && value < 0x1p62)) {
        return cli_error(EXIT_WRONG, "--memory: '%s' is not an amount of memory", text);
    }
    out->memory_bytes = (int64_t)value;
    return EXIT_DONE;
}

/* dynamic, uniform, or capacity:2,1,1 with a number for each device. */
static int parse_distribute(const char *text, struct request *out) {
    const char *list = "capacity:";
    if (strcmp(text, "dynamic") == 0 || strcmp(text, "uniform") == 0) {
        out->solver.distribution = text[0] == 'd' ? ODEC_DYNAMIC : ODEC_UNIFORM;
        return EXIT_DONE;
    }
    if (strncmp(text, list, strlen(list)) != 0) {
        return cli_error(
            EXIT_WRONG,
            "--distribute: '%s' is neither dynamic, uniform nor capacity:A,B", text);
    }
    int32_t n = 0;
    for (const char *at = text + strlen(list);; at++) {
        const char *end = at + strcspn(at, ",");
        if (n == REQUEST_MAX_CAPACITIES) {
            return cli_error(EXIT_WRONG, "--distribute: at most %d capacities",
                             REQUEST_MAX_CAPACITIES);
        }
        CLI_TRY(parse_real("--distribute", at, end, &out->capacities[n++]));
        at = end;
        if (*end == '\0') {
            break;
        }
    }
    out->solver.distribution = ODEC_CAPACITY;
    out->solver.capacities = out->capacities;
    out->solver.n_capacities = n;
    return EXIT_DONE;
}

static int parse_compile_timeout(const char *text, double *out) {
    *out = COMPILE_SECONDS;
    if (text) {
        CLI_TRY(parse_real("--compile-timeout", text, end_of(text), out));
    }
    return *out >= 0 ? EXIT_DONE
                     : cli_error(EXIT_WRONG,
                                 "--compile-timeout: '%s' must not be negative", text);
}

static int parse_solver(const struct options *options, struct request *request) {
    struct odec_solver_options *out = &request->solver;
    int64_t n_threads = 0, lanes = 0;
    CLI_TRY(count_option("--threads", options->threads, 1024, &n_threads));
    CLI_TRY(count_option("--lanes", options->lanes, 8, &lanes));
    if (options->lanes && (lanes & (lanes - 1)) != 0) {
        return cli_error(EXIT_WRONG, "--lanes: '%s' is none of 1, 2, 4, 8",
                         options->lanes);
    }
    CLI_TRY(count_option("--chunk", options->chunk, ODEC_MAX_RUNS, &out->chunk_runs));
    if (options->memory) {
        CLI_TRY(parse_memory(options->memory, out));
    }
    CLI_TRY(parse_compile_timeout(options->compile_timeout, &out->compile_seconds));
    out->n_threads = (int32_t)n_threads;
    out->lanes = (int32_t)lanes;
    out->compiler = options->cc;
    out->device = options->device ? options->device : "auto";
    return options->distribute ? parse_distribute(options->distribute, request)
                               : EXIT_DONE;
}

/* "; did you mean 'float'?" for what others call it, or "". */
static const char *precision_hint(const char *name) {
    static const struct {
        const char *names, *hint;
    } others[] = {
#define OTHER_PRECISION(names, precision) {names, "; did you mean '" precision "'?"},
#include "other_words.def"
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (name_is_one_of(name, others[i].names)) {
            return others[i].hint;
        }
    }
    return name_is_one_of(name, "float")    ? "; did you mean 'float'?"
           : name_is_one_of(name, "double") ? "; did you mean 'double'?"
                                            : "";
}

static int parse_spec(const struct options *options, struct request *out) {
    struct odec_spec *spec = &out->spec;
    spec->method = options->method;
    spec->outputs = options->out;
    spec->precision = options->precision;
    spec->dump = options->dump;
    if (options->precision && strcmp(options->precision, "double") != 0 &&
        strcmp(options->precision, "float") != 0) {
        return cli_error(EXIT_WRONG, "--precision: '%s' is neither double nor float%s",
                         options->precision, precision_hint(options->precision));
    }
    if (options->units && strcmp(options->units, "strict") != 0) {
        return cli_error(EXIT_WRONG, "--units: '%s' is not 'strict'", options->units);
    }
    spec->units_strict = options->units != NULL;
    CLI_TRY(positive_option("--dt", options->dt, &spec->dt));
    CLI_TRY(positive_option("--rtol", options->rtol, &spec->rtol));
    if (spec->rtol >= 1) {
        return cli_error(EXIT_WRONG, "--rtol: '%s' is not below 1", options->rtol);
    }
    spec->t0 = out->t0;
    spec->t1 = out->t1;
    out->dt = spec->dt;
    out->rtol = spec->rtol;
    return options->save ? parse_save(options->save, out) : EXIT_DONE;
}

int request_parse(const struct options *options, struct request *out) {
    *out = (struct request){.spec = ODEC_SPEC_INIT,
                            .save = ODEC_SAVE_INIT,
                            .solver = ODEC_SOLVER_OPTIONS_INIT,
                            .t0 = NAN,
                            .t1 = NAN,
                            .dt_max = NAN};
    if (options->t) {
        CLI_TRY(parse_span(options->t, &out->t0, &out->t1));
    }
    CLI_TRY(parse_spec(options, out));
    CLI_TRY(positive_option("--dt-max", options->dt_max, &out->dt_max));
    out->spec.dt_max = out->dt_max;
    CLI_TRY(count_option("--max-attempts", options->max_attempts, INT32_MAX,
                         &out->max_attempts));
    return parse_solver(options, out);
}

/* NAME=VALUE of each; whether there is such a name the compiler says. */
int request_take_defaults(const struct options *options, struct request *request) {
    const struct text_list *sets = &options->set;
    if (sets->n == 0) {
        return EXIT_DONE;
    }
    odec_default *defaults = calloc((size_t)sets->n, sizeof *defaults);
    if (defaults == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    request->spec.defaults = defaults;
    for (int i = 0; i < sets->n; i++) {
        size_t n;
        CLI_TRY(parse_set(sets->at[i], &n, &defaults[i].value));
        char *name = strndup(sets->at[i], n);
        if (name == NULL) {
            return cli_error(EXIT_UNFINISHED, "out of memory");
        }
        defaults[i].name = name;
        request->spec.n_defaults++;
    }
    return EXIT_DONE;
}

void request_release(struct request *request) {
    for (size_t i = 0; i < request->spec.n_defaults; i++) {
        free((char *)request->spec.defaults[i].name);
    }
    free((odec_default *)request->spec.defaults);
    free(request->save_at);
}

/* ---- --atol ---- */

static const char *state_at(const void *list, int i) {
    const struct odec_program *program = list;
    return i < program->n_states ? program->states[i].name : NULL;
}

static int find_state(const struct odec_program *program, const char *name, size_t n,
                      int32_t *out) {
    for (int32_t i = 0; i < program->n_states; i++) {
        if (strlen(program->states[i].name) == n &&
            strncmp(program->states[i].name, name, n) == 0) {
            *out = i;
            return EXIT_DONE;
        }
    }
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)(n > 60 ? 60 : n), name);
    char hint[CLI_HINT];
    return cli_error(EXIT_WRONG, "--atol: the model has no state '%s'%s", text,
                     cli_hint(hint, text, state_at, program));
}

/* One item: X for all states, or STATE:X. */
static int take_atol(const char *start, const char *end,
                     const struct odec_program *program, double *atol) {
    trim(&start, &end);
    const char *colon = memchr(start, ':', (size_t)(end - start));
    double value;
    CLI_TRY(parse_real("--atol", colon ? colon + 1 : start, end, &value));
    if (!(value > 0)) {
        return cli_error(EXIT_WRONG, "--atol: '%.*s' must be positive",
                         (int)(end - start), start);
    }
    const bool is_float = program->precision == ODEC_FLOAT;
    const double least = is_float ? (double)FLT_MIN : DBL_MIN;
    if (value < least) {
        char number[SAY_SIZE];
        return cli_error(EXIT_WRONG,
                         "--atol: '%.*s' is below the smallest normal number of %s, %s",
                         (int)(end - start), start, is_float ? "float" : "double",
                         say_real(number, least));
    }
    if (colon) {
        int32_t i = 0;
        CLI_TRY(find_state(program, start, (size_t)(colon - start), &i));
        atol[i] = value;
        return EXIT_DONE;
    }
    for (int32_t i = 0; i < program->n_states; i++) {
        atol[i] = value;
    }
    return EXIT_DONE;
}

int request_atol(const struct options *options, const struct odec_program *program,
                 double **out) {
    *out = NULL;
    if (options->atol == NULL) {
        return EXIT_DONE;
    }
    double *atol = malloc(((size_t)program->n_states + 1) * sizeof *atol);
    if (atol == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    for (int32_t i = 0; i < program->n_states; i++) {
        atol[i] = NAN;
    }
    int status = EXIT_DONE;
    for (const char *p = options->atol; status == EXIT_DONE; p++) {
        const char *end = p + strcspn(p, ",");
        status = take_atol(p, end, program, atol);
        p = end;
        if (*p == '\0') {
            break;
        }
    }
    if (status != EXIT_DONE) {
        free(atol);
        return status;
    }
    *out = atol;
    return EXIT_DONE;
}

int request_failed(const odec_context *context, odec_status status, const char *where,
                   const struct options *options, const struct odec_program *program) {
    const struct odec_save *save = program->save;
    const bool is_models =
        save && !options->save && options->t && save->kind == ODEC_SAVE_AT;
    bool outside = false;
    for (int64_t i = 0; is_models && i < save->count; i++) {
        outside = outside || save->at[i] < fmin(program->t0, program->t1) ||
                  save->at[i] > fmax(program->t0, program->t1);
    }
    const char *text = odec_context_error(context);
    return cli_error(
        cli_exit_of(status), "%s%s%s%s", where, where[0] ? ": " : "",
        text[0] ? text : odec_status_text(status),
        status == ODEC_ERROR_ARGUMENT && outside
            ? "; the save times are the model's: with another --t give --save too"
            : "");
}

int request_check_steps(const struct options *options,
                        const struct odec_program *program) {
    const char *given = options->rtol     ? "--rtol"
                        : options->atol   ? "--atol"
                        : options->dt_max ? "--dt-max"
                                          : NULL;
    return program->adaptive || given == NULL
               ? EXIT_DONE
               : cli_error(EXIT_WRONG,
                           "%s needs an adaptive method: here %s takes fixed steps",
                           given, program->method);
}
