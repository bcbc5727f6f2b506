/* adaptive.c -- error against tolerance for every embedded pair, at the steps' own
 * accuracy and between steps.
 *
 * The error is the largest over times that fall anywhere into steps, so dense output is
 * held to the same promise as the steps: proportional to the tolerance, and at most 100
 * times it. (rosenbrock23's is a power of the tolerance.)
 */
#include "method_rows.h"
#include "problems.h"
#include "support.h"

enum {
    MAX_TOLERANCES = 7,
    N_TIMES = 41,
    T1 = 8,
    MOST = 100, /* times the tolerance, of any error */
};

struct pair {
    const char *method, *precision;
    const struct adaptive_row *row;
};

/* errors[k]: the geometric mean over problems first .. end-1 at tolerances[k], so that
 * how one problem's steps happen to fall does not decide. */
static int mean_errors(const struct pair *pair, int first, int end, double *tolerances,
                       double *errors, double *worst) {
    double times[N_TIMES];
    for (int i = 0; i < N_TIMES; i++) {
        times[i] = (i + 0.37) * (T1 / (N_TIMES + 0.5));
    }
    const int n = pair->row->last - pair->row->first + 1;
    for (int k = 0; k < n; k++) {
        tolerances[k] = pow(10, -(pair->row->first + k));
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
            .save = {.size = sizeof(odec_save),
                     .kind = ODEC_SAVE_AT,
                     .count = N_TIMES,
                     .at = times},
        };
        struct machine *m = machine_of(&trial);
        for (int k = 0; k < n; k++) {
            trial.rtol = tolerances[k];
            struct outcome o = outcome_of(m, &trial);
            assert_int_equal(o.records[0].status, ODEC_RUN_OK);
            const double error = largest_error(&o, problems[j].exact, times);
            errors[k] *= pow(error, 1.0 / (end - first));
            *worst = larger(*worst, error / pow(trial.rtol, pair->row->power));
            outcome_release(&o);
        }
        machine_destroy(m);
    }
    return n;
}

static bool slope_is_right(const struct pair *pair, int first, int end,
                           const char *kind) {
    double tolerances[MAX_TOLERANCES], errors[MAX_TOLERANCES], worst;
    const int n = mean_errors(pair, first, end, tolerances, errors, &worst);
    const double slope = slope_of(n, tolerances, errors);
    const struct adaptive_row *row = pair->row;
    const bool led = slope >= row->lo && slope <= row->hi, small = worst <= MOST;
    char wrong[80] = "";
    if (!led) {
        snprintf(wrong, sizeof wrong, " <- slope not within %g .. %g", row->lo,
                 row->hi);
    }
    if (!small) {
        const size_t n_said = strlen(wrong);
        snprintf(wrong + n_said, sizeof wrong - n_said, " <- more than %d", MOST);
    }
    print_message("%-12s %-7s %-10s slope %.2f, at most %.2g tol%s%s\n", pair->method,
                  pair->precision, kind, slope, worst, row->power < 1 ? "^(2/3)" : "",
                  wrong);
    return led && small;
}

static void check_slopes(int first, int end, const char *kind) {
    int n_wrong = 0;
    for (int i = 0; i < N_METHOD_ROWS; i++) {
        const struct method_row *m = &method_rows[i];
        const struct pair in_double = {m->name, "double", &m->in_double};
        const struct pair in_float = {m->name, "float", &m->in_float};
        if (m->in_double.first) {
            n_wrong += !slope_is_right(&in_double, first, end, kind);
            n_wrong += !slope_is_right(&in_float, first, end, kind);
        }
    }
    assert_int_equal(n_wrong, 0);
}

static void test_linear(void **state) {
    (void)state;
    check_slopes(0, N_LINEAR, "linear");
}

static void test_nonlinear(void **state) {
    (void)state;
    check_slopes(N_LINEAR, N_PROBLEMS, "nonlinear");
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
