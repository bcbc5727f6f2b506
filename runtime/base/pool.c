/* pool.c -- see pool.h.
 *
 * Jobs stand in a ring by their number. Each worker counts on its own through the
 * numbers; the last to leave a job marks it done, and only then may its place be used
 * again.
 */
#define _GNU_SOURCE
#include "pool.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t submitted;
    struct pool_job *jobs[POOL_MAX_JOBS];
    uint64_t n_submitted;
    int32_t n_unfinished;
    bool closing;
    double busy_since, busy_seconds;
    int32_t n_threads;   /* started */
    int32_t n_workers;   /* that have found out which they are */
    pthread_t threads[]; /* [n_threads] */
};

/* Takes note that a worker has left a job; the last one finishes it. */
static void pool_leave(struct pool *pool, struct pool_job *job) {
    pthread_mutex_lock(&pool->mutex);
    bool last = --job->n_left == 0;
    if (last && --pool->n_unfinished == 0) {
        pool->busy_seconds += clock_seconds() - pool->busy_since;
    }
    pthread_mutex_unlock(&pool->mutex);
    if (last) {
        event_raise(job->finished, &job->done); /* job may be gone from here on */
    }
}

static void *pool_worker(void *user) {
    struct pool *pool = user;
    pthread_mutex_lock(&pool->mutex);
    const int32_t worker = pool->n_workers++;
    pthread_mutex_unlock(&pool->mutex);
    for (uint64_t number = 0;; number++) {
        pthread_mutex_lock(&pool->mutex);
        while (number == pool->n_submitted && !pool->closing) {
            pthread_cond_wait(&pool->submitted, &pool->mutex);
        }
        struct pool_job *job =
            number < pool->n_submitted ? pool->jobs[number % POOL_MAX_JOBS] : NULL;
        pthread_mutex_unlock(&pool->mutex);
        if (job == NULL) {
            return NULL;
        }
        job->work(job->user, worker);
        pool_leave(pool, job);
    }
}

/* Starts the workers with every signal blocked: an application's handlers run on its
 * own threads. */
static int pool_start(struct pool *pool, int32_t n_threads, size_t stack_bytes) {
    pthread_attr_t attributes;
    sigset_t all, before;
    int error = pthread_attr_init(&attributes);
    if (error) {
        return error;
    }
    pthread_attr_setstacksize(&attributes, stack_bytes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (error == 0 && pool->n_threads < n_threads) {
        error = pthread_create(&pool->threads[pool->n_threads], &attributes,
                               pool_worker, pool);
        pool->n_threads += error == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

odec_status pool_create(struct odec_context *context, int32_t n_threads,
                        size_t stack_bytes, struct pool **out) {
    *out = NULL;
    FAIL_IF(n_threads < 1 || n_threads > POOL_MAX_THREADS, context, ODEC_ERROR_ARGUMENT,
            "%d threads: 1 to %d can be used", n_threads, POOL_MAX_THREADS);
    struct pool *pool = heap_take(context->heap, 1,
                                  sizeof *pool + (size_t)n_threads * sizeof(pthread_t));
    if (pool == NULL) {
        return context_out_of_memory(context);
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->submitted, NULL);
    int error = pool_start(pool, n_threads, stack_bytes);
    if (error) {
        odec_status status =
            context_fail(context, ODEC_ERROR_DEVICE, "cannot start thread %d of %d: %s",
                         pool->n_threads + 1, n_threads, strerror(error));
        pool_destroy(pool);
        return status;
    }
    *out = pool;
    return ODEC_OK;
}

void pool_destroy(struct pool *pool) {
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->closing = true;
    pthread_cond_broadcast(&pool->submitted);
    pthread_mutex_unlock(&pool->mutex);
    for (int32_t i = 0; i < pool->n_threads; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_cond_destroy(&pool->submitted);
    pthread_mutex_destroy(&pool->mutex);
    heap_give(pool);
}

int32_t pool_n_threads(const struct pool *pool) { return pool->n_threads; }

void pool_submit(struct pool *pool, struct pool_job *job) {
    atomic_store(&job->done, false);
    job->n_left = pool->n_threads;
    pthread_mutex_lock(&pool->mutex);
    assert(pool->n_unfinished < POOL_MAX_JOBS && !pool->closing);
    if (pool->n_unfinished++ == 0) {
        pool->busy_since = clock_seconds();
    }
    pool->jobs[pool->n_submitted++ % POOL_MAX_JOBS] = job;
    pthread_cond_broadcast(&pool->submitted);
    pthread_mutex_unlock(&pool->mutex);
}

void pool_wait(struct pool_job *job) {
    for (;;) {
        const uint64_t seen = event_count(job->finished);
        if (atomic_load(&job->done)) {
            return;
        }
        const struct timespec until = clock_after(1);
        event_wait(job->finished, seen, &until);
    }
}

double pool_busy_seconds(struct pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    double seconds = pool->busy_seconds;
    if (pool->n_unfinished > 0) {
        seconds += clock_seconds() - pool->busy_since;
    }
    pthread_mutex_unlock(&pool->mutex);
    return seconds;
}
