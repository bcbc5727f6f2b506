/* program.h -- a program as this runtime knows its struct, whichever version of the
 * compiler made it, or of odec.h the application that it is linked into.
 */
#ifndef ODEC_PROGRAM_H
#define ODEC_PROGRAM_H

#include "context.h"

struct program {
    struct odec_program known;
    struct odec_sparsity sparsity;            /* where it has one */
    struct odec_image images[ODEC_N_TARGETS]; /* and those that it has */
    void *lists[5];                           /* of `known`, our own */
};

/* Texts, and what they are lists of, stay the caller's. To be released after a failure
 * too. */
odec_status program_read(struct odec_context *context, const struct odec_program *given,
                         struct program *out);
void program_release(struct program *program);

#endif
