/* nvml.c -- the entry points of NVML.
 *
 * Numbers follow from what the device does; with nvml=lies they are such that nobody
 * should believe them.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "world.h"

enum { /* of nvml.h */
       NVML_ERROR_UNINITIALIZED = 1,
       NVML_ERROR_INVALID_ARGUMENT = 2,
       NVML_ERROR_NOT_SUPPORTED = 3,
       NVML_ERROR_NOT_FOUND = 6,
       NVML_ERROR_LIBRARY_NOT_FOUND = 12,
       NVML_ERROR_GPU_IS_LOST = 15
};

enum { IDLE_CELSIUS = 40, BUSY_CELSIUS = 30, IDLE_MILLIWATTS = 60000 };
enum { BUSY_MILLIWATTS = 400000 };

static bool lies(void) { return world.config.nvml == NVML_LIES; }

/* Locks; what is wrong with the call, whose handle is a device's address. */
static nvmlReturn_t enter(nvmlDevice_t handle, const struct device **out) {
    world_lock();
    world_prepare();
    *out = NULL;
    if (world.n_nvml_inits == 0) {
        violation("a call of NVML before nvmlInit or after nvmlShutdown");
        return NVML_ERROR_UNINITIALIZED;
    }
    for (int i = 0; handle && i < world.config.n_devices; i++) {
        if (handle == (nvmlDevice_t)(void *)&world.devices[i]) {
            *out = &world.devices[i];
            return device_check_lost(&world.devices[i]) ? NVML_ERROR_GPU_IS_LOST
                                                        : NVML_SUCCESS;
        }
    }
    return NVML_ERROR_INVALID_ARGUMENT;
}

static nvmlReturn_t leave(nvmlReturn_t result) {
    world_unlock();
    return result;
}

/* 1 while the device computes. */
static double business(const struct device *device) {
    return device->engines[SIMGPU_COMPUTE].busy ? 1 : 0;
}

/* ---- the library ---- */

nvmlReturn_t nvmlInit_v2(void) {
    world_lock();
    world_prepare();
    if (world.config.nvml == NVML_MISSING) {
        return leave(NVML_ERROR_LIBRARY_NOT_FOUND);
    }
    world.n_nvml_inits++;
    world.finished = false;
    return leave(NVML_SUCCESS);
}

nvmlReturn_t nvmlShutdown(void) {
    const struct device *none;
    nvmlReturn_t result = enter(NULL, &none);
    if (result != NVML_ERROR_UNINITIALIZED) {
        world.n_nvml_inits--;
        result = NVML_SUCCESS;
    }
    return leave(result);
}

/* "DOMAIN:BUS:DEVICE.FUNCTION" with any number of leading zeros. */
nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *id, nvmlDevice_t *out) {
    const struct device *none;
    unsigned domain, bus, slot, function;
    const nvmlReturn_t result = enter(NULL, &none);
    if (result == NVML_ERROR_UNINITIALIZED) {
        return leave(result);
    }
    if (!id || sscanf(id, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4) {
        return leave(NVML_ERROR_INVALID_ARGUMENT);
    }
    struct device *device = bus > 0 ? device_find((int)bus - 1) : NULL;
    if (!device || domain || slot || function) {
        return leave(NVML_ERROR_NOT_FOUND);
    }
    *out = (nvmlDevice_t)(void *)device;
    return leave(device->lost ? NVML_ERROR_GPU_IS_LOST : NVML_SUCCESS);
}

/* ---- a device ---- */

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t handle, nvmlMemory_t *out) {
    const struct device *device;
    const nvmlReturn_t result = enter(handle, &device);
    if (result == NVML_SUCCESS) {
        out->total = (unsigned long long)device->config->memory;
        out->free = memory_free_bytes(device);
        out->used = lies() ? 2 * out->total + 1 : out->total - out->free;
    }
    return leave(result);
}

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t handle,
                                           nvmlUtilization_t *out) {
    const struct device *device;
    const nvmlReturn_t result = enter(handle, &device);
    if (result == NVML_SUCCESS) {
        out->gpu = lies() ? UINT_MAX : (unsigned)(100 * business(device));
        out->memory = lies() ? 101 : out->gpu / 2;
    }
    return leave(result);
}

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t handle, unsigned int *milliwatts) {
    const struct device *device;
    const nvmlReturn_t result = enter(handle, &device);
    if (result == NVML_SUCCESS) {
        const double watts = IDLE_MILLIWATTS + BUSY_MILLIWATTS * business(device);
        *milliwatts = lies() ? UINT_MAX : (unsigned)watts;
    }
    return leave(result);
}

nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t handle,
                                      nvmlTemperatureSensors_t sensor,
                                      unsigned int *celsius) {
    const struct device *device;
    nvmlReturn_t result = enter(handle, &device);
    if (result == NVML_SUCCESS && sensor != NVML_TEMPERATURE_GPU) {
        result = NVML_ERROR_INVALID_ARGUMENT;
    }
    if (result == NVML_SUCCESS) {
        const double degrees = IDLE_CELSIUS + BUSY_CELSIUS * business(device);
        *celsius = lies() ? 4000000000u : (unsigned)degrees;
    }
    return leave(result);
}

nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t handle, nvmlClockType_t type,
                                    unsigned int *mhz) {
    const struct device *device;
    nvmlReturn_t result = enter(handle, &device);
    if (result == NVML_SUCCESS && type != NVML_CLOCK_SM) {
        result = NVML_ERROR_NOT_SUPPORTED;
    }
    if (result == NVML_SUCCESS) {
        *mhz = lies() ? 0 : (unsigned)device->config->clock_mhz;
    }
    return leave(result);
}
