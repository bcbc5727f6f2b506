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

enum { MOST_STAGES = 10 };

/* A method's coefficients as numbers, stages from 1: a of earlier stages' slopes (Rosenbrock: of
 * their increments), b of the solution, c of a Rosenbrock method's increments over h. */
struct tableau {
    int n_stages;
    int error_order; /* the error estimate is a multiple of h to this power */
    int n_rhs;       /* right-hand sides of an attempt, beside those of a Jacobian */
    int n_terms;     /* coefficients of an attempt that are not zero */
    /* Values between: stages of their own in each step that has some, with so many
     * coefficients; of each value, the stages that it weighs by polynomials. */
    int dense_rhs, dense_terms, dense_stages, dense_degree;
    bool ends_with_slope; /* the last stage is the slope at the end, and b's row its */
    bool ends_with_error; /* Rosenbrock: the last increment is the error; no b */
    double scale;         /* Rosenbrock's gamma */
    double a[MOST_STAGES + 1][MOST_STAGES + 1], c[MOST_STAGES + 1][MOST_STAGES + 1];
    double b[MOST_STAGES + 1], error[MOST_STAGES + 1];
    double node[MOST_STAGES + 1], gamma[MOST_STAGES + 1]; /* of time, of df/dt */
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
    void (*tableau)(struct tableau *out);
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
