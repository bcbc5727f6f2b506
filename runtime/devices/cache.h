/* cache.h -- compiled kernels kept between processes.
 *
 * One directory, mode 0700 and owned by the user, or none at all. One file per kernel,
 * named by the SHA-256 of everything the kernel was made from:
 *
 *   | magic, version | key (32) | image bytes (8) | SHA-256 of the image (32) | image |
 *
 * A file that is anything but exactly right is as good as absent. In place of the directory
 * may be functions of the application's, which get and put the same bytes.
 */
#ifndef ODEC_CACHE_H
#define ODEC_CACHE_H

#include "bytes.h"
#include "context.h"

struct cache_key {
    unsigned char bytes[32];
};

/* The key of n parts, each with its length, so that no two lists of parts run together.
 */
struct cache_part {
    const void *at;
    size_t n;
};
struct cache_key cache_key_of(const struct cache_part *parts, int n);

struct cache {
    struct heap *heap;
    const struct odec_solver_options *options; /* with a cache of the application's */
    int directory;                             /* -1: there is none */
};

/* The application's, where it has one; else the options' directory: NULL for
 * $XDG_CACHE_HOME/odec, "" for none. Never fails: without a place that is safe and writable
 * there is no cache. */
struct cache cache_open(struct odec_context *context,
                        const struct odec_solver_options *options);
void cache_close(struct cache *cache);

bool cache_get(const struct cache *cache, const struct cache_key *key,
               struct bytes *image);
void cache_put(const struct cache *cache, const struct cache_key *key,
               const struct bytes *image);
void cache_drop(const struct cache *cache, const struct cache_key *key);

#endif
