/* whole.c -- is a model what later passes take for granted? The check's own verifier: where
 * it reported no error and this says no, the mistake is ours.
 */
#include "model.h"

static bool expr_is_whole(const struct expr *e, const struct symbol *function,
                          const bool *has_value);

static bool args_are_whole(const struct expr *e, const struct symbol *function,
                           const bool *has_value) {
    bool whole = e->depth >= 1 && e->depth <= MAX_DEPTH;
    for (int i = 0; whole && i < e->n_args; i++) {
        whole = e->args[i]->depth < e->depth &&
                expr_is_whole(e->args[i], function, has_value);
    }
    return whole;
}

/* Every name has its symbol, whose value is known, every call its function, every operation
 * its arguments. function: whose body it is; NULL: none's. */
static bool expr_is_whole(const struct expr *e, const struct symbol *function,
                          const bool *has_value) {
    if (!args_are_whole(e, function, has_value)) {
        return false;
    }
    switch (e->kind) {
    case EXPR_NUMBER:
        return e->n_args == 0;
    case EXPR_NAME:
        return e->local >= 0 ? function && e->local < function->n_locals
                             : e->symbol && e->symbol->kind != SYMBOL_FUNCTION &&
                                   has_value[e->symbol->id];
    case EXPR_CALL:
        return e->symbol && e->symbol->kind == SYMBOL_FUNCTION &&
               e->n_args == e->symbol->n_locals && has_value[e->symbol->id];
    case EXPR_OP:
        return op_table[e->op].class != OP_CLASS_FUSED &&
               e->n_args == op_table[e->op].arity;
    }
    return false;
}

/* Each stands where its index says, and has what its kind has. */
static bool list_is_whole(const symbol_list *list, enum symbol_kind kind) {
    for (int i = 0; i < list->n; i++) {
        const struct symbol *s = list->at[i];
        const bool can_have_bounds = kind == SYMBOL_PAR || kind == SYMBOL_STATE;
        if (s->kind != kind || s->index != i || !s->value ||
            !s->derivative != (kind != SYMBOL_STATE) ||
            (s->bounds && !can_have_bounds) || !(s->lo_value <= s->hi_value)) {
            return false;
        }
    }
    return true;
}

/* Values in order: each uses what has one already. A state's in a run is always there. */
static bool order_is_whole(const struct model *m, bool *has_value) {
    for (int i = 0; i < m->order.n; i++) {
        const struct symbol *s = m->order.at[i];
        const struct symbol *function = s->kind == SYMBOL_FUNCTION ? s : NULL;
        if ((has_value[s->id] && s->kind != SYMBOL_STATE) ||
            !expr_is_whole(s->value, function, has_value)) {
            return false;
        }
        has_value[s->id] = true;
    }
    return true;
}

bool model_is_whole(struct arena *arena, const struct model *m) {
    int n_symbols = 0, n_values = 0;
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    n_values += m->list.n;
#define OWN(kind, spelling, article, name, number, brings) n_symbols++;
#include "symbols.def"
    bool *has_value = ARENA_ARRAY(arena, bool, n_symbols + n_values);
    for (int id = 0; id < n_symbols; id++) {
        has_value[id] = true; /* the language's own come first */
    }
    for (int i = 0; i < m->states.n; i++) {
        has_value[m->states.at[i]->id] = true;
    }
    bool whole = m->order.n == n_values && m->initial_order.n == m->states.n &&
                 order_is_whole(m, has_value);
    for (int i = 0; whole && i < m->states.n; i++) {
        whole = m->states.at[i]->derivative &&
                expr_is_whole(m->states.at[i]->derivative, NULL, has_value);
    }
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    whole = whole && list_is_whole(&m->list, SYMBOL_##kind);
#include "symbols.def"
    return whole;
}
