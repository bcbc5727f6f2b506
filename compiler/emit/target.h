/* target.h -- the machines that kernels are written for: targets.def. */
#ifndef ODEC_TARGET_H
#define ODEC_TARGET_H

#include "odec.h"

struct target {
    /* Templates: each run with times of its own, or all with the same; the runtime's own
     * kernels, NULL: none. */
    const char *refill, *woven, *tools;
    /* Two vector registers are on their way at once up to so many states, or with a stiff
     * method, which loops over them, up to so many. */
    int grouped_states, grouped_stiff;
    /* A call takes so many bytes in registers, unless the function has so many operations
     * that it is written in parts. */
    int by_value_bytes, by_value_flops;
};

extern const struct target targets[ODEC_N_TARGETS];

/* Vector registers that a CPU's thread has on their way at once. */
static inline int cpu_groups(int n_states, bool is_stiff) {
    const struct target *cpu = &targets[ODEC_TARGET_CPU];
    return n_states <= (is_stiff ? cpu->grouped_stiff : cpu->grouped_states) ? 2 : 1;
}

#endif
