/* sparse.h -- the structure of W = J - d I and of its factors. */
#ifndef ODEC_SPARSE_H
#define ODEC_SPARSE_H

#include "graph.h"

/* L + U of W without exchanges, rows and columns in the order of elimination: step k eliminates
 * state order[k]. An entry's place is its index; row k is places row_start[k] .. row_start[k+1]
 * - 1, columns rising: L (unit diagonal not stored), then the pivot, then U. */
struct sparse_lu {
    int n, n_entries;
    int *order;     /* [n] state eliminated at step k */
    int *position;  /* [n] its inverse: when a state is eliminated */
    int *row_start; /* [n + 1] */
    int *column;    /* [n_entries], steps of elimination */
    int *pivot;     /* [n] place of row k's diagonal entry */
    bool *is_fill;  /* [n_entries] zero before elimination, not the Jacobian's */
    long flops_factor, flops_solve; /* multiply-adds count two */
};

/* Place of entry (row, column), both steps of elimination; -1: zero by structure. */
int sparse_place(const struct sparse_lu *lu, int row, int column);

#endif
