/* heap.c -- see heap.h. What is kept is a ring: the oldest gives way. */
#include "heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { N_KEPT = 48, MOST_KEPT_BYTES = 1 << 20 /* of one block */ };

struct block {
    _Alignas(max_align_t) struct heap *heap;
    size_t bytes;
    _Alignas(max_align_t) char at[];
};

struct heap {
    struct heap_source source;
    struct block *kept[N_KEPT]; /* NULL: a free place */
    int oldest;
};

static void *allocate(const struct heap *heap, size_t bytes) {
    return heap && heap->source.allocate
               ? heap->source.allocate(heap->source.user, bytes)
               : malloc(bytes);
}

static void release(const struct heap *heap, void *at) {
    if (heap && heap->source.release) {
        heap->source.release(heap->source.user, at);
    } else {
        free(at);
    }
}

struct heap *heap_create(const struct heap_source *source) {
    const struct heap first = {.source = *source};
    struct heap *heap = allocate(&first, sizeof *heap);
    if (heap) {
        *heap = first;
    }
    return heap;
}

void heap_trim(struct heap *heap) {
    for (int i = 0; heap && i < N_KEPT; i++) {
        if (heap->kept[i]) {
            release(heap, heap->kept[i]);
            heap->kept[i] = NULL;
        }
    }
}

void heap_destroy(struct heap *heap) {
    if (heap) {
        const struct heap last = *heap;
        heap_trim(heap);
        release(&last, heap);
    }
}

/* One of those kept that has just this size. */
static struct block *take_kept(struct heap *heap, size_t bytes) {
    for (int i = 0; heap && i < N_KEPT; i++) {
        struct block *block = heap->kept[i];
        if (block && block->bytes == bytes) {
            heap->kept[i] = NULL;
            return block;
        }
    }
    return NULL;
}

static struct block *new_block(struct heap *heap, size_t bytes) {
    struct block *block = take_kept(heap, bytes);
    if (block == NULL && bytes <= SIZE_MAX - sizeof *block) {
        block = allocate(heap, sizeof *block + bytes);
    }
    if (block) {
        block->heap = heap;
        block->bytes = bytes;
    }
    return block;
}

static struct block *block_of(void *at) {
    return (void *)((char *)at - offsetof(struct block, at));
}

void *heap_take(struct heap *heap, size_t n, size_t bytes) {
    size_t all;
    struct block *block =
        __builtin_mul_overflow(n, bytes, &all) ? NULL : new_block(heap, all);
    if (block) {
        memset(block->at, 0, all);
    }
    return block ? block->at : NULL;
}

void *heap_grow(struct heap *heap, void *at, size_t bytes) {
    struct block *block = new_block(heap, bytes);
    if (block && at) {
        const size_t before = block_of(at)->bytes;
        memcpy(block->at, at, before < bytes ? before : bytes);
        heap_give(at);
    }
    return block ? block->at : NULL;
}

char *heap_text(struct heap *heap, const char *text) {
    const size_t n = strlen(text) + 1;
    char *copy = heap_take(heap, 1, n);
    return copy ? memcpy(copy, text, n) : NULL;
}

void heap_give(void *at) {
    if (at == NULL) {
        return;
    }
    struct block *block = block_of(at);
    struct heap *heap = block->heap;
    if (heap && block->bytes <= MOST_KEPT_BYTES) {
        struct block *oldest = heap->kept[heap->oldest];
        heap->kept[heap->oldest] = block;
        heap->oldest = (heap->oldest + 1) % N_KEPT;
        block = oldest;
    }
    if (block) {
        release(heap, block);
    }
}

bool heap_is_custom(const struct heap *heap) { return heap && heap->source.allocate; }
