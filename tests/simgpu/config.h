/* config.h -- the settings of the simulated machine (README.md lists them). */
#ifndef SIMGPU_CONFIG_H
#define SIMGPU_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_DEVICES = 16, MAX_FAULTS = 16, MAX_ARCHITECTURES = 32 };

/* One number for each device: name, default */
#define DEVICE_SETTINGS(SETTING)                                               \
    SETTING(memory, 64 << 20) /* bytes */                                      \
    SETTING(biggest, 1e18)    /* bytes: no allocation is larger */             \
    SETTING(capability, 9.0)  /* compute capability, major.minor */            \
    SETTING(sms, 2)           /* multiprocessors */                            \
    SETTING(blocks, 1)        /* blocks that fit a multiprocessor at once */   \
    SETTING(registers, 64)    /* of a kernel */                                \
    SETTING(local, 0)         /* bytes of local memory of a kernel's thread */ \
    SETTING(clock_mhz, 1500)                                                   \
    SETTING(launch_us, 5) /* the least that a launch takes */                  \
    SETTING(run_us, 0)    /* what a run takes; 0: as long as the host does */  \
    SETTING(copy_MBps, 0) /* each direction; 0: as fast as the host is */

struct device_config {
#define SETTING(name, standard) double name;
    DEVICE_SETTINGS(SETTING)
#undef SETTING
    double slow_at_s, slow_factor; /* so many times slower from then on */
    double lost_after_s;           /* from its first launch; 0: from the beginning */
    double lost_launch;            /* lost during this one, from 1; 0: none */
};

struct fault {
    char symbol[64]; /* "": any driver call */
    long n;          /* the n-th, from 1 */
    int code;        /* CUresult */
    int device;      /* -1: any */
    long n_seen;     /* calls like it, so far */
};

enum nvml_mode { NVML_OK, NVML_MISSING, NVML_LIES };
enum nvrtc_mode { NVRTC_OK, NVRTC_FAILS, NVRTC_MISSING };

struct config {
    int n_devices;
    int driver_version;
    int init_error;      /* of cuInit; 0: none */
    bool default_stream; /* is there: NULL is a stream */
    bool capturing;      /* every stream is being captured, says the driver */
    bool async;          /* fatal faults of asynchronous calls show at the next call */
    enum nvml_mode nvml;
    enum nvrtc_mode nvrtc;
    int nvrtc_version;                                     /* 13000 for 13.0 */
    int architectures[MAX_ARCHITECTURES], n_architectures; /* that NVRTC compiles for */
    struct fault faults[MAX_FAULTS];
    int n_faults;
    struct device_config devices[MAX_DEVICES];
};

/* The defaults with the changes that `text` asks for. False, with a message in words,
 * where a piece of it is no setting; the rest counts. */
bool config_read(const char *text, struct config *out, char *message, size_t size);

#endif
