/* memory.h -- the memory of one device: a budget, the members that share it, and their
 * blocks.
 *
 *   budget  | member a: fixed share      | member b: automatic | member c: automatic |
 *           | block | block |   free     | block |    free     |        free         |
 *
 * Members with a fixed share have that part of the budget; automatic members split the
 * rest evenly, anew whenever one joins or leaves. A member that then holds more than
 * its part keeps it, gets nothing new, and the others have to do with what is left: the
 * blocks of all members together never pass the budget.
 *
 * A block is named by a handle with a generation: a handle to a block that is gone is
 * known to be stale, whatever came to its place. One thread uses a device's memory.
 */
#ifndef ODEC_MEMORY_H
#define ODEC_MEMORY_H

#include "context.h"

/* Where the memory comes from: malloc, mmap, cuMemAlloc, ... */
struct memory_source {
    void *(*allocate)(void *user, size_t bytes); /* NULL: there is none */
    void (*release)(void *user, void *at, size_t bytes);
    void *user;
};

struct memory;

/* {0, 0} is the empty handle. */
struct memory_handle {
    uint32_t index, generation;
};

/* Both the name and the source are copied; source->user has to outlive it. */
odec_status memory_create(struct odec_context *context, const char *device_name,
                          const struct memory_source *source, int64_t budget_bytes,
                          struct memory **out);

/* Releases every block. NULL is fine; members that have not left are a bug. */
void memory_destroy(struct memory *memory);

/* ---- members ---- */

/* share: of the budget, above 0 up to 1; or 0: automatic. All fixed shares add up to at
 * most 1. Nothing changes on failure. */
odec_status memory_join(struct odec_context *context, struct memory *memory,
                        double share, int32_t *member);
void memory_leave(struct memory *memory, int32_t member); /* releases its blocks */

/* Bytes that the member may hold in all, as things are: its part of the budget, or what
 * the other members leave of the budget where that is less. */
int64_t memory_budget(const struct memory *memory, int32_t member);

/* ---- blocks ---- */

/* Makes *inout a block of `bytes` (0 counts as 1): the one it is, where that has this
 * size, with its contents; else a new one, of undefined contents, the old one being
 * released first. `what` is for messages. ODEC_ERROR_BUDGET: over the member's budget;
 * ODEC_ERROR_MEMORY: the source has none; ODEC_ERROR_DEVICE: after memory_forget. On
 * failure *inout is empty and the old block is gone. */
odec_status memory_get(struct odec_context *context, struct memory *memory,
                       int32_t member, const char *what, size_t bytes,
                       struct memory_handle *inout);

/* NULL where the handle is empty or stale. */
void *memory_at(const struct memory *memory, struct memory_handle handle);

/* Releases the block, if it is still there, and empties the handle. */
void memory_put(struct memory *memory, struct memory_handle *handle);

/* The device has died: all blocks are gone, all handles stale. The source is never
 * called again; members stay, to leave as usual. */
void memory_forget(struct memory *memory);

int64_t memory_in_use(const struct memory *memory);        /* bytes, of all members */
int64_t memory_n_allocations(const struct memory *memory); /* calls of allocate */

#endif
