/* bytes.c -- see bytes.h. */
#include "bytes.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

void bytes_release(struct bytes *bytes) {
    heap_give(bytes->at);
    *bytes = (struct bytes){0};
}

/* At least n + 1 bytes of room. */
static bool bytes_reserve(struct heap *heap, struct bytes *bytes, size_t *room,
                          size_t n) {
    if (n < *room) {
        return true;
    }
    unsigned char *at = heap_grow(heap, bytes->at, n + 1);
    if (at) {
        bytes->at = at;
        *room = n + 1;
    } else {
        errno = ENOMEM;
    }
    return at != NULL;
}

bool bytes_read(struct heap *heap, int fd, size_t limit, struct bytes *out) {
    *out = (struct bytes){0};
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return false;
    }
    bool plain = S_ISREG(info.st_mode);
    size_t room = 0, expected = plain ? (size_t)info.st_size : 1 << 16;
    bool read_all = false;
    for (;;) {
        size_t more = out->n < expected ? expected : 2 * out->n + 1;
        if (out->n > limit || (plain && expected > limit)) {
            errno = EFBIG;
            break;
        }
        if (out->n + 1 >= room && !bytes_reserve(heap, out, &room, more + 1)) {
            break;
        }
        size_t free_bytes = room - out->n - 1;
        ssize_t got = plain ? pread(fd, out->at + out->n, free_bytes, (off_t)out->n)
                            : read(fd, out->at + out->n, free_bytes);
        if (got == 0) {
            read_all = true;
            break;
        }
        if (got < 0 && errno != EINTR) {
            break;
        }
        out->n += got > 0 ? (size_t)got : 0;
    }
    if (!read_all) {
        int error = errno;
        bytes_release(out);
        errno = error;
        return false;
    }
    out->at[out->n] = '\0';
    return true;
}

bool bytes_write(int fd, const void *at, size_t n) {
    const unsigned char *p = at;
    while (n > 0) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        p += put > 0 ? put : 0;
        n -= put > 0 ? (size_t)put : 0;
    }
    return true;
}
