/* bytes.c -- see bytes.h. */
#include "bytes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void bytes_release(struct bytes *bytes) {
    free(bytes->at);
    *bytes = (struct bytes){0};
}

bool bytes_read(int fd, size_t limit, struct bytes *out) {
    *out = (struct bytes){0};
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return false;
    }
    if (info.st_size < 0 || (uintmax_t)info.st_size > limit) {
        errno = EFBIG;
        return false;
    }
    size_t size = (size_t)info.st_size;
    unsigned char *at = malloc(size + 1); /* one more for a NUL */
    size_t n = 0;
    while (at && n < size) {
        ssize_t got = pread(fd, at + n, size - n, (off_t)n);
        if (got == 0) {
            errno = EIO; /* shorter than it was */
        }
        if (got == 0 || (got < 0 && errno != EINTR)) {
            break;
        }
        n += got > 0 ? (size_t)got : 0;
    }
    if (at == NULL || n < size) {
        free(at);
        return false;
    }
    at[size] = '\0';
    *out = (struct bytes){at, size};
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
