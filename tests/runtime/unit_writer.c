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

enum { N_RUNS = 60000, N_VALUES = 25, RUN_BYTES = N_VALUES * sizeof(double) };
enum { MAX_HELPERS = 3, CAPACITY = 4 };

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
static void write_all(int32_t n_helpers, struct stopping *stopping, odec_status *status,
                      struct odec_result *result) {
    struct writer *writer;
    *result = (struct odec_result){0};
    assert_int_equal(writer_create(context, stopping ? &stopping->sink : NULL, &changed,
                                   result, CAPACITY, n_helpers, &writer),
                     ODEC_OK);
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
            {first, n}, values + first, (size_t)n * RUN_BYTES, records + first};
        writer_give(writer, &portion);
        n_given++;
        first += n;
    }
    while (writer_n_done(writer) < n_given) {
        const struct timespec until = clock_after(0.001);
        event_wait(&changed, event_count(&changed), &until);
    }
    *status = writer_status(writer);
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
        digest_add(&digest, i, values + i, RUN_BYTES, record, 1);
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
            write_all(n_helpers, with_sink ? &stopping : NULL, &status, &result);
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
            write_all(n_helpers, &stopping, &status, &result);
            assert_int_equal(status, i % 2 ? ODEC_ERROR_IO : ODEC_OK);
            assert_true(i % 2 ? stopping.n_taken <= places[i / 2]
                              : stopping.n_taken > places[i / 2]);
            assert_result_of(stopping.n_taken, &result);
        }
    }
}

static void test_out_of_memory(void **state) {
    (void)state;
    struct odec_result result = {0};
    for (long n = 1;; n++) {
        struct writer *writer;
        alloc_fail_at(n);
        odec_status status = writer_create(context, NULL, &changed, &result, CAPACITY,
                                           MAX_HELPERS, &writer);
        alloc_fail_at(0);
        if (status == ODEC_OK) {
            assert_in_range(n, 3, 100); /* the writer's own and its helpers' */
            writer_destroy(writer);
            break;
        }
        assert_int_equal(status, ODEC_ERROR_MEMORY);
        assert_null(writer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_with_any_helpers),
        cmocka_unit_test(test_counts_what_the_sink_has),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
