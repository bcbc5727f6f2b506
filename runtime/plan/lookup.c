/* lookup.c -- a program's quantities by name. The lists are stepped through by the size
 * that the program says: it may be older or newer than this library.
 */
#include <string.h>

#include "context.h"
#include "nearest.h"

static const char *const words[] = {
    [ODEC_PARAMETER] = "parameter", [ODEC_STATE] = "state", [ODEC_COLUMN] = "column"};

/* A list of `n` quantities; none of a kind that is not known. */
struct list {
    const char *first;
    int32_t n;
};

static struct list list_of(const odec_program *program, odec_quantity_kind kind) {
    switch (program ? (int)kind : -1) {
    case ODEC_PARAMETER:
        return (struct list){(const char *)program->pars, program->n_pars};
    case ODEC_STATE:
        return (struct list){(const char *)program->states, program->n_states};
    case ODEC_COLUMN:
        return (struct list){(const char *)program->columns, program->n_columns};
    }
    return (struct list){NULL, 0};
}

int32_t odec_program_count(const odec_program *program, odec_quantity_kind kind) {
    return list_of(program, kind).n;
}

const odec_quantity *odec_program_quantity(const odec_program *program,
                                           odec_quantity_kind kind, int32_t i) {
    const struct list list = list_of(program, kind);
    return i < 0 || i >= list.n
               ? NULL
               : (const void *)(list.first + (size_t)i * program->quantity_size);
}

static int32_t find(const odec_program *program, odec_quantity_kind kind,
                    const char *name) {
    const odec_quantity *q;
    for (int32_t i = 0; name && (q = odec_program_quantity(program, kind, i)); i++) {
        if (strcmp(q->name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int32_t odec_program_parameter(const odec_program *program, const char *name) {
    return find(program, ODEC_PARAMETER, name);
}

int32_t odec_program_state(const odec_program *program, const char *name) {
    return find(program, ODEC_STATE, name);
}

int32_t odec_program_column(const odec_program *program, const char *name) {
    return find(program, ODEC_COLUMN, name);
}

/* The nearest of the kind; else who has the name among the others. */
static odec_status unknown(odec_context *context, const odec_program *program,
                           odec_quantity_kind kind, const char *name) {
    struct nearest nearest = {.wanted = name};
    const odec_quantity *q;
    for (int32_t i = 0; (q = odec_program_quantity(program, kind, i)); i++) {
        nearest_offer(&nearest, q->name, NULL);
    }
    FAIL_IF(nearest.name, context, ODEC_ERROR_ARGUMENT,
            "%s has no %s '%s'; did you mean '%s'?", program->model, words[kind], name,
            nearest.name);
    for (odec_quantity_kind other = ODEC_PARAMETER; other <= ODEC_COLUMN; other++) {
        FAIL_IF(find(program, other, name) >= 0, context, ODEC_ERROR_ARGUMENT,
                "%s has no %s '%s': that is a %s", program->model, words[kind], name,
                words[other]);
    }
    return context_fail(context, ODEC_ERROR_ARGUMENT, "%s has no %s '%s'",
                        program->model, words[kind], name);
}

odec_status odec_program_find(odec_context *context, const odec_program *program,
                              odec_quantity_kind kind, const char *name,
                              int32_t *index) {
    FAIL_IF(index == NULL, context, ODEC_ERROR_ARGUMENT,
            "no place for the index is given");
    *index = -1;
    FAIL_IF(program == NULL, context, ODEC_ERROR_ARGUMENT, "there is no odec_program");
    FAIL_IF(name == NULL, context, ODEC_ERROR_ARGUMENT, "no name is given");
    FAIL_IF(kind < ODEC_PARAMETER || kind > ODEC_COLUMN, context, ODEC_ERROR_ARGUMENT,
            "there is no kind %d of quantities", (int)kind);
    *index = find(program, kind, name);
    return *index >= 0 ? ODEC_OK : unknown(context, program, kind, name);
}
