/* writer.h -- the thread that takes finished portions, one after another as they are
 * given: digests them, counts how the runs ended, copies them to the caller's memory and
 * hands them to the sink, while the
 * devices compute the next ones. Helpers digest with it: a GPU finishes runs faster
 * than one thread does.
 */
#ifndef ODEC_WRITER_H
#define ODEC_WRITER_H

#include "context.h"
#include "event.h"
#include "output.h"
#include "plan.h"

struct writer;

struct writer_portion {
    struct slice slice;
    struct place at; /* of the first */
};

/* To whom results go. */
struct writer_request {
    const struct odec_sink *sink; /* NULL: to none. Portions for it are in C order */
    struct place output;          /* of run 0; nowhere, or where portions are already */
    struct shape shape;
    bool without_digest;        /* nor need portions have values */
    struct event *changed;      /* raised whenever the thread is done with a portion */
    struct odec_result *result; /* counts are the writer's until writer_end */
    int32_t n_helpers;
};

/* A thread that waits for batches, with room for so many portions at once. */
odec_status writer_create(struct odec_context *context, int32_t capacity,
                          struct writer **out);
/* Not between writer_begin and writer_end. */
void writer_destroy(struct writer *writer);

odec_status writer_begin(struct odec_context *context, struct writer *writer,
                         const struct writer_request *request);
/* Finishes what was given, and writes the digest into the result. */
void writer_end(struct writer *writer);

/* At most `capacity` are in its hands at once; they stay where they are until then. What is
 * small and goes to no sink is done with when the call returns. */
void writer_give(struct writer *writer, const struct writer_portion *portion);
int64_t writer_n_done(struct writer *writer);

/* The batch has failed: what the sink was not given yet is dropped, so that the end is
 * near. */
void writer_abandon(struct writer *writer);

/* The sink's first failure, or ODEC_OK. After one nothing is given to the sink any
 * more. */
odec_status writer_status(struct writer *writer);

#endif
