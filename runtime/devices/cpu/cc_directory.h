/* cc_directory.h -- the directory that a compiler works in, ours alone.
 *
 *   $TMPDIR/odec-XXXXXX/owner   empty, and locked as long as the process that made it lives
 *                      /...     what the compiler makes
 *
 * A process that is killed leaves it, and perhaps the compiler at work in it. Who makes the
 * next one in the same $TMPDIR clears that: a directory of this name and mode, of this user,
 * with an `owner` that nobody has locked.
 */
#ifndef ODEC_CC_DIRECTORY_H
#define ODEC_CC_DIRECTORY_H

#include "context.h"

struct cc_directory {
    char *path; /* absolute */
    int owner;  /* the descriptor that has the lock */
};

/* On failure there is nothing to remove. */
odec_status cc_directory_make(struct odec_context *context, struct cc_directory *out);
/* With all that is in it. */
void cc_directory_remove(struct cc_directory *directory);

#endif
