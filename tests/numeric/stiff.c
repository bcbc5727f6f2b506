/* stiff.c -- the stiff methods where stiffness is what decides: published solutions,
 * order reduction, tolerances, single precision, large systems. What they must keep is
 * conservation.c's.
 */
#include "published.h"
#include "support.h"

/* ---- published solutions ---- */

/* Where relative errors are largest, in units of rtol. */
struct worst {
    double ratio, t;
    int component; /* from 1 */
};

static struct worst worst_of(const struct published_problem *p, const struct outcome *o,
                             int n_times, double rtol) {
    struct worst w = {0};
    for (int i = 0; i < n_times; i++) {
        for (int c = 0; c < p->n_states; c++) {
            const double exact = p->at[i].y[c];
            const double ratio = fabs(value(o, 0, i, c) - exact) / fabs(exact) / rtol;
            if (!(ratio <= w.ratio) && !isnan(w.ratio)) {
                w = (struct worst){ratio, p->at[i].t, c + 1};
            }
        }
    }
    return w;
}

/* Returns how many of the tolerances miss the bound, in units of rtol. */
static int check_published(const struct published_problem *p, const char *method,
                           const char *precision, double bound, int n_tolerances,
                           const double *tolerances) {
    const int n_times = p->n_times;
    double times[MAX_PUBLISHED];
    for (int i = 0; i < n_times; i++) {
        times[i] = p->at[i].t;
    }
    struct trial trial = {
        .text = p->text,
        .method = method,
        .precision = precision,
        .rtol = 1,
        .atol = NAN, /* the model's */
        .t1 = times[n_times - 1],
        .save = {.size = sizeof(odec_save),
                 .kind = ODEC_SAVE_AT,
                 .count = n_times,
                 .at = times},
    };
    struct machine *m = machine_of(&trial);
    int n_wrong = 0;
    for (int k = 0; k < n_tolerances; k++) {
        trial.rtol = tolerances[k];
        struct outcome o = outcome_of(m, &trial);
        const struct odec_run_record *r = &o.records[0];
        const struct worst w = worst_of(p, &o, n_times, trial.rtol);
        print_message(
            "%-16s %-12s %-6s rtol %.0e: %6lld + %4lld attempts, %8.3g rtol at "
            "t = %g, component %d\n",
            p->name, method, precision, trial.rtol, r->n_accepted, r->n_rejected,
            w.ratio, w.t, w.component);
        n_wrong += r->status != ODEC_RUN_OK || !(w.ratio <= bound);
        outcome_release(&o);
    }
    machine_destroy(m);
    return n_wrong;
}

static void test_published(void **state) {
    (void)state;
    static const double tolerances[] = {1e-5, 1e-7, 1e-9};
    int n_wrong = 0;
    for (int i = 0; i < N_PUBLISHED; i++) {
        const struct published_problem *p = &published_problems[i];
        n_wrong += check_published(p, "rodas4", "double", 100, 3, tolerances);
        n_wrong += check_published(p, "rodas5p", "double", 100, 3, tolerances);
        n_wrong += check_published(p, "rosenbrock23", "double", p->by_rosenbrock23, 1,
                                   tolerances);
    }
    assert_int_equal(n_wrong, 0);
}

static void test_published_in_float(void **state) {
    (void)state;
    static const double tolerance = 1e-4;
    int n_wrong = 0;
    for (int i = 0; i < 2; i++) {
        const struct published_problem *p = &published_problems[i];
        n_wrong += check_published(p, "rodas4", "float", 100, 1, &tolerance);
        n_wrong += check_published(p, "rodas5p", "float", 100, 1, &tolerance);
    }
    assert_int_equal(n_wrong, 0);
}

/* ---- order reduction ---- */

/* Prothero & Robinson (Math. Comp. 28, 1974): y' = lambda (y - sin t) + cos t. For a
 * fixed lambda h far above 1 errors of stages come through that classical order does
 * not see. Of the stiffly accurate two they come divided by lambda: of rodas4 0.02
 * h/|lambda|, of rodas5p 0.007 h^3/|lambda|; at lambda = -1e3 the smallest steps are
 * half-way to the classical order. rosenbrock23 keeps its order 2. */
static const char prothero_robinson[] = "model prothero_robinson\n"
                                        "par lambda = -1e6\ninit y = 0\n"
                                        "y' = lambda*(y - sin(t)) + cos(t)\n";

enum { REDUCTIONS = 6 };

/* The largest error at steps of dt in from .. 8. */
static double reduced_error(struct machine *m, struct trial *trial, double from) {
    double times[1025];
    const int n = (int)(8 / trial->dt) + 1;
    for (int i = 0; i < n; i++) {
        times[i] = i * trial->dt;
    }
    trial->save = (odec_save){
        .size = sizeof(odec_save), .kind = ODEC_SAVE_AT, .count = n, .at = times};
    struct outcome o = outcome_of(m, trial);
    assert_int_equal(o.records[0].status, ODEC_RUN_OK);
    double largest = 0;
    for (int i = 0; i < n; i++) {
        if (times[i] >= from) {
            const double error = fabs(value(&o, 0, i, 0) - sin(times[i]));
            largest = larger(largest, error);
        }
    }
    outcome_release(&o);
    return largest;
}

static void test_order_reduction(void **state) {
    (void)state;
    static const struct {
        const char *method;
        double lambda, lo, hi, largest; /* slope; error at the largest step */
    } cases[] = {
        {"rosenbrock23", -1e6, 1.8, 2.2, 1e-2}, {"rodas4", -1e6, 0.9, 1.3, 3e-8},
        {"rodas5p", -1e6, 2.8, 3.2, 3e-10},     {"rosenbrock23", -1e3, 1.8, 2.2, 1e-2},
        {"rodas4", -1e3, 1.4, 2, 3e-5},         {"rodas5p", -1e3, 3.2, 3.8, 3e-7},
    };
    int n_wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const odec_source lambda = {.kind = ODEC_SOURCE_UNIFORM,
                                    .value = cases[i].lambda};
        struct trial trial = {
            .text = prothero_robinson,
            .method = cases[i].method,
            .dt = 0x1p-2,
            .t1 = 8,
            .pars = &lambda,
            .save = {.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 2}};
        struct machine *m = machine_of(&trial);
        double dts[REDUCTIONS], errors[REDUCTIONS];
        for (int k = 0; k < REDUCTIONS; k++, trial.dt /= 2) {
            dts[k] = trial.dt;
            errors[k] = reduced_error(m, &trial, 0);
        }
        const double slope = slope_of(REDUCTIONS, dts, errors);
        print_message(
            "%-12s lambda = %g: order %.2f, error %.2g at dt = %g, %.2g at %g\n",
            cases[i].method, cases[i].lambda, slope, errors[0], dts[0],
            errors[REDUCTIONS - 1], dts[REDUCTIONS - 1]);
        n_wrong += !(slope >= cases[i].lo && slope <= cases[i].hi) +
                   !(errors[0] <= cases[i].largest);
        machine_destroy(m);
    }
    assert_int_equal(n_wrong, 0);
}

/* A start away from the slow solution: R(infinity) = 0 takes it there in a step or two.
 */
static void test_transients_are_damped(void **state) {
    (void)state;
    const odec_source lambda = {.kind = ODEC_SOURCE_UNIFORM, .value = -1e9};
    const odec_source away = {.kind = ODEC_SOURCE_UNIFORM, .value = 1000};
    for (int i = 0; stiff_method(i); i++) {
        struct trial trial = {
            .text = prothero_robinson,
            .method = stiff_method(i),
            .dt = 0x1p-4,
            .t1 = 8,
            .pars = &lambda,
            .states = &away,
            .save = {.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 2}};
        struct machine *m = machine_of(&trial);
        /* the method's error without transient */
        const double own = strcmp(trial.method, "rosenbrock23") == 0 ? 3e-4 : 1e-9;
        const double after_1 = reduced_error(m, &trial, 0x1p-4);
        const double after_2 = reduced_error(m, &trial, 0x1p-3);
        print_message("%-12s 1000 away: %.2g after a step, %.2g after two\n",
                      stiff_method(i), after_1, after_2);
        assert_within(after_1, 0, 1e-3, "%s after a step", stiff_method(i));
        assert_within(after_2, 0, own, "%s after two steps", stiff_method(i));
        machine_destroy(m);
    }
}

/* ---- error against tolerance ---- */

static double exact_sine(double t) { return sin(t); }
static double exact_kaps(double t) { return exp(-2 * t); }

static const struct stiff_problem {
    const char *name, *text;
    double (*exact)(double t); /* of the first state */
} stiff_problems[] = {
    {"Prothero-Robinson", prothero_robinson, exact_sine},
    /* Kaps: y = exp(-2t), z = exp(-t) for every eps */
    {"Kaps",
     "model kaps\npar eps = 1e-6\ninit y = 1, z = 1\n"
     "y' = -(1/eps + 2)*y + z^2/eps\nz' = y - z - z^2\n",
     exact_kaps},
    /* x = sin t, one eigenvalue -1e4 that turns with t */
    {"driven, nonlinear",
     "model driven\ninit x = 0, y = 1\n"
     "x' = y - 1e4*(x^3 - sin(t)^3) - 1e4*(x - sin(t))\ny' = -x - 100*(y - cos(t))*(1 "
     "+ x^2) \n",
     exact_sine},
};

enum { N_STIFF = 3, MAX_TOLERANCES = 7, N_TIMES = 41 };

static const struct pair {
    const char *method, *precision;
    int first, last; /* tolerances 10^-first .. 10^-last */
    double lo, hi;   /* of the slope */
} pairs[] = {
    {"rosenbrock23", "double", 4, 8, 0.5, 1.0},
    {"rodas4", "double", 4, 10, 0.7, 1.3},
    {"rodas5p", "double", 4, 10, 0.7, 1.3},
    {"rosenbrock23", "float", 2, 4, 0.5, 1.0},
    {"rodas4", "float", 2, 5, 0.7, 1.3},
    {"rodas5p", "float", 2, 5, 0.7, 1.3},
};

/* The largest error at the ends of runs of several lengths. */
static double largest_at_ends(struct machine *m, struct trial trial,
                              const struct stiff_problem *problem) {
    double largest = 0;
    for (trial.t1 = 0.5; trial.t1 < 8; trial.t1 += 0.5) {
        struct outcome o = outcome_of(m, &trial);
        assert_int_equal(o.records[0].status, ODEC_RUN_OK);
        const double error = fabs(value(&o, 0, 0, 0) - problem->exact(trial.t1));
        largest = larger(largest, error);
        outcome_release(&o);
    }
    return largest;
}

/* At steps. The slope is that of the geometric mean over the problems, as in
 * adaptive.c. */
static void test_tolerances(void **state) {
    (void)state;
    int n_wrong = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        double tolerances[MAX_TOLERANCES], errors[MAX_TOLERANCES], worst = 0;
        const int n = pairs[i].last - pairs[i].first + 1;
        for (int j = 0; j < N_STIFF; j++) {
            struct trial trial = {.text = stiff_problems[j].text,
                                  .method = pairs[i].method,
                                  .precision = pairs[i].precision,
                                  .rtol = 1,
                                  .t1 = 8};
            struct machine *m = machine_of(&trial);
            for (int k = 0; k < n; k++) {
                trial.rtol = tolerances[k] = pow(10, -(pairs[i].first + k));
                const double error = largest_at_ends(m, trial, &stiff_problems[j]);
                errors[k] = (j ? errors[k] : 1) * pow(error, 1. / N_STIFF);
                worst = larger(worst, error / trial.rtol);
            }
            machine_destroy(m);
        }
        const double slope = slope_of(n, tolerances, errors);
        print_message("%-12s %-6s at steps: slope %.2f, at most %.2g tol\n",
                      pairs[i].method, pairs[i].precision, slope, worst);
        n_wrong += !(worst <= 10) + !(slope >= pairs[i].lo && slope <= pairs[i].hi);
    }
    assert_int_equal(n_wrong, 0);
}

/* Between steps a state that a forcing leads is another matter: such a state is right
 * at a step's end however long the step, and the polynomial of dense output may cut
 * across a whole period of the forcing (1e4 tol and more without step_dense_error). */
static void test_between_steps(void **state) {
    (void)state;
    static const double tolerances[] = {1e-3, 1e-4, 1e-6, 1e-8};
    double times[N_TIMES];
    for (int i = 0; i < N_TIMES; i++) {
        times[i] = (i + 0.37) * (8 / (N_TIMES + 0.5));
    }
    int n_wrong = 0;
    for (int i = 0; stiff_method(i); i++) {
        struct trial trial = {.text = prothero_robinson,
                              .method = stiff_method(i),
                              .rtol = 1,
                              .t1 = 8,
                              .save = {.size = sizeof(odec_save),
                                       .kind = ODEC_SAVE_AT,
                                       .count = N_TIMES,
                                       .at = times}};
        struct machine *m = machine_of(&trial);
        for (int k = 0; k < 4; k++) {
            trial.rtol = tolerances[k];
            struct outcome o = outcome_of(m, &trial);
            assert_int_equal(o.records[0].status, ODEC_RUN_OK);
            const double largest = largest_error(&o, sin, times) / trial.rtol;
            print_message("%-12s rtol %g between steps: %.2g tol\n", stiff_method(i),
                          trial.rtol, largest);
            n_wrong += !(largest <= 100);
            outcome_release(&o);
        }
        machine_destroy(m);
    }
    assert_int_equal(n_wrong, 0);
}

/* ---- large systems ---- */

/* Every state damps every other: more entries in the factors than are written as
 * straight text, so that they are loops over tables (compiler/lu.c). tsit5 needs no
 * Jacobian. */
static void test_loops_over_the_pattern(void **state) {
    (void)state;
    enum { N = 52 };
    char *text = NULL;
    size_t n_bytes = 0;
    FILE *f = open_memstream(&text, &n_bytes);
    assert_non_null(f);
    fprintf(f, "model dense\ninit u0 = 1");
    for (int i = 1; i < N; i++) {
        fprintf(f, ", u%d = %d", i, 1 + i % 3);
    }
    fprintf(f, "\ns = u0");
    for (int i = 1; i < N; i++) {
        fprintf(f, " + u%d/%d", i, i + 1);
    }
    for (int i = 0; i < N; i++) {
        fprintf(f, "\nu%d' = u%d*(%d - s)/10 - u%d^2", i, i, i % 7, (i + 1) % N);
    }
    fprintf(f, "\n");
    assert_int_equal(fclose(f), 0);
    struct trial trial = {.text = text, .method = "rodas5p", .rtol = 1e-8, .t1 = 0.5};
    struct machine *m = machine_of(&trial);
    assert_non_null(m->program->sparsity);
    assert_true(m->program->sparsity->n_factors == N * N);
    struct outcome stiff = outcome_of(m, &trial);
    trial.method = "tsit5";
    trial.rtol = 1e-10;
    struct outcome explicit = solve_trial(&trial);
    for (int i = 0; i < N; i++) {
        assert_true(fabs(value(&stiff, 0, 0, i) - value(&explicit, 0, 0, i)) < 1e-6);
    }
    outcome_release(&stiff);
    outcome_release(&explicit);
    machine_destroy(m);
    free(text);
}

/* Near k1 = 0.031144 rodas5p's estimate of the first step that is tried with rtol 1e-4 crosses zero
 * where its error is 200 tolerances (a step whose dense output is right is short enough). */
static void test_estimate_that_crosses_zero(void **state) {
    (void)state;
    enum { N = 512 };
    double k1[N];
    for (int i = 0; i < N; i++) {
        k1[i] = 0.0311 + 1e-4 * i / N;
    }
    const odec_source source = {.kind = ODEC_SOURCE_COLUMN, .stride = 1, .column = k1};
    char *text = example_text("robertson");
    for (int m = 0; stiff_method(m); m++) {
        struct trial trial = {.text = text,
                              .method = stiff_method(m),
                              .rtol = 1e-4,
                              .atol = 1e-6,
                              .t1 = 1e5,
                              .n_runs = N,
                              .pars = (const odec_source[]){source, {0}, {0}}};
        struct outcome o = solve_trial(&trial);
        trial.rtol = 1e-9;
        trial.atol = 1e-12;
        trial.method = "rodas5p";
        struct outcome exact = solve_trial(&trial);
        for (int run = 0; run < N; run++) {
            assert_int_equal(o.records[run].status, ODEC_RUN_OK);
            for (int c = 0; c < 3; c++) {
                assert_within(value(&o, run, 0, c) - value(&exact, run, 0, c), -1e-3,
                              1e-3, "%s: k1 = %.17g, state %d", stiff_method(m),
                              k1[run], c);
            }
        }
        outcome_release(&o);
        outcome_release(&exact);
    }
    free(text);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_published_in_float),
        cmocka_unit_test(test_order_reduction),
        cmocka_unit_test(test_estimate_that_crosses_zero),
        cmocka_unit_test(test_transients_are_damped),
        cmocka_unit_test(test_tolerances),
        cmocka_unit_test(test_between_steps),
        cmocka_unit_test(test_loops_over_the_pattern),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
