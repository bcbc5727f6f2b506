/* math_functions.h -- numbers of the elementary functions under test, and in which widths
 * they are: MATH_exp and so on, in the order of math_functions.def.
 */
enum {
#define F1(name, precise, library, bound, lo, hi) MATH_##name,
#define F2(name, precise, bound) MATH_##name,
#include "math_functions.def"
    MATH_COUNT
};

/* The instantiations of math_batch.c that the tests link: LANES doubles, LANES floats.
 */
#define MATH_DOUBLE_WIDTHS(W) W(1) W(2) W(4) W(8)
#define MATH_FLOAT_WIDTHS(W) W(1) W(4) W(8) W(16)
