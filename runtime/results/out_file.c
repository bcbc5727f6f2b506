/* out_file.c -- see out_file.h.
 *
 * Two that want one NAME: whoever has locked NAME.partial.new may go on to look whether
 * NAME.partial is locked; so the one that writes is found in either place, as it goes from the
 * first to the second by a rename. A name is only used while it is that of the file that we
 * have open: where locks do not work, whoever began first finds out so.
 */
#define _GNU_SOURCE
#include "out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "path.h"

#define PARTIAL ".partial"
#define NEW ".partial.new"
#define NOT_PLAIN "it is there and is not a plain file"
#define BUSY_WORDS "another process is writing it at this moment"

const char *out_file_ending(int i) {
    static const char *const endings[] = {"", PARTIAL, NEW, PARTIAL ".json",
                                          PARTIAL ".json.new"};
    return (size_t)i < sizeof endings / sizeof endings[0] ? endings[i] : NULL;
}

static odec_status out_file_failed(struct out_file *file) {
    if (file->error == 0) {
        file->error = errno ? errno : EIO;
    }
    return ODEC_ERROR_IO;
}

static odec_status fail_with(struct out_file *file, const char *trouble) {
    file->trouble = file->error ? file->trouble : trouble;
    errno = EIO;
    return out_file_failed(file);
}

const char *out_file_trouble(const struct out_file *file) {
    return file->trouble ? file->trouble : file->error ? strerror(file->error) : "";
}

/* ---- opening ---- */

static bool is_open_at(int fd, const char *path) {
    struct stat open_one, named;
    return fstat(fd, &open_one) == 0 && lstat(path, &named) == 0 &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/* Not in place of standard output, which may be closed, and never waiting. */
static int open_quickly(const char *path, int flags, mode_t mode) {
    int fd = open(path, flags | O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
    if (fd < 0 || fd > STDERR_FILENO) {
        return fd;
    }
    int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return higher;
}

static odec_status failed_at(struct odec_context *context, const char *path,
                             const char *why) {
    return context_fail(context, ODEC_ERROR_IO, "cannot write %s: %s", path, why);
}

/* A file that was there: is it one that we may have left? */
static const char *why_not_ours(int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return strerror(errno);
    }
    return !S_ISREG(info.st_mode)     ? NOT_PLAIN
           : info.st_nlink > 1        ? "it is there and has another name too"
           : info.st_uid != geteuid() ? "it is there and is another user's"
                                      : NULL;
}

enum lock { LOCKED, BUSY, NO_LOCKS };

static enum lock try_lock(int fd) {
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ? LOCKED
           : errno == EWOULDBLOCK            ? BUSY
                                             : NO_LOCKS;
}

/* What is at file->at already, if it is one that we may have left. fd -1: it went away just now.
 */
static odec_status open_old(struct odec_context *context, struct out_file *file) {
    file->fd = open_quickly(file->at, O_NOFOLLOW, 0);
    if (file->fd < 0) {
        return errno == ENOENT
                   ? ODEC_OK
                   : failed_at(context, file->at,
                               errno == ENXIO ? NOT_PLAIN : strerror(errno));
    }
    const char *why = why_not_ours(file->fd);
    if (why) {
        close(file->fd);
        file->fd = -1;
    }
    return why ? failed_at(context, file->at, why) : ODEC_OK;
}

/* file->at, locked; made where it is not there. fd -1: not now, try again. */
static odec_status open_new(struct odec_context *context, struct out_file *file,
                            mode_t mode) {
    file->fd = open_quickly(file->at, O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    const bool is_old = file->fd < 0 && errno == EEXIST;
    if (is_old) {
        TRY(open_old(context, file));
    } else if (file->fd < 0) {
        return failed_at(context, file->path, strerror(errno));
    }
    if (file->fd < 0) {
        return ODEC_OK;
    }
    enum lock lock = try_lock(file->fd);
    file->is_locked = lock == LOCKED;
    if (lock == NO_LOCKS && is_old) {
        unlink(file->at); /* whoever has it finds out, and writes to no file of ours */
    }
    if (lock == BUSY || !is_open_at(file->fd, file->at)) {
        close(file->fd);
        file->fd = -1;
    }
    return lock == BUSY ? failed_at(context, file->path, BUSY_WORDS) : ODEC_OK;
}

/* Somebody's who is past its first results? */
static odec_status check_partial(struct odec_context *context, struct out_file *file) {
    char *partial;
    if (asprintf(&partial, "%s" PARTIAL, file->path) < 0) {
        return context_out_of_memory(context);
    }
    odec_status status = ODEC_OK;
    int fd = open_quickly(partial, O_NOFOLLOW, 0);
    if (fd < 0 && errno != ENOENT) {
        status =
            failed_at(context, partial, errno == ENXIO ? NOT_PLAIN : strerror(errno));
    } else if (fd >= 0) {
        const char *why = why_not_ours(fd);
        status = why                    ? failed_at(context, partial, why)
                 : try_lock(fd) == BUSY ? failed_at(context, file->path, BUSY_WORDS)
                                        : ODEC_OK;
        close(fd);
    }
    free(partial);
    return status;
}

/* The permission bits of the file that is to be replaced. */
static bool take_mode(const struct out_file *file, const struct stat *former) {
    return former == NULL || fchmod(file->fd, former->st_mode & 0777) == 0;
}

/* former NULL: there is no NAME yet. */
static odec_status open_locked(struct odec_context *context, struct out_file *file,
                               const struct stat *former) {
    if (asprintf(&file->at, "%s" NEW, file->path) < 0) {
        file->at = NULL;
        return context_out_of_memory(context);
    }
    enum { TRIES = 100 }; /* each time another has finished or given up */
    for (int i = 0; file->fd < 0 && i < TRIES; i++) {
        TRY(open_new(context, file, former ? 0600 : 0666));
    }
    if (file->fd < 0) {
        return failed_at(context, file->path, "its name is not to be had");
    }
    TRY(check_partial(context, file));
    return ftruncate(file->fd, 0) == 0 && take_mode(file, former)
               ? ODEC_OK
               : failed_at(context, file->path, strerror(errno));
}

/* A name of our own: nobody is in the way, and nobody has to be. */
static odec_status open_private(struct odec_context *context, struct out_file *file,
                                const struct stat *former) {
    if (asprintf(&file->at, "%s.%ld" PARTIAL, file->path, (long)getpid()) < 0) {
        file->at = NULL;
        return context_out_of_memory(context);
    }
    unlink(file->at); /* of one that had our number and was killed */
    file->fd =
        open_quickly(file->at, O_CREAT | O_EXCL | O_NOFOLLOW, former ? 0600 : 0666);
    return file->fd >= 0 && take_mode(file, former)
               ? ODEC_OK
               : failed_at(context, file->path, strerror(errno));
}

/* A pipe that nobody reads is an error, not something to wait for. */
static odec_status open_stream(struct odec_context *context, struct out_file *file) {
    file->fd = open_quickly(file->path, 0, 0);
    if (file->fd < 0) {
        return failed_at(context, file->path,
                         errno == ENXIO ? "nobody reads this pipe" : strerror(errno));
    }
    int flags = fcntl(file->fd, F_GETFL);
    return flags >= 0 && fcntl(file->fd, F_SETFL, flags & ~O_NONBLOCK) == 0
               ? ODEC_OK
               : failed_at(context, file->path, strerror(errno));
}

bool out_file_is_standard_output(const char *path) {
    static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1",
                                        "/proc/self/fd/1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(path, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static odec_status open_any(struct odec_context *context, const char *path,
                            bool is_private, struct out_file *out) {
    struct stat former;
    bool is_there = stat(path, &former) == 0;
    const mode_t kind = is_there ? former.st_mode & S_IFMT : S_IFREG;
    if (is_there && (kind == S_IFIFO || kind == S_IFCHR)) {
        out->path = strdup(path);
        return out->path ? open_stream(context, out) : context_out_of_memory(context);
    }
    FAIL_IF(kind != S_IFREG, context, ODEC_ERROR_IO, "cannot write %s: %s", path,
            kind == S_IFDIR ? strerror(EISDIR) : NOT_PLAIN);
    out->path = path_follow(path);
    if (out->path == NULL) {
        return errno == ENOMEM ? context_out_of_memory(context)
                               : failed_at(context, path, strerror(errno));
    }
    FAIL_IF(is_there && ((former.st_mode & 0222) == 0 ||
                         faccessat(AT_FDCWD, out->path, W_OK, AT_EACCESS) != 0),
            context, ODEC_ERROR_IO, "cannot write %s: it is there and is read-only",
            path);
    out->owner = is_there ? (int64_t)former.st_uid : -1;
    out->group = is_there ? (int64_t)former.st_gid : -1;
    return is_private ? open_private(context, out, is_there ? &former : NULL)
                      : open_locked(context, out, is_there ? &former : NULL);
}

static odec_status create(struct odec_context *context, const char *path,
                          bool is_private, struct out_file *out) {
    *out = (struct out_file){.fd = -1};
    out->block = malloc(OUT_BLOCK_BYTES);
    odec_status status = ODEC_OK;
    if (out->block == NULL) {
        status = context_out_of_memory(context);
    } else if (out_file_is_standard_output(path)) {
        out->fd = STDOUT_FILENO;
        out->path = strdup(path);
        status = out->path ? ODEC_OK : context_out_of_memory(context);
    } else {
        status = open_any(context, path, is_private, out);
    }
    if (status != ODEC_OK) {
        out_file_release(out);
    }
    return status;
}

odec_status out_file_create(struct odec_context *context, const char *path,
                            struct out_file *out) {
    return create(context, path, false, out);
}

bool out_file_has_its_name(const struct out_file *file) {
    return file->at && is_open_at(file->fd, file->at);
}

bool out_file_is_stream(const struct out_file *file) {
    return file->fd >= 0 && file->at == NULL;
}

/* ---- writing ---- */

/* `from` lies at file->position - behind. */
static odec_status put(struct out_file *file, const void *from, size_t n,
                       size_t behind) {
    if (!bytes_write(file->fd, from, n)) {
        return out_file_failed(file);
    }
    if (file->has_sum) {
        crc32_add(&file->sum, file->position - (int64_t)behind, from, n);
    }
    file->n_written += (int64_t)n;
    return ODEC_OK;
}

static void move_on(struct out_file *file, size_t n) {
    file->position += (int64_t)n;
    file->length = file->position > file->length ? file->position : file->length;
}

odec_status out_file_flush(struct out_file *file) {
    if (file->error) {
        return ODEC_ERROR_IO;
    }
    size_t n = file->n;
    file->n = 0;
    return put(file, file->block, n, n);
}

odec_status out_file_seek(struct out_file *file, int64_t position) {
    if (position == file->position) {
        return ODEC_OK;
    }
    TRY(out_file_flush(file));
    if (lseek(file->fd, (off_t)position, SEEK_SET) != (off_t)position) {
        return out_file_failed(file);
    }
    file->position = position;
    return ODEC_OK;
}

odec_status out_file_write(struct out_file *file, const void *bytes, size_t n) {
    if (n <= OUT_BLOCK_BYTES / 4) {
        char *at = out_file_reserve(file, n);
        if (at == NULL) {
            return ODEC_ERROR_IO;
        }
        memcpy(at, bytes, n);
        out_file_advance(file, n);
        return ODEC_OK;
    }
    TRY(out_file_flush(file));
    TRY(put(file, bytes, n, 0));
    move_on(file, n);
    return ODEC_OK;
}

char *out_file_reserve(struct out_file *file, size_t n) {
    if (file->error ||
        (file->n + n > OUT_BLOCK_BYTES && out_file_flush(file) != ODEC_OK)) {
        return NULL;
    }
    return file->block + file->n;
}

void out_file_advance(struct out_file *file, size_t n) {
    file->n += n;
    move_on(file, n);
}

/* ---- its name ---- */

odec_status out_file_sync(struct out_file *file) {
    TRY(out_file_flush(file));
    if (file->at && fsync(file->fd) != 0 && errno != EINVAL && errno != ENOSYS) {
        return out_file_failed(file);
    }
    return ODEC_OK;
}

static odec_status sync_directory(struct out_file *file) {
    errno = path_sync_directory(file->path);
    return errno ? out_file_failed(file) : ODEC_OK;
}

/* All of it on the disk, then the name. */
static odec_status move_to(struct out_file *file, const char *to) {
    TRY(out_file_sync(file));
    if (!out_file_has_its_name(file)) {
        return fail_with(file, "another process has begun to write it");
    }
    return rename(file->at, to) == 0 ? ODEC_OK : out_file_failed(file);
}

static bool is_published(const struct out_file *file) {
    return file->at && strcmp(file->at + strlen(file->path), PARTIAL) == 0;
}

odec_status out_file_publish(struct out_file *file) {
    char *partial;
    if (file->at == NULL || is_published(file)) {
        return ODEC_OK;
    }
    if (asprintf(&partial, "%s" PARTIAL, file->path) < 0) {
        errno = ENOMEM;
        return out_file_failed(file);
    }
    odec_status status = move_to(file, partial);
    if (status != ODEC_OK) {
        free(partial);
        return status;
    }
    free(file->at);
    file->at = partial;
    return sync_directory(file);
}

odec_status out_file_remove_former(struct out_file *file) {
    if (file->at == NULL) {
        return ODEC_OK;
    }
    if (unlink(file->path) != 0) {
        return errno == ENOENT ? ODEC_OK : out_file_failed(file);
    }
    return sync_directory(file);
}

/* Whole, and what could fail has been looked at: an error of close says nothing more. */
static void close_own(struct out_file *file) {
    if (file->fd >= 0 && file->fd != STDOUT_FILENO) {
        close(file->fd);
    }
    file->fd = -1;
}

/* To whom the NAME that it replaces belonged, where that may be: until then it is ours. */
static odec_status take_owner(struct out_file *file) {
    struct stat info;
    if (file->owner < 0 || fstat(file->fd, &info) != 0 ||
        ((int64_t)info.st_uid == file->owner && (int64_t)info.st_gid == file->group)) {
        return ODEC_OK;
    }
    return fchown(file->fd, (uid_t)file->owner, (gid_t)file->group) == 0 ||
                   errno == EPERM
               ? ODEC_OK
               : out_file_failed(file);
}

odec_status out_file_commit(struct out_file *file) {
    if (file->at == NULL) {
        TRY(out_file_flush(file));
        const bool is_ours = file->fd >= 0 && file->fd != STDOUT_FILENO;
        const bool is_closed = !is_ours || close(file->fd) == 0;
        file->fd = is_ours ? -1 : file->fd;
        return is_closed ? ODEC_OK : out_file_failed(file);
    }
    TRY(take_owner(file));
    TRY(move_to(file, file->path));
    free(file->at);
    file->at = NULL;
    odec_status status = sync_directory(file);
    close_own(file); /* and the lock with it, now that the name is taken */
    return status;
}

odec_status out_file_save(struct odec_context *context, const char *path,
                          const void *bytes, size_t n) {
    struct out_file file;
    TRY(create(context, path, true, &file));
    odec_status status = out_file_write(&file, bytes, n);
    if (status == ODEC_OK) {
        status = out_file_commit(&file);
    }
    if (status != ODEC_OK) {
        context_fail(context, status, "cannot write %s: %s", path,
                     out_file_trouble(&file));
    }
    out_file_release(&file);
    return status;
}

void out_file_abandon(struct out_file *file) {
    if (is_published(file)) {
        out_file_sync(file);
    } else if (out_file_has_its_name(file)) {
        unlink(file->at);
    }
    free(file->at);
    file->at = NULL;
    close_own(file);
}

void out_file_release(struct out_file *file) {
    out_file_abandon(file);
    free(file->path);
    free(file->block);
    *file = (struct out_file){.fd = -1};
}
