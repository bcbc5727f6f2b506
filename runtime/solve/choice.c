/* choice.c -- which devices a text names. */
#include "backend.h"

#include <stdio.h>
#include <string.h>

#include "gpu.h"
#include "sampler.h"

/* A GPU with less memory free than this is none for `auto`. */
#define AUTO_LEAST_BYTES ((int64_t)64 << 20)

static odec_status add(struct odec_context *context, struct device_list *list,
                       const struct backend *backend, int32_t ordinal) {
    for (int32_t i = 0; i < list->n; i++) {
        FAIL_IF(list->at[i].backend == backend && list->at[i].ordinal == ordinal,
                context, ODEC_ERROR_ARGUMENT, "the device %s:%d is named twice",
                backend->kind, ordinal);
    }
    FAIL_IF(list->n == MAX_DEVICES, context, ODEC_ERROR_ARGUMENT,
            "at most %d devices can be used at once", MAX_DEVICES);
    list->at[list->n++] = (struct device_choice){backend, ordinal};
    return ODEC_OK;
}

/* Why the program can use none of a kind; "" where it can. */
static const char *why_none(const struct backend *backend, struct odec_context *context,
                            const struct odec_program *program) {
    const char *missing, *no_compiler;
    backend->count(backend, context, &missing, &no_compiler);
    return missing[0] || gpu_has_image(backend->gpu, program) ? missing : no_compiler;
}

/* All of one kind, that there are. */
static odec_status add_all(struct odec_context *context, struct device_list *list,
                           const struct backend *backend) {
    const char *missing, *no_compiler;
    const int32_t n = backend->count(backend, context, &missing, &no_compiler);
    for (int32_t i = 0; i < n && list->n < MAX_DEVICES - 1; i++) {
        TRY(add(context, list, backend, i));
    }
    return ODEC_OK;
}

/* Of what was sampled: memory that others have taken but for a rest is of no use. What
 * the context itself has on a GPU serves its next solver too. */
static bool has_room(struct odec_context *context, struct sampler *sampler, int32_t i) {
    struct telemetry_sample sample;
    sampler_last(sampler, i, &sample);
    return sample.memory_used < 0 || sample.memory_total < 0 ||
           sample.memory_total - sample.memory_used >= AUTO_LEAST_BYTES ||
           context_uses_gpu(context, sampler_backend(sampler, i)->gpu,
                            sampler_ordinal(sampler, i));
}

/* auto's GPUs, the best first (sampler_rank), without those that are lost or full. */
static odec_status add_good(struct odec_context *context,
                            const struct odec_program *program,
                            struct device_list *list) {
    struct sampler *sampler;
    int32_t order[N_BACKENDS * MAX_DEVICES];
    TRY(context_sampler(context, &sampler));
    sampler_take(sampler);
    int32_t n = sampler_rank(sampler, program, order);
    for (int32_t k = 0; k < n && list->n < MAX_DEVICES - 1; k++) {
        const struct backend *backend = sampler_backend(sampler, order[k]);
        int32_t ordinal = sampler_ordinal(sampler, order[k]);
        if (!backend_is_host(backend) && ordinal >= 0 &&
            has_room(context, sampler, order[k])) {
            TRY(add(context, list, backend, ordinal));
        }
    }
    return ODEC_OK;
}

/* Those GPUs that can be used, or of them the good ones alone. */
static odec_status add_gpus(struct odec_context *context,
                            const struct odec_program *program,
                            struct device_list *list, bool good_alone) {
    bool is_any = false;
    for (int kind = 0; kind < N_BACKENDS; kind++) {
        const struct backend *backend = backends[kind];
        if (!backend_is_host(backend)) {
            const bool is_usable = why_none(backend, context, program)[0] == '\0';
            is_any |= is_usable;
            TRY(is_usable && !good_alone ? add_all(context, list, backend) : ODEC_OK);
        }
    }
    return is_any && good_alone ? add_good(context, program, list) : ODEC_OK;
}

/* "auto, all, cpu, cuda, cuda:0 and the like" */
static odec_status unknown_device(struct odec_context *context, const char *text) {
    char known[128] = "auto, all";
    for (int kind = 0; kind < N_BACKENDS; kind++) {
        const size_t n = strlen(known);
        const char *name = backends[kind]->kind;
        snprintf(known + n, sizeof known - n,
                 backend_is_host(backends[kind]) ? ", %s" : ", %s, %s:0", name, name);
    }
    return context_fail(context, ODEC_ERROR_ARGUMENT,
                        "unknown device '%s': %s and the like", text, known);
}

/* Is the text the kind's name, or that of one of its GPUs? -1: of all of them. */
static bool is_of_kind(const struct backend *backend, const char *text,
                       int32_t *ordinal) {
    const size_t n = strlen(backend->kind);
    int end = 0;
    *ordinal = -1;
    if (strncmp(text, backend->kind, n) != 0) {
        return false;
    }
    return text[n] == '\0' || (!backend_is_host(backend) &&
                               sscanf(text + n, ":%4d%n", ordinal, &end) == 1 &&
                               text[n + (size_t)end] == '\0' && *ordinal >= 0);
}

/* One name of the list, `length` bytes of it. */
static odec_status add_named(struct odec_context *context,
                             const struct odec_program *program,
                             struct device_list *list, const char *name,
                             size_t length) {
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)(length < 31 ? length : 31), name);
    for (int kind = 0; kind < N_BACKENDS; kind++) {
        const struct backend *backend = backends[kind];
        int32_t ordinal;
        if (is_of_kind(backend, text, &ordinal)) {
            const char *missing = why_none(backend, context, program);
            FAIL_IF(missing[0], context, ODEC_ERROR_DEVICE, "%s: %s", backend->kind,
                    missing);
            return ordinal < 0 ? add_all(context, list, backend)
                               : add(context, list, backend, ordinal);
        }
    }
    return unknown_device(context, text);
}

odec_status backend_choose(struct odec_context *context, const char *text,
                           const struct odec_program *program,
                           struct device_list *out) {
    const struct backend *host = backends[0];
    *out = (struct device_list){.is_auto = strcmp(text, "auto") == 0};
    if (out->is_auto || strcmp(text, "all") == 0) {
        out->is_lenient = true;
        TRY(add_gpus(context, program, out, out->is_auto));
        return add(context, out, host, 0);
    }
    for (;;) {
        size_t length = strcspn(text, ",");
        TRY(add_named(context, program, out, text, length));
        if (text[length] == '\0') {
            return ODEC_OK;
        }
        text += length + 1;
    }
}
