/* support.h -- what the tests of the simulated driver share: the entry points, one
 * device made ready, and kernels to run.
 */
#ifndef SIMGPU_SUPPORT_H
#define SIMGPU_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cuda_api.h"
#include "simgpu/sim.h"

extern struct cuda_api cuda; /* only its entry points are filled in */

/* Opens the three libraries; a group setup. */
int support_open(void **state);

#define OK(call) assert_int_equal((call), CUDA_SUCCESS)
#define GIVES(error, call) assert_int_equal((call), (error))

/* A device with its context current and two streams. */
struct gpu {
    int ordinal;
    CUcontext context;
    CUstream stream, other_stream;
    CUmodule module; /* of `kernels` */
};

/* Configures, starts the driver, and makes device 0 ready. */
struct gpu gpu_begin(const char *settings);
struct gpu gpu_open(int ordinal); /* retains and pushes */
void gpu_close(struct gpu *gpu);  /* gives everything back; no release if it is dead */
void gpu_leave_dead(struct gpu *gpu); /* pops and releases only */

CUdeviceptr device_bytes(size_t bytes);
void *pinned_bytes(size_t bytes);

/* The image of a text for sm_90, from malloc. */
char *image_of(const char *text);

/* The kernels below, by name. */
CUfunction kernel(const struct gpu *gpu, const char *name);

/* One struct of the kernels' text, and of the tests. */
struct take_args {
    unsigned long long *next; /* a counter of runs */
    unsigned long long n_runs;
    int *out; /* [n_runs]: who took the run, as 1 + its place in the grid */
};
extern const char *const kernels;

/* Launches `take` on so many blocks of 32 threads. */
CUresult take(const struct gpu *gpu, CUstream stream, unsigned n_blocks,
              unsigned long long *next, unsigned long long n_runs, int *out);

/* Launches `store`, one thread that writes 1. */
CUresult store(const struct gpu *gpu, int *out);

/* What sim.finish() counts, and that the first text has these words in it. */
void assert_violation(const char *words);
void assert_clean(void);

double seconds(void);

#endif
