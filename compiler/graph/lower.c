/* lower.c -- model -> graph: names become leaves or what they stand for.
 *
 * Constants are numbers, intermediates are lowered once and shared, functions are expanded
 * at each call with their arguments in place of their parameters. What was written twice is
 * one node. The size is capped, since functions can multiply a small text.
 *
 * What fuse.c will fuse is decided by what is written, expression by expression: what has a
 * name, an argument and a function's value are values of their own, which nothing is fused with
 * (ROUNDED). So a call is what naming its arguments and its value would be, and what an `out`
 * shows is what was used. A product of numbers stays a product as long as it may be an operand
 * of a sum; one of numbers alone is folded as a kernel would compute it (term_op). Anything else
 * takes its value.
 */
#include <assert.h>
#include <string.h>

#include "diag.h"
#include "graph.h"
#include "passes.h"

#define MAX_WORK 20000000 /* expressions visited */
#define PI 0x1.921fb54442d18p+1

struct frame {
    const struct expr *tree, *e;
    const node_id *locals; /* a function's arguments */
};

struct lowering {
    struct graph *g;
    struct diags *diags;
    node_id *intermediates; /* by index, -1: not yet */
    node_id *outs;
    long work;
    bool failed;
    VECTOR(struct frame) frames; /* trees open inside one another: calls */
    VECTOR(node_id) values; /* of their expressions that wait for what they belong to */
};

/* May be a product of numbers. */
static node_id lower_expr(struct lowering *l, const struct expr *tree);

/* ---- products of numbers ---- */

static bool is_number(const struct graph *g, node_id n) {
    return graph_node(g, n)->kind == NODE_NUMBER;
}

static bool is_product_of_numbers(const struct graph *g, node_id n) {
    const struct node *node = graph_node(g, n);
    return node_is(g, n, OP_MUL) && is_number(g, node->args[0]) &&
           is_number(g, node->args[1]);
}

/* False where n is neither a number nor a product of two. */
static bool term_at(const struct graph *g, node_id n, struct term *out) {
    const struct node *node = graph_node(g, n);
    if (is_product_of_numbers(g, n)) {
        const struct term factors[] = {term_of(graph_node(g, node->args[0])->number),
                                       term_of(graph_node(g, node->args[1])->number)};
        *out = term_op(OP_MUL, factors);
        return true;
    }
    *out = term_of(node->number);
    return is_number(g, n);
}

/* n, its value where it is a product of numbers. */
static node_id settled(struct graph *g, node_id n) {
    struct term term;
    return term_at(g, n, &term) ? graph_number(g, term.value) : n;
}

static node_id term_node(struct graph *g, struct term term) {
    return term.is_product ? graph_raw_op(g, OP_MUL,
                                          (node_id[]){graph_number(g, term.factor[0]),
                                                      graph_number(g, term.factor[1])})
                           : graph_number(g, term.value);
}

/* What has a name, an argument or a function's value: nothing is fused with it. */
static node_id value_by_itself(struct graph *g, node_id n) {
    const node_id value = settled(g, n);
    return graph_node(g, value)->truth ? value : graph_op(g, OP_ROUNDED, &value);
}

/* ---- names, calls and operations ---- */

static node_id lower_once(struct lowering *l, node_id *known, const struct symbol *s) {
    if (*known < 0) {
        *known = value_by_itself(l->g, lower_expr(l, s->value));
    }
    return *known;
}

static node_id lower_symbol(struct lowering *l, const struct symbol *s) {
    switch (s->kind) {
    case SYMBOL_CONST:
        return graph_number(l->g, s->number);
    case SYMBOL_PI:
        return graph_number(l->g, PI);
    case SYMBOL_TIME:
        return graph_leaf(l->g, NODE_TIME, 0);
    case SYMBOL_PAR:
        return graph_leaf(l->g, NODE_PAR, s->index);
    case SYMBOL_STATE:
        return graph_leaf(l->g, NODE_STATE, s->index);
    case SYMBOL_INTERMEDIATE:
        return lower_once(l, &l->intermediates[s->index], s);
    case SYMBOL_OUT:
        return lower_once(l, &l->outs[s->index], s);
    case SYMBOL_FUNCTION:
        break;
    }
    return graph_number(l->g, 0); /* check lets no function's name through as a value */
}

/* args: what its arguments are; changed. */
static node_id lower_op(struct lowering *l, const struct expr *e, node_id args[]) {
    struct term terms[3];
    bool constant = true;
    for (int i = 0; i < e->n_args; i++) {
        constant = term_at(l->g, args[i], &terms[i]) && constant;
    }
    if (constant) {
        return term_node(l->g, term_op(e->op, terms));
    }
    const bool is_sum = e->op == OP_ADD || e->op == OP_SUB;
    for (int i = 0; i < e->n_args && !is_sum; i++) {
        args[i] = settled(l->g, args[i]);
    }
    return graph_op(l->g, e->op, args);
}

static node_id lower_leaf(struct lowering *l, const struct expr *e,
                          const node_id *locals) {
    return e->kind == EXPR_NUMBER ? graph_number(l->g, e->number)
           : e->local >= 0        ? locals[e->local]
                                  : lower_symbol(l, e->symbol);
}

static void open_tree(struct lowering *l, const struct expr *tree,
                      const node_id *locals) {
    VECTOR_PUSH(l->g->arena, &l->frames,
                ((struct frame){tree, expr_begin(tree), locals}));
}

/* The last n values, which are the arguments of a call. */
static const node_id *take_arguments(struct lowering *l, int n) {
    node_id *args = ARENA_ARRAY(l->g->arena, node_id, n + 1);
    l->values.n -= n;
    memcpy(args, l->values.at + l->values.n, sizeof *args * (size_t)n);
    return args;
}

/* The value of the expression that is open: what it belongs to may come next. */
static void close_expr(struct lowering *l, node_id n) {
    struct frame *f = &l->frames.at[l->frames.n - 1];
    const node_id value = f->e->is_argument ? value_by_itself(l->g, n) : n;
    VECTOR_PUSH(l->g->arena, &l->values, value);
    f->e = expr_after(f->tree, f->e);
}

static void lower_step(struct lowering *l) {
    const struct frame f = l->frames.at[l->frames.n - 1];
    l->work++;
    if (f.e->kind == EXPR_CALL) {
        open_tree(l, f.e->symbol->value, take_arguments(l, f.e->n_args));
    } else if (f.e->kind == EXPR_OP) {
        l->values.n -= f.e->n_args;
        close_expr(l, lower_op(l, f.e, l->values.at + l->values.n));
    } else {
        close_expr(l, lower_leaf(l, f.e, f.locals));
    }
}

static node_id lower_expr(struct lowering *l, const struct expr *tree) {
    const int outer = l->frames.n, before = l->values.n;
    open_tree(l, tree, NULL);
    while (!l->failed && l->frames.n > outer) {
        if (l->work > MAX_WORK) {
            diag_report(l->diags, DIAG_E0304, tree->span, NULL,
                        "the model grows to more than %d operations once its functions "
                        "are expanded",
                        MAX_WORK);
            l->failed = true;
        } else if (l->frames.at[l->frames.n - 1].e) {
            lower_step(l);
        } else if (--l->frames.n > outer) { /* a call's body */
            close_expr(l, value_by_itself(l->g, l->values.at[--l->values.n]));
        }
    }
    l->frames.n = outer;
    const node_id n = l->failed ? graph_number(l->g, 0) : l->values.at[before];
    l->values.n = before;
    return n;
}

/* A result. */
static node_id lower_value(struct lowering *l, const struct expr *e) {
    return settled(l->g, lower_expr(l, e));
}

/* ---- order: the right-hand side first, so that its text does not change with the outs of a
 * model ---- */

static void mark_names(const struct expr *tree, bool *needed) {
    for (const struct expr *e = expr_begin(tree); e; e = expr_after(tree, e)) {
        if (e->symbol && e->symbol->kind != SYMBOL_TIME &&
            e->symbol->kind != SYMBOL_PI) {
            needed[e->symbol->id] = true;
        }
    }
}

/* By symbol: do the derivatives need it, directly or through others? */
static const bool *needed_by_rhs(struct arena *arena, const struct model *m) {
    int n_ids = 0;
    for (int i = 0; i < m->order.n; i++) {
        n_ids = m->order.at[i]->id >= n_ids ? m->order.at[i]->id + 1 : n_ids;
    }
    for (int i = 0; i < m->states.n; i++) {
        n_ids = m->states.at[i]->id >= n_ids ? m->states.at[i]->id + 1 : n_ids;
    }
    bool *needed = ARENA_ARRAY(arena, bool, n_ids + 2);
    for (int i = 0; i < m->states.n; i++) {
        mark_names(m->states.at[i]->derivative, needed);
    }
    for (int i = m->order.n - 1; i >= 0; i--) {
        const struct symbol *s = m->order.at[i];
        if (needed[s->id] && s->kind != SYMBOL_STATE) {
            mark_names(s->value, needed);
        }
    }
    return needed;
}

/* Intermediates and outs, those needed or all, each after what it uses: so names nest
 * nothing, however long their chain. */
static void lower_names(struct lowering *l, const struct model *m, const bool *needed) {
    for (int i = 0; i < m->order.n; i++) {
        const struct symbol *s = m->order.at[i];
        const bool named = s->kind == SYMBOL_INTERMEDIATE || s->kind == SYMBOL_OUT;
        if (named && (!needed || needed[s->id])) {
            lower_symbol(l, s);
        }
    }
}

static node_id *fresh(struct arena *arena, int n) {
    node_id *ids = ARENA_ARRAY(arena, node_id, n + 1);
    memset(ids, -1, sizeof *ids * (size_t)(n + 1));
    return ids;
}

/* The model's parameters, each after those that its default uses. */
static const int *order_pars(struct arena *arena, const struct model *m) {
    int n = 0, *order = ARENA_ARRAY(arena, int, m->pars.n + 1);
    for (int i = 0; i < m->order.n; i++) {
        if (m->order.at[i]->kind == SYMBOL_PAR) {
            order[n++] = m->order.at[i]->index;
        }
    }
    assert(n == m->pars.n);
    return order;
}

static const int *order_states(struct arena *arena, const struct model *m) {
    int *order = ARENA_ARRAY(arena, int, m->states.n + 1);
    assert(m->initial_order.n == m->states.n);
    for (int i = 0; i < m->states.n; i++) {
        order[i] = m->initial_order.at[i]->index;
    }
    return order;
}

bool lower(struct arena *arena, struct diags *diags, const struct model *m,
           const symbol_list *columns, struct lowered *out) {
    struct lowering l = {.g = graph_create(arena), .diags = diags};
    l.intermediates = fresh(arena, m->intermediates.n);
    l.outs = fresh(arena, m->outs.n);
    *out = (struct lowered){.graph = l.g,
                            .pars_in_order = order_pars(arena, m),
                            .states_in_order = order_states(arena, m)};
    node_id *defaults = lowered_add(out, FUNCTION_defaults, m->pars.n)->results;
    node_id *initial = lowered_add(out, FUNCTION_initial, m->states.n)->results;
    lowered_add(out, FUNCTION_values, 0);
    node_id *rhs = lowered_add(out, FUNCTION_rhs, m->states.n)->results;
    node_id *saved = lowered_add(out, FUNCTION_columns, columns->n)->results;
    lower_names(&l, m, needed_by_rhs(arena, m));
    for (int i = 0; i < m->states.n; i++) {
        rhs[i] = lower_value(&l, m->states.at[i]->derivative);
    }
    lower_names(&l, m, NULL);
    for (int i = 0; i < m->pars.n; i++) {
        defaults[i] = lower_value(&l, m->pars.at[i]->value);
    }
    for (int i = 0; i < m->states.n; i++) {
        initial[i] = lower_value(&l, m->states.at[i]->value);
    }
    for (int i = 0; i < columns->n; i++) {
        saved[i] = lower_symbol(&l, columns->at[i]);
    }
    return !l.failed;
}
