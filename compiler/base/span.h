/* span.h -- a place in the source text. */
#ifndef ODEC_SPAN_H
#define ODEC_SPAN_H

#include <stdint.h>

/* Bytes start .. end-1. */
struct span {
    uint32_t start, end;
};

/* Of what has no place in the text: an argument of the caller's. */
#define NO_SPAN ((struct span){UINT32_MAX, UINT32_MAX})

static inline int span_is_none(struct span span) { return span.start == UINT32_MAX; }

#endif
