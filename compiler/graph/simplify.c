/* simplify.c -- algebra while nodes are made: nothing that changes a value.
 *
 * A rule stands here only if the result is what the written operation gives, bit for bit,
 * for every finite operand and the sign of every zero: x - 0 is x, but x + 0 is 0 where x is
 * -0, and 0 - x is no -x: atan2(0 - x, -1) is pi where x is 0, atan2(-x, -1) is -pi.
 * What fuse.c looks at stays as it was written: no rule makes an operand of a sum a product
 * that was none (what comes out of one that drops an operation, as x - 0, is ROUNDED), nor the
 * other way round (1*x stays), nor turns the order of two products. So that too is the same
 * whether an operand is a number or computed.
 * Operands are not sorted: derivatives follow the order.
 * Rules look at one node and its arguments; they cascade because arguments are simplified
 * before. Reassociation, distribution and the like change rounding and are not done.
 */
#include "graph.h"

#include <math.h>

static node_id op1(struct graph *g, enum op op, node_id a) {
    return graph_op(g, op, (node_id[]){a});
}
static node_id op2(struct graph *g, enum op op, node_id a, node_id b) {
    return graph_op(g, op, (node_id[]){a, b});
}

static bool is_power_of_two(double x) {
    int exponent;
    return isnormal(x) && fabs(frexp(x, &exponent)) == 0.5 && exponent > -1000 &&
           exponent < 1000;
}

static node_id argument(const struct graph *g, node_id n, int i) {
    return graph_node(g, n)->args[i];
}

/* A product, or one with its sign changed. */
static bool is_product(const struct graph *g, node_id n) {
    return node_is(g, n, OP_MUL) ||
           (node_is(g, n, OP_NEG) && node_is(g, argument(g, n, 0), OP_MUL));
}

/* What is left of an operation on x that was no product. */
static node_id left_over(struct graph *g, node_id x) { return op1(g, OP_ROUNDED, x); }

/* A product that fuse.c is to leave as it is; what else comes here is left alone anyway. */
static node_id simplify_rounded(struct graph *g, node_id a) {
    if (!is_product(g, a)) {
        return a;
    }
    return node_is(g, a, OP_NEG) ? op1(g, OP_NEG, op1(g, OP_ROUNDED, argument(g, a, 0)))
                                 : -1;
}

/* Where the exponent is a number for which odec_pow multiplies, only that is written. */
static node_id simplify_power(struct graph *g, node_id x, node_id exponent) {
    const struct node *e = graph_node(g, exponent);
    if (e->kind != NODE_NUMBER || !op_power_by_products(e->number)) {
        return -1;
    }
    const double n = e->number;
    return n == 0    ? graph_number(g, 1)
           : n == 1  ? left_over(g, x)
           : n == -1 ? op2(g, OP_DIV, graph_number(g, 1), x)
                     : graph_raw_op(g, OP_POWER, (node_id[]){x, exponent});
}

/* The number 0 with this sign. */
static bool is_zero(const struct graph *g, node_id n, bool negative) {
    return node_is_number(g, n, 0) && signbit(graph_node(g, n)->number) == negative;
}

static node_id simplify_add(struct graph *g, node_id a, node_id b) {
    if (is_zero(g, a, true)) {
        return left_over(g, b);
    }
    if (is_zero(g, b, true)) {
        return left_over(g, a);
    }
    if (node_is(g, b, OP_NEG)) {
        return op2(g, OP_SUB, a, argument(g, b, 0));
    }
    if (node_is(g, a, OP_NEG) && !(is_product(g, a) && is_product(g, b))) {
        return op2(g, OP_SUB, b, argument(g, a, 0));
    }
    return -1;
}

static node_id simplify_sub(struct graph *g, node_id a, node_id b) {
    if (is_zero(g, b, false)) {
        return left_over(g, a);
    }
    if (is_zero(g, a, true)) {
        return op1(g, OP_NEG, left_over(g, b));
    }
    if (node_is(g, b, OP_NEG)) {
        return op2(g, OP_ADD, a, argument(g, b, 0));
    }
    return -1;
}

static node_id simplify_mul(struct graph *g, node_id a, node_id b) {
    for (int i = 0; i < 2; i++) {
        node_id x = i ? a : b, y = i ? b : a;
        if (node_is(g, x, OP_NEG)) {
            return op1(g, OP_NEG, op2(g, OP_MUL, argument(g, x, 0), y));
        }
    }
    return -1;
}

static node_id simplify_div(struct graph *g, node_id a, node_id b) {
    const struct node *d = graph_node(g, b);
    if (d->kind == NODE_NUMBER && is_power_of_two(d->number)) {
        return left_over(g, op2(g, OP_MUL, a, graph_number(g, 1 / d->number)));
    }
    if (node_is_number(g, b, 1)) {
        return left_over(g, a);
    }
    if (node_is(g, a, OP_NEG)) {
        return op1(g, OP_NEG, op2(g, OP_DIV, argument(g, a, 0), b));
    }
    return -1;
}

static node_id simplify_logic(struct graph *g, enum op op, const node_id args[]) {
    if (op == OP_NOT) {
        return node_is(g, args[0], OP_NOT) ? argument(g, args[0], 0) : -1;
    }
    for (int i = 0; i < 2; i++) {
        if (graph_node(g, args[i])->kind == NODE_NUMBER) {
            const bool truth = graph_node(g, args[i])->number != 0;
            return truth == (op == OP_AND) ? args[1 - i] : args[i];
        }
    }
    return args[0] == args[1] ? args[0] : -1;
}

/* The simpler node, or -1 where no rule applies. */
static node_id simplify(struct graph *g, enum op op, const node_id args[]) {
    switch (op) {
    case OP_ADD:
        return simplify_add(g, args[0], args[1]);
    case OP_SUB:
        return simplify_sub(g, args[0], args[1]);
    case OP_MUL:
        return simplify_mul(g, args[0], args[1]);
    case OP_DIV:
        return simplify_div(g, args[0], args[1]);
    case OP_POW:
        return simplify_power(g, args[0], args[1]);
    case OP_NEG:
        return node_is(g, args[0], OP_NEG) ? argument(g, args[0], 0) : -1;
    case OP_AND:
    case OP_OR:
    case OP_NOT:
        return simplify_logic(g, op, args);
    case OP_SELECT:
        if (graph_node(g, args[0])->kind == NODE_NUMBER) {
            return left_over(g, args[graph_node(g, args[0])->number != 0 ? 1 : 2]);
        }
        return args[1] == args[2] ? left_over(g, args[1]) : -1;
    case OP_ABS:
        return node_is(g, args[0], OP_ABS)   ? args[0]
               : node_is(g, args[0], OP_NEG) ? op1(g, OP_ABS, argument(g, args[0], 0))
                                             : -1;
    case OP_FINITE:
        return node_is(g, args[0], OP_FINITE) ? args[0] : -1;
    case OP_ROUNDED:
        return simplify_rounded(g, args[0]);
    default:
        return -1;
    }
}

node_id graph_op(struct graph *g, enum op op, const node_id args[]) {
    double numbers[3];
    bool constant = true;
    for (int i = 0; i < op_table[op].arity; i++) {
        constant &= graph_node(g, args[i])->kind == NODE_NUMBER;
        numbers[i] = graph_node(g, args[i])->number;
    }
    if (constant) {
        return graph_number(g, op_value(op, numbers));
    }
    const node_id simpler = simplify(g, op, args);
    return simpler >= 0 ? simpler : graph_raw_op(g, op, args);
}
