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
