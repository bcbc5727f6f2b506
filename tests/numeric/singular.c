/* singular.c -- runs that begin where f is finite and its derivative is not.
 *
 * A partial derivative that is infinite counts as zero, term by term: every stiff method, and
 * the choice between methods, gets through such a point, and what else is in an entry of the
 * Jacobian stays, so that it goes on being a stiff method. f itself is not touched: where it
 * is no number the run ends so.
 *
 * The values are from mpmath: quadrature of 1/f or of the linear equation's integral; those
 * marked scipy are DOP853's and RK45's at 3e-14, which agree in all that is written.
 */
#include "support.h"

static const struct singular {
    const char *name, *text;
    double t1;
    int n;            /* states that are looked at */
    double values[2]; /* at t1 */
} problems[] = {
    {"a power of 0.3",
     "model m\npar g = 0.3\ninit x = 0\nx' = 1 - x^g\n",
     5,
     1,
     {0.845039172828581}},
    {"a power of 0.5",
     "model m\npar g = 0.5\ninit x = 0\nx' = 1 - x^g\n",
     5,
     1,
     {0.938664650831005}},
    {"a power of 0.9",
     "model m\ninit x = 0\nx' = 1 - x^0.9\n",
     5,
     1,
     {0.989573344006814}},
    {"a power of a driven state",
     "model m\npar n = 0.4\ninit x = 0, y = 0\nx' = 1 - x\ny' = x^n - y\n",
     2,
     2,
     {0.864664716763387, 0.732468656661913}},
    {"cbrt",
     "model m\ninit x = 0, y = 0\nx' = 1 - x\ny' = cbrt(x) - y\n",
     2,
     2,
     {0.864664716763387, 0.75152892400422}},
    {"a Hill term",
     "model m\npar n = 0.5, K = 0.7\ninit x = 0, y = 0\nx' = 1 - x\n"
     "y' = x^n/(K^n + x^n) - y\n",
     2,
     2,
     {0.864664716763387, 0.42255142374508}},
    {"a Hill term that falls", /* scipy */
     "model m\npar K = 2, n = 2\ninit x = 0\nx' = 0.5 - x + 1/(1 + (K/x)^n)\n",
     2,
     1,
     {0.461363902612374}},
    {"exp(-1/x)", /* scipy */
     "model m\npar E = 1\ninit x = 0\nx' = exp(-E/x) + 0.5 - 0.1*x\n",
     2,
     1,
     {1.22772610231995}},
    {"acos", "model m\ninit x = 1\nx' = -1 - acos(x)\n", 0.5, 1, {0.0535054121191832}},
    {"asin", "model m\ninit x = -1\nx' = 2 + asin(x)\n", 0.5, 1, {-0.466906467039343}},
    {"atan2", /* x = c t, c = 1 + atan2(2, c) */
     "model m\ninit x = 0, y = 0\nx' = 1 + atan2(y, x)\ny' = 2\n",
     1,
     2,
     {1.82980778511476, 2}},
    {"hypot", /* scipy */
     "model m\ninit x = 0, y = 0\nx' = 1 - hypot(x, y)\ny' = 0.5 - y\n",
     2,
     2,
     {0.790044195424685, 0.432332358381694}},
    {"a power of a sum of squares", /* scipy */
     "model m\npar e = 0.3\ninit x = 0, y = 0\nx' = 1 - (x^2 + y^2)^e\ny' = 0.5 - y\n",
     2,
     2,
     {0.677749104370778, 0.432332358381694}},
    {"a power of max",
     "model m\npar p = 0.5\ninit x = 0\nx' = 1 - max(x, 0)^p\n",
     5,
     1,
     {0.938664650831005}},
    {"exp(n*log(t))",
     "model m\npar n = 0.4\ninit x = 0\nx' = exp(n*log(t)) - x\n",
     2,
     1,
     {0.935696793920219}},
    {"a power of t",
     "model m\npar p = 0.5\ninit x = 0\nx' = t^p\n",
     1,
     1,
     {0.666666666666667}},
    {"transit absorption",
     "model m\npar ktr = 15, n = 4, ka = 0.4\ninit A = 0\n"
     "A' = exp(log(ktr) + n*log(ktr*t) - ktr*t)/24 - ka*A\n",
     2,
     1,
     {0.514347256504033}},
    {"Weibull absorption",
     "model m\npar b = 1.5, ka = 0.4\ninit D = 1, A = 0\nD' = -b*t^(b - 1)*D\n"
     "A' = b*t^(b - 1)*D - ka*A\n",
     2,
     2,
     {0.0591057465619562, 0.595078981534503}},
    {"a steep power", /* x^7 = 1e-28 - 7e-30 t; below it a factor is 1e48 */
     "model m\ninit x = 1e-4\nx' = -1e-30*x^-6\n",
     10,
     1,
     {8.4198244434502e-5}},
};

static void check(const struct singular *p, const char *method, const char *precision) {
    struct trial trial = {.text = p->text,
                          .method = method,
                          .precision = precision,
                          .rtol = strcmp(precision, "float") == 0 ? 1e-4 : 1e-6,
                          .t1 = p->t1};
    const bool small = fabs(p->values[0]) < 1e-3;
    trial.atol = small ? trial.rtol * fabs(p->values[0]) : 0;
    struct outcome o = solve_trial(&trial);
    if (o.records[0].status != ODEC_RUN_OK) {
        fail_msg("%s, %s, %s: %s at t = %g", p->name, method, precision,
                 odec_run_status_text(o.records[0].status), o.records[0].t);
    }
    for (int i = 0; i < p->n; i++) {
        const double right = p->values[i];
        const double bound =
            100 * trial.rtol * (fabs(right) + (small ? fabs(right) : 1));
        assert_within(value(&o, 0, 0, i), right - bound, right + bound, "%s, %s, %s",
                      p->name, method, precision);
    }
    outcome_release(&o);
}

static void test_singular_starts(void **state) {
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        check(&problems[i], *state, "double");
        check(&problems[i], *state, "float");
    }
}

/* The term with the infinite partial derivative, which never moves, must not take -1e6 with
 * it: without it steps are 1e-6 long. `auto` sees that too. */
static void test_stiffness_stays(void **state) {
    const char *method = *state;
    static const char *const terms[] = {
        "max(y - 2, 0)^n", "cbrt(max(y - 2, 0))", "hypot(max(y - 2, 0), 0)",
        "exp(-n/max(y - 2, 0))", "1/(1 + (n/max(y - 2, 0))^2)"};
    static const double right = 0.909297842971609; /* (l^2 sin t - l cos t)/(1 + l^2) */
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "model m\npar n = 0.4\ninit y = 0\ny' = -1e6*(y - sin(t)) + %s\n"
                 "solve { t = 0 .. 2 }\n",
                 terms[i]);
        const struct trial trial = {
            .text = text, .method = method, .rtol = 1e-6, .max_attempts = 3000};
        struct outcome o = solve_trial(&trial);
        if (o.records[0].status != ODEC_RUN_OK) {
            fail_msg("%s, %s: %s", terms[i], method,
                     odec_run_status_text(o.records[0].status));
        }
        assert_within(value(&o, 0, 0, 0), right - 1e-4, right + 1e-4, "%s, %s",
                      terms[i], method);
        outcome_release(&o);
    }
}

/* A value that is no number is none, whatever its derivatives count as. */
static void test_no_number_is_none(void **state) {
    static const char *const rates[] = {"x*log(x)", "x/x", "(x - 1)^0.5", "acos(2 + x)",
                                        "exp(log(x) - log(x))"};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        char text[200];
        snprintf(text, sizeof text, "model m\ninit x = 0\nx' = 1 + %s\n", rates[i]);
        const struct trial trial = {
            .text = text, .method = *state, .rtol = 1e-6, .t1 = 1};
        struct outcome o = solve_trial(&trial);
        assert_int_equal(o.records[0].status, ODEC_RUN_NON_FINITE);
        outcome_release(&o);
    }
}

/* With the name of a method, so that ctest may run several at once; else by all. */
int main(int argc, char **argv) {
    int n_failed = 0;
    for (int m = 0; m == 0 || stiff_method(m - 1); m++) {
        const char *method = m == 0 ? "auto" : stiff_method(m - 1);
        if (argc > 1 && strcmp(argv[1], method) != 0) {
            continue;
        }
        void *name = (void *)method;
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_prestate(test_singular_starts, name),
            cmocka_unit_test_prestate(test_stiffness_stays, name),
            cmocka_unit_test_prestate(test_no_number_is_none, name),
        };
        n_failed +=
            cmocka_run_group_tests_name(method, tests, support_begin, support_end);
    }
    return n_failed;
}
