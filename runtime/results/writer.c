/* writer.c -- see writer.h. A ring of portions between two threads. A portion goes to
 * the sink piece by piece, between which the writer looks whether the batch still wants
 * it. Before it writes a piece it sums up one, the same one where there are no helpers;
 * these take the next ones meanwhile.
 */
#include "writer.h"

#include <signal.h>
#include <string.h>

#include "digest.h"
#include "pool.h"

enum { PIECE_BYTES = 1 << 20 }; /* of values */
enum { SMALL_BYTES = 1 << 16 }; /* of results */
enum { HELPER_STACK = 1 << 20 };

/* What runs add to the result, in any order. */
struct sums {
    struct digest digest;
    int64_t n_by_status[ODEC_RUN_STATUS_COUNT];
    int64_t n_accepted, n_rejected, n_rhs, n_jacobian;
};

/* The portion that is being taken. */
struct taking {
    struct writer_portion portion;
    const struct writer_request *request;
    int64_t piece_runs;
    atomic_llong next; /* run that nobody has summed up */
    pthread_mutex_t mutex;
    struct sums sums;
};

struct writer {
    pthread_mutex_t mutex;
    pthread_cond_t given, idle; /* idle: all that was given is done */
    pthread_t thread;
    int64_t n_given, n_done;
    bool closing;
    atomic_bool abandoned;
    odec_status status;
    struct writer_request request;
    struct sums sums; /* of all portions done */
    struct taking taking;
    struct pool *helpers;  /* NULL: none; they stay while as many are wanted */
    struct event finished; /* by the helpers */
    int32_t capacity;
    struct writer_portion portions[]; /* [capacity] */
};

/* ---- sums ---- */

static void sums_count(struct sums *sums, const struct place *at, int64_t n_runs) {
    for (int64_t i = 0; i < n_runs; i++) {
        const struct odec_run_record *record = &at->records[i * at->record_stride];
        bool known = record->status >= 0 && record->status < ODEC_RUN_STATUS_COUNT;
        sums->n_by_status[known ? record->status : ODEC_RUN_NOT_RUN]++;
        sums->n_accepted += record->n_accepted;
        sums->n_rejected += record->n_rejected;
        sums->n_rhs += record->n_rhs;
        sums->n_jacobian += record->n_jacobian;
    }
}

static void sums_merge(struct sums *sums, const struct sums *other) {
    digest_merge(&sums->digest, &other->digest);
    for (int i = 0; i < ODEC_RUN_STATUS_COUNT; i++) {
        sums->n_by_status[i] += other->n_by_status[i];
    }
    sums->n_accepted += other->n_accepted;
    sums->n_rejected += other->n_rejected;
    sums->n_rhs += other->n_rhs;
    sums->n_jacobian += other->n_jacobian;
}

static void sums_tell(const struct sums *sums, bool has_digest,
                      struct odec_result *result) {
    memcpy(result->n_by_status, sums->n_by_status, sizeof sums->n_by_status);
    result->n_accepted = sums->n_accepted;
    result->n_rejected = sums->n_rejected;
    result->n_rhs = sums->n_rhs;
    result->n_jacobian = sums->n_jacobian;
    result->digest[0] = '\0';
    if (has_digest) {
        digest_text(&sums->digest, result->digest);
    }
}

/* ---- one portion ---- */

static struct place place_of(const struct taking *taking, int64_t run) {
    return place_after(&taking->portion.at, &taking->request->shape, run);
}

static int64_t piece_from(const struct taking *taking, int64_t run) {
    const int64_t left = taking->portion.slice.n_runs - run;
    return left < taking->piece_runs ? left : taking->piece_runs;
}

/* And copies it to the output. */
static void sum_piece(const struct taking *taking, int64_t run, int64_t n,
                      struct sums *sums) {
    const struct shape *shape = &taking->request->shape;
    const int64_t first = taking->portion.slice.first + run;
    const struct place at = place_of(taking, run);
    const struct place to = place_after(&taking->request->output, shape, first);
    if (!taking->request->without_digest) {
        digest_add(&sums->digest, first, &at, shape, n);
    }
    sums_count(sums, &at, n);
    place_copy(&to, &at, shape, n);
}

/* Sums up a piece that nobody has; false: there is none. */
static bool sum_next_piece(struct taking *taking, struct sums *sums) {
    const int64_t run = atomic_fetch_add(&taking->next, taking->piece_runs);
    if (run >= taking->portion.slice.n_runs) {
        return false;
    }
    sum_piece(taking, run, piece_from(taking, run), sums);
    return true;
}

static void help(void *user, int32_t worker) {
    (void)worker;
    struct taking *taking = user;
    struct sums sums = {0};
    while (sum_next_piece(taking, &sums)) {
    }
    pthread_mutex_lock(&taking->mutex);
    sums_merge(&taking->sums, &sums);
    pthread_mutex_unlock(&taking->mutex);
}

/* *done: runs that the sink has. All are summed up, or being so, where it has all. */
static odec_status write_pieces(struct writer *writer, struct sums *sums,
                                int64_t *done) {
    struct taking *taking = &writer->taking;
    const struct slice slice = taking->portion.slice;
    const struct odec_sink *sink = writer->request.sink;
    while (*done < slice.n_runs && !atomic_load(&writer->abandoned)) {
        const int64_t n = piece_from(taking, *done);
        sum_next_piece(taking, sums);
        if (sink && sink->write) {
            const struct place at = place_of(taking, *done);
            const odec_portion portion = {.size = sizeof portion,
                                          .first_run = slice.first + *done,
                                          .n_runs = n,
                                          .values = at.values,
                                          .records = at.records};
            TRY(sink->write(sink->user, &portion));
        }
        *done += n;
    }
    return ODEC_OK;
}

static odec_status take_portion(struct writer *writer,
                                const struct writer_portion *portion) {
    struct taking *taking = &writer->taking;
    struct sums sums = {0};
    int64_t done = 0;
    taking->portion = *portion;
    taking->request = &writer->request;
    const struct shape *shape = &writer->request.shape;
    taking->piece_runs =
        PIECE_BYTES / (shape->n_saves * shape->n_columns * (int64_t)shape->scalar + 1) +
        1;
    atomic_store(&taking->next, 0);
    taking->sums = (struct sums){0};
    struct pool_job job = {.work = help, .user = taking, .finished = &writer->finished};
    if (writer->helpers) {
        pool_submit(writer->helpers, &job);
    }
    odec_status status = write_pieces(writer, &sums, &done);
    if (done < portion->slice.n_runs) {
        atomic_store(&taking->next, portion->slice.n_runs);
    }
    if (writer->helpers) {
        pool_wait(&job);
    }
    sums_merge(&sums, &taking->sums);
    if (done < portion->slice.n_runs) { /* what the sink has counts, no more */
        sums = (struct sums){0};
        for (int64_t run = 0; run < done; run += piece_from(taking, run)) {
            sum_piece(taking, run, piece_from(taking, run), &sums);
        }
    }
    sums_merge(&writer->sums, &sums);
    return status;
}

/* ---- the thread ---- */

static void *writer_main(void *user) {
    struct writer *writer = user;
    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        while (writer->n_done == writer->n_given && !writer->closing) {
            pthread_cond_wait(&writer->given, &writer->mutex);
        }
        if (writer->n_done == writer->n_given) {
            break;
        }
        struct writer_portion portion =
            writer->portions[writer->n_done % writer->capacity];
        odec_status status = writer->status;
        pthread_mutex_unlock(&writer->mutex);
        if (status == ODEC_OK) {
            status = take_portion(writer, &portion);
        }
        pthread_mutex_lock(&writer->mutex);
        event_raise(writer->request.changed, NULL); /* who looks waits for the mutex */
        writer->status = status;
        writer->n_done++;
        if (writer->n_done == writer->n_given) {
            pthread_cond_signal(&writer->idle);
        }
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

static void writer_free(struct writer *writer) {
    pool_destroy(writer->helpers);
    event_destroy(&writer->finished);
    pthread_mutex_destroy(&writer->taking.mutex);
    pthread_cond_destroy(&writer->idle);
    pthread_cond_destroy(&writer->given);
    pthread_mutex_destroy(&writer->mutex);
    heap_give(writer);
}

odec_status writer_create(struct odec_context *context, int32_t capacity,
                          struct writer **out) {
    *out = NULL;
    struct writer *writer =
        heap_take(context->heap, 1,
                  sizeof *writer + (size_t)capacity * sizeof writer->portions[0]);
    if (writer == NULL) {
        return context_out_of_memory(context);
    }
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->given, NULL);
    pthread_cond_init(&writer->idle, NULL);
    pthread_mutex_init(&writer->taking.mutex, NULL);
    event_init(&writer->finished);
    writer->capacity = capacity;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&writer->thread, NULL, writer_main, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        writer_free(writer);
        return context_fail(context, ODEC_ERROR_DEVICE,
                            "cannot start the writing thread: %s", strerror(error));
    }
    *out = writer;
    return ODEC_OK;
}

void writer_destroy(struct writer *writer) {
    if (writer == NULL) {
        return;
    }
    pthread_mutex_lock(&writer->mutex);
    writer->closing = true;
    pthread_cond_signal(&writer->given);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    writer_free(writer);
}

/* ---- a batch ---- */

odec_status writer_begin(struct odec_context *context, struct writer *writer,
                         const struct writer_request *request) {
    const int32_t n_helpers = request->n_helpers;
    if (n_helpers != (writer->helpers ? pool_n_threads(writer->helpers) : 0)) {
        pool_destroy(writer->helpers);
        writer->helpers = NULL;
        TRY(n_helpers > 0
                ? pool_create(context, n_helpers, HELPER_STACK, &writer->helpers)
                : ODEC_OK);
    }
    pthread_mutex_lock(&writer->mutex);
    writer->request = *request;
    writer->n_given = writer->n_done = 0;
    writer->status = ODEC_OK;
    writer->sums = (struct sums){0};
    atomic_store(&writer->abandoned, false);
    pthread_mutex_unlock(&writer->mutex);
    return ODEC_OK;
}

void writer_end(struct writer *writer) {
    pthread_mutex_lock(&writer->mutex);
    while (writer->n_done < writer->n_given) {
        pthread_cond_wait(&writer->idle, &writer->mutex);
    }
    pthread_mutex_unlock(&writer->mutex);
    sums_tell(&writer->sums, !writer->request.without_digest, writer->request.result);
}

/* So little that handing it over would take longer. The thread has nothing in hand. */
static bool is_small(const struct writer *writer,
                     const struct writer_portion *portion) {
    const struct shape *shape = &writer->request.shape;
    const int64_t bytes = shape->n_saves * shape->n_columns * (int64_t)shape->scalar +
                          (int64_t)sizeof(struct odec_run_record);
    return writer->request.sink == NULL && writer->n_done == writer->n_given &&
           portion->slice.n_runs <= SMALL_BYTES / bytes;
}

void writer_give(struct writer *writer, const struct writer_portion *portion) {
    pthread_mutex_lock(&writer->mutex);
    const bool small = is_small(writer, portion);
    if (!small) {
        writer->portions[writer->n_given++ % writer->capacity] = *portion;
        pthread_cond_signal(&writer->given);
    }
    pthread_mutex_unlock(&writer->mutex);
    if (small) {
        take_portion(writer, portion); /* without a sink it does not fail */
        pthread_mutex_lock(&writer->mutex);
        writer->n_given++;
        writer->n_done++;
        pthread_mutex_unlock(&writer->mutex);
    }
}

int64_t writer_n_done(struct writer *writer) {
    pthread_mutex_lock(&writer->mutex);
    int64_t n = writer->n_done;
    pthread_mutex_unlock(&writer->mutex);
    return n;
}

odec_status writer_status(struct writer *writer) {
    pthread_mutex_lock(&writer->mutex);
    odec_status status = writer->status;
    pthread_mutex_unlock(&writer->mutex);
    return status;
}

void writer_abandon(struct writer *writer) { atomic_store(&writer->abandoned, true); }
