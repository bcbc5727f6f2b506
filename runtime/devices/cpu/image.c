/* image.c -- see image.h.
 *
 * The dynamic linker knows libraries by name and by file: were the descriptor closed
 * early, the next kernel could get its number, and dlopen would hand out this one
 * again. So it would where an image stays after dlclose, as some tools have it: a number that
 * the linker still knows is passed over.
 */
#define _GNU_SOURCE
#include "image.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"

enum { NAME_BYTES = 32 };

/* The descriptor's name, one that the linker has no library of. */
static bool name_anew(int *fd, char name[NAME_BYTES]) {
    for (;;) {
        snprintf(name, NAME_BYTES, "/proc/self/fd/%d", *fd);
        void *known = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
        if (known == NULL) {
            return true;
        }
        dlclose(known);
        const int next = fcntl(*fd, F_DUPFD_CLOEXEC, *fd + 1);
        if (next < 0) {
            return false;
        }
        close(*fd);
        *fd = next;
    }
}

odec_status image_load(struct odec_context *context, const void *bytes, size_t n,
                       struct image *out) {
    *out = (struct image){.fd = memfd_create("odec-kernel", MFD_CLOEXEC)};
    char name[NAME_BYTES];
    if (out->fd < 0 || !bytes_write(out->fd, bytes, n) || !name_anew(&out->fd, name)) {
        odec_status status =
            context_fail(context, ODEC_ERROR_DEVICE,
                         "cannot copy a kernel into memory: %s", strerror(errno));
        image_unload(out);
        return status;
    }
    out->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (out->handle == NULL) {
        const char *why = dlerror();
        odec_status status = context_fail(
            context, ODEC_ERROR_DEVICE, "cannot load a kernel: %s",
            access("/proc/self/fd", F_OK) == 0 ? why : "/proc is not mounted");
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
