/* devices.c -- the public functions about the devices of a machine: a context's
 * sampler, as an application sees it.
 */

#include "sampler.h"
#include "sized.h"

struct odec_devices {
    struct sampler *sampler; /* the context's */
};

odec_status odec_devices_create(odec_context *context, odec_devices **out) {
    *out = NULL;
    struct sampler *sampler;
    TRY(context_sampler(context, &sampler));
    struct odec_devices *devices = heap_take(context->heap, 1, sizeof *devices);
    if (devices == NULL) {
        return context_out_of_memory(context);
    }
    devices->sampler = sampler;
    *out = devices;
    return ODEC_OK;
}

void odec_devices_destroy(odec_devices *devices) { heap_give(devices); }

void odec_devices_sample(odec_devices *devices) { sampler_take(devices->sampler); }

int32_t odec_devices_count(const odec_devices *devices) {
    return sampler_n_devices(devices->sampler);
}

static bool is_device(const odec_devices *devices, int32_t i) {
    return i >= 0 && i < sampler_n_devices(devices->sampler);
}

odec_status odec_devices_get(const odec_devices *devices, int32_t i,
                             odec_device_state *out) {
    struct sampler *sampler = devices->sampler;
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
    if (!is_device(devices, i)) {
        text[0] = '\0';
        return 0;
    }
    return sampler_refused(devices->sampler, i, text, size);
}

int32_t odec_devices_rank(const odec_devices *devices, int32_t *order) {
    return sampler_rank(devices->sampler, NULL, order);
}
