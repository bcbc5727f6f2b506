/* adaptive.c -- error against tolerance for every embedded pair, at the steps' own
 * accuracy and between steps.
 *
 * The error is the largest over times that fall anywhere into steps, so dense output is
 * held to the same promise as the steps: proportional to the tolerance, and at most 100
 * times it. (rosenbrock23's is a power of the tolerance.)
 */
#include "problems.h"
#include "support.h"

enum { MAX_TOLERANCES = 7, N_TIMES = 41, T1 = 8 };

static const struct pair {
    const char *method, *precision;
    int first, last; /* tolerances 10^-first .. 10^-last */
    double lo, hi;   /* of the slope */
    double power;    /* the error is at most 100 tol^power */
} pairs[] = {
    {"heun", "double", 4, 8, 0.5, 1.0, 1},
    {"bs3", "double", 4, 10, 0.7, 1.3, 1},
    {"dopri5", "double", 4, 10, 0.7, 1.3, 1},
    {"tsit5", "double", 4, 10, 0.7, 1.3, 1},
    {"vern7", "double", 4, 10, 0.7, 1.3, 1},
    /* Its estimate is of order 3, of a step's error; what adds up over all steps is of
       order 2. */
    {"rosenbrock23", "double", 4, 8, 0.5, 1.0, 2. / 3},
    {"rodas4", "double", 4, 10, 0.7, 1.3, 1},
    {"rodas5p", "double", 4, 10, 0.7, 1.3, 1},
    {"heun", "float", 2, 4, 0.5, 1.0, 1},
    {"bs3", "float", 2, 5, 0.7, 1.3, 1},
    {"dopri5", "float", 2, 5, 0.7, 1.3, 1},
    {"tsit5", "float", 2, 5, 0.7, 1.3, 1},
    {"rosenbrock23", "float", 2, 4, 0.5, 1.0, 2. / 3},
    {"rodas4", "float", 2, 5, 0.7, 1.3, 1},
    {"rodas5p", "float", 2, 5, 0.7, 1.3, 1},
    /* at 1e-2 already as good as a float can be: bounded by the tolerance, not led by
       it */
    {"vern7", "float", 2, 5, 0, 1.3, 1},
};

/* errors[k]: the geometric mean over problems first .. end-1 at tolerances[k], so that
 * how one problem's steps happen to fall does not decide. */
static int mean_errors(const struct pair *pair, int first, int end, double *tolerances,
                       double *errors, double *worst) {
    double times[N_TIMES];
    for (int i = 0; i < N_TIMES; i++) {
        times[i] = (i + 0.37) * (T1 / (N_TIMES + 0.5));
    }
    const int n = pair->last - pair->first + 1;
    for (int k = 0; k < n; k++) {
        tolerances[k] = pow(10, -(pair->first + k));
        errors[k] = 1;
    }
    *worst = 0;
    for (int j = first; j < end; j++) {
        struct trial trial = {
            .text = problems[j].text,
            .method = pair->method,
            .precision = pair->precision,
            .rtol = 1,
            .t1 = T1,
            .save = {.kind = ODEC_SAVE_AT, .count = N_TIMES, .at = times},
        };
        struct machine *m = machine_of(&trial);
        for (int k = 0; k < n; k++) {
            trial.rtol = tolerances[k];
            struct outcome o = outcome_of(m, &trial);
            assert_int_equal(o.records[0].status, ODEC_RUN_OK);
            const double error = largest_error(&o, problems[j].exact, times);
            errors[k] *= pow(error, 1.0 / (end - first));
            *worst = larger(*worst, error / pow(trial.rtol, pair->power));
            outcome_release(&o);
        }
        machine_destroy(m);
    }
    return n;
}

static void check_slopes(int first, int end, const char *kind) {
    int n_wrong = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        double tolerances[MAX_TOLERANCES], errors[MAX_TOLERANCES], worst;
        const int n = mean_errors(&pairs[i], first, end, tolerances, errors, &worst);
        const double slope = slope_of(n, tolerances, errors);
        print_message("%-12s %-7s %-10s slope %.2f, at most %.2g tol%s\n",
                      pairs[i].method, pairs[i].precision, kind, slope, worst,
                      pairs[i].power < 1 ? "^(2/3)" : "");
        n_wrong += !(worst <= 100) + !(slope >= pairs[i].lo && slope <= pairs[i].hi);
    }
    assert_int_equal(n_wrong, 0);
}

static void test_linear(void **state) {
    (void)state;
    check_slopes(0, N_LINEAR, "linear");
}

static void test_nonlinear(void **state) {
    (void)state;
    check_slopes(N_LINEAR, N_LINEAR + 1, "nonlinear");
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_nonlinear),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
