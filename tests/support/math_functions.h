/* math_functions.h -- the elementary functions under test, one row each.
 *
 *   F1(name, bound in ulp, lo, hi)   y = odec_name(x); lo..hi is where models use it
 *   F2(name, bound in ulp)           y = odec_name(x, z)
 *
 * A bound of 0.5 means correctly rounded, and exact where the result is a number.
 */
#define MATH_FUNCTIONS(F1, F2) \
    F1(exp, 1, -80, 80)        \
    F1(expm1, 2, -5, 5)        \
    F1(log, 1, 0, 100)         \
    F1(log1p, 2, -1, 10)       \
    F1(log2, 2, 0, 100)        \
    F1(log10, 2, 0, 100)       \
    F1(sin, 1, -100, 100)      \
    F1(cos, 1, -100, 100)      \
    F1(tan, 2, -100, 100)      \
    F1(asin, 2, -1, 1)         \
    F1(acos, 2, -1, 1)         \
    F1(atan, 2, -5, 5)         \
    F1(sinh, 2, -25, 25)       \
    F1(cosh, 2, -25, 25)       \
    F1(tanh, 2, -20, 20)       \
    F1(asinh, 2, -10, 10)      \
    F1(acosh, 2, 1, 10)        \
    F1(atanh, 2, -1, 1)        \
    F1(cbrt, 2, -10, 10)       \
    F1(erf, 4, -4, 4)          \
    F1(erfc, 4, -4, 28)        \
    F1(sqrt, 0.5, 0, 10)       \
    F1(floor, 0.5, -100, 100)  \
    F1(ceil, 0.5, -100, 100)   \
    F1(round, 0.5, -100, 100)  \
    F1(sign, 0.5, -1, 1)       \
    F2(pow, 4)                 \
    F2(atan2, 2)               \
    F2(hypot, 2)               \
    F2(mod, 0.5)               \
    F2(min, 0.5)               \
    F2(max, 0.5)               \
    F2(div_by, 0.5)

/* The instantiations of math_batch.c that the tests link: LANES doubles, LANES floats.
 */
#define MATH_DOUBLE_WIDTHS(W) W(1) W(2) W(4) W(8)
#define MATH_FLOAT_WIDTHS(W) W(1) W(4) W(8) W(16)

#define MATH_ID_1(name, bound, lo, hi) MATH_##name,
#define MATH_ID_2(name, bound) MATH_##name,
enum { MATH_FUNCTIONS(MATH_ID_1, MATH_ID_2) MATH_COUNT };
