/* dialect_x86.h -- the vector words of dialect.h by gcc's x86 builtins.
 *
 * The portable definitions, one builtin per lane in a loop, become the same instructions, but
 * gcc takes ten times as long to see it, and a mask in a vector register costs a move that
 * AVX-512's mask registers do not. Each builtin here is one instruction, correctly rounded,
 * with the semantics of its portable twin: vmaxpd gives its second operand where the two are
 * unordered; comparisons are ordered and quiet.
 *
 * Included by dialect.h where gcc compiles for a register that is wholly used.
 */
#ifndef ODEC_DIALECT_X86_H
#define ODEC_DIALECT_X86_H

typedef double x86_pd __attribute__((vector_size(LANES * sizeof(scalar))));
typedef float x86_ps __attribute__((vector_size(LANES * sizeof(scalar))));
typedef long long x86_q __attribute__((vector_size(LANES * sizeof(scalar))));
typedef int x86_d __attribute__((vector_size(LANES * sizeof(scalar))));

#if REAL_FLOAT
#define X86_REAL x86_ps
#define X86_INT x86_d
#else
#define X86_REAL x86_pd
#define X86_INT x86_q
#endif

#if LANES * SCALAR_BITS == 512
/* ---- AVX-512: a mask is a mask register ---- */
#define X86_ROUND_NOW 4 /* _MM_FROUND_CUR_DIRECTION: MXCSR's, to nearest */
#if REAL_FLOAT
typedef unsigned short mask;
#define X86_512(name) __builtin_ia32_##name##ps512_mask
#define X86_RNDSCALE __builtin_ia32_rndscaleps_mask
#define X86_BLEND __builtin_ia32_blendmps_512_mask
#define X86_IBLEND __builtin_ia32_blendmd_512_mask
#define X86_ICMP __builtin_ia32_cmpd512_mask
#else
typedef unsigned char mask;
#define X86_512(name) __builtin_ia32_##name##pd512_mask
#define X86_RNDSCALE __builtin_ia32_rndscalepd_mask
#define X86_BLEND __builtin_ia32_blendmpd_512_mask
#define X86_IBLEND __builtin_ia32_blendmq_512_mask
#define X86_ICMP __builtin_ia32_cmpq512_mask
#endif
#define X86_ALL ((mask)-1)
#define X86_CMP(a, b, predicate)                                          \
    ((mask)X86_512(cmp)((X86_REAL)(a), (X86_REAL)(b), predicate, X86_ALL, \
                        X86_ROUND_NOW))

FN real fmadd(real a, real b, real c) {
    return (real)X86_512(vfmadd)((X86_REAL)a, (X86_REAL)b, (X86_REAL)c, X86_ALL,
                                 X86_ROUND_NOW);
}
FN real vsqrt(real a) {
    return (real)X86_512(sqrt)((X86_REAL)a, (X86_REAL)a, X86_ALL, X86_ROUND_NOW);
}
FN real vfloor(real a) {
    return (real)X86_RNDSCALE((X86_REAL)a, 9, (X86_REAL)a, X86_ALL, X86_ROUND_NOW);
}
FN real vtrunc(real a) {
    return (real)X86_RNDSCALE((X86_REAL)a, 11, (X86_REAL)a, X86_ALL, X86_ROUND_NOW);
}
FN real vmax(real a, real b) {
    return (real)X86_512(max)((X86_REAL)a, (X86_REAL)b, (X86_REAL)a, X86_ALL,
                              X86_ROUND_NOW);
}
FN real vmin(real a, real b) {
    return (real)X86_512(min)((X86_REAL)a, (X86_REAL)b, (X86_REAL)a, X86_ALL,
                              X86_ROUND_NOW);
}
FN mask lt(real a, real b) { return X86_CMP(a, b, 17); }
FN mask le(real a, real b) { return X86_CMP(a, b, 18); }
FN mask eq(real a, real b) { return X86_CMP(a, b, 0); }
FN mask ieq(ival a, ival b) {
    return (mask)X86_ICMP((X86_INT)a, (X86_INT)b, 0, X86_ALL);
}
FN mask ilt(ival a, ival b) {
    return (mask)X86_ICMP((X86_INT)a, (X86_INT)b, 1, X86_ALL);
}
FN mask m_not(mask a) { return (mask)~a; }
FN real sel(mask m, real a, real b) {
    return (real)X86_BLEND((X86_REAL)b, (X86_REAL)a, m);
}
FN ival isel(mask m, ival a, ival b) {
    return (ival)X86_IBLEND((X86_INT)b, (X86_INT)a, m);
}
FN unsigned mask_bits(mask m) { return m; }
FN mask m_of_bits(unsigned b) { return (mask)b; }
FN ival count_add(ival n, mask m) { return isel(m, n + I(1), n); }

#else
/* ---- AVX2 and SSE4.1 with FMA: a mask is a vector ---- */
typedef ival mask;
#if LANES * SCALAR_BITS == 256
#if REAL_FLOAT
#define X86_FN(name) __builtin_ia32_##name##ps256
#else
#define X86_FN(name) __builtin_ia32_##name##pd256
#endif
#else
#if REAL_FLOAT
#define X86_FN(name) __builtin_ia32_##name##ps
#else
#define X86_FN(name) __builtin_ia32_##name##pd
#endif
#endif

FN real fmadd(real a, real b, real c) {
    return (real)X86_FN(vfmadd)((X86_REAL)a, (X86_REAL)b, (X86_REAL)c);
}
FN real vsqrt(real a) { return (real)X86_FN(sqrt)((X86_REAL)a); }
FN real vfloor(real a) { return (real)X86_FN(round)((X86_REAL)a, 9); }
FN real vtrunc(real a) { return (real)X86_FN(round)((X86_REAL)a, 11); }
FN real vmax(real a, real b) { return (real)X86_FN(max)((X86_REAL)a, (X86_REAL)b); }
FN real vmin(real a, real b) { return (real)X86_FN(min)((X86_REAL)a, (X86_REAL)b); }
FN mask lt(real a, real b) { return (mask)(a < b); }
FN mask le(real a, real b) { return (mask)(a <= b); }
FN mask eq(real a, real b) { return (mask)(a == b); }
FN mask ieq(ival a, ival b) { return (mask)(a == b); }
FN mask ilt(ival a, ival b) { return (mask)(a < b); }
FN mask m_not(mask a) { return ~a; }
FN real sel(mask m, real a, real b) {
    return (real)X86_FN(blendv)((X86_REAL)b, (X86_REAL)a, (X86_REAL)m);
}
FN ival isel(mask m, ival a, ival b) { return (ival)sel(m, (real)a, (real)b); }
FN unsigned mask_bits(mask m) { return (unsigned)X86_FN(movmsk)((X86_REAL)m); }
FN mask m_of_bits(unsigned b) {
    mask m = {0};
    for (int l = 0; l < LANES; l++) m[l] = -(iscalar)(b >> l & 1);
    return m;
}
FN ival count_add(ival n, mask m) { return n - m; }
#endif

FN mask m_and(mask a, mask b) { return a & b; }
FN mask m_or(mask a, mask b) { return a | b; }
FN int any_lane(mask m) { return mask_bits(m) != 0; }

#endif
