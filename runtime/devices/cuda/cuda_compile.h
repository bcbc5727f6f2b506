/* cuda_compile.h -- kernel text to an image for one GPU, by NVRTC or from the cache. */
#ifndef ODEC_CUDA_COMPILE_H
#define ODEC_CUDA_COMPILE_H

#include "cuda_api.h"
#include "gpu.h"

extern const struct gpu_calls cuda_calls; /* backend_cuda.c */

/* Whose GPU it is, in CUDA's words. */
static inline const struct cuda_api *cuda_api_of(const struct gpu *gpu) {
    return gpu->library->api;
}

/* A cubin for the GPU's own architecture; PTX, which the driver compiles, for one newer
 * than NVRTC knows. The image's owner is the caller. cache_hit may be NULL. */
odec_status cuda_compile(struct odec_context *context, const struct gpu *gpu,
                         const struct cache *cache, const char *text,
                         struct bytes *image, struct cache_key *key, bool *cache_hit);

#endif
