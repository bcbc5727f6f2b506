/* hoist.c -- what depends on parameters alone is computed once per run.
 *
 * The right-hand side and the columns see per-run values (NODE_VALUE) in place of every
 * largest subexpression of parameters only, a parameter by itself included; the expressions
 * go to the function `values`, which runs when a run starts. A division by a per-run value
 * or by a number becomes DIV_BY with its reciprocal: three multiply-adds that give the IEEE
 * quotient (kernels/math_round.h), where the reciprocal too is a per-run value. Nothing is
 * simplified any more: what is fused has been decided (fuse.c).
 */
#include <math.h>

#include "graph.h"
#include "passes.h"

struct hoisting {
    struct graph *g;
    node_id *replaced; /* by node of the graph as it was */
    VECTOR(node_id) values;
    VECTOR(int) number; /* by node: of its value, from 1; 0: it is none */
};

/* The per-run value that holds expression n. */
static node_id value_of(struct hoisting *h, node_id n) {
    while (h->number.n <= n) {
        VECTOR_PUSH(h->g->arena, &h->number, 0);
    }
    if (h->number.at[n] == 0) {
        VECTOR_PUSH(h->g->arena, &h->values, n);
        h->number.at[n] = h->values.n;
    }
    return graph_leaf(h->g, NODE_VALUE, h->number.at[n] - 1);
}

/* Per-run divisors, and numbers in div_by's range in either precision. */
static bool is_plain_divisor(const struct node *d) {
    return d->depends == DEPENDS_RUN ||
           (d->kind == NODE_NUMBER && fabs(d->number) > 1e-15 &&
            fabs(d->number) < 1e15);
}

/* x / d with d as it was before hoisting. */
static node_id hoist_division(struct hoisting *h, node_id x, node_id d) {
    const struct node node = *graph_node(h->g, d);
    if (!is_plain_divisor(&node)) {
        return graph_raw_op(h->g, OP_DIV, (node_id[]){h->replaced[x], h->replaced[d]});
    }
    const node_id reciprocal = graph_op(h->g, OP_RECIPROCAL, &d);
    node_id args[3] = {h->replaced[x], d, reciprocal};
    if (node.depends) {
        args[1] = value_of(h, d);
        args[2] = value_of(h, reciprocal);
    }
    return graph_raw_op(h->g, OP_DIV_BY, args);
}

static node_id hoist_node(struct hoisting *h, node_id n) {
    const struct node node = *graph_node(h->g, n);
    if (node.kind == NODE_NUMBER || node.kind == NODE_STATE || node.kind == NODE_TIME) {
        return n;
    }
    if (node.depends == DEPENDS_RUN && !node.truth) {
        return value_of(h, n);
    }
    if (node.op == OP_DIV) {
        return hoist_division(h, node.args[0], node.args[1]);
    }
    node_id args[3];
    for (int i = 0; i < node.n_args; i++) {
        args[i] = h->replaced[node.args[i]];
    }
    return graph_raw_op(h->g, node.op, args);
}

/* Which nodes are wanted: reached from the results without looking below a per-run one. */
static bool *nodes_wanted(struct graph *g, const struct function *f) {
    bool *wanted = ARENA_ARRAY(g->arena, bool, g->nodes.n + 1);
    for (int i = 0; i < f->n; i++) {
        wanted[f->results[i]] = true;
    }
    for (node_id n = g->nodes.n - 1; n >= 0; n--) {
        const struct node *node = graph_node(g, n);
        const bool whole = node->depends == DEPENDS_RUN && !node->truth;
        for (int i = 0; wanted[n] && !whole && i < node->n_args; i++) {
            const bool divisor = node->op == OP_DIV && i == 1 &&
                                 node->kind == NODE_OP &&
                                 is_plain_divisor(graph_node(g, node->args[1]));
            wanted[node->args[i]] |= !divisor;
        }
    }
    return wanted;
}

static void hoist_function(struct hoisting *h, struct function *f) {
    const int n_before = h->g->nodes.n;
    const bool *wanted = nodes_wanted(h->g, f);
    h->replaced = ARENA_ARRAY(h->g->arena, node_id, n_before + 1);
    for (node_id n = 0; n < n_before; n++) {
        if (wanted[n]) {
            h->replaced[n] = hoist_node(h, n);
        }
    }
    for (int i = 0; i < f->n; i++) {
        f->results[i] = h->replaced[f->results[i]];
    }
}

void hoist(struct lowered *l) {
    struct hoisting h = {.g = l->graph};
    struct function *values = NULL;
    for (int i = 0; i < l->functions.n;
         i++) { /* rhs before columns, so that its values do
                                                  not depend on them */
        struct function *f = &l->functions.at[i];
        if (f->kind == FUNCTION_values) {
            values = f;
        } else if (function_table[f->kind].leaves & LEAF_VALUE) {
            hoist_function(&h, f);
        }
    }
    values->n = h.values.n;
    values->results = h.values.at;
    l->is_hoisted = true;
}
