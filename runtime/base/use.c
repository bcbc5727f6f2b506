/* use.c -- see use.h. Nothing here waits: a child of fork, in which no other thread lives,
 * must not find a lock that one of them has.
 */
#include "use.h"

#include <pthread.h>
#include <unistd.h>

#include "context.h"

static uintptr_t this_thread(void) { return (uintptr_t)pthread_self(); }

bool context_is_foreign(const struct odec_context *context) {
    return context->use.process != getpid();
}

/* A context that has nothing yet but memory is as good in a child. */
static odec_status check_process(struct odec_context *context, const char *call) {
    if (context_is_foreign(context) && context->n_owned == 0) {
        context->use.process = getpid();
    }
    FAIL_IF(context_is_foreign(context), context, ODEC_ERROR_USE,
            "%s: the context's threads and devices are in the process that made it, of "
            "which this is a child: it needs a context of its own",
            call);
    return ODEC_OK;
}

odec_status context_enter(struct odec_context *context, const char *call) {
    const uintptr_t self = this_thread();
    uintptr_t nobody = 0;
    if (context == NULL) {
        return ODEC_ERROR_ARGUMENT;
    }
    TRY(check_process(context, call));
    struct use *use = &context->use;
    if (atomic_load(&use->sink_caller) == self) {
        return ODEC_ERROR_USE; /* the words are the thread's that solves */
    }
    FAIL_IF(atomic_load(&use->caller) == self, context, ODEC_ERROR_USE,
            "%s cannot be called within a callback of the same context", call);
    if (!atomic_compare_exchange_strong(&use->caller, &nobody, self)) {
        return ODEC_ERROR_USE;
    }
    atomic_store(&use->misused, NULL);
    context_hold(context);
    use->modes = fp_enter();
    return ODEC_OK;
}

odec_status context_leave(struct odec_context *context, odec_status status) {
    struct use *use = &context->use;
    const odec_status misuse = context_check_use(context);
    fp_leave(use->modes);
    atomic_store(&use->caller, 0);
    context_let_go(context);
    return status != ODEC_OK ? status : misuse;
}

odec_status context_check_use(struct odec_context *context) {
    const char *call = atomic_load(&context->use.misused);
    FAIL_IF(
        call, context, ODEC_ERROR_USE,
        "%s was called within a callback, and did nothing: what a callback belongs to "
        "is destroyed after it",
        call);
    return ODEC_OK;
}

void context_begin_sink(struct odec_context *context) {
    atomic_store(&context->use.sink_caller, this_thread());
}

void context_end_sink(struct odec_context *context) {
    atomic_store(&context->use.sink_caller, 0);
}

bool context_may_destroy(struct odec_context *context, const char *call) {
    struct use *use = &context->use;
    const uintptr_t self = this_thread();
    if (context_is_foreign(context)) {
        return false;
    }
    if (atomic_load(&use->caller) == self || atomic_load(&use->sink_caller) == self) {
        atomic_store(&use->misused, call);
        return false;
    }
    return true;
}

void context_hold(struct odec_context *context) {
    atomic_fetch_add(&context->use.n_holders, 1);
}

void context_let_go(struct odec_context *context) {
    if (atomic_fetch_sub(&context->use.n_holders, 1) == 1) {
        context_free(context);
    }
}
