/* backend.h -- what every kind of device can do, as a table of functions.
 *
 * A device is a program made ready on some hardware. For a solve it is given a job and
 * a plan, then ranges of runs; it works on them on its own, in order, and hands out
 * portions of finished results, whose memory it gets back when they have been written:
 *
 *   begin -> submit, submit, ... -> collect -> give_back -> ... -> end
 *
 * Whenever something has changed it raises the job's event. All functions are called
 * from the one thread that called into the library. A device that fails does nothing
 * more: it says why in `health`, and the portions collected from it stay readable until
 * `end`.
 */
#ifndef ODEC_BACKEND_H
#define ODEC_BACKEND_H

#include "context.h"
#include "event.h"
#include "inputs.h"
#include "output.h"
#include "plan.h"
#include "settings.h"

struct device; /* defined nowhere: each backend has its own, and converts pointers */

/* What a solve is, for every device that takes part. Borrowed until `end`. */
struct job {
    const struct odec_program *program;
    const struct settings *settings;
    const struct inputs *inputs;
    int64_t run_value_bytes; /* n_saves * n_columns scalars */
    struct shape shape;      /* the same by its factors */
    struct place output;     /* the caller's memory, of run 0; nowhere without one */
    uint32_t direct; /* bit 1u << role: a kernel that can may write straight to it */
    /* The caller's memory on the one device that there is then (its `check`): */
    bool on_device;             /* a source, or the output */
    struct place device_output; /* of run 0; nowhere without one */
    void *stream;               /* whose work comes before ours */
    bool host_values;           /* portions have values, not records alone */
    struct event *changed;
    int *seen; /* [2][n_states], see abi.h: devices add theirs at `end` */
};

/* Results of some neighbouring runs. */
struct portion {
    struct slice slice;
    struct place
        at;        /* of the first, in the backend's memory or the job's output; values
                        are nowhere where the job wants none on the host */
    int32_t place; /* the backend's */
};

struct device_facts {
    char name[16];         /* "cpu", "cuda:0" */
    char description[128]; /* "NVIDIA H200, 132 multiprocessors" */
    const char *compiler;  /* path, "" where there is none */
    int32_t lanes;         /* doubles to a vector; 1 on a GPU */
    int32_t n_threads;
    int64_t n_resident; /* lanes in flight at once */
    int64_t free_bytes; /* of memory, when it was opened */
    bool cache_hit;
};

/* How long a device has worked, so far. */
struct device_seconds {
    double busy;   /* with work in hand */
    double kernel; /* of launches, by the GPU's own clock; 0 on a CPU */
};

/* Arrays that a backend adds to the program's, at most. */
enum { BACKEND_MAX_ARRAYS = 4 };

struct backend {
    const char *kind;            /* "cpu", "cuda" */
    const struct gpu_calls *gpu; /* the vendor's, of a GPU; NULL: the host's CPU */
    int32_t max_portions;        /* of a device collected and not given back, at most */

    /* What a device whose user named no budget may take: no less than usual_bytes, and
     * usual_runs for each lane where half of the memory has room; lanes_come_first: one
     * run for each in any case. */
    int64_t usual_bytes;
    int32_t usual_runs;
    bool lanes_come_first;

    /* How many there are, or why none can be used: by no program, or by those alone whose
     * kernels have to be compiled; "" where they can. */
    int32_t (*count)(const struct backend *backend, struct odec_context *context,
                     const char **missing, const char **no_compiler);

    /* ordinal: which of its kind */
    odec_status (*open)(const struct backend *backend, struct odec_context *context,
                        const struct odec_program *program,
                        const struct odec_solver_options *options, int32_t ordinal,
                        struct device **out);
    void (*close)(struct device *device); /* not between begin and end; NULL is fine */
    void (*facts)(const struct device *device, struct device_facts *out);

    /* Is the memory of the device that the job names its own, and large enough? NULL: a device
     * without memory of its own, which is never asked. */
    odec_status (*check)(struct device *device, struct odec_context *context,
                         const struct job *job, int64_t n_runs);

    /* What the plan is made from, and how much memory there is for it. arrays has room
     * for the program's and BACKEND_MAX_ARRAYS more. */
    int32_t (*arrays)(const struct device *device, const struct job *job,
                      struct odec_array *arrays);
    int64_t (*budget)(const struct device *device);

    /* ODEC_ERROR_MEMORY: a smaller plan may do. After a failure there is nothing to
     * end. */
    odec_status (*begin)(struct device *device, struct odec_context *context,
                         const struct job *job, const struct plan *plan);
    /* Drops what is not collected, waits for what is under way, adds to the job's `seen`.
     * (What was seen of runs whose results are dropped will be seen again.) */
    void (*end)(struct device *device);

    void (*submit)(struct device *device, struct slice slice);
    int32_t (*n_free)(
        struct device *device); /* how many ranges submit would take now */
    bool (*collect)(struct device *device, struct portion *out); /* in order of runs */
    void (*give_back)(struct device *device, const struct portion *portion);
    int64_t (*progress)(struct device *device); /* runs begun, of those not collected */
    void (*stop)(struct device *device); /* soon, leaving runs undone, until `end` */

    /* ODEC_OK, or how it failed, with the reason: ODEC_ERROR_MEMORY where a smaller
     * plan may do after `end` and `begin`, anything else for good. */
    odec_status (*health)(struct device *device, const char **reason);
    struct device_seconds (*seconds)(struct device *device);
};

#define BACKEND(kind) +1
enum {
    N_BACKENDS = 0
#include "backends.def"
};
extern const struct backend *const backends[N_BACKENDS]; /* the host's CPU first */

/* A device is named by its kind, a GPU by its ordinal too: "cuda:1". */
static inline bool backend_is_host(const struct backend *backend) {
    return backend->gpu == NULL;
}

/* The devices that a text names, for the program: "auto", "all", "cpu", "cuda" (all of them), "cuda:1",
 * or several of these with commas between them. */
struct device_choice {
    const struct backend *backend;
    int32_t ordinal;
};

enum { MAX_DEVICES = 64 };

struct device_list {
    struct device_choice at[MAX_DEVICES];
    int32_t n;
    bool is_lenient; /* those that do not open are done without */
    bool is_auto;    /* the last one, the CPU, stands by where another opens */
};

odec_status backend_choose(struct odec_context *context, const char *text,
                           const struct odec_program *program, struct device_list *out);

#endif
