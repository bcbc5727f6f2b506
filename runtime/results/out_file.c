/* out_file.c -- see out_file.h. */
#define _GNU_SOURCE
#include "out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"

static odec_status out_file_failed(struct out_file *file) {
    if (file->error == 0) {
        file->error = errno ? errno : EIO;
    }
    return ODEC_ERROR_IO;
}

/* Opens NAME.partial, where NAME is free or a plain file. */
static odec_status open_partial(struct odec_context *context, struct out_file *file) {
    struct stat info;
    FAIL_IF(stat(file->path, &info) == 0 && !S_ISREG(info.st_mode), context,
            ODEC_ERROR_IO, "cannot write %s: it is there and is not a plain file",
            file->path);
    if (asprintf(&file->partial, "%s.partial", file->path) < 0) {
        file->partial = NULL;
        return context_out_of_memory(context);
    }
    file->fd = open(file->partial,
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    FAIL_IF(file->fd < 0, context, ODEC_ERROR_IO, "cannot write %s: %s", file->path,
            strerror(errno));
    return ODEC_OK;
}

odec_status out_file_create(struct odec_context *context, const char *path,
                            struct out_file *out) {
    *out = (struct out_file){.fd = -1};
    out->path = realpath(path, NULL); /* a link's target is written, the link stays */
    if (out->path == NULL) {
        out->path = strdup(path);
    }
    out->block = malloc(OUT_BLOCK_BYTES);
    odec_status status =
        out->path && out->block ? ODEC_OK : context_out_of_memory(context);
    if (status == ODEC_OK && strcmp(path, "-") == 0) {
        out->fd = STDOUT_FILENO;
    } else if (status == ODEC_OK) {
        status = open_partial(context, out);
    }
    if (status != ODEC_OK) {
        out_file_release(out);
    }
    return status;
}

odec_status out_file_flush(struct out_file *file) {
    if (file->error) {
        return ODEC_ERROR_IO;
    }
    size_t n = file->n;
    file->n = 0;
    if (!bytes_write(file->fd, file->block, n)) {
        return out_file_failed(file);
    }
    file->n_written += (int64_t)n;
    return ODEC_OK;
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
    if (!bytes_write(file->fd, bytes, n)) {
        return out_file_failed(file);
    }
    file->n_written += (int64_t)n;
    file->position += (int64_t)n;
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
    file->position += (int64_t)n;
}

odec_status out_file_commit(struct out_file *file) {
    TRY(out_file_flush(file));
    if (file->partial == NULL) {
        return ODEC_OK;
    }
    int closed = close(file->fd);
    file->fd = -1;
    if (closed != 0 || rename(file->partial, file->path) != 0) {
        return out_file_failed(file);
    }
    free(file->partial);
    file->partial = NULL;
    return ODEC_OK;
}

odec_status out_file_save(struct odec_context *context, const char *path,
                          const void *bytes, size_t n) {
    struct out_file file;
    TRY(out_file_create(context, path, &file));
    odec_status status = out_file_write(&file, bytes, n);
    if (status == ODEC_OK) {
        status = out_file_commit(&file);
    }
    if (status != ODEC_OK) {
        context_fail(context, status, "cannot write %s: %s", path,
                     strerror(file.error));
        out_file_abandon(&file, false);
    }
    out_file_release(&file);
    return status;
}

void out_file_abandon(struct out_file *file, bool keep) {
    if (keep && file->fd >= 0) {
        out_file_flush(file);
    }
    if (file->partial) {
        if (file->fd >= 0) {
            close(file->fd);
        }
        if (!keep && file->fd >= 0) {
            unlink(file->partial);
        }
        free(file->partial);
        file->partial = NULL;
    }
    file->fd = -1;
}

void out_file_release(struct out_file *file) {
    out_file_abandon(file, true);
    free(file->path);
    free(file->block);
    *file = (struct out_file){.fd = -1};
}
