/* faults.c -- loaded before the C library (LD_PRELOAD): counts what a command does to files of
 * its working directory (names without a leading '/') and at the n-th such call
 *
 *   FAULT=n:error   does nothing and says EIO (close does close)
 *   FAULT=n:kill    kills the process in it: of a write half is done, of others nothing
 *   FAULT=0         only looks on
 *
 * A call is a line "n name file" of $FAULT_LOG, so that a test sees which it was. Where
 * $FAULT_LOCKS is "none" there are no locks, as on some network file systems.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_FILES = 1024, NAME = 64 };

static _Atomic long n_calls;
static char names[MOST_FILES][NAME]; /* of open files that count; "" of others */

static bool counts(const char *path) { return path[0] != '/'; }
static bool is_ours(int fd) { return fd >= 0 && fd < MOST_FILES && names[fd][0]; }

static void note(long n, const char *call, const char *name) {
    char line[256];
    const char *log = getenv("FAULT_LOG");
    int length = snprintf(line, sizeof line, "%ld %s %s\n", n, call, name);
    int fd = log ? (int)syscall(SYS_openat, AT_FDCWD, log,
                                O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)
                 : -1;
    if (fd >= 0) {
        if (syscall(SYS_write, fd, line, (size_t)length) < 0) {
            abort();
        }
        syscall(SYS_close, fd);
    }
}

enum fault { NONE, ERROR, KILL };

static enum fault next_fault(const char *call, const char *name) {
    const char *fault = getenv("FAULT");
    if (fault == NULL) {
        return NONE;
    }
    const long n = ++n_calls;
    char *how;
    const bool is_now = n == strtol(fault, &how, 10);
    note(n, call, name);
    return !is_now ? NONE : strcmp(how, ":kill") == 0 ? KILL : ERROR;
}

static bool fails(const char *call, const char *name) {
    enum fault fault = next_fault(call, name);
    if (fault == KILL) {
        raise(SIGKILL);
    }
    errno = fault == ERROR ? EIO : errno;
    return fault == ERROR;
}

#define REAL(type, name, ...)                       \
    static type (*real)(__VA_ARGS__);               \
    if (real == NULL) {                             \
        *(void **)(&real) = dlsym(RTLD_NEXT, name); \
    }

static int open_any(const char *name, const char *path, int flags, mode_t mode) {
    REAL(int, name, const char *, int, ...)
    const bool is_written = counts(path) && ((flags & O_ACCMODE) != O_RDONLY ||
                                             (flags & O_DIRECTORY) == O_DIRECTORY);
    if (is_written && fails("open", path)) {
        return -1;
    }
    int fd = real(path, flags, mode);
    if (fd >= 0 && fd < MOST_FILES) {
        snprintf(names[fd], NAME, "%s", is_written ? path : "");
    }
    return fd;
}

#define OPEN(name)                                 \
    int name(const char *path, int flags, ...);    \
    int name(const char *path, int flags, ...) {   \
        va_list arguments;                         \
        va_start(arguments, flags);                \
        mode_t mode = va_arg(arguments, mode_t);   \
        va_end(arguments);                         \
        return open_any(#name, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *at, size_t n) {
    REAL(ssize_t, "write", int, const void *, size_t)
    if (is_ours(fd)) {
        enum fault fault = next_fault("write", names[fd]);
        if (fault == KILL) {
            real(fd, at, n / 2);
            raise(SIGKILL);
        }
        if (fault == ERROR) {
            errno = EIO;
            return -1;
        }
    }
    return real(fd, at, n);
}

int close(int fd) {
    REAL(int, "close", int)
    char name[NAME] = "";
    if (is_ours(fd)) {
        strcpy(name, names[fd]);
        names[fd][0] = '\0';
    }
    const bool failed = name[0] && fails("close", name);
    const int closed = real(fd);
    errno = failed ? EIO : errno;
    return failed ? -1 : closed;
}

int fsync(int fd) {
    REAL(int, "fsync", int)
    return is_ours(fd) && fails("fsync", names[fd]) ? -1 : real(fd);
}

int fchmod(int fd, mode_t mode) {
    REAL(int, "fchmod", int, mode_t)
    return is_ours(fd) && fails("fchmod", names[fd]) ? -1 : real(fd, mode);
}

int fchown(int fd, uid_t user, gid_t group) {
    REAL(int, "fchown", int, uid_t, gid_t)
    return is_ours(fd) && fails("fchown", names[fd]) ? -1 : real(fd, user, group);
}

#define OF_LENGTH(name, type)                                                  \
    int name(int fd, type length);                                             \
    int name(int fd, type length) {                                            \
        REAL(int, #name, int, type)                                            \
        return is_ours(fd) && fails(#name, names[fd]) ? -1 : real(fd, length); \
    }
OF_LENGTH(ftruncate, off_t)
OF_LENGTH(ftruncate64, off64_t)

#define OF_PLACE(name, type)                                                     \
    type name(int fd, type to, int from) {                                       \
        REAL(type, #name, int, type, int)                                        \
        return is_ours(fd) && fails(#name, names[fd]) ? -1 : real(fd, to, from); \
    }
OF_PLACE(lseek, off_t)
OF_PLACE(lseek64, off64_t)

int flock(int fd, int operation) {
    REAL(int, "flock", int, int)
    const char *locks = getenv("FAULT_LOCKS");
    if (locks && strcmp(locks, "none") == 0) {
        errno = ENOLCK;
        return -1;
    }
    return is_ours(fd) && fails("flock", names[fd]) ? -1 : real(fd, operation);
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *)
    return counts(path) && fails("unlink", path) ? -1 : real(path);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t)
    return counts(path) && fails("mkdir", path) ? -1 : real(path, mode);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *)
    char both[2 * NAME];
    snprintf(both, sizeof both, "%s %s", from, to);
    return counts(to) && fails("rename", both) ? -1 : real(from, to);
}
