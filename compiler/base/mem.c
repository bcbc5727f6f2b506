/* mem.c -- an arena: a chain of blocks, the newest first, freed all at once.
 *
 *   arena -> block [used......|free] -> block [used...........] -> NULL
 *
 * Blocks grow from 16 KiB to 1 MiB; a larger request has a block of its own. A total
 * cap bounds what hostile input can make the compiler take. Where either memory or the
 * cap ends, longjmp leaves for the compilation's entry, so callers never see NULL.
 */
#include "mem.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined __SANITIZE_ADDRESS__ || defined ODEC_EXACT_BLOCKS
enum { FIRST_BLOCK = 1, LARGEST_BLOCK = 1 }; /* a block each: overruns are seen */
#else
enum { FIRST_BLOCK = 16 << 10, LARGEST_BLOCK = 1 << 20 };
#endif
enum { ALIGNMENT = 16 };

static const size_t arena_cap = (size_t)1 << 31;

struct block {
    struct block *next;
    size_t size, used; /* bytes of data, which follows the header */
};

/* Data starts at a multiple of ALIGNMENT past the header. */
static const size_t header =
    (sizeof(struct block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

struct arena {
    struct allocator allocator;
    jmp_buf *on_failure;
    struct block *newest;
    size_t block_size; /* of the next block */
    size_t total;      /* bytes of all blocks */
};

static void *allocate_malloc(void *user, size_t bytes) {
    (void)user;
    return malloc(bytes);
}

static void release_free(void *user, void *pointer) {
    (void)user;
    free(pointer);
}

struct arena *arena_create(const struct allocator *allocator, jmp_buf *on_failure) {
    static const struct allocator standard = {allocate_malloc, release_free, NULL};
    const struct allocator *a = allocator ? allocator : &standard;

    struct arena *arena = a->allocate(a->user, sizeof *arena);
    if (!arena) {
        return NULL;
    }
    *arena = (struct arena){
        .allocator = *a, .on_failure = on_failure, .block_size = FIRST_BLOCK};
    return arena;
}

void arena_destroy(struct arena *arena) {
    if (!arena) {
        return;
    }
    struct allocator a = arena->allocator;
    for (struct block *b = arena->newest; b;) {
        struct block *next = b->next;
        a.release(a.user, b);
        b = next;
    }
    a.release(a.user, arena);
}

_Noreturn void arena_fail(struct arena *arena) { longjmp(*arena->on_failure, 1); }

/* Puts a block with room for `bytes` in front. */
static void arena_extend(struct arena *arena, size_t bytes) {
    size_t size = bytes > arena->block_size ? bytes : arena->block_size;
    if (size > arena_cap - arena->total) {
        arena_fail(arena);
    }
    struct block *b = arena->allocator.allocate(arena->allocator.user, header + size);
    if (!b) {
        arena_fail(arena);
    }
    *b = (struct block){.next = arena->newest, .size = size};
    arena->newest = b;
    arena->total += size;
    if (arena->block_size < LARGEST_BLOCK) {
        arena->block_size *= 2;
    }
}

void *arena_alloc(struct arena *arena, size_t bytes) {
    if (bytes > arena_cap) {
        arena_fail(arena);
    }
    size_t size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *b = arena->newest;
    if (!b || b->size - b->used < size) {
        arena_extend(arena, size);
        b = arena->newest;
    }
    void *result = (char *)b + header + b->used;
    b->used += size;
    return memset(result, 0, size);
}

void *arena_grow(struct arena *arena, void *old, size_t old_bytes, size_t new_bytes) {
    void *result = arena_alloc(arena, new_bytes);
    if (old) {
        memcpy(result, old, old_bytes < new_bytes ? old_bytes : new_bytes);
    }
    return result;
}

char *arena_copy(struct arena *arena, const char *text, size_t length) {
    char *result = arena_alloc(arena, length + 1);
    if (length > 0) {
        memcpy(result, text, length);
    }
    return result;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    size_t size = n < 0 ? 1 : (size_t)n + 1;
    char *result = arena_alloc(arena, size);
    vsnprintf(result, size, format, again);
    va_end(again);
    return result;
}

const char *number_text(struct arena *arena, double number) {
    char text[40];
    if (fabs(number) < 1e15 && number == floor(number)) {
        return arena_printf(arena, "%.0f", number);
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    return arena_printf(arena, "%s", text);
}

/* Makes room for n more bytes and the NUL. */
static void text_reserve(struct text *text, size_t n) {
    assert(text->arena && text->n <= text->capacity);
    if (text->capacity - text->n > n) {
        return;
    }
    size_t capacity = 2 * text->capacity + n + 64;
    text->at = arena_grow(text->arena, text->at, text->n, capacity);
    text->capacity = capacity;
}

void text_add_bytes(struct text *text, const char *bytes, size_t n) {
    text_reserve(text, n);
    if (n > 0) {
        memcpy(text->at + text->n, bytes, n);
    }
    text->n += n;
    text->at[text->n] = '\0';
}

void text_add(struct text *text, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n >= 0) {
        text_reserve(text, (size_t)n);
        vsnprintf(text->at + text->n, (size_t)n + 1, format, again);
        text->n += (size_t)n;
    }
    va_end(again);
}

/* Of what turns the direction of writing (U+202A to U+202E, U+2066 to U+2069) the length. */
static size_t turning_length(const char *at, size_t n) {
    if (n < 3 || memcmp(at, "\xe2", 1) != 0) {
        return 0;
    }
    const unsigned char b = (unsigned char)at[1], c = (unsigned char)at[2];
    return (b == 0x80 && c >= 0xaa && c <= 0xae) ||
                   (b == 0x81 && c >= 0xa6 && c <= 0xa9)
               ? 3
               : 0;
}

void text_add_comment(struct text *text, const char *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char c = bytes[i];
        const bool ends = c == '/' && i > 0 && bytes[i - 1] == '*';
        const bool opens = c == '*' && i > 0 && bytes[i - 1] == '/';
        const size_t turning = turning_length(bytes + i, n - i);
        if (ends || opens) {
            text_add_bytes(text, " ", 1);
        }
        const bool plain = (unsigned char)c >= ' ' && c != '\\' && c != '?' &&
                           c != 127 && turning == 0;
        text_add_bytes(text, plain ? &c : " ", 1);
        i += turning ? turning - 1 : 0;
    }
}
