/* probe_cuda.c -- what a GPU does now, as NVML tells it, found by its place on the PCI bus.
 * No call here makes a context.
 */
#include <stdio.h>

#include "cuda_compile.h"
#include "probe.h"

enum { GPU_IS_LOST = 15 }; /* NVML_ERROR_GPU_IS_LOST */

struct cuda_probe {
    const struct cuda_api *api;
    int64_t total_bytes; /* of memory, as the driver says; -1: it does not */
    char bus_id[32];     /* "0000:19:00.0" */
    nvmlDevice_t nvml;   /* NULL: not found yet */
};
PROBE_STATE_FITS(struct cuda_probe);

static bool open_probe(struct odec_context *context, int32_t ordinal,
                       union probe_state *out, char description[128],
                       char missing[256]) {
    const struct cuda_api *api = context_gpus(context, &cuda_calls)->api;
    struct cuda_probe *probe = (struct cuda_probe *)out;
    CUdevice device;
    char name[96] = "", text[CUDA_TEXT_SIZE];
    int n_multiprocessors;
    size_t bytes;
    *probe = (struct cuda_probe){.api = api, .total_bytes = -1};
    CUresult result = api->driver.device_get(&device, ordinal);
    if (result == CUDA_SUCCESS) {
        result = api->driver.device_name(name, sizeof name, device);
    }
    if (result != CUDA_SUCCESS) {
        snprintf(missing, 256, "%s", cuda_error_text(api, result, text));
        return false;
    }
    result = api->driver.device_attribute(
        &n_multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device);
    if (result == CUDA_SUCCESS) {
        snprintf(description, 128, "%s, %d multiprocessors", name, n_multiprocessors);
    } else {
        snprintf(description, 128, "%s", name);
    }
    if (api->driver.device_total_bytes(&bytes, device) == CUDA_SUCCESS) {
        probe->total_bytes = (int64_t)bytes;
    }
    if (api->driver.device_pci_bus_id(probe->bus_id, sizeof probe->bus_id, device) !=
        CUDA_SUCCESS) {
        probe->bus_id[0] = '\0';
    }
    return true;
}

/* The call's result; takes note where it says that the GPU is lost. */
static bool is_told(nvmlReturn_t result, bool *lost) {
    *lost |= result == GPU_IS_LOST;
    return result == NVML_SUCCESS;
}

/* Without NVML there is the memory's size alone. */
static bool read_probe(union probe_state *state, struct telemetry_sample *sample) {
    struct cuda_probe *probe = (struct cuda_probe *)state;
    const struct cuda_api *api = probe->api;
    nvmlMemory_t memory;
    nvmlUtilization_t utilization;
    unsigned int milliwatts, celsius, mhz;
    bool lost = false;
    sample->memory_total = probe->total_bytes;
    if (!api->has_nvml ||
        (probe->nvml == NULL &&
         !is_told(api->nvml.handle(probe->bus_id, &probe->nvml), &lost))) {
        probe->nvml = NULL;
        return !lost;
    }
    if (is_told(api->nvml.memory(probe->nvml, &memory), &lost)) {
        sample->memory_total = (int64_t)memory.total;
        sample->memory_used = (int64_t)memory.used;
    }
    if (is_told(api->nvml.utilization(probe->nvml, &utilization), &lost)) {
        sample->utilization = utilization.gpu / 100.0;
    }
    if (is_told(api->nvml.power(probe->nvml, &milliwatts), &lost)) {
        sample->watts = milliwatts / 1000.0;
    }
    if (is_told(api->nvml.temperature(probe->nvml, NVML_TEMPERATURE_GPU, &celsius),
                &lost)) {
        sample->celsius = celsius;
    }
    if (is_told(api->nvml.clock(probe->nvml, NVML_CLOCK_SM, &mhz), &lost) && mhz > 0) {
        sample->mhz = mhz; /* 0 is no clock */
    }
    probe->nvml = lost ? NULL : probe->nvml; /* should it come back, anew */
    return !lost;
}

static const char *unknown(const union probe_state *state) {
    return ((const struct cuda_probe *)state)->api->has_nvml
               ? ""
               : "no NVML that works is installed (libnvidia-ml.so.1)";
}

const struct probe probe_cuda = {
    .open = open_probe, .read = read_probe, .unknown = unknown};
