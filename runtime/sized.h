/* sized.h -- reads and fills the public structs of a caller who was compiled with another
 * version of the header, and so knows fewer of their members than we, or more. Their
 * first member is the size that he knows.
 *
 *   ours    | size | a | b | c |
 *   older   | size | a |              b and c have their defaults
 *   newer   | size | a | b | c | d |  refused unless d is zero: it asks for something
 *                                     that we know nothing of
 *
 * So a struct grows at its end alone, by whole words, and never into its own padding,
 * in which an older caller may have anything. Elements of an array have no size of
 * their own: the struct that has the array says it for all of them.
 *
 * Both libraries use this, and neither sees the other: functions of a header.
 */
#ifndef ODEC_SIZED_H
#define ODEC_SIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum sized { SIZED_OK, SIZED_MISSING, SIZED_WRONG, SIZED_UNKNOWN };

static inline size_t sized_size(const void *sized) {
    size_t size;
    memcpy(&size, sized, sizeof size);
    return size;
}

/* No version of any struct has another one: no read goes past a caller's struct, or
 * ends within a member. */
static inline bool sized_is_possible(size_t size) {
    return size >= sizeof size && size % sizeof size == 0;
}

/* One element: `size` bytes at `from` over the defaults in `out`, which are `ours`. */
static inline enum sized sized_copy(void *out, size_t ours, const void *from,
                                    size_t size) {
    if (!sized_is_possible(size)) {
        return SIZED_WRONG;
    }
    for (size_t i = ours; i < size; i++) {
        if (((const char *)from)[i] != 0) {
            return SIZED_UNKNOWN;
        }
    }
    memcpy(out, from, size < ours ? size : ours);
    return SIZED_OK;
}

/* The caller's struct over the defaults in `out`, whose size is ours and stays. */
static inline enum sized sized_read(void *out, const void *from) {
    const size_t ours = sized_size(out);
    if (from == NULL) {
        return SIZED_MISSING;
    }
    const enum sized is = sized_copy(out, ours, from, sized_size(from));
    memcpy(out, &ours, sizeof ours);
    return is;
}

/* Our struct into the caller's, as far as he knows it; what we do not know is zero. */
static inline enum sized sized_write(void *to, const void *from) {
    const size_t ours = sized_size(from);
    if (to == NULL) {
        return SIZED_MISSING;
    }
    const size_t size = sized_size(to);
    if (!sized_is_possible(size)) {
        return SIZED_WRONG;
    }
    const size_t known = size < ours ? size : ours, skip = sizeof size;
    memcpy((char *)to + skip, (const char *)from + skip, known - skip);
    memset((char *)to + known, 0, size - known);
    return SIZED_OK;
}

enum { SIZED_TEXT = 192 };

/* Why a struct was refused; `start` is what the caller should have started from. */
static inline const char *sized_explain(char text[SIZED_TEXT], enum sized is,
                                        const char *name, size_t size, size_t ours,
                                        const char *start) {
    if (is == SIZED_MISSING) {
        snprintf(text, SIZED_TEXT, "there is no %s", name);
    } else if (is == SIZED_WRONG) {
        snprintf(text, SIZED_TEXT, "%s has size %zu, not %zu: start from %s", name,
                 size, ours, start);
    } else {
        snprintf(
            text, SIZED_TEXT,
            "%s has size %zu, and this odec, which knows %zu of it, is too old for "
            "what the rest asks for",
            name, size, ours);
    }
    return text;
}

#endif
