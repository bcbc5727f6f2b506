/* unit_overlap.c -- strides that let two elements have one place, held to trying it out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "overlap.h"
#include "random.h"

enum { MOST_SPAN = 1 << 12 };

/* Each element into its place. */
static bool tried_out(const struct dimension *d) {
    static unsigned char places[2 * MOST_SPAN + 1];
    memset(places, 0, sizeof places);
    for (int64_t i = 0; i < d[0].n; i++) {
        for (int64_t j = 0; j < d[1].n; j++) {
            for (int64_t k = 0; k < d[2].n; k++) {
                const int64_t at =
                    MOST_SPAN + i * d[0].stride + j * d[1].stride + k * d[2].stride;
                assert_true(at >= 0 && at < (int64_t)sizeof places);
                if (places[at]++) {
                    return true;
                }
            }
        }
    }
    return false;
}

static void test_as_tried_out(void **state) {
    (void)state;
    int n_apart = 0, n_meet = 0;
    for (int i = 0; i < 200000; i++) {
        struct dimension d[3];
        for (int k = 0; k < 3; k++) {
            d[k].n = random_in(1, 9);
            d[k].stride = random_in(-40, 40);
        }
        const bool expected = tried_out(d);
        if (overlap_is_there(d, 3) != expected) {
            fail_msg("n %d %d %d, strides %d %d %d", (int)d[0].n, (int)d[1].n,
                     (int)d[2].n, (int)d[0].stride, (int)d[1].stride, (int)d[2].stride);
        }
        n_apart += !expected;
        n_meet += expected;
    }
    assert_true(n_apart > 10000 && n_meet > 10000);
}

/* Large numbers, by what is known of them. */
static void test_large(void **state) {
    (void)state;
    const int64_t p = INT64_C(1000000007), q = INT64_C(998244353);
    const struct {
        struct dimension d[3];
        bool meet;
    } rows[] = {
        {{{4, 3}, {1, 1}, {3, 4}}, false},
        {{{5, 3}, {1, 1}, {4, 4}}, true},
        {{{q, p}, {p, q}, {1, 0}}, false},
        {{{q + 1, p}, {p + 1, q}, {1, 0}}, true},
        {{{q, -p}, {p, q}, {2, 1}}, true}, /* x p + y q = 1 has a solution */
        {{{q / 2, 2 * p}, {p, 2 * q}, {2, 1}}, false}, /* that is odd */
        {{{INT64_C(100000000000), 1}, {1000, INT64_C(1) << 40}, {1, 7}}, false},
        {{{INT64_C(100000000000), 8}, {1000, 1}, {3, INT64_C(1) << 45}}, true},
        {{{2, 0}, {1, 1}, {1, 1}}, true},
        {{{1, 0}, {1, 0}, {1, 0}}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (overlap_is_there(rows[i].d, 3) != rows[i].meet) {
            fail_msg("row %zu", i);
        }
    }
}

static void test_span(void **state) {
    (void)state;
    const struct dimension d[] = {{4, -3}, {1, INT64_MAX}, {3, 4}};
    const struct dimension large[] = {{3, INT64_MAX / 2}, {2, 2}};
    const struct dimension least[] = {{2, INT64_MIN}};
    assert_int_equal(overlap_span(d, 3, 17), 17);
    assert_int_equal(overlap_span(d, 3, 16), -1);
    assert_int_equal(overlap_span(large, 1, INT64_MAX), INT64_MAX - 1);
    assert_int_equal(overlap_span(large, 2, INT64_MAX), -1);
    assert_int_equal(overlap_span(least, 1, INT64_MAX), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_tried_out),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
