/* order.c -- the order of every method, at steps and between them.
 *
 * The error is the largest over many times, so that a chance zero of the error at one
 * of them counts for nothing; the order is the slope of the line through (log dt, log
 * error) at the three smallest dt whose errors rounding has no part in.
 */
#include "method_rows.h"
#include "problems.h"
#include "support.h"

/* ---- fixed steps ---- */

enum { HALVINGS = 6, T1 = 8, MAX_TIMES = 513, BETWEEN = 397 };

/* Errors below this are not the method's, after n steps. */
static double rounding(const struct method_row *m, double n) {
    return 3e-15 * sqrt(n) * m->noise;
}

/* The ends of the largest steps, which are ends of steps of every dt. */
static int fill_at_steps(const struct method_row *m, double *times) {
    const int n = (int)(T1 / m->dt) + 1;
    assert_true(n <= MAX_TIMES);
    for (int i = 0; i < n; i++) {
        times[i] = i * m->dt;
    }
    return n;
}

/* Times that fall into steps at different places. */
static void fill_between(double *times) {
    for (int i = 0; i < BETWEEN; i++) {
        times[i] = (i + 0.37) * (T1 / 397.5);
    }
}

static double observed_order(const struct method_row *m, const struct problem *problem,
                             int n_times, const double *times) {
    double dts[HALVINGS], errors[HALVINGS];
    struct trial trial = {
        .text = problem->text,
        .method = m->name,
        .dt = m->dt,
        .t1 = T1,
        .save = {.size = sizeof(odec_save),
                 .kind = ODEC_SAVE_AT,
                 .count = n_times,
                 .at = times},
    };
    struct machine *machine = machine_of(&trial);
    int n = 0;
    for (int k = 0; k < HALVINGS; k++, trial.dt /= 2) {
        struct outcome o = outcome_of(machine, &trial);
        assert_int_equal(o.records[0].status, ODEC_RUN_OK);
        const double error = largest_error(&o, problem->exact, times);
        if (error > rounding(m, T1 / trial.dt)) {
            dts[n] = trial.dt;
            errors[n++] = error;
        }
        outcome_release(&o);
    }
    machine_destroy(machine);
    assert_true(n >= 3);
    return slope_of(3, dts + n - 3, errors + n - 3); /* the smallest steps: h^p alone */
}

static void test_order_at_steps_and_between(void **state) {
    (void)state;
    double at_steps[MAX_TIMES], between[BETWEEN];
    fill_between(between);
    int n_wrong = 0;
    for (int i = 0; i < N_METHOD_ROWS; i++) {
        const struct method_row *m = &method_rows[i];
        const int n_at_steps = fill_at_steps(m, at_steps);
        for (int j = 0; j < N_PROBLEMS; j++) {
            const double order = observed_order(m, &problems[j], n_at_steps, at_steps);
            const double dense = observed_order(m, &problems[j], BETWEEN, between);
            print_message("%-12s %-20s %.2f  between steps %.2f\n", m->name,
                          problems[j].name, order, dense);
            const double expected =
                problems[j].is_homogeneous ? m->homogeneous : m->order;
            n_wrong +=
                !(fabs(order - expected) <= 0.3) + !(fabs(dense - m->dense) <= 0.3);
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
