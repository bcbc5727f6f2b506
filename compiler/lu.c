/* lu.c -- the kernel text that factors W = J - d I and solves with it: straight-line, one
 * statement an entry.
 *
 * Entry (k, j) of L + U stands at lu[place], J's own entries at the same places before. Row by
 * row (Doolittle in IKJ order), each entry is finished by one chain of multiply-adds:
 *
 *   l_kj = (w_kj - sum_{m<j} l_km u_mj) / u_jj        u_kj = w_kj - sum_{m<k} l_km u_mj
 *
 * The place of a pivot holds its reciprocal.
 */
#include "sparse.h"

#include "passes.h"

/* Subtracts the products of row k's L with column j of U, up to step `end`. `start` is the
 * text of what they are subtracted from, NULL: zero. Writes x = ... into *out; returns how many
 * products there were. */
static int add_products(struct text *out, const struct sparse_lu *lu, int k, int j, int end,
                        const char *start) {
    int n = 0;
    for (int e = lu->row_start[k]; e < lu->pivot[k] && lu->column[e] < end; e++) {
        const int m = lu->column[e], u = sparse_place(lu, m, j);
        if (u >= 0) {
            text_add(out, "    x = fnmadd(lu[%d], lu[%d], %s);\n", e, u,
                     n++ ? "x" : start ? start : "R(0)");
        }
    }
    return n;
}

static void add_entry(struct text *out, const struct sparse_lu *lu, int k, int e) {
    struct arena *arena = out->arena;
    const int j = lu->column[e];
    const char *given = lu->is_fill[e] ? NULL : arena_printf(arena, "lu[%d]", e);
    const bool lower = j < k;
    const int n = add_products(out, lu, k, j, lower ? j : k, given);
    if (n > 0) {
        text_add(out, lower ? "    lu[%d] = x * lu[%d];\n" : "    lu[%d] = x;\n", e,
                 lu->pivot[j]);
    } else if (lower) {
        text_add(out, "    lu[%d] = lu[%d] * lu[%d];\n", e, e, lu->pivot[j]);
    }
}

static void add_pivot(struct text *out, const struct sparse_lu *lu, int k) {
    const int e = lu->pivot[k];
    text_add(out, lu->is_fill[e] ? "    w = -d; /* y[%d] */\n" : "    w = lu[%2$d] - d; /* y[%1$d] */\n",
             lu->order[k], e);
    if (add_products(out, lu, k, k, k, "w") > 0) {
        text_add(out, "    lu[%d] = lu_pivot(w, x, &growth);\n", e);
    } else {
        text_add(out, "    lu[%d] = lu_reciprocal(w);\n", e);
    }
}

void emit_factor(struct text *out, const struct sparse_lu *lu, const char *kind) {
    text_add(out,
             "/* L and U of J - d I in place of J, in an order with little fill and without\n"
             " * exchanges. Returns where that went wrong. */\n"
             "%s mask model_factor(real d, real *lu) {\n"
             "    struct growth growth = growth_none();\n"
             "    real w, x;\n",
             kind);
    for (int k = 0; k < lu->n; k++) {
        for (int e = lu->row_start[k]; e < lu->row_start[k + 1]; e++) {
            if (e == lu->pivot[k]) {
                add_pivot(out, lu, k);
            } else {
                add_entry(out, lu, k, e);
            }
        }
    }
    text_add(out, "    (void)x;\n    return lu_bad(growth);\n}\n\n");
}

void emit_solve(struct text *out, const struct sparse_lu *lu, const char *kind) {
    text_add(out,
             "/* b = the solution of (J - d I) x = b. */\n"
             "%s void model_solve(const real *lu, real *b) {\n",
             kind);
    for (int k = 0; k < lu->n; k++) {
        for (int e = lu->row_start[k]; e < lu->pivot[k]; e++) {
            text_add(out, "    b[%1$d] = fnmadd(lu[%2$d], b[%3$d], b[%1$d]);\n", lu->order[k], e,
                     lu->order[lu->column[e]]);
        }
    }
    for (int k = lu->n - 1; k >= 0; k--) {
        for (int e = lu->pivot[k] + 1; e < lu->row_start[k + 1]; e++) {
            text_add(out, "    b[%1$d] = fnmadd(lu[%2$d], b[%3$d], b[%1$d]);\n", lu->order[k], e,
                     lu->order[lu->column[e]]);
        }
        text_add(out, "    b[%1$d] = b[%1$d] * lu[%2$d];\n", lu->order[k], lu->pivot[k]);
    }
    text_add(out, "}\n\n");
}

void emit_add_time(struct text *out, const struct jacobian *j) {
    text_add(out, "/* r = r + a df/dt. */\n"
                  "FN void model_add_time(real a, const real *ft, real *r) {\n"
                  "    (void)a, (void)ft, (void)r;\n");
    for (int i = 0; i < j->time_rows.n; i++) {
        text_add(out, "    r[%1$d] = fmadd(a, ft[%2$d], r[%1$d]);\n", j->time_rows.at[i], i);
    }
    text_add(out, "}\n");
}
