/* failing_alloc.h -- the program's malloc, calloc and realloc, counted, and failing
 * when told to. A test that includes it links with --wrap for the three: see
 * CMakeLists.txt.
 */
#ifndef TESTS_FAILING_ALLOC_H
#define TESTS_FAILING_ALLOC_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

static long n_alloc_calls;
static long alloc_fails_at;   /* the call that fails, counted from 1; 0: none */
static bool alloc_fails_from; /* and all after it */

static bool alloc_fails(void) {
    n_alloc_calls++;
    const bool fails =
        alloc_fails_at > 0 && (n_alloc_calls == alloc_fails_at ||
                               (alloc_fails_from && n_alloc_calls > alloc_fails_at));
    errno = fails ? ENOMEM : errno;
    return fails;
}

/* The n-th call from now on fails. 0: none does. */
static inline void alloc_fail_at(long n) {
    n_alloc_calls = 0;
    alloc_fails_at = n;
    alloc_fails_from = false;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *at, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *at, size_t bytes);

void *__wrap_malloc(size_t bytes) {
    return alloc_fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes) {
    return alloc_fails() ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *at, size_t bytes) {
    return alloc_fails() ? NULL : __real_realloc(at, bytes);
}

#endif
