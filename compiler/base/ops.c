/* ops.c -- the table of operations, and their values by the kernels' own arithmetic.
 *
 * The kernel headers are compiled here for one lane in double, so a constant that is folded
 * has the bits it would have in a kernel, on any host.
 */
#include "ops.h"

#include <assert.h>
#include <string.h>

#define LANES 1
#define REAL_FLOAT 0
#include "dialect.h"
#include "math_all.h"

const struct op_info op_table[OP_COUNT] = {
#define OP(name, spelling, arity, class, units, flops, header, value, da, db)  \
    [OP_##name] = {#name, spelling, arity, OP_CLASS_##class, OP_UNITS_##units, \
                   flops, header,   #value},
#include "ops.def"
};

const char op_explanation[] =
    "Neither the language nor the model has a function of this name. The builtin ones are\n"
    "   "
#define NAME_OPERATOR(spelling)
#define NAME_COMPARE(spelling)
#define NAME_LOGIC(spelling)
#define NAME_FUSED(spelling)
#define NAME_BUILTIN(spelling) " " spelling
#define OP(name, spelling, arity, class, units, flops, header, value, da, db) \
    NAME_##class(spelling)
#include "ops.def"
    "\nA function of the model's own is defined like this:\n"
    "    f(x) = x/(1 + x)\n";

enum op op_builtin(const char *name) {
    for (int op = 0; op < OP_COUNT; op++) {
        if (op_table[op].class == OP_CLASS_BUILTIN &&
            strcmp(op_table[op].spelling, name) == 0) {
            return (enum op)op;
        }
    }
    return OP_COUNT;
}

/* Truth values come as 0 and 1; what is stored to avoid unused warnings is not read. */
double op_value(enum op op, const double args[]) {
    assert(op < OP_COUNT);
    const int n = op_table[op].arity;
    const bool logic = op_table[op].class == OP_CLASS_LOGIC;
    if (logic) {
        const int a = args[0] != 0, b = n > 1 && args[1] != 0;
        return op == OP_AND ? a & b : op == OP_OR ? a | b : !a;
    }
    if (op == OP_SELECT) {
        return args[0] != 0 ? args[1] : args[2];
    }
    const double a = args[0], b = n > 1 ? args[1] : 0, c = n > 2 ? args[2] : 0;
    switch (op) {
#define OP(name, spelling, arity, class, units, flops, header, value, da, db) \
    case OP_##name:                                                           \
        return value;
#include "ops.def"
    case OP_COUNT:
        break;
    }
    return 0;
}

bool op_power_by_products(double n) { return is_power_by_products(n); }

struct term term_of(double value) {
    return (struct term){.value = value};
}

/* sign * x y + c, rounded once. */
static double term_fused(const struct term *product, double sign, double c) {
    return op_value(OP_FMA,
                    (double[]){sign * product->factor[0], product->factor[1], c});
}

struct term term_op(enum op op, const struct term args[]) {
    const int n = op_table[op].arity;
    double x[3] = {0};
    for (int i = 0; i < n; i++) {
        x[i] = args[i].value;
    }
    struct term r = term_of(op_value(op, x));
    if (op == OP_ADD || op == OP_SUB) {
        const double sign = op == OP_SUB ? -1 : 1;
        if (args[1].is_product) {
            r.value = term_fused(&args[1], sign, x[0]);
        } else if (args[0].is_product) {
            r.value = term_fused(&args[0], 1, sign * x[1]);
        }
    } else if (op == OP_MUL) {
        r = (struct term){r.value, true, {x[0], x[1]}};
    } else if (op == OP_NEG && args[0].is_product) {
        r = (struct term){r.value, true, {-args[0].factor[0], args[0].factor[1]}};
    }
    return r;
}
