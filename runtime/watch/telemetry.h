/* telemetry.h -- what is known of each device over time: a ring of the newest samples
 * per device, all of it allocated at creation.
 *
 * Any thread may add and read at any time: a lock protects the whole. What a sample
 * says is checked before it is kept, so that a reader may rely on it.
 */
#ifndef ODEC_TELEMETRY_H
#define ODEC_TELEMETRY_H

#include "context.h"

/* What is not known is NaN in a double and -1 in a count; device and time are always
 * known. */
struct telemetry_sample {
    int32_t device;                    /* 0 .. n_devices - 1 */
    double time;                       /* seconds; never goes backwards on a device */
    int64_t memory_used, memory_total; /* bytes; used is at most total */
    double utilization;                /* 0 .. 1 */
    double watts;                      /* 0 .. 10000 */
    double celsius;                    /* -100 .. 200 */
    double mhz;                        /* 0 .. 100000 */
    double runs_per_second;            /* 0 or more, finite */
    int64_t runs_done;
};

/* Of a device, with everything else unknown. */
#define TELEMETRY_SAMPLE_INIT(device_, time_)                                        \
    {                                                                                \
        .device = (device_), .time = (time_), .memory_used = -1, .memory_total = -1, \
        .utilization = NAN, .watts = NAN, .celsius = NAN, .mhz = NAN,                \
        .runs_per_second = NAN, .runs_done = -1                                      \
    }

/* TELEMETRY_REFUSAL(name, text): why a sample is not kept; the first that holds. */
#define TELEMETRY_REFUSALS                                                  \
    TELEMETRY_REFUSAL(DEVICE, "there is no such device")                    \
    TELEMETRY_REFUSAL(TIME, "its time is not a finite number")              \
    TELEMETRY_REFUSAL(ORDER, "it is older than the last one")               \
    TELEMETRY_REFUSAL(MEMORY, "memory used is not in 0 .. total")           \
    TELEMETRY_REFUSAL(UTILIZATION, "the utilization is not in 0 .. 1")      \
    TELEMETRY_REFUSAL(WATTS, "the power is not in 0 .. 10000 W")            \
    TELEMETRY_REFUSAL(CELSIUS, "the temperature is not in -100 .. 200 C")   \
    TELEMETRY_REFUSAL(MHZ, "the clock is not in 0 .. 100000 MHz")           \
    TELEMETRY_REFUSAL(RATE, "the runs per second are negative or infinite") \
    TELEMETRY_REFUSAL(RUNS, "the count of runs is negative")

enum telemetry_refusal {
    TELEMETRY_KEPT,
#define TELEMETRY_REFUSAL(name, text) TELEMETRY_REFUSED_##name,
    TELEMETRY_REFUSALS
#undef TELEMETRY_REFUSAL
        TELEMETRY_REFUSAL_COUNT
};

const char *telemetry_refusal_text(enum telemetry_refusal refusal); /* KEPT: "kept" */

struct telemetry;

/* Rings of `capacity` samples (at least 1) for each of n_devices (at least 1). */
odec_status telemetry_create(struct odec_context *context, int32_t n_devices,
                             int32_t capacity, struct telemetry **out);
void telemetry_destroy(struct telemetry *telemetry); /* NULL is fine */

/* Keeps the sample in place of the device's oldest; O(1), allocates nothing. A refused
 * one changes nothing but its reason's count. */
enum telemetry_refusal telemetry_add(struct telemetry *telemetry,
                                     const struct telemetry_sample *sample);

/* The newest n samples of a device at most, oldest of them first: how many there
 * are. */
int32_t telemetry_read(struct telemetry *telemetry, int32_t device,
                       struct telemetry_sample *out, int32_t n);
bool telemetry_last(struct telemetry *telemetry, int32_t device,
                    struct telemetry_sample *out); /* false: none yet */

/* Samples refused so far for this reason (KEPT: samples kept). */
int64_t telemetry_refused(struct telemetry *telemetry, enum telemetry_refusal reason);

/* order[0] is the best of n devices, by the product of
 *
 *     speed = rate / largest rate
 *     room  = (1 + free / largest free) / 2      free = memory_total - memory_used
 *     idle  = 1 - utilization / 2
 *     cool  = 1 up to 70 C, falling by 1/50 a degree to 1/2 from 95 C on
 *
 * rate is rates[i], or the sample's runs_per_second where rates is NULL or rates[i] is
 * not above 0. What is not known of a device counts as the mean of that factor over
 * those where it is known. Devices of equal score keep their order. */
void telemetry_rank(const struct telemetry_sample *samples, int32_t n,
                    const double *rates, int32_t *order);

#endif
