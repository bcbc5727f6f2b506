/* random.h -- random cases, the same in every run of a test (Marsaglia's xorshift64).
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>

static uint64_t random_state = UINT64_C(88172645463325252);

static inline uint64_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static inline int64_t random_in(int64_t lo, int64_t hi) {
    return lo + (int64_t)(random_word() % (uint64_t)(hi - lo + 1));
}

/* 0 to `most`, its size spread evenly over the powers of two. */
static inline int64_t random_size(int64_t most) {
    uint64_t word = (random_word() >> 1) >> (random_word() % 62);
    return (int64_t)(word % ((uint64_t)most + 1));
}

/* In 0 .. 1. */
static inline double random_real(void) {
    return (double)(random_word() >> 11) * 0x1p-53;
}

#endif
