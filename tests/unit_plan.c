/* unit_plan.c -- properties of the plan: chunks cover a batch exactly, nothing passes
 * the budget, nothing overflows, and each failure has its words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "plan.h"

static odec_context *context;

static int setup(void **state) {
    (void)state;
    return odec_context_create(&context) != ODEC_OK;
}

static int teardown(void **state) {
    (void)state;
    odec_context_destroy(context);
    return 0;
}

static uint64_t random_state = UINT64_C(88172645463325252);

static uint64_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* At most `most`, its size spread evenly over the powers of two. */
static int64_t random_size(int64_t most) {
    uint64_t word = (random_word() >> 1) >> (random_word() % 62);
    return (int64_t)(word % ((uint64_t)most + 1));
}

static struct plan_request random_request(struct odec_array arrays[4]) {
    for (int i = 0; i < 4; i++) {
        arrays[i] =
            (struct odec_array){.name = "a",
                                .kind = (odec_array_kind)(random_word() % 3),
                                .bytes = random_size(INT64_C(1) << 40),
                                .bytes_per_save = random_size(INT64_C(1) << 20)};
    }
    return (struct plan_request){.arrays = arrays,
                                 .n_arrays = (int32_t)(random_word() % 5),
                                 .n_saves = random_size(INT64_C(1) << 40),
                                 .n_lanes = random_size(100000),
                                 .n_runs = 1 + random_size(INT64_C(1000000000000)),
                                 .budget_bytes = random_size(INT64_MAX),
                                 .max_chunk_runs = random_size(INT64_C(1) << 40),
                                 .n_buffers = 1 + (int32_t)(random_word() % 3)};
}

static void check_plan(const struct plan_request *request, const struct plan *plan) {
    assert_int_equal(plan->n_runs, request->n_runs);
    assert_in_range(plan->chunk_runs, 1, plan->n_runs);
    assert_in_range(plan->n_buffers, 1, request->n_buffers);
    assert_true(plan->total_bytes <= request->budget_bytes);
    assert_true((__int128)plan->fixed_bytes +
                    (__int128)plan->n_buffers * plan->chunk_runs * plan->run_bytes ==
                (__int128)plan->total_bytes);
    if (request->max_chunk_runs > 0) {
        assert_true(plan->chunk_runs <= request->max_chunk_runs);
    }
    /* Disjoint, in order, whole: the first, two neighbours anywhere, the last. */
    struct slice slice, next;
    assert_int_equal(plan_slice(context, plan, 0, &slice), ODEC_OK);
    assert_int_equal(slice.first, 0);
    if (plan->n_chunks > 1) {
        int64_t i = random_size(plan->n_chunks - 2);
        assert_int_equal(plan_slice(context, plan, i, &slice), ODEC_OK);
        assert_int_equal(plan_slice(context, plan, i + 1, &next), ODEC_OK);
        assert_int_equal(slice.first + slice.n_runs, next.first);
        assert_int_equal(slice.n_runs, plan->chunk_runs);
    }
    assert_int_equal(plan_slice(context, plan, plan->n_chunks - 1, &slice), ODEC_OK);
    assert_in_range(slice.n_runs, 1, plan->chunk_runs);
    assert_int_equal(slice.first + slice.n_runs, plan->n_runs);
}

static void test_random_plans(void **state) {
    (void)state;
    int n_made = 0;
    for (int i = 0; i < 100000; i++) {
        struct odec_array arrays[4];
        struct plan_request request = random_request(arrays);
        struct plan plan;
        odec_context_clear(context);
        odec_status status = plan_make(context, &request, &plan);
        assert_true(status == ODEC_OK || status == ODEC_ERROR_BUDGET);
        if (status == ODEC_OK) {
            n_made++;
            check_plan(&request, &plan);
        }
    }
    assert_in_range(n_made, 10000,
                    90000); /* the cases are neither trivial nor hopeless */
}

/* Small batches, every chunk looked at. */
static void test_every_run_once(void **state) {
    (void)state;
    for (int64_t n_runs = 1; n_runs <= 40; n_runs++) {
        for (int64_t chunk = 0; chunk <= 45; chunk++) {
            struct odec_array array = {"values", ODEC_PER_RUN, 8, 0};
            struct plan_request request = {.arrays = &array,
                                           .n_arrays = 1,
                                           .n_runs = n_runs,
                                           .budget_bytes = 100000,
                                           .max_chunk_runs = chunk,
                                           .n_buffers = 2};
            struct plan plan;
            assert_int_equal(plan_make(context, &request, &plan), ODEC_OK);
            int64_t next = 0;
            for (int64_t i = 0; i < plan.n_chunks; i++) {
                struct slice slice;
                assert_int_equal(plan_slice(context, &plan, i, &slice), ODEC_OK);
                assert_int_equal(slice.first, next);
                next += slice.n_runs;
            }
            assert_int_equal(next, n_runs);
        }
    }
}

static void test_huge_batch_is_quick(void **state) {
    (void)state;
    struct odec_array array = {"values", ODEC_PER_RUN, 0, 24};
    struct plan_request request = {.arrays = &array,
                                   .n_arrays = 1,
                                   .n_saves = 1,
                                   .n_runs = INT64_C(1000000000000),
                                   .budget_bytes = 1 << 20,
                                   .n_buffers = 2};
    struct timespec a, b;
    struct plan plan;
    clock_gettime(CLOCK_MONOTONIC, &a);
    assert_int_equal(plan_make(context, &request, &plan), ODEC_OK);
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_true((double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec) <
                1e-3);
    assert_int_equal(plan.chunk_runs, (1 << 20) / 24 / 2);
}

/* One buffer where two runs do not fit. */
static void test_single_buffer(void **state) {
    (void)state;
    struct odec_array array = {"values", ODEC_PER_RUN, 100, 0};
    struct plan_request request = {.arrays = &array,
                                   .n_arrays = 1,
                                   .n_runs = 9,
                                   .budget_bytes = 150,
                                   .n_buffers = 2};
    struct plan plan;
    assert_int_equal(plan_make(context, &request, &plan), ODEC_OK);
    assert_int_equal(plan.n_buffers, 1);
    assert_int_equal(plan.chunk_runs, 1);
    assert_int_equal(plan.n_chunks, 9);
}

static void assert_refused(const struct plan_request *request, const char *text) {
    struct plan plan;
    odec_context_clear(context);
    assert_int_not_equal(plan_make(context, request, &plan), ODEC_OK);
    assert_string_equal(odec_context_error(context), text);
}

static void test_errors(void **state) {
    (void)state;
    struct odec_array arrays[2] = {{"values", ODEC_PER_RUN, 0, 24},
                                   {"table", ODEC_SHARED, INT64_C(3) << 30, 0}};
    struct plan_request request = {.arrays = arrays,
                                   .n_arrays = 1,
                                   .n_saves = INT64_C(1) << 27,
                                   .n_runs = 10,
                                   .budget_bytes = INT64_C(2) << 30,
                                   .n_buffers = 2};
    assert_refused(&request, "one run needs 3.0 GiB, the budget is 2.0 GiB");
    request.n_arrays = 2;
    assert_refused(&request, "shared arrays need 3.0 GiB, the budget is 2.0 GiB");
    request.n_saves = INT64_C(1) << 60;
    assert_refused(&request, "the arrays of one run are larger than any memory");
    request.n_runs = 0;
    assert_refused(
        &request,
        "a plan needs at least one run and one buffer, and no negative count");
    struct plan plan = {.n_runs = 10, .chunk_runs = 4, .n_chunks = 3};
    struct slice slice;
    odec_context_clear(context);
    assert_int_equal(plan_slice(context, &plan, 3, &slice), ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context), "chunk 3 of 3 does not exist");
    assert_int_equal(plan_slice(context, &plan, -1, &slice), ODEC_ERROR_ARGUMENT);
}

static void test_automatic_budget(void **state) {
    (void)state;
    struct odec_array array = {"values", ODEC_PER_RUN, 1000, 0};
    struct plan_request request = {
        .arrays = &array, .n_arrays = 1, .n_lanes = 32, .n_runs = 1000, .n_buffers = 2};
    assert_int_equal(plan_budget(&request, 1, 1000000), 64000); /* every lane, twice */
    assert_int_equal(plan_budget(&request, 100000, 1000000), 100000);
    assert_int_equal(plan_budget(&request, 1, 5000), 5000);
    request.n_runs = 3;
    assert_int_equal(plan_budget(&request, 1, 1000000), 6000);
    array.bytes = INT64_MAX;
    assert_int_equal(plan_budget(&request, 1, 1000000), 1000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_plans),
        cmocka_unit_test(test_every_run_once),
        cmocka_unit_test(test_huge_batch_is_quick),
        cmocka_unit_test(test_single_buffer),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_automatic_budget),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
