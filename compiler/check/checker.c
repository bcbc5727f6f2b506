/* checker.c -- the ground of the check: what is said of symbols, and which names are left in
 * peace.
 */
#include <string.h>

#include "checker.h"

bool symbol_is_own_column(const char *name) {
    return strcmp(name, "run") == 0 || strcmp(name, "t") == 0 ||
           strcmp(name, "status") == 0;
}

const struct symbol_row *symbol_row(const struct symbol *s) {
    static const struct symbol_row rows[] = {
#define TYPE_NUMBER false
#define TYPE_ANY true
#define NEEDS_NOTHING 0
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    [SYMBOL_##                                                                    \
        kind] = {article, name, value, TYPE_##type, REACH_##reach, NEEDS_##brings},
#define OWN(kind, spelling, article, name, number, brings) \
    [SYMBOL_##kind] = {article, name, "", false, REACH_ALL, NEEDS_##brings},
#include "symbols.def"
    };
    return &rows[s->kind];
}

const char *symbol_described(struct checker *c, const struct symbol *s) {
    return arena_printf(c->arena, "%s %s", symbol_row(s)->article, symbol_row(s)->name);
}

bool is_forgiven(const struct checker *c, const char *name) {
    return names_get(&c->ast->forgiven, name) != NULL;
}

void note_definition(struct checker *c, const struct symbol *s) {
    diag_note(c->diags, s->span, "first defined here, as %s", symbol_described(c, s));
}
