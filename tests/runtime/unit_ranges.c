/* unit_ranges.c -- the set of ranges against a set of bits, and without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "random.h"
#include "ranges.h"

enum { N_RUNS = 60 };

/* The set has the runs of `bits`, in as few ranges as can be. */
static void assert_set(const struct ranges *ranges, const bool bits[N_RUNS]) {
    int64_t n = 0, total = 0;
    for (int64_t i = 0; i < N_RUNS; i++) {
        if (bits[i] && (i == 0 || !bits[i - 1])) {
            int64_t end = i;
            while (end < N_RUNS && bits[end]) {
                end++;
            }
            assert_true(n < ranges->n);
            assert_int_equal(ranges->at[n].first, i);
            assert_int_equal(ranges->at[n].n_runs, end - i);
            n++;
            total += end - i;
        }
    }
    assert_int_equal(ranges->n, n);
    assert_int_equal(ranges_total(ranges), total);
}

static int n_set(const bool *bits, struct slice slice) {
    int n = 0;
    for (int64_t i = slice.first; i < slice.first + slice.n_runs; i++) {
        n += bits[i];
    }
    return n;
}

static void test_against_bits(void **state) {
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct ranges ranges = {0};
        bool bits[N_RUNS] = {0};
        for (int k = 0; k < 60; k++) {
            int64_t first = random_in(0, N_RUNS - 1);
            struct slice slice = {first, random_in(1, N_RUNS - first)}, taken;
            slice.n_runs = random_in(1, slice.n_runs); /* short ones rather */
            int n = n_set(bits, slice);
            assert_true(ranges_contains(&ranges, slice) == (n == slice.n_runs));
            if (random_word() % 3 > 0) {
                enum ranges_result result = ranges_add(&ranges, slice);
                assert_int_equal(result, n > 0 ? RANGES_OVERLAP : RANGES_OK);
                if (n == 0) {
                    memset(&bits[slice.first], true, (size_t)slice.n_runs);
                }
            } else if (ranges_take(&ranges, slice.n_runs, &taken)) {
                assert_in_range(taken.n_runs, 1, slice.n_runs);
                assert_int_equal(n_set(bits, (struct slice){0, taken.first}), 0);
                assert_int_equal(n_set(bits, taken), taken.n_runs);
                memset(&bits[taken.first], false, (size_t)taken.n_runs);
                bool more = taken.first + taken.n_runs < N_RUNS &&
                            bits[taken.first + taken.n_runs];
                assert_true(taken.n_runs == slice.n_runs || !more); /* all it may */
            } else {
                assert_int_equal(n_set(bits, (struct slice){0, N_RUNS}), 0);
            }
            assert_set(&ranges, bits);
        }
        ranges_release(&ranges);
        assert_int_equal(ranges.n, 0);
        assert_null(ranges.at);
    }
}

static void test_large_numbers(void **state) {
    (void)state;
    struct ranges ranges = {0};
    struct slice all = {0, INT64_MAX}, taken;
    assert_int_equal(ranges_add(&ranges, all), RANGES_OK);
    assert_true(ranges_contains(&ranges, (struct slice){INT64_MAX - 1, 1}));
    assert_true(ranges_take(&ranges, INT64_MAX - 1, &taken));
    assert_int_equal(taken.n_runs, INT64_MAX - 1);
    assert_int_equal(ranges_add(&ranges, (struct slice){INT64_MAX - 1, 1}),
                     RANGES_OVERLAP);
    assert_int_equal(ranges_add(&ranges, taken), RANGES_OK);
    assert_int_equal(ranges.n, 1);
    ranges_release(&ranges);
}

/* Every allocation fails once: the set is as it was, and takes the range later. */
static void test_no_memory(void **state) {
    (void)state;
    struct ranges ranges = {0};
    int n_failed = 0;
    for (int64_t i = 0; i < 100; i++) {
        struct slice slice = {10 * i, 5};
        alloc_fail_at(1);
        enum ranges_result result = ranges_add(&ranges, slice);
        alloc_fail_at(0);
        if (result == RANGES_NO_MEMORY) {
            n_failed++;
            assert_int_equal(ranges.n, i);
            assert_false(ranges_contains(&ranges, slice));
            assert_int_equal(ranges_add(&ranges, slice), RANGES_OK);
        } else {
            assert_int_equal(result, RANGES_OK);
        }
        assert_int_equal(ranges_total(&ranges), 5 * (i + 1));
    }
    assert_in_range(n_failed, 1, 10);
    ranges_release(&ranges);
}

/* What was reserved needs no memory. */
static void test_reserve(void **state) {
    (void)state;
    struct ranges ranges = {0};
    alloc_fail_at(1);
    assert_int_equal(ranges_reserve(&ranges, 100), RANGES_NO_MEMORY);
    assert_int_equal(ranges_reserve(&ranges, 100), RANGES_OK);
    alloc_fail_at(1);
    for (int64_t i = 0; i < 100; i++) {
        assert_int_equal(ranges_add(&ranges, (struct slice){1000 - 10 * i, 5}),
                         RANGES_OK);
    }
    alloc_fail_at(0);
    ranges_release(&ranges);
}

static void test_copy(void **state) {
    (void)state;
    struct ranges from = {0}, to = {0};
    assert_int_equal(ranges_copy(&to, &from), RANGES_OK); /* nothing */
    assert_int_equal(ranges_add(&to, (struct slice){7, 1}), RANGES_OK);
    for (int64_t i = 0; i < 20; i++) {
        assert_int_equal(ranges_add(&from, (struct slice){10 * i, 5}), RANGES_OK);
    }
    alloc_fail_at(1);
    assert_int_equal(ranges_copy(&to, &from), RANGES_NO_MEMORY);
    alloc_fail_at(0);
    assert_true(to.n == 1 && to.at[0].first == 7); /* as it was */
    assert_int_equal(ranges_copy(&to, &from), RANGES_OK);
    assert_int_equal(to.n, 20);
    assert_memory_equal(to.at, from.at, 20 * sizeof *to.at);
    ranges_release(&from);
    assert_true(ranges_contains(&to, (struct slice){190, 5})); /* its own memory */
    assert_int_equal(ranges_copy(&to, &from), RANGES_OK);
    assert_int_equal(to.n, 0);
    ranges_release(&to);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_bits), cmocka_unit_test(test_large_numbers),
        cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
