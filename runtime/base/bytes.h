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
bool bytes_write(int fd, const void *at,
                 size_t n); /* all of them, or false: see errno */

#endif
