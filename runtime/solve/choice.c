/* choice.c -- which devices a text names. */
#include "backend.h"

#include <stdio.h>
#include <string.h>

#include "cuda_gpu.h"
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

static odec_status add_all_cuda(struct odec_context *context,
                                struct device_list *list) {
    const struct cuda_api *api = context_cuda(context);
    for (int32_t i = 0; i < api->n_devices && list->n < MAX_DEVICES - 1; i++) {
        TRY(add(context, list, &backend_cuda, i));
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
           context_uses_gpu(context, sampler_ordinal(sampler, i));
}

/* auto's GPUs, the best first (sampler_rank), without those that are lost or full. */
static odec_status add_good_cuda(struct odec_context *context,
                                 struct device_list *list) {
    struct sampler *sampler;
    int32_t order[MAX_DEVICES + 1];
    TRY(context_sampler(context, &sampler));
    sampler_take(sampler);
    int32_t n = sampler_rank(sampler, order);
    for (int32_t k = 0; k < n && list->n < MAX_DEVICES - 1; k++) {
        int32_t ordinal = sampler_ordinal(sampler, order[k]);
        if (ordinal >= 0 && has_room(context, sampler, order[k])) {
            TRY(add(context, list, &backend_cuda, ordinal));
        }
    }
    return ODEC_OK;
}

static odec_status need_cuda(struct odec_context *context) {
    const struct cuda_api *api = context_cuda(context);
    FAIL_IF(api->missing[0], context, ODEC_ERROR_DEVICE, "cuda: %s", api->missing);
    return ODEC_OK;
}

/* One name of the list, `length` bytes of it. */
static odec_status add_named(struct odec_context *context, struct device_list *list,
                             const char *name, size_t length) {
    int ordinal, end = 0;
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)(length < 31 ? length : 31), name);
    if (strcmp(text, "cpu") == 0) {
        return add(context, list, &backend_cpu, 0);
    }
    if (strcmp(text, "cuda") == 0) {
        TRY(need_cuda(context));
        return add_all_cuda(context, list);
    }
    if (sscanf(text, "cuda:%4d%n", &ordinal, &end) == 1 && text[end] == '\0' &&
        ordinal >= 0) {
        TRY(need_cuda(context));
        return add(context, list, &backend_cuda, ordinal);
    }
    return context_fail(
        context, ODEC_ERROR_ARGUMENT,
        "unknown device '%s': auto, all, cpu, cuda, cuda:0 and the like", text);
}

odec_status backend_choose(struct odec_context *context, const char *text,
                           struct device_list *out) {
    *out = (struct device_list){.is_auto = strcmp(text, "auto") == 0};
    if (out->is_auto || strcmp(text, "all") == 0) {
        out->is_lenient = true;
        if (context_cuda(context)->missing[0] == '\0') {
            TRY(out->is_auto ? add_good_cuda(context, out)
                             : add_all_cuda(context, out));
        }
        return add(context, out, &backend_cpu, 0);
    }
    for (;;) {
        size_t length = strcspn(text, ",");
        TRY(add_named(context, out, text, length));
        if (text[length] == '\0') {
            return ODEC_OK;
        }
        text += length + 1;
    }
}
