/* derive_support.c -- see derive_support.h. */
#include "derive_support.h"

void derived_open(struct derived *d) {
    d->arena = arena_create(NULL, &d->on_failure);
    assert_non_null(d->arena);
    if (setjmp(d->on_failure)) {
        fail_msg("out of memory");
    }
}

void derived_close(struct derived *d) { arena_destroy(d->arena); }

void derived_of_text(struct derived *d, const char *text) {
    derived_open(d);
    const symbol_list no_columns = {0};
    struct diags *diags = diags_create(d->arena, "m.ode", text, strlen(text));
    struct ast *ast = parse(d->arena, diags, text, strlen(text));
    struct model *model = ast ? check(d->arena, diags, ast, false) : NULL;
    if (!model || !lower(d->arena, diags, model, &no_columns, &d->l)) {
        fail_msg("%s\n%s", text, diags_text(diags, false));
    }
    assert_true(lowered_function(&d->l, FUNCTION_rhs)->n <= MAX_STATES &&
                lowered_function(&d->l, FUNCTION_defaults)->n <= MAX_PARS);
    derive(&d->l);
}

int place_of(const struct lowered *l, int row, int variable) {
    const struct jacobian *j = &l->jacobian;
    for (int i = 0;
         variable == lowered_function(l, FUNCTION_rhs)->n && i < j->time_rows.n; i++) {
        if (j->time_rows.at[i] == row) {
            return lowered_function(l, FUNCTION_rhs)->n + i;
        }
    }
    for (int i = 0; i < j->entries.n; i++) {
        if (j->entries.at[i].row == row && j->entries.at[i].column == variable) {
            return lowered_function(l, FUNCTION_rhs)->n + j->time_rows.n + i;
        }
    }
    return -1;
}

/* ---- the graph in double ---- */

double leaf_value(const struct node *node, const struct point *p) {
    switch (node->kind) {
    case NODE_NUMBER:
        return node->number;
    case NODE_PAR:
        return p->pars[node->index];
    case NODE_STATE:
        return p->states[node->index];
    case NODE_TIME:
        return p->time;
    default:
        fail_msg("a node of kind %d", node->kind);
        return 0;
    }
}

double *graph_doubles(const struct derived *d, const struct point *p) {
    const struct graph *g = d->l.graph;
    double *value = ARENA_ARRAY(d->arena, double, g->nodes.n + 1);
    for (node_id n = 0; n < g->nodes.n; n++) {
        const struct node *node = graph_node(g, n);
        double args[3] = {0};
        for (int i = 0; i < node->n_args; i++) {
            args[i] = value[node->args[i]];
        }
        value[n] =
            node->kind == NODE_OP ? op_value(node->op, args) : leaf_value(node, p);
    }
    return value;
}

double derivative_of(const struct derived *d, const double value[], int row,
                     int variable) {
    const int place = place_of(&d->l, row, variable);
    return place < 0 ? 0
                     : value[lowered_function(&d->l, FUNCTION_linear)->results[place]];
}

/* ---- the reference ---- */

void precise_op(enum op op, mpfr_ptr r, mpfr_t *const x) {
    switch (op) {
#define ONE(name, function)                  \
    case OP_##name:                          \
        mpfr_##function(r, x[0], MPFR_RNDN); \
        break;
#define TWO(name, function)                        \
    case OP_##name:                                \
        mpfr_##function(r, x[0], x[1], MPFR_RNDN); \
        break;
#define TRUTH(name, truth)                       \
    case OP_##name:                              \
        mpfr_set_si(r, (truth) != 0, MPFR_RNDN); \
        break;
        ONE(NEG, neg)
        ONE(ABS, abs)
        TWO(ADD, add)
        TWO(SUB, sub)
        TWO(MUL, mul)
        TWO(DIV, div)
        ONE(ROUNDED, set)
        TWO(POW, pow)
        TWO(POWER, pow)
        TRUTH(LT, mpfr_less_p(x[0], x[1]))
        TRUTH(LE, mpfr_lessequal_p(x[0], x[1]))
        TRUTH(GT, mpfr_greater_p(x[0], x[1]))
        TRUTH(GE, mpfr_greaterequal_p(x[0], x[1]))
        TRUTH(EQ, mpfr_equal_p(x[0], x[1]))
        TRUTH(NE, !mpfr_equal_p(x[0], x[1]))
        TRUTH(AND, !mpfr_zero_p(x[0]) && !mpfr_zero_p(x[1]))
        TRUTH(OR, !mpfr_zero_p(x[0]) || !mpfr_zero_p(x[1]))
        TRUTH(NOT, mpfr_zero_p(x[0]))
    case OP_FINITE:
        mpfr_set_si(r, 0, MPFR_RNDN);
        if (mpfr_number_p(x[0])) {
            mpfr_set(r, x[0], MPFR_RNDN);
        }
        break;
    case OP_SELECT:
        mpfr_set(r, mpfr_zero_p(x[0]) ? x[2] : x[1], MPFR_RNDN);
        break;
    default:
        if (math_of(op_table[op].spelling) == MATH_COUNT) {
            fail_msg("'%s' has no row in tests/support/math_functions.def",
                     op_table[op].spelling);
        }
        precise_function(math_of(op_table[op].spelling), r, x[0], x[1]);
        break;
    }
}

int step_exponent(double x) {
    int e = 0;
    frexp(x, &e);
    return (e < 0 ? e : 0) - STEP;
}

void precise_partial(enum op op, const double args[], int slot, int e, mpfr_ptr d) {
    mpfr_t x[2], step, f[2];
    mpfr_inits2(mpfr_get_prec(d), x[0], x[1], step, f[0], f[1], (mpfr_ptr)0);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < 2; i++) {
            mpfr_set_d(x[i], args[i], MPFR_RNDN);
        }
        mpfr_set_si_2exp(step, side ? 1 : -1, e, MPFR_RNDN);
        mpfr_add(x[slot], x[slot], step, MPFR_RNDN);
        precise_op(op, f[side], x);
    }
    mpfr_sub(d, f[1], f[0], MPFR_RNDN);
    mpfr_div_2si(d, d, e + 1, MPFR_RNDN);
    mpfr_clears(x[0], x[1], step, f[0], f[1], (mpfr_ptr)0);
}
