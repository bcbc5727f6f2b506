/* memory.c -- device and pinned memory, made so that misuse is found.
 *
 *   | guard page | poison ... | the caller's bytes, to the page's end | guard page |
 *                             ^ start, a multiple of 256
 *
 * Device addresses are host addresses. New memory is filled with POISON, and so are the
 * bytes around the caller's: that they still are is checked when it is given back. Then
 * the whole becomes inaccessible, and its addresses are not used again before the next
 * configuration.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "world.h"

enum { PAGE = 4096, ALIGNMENT = 256, POISON = 0xa5 };

static size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

/* What a block takes of the device's memory. */
static size_t charge(const struct block *block) {
    return block->kind == BLOCK_DEVICE ? round_up(block->bytes, ALIGNMENT) : 0;
}

uint64_t memory_free_bytes(const struct device *device) {
    const uint64_t all = (uint64_t)device->config->memory;
    const uint64_t used = device->report.used_bytes;
    return used < all ? all - used : 0;
}

/* ---- allocation ---- */

static void account(struct context *context, const struct block *block, bool taken) {
    struct simgpu_device_report *report = &context->device->report;
    if (taken) {
        report->used_bytes += charge(block);
        if (report->used_bytes > report->peak_bytes) {
            report->peak_bytes = report->used_bytes;
        }
    } else {
        report->used_bytes -= charge(block);
    }
}

/* Maps the block's bytes between guard pages. */
static bool block_map(struct block *block) {
    const size_t body = round_up(block->bytes, PAGE);
    void *map = mmap(NULL, body + 2 * PAGE, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) {
        return false;
    }
    block->map = map;
    block->map_bytes = body + 2 * PAGE;
    block->start = block->map + PAGE + body - round_up(block->bytes, ALIGNMENT);
    if (mprotect(block->map + PAGE, body, PROT_READ | PROT_WRITE)) {
        munmap(map, block->map_bytes);
        return false;
    }
    memset(block->map + PAGE, POISON, body);
    return true;
}

CUresult block_allocate(struct context *context, enum block_kind kind, size_t bytes,
                        void **start) {
    const struct device *device = context->device;
    if (bytes == 0 || !start) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (kind == BLOCK_DEVICE && ((double)bytes > device->config->biggest ||
                                 bytes > memory_free_bytes(device))) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    struct block *block = calloc(1, sizeof *block);
    if (!block) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    *block = (struct block){.kind = kind, .context = context, .bytes = bytes};
    if ((kind == BLOCK_DEVICE && charge(block) > memory_free_bytes(device)) ||
        !block_map(block)) {
        free(block);
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    account(context, block, true);
    block->next = context->blocks;
    context->blocks = block;
    *start = block->start;
    return CUDA_SUCCESS;
}

/* ---- giving back ---- */

static bool is_poison(const char *at, const char *end) {
    while (at < end && *at == (char)POISON) {
        at++;
    }
    return at == end;
}

static const char *kind_words(enum block_kind kind) {
    return kind == BLOCK_PINNED   ? "pinned"
           : kind == BLOCK_DEVICE ? "device"
                                  : "constant";
}

static void check_edges(const struct block *block) {
    const char *begin = block->map + PAGE, *end = block->map + block->map_bytes - PAGE;
    if (!is_poison(begin, block->start)) {
        violation("something was written before the start of %zu bytes of %s memory",
                  block->bytes, kind_words(block->kind));
    }
    if (!is_poison(block->start + block->bytes, end)) {
        violation("something was written past the end of %zu bytes of %s memory",
                  block->bytes, kind_words(block->kind));
    }
}

/* No longer the caller's. */
static void block_quarantine(struct context *context, struct block *block) {
    struct block **at = &context->blocks;
    while (*at != block) {
        at = &(*at)->next;
    }
    *at = block->next;
    if (block->map) {
        check_edges(block);
        account(context, block, false);
        madvise(block->map, block->map_bytes, MADV_DONTNEED);
        mprotect(block->map, block->map_bytes, PROT_NONE);
    }
    block->next = context->dead_blocks;
    context->dead_blocks = block;
}

CUresult block_free(struct context *context, enum block_kind kind, void *start) {
    struct block *block = block_find(start, 1);
    if (!block || block->start != start || block->kind != kind) {
        violation("%p is not the start of %s memory%s", start, kind_words(kind),
                  block_was(start) ? " any more" : "");
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (block->context != context) {
        violation("memory of device %d while the context of device %d is current",
                  block->context->device->ordinal, context->device->ordinal);
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (block->n_users) {
        violation("%zu bytes of %s memory are given back while work that uses them is "
                  "pending",
                  block->bytes, kind_words(kind));
    }
    while (block->n_users) {
        world_wait();
    }
    block_quarantine(context, block);
    return CUDA_SUCCESS;
}

void block_release_all(struct context *context) {
    while (context->blocks) {
        block_quarantine(context, context->blocks);
    }
    context->device->report.used_bytes -= context->local_bytes;
    context->local_bytes = 0;
}

void blocks_unmap(struct context *context) {
    for (struct block *block = context->dead_blocks, *next; block; block = next) {
        next = block->next;
        if (block->map) {
            munmap(block->map, block->map_bytes);
        }
        free(block);
    }
    context->dead_blocks = NULL;
}

/* ---- variables of modules ---- */

void block_add_global(struct module *module, void *start, size_t bytes) {
    struct context *context = module->object.context;
    struct block *block = block_find(start, bytes) ? NULL : calloc(1, sizeof *block);
    if (block) {
        *block = (struct block){.kind = BLOCK_GLOBAL,
                                .context = context,
                                .start = start,
                                .bytes = bytes,
                                .module = module,
                                .next = context->blocks};
        context->blocks = block;
    }
}

void block_remove_globals(struct module *module) {
    struct block *next;
    for (struct block *b = module->object.context->blocks; b; b = next) {
        next = b->next;
        if (b->module == module) {
            block_quarantine(module->object.context, b);
        }
    }
}

/* ---- addresses ---- */

static bool block_holds(const struct block *block, const char *start, size_t bytes) {
    return start >= block->start && bytes <= block->bytes &&
           (size_t)(start - block->start) <= block->bytes - bytes;
}

static struct block *search(const void *start, size_t bytes, bool alive) {
    for (const struct context *c = world.contexts; c; c = c->next) {
        struct block *block = alive ? c->blocks : c->dead_blocks;
        for (; block; block = block->next) {
            if (block_holds(block, start, bytes) && (alive || block->map)) {
                return block;
            }
        }
    }
    return NULL;
}

struct block *block_find(const void *start, size_t bytes) {
    return search(start, bytes, true);
}

bool block_was(const void *start) { return search(start, 1, false) != NULL; }
