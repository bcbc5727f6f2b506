/* memory.h -- how much memory there is for a solve. */
#ifndef ODEC_MEMORY_H
#define ODEC_MEMORY_H

#include <stdint.h>

/* What this process can still take without swapping, its control group's limit
 * included. */
int64_t memory_free_bytes(void);

#endif
