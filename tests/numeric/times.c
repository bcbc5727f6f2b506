/* times.c -- when results are stored, and that time itself is right: no drift in a
 * million steps, the end exact, saves without influence on the steps.
 */
#include "method_rows.h"
#include "support.h"

/* A model that shows the time at which its columns are taken. */
static const char clock_text[] = "model clock\ninit x = 1, v = 0\n"
                                 "x' = v\nv' = -x\nout now = t\n";
enum { X, V, NOW };

struct steps {
    const char *method;
    double rtol, dt;
    const char *precision;
};

static const struct steps all_steps[] = {
    {"tsit5", 1e-7, 0, NULL},  {"vern7", 1e-9, 0, NULL}, {"heun", 1e-4, 0, NULL},
    {"rk4", 0, 0.1, NULL},     {"euler", 0, 0.03, NULL}, {"tsit5", 0, 0.125, NULL},
    {"bs3", 1e-4, 0, "float"}, {"rk4", 0, 0.1, "float"},
};

enum { N_STEPS = sizeof all_steps / sizeof *all_steps };

static struct trial trial_with(const struct steps *s, double t0, double t1,
                               odec_save save) {
    return (struct trial){.text = clock_text,
                          .method = s->method,
                          .precision = s->precision,
                          .rtol = s->rtol,
                          .dt = s->dt,
                          .t0 = t0,
                          .t1 = t1,
                          .save = save};
}

static double stored(const struct steps *s, double t) {
    return s->precision ? (double)(float)t : t;
}

/* Each row is taken at its time, to the bit. */
static void check_rows_at(const struct steps *s, const struct trial *trial, int64_t n,
                          const double *times) {
    struct outcome o = solve_trial(trial);
    assert_int_equal(o.n_saves, n);
    assert_int_equal(o.records[0].status, ODEC_RUN_OK);
    assert_true(o.records[0].t == trial->t1);
    for (int64_t i = 0; i < n; i++) {
        if (value(&o, 0, i, NOW) != stored(s, times[i])) {
            fail_msg("%s: row %lld is of t = %.17g, not %.17g", s->method, (long long)i,
                     value(&o, 0, i, NOW), times[i]);
        }
    }
    outcome_release(&o);
}

static void test_final_time_is_exact(void **state) {
    (void)state;
    static const double spans[][2] = {
        {0, 1}, {0, 0.3}, {-1, 2.7}, {100, 100.7}, {0, 1e-3}};
    for (int i = 0; i < N_STEPS; i++) {
        for (size_t k = 0; k < sizeof spans / sizeof *spans; k++) {
            struct trial trial = trial_with(&all_steps[i], spans[k][0], spans[k][1],
                                            (odec_save)ODEC_SAVE_INIT);
            check_rows_at(&all_steps[i], &trial, 1, &trial.t1);
        }
    }
}

static void test_every(void **state) {
    (void)state;
    for (int i = 0; i < N_STEPS; i++) {
        double times[101];
        for (int k = 0; k <= 100; k++) {
            times[k] = fma(k, 0.1, 2.0);
        }
        times[100] = 12;
        struct trial trial = trial_with(
            &all_steps[i], 2, 12,
            (odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_EVERY, .dt = 0.1});
        check_rows_at(&all_steps[i], &trial, 101, times);
        trial.save.dt = 4; /* does not meet the end: 2, 6, 10 */
        check_rows_at(&all_steps[i], &trial, 3, (double[]){2, 6, 10});
        trial.save.dt = 40; /* the start alone */
        check_rows_at(&all_steps[i], &trial, 1, (double[]){2});
    }
}

static void test_count(void **state) {
    (void)state;
    for (int i = 0; i < N_STEPS; i++) {
        double times[8];
        for (int k = 0; k < 8; k++) {
            times[k] = fma(k, 1.7 / 7, 0.1);
        }
        times[7] = 1.8;
        struct trial trial = trial_with(&all_steps[i], 0.1, 1.8,
                                        (odec_save){.size = sizeof(odec_save),
                                                    .kind = ODEC_SAVE_COUNT,
                                                    .count = 8});
        check_rows_at(&all_steps[i], &trial, 8, times);
        trial.save.count = 2;
        check_rows_at(&all_steps[i], &trial, 2, (double[]){0.1, 1.8});
    }
}

/* At the start, twice within a step, next to each other, at the end. */
static void test_listed(void **state) {
    (void)state;
    const double one = nextafter(1, 0);
    const double times[] = {0, 1e-12, 0.05, 0.051, one, 1, 1.7, 3};
    for (int i = 0; i < N_STEPS; i++) {
        const odec_save save = {
            .size = sizeof(odec_save), .kind = ODEC_SAVE_AT, .count = 8, .at = times};
        struct trial trial = trial_with(&all_steps[i], 0, 3, save);
        check_rows_at(&all_steps[i], &trial, 8, times);
        trial.save.count = 7; /* not the end */
        check_rows_at(&all_steps[i], &trial, 7, times);
        trial.save.count = 1; /* the start alone */
        check_rows_at(&all_steps[i], &trial, 1, times);
    }
}

/* Saves look at steps, they do not make them: the end has the same bits with many as
 * with none, and so has every save with more of them around it. */
static void test_saves_do_not_change_steps(void **state) {
    (void)state;
    for (int i = 0; i < N_STEPS; i++) {
        struct trial trial =
            trial_with(&all_steps[i], 0, 10, (odec_save)ODEC_SAVE_INIT);
        struct outcome none = solve_trial(&trial);
        trial.save =
            (odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 5};
        struct outcome few = solve_trial(&trial);
        trial.save.count = 4001;
        struct outcome many = solve_trial(&trial);
        for (int c = 0; c < 3; c++) {
            assert_true(value(&none, 0, 0, c) == value(&few, 0, 4, c));
            assert_true(value(&none, 0, 0, c) == value(&many, 0, 4000, c));
            for (int k = 0; k < 5; k++) {
                assert_true(value(&few, 0, k, c) == value(&many, 0, 1000 * k, c));
            }
        }
        /* All that they cost is dense output's stages, in steps that have saves: 4, or all
         * (but the first ones, which may be shorter than the saves are apart). */
        const int64_t more = few.records->n_rhs - none.records->n_rhs;
        assert_int_equal(more, strcmp(trial.method, "vern7") == 0 ? 4 * 6
                               : more                             ? 4
                                                                  : 0);
        assert_within(many.records->n_rhs - none.records->n_rhs,
                      more / 4 * (none.records->n_accepted - 3),
                      more / 4 * none.records->n_accepted, "%s", trial.method);
        few.records->n_rhs = many.records->n_rhs = none.records->n_rhs;
        assert_memory_equal(none.records, few.records, sizeof *none.records);
        assert_memory_equal(none.records, many.records, sizeof *none.records);
        outcome_release(&none);
        outcome_release(&few);
        outcome_release(&many);
    }
}

/* A save at the end of a fixed step is that step's state: what a run to there ends
 * with. */
static void test_save_at_a_step_is_the_step(void **state) {
    (void)state;
    for (int i = 0; i < N_METHOD_ROWS; i++) {
        const struct steps steps = {method_rows[i].name, 0, 0x1p-5, NULL};
        struct trial trial = trial_with(&steps, 0, 4,
                                        (odec_save){.size = sizeof(odec_save),
                                                    .kind = ODEC_SAVE_COUNT,
                                                    .count = 129});
        struct outcome all = solve_trial(&trial);
        for (int k = 1; k <= 128; k += 29) {
            trial.save = (odec_save)ODEC_SAVE_INIT;
            trial.t1 = k * 0x1p-5;
            struct outcome one = solve_trial(&trial);
            assert_true(value(&one, 0, 0, X) == value(&all, 0, k, X));
            assert_true(value(&one, 0, 0, V) == value(&all, 0, k, V));
            assert_int_equal(one.records[0].n_accepted, k);
            outcome_release(&one);
        }
        outcome_release(&all);
    }
}

/* Steps that do not fit the span: the last is shorter and ends at the end. */
static void test_last_fixed_step_is_cut(void **state) {
    (void)state;
    static const struct {
        double t1, dt;
        int n_steps;
    } table[] = {{1, 0.3, 4},      {1, 0.1, 10},    {0.7, 0.1, 7},   {1, 2, 1},
                 {100, 0.1, 1000}, {1, 1.0 / 3, 3}, {1, 0.999999, 2}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct steps steps = {"vern7", 0, table[i].dt, NULL};
        const struct trial trial =
            trial_with(&steps, 0, table[i].t1, (odec_save)ODEC_SAVE_INIT);
        struct outcome o = solve_trial(&trial);
        assert_int_equal(o.records[0].n_accepted, table[i].n_steps);
        assert_true(o.records[0].t == table[i].t1);
        assert_within(value(&o, 0, 0, X) - cos(table[i].t1), -2e-4, 2e-4, "dt %g",
                      table[i].dt);
        outcome_release(&o);
    }
}

/* ---- drift ---- */

/* x' = cos t: the sum of a million products is as right as the times it is taken at. A
 * time that is a running sum of floats is off by seconds at t = 1000. */
static const char quadrature[] = "model quadrature\ninit x = 0, u = 0\n"
                                 "x' = cos(t)\nu' = 1\nout now = t\n";

static double worst_quadrature(const struct outcome *o, const double *times) {
    double worst = 0;
    for (int64_t i = 0; i < o->n_saves; i++) {
        assert_int_equal(o->records[0].status, ODEC_RUN_OK);
        worst = fmax(worst, fabs(value(o, 0, i, 0) - sin(times[i])));
    }
    return worst;
}

static void check_drift(struct trial trial, double bound) {
    double times[101];
    for (int i = 0; i <= 100; i++) {
        times[i] = trial.t1 / 100 * i;
    }
    trial.text = quadrature;
    trial.save =
        (odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 101};
    struct outcome o = solve_trial(&trial);
    print_message("%-6s %-6s %8lld steps: %.2g\n", trial.method,
                  trial.precision ? trial.precision : "double", o.records[0].n_accepted,
                  worst_quadrature(&o, times));
    assert_within(worst_quadrature(&o, times), 0, bound, "%s in %s", trial.method,
                  trial.precision ? trial.precision : "double");
    assert_true(o.records[0].n_accepted >= 99999);
    outcome_release(&o);
}

static void test_time_does_not_drift(void **state) {
    (void)state;
    check_drift((struct trial){.method = "rk4", .dt = 1e-3, .t1 = 1000}, 1e-11);
    check_drift(
        (struct trial){.method = "rk4", .dt = 1e-3, .t1 = 1000, .precision = "float"},
        2e-4);
    check_drift(
        (struct trial){.method = "tsit5", .rtol = 1e-6, .dt_max = 0.01, .t1 = 1000},
        1e-11);
    check_drift((struct trial){.method = "bs3",
                               .rtol = 1e-4,
                               .dt_max = 0.01,
                               .t1 = 1000,
                               .precision = "float"},
                2e-4);
}

/* u' = 1 is t itself. */
static void test_unit_rate_is_time(void **state) {
    (void)state;
    static const struct {
        struct steps steps;
        double bound;
    } table[] = {{{"euler", 0, 1e-3, NULL}, 1e-7},
                 {{"vern7", 0, 0.1, NULL}, 1e-9},
                 {{"tsit5", 1e-6, 0, NULL}, 1e-12},
                 {{"heun", 1e-4, 0, "float"}, 1e-3}};
    for (int i = 0; i < 4; i++) {
        struct trial trial =
            trial_with(&table[i].steps, 0, 1000, (odec_save)ODEC_SAVE_INIT);
        trial.text = "model unit\ninit u = 0\nu' = 1\n";
        struct outcome o = solve_trial(&trial);
        assert_within(value(&o, 0, 0, 0) - 1000, -table[i].bound, table[i].bound, "%s",
                      table[i].steps.method);
        outcome_release(&o);
    }
}

/* No step is longer than dt_max. */
static void test_dt_max(void **state) {
    (void)state;
    const struct trial trial = {
        .text = clock_text, .method = "tsit5", .rtol = 1e-3, .t1 = 10, .dt_max = 0.01};
    struct outcome o = solve_trial(&trial);
    assert_within(o.records[0].n_accepted, 1000, 1020, "steps of at most 0.01 to 10");
    outcome_release(&o);
}

/* Of a span that ends where it begins there are the initial rows, and no step: by every
 * method, also where the derivatives are infinite there. A state that is no number is none. */
static void check_empty_span(const struct method_row *row, const char *precision,
                             bool fixed, odec_save save) {
    static const double column[] = {1, 2, -1, 4, 5};
    const odec_source a = {.kind = ODEC_SOURCE_COLUMN, .stride = 1, .column = column};
    const struct trial trial = {.text =
                                    "model m\npar a = 1\ninit x = sqrt(a), y = 3\n"
                                    "x' = a/(a - 2) + t\ny' = x - y\nout w = x + t\n",
                                .method = row->name,
                                .precision = precision,
                                .outputs = "x, w",
                                .dt = fixed ? 0.1 : 0,
                                .rtol = fixed ? 0 : 1e-3,
                                .t0 = 7,
                                .t1 = 7,
                                .n_runs = 5,
                                .pars = &a,
                                .save = save};
    struct outcome o = solve_trial(&trial);
    for (int run = 0; run < 5; run++) {
        const struct odec_run_record *r = &o.records[run];
        const double x =
            precision ? (double)sqrtf((float)column[run]) : sqrt(column[run]);
        const double w = precision ? (double)((float)x + 7) : x + 7;
        assert_int_equal(r->status, run == 2 ? ODEC_RUN_NON_FINITE : ODEC_RUN_OK);
        assert_true(r->t == 7);
        assert_int_equal(r->n_accepted, 0);
        assert_int_equal(r->n_rejected, 0);
        for (int64_t i = 0; run != 2 && i < o.n_saves; i++) {
            if (value(&o, run, i, 0) != x || value(&o, run, i, 1) != w) {
                fail_msg("%s: run %d is %.17g, %.17g", row->name, run,
                         value(&o, run, i, 0), value(&o, run, i, 1));
            }
        }
    }
    assert_int_equal(o.result.n_accepted + o.result.n_rejected, 0);
    assert_int_equal(o.result.n_by_status[ODEC_RUN_OK], 4);
    outcome_release(&o);
}

static void test_span_of_no_length(void **state) {
    (void)state;
    static const double sevens[] = {7, 7, 7};
    const odec_save saves[] = {
        ODEC_SAVE_INIT,
        {.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 4},
        {.size = sizeof(odec_save), .kind = ODEC_SAVE_AT, .at = sevens, .count = 3},
        {.size = sizeof(odec_save), .kind = ODEC_SAVE_EVERY, .dt = 0.5}};
    for (size_t m = 0; m < sizeof method_rows / sizeof *method_rows; m++) {
        const struct method_row *row = &method_rows[m];
        const char *precision = m % 2 ? "float" : NULL;
        check_empty_span(row, precision, true, saves[0]);
        check_empty_span(row, precision, true, saves[1 + m % 3]);
        if (row->in_double.first > 0) {
            check_empty_span(row, precision, false, saves[0]);
            check_empty_span(row, precision, false, saves[1 + m % 3]);
        }
    }
}

/* Times that repeat are rows that repeat. */
static void test_repeated_times(void **state) {
    (void)state;
    static const double once[] = {0, 0.3, 0.301, 2, 3},
                        repeated[] = {0, 0, 0.3, 0.3, 0.3, 0.301, 2, 2, 3, 3, 3};
    static const int row_of[] = {0, 0, 1, 1, 1, 2, 3, 3, 4, 4, 4};
    for (int m = 0; m < N_STEPS; m++) {
        struct trial trial = trial_with(&all_steps[m], 0, 3,
                                        (odec_save){.size = sizeof(odec_save),
                                                    .kind = ODEC_SAVE_AT,
                                                    .at = once,
                                                    .count = 5});
        struct outcome o = solve_trial(&trial);
        trial.save.at = repeated;
        trial.save.count = 11;
        struct outcome twice = solve_trial(&trial);
        for (int i = 0; i < 11; i++) {
            for (int c = 0; c < 3; c++) {
                assert_true(value(&twice, 0, i, c) == value(&o, 0, row_of[i], c));
            }
        }
        assert_memory_equal(o.records, twice.records, sizeof *o.records);
        outcome_release(&o);
        outcome_release(&twice);
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_final_time_is_exact),
        cmocka_unit_test(test_every),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_listed),
        cmocka_unit_test(test_saves_do_not_change_steps),
        cmocka_unit_test(test_save_at_a_step_is_the_step),
        cmocka_unit_test(test_last_fixed_step_is_cut),
        cmocka_unit_test(test_time_does_not_drift),
        cmocka_unit_test(test_unit_rate_is_time),
        cmocka_unit_test(test_dt_max),
        cmocka_unit_test(test_span_of_no_length),
        cmocka_unit_test(test_repeated_times),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
