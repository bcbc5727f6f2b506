/* nearest.h -- the name that somebody may have meant: the edit distance of Damerau
 * (swapping neighbours counts one) behind "did you mean".
 *
 * Both libraries use this, and neither sees the other: functions of a header.
 */
#ifndef ODEC_NEAREST_H
#define ODEC_NEAREST_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { NEAREST_LONGEST = 40 }; /* of the names compared */

/* The best of the candidates offered one by one for a name that is not known. */
struct nearest {
    const char *wanted;
    const char *name; /* NULL: nothing is near enough */
    const void *value;
    int distance;
};

static inline int nearest_min(int a, int b, int c) {
    int m = a < b ? a : b;
    return m < c ? m : c;
}

/* Insertions, deletions, substitutions and swaps of neighbours that make b of a, in the
 * restricted form (no substring is edited twice); a change of case alone counts nothing
 * but one in all. */
static inline int nearest_edits(const char *a, int n, const char *b, int m) {
    int rows[3][NEAREST_LONGEST + 1];
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
            row[j] =
                nearest_min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
    }
    return row[m];
}

static inline void nearest_offer(struct nearest *nearest, const char *name,
                                 const void *value) {
    size_t n = strlen(nearest->wanted), m = strlen(name);
    if (n > NEAREST_LONGEST || m > NEAREST_LONGEST) {
        return;
    }
    int limit = n <= 2 ? 1 : n <= 5 ? 2 : 3;
    int distance = 2 * nearest_edits(nearest->wanted, (int)n, name, (int)m);
    distance -=
        distance > 0 && nearest->wanted[0] == name[0]; /* ties: the same initial */
    if (distance <= 2 * limit && distance < (int)m * 2 &&
        (!nearest->name || distance < nearest->distance)) {
        nearest->name = name;
        nearest->value = value;
        nearest->distance = distance;
    }
}

/* The name is one of "a|b|c", case aside. */
static inline bool name_is_one_of(const char *name, const char *list) {
    const size_t n = strlen(name);
    while (*list) {
        const size_t length = strcspn(list, "|");
        size_t i = 0;
        while (i < n && i < length &&
               tolower((unsigned char)name[i]) == tolower((unsigned char)list[i])) {
            i++;
        }
        if (n == length && i == n) {
            return true;
        }
        list += length + (list[length] == '|');
    }
    return false;
}

#endif
