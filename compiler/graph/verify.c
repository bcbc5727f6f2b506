/* verify.c -- what every pass relies on and keeps, looked at between passes by tests and debug
 * builds (as QBE's ssacheck does):
 *
 *   - arguments stand before their users, as many as the operation has, each a number or a
 *     truth value as the operation asks; what a node depends on is what its arguments do
 *   - the same node stands once
 *   - a function has as many results as it should, none a truth value, and is made of the
 *     leaves that functions.def gives it, with indices that exist
 *   - in their order, parameters' defaults and states' initial values use earlier ones alone
 */
#include <string.h>

#include "graph.h"

struct verifying {
    const struct lowered *l;
    const struct graph *g;
    const char *wrong; /* the first thing; NULL: nothing yet */
};

#define WRONG(v, ...)                                              \
    do {                                                           \
        if (!(v)->wrong) {                                         \
            (v)->wrong = arena_printf((v)->g->arena, __VA_ARGS__); \
        }                                                          \
    } while (0)

/* Of argument i: must it be a truth value? */
static bool wants_truth(enum op op, int i) {
    return op_table[op].class == OP_CLASS_LOGIC || (op == OP_SELECT && i == 0);
}

static void verify_op(struct verifying *v, node_id n) {
    const struct node *node = graph_node(v->g, n);
    unsigned depends = DEPENDS_NOTHING;
    if (node->n_args != op_table[node->op].arity) {
        WRONG(v, "%%%d: %s with %d arguments", n, op_table[node->op].name,
              node->n_args);
        return;
    }
    for (int i = 0; i < node->n_args; i++) {
        if (node->args[i] < 0 || node->args[i] >= n) {
            WRONG(v, "%%%d uses %%%d, which is not before it", n, node->args[i]);
            return;
        }
        const struct node *a = graph_node(v->g, node->args[i]);
        depends |= a->depends;
        if (a->truth != wants_truth(node->op, i)) {
            WRONG(v, "%%%d: argument %d of %s is %s", n, i, op_table[node->op].name,
                  a->truth ? "a truth value" : "a number");
        }
    }
    const enum op_class class = op_table[node->op].class;
    if (node->depends != depends) {
        WRONG(v, "%%%d depends on other than its arguments do", n);
    }
    if (node->truth != (class == OP_CLASS_COMPARE || class == OP_CLASS_LOGIC)) {
        WRONG(v, "%%%d: %s is taken for the other of truth value and number", n,
              op_table[node->op].name);
    }
}

static void verify_leaf(struct verifying *v, node_id n) {
    static const unsigned char depends[] = {
#define LEAF(name, text, depends) [NODE_##name] = DEPENDS_##depends,
#include "leaves.def"
    };
    const struct node *node = graph_node(v->g, n);
    const struct lowered *l = v->l;
    const int limits[] = {
        [NODE_NUMBER] = 1,
        [NODE_PAR] = lowered_function(l, FUNCTION_defaults)->n,
        [NODE_STATE] = lowered_function(l, FUNCTION_rhs)->n,
        [NODE_TIME] = 1,
        [NODE_VALUE] = lowered_function(l, FUNCTION_values)->n,
    };
    if (node->n_args != 0 || node->truth || node->depends != depends[node->kind]) {
        WRONG(v, "%%%d is no leaf of its kind", n);
    }
    if (node->index < 0 || node->index >= limits[node->kind]) {
        WRONG(v, "%%%d has index %d of %d", n, node->index, limits[node->kind]);
    }
}

static bool is_same(const struct node *a, const struct node *b) {
    return a->kind == b->kind && a->op == b->op && a->index == b->index &&
           memcmp(&a->number, &b->number, sizeof a->number) == 0 &&
           a->n_args == b->n_args && memcmp(a->args, b->args, sizeof a->args) == 0;
}

/* The table leads each node to itself alone. */
static void verify_sharing(struct verifying *v) {
    for (int slot = 0; slot < v->g->table_size; slot++) {
        const int n = v->g->table[slot];
        const int next = v->g->table[(slot + 1) % v->g->table_size];
        if (n >= v->g->nodes.n ||
            (n >= 0 && next >= 0 && n != next &&
             is_same(graph_node(v->g, n), graph_node(v->g, next)))) {
            WRONG(v, "%%%d stands twice", n);
        }
    }
}

static void verify_function(struct verifying *v, const struct function *f, bool *marked,
                            node_id *list) {
    const struct function_info *info = &function_table[f->kind];
    unsigned leaves = info->leaves | LEAF_NUMBER;
    if (!v->l->is_hoisted && (leaves & LEAF_VALUE)) {
        leaves = (leaves & ~(unsigned)LEAF_VALUE) | LEAF_PAR;
    }
    memset(marked, 0, sizeof *marked * (size_t)v->g->nodes.n);
    for (int i = 0; i < f->n; i++) {
        const node_id r = f->results[i];
        if (r < 0 || r >= v->g->nodes.n) {
            WRONG(v, "%s[%d] is no node", info->name, i);
            return;
        }
        if (graph_node(v->g, r)->truth) {
            WRONG(v, "%s[%d] is a truth value", info->name, i);
        }
        const int n = graph_collect(v->g, r, marked, list);
        for (int k = 0; k < n; k++) {
            const struct node *node = graph_node(v->g, list[k]);
            if (node->kind != NODE_OP && !(leaves & 1u << node->kind)) {
                WRONG(v, "%s[%d] uses a leaf that the function does not see, %%%d",
                      info->name, i, list[k]);
            }
        }
    }
}

/* order: of the results of f, whose leaves of this kind stand for results. */
static void verify_order(struct verifying *v, enum function_kind kind, const int *order,
                         enum node_kind leaf, bool *marked, node_id *list) {
    const struct function *f = lowered_function(v->l, kind);
    bool *known = ARENA_ARRAY(v->g->arena, bool, f->n + 1);
    memset(marked, 0, sizeof *marked * (size_t)v->g->nodes.n);
    for (int i = 0; i < f->n && !v->wrong; i++) {
        const int n = graph_collect(v->g, f->results[order[i]], marked, list);
        for (int k = 0; k < n; k++) {
            const struct node *node = graph_node(v->g, list[k]);
            if (node->kind == leaf && !known[node->index]) {
                WRONG(v, "%s[%d] uses [%d], which is not before it",
                      function_table[kind].name, order[i], node->index);
            }
        }
        if (known[order[i]]) {
            WRONG(v, "%s[%d] stands twice in its order", function_table[kind].name,
                  order[i]);
        }
        known[order[i]] = true;
    }
}

/* How many results each function has by what the others have; -1: any. */
static int results_due(const struct lowered *l, enum function_kind kind) {
    const int n_states = lowered_function(l, FUNCTION_rhs)->n;
    const struct jacobian *j = &l->jacobian;
    switch (kind) {
    case FUNCTION_initial:
        return n_states;
    case FUNCTION_linear:
        return n_states + j->time_rows.n + j->entries.n;
    default:
        return -1;
    }
}

const char *graph_verify(const struct lowered *l) {
    struct verifying v = {.l = l, .g = l->graph};
    for (node_id n = 0; n < v.g->nodes.n && !v.wrong; n++) {
        (graph_node(v.g, n)->kind == NODE_OP ? verify_op : verify_leaf)(&v, n);
    }
    verify_sharing(&v);
    bool *marked = ARENA_ARRAY(v.g->arena, bool, v.g->nodes.n + 1);
    node_id *list = ARENA_ARRAY(v.g->arena, node_id, v.g->nodes.n + 1);
    for (int i = 0; i < l->functions.n && !v.wrong; i++) {
        const struct function *f = &l->functions.at[i];
        const int due = results_due(l, f->kind);
        if (due >= 0 && f->n != due) {
            WRONG(&v, "%s has %d results, not %d", function_table[f->kind].name, f->n,
                  due);
        }
        verify_function(&v, f, marked, list);
    }
    if (!v.wrong) {
        verify_order(&v, FUNCTION_defaults, l->pars_in_order, NODE_PAR, marked, list);
        verify_order(&v, FUNCTION_initial, l->states_in_order, NODE_STATE, marked,
                     list);
    }
    return v.wrong;
}
