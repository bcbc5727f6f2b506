/* context.c -- the owner of the first error's text, and the names of all statuses. */
#include "context.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *odec_status_text(odec_status status) {
    switch ((int)status) {
#define ODEC_STATUS(name, value, text) \
    case value:                        \
        return text;
#include "status.def"
    default:
        return "unknown status";
    }
}

const char *odec_run_status_text(int run_status) {
    switch (run_status) {
#define ODEC_RUN_STATUS(name, value, text) \
    case value:                            \
        return text;
#include "status.def"
    default:
        return "unknown";
    }
}

odec_status odec_context_create(odec_context **out) {
    *out = calloc(1, sizeof **out);
    return *out ? ODEC_OK : ODEC_ERROR_MEMORY;
}

void odec_context_destroy(odec_context *context) {
    if (context) {
        while (context->n_owned > 0) {
            const struct context_owned *last = &context->owned[--context->n_owned];
            last->destroy(last->object);
        }
        free(context);
    }
}

void context_own(struct odec_context *context, void *object,
                 void (*destroy)(void *object)) {
    assert(context->n_owned < CONTEXT_MAX_OWNED);
    context->owned[context->n_owned++] = (struct context_owned){object, destroy};
}

const char *odec_context_error(const odec_context *context) { return context->error; }

void odec_context_clear(odec_context *context) { context->error[0] = '\0'; }

odec_status context_fail(struct odec_context *context, odec_status status,
                         const char *format, ...) {
    if (context->error[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(context->error, sizeof context->error, format, arguments);
        va_end(arguments);
    }
    return status;
}

void context_move_error(struct odec_context *context, char *out, size_t size) {
    snprintf(out, size, "%s", context->error);
    odec_context_clear(context);
}

odec_status context_out_of_memory(struct odec_context *context) {
    return context_fail(context, ODEC_ERROR_MEMORY, "out of memory");
}
