/* cc_directory.c -- see cc_directory.h. */
#define _GNU_SOURCE
#include "cc_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"

#define PREFIX "odec-"
#define OWNER "owner"

enum {
    UNIQUE = 6,            /* characters that mkdtemp puts behind the prefix */
    DEEPEST = 16,          /* directories in directories that a compiler leaves */
    MAX_ENVIRON = 1 << 20, /* bytes of another process's environment */
    TRIES = 10
};

/* ---- removing ---- */

/* What is in the directory of the descriptor, which it closes, but `kept`. */
static void remove_entries(int fd, const char *kept, int depth) {
    DIR *list = fdopendir(fd);
    if (list == NULL) {
        close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            (kept && strcmp(name, kept) == 0) || unlinkat(dirfd(list), name, 0) == 0 ||
            depth == DEEPEST) {
            continue;
        }
        const int below =
            openat(dirfd(list), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0) {
            remove_entries(below, NULL, depth + 1);
            unlinkat(dirfd(list), name, AT_REMOVEDIR);
        }
    }
    closedir(list);
}

static void remove_inside(const char *path, const char *kept) {
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        remove_entries(fd, kept, 0);
    }
}

/* The mark last: who is killed on the way leaves what can be cleared. A process that was killed
 * may still make the file that it was about to: then once more. */
static void remove_whole(const char *path) {
    remove_inside(path, OWNER);
    for (int i = 0; i < 50; i++) {
        remove_inside(path, NULL);
        if (rmdir(path) == 0 || errno != ENOTEMPTY) {
            return;
        }
        poll(NULL, 0, 10);
    }
}

/* ---- what others have left ---- */

/* Has the process `wanted` in the environment that it was started with? */
static bool has_variable(const char *pid, const char *wanted) {
    char path[64];
    struct bytes text;
    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool has = false;
    if (fd >= 0 && bytes_read(NULL, fd, MAX_ENVIRON, &text)) {
        const char *at = (const char *)text.at, *end = at + text.n;
        while (at < end && !has) {
            has = strcmp(at, wanted) == 0;
            at += strlen(at) + 1;
        }
        bytes_release(&text);
    }
    if (fd >= 0) {
        close(fd);
    }
    return has;
}

/* By a descriptor, so that it is not another one that has got the number since. */
static void end_if(const char *pid, const char *wanted) {
#if defined SYS_pidfd_open && defined SYS_pidfd_send_signal
    const int fd = (int)syscall(SYS_pidfd_open, (pid_t)atol(pid), 0);
    if (fd >= 0) {
        if (has_variable(pid, wanted)) {
            syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
        }
        close(fd);
    }
#else
    (void)pid, (void)wanted;
#endif
}

/* Those that were told to put their files there: the compiler, and all that it started. */
static void end_processes(const char *path) {
    DIR *list = opendir("/proc");
    const size_t size = strlen(path) + sizeof "TMPDIR=";
    char *wanted = malloc(size);
    if (wanted) {
        snprintf(wanted, size, "TMPDIR=%s", path);
    }
    for (struct dirent *entry; list && wanted && (entry = readdir(list)) != NULL;) {
        if (entry->d_name[strspn(entry->d_name, "0123456789")] == '\0') {
            end_if(entry->d_name, wanted);
        }
    }
    free(wanted);
    if (list) {
        closedir(list);
    }
}

static bool is_our_name(const char *name) {
    const size_t n = sizeof PREFIX - 1;
    if (strncmp(name, PREFIX, n) != 0 || strlen(name) != n + UNIQUE) {
        return false;
    }
    for (const char *p = name + n; *p; p++) {
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
              (*p >= '0' && *p <= '9'))) {
            return false;
        }
    }
    return true;
}

/* The locked mark of a directory whose process is gone; -1: it is none such. */
static int take_over(int parent, const char *name) {
    struct stat info;
    const int fd =
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int owner = -1;
    if (fstat(fd, &info) == 0 && info.st_uid == geteuid() &&
        (info.st_mode & 07777) == 0700) {
        owner = openat(fd, OWNER, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    }
    close(fd);
    if (owner >= 0 && (fstat(owner, &info) != 0 || !S_ISREG(info.st_mode) ||
                       info.st_uid != geteuid() || info.st_size != 0 ||
                       flock(owner, LOCK_EX | LOCK_NB) != 0)) {
        close(owner);
        return -1;
    }
    return owner;
}

static void clear_left_over(const char *parent) {
    DIR *list = opendir(parent);
    for (struct dirent *entry; list && (entry = readdir(list)) != NULL;) {
        const int owner =
            is_our_name(entry->d_name) ? take_over(dirfd(list), entry->d_name) : -1;
        if (owner < 0) {
            continue;
        }
        const size_t size = strlen(parent) + strlen(entry->d_name) + 2;
        char *path = malloc(size);
        if (path) {
            snprintf(path, size, "%s/%s", parent, entry->d_name);
            end_processes(path);
            remove_whole(path);
            free(path);
        }
        close(owner);
    }
    if (list) {
        closedir(list);
    }
}

/* ---- making ---- */

/* $TMPDIR, absolute: a compiler would take "-x" for an option. */
static char *find_parent(struct odec_context *context) {
    const char *given = getenv("TMPDIR");
    if (given == NULL || given[0] == '\0') {
        given = "/tmp";
    }
    if (given[0] == '/') {
        return heap_text(context->heap, given);
    }
    char *whole = NULL, *here = heap_take(context->heap, 1, PATH_MAX);
    if (here && getcwd(here, PATH_MAX)) {
        const size_t size = strlen(here) + strlen(given) + 2;
        whole = heap_take(context->heap, 1, size);
        if (whole) {
            snprintf(whole, size, "%s/%s", here, given);
        }
    }
    heap_give(here);
    return whole;
}

/* Marks and locks it. An errno value; ENOENT: somebody has taken it for one that was left
 * over. */
static int mark(struct cc_directory *directory) {
    struct stat info;
    const int fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    directory->owner =
        openat(fd, OWNER, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    const int error = directory->owner < 0 ? errno : 0;
    close(fd);
    if (error) {
        return error;
    }
    while (flock(directory->owner, LOCK_EX) != 0 && errno == EINTR) {
    }
    return fstat(directory->owner, &info) == 0 && info.st_nlink > 0 ? 0 : ENOENT;
}

static void release(struct cc_directory *directory) {
    if (directory->owner >= 0) {
        close(directory->owner);
    }
    heap_give(directory->path);
    *directory = (struct cc_directory){.owner = -1};
}

static odec_status make_in(struct odec_context *context, const char *parent,
                           struct cc_directory *out) {
    const size_t size = strlen(parent) + sizeof "/" PREFIX "XXXXXX";
    int error = ENOENT;
    for (int i = 0; i < TRIES && error == ENOENT; i++) {
        *out = (struct cc_directory){.path = heap_take(context->heap, 1, size),
                                     .owner = -1};
        if (out->path == NULL) {
            return context_out_of_memory(context);
        }
        snprintf(out->path, size, "%s/" PREFIX "XXXXXX", parent);
        if (mkdtemp(out->path) == NULL) {
            error = errno;
            release(out);
            break;
        }
        error = mark(out);
        if (error) {
            remove_whole(out->path);
            release(out);
        }
    }
    FAIL_IF(error, context, ODEC_ERROR_IO,
            "cannot make a directory for the compiler's output in %s: %s", parent,
            strerror(error));
    return ODEC_OK;
}

odec_status cc_directory_make(struct odec_context *context, struct cc_directory *out) {
    *out = (struct cc_directory){.owner = -1};
    char *parent = find_parent(context);
    if (parent == NULL) {
        return context_out_of_memory(context);
    }
    clear_left_over(parent);
    const odec_status status = make_in(context, parent, out);
    heap_give(parent);
    return status;
}

void cc_directory_remove(struct cc_directory *directory) {
    remove_whole(directory->path);
    release(directory);
}
