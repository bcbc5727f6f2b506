/* math_functions.h -- the elementary functions under test, one row each.
 *
 *   F1(name, precise, library, bound, lo, hi)    y = odec_name(x)
 *   F2(name, precise, bound)                     y = odec_name(x, z)
 *
 *   precise   its value in MPFR: one of MPFR's own functions, or of math_reference.h
 *   library   its value in double: C's own, or of math_reference.h
 *   bound     of the error, in ulp
 *   lo .. hi  where models use it
 *
 * A bound of 0.5 means correctly rounded, and exact where the result is a number.
 */
#define MATH_FUNCTIONS(F1, F2)                        \
    F1(exp, mpfr_exp, exp, 1, -80, 80)                \
    F1(expm1, mpfr_expm1, expm1, 2, -5, 5)            \
    F1(log, mpfr_log, log, 1, 0, 100)                 \
    F1(log1p, mpfr_log1p, log1p, 2, -1, 10)           \
    F1(log2, mpfr_log2, log2, 2, 0, 100)              \
    F1(log10, mpfr_log10, log10, 2, 0, 100)           \
    F1(sin, mpfr_sin, sin, 1, -100, 100)              \
    F1(cos, mpfr_cos, cos, 1, -100, 100)              \
    F1(tan, mpfr_tan, tan, 2, -100, 100)              \
    F1(asin, mpfr_asin, asin, 2, -1, 1)               \
    F1(acos, mpfr_acos, acos, 2, -1, 1)               \
    F1(atan, mpfr_atan, atan, 2, -5, 5)               \
    F1(sinh, mpfr_sinh, sinh, 2, -25, 25)             \
    F1(cosh, mpfr_cosh, cosh, 2, -25, 25)             \
    F1(tanh, mpfr_tanh, tanh, 2, -20, 20)             \
    F1(asinh, mpfr_asinh, asinh, 2, -10, 10)          \
    F1(acosh, mpfr_acosh, acosh, 2, 1, 10)            \
    F1(atanh, mpfr_atanh, atanh, 2, -1, 1)            \
    F1(cbrt, mpfr_cbrt, cbrt, 2, -10, 10)             \
    F1(erf, mpfr_erf, erf, 4, -4, 4)                  \
    F1(erfc, mpfr_erfc, erfc, 4, -4, 28)              \
    F1(sqrt, mpfr_sqrt, sqrt, 0.5, 0, 10)             \
    F1(floor, mpfr_rint_floor, floor, 0.5, -100, 100) \
    F1(ceil, mpfr_rint_ceil, ceil, 0.5, -100, 100)    \
    F1(round, mpfr_rint_round, round, 0.5, -100, 100) \
    F1(sign, reference_sign, sign_of, 0.5, -1, 1)     \
    F2(pow, mpfr_pow, 4)                              \
    F2(atan2, mpfr_atan2, 2)                          \
    F2(hypot, mpfr_hypot, 2)                          \
    F2(mod, reference_mod, 0.5)                       \
    F2(min, reference_min, 0.5)                       \
    F2(max, reference_max, 0.5)                       \
    F2(div_by, mpfr_div, 0.5)

/* The instantiations of math_batch.c that the tests link: LANES doubles, LANES floats.
 */
#define MATH_DOUBLE_WIDTHS(W) W(1) W(2) W(4) W(8)
#define MATH_FLOAT_WIDTHS(W) W(1) W(4) W(8) W(16)

#define MATH_ID_1(name, precise, library, bound, lo, hi) MATH_##name,
#define MATH_ID_2(name, precise, bound) MATH_##name,
enum { MATH_FUNCTIONS(MATH_ID_1, MATH_ID_2) MATH_COUNT };
