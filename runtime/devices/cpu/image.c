/* image.c -- see image.h.
 *
 * The dynamic linker knows libraries by name and by file: were the descriptor closed
 * early, the next kernel could get its number, and dlopen would hand out this one
 * again.
 */
#define _GNU_SOURCE
#include "image.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"

odec_status image_load(struct odec_context *context, const void *bytes, size_t n,
                       struct image *out) {
    *out = (struct image){.fd = memfd_create("odec-kernel", MFD_CLOEXEC)};
    if (out->fd < 0 || !bytes_write(out->fd, bytes, n)) {
        odec_status status =
            context_fail(context, ODEC_ERROR_DEVICE,
                         "cannot copy a kernel into memory: %s", strerror(errno));
        image_unload(out);
        return status;
    }
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", out->fd);
    out->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (out->handle == NULL) {
        odec_status status = context_fail(context, ODEC_ERROR_DEVICE,
                                          "cannot load a kernel: %s", dlerror());
        image_unload(out);
        return status;
    }
    return ODEC_OK;
}

void *image_symbol(const struct image *image, const char *name) {
    return dlsym(image->handle, name);
}

void image_unload(struct image *image) {
    if (image->handle) {
        dlclose(image->handle);
    }
    if (image->fd >= 0) {
        close(image->fd);
    }
    *image = (struct image){.fd = -1};
}
