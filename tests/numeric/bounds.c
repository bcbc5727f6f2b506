/* bounds.c -- states that their model keeps within bounds, by every method: what is within atol
 * of a bound is on it, in rows too; a run that leaves is over, and says so.
 */
#include "method_rows.h"
#include "support.h"

/* Three competitors in a heteroclinic cycle (May & Leonard 1975): each in turn comes so near to 0
 * that what is left of it is error. None can become negative, one is always near 1. */
static const char rps_text[] =
    "model rps\npar a = 0.8, b = 1.3\n"
    "init x = 0.6 in 0 .., y = 0.6 in 0 .., z = 0.1 in 0 ..\n"
    "x' = x*(1 - x - a*y - b*z)\ny' = y*(1 - b*x - y - a*z)\nz' = z*(1 - a*x - b*y - z)\n";

/* Comes to its upper bound and would stay there but for errors; leaves the lower one. */
static const char leaving_text[] =
    "model leaving\npar v = 1\ninit s = 0 in .. 1, x = 1 in 0 .. 2\n"
    "s' = 20*(1 - s)\nx' = -v\n";
enum { S, X };

static void each_way(void (*check)(struct trial trial)) {
    for (int m = 0; m < N_METHOD_ROWS; m++) {
        for (int k = 0; k < 4; k++) {
            const bool fixed = k & 2;
            const struct trial trial = {.method = method_rows[m].name,
                                        .precision = k & 1 ? "float" : NULL,
                                        .dt = fixed ? 0x1p-6 : 0};
            if (fixed || method_rows[m].in_double.last > 0) {
                check(trial);
            }
        }
    }
}

static void check_rps(struct trial trial) {
    enum { N = 61 };
    trial.text = rps_text;
    trial.t1 = 600;
    trial.save =
        (odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = N};
    struct outcome o = solve_trial(&trial);
    assert_int_equal(o.records[0].status, ODEC_RUN_OK);
    for (int i = 0; i < N; i++) {
        for (int c = 0; c < 3; c++) {
            assert_within(value(&o, 0, i, c), 0, 1.01, "%s", trial.method);
        }
    }
    const double *end = &o.values[(size_t)(N - 1) * 3];
    assert_within(end[0] + end[1] + end[2], 0.9, 1.1, "%s", trial.method);
    assert_within(fmax(fmax(end[0], end[1]), end[2]), 0.85, 1.01, "%s", trial.method);
    outcome_release(&o);
}

static void test_competitors(void **state) {
    (void)state;
    each_way(check_rps);
}

/* x = 1 - v t leaves 0 at 1/v: runs of 0.2, 0.75, 2 and -0.3, which stays below 2 too. */
static void check_leaving(struct trial trial) {
    enum { N = 33 };
    static const double v[] = {0.2, 0.75, 2, -0.3};
    const odec_source source = {.kind = ODEC_SOURCE_COLUMN, .stride = 1, .column = v};
    trial.text = leaving_text;
    trial.t1 = 2;
    trial.n_runs = 4;
    trial.pars = &source;
    trial.save =
        (odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = N};
    struct outcome o = solve_trial(&trial);
    for (int run = 0; run < 4; run++) {
        const struct odec_run_record *r = &o.records[run];
        const bool leaves = v[run] * 2 > 1;
        assert_int_equal(r->status, leaves ? ODEC_RUN_OUT_OF_BOUNDS : ODEC_RUN_OK);
        const double end = leaves ? 1 / v[run] : 2;
        assert_within(r->t, end - 0x1p-6 - 1e-4, end + 1e-4, "%s: v = %g", trial.method,
                      v[run]);
        for (int i = 0; i < N; i++) {
            const double t = 2.0 * i / (N - 1), x = value(&o, run, i, X);
            if (t > r->t) {
                assert_true(isnan(x) && isnan(value(&o, run, i, S)));
            } else if (i < N - 1 && t < end - 0x1p-5) {
                assert_within(x - (1 - v[run] * t), -1e-3, 1e-3, "%s", trial.method);
                assert_within(value(&o, run, i, S), 0, 1, "%s: s", trial.method);
                assert_within(x, 0, 2, "%s: x", trial.method);
            }
        }
    }
    outcome_release(&o);
}

static void test_leaving(void **state) {
    (void)state;
    each_way(check_leaving);
}

/* Set outside, a run does not begin; within atol it begins on the bound. Its neighbours are
 * what they are alone. */
static void check_start(struct trial trial) {
    static const double x[] = {1, -0.5, 0, 2.25, -1e-12, 2, -1};
    enum { N = sizeof x / sizeof *x };
    const odec_source states[] = {
        {.kind = ODEC_SOURCE_DEFAULT},
        {.kind = ODEC_SOURCE_COLUMN, .stride = 1, .column = x}};
    trial.text = "model begins\ninit s = 0 in .. 1, x = 1 in 0 .. 2\n"
                 "s' = 20*(1 - s)\nx' = x*(1 - x)\n";
    trial.n_runs = N;
    trial.states = states;
    for (int k = 0; k < 2; k++) { /* also over no time at all */
        trial.t0 = 1;
        trial.t1 = k ? 1 : 1.5;
        trial.save =
            (odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 3};
        struct outcome o = solve_trial(&trial);
        for (int run = 0; run < N; run++) {
            const bool outside = x[run] < -1e-9 || x[run] > 2;
            assert_int_equal(o.records[run].status,
                             outside ? ODEC_RUN_OUT_OF_BOUNDS : ODEC_RUN_OK);
            assert_true(o.records[run].t == (outside ? 1 : trial.t1));
            const double first = value(&o, run, 0, X);
            assert_true(outside ? isnan(first) : first == fmax(x[run], 0));
            assert_true(isnan(value(&o, run, 2, X)) == outside);
        }
        outcome_release(&o);
    }
}

static void test_start(void **state) {
    (void)state;
    each_way(check_start);
}

/* A bound that no state comes near changes no bit. */
static void check_idle(struct trial trial) {
    trial.t1 = 3;
    trial.save =
        (odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 7};
    trial.text = "model free\ninit x = 1, y = 0\nx' = y\ny' = (1 - x*x)*y - x\n";
    struct outcome a = solve_trial(&trial);
    trial.text = "model free\ninit x = 1 in -9 .. 9, y = 0 in .. 8\n"
                 "x' = y\ny' = (1 - x*x)*y - x\n";
    struct outcome b = solve_trial(&trial);
    assert_memory_equal(a.bytes, b.bytes, a.row_bytes);
    assert_memory_equal(a.records, b.records, sizeof *a.records);
    outcome_release(&a);
    outcome_release(&b);
}

static void test_idle(void **state) {
    (void)state;
    each_way(check_idle);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_competitors),
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_idle),
    };
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
