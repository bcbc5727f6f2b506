/* writer.c -- see writer.h. A ring of portions between two threads. A portion goes to
 * the sink piece by piece, between which the writer looks whether the batch still wants
 * it.
 */
#include "writer.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"

enum { PIECE_BYTES = 1 << 20 }; /* of values */

struct writer {
    pthread_mutex_t mutex;
    pthread_cond_t given;
    pthread_t thread;
    int64_t n_given, n_done;
    bool closing;
    atomic_bool abandoned;
    odec_status status;
    struct event *changed;
    const struct odec_sink *sink;
    struct odec_result *result;
    struct digest digest;
    int32_t capacity;
    struct writer_portion portions[]; /* [capacity] */
};

static void count_runs(struct odec_result *result,
                       const struct odec_run_record *records, int64_t n_runs) {
    for (int64_t i = 0; i < n_runs; i++) {
        const struct odec_run_record *record = &records[i];
        bool known = record->status >= 0 && record->status < ODEC_RUN_STATUS_COUNT;
        result->n_by_status[known ? record->status : ODEC_RUN_NOT_RUN]++;
        result->n_accepted += record->n_accepted;
        result->n_rejected += record->n_rejected;
        result->n_rhs += record->n_rhs;
        result->n_jacobian += record->n_jacobian;
    }
}

static odec_status take_portion(struct writer *writer,
                                const struct writer_portion *portion) {
    const int64_t n_runs = portion->slice.n_runs;
    const size_t run_bytes = portion->bytes / (size_t)n_runs;
    const int64_t most = (int64_t)(PIECE_BYTES / (run_bytes + 1)) + 1;
    for (int64_t done = 0; done < n_runs && !atomic_load(&writer->abandoned);) {
        int64_t n = n_runs - done < most ? n_runs - done : most;
        const char *values = (const char *)portion->values + (size_t)done * run_bytes;
        const struct odec_run_record *records = portion->records + done;
        digest_add(&writer->digest, portion->slice.first + done, values,
                   (size_t)n * run_bytes, records, n);
        count_runs(writer->result, records, n);
        if (writer->sink && writer->sink->write) {
            TRY(writer->sink->write(writer->sink->user, portion->slice.first + done, n,
                                    values, records));
        }
        done += n;
    }
    return ODEC_OK;
}

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
        writer->status = status;
        writer->n_done++;
        pthread_mutex_unlock(&writer->mutex);
        event_raise(writer->changed, NULL);
        pthread_mutex_lock(&writer->mutex);
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

static void writer_free(struct writer *writer) {
    pthread_cond_destroy(&writer->given);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

odec_status writer_create(struct odec_context *context, const struct odec_sink *sink,
                          struct event *changed, struct odec_result *result,
                          int32_t capacity, struct writer **out) {
    *out = NULL;
    struct writer *writer =
        calloc(1, sizeof *writer + (size_t)capacity * sizeof writer->portions[0]);
    if (writer == NULL) {
        return context_out_of_memory(context);
    }
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->given, NULL);
    writer->capacity = capacity;
    writer->changed = changed;
    writer->sink = sink;
    writer->result = result;
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

void writer_give(struct writer *writer, const struct writer_portion *portion) {
    pthread_mutex_lock(&writer->mutex);
    writer->portions[writer->n_given++ % writer->capacity] = *portion;
    pthread_cond_signal(&writer->given);
    pthread_mutex_unlock(&writer->mutex);
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

void writer_destroy(struct writer *writer) {
    if (writer == NULL) {
        return;
    }
    pthread_mutex_lock(&writer->mutex);
    writer->closing = true;
    pthread_cond_signal(&writer->given);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    digest_text(&writer->digest, writer->result->digest);
    writer_free(writer);
}
