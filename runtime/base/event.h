/* event.h -- how threads wake the one that called into the library: a counter that any
 * of them raises after it has changed something. The waiter looks at what it cares
 * about, then waits for the counter to move from where it was before it looked: no
 * wake-up is lost.
 */
#ifndef ODEC_EVENT_H
#define ODEC_EVENT_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct event {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t count;
};

static inline void event_init(struct event *event) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&event->mutex, NULL);
    pthread_cond_init(&event->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    event->count = 0;
}

/* Once every flag that is to be set has been seen set. */
static inline void event_destroy(struct event *event) {
    pthread_mutex_lock(&event->mutex); /* whoever set the last one has left */
    pthread_mutex_unlock(&event->mutex);
    pthread_cond_destroy(&event->changed);
    pthread_mutex_destroy(&event->mutex);
}

/* Raises the event and, in the same breath, sets the flag (NULL is fine): who sees it
 * set may destroy flag and event. */
static inline void event_raise(struct event *event, atomic_bool *flag) {
    pthread_mutex_lock(&event->mutex);
    event->count++;
    if (flag) {
        atomic_store(flag, true);
    }
    pthread_cond_broadcast(&event->changed);
    pthread_mutex_unlock(&event->mutex);
}

static inline uint64_t event_count(struct event *event) {
    pthread_mutex_lock(&event->mutex);
    uint64_t count = event->count;
    pthread_mutex_unlock(&event->mutex);
    return count;
}

/* Until the counter is no longer `seen`, or `until` on the monotonic clock. */
static inline void event_wait(struct event *event, uint64_t seen,
                              const struct timespec *until) {
    pthread_mutex_lock(&event->mutex);
    while (event->count == seen &&
           pthread_cond_timedwait(&event->changed, &event->mutex, until) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&event->mutex);
}

static inline double clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline struct timespec clock_after(double seconds) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    long whole = (long)seconds;
    t.tv_sec += whole;
    t.tv_nsec += (long)((seconds - (double)whole) * 1e9);
    if (t.tv_nsec >= 1000000000L) {
        t.tv_nsec -= 1000000000L;
        t.tv_sec++;
    }
    return t;
}

#endif
