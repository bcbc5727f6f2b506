/* adaptive.c -- error against tolerance for every embedded pair, at the steps' own accuracy
 * and between steps.
 *
 * The error is the largest over times that fall anywhere into steps, so dense output is held
 * to the same promise as the steps: proportional to the tolerance, and at most 100 times it.
 */
#include "problems.h"
#include "support.h"

enum { MAX_TOLERANCES = 7, N_TIMES = 41, T1 = 8 };

static const struct pair {
    const char *method, *precision;
    int first, last; /* tolerances 10^-first .. 10^-last */
    double lo, hi;   /* of the slope */
} pairs[] = {
    {"heun", "double", 4, 8, 0.5, 1.0},    {"bs3", "double", 4, 10, 0.7, 1.3},
    {"dopri5", "double", 4, 10, 0.7, 1.3}, {"tsit5", "double", 4, 10, 0.7, 1.3},
    {"vern7", "double", 4, 10, 0.7, 1.3},  {"heun", "float", 2, 4, 0.5, 1.0},
    {"bs3", "float", 2, 5, 0.7, 1.3},      {"dopri5", "float", 2, 5, 0.7, 1.3},
    {"tsit5", "float", 2, 5, 0.7, 1.3},    {"vern7", "float", 2, 5, 0.7, 1.3},
};

/* The largest error of the first state over the save times. */
static double largest_error(const struct outcome *o, const struct problem *problem,
                            const double *times) {
    double largest = 0;
    for (int64_t i = 0; i < o->n_saves; i++) {
        largest = fmax(largest, fabs(value(o, 0, i, 0) - problem->exact(times[i])));
    }
    return largest;
}

static void check_pair(const struct pair *pair, const struct problem *problem,
                       const double *times, double *slope, double *worst) {
    double tolerances[MAX_TOLERANCES], errors[MAX_TOLERANCES];
    struct trial trial = {
        .text = problem->text,
        .method = pair->method,
        .precision = pair->precision,
        .rtol = 1e-3,
        .t1 = T1,
        .save = {.kind = ODEC_SAVE_AT, .count = N_TIMES, .at = times},
    };
    struct machine *m = machine_of(&trial);
    int n = 0;
    *worst = 0;
    for (int k = pair->first; k <= pair->last; k++, n++) {
        trial.rtol = tolerances[n] = pow(10, -k);
        struct outcome o = outcome_of(m, &trial);
        assert_int_equal(o.records[0].status, ODEC_RUN_OK);
        errors[n] = largest_error(&o, problem, times);
        *worst = fmax(*worst, errors[n] / trial.rtol);
        outcome_release(&o);
    }
    machine_destroy(m);
    *slope = slope_of(n, tolerances, errors);
}

static void test_error_follows_tolerance(void **state) {
    (void)state;
    double times[N_TIMES];
    for (int i = 0; i < N_TIMES; i++) {
        times[i] = (i + 0.37) * (T1 / 41.5);
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        for (int j = 0; j < N_PROBLEMS; j++) {
            double slope, worst;
            check_pair(&pairs[i], &problems[j], times, &slope, &worst);
            print_message("%-7s %-7s %-16s slope %.2f, at most %.2g tol\n", pairs[i].method,
                          pairs[i].precision, problems[j].name, slope, worst);
            assert_within(worst, 0, 100, "error over tolerance");
            assert_within(slope, pairs[i].lo, pairs[i].hi, "slope");
        }
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_follows_tolerance),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
