/* fuse.c -- a product that is used once, in a sum, becomes one multiply-add.
 *
 * Fusing is part of what a model means: the text says where, each function by itself, so
 * that the bits of a run do not change with the columns that are saved.
 *
 *     a*b + c -> fma(a, b, c)     a*b - c -> fms(a, b, c)     c - a*b -> fnma(a, b, c)
 */
#include "graph.h"
#include "passes.h"

struct fusing {
    struct graph *g;
    const int *uses;
    node_id *replaced;
};

static bool fusible(const struct fusing *f, node_id n) {
    return node_is(f->g, n, OP_MUL) && f->uses[n] == 1;
}

static node_id fused(struct fusing *f, enum op op, node_id product, node_id addend) {
    const struct node *p = graph_node(f->g, product);
    node_id args[3] = {f->replaced[p->args[0]], f->replaced[p->args[1]],
                       f->replaced[addend]};
    return graph_raw_op(f->g, op, args);
}

static node_id fuse_node(struct fusing *f, node_id n) {
    const struct node node = *graph_node(f->g, n);
    if (node.kind != NODE_OP) {
        return n;
    }
    const node_id a = node.args[0], b = node.args[1];
    if (node.op == OP_ADD && fusible(f, b)) {
        return fused(f, OP_FMA, b, a);
    }
    if (node.op == OP_ADD && fusible(f, a)) {
        return fused(f, OP_FMA, a, b);
    }
    if (node.op == OP_SUB && fusible(f, b)) {
        return fused(f, OP_FNMA, b, a);
    }
    if (node.op == OP_SUB && fusible(f, a)) {
        return fused(f, OP_FMS, a, b);
    }
    node_id args[3];
    for (int i = 0; i < node.n_args; i++) {
        args[i] = f->replaced[node.args[i]];
    }
    return graph_raw_op(f->g, node.op, args);
}

static void fuse_function(struct graph *g, struct function *f) {
    struct fusing fusing = {.g = g, .uses = graph_uses(g, f, 1)};
    const int n_before = g->nodes.n;
    fusing.replaced = ARENA_ARRAY(g->arena, node_id, n_before + 1);
    for (node_id n = 0; n < n_before; n++) {
        if (fusing.uses[n]) {
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
    for (int i = 0; i < l->functions.n; i++) {
        fuse_function(l->graph, &l->functions.at[i]);
    }
}
