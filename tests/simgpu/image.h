/* image.h -- what NVRTC and nvcc make and the driver loads.
 *
 *   of NVRTC   | image_header | shared object of the host |
 *   of nvcc    | fatbin_header | n times image_header | the one shared object of all |
 */
#ifndef SIMGPU_IMAGE_H
#define SIMGPU_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct image_header {
    char magic[8];
    int32_t architecture; /* 90 */
    int32_t is_virtual;   /* text for PTX: newer devices take it too */
    uint64_t bytes;       /* of the shared object */
    uint64_t hash;        /* of the same */
};
#define IMAGE_MAGIC "SIMGPU1\n"

struct fatbin_header {
    char magic[8];
    int32_t
        version; /* of nvcc, 13000: drivers of an older major version do not take it */
    int32_t n;
};
#define FATBIN_MAGIC "SIMFAT1\n"

uint64_t image_hash(const void *bytes, size_t n);

#endif
