/* probe_cuda.h -- what a GPU does now, as NVML tells it, found by its place on the PCI
 * bus. The GPU is not started for it: no call here makes a context.
 */
#ifndef ODEC_PROBE_CUDA_H
#define ODEC_PROBE_CUDA_H

#include "cuda_api.h"
#include "telemetry.h"

struct cuda_probe {
    int64_t total_bytes; /* of memory, as the driver says; -1: it does not */
    char bus_id[32];     /* "0000:19:00.0" */
    nvmlDevice_t nvml;   /* NULL: not found yet */
};

/* description: "NVIDIA H200, 132 multiprocessors". False: the driver does not know the
 * GPU; `missing` says why. */
bool cuda_probe_open(const struct cuda_api *api, int32_t ordinal,
                     struct cuda_probe *out, char description[128], char missing[256]);

/* Memory, utilization, power, temperature and clock, just as NVML says; leaves what it
 * does not say, and without NVML all but the memory's size. False: the GPU is lost. */
bool cuda_probe_read(const struct cuda_api *api, struct cuda_probe *probe,
                     struct telemetry_sample *sample);

#endif
