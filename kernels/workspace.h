/* workspace.h -- the arrays of a CUDA thread in PER_LANE memory.
 *
 * What a thread cannot keep in registers CUDA puts into local memory, which the driver backs
 * for every thread that the card could hold: 30 GB for a stiff model of 1000 states. Where a
 * lane's arrays take more than a few KiB they are in memory of the runtime's instead, for the
 * threads that there are. The lanes of a warp are interleaved, so that its threads read
 * neighbouring words:
 *
 *   warp | array element 0: lane 0 .. 31 | element 1: lane 0 .. 31 | ...
 *
 * A cell is as wide as a warp, and a thread's struct workspace begins at its lane: an index is
 * a constant offset. Nothing else may be a member of it, and cells are never copied as a whole.
 */
#ifndef ODEC_WORKSPACE_H
#define ODEC_WORKSPACE_H

#include "dialect.h"

#ifdef ERK_STAGES
#define ERK_COUNT(stage, c, row) +1
#define ERK_ALL_STAGES (ERK_STAGES ERK_DENSE_EXTRA(ERK_COUNT)) /* dense output's too */
#endif

#if IN_WORKSPACE
#define WARP 32

struct cell {
    scalar value;
    scalar other_lanes[WARP - 1];
    __device__ __forceinline__ operator real() const { return real_of(value); }
    __device__ __forceinline__ cell &operator=(real x) { return value = x.v, *this; }
    __device__ __forceinline__ cell &operator=(const cell &x) {
        return value = x.value, *this;
    }
};
FN scalar lane_get(const cell *a, int lane) { return (void)lane, a->value; }

#define CELLS(name, n) cell *name
#define CELLS_2D(name, m, n) cell(*name)[n]
#define LOCAL_CELLS(name, n) cell *const name = workspace()->name

/* Every array of the kernel. Those of functions stand under the names they have there; no two
 * of one name are in use at once. */
struct workspace {
    /* struct lane, struct step, struct fixed_progress */
    cell lane_y[N_STATES], lane_values[N_VALUES + !N_VALUES];
    cell step_y[N_STATES], step_y1[N_STATES], good_y[N_STATES];
#ifdef ERK_STAGES
#if !ADAPTIVE
    cell k1_before[N_STATES];
#endif
    cell lane_k1[N_STATES], step_k[ERK_ALL_STAGES + 1][N_STATES];
#else
    cell step_v[ROS_STAGES + 1][N_STATES], step_w[N_STATES];
    cell step_ft[N_TIME + !N_TIME], step_lu[N_LU];
#endif
    /* functions */
    cell w[N_STATES], f[N_STATES], f0[N_STATES], f1[N_STATES], y1[N_STATES];
    cell y_due[N_STATES], y_before[N_STATES], p[N_PARS + !N_PARS], row[N_COLUMNS];
    cell s[N_PASSED + !N_PASSED]; /* between the parts of a function */
};
static_assert(sizeof(struct workspace) == WARP * WORKSPACE_BYTES,
              "the runtime allocates what the kernel uses");

__shared__ char *workspace_of_warp;

/* Before anything else; every thread of the block. */
FN void workspace_begin(void *base) {
    if (threadIdx.x == 0) {
        const long long warps_before = (long long)blockIdx.x * (blockDim.x / WARP);
        workspace_of_warp =
            (char *)base + warps_before * (long long)sizeof(struct workspace);
    }
    __syncthreads();
}

/* This thread's. */
FN struct workspace *workspace(void) {
    return (struct workspace *)(workspace_of_warp +
                                threadIdx.x / WARP * sizeof(struct workspace) +
                                threadIdx.x % WARP * sizeof(scalar));
}
#endif

#endif
