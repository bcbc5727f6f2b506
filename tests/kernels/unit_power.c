/* unit_power.c -- x^n is one function, whoever asks for it.
 *
 * Built once for each precision and width. The exponent in the text of C, the exponent by lane
 * beside others, one lane alone, and where this is double the compiler's folding give the same
 * bits, which are within pow's bound of mpmath's (power_values.def), and pow's special values.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "math_all.h"
#include "ops.h"

#define BOUND 4 /* ulp: math_functions.def's of pow */

/* All n by products. */
#define EXPONENTS(N) \
    N(-4)            \
    N(-3)            \
    N(-2)            \
    N(-1)            \
    N(0) N(1) N(2) N(3) N(4) N(5) N(6) N(-2.5) N(-1.5) N(-0.5) N(0.5) N(1.5) N(2.5)
static const double exponents[] = {
#define N(n) n,
    EXPONENTS(N)
#undef N
};
#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static bool same(scalar a, scalar b) {
    return isnan(a) ? isnan(b) : a == b && !signbit(a) == !signbit(b);
}

/* With n in the text; false: by no such n. */
static bool in_text(scalar x, double n, scalar *y) {
    real v = R(x), r = R(0);
    bool found = false;
#define N(k)                \
    if (n == k) {           \
        r = power_of(v, k); \
        found = true;       \
    }
    EXPONENTS(N)
#undef N
    *y = lane_get(&r, 0);
    return found;
}

/* In lane l, the others having other exponents. */
static scalar by_lane(scalar x, double n, int l) {
    real v = R(1.25), e = R(0.3);
    for (int k = 0; k < LANES; k++) {
        lane_set(&e, k, (scalar)exponents[k]);
    }
    lane_set(&v, l, x);
    lane_set(&e, l, (scalar)n);
    real r = odec_pow(v, e);
    return lane_get(&r, l);
}

/* Among lanes that all go by the logarithm. */
static scalar among_logarithms(scalar x, double n) {
    real v = R(1.25), e = R(0.3);
    lane_set(&v, 0, x);
    lane_set(&e, 0, (scalar)n);
    real r = odec_pow(v, e);
    return lane_get(&r, 0);
}

/* The one value that all ways give. */
static scalar power(scalar x, double n) {
    real all = odec_pow(R(x), R(n));
    const scalar y = lane_get(&all, 0);
    scalar other = y;
    bool right = !in_text(x, n, &other) || same(other, y);
    for (int l = 0; l < LANES; l++) {
        right = right && same(by_lane(x, n, l), y);
    }
    right = right && same(among_logarithms(x, n), y);
    if (!REAL_FLOAT) {
        right = right && same((scalar)op_value(OP_POW, (double[]){(double)x, n}), y);
        if (op_power_by_products(n)) {
            const double folded = op_value(OP_POWER, (double[]){(double)x, n});
            right = right && same((scalar)folded, y);
        }
    }
    if (!right) {
        fail_msg("%a^%g is %a, with n in the text %a, by lane %a, among logarithms %a",
                 (double)x, n, (double)y, (double)other, (double)by_lane(x, n, 0),
                 (double)among_logarithms(x, n));
    }
    return y;
}

/* ---- values ---- */

static const struct row {
    double x, n, y;
} rows[] = {
#define ROW(x, n, y) {x, n, y},
#include "power_values.def"
};

/* In ulps of the result, which is not infinite in this precision. */
static double error_of(scalar y, double due) {
    const double least = REAL_FLOAT ? 0x1p-149 : 0x1p-1074;
    int e = 0;
    frexp(due, &e);
    const double ulp = ldexp(1, e - (REAL_FLOAT ? 24 : 53));
    return fabs((double)y - due) / (ulp > least ? ulp : least);
}

static void values_are_right(void **state) {
    (void)state;
    const double most = REAL_FLOAT ? (double)FLT_MAX : DBL_MAX;
    double worst = 0;
    int n_checked = 0;
    for (int i = 0; i < LENGTH(rows); i++) {
        const struct row *r = &rows[i];
        const scalar x = (scalar)r->x;
        if ((double)x != r->x || (scalar)r->n != (scalar)(double)(scalar)r->n) {
            continue; /* no float */
        }
        const scalar y = power(x, r->n);
        n_checked++;
        if (fabs(r->y) > most) {
            assert_true(isinf(y) || fabs(r->y) < most * (1 + BOUND * SCALAR_EPS));
            continue;
        }
        /* 0.3 is another number in float */
        const double e =
            REAL_FLOAT && (double)(scalar)r->n != r->n ? 0 : error_of(y, r->y);
        worst = e > worst ? e : worst;
        if (!(e <= BOUND)) {
            fail_msg("%a^%g is %a, not %a: %g ulp", r->x, r->n, (double)y, r->y, e);
        }
    }
    print_message("%d values: %.2f of %d ulp\n", n_checked, worst, BOUND);
    assert_true(n_checked > 100);
}

/* IEEE 754's, C17 F.10.4.4. */
static void special_values_are_pows(void **state) {
    (void)state;
    static const double x[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, -1.5, 1, -1, 2};
    for (int i = 0; i < LENGTH(x); i++) {
        for (int k = 0; k < LENGTH(exponents); k++) {
            const double n = exponents[k], ax = fabs(x[i]);
            const bool odd = floor(n) == n && fmod(n, 2) != 0;
            const bool half = floor(n) != n;
            double due = pow(ax, n); /* of 0, inf and 1: no rounding in it */
            if (ax == 1.5 || ax == 2) {
                due = (double)power((scalar)ax, n);
            }
            due = odd && signbit(x[i]) ? -due : due;
            due = half && x[i] < 0 && isfinite(x[i]) ? (double)NAN : due;
            due = isnan(x[i]) ? (n == 0 ? 1 : (double)NAN) : due;
            const scalar y = power((scalar)x[i], n);
            if (!same(y, (scalar)due)) {
                fail_msg("(%g)^%g is %g, not %g", x[i], n, (double)y, due);
            }
        }
    }
}

/* The exponents for which it multiplies, and their neighbours. */
static void exponents_are_these(void **state) {
    (void)state;
    int n_found = 0;
    for (int k = -40; k <= 40; k++) { /* quarters */
        n_found += op_power_by_products(k / 4.0);
    }
    assert_int_equal(n_found, LENGTH(exponents));
    for (int k = 0; k < LENGTH(exponents); k++) {
        assert_true(op_power_by_products(exponents[k]));
        assert_false(op_power_by_products(nextafter(exponents[k], 100)));
        assert_false(op_power_by_products(nextafter(exponents[k], -100)));
    }
    assert_false(op_power_by_products((double)NAN));
    assert_false(op_power_by_products((double)INFINITY));
    assert_false(op_power_by_products((double)-INFINITY));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_right),
        cmocka_unit_test(special_values_are_pows),
        cmocka_unit_test(exponents_are_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
