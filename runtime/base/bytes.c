/* bytes.c -- see bytes.h. */
#define _GNU_SOURCE
#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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

/* Somebody writes to the pipe, and has not yet: that is worth waiting for. */
static bool wait_from_now_on(int fd) {
    const int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_NONBLOCK) &&
           fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0;
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
        if (got < 0 && errno == EAGAIN && wait_from_now_on(fd)) {
            continue;
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

enum { MOST_OF_A_PIPE = 1 << 30 };

static void say_limit(char why[BYTES_WHY], bool is_plain, size_t limit) {
    const bool whole = limit >> 30 << 30 == limit;
    snprintf(why, BYTES_WHY, "%s more than %zu %s, which is the limit",
             is_plain ? "it has" : "there comes", whole ? limit >> 30 : limit >> 20,
             whole ? "GiB" : "MiB");
}

/* Of an open file: NULL where it can be one. */
static const char *not_a_file(int fd, const struct stat *info) {
    return S_ISDIR(info->st_mode)                  ? strerror(EISDIR)
           : S_ISBLK(info->st_mode)                ? "it is a device"
           : S_ISCHR(info->st_mode) && !isatty(fd) ? "it is a device"
                                                   : NULL;
}

bool bytes_read_file(struct heap *heap, const char *path, size_t limit,
                     struct bytes *out, char why[BYTES_WHY]) {
    struct stat info;
    *out = (struct bytes){0};
    why[0] = '\0';
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &info) != 0) {
        snprintf(why, BYTES_WHY, "%s", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    const bool is_plain = S_ISREG(info.st_mode);
    const char *is_none = not_a_file(fd, &info);
    int error = is_none ? EINVAL : 0;
    if (!is_plain && limit > MOST_OF_A_PIPE) {
        limit = MOST_OF_A_PIPE;
    }
    if (!is_none && !bytes_read(heap, fd, limit, out)) {
        error = errno;
    }
    if (error == 0 && S_ISFIFO(info.st_mode) && out->n == 0) {
        bytes_release(out);
        is_none = "nothing comes from this pipe";
        error = EINVAL;
    }
    close(fd);
    if (error == EFBIG) {
        say_limit(why, is_plain, limit);
    } else if (error && error != ENOMEM) {
        snprintf(why, BYTES_WHY, "%s", is_none ? is_none : strerror(error));
    }
    errno = error;
    return error == 0;
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
