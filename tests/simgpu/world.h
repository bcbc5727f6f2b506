/* world.h -- the simulated machine: what the files of the simulator share.
 *
 *   device --- primary context --- streams, events, modules, functions
 *     |                       `--- blocks of device and pinned memory
 *     `------- engines: compute, copy in, copy out
 *
 * One lock guards all of it; kernels and copies run without it. Each stream has a
 * thread that takes its work in order. Whatever changes wakes everybody who waits:
 * threads are few.
 *
 * Nothing that a caller could still name is freed before the next configuration:
 * handles are numbers of objects in one table, and blocks keep their addresses. So a
 * use after free is always found, and is never one of ours.
 */
#ifndef SIMGPU_WORLD_H
#define SIMGPU_WORLD_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>

#include "config.h"
#include "cuda_api.h"
#include "simgpu.h"

/* The library's entry points. */
#pragma GCC visibility push(default)
#define DRIVER(member, symbol, parameters) CUresult symbol parameters;
#define NVRTC(member, symbol, parameters) nvrtcResult symbol parameters;
#define NVML(member, symbol, parameters) nvmlReturn_t symbol parameters;
#include "cuda_api.def"
#define SIMGPU_PROTOTYPE(name, returns, parameters) returns simgpu_##name parameters;
SIMGPU_FUNCTIONS(SIMGPU_PROTOTYPE)
#undef SIMGPU_PROTOTYPE
#pragma GCC visibility pop

/* ---- objects ---- */

#define OBJECT_KINDS(KIND)     \
    KIND(CONTEXT, "context")   \
    KIND(STREAM, "stream")     \
    KIND(EVENT, "event")       \
    KIND(MODULE, "module")     \
    KIND(FUNCTION, "function") \
    KIND(PROGRAM, "NVRTC program")

enum object_kind {
#define KIND(name, words) OBJECT_##name,
    OBJECT_KINDS(KIND)
#undef KIND
        OBJECT_N_KINDS
};

struct object { /* the first member of what follows */
    enum object_kind kind;
    bool alive;
    struct context *context; /* NULL: of none */
    void *handle;
};

struct context {
    struct object object;
    struct device *device;
    int n_retains;
    atomic_int error; /* 0, or the fatal error that all calls return from then on */
    int n_retains_at_death;
    struct stream *default_stream; /* NULL: not used yet */
    uint64_t local_bytes;          /* that back the local memory of its kernels */
    struct block *blocks;          /* alive */
    struct block *dead_blocks;     /* quarantined */
    struct context *next;          /* made before this one */
};

enum block_kind { BLOCK_DEVICE, BLOCK_PINNED, BLOCK_GLOBAL /* a module's variable */ };

struct block {
    enum block_kind kind;
    struct context *context;
    char *start; /* what the caller has */
    size_t bytes;
    char *map; /* what was mapped, a guard page at either end; NULL: a variable */
    size_t map_bytes;
    const struct module *module; /* a variable's */
    int n_users;                 /* pending works that use it */
    struct block *next;
};

struct module {
    struct object object;
    void *library; /* of dlopen */
    int fd;
    void (*place)(const unsigned *place); /* moves to a thread of the grid */
    int n_users;                          /* pending launches */
};

struct function {
    struct object object;
    struct module *module;
    char name[128];
    void (*call)(void **arguments);
    unsigned argument_bytes; /* of its one struct */
};

/* The moment at which a stream's work is done. */
struct moment {
    int n_refs;
    bool done;
    double time; /* where done */
};

struct event {
    struct object object;
    struct moment *moment; /* of the last record; NULL: never recorded */
};

/* ---- a stream's work ---- */

enum work_kind {
    WORK_COPY_IN,
    WORK_COPY_OUT,
    WORK_COPY_WITHIN, /* a device's memory */
    WORK_FILL,
    WORK_LAUNCH,
    WORK_RECORD,
    WORK_WAIT
};

enum { MAX_BLOCKS_USED = 32 };

struct work {
    enum work_kind kind;
    double submitted; /* in simulated time */
    long number;      /* counts what the machine was given */
    void *to;
    const void *from;
    size_t bytes;                        /* in all */
    size_t n_rows, to_pitch, from_pitch; /* of a copy by rows; n_rows 0: in one piece */
    int value;
    struct function *function;
    unsigned grid[3], block[3];
    void *argument;        /* a copy, owned */
    struct moment *moment; /* to record or to wait for, referenced */
    struct block *uses[MAX_BLOCKS_USED];
    int n_uses;
    struct work *next;
};

struct stream {
    struct object object;
    struct work *first, **last; /* the first one is being done */
    bool closing;
    double time; /* where its last work ended */
};

/* ---- the machine ---- */

struct engine {
    bool busy;
    double free_at;
};

struct device {
    int ordinal;
    const struct device_config *config;
    struct context *primary; /* NULL: not retained */
    struct engine engines[SIMGPU_N_ENGINES];
    atomic_bool lost;
    _Atomic double lost_at; /* by world_now() */
    double host_time; /* when its caller calls next, unless that is late (world.c) */
    struct simgpu_device_report report;
};

enum { MAX_STACK = 32 };

/* A host thread that has called. */
struct thread_state {
    long generation; /* of the configuration that the rest is of */
    struct context *stack[MAX_STACK];
    int depth;
    struct {
        const struct context *context; /* dead */
        int n_times;                   /* this thread was told */
    } told[MAX_DEVICES];
    struct thread_state *next;
};

struct world {
    struct config config;
    bool configured, initialised, finished;
    long generation; /* counts configurations */
    double epoch;    /* of the configuration, by the system's clock */
    int process;     /* that configured */
    struct device devices[MAX_DEVICES];
    struct object **objects;
    size_t n_objects;
    struct context *contexts; /* of this configuration, released ones too */
    struct thread_state *threads;
    int n_stream_threads;
    long n_works;
    int n_nvml_inits;
    struct simgpu_report report;
};

extern struct world world;

/* world.c */
void world_lock(void);
void world_unlock(void);
void world_wait(void);              /* until something changes; unlocked meanwhile */
void world_wait_until(double time); /* or until something changes */
void world_wake(void);
double world_now(void);   /* seconds since the configuration; needs no lock */
void world_prepare(void); /* reads $SIMGPU where nothing is configured yet */
void *object_add(size_t bytes, enum object_kind kind, struct context *context);
/* The object of a handle. NULL, and a violation, where it is no live one of this kind.
 */
void *object_find(const void *handle, enum object_kind kind);
struct device *device_find(int ordinal); /* NULL: there is none */
void device_lose(struct device *device); /* for ever */
bool device_check_lost(struct device *device);
/* The caller learns of what ended then. */
void device_tell(struct device *device, double time);
double device_host_time(struct device *device);

/* checks.c */
void violation(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool is_fatal(CUresult error);

enum call_flags {
    NEEDS_CONTEXT = 1, /* a live one must be current */
    GIVES_BACK = 2,    /* does so even where it fails */
    ASYNCHRONOUS = 4,
    BEFORE_INIT = 8, /* is fine */
    ALWAYS = 16      /* happens whatever it returns */
};

struct call {
    const char *symbol;
    unsigned flags;
    struct thread_state *thread;
    struct context *context; /* the current one, or NULL */
    struct device *device;   /* that the call is about, or NULL */
    bool go;                 /* do it */
    bool told;               /* the thread has been, that the context is dead */
    CUresult result;         /* what is returned, unless this is success */
};

/* A driver call begins: locks, checks, counts, and brings the faults that are due.
 * call_check leaves out the latter two. ordinal: the device that the call names, or -1
 */
struct call call_enter(const char *symbol, unsigned flags, int ordinal);
struct call call_check(const char *symbol, unsigned flags, int ordinal);
void call_count(struct call *call);
CUresult call_leave(struct call *call, CUresult result); /* unlocks */
/* As object_find, and it must be of the current context. */
void *call_object(const struct call *call, const void *handle, enum object_kind kind);

/* context.c */
struct thread_state *thread_here(void);
struct context *thread_current(const struct thread_state *thread); /* or NULL */
void threads_check(void); /* all stacks are empty; empties them */
CUresult context_push(struct thread_state *thread, struct context *context);
CUresult context_pop(struct thread_state *thread, void **handle);
CUresult context_retain(struct device *device, void **handle);
CUresult context_release(struct device *device);
struct stream *context_default_stream(struct context *context);
void context_die(struct context *context, CUresult error);
void context_take_down(struct context *context); /* frees all it has */

/* memory.c */
uint64_t memory_free_bytes(const struct device *device);
/* A block of device or pinned memory. */
CUresult block_allocate(struct context *context, enum block_kind kind, size_t bytes,
                        void **start);
CUresult block_free(struct context *context, enum block_kind kind, void *start);
void block_add_global(struct module *module, void *start, size_t bytes);
void block_remove_globals(struct module *module);
/* The live block of any context that holds these bytes; NULL: none. */
struct block *block_find(const void *start, size_t bytes);
bool block_was(const void *start); /* in a block that is given back */
void block_release_all(struct context *context);
void blocks_unmap(struct context *context);

/* stream.c */
CUresult stream_create(struct context *context, CUstream *handle);
CUresult stream_destroy(struct stream *stream);
bool stream_is_pending(const struct stream *stream);
/* Queues a copy of what `work` says; it owns its argument and its moment's reference.
 */
CUresult stream_submit(struct stream *stream, const struct work *work);
void work_uses(struct work *work, struct block *block);
struct moment *moment_make(void); /* referenced once */
struct moment *moment_ref(struct moment *moment);
void moment_unref(struct moment *moment);

/* The first work of the stream that takes time, if all before it is over; NULL: none.
 */
const struct work *stream_next(const struct stream *stream);

/* engine.c: does a work that takes time; locked before and after, not meanwhile */
void engine_do(struct stream *stream, const struct work *work);
void engine_start(void);  /* the handler of bad accesses */
void engine_atomic(void); /* called by a kernel for each atomicAdd */

/* module.c */
CUresult module_load(struct context *context, const void *image, CUmodule *handle);
CUresult module_unload(struct module *module);
void module_close(struct module *module); /* as unload, without a check */
CUresult module_find_function(struct module *module, const char *name, CUfunction *out);
CUresult module_find_global(struct module *module, const char *name, CUdeviceptr *start,
                            size_t *bytes);
enum { MAX_BLOCK_THREADS = 1024, REGISTERS_OF_BLOCK = 65536, THREADS_OF_SM = 2048 };
CUresult function_launch(struct function *function, struct stream *stream,
                         const unsigned *grid, const unsigned *block, void **arguments);

/* nvrtc.c; what images are says image.h */
void programs_take_down(void);

#endif
