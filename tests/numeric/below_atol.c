/* below_atol.c -- which states a batch never saw above their atol, though they are not zero: the
 * same however the batch is worked off, and no other.
 *
 * What is true of the states follows from the model's text. In `faint` x is large and z zero; e
 * and m, which begins with zero, are below any tolerance here; r goes up and comes back, in
 * runs with a large p high above its tolerance, in all others as m.
 */
#include "support.h"

static const char faint[] = "model faint\n"
                            "par p = 0\n"
                            "init x = 1, e = 1e-12, z = 0, r = 0, m = 0\n"
                            "x' = -0.3*x\n"
                            "e' = -e\n"
                            "z' = z\n"
                            "r' = (if p > 1 then 1e-4 else 1e-14)*cos(t)\n"
                            "m' = -1e-14*cos(t)\n";

enum { X, E, Z, R, M, N_STATES, N_RUNS = 301, ABOVE = 1 << 10 };
#define BIT(state) (1u << (state))

/* By states, and what the result says beside them; ABOVE: of no state that there is. */
static unsigned below(const struct machine *m, const struct outcome *o) {
    unsigned bits = 0;
    int n = 0;
    for (int32_t i = -2; i < m->program->n_states + 2; i++) {
        if (odec_solver_below_atol(m->solver, i)) {
            bits |= i < 0 || i >= m->program->n_states ? ABOVE : 1u << i;
            n++;
        }
    }
    assert_int_equal(o->result.n_below_atol, n);
    return bits;
}

static struct trial trial_of(const odec_source *p) {
    return (struct trial){.text = faint,
                          .rtol = 1e-5,
                          .atol = 1e-6,
                          .t1 = 6.283185307179586,
                          .pars = p,
                          .n_runs = N_RUNS};
}

static unsigned solve_below(struct machine *m, const struct trial *trial) {
    struct outcome o = outcome_of(m, trial);
    const unsigned bits = below(m, &o);
    outcome_release(&o);
    return bits;
}

/* One run of many has seen r, wherever it is, or none has. */
static void check_runs(const struct trial *base) {
    static const int runs[] = {0, 150, N_RUNS - 1};
    double column[N_RUNS] = {0};
    const odec_source p = {.kind = ODEC_SOURCE_COLUMN, .column = column, .stride = 1};
    struct trial trial = *base;
    trial.pars = &p;
    struct machine *m = machine_of(&trial);
    for (int i = 0; i < 3; i++) {
        column[runs[i]] = 2;
        assert_int_equal(solve_below(m, &trial), BIT(E) | BIT(M));
        column[runs[i]] = 0;
    }
    assert_int_equal(solve_below(m, &trial), BIT(E) | BIT(R) | BIT(M));
    machine_destroy(m);
}

static void test_every_way(void **state) {
    (void)state;
    static const char *const methods[] = {"tsit5", "rodas5p"};
    static const char *const precisions[] = {"double", "float"};
    static const int64_t chunks[] = {0, 1, 7};
    struct trial trial = trial_of(NULL);
    for (int i = 0; i < 4; i++) {
        trial.method = methods[i % 2];
        trial.precision = precisions[i / 2];
        for (trial.lanes = 1; trial.lanes <= 8; trial.lanes *= 2) {
            for (trial.threads = 1; trial.threads <= 3; trial.threads += 2) {
                trial.chunk = chunks[(trial.lanes + trial.threads) % 3];
                check_runs(&trial);
            }
        }
    }
}

/* Whether rows are saved or not. */
static void test_saves(void **state) {
    (void)state;
    struct trial trial = trial_of(NULL);
    trial.method = "dopri5";
    trial.save =
        (odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = 3};
    check_runs(&trial);
}

/* A smaller atol is what the name asks for, and it helps: the size itself does not. */
static void test_other_tolerances(void **state) {
    (void)state;
    static const struct {
        double atol;
        unsigned below;
    } rows[] = {{2, BIT(X) | BIT(E) | BIT(R) | BIT(M)},
                {1, BIT(X) | BIT(E) | BIT(R) | BIT(M)}, /* as large, not larger */
                {0.9, BIT(E) | BIT(R) | BIT(M)},
                {1e-12, BIT(E) | BIT(R) | BIT(M)},
                {0.9e-12, BIT(R) | BIT(M)},
                {1e-16, 0}};
    struct trial trial = trial_of(NULL);
    trial.method = "tsit5";
    trial.n_runs = 1;
    struct machine *m = machine_of(&trial);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        trial.atol = rows[i].atol;
        assert_int_equal(solve_below(m, &trial), rows[i].below);
    }
    machine_destroy(m);
}

/* Runs that make no step at all have had their start. */
static void test_failing_runs(void **state) {
    (void)state;
    struct trial trial = trial_of(NULL);
    trial.text = "model fails\ninit x = 1, e = -1e-12, z = 0, n = log(-1)\n"
                 "x' = log(-x)\ne' = -e\nz' = 0\nn' = n\n";
    trial.method = "tsit5";
    trial.n_runs = 20;
    struct machine *m = machine_of(&trial);
    struct outcome o = outcome_of(m, &trial);
    assert_int_equal(o.result.n_by_status[ODEC_RUN_NON_FINITE], 20);
    assert_int_equal(o.result.n_accepted, 0);
    assert_int_equal(below(m, &o), BIT(E));
    outcome_release(&o);
    machine_destroy(m);
}

/* Where no step was made to a tolerance nothing is said. */
static void test_nothing_to_control(void **state) {
    (void)state;
    struct trial trial = trial_of(NULL);
    trial.method = "tsit5";
    struct machine *m = machine_of(&trial);
    assert_int_equal(solve_below(m, &trial), BIT(E) | BIT(R) | BIT(M));
    trial.t0 = trial.t1;
    assert_int_equal(solve_below(m, &trial), 0);
    machine_destroy(m);
    trial.t0 = 0;
    trial.rtol = trial.atol = 0;
    trial.dt = 0.1;
    m = machine_of(&trial);
    assert_int_equal(solve_below(m, &trial), 0);
    machine_destroy(m);
}

static bool cancel(void *user, int64_t runs_done, int64_t n_runs) {
    (void)user, (void)runs_done, (void)n_runs;
    return false;
}

/* Of a part of a batch nothing is known, nor what was known of the one before. */
static void test_cancelled(void **state) {
    (void)state;
    struct trial trial = trial_of(NULL);
    trial.method = "tsit5";
    struct machine *m = machine_of(&trial);
    assert_int_equal(solve_below(m, &trial), BIT(E) | BIT(R) | BIT(M));
    odec_batch batch = ODEC_BATCH_INIT;
    batch.n_runs = 10;
    batch.t0 = 0;
    batch.t1 = 1;
    batch.progress = cancel;
    struct outcome o = {.result = ODEC_RESULT_INIT};
    assert_int_equal(odec_solve(m->solver, &batch, NULL, &o.result), ODEC_CANCELLED);
    assert_int_equal(below(m, &o), 0);
    batch.n_runs = 0;
    assert_int_equal(odec_solve(m->solver, &batch, NULL, &o.result),
                     ODEC_ERROR_ARGUMENT);
    assert_int_equal(below(m, &o), 0);
    machine_destroy(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way),          cmocka_unit_test(test_saves),
        cmocka_unit_test(test_other_tolerances),   cmocka_unit_test(test_failing_runs),
        cmocka_unit_test(test_nothing_to_control), cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
