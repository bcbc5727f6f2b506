/* backend_gpu.h -- what the rows of all GPUs in the table of backends have in common: the
 * policy over a vendor's calls.
 */
#ifndef ODEC_BACKEND_GPU_H
#define ODEC_BACKEND_GPU_H

#include "backend.h"
#include "gpu_device.h"

odec_status gpu_open(const struct backend *backend, struct odec_context *context,
                     const struct odec_program *program,
                     const struct odec_solver_options *options, int32_t ordinal,
                     struct device **out);
void gpu_close(struct device *device);
void gpu_facts(const struct device *device, struct device_facts *out);
odec_status gpu_check_memory(struct device *device, struct odec_context *context,
                             const struct job *job, int64_t n_runs);
int32_t gpu_arrays(const struct device *device, const struct job *job,
                   struct odec_array *arrays);
int64_t gpu_budget(const struct device *device);
odec_status gpu_begin(struct device *device, struct odec_context *context,
                      const struct job *job, const struct plan *plan);
void gpu_end(struct device *device);
void gpu_submit(struct device *device, struct slice slice);
int32_t gpu_n_free(struct device *device);
bool gpu_collect(struct device *device, struct portion *out);
void gpu_give_back(struct device *device, const struct portion *portion);
int64_t gpu_progress(struct device *device);
void gpu_stop(struct device *device);
odec_status gpu_health(struct device *device, const char **reason);
struct device_seconds gpu_seconds(struct device *device);
int32_t gpu_count(const struct backend *backend, struct odec_context *context,
                  const char **missing, const char **no_compiler);

/* A GPU has so many lanes that those which wait for the last runs of a chunk count: each
 * gets several runs, where half of the memory has room for them. */
#define GPU_BACKEND(name, calls)                                                      \
    {                                                                                 \
        .kind = (name), .gpu = (calls), .max_portions = GPU_STAGES,                   \
        .usual_bytes = (int64_t)1 << 30, .usual_runs = 16, .lanes_come_first = true,  \
        .count = gpu_count, .open = gpu_open, .close = gpu_close, .facts = gpu_facts, \
        .check = gpu_check_memory, .arrays = gpu_arrays, .budget = gpu_budget,        \
        .begin = gpu_begin, .end = gpu_end, .submit = gpu_submit,                     \
        .n_free = gpu_n_free, .collect = gpu_collect, .give_back = gpu_give_back,     \
        .progress = gpu_progress, .stop = gpu_stop, .health = gpu_health,             \
        .seconds = gpu_seconds                                                        \
    }

#endif
