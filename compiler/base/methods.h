/* methods.h -- the integration methods: methods.def's rows, and what their tableaus say. */
#ifndef ODEC_METHODS_H
#define ODEC_METHODS_H

#include <stdbool.h>

struct method {
    const char *name, *family; /* family: the file of kernels/ that takes its steps */
    int order, embedded_order; /* of the solution carried on; of its companion, or 0 */
    int stages;                /* that a step keeps, dense output's own included */
    bool adaptive;             /* an embedded pair; false: fixed steps of dt alone */
    bool stiff;                /* it needs the Jacobian's factors */
};

#define METHOD_AUTO "auto" /* one of the methods, which is the compiler's choice */

const struct method *method_at(int i); /* NULL past the last */
const struct method *method_find(const char *name);
/* "auto", then the methods' names; NULL past the last. */
const char *method_word(int i);

extern const char
    method_explanation[]; /* of the diagnostic that knows no such method */

#endif
