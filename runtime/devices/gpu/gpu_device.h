/* gpu_device.h -- a program on a GPU, as backend_gpu.c sets it up and as its thread, in
 * gpu_pipeline.c, works on it. Other files know it as struct device alone.
 *
 *   chunk    device | inputs: columns | arrays per run |  x n_buffers
 *   computed device | values [value][run] of the chunk being computed |
 *   lanes    device | arrays per lane |
 *   shared   device | save times | uniform values | counters, seen | tables |
 *   pinned   host   | counters, seen | tables | pieces of columns | portions of those arrays |
 *
 * Three streams: in (columns and grids), compute, out (portions). A range passes
 * submitted, filled, computed and out, in this order, in buffer number % n_buffers. The
 * stream out has no kernels: beside one that fills the device they would have to wait.
 */
#ifndef ODEC_GPU_DEVICE_H
#define ODEC_GPU_DEVICE_H

#include "arrays.h"
#include "backend.h"
#include "gpu.h"
#include "settle.h"

/* One of the vendor's calls (gpu_calls.h), on the device's GPU. */
#define GPU_CALL(device, name, ...) ((device)->calls->name((device)->gpu, __VA_ARGS__))

enum { GPU_MAX_BUFFERS = 2, GPU_STAGES = 2, GPU_PIECES = 2, GPU_BLOCK = 128 };

/* As they are in the device's memory and, copied, in pinned memory; the states that were
 * seen of a range (abi.h) follow them, zeroed and copied with them. */
struct gpu_counters {
    long long next;
    unsigned long long n_suspended;
    int seen[];
};

struct gpu_buffer {
    struct memory_handle memory;
    struct slice slice;
    gpu_address inputs, arrays;
    gpu_address tables; /* in `shared`, for a module without constant memory */
    char *pinned_tables;
    gpu_event filled, ordered; /* its inputs are there; its values are, by run */
};

/* FREE -> COPYING -> READY -> HELD by whoever collected it -> FREE */
enum gpu_stage_state { STAGE_FREE, STAGE_COPYING, STAGE_READY, STAGE_HELD };

struct gpu_stage {
    enum gpu_stage_state state;
    int64_t number; /* of its portion, from 0 */
    struct slice slice;
    bool ends_range, is_settled;
    char *pinned; /* its arrays */
    gpu_event copied;
};

struct gpu_device {
    const struct gpu_calls *calls; /* the vendor's */
    struct gpu *gpu;
    const struct odec_program *program;
    bool cache_hit,
        is_linked_in; /* where its kernel was: in the cache, in the program */

    /* what was loaded */
    gpu_module module, tools;
    gpu_function kernel, fill_grid, transpose;
    gpu_address constant; /* where tables go; 0: to `shared` */
    int32_t max_blocks;   /* of GPU_BLOCK threads, that are resident at once */
    int64_t local_bytes;  /* what the driver backs local memory with */
    gpu_stream in, compute, out;
    gpu_event launch_begin, launch_end, counted;
    gpu_event arrived; /* of the caller's stream, at the batch's begin */
    gpu_event piece_copied[GPU_PIECES];

    /* memory */
    int32_t member;       /* of the GPU's; -1: not yet */
    int64_t memory_bytes; /* what the options allow; 0: no bound */
    struct memory_handle computed, lanes, shared;
    char *pinned;
    size_t pinned_bytes;

    /* of a solve: set by begin, read by the thread */
    const struct job *job;
    struct plan plan; /* that memory was laid out for */
    int32_t n_buffers, n_blocks;
    int64_t chunk_runs, portion_runs, piece_runs;
    struct array_offsets run_arrays, lane_arrays, portion_arrays;
    gpu_address computed_values, save_times, uniforms, lanes_at, counters;
    struct gpu_counters *pinned_counters;
    size_t counters_bytes; /* with `seen` */
    int *seen; /* of all launches so far; the thread's, until it is stopped */
    char *pinned_pieces[GPU_PIECES];
    struct gpu_buffer buffers[GPU_MAX_BUFFERS];
    struct gpu_stage stages[GPU_STAGES]; /* state: under the mutex */

    /* the thread's alone */
    int64_t n_filled, n_leaving; /* ranges; leaving: all portions are on their way */
    int32_t fill_input;          /* the next input of the range being filled, */
    int64_t fill_run;            /* from this run on */
    int64_t n_pieces;            /* of columns, sent so far */
    bool is_launched;
    int launch_attempts;
    int64_t out_run, n_portions;

    /* between the two threads */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake, idle;
    uint64_t n_signals;
    bool is_working, stop, closing;
    int64_t n_submitted, n_computed, n_out, n_collected;
    int64_t runs_computed, runs_begun, runs_collected;
    double busy_since, busy_seconds;
    double kernel_seconds; /* of all launches, by their events */
    odec_status failure;
    char reason[GPU_REASON_SIZE];
};

/* gpu_load.c: its two modules, within the GPU's context. What was loaded before a failure the
 * device has. And before that: is there anything to load at all? */
odec_status gpu_load(struct odec_context *context, struct gpu_device *device,
                     const struct odec_solver_options *options);
odec_status gpu_load_check(struct odec_context *context,
                           const struct gpu_device *device);

/* Starts the thread, which sleeps until the device works. */
odec_status gpu_pipeline_create(struct odec_context *context,
                                struct gpu_device *device);
void gpu_pipeline_destroy(struct gpu_device *device);

/* From here on the thread works, until stop or a failure. */
void gpu_pipeline_start(struct gpu_device *device);
/* Returns when it does not work any more; nothing of the device's is in flight then. */
void gpu_pipeline_stop(struct gpu_device *device);

/* Wakes the thread after something was changed under the mutex. */
void gpu_pipeline_signal(struct gpu_device *device);

/* False: the call has failed, and with it the thread's work. */
bool gpu_pipeline_succeeded(struct gpu_device *device, int result, const char *what);

/* Within its GPU's context; gpu_leave(device->gpu) follows. */
odec_status gpu_device_enter(struct gpu_device *device, struct odec_context *context);

/* ---- gpu_resident.c: the caller's memory on the GPU, by the job ---- */

/* What the caller's stream was given by the first is done before what is given to the stream that
 * computes after the second, which the thread calls; false: a failure. */
odec_status gpu_resident_mark(struct gpu_device *device, struct odec_context *context);
bool gpu_resident_wait(struct gpu_device *device);
/* Has a chunk values of its own, by run? */
bool gpu_resident_keeps_values(const struct job *job);
/* Where a range's values are to be transposed to; 0: they are not. */
gpu_address gpu_resident_ordered(const struct gpu_device *device,
                                 const struct gpu_buffer *buffer);
/* Sends a range's results to their places, on the stream that computes; false: a failure. */
bool gpu_resident_send(struct gpu_device *device, const struct gpu_buffer *buffer);
/* Of a portion that has come to the host: records that are made there go back. *sent: the
 * stage is copying again. */
bool gpu_resident_settle(struct gpu_device *device, struct gpu_stage *stage,
                         bool *sent);

/* The tables of a buffer's inputs, as the kernel finds them in constant memory or by
 * its arguments: where each of ODEC_TABLES begins, and what all take. */
struct gpu_tables {
#define OFFSET(type, size, name, n) size_t name;
    ODEC_TABLES(OFFSET, , )
#undef OFFSET
    size_t bytes;
};
struct gpu_tables gpu_tables_of(const struct odec_program *program);

#endif
