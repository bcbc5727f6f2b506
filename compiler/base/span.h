/* span.h -- a place in the source text. */
#ifndef ODEC_SPAN_H
#define ODEC_SPAN_H

#include <stdint.h>

/* Bytes start .. end-1. */
struct span {
    uint32_t start, end;
};

#endif
