/* fuse.c -- a product in a sum becomes one multiply-add.
 *
 *     a*b + c -> fma(a, b, c)     a*b - c -> fms(a, b, c)     c - a*b -> fnma(a, b, c)
 *
 * Fusing is part of what a model means, so it follows from the expression alone:
 *
 *   - a product that is an operand of a sum or a difference is fused with it, whoever else
 *     uses the product (who does computes it once more, which costs nothing: the multiply-add
 *     stands in place of the addition). Its sign may be changed on the way: -(a*b) + c
 *   - of two products the right one is, so a*b + c*d is fma(c, d, a*b)
 *   - only within an expression: what has a name, a function's arguments and its value are
 *     values of their own (lower.c)
 *   - a power and a quotient are no products
 *
 * So it does not matter either whether an operand is a number, a parameter or a state: the
 * compiler folds sums of numbers by this rule (term_op), and per-run values are taken out after
 * it (hoist.c).
 *
 * Which operand of a product or a sum stands first meant something up to here; to bits it no
 * longer does, and a*b becomes the same node as b*a.
 */
#include <assert.h>

#include "graph.h"
#include "passes.h"

struct fusing {
    struct graph *g;
    node_id *replaced;
};

/* A node but for its sign. */
struct signed_node {
    node_id node;
    bool negative;
};

static struct signed_node sign_of(const struct graph *g, node_id n, bool negative) {
    const struct node *node = graph_node(g, n);
    return node_is(g, n, OP_NEG) ? (struct signed_node){node->args[0], !negative}
                                 : (struct signed_node){n, negative};
}

/* The factor beside a number +-1; -1: there is none. */
static node_id beside_one(const struct graph *g, const node_id args[], bool *negative) {
    for (int i = 0; i < 2; i++) {
        *negative = node_is_number(g, args[i], -1);
        if (*negative || node_is_number(g, args[i], 1)) {
            return args[1 - i];
        }
    }
    return -1;
}

/* The operation, one node for both orders where they are the same to bits. */
static node_id sorted_op(struct graph *g, enum op op, node_id args[]) {
    const bool commutes =
        op == OP_ADD || op == OP_MUL || op == OP_FMA || op == OP_FNMA || op == OP_FMS;
    if (commutes && args[0] > args[1]) {
        const node_id first = args[0];
        args[0] = args[1];
        args[1] = first;
    }
    return graph_raw_op(g, op, args);
}

/* The product, without a factor of one; a number where both are. */
static node_id product_of(struct graph *g, node_id args[]) {
    bool negative;
    if (graph_node(g, args[0])->kind == NODE_NUMBER &&
        graph_node(g, args[1])->kind == NODE_NUMBER) {
        return graph_op(g, OP_MUL, args);
    }
    const node_id x = beside_one(g, args, &negative);
    return x < 0      ? sorted_op(g, OP_MUL, args)
           : negative ? graph_raw_op(g, OP_NEG, &x)
                      : x;
}

/* a + b with their signs. */
static node_id sum_of(struct graph *g, struct signed_node a, struct signed_node b) {
    if (a.negative && b.negative) {
        a.node = graph_raw_op(g, OP_NEG, &a.node);
    }
    return a.negative && !b.negative
               ? graph_raw_op(g, OP_SUB, (node_id[]){b.node, a.node})
           : b.negative ? graph_raw_op(g, OP_SUB, (node_id[]){a.node, b.node})
                        : sorted_op(g, OP_ADD, (node_id[]){a.node, b.node});
}

static node_id fused(struct fusing *f, struct signed_node product,
                     struct signed_node addend) {
    struct graph *g = f->g;
    const struct node *p = graph_node(g, product.node);
    node_id args[3] = {f->replaced[p->args[0]], f->replaced[p->args[1]],
                       f->replaced[addend.node]};
    bool negative;
    const node_id x = beside_one(g, args, &negative);
    if (x >= 0) {
        return sum_of(g, (struct signed_node){x, product.negative != negative},
                      (struct signed_node){args[2], addend.negative});
    }
    if (product.negative && addend.negative) {
        args[2] = graph_raw_op(g, OP_NEG, &args[2]);
    }
    return sorted_op(g,
                     product.negative  ? OP_FNMA
                     : addend.negative ? OP_FMS
                                       : OP_FMA,
                     args);
}

static node_id fuse_node(struct fusing *f, node_id n) {
    const struct node node = *graph_node(f->g, n);
    if (node.kind != NODE_OP) {
        return n;
    }
    if (node.op == OP_ROUNDED) {
        return f->replaced[node.args[0]];
    }
    if (node.op == OP_ADD || node.op == OP_SUB) {
        const struct signed_node a = sign_of(f->g, node.args[0], false);
        const struct signed_node b = sign_of(f->g, node.args[1], node.op == OP_SUB);
        if (node_is(f->g, b.node, OP_MUL)) {
            return fused(f, b, a);
        }
        if (node_is(f->g, a.node, OP_MUL)) {
            return fused(f, a, b);
        }
    }
    node_id args[3];
    for (int i = 0; i < node.n_args; i++) {
        args[i] = f->replaced[node.args[i]];
    }
    return node.op == OP_MUL ? product_of(f->g, args) : sorted_op(f->g, node.op, args);
}

static void fuse_function(struct graph *g, struct function *f) {
    struct fusing fusing = {.g = g};
    const int *uses = graph_uses(g, f, 1);
    const int n_before = g->nodes.n;
    fusing.replaced = ARENA_ARRAY(g->arena, node_id, n_before + 1);
    for (node_id n = 0; n < n_before; n++) {
        if (uses[n]) {
            fusing.replaced[n] = fuse_node(&fusing, n);
        }
    }
    node_id *results = ARENA_ARRAY(g->arena, node_id, f->n + 1);
    for (int i = 0; i < f->n; i++) {
        results[i] = fusing.replaced[f->results[i]];
    }
    f->results = results;
}

void fuse(struct lowered *l) {
    assert(!l->is_hoisted); /* per-run products would be no products any more */
    for (int i = 0; i < l->functions.n; i++) {
        fuse_function(l->graph, &l->functions.at[i]);
    }
}
