/* checker.c -- the ground of the check: what is said of symbols, and which names are left in
 * peace.
 */
#include "checker.h"

#include <string.h>

const char *symbol_kind_name(const struct symbol *s) {
    static const char *const names[] = {
        [SYMBOL_CONST] = "constant",    [SYMBOL_PAR] = "parameter",
        [SYMBOL_STATE] = "state",       [SYMBOL_INTERMEDIATE] = "intermediate",
        [SYMBOL_FUNCTION] = "function", [SYMBOL_OUT] = "output",
        [SYMBOL_TIME] = "time",         [SYMBOL_PI] = "number pi"};
    return names[s->kind];
}

const char *symbol_described(struct checker *c, const struct symbol *s) {
    const char *kind = symbol_kind_name(s);
    const char *article = s->kind == SYMBOL_TIME || s->kind == SYMBOL_PI ? "the"
                          : strchr("aeiou", kind[0])                     ? "an"
                                                                         : "a";
    return arena_printf(c->arena, "%s %s", article, kind);
}

bool is_forgiven(const struct checker *c, const char *name) {
    return names_get(&c->ast->forgiven, name) != NULL;
}

void note_definition(struct checker *c, const struct symbol *s) {
    diag_note(c->diags, s->span, "first defined here, as %s", symbol_described(c, s));
}
