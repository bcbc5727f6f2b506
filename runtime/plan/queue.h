/* queue.h -- who computes which runs: devices take ranges from one queue until none are
 * left. Each run is in one place only: waiting in the queue, in flight on a device, or
 * done.
 *
 *            take                  done
 *   waiting ------> in flight(i) ------> done
 *      ^                |
 *      +---- return ----+       the device died, or its memory ran out
 *
 * A range's size follows from the throughput that was measured (guided self-scheduling,
 * Polychronopoulos and Kuck 1987, with a weight per device): long ranges at first, that
 * cost little, then ever shorter ones, so that all devices end together.
 *
 * One thread uses a queue. Times are seconds of one clock that never goes backwards.
 */
#ifndef ODEC_QUEUE_H
#define ODEC_QUEUE_H

#include "plan.h" /* struct slice */

enum queue_mode {
    QUEUE_DYNAMIC, /* everybody takes from what is left */
    QUEUE_SHARES   /* each device has a share: so many of them, whichever they are */
};

struct queue_device {
    int64_t most_runs; /* of its plan: no range is longer */
    /* fewer at once do not fill the device; 0 or 1: any number does */
    int64_t grain_runs;
    double rate; /* guessed runs/s, right in proportion to the others; 0: unknown */
    int32_t n_buffers; /* ranges in flight at most */
};

struct queue;

/* counts: runs of each device's share, n_runs in all; NULL in QUEUE_DYNAMIC. What the
 * lists say is copied. */
odec_status queue_create(struct odec_context *context, enum queue_mode mode,
                         int64_t n_runs, int32_t n_devices,
                         const struct queue_device *devices, const int64_t *counts,
                         struct queue **out);
void queue_destroy(struct queue *queue); /* NULL is fine */

/* The next range for a device: the lowest runs that wait. False: nothing for it now,
 * because nothing waits that is not of another's share, its buffers are all in flight,
 * it was dropped, or it is so slow that the others finish sooner without it. (The last
 * only while another device has something in flight: ask again after any done, return
 * or drop.) */
bool queue_take(struct queue *queue, int32_t device, double now, struct slice *out);

/* A range that the device took is computed, and its results are where the device's
 * death cannot reach them. Measures its rate: a device works on its ranges one after
 * another, so that this one's time counts from the later of its taking and the end of
 * the one before. */
void queue_done(struct queue *queue, int32_t device, struct slice slice, double now);

/* The first n_runs of a range in flight are computed, fewer than all: the rest stays in
 * flight, as a range of its own. Measures nothing. */
void queue_part_done(struct queue *queue, int32_t device, struct slice slice,
                     int64_t n_runs);

/* Runs that were done are to be computed again, by anybody, beyond its share. False:
 * there is no memory to note them. */
bool queue_again(struct queue *queue, struct slice slice);

/* A range that the device took came to nothing: it waits again, and what of it was of
 * the device's share is so again. Never fails: taking made room for it. */
void queue_return(struct queue *queue, int32_t device, struct slice slice);

/* The device is dead, or not wanted: it takes nothing more, and what is left of its
 * share is anybody's. What it has in flight is still to be returned, or done. */
void queue_drop(struct queue *queue, int32_t device);

/* The device takes ranges from now on, though it was dropped. */
void queue_join(struct queue *queue, int32_t device, const struct queue_device *as);

/* Its plan has become smaller: ranges taken from now on are no longer than this. */
void queue_set_most(struct queue *queue, int32_t device, int64_t most_runs);

int64_t queue_left(const struct queue *queue); /* runs not done: the batch ends at 0 */
int64_t queue_waiting(const struct queue *queue); /* of them, runs in nobody's hands */
int32_t queue_n_alive(const struct queue *queue); /* devices not dropped */
double queue_rate(const struct queue *queue, int32_t device); /* measured; 0: not yet */

#endif
