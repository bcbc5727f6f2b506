/* cpu_kernel.h -- a program's kernel on this CPU, as a function: one that is linked in where
 * it fits, else from the program's text by the system's C compiler.
 */
#ifndef ODEC_CPU_KERNEL_H
#define ODEC_CPU_KERNEL_H

#include "cc.h"
#include "image.h"

struct cpu_kernel {
    odec_kernel_function *call;
    int32_t lanes;   /* doubles to a vector */
    int32_t n_reals; /* of the program's precision to a vector */
    bool is_native;  /* linked in: cc and image are empty, */
    odec_isa isa;    /* and this is what it asks */
    bool fuses;      /* fma is an instruction */
    bool cache_hit;
    struct cc cc;
    struct image image;
};

/* On failure there is nothing to release. */
odec_status cpu_kernel_make(struct odec_context *context,
                            const struct odec_program *program,
                            const struct odec_solver_options *options,
                            struct cpu_kernel *out);
void cpu_kernel_release(struct cpu_kernel *kernel); /* all zero is fine */

#endif
