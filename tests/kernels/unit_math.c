/* unit_math.c -- the elementary functions: special values, error bounds, the same bits
 * at every width, exact division. The long measurements are math_ulp's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "math_reference.h"

enum { N = 4096, MPFR_POINTS = 12 * N, FLOAT_POINTS = 50 * N, WIDTH_POINTS = 20 * N };

typedef void double_batch(int, size_t, const double *, const double *, double *);
typedef void float_batch(int, size_t, const float *, const float *, float *);
static const struct {
    int lanes;
    double_batch *run;
} double_widths[] = {
#define DOUBLE_ROW(lanes) {lanes, math_double_##lanes},
    MATH_DOUBLE_WIDTHS(DOUBLE_ROW)};
static const struct {
    int lanes;
    float_batch *run;
} float_widths[] = {
#define FLOAT_ROW(lanes) {lanes, math_float_##lanes},
    MATH_FLOAT_WIDTHS(FLOAT_ROW)};
enum { WIDTHS = 4 };

/* ------------------------------------------------------------------- special values --
 */
#define INF INFINITY
#define BIG 1e300 /* an infinity, as a float */

/* C17 Annex F.10, and Python's % for mod. */
static const struct special {
    int function;
    double x, z, y;
} specials[] = {
    {MATH_exp, 0.0, 0, 1},
    {MATH_exp, -0.0, 0, 1},
    {MATH_exp, INF, 0, INF},
    {MATH_exp, -INF, 0, 0.0},
    {MATH_exp, 1e4, 0, INF},
    {MATH_exp, -1e4, 0, 0.0},
    {MATH_exp, BIG, 0, INF},
    {MATH_exp, -BIG, 0, 0.0},
    {MATH_exp, NAN, 0, NAN},
    {MATH_expm1, 0.0, 0, 0.0},
    {MATH_expm1, -0.0, 0, -0.0},
    {MATH_expm1, INF, 0, INF},
    {MATH_expm1, -INF, 0, -1},
    {MATH_expm1, -1e4, 0, -1},
    {MATH_expm1, 1e4, 0, INF},
    {MATH_expm1, NAN, 0, NAN},
    {MATH_log, 1, 0, 0.0},
    {MATH_log, 0.0, 0, -INF},
    {MATH_log, -0.0, 0, -INF},
    {MATH_log, -1, 0, NAN},
    {MATH_log, -INF, 0, NAN},
    {MATH_log, INF, 0, INF},
    {MATH_log, NAN, 0, NAN},
    {MATH_log1p, 0.0, 0, 0.0},
    {MATH_log1p, -0.0, 0, -0.0},
    {MATH_log1p, -1, 0, -INF},
    {MATH_log1p, -2, 0, NAN},
    {MATH_log1p, INF, 0, INF},
    {MATH_log1p, -INF, 0, NAN},
    {MATH_log2, 1, 0, 0.0},
    {MATH_log2, 8, 0, 3},
    {MATH_log2, 0.0625, 0, -4},
    {MATH_log2, 0.0, 0, -INF},
    {MATH_log2, -3, 0, NAN},
    {MATH_log2, INF, 0, INF},
    {MATH_log10, 1, 0, 0.0},
    {MATH_log10, 1000, 0, 3},
    {MATH_log10, -0.0, 0, -INF},
    {MATH_log10, -3, 0, NAN},
    {MATH_log10, INF, 0, INF},
    {MATH_sin, 0.0, 0, 0.0},
    {MATH_sin, -0.0, 0, -0.0},
    {MATH_sin, INF, 0, NAN},
    {MATH_sin, -INF, 0, NAN},
    {MATH_sin, NAN, 0, NAN},
    {MATH_cos, 0.0, 0, 1},
    {MATH_cos, -0.0, 0, 1},
    {MATH_cos, INF, 0, NAN},
    {MATH_tan, 0.0, 0, 0.0},
    {MATH_tan, -0.0, 0, -0.0},
    {MATH_tan, INF, 0, NAN},
    {MATH_asin, 0.0, 0, 0.0},
    {MATH_asin, -0.0, 0, -0.0},
    {MATH_asin, 1.5, 0, NAN},
    {MATH_asin, -INF, 0, NAN},
    {MATH_acos, 1, 0, 0.0},
    {MATH_acos, 2, 0, NAN},
    {MATH_acos, -2, 0, NAN},
    {MATH_acos, NAN, 0, NAN},
    {MATH_atan, 0.0, 0, 0.0},
    {MATH_atan, -0.0, 0, -0.0},
    {MATH_atan, NAN, 0, NAN},
    {MATH_sinh, 0.0, 0, 0.0},
    {MATH_sinh, -0.0, 0, -0.0},
    {MATH_sinh, -INF, 0, -INF},
    {MATH_sinh, 1e4, 0, INF},
    {MATH_sinh, NAN, 0, NAN},
    {MATH_cosh, -0.0, 0, 1},
    {MATH_cosh, -INF, 0, INF},
    {MATH_cosh, -1e4, 0, INF},
    {MATH_cosh, NAN, 0, NAN},
    {MATH_tanh, 0.0, 0, 0.0},
    {MATH_tanh, -0.0, 0, -0.0},
    {MATH_tanh, INF, 0, 1},
    {MATH_tanh, -INF, 0, -1},
    {MATH_tanh, NAN, 0, NAN},
    {MATH_asinh, 0.0, 0, 0.0},
    {MATH_asinh, -0.0, 0, -0.0},
    {MATH_asinh, INF, 0, INF},
    {MATH_asinh, -INF, 0, -INF},
    {MATH_acosh, 1, 0, 0.0},
    {MATH_acosh, 0.5, 0, NAN},
    {MATH_acosh, INF, 0, INF},
    {MATH_acosh, -INF, 0, NAN},
    {MATH_atanh, 0.0, 0, 0.0},
    {MATH_atanh, -0.0, 0, -0.0},
    {MATH_atanh, 1, 0, INF},
    {MATH_atanh, -1, 0, -INF},
    {MATH_atanh, 2, 0, NAN},
    {MATH_atanh, NAN, 0, NAN},
    {MATH_cbrt, 0.0, 0, 0.0},
    {MATH_cbrt, -0.0, 0, -0.0},
    {MATH_cbrt, -27, 0, -3},
    {MATH_cbrt, INF, 0, INF},
    {MATH_cbrt, -INF, 0, -INF},
    {MATH_cbrt, NAN, 0, NAN},
    {MATH_erf, 0.0, 0, 0.0},
    {MATH_erf, -0.0, 0, -0.0},
    {MATH_erf, INF, 0, 1},
    {MATH_erf, -INF, 0, -1},
    {MATH_erf, NAN, 0, NAN},
    {MATH_erfc, 0.0, 0, 1},
    {MATH_erfc, INF, 0, 0.0},
    {MATH_erfc, -INF, 0, 2},
    {MATH_erfc, NAN, 0, NAN},
    {MATH_sqrt, -0.0, 0, -0.0},
    {MATH_sqrt, -1, 0, NAN},
    {MATH_sqrt, INF, 0, INF},
    {MATH_floor, -0.0, 0, -0.0},
    {MATH_floor, -0.5, 0, -1},
    {MATH_floor, -INF, 0, -INF},
    {MATH_ceil, -0.5, 0, -0.0},
    {MATH_ceil, 0.5, 0, 1},
    {MATH_ceil, 0.0, 0, 0.0},
    {MATH_round, 0.5, 0, 1},
    {MATH_round, -0.5, 0, -1},
    {MATH_round, 2.5, 0, 3},
    {MATH_round, -0.25, 0, -0.0},
    {MATH_round, INF, 0, INF},
    {MATH_round, NAN, 0, NAN},
    {MATH_sign, -0.0, 0, -0.0},
    {MATH_sign, -3, 0, -1},
    {MATH_sign, INF, 0, 1},
    {MATH_sign, NAN, 0, NAN},
    /* pow, F.10.4.4 */
    {MATH_pow, 0.0, -3, INF},
    {MATH_pow, -0.0, -3, -INF},
    {MATH_pow, -0.0, -2, INF},
    {MATH_pow, -0.0, -2.5, INF},
    {MATH_pow, 0.0, -INF, INF},
    {MATH_pow, -0.0, 3, -0.0},
    {MATH_pow, -0.0, 2, 0.0},
    {MATH_pow, 0.0, 0.5, 0.0},
    {MATH_pow, -1, INF, 1},
    {MATH_pow, -1, -INF, 1},
    {MATH_pow, 1, NAN, 1},
    {MATH_pow, 1, -INF, 1},
    {MATH_pow, NAN, 0.0, 1},
    {MATH_pow, -INF, -0.0, 1},
    {MATH_pow, -8, 0.5, NAN},
    {MATH_pow, -2, 3, -8},
    {MATH_pow, -2, -2, 0.25},
    {MATH_pow, 0.5, -INF, INF},
    {MATH_pow, 2, -INF, 0.0},
    {MATH_pow, 0.5, INF, 0.0},
    {MATH_pow, -2, INF, INF},
    {MATH_pow, -INF, -3, -0.0},
    {MATH_pow, -INF, -2, 0.0},
    {MATH_pow, -INF, 3, -INF},
    {MATH_pow, -INF, 2.5, INF},
    {MATH_pow, INF, -1, 0.0},
    {MATH_pow, INF, 0.5, INF},
    {MATH_pow, NAN, 1, NAN},
    {MATH_pow, 2, NAN, NAN},
    {MATH_pow, 10, 1e30, INF},
    {MATH_pow, 10, -1e30, 0.0},
    {MATH_pow, -10, 1001, -INF},
    {MATH_pow, -10, -1001, -0.0},
    {MATH_pow, 3, 4, 81},
    {MATH_atan2, 0.0, 1, 0.0},
    {MATH_atan2, -0.0, 1, -0.0},
    {MATH_atan2, 0.0, 0.0, 0.0},
    {MATH_atan2, -0.0, 0.0, -0.0},
    {MATH_atan2, 1, INF, 0.0},
    {MATH_atan2, -1, INF, -0.0},
    {MATH_atan2, NAN, 1, NAN},
    {MATH_atan2, 1, NAN, NAN},
    {MATH_hypot, INF, NAN, INF},
    {MATH_hypot, NAN, -INF, INF},
    {MATH_hypot, NAN, 1, NAN},
    {MATH_hypot, 0.0, -0.0, 0.0},
    {MATH_hypot, 3, -4, 5},
    {MATH_mod, 5, 3, 2},
    {MATH_mod, -5, 3, 1},
    {MATH_mod, 5, -3, -1},
    {MATH_mod, -5, -3, -2},
    {MATH_mod, -6, 3, 0.0},
    {MATH_mod, 6, -3, -0.0},
    {MATH_mod, 5, INF, 5},
    {MATH_mod, -5, INF, INF},
    {MATH_mod, 5, -INF, -INF},
    {MATH_mod, INF, 3, NAN},
    {MATH_mod, 5, 0.0, NAN},
    {MATH_mod, NAN, 1, NAN},
    {MATH_mod, 1, NAN, NAN},
    {MATH_min, NAN, 1, NAN},
    {MATH_min, 1, NAN, NAN},
    {MATH_min, 0.0, -0.0, -0.0},
    {MATH_min, -0.0, 0.0, -0.0},
    {MATH_max, NAN, 1, NAN},
    {MATH_max, 1, NAN, NAN},
    {MATH_max, 0.0, -0.0, 0.0},
    {MATH_max, -0.0, 0.0, 0.0},
    {MATH_div_by, 0.0, -3, -0.0},
    {MATH_div_by, -0.0, -3, 0.0},
    {MATH_div_by, 1, 0.0, INF},
    {MATH_div_by, 1, -0.0, -INF},
    {MATH_div_by, 0.0, 0.0, NAN},
    {MATH_div_by, INF, INF, NAN},
    {MATH_div_by, INF, -2, -INF},
    {MATH_div_by, 1, INF, 0.0},
    {MATH_div_by, NAN, 2, NAN},
    {MATH_div_by, 2, NAN, NAN},
};

static bool same(double a, double b) {
    return isnan(a) ? isnan(b) : a == b && !signbit(a) == !signbit(b);
}

static void special_values(void **state) {
    (void)state;
    int wrong = 0;
    bool has_any[MATH_COUNT] = {false};
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        const struct special *s = &specials[i];
        has_any[s->function] = true;
        for (int w = 0; w < WIDTHS; w++) {
            double x[16], z[16], y[16];
            float xf[16], zf[16], yf[16];
            for (int l = 0; l < 16; l++) { /* the others do something ordinary */
                x[l] = l % 3 ? 1.25 : s->x, z[l] = l % 3 ? 0.75 : s->z;
                xf[l] = (float)x[l], zf[l] = (float)z[l];
            }
            double_widths[w].run(s->function, 16, x, z, y);
            float_widths[w].run(s->function, 16, xf, zf, yf);
            for (int l = 0; l < 16; l += 3) {
                if (!same(y[l], s->y) || !same((double)yf[l], s->y)) {
                    print_error("%s(%g, %g): %a, float %a, not %a\n",
                                math_rows[s->function].name, s->x, s->z, y[l],
                                (double)yf[l], s->y);
                    wrong++;
                }
            }
        }
    }
    for (int f = 0; f < MATH_COUNT; f++) {
        if (!has_any[f]) {
            fail_msg("%s has no special values here", math_rows[f].name);
        }
    }
    assert_int_equal(wrong, 0);
}

/* ----------------------------------------------------------------------------- bounds
 * -- */
static double x[N], z[N], y[N], first_y[N];
static float xf[N], zf[N], yf[N], first_yf[N];

static void fill(int f, bool single) {
    for (int i = 0; i < N; i++) {
        if (math_rows[f].arity == 1) {
            x[i] = argument(f, single);
        } else {
            argument_pair(f, single, &x[i], &z[i]);
        }
        xf[i] = (float)x[i], zf[i] = (float)z[i];
    }
}

static void double_bounds(void **state) {
    (void)state;
    int wrong = 0;
    mpfr_t r;
    mpfr_init2(r, REFERENCE_BITS);
    for (int f = 0; f < MATH_COUNT; f++) {
        double worst = 0;
        random_begin(math_rows[f].name);
        for (int done = 0; done < MPFR_POINTS; done += N) {
            fill(f, false);
            math_double_8(f, N, x, z, y);
            for (int i = 0; i < N; i++) {
                reference(f, x[i], z[i], r);
                double e = ulp_error(y[i], r, false);
                worst = e > worst ? e : worst;
                if (e > math_rows[f].bound && wrong++ < 20) {
                    print_error("%s(%a, %a) = %a: %g ulp\n", math_rows[f].name, x[i],
                                z[i], y[i], e);
                }
            }
        }
        print_message("%-7s %.4f of %g ulp\n", math_rows[f].name, worst,
                      math_rows[f].bound);
    }
    mpfr_clear(r);
    assert_int_equal(wrong, 0);
}

static void float_bounds(void **state) {
    (void)state;
    int wrong = 0;
    for (int f = 0; f < MATH_COUNT; f++) {
        random_begin(math_rows[f].name);
        for (int done = 0; done < FLOAT_POINTS && math_rows[f].arity == 1; done += N) {
            fill(f, true);
            math_float_16(f, N, xf, zf, yf);
            for (int i = 0; i < N; i++) {
                double e = float_error(yf[i], library(f, (double)xf[i]));
                if (e > math_rows[f].bound && wrong++ < 20) {
                    print_error("%s(%a) = %a: %g ulp\n", math_rows[f].name, x[i],
                                (double)yf[i], e);
                }
            }
        }
    }
    assert_int_equal(wrong, 0);
}

/* ----------------------------------------------------------------- the same bits -- */
static void every_width_gives_the_same_bits(void **state) {
    (void)state;
    int wrong = 0;
    for (int f = 0; f < MATH_COUNT; f++) {
        random_begin(math_rows[f].name);
        for (int done = 0; done < WIDTH_POINTS; done += N) {
            fill(f, done / N % 2);
            double_widths[0].run(f, N, x, z, first_y);
            float_widths[0].run(f, N, xf, zf, first_yf);
            for (int w = 1; w < WIDTHS; w++) {
                double_widths[w].run(f, N, x, z, y);
                float_widths[w].run(f, N, xf, zf, yf);
                for (int i = 0; i < N; i++) {
                    bool good = same(y[i], first_y[i]) &&
                                same((double)yf[i], (double)first_yf[i]);
                    if (!good && wrong++ < 20) {
                        print_error(
                            "%s(%a, %a): %a at 1 lane, %a at %d; float %a, %a\n",
                            math_rows[f].name, x[i], z[i], first_y[i], y[i],
                            double_widths[w].lanes, (double)first_yf[i], (double)yf[i]);
                    }
                }
            }
        }
    }
    assert_int_equal(wrong, 0);
}

static void div_by_is_division(void **state) {
    (void)state;
    for (int k = 0; k < 192; k += 16) { /* every 16th divisor, all mantissas */
        assert_int_equal(div_by_wrong_floats(divisor_mantissa(k, 23)), 0);
    }
    assert_int_equal(div_by_wrong_doubles(10000000), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_values),
        cmocka_unit_test(every_width_gives_the_same_bits),
        cmocka_unit_test(div_by_is_division),
        cmocka_unit_test(float_bounds),
        cmocka_unit_test(double_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
