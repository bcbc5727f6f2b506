/* digest.c -- see digest.h. */
#include "digest.h"

#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct digest {
    XXH3_state_t *values, *statuses;
};

struct digest *digest_create(void) {
    struct digest *digest = calloc(1, sizeof *digest);
    if (digest) {
        digest->values = XXH3_createState();
        digest->statuses = XXH3_createState();
        if (digest->values == NULL || digest->statuses == NULL) {
            digest_destroy(digest);
            return NULL;
        }
        XXH3_128bits_reset(digest->values);
        XXH3_128bits_reset(digest->statuses);
    }
    return digest;
}

void digest_destroy(struct digest *digest) {
    if (digest) {
        XXH3_freeState(digest->values);
        XXH3_freeState(digest->statuses);
        free(digest);
    }
}

void digest_add(struct digest *digest, const void *values, size_t bytes,
                const struct odec_run_record *records, int64_t n_runs) {
    XXH3_128bits_update(digest->values, values, bytes);
    unsigned char statuses[4096];
    for (int64_t run = 0; run < n_runs;) {
        size_t n = 0;
        for (; n < sizeof statuses && run < n_runs; n++, run++) {
            statuses[n] = (unsigned char)records[run].status;
        }
        XXH3_128bits_update(digest->statuses, statuses, n);
    }
}

void digest_text(const struct digest *digest, char out[33]) {
    XXH128_canonical_t both[2];
    XXH128_canonicalFromHash(&both[0], XXH3_128bits_digest(digest->values));
    XXH128_canonicalFromHash(&both[1], XXH3_128bits_digest(digest->statuses));
    XXH128_hash_t joined = XXH3_128bits(both, sizeof both);
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)joined.high64,
             (unsigned long long)joined.low64);
}
