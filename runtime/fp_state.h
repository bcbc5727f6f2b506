/* fp_state.h -- the thread's floating-point modes around the library's arithmetic.
 *
 * Both libraries use this, and neither sees the other: functions of a header.
 */
#ifndef ODEC_FP_STATE_H
#define ODEC_FP_STATE_H

#include <stdint.h>

/* All arithmetic is IEEE's: round to nearest, subnormal numbers kept, no traps, whatever the
 * application has set for itself (fesetround, FTZ, DAZ), which comes back with fp_leave.
 * Threads begin with the modes of the one that starts them. */
#if defined(__x86_64__)
typedef struct fp_state {
    uint32_t mxcsr;
    uint16_t x87; /* by which the C library rounds what it reads and prints */
} fp_state;
static inline void fp_leave(fp_state before) {
    __builtin_ia32_ldmxcsr(before.mxcsr);
    __asm__ volatile("fldcw %0" : : "m"(before.x87));
}
static inline fp_state fp_enter(void) {
    fp_state before = {.mxcsr = __builtin_ia32_stmxcsr()};
    const fp_state standard = {.mxcsr = 0x1f80, .x87 = 0x037f};
    __asm__ volatile("fnstcw %0" : "=m"(before.x87));
    fp_leave(standard);
    return before;
}
#elif defined(__aarch64__)
typedef uint64_t fp_state;
static inline fp_state fp_enter(void) {
    fp_state before, standard = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(standard));
    return before;
}
static inline void fp_leave(fp_state before) {
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
typedef int fp_state;
static inline fp_state fp_enter(void) { return 0; }
static inline void fp_leave(fp_state before) { (void)before; }
#endif

/* What is computed with a number stays behind fp_enter, and what it is made of before
 * fp_leave: a compiler moves arithmetic over either where nothing holds it. */
static inline void fp_hold(double *x) { __asm__ volatile("" : "+m"(*x)); }

#endif
