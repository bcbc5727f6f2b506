/* stiff.c -- the stiff methods where stiffness is what decides: published solutions,
 * order reduction, tolerances, conservation, cancellation, single precision.
 *
 * Published values: Hairer & Wanner, Solving Ordinary Differential Equations II, IV.10,
 * with the end values of their codes' test problems, all recomputed independently; the
 * van der Pol oscillator at mu = 1000 from Mazzia & Magherini's test set for IVP
 * solvers.
 */
#include "support.h"

/* The larger one; a NaN stays. */
static double larger(double largest, double x) {
    return isnan(largest) || x <= largest ? largest : x;
}

/* ---- published solutions ---- */

enum { MAX_STATES = 8, MAX_PUBLISHED = 12 };

struct published {
    double t, y[MAX_STATES];
};

static const struct published robertson_at[] = {
    {1, {0.9664597373330035, 3.074626578578675e-05, 0.03350951640121071}},
    {10, {0.8413699238414729, 1.623390937990473e-05, 0.1586138422491472}},
    {100, {0.6172348823960878, 6.153591274639123e-06, 0.3827589640126376}},
    {1000, {0.3368745306607069, 2.013702318261393e-06, 0.6631234556369748}},
    {10000, {0.107300428537804, 4.80016697257166e-07, 0.8926990914454987}},
    {100000, {0.01786592114209946, 7.274751468436319e-08, 0.9821340061103859}},
    {1e+06, {0.002031483924973415, 8.142277783356159e-09, 0.9979685079327488}},
    {1e+07, {0.0002076093439016395, 8.30607748506761e-10, 0.9997923898254906}},
    {1e+08, {2.08241751217946e-05, 8.329841429908955e-11, 0.9999791757415798}},
    {1e+09, {2.083229471647004e-06, 8.332935037760724e-12, 0.9999979167621954}},
    {1e+10, {2.083328471883087e-07, 8.333315602809495e-13, 0.9999997916663195}},
    {1e+11, {2.083340149701284e-08, 8.333360770334743e-14, 0.9999999791665152}},
};

static const struct published hires_at[] = {
    {321.8122,
     {0.000737131257332567, 0.000144248572631618, 5.8887297409676e-05,
      0.001175651343283149, 0.00238635619883133, 0.006238968252742796,
      0.002849998395185769, 0.002850001604814231}},
    {421.8122,
     {0.000670305503581864, 0.000130996846986347, 4.6862231597733e-05,
      0.001044668020551705, 0.000594883830951485, 0.001399628833942774,
      0.00101449275771848, 0.00468550724228152}},
};

static const struct published oregonator_at[] = {
    {30, {1.000661467180497, 1512.778937348249, 10358.54312767229}},
    {60, {1.000874625199626, 1144.336972384497, 83.72149966624639}},
    {90, {1.001890368438751, 529.9926232295553, 1.66227957904242}},
    {120, {1.004118022612645, 243.8326079910346, 1.008822224048647}},
    {150, {1.008995416634061, 112.1664388662539, 1.007783229065319}},
    {180, {1.019763472537298, 51.59761322947535, 1.016985778956374}},
    {210, {1.043985088527474, 23.73442027531524, 1.037691843544522}},
    {240, {1.100849071667922, 10.9153380546902, 1.08583196981086}},
    {270, {1.249102130020572, 5.013945178605446, 1.208326626237875}},
    {300, {1.779724751937019, 2.281852385542403, 1.613754023671725}},
    {330, {1.000889326903503, 1125.438585746596, 16410.49483777168}},
    {360, {1.000814870318523, 1228.178521549889, 132.0554942846513}},
};

static const struct published van_der_pol_at[] = {
    {2000, {1.706167732170469, -0.0008928097010248125}},
};

static const struct published van_der_pol_scaled_at[] = {
    {1, {-1.86364625480813, 0.753543086543546}},
    {2, {1.706167732170456, -0.8928097010248257}},
    {3, {-1.510606936744095, 1.178380000730945}},
    {4, {1.194414677695905, -2.799585996540082}},
    {5, {1.890428596416747, -0.734511868016694}},
    {6, {-1.737716306805883, 0.8604008653025923}},
    {7, {1.551614645548223, -1.102382892533321}},
    {8, {-1.278631984330405, 2.013890883009155}},
    {9, {-1.91655294948983, 0.7169573003463228}},
    {10, {1.768163792391936, -0.8315276407898496}},
    {11, {-1.590150544829062, 1.040279389212485}},
};

/* Absolute tolerances lie so far below each state that rtol alone decides. */
static const char robertson[] = "model robertson\n"
                                "par k1 = 0.04, k2 = 3e7, k3 = 1e4\n"
                                "init A = 1, B = 0, C = 0\n"
                                "r1 = k1*A\nr2 = k2*B^2\nr3 = k3*B*C\n"
                                "A' = r3 - r1\nB' = r1 - r3 - r2\nC' = r2\n"
                                "out total = A + B + C\n"
                                "solve {\n  atol = 1e-14, B: 1e-20\n}\n";

static const char hires[] =
    "model hires\n"
    "init a = 1, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0.0057\n"
    "a' = -1.71*a + 0.43*b + 8.32*c + 0.0007\n"
    "b' = 1.71*a - 8.75*b\n"
    "c' = -10.03*c + 0.43*d + 0.035*e\n"
    "d' = 8.32*b + 1.71*c - 1.12*d\n"
    "e' = -1.745*e + 0.43*(f + g)\n"
    "f' = -280*f*h + 0.69*d + 1.71*e - 0.43*f + 0.69*g\n"
    "g' = 280*f*h - 1.81*g\n"
    "h' = 1.81*g - 280*f*h\n"
    "solve {\n  atol = 1e-14\n}\n";

static const char oregonator[] = "model oregonator\n"
                                 "init x = 1, y = 2, z = 3\n"
                                 "x' = 77.27*(y + x*(1 - 8.375e-6*x - y))\n"
                                 "y' = (z - (1 + x)*y)/77.27\n"
                                 "z' = 0.161*(x - z)\n"
                                 "solve {\n  atol = 1e-12\n}\n";

static const char van_der_pol[] = "model van_der_pol\n"
                                  "init x = 2, v = 0\n"
                                  "x' = v\nv' = 1000*(1 - x^2)*v - x\n"
                                  "solve {\n  atol = 1e-12, v: 1e-15\n}\n";

static const char van_der_pol_scaled[] = "model van_der_pol_scaled\n"
                                         "init x = 2, v = 0\n"
                                         "x' = v\nv' = ((1 - x^2)*v - x)/1e-6\n"
                                         "solve {\n  atol = 1e-12\n}\n";

#define AT(table) table, (int)(sizeof table / sizeof *table)

static const struct published_problem {
    const char *name, *text;
    int n_states;
    const struct published *at;
    int n_times;
    double by_rosenbrock23; /* its bound in units of rtol, at 1e-5 */
} published_problems[] = {
    {"ROBER", robertson, 3, AT(robertson_at), 100},
    {"HIRES", hires, 8, AT(hires_at), 100},
    {"OREGO", oregonator, 3, AT(oregonator_at), 500},
    {"VDPOL mu = 1e3", van_der_pol, 2, AT(van_der_pol_at), 100},
    {"VDPOL eps = 1e-6", van_der_pol_scaled, 2, AT(van_der_pol_scaled_at), 1000},
};

/* rosenbrock23's error adds up to a power 2/3 of the tolerance, and an oscillator's is
 * one of phase, which relaxation makes large: after six jumps 390 rtol. */
enum { N_PUBLISHED = sizeof published_problems / sizeof *published_problems };

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
        .save = {.kind = ODEC_SAVE_AT, .count = n_times, .at = times},
    };
    struct machine *m = machine_of(&trial);
    int n_wrong = 0;
    for (int k = 0; k < n_tolerances; k++) {
        trial.rtol = tolerances[k];
        struct outcome o = outcome_of(m, &trial);
        const struct odec_run_record *r = &o.records[0];
        const struct worst w = worst_of(p, &o, n_times, trial.rtol);
        print_message("%-16s %-12s %-6s rtol %.0e: %6d + %4d attempts, %8.3g rtol at "
                      "t = %g, component %d\n",
                      p->name, method, precision, trial.rtol, r->n_accepted,
                      r->n_rejected, w.ratio, w.t, w.component);
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
    trial->save = (odec_save){.kind = ODEC_SAVE_AT, .count = n, .at = times};
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
        struct trial trial = {.text = prothero_robinson,
                              .method = cases[i].method,
                              .dt = 0x1p-2,
                              .t1 = 8,
                              .pars = &lambda,
                              .save = {.kind = ODEC_SAVE_COUNT, .count = 2}};
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
    static const char *const methods[] = {"rosenbrock23", "rodas4", "rodas5p"};
    const odec_source lambda = {.kind = ODEC_SOURCE_UNIFORM, .value = -1e9};
    const odec_source away = {.kind = ODEC_SOURCE_UNIFORM, .value = 1000};
    for (int i = 0; i < 3; i++) {
        struct trial trial = {.text = prothero_robinson,
                              .method = methods[i],
                              .dt = 0x1p-4,
                              .t1 = 8,
                              .pars = &lambda,
                              .states = &away,
                              .save = {.kind = ODEC_SAVE_COUNT, .count = 2}};
        struct machine *m = machine_of(&trial);
        const double own =
            i == 0 ? 3e-4 : 1e-9; /* the method's error without transient */
        const double after_1 = reduced_error(m, &trial, 0x1p-4);
        const double after_2 = reduced_error(m, &trial, 0x1p-3);
        print_message("%-12s 1000 away: %.2g after a step, %.2g after two\n",
                      methods[i], after_1, after_2);
        assert_within(after_1, 0, 1e-3, "%s after a step", methods[i]);
        assert_within(after_2, 0, own, "%s after two steps", methods[i]);
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

static const char *const stiff_methods[] = {"rosenbrock23", "rodas4", "rodas5p"};
enum { N_STIFF_METHODS = 3 };

/* Between steps a state that a forcing leads is another matter: such a state is right at
 * a step's end however long the step, and the polynomial of dense output may cut across
 * a whole period of the forcing (1e4 tol and more without step_dense_error). */
static void test_between_steps(void **state) {
    (void)state;
    static const double tolerances[] = {1e-3, 1e-4, 1e-6, 1e-8};
    double times[N_TIMES];
    for (int i = 0; i < N_TIMES; i++) {
        times[i] = (i + 0.37) * (8 / (N_TIMES + 0.5));
    }
    int n_wrong = 0;
    for (int i = 0; i < N_STIFF_METHODS; i++) {
        struct trial trial = {
            .text = prothero_robinson,
            .method = stiff_methods[i],
            .rtol = 1,
            .t1 = 8,
            .save = {.kind = ODEC_SAVE_AT, .count = N_TIMES, .at = times}};
        struct machine *m = machine_of(&trial);
        for (int k = 0; k < 4; k++) {
            trial.rtol = tolerances[k];
            struct outcome o = outcome_of(m, &trial);
            assert_int_equal(o.records[0].status, ODEC_RUN_OK);
            double largest = 0;
            for (int s = 0; s < N_TIMES; s++) {
                const double error =
                    fabs(value(&o, 0, s, 0) - sin(times[s])) / trial.rtol;
                largest = larger(largest, error);
            }
            print_message("%-12s rtol %g between steps: %.2g tol\n", stiff_methods[i],
                          trial.rtol, largest);
            n_wrong += !(largest <= 100);
            outcome_release(&o);
        }
        machine_destroy(m);
    }
    assert_int_equal(n_wrong, 0);
}

/* ---- large systems ---- */

/* Every state damps every other: more entries in the factors than are written as straight
 * text, so that they are loops over tables (compiler/lu.c). tsit5 needs no Jacobian. */
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

/* ---- conservation ---- */

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
    for (int i = 0; i < 3; i++) {
        struct trial trial = {.text = robertson,
                              .method = stiff_methods[i],
                              .rtol = 1e-6,
                              .atol = NAN,
                              .t1 = 1e6,
                              .n_runs = N_MASS,
                              .pars = pars,
                              .save = {.kind = ODEC_SAVE_COUNT, .count = 101}};
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
    for (int i = 0; i < 3; i++) {
        network_text((uint32_t)(2463534242u + (unsigned)i), text);
        struct trial trial = {.text = text,
                              .method = stiff_methods[i],
                              .outputs = "x,y,x0",
                              .rtol = 1e-6,
                              .atol = 1e-12,
                              .t1 = 1e4,
                              .n_runs = 19,
                              .pars = &s,
                              .save = {.kind = ODEC_SAVE_COUNT, .count = 51}};
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
    static const odec_save save = {.kind = ODEC_SAVE_AT, .count = N_E5, .at = times};
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
            "%-12s E5 rtol %.0e: %d + %d attempts, %.2g tol; as four %.2g tol, y2 - y3 "
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
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_published_in_float),
        cmocka_unit_test(test_order_reduction),
        cmocka_unit_test(test_transients_are_damped),
        cmocka_unit_test(test_tolerances),
        cmocka_unit_test(test_between_steps),
        cmocka_unit_test(test_loops_over_the_pattern),
        cmocka_unit_test(test_robertson_keeps_its_mass),
        cmocka_unit_test(test_networks_keep_their_sums),
        cmocka_unit_test(test_e5),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
