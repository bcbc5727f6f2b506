/* image.h -- a shared object loaded from bytes: a private copy in memory (memfd) that
 * nobody can change between check and load, under a name that is not used again while
 * it is loaded.
 */
#ifndef ODEC_IMAGE_H
#define ODEC_IMAGE_H

#include "context.h"

struct image {
    int fd;
    void *handle; /* NULL: not loaded */
};

odec_status image_load(struct odec_context *context, const void *bytes, size_t n,
                       struct image *out);
void *image_symbol(const struct image *image, const char *name); /* NULL: not there */
void image_unload(struct image *image);

#endif
