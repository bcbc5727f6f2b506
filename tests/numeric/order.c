/* order.c -- the order of every method, at steps and between them.
 *
 * The error is the largest over many times, so that a chance zero of the error at one
 * of them counts for nothing; the order is the slope of the line through (log dt, log
 * error) at the three smallest dt whose errors rounding has no part in.
 */
#include "problems.h"
#include "support.h"

/* ---- fixed steps ---- */

enum { HALVINGS = 6, T1 = 8, MAX_TIMES = 513, BETWEEN = 397 };

static const struct fixed_case {
    const char *method;
    double order, homogeneous; /* at steps of y' = A y it may be higher */
    double noise;              /* of rounding errors, in units of euler's */
    double dt;                 /* the largest: halved HALVINGS - 1 times */
} fixed_cases[] = {
    {"euler", 1, 1, 1, 0x1p-6},
    {"heun", 2, 2, 1, 0x1p-5},
    {"bs3", 3, 3, 1, 0x1p-4},
    {"rk4", 4, 4, 1, 0x1p-3},
    {"dopri5", 5, 5, 1, 0x1p-2},
    {"tsit5", 5, 5, 1, 0x1p-2},
    {"vern7", 7, 7, 1, 0x1p-1},
    {"rosenbrock23", 2, 2, 1, 0x1p-5},
    {"rodas4", 4, 4, 10, 0x1p-2},
    /* R(z) = exp(z) - 1e-5 z^7: the term in z^6 is there to 4e-14. The stages are some
       hundred times as large as what they add up to. */
    {"rodas5p", 5, 6, 10, 0x1p-2},
};

enum { N_FIXED_CASES = sizeof fixed_cases / sizeof *fixed_cases };

/* Errors below this are not the method's, after n steps. */
static double rounding(const struct fixed_case *c, double n) {
    return 3e-15 * sqrt(n) * c->noise;
}

/* The ends of the largest steps, which are ends of steps of every dt. */
static int fill_at_steps(const struct fixed_case *c, double *times) {
    const int n = (int)(T1 / c->dt) + 1;
    assert_true(n <= MAX_TIMES);
    for (int i = 0; i < n; i++) {
        times[i] = i * c->dt;
    }
    return n;
}

/* Times that fall into steps at different places. */
static void fill_between(double *times) {
    for (int i = 0; i < BETWEEN; i++) {
        times[i] = (i + 0.37) * (T1 / 397.5);
    }
}

static double observed_order(const struct fixed_case *c, const struct problem *problem,
                             int n_times, const double *times) {
    double dts[HALVINGS], errors[HALVINGS];
    struct trial trial = {
        .text = problem->text,
        .method = c->method,
        .dt = c->dt,
        .t1 = T1,
        .save = {.kind = ODEC_SAVE_AT, .count = n_times, .at = times},
    };
    struct machine *m = machine_of(&trial);
    int n = 0;
    for (int k = 0; k < HALVINGS; k++, trial.dt /= 2) {
        struct outcome o = outcome_of(m, &trial);
        assert_int_equal(o.records[0].status, ODEC_RUN_OK);
        const double error = largest_error(&o, problem->exact, times);
        if (error > rounding(c, T1 / trial.dt)) {
            dts[n] = trial.dt;
            errors[n++] = error;
        }
        outcome_release(&o);
    }
    machine_destroy(m);
    assert_true(n >= 3);
    return slope_of(3, dts + n - 3, errors + n - 3); /* the smallest steps: h^p alone */
}

static void test_order_at_steps_and_between(void **state) {
    (void)state;
    double at_steps[MAX_TIMES], between[BETWEEN];
    fill_between(between);
    int n_wrong = 0;
    for (int i = 0; i < N_FIXED_CASES; i++) {
        const struct fixed_case *c = &fixed_cases[i];
        const int n_at_steps = fill_at_steps(c, at_steps);
        for (int j = 0; j < N_PROBLEMS; j++) {
            const double order = observed_order(c, &problems[j], n_at_steps, at_steps);
            const double dense = observed_order(c, &problems[j], BETWEEN, between);
            print_message("%-12s %-20s %.2f  between steps %.2f\n", c->method,
                          problems[j].name, order, dense);
            const double expected =
                problems[j].is_homogeneous ? c->homogeneous : c->order;
            n_wrong +=
                !(fabs(order - expected) <= 0.3) + !(fabs(dense - c->order) <= 0.3);
        }
    }
    assert_int_equal(n_wrong, 0);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_at_steps_and_between),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
