/* probe_cpu.h -- what the host's CPU does now, as /proc and /sys tell it. */
#ifndef ODEC_PROBE_CPU_H
#define ODEC_PROBE_CPU_H

#include "telemetry.h"

struct cpu_probe {
    int64_t busy, total; /* ticks of all cores, at the last look */
    int zones[8];        /* thermal zones of the CPU */
    int n_zones;
};

/* description: "Intel(R) Xeon(R) Gold 6430, 32 cores, vectors of 8 doubles" */
void cpu_probe_open(struct cpu_probe *out, char description[128]);

/* Memory, utilization since the last look, temperature and clock; leaves what it cannot
 * find out. */
void cpu_probe_read(struct cpu_probe *probe, struct telemetry_sample *sample);

#endif
