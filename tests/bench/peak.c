/* peak.c -- the measured peak of one core: CHAINS independent chains of vector FMAs, as
 * many as latency times units asks for, all in registers. Built for the machine it runs
 * on.
 */
#include "bench.h"

#if defined(__AVX512F__)
enum { BYTES = 64 };
#elif defined(__AVX__)
enum { BYTES = 32 };
#else
enum { BYTES = 16 };
#endif

enum { CHAINS = 12, LANES = BYTES / (int)sizeof(double), ROUNDS = 4000000 };

typedef double vector __attribute__((vector_size(BYTES)));

static inline vector vector_fma(vector a, vector b, vector c) {
    vector r;
    for (int l = 0; l < LANES; l++) {
        r[l] = __builtin_fma(a[l], b[l], c[l]);
    }
    return r;
}

double peak_gflops(void) {
    volatile double half = 0.5; /* not known to the compiler */
    const vector b = (vector){0} + half, c = b;
    vector chain[CHAINS];
    for (int i = 0; i < CHAINS; i++) {
        chain[i] = (vector){0} + (0.1 * i);
    }
    const struct moment start = moment_now();
    for (long round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) {
            chain[i] = vector_fma(chain[i], b, c);
        }
    }
    const double seconds = moment_since(start).cpu;
    vector sum = {0};
    for (int i = 0; i < CHAINS; i++) {
        sum += chain[i];
    }
    volatile double used = sum[0];
    (void)used;
    return 2e-9 * ROUNDS * CHAINS * LANES / seconds;
}
