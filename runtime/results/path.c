/* path.c -- see path.h. Only a name's last part is looked at: the kernel follows the others. */
#define _GNU_SOURCE
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LINKS = 40 };

char *path_directory(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* What a link says, seen from where we are; takes `path`. */
static char *follow_one(char *path, const char *target) {
    char *next = NULL;
    const bool stands_alone = target[0] == '/' || strchr(path, '/') == NULL;
    char *directory = stands_alone ? NULL : path_directory(path);
    if (stands_alone) {
        next = strdup(target);
    } else if (directory && asprintf(&next, "%s/%s", directory, target) < 0) {
        next = NULL;
    }
    free(directory);
    free(path);
    return next;
}

char *path_follow(const char *path) {
    char *at = strdup(path);
    char target[PATH_MAX];
    for (int n_links = 0; at; n_links++) {
        ssize_t n = readlink(at, target, sizeof target - 1);
        if (n < 0) { /* no link, or nothing: opening it tells of all else */
            return at;
        }
        if (n_links == MAX_LINKS) {
            free(at);
            errno = ELOOP;
            return NULL;
        }
        target[n] = '\0';
        at = follow_one(at, target);
    }
    errno = ENOMEM;
    return NULL;
}

int path_sync_directory(const char *path) {
    char *directory = path_directory(path);
    if (directory == NULL) {
        return ENOMEM;
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 ? errno : 0;
    free(directory);
    if (fd >= 0) {
        error = fsync(fd) == 0 ? 0 : errno;
        close(fd);
    }
    /* Not every system flushes directories, and not every directory may be read. */
    return error == EINVAL || error == ENOTSUP || error == ENOSYS || error == EACCES
               ? 0
               : error;
}
