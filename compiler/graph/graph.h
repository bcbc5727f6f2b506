/* graph.h -- expressions as one hash-consed graph.
 *
 * A node is a leaf (number, parameter, state, time, per-run value) or an operation on earlier
 * nodes. The same expression is the same node, so common subexpressions are shared by
 * construction; arguments have smaller numbers than the node, so the order of numbers is an
 * order of evaluation and no pass needs recursion. simplify.c rewrites while nodes are made.
 */
#ifndef ODEC_GRAPH_H
#define ODEC_GRAPH_H

#include "model.h"

typedef int node_id;

enum node_kind {
    NODE_NUMBER, /* number */
    NODE_PAR,    /* index of the parameter */
    NODE_STATE,  /* index of the state */
    NODE_TIME,
    NODE_VALUE, /* index of a per-run value: see hoist.c */
    NODE_OP
};

/* What a node's value can change with. */
enum {
    DEPENDS_NOTHING = 0,
    DEPENDS_RUN = 1, /* parameters: the same all through a run */
    DEPENDS_TIME = 2,
    DEPENDS_STATE = 4
};

struct node {
    enum node_kind kind;
    enum op op;
    int index;
    double number;
    node_id args[3];
    unsigned char n_args;
    unsigned char depends; /* DEPENDS_... of all leaves below */
    bool truth;            /* a truth value, not a number */
};

struct graph {
    struct arena *arena;
    VECTOR(struct node) nodes;
    int *table; /* open addressing, -1 where free */
    int table_size;
};

struct graph *graph_create(struct arena *arena);
node_id graph_number(struct graph *g, double number);
node_id graph_leaf(struct graph *g, enum node_kind kind, int index);
/* The operation as it stands, without simplification. */
node_id graph_raw_op(struct graph *g, enum op op, const node_id args[]);
/* The operation, simplified (simplify.c). */
node_id graph_op(struct graph *g, enum op op, const node_id args[]);

static inline const struct node *graph_node(const struct graph *g, node_id n) {
    return &g->nodes.at[n];
}
static inline bool node_is(const struct graph *g, node_id n, enum op op) {
    return g->nodes.at[n].kind == NODE_OP && g->nodes.at[n].op == op;
}
static inline bool node_is_number(const struct graph *g, node_id n, double number) {
    return g->nodes.at[n].kind == NODE_NUMBER && g->nodes.at[n].number == number;
}

/* A function of the kernel: nodes computed from leaves; results in order. */
struct function {
    int n;
    node_id *results;
};

/* How often each node is used below the results, results counted; [nodes.n] in the arena. */
int *graph_uses(struct graph *g, const struct function *f, int n_functions);

/* Where the right-hand side's derivatives are not zero by structure (derive.c). */
struct jacobian_entry {
    int row, column; /* d f_row / d y_column */
};
struct jacobian {
    VECTOR(int) time_rows;                 /* rows of df/dt */
    VECTOR(struct jacobian_entry) entries; /* row by row, columns rising */
};

/* Floating-point operations of the function, about. */
int graph_flops(struct graph *g, const struct function *f);

/* A model as expressions of its leaves (lower.c), later of per-run values too (hoist.c). */
struct lowered {
    struct graph *graph;
    struct function defaults; /* [n_pars], of parameters */
    struct function initial;  /* [n_states], of parameters */
    struct function values;   /* [n_values], of parameters; empty before hoisting */
    struct function rhs;      /* [n_states] */
    struct function columns;  /* [n_columns] */
    struct function
        linear; /* f, then df/dt's rows, then the Jacobian's entries; n = 0: not
                                 derived */
    struct jacobian jacobian;
};

void graph_dump(struct text *out, const struct lowered *lowered,
                const struct model *model);

#endif
