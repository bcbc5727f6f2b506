/* cuda_compile.h -- kernel text to an image for one GPU, by NVRTC or from the cache. */
#ifndef ODEC_CUDA_COMPILE_H
#define ODEC_CUDA_COMPILE_H

#include "bytes.h"
#include "cache.h"
#include "cuda_gpu.h"

/* A cubin for the GPU's own architecture; PTX, which the driver compiles, for one newer
 * than NVRTC knows. The image's owner is the caller. cache_hit may be NULL. */
odec_status cuda_compile(struct odec_context *context, const struct cuda_gpu *gpu,
                         const struct cache *cache, const char *text,
                         struct bytes *image, struct cache_key *key, bool *cache_hit);

#endif
