/* unit_derive_range.c -- derivatives leave the range where they themselves do, and nowhere else.
 *
 *   operations   each by itself, at arguments of every size a format has: zeros of both signs,
 *                subnormals, the edges of its domain, infinities. Where the value is a number,
 *                the derivative is one, and the right one (a difference in MPFR) where that is
 *                in the range: zero where it is infinite.
 *   composites   one term's infinite derivative leaves the others what they are; what is
 *                a number at the end does not over- or underflow on the way
 *
 * In double and in float. Rounding is unit_derive_rules.c's: here a thousandth is good.
 */
#include "derive_support.h"

#define GOOD 1e-3

/* ---- formats ---- */

static const struct format {
    const char *name;
    bool is_float;
    double largest, tiny; /* tiny: the smallest normal number */
    int bits; /* of the reference: a sum of the smallest and the largest number, squared */
    int below; /* 2^below is smaller than any number but 0 */
} formats[] = {{"double", false, 0x1.fffffffffffffp1023, 0x1p-1022, 3400, -1100},
               {"float", true, 0x1.fffffep127, 0x1p-126, 800, -160}};

/* The exponent of a difference's step: that of x, or of the size of a period, less 80. */
static int range_step(const struct format *f, double x) {
    const int e = x == 0 ? f->below : ilogb(x);
    return (e < 0 ? e : 0) - 80;
}

static double *graph_values(const struct format *f, const struct derived *d,
                            const struct point *p) {
    return f->is_float ? graph_floats(d, p) : graph_doubles(d, p);
}

static double in_format(const struct format *f, double x) {
    return rounded_to(x, f->is_float);
}

/* ---- operations ---- */

/* Of x and y; wide: its arguments have any size. */
static const struct operation {
    const char *text;
    enum op op;
} operations[] = {
    {"x + y", OP_ADD},         {"x - y", OP_SUB},      {"x*y", OP_MUL},
    {"x/y", OP_DIV},           {"-x", OP_NEG},         {"x^y", OP_POW},
    {"sin(x)", OP_SIN},        {"cos(x)", OP_COS},     {"tan(x)", OP_TAN},
    {"asin(x)", OP_ASIN},      {"acos(x)", OP_ACOS},   {"atan(x)", OP_ATAN},
    {"atan2(x, y)", OP_ATAN2}, {"sinh(x)", OP_SINH},   {"cosh(x)", OP_COSH},
    {"tanh(x)", OP_TANH},      {"asinh(x)", OP_ASINH}, {"acosh(x)", OP_ACOSH},
    {"atanh(x)", OP_ATANH},    {"exp(x)", OP_EXP},     {"expm1(x)", OP_EXPM1},
    {"log(x)", OP_LOG},        {"log1p(x)", OP_LOG1P}, {"log2(x)", OP_LOG2},
    {"log10(x)", OP_LOG10},    {"sqrt(x)", OP_SQRT},   {"cbrt(x)", OP_CBRT},
    {"abs(x)", OP_ABS},        {"sign(x)", OP_SIGN},   {"floor(x)", OP_FLOOR},
    {"ceil(x)", OP_CEIL},      {"round(x)", OP_ROUND}, {"mod(x, y)", OP_MOD},
    {"min(x, y)", OP_MIN},     {"max(x, y)", OP_MAX},  {"hypot(x, y)", OP_HYPOT},
    {"erf(x)", OP_ERF},        {"erfc(x)", OP_ERFC},
};

/* Has the operation no derivative there, or one that no difference finds? */
static bool is_kink(enum op op, const double x[]) {
    switch (op) {
    case OP_ABS:
    case OP_SIGN:
    case OP_CBRT:
    case OP_SQRT:
        return x[0] == 0;
    case OP_FLOOR:
    case OP_CEIL:
        return x[0] == floor(x[0]);
    case OP_ROUND:
        return x[0] + 0.5 == floor(x[0] + 0.5);
    case OP_MIN:
    case OP_MAX:
        return x[0] == x[1];
    case OP_ATAN2:
        return x[0] == 0;
    case OP_HYPOT:
        return x[0] == 0 && x[1] == 0;
    case OP_POW: /* of a negative number for whole exponents alone */
        return x[0] <= 0;
    case OP_MOD:
        return fmod(x[0], x[1]) == 0 || fabs(x[0]) > fabs(x[1]) * 0x1p30;
    default:
        return false;
    }
}

/* May it count as zero though it is in the range? The inverse of a subnormal number is
 * infinite. */
static bool is_excused(const struct format *f, enum op op, const double x[]) {
    switch (op) {
    case OP_DIV:
        return fabs(x[1]) < 2 * f->tiny;
    case OP_POW:
        return fabs(x[0]) < 2 * f->tiny;
    case OP_ATAN2:
        return fabs(x[0]) < 2 * f->tiny && fabs(x[1]) < 2 * f->tiny;
    default:
        return false;
    }
}

/* What is lost beside 1 (1 - tanh(x)^2), and what is too small to be told. */
static double least_size(const struct format *f, enum op op) {
    return op == OP_TANH ? (f->is_float ? 0x1p-21 : 0x1p-50) : f->tiny;
}

/* The derivative by argument i at x, where the value is a number, is y: is it what it should
 * be? */
static bool is_right(const struct format *f, enum op op, const double x[], int i,
                     double y) {
    if (!isfinite(x[0]) || !isfinite(x[1]) || is_kink(op, x)) {
        return true;
    }
    mpfr_t exact, error;
    mpfr_inits2(f->bits, exact, error, (mpfr_ptr)0);
    precise_partial(op, x, i, range_step(f, x[i]), exact);
    mpfr_sub_d(error, exact, y, MPFR_RNDN);
    mpfr_abs(error, error, MPFR_RNDN);
    const bool unknown = mpfr_nan_p(exact); /* an edge of the domain */
    const bool outside =
        mpfr_cmpabs(exact, error) == 0 /* y is 0 */ &&
        (mpfr_cmp_d(error, f->largest / 4) > 0 || is_excused(f, op, x));
    mpfr_abs(exact, exact, MPFR_RNDN);
    mpfr_mul_d(exact, exact, GOOD, MPFR_RNDN);
    mpfr_add_d(exact, exact, least_size(f, op), MPFR_RNDN);
    const bool right = mpfr_lessequal_p(error, exact);
    mpfr_clears(exact, error, (mpfr_ptr)0);
    return unknown || outside || right;
}

/* A number of any kind: of the size that models have, of any exponent, near a number that is
 * special to some operation, or one of these. */
static double any_argument(const struct format *f) {
    static const double special[] = {0, 0.5, 1, 2, 3, 1.0 / 3, 25, 88.7, 700, 709.7};
    const double x = special[random_bits() % LENGTH(special)];
    const double sign = random_bits() & 1 ? -1 : 1;
    switch (random_bits() % 8) {
    case 0:
        return in_format(f, sign * x);
    case 1:
        return sign * (random_bits() & 1 ? (double)INFINITY : f->largest);
    case 2:
        return in_format(f, sign * f->tiny * random_between(0, 2)); /* and subnormal */
    case 3:
        return in_format(f, sign * random_between(0, 10));
    case 4:
        return near_number(in_format(f, sign * x), f->is_float);
    default:
        return any_number(f->is_float);
    }
}

static int operation_check(const struct format *f, const struct operation *o,
                           int n_points) {
    char text[100];
    int wrong = 0, n_finite = 0;
    snprintf(text, sizeof text, "model m\ninit x = 1, y = 1\nx' = 3\ny' = %s", o->text);
    random_begin(o->text);
    struct derived d;
    derived_of_text(&d, text);
    const node_id value_node = lowered_function(&d.l, FUNCTION_rhs)->results[1];
    for (int k = 0; k < n_points; k++) {
        struct point p = {.states = {any_argument(f), any_argument(f)}};
        const double *value = graph_values(f, &d, &p);
        if (isnan(p.states[0]) || isnan(p.states[1]) || isnan(value[value_node])) {
            continue;
        }
        n_finite += isfinite(value[value_node]);
        for (int i = 0; i < op_table[o->op].arity; i++) {
            const double y = derivative_of(&d, value, 1, i);
            const bool factor = o->op == OP_MUL && isinf(p.states[1 - i]);
            const bool right =
                factor || (isfinite(y) && (isinf(value[value_node]) ||
                                           is_right(f, o->op, p.states, i, y)));
            if (!right && wrong++ < 4) {
                print_error("%s, %s, x = %a, y = %a: by %c %g\n", f->name, o->text,
                            p.states[0], p.states[1], "xy"[i], y);
            }
        }
    }
    derived_close(&d);
    assert_true(n_finite > n_points / 10); /* else nothing has been seen */
    return wrong;
}

static void operations_stay_in_range(void **state) {
    (void)state;
    int wrong = 0;
    for (int f = 0; f < LENGTH(formats); f++) {
        for (int i = 0; i < LENGTH(operations); i++) {
            wrong += operation_check(&formats[f], &operations[i], 1000);
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- composites ---- */

/* x' at (x, y, t), its derivatives by these; n is 0.4, k 2. */
static const struct composite {
    const char *rate;
    double at[3];
    double by[3];
} composites[] = {
    /* where one term's is infinite, the others stay */
    {"-7*x + x^n", {0, 0, 0}, {-7}},
    {"-7*x + x^0.3", {0, 0, 0}, {-7}},
    {"-7*x + sqrt(x)", {0, 0, 0}, {-7}},
    {"-7*x + cbrt(x)", {0, 0, 0}, {-7}},
    {"-7*x + cbrt(x*y)", {0, 0, 0}, {-7, 0}},
    {"-7*x + asin(x) + acos(x)", {1, 0, 0}, {-7}},
    {"-7*x + asin(x) - acos(x)", {-1, 0, 0}, {-7}},
    {"-7*x + atan2(x, y)", {0, 0, 0}, {-7, 0}},
    {"-7*x + atan2(y, x)", {0, 3, 0}, {-7 - 1.0 / 3, 0}},
    {"-7*x + hypot(x, y)", {0, 0, 0}, {-7, 0}},
    {"-7*x + (x^2 + y^2)^n", {0, 0, 0}, {-7, 0}},
    {"-7*x + (x^2 + y^2)^0.25 + 3*y", {0, 0, 0}, {-7, 3}},
    {"-7*x + (x^2 + y^2)^-0.25*x", {0, 1, 0}, {-6, 0}},
    {"-7*x + max(x, 0)^n", {0, 0, 0}, {-7}},
    {"-7*x + max(x, 0)^n", {-1, 0, 0}, {-7}},
    {"-7*x + abs(x)^n", {0, 0, 0}, {-7}},
    {"-7*x + acosh(x) + y*t", {1, 4, 3}, {-7, 3, 4}},
    {"-7*x + exp(-atanh(x))", {1, 0, 0}, {-7}},
    {"-7*x + exp(n*log(x))", {0, 0, 0}, {-7}},
    {"-7*x + exp(n*log(t) - t)", {0, 0, 0}, {-7}},
    {"-7*x + exp(n*log(k*t)) + 5*t", {0, 0, 0}, {-7, 0, 5}},
    {"-7*x + exp(n*log2(t)) + exp(n*log10(t)) + exp(log1p(-x))", {1, 0, 0}, {-7}},
    {"-7*x + t^n + 2*t", {0, 0, 0}, {-7, 0, 2}},
    {"-7*x + t^(k - 1.5) + 2*t", {0, 0, 0}, {-7, 0, 2}},
    {"-7*x + y^x", {0, 0, 0}, {-7, 0}},
    {"-7*x + x^y", {0, 0.5, 0}, {-7, 0}},
    /* through what is infinite on the way to a number */
    {"-7*x + 1/(1 + k/x)", {0, 0, 0}, {-7}},
    {"-7*x + 1/(1 + (k/x)^2)", {0, 0, 0}, {-7}},
    {"-7*x + 1/(1 + (k/x)^4)", {0, 0, 0}, {-7}},
    {"-7*x + 1/(1 + (k/x)^k)", {0, 0, 0}, {-7}},
    {"-7*x + y/(1 + (y/x)^n)", {0, 1, 0}, {-7, 0}},
    {"-7*x + exp(-k/x)", {0, 0, 0}, {-7}},
    {"-7*x + exp(-y/x)", {0, 1, 0}, {-7, 0}},
    {"-7*x + exp(-1/x^2)", {0, 0, 0}, {-7}},
    {"-7*x + tanh(y/x) + atan(1/x)", {0, 1, 0}, {-7, 0}},
    {"-7*x + 1/(1 + exp(x))", {1000, 0, 0}, {-7}},
    {"-7*x + 1/(1 + exp(x*y))", {1000, 1, 0}, {-7, 0}},
    {"-7*x + 1/cosh(x) + 1/cosh(x)^2 + 1/sinh(x)", {1000, 0, 0}, {-7}},
    {"-7*x + exp(-exp(x)) + exp(-cosh(x)) + tanh(sinh(x))", {1000, 0, 0}, {-7}},
    {"-7*x + exp(-k^(x^2))", {1000, 0, 0}, {-7}},
    {"-7*x + tanh(x^3) + atan(x^3) + erf(x^3)", {1e15, 0, 0}, {-7}},
    {"-7*x + if x > 0 then x^n else 0", {0, 0, 0}, {-7}},
    /* no over- or underflow on the way */
    {"-1e-30*x^-6", {1e-4, 0, 0}, {6e-2}},
    {"-1e-36*x^-6", {1e-6, 0, 0}, {6e6}},
    {"-1e-30/x^6", {1e-4, 0, 0}, {6e-2}},
    {"1e-30*x^-20", {0.1, 0, 0}, {-2e-8}},
    {"y*x^-30", {0.06, 1e-30, 0}, {-2.261686953e9, 4.523373907e36}},
    {"y*x^-2.5", {1e-14, 1e-30, 0}, {-2.5e19, 1e35}},
    {"1e-30*exp(1e6*x)", {8e-5, 0, 0}, {5.5406223843935e10}},
    {"y/exp(1e6*x)", {-8e-5, 1e-30, 0}, {-5.5406223843935e10, 5.5406223843935e34}},
    {"x/(y + x)", {1e30, 1e30, 0}, {2.5e-31, -2.5e-31}},
    {"x/(y + x)", {1e-30, 1e-30, 0}, {2.5e29, -2.5e29}},
    {"1e30*x/y", {1e-20, 1e25, 0}, {1e5, -1e-40}},
    {"x*y/(x + y)", {1e-36, 1e36, 0}, {1, 0}},
    {"atan2(x, y)", {1e-30, 1e-30, 0}, {5e29, -5e29}},
    {"atan2(x, y)*1e30", {3e30, 4e30, 0}, {0.16, -0.12}},
    {"acosh(x)*1e30", {1e30, 0, 0}, {1}},
    {"1e-30*sqrt(x)", {1e-36, 0, 0}, {5e-13}},
    {"1e-20*cbrt(x)", {1e-36, 0, 0}, {1e4 / 3}},
    {"mod(x, y)", {1e30, 3e28, 0}, {1, -33}},
};

/* Where f may be what it likes: that of y' is 0. */
static void composites_stay_in_range(void **state) {
    (void)state;
    int wrong = 0;
    for (int i = 0; i < LENGTH(composites); i++) {
        const struct composite *c = &composites[i];
        char text[300];
        snprintf(text, sizeof text,
                 "model m\npar n = 0.4, k = 2\ninit x = 1, y = 1\nx' = %s\ny' = 0",
                 c->rate);
        const struct point p = {{c->at[0], c->at[1]}, c->at[2], {0.4, 2}};
        struct derived d;
        derived_of_text(&d, text);
        for (int f = 0; f < LENGTH(formats); f++) {
            const double *value = graph_values(&formats[f], &d, &p);
            for (int v = 0; v < 3; v++) {
                const double y = derivative_of(&d, value, 0, v);
                const double error = fabs(y - c->by[v]);
                if (!(error <= GOOD * fabs(c->by[v]) + formats[f].tiny)) {
                    wrong++;
                    print_error("%s, %s at %g, %g, %g: by %c %.9g, not %.9g\n",
                                formats[f].name, c->rate, c->at[0], c->at[1], c->at[2],
                                "xyt"[v], y, c -> by[v]);
                }
            }
        }
        derived_close(&d);
    }
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_stay_in_range),
        cmocka_unit_test(composites_stay_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
