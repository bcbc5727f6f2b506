/* scratch.h -- a directory of a test program's own, for cmocka's group setup and
 * teardown.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

/* A new one in /tmp; NULL where there can be none. Once a program. */
const char *scratch_create(void);

/* Leaves it and removes it with all that is in it; 0: done. */
int scratch_remove(void **state);

#endif
