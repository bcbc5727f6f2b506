/* gpu_calls.h -- what one vendor's driver does for the policy of this room: a table of its
 * calls, each in a few lines, and nothing decided. A second vendor is one such table and a
 * row of backends.def.
 *
 * Calls return the vendor's own number, 0 where all went well; gpu_succeeded (gpu.h) makes
 * words and consequences of it. Streams, events, modules and functions are the vendor's
 * handles. All but those of a library are made within the GPU's context (gpu_enter).
 */
#ifndef ODEC_GPU_CALLS_H
#define ODEC_GPU_CALLS_H

#include "bytes.h"
#include "cache.h"
#include "context.h"

struct gpu;

typedef unsigned long long gpu_address; /* in a GPU's memory; 0: none */
typedef void *gpu_stream, *gpu_event, *gpu_module, *gpu_function;

enum { GPU_REASON_SIZE = 256, GPU_TEXT_SIZE = 160 };

/* What policy tells apart. FATAL: the context is dead. Nothing of it can be freed, and only
 * its release is allowed. */
enum gpu_outcome { GPU_DONE, GPU_NOT_READY, GPU_NO_MEMORY, GPU_FAILED, GPU_FATAL };

/* Whose memory an address is in: the allocation from its start on. */
enum gpu_memory_kind { GPU_MEMORY_NONE, GPU_MEMORY_HOST, GPU_MEMORY_DEVICE };
struct gpu_extent {
    enum gpu_memory_kind kind; /* NONE: the vendor knows of none; the rest is not set */
    int ordinal;               /* of the GPU, */
    void *context;             /* and its vendor's context; NULL: of none */
    gpu_address start;
    size_t bytes;
};

/* A stream of this context, of another one, or one that is recorded and not done. */
enum gpu_stream_kind { GPU_STREAM_OWN, GPU_STREAM_FOREIGN, GPU_STREAM_RECORDED };

/* Rows of a copy to a GPU's memory. */
struct gpu_rows {
    gpu_address to, from; /* of the first */
    bool from_host; /* `from` is pinned memory of the host, else of the same GPU */
    size_t to_pitch, from_pitch; /* from one row to the next, at least `bytes` */
    size_t bytes, n;             /* of a row; rows */
};

/* The vendor's libraries, opened once in a context. */
struct gpu_library {
    struct heap *heap; /* the context's; there before it is opened */
    void *api;         /* the vendor's */
    int32_t n_devices;
    const char *missing; /* why none can be used, "" where they can */
    const char
        *compiler; /* path of the one that makes images, and why there is none: then */
    const char *no_compiler; /* programs that have images can be used alone; "" */
    int driver_version;      /* in CUDA's counting */
};

struct gpu_calls {
    const char *kind;  /* "cuda" */
    const char *title; /* "CUDA" */
    enum odec_target target;

    /* ---- libraries ---- */
    bool (*library_open)(
        struct gpu_library *out); /* false: there is no memory for it */
    void (*library_close)(struct gpu_library *library);
    enum gpu_outcome (*outcome)(int result);
    /* "out of memory (CUDA_ERROR_OUT_OF_MEMORY)" */
    const char *(*text)(const struct gpu_library *library, int result,
                        char text[GPU_TEXT_SIZE]);

    /* ---- one GPU ---- */
    /* Its context for the process, and what it is, in struct gpu. False: `reason` is set,
     * and there is nothing to release. */
    bool (*retain)(struct gpu *gpu, char reason[GPU_REASON_SIZE]);
    void (*release)(struct gpu *gpu);
    int (*push)(struct gpu *gpu); /* its context becomes the thread's */
    int (*pop)(struct gpu *gpu);
    int (*memory_info)(struct gpu *gpu, size_t *free_bytes);
    int (*memory_allocate)(struct gpu *gpu, gpu_address *out, size_t bytes);
    int (*memory_free)(struct gpu *gpu, gpu_address at);
    int (*pinned_allocate)(struct gpu *gpu, void **out, size_t bytes); /* the host's */
    int (*pinned_free)(struct gpu *gpu, void *at);

    int (*memory_of)(struct gpu *gpu, gpu_address at, struct gpu_extent *out);

    /* ---- kernels ---- */
    /* Text to an image for this GPU, by the vendor's compiler or from the cache. The
     * image's owner is the caller. */
    odec_status (*compile)(struct odec_context *context, const struct gpu *gpu,
                           const struct cache *cache, const char *text,
                           struct bytes *image, struct cache_key *key, bool *cache_hit);
    int (*module_load)(struct gpu *gpu, gpu_module *out, const void *image);
    int (*module_unload)(struct gpu *gpu, gpu_module module);
    int (*module_function)(struct gpu *gpu, gpu_function *out, gpu_module module,
                           const char *name);
    int (*module_global)(struct gpu *gpu, gpu_address *out, gpu_module module,
                         const char *name);
    /* Blocks of so many threads that a multiprocessor holds at once, */
    int (*resident_blocks)(struct gpu *gpu, int *out, gpu_function function,
                           int threads);
    /* and what the driver backs for each thread that it could hold. */
    int (*local_bytes)(struct gpu *gpu, int *out, gpu_function function);
    /* arguments: the kernel's one struct */
    int (*launch)(struct gpu *gpu, gpu_function function, int64_t n_blocks, int threads,
                  gpu_stream stream, void *arguments);

    /* ---- streams and events ---- */
    int (*stream_create)(struct gpu *gpu, gpu_stream *out);
    int (*stream_destroy)(struct gpu *gpu, gpu_stream stream);
    int (*stream_synchronize)(struct gpu *gpu, gpu_stream stream);
    /* What the caller's stream is; NULL: the vendor's default one. */
    int (*stream_kind)(struct gpu *gpu, gpu_stream stream, enum gpu_stream_kind *out);
    int (*stream_wait)(struct gpu *gpu, gpu_stream stream, gpu_event event);
    int (*copy_in)(struct gpu *gpu, gpu_address to, const void *from, size_t bytes,
                   gpu_stream stream);
    int (*copy_out)(struct gpu *gpu, void *to, gpu_address from, size_t bytes,
                    gpu_stream stream);
    int (*copy_rows)(struct gpu *gpu, const struct gpu_rows *rows, gpu_stream stream);
    int (*fill_zero)(struct gpu *gpu, gpu_address to, size_t bytes, gpu_stream stream);
    int (*event_create)(struct gpu *gpu, gpu_event *out);
    int (*event_destroy)(struct gpu *gpu, gpu_event event);
    int (*event_record)(struct gpu *gpu, gpu_event event, gpu_stream stream);
    int (*event_query)(struct gpu *gpu, gpu_event event);
    int (*event_elapsed)(struct gpu *gpu, float *milliseconds, gpu_event begin,
                         gpu_event end);
};

#endif
