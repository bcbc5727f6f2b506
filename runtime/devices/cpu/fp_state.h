/* fp_state.h -- the thread's floating-point state around a call of a kernel. */
#ifndef ODEC_FP_STATE_H
#define ODEC_FP_STATE_H

#include <stdint.h>

/* The kernel's arithmetic is IEEE's: round to nearest, subnormal numbers kept, whatever
 * the application has set for itself. */
#if defined(__x86_64__)
typedef unsigned int fp_state;
static inline fp_state fp_enter(void) {
    fp_state before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(0x1f80);
    return before;
}
static inline void fp_leave(fp_state before) { __builtin_ia32_ldmxcsr(before); }
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

#endif
