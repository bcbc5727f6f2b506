/* bench_writer.c -- how fast results are digested and counted, by the writer's thread
 * alone and with helpers: 8 million runs of 3 doubles, in the portions of a GPU.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cpu_features.h"
#include "writer.h"

enum { N_VALUES = 3, PORTION_RUNS = (16 << 20) / (8 * N_VALUES), N_PORTIONS = 12 };
enum { CAPACITY = 2, MAX_HELPERS = 7 };

struct bench {
    odec_context *context;
    struct event changed;
    double *values; /* [PORTION_RUNS][N_VALUES] */
    struct odec_run_record *records;
    char digest[33]; /* of the first time */
};

/* ns a run of wall time; 0: it failed, or the digest is another. */
static double write_all(struct bench *b, int n_helpers) {
    struct odec_result result = {0};
    struct writer *writer;
    const struct writer_request request = {.shape = {1, N_VALUES, sizeof(double)},
                                           .changed = &b->changed,
                                           .result = &result,
                                           .n_helpers = n_helpers};
    if (writer_create(b->context, CAPACITY, &writer) != ODEC_OK) {
        return 0;
    }
    if (writer_begin(b->context, writer, &request) != ODEC_OK) {
        writer_destroy(writer);
        return 0;
    }
    const double start = clock_seconds();
    for (int64_t n_given = 0; writer_n_done(writer) < N_PORTIONS;) {
        const uint64_t seen = event_count(&b->changed);
        if (n_given < N_PORTIONS && n_given - writer_n_done(writer) < CAPACITY) {
            const struct writer_portion portion = {
                {n_given++ * PORTION_RUNS, PORTION_RUNS},
                place_in_order(&request.shape, b->values, b->records)};
            writer_give(writer, &portion);
        } else if (writer_n_done(writer) < N_PORTIONS) {
            const struct timespec until = clock_after(0.01);
            event_wait(&b->changed, seen, &until);
        }
    }
    const double seconds = clock_seconds() - start;
    writer_end(writer);
    writer_destroy(writer);
    if (b->digest[0] == '\0') {
        memcpy(b->digest, result.digest, sizeof b->digest);
    }
    return strcmp(b->digest, result.digest) == 0
               ? 1e9 * seconds / ((double)N_PORTIONS * PORTION_RUNS)
               : 0;
}

static bool measure(const struct bench_options *o, struct bench *b) {
    const int n_cores = cpu_usable_cores();
    const int most = n_cores - 1 < MAX_HELPERS ? n_cores - 1 : MAX_HELPERS;
    struct sample ns[MAX_HELPERS + 1] = {{0}};
    for (int i = 0; i < o->repeats; i++) {
        for (int k = 0; k <= most; k++) {
            const double x = write_all(b, k);
            if (x <= 0) {
                return report_failure("writer", "a digest failed, or is another");
            }
            sample_add(&ns[k], x);
        }
    }
    for (int k = 0; k <= most; k++) {
        char what[32];
        snprintf(what, sizeof what, "%d helper%s", k, k == 1 ? "" : "s");
        report_value(o, "writer", what, sample_median(&ns[k]), "ns/run");
    }
    return true;
}

bool bench_writer(const struct bench_options *o) {
    struct bench b = {
        .values = malloc(sizeof(double) * N_VALUES * PORTION_RUNS),
        .records = calloc(PORTION_RUNS, sizeof(struct odec_run_record)),
    };
    report_title("writer", "8,388,600 runs of 3 doubles, digested and counted");
    bool ok = b.values && b.records && odec_context_create(&b.context) == ODEC_OK;
    event_init(&b.changed);
    for (int i = 0; ok && i < N_VALUES * PORTION_RUNS; i++) {
        b.values[i] = 1.25 * i;
    }
    ok = ok ? measure(o, &b) : report_failure("writer", "out of memory");
    event_destroy(&b.changed);
    odec_context_destroy(b.context);
    free(b.values);
    free(b.records);
    return ok;
}
