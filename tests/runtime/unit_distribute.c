/* unit_distribute.c -- the largest-remainder split against GMP's rational numbers, at
 * every size and ratio of capacities, and what it refuses.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gmp.h>

#include "context_fixture.h"
#include "distribute.h"
#include "failing_alloc.h"
#include "random.h"

enum { MAX_DEVICES = 40 };

static const char *names[MAX_DEVICES];

static odec_status split(int64_t n_runs, int32_t n, const double *capacities,
                         int64_t *counts) {
    for (int32_t i = 0; i < n; i++) {
        names[i] = i % 2 ? "cuda:0" : "cpu";
    }
    odec_context_clear(context);
    return distribute_capacity(context, n_runs, n, names, capacities, counts);
}

/* ---- against rational arithmetic ---- */

/* Quotas as fractions; then the runs left over, one after another, to whoever has the
 * largest fraction left and none of them yet. */
static void reference(int64_t n_runs, int32_t n, const double *capacities,
                      int64_t *counts) {
    mpq_t rest[MAX_DEVICES], sum, runs;
    mpz_t whole;
    mpz_init(whole);
    mpq_inits(sum, runs, NULL);
    mpq_set_si(runs, n_runs, 1);
    for (int32_t i = 0; i < n; i++) {
        mpq_init(rest[i]);
        mpq_set_d(rest[i], capacities[i]);
        mpq_add(sum, sum, rest[i]);
    }
    int64_t left = n_runs;
    for (int32_t i = 0; i < n; i++) {
        mpq_mul(rest[i], rest[i], runs);
        mpq_div(rest[i], rest[i], sum);
        mpz_fdiv_q(whole, mpq_numref(rest[i]), mpq_denref(rest[i]));
        counts[i] = mpz_get_si(whole);
        left -= counts[i];
        mpz_submul(mpq_numref(rest[i]), whole, mpq_denref(rest[i]));
    }
    for (; left > 0; left--) {
        int32_t best = 0;
        for (int32_t i = 1; i < n; i++) {
            best = mpq_cmp(rest[i], rest[best]) > 0 ? i : best;
        }
        counts[best]++;
        mpq_set_si(rest[best], -1, 1);
    }
    for (int32_t i = 0; i < n; i++) {
        mpq_clear(rest[i]);
    }
    mpq_clears(sum, runs, NULL);
    mpz_clear(whole);
}

/* Of one of several kinds: alike, small whole numbers (many ties), within three
 * decades, and anything a double can hold. */
static double random_capacity(int kind) {
    uint64_t word = random_word();
    if (word % 5 == 0) {
        return 0;
    }
    switch (kind) {
    case 0:
        return 1;
    case 1:
        return (double)(1 + word % 7);
    case 2:
        return pow(10, 3 * random_real());
    default:
        return ldexp(1 + random_real(), (int)random_in(-1074, 1023));
    }
}

static void test_against_rationals(void **state) {
    (void)state;
    int n_made = 0;
    for (int i = 0; i < 100000; i++) {
        double capacities[MAX_DEVICES], sum = 0;
        int64_t counts[MAX_DEVICES], expected[MAX_DEVICES], total = 0;
        int64_t n_runs = random_size(INT64_C(1000000000000));
        int32_t n = (int32_t)random_in(1, random_word() % 20 ? 6 : MAX_DEVICES);
        int kind = (int)(random_word() % 4);
        for (int32_t d = 0; d < n; d++) {
            capacities[d] = random_capacity(kind);
            sum += capacities[d];
        }
        if (sum == 0) {
            continue;
        }
        n_made++;
        assert_int_equal(split(n_runs, n, capacities, counts), ODEC_OK);
        reference(n_runs, n, capacities, expected);
        for (int32_t d = 0; d < n; d++) {
            assert_int_equal(counts[d], expected[d]);
            assert_true(capacities[d] > 0 || counts[d] == 0);
            total += counts[d];
        }
        assert_int_equal(total, n_runs);
    }
    assert_true(n_made > 90000);
}

/* ---- by hand ---- */

static void test_examples(void **state) {
    (void)state;
    static const struct {
        int64_t n_runs;
        int32_t n;
        double capacities[4];
        int64_t counts[4];
    } rows[] = {
        {10, 3, {1, 1, 1}, {4, 3, 3}},
        {10, 2, {3, 0}, {10, 0}},
        {2, 4, {1, 1, 1, 1}, {1, 1, 0, 0}}, /* more devices than runs */
        {1, 4, {1, 2, 4, 2}, {0, 0, 1, 0}},
        {0, 2, {1, 2}, {0, 0}},
        {100, 3, {43, 31, 26}, {43, 31, 26}},
        {6, 3, {0.1, 0.2, 0.3}, {1, 2, 3}},
        {INT64_C(1000000000000), 2, {1e-300, 1e300}, {0, INT64_C(1000000000000)}},
        {INT64_C(1000000000000),
         2,
         {5e-324, 5e-324},
         {INT64_C(500000000000), INT64_C(500000000000)}},
        {INT64_C(999999999999), /* the sum of the capacities is no double */
         3,
         {1.7e308, 1.7e308, 1.7e308},
         {INT64_C(333333333333), INT64_C(333333333333), INT64_C(333333333333)}},
        {INT64_MAX, 2, {1, 1}, {INT64_MAX / 2 + 1, INT64_MAX / 2}},
        {7, 2, {5e-324, 1.7976931348623157e308}, {0, 7}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t counts[4];
        assert_int_equal(split(rows[i].n_runs, rows[i].n, rows[i].capacities, counts),
                         ODEC_OK);
        for (int32_t d = 0; d < rows[i].n; d++) {
            assert_int_equal(counts[d], rows[i].counts[d]);
        }
    }
}

static void test_uniform(void **state) {
    (void)state;
    double ones[MAX_DEVICES];
    for (int32_t d = 0; d < MAX_DEVICES; d++) {
        ones[d] = 1;
    }
    for (int i = 0; i < 10000; i++) {
        int64_t n_runs = random_size(INT64_C(1000000000000));
        int32_t n = (int32_t)random_in(1, MAX_DEVICES);
        int64_t counts[MAX_DEVICES], expected[MAX_DEVICES], total = 0;
        distribute_uniform(n_runs, n, counts);
        assert_int_equal(split(n_runs, n, ones, expected), ODEC_OK);
        for (int32_t d = 0; d < n; d++) {
            assert_int_equal(counts[d], expected[d]);
            assert_in_range(counts[d], counts[n - 1], counts[n - 1] + 1);
            total += counts[d];
        }
        assert_int_equal(total, n_runs);
    }
}

/* ---- refusals ---- */

static void test_errors(void **state) {
    (void)state;
    static const struct {
        int64_t n_runs;
        int32_t n;
        double capacities[2];
        const char *text;
    } rows[] = {
        {10, 2, {1, -2.5}, "the capacity of device cuda:0 is -2.5, which is negative"},
        {10,
         2,
         {NAN, 1},
         "the capacity of device cpu is nan, which is no finite number"},
        {10,
         2,
         {1, -INFINITY},
         "the capacity of device cuda:0 is -inf, which is no finite number"},
        {10,
         2,
         {INFINITY, 1},
         "the capacity of device cpu is inf, which is no finite number"},
        {10, 2, {0, -0.0}, "none of 2 devices has any capacity: all are 0"},
        {-1, 2, {1, 1}, "-1 runs cannot be distributed to 2 devices"},
        {10, 0, {1, 1}, "10 runs cannot be distributed to 0 devices"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t counts[2];
        assert_int_equal(split(rows[i].n_runs, rows[i].n, rows[i].capacities, counts),
                         ODEC_ERROR_ARGUMENT);
        assert_string_equal(odec_context_error(context), rows[i].text);
    }
}

static void test_no_memory(void **state) {
    (void)state;
    static const double capacities[] = {1, 2};
    int64_t counts[2];
    context_renew();
    alloc_fail_at(1);
    assert_int_equal(split(10, 2, capacities, counts), ODEC_ERROR_MEMORY);
    assert_string_equal(odec_context_error(context), "out of memory");
    alloc_fail_at(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_rationals), cmocka_unit_test(test_examples),
        cmocka_unit_test(test_uniform),           cmocka_unit_test(test_errors),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, context_begin, context_end);
}
