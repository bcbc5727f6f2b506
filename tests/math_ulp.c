/* math_ulp.c -- measures the elementary functions against MPFR.
 *
 *     math_ulp [--double N | --float N | --float-exhaustive] [function...]
 *
 * prints, for each function, the largest error in ulps, where it is, and the mean, and exits
 * with 1 if a bound of math_functions.h is exceeded. --float-exhaustive tries every float for
 * the functions of one argument; its reference is the C library's double function, which is
 * off by less than 2^-28 of a float's ulp.
 */
#include <stdio.h>
#include <stdlib.h>

#include "math_reference.h"

void math_batch_double(int function, size_t n, const double *x, const double *z, double *y);
void math_batch_float(int function, size_t n, const float *x, const float *z, float *y);

enum { BATCH = 4096 };

struct worst {
    double error, x, z, y, sum;
    double count;
};
static void note(struct worst *w, double error, double x, double z, double y) {
    w->count++;
    w->sum += isinf(error) ? 0 : error;
    if (error > w->error) {
        w->error = error, w->x = x, w->z = z, w->y = y;
    }
}
static bool print_row(int f, const struct worst *w) {
    bool good = w->error <= math_rows[f].bound;
    printf("%-7s %9.5f of %3.1f  mean %.4f  n %.3g  at %a", math_rows[f].name, w->error,
           math_rows[f].bound, w->sum / w->count, w->count, w->x);
    if (math_rows[f].arity == 2) {
        printf(", %a", w->z);
    }
    printf(" gives %a%s\n", w->y, good ? "" : "  EXCEEDED");
    fflush(stdout);
    return good;
}

static void evaluate(int f, bool single, const double *x, const double *z, double *y) {
    static float xs[BATCH], zs[BATCH], ys[BATCH];
    if (!single) {
        math_batch_double(f, BATCH, x, z, y);
        return;
    }
    for (int i = 0; i < BATCH; i++) {
        xs[i] = (float)x[i], zs[i] = (float)z[i];
    }
    math_batch_float(f, BATCH, xs, zs, ys);
    for (int i = 0; i < BATCH; i++) {
        y[i] = (double)ys[i];
    }
}

static bool measure(int f, bool single, double n) {
    static double x[BATCH], z[BATCH], y[BATCH];
    struct worst w = {.error = -1};
    mpfr_t r;
    mpfr_init2(r, REFERENCE_BITS);
    for (double done = 0; done < n; done += BATCH) {
        for (int i = 0; i < BATCH; i++) {
            if (math_rows[f].arity == 1) {
                x[i] = argument(f, single);
            } else {
                argument_pair(f, single, &x[i], &z[i]);
            }
        }
        evaluate(f, single, x, z, y);
        for (int i = 0; i < BATCH; i++) {
            reference(f, x[i], z[i], r);
            note(&w, ulp_error(y[i], r, single), x[i], z[i], y[i]);
        }
    }
    mpfr_clear(r);
    return print_row(f, &w);
}

/* ------------------------------------------------------------------------ every float -- */
static double sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static double library(int f, double x) {
    switch (f) {
#define C_CASE(name) \
    case MATH_##name: return name(x);
        C_CASE(exp) C_CASE(expm1) C_CASE(log) C_CASE(log1p) C_CASE(log2) C_CASE(log10)
        C_CASE(sin) C_CASE(cos) C_CASE(tan) C_CASE(asin) C_CASE(acos) C_CASE(atan)
        C_CASE(sinh) C_CASE(cosh) C_CASE(tanh) C_CASE(asinh) C_CASE(acosh) C_CASE(atanh)
        C_CASE(cbrt) C_CASE(erf) C_CASE(erfc) C_CASE(sqrt) C_CASE(floor) C_CASE(ceil)
        C_CASE(round)
    default: return sign_of(x);
    }
}
static double float_error(float y, double r) {
    if (isnan(y) || isnan(r)) {
        return isnan(y) && isnan(r) ? 0 : INFINITY;
    }
    if (!signbit(y) != !signbit(r)) {
        return INFINITY;
    }
    double a = fmin(fabs(r), 0x1p128), b = fmin(fabs((double)y), 0x1p128);
    uint64_t bits;
    memcpy(&bits, &a, sizeof a);
    int e = (int)(bits >> 52) - 1023 - 23;
    e = e < -149 ? -149 : e > 104 ? 104 : e;
    return fabs(b - a) * double_of_bits((uint64_t)(1023 - e) << 52);
}
static bool exhaust(int f) {
    static float x[BATCH], y[BATCH];
    struct worst w = {.error = -1};
    for (uint64_t first = 0; first < 1ull << 32; first += BATCH) {
        for (uint32_t i = 0; i < BATCH; i++) {
            x[i] = (float)float_of_bits((uint32_t)first + i);
        }
        math_batch_float(f, BATCH, x, x, y);
        for (int i = 0; i < BATCH; i++) {
            note(&w, float_error(y[i], library(f, (double)x[i])), (double)x[i], 0, (double)y[i]);
        }
    }
    return print_row(f, &w);
}

int main(int argc, char **argv) {
    enum { DOUBLE, FLOAT, EXHAUSTIVE } mode = DOUBLE;
    double n = 1e6;
    bool chosen[MATH_COUNT] = {false}, some = false, good = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--float-exhaustive") == 0) {
            mode = EXHAUSTIVE;
            continue;
        }
        if ((strcmp(argv[i], "--double") == 0 || strcmp(argv[i], "--float") == 0) && i + 1 < argc) {
            mode = strcmp(argv[i], "--float") == 0 ? FLOAT : DOUBLE;
            n = atof(argv[++i]);
            continue;
        }
        int f = 0;
        while (f < MATH_COUNT && strcmp(argv[i], math_rows[f].name) != 0) {
            f++;
        }
        if (f == MATH_COUNT) {
            fprintf(stderr, "math_ulp: no function %s\n", argv[i]);
            return 2;
        }
        chosen[f] = some = true;
    }
    for (int f = 0; f < MATH_COUNT; f++) {
        if ((some && !chosen[f]) || (mode == EXHAUSTIVE && math_rows[f].arity != 1)) {
            continue;
        }
        good &= mode == EXHAUSTIVE ? exhaust(f) : measure(f, mode == FLOAT, n);
    }
    return good ? 0 : 1;
}
