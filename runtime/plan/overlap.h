/* overlap.h -- do the elements of an array with strides have a place each? */
#ifndef ODEC_OVERLAP_H
#define ODEC_OVERLAP_H

#include <stdbool.h>
#include <stdint.h>

/* n elements, `stride` from one to the next. */
struct dimension {
    int64_t n, stride;
};

enum { OVERLAP_MOST = 3 }; /* dimensions */

/* From the first place to the last; -1: more than `most`. */
int64_t overlap_span(const struct dimension *d, int n_dimensions, int64_t most);

/* Have two elements one place? The span is known to be a number. */
bool overlap_is_there(const struct dimension *d, int n_dimensions);

#endif
