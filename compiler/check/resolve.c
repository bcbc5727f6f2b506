/* resolve.c -- names to symbols, calls to operations or functions of the model.
 *
 * A function's arguments hide the model's names in its body. Every use of a symbol by a
 * value is kept with its place, for order.c. A name that is not known is reported once,
 * with the number of its further places.
 */
#include <string.h>

#include "checker.h"
#include "habits.h"

enum { MAX_SUGGESTIONS = 50 }; /* diag.c shows no more */

static const char *hint_of(struct checker *c, const struct nearest *nearest) {
    if (!nearest->name) {
        return habit_name(nearest->wanted);
    }
    const struct symbol *s = nearest->value;
    const char *name = diag_name(c->diags, nearest->name);
    if (!s) {
        return arena_printf(c->arena, "did you mean %s?", name);
    }
    return arena_printf(c->arena, "did you mean %s? (%s, line %d)", name,
                        symbol_row(s)->name, diags_line(c->diags, s->span.start));
}

const char *suggest(struct checker *c, const char *name, bool states_only) {
    struct nearest nearest = {.wanted = name};
    for (int i = 0; i < c->checked.n; i++) {
        const struct symbol *s = c->checked.at[i]->symbol;
        bool is_defined = c->checked.at[i]->item && item_value(c->checked.at[i]->item);
        bool offered = states_only ? s->kind == SYMBOL_STATE
                                   : is_defined && s->kind != SYMBOL_FUNCTION;
        if (offered) {
            nearest_offer(&nearest, s->name, s);
        }
    }
    return hint_of(c, &nearest);
}

static const char *suggest_function(struct checker *c, const char *name) {
    const char *foreign = habit_function(name);
    struct nearest nearest = {.wanted = name};
    for (int i = 0; i < c->model->functions.n; i++) {
        nearest_offer(&nearest, c->model->functions.at[i]->name,
                      c->model->functions.at[i]);
    }
    for (int op = 0; op < OP_COUNT && !foreign; op++) {
        if (op_table[op].class == OP_CLASS_BUILTIN) {
            nearest_offer(&nearest, op_table[op].spelling, NULL);
        }
    }
    return foreign ? foreign : hint_of(c, &nearest);
}

static const char *suggest_name(struct checker *c, const char *name,
                                const struct checked *function) {
    struct nearest nearest = {.wanted = name};
    for (int i = 0; function && i < function->symbol->n_locals; i++) {
        nearest_offer(&nearest, function->symbol->locals[i], NULL);
    }
    return nearest.name ? hint_of(c, &nearest) : suggest(c, name, false);
}

/* Keeps an unknown name for report_unknowns. */
static void add_unknown(struct checker *c, const char *name, struct span span,
                        bool call, const struct checked *function) {
    if (is_forgiven(c, name)) {
        return;
    }
    struct unknown *u = names_get(&c->unknown_names, name);
    if (!u) {
        u = ARENA_NEW(c->arena, struct unknown);
        *u = (struct unknown){.name = name, .first = span, .call = call};
        if (c->unknowns.n < MAX_SUGGESTIONS) {
            u->hint =
                call ? suggest_function(c, name) : suggest_name(c, name, function);
        }
        names_put(&c->unknown_names, name, u);
        VECTOR_PUSH(c->arena, &c->unknowns, u);
    } else if (u->count == 1) {
        u->second = span;
    }
    u->count++;
}

void report_unknowns(struct checker *c) {
    for (int i = 0; i < c->unknowns.n; i++) {
        const struct unknown *u = c->unknowns.at[i];
        diag_report(c->diags, u->call ? DIAG_E0204 : DIAG_E0203, u->first, u->hint,
                    "unknown %s %s", u->call ? "function" : "name",
                    diag_name(c->diags, u->name));
        if (u->count > 1) {
            diag_note(c->diags, u->second, "used %d more time%s, the next one here",
                      u->count - 1, u->count == 2 ? "" : "s");
        }
    }
}

static void note_use(struct checker *c, struct checked *checked, struct symbol *s,
                     struct span span) {
    checked_of(c, s)->used = true;
    if (checked) {
        VECTOR_PUSH(c->arena, &checked->uses, ((struct use){s, span}));
    }
}

static void mark_wrong(struct checked *checked) {
    if (checked) {
        checked->needs |= NEEDS_UNKNOWN;
    }
}

static void resolve_name(struct checker *c, struct expr *e, struct checked *checked,
                         const struct checked *function) {
    const struct local *local = function ? names_get(&function->locals, e->name) : NULL;
    if (local) {
        e->local = (int)(local - function->item->function.locals->at);
        return;
    }
    struct symbol *s = names_get(&c->names, e->name);
    if (op_builtin(e->name) != OP_COUNT || (s && s->kind == SYMBOL_FUNCTION)) {
        diag_report(c->diags, DIAG_E0305, e->span,
                    "its arguments follow in parentheses", "%s is a function",
                    diag_name(c->diags, e->name));
        mark_wrong(checked);
    } else if (!s) {
        add_unknown(c, e->name, e->span, false, function);
        mark_wrong(checked);
    } else {
        e->symbol = s;
        note_use(c, checked, s, e->span);
    }
}

/* True where the number of arguments is right, else reported. */
static bool check_arity(struct checker *c, const struct expr *e, int arity,
                        const struct symbol *function) {
    if (e->n_args == arity) {
        return true;
    }
    const char *hint = function ? NULL : habit_arguments(e->name, e->n_args);
    diag_report(c->diags, DIAG_E0301, e->span, hint, "%s takes %d argument%s, not %d",
                diag_name(c->diags, e->name), arity, arity == 1 ? "" : "s", e->n_args);
    if (function) {
        diag_note(c->diags, function->definition, "defined here");
    }
    return false;
}

static void resolve_call(struct checker *c, struct expr *e, struct checked *checked) {
    enum op op = op_builtin(e->name);
    struct symbol *s = names_get(&c->names, e->name);
    struct span name_span = {e->span.start, e->span.start + (uint32_t)strlen(e->name)};
    bool right = false;
    if (op != OP_COUNT) {
        right = check_arity(c, e, op_table[op].arity, NULL);
        if (right) {
            e->kind = EXPR_OP;
            e->op = op;
        }
    } else if (!s) {
        add_unknown(c, e->name, name_span, true, NULL);
    } else if (s->kind != SYMBOL_FUNCTION) {
        diag_report(c->diags, DIAG_E0306, name_span,
                    s->kind == SYMBOL_STATE
                        ? "it is its value at t; a product is written with '*'"
                        : "a product is written with '*'",
                    "%s is no function", diag_name(c->diags, e->name));
        note_definition(c, s);
        checked_of(c, s)->used = true;
    } else {
        right = check_arity(c, e, s->n_locals, s);
        e->symbol = s;
        for (int i = 0; i < e->n_args; i++) {
            e->args[i]->is_argument = true;
        }
        note_use(c, checked, s, name_span);
    }
    if (!right) {
        mark_wrong(checked);
        e->symbol = NULL;
    }
}

void resolve_expr(struct checker *c, struct expr *tree, struct checked *checked,
                  const struct checked *function) {
    for (struct expr *e = expr_begin(tree); e; e = expr_after(tree, e)) {
        if (e->kind == EXPR_NAME) {
            resolve_name(c, e, checked, function);
        } else if (e->kind == EXPR_CALL) {
            resolve_call(c, e, checked);
        }
    }
}

void resolve_model(struct checker *c) {
    for (int i = 0; i < c->checked.n; i++) {
        struct checked *checked = c->checked.at[i];
        struct symbol *s = checked->symbol;
        const struct checked *function = s->kind == SYMBOL_FUNCTION ? checked : NULL;
        struct expr *const others[] = {s->derivative, s->bounds ? s->bounds->lo : NULL,
                                       s->bounds ? s->bounds->hi : NULL};
        if (s->value) {
            resolve_expr(c, s->value, checked, function);
        } else {
            mark_wrong(checked->item ? checked : NULL);
        }
        for (int k = 0; k < 3; k++) {
            if (others[k]) {
                resolve_expr(c, others[k], NULL, NULL);
            }
        }
    }
}
