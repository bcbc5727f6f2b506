/* host_arithmetic.h -- stands in for CUDA's words of arithmetic and for its declaration
 * specifiers, so that the text of a CUDA kernel compiles as C++17 for the host. What is
 * about threads and memory stands elsewhere: host_words.h, simgpu/kernel_words.h.
 *
 * Each word does what the CUDA C++ Programming Guide says of it. The _rn intrinsics are
 * IEEE operations rounded to nearest, never contracted: the compiler's own operators
 * with -ffp-contract=off. No system header comes in: they look at __CUDACC__ too.
 */
#ifndef TESTS_CUDA_HOST_ARITHMETIC_H
#define TESTS_CUDA_HOST_ARITHMETIC_H

#define __CUDACC__ 1
#define __device__
#define __host__
#define __global__ __attribute__((visibility("default")))
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__

#define HOST_WORD static inline __attribute__((always_inline, unused))

/* ---- double ---- */
HOST_WORD double __dadd_rn(double a, double b) { return a + b; }
HOST_WORD double __dsub_rn(double a, double b) { return a - b; }
HOST_WORD double __dmul_rn(double a, double b) { return a * b; }
HOST_WORD double __ddiv_rn(double a, double b) { return a / b; }
HOST_WORD double __dsqrt_rn(double a) { return __builtin_sqrt(a); }
HOST_WORD double __fma_rn(double a, double b, double c) {
    return __builtin_fma(a, b, c);
}
#define floor __builtin_floor
#define trunc __builtin_trunc

/* ---- float ---- */
HOST_WORD float __fadd_rn(float a, float b) { return a + b; }
HOST_WORD float __fsub_rn(float a, float b) { return a - b; }
HOST_WORD float __fmul_rn(float a, float b) { return a * b; }
HOST_WORD float __fdiv_rn(float a, float b) { return a / b; }
HOST_WORD float __fsqrt_rn(float a) { return __builtin_sqrtf(a); }
HOST_WORD float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
#define floorf __builtin_floorf
#define truncf __builtin_truncf

/* ---- bits ---- */
#define HOST_BITS(name, to, from)           \
    HOST_WORD to name(from a) {             \
        to r;                               \
        __builtin_memcpy(&r, &a, sizeof r); \
        return r;                           \
    }
HOST_BITS(__double_as_longlong, long long, double)
HOST_BITS(__longlong_as_double, double, long long)
HOST_BITS(__float_as_int, int, float)
HOST_BITS(__int_as_float, float, int)
#undef HOST_BITS

#endif
