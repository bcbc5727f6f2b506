/* unit_queue_speed.c -- the queue under a virtual clock: devices of any speed, that
 * slow down at any time, come to an end near the best there can be.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "context_fixture.h"
#include "queue.h"
#include "random.h"
#include "ranges.h"

enum { MAX_DEVICES = 8, N_BUFFERS = 2 };

enum guess { GUESS_RIGHT, GUESS_NONE, GUESS_WRONG };

/* Devices do speed[i] units of work a second; the one called `slows`, from the time
 * `when` on, a tenth. A run is one unit of work, a hard one `hardness` more. */
struct scene {
    int64_t n_runs, most_runs, grain_runs;
    int32_t n_devices;
    double speed[MAX_DEVICES];
    enum guess guess;
    int32_t slows; /* -1: none */
    double when;
    struct slice hard;
    double hardness;
};

struct worker {
    struct slice slices[N_BUFFERS];
    int n;
    double end; /* of slices[0] */
};

static double work_of(const struct scene *scene, struct slice slice) {
    int64_t first = slice.first, end = first + slice.n_runs;
    int64_t hard_end = scene->hard.first + scene->hard.n_runs;
    first = first > scene->hard.first ? first : scene->hard.first;
    end = end < hard_end ? end : hard_end;
    double n_hard = end > first ? (double)(end - first) : 0;
    return (double)slice.n_runs + n_hard * scene->hardness;
}

/* When a device that begins a range at `start` ends it. */
static double end_of_range(const struct scene *scene, int32_t i, double start,
                           struct slice slice) {
    double work = work_of(scene, slice);
    double speed = scene->speed[i], end = start + work / speed;
    if (i != scene->slows || end <= scene->when) {
        return end;
    }
    double begin = fmax(start, scene->when);
    return begin + (work - (begin - start) * speed) / (speed / 10);
}

/* When all ends if nobody is ever idle: there is no better. */
static double ideal(const struct scene *scene) {
    double sum = 0, work = work_of(scene, (struct slice){0, scene->n_runs});
    for (int32_t i = 0; i < scene->n_devices; i++) {
        sum += scene->speed[i];
    }
    double end = work / sum;
    if (scene->slows < 0 || end <= scene->when) {
        return end;
    }
    return scene->when +
           (work - scene->when * sum) / (sum - 0.9 * scene->speed[scene->slows]);
}

static struct queue *scene_queue(const struct scene *scene) {
    struct queue_device devices[MAX_DEVICES];
    for (int32_t i = 0; i < scene->n_devices; i++) {
        double wrong = scene->guess == GUESS_WRONG ? pow(10, 3 * random_real()) : 1;
        devices[i] = (struct queue_device){
            .most_runs = scene->most_runs,
            .grain_runs = scene->grain_runs,
            .rate = scene->guess == GUESS_NONE ? 0 : 1e-3 * scene->speed[i] * wrong,
            .n_buffers = N_BUFFERS};
    }
    struct queue *queue;
    assert_int_equal(queue_create(context, QUEUE_DYNAMIC, scene->n_runs,
                                  scene->n_devices, devices, NULL, &queue),
                     ODEC_OK);
    return queue;
}

/* Everybody takes what there is to take. */
static void take_all(const struct scene *scene, struct queue *queue,
                     struct worker *workers, double now) {
    for (int32_t i = 0; i < scene->n_devices; i++) {
        struct worker *w = &workers[i];
        struct slice slice;
        while (queue_take(queue, i, now, &slice)) {
            assert_in_range(slice.n_runs, 1, scene->most_runs);
            assert_true(w->n < N_BUFFERS);
            w->slices[w->n++] = slice;
            if (w->n == 1) {
                w->end = end_of_range(scene, i, now, slice);
            }
        }
    }
}

/* Who is the next to end a range. */
static int32_t next_worker(const struct scene *scene, const struct worker *workers) {
    int32_t next = -1;
    for (int32_t i = 0; i < scene->n_devices; i++) {
        if (workers[i].n > 0 && (next < 0 || workers[i].end < workers[next].end)) {
            next = i;
        }
    }
    assert_true(next >= 0); /* else runs are left and nobody takes them */
    return next;
}

/* The end of it all over the ideal; each run exactly once. */
static double simulate(const struct scene *scene, int *n_ranges) {
    struct queue *queue = scene_queue(scene);
    struct worker workers[MAX_DEVICES] = {0};
    struct ranges done = {0};
    double now = 0;
    for (*n_ranges = 0; queue_left(queue) > 0; ++*n_ranges) {
        take_all(scene, queue, workers, now);
        int32_t next = next_worker(scene, workers);
        struct worker *w = &workers[next];
        now = w->end;
        queue_done(queue, next, w->slices[0], now);
        assert_int_equal(ranges_add(&done, w->slices[0]), RANGES_OK);
        w->slices[0] = w->slices[1];
        if (--w->n > 0) {
            w->end = end_of_range(scene, next, now, w->slices[0]);
        }
    }
    assert_true(ranges_contains(&done, (struct slice){0, scene->n_runs}));
    ranges_release(&done);
    queue_destroy(queue);
    double ratio = now / ideal(scene);
    assert_true(ratio > 1 - 1e-9); /* or the simulation is wrong */
    return ratio;
}

static double simulate_and_say(const struct scene *scene, const char *what) {
    int n_ranges;
    double ratio = simulate(scene, &n_ranges);
    print_message("  %-40s %.4f of the ideal, %d ranges\n", what, ratio, n_ranges);
    return ratio;
}

/* A thousand chunks of work for devices of speeds 1 : 2 : 4 : 8. */
enum { CHUNK = 10000, RUNS = 1000 * CHUNK };

static struct scene four_speeds(void) {
    return (struct scene){.n_runs = RUNS,
                          .most_runs = CHUNK,
                          .grain_runs = 10,
                          .n_devices = 4,
                          .speed = {1e4, 2e4, 4e4, 8e4},
                          .slows = -1};
}

static void test_makespan(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum guess guess;
        int64_t most_runs, grain_runs;
        struct slice hard;
    } rows[] = {
        {"rates guessed right", GUESS_RIGHT, CHUNK, 10, {0, 0}},
        {"no guess", GUESS_NONE, CHUNK, 10, {0, 0}},
        {"wrong by up to 1000", GUESS_WRONG, CHUNK, 10, {0, 0}},
        {"long ranges", GUESS_RIGHT, RUNS, 10, {0, 0}},
        {"long ranges, no guess", GUESS_NONE, RUNS, 10, {0, 0}},
        {"long ranges, wrong by up to 1000", GUESS_WRONG, RUNS, 10, {0, 0}},
        {"long ranges, coarse grain", GUESS_NONE, RUNS, CHUNK, {0, 0}},
        {"long ranges, first 5 % hard", GUESS_NONE, RUNS, 10, {0, RUNS / 20}},
        {"long ranges, middle 5 % hard", GUESS_NONE, RUNS, 10, {RUNS / 2, RUNS / 20}},
        {"long ranges, last 5 % hard",
         GUESS_NONE,
         RUNS,
         10,
         {RUNS - RUNS / 20, RUNS / 20}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene = four_speeds();
        scene.guess = rows[i].guess;
        scene.most_runs = rows[i].most_runs;
        scene.grain_runs = rows[i].grain_runs;
        scene.hard = rows[i].hard;
        scene.hardness = 20;
        assert_true(simulate_and_say(&scene, rows[i].name) <= 1.10);
    }
}

/* Each device in turn becomes ten times slower, at any time. */
static void test_slow_down(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct scene scene = four_speeds();
        bool is_long = i >= 4;
        scene.most_runs = is_long ? RUNS : CHUNK;
        scene.guess = is_long ? GUESS_NONE : GUESS_RIGHT;
        scene.slows = i % 4;
        double end = RUNS / 15e4, worst = 0;
        for (int percent = 0; percent < 100; percent++) {
            int n_ranges;
            scene.when = end * percent / 100;
            worst = fmax(worst, simulate(&scene, &n_ranges));
        }
        scene.when = end / 2;
        char what[80];
        snprintf(what, sizeof what, "speed %d slows midway%s", 1 << scene.slows,
                 is_long ? ", long ranges" : "");
        assert_true(simulate_and_say(&scene, what) <= 1.15);
        print_message("  %-40s %.4f at worst\n", "    at any time", worst);
        assert_true(worst <= 1.15);
    }
}

static void test_random_speeds(void **state) {
    (void)state;
    double worst = 0;
    for (int i = 0; i < 1000; i++) {
        struct scene scene = {.n_runs = 10000000,
                              .grain_runs = random_in(0, 100),
                              .n_devices = (int32_t)random_in(1, MAX_DEVICES),
                              .slows = -1,
                              .guess = (enum guess)random_in(0, 2)};
        scene.most_runs = random_in(0, 1) ? scene.n_runs : random_in(1000, 100000);
        for (int32_t d = 0; d < scene.n_devices; d++) {
            scene.speed[d] = pow(10, 3 * random_real());
        }
        int n_ranges;
        worst = fmax(worst, simulate(&scene, &n_ranges));
    }
    print_message("  %-40s %.4f at worst\n", "random speeds over three decades", worst);
    assert_true(worst <= 1.25);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_makespan),
        cmocka_unit_test(test_slow_down),
        cmocka_unit_test(test_random_speeds),
    };
    return cmocka_run_group_tests(tests, context_begin, context_end);
}
