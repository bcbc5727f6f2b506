/* derive_floats.c -- the graph in float, as a kernel of single precision computes it. */
#include "derive_support.h"

#define LANES 1
#define REAL_FLOAT 1
#include "dialect.h"
#include "math_all.h"

/* As op_value (compiler/base/ops.c), which is double's. */
static float op_float(enum op op, const float args[]) {
    const float a = args[0], b = args[1], c = args[2];
    switch (op) {
    case OP_AND:
        return a != 0 && b != 0;
    case OP_OR:
        return a != 0 || b != 0;
    case OP_NOT:
        return a == 0;
    case OP_SELECT:
        return a != 0 ? b : c;
    default:
        break;
    }
    switch (op) {
#define OP(name, spelling, arity, class, units, flops, header, value, da, db) \
    case OP_##name:                                                           \
        return (float)(value);
#include "ops.def"
    case OP_COUNT:
        break;
    }
    return 0;
}

double *graph_floats(const struct derived *d, const struct point *p) {
    const struct graph *g = d->l.graph;
    double *value = ARENA_ARRAY(d->arena, double, g->nodes.n + 1);
    for (node_id n = 0; n < g->nodes.n; n++) {
        const struct node *node = graph_node(g, n);
        float args[3] = {0};
        for (int i = 0; i < node->n_args; i++) {
            args[i] = (float)value[node->args[i]];
        }
        value[n] = node->kind == NODE_OP ? (double)op_float(node->op, args)
                                         : (double)(float)leaf_value(node, p);
    }
    return value;
}
