/* probe.h -- what devices of one kind do just now, as a table of functions: one for each row
 * of backends.def. To look at a device does not start it.
 */
#ifndef ODEC_PROBE_H
#define ODEC_PROBE_H

#include "telemetry.h"

/* A device as its probe knows it; each kind has its own there. */
union probe_state {
    long long words[12];
    void *pointers[12];
};

/* In a kind's file: its own is no larger. */
#define PROBE_STATE_FITS(type) \
    _Static_assert(sizeof(type) <= sizeof(union probe_state), "a larger probe_state")

struct probe {
    /* description: "NVIDIA H200, 132 multiprocessors". False: there is no such device, and
     * `missing` says why. */
    bool (*open)(struct odec_context *context, int32_t ordinal, union probe_state *out,
                 char description[128], char missing[256]);
    /* Memory, utilization, power, temperature and clock, just as they are told; leaves
     * what is not. False: the device is lost. */
    bool (*read)(union probe_state *state, struct telemetry_sample *sample);
    /* Why values are not known, "" where there is no reason to tell. */
    const char *(*unknown)(const union probe_state *state);
};

#define BACKEND(kind) extern const struct probe probe_##kind;
#include "backends.def"

#endif
