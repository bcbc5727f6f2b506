/* ops.h -- operations by number: names, arity, class, cost, and their value. */
#ifndef ODEC_OPS_H
#define ODEC_OPS_H

#include <stdbool.h>

enum op {
#define OP(name, spelling, arity, class, units, flops, header, value, da, db) OP_##name,
#include "ops.def"
    OP_COUNT
};

enum op_class {
    OP_CLASS_OPERATOR,
    OP_CLASS_COMPARE,
    OP_CLASS_LOGIC,
    OP_CLASS_BUILTIN,
    OP_CLASS_FUSED
};

/* What an operation asks of its arguments' units, and makes of them: ops.def. */
enum op_units {
    OP_UNITS_BARE,
    OP_UNITS_ANY,
    OP_UNITS_SAME,
    OP_UNITS_SIDES,
    OP_UNITS_ARGUMENTS,
    OP_UNITS_RATIO,
    OP_UNITS_BRANCHES,
    OP_UNITS_PRODUCT,
    OP_UNITS_QUOTIENT,
    OP_UNITS_POWER,
    OP_UNITS_ROOT_2,
    OP_UNITS_ROOT_3
};

struct op_info {
    const char *name, *spelling;
    int arity;
    enum op_class class;
    enum op_units units;
    int flops;
    const char *header; /* of kernels/, or "" */
    const char *text;   /* the value as kernel text of a, b, c */
};
extern const struct op_info op_table[OP_COUNT];

extern const char op_explanation[]; /* of the diagnostic that knows no such function */

/* The builtin function called `name`, or OP_COUNT. */
enum op op_builtin(const char *name);

/* The operation's value in double, by the kernels' own arithmetic (never the host's libm).
 * Truth values are 1 and 0. */
double op_value(enum op op, const double args[]);

/* Does x^n multiply (kernels/math/math_power.h)? */
bool op_power_by_products(double n);

/* A number, and the factors that it was written as where it is a product. */
struct term {
    double value;
    bool is_product;
    double factor[2];
};
struct term term_of(double value);
/* The operation on terms. A sum fuses a product as a kernel's does: fuse.c has the rule. */
struct term term_op(enum op op, const struct term args[]);

#endif
