/* names.h -- a map from names to values, and the nearest of them (nearest.h). */
#ifndef ODEC_NAMES_H
#define ODEC_NAMES_H

#include "mem.h"
#include "nearest.h"

struct name_slot {
    const char *name; /* NULL: free */
    void *value;
};

/* struct names names = {.arena = arena}; names and values are kept, not copied. */
struct names {
    struct arena *arena;
    struct name_slot *slots;
    size_t n, capacity; /* capacity: 0 or a power of two */
};

void *names_get(const struct names *names, const char *name); /* NULL: not there */
void names_put(struct names *names, const char *name, void *value);

#endif
