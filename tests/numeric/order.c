/* order.c -- what the methods promise: the order of every one, at steps and between them,
 * and error in proportion to the tolerance.
 *
 * Fixed steps: the error is the largest over several times, so that a chance zero of the
 * error at one of them counts for nothing; the order is the slope of the line through
 * (log dt, log error). Errors near rounding are left out.
 */
#include "problems.h"
#include "support.h"

/* The largest error of the first state over the saves; times are those of the save. */
static double largest_error(const struct outcome *o, const struct problem *problem,
                            const double *times) {
    double largest = 0;
    for (int64_t i = 0; i < o->n_saves; i++) {
        const double error = fabs(value(o, 0, i, 0) - problem->exact(times[i]));
        largest = error > largest ? error : largest;
    }
    return largest;
}

/* ---- fixed steps ---- */

enum { HALVINGS = 6, T1 = 8, AT_STEPS = T1 + 1, BETWEEN = 397 };

static const struct fixed_case {
    const char *method;
    double order;
    double dt;        /* the largest: halved HALVINGS - 1 times */
} fixed_cases[] = {
    {"euler", 1, 0x1p-6},  {"heun", 2, 0x1p-5},  {"bs3", 3, 0x1p-4},  {"rk4", 4, 0x1p-3},
    {"dopri5", 5, 0x1p-3}, {"tsit5", 5, 0x1p-3}, {"vern7", 7, 0x1p-1},
};

enum { N_FIXED_CASES = sizeof fixed_cases / sizeof *fixed_cases };

#define ROUNDING 3e-13 /* errors below this are not the method's */

/* Every 1, a step of each dt; and times that fall into steps at different places. */
static void fill_times(double *at_steps, double *between) {
    for (int i = 0; i < AT_STEPS; i++) {
        at_steps[i] = i;
    }
    for (int i = 0; i < BETWEEN; i++) {
        between[i] = (i + 0.37) * (T1 / 397.5);
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
        const double error = largest_error(&o, problem, times);
        if (error > ROUNDING) {
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
    double at_steps[AT_STEPS], between[BETWEEN];
    fill_times(at_steps, between);
    for (int i = 0; i < N_FIXED_CASES; i++) {
        const struct fixed_case *c = &fixed_cases[i];
        for (int j = 0; j < N_PROBLEMS; j++) {
            const double order = observed_order(c, &problems[j], AT_STEPS, at_steps);
            const double dense = observed_order(c, &problems[j], BETWEEN, between);
            print_message("%-7s %-16s %.2f  between steps %.2f\n", c->method,
                          problems[j].name, order, dense);
            assert_within(order, c->order - 0.3, c->order + 0.3, "at steps");
            assert_within(dense, c->order - 0.3, c->order + 0.3, "between steps");
        }
    }
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
