/* lu.c -- the kernel text that factors W = J - d I and solves with it: straight-line, one
 * statement an entry.
 *
 * Entry (k, j) of L + U stands at lu[place], J's own entries at the same places before. Row by
 * row (Doolittle in IKJ order), each entry is finished by one chain of multiply-adds:
 *
 *   l_kj = (w_kj - sum_{m<j} l_km u_mj) / u_jj        u_kj = w_kj - sum_{m<k} l_km u_mj
 *
 * The place of a pivot holds its reciprocal. Past ROLLED_ENTRIES the same operations in the same
 * order are loops over the pattern, which then stands in the kernel as tables.
 */
#include "linear_algebra.h"

#define PART_STATEMENTS 400 /* of a function, as in body.c */
#define ROLLED_ENTRIES 2500 /* of L + U: compilers take too long for more in one text */

/* ---- straight-line ---- */

/* Statements in parts of bounded length, cut between entries. */
struct parts {
    struct arena *arena;
    VECTOR(struct text) bodies;
    int n_statements; /* of the last part */
};

/* Where the next entry's statements go. */
static struct text *next_entry(struct parts *p) {
    if (p->bodies.n == 0 || p->n_statements >= PART_STATEMENTS) {
        VECTOR_PUSH(p->arena, &p->bodies, (struct text){.arena = p->arena});
        p->n_statements = 0;
    }
    return &p->bodies.at[p->bodies.n - 1];
}

/* Writes the parts as functions, if there are several, and to *body their calls; else *body is
 * the one part. */
static void write_parts(struct text *out, const struct parts *p, const char *name,
                        const char *parameters, const char *locals,
                        const char *arguments, struct text *body) {
    if (p->bodies.n == 1) {
        text_add(body, "%s%s", locals, p->bodies.at[0].at);
        return;
    }
    for (int i = 0; i < p->bodies.n; i++) {
        text_add(out, "FN_OUTLINE void %s_%d(%s) {\n%s%s}\n\n", name, i, parameters,
                 locals, p->bodies.at[i].at);
        text_add(body, "    %s_%d(%s);\n", name, i, arguments);
    }
}

/* Subtracts the products of row k's L with column j of U, up to step `end`, from `start`, NULL:
 * zero. The result is x; returns how many products there were. */
static int add_products(struct parts *p, const struct sparse_lu *lu, int k, int j,
                        int end, const char *start) {
    struct text *out = next_entry(p);
    int n = 0;
    for (int e = lu->row_start[k]; e < lu->pivot[k] && lu->column[e] < end; e++) {
        const int m = lu->column[e], u = sparse_place(lu, m, j);
        if (u >= 0) {
            text_add(out, "    x = fnmadd(lu[%d], lu[%d], %s);\n", e, u,
                     n++     ? "x"
                     : start ? start
                             : "R(0)");
        }
    }
    p->n_statements += n + 1;
    return n;
}

static void add_entry(struct parts *p, const struct sparse_lu *lu, int k, int e) {
    struct text *out = next_entry(p);
    const int j = lu->column[e];
    const char *given = lu->is_fill[e] ? NULL : arena_printf(p->arena, "lu[%d]", e);
    const bool lower = j < k;
    const int n = add_products(p, lu, k, j, lower ? j : k, given);
    if (n > 0) {
        text_add(out, lower ? "    lu[%d] = x * lu[%d];\n" : "    lu[%d] = x;\n", e,
                 lu->pivot[j]);
    } else if (lower) {
        text_add(out, "    lu[%d] = lu[%d] * lu[%d];\n", e, e, lu->pivot[j]);
    }
}

static void add_pivot(struct parts *p, const struct sparse_lu *lu, int k) {
    struct text *out = next_entry(p);
    const int e = lu->pivot[k], state = lu->order[k];
    if (lu->is_fill[e]) {
        text_add(out, "    w = -d; /* y[%d] */\n", state);
    } else {
        text_add(out, "    w = lu[%d] - d; /* y[%d] */\n", e, state);
    }
    if (add_products(p, lu, k, k, k, "w") > 0) {
        text_add(out, "    lu[%d] = lu_pivot(w, x, growth);\n", e);
    } else {
        text_add(out, "    lu[%d] = lu_reciprocal(w);\n", e);
    }
}

static void emit_factor(struct text *out, const struct sparse_lu *lu,
                        const char *kind) {
    struct parts p = {.arena = out->arena};
    for (int k = 0; k < lu->n; k++) {
        for (int e = lu->row_start[k]; e < lu->row_start[k + 1]; e++) {
            if (e == lu->pivot[k]) {
                add_pivot(&p, lu, k);
            } else {
                add_entry(&p, lu, k, e);
            }
        }
    }
    struct text body = {.arena = out->arena};
    text_add(
        out,
        "/* L and U of J - d I in place of J, in an order with little fill and without\n"
        " * exchanges. Returns where that went wrong. */\n");
    write_parts(out, &p, "model_factor",
                "real d, cell *RESTRICT lu, struct growth *growth",
                "    real w, x;\n    (void)w, (void)x, (void)growth;\n",
                "d, lu, growth", &body);
    text_add(out,
             "%s mask model_factor(real d, cell *lu) {\n"
             "    struct growth all = growth_none(), *growth = &all;\n"
             "%s    return lu_bad(all);\n}\n\n",
             kind, body.at);
}

/* b[state of step k] less the products of row k's entries from e to end with theirs. */
static void add_row(struct parts *p, const struct sparse_lu *lu, int k, int e,
                    int end) {
    for (; e < end; e++) {
        text_add(next_entry(p), "    b[%1$d] = fnmadd(lu[%2$d], b[%3$d], b[%1$d]);\n",
                 lu->order[k], e, lu->order[lu->column[e]]);
        p->n_statements++;
    }
}

static void emit_solve(struct text *out, const struct sparse_lu *lu, const char *kind) {
    struct parts p = {.arena = out->arena};
    for (int k = 0; k < lu->n; k++) {
        add_row(&p, lu, k, lu->row_start[k], lu->pivot[k]);
    }
    for (int k = lu->n - 1; k >= 0; k--) {
        add_row(&p, lu, k, lu->pivot[k] + 1, lu->row_start[k + 1]);
        text_add(next_entry(&p), "    b[%1$d] = b[%1$d] * lu[%2$d];\n", lu->order[k],
                 lu->pivot[k]);
        p.n_statements++;
    }
    struct text body = {.arena = out->arena};
    text_add(out, "/* b = the solution of (J - d I) x = b. */\n");
    write_parts(out, &p, "model_solve", "const cell *RESTRICT lu, cell *RESTRICT b", "",
                "lu, b", &body);
    text_add(
        out,
        "%s void model_solve(const cell *RESTRICT lu, cell *RESTRICT b) {\n%s}\n\n",
        kind, body.at);
}

/* ---- as loops ---- */

static void add_table(struct text *out, const char *name, const int *values, int n) {
    text_add(out, "TABLE int %s[] = {", name);
    for (int i = 0; i < n; i++) {
        text_add(out, i % 16 ? " %d," : "\n    %d,", values[i]);
    }
    text_add(out, n ? "\n};\n" : "0};\n");
}

/* Rows of L + U, the states of its columns, where pivots are, what is zero before. */
static void add_tables(struct text *out, const struct sparse_lu *lu) {
    int n_fill = 0;
    int *fill = ARENA_ARRAY(out->arena, int, lu->n_entries);
    for (int e = 0; e < lu->n_entries; e++) {
        if (lu->is_fill[e]) {
            fill[n_fill++] = e;
        }
    }
    text_add(out,
             "/* The pattern of L + U, row by row, in the order of elimination. */\n");
    add_table(out, "lu_row", lu->row_start, lu->n + 1);
    add_table(out, "lu_column", lu->column, lu->n_entries);
    add_table(out, "lu_diagonal", lu->pivot, lu->n);
    add_table(out, "lu_fill", fill, n_fill);
    add_table(out, "lu_state", lu->order, lu->n);
    text_add(out, "#define N_FILL %d\n\n", n_fill);
}

static void emit_rolled(struct text *out, const struct sparse_lu *lu) {
    add_tables(out, lu);
    text_add(
        out,
        "/* L and U of J - d I in place of J, in an order with little fill and without\n"
        " * exchanges. Returns where that went wrong. */\n"
        "FN_OUTLINE mask model_factor(real d, cell *lu) {\n"
        "    struct growth growth = growth_none();\n"
        "    LOCAL_CELLS(w, N_STATES);\n"
        "    for (int i = 0; i < N_FILL; i++) {\n"
        "        lu[lu_fill[i]] = R(0);\n"
        "    }\n"
        "    for (int k = 0; k < N_STATES; k++) {\n"
        "        for (int e = lu_row[k]; e < lu_row[k + 1]; e++) {\n"
        "            w[lu_column[e]] = lu[e];\n"
        "        }\n"
        "        const real entry = w[k] - d;\n"
        "        w[k] = entry;\n"
        "        for (int e = lu_row[k]; e < lu_diagonal[k]; e++) {\n"
        "            const int m = lu_column[e];\n"
        "            const real l = w[m] * lu[lu_diagonal[m]];\n"
        "            lu[e] = l;\n"
        "            for (int u = lu_diagonal[m] + 1; u < lu_row[m + 1]; u++) {\n"
        "                w[lu_column[u]] = fnmadd(l, lu[u], w[lu_column[u]]);\n"
        "            }\n"
        "        }\n"
        "        lu[lu_diagonal[k]] = lu_pivot(entry, w[k], &growth);\n"
        "        for (int e = lu_diagonal[k] + 1; e < lu_row[k + 1]; e++) {\n"
        "            lu[e] = w[lu_column[e]];\n"
        "        }\n"
        "    }\n"
        "    return lu_bad(growth);\n"
        "}\n\n"
        "/* b = the solution of (J - d I) x = b. */\n"
        "FN_OUTLINE void model_solve(const cell *RESTRICT lu, cell *RESTRICT b) {\n"
        "    for (int k = 0; k < N_STATES; k++) {\n"
        "        real x = b[lu_state[k]];\n"
        "        for (int e = lu_row[k]; e < lu_diagonal[k]; e++) {\n"
        "            x = fnmadd(lu[e], b[lu_state[lu_column[e]]], x);\n"
        "        }\n"
        "        b[lu_state[k]] = x;\n"
        "    }\n"
        "    for (int k = N_STATES - 1; k >= 0; k--) {\n"
        "        real x = b[lu_state[k]];\n"
        "        for (int e = lu_diagonal[k] + 1; e < lu_row[k + 1]; e++) {\n"
        "            x = fnmadd(lu[e], b[lu_state[lu_column[e]]], x);\n"
        "        }\n"
        "        b[lu_state[k]] = x * lu[lu_diagonal[k]];\n"
        "    }\n"
        "}\n\n");
}

/* ---- either ---- */

void emit_linear_algebra(struct text *out, const struct sparse_lu *lu,
                         const char *kind) {
    if (lu->n_entries > ROLLED_ENTRIES) {
        emit_rolled(out, lu);
    } else {
        emit_factor(out, lu, kind);
        emit_solve(out, lu, kind);
    }
}

void emit_add_time(struct text *out, const struct jacobian *j) {
    text_add(out, "/* r = r + a df/dt. */\n"
                  "FN void model_add_time(real a, const cell *ft, cell *r) {\n"
                  "    (void)a, (void)ft, (void)r;\n");
    for (int i = 0; i < j->time_rows.n; i++) {
        text_add(out, "    r[%1$d] = fmadd(a, ft[%2$d], r[%1$d]);\n",
                 j->time_rows.at[i], i);
    }
    text_add(out, "}\n");
}
