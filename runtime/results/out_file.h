/* out_file.h -- a result file that appears under its name only when it is whole.
 *
 * Bytes go to NAME.partial through a block of memory; commit renames. What is abandoned
 * stays as NAME.partial when kept, and goes away otherwise. "-" is standard output,
 * where there is nothing to rename. Each file remembers its first error in a person's
 * words.
 */
#ifndef ODEC_OUT_FILE_H
#define ODEC_OUT_FILE_H

#include "context.h"

struct out_file {
    int fd;
    char *path, *partial; /* partial: NULL on standard output */
    char *block;
    size_t n;         /* bytes in block, not yet written */
    int64_t position; /* in the file, of the next byte */
    int64_t n_written;
    int error; /* errno of the first failure, 0 for none */
};

enum { OUT_BLOCK_BYTES = 1 << 20 };

odec_status out_file_create(struct odec_context *context, const char *path,
                            struct out_file *out);

/* Any number of bytes; large ones go past the block. */
odec_status out_file_write(struct out_file *file, const void *bytes, size_t n);

/* The next byte goes here, counted from the file's start. Not on standard output. */
odec_status out_file_seek(struct out_file *file, int64_t position);

/* Room for n bytes (at most OUT_BLOCK_BYTES) to be formatted in place; then how many it
 * was. */
char *out_file_reserve(struct out_file *file, size_t n); /* NULL on failure */
void out_file_advance(struct out_file *file, size_t n);

odec_status out_file_flush(struct out_file *file);
odec_status out_file_commit(struct out_file *file); /* whole: rename, close */
/* A small file at once: n bytes under its name, or nothing. */
odec_status out_file_save(struct odec_context *context, const char *path,
                          const void *bytes, size_t n);
void out_file_abandon(struct out_file *file, bool keep);
void out_file_release(
    struct out_file *file); /* abandons what was not committed, kept */

#endif
