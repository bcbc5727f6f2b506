/* kernel_words.h -- the words of CUDA that are about a grid, for the simulated driver:
 * host_arithmetic.h stands before this text, a kernel's text behind it.
 *
 * The threads of a grid run one after another, each to its end, so __syncthreads has
 * nothing to wait for and a __shared__ variable is one of the module: kernels in which
 * a thread reads what a later thread of its block writes are not for this. A module
 * runs on one host thread at a time.
 */
#define __shared__ static
#define __constant__ __attribute__((visibility("default"), used))
HOST_WORD void __syncthreads(void) {}

struct simgpu_index {
    unsigned x, y, z;
};
static struct simgpu_index blockIdx, threadIdx, gridDim, blockDim;

extern "C" {
/* Moves to a thread: its block, its place there, the grid's size, the block's. */
__attribute__((visibility("default"))) void simgpu_place(const unsigned *place) {
    struct simgpu_index *const to[4] = {&blockIdx, &threadIdx, &gridDim, &blockDim};
    for (int i = 0; i < 4; i++) {
        to[i]->x = place[3 * i];
        to[i]->y = place[3 * i + 1];
        to[i]->z = place[3 * i + 2];
    }
}

/* The simulator's, told of every atomicAdd. */
__attribute__((visibility("default"))) void (*simgpu_atomic)(void);
}

#define SIMGPU_ATOMIC_ADD(type)                             \
    HOST_WORD type atomicAdd(type *at, type n) {            \
        simgpu_atomic();                                    \
        return __atomic_fetch_add(at, n, __ATOMIC_RELAXED); \
    }
SIMGPU_ATOMIC_ADD(unsigned long long)
SIMGPU_ATOMIC_ADD(unsigned)
SIMGPU_ATOMIC_ADD(int)
#undef SIMGPU_ATOMIC_ADD
