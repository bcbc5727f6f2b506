/* digest.c -- see digest.h. */
#include "digest.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

void digest_add(struct digest *digest, int64_t first, const void *values, size_t bytes,
                const struct odec_run_record *records, int64_t n_runs) {
    const size_t run_bytes = bytes / (size_t)n_runs;
    for (int64_t i = 0; i < n_runs; i++) {
        const uint64_t seed = (uint64_t)(first + i) << 8 | (uint8_t)records[i].status;
        const XXH128_hash_t hash = XXH3_128bits_withSeed(
            (const char *)values + (size_t)i * run_bytes, run_bytes, seed);
        digest->low += hash.low64;
        digest->high += hash.high64 + (digest->low < hash.low64);
    }
}

void digest_merge(struct digest *digest, const struct digest *other) {
    digest->low += other->low;
    digest->high += other->high + (digest->low < other->low);
}

void digest_text(const struct digest *digest, char out[33]) {
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)digest->high,
             (unsigned long long)digest->low);
}
