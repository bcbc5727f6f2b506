/* unit_telemetry.c -- rings of samples: what is kept, what is refused and why, readers
 * and writers at once, no allocation after creation, and the ranking of devices.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "context_fixture.h"
#include "failing_alloc.h"
#include "random.h"
#include "telemetry.h"

static struct telemetry *open_telemetry(int32_t n_devices, int32_t capacity) {
    struct telemetry *telemetry;
    odec_context_clear(context);
    assert_int_equal(telemetry_create(context, n_devices, capacity, &telemetry),
                     ODEC_OK);
    return telemetry;
}

/* ---- what is kept ---- */

static void test_newest_are_kept(void **state) {
    (void)state;
    enum { N_DEVICES = 3, MOST = 9 };
    for (int32_t capacity = 1; capacity <= MOST; capacity++) {
        struct telemetry *telemetry = open_telemetry(N_DEVICES, capacity);
        int64_t n_added[N_DEVICES] = {0};
        struct telemetry_sample sample, out[MOST + 2];
        for (int step = 0; step < 100; step++) {
            int32_t device = (int32_t)random_in(0, N_DEVICES - 1);
            int64_t n = n_added[device]++;
            sample = (struct telemetry_sample)TELEMETRY_SAMPLE_INIT(
                device, 0.5 * (double)(n / 2)); /* two of a time */
            sample.runs_done = n;
            assert_int_equal(telemetry_add(telemetry, &sample), TELEMETRY_KEPT);
            assert_true(telemetry_last(telemetry, device, &sample));
            assert_int_equal(sample.runs_done, n);
            assert_int_equal(sample.memory_used, -1);
            assert_true(isnan(sample.watts));
            int32_t wanted = (int32_t)random_in(0, MOST + 2);
            int32_t got = telemetry_read(telemetry, device, out, wanted);
            int64_t most = n_added[device] < capacity ? n_added[device] : capacity;
            assert_int_equal(got, wanted < most ? wanted : most);
            for (int32_t i = 0; i < got; i++) {
                assert_int_equal(out[i].runs_done, n_added[device] - got + i);
                assert_int_equal(out[i].device, device);
            }
        }
        assert_int_equal(telemetry_refused(telemetry, TELEMETRY_KEPT), 100);
        assert_int_equal(telemetry_read(telemetry, -1, out, 1), 0);
        assert_int_equal(telemetry_read(telemetry, N_DEVICES, out, 1), 0);
        telemetry_destroy(telemetry);
    }
    struct telemetry *telemetry = open_telemetry(2, 4);
    struct telemetry_sample sample;
    assert_false(telemetry_last(telemetry, 1, &sample));
    telemetry_destroy(telemetry);
    telemetry_destroy(NULL);
}

/* ---- what is refused ---- */

static const struct refused {
    struct telemetry_sample sample;
    enum telemetry_refusal refusal;
    const char *text;
} refused[] = {
#define SAMPLE(...) \
    { .device = 1, .time = 10, __VA_ARGS__ }
#define INIT TELEMETRY_SAMPLE_INIT
    {INIT(-1, 10), TELEMETRY_REFUSED_DEVICE, "there is no such device"},
    {INIT(2, 10), TELEMETRY_REFUSED_DEVICE, "there is no such device"},
    {INIT(1, NAN), TELEMETRY_REFUSED_TIME, "its time is not a finite number"},
    {INIT(1, INFINITY), TELEMETRY_REFUSED_TIME, "its time is not a finite number"},
    {INIT(1, -INFINITY), TELEMETRY_REFUSED_TIME, "its time is not a finite number"},
    {INIT(1, 9.999), TELEMETRY_REFUSED_ORDER, "it is older than the last one"},
    {SAMPLE(.memory_used = 11, .memory_total = 10), TELEMETRY_REFUSED_MEMORY,
     "memory used is not in 0 .. total"},
    {SAMPLE(.memory_used = -2, .memory_total = 10), TELEMETRY_REFUSED_MEMORY,
     "memory used is not in 0 .. total"},
    {SAMPLE(.memory_used = -1, .memory_total = -2), TELEMETRY_REFUSED_MEMORY,
     "memory used is not in 0 .. total"},
    {SAMPLE(.utilization = 1.001), TELEMETRY_REFUSED_UTILIZATION,
     "the utilization is not in 0 .. 1"},
    {SAMPLE(.utilization = -0.001), TELEMETRY_REFUSED_UTILIZATION,
     "the utilization is not in 0 .. 1"},
    {SAMPLE(.watts = -1), TELEMETRY_REFUSED_WATTS, "the power is not in 0 .. 10000 W"},
    {SAMPLE(.watts = INFINITY), TELEMETRY_REFUSED_WATTS,
     "the power is not in 0 .. 10000 W"},
    {SAMPLE(.watts = 10001), TELEMETRY_REFUSED_WATTS,
     "the power is not in 0 .. 10000 W"},
    {SAMPLE(.celsius = -101), TELEMETRY_REFUSED_CELSIUS,
     "the temperature is not in -100 .. 200 C"},
    {SAMPLE(.celsius = 201), TELEMETRY_REFUSED_CELSIUS,
     "the temperature is not in -100 .. 200 C"},
    {SAMPLE(.mhz = -1), TELEMETRY_REFUSED_MHZ, "the clock is not in 0 .. 100000 MHz"},
    {SAMPLE(.mhz = 100001), TELEMETRY_REFUSED_MHZ,
     "the clock is not in 0 .. 100000 MHz"},
    {SAMPLE(.runs_per_second = -1), TELEMETRY_REFUSED_RATE,
     "the runs per second are negative or infinite"},
    {SAMPLE(.runs_per_second = INFINITY), TELEMETRY_REFUSED_RATE,
     "the runs per second are negative or infinite"},
    {SAMPLE(.runs_done = -2), TELEMETRY_REFUSED_RUNS, "the count of runs is negative"},
};

static void test_refusals(void **state) {
    (void)state;
    struct telemetry *telemetry = open_telemetry(2, 4);
    int64_t counts[TELEMETRY_REFUSAL_COUNT] = {[TELEMETRY_KEPT] = 3};
    struct telemetry_sample last,
        good[] = {
            TELEMETRY_SAMPLE_INIT(1, -5), /* all unknown; then the ends of each range */
            {1, 10, 0, 0, 0, 0, -100, 0, 0, 0},
            {1, 10, INT64_MAX, INT64_MAX, 1, 10000, 200, 100000, 1e300, INT64_MAX}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(telemetry_add(telemetry, &good[i]), TELEMETRY_KEPT);
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const struct refused *row = &refused[i];
        assert_int_equal(telemetry_add(telemetry, &row->sample), row->refusal);
        assert_string_equal(telemetry_refusal_text(row->refusal), row->text);
        counts[row->refusal]++;
    }
    for (int r = 0; r < TELEMETRY_REFUSAL_COUNT; r++) {
        assert_true(counts[r] > 0); /* every reason was tried */
        assert_int_equal(telemetry_refused(telemetry, (enum telemetry_refusal)r),
                         counts[r]);
    }
    assert_true(telemetry_last(telemetry, 1, &last));
    assert_true(last.runs_per_second == 1e300); /* nothing else has come in */
    assert_false(telemetry_last(telemetry, 0, &last));
    assert_string_equal(telemetry_refusal_text(TELEMETRY_KEPT), "kept");
    telemetry_destroy(telemetry);
}

/* ---- memory ---- */

static void test_no_allocation_after_creation(void **state) {
    (void)state;
    struct telemetry *telemetry = open_telemetry(1, 100);
    struct telemetry_sample sample = TELEMETRY_SAMPLE_INIT(0, 0), out[100];
    alloc_fail_at(0);
    for (int64_t i = 0; i < 10000000; i++) {
        sample.time = (double)i;
        telemetry_add(telemetry, &sample);
    }
    assert_int_equal(telemetry_read(telemetry, 0, out, 100), 100);
    assert_int_equal(n_alloc_calls, 0);
    assert_int_equal(telemetry_refused(telemetry, TELEMETRY_KEPT), 10000000);
    assert_true(out[0].time == 9999900 && out[99].time == 9999999);
    telemetry_destroy(telemetry);
}

static void test_creation_fails(void **state) {
    (void)state;
    struct telemetry *telemetry;
    for (long n = 1; n <= 3; n++) {
        context_renew();
        alloc_fail_at(n);
        assert_int_equal(telemetry_create(context, 2, 10, &telemetry),
                         ODEC_ERROR_MEMORY);
        assert_null(telemetry);
    }
    context_renew();
    alloc_fail_at(4);
    telemetry = open_telemetry(2, 10);
    alloc_fail_at(0);
    telemetry_destroy(telemetry);
    assert_int_equal(telemetry_create(context, 0, 10, &telemetry), ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context),
                        "telemetry needs at least one device and one sample");
    assert_int_equal(telemetry_create(context, 1, 0, &telemetry), ODEC_ERROR_ARGUMENT);
}

/* ---- threads ---- */

enum { N_THREADS = 4, N_EACH = 20000 };

struct writer_thread {
    pthread_t thread;
    struct telemetry *telemetry;
    int32_t device;
};

/* All fields of a sample say the same number, so that half a sample shows. */
static void *write_samples(void *user) {
    struct writer_thread *w = user;
    for (int i = 0; i < N_EACH; i++) {
        struct telemetry_sample sample = {.device = w->device,
                                          .time = i,
                                          .memory_used = i,
                                          .memory_total = i,
                                          .runs_per_second = i,
                                          .runs_done = i};
        telemetry_add(w->telemetry, &sample);
    }
    return NULL;
}

static bool is_whole(const struct telemetry_sample *s, int32_t device) {
    return s->device == device && s->time == (double)s->runs_done &&
           s->memory_used == s->runs_done && s->memory_total == s->runs_done &&
           s->runs_per_second == s->time;
}

/* Two writers to each of two devices, while this thread reads. */
static void test_threads(void **state) {
    (void)state;
    struct telemetry *telemetry = open_telemetry(2, 16);
    struct writer_thread writers[N_THREADS];
    for (int i = 0; i < N_THREADS; i++) {
        writers[i] = (struct writer_thread){.telemetry = telemetry, .device = i % 2};
        assert_int_equal(
            pthread_create(&writers[i].thread, NULL, write_samples, &writers[i]), 0);
    }
    struct telemetry_sample out[16];
    bool all_whole = true, in_order = true;
    int64_t n_done = 0;
    while (n_done < N_THREADS * N_EACH) {
        for (int32_t device = 0; device < 2; device++) {
            int32_t n = telemetry_read(telemetry, device, out, 16);
            for (int32_t i = 0; i < n; i++) {
                all_whole = all_whole && is_whole(&out[i], device);
                in_order = in_order && (i == 0 || out[i].time >= out[i - 1].time);
            }
        }
        n_done = telemetry_refused(telemetry, TELEMETRY_KEPT) +
                 telemetry_refused(telemetry, TELEMETRY_REFUSED_ORDER);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(writers[i].thread, NULL);
    }
    assert_true(all_whole);
    assert_true(in_order);
    assert_true(telemetry_last(telemetry, 0, &out[0]));
    assert_int_equal(out[0].runs_done, N_EACH - 1);
    telemetry_destroy(telemetry);
}

/* ---- ranking ---- */

#define GIB ((int64_t)1 << 30)
#define OF(used, total, load, heat, rate)                                      \
    {                                                                          \
        .memory_used = (used), .memory_total = (total), .utilization = (load), \
        .celsius = (heat), .runs_per_second = (rate)                           \
    }
#define UNKNOWN OF(-1, -1, NAN, NAN, NAN)
#define RATE(rate) OF(-1, -1, NAN, NAN, rate)
#define MEMORY(used, total) OF(used, total, NAN, NAN, NAN)
#define LOAD(load, heat) OF(-1, -1, load, heat, NAN)

static void test_rank(void **state) {
    (void)state;
    static const struct {
        const char *what;
        struct telemetry_sample samples[4];
        double rates[4];
        int32_t order[4];
    } rows[] = {
        {"nothing known: as they come",
         {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
         {0},
         {0, 1, 2, 3}},
        {"measured rate",
         {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
         {1, 4, 2, 3},
         {1, 3, 2, 0}},
        {"the sample's rate where there is no other",
         {RATE(9), RATE(100), RATE(5), RATE(7)},
         {0, 1, NAN, -3},
         {0, 3, 2, 1}},
        {"an unknown rate is a mean one",
         {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
         {1, 0, 4, 4},
         {2, 3, 1, 0}},
        {"free memory",
         {MEMORY(6 * GIB, 8 * GIB), MEMORY(1 * GIB, 6 * GIB), MEMORY(-1, GIB),
          MEMORY(0, 3 * GIB)},
         {0},
         {1, 2, 3, 0}},
        {"load",
         {LOAD(1, NAN), LOAD(0, NAN), LOAD(0.9, NAN), LOAD(0, NAN)},
         {0},
         {1, 3, 2, 0}},
        {"temperature: none to 70 C, all from 95 C",
         {LOAD(NAN, 99), LOAD(NAN, 95), LOAD(NAN, 30), LOAD(NAN, 70)},
         {0},
         {2, 3, 0, 1}},
        {"temperature: in between",
         {LOAD(NAN, 90), LOAD(NAN, 85), LOAD(NAN, 75), LOAD(NAN, 80)},
         {0},
         {2, 3, 1, 0}},
        {"a faster device is worth some load and heat",
         {LOAD(0, 40), LOAD(0.9, 80), LOAD(0, 40), LOAD(0, 40)},
         {1, 4, 2, 1},
         {2, 1, 0, 3}}, /* 1/4, 0.55 * 0.8, 2/4, 1/4 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t order[4];
        telemetry_rank(rows[i].samples, 4, rows[i].rates, order);
        print_message("%s\n", rows[i].what);
        assert_memory_equal(order, rows[i].order, sizeof order);
    }
    int32_t order[4];
    telemetry_rank(rows[2].samples, 4, NULL, order);
    assert_memory_equal(order, ((int32_t[]){1, 0, 3, 2}), sizeof order);
    telemetry_rank(NULL, 0, NULL, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_are_kept),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_allocation_after_creation),
        cmocka_unit_test(test_creation_fails),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_rank),
    };
    return cmocka_run_group_tests(tests, context_begin, context_end);
}
