/* pool.h -- a fixed set of worker threads. Every worker runs every job once, in the
 * order in which they were submitted, without waiting for the others between jobs: a
 * worker that finds no more of one chunk's runs goes on with the next chunk while
 * others finish theirs.
 */
#ifndef ODEC_POOL_H
#define ODEC_POOL_H

#include <stdatomic.h>

#include "context.h"
#include "event.h"

struct pool;

/* Belongs to the caller and stays where it is until done. */
struct pool_job {
    void (*work)(void *user, int32_t worker); /* of the pool's threads, from 0 */
    void *user;
    struct event *finished; /* raised when done is set */
    atomic_bool done;       /* every worker has left it */
    int32_t n_left;         /* the pool's */
};

enum { POOL_MAX_JOBS = 4, POOL_MAX_THREADS = 1024 };

odec_status pool_create(struct odec_context *context, int32_t n_threads,
                        size_t stack_bytes, struct pool **out);
void pool_destroy(struct pool *pool); /* after what was submitted is done */
int32_t pool_n_threads(const struct pool *pool);

/* At most POOL_MAX_JOBS are unfinished at once. */
void pool_submit(struct pool *pool, struct pool_job *job);

/* Until its done is set, which its event says. */
void pool_wait(struct pool_job *job);

/* Seconds in which at least one job was in hand, since the pool was made. */
double pool_busy_seconds(struct pool *pool);

#endif
