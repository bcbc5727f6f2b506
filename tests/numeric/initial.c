/* initial.c -- initial values that use other states: what is set from outside, they follow.
 *
 * Small whole numbers: every value is exact in float too, and the right ones are a line of
 * arithmetic each. Nothing moves, so that the first row and the last both show the start.
 */
#include "support.h"

/* In the order of use: t0, D, A, B; E is used by none and uses all. */
static const char text[] = "model initial\npar k = 3\n"
                           "init E = sum_of(A, B) + t, A = 2*D + k, D = 5\n"
                           "B = A - k\nsum_of(u, v) = u + v + D\n"
                           "E' = 0\nA' = 0\nD' = 0\nout now = t\n";
enum { E, A, D };
enum { N_STATES = 3, N_RUNS = 19, T0 = 8 };

static const struct program_kind {
    const char *method;
    double rtol, dt;
} kinds[] = {
    {"tsit5", 1e-4, 0}, {"rk4", 0, 0.25}, {"rodas5p", 1e-4, 0}, {"rodas4", 0, 0.25}};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* One number a run: what a file gives. */
static const double column[N_RUNS] = {3, -1, 4, 1,  -5, 9,  2, 6, 5,  3,
                                      5, 8,  9, -7, 9,  -3, 2, 3, -84};

#define UNIFORM(x) \
    { .kind = ODEC_SOURCE_UNIFORM, .value = (x) }
#define SWEPT(from)                                                        \
    {                                                                      \
        .kind = ODEC_SOURCE_GRID, .lo = (from), .hi = (from) + N_RUNS - 1, \
        .n = N_RUNS, .repeat = 1                                           \
    }
#define FILED \
    { .kind = ODEC_SOURCE_COLUMN, .column = column, .stride = 1 }

/* What is set from outside; the rest is the model's. */
static const struct given {
    const char *what;
    odec_source k, states[N_STATES];
} givens[] = {
    {"nothing", {0}, {{0}}},
    {"D", {0}, {[D] = UNIFORM(7)}},
    {"D swept", {0}, {[D] = SWEPT(-4)}},
    {"D from a file", {0}, {[D] = FILED}},
    {"A", {0}, {[A] = UNIFORM(100)}},
    {"A swept, D from a file", {0}, {[A] = SWEPT(1), [D] = FILED}},
    {"E from a file, D swept", {0}, {[E] = FILED, [D] = SWEPT(2)}},
    {"k swept, D from a file", SWEPT(0), {[D] = FILED}},
};

/* In run r; NaN: nobody sets it. */
static double given_value(const odec_source *s, int r) {
    switch (s->kind) {
    case ODEC_SOURCE_UNIFORM:
        return s->value;
    case ODEC_SOURCE_GRID:
        return s->lo + r;
    case ODEC_SOURCE_COLUMN:
        return s->column[r];
    case ODEC_SOURCE_DEFAULT:
    case ODEC_SOURCE_DEVICE:
        break;
    }
    return (double)NAN;
}

static double value_or(const odec_source *s, int r, double otherwise) {
    const double x = given_value(s, r);
    return isnan(x) ? otherwise : x;
}

static void check_start(const struct outcome *o, const struct given *given,
                        const char *program) {
    for (int r = 0; r < N_RUNS; r++) {
        const double k = value_or(&given->k, r, 3);
        const double d = value_or(&given->states[D], r, 5);
        const double a = value_or(&given->states[A], r, 2 * d + k);
        const double e = value_or(&given->states[E], r, a + (a - k) + d + T0);
        const double want[N_STATES] = {[E] = e, [A] = a, [D] = d};
        assert_int_equal(o->records[r].status, ODEC_RUN_OK);
        for (int i = 0; i < N_STATES; i++) {
            for (int64_t save = 0; save < o->n_saves; save++) {
                if (value(o, r, save, i) != want[i]) {
                    fail_msg("%s, %s given: state %d of run %d starts at %g, not %g",
                             program, given->what, i, r, value(o, r, save, i), want[i]);
                }
            }
        }
    }
}

static void check_program(struct trial trial, const char *precision) {
    char name[64];
    trial.precision = precision;
    struct machine *m = machine_of(&trial);
    snprintf(name, sizeof name, "%s in %s, %d lanes", trial.method, precision,
             trial.lanes);
    for (size_t i = 0; i < sizeof givens / sizeof *givens; i++) {
        trial.pars = &givens[i].k;
        trial.states = givens[i].states;
        struct outcome o = outcome_of(m, &trial);
        check_start(&o, &givens[i], name);
        outcome_release(&o);
    }
    machine_destroy(m);
}

static void check_kind(const struct program_kind *kind, bool saves) {
    static const odec_save both = {
        .size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 2};
    for (int lanes = 1; lanes <= 8; lanes *= 2) {
        struct trial trial = {.text = text,
                              .method = kind->method,
                              .rtol = kind->rtol,
                              .dt = kind->dt,
                              .t0 = T0,
                              .t1 = T0 + 1,
                              .lanes = lanes,
                              .n_runs = N_RUNS};
        trial.save = saves ? both : trial.save;
        check_program(trial, "double");
        check_program(trial, "float");
    }
}

static void test_initial_values_follow(void **state) {
    (void)state;
    for (int i = 0; i < N_KINDS; i++) {
        check_kind(&kinds[i], i % 2 == 0);
    }
}

/* One model with its initial values as numbers, and in other states' terms. */
static void test_the_order_of_text_does_not_matter(void **state) {
    (void)state;
    static const char *const texts[] = {
        "model a\ninit x = 1, y = 3, z = 4\nx' = -x*y\ny' = z - y\nz' = -z\n",
        "model b\ninit x = 1, y = 3*x, z = y/x + x\nx' = -x*y\ny' = z - y\nz' = -z\n",
        "model c\nz' = -z\ny' = z - y\ninit x = y/3, y = w, z = four(t)\nx' = -x*y\n"
        "w = z - x_of(1)\nx_of(v) = v\nfour(v) = 4\n",
    };
    char digests[3][33];
    for (int i = 0; i < 3; i++) {
        const struct trial trial = {
            .text = texts[i], .method = "tsit5", .rtol = 1e-7, .t1 = 2};
        struct outcome o = solve_trial(&trial);
        memcpy(digests[i], o.result.digest, sizeof digests[i]);
        outcome_release(&o);
    }
    assert_string_equal(digests[0], digests[1]);
    assert_string_equal(digests[0], digests[2]);
}

/* The race of `auto` starts where a run does: x is stiff by another state's initial value. */
static void test_auto_starts_where_a_run_does(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool stiff; /* which of the kind is another matter (unit_race) */
    } rows[] = {
        {"model a\ninit rate = 10*base + t, base = 1e5\ninit x = 1\nx' = -rate*(x - cos(t))\n"
         "rate' = 0\nbase' = 0\nsolve { t = 0 .. 100 }\n",
         true},
        {"model b\ninit rate = 10*base + t, base = 0.1\ninit x = 1\nx' = -rate*(x - cos(t))\n"
         "rate' = 0\nbase' = 0\nsolve { t = 0 .. 100 }\n",
         false},
        {"model c\ninit rate = 0.5*t, x = 1\nx' = -rate*(x - cos(t))\n"
         "rate' = 0\nsolve { t = 1e5 .. 100100 }\n",
         true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct trial trial = {.text = rows[i].text};
        struct machine *m = machine_of(&trial);
        assert_true((m->program->sparsity != NULL) == rows[i].stiff);
        machine_destroy(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initial_values_follow),
        cmocka_unit_test(test_the_order_of_text_does_not_matter),
        cmocka_unit_test(test_auto_starts_where_a_run_does),
    };
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
