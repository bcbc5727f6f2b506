/* methods.h -- the integration methods: methods.def's rows, and what their tableaus say. */
#ifndef ODEC_METHODS_H
#define ODEC_METHODS_H

#include <stdbool.h>
#include <stdint.h>

/* What the size of a kernel's arrays depends on: the words of kernels/model.h. */
struct kernel_sizes {
    int n_states, n_pars, n_values, n_columns;
    int n_passed;     /* values between the parts of a long function */
    int n_time, n_lu; /* entries of df/dt, of the factors; stiff methods */
    bool adaptive, saves, is_float;
    bool stops; /* runs stop on their way */
};

struct method {
    const char *name, *family; /* family: the files of kernels/ that take its steps */
    int order, embedded_order; /* of the solution carried on; of its companion, or 0 */
    bool adaptive;             /* an embedded pair; false: fixed steps of dt alone */
    bool stiff;                /* it needs the Jacobian's factors */
    /* Cells of all arrays of a lane; words that a suspended run keeps, its arrays among them
     * unless they stay where they are. */
    int64_t (*workspace_cells)(const struct kernel_sizes *sizes);
    int64_t (*suspended_words)(const struct kernel_sizes *sizes, bool arrays_stay);
};

#define METHOD_AUTO "auto" /* one of the methods, which is the compiler's choice */

const struct method *method_at(int i); /* NULL past the last */
const struct method *method_find(const char *name);
/* "auto", then the methods' names; NULL past the last. */
const char *method_word(int i);
/* The method that somebody means who calls it so, and the precision; NULL where none is near. */
const char *method_meant(const char *name);
const char *precision_meant(const char *name);

extern const char
    method_explanation[]; /* of the diagnostic that knows no such method */

#endif
