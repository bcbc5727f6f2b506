/* names.c -- a hash table with open addressing (FNV-1a, linear probing), and the edit
 * distance of Damerau (swapping neighbours counts one) behind "did you mean".
 */
#include "names.h"

#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { LONGEST_COMPARED = 40 };

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

static int min3(int a, int b, int c) {
    int m = a < b ? a : b;
    return m < c ? m : c;
}

/* Insertions, deletions, substitutions and swaps of neighbours that make b of a, in the
 * restricted form (no substring is edited twice); a change of case alone counts nothing
 * but one in all. */
static int edit_distance(const char *a, int n, const char *b, int m) {
    int rows[3][LONGEST_COMPARED + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    for (int j = 0; j <= m; j++) {
        row[j] = j;
    }
    for (int i = 1; i <= n; i++) {
        int *spare = before;
        before = above;
        above = row;
        row = spare;
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int ca = tolower((unsigned char)a[i - 1]),
                cb = tolower((unsigned char)b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
    }
    return row[m];
}

void nearest_offer(struct nearest *nearest, const char *name, const void *value) {
    size_t n = strlen(nearest->wanted), m = strlen(name);
    if (n > LONGEST_COMPARED || m > LONGEST_COMPARED) {
        return;
    }
    int limit = n <= 2 ? 1 : n <= 5 ? 2 : 3;
    int distance = 2 * edit_distance(nearest->wanted, (int)n, name, (int)m);
    distance -=
        distance > 0 && nearest->wanted[0] == name[0]; /* ties: the same initial */
    if (distance <= 2 * limit && distance < (int)m * 2 &&
        (!nearest->name || distance < nearest->distance)) {
        nearest->name = name;
        nearest->value = value;
        nearest->distance = distance;
    }
}
