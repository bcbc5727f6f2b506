/* sampler.h -- the devices of this machine and what they do now, as samples of a
 * telemetry, each by the probe of its kind (probe.h). No GPU is started for it.
 *
 * Device 0 is the CPU; then come the GPUs, or where there are none of a kind one of its
 * name ("cuda") that says why. Any thread may take and read samples, while solves go on
 * too; create and destroy are for the context's.
 */
#ifndef ODEC_SAMPLER_H
#define ODEC_SAMPLER_H

#include "backend.h"
#include "telemetry.h"

struct sampler;

/* The context's own, created at the first call, which opens the libraries of GPUs where they
 * are not open yet. */
odec_status context_sampler(struct odec_context *context, struct sampler **out);

/* One sample of every device, now; or of the one of this name. What is not true of a
 * device on the face of it (telemetry.h) is refused, and counts as unknown. */
void sampler_take(struct sampler *sampler);
void sampler_take_one(struct sampler *sampler, const char *name);

int32_t sampler_n_devices(const struct sampler *sampler);
/* What kind device i is, and which of its kind; -1: there is none of that kind. */
const struct backend *sampler_backend(const struct sampler *sampler, int32_t i);
int32_t sampler_ordinal(const struct sampler *sampler, int32_t i);
const char *sampler_name(const struct sampler *sampler, int32_t i); /* "cuda:0" */
const char *sampler_description(const struct sampler *sampler, int32_t i);

/* Why device i cannot be used, and why what it does cannot be known; "" for none. */
const char *sampler_missing(struct sampler *sampler, int32_t i);
const char *sampler_unknown(struct sampler *sampler, int32_t i);

/* The last sample, all unknown where there is none, with runs and rate as of now. */
void sampler_last(struct sampler *sampler, int32_t i, struct telemetry_sample *out);

/* How many values of device i were refused; `text` says which, "" for none. */
int64_t sampler_refused(struct sampler *sampler, int32_t i, char *text, size_t size);

/* order[0] is the best of the devices that can be used, by the program or, NULL, by one whose
 * kernels have to be compiled: how many they are. By
 * telemetry_rank, with the rates of the program that this context measured last. A CPU
 * whose rate cannot be compared with a GPU's comes after all GPUs. */
int32_t sampler_rank(struct sampler *sampler, const struct odec_program *program,
                     int32_t *order);

#endif
