/* solver.h -- a program opened on a device, and what batches of it may use. */
#ifndef ODEC_SOLVER_H
#define ODEC_SOLVER_H

#include "backend.h"

struct odec_solver {
    struct odec_context *context;
    const struct odec_program *program; /* the caller's */
    const struct backend *backend;
    struct device *device;
    struct device_facts facts;
    int64_t memory_bytes; /* budget; 0: automatic */
    int64_t chunk_runs;   /* 0: no bound */
};

#endif
