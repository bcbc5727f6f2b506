/* conservation.c -- what the stiff methods keep: sums that the equations conserve, and
 * digits where sums cancel.
 */
#include "published.h"
#include "support.h"

/* ---- sums that stay ---- */

/* The largest change of a column against its first value, relative to that, for every
 * 1000 steps that its run took (a run of fewer counts as 1000). */
static double drift(const struct outcome *o, int column) {
    double largest = 0;
    for (int64_t run = 0; run < o->n_runs; run++) {
        const double first = value(o, run, 0, column);
        const double steps = fmax(1, o->records[run].n_accepted / 1000.);
        assert_int_equal(o->records[run].status, ODEC_RUN_OK);
        for (int64_t i = 1; i < o->n_saves; i++) {
            const double d = fabs(value(o, run, i, column) / first - 1) / steps;
            largest = larger(largest, d);
        }
    }
    return largest;
}

enum { N_MASS = 67 };

static void test_robertson_keeps_its_mass(void **state) {
    (void)state;
    const odec_source pars[] = {
        {.kind = ODEC_SOURCE_GRID,
         .lo = 1e-3,
         .hi = 10,
         .n = N_MASS,
         .repeat = 1,
         .log = true},
        {.kind = ODEC_SOURCE_GRID,
         .lo = 1e9,
         .hi = 1e4,
         .n = N_MASS,
         .repeat = 1,
         .log = true},
        {.kind = ODEC_SOURCE_GRID,
         .lo = 1e2,
         .hi = 1e6,
         .n = N_MASS,
         .repeat = 1,
         .log = true},
    };
    int n_wrong = 0;
    for (int i = 0; stiff_method(i); i++) {
        struct trial trial = {
            .text = published_problems[ROBER].text,
            .method = stiff_method(i),
            .rtol = 1e-6,
            .atol = NAN,
            .t1 = 1e6,
            .n_runs = N_MASS,
            .pars = pars,
            .save = {.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 101}};
        struct machine *m = machine_of(&trial);
        for (int k = 0; k < 2; k++, trial.rtol = 1e-8) {
            struct outcome o = outcome_of(m, &trial);
            const double d = drift(&o, 3);
            print_message(
                "%-12s Robertson rtol %.0e: %.2g per 1000 steps, %lld steps in all\n",
                trial.method, trial.rtol, d, (long long)o.result.n_accepted);
            n_wrong += !(d <= 1e-12);
            outcome_release(&o);
        }
        machine_destroy(m);
    }
    assert_int_equal(n_wrong, 0);
}

/* A network of reactions x_i + y_j -> x_k + y_l and x_i -> x_k (or y's), rate constants
 * over ten decades: the sums of x's and of y's stay. */
enum { N_SPECIES = 6, N_REACTIONS = 24, NETWORK_TEXT = 16384 };

static uint32_t draw(uint32_t *seed, uint32_t n) { /* Marsaglia's xorshift */
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % n;
}

static void append(char *text, const char *format, ...) {
    const size_t n = strlen(text);
    va_list args;
    va_start(args, format);
    const int added = vsnprintf(text + n, NETWORK_TEXT - n, format, args);
    va_end(args);
    assert_true(added > 0 && (size_t)added < NETWORK_TEXT - n);
}

/* terms[kind][i]: what is added to the derivative of species i of x (0) or y (1). */
struct network {
    char terms[2][N_SPECIES][1024];
};

static void react(struct network *w, int kind, int from, int to, int reaction) {
    char term[32];
    snprintf(term, sizeof term, " - r%d", reaction);
    strcat(w->terms[kind][from], term);
    snprintf(term, sizeof term, " + r%d", reaction);
    strcat(w->terms[kind][to], term);
}

static void network_text(uint32_t seed, char *text) {
    struct network w = {0};
    text[0] = 0;
    append(text, "model network\npar s = 1\ninit ");
    for (int i = 0; i < N_SPECIES; i++) {
        append(text, "%sx%d = %u, y%d = %u", i ? ", " : "", i, 1 + draw(&seed, 9), i,
               draw(&seed, 3));
    }
    append(text, "\n");
    for (int r = 0; r < N_REACTIONS; r++) {
        const int i = (int)draw(&seed, N_SPECIES), j = (int)draw(&seed, N_SPECIES);
        const int k = (i + 1 + (int)draw(&seed, N_SPECIES - 1)) % N_SPECIES;
        const int l = (j + 1 + (int)draw(&seed, N_SPECIES - 1)) % N_SPECIES;
        append(text, "r%d = %u.%ue%d%s*", r, 1 + draw(&seed, 9), draw(&seed, 10),
               (int)draw(&seed, 10) - 4, r % 2 ? "*s" : "");
        if (r % 3 == 0) {
            append(text, "%c%d\n", r % 2 ? 'x' : 'y', i);
            react(&w, r % 2 ? 0 : 1, i, k, r);
        } else {
            append(text, "x%d*y%d\n", i, j);
            react(&w, 0, i, k, r);
            react(&w, 1, j, l, r);
        }
    }
    for (int i = 0; i < N_SPECIES; i++) {
        append(text, "x%d' = 0%s\ny%d' = 0%s\n", i, w.terms[0][i], i, w.terms[1][i]);
    }
    append(
        text,
        "out x = x0 + x1 + x2 + x3 + x4 + x5\nout y = y0 + y1 + y2 + y3 + y4 + y5\n");
}

static void test_networks_keep_their_sums(void **state) {
    (void)state;
    static char text[NETWORK_TEXT];
    const odec_source s = {.kind = ODEC_SOURCE_GRID,
                           .lo = 1e-3,
                           .hi = 1e3,
                           .n = 19,
                           .repeat = 1,
                           .log = true};
    int n_wrong = 0;
    for (int i = 0; stiff_method(i); i++) {
        network_text((uint32_t)(2463534242u + (unsigned)i), text);
        struct trial trial = {
            .text = text,
            .method = stiff_method(i),
            .outputs = "x,y,x0",
            .rtol = 1e-6,
            .atol = 1e-12,
            .t1 = 1e4,
            .n_runs = 19,
            .pars = &s,
            .save = {.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 51}};
        struct outcome o = solve_trial(&trial);
        const double x = drift(&o, 0), y = drift(&o, 1);
        print_message("%-12s network %d: %.2g and %.2g per 1000 steps, %lld steps, x0 "
                      "moves by %.2g\n",
                      trial.method, i, x, y, (long long)o.result.n_accepted,
                      drift(&o, 2));
        n_wrong += !(x <= 1e-12) + !(y <= 1e-12) + !(drift(&o, 2) > 0.1);
        outcome_release(&o);
    }
    assert_int_equal(n_wrong, 0);
}

/* ---- cancellation ---- */

/* E5 (Enright, Hull & Lindberg, BIT 15, 1975): y2 = y3 + y4 for ever, in states far
 * below 1. */
static const char e5_terms[] = "model E5\n"
                               "par a = 7.89e-10, b = 1.1e7, c = 1.13e3, m = 1e6\n"
                               "r1 = a*y1\nr2 = b*y1*y3\n";

static const char e5_eliminated[] =
    "init y1 = 1.76e-3, y3 = 0, y4 = 0\n"
    "r3 = m*c*(y3 + y4)*y3\nr4 = c*y4\n"
    "y1' = -r1 - r2\ny3' = r1 - r3 - (r2 - r4)\ny4' = r2 - r4\n"
    "out y2 = y3 + y4\n"
    "solve {\n  atol = 1e-29, y1: 1e-20\n}\n";
static const char e5_full[] =
    "init y1 = 1.76e-3, y2 = 0, y3 = 0, y4 = 0\n"
    "r3 = m*c*y2*y3\nr4 = c*y4\n"
    "y1' = -r1 - r2\ny2' = r1 - r3\ny3' = r1 - r3 - (r2 - r4)\ny4' = r2 - r4\n"
    "solve {\n  atol = 1e-29, y1: 1e-20\n}\n";

static struct outcome solve_e5(const char *form, const char *method, double rtol,
                               const odec_save *save) {
    char text[1024];
    snprintf(text, sizeof text, "%s%s", e5_terms, form);
    const struct trial trial = {.text = text,
                                .method = method,
                                .outputs = "y1,y2,y3,y4",
                                .rtol = rtol,
                                .atol = NAN,
                                .t1 = 1e13,
                                .save = *save};
    return solve_trial(&trial);
}

enum { N_E5 = 11 };

/* Largest |error| / (rtol |y| + floor) over all times and components. */
static double e5_error(const struct outcome *o, const struct outcome *fine, double rtol,
                       const double *floor) {
    double largest = 0;
    assert_int_equal(o->records[0].status, ODEC_RUN_OK);
    for (int i = 0; i < N_E5; i++) {
        for (int c = 0; c < 4; c++) {
            const double y = value(fine, 0, i, c);
            const double error =
                fabs(value(o, 0, i, c) - y) / (rtol * fabs(y) + floor[c]);
            largest = larger(largest, error);
        }
    }
    return largest;
}

/* Of y2 - y3 - y4, against the peak of y2. */
static double e5_imbalance(const struct outcome *o) {
    double largest = 0, peak = 0;
    for (int i = 0; i < N_E5; i++) {
        const double d =
            fabs(value(o, 0, i, 1) - (value(o, 0, i, 2) + value(o, 0, i, 3)));
        largest = larger(largest, d);
        peak = larger(peak, value(o, 0, i, 1));
    }
    return largest / peak;
}

static double least(const struct outcome *o, int column) {
    double x = INFINITY;
    for (int i = 0; i < N_E5; i++) {
        x = fmin(x, value(o, 0, i, column));
    }
    return x;
}

static void test_e5(void **state) {
    (void)state;
    static const double times[N_E5] = {1e-3, 1,    10,   1e3,  1e5, 1e7,
                                       1e9,  1e10, 1e11, 1e12, 1e13};
    static const odec_save save = {
        .size = sizeof(odec_save), .kind = ODEC_SAVE_AT, .count = N_E5, .at = times};
    static const struct {
        const char *method;
        double rtol;
    } by[] = {{"rosenbrock23", 1e-5},
              {"rodas4", 1e-5},
              {"rodas4", 1e-8},
              {"rodas5p", 1e-5},
              {"rodas5p", 1e-8}};
    /* With y2 eliminated the tolerances alone decide. With all four, y2 - y3 - y4 is a
       sum of numbers near 1e-10 that solving with |lambda| h near 1e7 leaves at some
       1e-22; all that is there at the end is 1e-22. */
    static const double atol[4] = {1e-20, 1e-29, 1e-29, 1e-29};
    static const double rounded[4] = {1e-20, 1e-23, 1e-23, 1e-23};
    struct outcome fine = solve_e5(e5_eliminated, "rodas5p", 1e-11, &save);
    assert_within(value(&fine, 0, 10, 1), 8.85e-23, 8.87e-23, "published: 8.86e-23");
    for (size_t k = 0; k < sizeof by / sizeof *by; k++) {
        const double rtol = by[k].rtol;
        struct outcome o = solve_e5(e5_eliminated, by[k].method, rtol, &save);
        struct outcome full = solve_e5(e5_full, by[k].method, rtol, &save);
        const double error = e5_error(&o, &fine, rtol, atol);
        const double of_full = e5_error(&full, &fine, rtol, rounded);
        const double imbalance = e5_imbalance(&full);
        print_message(
            "%-12s E5 rtol %.0e: %lld + %lld attempts, %.2g tol; as four %.2g tol, y2 - y3 "
            "- y4 at most %.2g of the peak; least y1 %.2g, y3 %.2g\n",
            by[k].method, rtol, o.records[0].n_accepted, o.records[0].n_rejected, error,
            of_full, imbalance, least(&o, 0), least(&o, 2));
        assert_within(error, 0, 100, "%s", by[k].method);
        assert_within(of_full, 0, 100, "%s", by[k].method);
        assert_within(imbalance, 0, 1e-11, "%s", by[k].method);
        for (int c = 0; c < 4; c++) {
            assert_within(least(&o, c), -atol[c], 1, "%s: y%d", by[k].method, c + 1);
        }
        outcome_release(&o);
        outcome_release(&full);
    }
    outcome_release(&fine);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_robertson_keeps_its_mass),
        cmocka_unit_test(test_networks_keep_their_sums),
        cmocka_unit_test(test_e5),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
