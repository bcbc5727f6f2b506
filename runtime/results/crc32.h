/* crc32.h -- the checksum of zlib, gzip and PNG (CRC-32, ISO 3309) of a file that is written in
 * pieces, in any order: pieces may lie anywhere but not over one another, and what none covers
 * is zeros.
 *
 * A file is a polynomial over GF(2), its remainder the sum of its pieces' remainders, each times
 * x to the number of bits behind it. As that number is not known before the end, a piece enters
 * with the power of its own end, backwards: x has the order 2^32 - 1.
 */
#ifndef ODEC_CRC32_H
#define ODEC_CRC32_H

#include <stddef.h>
#include <stdint.h>

struct crc32 {
    uint32_t sum; /* all zero: of no piece */
};

/* n bytes that lie at `position` of the file. */
void crc32_add(struct crc32 *crc, int64_t position, const void *bytes, size_t n);
/* Of a file of so many bytes. */
uint32_t crc32_of(const struct crc32 *crc, int64_t n_bytes);

#endif
