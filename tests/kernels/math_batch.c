/* math_batch.c -- one instantiation of the elementary functions, callable on arrays.
 *
 * Compiled once for each LANES and REAL_FLOAT, this is
 *
 *     void math_double_8(int function, size_t n, const double *x, const double *z,
 * double *y); void math_float_16(int function, size_t n, const float *x, const float
 * *z, float *y);
 *
 * and so on, or has the name MATH_BATCH if that is set (two compilers in one program).
 * n is a multiple of LANES. So a test links all widths into one program and compares
 * them.
 */
#include <stddef.h>

#include "math_all.h"
#include "math_functions.h"

#ifndef MATH_BATCH
#define MATH_NAME_(type, lanes) math_##type##_##lanes
#define MATH_NAME(type, lanes) MATH_NAME_(type, lanes)
#if REAL_FLOAT
#define MATH_BATCH MATH_NAME(float, LANES)
#else
#define MATH_BATCH MATH_NAME(double, LANES)
#endif
#endif

FN real odec_div_by(real x, real c) { return div_by(x, c, reciprocal_for_division(c)); }

void MATH_BATCH(int function, size_t n, const scalar *x, const scalar *z, scalar *y);
void MATH_BATCH(int function, size_t n, const scalar *x, const scalar *z, scalar *y) {
    switch (function) {
#define F1(name, precise, library, bound, lo, hi)  \
    case MATH_##name:                              \
        for (size_t i = 0; i < n; i += LANES) {    \
            real a;                                \
            __builtin_memcpy(&a, x + i, sizeof a); \
            real r = odec_##name(a);               \
            __builtin_memcpy(y + i, &r, sizeof r); \
        }                                          \
        break;
#define F2(name, precise, bound)                   \
    case MATH_##name:                              \
        for (size_t i = 0; i < n; i += LANES) {    \
            real a, b;                             \
            __builtin_memcpy(&a, x + i, sizeof a); \
            __builtin_memcpy(&b, z + i, sizeof b); \
            real r = odec_##name(a, b);            \
            __builtin_memcpy(y + i, &r, sizeof r); \
        }                                          \
        break;
#include "math_functions.def"
    default:
        break;
    }
}
