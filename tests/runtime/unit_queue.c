/* unit_queue.c -- the queue with devices that run out of memory, die and come back, in
 * any order: each run is computed exactly once. How soon the end comes is
 * unit_queue_speed.c's.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "context_fixture.h"
#include "failing_alloc.h"
#include "queue.h"
#include "random.h"
#include "ranges.h"

enum { MAX_DEVICES = 8 };

static struct queue *open_queue(enum queue_mode mode, int64_t n_runs, int32_t n_devices,
                                const struct queue_device *devices,
                                const int64_t *counts) {
    struct queue *queue;
    odec_context_clear(context);
    assert_int_equal(
        queue_create(context, mode, n_runs, n_devices, devices, counts, &queue),
        ODEC_OK);
    return queue;
}

/* ---- whatever happens: each run exactly once ---- */

enum { MOST_RUNS = 300 };
enum place { WAITING, IN_FLIGHT, DONE };

struct trial {
    struct queue *queue;
    enum queue_mode mode;
    int64_t n_runs;
    int32_t n_devices, n_alive;
    enum place places[MOST_RUNS];
    int64_t most_runs[MAX_DEVICES];
    int32_t n_buffers[MAX_DEVICES];
    bool is_dead[MAX_DEVICES];
    struct slice flights[MAX_DEVICES][4];
    int n_flights[MAX_DEVICES];
    int64_t counts[MAX_DEVICES]; /* the shares */
    double now;
};

static void open_trial(struct trial *t) {
    *t = (struct trial){.mode = random_in(0, 1) ? QUEUE_SHARES : QUEUE_DYNAMIC,
                        .n_runs = random_in(1, MOST_RUNS),
                        .n_devices = (int32_t)random_in(1, MAX_DEVICES)};
    struct queue_device devices[MAX_DEVICES];
    int64_t left = t->n_runs;
    for (int32_t i = 0; i < t->n_devices; i++) {
        devices[i] =
            (struct queue_device){.most_runs = random_in(1, random_in(0, 1) ? 10 : 300),
                                  .grain_runs = random_in(0, 20),
                                  .rate = random_in(0, 1) ? random_real() : 0,
                                  .n_buffers = (int32_t)random_in(1, 4)};
        t->most_runs[i] = devices[i].most_runs;
        t->n_buffers[i] = devices[i].n_buffers;
        t->counts[i] = i == t->n_devices - 1 ? left : random_in(0, left);
        left -= t->counts[i];
    }
    t->n_alive = t->n_devices;
    t->queue = open_queue(t->mode, t->n_runs, t->n_devices, devices,
                          t->mode == QUEUE_SHARES ? t->counts : NULL);
}

/* Every run of the slice goes from one place to another. */
static void move_runs(struct trial *t, struct slice slice, enum place from,
                      enum place to) {
    assert_true(slice.first >= 0 && slice.first + slice.n_runs <= t->n_runs);
    for (int64_t i = slice.first; i < slice.first + slice.n_runs; i++) {
        assert_int_equal(t->places[i], from);
        t->places[i] = to;
    }
}

static int64_t count_place(const struct trial *t, enum place place) {
    int64_t n = 0;
    for (int64_t i = 0; i < t->n_runs; i++) {
        n += t->places[i] == place;
    }
    return n;
}

static bool trial_take(struct trial *t, int32_t i) {
    struct slice slice;
    if (!queue_take(t->queue, i, t->now, &slice)) {
        return false;
    }
    assert_false(t->is_dead[i]);
    assert_true(t->n_flights[i] < t->n_buffers[i]);
    assert_in_range(slice.n_runs, 1, t->most_runs[i]);
    for (int64_t k = 0; k < slice.first; k++) {
        assert_int_not_equal(t->places[k], WAITING); /* the lowest go first */
    }
    move_runs(t, slice, WAITING, IN_FLIGHT);
    t->flights[i][t->n_flights[i]++] = slice;
    return true;
}

/* One of a device's ranges, mostly the oldest, is done or comes to nothing, some of
 * them in part. */
static void trial_land(struct trial *t, int32_t i, bool done) {
    int k = random_word() % 4 ? 0 : (int)random_in(0, t->n_flights[i] - 1);
    struct slice slice = t->flights[i][k];
    if (slice.n_runs > 1 && random_word() % 4 == 0) {
        struct slice part = {slice.first, random_in(1, slice.n_runs - 1)};
        queue_part_done(t->queue, i, slice, part.n_runs);
        move_runs(t, part, IN_FLIGHT, DONE);
        slice.first += part.n_runs;
        slice.n_runs -= part.n_runs;
    }
    memmove(&t->flights[i][k], &t->flights[i][k + 1],
            (size_t)(--t->n_flights[i] - k) * sizeof slice);
    if (done) {
        queue_done(t->queue, i, slice, t->now);
    } else {
        queue_return(t->queue, i, slice);
    }
    move_runs(t, slice, IN_FLIGHT, done ? DONE : WAITING);
}

/* Runs that were done are lost again. */
static void trial_again(struct trial *t) {
    struct slice slice = {random_in(0, t->n_runs - 1), 0};
    int64_t most = random_in(1, 10);
    for (int64_t i = slice.first;
         i < t->n_runs && t->places[i] == DONE && slice.n_runs < most; i++) {
        slice.n_runs++;
    }
    if (slice.n_runs > 0 && queue_again(t->queue, slice)) {
        move_runs(t, slice, DONE, WAITING);
    } else {
        assert_true(slice.n_runs == 0 || alloc_fails_from);
    }
}

static void trial_drop_or_join(struct trial *t, int32_t i) {
    if (!t->is_dead[i] && t->n_alive > 1) {
        queue_drop(t->queue, i);
        t->is_dead[i] = true;
        t->n_alive--;
    } else if (t->is_dead[i] && t->n_flights[i] == 0 && random_word() % 2) {
        struct queue_device as = {t->most_runs[i], 0, 0, t->n_buffers[i]};
        queue_join(t->queue, i, &as);
        t->is_dead[i] = false;
        t->n_alive++;
    }
}

static void trial_step(struct trial *t) {
    int32_t i = (int32_t)random_in(0, t->n_devices - 1);
    t->now += random_word() % 4 ? random_real() : 0;
    switch (random_word() % 17) {
    case 0:
        trial_drop_or_join(t, i);
        break;
    case 16:
        trial_again(t);
        break;
    case 1:
        t->most_runs[i] = t->most_runs[i] / 2 + 1;
        queue_set_most(t->queue, i, t->most_runs[i]);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        trial_take(t, i);
        break;
    default:
        if (t->n_flights[i] > 0) {
            trial_land(t, i, !t->is_dead[i] && random_word() % 4);
        }
    }
}

static void check_trial(struct trial *t) {
    int64_t n_waiting = count_place(t, WAITING);
    int64_t n_in_flight = count_place(t, IN_FLIGHT);
    assert_int_equal(queue_waiting(t->queue), n_waiting);
    assert_int_equal(queue_left(t->queue), n_waiting + n_in_flight);
    assert_int_equal(queue_n_alive(t->queue), t->n_alive);
}

/* With nothing in flight, somebody takes; the batch comes to its end. */
static void finish_trial(struct trial *t) {
    for (int32_t i = 0; i < t->n_devices; i++) {
        while (t->n_flights[i] > 0) {
            trial_land(t, i, !t->is_dead[i]);
        }
    }
    while (queue_left(t->queue) > 0) {
        bool taken = false;
        for (int32_t i = 0; i < t->n_devices; i++) {
            taken = trial_take(t, i) || taken;
        }
        assert_true(taken);
        for (int32_t i = 0; i < t->n_devices; i++) {
            while (t->n_flights[i] > 0) {
                t->now += 1e-3;
                trial_land(t, i, true);
            }
        }
        check_trial(t);
    }
    assert_int_equal(count_place(t, DONE), t->n_runs);
}

static void test_each_run_once(void **state) {
    (void)state;
    for (int k = 0; k < 20000; k++) {
        struct trial t;
        open_trial(&t);
        if (k % 2) { /* not a byte more than at creation */
            alloc_fail_at(1);
            alloc_fails_from = true;
        }
        for (int step = 0; step < 200 && queue_left(t.queue) > 0; step++) {
            trial_step(&t);
            if (step % 16 == 0) {
                check_trial(&t);
            }
        }
        finish_trial(&t);
        alloc_fail_at(0);
        queue_destroy(t.queue);
    }
}

/* Takes up to four ranges, at most those for which what is there has room. */
static int take_without_memory(struct queue *queue, int32_t device,
                               struct slice slices[4], bool *lacked) {
    int n = 0;
    alloc_fail_at(1);
    alloc_fails_from = true;
    while (n < 4 && queue_take(queue, device, 0, &slices[n])) {
        n++;
    }
    *lacked = n < 4 && n_alloc_calls > 0;
    alloc_fail_at(0);
    return n;
}

/* Of four ranges two come to nothing, and the next four are taken off one of those, so
 * that what waits falls to pieces. Where there is no memory to list them, less is in
 * flight at once, and never nothing; and dropped devices' ranges still have a place.
 */
static void test_pieces_without_memory(void **state) {
    (void)state;
    const int64_t n_runs = INT64_C(1) << 40;
    const struct queue_device devices[] = {{n_runs, n_runs, 0, 4},
                                           {n_runs, n_runs, 0, 4}};
    for (enum queue_mode mode = QUEUE_DYNAMIC; mode <= QUEUE_SHARES; mode++) {
        context_renew();
        struct queue *queue = open_queue(
            mode, n_runs, 2, devices,
            mode == QUEUE_SHARES ? (int64_t[]){n_runs / 4, n_runs / 4 * 3} : NULL);
        struct ranges done = {0};
        struct slice slices[4];
        bool lacked = false;
        int n = 0;
        for (int level = 1; level <= 12; level++) {
            queue_set_most(queue, level % 2, n_runs >> (3 * level));
            n = take_without_memory(queue, level % 2, slices, &lacked);
            assert_true(n > 0);
            for (int i = n - 1; i >= 0; i--) {
                if (i % 2 != (level == 1)) {
                    queue_done(queue, level % 2, slices[i], level);
                    assert_int_equal(ranges_add(&done, slices[i]), RANGES_OK);
                } else if (level < 12) {
                    queue_return(queue, level % 2, slices[i]);
                }
            }
        }
        assert_true(lacked);
        alloc_fail_at(1);
        queue_drop(queue, 1);
        queue_drop(queue, 0); /* with ranges in flight */
        for (int i = 0; i < n; i += 2) {
            queue_return(queue, 0, slices[i]);
        }
        assert_int_equal(n_alloc_calls, 0);
        alloc_fail_at(0);
        queue_join(queue, 0, &devices[0]);
        while (queue_left(queue) > 0) {
            assert_true(queue_take(queue, 0, 20, &slices[0]));
            queue_done(queue, 0, slices[0], 20);
            assert_int_equal(ranges_add(&done, slices[0]), RANGES_OK);
        }
        assert_true(ranges_contains(&done, (struct slice){0, n_runs}));
        ranges_release(&done);
        queue_destroy(queue);
    }
}

/* ---- by hand ---- */

static void assert_taken(struct queue *queue, int32_t device, double now, int64_t first,
                         int64_t n_runs) {
    struct slice slice = {-1, -1};
    bool taken = queue_take(queue, device, now, &slice);
    assert_true(taken == (n_runs > 0));
    assert_true(!taken || (slice.first == first && slice.n_runs == n_runs));
}

static void assert_nothing(struct queue *queue, int32_t device, double now) {
    assert_taken(queue, device, now, -1, 0);
}

/* A share is a number of runs; all devices take theirs off the front. */
static void test_shares(void **state) {
    (void)state;
    static const struct queue_device devices[] = {
        {40, 1, 0, 2}, {100, 1, 0, 2}, {100, 1, 0, 2}};
    struct queue *queue =
        open_queue(QUEUE_SHARES, 200, 3, devices, (const int64_t[]){100, 100, 0});
    assert_nothing(queue, 2, 0); /* it has no share, and nobody has died */
    assert_taken(queue, 0, 0, 0, 40);
    assert_taken(queue, 1, 0, 40, 100);
    assert_nothing(queue, 1, 0); /* its share is done with */
    assert_taken(queue, 0, 0, 140, 40);
    assert_nothing(queue, 0, 0);                     /* both buffers are in flight */
    queue_return(queue, 0, (struct slice){140, 40}); /* back onto the share */
    queue_set_most(queue, 0, 30);
    assert_nothing(queue, 1, 0);
    assert_taken(queue, 0, 0, 140, 30);
    queue_drop(queue, 0);
    assert_nothing(queue, 0, 0);
    queue_done(queue, 1, (struct slice){40, 100}, 1);
    assert_int_equal(queue_waiting(queue), 30); /* 170 .. 199 */
    queue_return(queue, 0, (struct slice){0, 40});
    queue_done(queue, 0, (struct slice){140, 30}, 1); /* it was safe before the death */
    queue_drop(queue, 2);
    assert_taken(queue, 1, 2, 0, 40);
    assert_taken(queue, 1, 2, 170, 30);
    queue_done(queue, 1, (struct slice){0, 40}, 3);
    queue_done(queue, 1, (struct slice){170, 30}, 4);
    assert_int_equal(queue_left(queue), 0);
    queue_destroy(queue);
}

/* Whatever the devices' speeds, chunks and numbers of buffers, each does its share, and
 * no device is further ahead of the first run that is not done than what all hold. */
static void test_shares_to_the_run(void **state) {
    (void)state;
    for (int k = 0; k < 500; k++) {
        struct trial t;
        do {
            open_trial(&t);
            if (t.mode != QUEUE_SHARES) {
                queue_destroy(t.queue);
            }
        } while (t.mode != QUEUE_SHARES);
        int64_t counts[MAX_DEVICES] = {0}, most_held = 0;
        for (int32_t i = 0; i < t.n_devices; i++) {
            most_held += t.most_runs[i] * t.n_buffers[i];
        }
        while (queue_left(t.queue) > 0) {
            int32_t i = (int32_t)random_in(0, t.n_devices - 1);
            t.now += random_real();
            if (trial_take(&t, i)) {
                const struct slice slice = t.flights[i][t.n_flights[i] - 1];
                counts[i] += slice.n_runs;
                assert_true(slice.first + slice.n_runs - count_place(&t, DONE) <=
                            most_held);
            } else if (t.n_flights[i] > 0) {
                struct slice slice = t.flights[i][0];
                memmove(&t.flights[i][0], &t.flights[i][1],
                        (size_t)--t.n_flights[i] * sizeof slice);
                queue_done(t.queue, i, slice, t.now);
                move_runs(&t, slice, IN_FLIGHT, DONE);
            }
        }
        for (int32_t i = 0; i < t.n_devices; i++) {
            assert_int_equal(counts[i], t.counts[i]);
        }
        queue_destroy(t.queue);
    }
}

/* Of its share and what the dead have left a device takes the lowest runs. */
static void test_lowest_first(void **state) {
    (void)state;
    static const struct queue_device devices[] = {
        {10, 10, 0, 9}, {10, 10, 0, 9}, {10, 10, 0, 9}};
    struct queue *queue =
        open_queue(QUEUE_SHARES, 60, 3, devices, (const int64_t[]){20, 20, 20});
    assert_taken(queue, 0, 0, 0, 10);
    assert_taken(queue, 1, 0, 10, 10);
    queue_return(queue, 0, (struct slice){0, 10});
    assert_taken(queue, 1, 0, 0, 10); /* the last of its share */
    queue_drop(queue, 2);
    assert_taken(queue, 1, 0, 20, 10);
    queue_drop(queue, 0);
    assert_taken(queue, 1, 0, 30, 10);
    queue_destroy(queue);
}

static void test_small_beginnings(void **state) {
    (void)state;
    static const struct queue_device devices[] = {{1000000, 50, 0, 2},
                                                  {1000000, 0, 7, 2}};
    struct queue *queue = open_queue(QUEUE_DYNAMIC, 1000000, 2, devices, NULL);
    assert_taken(queue, 0, 0, 0, 50);
    assert_taken(queue, 0, 0, 50, 50);
    assert_taken(queue, 1, 0, 100, 1);
    assert_true(queue_rate(queue, 0) == 0);
    queue_done(queue, 0, (struct slice){0, 50}, 0.5);
    assert_true(queue_rate(queue, 0) == 100);
    queue_done(queue, 0, (struct slice){50, 50}, 1); /* taken at 0, begun at 0.5 */
    assert_true(queue_rate(queue, 0) == 100);
    struct slice slice;
    assert_true(queue_take(queue, 0, 1, &slice)); /* what it can do is known now */
    assert_in_range(slice.n_runs, 10000, 999899 / 8);
    queue_destroy(queue);
}

/* One device is measured, so that the other's guess says how many runs/s it will do. */
static void test_guess_to_scale(void **state) {
    (void)state;
    static const struct queue_device devices[] = {{1 << 30, 100, 1, 2},
                                                  {1 << 30, 100, 9, 2}};
    struct queue *queue = open_queue(QUEUE_DYNAMIC, 160100, 2, devices, NULL);
    assert_taken(queue, 0, 0, 0, 100);
    queue_done(queue, 0, (struct slice){0, 100}, 1);
    assert_taken(queue, 0, 1, 100, 160000 / 10 / 8 / 2); /* 100/s of 1000/s */
    queue_destroy(queue);
}

/* A device alone is given all its plan allows. */
static void test_alone(void **state) {
    (void)state;
    static const struct queue_device devices[] = {{400, 1, 0, 2}};
    struct queue *queue = open_queue(QUEUE_DYNAMIC, 1000, 1, devices, NULL);
    assert_taken(queue, 0, 0, 0, 400);
    assert_taken(queue, 0, 0, 400, 400);
    queue_done(queue, 0, (struct slice){0, 400}, 1);
    assert_taken(queue, 0, 1, 800, 200);
    queue_destroy(queue);
}

/* After a range at a tenth of its speed a device is known to be slow. */
static void test_rate_follows(void **state) {
    (void)state;
    static const struct queue_device devices[] = {{100, 100, 0, 1}};
    struct queue *queue = open_queue(QUEUE_DYNAMIC, 100000, 1, devices, NULL);
    struct slice slice;
    double now = 0;
    for (int i = 0; i < 40; i++) {
        assert_true(queue_take(queue, 0, now + 5, &slice)); /* idle for 5 s */
        now += 5 + (i < 20 ? 1 : 10);
        queue_done(queue, 0, slice, now);
        double rate = queue_rate(queue, 0);
        if (i < 20) {
            assert_true(fabs(rate - 100) < 1e-9);
        } else {
            assert_in_range((int)rate, 9, 18);
        }
    }
    queue_destroy(queue);
}

/* The last runs are not for the slow one, unless the fast one is gone or hangs. */
static void test_too_slow(void **state) {
    (void)state;
    static const struct queue_device devices[] = {{100, 100, 0, 2}, {100, 100, 0, 2}};
    struct queue *queue = open_queue(QUEUE_DYNAMIC, 500, 2, devices, NULL);
    assert_taken(queue, 0, 0, 0, 100);
    assert_taken(queue, 1, 0, 100, 100);
    queue_done(queue, 0, (struct slice){0, 100}, 1);
    assert_taken(queue, 0, 1, 200, 100);
    queue_done(queue, 0, (struct slice){200, 100}, 2);
    assert_taken(queue, 0, 2, 300, 100);
    queue_done(queue, 0, (struct slice){300, 100}, 3);
    queue_done(queue, 1, (struct slice){100, 100}, 3);
    assert_taken(queue, 0, 3, 400, 100);
    queue_return(queue, 0, (struct slice){400, 100});
    assert_taken(queue, 1, 3, 400, 100); /* nobody else is at work on anything */
    queue_return(queue, 1, (struct slice){400, 100});
    queue_set_most(queue, 0, 50);
    assert_taken(queue, 0, 3, 400, 50);
    assert_nothing(queue, 1, 3);        /* 3 s, and the other needs 1 */
    assert_taken(queue, 1, 9, 450, 50); /* it has taken 6 already */
    queue_destroy(queue);
    /* A piece that is short is soon done. */
    queue = open_queue(QUEUE_DYNAMIC, 300, 2, devices, NULL);
    assert_taken(queue, 0, 0, 0, 100);
    assert_taken(queue, 1, 0, 100, 100);
    queue_done(queue, 0, (struct slice){0, 100}, 1);
    queue_done(queue, 1, (struct slice){100, 100}, 3);
    queue_set_most(queue, 1, 10);
    assert_taken(queue, 1, 3, 200, 10);
    assert_taken(queue, 0, 3, 210, 90);
    queue_return(queue, 1, (struct slice){200, 10});
    queue_set_most(queue, 1, 100);
    assert_taken(queue, 1, 3, 200, 10);
    queue_destroy(queue);
}

/* ---- refusals ---- */

static void assert_refused(enum queue_mode mode, int64_t n_runs,
                           const struct queue_device *devices, const int64_t *counts,
                           const char *text) {
    struct queue *queue;
    odec_context_clear(context);
    assert_int_equal(queue_create(context, mode, n_runs, 2, devices, counts, &queue),
                     ODEC_ERROR_ARGUMENT);
    assert_null(queue);
    assert_string_equal(odec_context_error(context), text);
}

static void test_errors(void **state) {
    (void)state;
    static const char no_range[] = "device 1 of the queue: ranges of at least one run "
                                   "and one buffer are needed";
    struct queue_device devices[] = {{100, 0, 0, 1}, {0, 0, 0, 1}};
    assert_refused(QUEUE_DYNAMIC, 10, devices, NULL, no_range);
    devices[1] = (struct queue_device){100, -1, 0, 1};
    assert_refused(QUEUE_DYNAMIC, 10, devices, NULL, no_range);
    devices[1] = (struct queue_device){100, 0, 0, 0};
    assert_refused(QUEUE_DYNAMIC, 10, devices, NULL, no_range);
    devices[1] = (struct queue_device){100, 0, -2, 1};
    assert_refused(QUEUE_DYNAMIC, 10, devices, NULL,
                   "device 1 of the queue: -2 is no rate");
    devices[1].rate = INFINITY;
    assert_refused(QUEUE_DYNAMIC, 10, devices, NULL,
                   "device 1 of the queue: inf is no rate");
    devices[1].rate = 0;
    assert_refused(QUEUE_DYNAMIC, 0, devices, NULL,
                   "a queue needs at least one run and one device");
    assert_refused(QUEUE_SHARES, 10, devices, (const int64_t[]){4, 5},
                   "the shares leave out 1 of 10 runs");
    assert_refused(QUEUE_SHARES, 10, devices, (const int64_t[]){4, 7},
                   "device 1 of the queue: a share of 7 runs, 6 are left");
    assert_refused(QUEUE_SHARES, 10, devices, (const int64_t[]){-1, 11},
                   "device 0 of the queue: a share of -1 runs, 10 are left");
}

static void test_every_allocation_fails(void **state) {
    (void)state;
    static const struct queue_device devices[] = {{100, 1, 0, 2}, {100, 1, 0, 2}};
    struct queue *queue;
    for (long n = 1; n <= 3; n++) {
        context_renew();
        alloc_fail_at(n);
        assert_int_equal(
            queue_create(context, QUEUE_DYNAMIC, 10, 2, devices, NULL, &queue),
            ODEC_ERROR_MEMORY);
        assert_null(queue);
        assert_string_equal(odec_context_error(context), "out of memory");
    }
    context_renew();
    alloc_fail_at(4);
    queue = open_queue(QUEUE_DYNAMIC, 10, 2, devices, NULL);
    alloc_fail_at(0);
    queue_destroy(queue);
    queue_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_run_once),
        cmocka_unit_test(test_pieces_without_memory),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_shares_to_the_run),
        cmocka_unit_test(test_lowest_first),
        cmocka_unit_test(test_small_beginnings),
        cmocka_unit_test(test_guess_to_scale),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_rate_follows),
        cmocka_unit_test(test_too_slow),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, context_begin, context_end);
}
