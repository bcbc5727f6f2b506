/* unit_writer.c -- whatever helps the writer, and however a batch comes to its end, the
 * counts and the digest are those of the runs that the sink has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "digest.h"
#include "failing_alloc.h"
#include "random.h"
#include "writer.h"

enum { N_RUNS = 60000, N_SAVES = 5, N_COLUMNS = 5, N_VALUES = N_SAVES * N_COLUMNS };
enum { MAX_HELPERS = 3, CAPACITY = 4 };

static const struct shape shape = {N_SAVES, N_COLUMNS, sizeof(double)};

static odec_context *context;
static struct event changed;
static double (*values)[N_VALUES]; /* [N_RUNS] */
static struct odec_run_record *records;

static int setup(void **state) {
    (void)state;
    values = malloc(N_RUNS * sizeof *values);
    records = calloc(N_RUNS, sizeof *records);
    for (int64_t i = 0; values && records && i < N_RUNS; i++) {
        for (int k = 0; k < N_VALUES; k++) {
            values[i][k] = random_real();
        }
        records[i] = (struct odec_run_record){
            .status = (int)random_in(-1, ODEC_RUN_STATUS_COUNT), /* two are unknown */
            .n_accepted = (int)random_in(0, 1000),
            .n_rejected = (int)random_in(0, 100),
            .n_rhs = (int)random_in(0, 10000),
            .n_jacobian = (int)random_in(0, 10)};
    }
    event_init(&changed);
    return !values || !records || odec_context_create(&context) != ODEC_OK;
}

static int teardown(void **state) {
    (void)state;
    odec_context_destroy(context);
    event_destroy(&changed);
    free(values);
    free(records);
    return 0;
}

/* ---- a sink that stops ---- */

struct stopping {
    struct odec_sink sink;
    struct writer *writer;
    int64_t n_taken;  /* runs, in order, without a gap */
    int64_t fails_at; /* the run from which on it takes none; -1: never */
    int64_t stops_at; /* the run at which the batch is given up; -1: never */
};

static odec_status take(void *user, const odec_portion *portion) {
    struct stopping *stopping = user;
    const int64_t first = portion->first_run, n_runs = portion->n_runs;
    assert_int_equal(first, stopping->n_taken);
    assert_ptr_equal(portion->values, values + first);
    assert_ptr_equal(portion->records, records + first);
    if (stopping->fails_at >= 0 && first + n_runs > stopping->fails_at) {
        return ODEC_ERROR_IO;
    }
    stopping->n_taken += n_runs;
    if (stopping->stops_at >= 0 && stopping->n_taken > stopping->stops_at) {
        writer_abandon(stopping->writer);
    }
    return ODEC_OK;
}

/* All runs in portions of random lengths through a writer. */
static void write_all(int32_t n_helpers, struct stopping *stopping,
                      const struct place *output, odec_status *status,
                      struct odec_result *result) {
    struct writer *writer;
    *result = (struct odec_result){0};
    const struct writer_request request = {.sink = stopping ? &stopping->sink : NULL,
                                           .output =
                                               output ? *output : (struct place){0},
                                           .shape = shape,
                                           .changed = &changed,
                                           .result = result,
                                           .n_helpers = n_helpers};
    assert_int_equal(writer_create(context, CAPACITY, &writer), ODEC_OK);
    assert_int_equal(writer_begin(context, writer, &request), ODEC_OK);
    if (stopping) {
        stopping->sink = (struct odec_sink){
            .size = sizeof(struct odec_sink), .user = stopping, .write = take};
        stopping->writer = writer;
    }
    int64_t n_given = 0;
    for (int64_t first = 0; first < N_RUNS;) {
        const uint64_t seen = event_count(&changed);
        if (n_given - writer_n_done(writer) == CAPACITY) {
            const struct timespec until = clock_after(1);
            event_wait(&changed, seen, &until);
            continue;
        }
        int64_t n = random_in(1, N_RUNS / 3);
        n = n < N_RUNS - first ? n : N_RUNS - first;
        const struct writer_portion portion = {
            {first, n}, place_in_order(&shape, values + first, records + first)};
        writer_give(writer, &portion);
        n_given++;
        first += n;
    }
    while (writer_n_done(writer) < n_given) {
        const struct timespec until = clock_after(0.001);
        event_wait(&changed, event_count(&changed), &until);
    }
    *status = writer_status(writer);
    writer_end(writer);
    writer_destroy(writer);
}

/* Of the first runs, one after another. */
static void assert_result_of(int64_t n_runs, const struct odec_result *result) {
    struct odec_result expected = {0};
    struct digest digest = {0};
    for (int64_t i = 0; i < n_runs; i++) {
        const struct odec_run_record *record = &records[i];
        const bool known =
            record->status >= 0 && record->status < ODEC_RUN_STATUS_COUNT;
        expected.n_by_status[known ? record->status : ODEC_RUN_NOT_RUN]++;
        expected.n_accepted += record->n_accepted;
        expected.n_rejected += record->n_rejected;
        expected.n_rhs += record->n_rhs;
        expected.n_jacobian += record->n_jacobian;
        const struct place at = place_in_order(&shape, values + i, &records[i]);
        digest_add(&digest, i, &at, &shape, 1);
    }
    digest_text(&digest, expected.digest);
    assert_memory_equal(result, &expected, sizeof expected);
}

static void test_same_with_any_helpers(void **state) {
    (void)state;
    for (int32_t n_helpers = 0; n_helpers <= MAX_HELPERS; n_helpers++) {
        for (int with_sink = 0; with_sink < 2; with_sink++) {
            struct stopping stopping = {.fails_at = -1, .stops_at = -1};
            struct odec_result result;
            odec_status status;
            write_all(n_helpers, with_sink ? &stopping : NULL, NULL, &status, &result);
            assert_int_equal(status, ODEC_OK);
            assert_int_equal(stopping.n_taken, with_sink ? N_RUNS : 0);
            assert_result_of(N_RUNS, &result);
        }
    }
}

static void test_counts_what_the_sink_has(void **state) {
    (void)state;
    static const int64_t places[] = {0, 1, N_RUNS / 3, N_RUNS - 1};
    for (int32_t n_helpers = 0; n_helpers <= MAX_HELPERS; n_helpers++) {
        for (int i = 0; i < 8; i++) {
            struct stopping stopping = {.fails_at = i % 2 ? places[i / 2] : -1,
                                        .stops_at = i % 2 ? -1 : places[i / 2]};
            struct odec_result result;
            odec_status status;
            write_all(n_helpers, &stopping, NULL, &status, &result);
            assert_int_equal(status, i % 2 ? ODEC_ERROR_IO : ODEC_OK);
            assert_true(i % 2 ? stopping.n_taken <= places[i / 2]
                              : stopping.n_taken > places[i / 2]);
            assert_result_of(stopping.n_taken, &result);
        }
    }
}

/* Runs fastest, columns backwards, every other record: copied by whatever helps, and of
 * there with the same digest. */
static void test_into_the_callers_memory(void **state) {
    (void)state;
    double *to = malloc(sizeof(double) * N_VALUES * N_RUNS);
    struct odec_run_record *to_records = calloc(2 * N_RUNS, sizeof *to_records);
    assert_true(to && to_records);
    const struct place output = {.values =
                                     (char *)(to + (N_COLUMNS - 1) * (int64_t)N_RUNS),
                                 .run_stride = 1,
                                 .save_stride = N_COLUMNS * (int64_t)N_RUNS,
                                 .column_stride = -N_RUNS,
                                 .records = to_records,
                                 .record_stride = 2};
    for (int32_t n_helpers = 0; n_helpers <= MAX_HELPERS; n_helpers += MAX_HELPERS) {
        struct odec_result result;
        odec_status status;
        memset(to, 0, sizeof(double) * N_VALUES * N_RUNS);
        memset(to_records, 0, 2 * N_RUNS * sizeof *to_records);
        write_all(n_helpers, NULL, &output, &status, &result);
        assert_int_equal(status, ODEC_OK);
        assert_result_of(N_RUNS, &result);
        for (int64_t i = 0; i < N_RUNS; i++) {
            for (int64_t k = 0; k < N_VALUES; k++) {
                const int64_t save = k / N_COLUMNS, column = k % N_COLUMNS;
                assert_true(
                    to[(save * N_COLUMNS + N_COLUMNS - 1 - column) * N_RUNS + i] ==
                    values[i][k]);
            }
            assert_memory_equal(&to_records[2 * i], &records[i], sizeof *records);
            assert_true(to_records[2 * i + 1].n_rhs == 0);
        }
        struct digest digest = {0};
        digest_add(&digest, 0, &output, &shape, N_RUNS);
        digest_text(&digest, result.digest);
        assert_result_of(N_RUNS, &result);
    }
    free(to);
    free(to_records);
}

/* Runs of all lengths around those that are gathered at once. */
static void test_digest_in_any_order(void **state) {
    (void)state;
    enum { N = 3, MOST = 2200 };
    static float in_order[N * MOST], columns_first[N * MOST];
    for (int64_t n_saves = 3; n_saves <= MOST; n_saves += n_saves < 2000 ? 37 : 1) {
        for (int64_t n_columns = 1; n_columns <= 3; n_columns += 2) {
            const int64_t n = n_saves / n_columns;
            const struct shape of = {n, n_columns, sizeof(float)};
            const struct place a = place_in_order(&of, in_order, records);
            struct place b = a;
            b.values = (char *)columns_first;
            b.column_stride = n;
            b.save_stride = 1;
            for (int64_t i = 0; i < N * n * n_columns; i++) {
                in_order[i] = (float)random_real();
            }
            place_copy(&b, &a, &of, N);
            struct digest digests[2] = {{0}, {0}};
            digest_add(&digests[0], 5, &a, &of, N);
            digest_add(&digests[1], 5, &b, &of, N);
            assert_memory_equal(&digests[0], &digests[1], sizeof digests[0]);
        }
    }
}

static void test_out_of_memory(void **state) {
    (void)state;
    struct odec_result result = {0};
    for (long n = 1;; n++) {
        odec_context *own; /* in which nothing is kept of the time before */
        struct writer *writer;
        assert_int_equal(odec_context_create(&own), ODEC_OK);
        const struct writer_request request = {.shape = shape,
                                               .changed = &changed,
                                               .result = &result,
                                               .n_helpers = MAX_HELPERS};
        alloc_fail_at(n);
        odec_status status = writer_create(own, CAPACITY, &writer);
        if (status == ODEC_OK) {
            status = writer_begin(own, writer, &request);
        } else {
            assert_null(writer);
        }
        alloc_fail_at(0);
        writer_destroy(writer);
        odec_context_destroy(own);
        if (status == ODEC_OK) {
            assert_in_range(n, 3, 100); /* the writer's own and its helpers' */
            break;
        }
        assert_int_equal(status, ODEC_ERROR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_with_any_helpers),
        cmocka_unit_test(test_counts_what_the_sink_has),
        cmocka_unit_test(test_into_the_callers_memory),
        cmocka_unit_test(test_digest_in_any_order),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
