/* memory.c -- see memory.h. Blocks and members stand in tables that grow; a block's
 * place is used again with the next generation.
 */
#include "memory.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "say.h"

/* Fixed shares are decimal fractions: ten times 0.1 is as good as 1. */
#define SHARE_ROUNDING 1e-9

struct block {
    void *at; /* NULL: a free place */
    size_t bytes;
    int32_t member;
    uint32_t generation; /* of the block here, or the last one; 0: none yet */
};

struct member {
    bool is_here;
    double share; /* 0: automatic */
    int64_t in_use;
};

struct memory {
    struct memory_source source;
    struct heap *heap;
    char *device_name;
    int64_t budget;
    int64_t in_use, n_allocations;
    bool is_forgotten;
    struct block *blocks;
    uint32_t n_blocks, blocks_capacity;
    struct member *members;
    int32_t n_members, members_capacity;
};

odec_status memory_create(struct odec_context *context, const char *device_name,
                          const struct memory_source *source, int64_t budget_bytes,
                          struct memory **out) {
    *out = NULL;
    FAIL_IF(budget_bytes < 0, context, ODEC_ERROR_ARGUMENT,
            "device %s: a memory budget of %lld bytes", device_name,
            (long long)budget_bytes);
    struct memory *memory = heap_take(context->heap, 1, sizeof *memory);
    char *name = heap_text(context->heap, device_name);
    if (memory == NULL || name == NULL) {
        heap_give(memory);
        heap_give(name);
        return context_out_of_memory(context);
    }
    memory->source = *source;
    memory->device_name = name;
    memory->heap = context->heap;
    memory->budget = budget_bytes;
    *out = memory;
    return ODEC_OK;
}

/* ---- blocks ---- */

static struct block *find_block(const struct memory *memory,
                                struct memory_handle handle) {
    struct block *block =
        handle.index < memory->n_blocks ? &memory->blocks[handle.index] : NULL;
    return block && block->at && block->generation == handle.generation ? block : NULL;
}

static void release_block(struct memory *memory, struct block *block) {
    if (!memory->is_forgotten) {
        memory->source.release(memory->source.user, block->at, block->bytes);
    }
    block->at = NULL;
    memory->members[block->member].in_use -= (int64_t)block->bytes;
    memory->in_use -= (int64_t)block->bytes;
}

/* A free place in the table; NULL: there is no memory for one. */
static struct block *free_place(struct memory *memory) {
    for (uint32_t i = 0; i < memory->n_blocks; i++) {
        if (memory->blocks[i].at == NULL) {
            return &memory->blocks[i];
        }
    }
    if (memory->n_blocks == memory->blocks_capacity) {
        uint32_t capacity = memory->blocks_capacity ? 2 * memory->blocks_capacity : 8;
        struct block *blocks =
            heap_grow(memory->heap, memory->blocks, capacity * sizeof *blocks);
        if (blocks == NULL) {
            return NULL;
        }
        memory->blocks = blocks;
        memory->blocks_capacity = capacity;
    }
    memory->blocks[memory->n_blocks] = (struct block){0};
    return &memory->blocks[memory->n_blocks++];
}

static odec_status new_block(struct odec_context *context, struct memory *memory,
                             int32_t member, const char *what, size_t bytes,
                             struct memory_handle *out) {
    char need[SAY_SIZE], left[SAY_SIZE], budget[SAY_SIZE];
    say_bytes(need, bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes);
    FAIL_IF(memory->is_forgotten, context, ODEC_ERROR_DEVICE,
            "device %s is gone: no memory for %s (%s)", memory->device_name, what,
            need);
    int64_t most = memory_budget(memory, member);
    int64_t n_left = most - memory->members[member].in_use;
    n_left = n_left > 0 ? n_left : 0;
    FAIL_IF(bytes > (uint64_t)n_left, context, ODEC_ERROR_BUDGET,
            "device %s: %s needs %s, %s of a budget of %s is left", memory->device_name,
            what, need, say_bytes(left, n_left), say_bytes(budget, most));
    struct block *block = free_place(memory);
    void *at = NULL;
    if (block) {
        memory->n_allocations++;
        at = memory->source.allocate(memory->source.user, bytes);
    }
    FAIL_IF(at == NULL, context, ODEC_ERROR_MEMORY,
            "device %s is out of memory: %s needs %s", memory->device_name, what, need);
    uint32_t generation = block->generation + 1;
    *block = (struct block){at, bytes, member, generation ? generation : 1};
    memory->members[member].in_use += (int64_t)bytes;
    memory->in_use += (int64_t)bytes;
    *out =
        (struct memory_handle){(uint32_t)(block - memory->blocks), block->generation};
    return ODEC_OK;
}

static void assert_member(const struct memory *memory, int32_t member) {
    assert(member >= 0 && member < memory->n_members);
    assert(memory->members[member].is_here);
    (void)memory;
    (void)member;
}

odec_status memory_get(struct odec_context *context, struct memory *memory,
                       int32_t member, const char *what, size_t bytes,
                       struct memory_handle *inout) {
    assert_member(memory, member);
    bytes = bytes ? bytes : 1;
    struct block *block = find_block(memory, *inout);
    assert(block == NULL || block->member == member);
    if (block && block->bytes == bytes) {
        return ODEC_OK;
    }
    memory_put(memory, inout);
    return new_block(context, memory, member, what, bytes, inout);
}

void *memory_at(const struct memory *memory, struct memory_handle handle) {
    const struct block *block = find_block(memory, handle);
    return block ? block->at : NULL;
}

void memory_put(struct memory *memory, struct memory_handle *handle) {
    struct block *block = find_block(memory, *handle);
    if (block) {
        release_block(memory, block);
    }
    *handle = (struct memory_handle){0};
}

/* ---- members ---- */

/* Of all fixed shares. */
static double shares_sum(const struct memory *memory) {
    double sum = 0;
    for (int32_t i = 0; i < memory->n_members; i++) {
        sum += memory->members[i].is_here ? memory->members[i].share : 0;
    }
    return sum;
}

odec_status memory_join(struct odec_context *context, struct memory *memory,
                        double share, int32_t *member) {
    *member = -1;
    FAIL_IF(!(share >= 0 && share <= 1), context, ODEC_ERROR_ARGUMENT,
            "device %s: a memory share of %g is not in 0 .. 1", memory->device_name,
            share);
    double sum = shares_sum(memory) + share;
    FAIL_IF(sum > 1 + SHARE_ROUNDING, context, ODEC_ERROR_ARGUMENT,
            "device %s: the memory shares add up to %g, which is %.3g too much",
            memory->device_name, sum, sum - 1);
    int32_t i = 0;
    while (i < memory->n_members && memory->members[i].is_here) {
        i++;
    }
    if (i == memory->members_capacity) {
        int32_t capacity = memory->members_capacity ? 2 * memory->members_capacity : 4;
        struct member *members = heap_grow(memory->heap, memory->members,
                                           (size_t)capacity * sizeof *members);
        if (members == NULL) {
            return context_out_of_memory(context);
        }
        memory->members = members;
        memory->members_capacity = capacity;
    }
    memory->members[i] = (struct member){.is_here = true, .share = share};
    memory->n_members = i < memory->n_members ? memory->n_members : i + 1;
    *member = i;
    return ODEC_OK;
}

void memory_leave(struct memory *memory, int32_t member) {
    assert_member(memory, member);
    for (uint32_t i = 0; i < memory->n_blocks; i++) {
        struct block *block = &memory->blocks[i];
        if (block->at && block->member == member) {
            release_block(memory, block);
        }
    }
    memory->members[member].is_here = false;
}

/* A fixed share in bytes, rounded down. */
static int64_t share_bytes(const struct memory *memory, double share) {
    double bytes = floor(share * (double)memory->budget);
    return bytes < (double)memory->budget ? (int64_t)bytes : memory->budget;
}

int64_t memory_budget(const struct memory *memory, int32_t member) {
    assert_member(memory, member);
    const struct member *m = &memory->members[member];
    int64_t part = share_bytes(memory, m->share);
    if (m->share == 0) {
        int64_t rest = memory->budget, n_automatic = 0;
        for (int32_t i = 0; i < memory->n_members; i++) {
            const struct member *other = &memory->members[i];
            if (other->is_here) {
                rest -= share_bytes(memory, other->share);
                n_automatic += other->share == 0;
            }
        }
        part = rest > 0 ? rest / n_automatic : 0;
    }
    int64_t left = memory->budget - (memory->in_use - m->in_use);
    return part < left ? part : left;
}

/* ---- the whole ---- */

void memory_forget(struct memory *memory) {
    memory->is_forgotten = true;
    for (uint32_t i = 0; i < memory->n_blocks; i++) {
        if (memory->blocks[i].at) {
            release_block(memory, &memory->blocks[i]);
        }
    }
}

void memory_destroy(struct memory *memory) {
    if (memory == NULL) {
        return;
    }
    for (int32_t i = 0; i < memory->n_members; i++) {
        assert(!memory->members[i].is_here);
    }
    for (uint32_t i = 0; i < memory->n_blocks; i++) {
        if (memory->blocks[i].at) {
            release_block(memory, &memory->blocks[i]);
        }
    }
    heap_give(memory->blocks);
    heap_give(memory->members);
    heap_give(memory->device_name);
    heap_give(memory);
}

int64_t memory_in_use(const struct memory *memory) { return memory->in_use; }

int64_t memory_n_allocations(const struct memory *memory) {
    return memory->n_allocations;
}
