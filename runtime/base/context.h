/* context.h -- how a fallible function of the runtime reports: a status and, in the
 * context, the text of the first error. Only the thread that called into the library
 * writes to it; worker threads hand their failures over (see writer.c, pool.c).
 */
#ifndef ODEC_CONTEXT_H
#define ODEC_CONTEXT_H

#include "heap.h"
#include "odec.h"
#include "use.h"

/* What hangs on a context belongs to a room that this one does not see. */
struct context_owned {
    void *object;
    void (*destroy)(void *object);
};

enum { CONTEXT_MAX_OWNED = 8 };

struct odec_context {
    char error[2048];
    struct use use;
    struct heap *heap; /* NULL: malloc's (one in which errors are collected) */
    void (*log)(void *user, odec_log_level level, const char *text); /* NULL: nobody */
    void *log_user;
    struct context_owned owned[CONTEXT_MAX_OWNED]; /* in order of creation */
    int32_t n_owned;
    /* Some of them, each NULL until somebody asks for it: */
    struct memory *host_memory; /* host_memory.h */
    struct gpu_machine *gpus;   /* gpu.h: one a vendor */
    struct rates *rates;        /* rates.h */
    struct sampler *sampler;    /* sampler.h */
};

/* The object goes with the context, before those that were there earlier. */
void context_own(struct odec_context *context, void *object,
                 void (*destroy)(void *object));

/* With all that hangs on it: context_let_go does it. */
void context_free(struct odec_context *context);

/* Records the text unless there is an earlier one, and returns status; without a context
 * (NULL) the status alone. */
odec_status context_fail(struct odec_context *context, odec_status status,
                         const char *format, ...) __attribute__((format(printf, 3, 4)));
odec_status context_out_of_memory(struct odec_context *context);

/* To whoever listens. */
void context_log(struct odec_context *context, odec_log_level level, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/* Over the defaults in `out`, see sized_read; `start` is what callers start from. */
odec_status context_read(struct odec_context *context, void *out, const void *from,
                         const char *name, const char *start);
/* n elements of `given` bytes each into a new list of ours, which are `ours` bytes long and
 * have zero for a default; to be freed. */
odec_status context_read_list(struct odec_context *context, void **out, size_t ours,
                              const void *from, size_t given, int64_t n,
                              const char *name, const char *start);

/* Takes the error's text away, for one that is dealt with. */
void context_move_error(struct odec_context *context, char *out, size_t size);

/* Both return from the function they stand in. */
#define TRY(call)                         \
    do {                                  \
        odec_status try_status_ = (call); \
        if (try_status_ != ODEC_OK) {     \
            return try_status_;           \
        }                                 \
    } while (0)
#define FAIL_IF(condition, context, status, ...)               \
    do {                                                       \
        if (condition) {                                       \
            return context_fail(context, status, __VA_ARGS__); \
        }                                                      \
    } while (0)

#endif
