/* defaults.c -- values of the spec in place of the model's own: a parameter's default, a state's
 * initial value. They become numbers in the functions that compute these, so that a batch which sets
 * nothing has what one has that sets them.
 */
#include <math.h>
#include <string.h>

#include "compiling.h"
#include "names.h"
#include "passes.h"
#include "sized.h"

#define DEFAULT_ERROR(c, hint, ...) \
    diag_report((c)->diags, DIAG_E0409, NO_SPAN, hint, __VA_ARGS__)

enum { PAR, STATE };

/* "k" of a parameter, "x(0)" of a state. NULL: there is none. */
static const struct symbol *find_settable(struct compiling *c, const char *name,
                                          int *kind, const char **hint) {
    const symbol_list *lists[] = {[PAR] = &c->model->pars, [STATE] = &c->model->states};
    struct nearest nearest = {.wanted = name};
    for (*kind = PAR; *kind <= STATE; ++*kind) {
        for (int i = 0; i < lists[*kind]->n; i++) {
            const struct symbol *s = lists[*kind]->at[i];
            const char *settable =
                *kind == PAR ? s->name : arena_printf(c->arena, "%s(0)", s->name);
            if (strcmp(settable, name) == 0) {
                return s;
            }
            nearest_offer(&nearest, settable, NULL);
        }
    }
    *hint = why_not_settable(c, name);
    if (!*hint && nearest.name) {
        *hint = arena_printf(c->arena, "did you mean '%s'?", nearest.name);
    }
    return NULL;
}

/* False: it is wrong, and reported. */
static bool apply(struct compiling *c, struct lowered *l, const odec_default *given,
                  bool *set[]) {
    int kind;
    const char *hint = NULL;
    const char *name = given->name ? given->name : "";
    const struct symbol *s = find_settable(c, name, &kind, &hint);
    const char *shown = diag_name(c->diags, name);
    if (!s) {
        DEFAULT_ERROR(c, hint, "the model has no parameter %s to be set", shown);
        return false;
    }
    const double value = given->value;
    const char *number = number_text(c->arena, value);
    if (!isfinite(value)) {
        DEFAULT_ERROR(c, NULL, "%s is set to %s, which is not finite", shown, number);
        return false;
    }
    if (kind == PAR && (value < s->lo_value || value > s->hi_value)) {
        DEFAULT_ERROR(c, NULL, "%s is set to %s, outside its bounds %s .. %s", shown,
                      number, number_text(c->arena, s->lo_value),
                      number_text(c->arena, s->hi_value));
        return false;
    }
    if (set[kind][s->index]) {
        DEFAULT_ERROR(c, NULL, "%s is set twice", shown);
        return false;
    }
    set[kind][s->index] = true;
    const struct function *f =
        lowered_function(l, kind == PAR ? FUNCTION_defaults : FUNCTION_initial);
    f->results[s->index] = graph_number(l->graph, value);
    return true;
}

bool apply_defaults(struct compiling *c, struct lowered *lowered) {
    const odec_spec *spec = c->spec;
    bool *set[] = {[PAR] = ARENA_ARRAY(c->arena, bool, c->model->pars.n + 1),
                   [STATE] = ARENA_ARRAY(c->arena, bool, c->model->states.n + 1)};
    bool right = true;
    for (size_t i = 0; i < spec->n_defaults; i++) {
        odec_default given = {0};
        const char *at = (const char *)spec->defaults + i * spec->default_size;
        if (sized_copy(&given, sizeof given, at, spec->default_size) != SIZED_OK) {
            DEFAULT_ERROR(c, NULL,
                          "an odec_default is not as large as default_size says");
            return false;
        }
        right = apply(c, lowered, &given, set) && right;
    }
    return right;
}
