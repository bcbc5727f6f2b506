/* digest.h -- 128 bits that tell whether two results are the same bits: the sum, modulo
 * 2^128, of XXH3 over each run's values, seeded with the run's number and status.
 * Neither how the batch was split nor the order in which its parts were finished
 * enters.
 */
#ifndef ODEC_DIGEST_H
#define ODEC_DIGEST_H

#include "output.h"

struct digest {
    uint64_t low, high; /* all zero: of no runs */
};

/* Runs first .. first + n_runs - 1, the first of them at `at`: in whatever order values
 * are there, the digest is that of C order. */
void digest_add(struct digest *digest, int64_t first, const struct place *at,
                const struct shape *shape, int64_t n_runs);
/* Adds the runs of another digest. */
void digest_merge(struct digest *digest, const struct digest *other);
void digest_text(const struct digest *digest, char out[33]);

#endif
