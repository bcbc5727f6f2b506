/* mem.h -- the compiler's memory: one arena per compilation, freed at once.
 *
 * Allocation never returns NULL. Where memory runs out, or a cap is passed, control goes
 * back to the compilation's entry by longjmp, which frees the arena: no pass has a failure
 * path for memory, and none can leak, since all of it, flex's and bison's too, is here.
 */
#ifndef ODEC_MEM_H
#define ODEC_MEM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

struct allocator {
    void *(*allocate)(void *user, size_t bytes); /* NULL on failure */
    void (*release)(void *user, void *pointer);
    void *user;
};

struct arena;

/* NULL where there is no memory. allocator may be NULL: malloc and free. on_failure is where
 * control goes when memory runs out. */
struct arena *arena_create(const struct allocator *allocator, jmp_buf *on_failure);
void arena_destroy(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t bytes); /* zeroed, aligned for any type */
void *arena_grow(struct arena *arena, void *old, size_t old_bytes, size_t new_bytes);
char *arena_copy(struct arena *arena, const char *text,
                 size_t length); /* NUL-terminated */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The shortest decimal that reads back as the same double. */
const char *number_text(struct arena *arena, double number);

/* Gives up: memory that is not the arena's ran out. */
_Noreturn void arena_fail(struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_alloc(arena, sizeof(type)))
#define ARENA_ARRAY(arena, type, n) \
    ((type *)arena_alloc(arena, sizeof(type) * (size_t)(n)))

/* A list of values in an arena: VECTOR(struct expr *) args = {0}; */
#define VECTOR(type)     \
    struct {             \
        type *at;        \
        int n, capacity; \
    }
#define VECTOR_PUSH(arena, v, value)                                              \
    do {                                                                          \
        if ((v)->n == (v)->capacity) {                                            \
            int vector_old_ = (v)->capacity;                                      \
            (v)->capacity = vector_old_ ? 2 * vector_old_ : 8;                    \
            (v)->at =                                                             \
                arena_grow(arena, (v)->at, sizeof *(v)->at * (size_t)vector_old_, \
                           sizeof *(v)->at * (size_t)(v)->capacity);              \
        }                                                                         \
        (v)->at[(v)->n++] = (value);                                              \
    } while (0)

/* Text that grows in an arena. */
struct text {
    struct arena *arena;
    char *at; /* NUL-terminated once anything was added */
    size_t n, capacity;
};
void text_add(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *text, const char *bytes, size_t n);
/* What a user wrote, inside a comment of C: nothing of it ends the comment, splices a line or
 * turns the direction of what follows. */
void text_add_comment(struct text *text, const char *bytes, size_t n);

#endif
