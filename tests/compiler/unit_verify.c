/* unit_verify.c -- graph_verify: silent after every pass over every model there is, and loud
 * about each thing that it promises to see.
 *
 *   unit_verify MODEL...
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diag.h"
#include "graph.h"
#include "passes.h"
#include "sparse.h"
#include "syntax.h"

static int n_models;
static char **model_paths;

/* A model on its way through the passes. */
struct way {
    jmp_buf on_failure;
    struct arena *arena;
    struct lowered l;
};

static char *read_file(struct arena *arena, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        fail_msg("cannot read %s", path);
    }
    const long n = ftell(file);
    rewind(file);
    char *text = arena_alloc(arena, (size_t)n + 1);
    assert_int_equal(fread(text, 1, (size_t)n, file), n);
    fclose(file);
    return text;
}

/* Lowered with all states and outs as columns. */
static void way_begin(struct way *w, const char *path, const char *text) {
    w->arena = arena_create(NULL, &w->on_failure);
    assert_non_null(w->arena);
    if (setjmp(w->on_failure)) {
        fail_msg("out of memory");
    }
    const char *const read = text ? text : read_file(w->arena, path);
    struct diags *diags = diags_create(w->arena, path, read, strlen(read));
    struct ast *ast = parse(w->arena, diags, read, strlen(read));
    struct model *model = ast ? check(w->arena, diags, ast, false) : NULL;
    symbol_list columns = {0};
    for (int i = 0; model && i < model->states.n; i++) {
        VECTOR_PUSH(w->arena, &columns, model->states.at[i]);
    }
    for (int i = 0; model && i < model->outs.n; i++) {
        VECTOR_PUSH(w->arena, &columns, model->outs.at[i]);
    }
    if (!model || !lower(w->arena, diags, model, &columns, &w->l)) {
        fail_msg("%s", diags_text(diags, false));
    }
}

static void expect_none(const struct way *w, const char *path, const char *pass) {
    const char *wrong = graph_verify(&w->l);
    if (wrong) {
        fail_msg("%s after %s: %s", path, pass, wrong);
    }
}

static void test_after_every_pass(void **state) {
    (void)state;
    assert_true(n_models >= 12);
    for (int i = 0; i < n_models; i++) {
        struct way w;
        way_begin(&w, model_paths[i], NULL);
        expect_none(&w, model_paths[i], "lower");
        assert_true(derive(&w.l));
        expect_none(&w, model_paths[i], "derive");
        fuse(&w.l);
        expect_none(&w, model_paths[i], "fuse");
        hoist(&w.l);
        expect_none(&w, model_paths[i], "hoist");
        arena_destroy(w.arena);
    }
}

/* ---- what is broken is seen ---- */

static const char model[] =
    "model m\npar k = 2, c = k + 1\ninit x = k, y = 1\n"
    "x' = if x > y then c*x else t\ny' = sin(x)*k - y\nout r = x + c\n";

static node_id find_op(const struct way *w, enum op op) {
    for (node_id n = 0; n < w->l.graph->nodes.n; n++) {
        if (node_is(w->l.graph, n, op)) {
            return n;
        }
    }
    fail_msg("no %s", op_table[op].name);
    return -1;
}

static node_id find_leaf(const struct way *w, enum node_kind kind) {
    for (node_id n = 0; n < w->l.graph->nodes.n; n++) {
        if (graph_node(w->l.graph, n)->kind == kind) {
            return n;
        }
    }
    fail_msg("no leaf of kind %d", kind);
    return -1;
}

#define NODE(w, n) ((w)->l.graph->nodes.at[n])

static struct function *function(struct way *w, enum function_kind kind) {
    return (struct function *)lowered_function(&w->l, kind);
}

static void break_arity(struct way *w) { NODE(w, find_op(w, OP_SIN)).n_args = 2; }
static void break_order(struct way *w) {
    const node_id n = find_op(w, OP_SIN);
    NODE(w, n).args[0] = n;
}
static void break_negative(struct way *w) { NODE(w, find_op(w, OP_SIN)).args[0] = -1; }
static void break_truth_wanted(struct way *w) {
    NODE(w, find_op(w, OP_SELECT)).args[0] = find_leaf(w, NODE_STATE);
}
static void break_number_wanted(struct way *w) {
    const node_id compare = find_op(w, OP_GT);
    for (node_id n = compare + 1; n < w->l.graph->nodes.n; n++) {
        if (node_is(w->l.graph, n, OP_MUL)) {
            NODE(w, n).args[0] = compare;
        }
    }
}
static void break_truth(struct way *w) { NODE(w, find_op(w, OP_GT)).truth = false; }
static void break_depends(struct way *w) {
    NODE(w, find_op(w, OP_SIN)).depends = DEPENDS_RUN;
}
static void break_leaf_depends(struct way *w) {
    NODE(w, find_leaf(w, NODE_STATE)).depends = DEPENDS_RUN;
}
static void break_index(struct way *w) { NODE(w, find_leaf(w, NODE_PAR)).index = 2; }
static void break_result(struct way *w) { function(w, FUNCTION_rhs)->results[1] = -1; }
static void break_result_truth(struct way *w) {
    function(w, FUNCTION_rhs)->results[0] = find_op(w, OP_GT);
}
static void break_leaves(struct way *w) {
    function(w, FUNCTION_defaults)->results[0] = find_leaf(w, NODE_STATE);
}
static void break_leaves_deep(struct way *w) {
    function(w, FUNCTION_defaults)->results[0] = find_op(w, OP_SIN);
}
static void break_initial_order(struct way *w) {
    function(w, FUNCTION_initial)->results[0] = find_leaf(w, NODE_STATE);
}
static void break_defaults_order(struct way *w) {
    static const int swapped[] = {1, 0};
    w->l.pars_in_order = swapped;
}
static void break_order_twice(struct way *w) {
    static const int twice[] = {0, 0};
    w->l.states_in_order = twice;
}
static void break_count(struct way *w) { function(w, FUNCTION_initial)->n = 1; }
static void break_linear_count(struct way *w) { function(w, FUNCTION_linear)->n--; }
static void break_hoisted(struct way *w) {
    w->l.is_hoisted = true; /* so that no parameter may be seen any more */
}
static void break_sharing(struct way *w) {
    /* a second state x0, next to the first in the table */
    struct graph *g = w->l.graph;
    const node_id first = find_leaf(w, NODE_STATE);
    VECTOR_PUSH(w->arena, &g->nodes, g->nodes.at[first]);
    for (int slot = 0; slot < g->table_size; slot++) {
        if (g->table[slot] == first) {
            g->table[(slot + 1) % g->table_size] = g->nodes.n - 1;
            return;
        }
    }
    fail_msg("the node is not in the table");
}

static void test_broken(void **state) {
    (void)state;
    const struct {
        const char *says;
        void (*how)(struct way *w);
    } rows[] = {
        {"SIN with 2 arguments", break_arity},
        {"which is not before it", break_order},
        {"which is not before it", break_negative},
        {"argument 0 of SELECT is a number", break_truth_wanted},
        {"is a truth value", break_number_wanted},
        {"taken for the other of truth value and number", break_truth},
        {"depends on other than its arguments do", break_depends},
        {"is no leaf of its kind", break_leaf_depends},
        {"has index 2 of 2", break_index},
        {"rhs[1] is no node", break_result},
        {"rhs[0] is a truth value", break_result_truth},
        {"initial[0] uses [0], which is not before it", break_initial_order},
        {"defaults[1] uses [0], which is not before it", break_defaults_order},
        {"initial[0] stands twice in its order", break_order_twice},
        {"defaults[0] uses a leaf that the function does not see", break_leaves},
        {"defaults[0] uses a leaf that the function does not see", break_leaves_deep},
        {"initial has 1 results, not 2", break_count},
        {"linear has", break_linear_count},
        {"uses a leaf that the function does not see", break_hoisted},
        {"stands twice", break_sharing},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct way w;
        way_begin(&w, "m.ode", model);
        assert_true(derive(&w.l));
        expect_none(&w, "m.ode", "derive");
        rows[i].how(&w);
        const char *wrong = graph_verify(&w.l);
        if (!wrong || !strstr(wrong, rows[i].says)) {
            fail_msg("row %zu: '%s' instead of '%s'", i, wrong ? wrong : "nothing",
                     rows[i].says);
        }
        arena_destroy(w.arena);
    }
}

int main(int argc, char **argv) {
    n_models = argc - 1;
    model_paths = argv + 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_every_pass),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
