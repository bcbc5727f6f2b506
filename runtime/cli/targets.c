/* targets.c -- see targets.h. */
#include "targets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

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

bool target_find(const char *text, size_t n, const struct odec_program *program,
                 struct runs *runs, struct target *out) {
    for (int32_t i = 0; i < program->n_pars; i++) {
        if (same(program->pars[i].name, text, n)) {
            *out = (struct target){&runs->pars[i], &program->pars[i], true};
            return true;
        }
    }
    bool initial = n > 3 && strncmp(text + n - 3, "(0)", 3) == 0;
    for (int32_t i = 0; initial && i < program->n_states; i++) {
        if (same(program->states[i].name, text, n - 3)) {
            *out = (struct target){&runs->states[i], &program->states[i], false};
            return true;
        }
    }
    return false;
}

const char *target_hint(char out[CLI_HINT], const char *name,
                        const struct odec_program *program) {
    struct settable_names names = {.program = program};
    return cli_hint(out, name, name_at, &names);
}

/* What else of the model is called so: none that a run can set. True: told. */
static bool tell_of_name(const char *where, const char *name, const struct runs *runs) {
    odec_name is = ODEC_NAME_INIT;
    if (!runs->compilation ||
        odec_compilation_name(runs->compilation, name, &is) != ODEC_OK) {
        return false;
    }
    char value[SAY_SIZE] = "...";
    if (!isnan(is.number)) {
        say_real(value, is.number);
    }
    cli_error(EXIT_WRONG, "%s: '%s' is %s %s (line %d): declare it 'par %s = %s'",
              where, name, is.article, is.kind, (int)is.line, name, value);
    return true;
}

int target_unknown(const char *where, const char *text, size_t n,
                   const struct odec_program *program, const struct runs *runs,
                   const char *advice) {
    for (int32_t i = 0; i < program->n_states; i++) {
        if (same(program->states[i].name, text, n)) {
            return cli_error(
                EXIT_WRONG, "%s: '%s' is a state; its initial value is written '%s(0)'",
                where, program->states[i].name, program->states[i].name);
        }
    }
    char name[64], hint[CLI_HINT];
    snprintf(name, sizeof name, "%.*s", (int)(n > 60 ? 60 : n), text);
    if (tell_of_name(where, name, runs)) {
        return EXIT_WRONG;
    }
    target_hint(hint, name, program);
    return cli_error(EXIT_WRONG, "%s: the model has no parameter '%s'%s", where, name,
                     hint[0] ? hint : advice);
}

int target_claim(const char *where, const char *text, size_t n,
                 const struct odec_program *program, struct runs *runs,
                 struct target *out) {
    if (!target_find(text, n, program, runs, out)) {
        return target_unknown(where, text, n, program, runs, "");
    }
    if (out->source->kind != ODEC_SOURCE_DEFAULT) {
        return cli_error(EXIT_WRONG, "%s: '%.*s' is given twice", where, (int)n, text);
    }
    return EXIT_DONE;
}

int target_check_column(const char *where, const char *name,
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

int target_add_axis(const char *where, const char *name, size_t n,
                    const struct odec_program *program, const struct run_axis *axis,
                    struct runs *runs) {
    char *copy = strndup(name, n);
    if (copy == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    runs->names[runs->n_axes] = copy;
    runs->axes[runs->n_axes] = *axis;
    runs->axes[runs->n_axes++].name = copy;
    return target_check_column(where, copy, program);
}
