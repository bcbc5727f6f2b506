/* whole.c -- is a model what later passes take for granted? The check's own verifier: where
 * it reported no error and this says no, the mistake is ours.
 */
#include "model.h"

/* What holds has_value, by id, and a stack for walks. */
struct whole {
    struct arena *arena;
    bool *has_value;
    VECTOR(const struct expr *) stack;
};

/* It has its symbol, whose value is known, a call its function, an operation its arguments.
 * function: whose body it is in; NULL: none's. */
static bool node_is_whole(const struct expr *e, const struct symbol *function,
                          const bool *has_value) {
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

/* So is all of a tree, and its order is the postfix one. */
static bool expr_is_whole(struct whole *w, const struct expr *tree,
                          const struct symbol *function) {
    w->stack.n = 0;
    for (const struct expr *e = expr_begin(tree); e; e = expr_after(tree, e)) {
        if (!node_is_whole(e, function, w->has_value) || w->stack.n < e->n_args) {
            return false;
        }
        w->stack.n -= e->n_args;
        for (int i = 0; i < e->n_args; i++) {
            const bool argument = e->kind == EXPR_CALL;
            if (w->stack.at[w->stack.n + i] != e->args[i] ||
                e->args[i]->is_argument != argument) {
                return false;
            }
        }
        VECTOR_PUSH(w->arena, &w->stack, e);
    }
    return w->stack.n == 1 && w->stack.at[0] == tree && !tree->is_argument;
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
static bool order_is_whole(const struct model *m, struct whole *w) {
    bool *has_value = w->has_value;
    for (int i = 0; i < m->order.n; i++) {
        const struct symbol *s = m->order.at[i];
        const struct symbol *function = s->kind == SYMBOL_FUNCTION ? s : NULL;
        if ((has_value[s->id] && s->kind != SYMBOL_STATE) ||
            !expr_is_whole(w, s->value, function)) {
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
    struct whole w = {.arena = arena, .has_value = has_value};
    for (int id = 0; id < n_symbols; id++) {
        has_value[id] = true; /* the language's own come first */
    }
    for (int i = 0; i < m->states.n; i++) {
        has_value[m->states.at[i]->id] = true;
    }
    bool whole = m->order.n == n_values && m->initial_order.n == m->states.n &&
                 order_is_whole(m, &w);
    for (int i = 0; whole && i < m->states.n; i++) {
        whole = m->states.at[i]->derivative &&
                expr_is_whole(&w, m->states.at[i]->derivative, NULL);
    }
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    whole = whole && list_is_whole(&m->list, SYMBOL_##kind);
#include "symbols.def"
    return whole;
}
