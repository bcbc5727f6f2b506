/* roundings.c -- what many steps lose in float is what the command warns of (cautions.c):
 * n eps/6 of a state that changes steadily, sqrt(n) eps/2 of one that swings.
 *
 * One run can be lucky, since the roundings depend on dt: the mean over several dt is held to
 * a factor of three. Right values: c(t) = t, x(t) = cos(t), v(t) = -sin(t); the method's own
 * error is far below either loss.
 */
#include "support.h"

#define EPS 0x1p-23

enum { N_LENGTHS = 12 };

typedef double loss_function(const struct outcome *o, double t1);

/* Mean over dt of the loss in units of `unit`, by rk4 in about n steps over 0 .. t1. */
static double mean_loss(const char *text, double t1, double n, double unit,
                        loss_function *loss) {
    double sum = 0;
    for (int i = 0; i < N_LENGTHS; i++) {
        const struct trial trial = {.text = text,
                                    .method = "rk4",
                                    .precision = "float",
                                    .dt = t1 / n * (1 + 0.0137 * i),
                                    .t1 = t1,
                                    .max_attempts = 100000000};
        struct outcome o = solve_trial(&trial);
        assert_int_equal(o.records[0].status, ODEC_RUN_OK);
        sum += loss(&o, t1) / unit;
        outcome_release(&o);
    }
    return sum / N_LENGTHS;
}

static double loss_of_clock(const struct outcome *o, double t1) {
    return fabs(value(o, 0, 0, 0) - t1) / t1;
}

static double loss_of_circle(const struct outcome *o, double t1) {
    return hypot(value(o, 0, 0, 0) - cos(t1), value(o, 0, 0, 1) + sin(t1));
}

static void test_steady(void **state) {
    (void)state;
    for (double n = 3e4; n < 1e6; n *= 5) {
        const double mean = mean_loss("model clock\ninit c = 0\nc' = 1\n", 1000, n,
                                      n * EPS / 6, loss_of_clock);
        assert_within(mean, 1.0 / 3, 3, "%g steps", n);
    }
}

static void test_swinging(void **state) {
    (void)state;
    for (double n = 3e4; n < 1e6; n *= 5) {
        const double mean =
            mean_loss("model circle\ninit x = 1, v = 0\nx' = v\nv' = -x\n", 300, n,
                      sqrt(n) * EPS / 2, loss_of_circle);
        assert_within(mean, 1.0 / 3, 3, "%g steps", n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady),
        cmocka_unit_test(test_swinging),
    };
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
