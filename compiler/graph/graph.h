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
#define LEAF(name, text, depends) NODE_##name,
#include "leaves.def"
    NODE_OP
};

/* Sets of leaves. */
enum {
#define LEAF(name, text, depends) LEAF_##name = 1 << NODE_##name,
#include "leaves.def"
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

/* The functions of a kernel: functions.def. */
enum function_kind {
#define FUNCTION(name, ...) FUNCTION_##name,
#include "functions.def"
    FUNCTION_COUNT
};

/* One of them: nodes computed from leaves; results in order. */
struct function {
    enum function_kind kind;
    int n;
    node_id *results;
};

/* How often each node is used below the results, results counted; [nodes.n] in the arena. */
int *graph_uses(struct graph *g, const struct function *f, int n_functions);

/* Adds to list (room for all nodes) those that r needs, itself included, that are not marked, and
 * marks them: arguments before their users. Returns how many. */
int graph_collect(const struct graph *g, node_id r, bool *marked, node_id *list);

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
/* The operations that it is written with. */
int graph_operations(struct graph *g, const struct function *f);

/* A model as functions of its leaves (lower.c), later of per-run values too (hoist.c):
 *
 *   defaults   [n_pars] of parameters
 *   initial    [n_states] of parameters, other states' initial values, and the time
 *   values     [n_values] of parameters; empty before hoisting
 *   rhs        [n_states]
 *   columns    [n_columns]
 *   linear     f, then df/dt's rows, then the Jacobian's entries; only where derived
 *
 * Passes take them in the order in which they were made: what they make has numbers by it. */
struct lowered {
    struct graph *graph;
    VECTOR(struct function) functions;
    const int *pars_in_order; /* [n_pars], each after those that its default uses */
    /* [n_states], each after those whose initial values its own uses */
    const int *states_in_order;
    struct jacobian jacobian;
    bool is_hoisted;
};

/* A function of n results more. Its results stay where they are. */
struct function *lowered_add(struct lowered *l, enum function_kind kind, int n);
void lowered_remove(struct lowered *l, enum function_kind kind);
/* The function of this kind; one without results where there is none. */
const struct function *lowered_function(const struct lowered *l,
                                        enum function_kind kind);

/* What is known of each kind of function. */
struct function_info {
    const char *name;
    unsigned leaves; /* LEAF_... */
};
extern const struct function_info function_table[FUNCTION_COUNT];

/* verify.c: what every pass relies on. NULL, or what is wrong, in words of the arena. */
const char *graph_verify(const struct lowered *lowered);

void graph_dump(struct text *out, const struct lowered *lowered,
                const struct model *model);

#endif
