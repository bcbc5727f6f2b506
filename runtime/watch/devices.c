/* devices.c -- the public functions about the devices of a machine: a context's
 * sampler, as an application sees it.
 */

#include "sampler.h"
#include "sized.h"

struct odec_devices {
    struct odec_context *context;
    struct sampler *sampler; /* the context's */
};

static odec_status devices_new(struct odec_context *context,
                               struct odec_devices **out) {
    struct sampler *sampler;
    TRY(context_sampler(context, &sampler));
    struct odec_devices *devices = heap_take(context->heap, 1, sizeof *devices);
    if (devices == NULL) {
        return context_out_of_memory(context);
    }
    *devices = (struct odec_devices){.context = context, .sampler = sampler};
    *out = devices;
    return ODEC_OK;
}

odec_status odec_devices_create(odec_context *context, odec_devices **out) {
    if (out == NULL) {
        return context_fail(context, ODEC_ERROR_ARGUMENT,
                            "no place for the devices is given");
    }
    *out = NULL;
    TRY(context_enter(context, "odec_devices_create"));
    odec_status status = devices_new(context, out);
    if (status == ODEC_OK) {
        context_hold(context);
    }
    return context_leave(context, status);
}

void odec_devices_destroy(odec_devices *devices) {
    if (devices && context_may_destroy(devices->context, "odec_devices_destroy")) {
        struct odec_context *context = devices->context;
        heap_give(devices);
        context_let_go(context);
    }
}

/* In a child of fork a lock may be another thread's, which is not there. */
static bool can_look(const odec_devices *devices) {
    return devices && !context_is_foreign(devices->context);
}

void odec_devices_sample(odec_devices *devices) {
    if (can_look(devices)) {
        sampler_take(devices->sampler);
    }
}

int32_t odec_devices_count(const odec_devices *devices) {
    return devices ? sampler_n_devices(devices->sampler) : 0;
}

static bool is_device(const odec_devices *devices, int32_t i) {
    return i >= 0 && i < odec_devices_count(devices);
}

odec_status odec_devices_get(const odec_devices *devices, int32_t i,
                             odec_device_state *out) {
    if (devices && !can_look(devices)) {
        return ODEC_ERROR_USE;
    }
    struct sampler *sampler = devices ? devices->sampler : NULL;
    struct telemetry_sample sample = TELEMETRY_SAMPLE_INIT(i, 0);
    const bool known = is_device(devices, i);
    if (known) {
        sampler_last(sampler, i, &sample);
    }
    const odec_device_state state = {
        .size = sizeof state,
        .name = known ? sampler_name(sampler, i) : "",
        .description = known ? sampler_description(sampler, i) : "",
        .missing = known ? sampler_missing(sampler, i) : "there is no such device",
        .unknown = known ? sampler_unknown(sampler, i) : "",
        .memory_used = sample.memory_used,
        .memory_total = sample.memory_total,
        .utilization = sample.utilization,
        .watts = sample.watts,
        .celsius = sample.celsius,
        .mhz = sample.mhz,
        .runs_per_second = sample.runs_per_second,
        .runs_done = sample.runs_done,
    };
    return sized_write(out, &state) == SIZED_OK && known ? ODEC_OK
                                                         : ODEC_ERROR_ARGUMENT;
}

int64_t odec_devices_refused(const odec_devices *devices, int32_t i, char *text,
                             size_t size) {
    char ignored[1];
    if (text == NULL || size == 0) {
        text = ignored;
        size = sizeof ignored;
    }
    text[0] = '\0';
    return is_device(devices, i) && can_look(devices)
               ? sampler_refused(devices->sampler, i, text, size)
               : 0;
}

int32_t odec_devices_rank(const odec_devices *devices, int32_t *order) {
    return can_look(devices) && order ? sampler_rank(devices->sampler, NULL, order) : 0;
}
