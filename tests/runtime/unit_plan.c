/* unit_plan.c -- properties of the plan: chunks cover a batch exactly, nothing passes
 * the budget, nothing overflows, and each failure has its words.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "context_fixture.h"
#include "plan.h"
#include "random.h"
#include "say.h"

/* ---- random requests, against arithmetic that cannot overflow ---- */

typedef __int128 wide;

enum { MAX_ARRAYS = 6 };

static struct plan_request random_request(struct odec_array arrays[MAX_ARRAYS]) {
    static const char *const names[MAX_ARRAYS] = {"values", "records", "save_times",
                                                  "table",  "inputs",  "workspace"};
    bool is_huge = random_word() % 4 == 0; /* beyond any memory */
    for (int i = 0; i < MAX_ARRAYS; i++) {
        arrays[i] = (struct odec_array){
            .name = names[i],
            .kind = (odec_array_kind)(random_word() % 4),
            .bytes = random_size(is_huge ? INT64_MAX : INT64_C(1) << 32),
            .bytes_per_save = random_size(is_huge ? INT64_MAX : 1 << 10)};
    }
    return (struct plan_request){
        .arrays = arrays,
        .n_arrays = (int32_t)random_in(0, MAX_ARRAYS),
        .n_saves = random_size(is_huge ? INT64_MAX : 1 << 20),
        .n_lanes = is_huge + random_size(100000),
        .n_runs = 1 + random_size(INT64_C(1000000000000) - 1),
        .budget_bytes = random_size(INT64_C(1) << 40), /* nothing to 1 TiB */
        .max_chunk_runs = random_word() % 3 ? 0 : random_size(INT64_C(1) << 40),
        .n_buffers = (int32_t)random_in(1, 3)};
}

/* What a request needs. */
struct need {
    wide fixed, run, computed;
    wide array[MAX_ARRAYS];
    int32_t largest, largest_fixed; /* the first of the largest arrays; -1: none */
};

/* At most 2^100: products of three 63-bit numbers do not fit. */
static wide wide_times(wide a, wide b) {
    wide most = (wide)1 << 100;
    return a > 0 && b > most / a ? most : a * b;
}

static struct need request_need(const struct plan_request *request) {
    struct need need = {.largest = -1, .largest_fixed = -1};
    for (int32_t i = 0; i < request->n_arrays; i++) {
        const struct odec_array *array = &request->arrays[i];
        wide bytes = array->bytes + (wide)array->bytes_per_save * request->n_saves;
        bool is_computed = array->kind == ODEC_PER_COMPUTED_RUN;
        bool is_fixed = array->kind == ODEC_SHARED || array->kind == ODEC_PER_LANE;
        bytes = wide_times(bytes, array->kind == ODEC_PER_LANE ? request->n_lanes : 1);
        *(is_fixed ? &need.fixed : is_computed ? &need.computed : &need.run) += bytes;
        wide most = INT64_MAX; /* what is larger is as good as that */
        need.array[i] = bytes < most ? bytes : most;
        if (need.largest < 0 || need.array[i] > need.array[need.largest]) {
            need.largest = i;
        }
        if (is_fixed && (need.largest_fixed < 0 ||
                         need.array[i] > need.array[need.largest_fixed])) {
            need.largest_fixed = i;
        }
    }
    return need;
}

/* The longest chunk: one run more in each buffer would not fit, or it is as long as
 * asked for. As many buffers as are wanted and have room for a run each. */
static void check_longest(const struct plan_request *request, const struct need *need,
                          const struct plan *plan) {
    wide room = request->budget_bytes - need->fixed;
    wide n_buffers = request->n_buffers;
    while (n_buffers > 1 && n_buffers * need->run + need->computed > room) {
        n_buffers--;
    }
    bool is_capped =
        plan->chunk_runs == plan->n_runs || plan->chunk_runs == request->max_chunk_runs;
    wide each = n_buffers * need->run + need->computed;
    assert_true(plan->chunk_runs * each <= room);
    assert_true(is_capped || (plan->chunk_runs + 1) * each > room);
    assert_int_equal(plan->n_buffers,
                     plan->n_chunks < n_buffers ? plan->n_chunks : (int64_t)n_buffers);
}

/* Disjoint, in order, whole: all of them, or where there are too many the first, the
 * last and neighbours anywhere. */
static void check_slices(const struct plan *plan) {
    struct slice slice, next;
    assert_int_equal(plan_slice(context, plan, 0, &slice), ODEC_OK);
    assert_int_equal(slice.first, 0);
    for (int64_t k = 0; k + 1 < plan->n_chunks && k < 100; k++) {
        int64_t i = plan->n_chunks <= 100 ? k : random_in(0, plan->n_chunks - 2);
        assert_int_equal(plan_slice(context, plan, i, &slice), ODEC_OK);
        assert_int_equal(plan_slice(context, plan, i + 1, &next), ODEC_OK);
        assert_int_equal(slice.first + slice.n_runs, next.first);
        assert_int_equal(slice.n_runs, plan->chunk_runs);
    }
    assert_int_equal(plan_slice(context, plan, plan->n_chunks - 1, &slice), ODEC_OK);
    assert_int_equal(slice.first + slice.n_runs, plan->n_runs);
    int64_t rest = plan->n_runs % plan->chunk_runs;
    assert_int_equal(slice.n_runs, rest ? rest : plan->chunk_runs);
    assert_int_equal(plan_slice(context, plan, plan->n_chunks, &slice),
                     ODEC_ERROR_ARGUMENT);
}

static void check_plan(const struct plan_request *request, const struct need *need,
                       const struct plan *plan) {
    assert_int_equal(plan->n_runs, request->n_runs);
    assert_in_range(plan->chunk_runs, 1, plan->n_runs);
    assert_true(need->fixed == plan->fixed_bytes && need->run == plan->run_bytes);
    assert_true(need->computed == plan->computed_bytes);
    assert_true(plan->total_bytes <= request->budget_bytes);
    assert_true(need->fixed +
                    plan->chunk_runs * (need->run * plan->n_buffers + need->computed) ==
                plan->total_bytes);
    assert_true(need->run * plan->chunk_runs == plan->buffer_bytes);
    assert_true(request->max_chunk_runs == 0 ||
                plan->chunk_runs <= request->max_chunk_runs);
    check_longest(request, need, plan);
    check_slices(plan);
}

static char *say_wide(char buffer[SAY_SIZE], wide bytes) {
    return say_bytes(buffer, bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes);
}

/* What a plan that cannot be made leaves: no chunk at all, and the name of what is too
 * large. */
static void check_refusal(const struct plan_request *request, const struct need *need,
                          const struct plan *plan) {
    char text[256], all[SAY_SIZE], most[SAY_SIZE], budget[SAY_SIZE];
    say_bytes(budget, request->budget_bytes);
    if (need->fixed > INT64_MAX || need->run + need->computed > INT64_MAX) {
        snprintf(text, sizeof text,
                 "the arrays of one run are larger than any memory (%s: at least %s)",
                 request->arrays[need->largest].name,
                 say_wide(most, need->array[need->largest]));
    } else {
        bool is_fixed = need->fixed > request->budget_bytes;
        int32_t largest = is_fixed ? need->largest_fixed : need->largest;
        snprintf(text, sizeof text, "%s %s (%s %s), the budget is %s",
                 is_fixed ? "shared arrays need" : "one run needs",
                 say_wide(all, is_fixed ? need->fixed
                                        : need->fixed + need->run + need->computed),
                 request->arrays[largest].name, say_wide(most, need->array[largest]),
                 budget);
    }
    assert_string_equal(odec_context_error(context), text);
    const struct plan none = {0};
    assert_memory_equal(plan, &none, sizeof none);
    struct slice slice;
    odec_context_clear(context);
    assert_int_equal(plan_slice(context, plan, 0, &slice), ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context), "chunk 0 of 0 does not exist");
}

static void test_random_plans(void **state) {
    (void)state;
    int n_made = 0, n_fixed = 0, n_run = 0, n_overflow = 0, n_many = 0;
    for (int i = 0; i < 150000; i++) {
        struct odec_array arrays[MAX_ARRAYS];
        struct plan_request request = random_request(arrays);
        struct need need = request_need(&request);
        struct plan plan;
        memset(&plan, 0x5a, sizeof plan);
        odec_context_clear(context);
        odec_status status = plan_make(context, &request, &plan);
        wide run = need.run + need.computed;
        bool fits = need.fixed + run <= request.budget_bytes;
        assert_int_equal(status, fits ? ODEC_OK : ODEC_ERROR_BUDGET);
        if (fits) {
            n_made++;
            n_many += plan.n_chunks > 1;
            check_plan(&request, &need, &plan);
        } else {
            bool overflow = need.fixed > INT64_MAX || run > INT64_MAX;
            n_overflow += overflow;
            n_fixed += !overflow && need.fixed > request.budget_bytes;
            n_run += !overflow && need.fixed <= request.budget_bytes;
            check_refusal(&request, &need, &plan);
        }
    }
    print_message(
        "  %d made, %d of several chunks; refused: %d fixed, %d run, %d any\n", n_made,
        n_many, n_fixed, n_run, n_overflow);
    assert_true(n_many > 10000 && n_made - n_many > 1000); /* there is some of each */
    assert_true(n_fixed > 5000 && n_run > 5000 && n_overflow > 5000);
}

/* Small batches, every chunk looked at. */
static void test_every_run_once(void **state) {
    (void)state;
    for (int64_t n_runs = 1; n_runs <= 40; n_runs++) {
        for (int64_t chunk = 0; chunk <= 45; chunk++) {
            struct odec_array array = {
                .name = "values", .kind = ODEC_PER_RUN, .bytes = 8};
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

static struct plan_request request_of(struct odec_array *array, int64_t n_runs) {
    return (struct plan_request){.arrays = array,
                                 .n_arrays = 1,
                                 .n_saves = 1,
                                 .n_runs = n_runs,
                                 .budget_bytes = 1 << 20,
                                 .n_buffers = 2};
}

/* Nanoseconds of the processor's for plans of so many runs, the least of several. */
static double time_of_plan(int64_t n_runs) {
    struct odec_array array = {
        .name = "values", .kind = ODEC_PER_RUN, .bytes_per_save = 24};
    const struct plan_request request = request_of(&array, n_runs);
    double best = INFINITY;
    for (int i = 0; i < 20; i++) {
        struct timespec a, b;
        struct plan plan;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
        for (int k = 0; k < 100; k++) {
            assert_int_equal(plan_make(context, &request, &plan), ODEC_OK);
        }
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
        const double time =
            1e9 * (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec);
        best = time < best ? time : best;
    }
    return best;
}

/* A plan is worked out, not counted out: 10^12 runs, in 5e7 chunks, take what 10 take. */
static void test_huge_batch_is_quick(void **state) {
    (void)state;
    const int64_t n_runs = INT64_C(1000000000000);
    assert_true(time_of_plan(n_runs) < 1000 * time_of_plan(10));
    struct odec_array array = {
        .name = "values", .kind = ODEC_PER_RUN, .bytes_per_save = 24};
    const struct plan_request request = request_of(&array, n_runs);
    struct plan plan;
    assert_int_equal(plan_make(context, &request, &plan), ODEC_OK);
    assert_int_equal(plan.chunk_runs, (1 << 20) / 24 / 2);
}

/* One buffer where two runs do not fit. */
static void test_single_buffer(void **state) {
    (void)state;
    struct odec_array array = {.name = "values", .kind = ODEC_PER_RUN, .bytes = 100};
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
    struct odec_array arrays[2] = {
        {.name = "values", .kind = ODEC_PER_RUN, .bytes_per_save = 24},
        {.name = "table", .kind = ODEC_SHARED, .bytes = INT64_C(3) << 30}};
    struct plan_request request = {.arrays = arrays,
                                   .n_arrays = 1,
                                   .n_saves = INT64_C(1) << 27,
                                   .n_runs = 10,
                                   .budget_bytes = INT64_C(2) << 30,
                                   .n_buffers = 2};
    assert_refused(&request,
                   "one run needs 3.0 GiB (values 3.0 GiB), the budget is 2.0 GiB");
    request.n_arrays = 2;
    assert_refused(&request,
                   "shared arrays need 3.0 GiB (table 3.0 GiB), the budget is 2.0 GiB");
    request.budget_bytes = INT64_C(4) << 30;
    assert_refused(&request,
                   "one run needs 6.0 GiB (values 3.0 GiB), the budget is 4.0 GiB");
    request.n_saves = INT64_C(1) << 60;
    assert_refused(&request,
                   "the arrays of one run are larger than any memory (values: "
                   "at least 8.0 EiB)");
    request.n_saves = 0;
    request.budget_bytes = 100;
    arrays[0].bytes = INT64_MAX - 10; /* with the table more than there are numbers */
    arrays[1].bytes = 90;
    assert_refused(&request,
                   "one run needs 8.0 EiB (values 8.0 EiB), the budget is 100 B");
    static const char counts[] =
        "a plan needs at least one run and one buffer, and no negative count";
    request.n_saves = 1;
    request.n_runs = 0;
    assert_refused(&request, counts);
    request.n_runs = 1;
    request.n_buffers = 0;
    assert_refused(&request, counts);
    request.n_buffers = 1;
    request.budget_bytes = -1;
    assert_refused(&request, counts);
    struct plan plan = {.n_runs = 10, .chunk_runs = 4, .n_chunks = 3};
    struct slice slice;
    odec_context_clear(context);
    assert_int_equal(plan_slice(context, &plan, 3, &slice), ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context), "chunk 3 of 3 does not exist");
    assert_int_equal(plan_slice(context, &plan, -1, &slice), ODEC_ERROR_ARGUMENT);
}

static void test_automatic_budget(void **state) {
    (void)state;
    struct odec_array array = {.name = "values", .kind = ODEC_PER_RUN, .bytes = 1000};
    struct plan_request request = {
        .arrays = &array, .n_arrays = 1, .n_lanes = 32, .n_runs = 1000, .n_buffers = 2};
    assert_int_equal(plan_budget(&request, 1, 1, 1000000),
                     64000); /* every lane, twice */
    assert_int_equal(plan_budget(&request, 1, 100000, 1000000), 100000);
    assert_int_equal(plan_budget(&request, 1, 1, 5000), 5000);
    assert_int_equal(plan_budget(&request, 4, 1, 1000000), 256000);
    assert_int_equal(plan_budget(&request, 40, 1, 9000000), 2000000); /* all runs */
    assert_int_equal(plan_budget(&request, INT32_MAX, 1, 9000000), 2000000);
    request.n_runs = 3;
    assert_int_equal(plan_budget(&request, 1, 1, 1000000), 6000);
    array.bytes = INT64_MAX;
    assert_int_equal(plan_budget(&request, 1, 1, 1000000), 1000000);
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
    return cmocka_run_group_tests(tests, context_begin, context_end);
}
