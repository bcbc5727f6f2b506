/* unit_sweep.c -- geometric sweeps against MPFR: exact ends, decades to the bit, everything
 * else within an ulp, over all of double.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <mpfr.h>

#include "odec.h"
#include "random.h"

/* |x - lo (hi/lo)^(i/(n-1))| in units of the last place of the right value. */
static double ulps_off(double lo, double hi, int64_t n, int64_t i, double x) {
    mpfr_t a, b, right;
    mpfr_inits2(256, a, b, right, (mpfr_ptr)0);
    mpfr_set_d(a, fabs(lo), MPFR_RNDN);
    mpfr_set_d(b, fabs(hi), MPFR_RNDN);
    mpfr_log2(a, a, MPFR_RNDN);
    mpfr_log2(b, b, MPFR_RNDN);
    mpfr_sub(b, b, a, MPFR_RNDN);
    mpfr_mul_si(b, b, (long)i, MPFR_RNDN);
    mpfr_div_si(b, b, (long)(n - 1), MPFR_RNDN);
    mpfr_add(a, a, b, MPFR_RNDN);
    mpfr_exp2(right, a, MPFR_RNDN);
    const double near = mpfr_get_d(right, MPFR_RNDZ);
    mpfr_sub_d(right, right, fabs(x), MPFR_RNDN);
    const double ulp = nextafter(near, INFINITY) - near;
    const double off = fabs(mpfr_get_d(right, MPFR_RNDN)) / ulp;
    mpfr_clears(a, b, right, (mpfr_ptr)0);
    return off;
}

static double check_sweep(double lo, double hi, int64_t n, int64_t every) {
    double worst = 0;
    assert_true(odec_grid_point(lo, hi, n, true, 0) == lo);
    assert_true(odec_grid_point(lo, hi, n, true, n - 1) == hi);
    for (int64_t i = 1; i < n - 1; i += every) {
        const double x = odec_grid_point(lo, hi, n, true, i);
        const double off = ulps_off(lo, hi, n, i, x);
        worst = off > worst ? off : worst;
        if (!(off <= 1) || signbit(x) != signbit(lo)) {
            fail_msg("point %lld of %lld in %.17g .. %.17g is %.17g, %.3g ulp off",
                     (long long)i, (long long)n, lo, hi, x, off);
        }
    }
    return worst;
}

static void test_within_an_ulp(void **state) {
    (void)state;
    static const struct {
        double lo, hi;
        int64_t n, every;
    } rows[] = {
        {0.1234567, 1.987e5, 1000, 1},
        {1e-300, 1e300, 997, 1},
        {1e300, 1e-300, 997, 1},
        {-3.3, -1e-9, 500, 1},
        {5e-324, 1.7976931348623157e308, 4001, 1},
        {1.7e308, 3e-320, 4001, 1},
        {1, 1 + 0x1p-40, 100000, 7},
        {1, 1 + 0x1p-52, 1000, 1},
        {3, 3, 9, 1},
        {1, 2, INT64_C(100000000000), 33333331},
        {0.7, 0.70001, 10000, 1},
        {1e-6, 1.1e6, 613, 1},
    };
    double worst = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        worst =
            fmax(worst, check_sweep(rows[i].lo, rows[i].hi, rows[i].n, rows[i].every));
    }
    for (int i = 0; i < 3000; i++) {
        const double lo = ldexp(1 + random_real(), (int)random_in(-1070, 1020));
        const double hi = ldexp(1 + random_real(), (int)random_in(-1070, 1020));
        worst = fmax(worst, check_sweep(lo, hi, 3 + i % 40, 1));
    }
    print_message("largest error %.3f ulp\n", worst);
}

/* The double of DIGITS e EXPONENT. */
static double decimal(int digits, int exponent) {
    char text[32];
    snprintf(text, sizeof text, "%de%d", digits, exponent);
    return strtod(text, NULL);
}

/* From DIGITS 10^first to DIGITS 10^last, `parts` points a decade: all decades to the bit. */
static void check_decades(int digits, int first, int last, int parts) {
    const int step = last > first ? 1 : -1, n_decades = (last - first) * step;
    const int64_t n = (int64_t)n_decades * parts + 1;
    for (int k = 0; k <= n_decades; k++) {
        const double x = odec_grid_point(decimal(digits, first), decimal(digits, last),
                                         n, true, (int64_t)k * parts);
        const double right = decimal(digits, first + step * k);
        if (x != right) {
            fail_msg("%de%d .. %de%d: %.17g instead of %.17g", digits, first, digits,
                     last, x, right);
        }
    }
}

static void test_decades(void **state) {
    (void)state;
    check_decades(1, -3, 3, 1);
    check_decades(1, -6, 6, 1);
    for (int first = -307; first < 308; first += 7) {
        for (int last = -305; last < 308; last += 11) {
            if (last != first) {
                check_decades(1, first, last, 1 + abs(first) % 9);
            }
        }
    }
    for (int digits = 1; digits < 1000; digits += 1) {
        check_decades(digits, -305, 305, 1);
        check_decades(digits, -7, 5, 10);
        check_decades(digits, 4, -3, 100);
    }
    static const double wide[] = {1e-300, 1e-200, 1e-100, 1, 1e100, 1e200, 1e300};
    for (int i = 0; i < 7; i++) {
        assert_true(odec_grid_point(1e-300, 1e300, 7, true, i) == wide[i]);
        assert_true(odec_grid_point(1e300, 1e-300, 7, true, i) == wide[6 - i]);
        assert_true(odec_grid_point(-1e-300, -1e300, 7, true, i) == -wide[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_within_an_ulp),
        cmocka_unit_test(test_decades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
