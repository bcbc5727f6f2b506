/* context.c -- the owner of the first error's text, and the names of all statuses. */
#include "context.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "printable.h"
#include "sized.h"

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

odec_status odec_context_create_with(const odec_context_options *given,
                                     odec_context **out) {
    struct odec_context_options options = ODEC_CONTEXT_OPTIONS_INIT;
    if (out == NULL) {
        return ODEC_ERROR_ARGUMENT;
    }
    *out = NULL;
    if (sized_read(&options, given) != SIZED_OK ||
        (options.allocate == NULL) != (options.release == NULL)) {
        return ODEC_ERROR_ARGUMENT;
    }
    const struct heap_source source = {.allocate = options.allocate,
                                       .release = options.release,
                                       .user = options.memory_user};
    struct heap *heap = heap_create(&source);
    struct odec_context *context = heap ? heap_take(heap, 1, sizeof *context) : NULL;
    if (context == NULL) {
        heap_destroy(heap);
        return ODEC_ERROR_MEMORY;
    }
    context->heap = heap;
    context->use.process = getpid();
    context_hold(context);
    context->log = options.log;
    context->log_user = options.log_user;
    *out = context;
    return ODEC_OK;
}

odec_status odec_context_create(odec_context **out) {
    const odec_context_options usual = ODEC_CONTEXT_OPTIONS_INIT;
    return odec_context_create_with(&usual, out);
}

void odec_context_destroy(odec_context *context) {
    if (context && (context->n_owned == 0 || !context_is_foreign(context))) {
        context_let_go(context);
    }
}

void context_free(struct odec_context *context) {
    while (context->n_owned > 0) {
        const struct context_owned *last = &context->owned[--context->n_owned];
        last->destroy(last->object);
    }
    struct heap *heap = context->heap;
    heap_give(context);
    heap_destroy(heap);
}

void context_own(struct odec_context *context, void *object,
                 void (*destroy)(void *object)) {
    assert(context->n_owned < CONTEXT_MAX_OWNED);
    context->owned[context->n_owned++] = (struct context_owned){object, destroy};
}

const char *odec_context_error(const odec_context *context) {
    return context ? context->error : "";
}

void odec_context_clear(odec_context *context) {
    if (context) {
        context->error[0] = '\0';
    }
}

odec_status context_fail(struct odec_context *context, odec_status status,
                         const char *format, ...) {
    if (context && context->error[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(context->error, sizeof context->error, format, arguments);
        va_end(arguments);
        printable(context->error);
    }
    return status;
}

void context_log(struct odec_context *context, odec_log_level level, const char *format,
                 ...) {
    char text[1024];
    if (context->log) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        context->log(context->log_user, level, printable(text));
    }
}

void context_move_error(struct odec_context *context, char *out, size_t size) {
    snprintf(out, size, "%s", context->error);
    odec_context_clear(context);
}

odec_status context_out_of_memory(struct odec_context *context) {
    return context_fail(context, ODEC_ERROR_MEMORY, "out of memory");
}

static odec_status refuse(struct odec_context *context, enum sized is, const char *name,
                          size_t size, size_t ours, const char *start) {
    char text[SIZED_TEXT];
    return context_fail(context, ODEC_ERROR_ARGUMENT, "%s",
                        sized_explain(text, is, name, size, ours, start));
}

odec_status context_read(struct odec_context *context, void *out, const void *from,
                         const char *name, const char *start) {
    const enum sized is = sized_read(out, from);
    return is == SIZED_OK ? ODEC_OK
                          : refuse(context, is, name, from ? sized_size(from) : 0,
                                   sized_size(out), start);
}

odec_status context_read_list(struct odec_context *context, void **out, size_t ours,
                              const void *from, size_t given, int64_t n,
                              const char *name, const char *start) {
    *out = NULL;
    FAIL_IF(n < 0 || (n > 0 && from == NULL), context, ODEC_ERROR_ARGUMENT,
            "the list of %lld %s is missing", (long long)n, name);
    char *list = heap_take(context->heap, (size_t)n + 1, ours);
    *out = list;
    if (list == NULL) {
        return context_out_of_memory(context);
    }
    for (int64_t i = 0; i < n; i++) {
        const enum sized is = sized_copy(list + (size_t)i * ours, ours,
                                         (const char *)from + (size_t)i * given, given);
        if (is != SIZED_OK) {
            return refuse(context, is, name, given, ours, start);
        }
    }
    return ODEC_OK;
}
