/* clock.c -- the clock of a run: it counts from the run's start, so where time starts and
 * which way it goes changes nothing that the equations do not say. By every method, with
 * fixed and adaptive steps, in both precisions, saves within steps.
 */
#include "method_rows.h"
#include "support.h"

enum { N_ROWS = 5 };

/* Its equations do not name t. */
static const char autonomous_text[] = "model auton\ninit c = 0, x = 1, v = 0.25\n"
                                      "c' = 1\nx' = v\nv' = (1 - x*x)*v - x\n";
enum { C, X, V, N_COLUMNS };

static struct trial trial_of(const struct method_row *method, const char *precision,
                             bool fixed) {
    return (struct trial){
        .text = autonomous_text,
        .method = method->name,
        .precision = precision,
        .dt = fixed ? 0.0703125 : 0, /* does not divide the span */
        .rtol = fixed       ? 0
                : precision ? 1e-4
                            : 1e-6,
        .save = {.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = N_ROWS}};
}

static struct outcome solved(struct trial trial, double t0, double t1) {
    trial.t0 = t0;
    trial.t1 = t1;
    struct outcome o = solve_trial(&trial);
    assert_int_equal(o.records[0].status, ODEC_RUN_OK);
    assert_true(o.records[0].t == t1);
    return o;
}

static void assert_same(const struct outcome *a, const struct outcome *b,
                        const struct trial *trial, double t0, const char *than) {
    if (memcmp(a->values, b->values, sizeof(double) * N_ROWS * N_COLUMNS) != 0 ||
        a->records[0].n_accepted != b->records[0].n_accepted ||
        a->records[0].n_rejected != b->records[0].n_rejected) {
        fail_msg("%s in %s, %s: from %g other bits than %s (x = %.17g, %.17g)",
                 trial->method, trial->precision ? trial->precision : "double",
                 trial->dt > 0 ? "fixed" : "adaptive", t0, than,
                 value(a, 0, N_ROWS - 1, X), value(b, 0, N_ROWS - 1, X));
    }
}

/* From any t0 the bits are those from 0. */
static void check_starts(const struct trial *trial) {
    static const double starts[] = {-2, 1.7e9, -1e12, 0x1p40, 1e15};
    struct outcome zero = solved(*trial, 0, 2);
    const double eps = trial->precision ? 0x1p-23 : 0x1p-52;
    for (int i = 0; i < N_ROWS; i++) {
        assert_within(value(&zero, 0, i, C), 0.5 * i * (1 - 200 * eps),
                      0.5 * i * (1 + 200 * eps), "%s: time itself", trial->method);
    }
    for (size_t k = 0; k < sizeof starts / sizeof *starts; k++) {
        struct outcome o = solved(*trial, starts[k], starts[k] + 2);
        assert_same(&zero, &o, trial, starts[k], "from 0");
        outcome_release(&o);
    }
    outcome_release(&zero);
}

/* Backwards, y' = f is y' = -f forwards, to the bit. */
static void check_backwards(const struct trial *trial) {
    struct trial mirrored = *trial;
    mirrored.text = "model mirrored\ninit c = 0, x = 1, v = 0.25\n"
                    "c' = -1\nx' = -v\nv' = -((1 - x*x)*v - x)\n";
    struct outcome forwards = solved(mirrored, 0, 2);
    static const double starts[] = {0, 2, -1e12, 1.7e9};
    for (size_t k = 0; k < sizeof starts / sizeof *starts; k++) {
        struct outcome o = solved(*trial, starts[k], starts[k] - 2);
        assert_same(&forwards, &o, trial, starts[k], "forwards by -f");
        outcome_release(&o);
    }
    outcome_release(&forwards);
}

static void each_way(void (*check)(const struct trial *)) {
    for (int m = 0; m < N_METHOD_ROWS; m++) {
        for (int k = 0; k < 4; k++) {
            const char *precision = k & 1 ? "float" : NULL;
            const bool fixed = k & 2;
            if (fixed || method_rows[m].in_double.last > 0) {
                const struct trial trial = trial_of(&method_rows[m], precision, fixed);
                check(&trial);
            }
        }
    }
}

static void test_starts_anywhere(void **state) {
    (void)state;
    each_way(check_starts);
}

static void test_runs_backwards(void **state) {
    (void)state;
    each_way(check_backwards);
}

/* Where equations name t they see it: x' = 2 t x is exp(t^2 - t0^2), and `now` is the time that
 * was asked for, to the bit, whatever the clock is. */
static void check_named(const struct trial *given) {
    static const double spans[][2] = {
        {0, 1.25}, {1.25, 0}, {-0.1, 1}, {1, -0.7}, {0.3, 1.1}};
    for (size_t k = 0; k < sizeof spans / sizeof *spans; k++) {
        const double t0 = spans[k][0], t1 = spans[k][1];
        double at[4] = {t0, t0 + 0.3 * (t1 - t0), t0 + 0.87 * (t1 - t0), t1};
        struct trial trial = *given;
        trial.text = "model named\ninit x = 1\nx' = 2*t*x\nout now = t\n";
        trial.save = (odec_save){
            .size = sizeof(odec_save), .kind = ODEC_SAVE_AT, .at = at, .count = 4};
        struct outcome o = solved(trial, t0, t1);
        const bool crude = trial.dt > 0 && trial.method[0] == 'e'; /* euler */
        for (int i = 0; i < 4; i++) {
            const double now = trial.precision ? (double)(float)at[i] : at[i];
            const double exact = exp(at[i] * at[i] - t0 * t0);
            assert_true(value(&o, 0, i, 1) == now);
            assert_within(value(&o, 0, i, 0) / exact - 1, crude ? -0.3 : -0.02,
                          crude ? 0.3 : 0.02, "%s, %g .. %g", trial.method, t0, t1);
            if (trial.dt == 0) {
                assert_within(value(&o, 0, i, 0) / exact - 1, -100 * trial.rtol,
                              100 * trial.rtol, "%s, %g .. %g", trial.method, t0, t1);
            }
        }
        outcome_release(&o);
    }
}

static void test_equations_see_the_time(void **state) {
    (void)state;
    each_way(check_named);
}

/* Far from 0 the error is what the equations' own use of t loses, half an ulp of t. */
static void test_named_far_from_zero(void **state) {
    (void)state;
    const struct trial trial = {
        .text = "model far\npar s = 0\ninit x = 0\n"
                "x' = cos(t - s)\n",
        .method = "vern7",
        .rtol = 1e-12,
        .pars = &(odec_source){.kind = ODEC_SOURCE_UNIFORM, .value = 1.7e9},
        .t0 = 1.7e9,
        .t1 = 1.7e9 + 3};
    struct outcome o = solve_trial(&trial);
    assert_within(value(&o, 0, 0, 0) - sin(3), -2e-7, 2e-7, "from 1.7e9");
    outcome_release(&o);
}

/* A thousand oscillations a second, after a Unix time. */
static void test_oscillator_at_unix_time(void **state) {
    (void)state;
    static const double omega = 6283.185307179586;
    const struct trial trial = {.text = "model osc\npar w = 6283.185307179586\n"
                                        "init x = 1, v = 0\nx' = w*v\nv' = -w*x\n",
                                .method = "vern7",
                                .rtol = 1e-12,
                                .t0 = 1.7e9,
                                .t1 = 1.7e9 + 1};
    struct outcome o = solve_trial(&trial);
    assert_within(value(&o, 0, 0, 0) - cos(omega), -1e-8, 1e-8, "x after 1 s");
    outcome_release(&o);
}

/* Steps that have become too small to move the clock end a run at once, where each of them is
 * accepted too: here every second attempt is one, and h halves towards the pole. */
static void test_clock_that_stands(void **state) {
    (void)state;
    for (int m = 0; m < N_METHOD_ROWS; m++) {
        if (method_rows[m].in_double.last == 0) {
            continue;
        }
        struct trial trial = {.text = "model pole\ninit x = 1\nx' = x*x*x\n",
                              .method = method_rows[m].name,
                              .rtol = 1e-4,
                              .t0 = 1e6,
                              .t1 = 1e6 + 1};
        struct outcome o = solve_trial(&trial);
        const struct odec_run_record *r = &o.records[0];
        assert_int_not_equal(r->status, ODEC_RUN_OK);
        assert_int_not_equal(r->status, ODEC_RUN_MAX_ATTEMPTS);
        assert_within(r->t - 1e6, 0.499, 0.501, "%s", trial.method);
        assert_within(r->n_accepted + r->n_rejected, 1, 20000, "%s", trial.method);
        outcome_release(&o);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_anywhere),
        cmocka_unit_test(test_runs_backwards),
        cmocka_unit_test(test_equations_see_the_time),
        cmocka_unit_test(test_named_far_from_zero),
        cmocka_unit_test(test_oscillator_at_unix_time),
        cmocka_unit_test(test_clock_that_stands),
    };
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
