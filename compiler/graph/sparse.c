/* sparse.c -- an order of elimination with little fill, and the pattern of the factors.
 *
 * The order is SuiteSparse's approximate minimum degree (Amestoy, Davis & Duff 1996) on
 * the pattern of W + W^T; pivots are diagonal, so the pattern is known before any
 * number is. Row k of L + U has the entries of W's row, and for every j < k among them
 * those of row j to the right of j (George & Liu 1981, ch. 5): rows are merged in
 * ascending j.
 */
#include "sparse.h"

#include <amd.h>
#include <string.h>

#include "passes.h"

/* Row lists of W's pattern: the Jacobian's entries and the diagonal, in states'
 * numbers. */
struct pattern {
    int n;
    int *row_start, *column;
};

static struct pattern pattern_of(struct arena *arena, int n, const struct jacobian *j) {
    struct pattern p = {n, ARENA_ARRAY(arena, int, n + 2),
                        ARENA_ARRAY(arena, int, j->entries.n + n + 1)};
    int filled = 0;
    for (int row = 0, k = 0; row < n; row++) {
        bool diagonal = false;
        p.row_start[row] = filled;
        for (; k < j->entries.n && j->entries.at[k].row == row; k++) {
            const int column = j->entries.at[k].column;
            if (!diagonal && column >= row) {
                diagonal = true;
                if (column > row) {
                    p.column[filled++] = row;
                }
            }
            p.column[filled++] = column;
        }
        if (!diagonal) {
            p.column[filled++] = row;
        }
    }
    p.row_start[n] = filled;
    return p;
}

/* AMD takes columns; the pattern of W + W^T is the same for rows. */
static bool find_order(const struct pattern *p, int *order) {
    double control[AMD_CONTROL];
    amd_defaults(control);
    const int status = amd_order(p->n, p->row_start, p->column, order, control, NULL);
    return status == AMD_OK || status == AMD_OK_BUT_JUMBLED;
}

/* The columns of row k of L + U, marked with k in `mark`; returns how many. */
static int merge_row(const struct sparse_lu *lu, const struct pattern *p, int k,
                     int *mark, int *columns) {
    int n = 0, least = k;
    const int state = lu->order[k];
    for (int e = p->row_start[state]; e < p->row_start[state + 1]; e++) {
        const int c = lu->position[p->column[e]];
        mark[c] = k;
        columns[n++] = c;
        least = c < least ? c : least;
    }
    for (int j = least; j < k; j++) {
        for (int e = lu->pivot[j] + 1; mark[j] == k && e < lu->row_start[j + 1]; e++) {
            const int c = lu->column[e];
            if (mark[c] != k) {
                mark[c] = k;
                columns[n++] = c;
            }
        }
    }
    return n;
}

static int compare_ints(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

int sparse_place(const struct sparse_lu *lu, int row, int column) {
    const int start = lu->row_start[row], n = lu->row_start[row + 1] - start;
    const int *at =
        bsearch(&column, lu->column + start, (size_t)n, sizeof(int), compare_ints);
    return at ? (int)(at - lu->column) : -1;
}

static void count_flops(struct sparse_lu *lu) {
    for (int k = 0; k < lu->n; k++) {
        for (int e = lu->row_start[k]; e < lu->pivot[k]; e++) {
            const int j = lu->column[e];
            lu->flops_factor += 1 + 2 * (lu->row_start[j + 1] - lu->pivot[j] - 1);
        }
        lu->flops_factor += 12; /* the reciprocal and its check */
    }
    lu->flops_solve = 2 * (long)(lu->n_entries - lu->n) + lu->n;
}

/* An order for l's Jacobian, the pattern of L + U in it, and what both cost. */
struct sparse_lu *analyse(struct arena *arena, struct lowered *l) {
    struct sparse_lu *lu = ARENA_NEW(arena, struct sparse_lu);
    const int n = lowered_function(l, FUNCTION_rhs)->n;
    const struct pattern p = pattern_of(arena, n, &l->jacobian);
    lu->n = n;
    lu->order = ARENA_ARRAY(arena, int, n + 1);
    lu->position = ARENA_ARRAY(arena, int, n + 1);
    lu->row_start = ARENA_ARRAY(arena, int, n + 2);
    lu->pivot = ARENA_ARRAY(arena, int, n + 1);
    if (!find_order(&p, lu->order)) {
        arena_fail(arena);
    }
    for (int k = 0; k < n; k++) {
        lu->position[lu->order[k]] = k;
    }
    int *mark = ARENA_ARRAY(arena, int, n + 1);
    int *columns = ARENA_ARRAY(arena, int, n + 1);
    memset(mark, -1, sizeof *mark * (size_t)n);
    VECTOR(int) all = {0};
    for (int k = 0; k < n; k++) {
        const int n_row = merge_row(lu, &p, k, mark, columns);
        qsort(columns, (size_t)n_row, sizeof *columns, compare_ints);
        for (int i = 0; i < n_row; i++) {
            if (columns[i] == k) {
                lu->pivot[k] = all.n;
            }
            VECTOR_PUSH(arena, &all, columns[i]);
        }
        lu->row_start[k + 1] = all.n;
        lu->column = all.at;
    }
    lu->n_entries = all.n;
    lu->is_fill = ARENA_ARRAY(arena, bool, all.n + 1);
    memset(lu->is_fill, true, (size_t)all.n);
    for (int i = 0; i < l->jacobian.entries.n; i++) {
        const struct jacobian_entry *e = &l->jacobian.entries.at[i];
        const int row = lu->position[e->row], column = lu->position[e->column];
        lu->is_fill[sparse_place(lu, row, column)] = false;
    }
    count_flops(lu);
    return lu;
}
