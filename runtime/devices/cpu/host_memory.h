/* host_memory.h -- how much of the host's memory there is for a solve. */
#ifndef ODEC_HOST_MEMORY_H
#define ODEC_HOST_MEMORY_H

#include "memory.h"

/* What this process can still take without swapping, its control group's limit
 * included. */
int64_t host_memory_free_bytes(void);
int64_t host_memory_total_bytes(void); /* the machine's, or its group's limit */

/* The context's manager of it, made at its first use with what is free then as the
 * budget. */
odec_status host_memory(struct odec_context *context, struct memory **out);

#endif
