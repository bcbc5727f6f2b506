/* plot.h -- a picture of the Jacobian's pattern and of its factors. */
#ifndef ODEC_PLOT_H
#define ODEC_PLOT_H

#include "odec.h"

/* The picture as SVG, whole or not at all; path "-" is standard output. EXIT_WRONG
 * where the program's method has no Jacobian or the name does not end in .svg. */
int plot_write(const odec_program *program, const char *path);

/* Entries of the factors that the Jacobian and the diagonal lack. */
int32_t plot_count_fill(const odec_sparsity *sparsity);

#endif
