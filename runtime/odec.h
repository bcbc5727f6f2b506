/* odec.h -- the runtime: integrate a batch of runs of one program.
 *
 *   odec_context *context;
 *   odec_solver *solver = NULL;
 *   odec_status status = odec_context_create(&context);
 *   if (status == ODEC_OK) {
 *       status = odec_solver_create(context, program, NULL, &solver);
 *   }
 *   if (status == ODEC_OK) {
 *       odec_batch batch = ODEC_BATCH_INIT;
 *       odec_result result = ODEC_RESULT_INIT;
 *       batch.n_runs = 1000;
 *       batch.pars = pars;
 *       status = odec_solve(solver, &batch, sink, &result);
 *   }
 *   odec_solver_destroy(solver);
 *   odec_context_destroy(context);
 *
 * A program comes from the compiler (odec_compile.h) or is linked in as generated code.
 * No globals: everything hangs on a context, used by one thread at a time. Nothing here
 * exits, prints or aborts. Strings are UTF-8. Times are in the model's own unit of
 * time.
 *
 * Where a call needs an object or a place that is NULL it returns ODEC_ERROR_ARGUMENT, or what
 * there is of nothing: 0, -1, false, "". ODEC_ERROR_USE is a call from where it may not come:
 *
 *   within a callback (allocate, release, log, waiting, cache_get, cache_put, progress, write):
 *     to make something with its context, to solve or to size. To destroy a solver or
 *     odec_devices does nothing there, and the call that made the callback fails. Another
 *     context's may.
 *   in a child of fork: a context that a solver or odec_devices was made with, and these.
 *     To destroy them there does nothing: their memory goes with the child. A context of
 *     the child's own is like any other.
 *   while another thread is at work with the context. (Its words are that thread's.)
 *
 * The caller's floating-point modes (rounding, FTZ, DAZ) change no result: what computes has
 * its own, callbacks too, and the caller's are back when it returns.
 *
 * A struct begins with its size, which tells the library how much of it the caller knows,
 * whichever version he was compiled with: start from its ODEC_..._INIT, those to be
 * filled too. One that is shorter than the library's has its defaults in the rest; one
 * that is longer is refused where it asks for what the library does not know, and what
 * the library does not fill is zero. Elements of lists have no size of their own:
 * odec_program and odec_batch say it, and odec_run_record is the kernels' (abi.h).
 *
 * Results are in C order [run][save][column], in the program's precision, and have the
 * same bits however the batch is split over chunks, threads, vector widths and devices.
 */
#ifndef ODEC_H
#define ODEC_H

#include <math.h> /* NAN */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a shared library shows; everything else in it is hidden. */
#if defined(__GNUC__)
#define ODEC_API __attribute__((visibility("default")))
#else
#define ODEC_API
#endif

#define ODEC_VERSION "0.1.0"

/* Not said. NAN of <math.h>, which is a float: compilers may be asked to warn of that. */
#ifdef __cplusplus
#define ODEC_NAN static_cast<double>(NAN)
#else
#define ODEC_NAN ((double)NAN)
#endif

typedef enum odec_status {
#define ODEC_STATUS(name, value, text) ODEC_##name = value,
#include "status.def"
} odec_status;

typedef enum odec_run_status {
#define ODEC_RUN_STATUS(name, value, text) ODEC_RUN_##name = value,
#include "status.def"
    ODEC_RUN_STATUS_COUNT
} odec_run_status;

#if defined(__GNUC__) && !defined(__cplusplus)
__extension__ _Static_assert(sizeof(odec_status) == sizeof(int),
                             "odec has enumerations that are ints: no -fshort-enums");
#elif defined(__cplusplus)
static_assert(sizeof(odec_status) == sizeof(int),
              "odec has enumerations that are ints: no -fshort-enums");
#endif

ODEC_API const char *odec_status_text(odec_status status);
ODEC_API const char *odec_run_status_text(int run_status);

/* ---- context: the first error since it was created or cleared, in words ---- */

typedef struct odec_context odec_context;

typedef enum odec_log_level {
    ODEC_LOG_DETAIL,
    ODEC_LOG_INFO,
    ODEC_LOG_WARNING /* it goes on, but not as it was asked to */
} odec_log_level;

typedef struct odec_context_options {
    size_t size; /* sizeof(odec_context_options) */
    /* Memory, as from malloc and to free; both NULL: these. All that belongs to the context
     * and its solvers comes from there, the CPU's chunks too; not what the system's
     * libraries, drivers and threads' stacks take for themselves. Called from the thread
     * that called the library. */
    void *(*allocate)(void *user, size_t bytes); /* NULL: there is none */
    void (*release)(void *user, void *at);
    void *memory_user;
    /* What the library does, a line each without its end, from the thread that called it:
     * how kernels came about, devices that open, fail and take over, plans. The words may
     * change. NULL: nobody listens. */
    void (*log)(void *user, odec_log_level level, const char *text);
    void *log_user;
} odec_context_options;

#define ODEC_CONTEXT_OPTIONS_INIT \
    { .size = sizeof(odec_context_options) }

/* ODEC_ERROR_MEMORY: *out is NULL. */
ODEC_API odec_status odec_context_create(odec_context **out);
/* ODEC_ERROR_ARGUMENT too: the options do not say their size, ask for what this version
 * does not know, or have one of allocate and release alone. */
ODEC_API odec_status odec_context_create_with(const odec_context_options *options,
                                              odec_context **out);
/* NULL is fine, here and below. Solvers and odec_devices made with it may be destroyed later,
 * and go on: what they share, its allocator and log too, lasts as long as they; but nobody can
 * read the words of their errors. */
ODEC_API void odec_context_destroy(odec_context *context);
/* "" where there is none. */
ODEC_API const char *odec_context_error(const odec_context *context);
ODEC_API void odec_context_clear(odec_context *context);

/* ---- program: what the compiler makes of a model and a solve spec; plain data ---- */

typedef enum odec_precision { ODEC_DOUBLE, ODEC_FLOAT } odec_precision;

/* What the columns of a result are, and what parameters and states are. */
typedef struct odec_quantity {
    const char *name;
    const char *unit; /* "" where none is given */
    const char *text; /* description, or "" */
    double value;     /* a parameter's default, a state's initial value; NaN where it
                         depends on what a run may set: parameters, other states' initial
                         values, t0 */
    /* Bounds, -inf and inf where there are none. A parameter is never outside; a state that
     * leaves them, or starts outside, ends its run with ODEC_RUN_OUT_OF_BOUNDS. */
    double lo, hi;
} odec_quantity;

typedef enum odec_save_kind {
    ODEC_SAVE_FINAL, /* t1 alone */
    ODEC_SAVE_EVERY, /* t0, t0 + dt, ..., not beyond t1 */
    ODEC_SAVE_AT,    /* the times listed */
    ODEC_SAVE_COUNT  /* count times evenly spaced, both ends included */
} odec_save_kind;

typedef struct odec_save {
    size_t size; /* sizeof(odec_save) */
    odec_save_kind kind;
    double dt;
    int64_t count;
    const double *at; /* [count] */
} odec_save;

#define ODEC_SAVE_INIT \
    { .size = sizeof(odec_save) }

/* Bytes a kernel needs of one array; see DESIGN, Words. */
typedef enum odec_array_kind {
    ODEC_PER_RUN, /* of each chunk on its way */
    ODEC_SHARED,
    ODEC_PER_LANE,
    ODEC_PER_COMPUTED_RUN /* of the chunk being computed alone */
} odec_array_kind;

/* What kernels are written for. */
typedef enum odec_target {
    ODEC_TARGET_CPU,
    ODEC_TARGET_CUDA,
    ODEC_N_TARGETS
} odec_target;

typedef struct odec_array {
    const char *name;
    odec_array_kind kind;
    int64_t bytes;          /* per run, in all, or per lane */
    int64_t bytes_per_save; /* more of the same for each save time */
    enum odec_array_role role;
    uint32_t targets; /* bit 1u << target: its kernels use the array */
} odec_array;

#define ODEC_ALL_TARGETS ((1u << ODEC_N_TARGETS) - 1)

/* The factors of the Jacobian, for stiff methods (compiler/sparse.h). Rows and columns
 * count in the order of elimination. */
typedef struct odec_sparsity {
    size_t size;                 /* sizeof(odec_sparsity) */
    int32_t n_jacobian;          /* entries of the Jacobian, */
    int32_t n_factors;           /* and of L + U */
    const int32_t *order;        /* [n_states] the state eliminated at each step */
    const int32_t *row, *column; /* [n_factors] */
    const bool *is_fill;  /* [n_factors] neither the Jacobian's nor on the diagonal */
    int32_t flops_linear; /* f, df/dt and the Jacobian at once */
    int64_t flops_factor, flops_solve;
} odec_sparsity;

/* What a program has for a target: texts that are compiled when a solver is made. It has
 * no size, and stays as it is. */
typedef struct odec_kernel_text {
    const char *text; /* self-contained: C17 for the CPU, C++17 for CUDA; NULL: none */
    /* a GPU's: the runtime's own kernels, for all programs the same */
    const char *tools;
} odec_kernel_text;

/* What a program may have for a GPU beside texts: images, made when the program was built
 * (odec build --fatbin), so that nothing is compiled where it runs. A text is compiled where
 * the image is for none of the GPUs there. */
typedef struct odec_image {
    size_t size; /* sizeof(odec_image) */
    /* For CUDA fatbins, at borders of 8 bytes: the kernel's, and the runtime's own kernels' */
    const void *kernel, *tools;
    int64_t kernel_bytes, tools_bytes;
    /* Version of the compiler that made them, in CUDA's counting: 13000 is 13.0 */
    int64_t compiler;
    const char *architectures; /* "sm_80, sm_90", for messages */
} odec_image;

/* What a kernel asks of the CPU, from nothing beyond its architecture's least on. */
typedef enum odec_isa {
    ODEC_ISA_BASE,
    ODEC_ISA_X86_64_V2,
    ODEC_ISA_X86_64_V3,
    ODEC_ISA_X86_64_V4
} odec_isa;

/* A kernel for the CPU that is linked in: the text, compiled with -DODEC_KERNEL=NAME. */
typedef int odec_kernel_function(const struct odec_args *args);

/* 0 where the kernel was compiled so that its results have the bits they must; ODEC_CONTRACTED:
 * the compiler joined multiplications and additions that the text has apart; ODEC_RELAXED: it took
 * one of the liberties of -ffast-math. */
typedef int odec_native_check(void);
#define ODEC_CONTRACTED 1
#define ODEC_RELAXED 2

typedef struct odec_native {
    odec_isa isa;
    int32_t lanes; /* doubles to a vector: 1, 2, 4, 8; twice as many floats from 2 on */
    odec_precision precision;
    odec_kernel_function *kernel;
    /* NULL, or asked before the kernel is used, which is refused where it does not say 0 */
    odec_native_check *check;
} odec_native;

#define ODEC_TARGET_ROOM 8 /* for those to come, so that nothing moves then */

typedef struct odec_program {
    size_t size;          /* sizeof(odec_program), */
    size_t quantity_size; /* of odec_quantity: from one in a list to the next, */
    size_t array_size;    /* of odec_array, */
    size_t native_size;   /* and of odec_native */
    int32_t abi;          /* ODEC_KERNEL_ABI */
    const char *model;
    const char *text;
    int32_t n_pars, n_states, n_columns, n_arrays;
    const odec_quantity *pars;
    const odec_quantity *states;
    const odec_quantity *columns; /* states or outs, in the order of the results */
    const odec_array *arrays;
    const char *method;
    const char *method_reason; /* why, where it was chosen automatically; else NULL */
    int32_t order;
    bool adaptive; /* false: fixed steps of length dt */
    odec_precision precision;
    bool saves; /* false: compiled for ODEC_SAVE_FINAL alone, without dense output */
    /* hints of the model's solve block and of the spec; NaN where neither says */
    double rtol, dt, dt_max, t0, t1;
    const double *atol;    /* [n_states], NaN where not said */
    const odec_save *save; /* NULL: the final state alone */
    /* cost, for `odec info` and the planner */
    int32_t flops_rhs, live_values, n_hoisted;
    const odec_sparsity *sparsity;              /* NULL: an explicit method */
    odec_kernel_text kernels[ODEC_TARGET_ROOM]; /* by odec_target */
    int32_t n_natives;
    /* [n_natives] in any order; the one that fits best is taken */
    const odec_native *natives;
    bool uses_time; /* derivatives or columns use t, directly or through names */
    const odec_image *images[ODEC_TARGET_ROOM]; /* by odec_target; NULL: none */
    int32_t
        n_groups; /* runs to a lane that a CPU's thread has on their way; 0: not said */
} odec_program;

#define ODEC_PROGRAM_INIT                                                             \
    {                                                                                 \
        .size = sizeof(odec_program), .quantity_size = sizeof(odec_quantity),         \
        .array_size = sizeof(odec_array), .native_size = sizeof(odec_native),         \
        .abi = ODEC_KERNEL_ABI, .rtol = ODEC_NAN, .dt = ODEC_NAN, .dt_max = ODEC_NAN, \
        .t0 = ODEC_NAN, .t1 = ODEC_NAN                                                \
    }

/* The lists of quantities that a program has. */
typedef enum odec_quantity_kind {
    ODEC_PARAMETER,
    ODEC_STATE,
    ODEC_COLUMN
} odec_quantity_kind;

/* How many of a kind there are; 0 of a kind that is not known. */
ODEC_API int32_t odec_program_count(const odec_program *program,
                                    odec_quantity_kind kind);
/* Number i of a kind, NULL where there is none: it belongs to the program. (Whoever steps
 * through the lists himself goes by quantity_size.) */
ODEC_API const odec_quantity *odec_program_quantity(const odec_program *program,
                                                    odec_quantity_kind kind, int32_t i);

/* A name's place in its list, and so in odec_batch's lists or in a row of results; -1 where
 * it is not there. Any thread may ask. */
ODEC_API int32_t odec_program_parameter(const odec_program *program, const char *name);
ODEC_API int32_t odec_program_state(const odec_program *program, const char *name);
ODEC_API int32_t odec_program_column(const odec_program *program, const char *name);

/* The same for names that people type: ODEC_ERROR_ARGUMENT and *index -1 where it is not
 * there, with the nearest name in the context's words (NULL: no words). */
ODEC_API odec_status odec_program_find(odec_context *context,
                                       const odec_program *program,
                                       odec_quantity_kind kind, const char *name,
                                       int32_t *index);

/* ---- solver: a program made ready for a device ---- */

typedef struct odec_solver odec_solver;

/* How a batch is split over several devices. All take ranges of runs from the front of
 * the batch; under the last two each takes so many runs in all, but for those of a
 * device that fails. */
typedef enum odec_distribution {
    ODEC_DYNAMIC, /* each takes what it can do, as measured while it works */
    ODEC_UNIFORM, /* the same number of runs each */
    ODEC_CAPACITY /* in proportion to `capacities` */
} odec_distribution;

typedef struct odec_solver_options {
    size_t size; /* sizeof(odec_solver_options) */
    /* "cpu"; "cuda:1"; "cuda": all of them; "all": those and the CPU; several with
     * commas between them; "auto": the GPUs where there are any and the batch is worth
     * it, else the CPU, which also stands by for when they fail. */
    const char *device;
    /* Of the batches to come, for "auto" and `lanes`, whose choice is slow for many more; 0: not
     * known, many. */
    int64_t n_runs;
    odec_distribution distribution;
    const double *capacities; /* [n_capacities], one a device, for ODEC_CAPACITY */
    int32_t n_capacities;
    int32_t n_threads; /* that compute, or digest what GPUs compute; 0: all cores */
    /* CPU vector width in doubles: 1, 2, 4, 8; 0: the machine's widest or, for n_runs so few that
     * they do not fill it on all threads, a narrower one, which is faster. Results are the same. */
    int32_t lanes;
    /* the C compiler's name or path; NULL: a kernel that is linked in where one fits,
     * else $ODEC_CC, gcc, clang or cc. Programs before it and options behind it are fine,
     * as in "ccache gcc -m64": -m64, -pipe, -B, -L, --sysroot=, --gcc-toolchain=, --target=,
     * -fuse-ld=. Of the environment it sees PATH, HOME, LD_LIBRARY_PATH and ODEC_... alone. */
    const char *compiler;
    const char *cache_dir; /* NULL: $XDG_CACHE_HOME/odec; "": no cache */
    /* On each device: budget for chunks in bytes, or a share of what was free when the
     * context first used it (all solvers' shares add up to at most 1); 0, 0: enough for
     * all lanes, on a GPU 16 runs for each where half of that has room. */
    int64_t memory_bytes;
    double memory_fraction;
    int64_t chunk_runs; /* an upper bound on a chunk; 0: none */
    int32_t n_buffers;  /* chunks on their way at once on a device: 1 or 2; 0: 2 */
    /* Called about ten times a second, and when a signal was handled, while the C
     * compiler works, from the calling thread; false gives up: the compiler is killed,
     * nothing of its files stays, and odec_solver_create returns ODEC_CANCELLED. So
     * that it can be killed whole it runs in a process group of its own: a terminal's
     * ^C reaches the caller alone, who should answer false. NULL: the compiler is
     * waited for, and shares ^C. */
    bool (*waiting)(void *user, double seconds); /* since the compiler was started */
    void *waiting_user;
    /* The C compiler's, for one kernel: after that it is killed, as above, and
     * odec_solver_create returns ODEC_ERROR_COMPILER; 0: no limit. (NVRTC, which works
     * inside the process, cannot be ended.) */
    double compile_seconds;
    /* A cache of kernels in place of the directory; NULL, both: none of that kind. cache_get
     * copies what was put under a key of 32 bytes, at most `capacity` bytes of it, to `to`
     * and returns how many there are in all; 0: none. First it is asked how many alone, with
     * capacity 0 and `to` NULL. cache_put keeps a copy of n bytes; 0, and `at` NULL: forgets
     * them. What comes back other than it was put is recognised, and compiled anew.
     * Whoever can change what is in the cache can have any code run. */
    size_t (*cache_get)(void *user, const unsigned char *key, void *to,
                        size_t capacity);
    void (*cache_put)(void *user, const unsigned char *key, const void *at, size_t n);
    void *cache_user;
} odec_solver_options;

#define ODEC_SOLVER_OPTIONS_INIT \
    { .size = sizeof(odec_solver_options), .device = "auto" }

ODEC_API odec_status odec_solver_create(odec_context *context,
                                        const odec_program *program,
                                        const odec_solver_options *options,
                                        odec_solver **out);
/* Any thread may destroy a solver, but not within a callback: a batch that another thread has
 * running ends as if it had been cancelled, within one launch, and the call returns after
 * that. Until it has returned the context is not to be used. */
ODEC_API void odec_solver_destroy(odec_solver *solver);

/* What a solver knows of one of its devices. Texts are the solver's. */
typedef struct odec_device_info {
    size_t size;              /* sizeof(odec_device_info) */
    const char *name;         /* "cpu", "cuda:0" */
    const char *description;  /* "NVIDIA H200, 132 multiprocessors" */
    const char *compiler;     /* path of the C compiler or of NVRTC; "" where the
                                 kernel is linked in */
    int32_t lanes, n_threads; /* the CPU's; 1 and 0 on a GPU */
    bool cache_hit;           /* the kernel was in the cache */
    const char *failure;      /* why it takes no part, "" while it is well */
    /* of the last batch */
    int64_t n_runs;
    double busy_seconds;
    double kernel_seconds; /* a GPU's, of its launches alone, by its own clock */
} odec_device_info;

#define ODEC_DEVICE_INFO_INIT \
    { .size = sizeof(odec_device_info) }

/* Of all its devices. */
ODEC_API bool odec_solver_cache_hit(const odec_solver *solver);
ODEC_API int32_t odec_solver_n_devices(const odec_solver *solver); /* at least 1 */
/* ODEC_ERROR_ARGUMENT: there is no device i, or `out` does not say its size. */
ODEC_API odec_status odec_solver_device_info(const odec_solver *solver, int32_t i,
                                             odec_device_info *out);

/* ---- batch: which runs ---- */

typedef enum odec_source_kind {
    ODEC_SOURCE_DEFAULT, /* the model's own value or expression */
    ODEC_SOURCE_UNIFORM, /* `value`, for every run */
    ODEC_SOURCE_GRID,    /* run r has point (r / repeat) % n of n points in lo .. hi */
    ODEC_SOURCE_COLUMN,  /* run r has column[r * stride] */
    ODEC_SOURCE_DEVICE   /* the same in a GPU's memory: see odec_source.device */
} odec_source_kind;

/* Where the value of one parameter, or of one state at t0, comes from. */
typedef struct odec_source {
    odec_source_kind kind;
    double value;
    double lo, hi; /* both ends are points, exactly; n == 1 gives lo */
    int64_t n, repeat;
    bool log; /* geometric spacing */
    union {
        const double
            *column; /* aligned; nothing of it in a place that the output has */
        /* ODEC_SOURCE_DEVICE: run r has device[r * stride], double or float as the program's
         * precision is, which kernels read where it lies. Nobody looks at the values before: a
         * run that has one that is not finite fails, and a parameter's bounds are the caller's
         * to keep. */
        const void *device;
    };
    int64_t stride; /* in doubles; of `device` in scalars of the program's precision */
} odec_source;

#define ODEC_MAX_RUNS INT64_C(100000000000) /* of one batch: 10^11 */
#define ODEC_MAX_SAVES INT64_C(100000000)   /* save times: 10^8 */

/* The caller's memory that a batch's results go to, whole when odec_solve returns
 * ODEC_OK; after a failure it has what was done by then. The CPU's kernel writes
 * straight to it; results of a GPU, and those of a batch with a sink whose values are not
 * in C order, are copied there once, from the memory that devices compute in.
 *
 *   value of run r, save time s, column c    values[r * run_stride + s * save_stride +
 *                                                   c * column_stride]
 *   record of run r                          records[r * record_stride]
 *
 * Strides count scalars of the program's precision, and records. All three 0: C order,
 * [n_runs][n_saves][n_columns]; record_stride 0: 1. They may be negative (but not in a GPU's
 * memory), and leave gaps, which are not touched; two values, or two records, in one place are an error (a value and a
 * record are the caller's to keep apart).
 *
 * What `on_device` names is in the memory of the solver's GPU: see odec_batch.stream. Values
 * there do not come to the host, unless there is a sink beside, so that odec_result has no
 * digest of them. */
#define ODEC_VALUES_ON_DEVICE 1
#define ODEC_RECORDS_ON_DEVICE 2
typedef struct odec_output {
    size_t size;  /* sizeof(odec_output) */
    void *values; /* double or float, as aligned as these; NULL: none */
    int64_t run_stride, save_stride, column_stride;
    int64_t
        n_saves; /* save times that there is room for: fewer than the batch has are an
                        error (odec_save_times); 0: not said, an error too where a
                        batch has several of its program's */
    struct odec_run_record *records; /* NULL: none */
    int64_t record_stride;
    int64_t on_device; /* of those two bits; 0: all is the host's */
} odec_output;

#define ODEC_OUTPUT_INIT \
    { .size = sizeof(odec_output) }

typedef struct odec_batch {
    size_t size;        /* sizeof(odec_batch), */
    size_t source_size; /* and of odec_source: from one in a list to the next */
    int64_t n_runs;
    const odec_source *pars;   /* [n_pars]; NULL: all default */
    const odec_source *states; /* [n_states]; NULL: all default */
    double t0, t1; /* NaN: the program's; t0 == t1: no step, the initial rows alone */
    double rtol;   /* NaN: the program's, else 1e-6 (in float 1e-4) */
    /* [n_states]; NULL or NaN: the program's, else 1e-9 (float 1e-7) */
    const double *atol;
    /* Fixed step; NaN: the program's. One that is longer than the span makes a single step,
     * to t1 (n_accepted says so); more steps than max_attempts are an error. */
    double dt;
    double dt_max;        /* NaN: the program's, else none */
    int64_t max_attempts; /* 0: 10^6 */
    /* NULL: the program's, which is the model's own or the spec's, else the final state alone
     * (an ODEC_SAVE_INIT says that). odec_save_times counts them. */
    const odec_save *save;
    /* Called about ten times a second from the calling thread; false cancels. May be
     * NULL. */
    bool (*progress)(void *user, int64_t runs_done, int64_t n_runs);
    void *user;
    const odec_output *output; /* NULL: to the sink alone */
    /* A CUstream, where a source or the output is in a GPU's memory; of no account elsewhere.
     * What was put into it before odec_solve is done before odec reads or writes that memory.
     * odec_solve returns when all is written, so that whatever is put into any stream after it
     * sees the results. NULL: the default stream; CU_STREAM_PER_THREAD is fine.
     *
     * The solver has that one GPU and nothing else ("cuda:0"). Stream and memory belong to its
     * primary context, which odec uses too: an application of CUDA's runtime has no other; one
     * of its driver retains it. Addresses are CUdeviceptr as pointers. Each array lies within one
     * allocation of device memory, aligned to a scalar (records: 8 bytes), and none of the
     * sources has bytes in the output's range: a range may be computed anew. ODEC_ERROR_ARGUMENT
     * where that is not so, before anything runs. It takes nothing of the solver's budget.
     *
     * After a failure or a cancellation nothing of odec's reads or writes it any more; results
     * are there in part. A GPU that is lost takes it along. */
    void *stream;
} odec_batch;

#define ODEC_BATCH_INIT                                                   \
    {                                                                     \
        .size = sizeof(odec_batch), .source_size = sizeof(odec_source),   \
        .t0 = ODEC_NAN, .t1 = ODEC_NAN, .rtol = ODEC_NAN, .dt = ODEC_NAN, \
        .dt_max = ODEC_NAN                                                \
    }

/* Results of neighbouring runs. All of it belongs to the runtime. */
typedef struct odec_portion {
    size_t size; /* what the runtime knows of this struct: later members join the end */
    int64_t first_run, n_runs;
    const void *values; /* [n_runs][n_saves][n_columns], in the program's precision */
    const struct odec_run_record *records; /* [n_runs] */
} odec_portion;

/* Takes results, each run once, from a thread of the runtime's, never two at once; in
 * order of runs, unless any_order is set, which spares devices from waiting for one
 * another. A return other than ODEC_OK ends the batch with that status. */
typedef struct odec_sink {
    size_t size; /* sizeof(odec_sink) */
    odec_status (*write)(void *user, const odec_portion *portion);
    void *user;
    bool any_order;
} odec_sink;

#define ODEC_SINK_INIT \
    { .size = sizeof(odec_sink) }

#define ODEC_RUN_STATUS_ROOM 32 /* for those to come, so that nothing moves then */

/* What a batch amounted to. After a failure the counts are those of the runs that the
 * sink was given, and the digest is "". */
typedef struct odec_result {
    size_t size; /* sizeof(odec_result) */
    int64_t n_runs, n_saves;
    int64_t n_by_status[ODEC_RUN_STATUS_ROOM];
    int64_t n_accepted, n_rejected, n_rhs, n_jacobian;
    int64_t n_chunks, chunk_runs; /* ranges that devices took; the longest */
    /* wall time of integration alone, on the device busy longest */
    double solve_seconds;
    /* 128 bits in hex over the values and status of every run; "" where the values stay in a
     * GPU's memory */
    char digest[33];
    int32_t n_below_atol; /* states (odec_solver_below_atol); 0 after a failure */
} odec_result;

#define ODEC_RESULT_INIT \
    { .size = sizeof(odec_result) }

/* Checks the whole batch before anything runs. sink and result may be NULL. A failure,
 * the sink's included, leaves nothing running and the solver ready for the next batch.
 *
 * A solver keeps its threads and what memory the batch took for the next one: on the CPU a
 * batch of as many runs and saves as the one before it allocates nothing and starts no
 * thread (lists of up to 2^17 save times, or as many sources). */
ODEC_API odec_status odec_solve(odec_solver *solver, const odec_batch *batch,
                                const odec_sink *sink, odec_result *result);

/* ---- sizing: what a batch takes, before anything of it is allocated ---- */

#define ODEC_SIZING_ROOM 16 /* a device has no more arrays */

/* The memory that one device has for a batch at once, were it to do all of it; the caller's own on
 * a GPU is not among it, and is not looked at. Where several
 * share it each takes no more than this, in ranges no longer than chunk_runs. Names are the
 * program's or the library's. */
typedef struct odec_sizing {
    size_t size; /* sizeof(odec_sizing) */
    int64_t n_runs, n_saves;
    /* of all runs, wherever the caller keeps them: */
    int64_t value_bytes;  /* n_runs * n_saves * n_columns scalars, */
    int64_t record_bytes; /* and n_runs records */
    int64_t chunk_runs, n_chunks;
    int64_t n_buffers;      /* chunks on their way at once */
    int64_t run_bytes;      /* of one run in each buffer, */
    int64_t computed_bytes; /* and of one run that is being computed */
    int64_t fixed_bytes;    /* whatever the runs */
    int64_t total_bytes;    /* fixed + chunk_runs * (n_buffers * run + computed) */
    int64_t budget_bytes;   /* at least that: what the options allow */
    int64_t n_arrays;       /* each counts in one of those four: */
    const char *array_name[ODEC_SIZING_ROOM];
    int64_t array_kind[ODEC_SIZING_ROOM];  /* enum odec_array_kind, never PER_LANE: its
                                             lanes are counted */
    int64_t array_bytes[ODEC_SIZING_ROOM]; /* of one run, or in all */
} odec_sizing;

#define ODEC_SIZING_INIT \
    { .size = sizeof(odec_sizing) }

/* By the plan that odec_solve would make for this batch just now: the same numbers as
 * `odec info --json --device` prints. `direct`: there will be no sink, so that the CPU has
 * no memory for what goes straight to the batch's output. ODEC_ERROR_BUDGET: it would not
 * fit. */
ODEC_API odec_status odec_solver_sizing(odec_solver *solver, const odec_batch *batch,
                                        bool direct, int32_t device, odec_sizing *out);

/* ---- after a batch ---- */

/* Of the last batch, by an adaptive method: was the state never larger than its atol, in any
 * run, at its start or after a step, and yet not always zero? Then its error was not
 * controlled, and a smaller atol is needed. false where the batch failed or made no step. */
ODEC_API bool odec_solver_below_atol(const odec_solver *solver, int32_t state);

/* Number of save times of a batch's save over its time span, and (unless times is NULL)
 * their values: exactly t1 last where it is one of them. At most 10^8. */
ODEC_API odec_status odec_save_times(odec_context *context, const odec_save *save,
                                     double t0, double t1, double *times,
                                     int64_t capacity, int64_t *count);

/* Point i of n in lo .. hi: the formula of every grid, the same on every device. */
ODEC_API double odec_grid_point(double lo, double hi, int64_t n, bool log, int64_t i);

/* ---- devices: what this machine can compute on, and what it does just now ----
 *
 * To look at a GPU does not start it. Create and destroy belong to the context's
 * thread; all else any thread may call at any time, while the context solves too. As
 * long as there is one, a solve that lasts takes a sample of its devices each second.
 * Destroyed before its context. */

typedef struct odec_devices odec_devices;

/* Texts are the context's. NaN and -1: not known. */
typedef struct odec_device_state {
    size_t size;      /* sizeof(odec_device_state) */
    const char *name; /* "cpu", "cuda:0"; "cuda" where there is no GPU at all */
    /* "NVIDIA H200, 132 multiprocessors"; "" where not known */
    const char *description;
    const char *missing; /* why it cannot be used, "" where it can */
    /* why values are not known, "" where there is no reason to tell */
    const char *unknown;
    /* of the last sample */
    int64_t memory_used, memory_total; /* bytes */
    double utilization;                /* 0 .. 1 */
    double watts, celsius, mhz;
    /* of this context's solves, the one under way included */
    double runs_per_second; /* of the program that it worked on last */
    int64_t runs_done;      /* of all programs */
} odec_device_state;

#define ODEC_DEVICE_STATE_INIT \
    { .size = sizeof(odec_device_state) }

ODEC_API odec_status odec_devices_create(odec_context *context, odec_devices **out);
ODEC_API void odec_devices_destroy(odec_devices *devices);

/* All of them, now. */
ODEC_API void odec_devices_sample(odec_devices *devices);
/* At least 2: the CPU first. */
ODEC_API int32_t odec_devices_count(const odec_devices *devices);
/* ODEC_ERROR_ARGUMENT: there is no device i, or `out` does not say its size. */
ODEC_API odec_status odec_devices_get(const odec_devices *devices, int32_t i,
                                      odec_device_state *out);

/* How many values of device i could not be true and so count as unknown; `text` (size
 * bytes, at least 1) says which: "the power is not in 0 .. 10000 W (2), ...", "" for
 * none. */
ODEC_API int64_t odec_devices_refused(const odec_devices *devices, int32_t i,
                                      char *text, size_t size);

/* order[0] is the best of the devices that can be used; returns how many those are, at
 * most odec_devices_count. Speed counts, as measured with the program solved last; then
 * free memory, load and heat. A CPU whose speed cannot be compared with a GPU's comes
 * after all GPUs. */
ODEC_API int32_t odec_devices_rank(const odec_devices *devices, int32_t *order);

#ifdef __cplusplus
}
#endif
#endif
