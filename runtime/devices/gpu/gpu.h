/* gpu.h -- the GPUs of a context: each vendor's libraries, opened once, and for each GPU in
 * use its context and its memory, shared by all solvers on it.
 */
#ifndef ODEC_GPU_H
#define ODEC_GPU_H

#include <pthread.h>
#include <stdatomic.h>

#include "gpu_calls.h"
#include "memory.h"

struct gpu_machine;

struct gpu {
    const struct gpu_calls *calls;
    const struct gpu_library *library;
    struct gpu_machine *machine;
    int32_t ordinal;
    int32_t n_users;
    char name[16]; /* "cuda:0" */
    /* by `retain`: */
    char description[128];              /* the vendor's name and its size */
    int handle;                         /* the vendor's, */
    void *context;                      /* and its context, retained */
    int architecture;                   /* in the vendor's counting */
    int n_multiprocessors, max_threads; /* of a multiprocessor */
    /* A fatal error has killed the context: nothing is called any more, and what it had
     * is gone with it. Any thread may set it. */
    atomic_bool is_dead;
    pthread_mutex_t mutex;       /* of the next */
    char death[GPU_REASON_SIZE]; /* what has killed it, in words */
    struct memory *memory;
    int64_t free_bytes; /* when it was opened */
};

/* The vendor's libraries in this context, opened at the first call; says in `missing` what
 * is not there. */
const struct gpu_library *context_gpus(struct odec_context *context,
                                       const struct gpu_calls *calls);
/* Does the context use this GPU already? */
bool context_uses_gpu(const struct odec_context *context, const struct gpu_calls *calls,
                      int32_t ordinal);

/* Has the program an image for GPUs of this vendor? Then no text need be compiled. */
static inline bool gpu_has_image(const struct gpu_calls *calls,
                                 const struct odec_program *program) {
    return calls && program && program->images[calls->target];
}

/* The GPU for one more user. A dead one is opened anew once its users have left. */
odec_status gpu_acquire(struct odec_context *context, const struct gpu_calls *calls,
                        int32_t ordinal, struct gpu **out);
void gpu_release(struct gpu *gpu);

/* Makes its context the calling thread's for a while. False: it is dead, and nothing is
 * to be called. */
bool gpu_enter(struct gpu *gpu);
void gpu_leave(struct gpu *gpu);

/* ODEC_ERROR_DEVICE and the reason where it is dead. */
odec_status gpu_check(struct odec_context *context, struct gpu *gpu);

/* False where a call has failed: `reason` gets "cuda:0: WHAT: out of memory (...)"
 * unless it has one, and a fatal error is taken note of. */
bool gpu_succeeded(struct gpu *gpu, int result, const char *what,
                   char reason[GPU_REASON_SIZE]);

/* For a call that gives something back, which it does even where it says otherwise;
 * left out where the context has died and all is gone anyway. */
#define GPU_GIVE_BACK(gpu, call)                               \
    do {                                                       \
        char ignored_[GPU_REASON_SIZE] = "";                   \
        if (!atomic_load(&(gpu)->is_dead)) {                   \
            gpu_succeeded(gpu, call, "giving back", ignored_); \
        }                                                      \
    } while (0)

#endif
