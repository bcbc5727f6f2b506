/* solver.h -- a program opened on devices, and what batches of it may use. */
#ifndef ODEC_SOLVER_H
#define ODEC_SOLVER_H

#include "backend.h"

enum { FAILURE_SIZE = 512 };

struct solver_device {
    const struct backend *backend;
    int32_t ordinal;
    struct device *device; /* NULL: not open, see `failure` */
    struct device_facts facts;
    bool stands_by; /* not open: for when every other device has failed */
    double rate;    /* runs/s in the last batch, at first a guess; 0: not known */
    /* of the last batch, or why it takes part in none */
    int64_t n_runs;
    int64_t n_noted; /* of them, in the context's rates */
    double busy_seconds;
    char failure[FAILURE_SIZE]; /* "" while it is well */
};

struct odec_solver {
    struct odec_context *context;
    const struct odec_program *program; /* the caller's */
    struct odec_solver_options options; /* strings and lists are copies */
    struct solver_device devices[MAX_DEVICES];
    int32_t n_devices;
};

/* Opens a device of the solver's list. */
odec_status solver_open(struct odec_solver *solver, struct solver_device *on);

#endif
