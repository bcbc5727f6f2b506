/* heap.h -- the memory of a context: whatever belongs to it comes from here, and so from
 * the application's allocator where it has one.
 *
 *   block   | heap, bytes | what heap_take gives ... |
 *
 * Blocks that are given back are kept, for whoever wants one of the same size, until a solver
 * goes: a batch like the one before it asks the allocator for nothing. One thread uses a heap.
 */
#ifndef ODEC_HEAP_H
#define ODEC_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* As malloc and free; NULL: these. */
struct heap_source {
    void *(*allocate)(void *user, size_t bytes);
    void (*release)(void *user, void *at);
    void *user;
};

struct heap;

/* NULL: there is no memory. */
struct heap *heap_create(const struct heap_source *source);
void heap_destroy(struct heap *heap); /* after all blocks were given back */

/* n times `bytes`, all zero, as aligned as malloc's; NULL: there is none. A heap that is NULL
 * is malloc's, and keeps nothing. */
void *heap_take(struct heap *heap, size_t n, size_t bytes);
/* The block with its contents in another one of `bytes`, of which what is new is undefined;
 * NULL, and the block as it was: there is none. A block that is NULL is an empty one. */
void *heap_grow(struct heap *heap, void *block, size_t bytes);
char *heap_text(struct heap *heap, const char *text);

/* From whichever heap it is; NULL is fine. */
void heap_give(void *block);

/* Releases all that is kept. */
void heap_trim(struct heap *heap);

/* Does the application have an allocator of its own? */
bool heap_is_custom(const struct heap *heap);

#endif
