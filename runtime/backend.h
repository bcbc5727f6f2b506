/* backend.h -- what every kind of device can do, as a table of functions.
 *
 * A device is a program made ready on some hardware. A launch is one chunk's work on
 * it: submitted, it proceeds on its own, in order of submission, and raises its event
 * when done.
 */
#ifndef ODEC_BACKEND_H
#define ODEC_BACKEND_H

#include "context.h"
#include "pool.h"

struct device; /* each backend has its own */

struct launch {
    struct odec_args args;  /* next, grain and stop are the backend's to set */
    struct event *finished; /* raised when done */
    _Alignas(64) long long next;
    atomic_int failed; /* not 0: what the kernel returned */
    const struct device *device;
    struct pool_job job; /* the CPU's */
};

struct device_facts {
    const char *name;     /* "cpu" */
    const char *compiler; /* path, "" where there is none */
    int32_t lanes, n_threads;
    int64_t n_resident; /* lanes in flight at once */
    int64_t free_bytes; /* of memory, now */
    bool cache_hit;
};

struct backend {
    const char *name;
    odec_status (*open)(struct odec_context *context,
                        const struct odec_program *program,
                        const struct odec_solver_options *options, struct device **out);
    void (*close)(
        struct device *device); /* after all launches are done; NULL is fine */
    void (*facts)(const struct device *device, struct device_facts *out);
    void *(*allocate)(struct device *device, size_t bytes); /* NULL: out of memory */
    void (*release)(struct device *device, void *memory, size_t bytes);
    void (*submit)(struct device *device, struct launch *launch);
    bool (*done)(struct launch *launch);
    int64_t (*progress)(struct launch *launch);     /* runs begun */
    void (*stop)(struct device *device, bool stop); /* all launches, now and to come */
    double (*busy_seconds)(struct device *device);  /* with a launch in hand, so far */
};

extern const struct backend backend_cpu;

/* The backend for a device's name: "auto", "cpu", ... */
odec_status backend_find(struct odec_context *context, const char *device,
                         const struct backend **out);

#endif
