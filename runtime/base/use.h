/* use.h -- who is at work with a context: one thread at a time, no callback that it called,
 * no child of fork.
 *
 *   application    odec_solve      context_enter ... context_leave
 *                    callback        odec_solve: refused, as it would be at work twice
 *                    callback        odec_solver_destroy: does nothing, and odec_solve fails
 *
 * A context lasts until its last holder lets it go: the application, each solver, each
 * odec_devices, and whoever is at work with it.
 */
#ifndef ODEC_USE_H
#define ODEC_USE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fp_state.h"
#include "odec.h"

struct use {
    pid_t process; /* whose threads and devices the context has */
    atomic_int n_holders;
    atomic_uintptr_t caller;      /* the thread at work, 0: nobody */
    atomic_uintptr_t sink_caller; /* the thread within a batch's sink, 0: none */
    _Atomic(const char *)
        misused;    /* what a callback called that it must not, or NULL */
    fp_state modes; /* the caller's */
};

/* The call's name is for messages. ODEC_ERROR_ARGUMENT: there is no context. ODEC_ERROR_USE:
 * not from here; the context has the words, unless they are another thread's. Else the thread
 * has the library's floating-point modes until context_leave. */
odec_status context_enter(struct odec_context *context, const char *call);
/* What the call returns: its status, or ODEC_ERROR_USE, in words, where a callback did what it
 * must not. The context may be gone afterwards. */
odec_status context_leave(struct odec_context *context, odec_status status);

/* ODEC_ERROR_USE once a callback of the call under way did what it must not. */
odec_status context_check_use(struct odec_context *context);

/* Around a call of the batch's sink, which a thread of the library's makes. */
void context_begin_sink(struct odec_context *context);
void context_end_sink(struct odec_context *context);

/* May an object of the context's be destroyed here? Not within a callback, for which the call
 * under way then fails; nor in a child of fork, where nothing but memory is left of it. */
bool context_may_destroy(struct odec_context *context, const char *call);

/* Is this a child of the process that made it, without its threads and devices? */
bool context_is_foreign(const struct odec_context *context);

void context_hold(struct odec_context *context);
/* The last one to let it go destroys it. */
void context_let_go(struct odec_context *context);

#endif
