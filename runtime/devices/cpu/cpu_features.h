/* cpu_features.h -- what this machine's vector units can do, and a fingerprint of
 * everything that `-march=native` can depend on, for the kernel cache's key.
 */
#ifndef ODEC_CPU_FEATURES_H
#define ODEC_CPU_FEATURES_H

#include "context.h"

struct cpu_features {
    odec_isa isa;    /* the highest level that it has all of */
    int32_t lanes;   /* doubles in the widest register: 8, 4, 2 */
    bool fma;        /* in hardware; without it fma is a slow but right library call */
    bool prefer_512; /* the compiler must be told to use whole registers */
    char arch_flag[24];    /* makes the compiler use all of it */
    const char *tune_flag; /* for what it schedules; NULL: left to arch_flag */
    const char
        *without_flag; /* what the compiler may see of the CPU and this process does
                               * not, under an emulator such as valgrind; NULL: nothing */
    uint64_t fingerprint[16];
};

void cpu_features_read(struct cpu_features *out);

/* What a kernel may ask, linked in or compiled here: what the CPU has, or less where the
 * environment variable ODEC_ISA names a level. ODEC_ERROR_ARGUMENT: it is no level's name. */
odec_status cpu_features_allowed(struct odec_context *context,
                                 struct cpu_features *out);
const char *cpu_isa_name(odec_isa isa); /* "x86-64-v3"; "portable", "aarch64" */
bool cpu_isa_fuses(odec_isa isa);       /* kernels for it have fma in hardware */

int32_t cpu_usable_cores(void); /* that this process may run on, at least 1 */

#endif
