/* expressions.c -- an expression has one value, whoever asks for it.
 *
 * In whole kernels, by several methods, in double and float: a state's bits do not change with
 * the columns that are stored, with the order of definitions, or where calls are written out as
 * names; a power's not with what its base and its exponent are, a zero's sign not with what is
 * added to it. unit_fuse has the rule itself, over random expressions; unit_power the values.
 */
#include "support.h"

enum { N_RUNS = 200, N_BASES = 14, N_EXPONENTS = 17 };

/* ---- who else asks ---- */

/* Parameters', time's, states' products in sums, used by outs too; functions; a name. */
static const struct written {
    const char *name, *text;
    const char *outputs[4]; /* the states come first in all of them */
} models[] = {
    {"as it is",
     "model m\npar q = 0.3, p = 0.1, r = 0.7\ninit x = 1.1, y = 0.9, z = 0.5\n"
     "f(a, b) = a*b - r*a\n"
     "g(a) = a + p*a*a\n"
     "flux = q*x*y\n"
     "x' = -(p*q + r)*x + flux - x*y*p\n"
     "y' = p*q + f(x*z, y) + q*y - flux*r - 0.1*0.3 - y^2\n"
     "z' = g(x*y) - r*z - sin(t)*z*q + (if x > y*q then x*z - p else p*y)*0.1\n"
     "out w = p*q\nout v = x*y*p\nout u = x*z + q*y\nout s = flux + 1\n"
     "out h = f(x*z, y)\n",
     {"x,y,z", "x,y,z,w", "x,y,z,w,v,u,s", "x,y,z,s,h,flux"}},
    {"turned",
     "model m\nout h = f(x*z, y)\nout s = flux + 1\nout u = x*z + q*y\nout w = p*q\n"
     "z' = g(x*y) - r*z - sin(t)*z*q + (if x > y*q then x*z - p else p*y)*0.1\n"
     "y' = p*q + f(x*z, y) + q*y - flux*r - 0.1*0.3 - y^2\n"
     "x' = -(p*q + r)*x + flux - x*y*p\n"
     "flux = q*x*y\n"
     "g(a) = a + p*a*a\n"
     "f(a, b) = a*b - r*a\n"
     "init x = 1.1, y = 0.9, z = 0.5\npar q = 0.3, r = 0.7, p = 0.1\n",
     {"x,y,z", "x,y,z,h,u"}},
    {"written out",
     "model m\npar q = 0.3, p = 0.1, r = 0.7\ninit x = 1.1, y = 0.9, z = 0.5\n"
     "f_a = x*z\nf_value = f_a*y - r*f_a\n"
     "g_a = x*y\ng_value = g_a + p*g_a*g_a\n"
     "flux = q*x*y\n"
     "x' = -(p*q + r)*x + flux - x*y*p\n"
     "y' = p*q + f_value + q*y - flux*r - 0.1*0.3 - y^2\n"
     "z' = g_value - r*z - sin(t)*z*q + (if x > y*q then x*z - p else p*y)*0.1\n",
     {"x,y,z"}},
};

static const struct way {
    const char *method, *precision;
    double rtol, dt;
} ways[] = {
    {"tsit5", "double", 1e-8, 0},
    {"rodas5p", "double", 1e-6, 0},
    {"rk4", "float", 0, 0.1},
    {"rodas4", "float", 1e-4, 0},
};

static void states_do_not_change(void **state) {
    (void)state;
    const odec_source q = {
        .kind = ODEC_SOURCE_GRID, .lo = 0.1, .hi = 0.9, .n = N_RUNS, .repeat = 1};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        struct outcome first = {.bytes = NULL};
        for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
            for (int k = 0; k < 4 && models[i].outputs[k]; k++) {
                const odec_source pars[3] = {q}; /* q stands first in all */
                const struct trial trial = {.text = models[i].text,
                                            .outputs = models[i].outputs[k],
                                            .method = ways[w].method,
                                            .precision = ways[w].precision,
                                            .rtol = ways[w].rtol,
                                            .dt = ways[w].dt,
                                            .t1 = 2,
                                            .pars = pars,
                                            .n_runs = N_RUNS};
                struct outcome o = solve_trial(&trial);
                assert_int_equal(o.result.n_by_status[ODEC_RUN_OK], N_RUNS);
                for (int run = 0; first.bytes && run < N_RUNS; run++) {
                    for (int c = 0; c < 3; c++) {
                        if (value(&o, run, 0, c) != value(&first, run, 0, c)) {
                            fail_msg("%s, %s, --out %s, by %s: run %d, column %d: %a, "
                                     "at first %a",
                                     models[i].name, ways[w].precision,
                                     models[i].outputs[k], ways[w].method, run, c,
                                     value(&o, run, 0, c), value(&first, run, 0, c));
                        }
                    }
                }
                if (!first.bytes) {
                    first = o;
                } else {
                    outcome_release(&o);
                }
            }
        }
        outcome_release(&first);
    }
}

/* ---- powers ---- */

/* A base is a/z: infinities and NaN are no parameters. The last two are no floats. */
static const double base_a[N_BASES] = {
    1.7, -1.3, 0.0, -0.0, 1, -1, 0, 2.25, -3e-5, 6.1e-9, 3e7, 4.1e-39, 1e45, 1e-310};
static const double base_z[N_BASES] = {1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1};
static const char *const exponent_texts[N_EXPONENTS] = {
    "2", "3",   "4",    "5",   "6",    "-1",  "-2",   "-3", "-4",
    "7", "0.5", "-0.5", "1.5", "-1.5", "2.5", "-2.5", "0.3"};

/* out LETTER_BASE_EXPONENT = base^exponent, for all of them. */
static char *add_powers(char *to, char letter, const char *base, int b, bool by_name) {
    for (int e = 0; e < N_EXPONENTS; e++) {
        to += sprintf(to, "out %c%d_%d = (%s)^", letter, b, e, base);
        to += by_name ? sprintf(to, "n%d\n", e)
                      : sprintf(to, "(%s)\n", exponent_texts[e]);
    }
    return to;
}

/* s is 0, which the compiler does not know. */
static char *powers_text(bool constants) {
    char *text = malloc(100000), *to = text;
    assert_non_null(text);
    to += sprintf(to, "model powers\npar a = 1, z = 1\ninit s = 0\ns' = 0\n"
                      "u = a*(1 + s)/z\nv = a/z\n");
    for (int e = 0; e < N_EXPONENTS; e++) {
        to += sprintf(to, "par n%d = %s\n", e, exponent_texts[e]);
    }
    to = add_powers(to, 'a', "u", 0, false);
    to = add_powers(to, 'b', "u", 0, true);
    to = add_powers(to, 'c', "v", 0, false);
    to = add_powers(to, 'd', "v", 0, true);
    for (int b = 0; constants && b < N_BASES; b++) {
        char base[100];
        snprintf(base, sizeof base, signbit(base_a[b]) ? "(-%.17g)/%g" : "%.17g/%g",
                 fabs(base_a[b]), base_z[b]);
        to = add_powers(to, 'e', base, b, false);
    }
    return text;
}

static bool same(double a, double b) {
    return isnan(a) ? isnan(b) : a == b && !signbit(a) == !signbit(b);
}

/* In float a constant is computed in double. */
static void check_powers(const char *precision) {
    const bool constants = strcmp(precision, "double") == 0;
    const int n_bases = constants ? N_BASES : N_BASES - 2;
    char *text = powers_text(constants);
    odec_source pars[2 + N_EXPONENTS] = {{0}};
    pars[0] = (odec_source){.kind = ODEC_SOURCE_COLUMN, .column = base_a, .stride = 1};
    pars[1] = (odec_source){.kind = ODEC_SOURCE_COLUMN, .column = base_z, .stride = 1};
    const struct trial trial = {.text = text,
                                .method = "rk4",
                                .precision = precision,
                                .dt = 1,
                                .t1 = 1,
                                .pars = pars,
                                .n_runs = n_bases};
    struct outcome o = solve_trial(&trial);
    assert_int_equal(o.n_columns, 1 + N_EXPONENTS * (4 + (constants ? N_BASES : 0)));
    for (int b = 0; b < n_bases; b++) {
        for (int e = 0; e < N_EXPONENTS; e++) {
            const double y = value(&o, b, 0, 1 + e);
            for (int k = 1; k < (constants ? 5 : 4); k++) {
                const int block = k < 4 ? k : 4 + b;
                const double other = value(&o, b, 0, 1 + block * N_EXPONENTS + e);
                if (!same(y, other)) {
                    fail_msg("%s: (%g/%g)^%s is %a of a state, %a in way %c", precision,
                             base_a[b], base_z[b], exponent_texts[e], y, other,
                             'a' + k);
                }
            }
            /* the size, by C; unit_power has the bits */
            const double due = pow(base_a[b] / base_z[b], atof(exponent_texts[e]));
            const bool fits =
                constants || (fabs(due) < 1e38 && fabs(due) > 1e-37 &&
                              fabs(base_a[b]) < 1e38 && fabs(base_a[b]) > 1e-37);
            if (constants || fits) {
                assert_true(same(y, due) ||
                            fabs(y - due) <= fabs(due) * (constants ? 1e-15 : 1e-6));
            }
        }
    }
    outcome_release(&o);
    free(text);
}

static void powers_are_one_function(void **state) {
    (void)state;
    check_powers("double");
    check_powers("float");
}

/* ---- zeros ---- */

/* What IEEE 754 (6.3) says where u is 0, and where it is -0; o is 0. */
static const struct zero {
    const char *text;
    double due[2];
} zeros[] = {
    {"1/(o + u)", {INFINITY, INFINITY}},   {"1/(u + o)", {INFINITY, INFINITY}},
    {"1/(u - o)", {INFINITY, -INFINITY}},  {"1/(o - u)", {INFINITY, INFINITY}},
    {"1/(-o + u)", {INFINITY, -INFINITY}}, {"1/(-o - u)", {-INFINITY, INFINITY}},
    {"1/(u*w + o)", {INFINITY, INFINITY}}, {"1/(o - u*w)", {INFINITY, INFINITY}},
    {"1/(-u)", {-INFINITY, INFINITY}},     {"1/(-(o - u))", {-INFINITY, -INFINITY}},
    {"sign(atan2(o - u, -1))", {1, 1}},    {"sign(atan2(-u, -1))", {-1, 1}},
};
enum { N_ZEROS = sizeof zeros / sizeof *zeros };

/* The sign of a zero does not change with what the other operand is. */
static void check_zeros(const char *precision, const char *o) {
    static const double u[2] = {0.0, -0.0};
    const odec_source par = {.kind = ODEC_SOURCE_COLUMN, .column = u, .stride = 1};
    char text[2000], *to = text;
    to += sprintf(to, "model zeros\npar u = 1\n%s\ninit w = 1\nw' = 0\n", o);
    for (int i = 0; i < N_ZEROS; i++) {
        to += sprintf(to, "out z%d = %s\n", i, zeros[i].text);
    }
    const odec_source pars[2] = {par, {.kind = ODEC_SOURCE_GRID, .n = 1, .repeat = 1}};
    const struct trial trial = {.text = text,
                                .method = "rk4",
                                .precision = precision,
                                .dt = 1,
                                .t1 = 1,
                                .pars = pars,
                                .n_runs = 2};
    struct outcome outcome = solve_trial(&trial);
    for (int run = 0; run < 2; run++) {
        for (int i = 0; i < N_ZEROS; i++) {
            const double found = value(&outcome, run, 0, 1 + i);
            if (found != zeros[i].due[run]) {
                fail_msg("%s, %s, u = %g: %s is %g, not %g", precision, o, u[run],
                         zeros[i].text, found, zeros[i].due[run]);
            }
        }
    }
    outcome_release(&outcome);
}

static void zeros_keep_their_sign(void **state) {
    (void)state;
    check_zeros("double", "const o = 0");
    check_zeros("double", "par o = 0");
    check_zeros("float", "const o = 0");
    check_zeros("float", "par o = 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_do_not_change),
        cmocka_unit_test(powers_are_one_function),
        cmocka_unit_test(zeros_keep_their_sign),
    };
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
