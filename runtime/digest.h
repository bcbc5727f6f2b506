/* digest.h -- 128 bits that tell whether two results are the same bits: XXH3 over all
 * values in order of runs, and over all statuses, joined at the end. How the batch was
 * split into chunks does not enter.
 */
#ifndef ODEC_DIGEST_H
#define ODEC_DIGEST_H

#include "context.h"

struct digest;

struct digest *digest_create(void); /* NULL: out of memory */
void digest_destroy(struct digest *digest);
void digest_add(struct digest *digest, const void *values, size_t bytes,
                const struct odec_run_record *records, int64_t n_runs);
void digest_text(const struct digest *digest, char out[33]);

#endif
