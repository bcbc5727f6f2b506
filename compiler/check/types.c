/* types.c -- conditions and numbers: two types that never mix.
 *
 * A comparison or a logical operation is a condition; only intermediates and functions
 * may have one as their value. Symbols come in the order of order.c, so the type of
 * what is used is known. Comparing changing values for equality is not wrong, but
 * warned of.
 */
#include "checker.h"

struct type {
    bool condition;
    bool changes; /* continuously, as a run goes on */
    bool unknown; /* something in it is wrong, and reported */
};

static void need_condition(struct checker *c, const struct expr *e, struct type type) {
    if (!type.condition && !type.unknown) {
        diag_report(c->diags, DIAG_E0303, e->span, "a condition is a comparison",
                    "a condition is needed here, this is a number");
    }
}

static void need_number(struct checker *c, const struct expr *e, struct type type) {
    if (type.condition && !type.unknown) {
        diag_report(c->diags, DIAG_E0302, e->span, "write if ... then 1 else 0",
                    "a number is needed here, this is a condition");
    }
}

/* Of a name or a call. */
static struct type type_of_named(const struct checker *c, const struct expr *e) {
    const struct symbol *s = e->symbol;
    if (!s) {
        return (struct type){.unknown = e->kind == EXPR_CALL || e->local < 0};
    }
    bool changes = (symbol_row(s)->brings & (NEEDS_STATES | NEEDS_TIME)) ||
                   checked_of(c, s)->changes;
    const bool wrong = checked_of(c, s)->needs & NEEDS_UNKNOWN;
    return (struct type){s->condition, changes,
                         wrong && symbol_row(s)->may_be_condition};
}

/* args: their types */
static struct type type_of_op(struct checker *c, const struct expr *e,
                              const struct type *args) {
    enum op_class class = op_table[e->op].class;
    bool changes = false;
    for (int i = 0; i < e->n_args; i++) {
        if (class == OP_CLASS_LOGIC || (e->op == OP_SELECT && i == 0)) {
            need_condition(c, e->args[i], args[i]);
        } else {
            need_number(c, e->args[i], args[i]);
            changes = changes || args[i].changes;
        }
    }
    if ((e->op == OP_EQ || e->op == OP_NE) && changes && !c->at_start) {
        diag_report(c->diags, DIAG_W0502, e->span,
                    "compare a distance: abs(a - b) < ...",
                    "values that change continuously are hardly ever equal");
    }
    bool steps =
        e->op == OP_FLOOR || e->op == OP_CEIL || e->op == OP_ROUND || e->op == OP_SIGN;
    bool condition = class == OP_CLASS_LOGIC || class == OP_CLASS_COMPARE;
    return (struct type){.condition = condition,
                         .changes = changes && !steps && !condition};
}

static struct type type_with(struct checker *c, const struct expr *e,
                             const struct type *args) {
    switch (e->kind) {
    case EXPR_NUMBER:
        break;
    case EXPR_NAME:
        return type_of_named(c, e);
    case EXPR_CALL:
        for (int i = 0; e->symbol && i < e->n_args; i++) {
            need_number(c, e->args[i],
                        args[i]); /* what an unknown one takes is not known */
        }
        return type_of_named(c, e);
    case EXPR_OP:
        return type_of_op(c, e, args);
    }
    return (struct type){0};
}

static struct type type_of(struct checker *c, const struct expr *tree) {
    VECTOR(struct type) stack = {0};
    for (struct expr *e = expr_begin(tree); e; e = expr_after(tree, e)) {
        stack.n -= e->n_args;
        const struct type *args = e->n_args > 0 ? stack.at + stack.n : NULL;
        const struct type type = type_with(c, e, args);
        VECTOR_PUSH(c->arena, &stack, type);
    }
    return stack.at[0];
}

void check_number(struct checker *c, const struct expr *e) {
    need_number(c, e, type_of(c, e));
}

void check_types(struct checker *c) {
    const struct model *m = c->model;
    for (int i = 0; i < m->order.n; i++) {
        struct symbol *s = m->order.at[i];
        if (symbol_row(s)->may_be_condition) {
            struct type type = type_of(c, s->value);
            s->condition = type.condition;
            checked_of(c, s)->changes = type.changes;
        } else {
            c->at_start = s->kind == SYMBOL_STATE;
            check_number(c, s->value);
            c->at_start = false;
        }
    }
    for (int i = 0; i < c->checked.n; i++) {
        const struct symbol *s = c->checked.at[i]->symbol;
        const struct expr *const others[] = {s->derivative,
                                             s->bounds ? s->bounds->lo : NULL,
                                             s->bounds ? s->bounds->hi : NULL};
        for (int k = 0; k < 3; k++) {
            if (others[k]) {
                check_number(c, others[k]);
            }
        }
    }
}
