/* host_words.h -- stands in for CUDA's words, so that the text of a CUDA kernel
 * compiles as C++17 for the host, for one thread:
 *
 *   g++ -std=c++17 -O2 -ffp-contract=off -march=native -include host_words.h -x c++
 * KERNEL.cu
 *
 * The kernel is a plain function then, whose one thread takes all runs.
 */
#ifndef TESTS_CUDA_HOST_WORDS_H
#define TESTS_CUDA_HOST_WORDS_H

#include "host_arithmetic.h"

/* ---- one thread ---- */
#define __shared__ static
#define __constant__ __attribute__((visibility("default")))
HOST_WORD void __syncthreads(void) {}
static const struct {
    unsigned x;
} threadIdx = {0}, blockIdx = {0}, blockDim = {32}, gridDim = {1};

/* ---- memory ---- */
HOST_WORD unsigned long long atomicAdd(unsigned long long *at, unsigned long long n) {
    const unsigned long long before = *at;
    *at = before + n;
    return before;
}

#endif
