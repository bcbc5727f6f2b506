/* ranges.c -- see ranges.h. */
#include "ranges.h"

#include <assert.h>
#include <string.h>

static int64_t end_of(struct slice slice) { return slice.first + slice.n_runs; }

/* The first range that begins behind run `first`. */
static int64_t find_behind(const struct ranges *ranges, int64_t first) {
    int64_t lo = 0, hi = ranges->n;
    while (lo < hi) {
        int64_t middle = lo + (hi - lo) / 2;
        if (ranges->at[middle].first > first) {
            hi = middle;
        } else {
            lo = middle + 1;
        }
    }
    return lo;
}

enum ranges_result ranges_reserve(struct ranges *ranges, int64_t n) {
    if (n <= ranges->capacity) {
        return RANGES_OK;
    }
    int64_t capacity = ranges->capacity < 8 ? 8 : ranges->capacity;
    while (capacity < n) {
        capacity *= 2;
    }
    struct slice *at =
        heap_grow(ranges->heap, ranges->at, (size_t)capacity * sizeof *at);
    if (at == NULL) {
        return RANGES_NO_MEMORY;
    }
    ranges->at = at;
    ranges->capacity = capacity;
    return RANGES_OK;
}

/* Moves the ranges from i on to j; at least one of them is there. */
static void move_ranges(struct ranges *ranges, int64_t i, int64_t j) {
    memmove(&ranges->at[j], &ranges->at[i],
            (size_t)(ranges->n - i) * sizeof *ranges->at);
    ranges->n += j - i;
}

enum ranges_result ranges_add(struct ranges *ranges, struct slice slice) {
    assert(slice.first >= 0 && slice.n_runs > 0 &&
           slice.n_runs <= INT64_MAX - slice.first);
    int64_t i = find_behind(ranges, slice.first);
    bool is_before = i > 0, is_behind = i < ranges->n;
    if ((is_before && end_of(ranges->at[i - 1]) > slice.first) ||
        (is_behind && ranges->at[i].first < end_of(slice))) {
        return RANGES_OVERLAP;
    }
    bool joins_before = is_before && end_of(ranges->at[i - 1]) == slice.first;
    bool joins_behind = is_behind && ranges->at[i].first == end_of(slice);
    if (joins_before && joins_behind) {
        ranges->at[i - 1].n_runs += slice.n_runs + ranges->at[i].n_runs;
        move_ranges(ranges, i + 1, i);
    } else if (joins_before) {
        ranges->at[i - 1].n_runs += slice.n_runs;
    } else if (joins_behind) {
        ranges->at[i].first = slice.first;
        ranges->at[i].n_runs += slice.n_runs;
    } else {
        if (ranges_reserve(ranges, ranges->n + 1) != RANGES_OK) {
            return RANGES_NO_MEMORY;
        }
        move_ranges(ranges, i, i + 1);
        ranges->at[i] = slice;
    }
    return RANGES_OK;
}

enum ranges_result ranges_copy(struct ranges *to, const struct ranges *from) {
    if (ranges_reserve(to, from->n) != RANGES_OK) {
        return RANGES_NO_MEMORY;
    }
    if (from->n > 0) {
        memcpy(to->at, from->at, (size_t)from->n * sizeof *to->at);
    }
    to->n = from->n;
    return RANGES_OK;
}

bool ranges_take(struct ranges *ranges, int64_t most, struct slice *out) {
    assert(most > 0);
    if (ranges->n == 0) {
        return false;
    }
    struct slice *front = &ranges->at[0];
    if (front->n_runs <= most) {
        *out = *front;
        move_ranges(ranges, 1, 0);
    } else {
        *out = (struct slice){front->first, most};
        front->first += most;
        front->n_runs -= most;
    }
    return true;
}

int64_t ranges_total(const struct ranges *ranges) {
    int64_t total = 0;
    for (int64_t i = 0; i < ranges->n; i++) {
        total += ranges->at[i].n_runs;
    }
    return total;
}

bool ranges_contains(const struct ranges *ranges, struct slice slice) {
    int64_t i = find_behind(ranges, slice.first);
    return i > 0 && end_of(slice) <= end_of(ranges->at[i - 1]);
}

void ranges_release(struct ranges *ranges) {
    heap_give(ranges->at);
    *ranges = (struct ranges){0};
}
