/* dialect.h -- the words every kernel is written in.
 *
 * Kernel text is compiled three ways from one source: for one CUDA thread (C++17, by NVRTC
 * or nvcc), for one lane (plain C17) and for LANES lanes at once (GCC/Clang vector
 * extensions, one hardware register). A value has the same bits in all three, because
 *
 *   - every operation is IEEE 754 basic arithmetic, correctly rounded, and a multiply-add is
 *     fused exactly where the text says `fmadd`: the CPU build needs -ffp-contract=off, the
 *     CUDA build uses the _rn intrinsics, which no compiler flag can contract (and -fmad=false
 *     for the doubles beside them);
 *   - a condition is a mask; both branches of `sel` are evaluated, lane by lane the same.
 *     `any_lane(m)` may guard work that only some lanes need, provided that the other lanes keep
 *     their value by `sel`;
 *   - literals are typed: R(0.5) is a real, I(3) an ival.
 *
 * What the text that includes this sets: REAL_FLOAT (0 double, 1 float) and, on the CPU,
 * LANES (1, 2, 4, 8 or 16 reals in a register).
 *
 *   scalar  double or float                 iscalar  the signed integer of the same width
 *   real    one scalar per lane             ival     one iscalar per lane; uval its unsigned twin, on
 *                                           which sums that may wrap and shifts are defined
 *   mask    one truth value per lane: made by lt, le, ... and joined by m_and, m_or, m_not;
 *           its representation is the machine's business, so no operator applies to it
 */
#ifndef ODEC_DIALECT_H
#define ODEC_DIALECT_H

#ifndef REAL_FLOAT
#define REAL_FLOAT 0
#endif
#ifndef LANES
#define LANES 1
#endif

#if REAL_FLOAT
typedef float scalar;
typedef int iscalar;
typedef unsigned int uscalar;
#define SCALAR_BITS 32
#define MANTISSA_BITS 23
#define SCALAR_EPS 0x1p-23f /* spacing of 1.0 */
#define SCALAR_MAX 0x1.fffffep127f
#define SCALAR_TINY 0x1p-126f /* smallest normal number */
#else
typedef double scalar;
typedef long long iscalar;
typedef unsigned long long uscalar;
#define SCALAR_BITS 64
#define MANTISSA_BITS 52
#define SCALAR_EPS 0x1p-52
#define SCALAR_MAX 0x1.fffffffffffffp1023
#define SCALAR_TINY 0x1p-1022
#endif

#if defined(__CUDACC__)
#pragma nv_diag_suppress 177 /* a function that a model does not use */
/* ------------------------------------------------------------------ one CUDA thread -- */
/* What is static has a name in an image that nvcc makes anew each time it runs: images that are
 * to be the same each time are made with ODEC_SAME_IMAGE (odec build --fatbin). */
#ifdef ODEC_SAME_IMAGE
#define FN __device__ __forceinline__
#define FN_OUTLINE inline __device__ __noinline__
#define FN_OFFERED inline __device__ /* a prototype of any of these */
#define TABLE extern __device__ const
#else
#define FN static __device__ __forceinline__
#define FN_OUTLINE static __device__ __noinline__
#define FN_OFFERED static __device__
#define TABLE static __device__ const
#endif
#define FN_RARE FN /* a call would force its arrays into local memory */
#define UNROLL _Pragma("unroll")
#define NO_UNROLL _Pragma("unroll 1")
#define WIDTH 1

/* A struct, so that + - * / are ours: the _rn forms are never contracted into an fma. */
struct real {
    scalar v;
};
typedef iscalar ival;
typedef uscalar uval;
typedef bool mask;

FN real real_of(scalar c) {
    real r;
    r.v = c;
    return r;
}
#define R(c) real_of((scalar)(c))
#define I(c) ((iscalar)(c))
FN real splat(scalar c) { return real_of(c); }

#if REAL_FLOAT
FN real operator+(real a, real b) { return real_of(__fadd_rn(a.v, b.v)); }
FN real operator-(real a, real b) { return real_of(__fsub_rn(a.v, b.v)); }
FN real operator*(real a, real b) { return real_of(__fmul_rn(a.v, b.v)); }
FN real operator/(real a, real b) { return real_of(__fdiv_rn(a.v, b.v)); }
FN real fmadd(real a, real b, real c) { return real_of(__fmaf_rn(a.v, b.v, c.v)); }
FN real vsqrt(real a) { return real_of(__fsqrt_rn(a.v)); }
FN real vfloor(real a) { return real_of(floorf(a.v)); }
FN real vtrunc(real a) { return real_of(truncf(a.v)); }
FN ival as_int(real a) { return __float_as_int(a.v); }
FN real as_real(ival a) { return real_of(__int_as_float(a)); }
#else
FN real operator+(real a, real b) { return real_of(__dadd_rn(a.v, b.v)); }
FN real operator-(real a, real b) { return real_of(__dsub_rn(a.v, b.v)); }
FN real operator*(real a, real b) { return real_of(__dmul_rn(a.v, b.v)); }
FN real operator/(real a, real b) { return real_of(__ddiv_rn(a.v, b.v)); }
FN real fmadd(real a, real b, real c) { return real_of(__fma_rn(a.v, b.v, c.v)); }
FN real vsqrt(real a) { return real_of(__dsqrt_rn(a.v)); }
FN real vfloor(real a) { return real_of(floor(a.v)); }
FN real vtrunc(real a) { return real_of(trunc(a.v)); }
FN ival as_int(real a) { return __double_as_longlong(a.v); }
FN real as_real(ival a) { return real_of(__longlong_as_double(a)); }
#endif
FN real operator-(real a) { return real_of(-a.v); }

FN mask lt(real a, real b) { return a.v < b.v; }
FN mask le(real a, real b) { return a.v <= b.v; }
FN mask eq(real a, real b) { return a.v == b.v; }
FN mask ieq(ival a, ival b) { return a == b; }
FN mask ilt(ival a, ival b) { return a < b; }
FN mask m_and(mask a, mask b) { return a & b; }
FN mask m_or(mask a, mask b) { return a | b; }
FN mask m_not(mask a) { return !a; }
FN real sel(mask m, real a, real b) { return real_of(m ? a.v : b.v); }
FN ival isel(mask m, ival a, ival b) { return m ? a : b; }
FN int any_lane(mask m) { return m; }
FN unsigned mask_bits(mask m) { return m; }
FN mask m_of_bits(unsigned b) { return b & 1; }
FN real vmax(real a, real b) { return real_of(a.v > b.v ? a.v : b.v); }
FN real vmin(real a, real b) { return real_of(a.v < b.v ? a.v : b.v); }
FN scalar lane_get(const real *a, int lane) { return (void)lane, a->v; }
FN void lane_set(real *a, int lane, scalar x) { (void)lane, a->v = x; }
FN iscalar lane_iget(const ival *a, int lane) { return (void)lane, *a; }
FN int lowest_bit(unsigned b) { return (void)b, 0; } /* there is one lane */
FN double time_at(double t0, double dt, double i) { return __fma_rn(i, dt, t0); }
FN double time_between(double a, double b) {
    return a < b ? __dsub_rn(b, a) : __dsub_rn(a, b);
}

#else
/* ------------------------------------------------------------------------------ a CPU -- */
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) ||      \
    defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__) || \
    __FINITE_MATH_ONLY__ + 0
#error "no fast-math: results would have other bits"
#endif
#if defined(__GNUC__) && !defined(__clang__) && !defined(__cplusplus)
/* Partial redundancies are rare in straight-line text, and removing them costs moves. (No
 * flag, since clang refuses gcc's.) */
#pragma GCC optimize("no-tree-pre")
/* Nothing to weave in long functions of their own: half the compile time. */
#ifdef STATE_UNROLL
#pragma GCC optimize("no-schedule-insns")
#endif
#endif
#define FN static inline __attribute__((always_inline, unused))
#define FN_OUTLINE static __attribute__((noinline, unused))
#define TABLE static const __attribute__((unused))
#define FN_RARE FN_OUTLINE /* keeps what runs seldom out of the hot loop's text */
#define FN_OFFERED static __attribute__((unused))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#define NO_UNROLL _Pragma("GCC unroll 1")
#endif
#define WIDTH LANES

#if REAL_FLOAT
#define SCALAR_FN(name) __builtin_##name##f
#else
#define SCALAR_FN(name) __builtin_##name
#endif

FN int lowest_bit(unsigned b) { return __builtin_ctz(b); }
FN double time_at(double t0, double dt, double i) { return __builtin_fma(i, dt, t0); }
FN double time_between(double a, double b) { return __builtin_fabs(b - a); }

#if LANES == 1
typedef scalar real;
typedef iscalar ival;
typedef uscalar uval;
typedef int mask;
#define R(c) ((scalar)(c))
#define I(c) ((iscalar)(c))
FN real splat(scalar c) { return c; }
FN ival as_int(real a) {
    ival r;
    __builtin_memcpy(&r, &a, sizeof r);
    return r;
}
FN real as_real(ival a) {
    real r;
    __builtin_memcpy(&r, &a, sizeof r);
    return r;
}
FN real fmadd(real a, real b, real c) { return SCALAR_FN(fma)(a, b, c); }
FN real vsqrt(real a) { return SCALAR_FN(sqrt)(a); }
FN real vfloor(real a) { return SCALAR_FN(floor)(a); }
FN real vtrunc(real a) { return SCALAR_FN(trunc)(a); }
FN mask lt(real a, real b) { return a < b; }
FN mask le(real a, real b) { return a <= b; }
FN mask eq(real a, real b) { return a == b; }
FN mask ieq(ival a, ival b) { return a == b; }
FN mask ilt(ival a, ival b) { return a < b; }
FN mask m_and(mask a, mask b) { return a & b; }
FN mask m_or(mask a, mask b) { return a | b; }
FN mask m_not(mask a) { return !a; }
FN real sel(mask m, real a, real b) { return m ? a : b; }
FN ival isel(mask m, ival a, ival b) { return m ? a : b; }
FN int any_lane(mask m) { return m; }
FN unsigned mask_bits(mask m) { return (unsigned)m; }
FN mask m_of_bits(unsigned b) { return (int)(b & 1); }
FN real vmax(real a, real b) { return a > b ? a : b; }
FN real vmin(real a, real b) { return a < b ? a : b; }
FN scalar lane_get(const real *a, int lane) { return (void)lane, *a; }
FN void lane_set(real *a, int lane, scalar x) { (void)lane, *a = x; }
FN iscalar lane_iget(const ival *a, int lane) { return (void)lane, *a; }
FN ival count_add(ival n, mask m) { return n + m; }

#else
#define VECTOR_OF(type) \
    type __attribute__((vector_size(LANES * sizeof(scalar)), may_alias))
typedef VECTOR_OF(scalar) real;
typedef VECTOR_OF(iscalar) ival;
typedef VECTOR_OF(uscalar) uval;
#define R(c) ((scalar)(c) - (real){0})
#define I(c) ((iscalar)(c) + (ival){0})
FN real splat(scalar c) { return c - (real){0}; }
FN ival as_int(real a) { return (ival)a; }
FN real as_real(ival a) { return (real)a; }
FN scalar lane_get(const real *a, int lane) { return ((const scalar *)a)[lane]; }
FN void lane_set(real *a, int lane, scalar x) { ((scalar *)a)[lane] = x; }
FN iscalar lane_iget(const ival *a, int lane) { return ((const iscalar *)a)[lane]; }

#if defined(__GNUC__) && !defined(__clang__) && defined(__FMA__) && \
    (LANES * SCALAR_BITS == 128 || LANES * SCALAR_BITS == 256 ||    \
     (LANES * SCALAR_BITS == 512 && defined(__AVX512DQ__)))
#include "dialect_x86.h"
#else
typedef ival mask; /* all bits of a lane set, or none */

/* clang-format off */
/* A loop over lanes with one builtin becomes one instruction, in gcc and in clang. */
#define PER_LANE_CALL(result, ...)     \
    {                                  \
        result r;                      \
        for (int l = 0; l < LANES; l++) \
            r[l] = __VA_ARGS__;        \
        return r;                      \
    }
FN real fmadd(real a, real b, real c) PER_LANE_CALL(real, SCALAR_FN(fma)(a[l], b[l], c[l]))
FN real vsqrt(real a) PER_LANE_CALL(real, SCALAR_FN(sqrt)(a[l]))
FN real vfloor(real a) PER_LANE_CALL(real, SCALAR_FN(floor)(a[l]))
FN real vtrunc(real a) PER_LANE_CALL(real, SCALAR_FN(trunc)(a[l]))
FN real vmax(real a, real b) PER_LANE_CALL(real, a[l] > b[l] ? a[l] : b[l])
FN real vmin(real a, real b) PER_LANE_CALL(real, a[l] < b[l] ? a[l] : b[l])
#if defined(__clang__)
FN real sel(mask m, real a, real b) PER_LANE_CALL(real, m[l] ? a[l] : b[l])
FN ival isel(mask m, ival a, ival b) PER_LANE_CALL(ival, m[l] ? a[l] : b[l])
#else /* of conditions that meet in one place gcc 12 fails to make code here (SSE2) */
FN real sel(mask m, real a, real b) { return (real)((m & (ival)a) | (~m & (ival)b)); }
FN ival isel(mask m, ival a, ival b) { return (m & a) | (~m & b); }
#endif
    /* clang-format on */

    FN mask lt(real a, real b) {
    return (mask)(a < b);
}
FN mask le(real a, real b) { return (mask)(a <= b); }
FN mask eq(real a, real b) { return (mask)(a == b); }
FN mask ieq(ival a, ival b) { return (mask)(a == b); }
FN mask ilt(ival a, ival b) { return (mask)(a < b); }
FN mask m_and(mask a, mask b) { return a & b; }
FN mask m_or(mask a, mask b) { return a | b; }
FN mask m_not(mask a) { return ~a; }
FN unsigned mask_bits(mask m) {
    unsigned b = 0;
    for (int l = 0; l < LANES; l++) b |= (unsigned)(m[l] & 1) << l;
    return b;
}
FN int any_lane(mask m) {
    iscalar r = 0;
    for (int l = 0; l < LANES; l++) r |= m[l];
    return r != 0;
}
FN mask m_of_bits(unsigned b) {
    mask m = {0};
    for (int l = 0; l < LANES; l++) m[l] = -(iscalar)(b >> l & 1);
    return m;
}
FN ival count_add(ival n, mask m) { return n - m; }
#endif
#endif
#endif

/* ----------------------------------------------------------- the same on every machine -- */
/* Written with the words above alone. vmax and vmin return b where the two are unordered. */
FN mask gt(real a, real b) { return lt(b, a); }
FN mask ge(real a, real b) { return le(b, a); }
FN mask ne(real a, real b) { return m_not(eq(a, b)); }
FN mask igt(ival a, ival b) { return ilt(b, a); }
FN mask is_nan(real a) { return m_not(eq(a, a)); }
FN real fnmadd(real a, real b, real c) { return fmadd(-a, b, c); } /* c - a*b */
FN real fmsub(real a, real b, real c) { return fmadd(a, b, -c); }  /* a*b - c */

#define SIGN_BIT ((iscalar)((unsigned long long)1 << (SCALAR_BITS - 1)))
FN real vabs(real a) { return as_real(as_int(a) & I(~SIGN_BIT)); }
FN real vcopysign(real size, real sign) {
    return as_real((as_int(size) & I(~SIGN_BIT)) | (as_int(sign) & I(SIGN_BIT)));
}
/* A real of which a few digits are enough, and a count that may wrap at 2^32: what a lane keeps of
 * both is half a word where registers are dear. The same digits everywhere. */
#if REAL_FLOAT
typedef real brief;
FN brief brief_of(real a) { return a; }
FN real real_of_brief(brief a) { return a; }
#elif defined(__CUDACC__)
typedef int brief;
FN brief brief_of(real a) { return (brief)(as_int(a) >> 32); }
FN real real_of_brief(brief a) { return as_real((ival)a << 32); }
#else
typedef real brief;
FN brief brief_of(real a) { return as_real(as_int(a) & I(~0xffffffffLL)); }
FN real real_of_brief(brief a) { return a; }
#endif
#ifdef __CUDACC__
typedef unsigned tally;
FN tally tally_none(void) { return 0; }
FN tally tally_add(tally n, mask m) { return n + (unsigned)m; }
FN mask tally_is_none(tally n) { return n == 0; }
FN long long tally_get(const tally *n, int lane) { return (void)lane, *n; }
#else
typedef ival tally;
FN tally tally_none(void) { return I(0); }
FN tally tally_add(tally n, mask m) { return count_add(n, m); }
FN mask tally_is_none(tally n) { return ieq(n, I(0)); }
FN long long tally_get(const tally *n, int lane) { return lane_iget(n, lane); }
#endif

/* a times sign, which is 1 or -1: the product where it spares a thread registers (of programs
 * that store rows, whose bound they only just keep), else what is sooner there. */
FN real with_sign(real a, real sign) {
#if defined(__CUDACC__)
    return a * sign;
#else
    return as_real(as_int(a) ^ (as_int(sign) & I(SIGN_BIT)));
#endif
}
FN mask is_finite(real a) { return le(vabs(a), R(SCALAR_MAX)); }
FN real finite_or_zero(real a) { return sel(is_finite(a), a, R(0)); }

/* The one NaN that is ever stored. */
FN real nan_real(void) {
    return as_real(I(REAL_FLOAT ? 0x7fc00000LL : 0x7ff8000000000000LL));
}
FN real inf_real(void) {
    return as_real(I(REAL_FLOAT ? 0x7f800000LL : 0x7ff0000000000000LL));
}
FN real canonical(real a) { return sel(is_nan(a), nan_real(), a); }

/* A time that no run reaches, finite in either precision. */
#define NEVER (REAL_FLOAT ? 1e38 : 1e300)

/* Generated functions get arrays that do not overlap: stores to one need not wait for loads of
 * another. */
#ifdef __CUDACC__
#define RESTRICT /* nothing is known of what it does to registers there */
#else
#define RESTRICT __restrict__
#endif

/* ---- arrays of a lane ----
 * A cell is an element of one: a real, except where the lanes' arrays are in PER_LANE memory
 * (workspace.h). CELLS is a member of a struct, LOCAL_CELLS a variable of a function. */
#if defined(__CUDACC__) && LARGE_LANES
#define IN_WORKSPACE 1
#else
#define IN_WORKSPACE 0
typedef real cell;
#define CELLS(name, n) cell name[n]
#define CELLS_2D(name, m, n) cell name[m][n]
#define LOCAL_CELLS(name, n) cell name[n]
#endif

/* A right-hand side that RHS_BY_VALUE says to call. */
#if defined(__CUDACC__) && !IN_WORKSPACE
#define FN_RHS FN /* by rhs_call.h */
#else
#define FN_RHS FN_OUTLINE
#endif

/* Loop over a small constant range, unrolled where the model is small (see emit.c). */
#define EACH(i, n) STATE_UNROLL for (int i = 0; i < (n); i++)
#ifndef STATE_UNROLL
#define STATE_UNROLL UNROLL
#endif

#endif
