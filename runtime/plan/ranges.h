/* ranges.h -- a set of runs: sorted, disjoint ranges with a gap between neighbours, so
 * that a set has one form only.
 *
 *   runs   0 . . . 4 . . . . . 10 . . . . . . .
 *   set    |-------|           |-------|          two ranges: {0, 4}, {10, 4}
 *
 * A struct ranges of zeros is the empty set.
 */
#ifndef ODEC_RANGES_H
#define ODEC_RANGES_H

#include "plan.h" /* struct slice */

struct ranges {
    struct heap *heap; /* NULL: malloc's */
    struct slice *at;  /* [n] */
    int64_t n, capacity;
};

enum ranges_result {
    RANGES_OK,
    RANGES_OVERLAP,  /* some of these runs are in the set */
    RANGES_NO_MEMORY /* for another range */
};

/* Adds the runs of a slice, which has at least one. A failure leaves the set as it
 * was. */
enum ranges_result ranges_add(struct ranges *ranges, struct slice slice);

/* Room for n ranges in all: adding cannot lack memory while there are fewer. */
enum ranges_result ranges_reserve(struct ranges *ranges, int64_t n);

/* Makes `to` the same set; on failure it stays as it was. */
enum ranges_result ranges_copy(struct ranges *to, const struct ranges *from);

/* Takes up to `most` runs (at least 1) off the front: the lowest, in one range. False:
 * the set is empty. */
bool ranges_take(struct ranges *ranges, int64_t most, struct slice *out);

int64_t ranges_total(const struct ranges *ranges);                     /* runs */
bool ranges_contains(const struct ranges *ranges, struct slice slice); /* all of it */

void ranges_release(struct ranges *ranges); /* leaves the empty set */

#endif
