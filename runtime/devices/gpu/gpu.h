/* cuda_gpu.h -- the GPUs of a context: CUDA's libraries, opened once, and for each GPU
 * in use its primary context and its memory, shared by all solvers on it.
 */
#ifndef ODEC_CUDA_GPU_H
#define ODEC_CUDA_GPU_H

#include <pthread.h>
#include <stdatomic.h>

#include "cuda_api.h"
#include "memory.h"

enum { CUDA_REASON_SIZE = 256 };

struct cuda_machine;

struct cuda_gpu {
    const struct cuda_api *api;
    struct cuda_machine *machine;
    int32_t ordinal;
    int32_t n_users;
    char name[16];         /* "cuda:0" */
    char description[128]; /* the vendor's name and its size */
    CUdevice device;
    CUcontext context; /* the primary one, retained */
    /* A fatal error has killed the context: nothing is called any more, and what it had
     * is gone with it. Any thread may set it. */
    atomic_bool is_dead;
    pthread_mutex_t mutex;              /* of the next */
    char death[CUDA_REASON_SIZE];       /* what has killed it, in words */
    int architecture;                   /* 90 for compute capability 9.0 */
    int n_multiprocessors, max_threads; /* of a multiprocessor */
    struct memory *memory;
    int64_t free_bytes; /* when it was opened */
};

/* The context's, opened at the first call; says in `missing` what is not there. */
const struct cuda_api *context_cuda(struct odec_context *context);
/* Does the context use this GPU already? */
bool context_uses_gpu(const struct odec_context *context, int32_t ordinal);

/* The GPU for one more user. A dead one is opened anew once its users have left. */
odec_status cuda_gpu_acquire(struct odec_context *context, int32_t ordinal,
                             struct cuda_gpu **out);
void cuda_gpu_release(struct cuda_gpu *gpu);

/* Makes its context the calling thread's for a while. False: it is dead, and nothing is
 * to be called. */
bool cuda_gpu_enter(struct cuda_gpu *gpu);
void cuda_gpu_leave(struct cuda_gpu *gpu);

/* ODEC_ERROR_DEVICE and the reason where it is dead. */
odec_status cuda_gpu_check(struct odec_context *context, struct cuda_gpu *gpu);

/* False where a call has failed: `reason` gets "cuda:0: WHAT: out of memory (...)"
 * unless it has one, and a fatal error is taken note of. */
bool cuda_succeeded(struct cuda_gpu *gpu, CUresult result, const char *what,
                    char reason[CUDA_REASON_SIZE]);

/* For a call that gives something back, which it does even where it says otherwise;
 * left out where the context has died and all is gone anyway. */
#define CUDA_GIVE_BACK(gpu, call)                               \
    do {                                                        \
        char ignored_[CUDA_REASON_SIZE] = "";                   \
        if (!atomic_load(&(gpu)->is_dead)) {                    \
            cuda_succeeded(gpu, call, "giving back", ignored_); \
        }                                                       \
    } while (0)

#endif
