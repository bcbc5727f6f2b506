/* workspace.h -- the arrays of arrays.def as members of structs, and those of a CUDA thread in
 * PER_LANE memory.
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

#include "arrays.def"
#include "dialect.h"
#include "model.h"

/* WHEN(1)(text) is the text, WHEN(0)(text) nothing. */
#define WHEN(when) WHEN_(when)
#define WHEN_(when) WHEN_##when
#define WHEN_1(...) __VA_ARGS__
#define WHEN_0(...)

/* Rows of arrays.def as members; an array has one cell at least, since C has no empty ones. */
#define CELLS_OF(name, n, when) WHEN(when)(CELLS(name, (n) + !(n));)
#define CELLS_2D_OF(name, rows, n, when) WHEN(when)(CELLS_2D(name, rows, n);)
#define MEMBER_OF(type, name, when) WHEN(when)(MEMBER_TYPE_##type name;)
#define MEMBER_TYPE_real real
#define MEMBER_TYPE_brief brief
#define MEMBER_TYPE_tally tally
#define MEMBER_TYPE_instant struct instant
#define NO_CELLS_2D(name, rows, n, when)
#define WORD_OF(name, when) WHEN(when)(long long name[WIDTH];)

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

/* Every array of the kernel, those of structs with the struct's name before theirs. */
#define PLACED_CELLS(name, n, when) WHEN(when)(cell name[(n) + !(n)];)
#define LANE_CELLS(name, n, when) PLACED_CELLS(lane_##name, n, when)
#define STEP_CELLS(name, n, when) PLACED_CELLS(step_##name, n, when)
#define STEP_CELLS_2D(name, rows, n, when) WHEN(when)(cell step_##name[rows][n];)
#define GOOD_CELLS(name, n, when) PLACED_CELLS(good_##name, n, when)

struct workspace {
    LANE_ARRAYS(LANE_CELLS, NO_CELLS_2D)
    ATTEMPT_ARRAYS(STEP_CELLS, STEP_CELLS_2D)
    GOOD_ARRAYS(GOOD_CELLS, NO_CELLS_2D)
    LOCAL_ARRAYS(PLACED_CELLS, NO_CELLS_2D)
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

/* Arrays of a struct s that are not in itself. */
#define PLACE_IN_LANE(name, n, when) WHEN(when)(s->name = workspace()->lane_##name;)
#define PLACE_IN_STEP(name, n, when) WHEN(when)(s->name = workspace()->step_##name;)
#define PLACE_2D_IN_STEP(name, rows, n, when) PLACE_IN_STEP(name, n, when)
#define PLACE_GOOD(name, n, when) WHEN(when)(s->name = workspace()->good_##name;)
#endif

#endif
