/* fatbin.h -- images of a program's kernels for GPUs, made by nvcc when it is built. */
#ifndef ODEC_FATBIN_H
#define ODEC_FATBIN_H

#include "cc.h"
#include "options.h"

enum { FATBIN_MOST = 16 }; /* architectures of one */

struct fatbin {
    odec_context *context;
    struct cc nvcc;
    double most_seconds; /* that it may take; 0: no limit */
    int version;         /* of its CUDA, 13000 */
    int n;
    char names[FATBIN_MOST][16]; /* "sm_90" */
    char targets[FATBIN_MOST + 1]
                [64]; /* nvcc's options for them, and for PTX of the newest */
    char said[FATBIN_MOST * 18]; /* "sm_80, sm_90" */
    struct bytes tools;          /* the runtime's own kernels', for all programs */
};

/* From --fatbin and --nvcc: looks for nvcc, and checks the names. To be closed after a failure
 * too. */
int fatbin_open(odec_context *context, const struct options *options,
                double most_seconds, struct fatbin *out);
void fatbin_close(struct fatbin *fatbin);

struct fatbin_image {
    odec_image image; /* points into the rest and the fatbin */
    struct bytes kernel;
};

/* Of the program's text for CUDA. `path` is the model's, for messages. */
int fatbin_make(struct fatbin *fatbin, const char *path, const odec_program *program,
                struct fatbin_image *out);
void fatbin_image_release(struct fatbin_image *image); /* all zero is fine */

#endif
