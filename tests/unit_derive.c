/* unit_derive.c -- the Jacobian and df/dt of derive.c are the derivatives of f.
 *
 * The reference is a central difference in MPFR: with BITS bits and a step of 2^-STEP
 * of the argument it is good to 2^-170 even 2^-110 away from a singularity, so what is
 * measured is the rule alone. Three parts:
 *
 *   rules        every operation by itself, as a state's derivative, its arguments
 * being states, time, parameters and numbers; the derivative computed in double, as a
 * kernel does, against the reference, in ulps composites   model texts through the
 * front end: the chain rule. The derivatives' graph is computed in MPFR too, so that no
 * rounding hides an error structure    which entries there are, in which order, and
 * what they share with f
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "diag.h"
#include "graph.h"
#include "math_reference.h"
#include "passes.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

enum { BITS = 1400, STEP = 200 };
enum { MAX_STATES = 8, MAX_PARS = 16 };

/* The values of a graph's leaves. */
struct point {
    double states[MAX_STATES], time, pars[MAX_PARS];
};

/* A model, or a right-hand side made by hand, with its derivatives. */
struct derived {
    jmp_buf on_failure;
    struct arena *arena;
    struct lowered l;
};

static void derived_open(struct derived *d) {
    d->arena = arena_create(NULL, &d->on_failure);
    assert_non_null(d->arena);
    if (setjmp(d->on_failure)) {
        fail_msg("out of memory");
    }
}

static void derived_close(struct derived *d) { arena_destroy(d->arena); }

/* As compile.c does it. */
static void derived_of_text(struct derived *d, const char *text) {
    derived_open(d);
    const symbol_list no_columns = {0};
    struct diags *diags = diags_create(d->arena, "m.ode", text, strlen(text));
    struct ast *ast = parse(d->arena, diags, text, strlen(text));
    struct model *model = ast ? check(d->arena, diags, ast, false) : NULL;
    if (!model || !lower(d->arena, diags, model, &no_columns, &d->l)) {
        fail_msg("%s\n%s", text, diags_text(diags, false));
    }
    assert_true(d->l.rhs.n <= MAX_STATES && d->l.defaults.n <= MAX_PARS);
    derive(&d->l);
}

/* Where in `linear` the derivative of f's row stands; -1: zero by structure. */
static int place_of(const struct lowered *l, int row, int variable) {
    const struct jacobian *j = &l->jacobian;
    for (int i = 0; variable == l->rhs.n && i < j->time_rows.n; i++) {
        if (j->time_rows.at[i] == row) {
            return l->rhs.n + i;
        }
    }
    for (int i = 0; i < j->entries.n; i++) {
        if (j->entries.at[i].row == row && j->entries.at[i].column == variable) {
            return l->rhs.n + j->time_rows.n + i;
        }
    }
    return -1;
}

/* ---- the graph in double, by the kernels' own arithmetic ---- */

static double leaf_value(const struct node *node, const struct point *p) {
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

/* All nodes' values, in the arena. */
static double *graph_doubles(const struct derived *d, const struct point *p) {
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

/* ---- one operation in MPFR ---- */

static void precise_op(enum op op, mpfr_ptr r, mpfr_t *const x) {
    switch (op) {
#define ONE(name, function)                                                            \
    case OP_##name:                                                                    \
        mpfr_##function(r, x[0], MPFR_RNDN);                                           \
        break;
#define TWO(name, function)                                                            \
    case OP_##name:                                                                    \
        mpfr_##function(r, x[0], x[1], MPFR_RNDN);                                     \
        break;
#define TRUTH(name, truth)                                                             \
    case OP_##name:                                                                    \
        mpfr_set_si(r, (truth) != 0, MPFR_RNDN);                                       \
        break;
        ONE(NEG, neg)
        ONE(SIN, sin)
        ONE(COS, cos)
        ONE(TAN, tan)
        ONE(ASIN, asin)
        ONE(ACOS, acos)
        ONE(ATAN, atan)
        ONE(SINH, sinh)
        ONE(COSH, cosh)
        ONE(TANH, tanh)
        ONE(ASINH, asinh)
        ONE(ACOSH, acosh)
        ONE(ATANH, atanh)
        ONE(EXP, exp)
        ONE(EXPM1, expm1)
        ONE(LOG, log)
        ONE(LOG1P, log1p)
        ONE(LOG2, log2)
        ONE(LOG10, log10)
        ONE(SQRT, sqrt)
        ONE(CBRT, cbrt)
        ONE(ABS, abs)
        ONE(ERF, erf)
        ONE(ERFC, erfc)
        ONE(FLOOR, rint_floor)
        ONE(CEIL, rint_ceil)
        ONE(ROUND, rint_round)
        TWO(ADD, add)
        TWO(SUB, sub)
        TWO(MUL, mul)
        TWO(DIV, div)
        TWO(POW, pow)
        TWO(ATAN2, atan2)
        TWO(HYPOT, hypot)
        TRUTH(SIGN, mpfr_sgn(x[0]))
        TRUTH(LT, mpfr_less_p(x[0], x[1]))
        TRUTH(LE, mpfr_lessequal_p(x[0], x[1]))
        TRUTH(GT, mpfr_greater_p(x[0], x[1]))
        TRUTH(GE, mpfr_greaterequal_p(x[0], x[1]))
        TRUTH(EQ, mpfr_equal_p(x[0], x[1]))
        TRUTH(NE, !mpfr_equal_p(x[0], x[1]))
        TRUTH(AND, !mpfr_zero_p(x[0]) && !mpfr_zero_p(x[1]))
        TRUTH(OR, !mpfr_zero_p(x[0]) || !mpfr_zero_p(x[1]))
        TRUTH(NOT, mpfr_zero_p(x[0]))
    case OP_MOD:
        reference_mod(r, x[0], x[1]);
        break;
    case OP_MIN:
    case OP_MAX:
        reference_minmax(r, x[0], x[1], op == OP_MAX);
        break;
    case OP_SELECT:
        mpfr_set(r, mpfr_zero_p(x[0]) ? x[2] : x[1], MPFR_RNDN);
        break;
    default:
        fail_msg("%s has no reference", op_table[op].name);
    }
    if (op == OP_SIGN) {
        mpfr_setsign(r, r, mpfr_sgn(x[0]) < 0, MPFR_RNDN);
    }
}

/* The step is 2^this: small beside x, and beside the 1 that is the size of a period. */
static int step_exponent(double x) {
    int e = 0;
    frexp(x, &e);
    return (e < 0 ? e : 0) - STEP;
}

/* d op / d argument `slot`. */
static void precise_partial(enum op op, const double args[], int slot, mpfr_ptr d) {
    mpfr_t x[2], step, f[2];
    mpfr_inits2(BITS, x[0], x[1], step, f[0], f[1], (mpfr_ptr)0);
    const int e = step_exponent(args[slot]);
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

/* ---- rules: one operation ---- */

enum leaf { NOTHING, Y0, Y1, TIME, PAR, NUMBER };

static const struct shape {
    enum leaf args[2];
} shapes_1[] = {{{Y0, NOTHING}}, {{Y1, NOTHING}}, {{TIME, NOTHING}}},
  shapes_2[] = {{{Y0, Y1}},  {{Y1, Y0}},    {{Y0, TIME}},   {{TIME, Y1}},  {{Y0, PAR}},
                {{PAR, Y1}}, {{TIME, PAR}}, {{Y1, NUMBER}}, {{NUMBER, Y0}}},
  same = {{Y0, Y0}};

/* Where the arguments are taken from, and the bound: ulps (2^-52) of the derivative
 * times slack(). A rule's few operations are well conditioned apart from slack's cases,
 * so the bound is the sum of their own (math_functions.h), as tan's 1 + r^2 has
 * 2*2 + 0.5 + 0.5; 0: the derivative is exact. */
static const struct rule {
    enum op op;
    double lo_a, hi_a, lo_b, hi_b, bound;
} rules[] = {
    {OP_ADD, -0x1p60, 0x1p60, -0x1p60, 0x1p60, 0},
    {OP_SUB, -0x1p60, 0x1p60, -0x1p60, 0x1p60, 0},
    {OP_MUL, -0x1p60, 0x1p60, -0x1p60, 0x1p60, 1},
    {OP_DIV, -0x1p60, 0x1p60, -0x1p60, 0x1p60, 3},
    {OP_NEG, -0x1p60, 0x1p60, 0, 0, 0},
    {OP_POW, 0x1p-60, 0x1p60, -600, 600, 6},
    {OP_SIN, -0x1p40, 0x1p40, 0, 0, 1},
    {OP_COS, -0x1p40, 0x1p40, 0, 0, 1},
    {OP_TAN, -0x1p40, 0x1p40, 0, 0, 5},
    {OP_ASIN, -1, 1, 0, 0, 3},
    {OP_ACOS, -1, 1, 0, 0, 3},
    {OP_ATAN, -0x1p60, 0x1p60, 0, 0, 3},
    {OP_ATAN2, -0x1p60, 0x1p60, -0x1p60, 0x1p60, 3},
    {OP_SINH, -600, 600, 0, 0, 2},
    {OP_COSH, -600, 600, 0, 0, 2},
    {OP_TANH, -600, 600, 0, 0, 4},
    {OP_ASINH, -0x1p60, 0x1p60, 0, 0, 3},
    {OP_ACOSH, 1, 0x1p60, 0, 0, 3},
    {OP_ATANH, -1, 1, 0, 0, 3},
    {OP_EXP, -600, 600, 0, 0, 1},
    {OP_EXPM1, -600, 600, 0, 0, 1},
    {OP_LOG, 0, 0x1p60, 0, 0, 1},
    {OP_LOG1P, -1, 0x1p60, 0, 0, 2},
    {OP_LOG2, 0, 0x1p60, 0, 0, 1},
    {OP_LOG10, 0, 0x1p60, 0, 0, 1},
    {OP_SQRT, 0, 0x1p60, 0, 0, 2},
    {OP_CBRT, -0x1p60, 0x1p60, 0, 0, 6},
    {OP_ABS, -0x1p60, 0x1p60, 0, 0, 0},
    {OP_SIGN, -0x1p60, 0x1p60, 0, 0, 0},
    {OP_FLOOR, -0x1p40, 0x1p40, 0, 0, 0},
    {OP_CEIL, -0x1p40, 0x1p40, 0, 0, 0},
    {OP_ROUND, -0x1p40, 0x1p40, 0, 0, 0},
    {OP_MOD, -0x1p40, 0x1p40, -0x1p40, 0x1p40, 2},
    {OP_MIN, -0x1p60, 0x1p60, -0x1p60, 0x1p60, 0},
    {OP_MAX, -0x1p60, 0x1p60, -0x1p60, 0x1p60, 0},
    {OP_HYPOT, -0x1p60, 0x1p60, -0x1p60, 0x1p60, 3},
    {OP_ERF, -25, 25, 0, 0, 3},
    {OP_ERFC, -25, 25, 0, 0, 3},
};

/* How many times the bound a rule may be wrong, since it rounds what it hands to an
 * ill-conditioned function: a^(b-1) with b - 1 rounded, and n products for a whole
 * power n; exp(-a^2) with a^2 rounded; 1 - r^2 with r rounded, so that the bound is an
 * absolute one, of 2^-52. */
static double slack(enum op op, const double x[]) {
    switch (op) {
    case OP_POW:
        return 1 + (1 + fabs(x[1])) * (0.1 + fabs(log(fabs(x[0]))) / 8);
    case OP_ERF:
    case OP_ERFC:
        return 1 + x[0] * x[0];
    case OP_TANH:
        return cosh(x[0]) * cosh(x[0]);
    default:
        return 1;
    }
}

/* Is there no derivative at the point, or one that the rule does not promise? */
static bool at_kink(enum op op, const double x[]) {
    switch (op) {
    case OP_ABS:
    case OP_SIGN:
    case OP_CBRT:
        return x[0] == 0;
    case OP_FLOOR:
    case OP_CEIL:
        return x[0] == floor(x[0]);
    case OP_ROUND:
        return x[0] + 0.5 == floor(x[0] + 0.5);
    case OP_MIN:
    case OP_MAX:
        return x[0] == x[1];
    case OP_MOD:
        return x[1] == 0 || fmod(x[0], x[1]) == 0;
    default:
        return false;
    }
}

static node_id make_leaf(struct graph *g, enum leaf leaf, double value,
                         struct point *p) {
    switch (leaf) {
    case Y0:
    case Y1:
        p->states[leaf - Y0] = value;
        return graph_leaf(g, NODE_STATE, leaf - Y0);
    case TIME:
        p->time = value;
        return graph_leaf(g, NODE_TIME, 0);
    case PAR:
        p->pars[0] = value;
        return graph_leaf(g, NODE_PAR, 0);
    default:
        return graph_number(g, value);
    }
}

/* y0' = 3, y1' = op(args) */
static void derived_of_op(struct derived *d, enum op op, const struct shape *shape,
                          const double x[], struct point *p) {
    derived_open(d);
    struct graph *g = graph_create(d->arena);
    node_id args[2] = {0};
    for (int i = 0; i < op_table[op].arity; i++) {
        args[i] = make_leaf(g, shape->args[i], x[i], p);
    }
    d->l = (struct lowered){.graph = g, .rhs = {2, ARENA_ARRAY(d->arena, node_id, 2)}};
    d->l.rhs.results[0] = graph_number(g, 3);
    d->l.rhs.results[1] = graph_op(g, op, args);
    derive(&d->l);
}

/* The error of the derivative by a variable (0, 1, or 2: t), in its units; infinity
 * where it is not a number. */
static double entry_error(const struct derived *d, const double value[], enum op op,
                          const struct shape *shape, const double x[], mpfr_t partial[],
                          int variable) {
    const int place = place_of(&d->l, 1, variable);
    const double y = place < 0 ? 0 : value[d->l.linear.results[place]];
    double unit = 0;
    mpfr_t error;
    mpfr_init2(error, BITS);
    mpfr_set_d(error, -y, MPFR_RNDN);
    for (int i = 0; i < op_table[op].arity; i++) {
        if ((int)shape->args[i] == Y0 + variable) {
            mpfr_add(error, error, partial[i], MPFR_RNDN);
            unit += fabs(mpfr_get_d(partial[i], MPFR_RNDN)) * slack(op, x) * 0x1p-52;
        }
    }
    /* what is below the reference's own accuracy is nothing */
    double e = fabs(mpfr_get_d(error, MPFR_RNDN));
    mpfr_clear(error);
    e = e < unit * 0x1p-60 ? 0 : e;
    return isnan(e) ? (double)INFINITY : e == 0 ? 0 : unit == 0 ? INFINITY : e / unit;
}

static bool is_usable(mpfr_srcptr d) {
    return mpfr_zero_p(d) ||
           (mpfr_regular_p(d) && mpfr_get_exp(d) > -900 && mpfr_get_exp(d) < 900);
}

/* The largest error at a point; negative where the point does not serve. */
static double point_error(enum op op, const struct shape *shape, const double x[]) {
    mpfr_t partial[2];
    mpfr_inits2(BITS, partial[0], partial[1], (mpfr_ptr)0);
    bool usable = !at_kink(op, x);
    for (int i = 0; usable && i < op_table[op].arity; i++) {
        if (shape->args[i] != NUMBER && shape->args[i] != PAR) {
            precise_partial(op, x, i, partial[i]);
            usable = is_usable(partial[i]);
        }
    }
    double worst = -1;
    if (usable) {
        struct derived d;
        struct point p = {0};
        derived_of_op(&d, op, shape, x, &p);
        const double *value = graph_doubles(&d, &p);
        for (int variable = 0; variable < 3; variable++) {
            worst =
                fmax(worst, entry_error(&d, value, op, shape, x, partial, variable));
            assert_int_equal(place_of(&d.l, 0, variable), -1); /* y0' = 3 */
        }
        derived_close(&d);
    }
    mpfr_clears(partial[0], partial[1], (mpfr_ptr)0);
    return worst;
}

/* A number between lo and hi: within 10 of zero, of any size, near a difficult point.
 */
static double rule_argument(enum op op, double lo, double hi) {
    static const double edges[] = {0, 0.5, 1, -1, 2, 25, 3};
    for (;;) {
        const uint64_t way = random_bits();
        double x = random_between(fmax(lo, -10), fmin(hi, 10));
        if (way % 3 == 0) {
            x = ldexp(random_between(1, 2), (int)(way / 8 % 120) - 60) *
                (way & 4 ? -1 : 1);
        } else if (way % 3 == 1) {
            const bool turns = op == OP_SIN || op == OP_COS || op == OP_TAN;
            x = near_number(turns ? near_right_angle(false)
                                  : edges[way / 8 % LENGTH(edges)],
                            false);
        }
        if (x >= lo && x <= hi && (x == 0 || fabs(x) > 0x1p-61)) {
            return x;
        }
    }
}

static int rule_check(const struct rule *rule, const struct shape *shape, int n_points,
                      double *worst) {
    int wrong = 0;
    for (int done = 0, tries = 0; done < n_points; tries++) {
        assert_true(tries < 20 * n_points);
        const double x[2] = {rule_argument(rule->op, rule->lo_a, rule->hi_a),
                             rule->lo_b < rule->hi_b
                                 ? rule_argument(rule->op, rule->lo_b, rule->hi_b)
                                 : 0};
        const double args[2] = {x[0], shape->args[0] == shape->args[1] ? x[0] : x[1]};
        const double e = point_error(rule->op, shape, args);
        done += e >= 0;
        *worst = fmax(*worst, e);
        if (e > rule->bound && wrong++ < 5) {
            print_error("%s(%.17g, %.17g) of leaves %d, %d: %g ulp\n",
                        op_table[rule->op].name, args[0], args[1], shape->args[0],
                        shape->args[1], e);
        }
    }
    return wrong;
}

static void rules_are_derivatives(void **state) {
    (void)state;
    int wrong = 0;
    for (int r = 0; r < LENGTH(rules); r++) {
        const bool two = op_table[rules[r].op].arity == 2;
        double worst = 0;
        for (int s = 0; s < (two ? LENGTH(shapes_2) : LENGTH(shapes_1)); s++) {
            wrong += rule_check(&rules[r], two ? &shapes_2[s] : &shapes_1[s],
                                two ? 150 : 300, &worst);
        }
        const double diagonal[2] = {0.7, 0.7};
        if (two && !at_kink(rules[r].op, diagonal)) { /* both partial derivatives add */
            wrong += rule_check(&rules[r], &same, 150, &worst);
        }
        print_message("%s: %.2f of %g ulp\n", op_table[rules[r].op].name, worst,
                      rules[r].bound);
    }
    assert_int_equal(wrong, 0);
}

/* Every operation that can stand in a right-hand side has its row, or is a condition.
 */
static void every_operation_has_a_rule(void **state) {
    (void)state;
    for (int op = 0; op < OP_COUNT; op++) {
        bool found = op == OP_SELECT; /* among the composites, as conditions are */
        for (int r = 0; r < LENGTH(rules); r++) {
            found |= (int)rules[r].op == op;
        }
        const enum op_class class = op_table[op].class;
        if (found != (class == OP_CLASS_OPERATOR || class == OP_CLASS_BUILTIN)) {
            fail_msg("%s", op_table[op].name);
        }
    }
}

/* Exponents that are numbers become products, square roots and quotients; with whole
 * ones, numbers or parameters, the base may be negative. */
static void powers_are_derivatives(void **state) {
    (void)state;
    static const double exponents[] = {0,    1,    2,   3,       4,    7,    13,
                                       15,   31,   32,  33,      -1,   -2,   -3,
                                       -9,   0.5,  1.5, 2.5,     31.5, 32.5, 33.5,
                                       -0.5, -7.5, 0.3, 1 / 3.0, -0.7, 1e-9, 1000};
    static const struct shape of[] = {
        {{Y0, NUMBER}}, {{TIME, NUMBER}}, {{Y1, PAR}}, {{TIME, PAR}}};
    enum { POWERS_BOUND = 4 };
    double worst = 0;
    int wrong = 0;
    for (int i = 0; i < LENGTH(exponents); i++) {
        for (int s = 0; s < LENGTH(of); s++) {
            for (int k = 0; k < 60; k++) {
                double x = rule_argument(OP_POW, 0x1p-60, 0x1p60);
                if (exponents[i] == floor(exponents[i]) && k % 2) {
                    x = -x;
                }
                const double args[2] = {x, exponents[i]};
                const double e = point_error(OP_POW, &of[s], args);
                worst = fmax(worst, e);
                if (e > POWERS_BOUND && wrong++ < 10) {
                    print_error("(%.17g)^%g: %g ulp\n", x, exponents[i], e);
                }
            }
        }
    }
    print_message("powers: %.2f of %d ulp\n", worst, POWERS_BOUND);
    assert_int_equal(wrong, 0);
}

/* Where there is no derivative: one from a side, or what keeps steps alive. */
static void kinks_are_harmless(void **state) {
    (void)state;
    static const struct {
        enum op op;
        enum leaf a, b;
        double x, z;
        int variable;
        double one, other; /* what the derivative may be */
    } kinks[] = {
        {OP_ABS, Y0, NOTHING, 0, 0, 0, -1, 1},
        {OP_ABS, Y0, NOTHING, -0.0, 0, 0, -1, 1},
        {OP_SIGN, Y0, NOTHING, 0, 0, 0, 0, 0},
        {OP_FLOOR, Y0, NOTHING, 3, 0, 0, 0, 0},
        {OP_CEIL, TIME, NOTHING, 3, 0, 2, 0, 0},
        {OP_ROUND, Y0, NOTHING, 2.5, 0, 0, 0, 0},
        {OP_MIN, Y0, Y1, 2, 2, 0, 0, 1},
        {OP_MIN, Y0, Y1, 2, 2, 1, 0, 1},
        {OP_MIN, Y0, Y0, 2, 2, 0, 1, 1},
        {OP_MAX, Y0, Y1, 2, 2, 0, 0, 1},
        {OP_MAX, Y0, Y0, 2, 2, 0, 1, 1},
        {OP_MAX, TIME, NUMBER, 2, 2, 2, 0, 1},
        {OP_MOD, Y0, NUMBER, 6, 2, 0, 1, 1},
        {OP_MOD, Y0, Y1, 6, 2, 1, -3, -2},
        {OP_MOD, Y0, Y0, 2, 2, 0, 0, 1},
        {OP_HYPOT, Y0, Y1, 0, 0, 0, -1, 1},
        {OP_HYPOT, Y0, Y0, 0, 0, 0, -2, 2},
        {OP_POW, Y0, NUMBER, 0, 0, 0, 0, 0},
        {OP_POW, Y0, NUMBER, 0, 1, 0, 1, 1},
        {OP_POW, Y0, NUMBER, 0, 1.5, 0, 0, 0},
        {OP_POW, Y0, NUMBER, 0, 2, 0, 0, 0},
        {OP_POW, Y0, NUMBER, 0, 2.5, 0, 0, 0},
        {OP_POW, Y0, NUMBER, 0, 2.3, 0, 0, 0},
        {OP_POW, Y0, PAR, 0, 0, 0, 0, 0},
        {OP_POW, Y0, PAR, 0, 1, 0, 1, 1},
        {OP_POW, Y0, PAR, 0, 1.5, 0, 0, 0},
        {OP_POW, Y0, PAR, 0, 3, 0, 0, 0},
        {OP_POW, Y0, Y1, 0, 2, 0, 0, 0},
        {OP_POW, Y0, Y1, 0, 2, 1, 0, 0},
        {OP_POW, Y0, Y1, -2, 2, 0, -4, -4},
        {OP_POW, Y0, Y1, -2, 2, 1, 0, 0},
        {OP_POW, NUMBER, Y0, -2, 2, 0, 0, 0},
    };
    for (int i = 0; i < LENGTH(kinks); i++) {
        const double x[2] = {kinks[i].x, kinks[i].z};
        struct derived d;
        struct point p = {0};
        derived_of_op(&d, kinks[i].op, &(struct shape){{kinks[i].a, kinks[i].b}}, x,
                      &p);
        const int place = place_of(&d.l, 1, kinks[i].variable);
        const double *value = graph_doubles(&d, &p);
        const double y = place < 0 ? 0 : value[d.l.linear.results[place]];
        if (!(y >= kinks[i].one && y <= kinks[i].other)) {
            print_error("row %d: %s(%g, %g): %g, not %g or %g\n", i,
                        op_table[kinks[i].op].name, x[0], x[1], y, kinks[i].one,
                        kinks[i].other);
            fail();
        }
        derived_close(&d);
    }
}

/* ---- composites: the chain rule ---- */

/* bits: how well graph and reference agree in MPFR; 50 where a rule has a constant that
 * is a rounded double, as 1/10 is too, and less where differences enlarge that. States,
 * and t, are in lo .. hi, parameters within 40% of their defaults. */
static const struct composite {
    const char *text;
    double lo, hi;
    int bits;
} composites[] = {
    {"model hill\npar v = 2, K = 0.7, n = 2.5, k = 0.3\ninit x = 1, y = 1\n"
     "x' = v*x^n/(K^n + x^n) - k*x*y\ny' = v/(1 + (x/K)^4) + y^3/(K^3 + y^3) - k*y",
     0.01, 5, 100},
    {"model michaelis\npar V = 3, Km = 0.4, Ki = 2\ninit S = 1, P = 0, E = 1\n"
     "rate = V*E*S/(Km*(1 + P/Ki) + S)\nS' = -rate\nP' = rate\nE' = -E*S/(S + Ki)^2",
     0, 5, 100},
    {"model products\npar k1 = 3, k2 = 4\ninit a = 1, b = 1, c = 1, d = 1\n"
     "a' = -k1*a*b*c + k2*d\nb' = a*b*c*d - (a + b)*(c - d)\nc' = a*a*b - 2*c\n"
     "d' = k1*(a - d)*(b - c)*(c - a)",
     -4, 4, 100},
    {"model nested_if\ninit x = 1, y = 1\n"
     "x' = if x < 1 then (if y > x then x*y else -x*t) else if t > 2 then x/y else "
     "exp(-x)*t\n"
     "y' = if not (x > y and t < 1) or y > 2 then x^2 else if x + y > 3 then 5 else "
     "y^3",
     0.1, 3, 100},
    {"model exp_of_quotients\ninit x = 1, y = 1\n"
     "x' = exp(-x/(y + 1))/(1 + exp((x - y)/2))\ny' = exp(exp(-x*y)/(x*x + 1)) - y",
     -0.9, 3, 100},
    {"model hodgkin_huxley\npar gNa = 120, gK = 36, gL = 0.3, C = 1, I = 10\n"
     "init V = -65, m = 0.05, h = 0.6, n = 0.3\n"
     "vtrap(x, y) = if abs(x/y) < 1e-6 then y*(1 - x/y/2) else x/(exp(x/y) - 1)\n"
     "relax(u, a, b) = a*(1 - u) - b*u\n"
     "V' = (I - gNa*m^3*h*(V - 50) - gK*n^4*(V + 77) - gL*(V + 54.4))/C\n"
     "m' = relax(m, 0.1*vtrap(-(V + 40), 10), 4*exp(-(V + 65)/18))\n"
     "h' = relax(h, 0.07*exp(-(V + 65)/20), 1/(1 + exp(-(V + 35)/10)))\n"
     "n' = relax(n, 0.01*vtrap(-(V + 55), 10), 0.125*exp(-(V + 65)/80))",
     -60, 40, 35},
    {"model powers\ninit x = 1, y = 1\n"
     "x' = -x^2.5 + y^(-1.5) + x^-3 - y^0.5\ny' = x^7*y^3.5/(1 + x^2)^2 + (x*y)^0.25",
     0.05, 4, 100},
    {"model roots\ninit x = 1, y = 1\n"
     "x' = sqrt(x*y) - cbrt(x - y)\ny' = sqrt(x^2 + y^2) + log(x/y)*log1p(x) - "
     "1/sqrt(1 + t)",
     0.05, 4, 100},
    {"model waves\ninit x = 1, y = 1\n"
     "x' = sin(t)*x - cos(x*t)*y^2\ny' = t^2*y + tan(x/4)*sin(x - cos(y + t))",
     -4, 4, 100},
    {"model driven\npar a = 2, b = 0.5, w = 3\ninit x = 1, y = 1\n"
     "amp = a*(1 + b*cos(w*t))\ngate = 1/(1 + exp(-(t - b)/a))\n"
     "x' = amp*x - gate*x^2\ny' = -y/amp + tanh(amp*y)",
     -3, 3, 100},
    {"model functions\npar k = 2\ninit x = 1, y = 1\nf(u, v) = u*exp(-v^2)/(1 + u^2)\n"
     "g(u) = f(u, k) - f(k*t, u)\nx' = f(f(x, y), g(y))\ny' = g(x*y) + g(g(x))",
     -2, 2, 100},
    {"model exponents\ninit x = 1, y = 1\n"
     "x' = x^y + 2^x - y^t\ny' = t^x/(x + y)^(x*y) + (1 + x)^-y + x^x",
     0.1, 3, 50},
    {"model inverse\ninit x = 0.1, y = 0.2\n"
     "x' = asin(x*y)*acos(x/2) + atan(x - 3*y)\n"
     "y' = asinh(x*t) - atanh(y*0.9) + acosh(2 + x*y) + atan2(x, y + t)",
     -0.9, 0.9, 100},
    {"model hyperbolic\ninit x = 1, y = 1\n"
     "x' = sinh(x)*cosh(y) - tanh(x*y)\ny' = expm1(x - y) + hypot(x*y, x + t)",
     -3, 3, 100},
    {"model pieces\npar p = 0.7\ninit x = 1, y = 1\n"
     "x' = max(0, min(x*y, 1)) - abs(x - y)*abs(t)\n"
     "y' = mod(t*x, p)*mod(x, y) + min(x^2, sin(y)) - "
     "floor(x)*sign(y)*round(t)*ceil(y)*x",
     -3, 3, 100},
    {"model rounded_constants\ninit x = 1, y = 1\n"
     "x' = log2(x*y) + log10(x + t)\ny' = erf(x - y)*erfc(x*t)",
     0.1, 3, 50},
};

/* Nodes' values in MPFR. */
struct precise {
    const struct lowered *l;
    const int *uses;
    mpfr_t *value;
};

static void precise_open(struct precise *p, const struct lowered *l) {
    p->l = l;
    p->uses = graph_uses(l->graph, &l->linear, 1);
    p->value = calloc((size_t)l->graph->nodes.n + 1, sizeof *p->value);
    assert_non_null(p->value);
    for (int n = 0; n < l->graph->nodes.n; n++) {
        mpfr_init2(p->value[n], BITS);
    }
}

static void precise_close(struct precise *p) {
    for (int n = 0; n < p->l->graph->nodes.n; n++) {
        mpfr_clear(p->value[n]);
    }
    free(p->value);
}

static bool is_variable(const struct lowered *l, const struct node *node,
                        int variable) {
    return variable == l->rhs.n ? node->kind == NODE_TIME
                                : node->kind == NODE_STATE && node->index == variable;
}

/* With the variable (-1: none) moved by sign * 2^e. */
static void precise_run(struct precise *p, const struct point *at, int variable,
                        int sign, int e) {
    const struct graph *g = p->l->graph;
    mpfr_t args[3], step;
    mpfr_inits2(BITS, args[0], args[1], args[2], step, (mpfr_ptr)0);
    mpfr_set_si_2exp(step, sign, e, MPFR_RNDN);
    for (node_id n = 0; n < g->nodes.n; n++) {
        const struct node *node = graph_node(g, n);
        if (!p->uses[n]) {
            continue;
        }
        if (node->kind == NODE_OP) {
            for (int i = 0; i < node->n_args; i++) {
                mpfr_set(args[i], p->value[node->args[i]], MPFR_RNDN);
            }
            precise_op(node->op, p->value[n], args);
        } else {
            mpfr_set_d(p->value[n], leaf_value(node, at), MPFR_RNDN);
            if (is_variable(p->l, node, variable)) {
                mpfr_add(p->value[n], p->value[n], step, MPFR_RNDN);
            }
        }
    }
    mpfr_clears(args[0], args[1], args[2], step, (mpfr_ptr)0);
}

/* df/dvariable of all rows, by differences. */
static void precise_column(struct precise *p, const struct point *at, int variable,
                           mpfr_t d[]) {
    const struct function *f = &p->l->rhs;
    const int e = step_exponent(variable == f->n ? at->time : at->states[variable]);
    precise_run(p, at, variable, 1, e);
    for (int i = 0; i < f->n; i++) {
        mpfr_set(d[i], p->value[f->results[i]], MPFR_RNDN);
    }
    precise_run(p, at, variable, -1, e);
    for (int i = 0; i < f->n; i++) {
        mpfr_sub(d[i], d[i], p->value[f->results[i]], MPFR_RNDN);
        mpfr_div_2si(d[i], d[i], e + 1, MPFR_RNDN);
    }
}

static struct point random_point(const struct lowered *l, double lo, double hi) {
    struct point p = {.time = random_between(lo, hi)};
    for (int i = 0; i < l->rhs.n; i++) {
        p.states[i] = random_between(lo, hi);
    }
    for (int i = 0; i < l->defaults.n; i++) {
        const struct node *node = graph_node(l->graph, l->defaults.results[i]);
        assert_int_equal(node->kind, NODE_NUMBER);
        p.pars[i] = node->number * random_between(0.6, 1.4);
    }
    return p;
}

struct worst {
    double exact;   /* graph in MPFR against differences, relative */
    double rounded; /* graph in double against differences, of the row's largest */
};

/* |a - b| / size, 0 where both are zero. */
static double relative(mpfr_srcptr a, mpfr_srcptr b, double size) {
    mpfr_t d;
    mpfr_init2(d, BITS);
    mpfr_sub(d, a, b, MPFR_RNDN);
    const double e = fabs(mpfr_get_d(d, MPFR_RNDN));
    mpfr_clear(d);
    return isnan(e) ? (double)INFINITY : e == 0 ? 0 : e / size;
}

static void composite_point(const struct derived *d, struct precise *p,
                            const struct point *at, struct worst *worst) {
    const struct lowered *l = &d->l;
    const int n = l->rhs.n;
    const double *value = graph_doubles(d, at);
    mpfr_t reference[MAX_STATES + 1][MAX_STATES], y;
    double largest[MAX_STATES] = {0};
    mpfr_init2(y, BITS);
    for (int v = 0; v <= n; v++) {
        for (int i = 0; i < n; i++) {
            mpfr_init2(reference[v][i], BITS);
        }
        precise_column(p, at, v, reference[v]);
        for (int i = 0; i < n; i++) {
            largest[i] = fmax(largest[i], fabs(mpfr_get_d(reference[v][i], MPFR_RNDN)));
        }
    }
    precise_run(p, at, -1, 0, 0);
    for (int v = 0; v <= n; v++) {
        for (int i = 0; i < n; i++) {
            mpfr_ptr r = reference[v][i];
            const int place = place_of(l, i, v);
            const node_id node = place < 0 ? -1 : l->linear.results[place];
            mpfr_set_d(y, 0, MPFR_RNDN);
            /* below 2^-100 of the row the differences' own error shows */
            const double size =
                fmax(fabs(mpfr_get_d(r, MPFR_RNDN)), largest[i] * 0x1p-60);
            worst->exact =
                fmax(worst->exact, relative(node < 0 ? y : p->value[node], r, size));
            mpfr_set_d(y, node < 0 ? 0 : value[node], MPFR_RNDN);
            worst->rounded = fmax(worst->rounded, relative(y, r, largest[i]));
            mpfr_clear(r);
        }
    }
    mpfr_clear(y);
}

static void composite_check(const struct composite *c, int n_points) {
    struct derived d;
    struct precise p;
    struct worst worst = {0};
    derived_of_text(&d, c->text);
    precise_open(&p, &d.l);
    for (int k = 0; k < n_points; k++) {
        const struct point at = random_point(&d.l, c->lo, c->hi);
        composite_point(&d, &p, &at, &worst);
    }
    if (worst.exact > ldexp(1, -c->bits) || worst.rounded > 1e-11) {
        fail_msg("%s\nerrors %g in MPFR, %g in double", c->text, worst.exact,
                 worst.rounded);
    }
    precise_close(&p);
    derived_close(&d);
}

static void composites_are_derivatives(void **state) {
    (void)state;
    for (int i = 0; i < LENGTH(composites); i++) {
        composite_check(&composites[i], 100);
    }
}

/* Each branch has its own derivative, under every condition. */
static void branches_are_derivatives(void **state) {
    (void)state;
    static const char *conditions[] = {"x < y",
                                       "x <= y",
                                       "x > y",
                                       "x >= y",
                                       "x == y",
                                       "x != y",
                                       "x < 1 and y < 1",
                                       "x < 1 or y < 1",
                                       "not (x < y)",
                                       "t < x",
                                       "x < 1 and (y < 1 or not t < 1)",
                                       "x + 1 < y or t > 1",
                                       "c",
                                       "not c"};
    for (int i = 0; i < LENGTH(conditions); i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "model branch\ninit x = 1, y = 1\nc = x*y < t and x > 0.2\n"
                 "x' = if %s then x*y*t else sin(x)\n"
                 "y' = exp(-y)*(if %s then y else if x*y > 1 then x^3 else 7)",
                 conditions[i], conditions[i]);
        composite_check(&(struct composite){text, 0.05, 2, 100}, 60);
    }
}

/* What is not chosen may be singular: at x = y = 0 it leaves no NaN in the derivatives.
 */
static void what_is_not_chosen_is_not_seen(void **state) {
    (void)state;
    static const struct {
        const char *rate; /* x' */
        double by_x, by_y;
    } guarded[] = {
        {"max(1, log(x))", 0, 0},
        {"min(x, 1/y)", 1, 0},
        {"if x > 0 then log(x)*y else 3*x + y", 3, 1},
        {"if x > 0 then 1/y else min(y, 1/abs(x))", 0, 1},
        {"sqrt(x)*x + x^2.5 + y^1.5", 0, 0},
        {"hypot(x, y)*x + y", 0, 1},
    };
    for (int i = 0; i < LENGTH(guarded); i++) {
        char text[200];
        snprintf(text, sizeof text, "model m\ninit x = 1, y = 1\nx' = %s\ny' = y",
                 guarded[i].rate);
        struct derived d;
        derived_of_text(&d, text);
        const double *value = graph_doubles(&d, &(struct point){0});
        for (int v = 0; v < 2; v++) {
            const int place = place_of(&d.l, 0, v);
            const double y = place < 0 ? 0 : value[d.l.linear.results[place]];
            const double expected = v ? guarded[i].by_y : guarded[i].by_x;
            if (!(y == expected)) {
                fail_msg("%s\nby %c: %g, not %g", text, "xy"[v], y, expected);
            }
        }
        derived_close(&d);
    }
}

/* ---- structure ---- */

/* Which derivatives there are: "row:column row:column ...; row ..." of df/dt. */
static const struct {
    const char *equations;
    const char *entries, *time_rows;
} structures[] = {
    {"init x = 1\npar a = 2\nx' = a*x", "0:0", ""},
    {"init x = 1\nx' = 3", "", ""},
    {"init x = 1\npar a = 2\nx' = a", "", ""},
    {"init x = 1\nx' = t", "", "0"},
    {"init x = 1\nx' = floor(x)", "", ""},
    {"init x = 1\nx' = floor(x)*x + sign(x) + ceil(t) + round(t)", "0:0", ""},
    {"init x = 1\nx' = 0*x", "", ""},
    {"init x = 1\nx' = 0*exp(x*x)", "", ""},
    {"init x = 1\nx' = x - x + x^0", "", ""},
    {"init x = 1, y = 1\nx' = if x < y then 2 else 3\ny' = if x < t then y else 3",
     "1:1", ""},
    {"init x = 1, y = 1, z = 1\nx' = z*y + x\ny' = 3\nz' = y*t + x*t",
     "0:0 0:1 0:2 2:0 2:1", "2"},
    {"init x = 1, y = 1, z = 1\nz' = x\ny' = z + x\nx' = y*exp(t)", "0:1 1:0 1:2 2:0",
     "0"},
    {"init x = 1, y = 1, z = 1\nw = t*z\nx' = w\ny' = w + z*y*x\nz' = sqrt(w)",
     "0:2 1:0 1:1 1:2 2:2", "0 1 2"},
    {"init x = 1, y = 1\nf(u, v) = u*u\nx' = f(y, x*t)\ny' = f(2, x)", "0:1", ""},
    {"init x = 1, y = 1\nx' = if y > t then x^2 else x*y\ny' = max(y, 1)",
     "0:0 0:1 1:1", ""},
};

static void structure_is_the_pattern(void **state) {
    (void)state;
    for (int i = 0; i < LENGTH(structures); i++) {
        char text[400];
        snprintf(text, sizeof text, "model m\n%s", structures[i].equations);
        struct derived d;
        derived_of_text(&d, text);
        struct text entries = {.arena = d.arena}, rows = {.arena = d.arena};
        text_add(&entries, "%s", "");
        text_add(&rows, "%s", "");
        const struct jacobian *j = &d.l.jacobian;
        for (int k = 0; k < j->entries.n; k++) {
            text_add(&entries, k ? " %d:%d" : "%d:%d", j->entries.at[k].row,
                     j->entries.at[k].column);
        }
        for (int k = 0; k < j->time_rows.n; k++) {
            text_add(&rows, k ? " %d" : "%d", j->time_rows.at[k]);
        }
        if (strcmp(entries.at, structures[i].entries) != 0 ||
            strcmp(rows.at, structures[i].time_rows) != 0) {
            fail_msg("%s\nentries %s; df/dt %s", text, entries.at, rows.at);
        }
        /* f comes first, as it is */
        assert_int_equal(d.l.linear.n, d.l.rhs.n + j->time_rows.n + j->entries.n);
        assert_memory_equal(d.l.linear.results, d.l.rhs.results,
                            sizeof(node_id) * (size_t)d.l.rhs.n);
        derived_close(&d);
    }
}

/* How many nodes of an operation f and its derivatives need together. */
static const struct {
    const char *equations;
    enum op op;
    int n;
} sharing[] = {
    {"init x = 1, y = 1\nx' = exp(x)*y\ny' = x", OP_EXP, 1},
    {"init x = 1, y = 1\nx' = y/(1 + exp(-x))\ny' = exp(-x)", OP_EXP, 1},
    {"init x = 1, y = 1\nx' = sin(x*y)\ny' = cos(x*y)", OP_SIN, 1},
    {"init x = 1, y = 1\nx' = sin(x*y)\ny' = cos(x*y)", OP_COS, 1},
    {"init x = 1, y = 1\nx' = tanh(x + y)\ny' = 2*tanh(x + y)", OP_TANH, 1},
    {"init x = 1, y = 1\nx' = sqrt(x*y)\ny' = t*sqrt(x*y)", OP_SQRT, 1},
    {"init x = 1, y = 1\nx' = x*y\ny' = y*x", OP_MUL, 1},
    {"init x = 1, y = 1\npar n = 2\nx' = x^n\ny' = x^(n - 1)", OP_POW, 3},
    {"init x = 1, y = 1\nx' = x + y + t\ny' = x - y", OP_MUL, 0},
};

static void derivatives_share_nodes(void **state) {
    (void)state;
    for (int i = 0; i < LENGTH(sharing); i++) {
        char text[400];
        snprintf(text, sizeof text, "model m\n%s", sharing[i].equations);
        struct derived d;
        derived_of_text(&d, text);
        const int *uses = graph_uses(d.l.graph, &d.l.linear, 1);
        int n = 0;
        for (node_id k = 0; k < d.l.graph->nodes.n; k++) {
            n += uses[k] && node_is(d.l.graph, k, sharing[i].op);
        }
        if (n != sharing[i].n) {
            fail_msg("%s\nhas %d of %s", text, n, op_table[sharing[i].op].name);
        }
        derived_close(&d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_has_a_rule),
        cmocka_unit_test(rules_are_derivatives),
        cmocka_unit_test(powers_are_derivatives),
        cmocka_unit_test(kinks_are_harmless),
        cmocka_unit_test(composites_are_derivatives),
        cmocka_unit_test(branches_are_derivatives),
        cmocka_unit_test(what_is_not_chosen_is_not_seen),
        cmocka_unit_test(structure_is_the_pattern),
        cmocka_unit_test(derivatives_share_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
