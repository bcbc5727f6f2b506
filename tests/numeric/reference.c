/* reference.c -- published end values, and quantities that a flow keeps.
 *
 * DETEST (Hull, Enright, Fellen & Sedgwick, SIAM J. Numer. Anal. 9, 1972), end values
 * from ACM TOMS 648's NSDTST, routine EVALU. Their last digits are only absolutely
 * accurate, to some 1e-8; A1 has a closed form besides.
 */
#include "method_rows.h"
#include "support.h"

static const char a1[] = "model A1\ninit y = 1\ny' = -y\n";

static const char b1[] = "model B1\ninit y1 = 1, y2 = 3\n"
                         "y1' = 2*(y1 - y1*y2)\ny2' = -(y2 - y1*y2)\n";

static const char d3[] = "model D3\ninit y1 = 0.5, y2 = 0, y3 = 0, y4 = sqrt(3)\n"
                         "r3 = (y1^2 + y2^2)^1.5\n"
                         "y1' = y3\ny2' = y4\ny3' = -y1/r3\ny4' = -y2/r3\n";

static const struct row {
    const char *name, *text;
    int n;
    double end[4]; /* at t = 20 */
} rows[] = {
    {"A1", a1, 1, {2.061153353012535e-09}},
    {"B1", b1, 2, {0.6761876008576667, 0.1860816099640036}},
    {"D3",
     d3,
     4,
     {-0.5780432953035361, 0.8633840009194193, -0.9595083730380727,
      -0.06504915126712089}},
};

static void check_end(const struct row *row, const struct method_row *m) {
    const struct trial trial = {
        .text = row->text, .method = m->name, .rtol = m->detest_tolerance, .t1 = 20};
    struct outcome o = solve_trial(&trial);
    for (int c = 0; c < row->n; c++) {
        assert_within(fabs(value(&o, 0, 0, c) - row->end[c]), 0, m->detest_bound,
                      "%s component %d by %s", row->name, c + 1, m->name);
    }
    outcome_release(&o);
}

static void test_detest(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int k = 0; k < N_METHOD_ROWS; k++) {
            if (method_rows[k].detest_tolerance > 0) {
                check_end(&rows[i], &method_rows[k]);
            }
        }
    }
}

/* With atol far below the solution, decay over nine decades keeps its digits. */
static void test_decay_keeps_relative_accuracy(void **state) {
    (void)state;
    const struct trial trial = {
        .text = a1, .method = "tsit5", .rtol = 1e-11, .atol = 1e-24, .t1 = 20};
    struct outcome o = solve_trial(&trial);
    assert_within(value(&o, 0, 0, 0) / exp(-20.0) - 1, -1e-9, 1e-9, "exp(-20)");
    outcome_release(&o);
}

/* The spread of a column over all saves of all runs, against its value at the start. */
static double spread(const struct outcome *o, int column) {
    double largest = 0;
    for (int64_t run = 0; run < o->n_runs; run++) {
        for (int64_t i = 0; i < o->n_saves; i++) {
            const double d = fabs(value(o, run, i, column) - value(o, run, 0, column));
            largest = isnan(d) || d > largest ? d : largest;
        }
    }
    return largest;
}

static void test_orbits_keep_energy_and_momentum(void **state) {
    (void)state;
    char *text = example_text("two_body");
    const odec_source e = {
        .kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 0.9, .n = 10, .repeat = 1};
    const struct trial trial = {
        .text = text,
        .method = "vern7",
        .outputs = "energy,momentum",
        .rtol = 1e-12,
        .t1 = 62.831853071795862,
        .save = {.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 201},
        .n_runs = 10,
        .pars = &e};
    struct outcome o = solve_trial(&trial);
    assert_within(value(&o, 5, 0, 0), -0.5 - 1e-14, -0.5 + 1e-14, "energy -1/2a");
    assert_within(value(&o, 5, 0, 1), sqrt(0.75) - 1e-14, sqrt(0.75) + 1e-14,
                  "momentum");
    assert_within(spread(&o, 0), 0, 2e-9, "energy over ten orbits");
    assert_within(spread(&o, 1), 0, 2e-9, "momentum over ten orbits");
    outcome_release(&o);
    free(text);
}

static void test_predators_and_prey_stay_on_their_orbit(void **state) {
    (void)state;
    char *text = example_text("lotka_volterra");
    const struct trial trial = {
        .text = text,
        .method = "tsit5",
        .outputs = "invariant,prey",
        .rtol = 1e-10,
        .t1 = 100,
        .save = {.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 1001}};
    struct outcome o = solve_trial(&trial);
    assert_within(spread(&o, 0), 0, 1e-7, "the invariant");
    assert_within(spread(&o, 1), 5, 1e9, "prey: it moves at all");
    outcome_release(&o);
    free(text);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detest),
        cmocka_unit_test(test_decay_keeps_relative_accuracy),
        cmocka_unit_test(test_orbits_keep_energy_and_momentum),
        cmocka_unit_test(test_predators_and_prey_stay_on_their_orbit),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
