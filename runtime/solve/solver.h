/* solver.h -- a program opened on devices, and what batches of it may use. */
#ifndef ODEC_SOLVER_H
#define ODEC_SOLVER_H

#include "backend.h"
#include "program.h"

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
    struct device_seconds seconds;
    char failure[FAILURE_SIZE]; /* "" while it is well */
};

/* Whether somebody is at work with a solver, and may be. */
struct in_flight {
    pthread_mutex_t mutex;
    pthread_cond_t none;
    int32_t n; /* calls of odec_solve that have not returned */
    bool closing;
};

struct odec_solver {
    struct in_flight in_flight;
    struct odec_context *context;
    struct rates *rates;                /* the context's */
    struct program program;             /* the caller's, as far as we know it */
    struct odec_solver_options options; /* strings and lists are copies */
    struct solver_device devices[MAX_DEVICES];
    int32_t n_devices;
    /* [2][n_states] of the last batch, see abi.h; all 0 where it did not end well, or made no
     * step */
    int *seen;
    struct writer *writer; /* of the first batch on; NULL: none yet */
};

/* Around all that a call does with a solver and its context: see context_enter.
 * ODEC_CANCELLED: the solver is being destroyed. */
odec_status solver_enter(struct odec_solver *solver, const char *call);
/* What the call returns; the solver may be gone afterwards. */
odec_status solver_leave(struct odec_solver *solver, odec_status status);
bool solver_is_closing(struct odec_solver *solver);

/* Opens a device of the solver's list. */
odec_status solver_open(struct odec_solver *solver, struct solver_device *on);

#endif
