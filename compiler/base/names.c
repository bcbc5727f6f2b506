/* names.c -- a hash table with open addressing (FNV-1a, linear probing). */
#include "names.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static size_t hash_name(const char *name) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++) {
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    }
    return (size_t)(h ^ h >> 32);
}

/* The slot of the name, or the free one where it belongs. capacity > n. */
static struct name_slot *find_slot(const struct names *names, const char *name) {
    size_t i = hash_name(name) & (names->capacity - 1);
    while (names->slots[i].name && strcmp(names->slots[i].name, name) != 0) {
        i = (i + 1) & (names->capacity - 1);
    }
    return &names->slots[i];
}

void *names_get(const struct names *names, const char *name) {
    return names->n > 0 ? find_slot(names, name)->value : NULL;
}

static void grow(struct names *names) {
    struct names larger = {.arena = names->arena,
                           .n = names->n,
                           .capacity = names->capacity ? 2 * names->capacity : 64};
    larger.slots = ARENA_ARRAY(names->arena, struct name_slot, larger.capacity);
    for (size_t i = 0; i < names->capacity; i++) {
        if (names->slots[i].name) {
            *find_slot(&larger, names->slots[i].name) = names->slots[i];
        }
    }
    *names = larger;
}

void names_put(struct names *names, const char *name, void *value) {
    assert(names->arena && value); /* names_get says NULL of what is not there */
    if (2 * (names->n + 1) > names->capacity) {
        grow(names);
    }
    struct name_slot *slot = find_slot(names, name);
    names->n += slot->name == NULL;
    *slot = (struct name_slot){.name = name, .value = value};
}
