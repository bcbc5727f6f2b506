/* queue.c -- see queue.h.
 *
 * All runs wait in one lot and leave it from its front, so that results come about in
 * the order of runs. A share is a number: runs that a device may still take before it
 * gets any of those that belong to nobody.
 *
 * The size of a range, where everybody takes from one lot: with W runs waiting and the
 * rates r of all live devices, device d would compute W r(d) / sum(r) of them if
 * nothing changed. It gets one part in PARTS of that for all its buffers together, so
 * that a device that slows to a tenth right after taking holds ten parts: still less
 * than the time that all had left.
 *
 * The rate is a quotient of two sums, runs and seconds, that each halve with every
 * range: a long range weighs more than a short one, and one that took ten times as long
 * as it should outweighs all before it.
 */
#include "queue.h"

#include <assert.h>
#include <math.h>

#include "ranges.h"

#define PARTS 8.0
#define KEPT 0.5 /* of the sums behind a rate, with each range */

/* Devices work on their ranges in the order they took them. */
struct flight {
    struct slice slice;
    double taken;
    bool of_share;
};

struct taker {
    struct queue_device device;
    int64_t share;          /* runs that are left of it */
    struct flight *flights; /* [n_flights], oldest first; n_buffers at most */
    int32_t n_flights;
    bool is_alive;
    double last_end;      /* of a range */
    double runs, seconds; /* decaying sums */
    double estimate;      /* of its rate, as of update_estimates */
};

struct queue {
    enum queue_mode mode;
    int32_t n_devices;
    struct ranges waiting;
    int64_t n_waiting; /* runs: */
    int64_t n_free;    /* of them, those of no share */
    int64_t n_left;    /* not done */
    int32_t n_flights;
    struct flight *flights; /* of all devices */
    struct taker takers[];
};

static int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- create, destroy ---- */

static odec_status check_devices(struct odec_context *context, int64_t n_runs,
                                 int32_t n_devices, const struct queue_device *devices,
                                 const int64_t *counts) {
    FAIL_IF(n_runs < 1 || n_devices < 1, context, ODEC_ERROR_ARGUMENT,
            "a queue needs at least one run and one device");
    int64_t left = n_runs;
    for (int32_t i = 0; i < n_devices; i++) {
        const struct queue_device *d = &devices[i];
        FAIL_IF(d->most_runs < 1 || d->grain_runs < 0 || d->n_buffers < 1, context,
                ODEC_ERROR_ARGUMENT,
                "device %d of the queue: ranges of at least one run and one buffer are "
                "needed",
                i);
        FAIL_IF(!isfinite(d->rate) || d->rate < 0, context, ODEC_ERROR_ARGUMENT,
                "device %d of the queue: %g is no rate", i, d->rate);
        FAIL_IF(counts && (counts[i] < 0 || counts[i] > left), context,
                ODEC_ERROR_ARGUMENT,
                "device %d of the queue: a share of %lld runs, %lld are left", i,
                (long long)counts[i], (long long)left);
        left -= counts ? counts[i] : 0;
    }
    FAIL_IF(counts && left > 0, context, ODEC_ERROR_ARGUMENT,
            "the shares leave out %lld of %lld runs", (long long)left,
            (long long)n_runs);
    return ODEC_OK;
}

odec_status queue_create(struct odec_context *context, enum queue_mode mode,
                         int64_t n_runs, int32_t n_devices,
                         const struct queue_device *devices, const int64_t *counts,
                         struct queue **out) {
    *out = NULL;
    assert((mode == QUEUE_SHARES) == (counts != NULL));
    TRY(check_devices(context, n_runs, n_devices, devices, counts));
    size_t n_buffers = 0;
    for (int32_t i = 0; i < n_devices; i++) {
        n_buffers += (size_t)devices[i].n_buffers;
    }
    struct queue *queue = heap_take(
        context->heap, 1, sizeof *queue + (size_t)n_devices * sizeof(struct taker));
    if (queue == NULL) {
        return context_out_of_memory(context);
    }
    queue->waiting.heap = context->heap;
    queue->flights = heap_take(context->heap, n_buffers, sizeof *queue->flights);
    if (queue->flights == NULL ||
        ranges_reserve(&queue->waiting, (int64_t)n_buffers + 1) != RANGES_OK) {
        queue_destroy(queue);
        return context_out_of_memory(context);
    }
    queue->mode = mode;
    queue->n_devices = n_devices;
    queue->n_left = n_runs;
    struct flight *flights = queue->flights;
    for (int32_t i = 0; i < n_devices; i++) {
        queue->takers[i] = (struct taker){.device = devices[i],
                                          .share = counts ? counts[i] : 0,
                                          .flights = flights,
                                          .is_alive = true};
        flights += devices[i].n_buffers;
    }
    queue->n_waiting = n_runs;
    queue->n_free = counts ? 0 : n_runs;
    ranges_add(&queue->waiting, (struct slice){0, n_runs}); /* there is room */
    *out = queue;
    return ODEC_OK;
}

void queue_destroy(struct queue *queue) {
    if (queue) {
        ranges_release(&queue->waiting);
        heap_give(queue->flights);
        heap_give(queue);
    }
}

/* ---- rates ---- */

static double measured_rate(const struct taker *taker) {
    return taker->seconds > 0 ? taker->runs / taker->seconds : 0;
}

/* How long it has been at work on its oldest range. */
static double seconds_at_work(const struct taker *taker, double now) {
    return taker->n_flights > 0 ? now - fmax(taker->flights[0].taken, taker->last_end)
                                : 0;
}

/* Every live device's rate as far as it is known: measured; else guessed, on the scale
 * of those that are measured; else the mean of the others. A device whose range takes
 * longer than it should has slowed. Returns the sum. */
static double update_estimates(struct queue *queue, double now) {
    double measured = 0, guessed = 0, known = 0, sum = 0;
    int32_t n_measured = 0, n_known = 0;
    for (int32_t i = 0; i < queue->n_devices; i++) {
        struct taker *taker = &queue->takers[i];
        taker->estimate = taker->is_alive ? measured_rate(taker) : 0;
        n_measured += taker->estimate > 0;
        if (taker->estimate > 0 && taker->device.rate > 0) {
            measured += taker->estimate;
            guessed += taker->device.rate;
        }
    }
    double scale = guessed > 0 ? measured / guessed : n_measured > 0 ? 0 : 1;
    for (int32_t i = 0; i < queue->n_devices; i++) {
        struct taker *taker = &queue->takers[i];
        if (taker->is_alive && taker->estimate == 0) {
            taker->estimate = scale * taker->device.rate;
        }
        known += taker->estimate;
        n_known += taker->estimate > 0;
    }
    for (int32_t i = 0; i < queue->n_devices; i++) {
        struct taker *taker = &queue->takers[i];
        if (taker->is_alive && taker->estimate == 0) {
            taker->estimate = n_known > 0 ? known / n_known : 1;
        }
        double seconds = seconds_at_work(taker, now);
        if (n_measured > 0 && seconds > 0) {
            double most = (double)taker->flights[0].slice.n_runs / seconds;
            taker->estimate = fmin(taker->estimate, most);
        }
        sum += taker->estimate;
    }
    return sum;
}

/* Runs that a device has in flight and, by its rate, not behind it. */
static double runs_in_flight(const struct taker *taker, double now) {
    double runs = 0;
    for (int32_t i = 0; i < taker->n_flights; i++) {
        runs += (double)taker->flights[i].slice.n_runs;
    }
    double behind = seconds_at_work(taker, now) * taker->estimate;
    return fmax(runs - behind, 0);
}

/* ---- taking ---- */

/* How many runs of nobody's a device gets at once. */
static int64_t guided_runs(const struct queue *queue, const struct taker *taker,
                           double sum) {
    const struct queue_device *device = &taker->device;
    int64_t least = device->grain_runs > 1 ? device->grain_runs : 1;
    double runs = (double)least;
    if (queue_n_alive(queue) == 1) {
        runs = (double)queue->n_free; /* nobody to share with */
    } else if (measured_rate(taker) > 0) {
        runs =
            (double)queue->n_free * taker->estimate / (sum * PARTS) / device->n_buffers;
    }
    int64_t n = runs < (double)queue->n_free ? (int64_t)runs : queue->n_free;
    return min_i64(n > least ? n : least, queue->n_free);
}

/* Whether all other devices would be done with everything before this one with n runs
 * more. Only where something is in flight elsewhere: its end is when to ask again. */
static bool is_too_slow_for(const struct queue *queue, const struct taker *taker,
                            int64_t n, double now) {
    double runs = (double)queue->n_free, rate = 0;
    int32_t n_flights = 0;
    for (int32_t i = 0; i < queue->n_devices; i++) {
        const struct taker *other = &queue->takers[i];
        if (other != taker && other->is_alive) {
            runs += runs_in_flight(other, now);
            rate += other->estimate;
            n_flights += other->n_flights;
        }
    }
    double own = runs_in_flight(taker, now) + (double)n;
    return n_flights > 0 && own * rate > runs * taker->estimate;
}

/* Room for what may come back: each range in flight as one of its own, and one more. */
static bool reserve_one_more(struct queue *queue) {
    int64_t n = queue->waiting.n + queue->n_flights + 1;
    return ranges_reserve(&queue->waiting, n) == RANGES_OK;
}

/* Whether a range more in flight can always be returned. A single one needs no room, as
 * it joins what it was taken off. */
static bool has_room(struct queue *queue) {
    return reserve_one_more(queue) || queue->n_flights == 0;
}

/* The first n runs that wait, or fewer where the front is shorter. */
static struct slice take_front(struct queue *queue, struct taker *taker, int64_t n,
                               bool of_share, double now) {
    struct slice slice;
    n = min_i64(n, taker->device.most_runs);
    ranges_take(&queue->waiting, min_i64(n, queue->waiting.at[0].n_runs), &slice);
    queue->n_waiting -= slice.n_runs;
    *(of_share ? &taker->share : &queue->n_free) -= slice.n_runs;
    taker->flights[taker->n_flights++] = (struct flight){slice, now, of_share};
    queue->n_flights++;
    return slice;
}

bool queue_take(struct queue *queue, int32_t device, double now, struct slice *out) {
    assert(device >= 0 && device < queue->n_devices);
    struct taker *taker = &queue->takers[device];
    const bool of_share = taker->share > 0;
    if (!taker->is_alive || taker->n_flights == taker->device.n_buffers ||
        !(of_share || queue->n_free > 0) || !has_room(queue)) {
        return false;
    }
    int64_t n = taker->share;
    if (!of_share) {
        n = guided_runs(queue, taker, update_estimates(queue, now));
        n = min_i64(n, taker->device.most_runs);
        n = min_i64(n, queue->waiting.at[0].n_runs);
        if (queue->mode == QUEUE_DYNAMIC && is_too_slow_for(queue, taker, n, now)) {
            return false;
        }
    }
    *out = take_front(queue, taker, n, of_share, now);
    return true;
}

/* ---- what becomes of a range ---- */

static int32_t find_flight(const struct taker *taker, struct slice slice) {
    int32_t i = 0;
    while (i < taker->n_flights && (taker->flights[i].slice.first != slice.first ||
                                    taker->flights[i].slice.n_runs != slice.n_runs)) {
        i++;
    }
    assert(i < taker->n_flights);
    return i;
}

/* Takes a range out of those in flight. */
static struct flight land(struct queue *queue, struct taker *taker,
                          struct slice slice) {
    int32_t i = find_flight(taker, slice);
    struct flight flight = taker->flights[i];
    for (; i + 1 < taker->n_flights; i++) {
        taker->flights[i] = taker->flights[i + 1];
    }
    taker->n_flights--;
    queue->n_flights--;
    return flight;
}

void queue_done(struct queue *queue, int32_t device, struct slice slice, double now) {
    assert(device >= 0 && device < queue->n_devices);
    struct taker *taker = &queue->takers[device];
    double seconds = now - fmax(land(queue, taker, slice).taken, taker->last_end);
    taker->last_end = now;
    taker->runs = KEPT * taker->runs + (double)slice.n_runs;
    taker->seconds = KEPT * taker->seconds + fmax(seconds, 0);
    queue->n_left -= slice.n_runs;
}

void queue_part_done(struct queue *queue, int32_t device, struct slice slice,
                     int64_t n_runs) {
    assert(device >= 0 && device < queue->n_devices);
    assert(n_runs > 0 && n_runs < slice.n_runs);
    struct taker *taker = &queue->takers[device];
    struct slice *flying = &taker->flights[find_flight(taker, slice)].slice;
    flying->first += n_runs;
    flying->n_runs -= n_runs;
    queue->n_left -= n_runs;
}

/* There is room. */
static void wait_again(struct queue *queue, struct slice slice, int64_t *owner) {
    enum ranges_result result = ranges_add(&queue->waiting, slice);
    assert(result == RANGES_OK);
    (void)result;
    queue->n_waiting += slice.n_runs;
    *owner += slice.n_runs;
}

bool queue_again(struct queue *queue, struct slice slice) {
    if (!reserve_one_more(queue)) {
        return false;
    }
    wait_again(queue, slice, &queue->n_free);
    queue->n_left += slice.n_runs;
    return true;
}

void queue_return(struct queue *queue, int32_t device, struct slice slice) {
    assert(device >= 0 && device < queue->n_devices);
    struct taker *taker = &queue->takers[device];
    const bool of_share = land(queue, taker, slice).of_share && taker->is_alive;
    wait_again(queue, slice, of_share ? &taker->share : &queue->n_free);
}

void queue_drop(struct queue *queue, int32_t device) {
    assert(device >= 0 && device < queue->n_devices);
    struct taker *taker = &queue->takers[device];
    taker->is_alive = false;
    queue->n_free += taker->share;
    taker->share = 0;
}

void queue_join(struct queue *queue, int32_t device, const struct queue_device *as) {
    assert(device >= 0 && device < queue->n_devices);
    struct taker *taker = &queue->takers[device];
    assert(taker->n_flights == 0 && as->n_buffers <= taker->device.n_buffers);
    taker->device = *as;
    taker->is_alive = true;
}

void queue_set_most(struct queue *queue, int32_t device, int64_t most_runs) {
    assert(device >= 0 && device < queue->n_devices && most_runs > 0);
    queue->takers[device].device.most_runs = most_runs;
}

/* ---- facts ---- */

int64_t queue_left(const struct queue *queue) { return queue->n_left; }

int64_t queue_waiting(const struct queue *queue) { return queue->n_waiting; }

int32_t queue_n_alive(const struct queue *queue) {
    int32_t n = 0;
    for (int32_t i = 0; i < queue->n_devices; i++) {
        n += queue->takers[i].is_alive;
    }
    return n;
}

double queue_rate(const struct queue *queue, int32_t device) {
    return measured_rate(&queue->takers[device]);
}
