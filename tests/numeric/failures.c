/* failures.c -- runs that cannot be integrated, each amid runs that can.
 *
 * Every case is one model whose only parameter decides whether a run is healthy. A
 * batch with failing runs at awkward places (first, last, a whole vector of them) is
 * held against the same batch with healthy values there: the failing runs have their
 * status, a sensible time and NaN from there on, all others the bits they have without
 * them. That nothing loops is seen by the test's time limit.
 */
#include "support.h"

#define OK_AT(status) (1u << ODEC_RUN_##status)

static const struct failing {
    const char *name, *text;
    double bad; /* the parameter of failing runs; healthy ones have -1 .. -2 */
    double t1, t_lo, t_hi; /* t_lo <= time reached <= t_hi */
    unsigned statuses;     /* any of them */
    double dt;             /* fixed steps too, of this length; 0: not */
    double fixed_t_hi;
    int64_t max_attempts;
} cases[] = {
    {"a root of less than 0 in mid-run",
     "model root\npar a = 1\ninit x = 1, s = 0\nx' = -1\ns' = sqrt(x - 50*a)\n", 0, 10,
     0.9, 1.0000001, OK_AT(NON_FINITE), 0.01, 1.0000001, 0},
    {"0/0 at the start",
     "model start\npar a = 1\ninit x = 1, y = 1\nx' = (x - a)/(x - a)\ny' = -y\n", 1,
     10, 0, 0, OK_AT(NON_FINITE), 0.01, 0, 0},
    {"0/0 of parameters alone", "model hoisted\npar a = 1\ninit x = 1\nx' = a/a - x\n",
     0, 10, 0, 0, OK_AT(NON_FINITE), 0.01, 0, 0},
    {"an initial value that is none",
     "model initial\npar a = 1\ninit x = log(-a)\nx' = -x\n", 1, 10, 0, 0,
     OK_AT(NON_FINITE), 0.01, 0, 0},
    {"an infinite initial value",
     "model infinite\npar a = 1\ninit x = 1/a, y = 1\nx' = -x\ny' = -y\n", 0, 10, 0, 0,
     OK_AT(NON_FINITE), 0.01, 0, 0},
    {"a pole in finite time", "model pole\npar a = 1\ninit x = 1\nx' = a*x^2\n", 1, 2,
     0.999, 1.001, OK_AT(NON_FINITE) | OK_AT(STEP_UNDERFLOW), 0.01, 1.3, 0},
    {"a pole at t = 1",
     "model wall\npar a = 1\ninit x = 0\nx' = 1/(1 - t*(if a > 0 then 1 else 0))\n", 1,
     3, 0.99999, 1, OK_AT(NON_FINITE) | OK_AT(STEP_UNDERFLOW), 0, 0, 0},
    {"growth past the largest number",
     "model growth\npar a = 1\ninit x = 1\nx' = a*x\n", 1, 1000, 690, 710,
     OK_AT(NON_FINITE), 0.1, 760, 0},
    {"a cliff that no step crosses",
     "model cliff\npar a = 1\ninit x = 1\nx' = -x + (if a > 0 and t > 1 then 1e30 else "
     "0)\n",
     1, 2, 0.99, 1.0000001, OK_AT(STEP_UNDERFLOW), 0, 0, 0},
    {"too many attempts",
     "model stiff\npar a = 1\ninit x = 1\nx' = -x*(if a > 0 then 1e7 else 1)\n", 1, 10,
     1e-7, 1, OK_AT(MAX_ATTEMPTS), 0, 0, 300},
};

enum { N_RUNS = 61, N_SAVES = 21 };

/* First, last, some alone, and 24 .. 39, which fill whole vectors of any width. */
static bool is_bad(int run) {
    return run == 0 || run == 3 || run == 12 || (run >= 24 && run < 40) ||
           run == N_RUNS - 1;
}

static double healthy(int run) { return -1 - (double)run / N_RUNS; }

/* Only one NaN is stored. */
static void check_nans_are_one(const struct outcome *o) {
    const size_t bytes = o->row_bytes / (size_t)(o->n_saves * o->n_columns);
    for (int64_t i = 0; i < o->n_runs * o->n_saves * o->n_columns; i++) {
        if (!isnan(o->values[i])) {
            continue;
        }
        if (bytes == 8) {
            uint64_t bits;
            memcpy(&bits, o->bytes + (size_t)i * 8, 8);
            assert_true(bits == UINT64_C(0x7ff8000000000000));
        } else {
            uint32_t bits;
            memcpy(&bits, o->bytes + (size_t)i * 4, 4);
            assert_true(bits == UINT32_C(0x7fc00000));
        }
    }
}

/* Rows at times up to the time reached are numbers, the others NaN. */
static void check_rows(const struct failing *f, const struct outcome *o, int run,
                       const double *times) {
    for (int64_t i = 0; i < o->n_saves; i++) {
        const bool before = o->n_saves > 1 && times[i] <= o->records[run].t;
        for (int64_t c = 0; c < o->n_columns; c++) {
            const bool is_number = isfinite(value(o, run, i, c));
            if (i == 0 && o->n_saves > 1 && !is_number) {
                continue; /* the initial value itself may be what is wrong */
            }
            if (is_number != before) {
                fail_msg("%s: run %d at t = %g is %g, though it reached %.17g", f->name,
                         run, times[i], value(o, run, i, c), o->records[run].t);
            }
        }
    }
}

static void check_run(const struct failing *f, const struct trial *trial,
                      const struct outcome *o, int run, const double *times) {
    const struct odec_run_record *r = &o->records[run];
    if (!(f->statuses >> r->status & 1)) {
        fail_msg("%s (%s): run %d ended %s at t = %.17g after %lld and %lld attempts",
                 f->name, trial->method, run, odec_run_status_text(r->status), r->t,
                 r->n_accepted, r->n_rejected);
    }
    assert_within(r->t, f->t_lo, trial->dt ? f->fixed_t_hi : f->t_hi, "%s (%s) run %d",
                  f->name, trial->method, run);
    if (r->status == ODEC_RUN_MAX_ATTEMPTS) {
        assert_int_equal(r->n_accepted + r->n_rejected, f->max_attempts);
    }
    check_rows(f, o, run, times);
}

static void check_batch(const struct failing *f, const struct trial *base) {
    double with[N_RUNS], without[N_RUNS], times[N_SAVES];
    for (int run = 0; run < N_RUNS; run++) {
        without[run] = healthy(run);
        with[run] = is_bad(run) ? f->bad : without[run];
    }
    odec_source source = {.kind = ODEC_SOURCE_COLUMN, .stride = 1};
    struct trial trial = *base;
    trial.pars = &source;
    trial.n_runs = N_RUNS;
    struct machine *m = machine_of(&trial);
    int64_t n_times;
    odec_save_times(m->context, &trial.save, 0, trial.t1, times, N_SAVES, &n_times);
    source.column = with;
    struct outcome o = outcome_of(m, &trial);
    source.column = without;
    struct outcome clean = outcome_of(m, &trial);
    for (int run = 0; run < N_RUNS; run++) {
        if (is_bad(run)) {
            check_run(f, &trial, &o, run, times);
        } else {
            assert_int_equal(o.records[run].status, ODEC_RUN_OK);
            assert_true(o.records[run].t == trial.t1);
            assert_memory_equal(&o.records[run], &clean.records[run],
                                sizeof *o.records);
            assert_memory_equal(o.bytes + (size_t)run * o.row_bytes,
                                clean.bytes + (size_t)run * o.row_bytes, o.row_bytes);
        }
    }
    assert_int_equal(clean.result.n_by_status[ODEC_RUN_OK], N_RUNS);
    check_nans_are_one(&o);
    outcome_release(&o);
    outcome_release(&clean);
    machine_destroy(m);
}

/* For stiff methods: what their Jacobians can meet. */
static const struct failing stiff_cases[] = {
    {"a Jacobian that overflows",
     "model tower\npar a = 1\ninit x = 1\nx' = a*exp(exp(x))\n", 1, 1, 0.001, 0.1,
     OK_AT(NON_FINITE) | OK_AT(STEP_UNDERFLOW), 0, 0, 0},
    {"a Jacobian that is infinite at the start",
     "model inverse\npar a = 1\ninit x = max(-a, 0), y = 1\nx' = 1/x - x\ny' = x - y\n",
     1, 1, 0, 0, OK_AT(NON_FINITE), 0, 0, 0},
    {"1/x on its way to 0", "model fall\npar a = 1\ninit x = 1\nx' = -a/x\n", 1, 1,
     0.49, 0.5001, OK_AT(NON_FINITE) | OK_AT(STEP_UNDERFLOW), 0, 0, 0},
    {"a root on its way to 0", "model drain\npar a = 1\ninit x = 1\nx' = -a*sqrt(x)\n",
     1, 4, 1.99, 4, OK_AT(OK) | OK_AT(NON_FINITE) | OK_AT(STEP_UNDERFLOW), 0, 0, 0},
    {"a start where no step is finite",
     "model nowhere\npar a = 1\ninit x = 1, y = 0\nx' = log(-a)\ny' = x - y\n", 1, 1, 0,
     0, OK_AT(NON_FINITE), 0, 0, 0},
    {"sliding along a jump",
     "model slide\npar a = 1\ninit x = 0.3, y = 1\n"
     "x' = (if a > 0 then -sign(x) else -x)\ny' = x - y\n",
     1, 2, 0.29, 2, OK_AT(OK) | OK_AT(STEP_UNDERFLOW) | OK_AT(MAX_ATTEMPTS), 0, 0,
     20000},
    {"a Jacobian so large that J - d I is J, which is singular",
     "model stuck\npar a = 1\ninit x = 1, y = -1, z = 0\n"
     "k = (if a > 0 and t > 1 then 1e36 else 1)\n"
     "x' = k*(x + y)\ny' = k*(x + y)\nz' = 20*cos(20*t)\n",
     1, 2, 1, 1.2, OK_AT(SINGULAR), 0, 0, 0},
    {"two equations that are one", /* a result like any other: J is singular, J - d I
                                      not */
     "model twins\npar a = 1\ninit x = 1, y = 1\nk = (if a > 0 then 1e6 else 1)\n"
     "x' = -k*(x + y)\ny' = -k*(x + y)\n",
     1, 1, 1, 1, OK_AT(OK), 0, 0, 0},
};

static const odec_save several = {
    .size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = N_SAVES};

static void test_adaptive(void **state) {
    (void)state;
    static const char *const methods[] = {"heun", "tsit5", "vern7"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < sizeof methods / sizeof *methods; k++) {
            struct trial trial = {.text = cases[i].text,
                                  .method = methods[k],
                                  .rtol = k == 0 ? 1e-4 : 1e-6,
                                  .t1 = cases[i].t1,
                                  .threads = 2,
                                  .save = several,
                                  .max_attempts = cases[i].max_attempts};
            check_batch(&cases[i], &trial);
            if (k == 1) {
                trial.save = (odec_save)ODEC_SAVE_INIT;
                check_batch(&cases[i], &trial);
                trial.lanes = 1;
                check_batch(&cases[i], &trial);
            }
        }
    }
}

static void check_stiff(const struct failing *f, const char *method,
                        const char *precision) {
    struct trial trial = {.text = f->text,
                          .method = method,
                          .precision = precision,
                          .rtol = precision ? 1e-4 : 1e-6,
                          .t1 = f->t1,
                          .threads = 2,
                          .save = several,
                          .max_attempts = f->max_attempts};
    check_batch(f, &trial);
}

static void test_stiff(void **state) {
    (void)state;
    static const char *const methods[] = {"rodas5p", "rosenbrock23", "rodas4"};
    /* All but the last of the others' cases, which is easy for a stiff method. */
    for (size_t i = 0; i + 1 < sizeof cases / sizeof *cases; i++) {
        check_stiff(&cases[i], methods[i % 3], NULL);
    }
    check_stiff(&cases[5], "rodas5p", "float");
    for (size_t i = 0; i < sizeof stiff_cases / sizeof *stiff_cases; i++) {
        check_stiff(&stiff_cases[i], methods[i % 2], NULL);
        check_stiff(&stiff_cases[i], "rodas4", "float");
    }
}

/* x' = 4 x with rodas4, whose gamma is 1/4: d = 1/(gamma h) is x's entry of the
 * Jacobian where h = 1, so the first pivot is 0. A fixed step ends there; one that is
 * chosen gets shorter, and what is beside it in the model or the batch does not notice.
 */
static void test_pivot_of_nothing(void **state) {
    (void)state;
    static const char *const precisions[] = {"double", "float"};
    static const double column[] = {-1, 4, -1, 4, 3};
    const odec_source k = {.kind = ODEC_SOURCE_COLUMN, .stride = 1, .column = column};
    for (int i = 0; i < 2; i++) {
        struct trial trial = {.text = "model m\npar k = 4\ninit x = 0, y = 1\n"
                                      "x' = k*x\ny' = -0.1*y\n",
                              .method = "rodas4",
                              .precision = precisions[i],
                              .dt = 1,
                              .t1 = 4,
                              .n_runs = 5,
                              .pars = &k,
                              .save = several};
        struct outcome o = solve_trial(&trial);
        for (int run = 0; run < 5; run++) {
            const bool is_singular = column[run] == 4;
            assert_int_equal(o.records[run].status,
                             is_singular ? ODEC_RUN_NON_FINITE : ODEC_RUN_OK);
            assert_true(o.records[run].t == (is_singular ? 0 : 4));
        }
        outcome_release(&o);
        trial.dt = 0;
        trial.dt_max = 1; /* steps would grow to more */
        trial.rtol = 1e-2;
        o = solve_trial(&trial);
        for (int run = 0; run < 5; run++) {
            assert_int_equal(o.records[run].status, ODEC_RUN_OK);
            assert_true(o.records[run].n_rejected > 0 || column[run] != 4);
            assert_true(value(&o, run, N_SAVES - 1, 0) == 0);
            assert_within(value(&o, run, N_SAVES - 1, 1), exp(-0.4) - 1e-2,
                          exp(-0.4) + 1e-2, "y of run %d", run);
        }
        outcome_release(&o);
    }
}

/* States that never move: exactly, and in a few steps where there is nothing else. */
static void test_states_at_rest(void **state) {
    (void)state;
    for (int i = 0; stiff_method(i); i++) {
        struct trial trial = {.text = "model m\ninit x = 0.1\nx' = 0\n",
                              .method = stiff_method(i),
                              .precision = i == 1 ? "float" : "double",
                              .rtol = 1e-5,
                              .t1 = 1e6,
                              .save = several};
        const double rest = i == 1 ? 0.1f : 0.1;
        struct outcome o = solve_trial(&trial);
        assert_int_equal(o.records[0].status, ODEC_RUN_OK);
        assert_within(o.records[0].n_accepted + o.records[0].n_rejected, 1, 40,
                      "attempts");
        assert_true(value(&o, 0, N_SAVES - 1, 0) == rest);
        outcome_release(&o);
        trial.text = "model m\ninit x = 0.1, y = 1, z = 2\nx' = 0\ny' = -1e5*(y - "
                     "z*x)\nz' = -x*z\n";
        trial.t1 = 10;
        o = solve_trial(&trial);
        assert_int_equal(o.records[0].status, ODEC_RUN_OK);
        for (int s = 0; s < N_SAVES; s++) {
            assert_true(value(&o, 0, s, 0) == rest);
        }
        assert_within(value(&o, 0, N_SAVES - 1, 2), 2 * exp(-1) - 1e-3,
                      2 * exp(-1) + 1e-3, "z by %s", stiff_method(i));
        outcome_release(&o);
    }
}

/* Right-hand sides in pieces: jumps and kinks cost steps, not the result. */
static void test_pieces(void **state) {
    (void)state;
    static const char text[] =
        "model pieces\ninit a = 0, f = 0, m = 0, s = 0, l = 0, h = 0, k = 3\n"
        "a' = abs(sin(t))\nf' = floor(t)\nm' = mod(t, 1)\n"
        "s' = sign(cos(t))\nl' = min(t, 2)\nh' = max(t, 2)\n"
        "k' = -1e3*(k - abs(k - 2))\n";
    static const double end[] = {6.16092847092355, 45, 5, -0.57522203923062, 18, 52, 1};
    static const struct {
        const char *method, *precision;
        double rtol, bound;
    } by[] = {{"rosenbrock23", "double", 1e-4, 2e-2},
              {"rodas4", "double", 1e-6, 1e-3},
              {"rodas5p", "double", 1e-6, 1e-3},
              {"rodas4", "float", 1e-4, 5e-3}};
    for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
        const struct trial trial = {.text = text,
                                    .method = by[i].method,
                                    .precision = by[i].precision,
                                    .rtol = by[i].rtol,
                                    .t1 = 10};
        struct outcome o = solve_trial(&trial);
        assert_int_equal(o.records[0].status, ODEC_RUN_OK);
        for (int c = 0; c < 7; c++) {
            assert_within(value(&o, 0, 0, c), end[c] - by[i].bound,
                          end[c] + by[i].bound, "state %d by %s in %s", c, by[i].method,
                          by[i].precision);
        }
        outcome_release(&o);
    }
}

static void test_fixed(void **state) {
    (void)state;
    static const char *const methods[] = {"euler", "rk4", "tsit5"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < 3 && cases[i].dt != 0; k++) {
            struct trial trial = {.text = cases[i].text,
                                  .method = methods[k],
                                  .dt = cases[i].dt,
                                  .t1 = cases[i].t1,
                                  .threads = 2,
                                  .save = several};
            check_batch(&cases[i], &trial);
            if (k == 1) {
                trial.save = (odec_save)ODEC_SAVE_INIT;
                check_batch(&cases[i], &trial);
            }
        }
    }
}

static void test_float(void **state) {
    (void)state;
    for (size_t i = 0; i < 6; i++) { /* the cases whose numbers fit a float */
        struct trial trial = {.text = cases[i].text,
                              .method = "bs3",
                              .precision = "float",
                              .rtol = 1e-4,
                              .t1 = cases[i].t1,
                              .save = several};
        check_batch(&cases[i], &trial);
    }
}

/* So few attempts that no run gets anywhere: each makes exactly as many and says so. */
static void test_hopeless_max_attempts(void **state) {
    (void)state;
    static const int64_t limits[] = {1, 5, 7};
    for (int i = 0; i < 3; i++) {
        struct trial trial = {.text = "model m\npar a = 1\ninit x = 1\nx' = -x*a\n",
                              .rtol = 1e-10,
                              .t1 = 100,
                              .save = several,
                              .n_runs = 19,
                              .max_attempts = limits[i]};
        for (int stiff = 0; stiff < 2;
             stiff++) { /* fixed steps are counted beforehand */
            trial.method = stiff ? "rodas4" : "tsit5";
            struct outcome o = solve_trial(&trial);
            for (int run = 0; run < 19; run++) {
                const struct odec_run_record *r = &o.records[run];
                assert_int_equal(r->status, ODEC_RUN_MAX_ATTEMPTS);
                assert_int_equal(r->n_accepted + r->n_rejected, limits[i]);
                assert_within(r->t, 0, 50, "t after %lld attempts",
                              (long long)limits[i]);
                assert_true(value(&o, run, 0, 0) == 1);
                assert_true(isnan(value(&o, run, N_SAVES - 1, 0)));
            }
            outcome_release(&o);
        }
    }
}

/* A column may be NaN where the state is not: that is a result, not a failure. */
static void test_nan_column_is_no_failure(void **state) {
    (void)state;
    const struct trial trial = {
        .text = "model m\ninit x = 1\nx' = -1\nout r = sqrt(x)\nout s = -(0/(x - x))\n",
        .method = "tsit5",
        .rtol = 1e-6,
        .t1 = 2,
        .save = several};
    struct outcome o = solve_trial(&trial);
    assert_int_equal(o.records[0].status, ODEC_RUN_OK);
    assert_true(value(&o, 0, 0, 1) == 1);
    assert_true(isnan(value(&o, 0, N_SAVES - 1, 1)));
    assert_true(isnan(value(&o, 0, 0, 2)));
    assert_within(value(&o, 0, N_SAVES - 1, 0), -1.00001, -0.99999, "the state");
    check_nans_are_one(&o);
    outcome_release(&o);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adaptive),
        cmocka_unit_test(test_stiff),
        cmocka_unit_test(test_pivot_of_nothing),
        cmocka_unit_test(test_states_at_rest),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_float),
        cmocka_unit_test(test_hopeless_max_attempts),
        cmocka_unit_test(test_nan_column_is_no_failure),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
