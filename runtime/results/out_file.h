/* out_file.h -- a file that appears under its name only when it is whole.
 *
 *   NAME.partial.new   what is written, from the start; locked (flock) by who writes it, so
 *                      that there is one, and the lock goes with its process
 *   NAME.partial       what there is so far, once it is published: worth keeping
 *   NAME               all of it, by a rename, with the bytes and then the name flushed to
 *                      disk; it has the permission bits of the NAME that it replaces
 *
 * Bytes go there through a block of memory. What is abandoned stays where it was published and
 * goes away otherwise. Links are followed, a link to nothing too; a NAME with several names
 * (hard links) is replaced under this one. "-" is standard output, and a pipe or a device is
 * written to as it is: there is nothing to rename. Each file remembers its first error.
 */
#ifndef ODEC_OUT_FILE_H
#define ODEC_OUT_FILE_H

#include "context.h"
#include "crc32.h"

struct out_file {
    int fd;
    char *path;           /* NAME, links followed */
    char *at;             /* its name now; NULL: a stream, or it is NAME */
    int64_t owner, group; /* of the NAME that is replaced, -1: there is none */
    bool is_locked;       /* false: the file system has no locks */
    bool has_sum;         /* asked for, before anything is written */
    struct crc32 sum;     /* of what was written, not of what is in the block */
    char *block;
    size_t n;         /* bytes in block, not yet written */
    int64_t position; /* in the file, of the next byte */
    int64_t length;   /* of the file, with what is in the block */
    int64_t n_written;
    int error;           /* errno of the first failure, 0 for none */
    const char *trouble; /* in other words than errno's, or NULL */
};

enum { OUT_BLOCK_BYTES = 1 << 20 };

/* All names that a file of this name may have or may stand beside: path + out_file_ending(i),
 * NULL after the last. The first is "". */
const char *out_file_ending(int i);

/* "-", and the names that the system has for it. */
bool out_file_is_standard_output(const char *path);

odec_status out_file_create(struct odec_context *context, const char *path,
                            struct out_file *out);

/* Is what has its name at this moment still it? Always, where there are locks. */
bool out_file_has_its_name(const struct out_file *file);

/* Standard output, a pipe, a device: there is no going back. */
bool out_file_is_stream(const struct out_file *file);

/* Any number of bytes; large ones go past the block. */
odec_status out_file_write(struct out_file *file, const void *bytes, size_t n);

/* The next byte goes here, counted from the file's start, where none was written before. Not in
 * a stream. */
odec_status out_file_seek(struct out_file *file, int64_t position);

/* Room for n bytes (at most OUT_BLOCK_BYTES) to be formatted in place; then how many it
 * was. */
char *out_file_reserve(struct out_file *file, size_t n); /* NULL on failure */
void out_file_advance(struct out_file *file, size_t n);

odec_status out_file_flush(struct out_file *file);   /* to the system */
odec_status out_file_sync(struct out_file *file);    /* to the disk */
odec_status out_file_publish(struct out_file *file); /* again: nothing */
/* Takes away a NAME from before, as its content will not belong to what stands beside it. */
odec_status out_file_remove_former(struct out_file *file);
odec_status out_file_commit(struct out_file *file); /* whole: rename, close */
/* A small file at once: n bytes under its name, or nothing. Who saves the same file meanwhile
 * is not in the way: the last one stays. */
odec_status out_file_save(struct odec_context *context, const char *path,
                          const void *bytes, size_t n);

/* Of the file's first error, in a person's words: "" where there is none. */
const char *out_file_trouble(const struct out_file *file);

/* Published: stays, with what is still in memory. */
void out_file_abandon(struct out_file *file);
void out_file_release(struct out_file *file); /* abandons what was not committed */

#endif
