/* alloc.c -- for every n, the n-th allocation of a solver's creation and of a batch
 * fails: an error in words or the right result, nothing left on the devices, and (ASan)
 * nothing leaked.
 */
#include "device_support.h"

#include "failing_alloc.h"

enum { MOST_ALLOCATIONS = 3000 };

static long n_failing; /* the allocation that fails */
static bool in_solve;  /* of odec_solve; else of the creation */
static bool was_reached;

static void arm(bool begins) {
    if (!begins) {
        was_reached = n_alloc_calls >= n_failing;
    }
    alloc_fail_at(begins ? n_failing : 0);
}

static odec_status create_and_solve(struct trial *trial, struct outcome *out) {
    odec_context *context = NULL;
    odec_solver *solver = NULL;
    trial->around = in_solve ? arm : NULL;
    if (!in_solve) {
        arm(true);
    }
    odec_status status = odec_context_create(&context);
    if (status == ODEC_OK) {
        status = trial_open(trial, context, &solver);
    }
    if (!in_solve) {
        arm(false);
    }
    if (status == ODEC_OK) {
        trial_solve(trial, context, solver, out);
        status = out->status;
    }
    assert_true(status == ODEC_OK || context == NULL || odec_context_error(context)[0]);
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    return status;
}

static void check(const char *settings, const char *device) {
    struct trial trial = {
        .device = device, .n_runs = 60, .chunk_runs = 25, .in_order = true};
    struct outcome reference, outcome;
    trial_on_cpu(&trial, &reference);
    trial.sim = settings;
    trial_run(&trial, &outcome); /* kernels into the cache */
    assert_same_bits(&outcome, &reference);
    outcome_release(&outcome);
    for (int part = 0; part < 2; part++) {
        int n_errors = 0;
        in_solve = part;
        was_reached = true;
        for (n_failing = 1; was_reached; n_failing++) {
            assert_true(n_failing < MOST_ALLOCATIONS);
            assert_true(sim.configure(settings));
            outcome = (struct outcome){0};
            odec_status status = create_and_solve(&trial, &outcome);
            if (status == ODEC_OK) {
                assert_true(assert_partial(&outcome, &reference) == trial.n_runs);
            } else {
                assert_true(was_reached);
                n_errors++;
            }
            outcome_release(&outcome);
            assert_int_equal(sim.finish(), 0);
        }
        print_message("%s, %s: %ld allocations, %d errors\n", device,
                      in_solve ? "solve" : "create", n_failing - 2, n_errors);
        assert_true(n_failing > 5);
    }
    outcome_release(&reference);
}

static void test_alloc_cpu(void **state) {
    (void)state;
    check("devices=0", "cpu");
}

static void test_alloc_cuda(void **state) {
    (void)state;
    check("devices=1", "cuda:0");
}

static void test_alloc_all(void **state) {
    (void)state;
    check("devices=2", "all");
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_cpu),
        cmocka_unit_test(test_alloc_cuda),
        cmocka_unit_test(test_alloc_all),
    };
    return RUN_DEVICE_TESTS(argc, argv, tests);
}
