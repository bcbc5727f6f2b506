/* digest.c -- see digest.h. */
#include "digest.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Values gathered at once, where they are not in order: a part of the nearest cache. */
enum { TILE_BYTES = 8192 };

static void add(struct digest *digest, XXH128_hash_t hash) {
    digest->low += hash.low64;
    digest->high += hash.high64 + (digest->low < hash.low64);
}

static uint64_t seed_of(int64_t run, const struct odec_run_record *record) {
    return (uint64_t)run << 8 | (uint8_t)record->status;
}

/* A run's values one after another. */
static void add_in_order(struct digest *digest, int64_t first, const struct place *at,
                         size_t run_bytes, int64_t n_runs) {
    for (int64_t i = 0; i < n_runs; i++) {
        const uint64_t seed = seed_of(first + i, &at->records[i * at->record_stride]);
        add(digest,
            XXH3_128bits_withSeed(at->values + (size_t)i * run_bytes, run_bytes, seed));
    }
}

/* Short runs, several to a tile. */
static void add_tiles(struct digest *digest, int64_t first, const struct place *at,
                      const struct shape *shape, size_t run_bytes, int64_t n_runs) {
    const int64_t tile_runs = (int64_t)(TILE_BYTES / run_bytes);
    _Alignas(8) char values[TILE_BYTES];
    for (int64_t i = 0; i < n_runs; i += tile_runs) {
        const int64_t n = n_runs - i < tile_runs ? n_runs - i : tile_runs;
        const struct place from = place_after(at, shape, i);
        struct place tile = place_in_order(shape, values, NULL);
        place_copy(&tile, &from, shape, n);
        tile.records = from.records;
        tile.record_stride = from.record_stride;
        add_in_order(digest, first + i, &tile, run_bytes, n);
    }
}

/* A run longer than a tile, part by part. */
static void add_long(struct digest *digest, int64_t run, const struct place *at,
                     const struct shape *shape) {
    const int64_t n = shape->n_saves * shape->n_columns;
    const int64_t most = TILE_BYTES / (int64_t)shape->scalar;
    _Alignas(8) char values[TILE_BYTES];
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset_withSeed(&state, seed_of(run, at->records));
    for (int64_t i = 0; i < n; i += most) {
        const int64_t part = n - i < most ? n - i : most;
        place_gather(values, at, shape, i, part);
        XXH3_128bits_update(&state, values, (size_t)part * shape->scalar);
    }
    add(digest, XXH3_128bits_digest(&state));
}

void digest_add(struct digest *digest, int64_t first, const struct place *at,
                const struct shape *shape, int64_t n_runs) {
    const size_t run_bytes =
        (size_t)(shape->n_saves * shape->n_columns) * shape->scalar;
    if (place_is_in_order(at, shape)) {
        add_in_order(digest, first, at, run_bytes, n_runs);
    } else if (run_bytes <= TILE_BYTES) {
        add_tiles(digest, first, at, shape, run_bytes, n_runs);
    } else {
        for (int64_t i = 0; i < n_runs; i++) {
            const struct place from = place_after(at, shape, i);
            add_long(digest, first + i, &from, shape);
        }
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
