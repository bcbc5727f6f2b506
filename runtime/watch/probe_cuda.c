/* probe_cuda.c -- see probe_cuda.h. */
#include "probe_cuda.h"

#include <stdio.h>

enum { GPU_IS_LOST = 15 }; /* NVML_ERROR_GPU_IS_LOST */

bool cuda_probe_open(const struct cuda_api *api, int32_t ordinal,
                     struct cuda_probe *out, char description[128], char missing[256]) {
    CUdevice device;
    char name[96] = "", text[CUDA_TEXT_SIZE];
    int n_multiprocessors;
    size_t bytes;
    *out = (struct cuda_probe){.total_bytes = -1};
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
        out->total_bytes = (int64_t)bytes;
    }
    if (api->driver.device_pci_bus_id(out->bus_id, sizeof out->bus_id, device) !=
        CUDA_SUCCESS) {
        out->bus_id[0] = '\0';
    }
    return true;
}

/* The call's result; takes note where it says that the GPU is lost. */
static bool is_told(nvmlReturn_t result, bool *lost) {
    *lost |= result == GPU_IS_LOST;
    return result == NVML_SUCCESS;
}

bool cuda_probe_read(const struct cuda_api *api, struct cuda_probe *probe,
                     struct telemetry_sample *sample) {
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
