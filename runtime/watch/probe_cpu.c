/* probe_cpu.c -- what the host's CPU does now, as /proc and /sys tell it. */
#define _GNU_SOURCE
#include "probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cpu_features.h"
#include "host_memory.h"

struct cpu_probe {
    int64_t busy, total; /* ticks of all cores, at the last look */
    int zones[8];        /* thermal zones of the CPU */
    int n_zones;
};
PROBE_STATE_FITS(struct cpu_probe);

/* Scans the lines of a file until one matches; false: none does. */
__attribute__((format(scanf, 2, 3))) static bool scan_file(const char *path,
                                                           const char *format, ...) {
    FILE *file = fopen(path, "re");
    char line[512];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        va_list arguments;
        va_start(arguments, format);
        found = vsscanf(line, format, arguments) > 0;
        va_end(arguments);
    }
    if (file) {
        fclose(file);
    }
    return found;
}

/* ---- what it is ---- */

static void describe(char description[128]) {
    struct cpu_features features;
    char model[72] = "";
    cpu_features_read(&features);
    int32_t n = cpu_usable_cores();
    bool known = scan_file("/proc/cpuinfo", "model name : %71[^\n]", model);
    snprintf(description, 128, "%s%s%d core%s, vectors of %d doubles%s", model,
             known ? ", " : "", n, n > 1 ? "s" : "", features.lanes,
             features.fma ? "" : " without fma (slow)");
}

/* ---- utilization ---- */

/* In /proc/stat's words: user nice system idle iowait irq softirq steal. */
static bool read_ticks(int64_t *busy, int64_t *total) {
    long long t[8] = {0};
    if (!scan_file("/proc/stat", "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &t[0],
                   &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7])) {
        return false;
    }
    *total = 0;
    for (int i = 0; i < 8; i++) {
        *total += t[i];
    }
    *busy = *total - t[3] - t[4];
    return true;
}

/* NaN: no time has passed. */
static double utilization(struct cpu_probe *probe) {
    int64_t busy, total;
    if (!read_ticks(&busy, &total) || total <= probe->total) {
        return NAN;
    }
    double share = (double)(busy - probe->busy) / (double)(total - probe->total);
    probe->busy = busy;
    probe->total = total;
    return fmin(fmax(share, 0), 1); /* iowait may go backwards */
}

/* ---- temperature ---- */

static void find_zones(struct cpu_probe *probe) {
    enum { MOST = sizeof probe->zones / sizeof probe->zones[0] };
    char path[64], type[64];
    for (int i = 0; probe->n_zones < MOST; i++) {
        snprintf(path, sizeof path, "/sys/class/thermal/thermal_zone%d/type", i);
        if (!scan_file(path, "%63s", type)) {
            return;
        }
        if (strcmp(type, "x86_pkg_temp") == 0 || strcasestr(type, "cpu")) {
            probe->zones[probe->n_zones++] = i;
        }
    }
}

/* The hottest of its zones; NaN where there is none. */
static double temperature(const struct cpu_probe *probe) {
    double hottest = NAN;
    for (int i = 0; i < probe->n_zones; i++) {
        char path[64];
        double thousandths;
        snprintf(path, sizeof path, "/sys/class/thermal/thermal_zone%d/temp",
                 probe->zones[i]);
        if (scan_file(path, "%lf", &thousandths)) {
            hottest = fmax(hottest, thousandths / 1000);
        }
    }
    return hottest;
}

/* ---- all ---- */

static double clock_mhz(void) {
    double khz, mhz;
    if (scan_file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "%lf",
                  &khz)) {
        return khz / 1000;
    }
    return scan_file("/proc/cpuinfo", "cpu MHz : %lf", &mhz) ? mhz : NAN;
}

/* description: "Intel(R) Xeon(R) Gold 6430, 32 cores, vectors of 8 doubles" */
static bool open_probe(struct odec_context *context, int32_t ordinal,
                       union probe_state *out, char description[128],
                       char missing[256]) {
    struct cpu_probe *probe = (struct cpu_probe *)out;
    (void)context, (void)ordinal, (void)missing;
    *probe = (struct cpu_probe){0};
    describe(description);
    find_zones(probe);
    utilization(probe);
    return true;
}

/* Utilization is that since the last look. */
static bool read_probe(union probe_state *state, struct telemetry_sample *sample) {
    struct cpu_probe *probe = (struct cpu_probe *)state;
    int64_t total = host_memory_total_bytes();
    int64_t free = host_memory_free_bytes();
    sample->memory_total = total;
    sample->memory_used = free < total ? total - free : 0;
    sample->utilization = utilization(probe);
    sample->celsius = temperature(probe);
    sample->mhz = clock_mhz();
    return true;
}

static const char *unknown(const union probe_state *state) {
    (void)state;
    return "";
}

const struct probe probe_cpu = {
    .open = open_probe, .read = read_probe, .unknown = unknown};
