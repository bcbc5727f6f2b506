/* unit_derive_rules.c -- every operation's rule in derive.c is its derivative.
 *
 * An operation by itself is a state's derivative, its arguments being states, time,
 * parameters and numbers; the derivative computed in double, as a kernel does, is held
 * against the reference (derive_support.h), in ulps. What the rules make together is
 * unit_derive_models.c's.
 */
#include "derive_support.h"

/* ---- the operations, their arguments and bounds ---- */

enum leaf { NOTHING, Y0, Y1, TIME, PAR, NUMBER };

static const struct shape {
    enum leaf args[2];
} shapes_1[] = {{{Y0, NOTHING}}, {{Y1, NOTHING}}, {{TIME, NOTHING}}},
  shapes_2[] = {{{Y0, Y1}},  {{Y1, Y0}},    {{Y0, TIME}},   {{TIME, Y1}},  {{Y0, PAR}},
                {{PAR, Y1}}, {{TIME, PAR}}, {{Y1, NUMBER}}, {{NUMBER, Y0}}},
  same = {{Y0, Y0}};

/* Where the arguments are taken from, and the bound: ulps (2^-52) of the derivative
 * times slack(). A rule's few operations are well conditioned apart from slack's cases,
 * so the bound is the sum of their own (math_functions.def), as tan's 1 + r^2 has
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
    case OP_DIV:
        return x[1] == 0;
    case OP_ATAN2: /* its cut */
        return x[0] == 0 && x[1] <= 0;
    case OP_MOD:
        return x[1] == 0 || fmod(x[0], x[1]) == 0;
    default:
        return false;
    }
}

/* ---- the error at a point ---- */

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
    d->l = (struct lowered){.graph = g};
    struct function *f = lowered_add(&d->l, FUNCTION_rhs, 2);
    f->results[0] = graph_number(g, 3);
    f->results[1] = graph_op(g, op, args);
    derive(&d->l);
}

/* The error of the derivative by a variable (0, 1, or 2: t), in its units; infinity
 * where it is not a number. */
static double entry_error(const struct derived *d, const double value[], enum op op,
                          const struct shape *shape, const double x[], mpfr_t partial[],
                          int variable) {
    const double y = derivative_of(d, value, 1, variable);
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
            precise_partial(op, x, i, step_exponent(x[i]), partial[i]);
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

/* ---- the tests ---- */

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
        random_begin(op_table[rules[r].op].name);
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
            fail_msg("%s has %s row in rules[]", op_table[op].name,
                     found ? "no derivative, but a" : "no");
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
    random_begin("powers");
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
        {OP_CBRT, Y0, NOTHING, 0, 0, 0, 0, 0},
        {OP_SQRT, Y0, NOTHING, 0, 0, 0, 0, 0},
        {OP_ASIN, Y0, NOTHING, 1, 0, 0, 0, 0},
        {OP_ASIN, TIME, NOTHING, -1, 0, 2, 0, 0},
        {OP_ACOS, Y0, NOTHING, 1, 0, 0, 0, 0},
        {OP_ACOSH, Y0, NOTHING, 1, 0, 0, 0, 0},
        {OP_ATANH, Y0, NOTHING, 1, 0, 0, 0, 0},
        {OP_ATAN2, Y0, Y1, 0, 0, 0, 0, 0},
        {OP_ATAN2, Y0, Y1, 0, 0, 1, 0, 0},
        {OP_LOG, TIME, NOTHING, 0, 0, 2, 0, 0},
        {OP_LOG1P, Y0, NOTHING, -1, 0, 0, 0, 0},
        {OP_POW, Y0, NUMBER, 0, 0.3, 0, 0, 0},
        {OP_POW, Y0, PAR, 0, 0.3, 0, 0, 0},
        {OP_POW, TIME, PAR, 0, 0.3, 2, 0, 0},
        {OP_POW, Y0, Y1, 0, 0.3, 0, 0, 0},
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
        const double y = derivative_of(&d, graph_doubles(&d, &p), 1, kinks[i].variable);
        if (!(y >= kinks[i].one && y <= kinks[i].other)) {
            print_error("row %d: %s(%g, %g): %g, not %g or %g\n", i,
                        op_table[kinks[i].op].name, x[0], x[1], y, kinks[i].one,
                        kinks[i].other);
            fail();
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
