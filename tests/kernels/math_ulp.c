/* math_ulp.c -- measures the elementary functions against MPFR.
 *
 *     math_ulp [--double N | --float N | --float-exhaustive] [function...]
 *
 * prints, for each function, the largest error in ulps, where it is, and the mean, and
 * exits with 1 if a bound of math_functions.h is exceeded. --float-exhaustive tries
 * every float for the functions of one argument; its reference is the C library's
 * double function, which is off by less than 2^-28 of a float's ulp. --div-by compares
 * div_by with the machine's division for every float mantissa and several hundred
 * divisors, and for 10^9 pairs of doubles. --digest
 * prints a digest of N results at every width, to compare compilers and machines.
 */
#include <stdio.h>
#include <stdlib.h>

#include "math_reference.h"

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
        math_double_8(f, BATCH, x, z, y);
        return;
    }
    for (int i = 0; i < BATCH; i++) {
        xs[i] = (float)x[i], zs[i] = (float)z[i];
    }
    math_float_16(f, BATCH, xs, zs, ys);
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

/* ------------------------------------------------------------------------ every float
 * -- */
static bool exhaust(int f) {
    static float x[BATCH], y[BATCH];
    struct worst w = {.error = -1};
    for (uint64_t first = 0; first < 1ull << 32; first += BATCH) {
        for (uint32_t i = 0; i < BATCH; i++) {
            x[i] = (float)float_of_bits((uint32_t)first + i);
        }
        math_float_16(f, BATCH, x, x, y);
        for (int i = 0; i < BATCH; i++) {
            note(&w, float_error(y[i], library(f, (double)x[i])), (double)x[i], 0,
                 (double)y[i]);
        }
    }
    return print_row(f, &w);
}

/* ----------------------------------------------------------------------------- div_by
 * -- */
static bool exhaust_div_by(void) {
    double wrong = 0;
    for (int k = 0; k < 600; k++) {
        wrong += (double)div_by_wrong_floats(divisor_mantissa(k, 23));
    }
    printf("div_by  float: 600 divisors, every mantissa: %.0f wrong\n", wrong);
    double wrong_doubles = (double)div_by_wrong_doubles(1000000000);
    printf("div_by  double: 1e9 pairs: %.0f wrong\n", wrong_doubles);
    return wrong + wrong_doubles == 0;
}

/* ----------------------------------------------------------------------------- digests
 * -- */
static uint64_t digest(uint64_t h, const double *y) { /* FNV-1a, with one NaN */
    for (int i = 0; i < BATCH; i++) {
        uint64_t bits = UINT64_C(0x7ff8) << 48;
        if (!isnan(y[i])) {
            memcpy(&bits, &y[i], sizeof bits);
        }
        h = (h ^ bits) * UINT64_C(0x100000001b3);
    }
    return h;
}
static void print_digests(int f, double n) {
    static double x[BATCH], z[BATCH], y[BATCH];
    static float xs[BATCH], zs[BATCH], ys[BATCH];
    uint64_t d[8] = {0};
    random_state = (uint64_t)f;
    for (double done = 0; done < n; done += BATCH) {
        for (int i = 0; i < BATCH; i++) {
            argument_pair(f, (int)(done / BATCH) % 2, &x[i], &z[i]);
            xs[i] = (float)x[i], zs[i] = (float)z[i];
        }
        int w = 0;
#define DIGEST_DOUBLE(lanes)                \
    math_double_##lanes(f, BATCH, x, z, y); \
    d[w] = digest(d[w], y), w++;
#define DIGEST_FLOAT(lanes)                   \
    math_float_##lanes(f, BATCH, xs, zs, ys); \
    for (int i = 0; i < BATCH; i++) {         \
        y[i] = (double)ys[i];                 \
    }                                         \
    d[w] = digest(d[w], y), w++;
        MATH_DOUBLE_WIDTHS(DIGEST_DOUBLE)
        MATH_FLOAT_WIDTHS(DIGEST_FLOAT)
    }
    printf("%-7s", math_rows[f].name);
    for (int w = 0; w < 8; w++) {
        printf(" %08x", (unsigned)(d[w] >> 32 ^ d[w]));
    }
    printf("\n");
}

int main(int argc, char **argv) {
    enum { DOUBLE, FLOAT, EXHAUSTIVE, DIGEST } mode = DOUBLE;
    double n = 1e6;
    bool chosen[MATH_COUNT] = {false}, some = false, good = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--float-exhaustive") == 0) {
            mode = EXHAUSTIVE;
            continue;
        }
        if (strcmp(argv[i], "--div-by") == 0) {
            return exhaust_div_by() ? 0 : 1;
        }
        if (strcmp(argv[i], "--digest") == 0 && i + 1 < argc) {
            mode = DIGEST;
            n = atof(argv[++i]);
            continue;
        }
        if ((strcmp(argv[i], "--double") == 0 || strcmp(argv[i], "--float") == 0) &&
            i + 1 < argc) {
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
        if (mode == DIGEST) {
            print_digests(f, n);
            continue;
        }
        good &= mode == EXHAUSTIVE ? exhaust(f) : measure(f, mode == FLOAT, n);
    }
    return good ? 0 : 1;
}
