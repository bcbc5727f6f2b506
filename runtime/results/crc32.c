/* crc32.c -- see crc32.h. Eight bytes at a time by eight tables (Kounavis & Berry 2008, "Novel
 * table lookup-based algorithms for high-performance CRC generation"), which are made on first
 * use.
 */
#include "crc32.h"

#include <pthread.h>

enum { SLICES = 8 };

#define POLYNOMIAL \
    UINT32_C(0xedb88320) /* bits reversed: the highest is 1, that of x^0 */
#define ONE UINT32_C(0x80000000)

static uint32_t tables[SLICES][256];
static pthread_once_t made = PTHREAD_ONCE_INIT;

static void make_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t r = byte;
        for (int bit = 0; bit < 8; bit++) {
            r = r >> 1 ^ (r & 1 ? POLYNOMIAL : 0);
        }
        tables[0][byte] = r;
    }
    for (int k = 1; k < SLICES; k++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t r = tables[k - 1][byte];
            tables[k][byte] = r >> 8 ^ tables[0][r & 0xff];
        }
    }
}

static uint32_t word_at(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* Of the bytes as a polynomial, without the ones that CRC-32 puts before and behind it. */
static uint32_t remainder_of(const unsigned char *p, size_t n) {
    uint32_t r = 0;
    for (; n >= SLICES; n -= SLICES, p += SLICES) {
        uint32_t a = r ^ word_at(p), b = word_at(p + 4);
        r = tables[7][a & 0xff] ^ tables[6][a >> 8 & 0xff] ^ tables[5][a >> 16 & 0xff] ^
            tables[4][a >> 24] ^ tables[3][b & 0xff] ^ tables[2][b >> 8 & 0xff] ^
            tables[1][b >> 16 & 0xff] ^ tables[0][b >> 24];
    }
    for (; n > 0; n--) {
        r = r >> 8 ^ tables[0][(r ^ *p++) & 0xff];
    }
    return r;
}

static uint32_t multiply(uint32_t a, uint32_t b) {
    uint32_t product = 0;
    for (; a; a <<= 1) {
        product ^= a & ONE ? b : 0;
        b = b >> 1 ^ (b & 1 ? POLYNOMIAL : 0);
    }
    return product;
}

/* x^exponent */
static uint32_t power(uint64_t exponent) {
    uint32_t result = ONE, square = ONE >> 1;
    for (; exponent; exponent >>= 1) {
        result = exponent & 1 ? multiply(square, result) : result;
        square = multiply(square, square);
    }
    return result;
}

static uint64_t bits_of(int64_t n_bytes) {
    return (uint64_t)n_bytes % UINT32_MAX * 8 % UINT32_MAX;
}

void crc32_add(struct crc32 *crc, int64_t position, const void *bytes, size_t n) {
    pthread_once(&made, make_tables);
    crc->sum ^= multiply(remainder_of(bytes, n),
                         power(UINT32_MAX - bits_of(position + (int64_t)n)));
}

uint32_t crc32_of(const struct crc32 *crc, int64_t n_bytes) {
    const uint32_t ones = UINT32_C(0xffffffff);
    return multiply(crc->sum ^ ones, power(bits_of(n_bytes))) ^ ones;
}
