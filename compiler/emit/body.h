/* body.h -- the bodies of kernel functions: graph -> statements. */
#ifndef ODEC_BODY_H
#define ODEC_BODY_H

#include "graph.h"

/* How a function of the kernel is written. Text in pieces of C; what is NULL is left out. */
struct body_style {
    const char *comment;        /* what it does */
    const char *kind;           /* FN or FN_OUTLINE */
    const char *name;           /* "model_rhs" */
    const char *parameters;     /* "real t, const real *y" */
    const char *arguments;      /* "t, y": the same without types */
    const char *target;         /* "dy": dy[i] = ... */
    const char *const *targets; /* or by result: "lu[7]" */
    const struct model *model;
    const struct span *beside; /* by result: what the user wrote of it; NULL: nothing */
};

/* The whole function, in several parts where it is long. Returns how many values the parts
 * pass on. */
int body_function(struct text *out, struct graph *g, const struct function *f,
                  const struct body_style *style);

/* Values of single nodes, one after the other, each in a block of its own. */
struct body_values;
struct body_values *body_values_create(struct graph *g);
/* The statements that compute n; returns the text of its value. */
const char *body_value(struct body_values *values, struct text *out, node_id n,
                       const char *indent);

/* What the user wrote there, as a comment that nothing can end or splice. */
void body_comment(struct text *out, const struct model *m, struct span span);

/* A number as a real. */
const char *body_literal(struct arena *arena, double x);

#endif
