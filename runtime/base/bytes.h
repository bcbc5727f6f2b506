/* bytes.h -- a block of bytes from or for a file. */
#ifndef ODEC_BYTES_H
#define ODEC_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "heap.h"

struct bytes {
    unsigned char *at; /* malloc'd; a NUL stands after the last where it was read */
    size_t n;
};

void bytes_release(struct bytes *bytes);

/* All of an open file: a plain one from its start, a pipe to its end. False (see errno)
 * where it has more than limit bytes, cannot be read, or memory runs out. */
bool bytes_read(struct heap *heap, int fd, size_t limit, struct bytes *out);
/* All of the file of this name: a plain one, a terminal, or a pipe while somebody writes to it. It
 * waits for nobody who is not there, and takes no device for a file. False: errno is
 * ENOMEM, or `why` says why not, in words to stand behind "cannot read NAME: ". */
enum { BYTES_WHY = 128 };
bool bytes_read_file(struct heap *heap, const char *path, size_t limit,
                     struct bytes *out, char why[BYTES_WHY]);
bool bytes_write(int fd, const void *at,
                 size_t n); /* all of them, or false: see errno */

#endif
