/* memory.c -- see memory.h. */
#include "memory.h"

#include <stdio.h>
#include <unistd.h>

/* The first integer of a file that `format` matches on one of its lines, or -1. */
static int64_t read_number(const char *path, const char *format) {
    FILE *file = fopen(path, "re");
    char line[256];
    long long value = -1, found;
    while (file && value < 0 && fgets(line, sizeof line, file)) {
        if (sscanf(line, format, &found) == 1) {
            value = found;
        }
    }
    if (file) {
        fclose(file);
    }
    return value;
}

int64_t memory_free_bytes(void) {
    int64_t kib = read_number("/proc/meminfo", "MemAvailable: %lld");
    int64_t free = kib >= 0
                       ? kib * 1024
                       : (int64_t)sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE);
    /* In a container the control group's root is mounted here; "max" is no number. */
    int64_t limit = read_number("/sys/fs/cgroup/memory.max", "%lld");
    int64_t used = read_number("/sys/fs/cgroup/memory.current", "%lld");
    if (limit >= 0 && used >= 0) {
        int64_t left = limit > used ? limit - used : 0;
        free = left < free ? left : free;
    }
    return free;
}
