/* linear_algebra.h -- lu.c's part of a kernel's text. */
#ifndef ODEC_LINEAR_ALGEBRA_H
#define ODEC_LINEAR_ALGEBRA_H

#include "sparse.h"

/* lu.c: the functions of linear algebra; kind: FN or FN_OUTLINE. */
void emit_linear_algebra(struct text *out, const struct sparse_lu *lu,
                         const char *kind);
void emit_add_time(struct text *out, const struct jacobian *jacobian);

#endif
