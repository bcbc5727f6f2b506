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
    struct event *changed;      /* raised whenever a portion is done with */
    struct odec_result *result; /* counts are the writer's until it is finished */
    int32_t capacity;
    int32_t n_helpers;
};

odec_status writer_create(struct odec_context *context,
                          const struct writer_request *request, struct writer **out);

/* At most `capacity` are in its hands at once; they stay where they are until then. */
void writer_give(struct writer *writer, const struct writer_portion *portion);
int64_t writer_n_done(struct writer *writer);

/* The batch has failed: what the sink was not given yet is dropped, so that the end is
 * near. */
void writer_abandon(struct writer *writer);

/* The sink's first failure, or ODEC_OK. After one nothing is given to the sink any
 * more. */
odec_status writer_status(struct writer *writer);

/* Finishes what was given, ends the thread. Writes the digest into the result. */
void writer_destroy(struct writer *writer);

#endif
