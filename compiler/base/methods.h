/* methods.h -- the integration methods: what methods.def says of each. */
#ifndef ODEC_METHODS_H
#define ODEC_METHODS_H

#include <stdbool.h>

struct method {
    const char *name, *family; /* family: the file of kernels/ that takes its steps */
    int order, stages;
    bool adaptive, stiff;
};

#define METHOD_AUTO "auto" /* one of the methods, which is the compiler's choice */

int method_count(void);
const struct method *method_at(int i);
const struct method *method_find(const char *name); /* NULL: there is none */
/* "auto, euler, heun, ..." */
extern const char method_names[];

#endif
