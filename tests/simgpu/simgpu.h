/* simgpu.h -- what a test asks of the simulated driver, beside CUDA's own entry points.
 *
 * The simulated driver stands in for libcuda.so.1, libnvrtc.so.13 and
 * libnvidia-ml.so.1: one library under three names. README.md lists its settings. A
 * test reaches these functions by way of sim.h, so that it needs no link to the
 * library.
 *
 *   sim.configure("devices=2; memory=64M,32M");
 *   ... what is tested ...
 *   assert_int_equal(sim.finish(), 0);
 *
 * A violation is a misuse of CUDA by the caller: each is printed on standard error, and
 * aborts where SIMGPU_ABORT=1 is set.
 */
#ifndef SIMGPU_H
#define SIMGPU_H

#include <stdbool.h>
#include <stdint.h>

enum { SIMGPU_COMPUTE, SIMGPU_COPY_IN, SIMGPU_COPY_OUT, SIMGPU_N_ENGINES };

struct simgpu_report {
    int n_violations;
    char first_violation[256]; /* "" where there is none */
    long n_calls;              /* counted driver calls */
    int n_faults_fired;
    int n_compilations; /* by NVRTC, those that the cache answered included */
};

/* Seconds are counted from the configuration. */
struct simgpu_device_report {
    struct {
        double busy_s;
        double first_start_s, last_end_s; /* both 0 where it was never busy */
        long n_jobs;                      /* launches and fills, or copies */
        uint64_t bytes;                   /* copied */
    } engines[SIMGPU_N_ENGINES];
    long n_launches;
    uint64_t n_atomics;              /* atomicAdds of all kernels */
    uint64_t used_bytes, peak_bytes; /* of device memory */
    bool lost;
};

/* name, returns, parameters: the functions that the library exports for tests */
#define SIMGPU_FUNCTIONS(F)                                                              \
    /* Starts anew: settings by default but for those in `text`; all counts zero,      \
     * cuInit not called. Violations are what is still alive and text that is no       \
     * setting: false then. NULL: the text in $SIMGPU. */ \
    F(configure, bool, (const char *text))                                               \
    /* Everything must have been given back. Returns the number of violations since    \
     * the configuration, and takes away what is left; reports stay. */ \
    F(finish, int, (void))                                                               \
    F(report, void, (struct simgpu_report * out))                                        \
    F(device_report, bool, (int device, struct simgpu_device_report *out))               \
    /* Has any of the settings fault= and fault_call= come true? */                      \
    F(fault_fired, bool, (void))                                                         \
    /* The driver calls counted so far: those that fault=N counts. */                    \
    F(calls, long, (void))                                                               \
    /* Kills a device now, from any thread. */                                           \
    F(lose, void, (int device))

#define SIMGPU_PROTOTYPE(name, returns, parameters) returns simgpu_##name parameters;
SIMGPU_FUNCTIONS(SIMGPU_PROTOTYPE)
#undef SIMGPU_PROTOTYPE

#endif
