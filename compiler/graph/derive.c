/* derive.c -- the Jacobian and df/dt, as expressions beside the right-hand side's.
 *
 * Derivatives are accumulated forward through the graph: every node gets the list of its
 * nonzero partial derivatives, one per state it depends on and one for time, from those of its
 * arguments by the chain rule. The rules stand in ops.def. Since nodes are shared, what the
 * derivatives have in common, among each other and with f, is computed once.
 *
 * Runs before fusing, so that derivatives are fused and hoisted as everything else.
 */
#include <string.h>

#include "graph.h"
#include "passes.h"

#define NONE (-1)
#define MOST_TERMS 4000000 /* derivatives of nodes, of all together */
#define TWO_PER_SQRT_PI 0x1.20dd750429b6dp+0
#define LOG2_E 0x1.71547652b82fep+0
#define LOG10_E 0x1.bcb7b1526e50ep-2

/* ---- partial derivatives of one operation ---- */

static node_id op_of(struct graph *g, enum op op, const node_id args[]) {
    return graph_op(g, op, args);
}

#define N(x) graph_number(g, x)
#define OF(op, ...) op_of(g, OP_##op, (node_id[]){__VA_ARGS__})
#define ONE_MINUS_SQUARE(x) OF(MUL, OF(SUB, N(1), x), OF(ADD, N(1), x))
#define OVER_SQUARE(x, y) OF(MUL, OF(MUL, x, OF(DIV, N(1), y)), OF(DIV, N(1), y))
#define UNLESS_ZERO(x, d) OF(SELECT, OF(EQ, x, N(0)), N(0), d)
#define OR_ZERO(d) OF(FINITE, d)
#define INVERSE(x) inverse(g, x)

static bool varies(const struct graph *g, node_id n) {
    return graph_node(g, n)->depends & (DEPENDS_STATE | DEPENDS_TIME);
}

/* 1/x; a run's own x is as good as a number. */
static node_id inverse(struct graph *g, node_id x) {
    const node_id quotient = OF(DIV, N(1), x);
    return varies(g, x) ? OR_ZERO(quotient) : quotient;
}

/* Of r = a^b. Where b is a number below 0 the slope may leave the range before r does: with r
 * as a factor, product_of_factor knows what to do. From 1 on it is infinite nowhere. */
static node_id slope_of_power(struct graph *g, node_id r, node_id a, node_id b) {
    const struct node exponent = *graph_node(g, b);
    if (exponent.kind == NODE_NUMBER && exponent.number < 0) {
        return OF(MUL, r, OR_ZERO(OF(DIV, b, a)));
    }
    const node_id slope = OF(MUL, b, OF(POW, a, OF(SUB, b, N(1))));
    const bool finite = node_is(g, r, OP_POWER) && exponent.number >= 1;
    return finite ? slope : OR_ZERO(slope);
}
#define SLOPE_OF_POWER(r, a, b) slope_of_power(g, r, a, b)

/* The derivative of node r = op(a, b) with respect to argument i; NONE where it is zero. */
static node_id partial(struct graph *g, node_id r, int i) {
    const struct node node = *graph_node(g, r);
    const node_id a = node.args[0], b = node.args[1];
    switch (node.op) {
#define OP(name, spelling, arity, class, units, flops, header, value, da, db) \
    case OP_##name:                                                           \
        return i == 0 ? da : db;
#include "ops.def"
    case OP_COUNT:
        break;
    }
    (void)b;
    return NONE;
}

/* x * y where x may be a choice of 0 and 1. */
static node_id product(struct graph *g, node_id x, node_id y) {
    const struct node node = *graph_node(g, x);
    if (node_is_number(g, x, 0) || node_is_number(g, y, 0)) {
        return graph_number(g, 0);
    }
    for (int i = 0; i < 2; i++) {
        const node_id scale = i ? y : x, other = i ? x : y;
        if (node_is_number(g, scale, 1)) {
            return other;
        }
        if (node_is_number(g, scale, -1)) {
            return OF(NEG, other);
        }
    }
    if (node.kind == NODE_OP && node.op == OP_SELECT &&
        graph_node(g, node.args[1])->kind == NODE_NUMBER &&
        graph_node(g, node.args[2])->kind == NODE_NUMBER) {
        return OF(SELECT, node.args[0], product(g, node.args[1], y),
                  product(g, node.args[2], y));
    }
    return OF(MUL, x, y);
}

/* ---- what would leave the range on the way ---- */

static bool is_same_value(const struct graph *g, node_id a, node_id b) {
    return a == b || (node_is(g, b, OP_ROUNDED) && graph_node(g, b)->args[0] == a);
}

/* x with its factor `arg` replaced by n; NONE where it has no such factor. */
static node_id with_factor(struct graph *g, node_id x, node_id arg, node_id n) {
    const struct node node = *graph_node(g, x);
    if (is_same_value(g, x, arg)) {
        return n;
    }
    if (node_is(g, x, OP_NEG) || node_is(g, x, OP_FINITE) ||
        node_is(g, x, OP_ROUNDED)) {
        const node_id below = with_factor(g, node.args[0], arg, n);
        return below == NONE ? NONE : op_of(g, node.op, &below);
    }
    for (int i = 0; node_is(g, x, OP_MUL) && i < 2; i++) {
        const node_id factor = node.args[i];
        if (is_same_value(g, factor, arg) ||
            (node_is(g, factor, OP_FINITE) &&
             is_same_value(g, graph_node(g, factor)->args[0], arg))) {
            return OF(MUL, node.args[1 - i], with_factor(g, factor, arg, n));
        }
    }
    return NONE;
}

/* scale * dx for a node n = scale * arg. The derivative of an exponential or a quotient is
 * arg * darg/arg: then n * darg/arg is the same with one product less, and a number where n is
 * one, though arg * darg/arg may be none. */
static node_id product_of_factor(struct graph *g, node_id n, node_id scale, node_id arg,
                                 node_id dx) {
    const node_id whole =
        node_is_number(g, scale, 0) ? NONE : with_factor(g, dx, arg, n);
    return whole == NONE ? product(g, scale, dx) : whole;
}

/* What db gives the derivative of r = a/b: -(db/b) r, in this order. Where b or db is infinite
 * it counts as zero. */
static node_id product_of_divisor(struct graph *g, node_id r, node_id db) {
    const node_id a = graph_node(g, r)->args[0], b = graph_node(g, r)->args[1];
    const node_id per_b = varies(g, a) ? INVERSE(b) : OF(DIV, N(1), b);
    return OF(NEG, OR_ZERO(OF(MUL, OF(MUL, db, per_b), r)));
}

/* ---- derivatives of nodes ---- */

/* The nonzero derivatives of a node, by rising variable: a state's index, or n_states for t. */
struct derivative {
    int variable;
    node_id value;
};
struct gradient {
    int n;
    struct derivative *at;
};

struct deriving {
    struct graph *g;
    int n_states;
    struct gradient *of; /* by node of the graph as it was */
    long n_terms;        /* derivatives so far */
};

static struct gradient gradient_new(const struct deriving *d, int capacity) {
    return (struct gradient){0,
                             ARENA_ARRAY(d->g->arena, struct derivative, capacity + 1)};
}

static void gradient_add(const struct deriving *d, struct gradient *to, int variable,
                         node_id value) {
    if (!node_is_number(d->g, value, 0)) {
        to->at[to->n++] = (struct derivative){variable, value};
    }
}

static struct gradient gradient_of_leaf(const struct deriving *d, int variable) {
    struct gradient r = gradient_new(d, 1);
    gradient_add(d, &r, variable, graph_number(d->g, 1));
    return r;
}

/* What x, the gradient of n's argument i, gives n's. */
static struct gradient gradient_through(const struct deriving *d, node_id n, int i,
                                        const struct gradient *x) {
    struct graph *g = d->g;
    const struct node node = *graph_node(g, n);
    const bool divisor = node.op == OP_DIV && i == 1;
    const bool factor = node.op == OP_MUL || node.op == OP_DIV;
    const node_id arg = node.args[i], scale = partial(g, n, i);
    struct gradient r = gradient_new(d, x->n);
    for (int k = 0; (divisor || scale != NONE) && k < x->n; k++) {
        const node_id dx = x->at[k].value;
        gradient_add(d, &r, x->at[k].variable,
                     divisor  ? product_of_divisor(g, n, dx)
                     : factor ? product_of_factor(g, n, scale, arg, dx)
                              : product(g, scale, dx));
    }
    return r;
}

/* op(x, y) variable by variable, zero where one has none: the sum, or the choice of a branch. */
static struct gradient gradient_join(const struct deriving *d, const struct gradient *x,
                                     const struct gradient *y, node_id condition) {
    struct graph *g = d->g;
    struct gradient r = gradient_new(d, x->n + y->n);
    for (int i = 0, j = 0; i < x->n || j < y->n;) {
        const int vx = i < x->n ? x->at[i].variable : d->n_states + 1;
        const int vy = j < y->n ? y->at[j].variable : d->n_states + 1;
        const node_id zero = graph_number(g, 0);
        const node_id dx = vx <= vy ? x->at[i].value : zero;
        const node_id dy = vy <= vx ? y->at[j].value : zero;
        const node_id sum = vx < vy ? dx : vy < vx ? dy : OF(ADD, dx, dy);
        gradient_add(d, &r, vx < vy ? vx : vy,
                     condition == NONE ? sum : OF(SELECT, condition, dx, dy));
        i += vx <= vy;
        j += vy <= vx;
    }
    return r;
}

static struct gradient gradient_of_op(const struct deriving *d, node_id n) {
    const struct node node = *graph_node(d->g, n);
    if (node.op == OP_SELECT) {
        return gradient_join(d, &d->of[node.args[1]], &d->of[node.args[2]],
                             node.args[0]);
    }
    struct gradient r = gradient_new(d, 0);
    for (int i = 0; i < node.n_args; i++) {
        const struct gradient *x = &d->of[node.args[i]];
        if (x->n > 0) {
            const struct gradient term = gradient_through(d, n, i, x);
            r = r.n ? gradient_join(d, &r, &term, NONE) : term;
        }
    }
    return r;
}

/* False where there are too many. */
static bool gradients_find(struct deriving *d, const struct function *f) {
    const int n_nodes = d->g->nodes.n;
    const int *uses = graph_uses(d->g, f, 1);
    d->of = ARENA_ARRAY(d->g->arena, struct gradient, n_nodes + 1);
    for (node_id n = 0; n < n_nodes; n++) {
        const struct node node = *graph_node(d->g, n);
        if (!uses[n] || !varies(d->g, n) || node.truth) {
            continue;
        }
        d->of[n] = node.kind == NODE_STATE  ? gradient_of_leaf(d, node.index)
                   : node.kind == NODE_TIME ? gradient_of_leaf(d, d->n_states)
                                            : gradient_of_op(d, n);
        d->n_terms += d->of[n].n;
        if (d->n_terms > MOST_TERMS) {
            return false;
        }
    }
    return true;
}

/* ---- entries ---- */

/* By node: may it be infinite or no number at a point where f is finite? What is made of
 * polynomials and of functions without poles is not looked at. */
static const bool *find_risky(struct graph *g) {
    bool *risky = ARENA_ARRAY(g->arena, bool, g->nodes.n + 1);
    for (node_id n = 0; n < g->nodes.n; n++) {
        const struct node *node = graph_node(g, n);
        if (!varies(g, n)) {
            continue;
        }
        risky[n] =
            node_is(g, n, OP_FINITE) || node_is(g, n, OP_POW) ||
            (node_is(g, n, OP_POWER) && graph_node(g, node->args[1])->number < 1) ||
            (node_is(g, n, OP_DIV) && varies(g, node->args[1]));
        for (int i = 0; i < node->n_args; i++) {
            risky[n] |= risky[node->args[i]];
        }
    }
    return risky;
}

static bool is_guarded(const struct graph *g, node_id n) {
    const struct node *node = graph_node(g, n);
    return node->kind == NODE_NUMBER || node_is(g, n, OP_FINITE) ||
           ((node_is(g, n, OP_NEG) || node_is(g, n, OP_ROUNDED)) &&
            is_guarded(g, node->args[0])) ||
           (node_is(g, n, OP_SELECT) && is_guarded(g, node->args[1]) &&
            is_guarded(g, node->args[2]));
}

/* The derivatives again, zero where they are no numbers: partial ones that are infinite count
 * as zero one by one (ops.def), but finite ones too can make products that are not. */
static void guard_entries(struct graph *g, node_id *entry, int n) {
    const bool *risky = find_risky(g);
    for (int i = 0; i < n; i++) {
        if (risky[entry[i]] && !is_guarded(g, entry[i])) {
            entry[i] = OF(FINITE, entry[i]);
        }
    }
}

bool derive(struct lowered *l) {
    const struct function rhs = *lowered_function(l, FUNCTION_rhs);
    struct deriving d = {.g = l->graph, .n_states = rhs.n};
    struct arena *arena = l->graph->arena;
    struct jacobian *j = &l->jacobian;
    if (!gradients_find(&d, &rhs)) {
        return false;
    }
    VECTOR(node_id) results = {0};
    for (int i = 0; i < rhs.n; i++) {
        VECTOR_PUSH(arena, &results, rhs.results[i]);
    }
    for (int i = 0; i < rhs.n; i++) {
        const struct gradient *row = &d.of[rhs.results[i]];
        if (row->n && row->at[row->n - 1].variable == d.n_states) {
            VECTOR_PUSH(arena, &j->time_rows, i);
            VECTOR_PUSH(arena, &results, row->at[row->n - 1].value);
        }
    }
    for (int i = 0; i < rhs.n; i++) {
        const struct gradient *row = &d.of[rhs.results[i]];
        for (int k = 0; k < row->n && row->at[k].variable < d.n_states; k++) {
            VECTOR_PUSH(arena, &j->entries,
                        ((struct jacobian_entry){i, row->at[k].variable}));
            VECTOR_PUSH(arena, &results, row->at[k].value);
        }
    }
    guard_entries(l->graph, results.at + rhs.n, results.n - rhs.n);
    struct function *linear = lowered_add(l, FUNCTION_linear, results.n);
    memcpy(linear->results, results.at, sizeof *results.at * (size_t)results.n);
    return true;
}
