/* odec.h -- the runtime: integrate a batch of runs of one program.
 *
 *   odec_context *ctx;  odec_solver *solver;
 *   odec_context_create(&ctx);
 *   odec_solver_create(ctx, &program, &(odec_solver_options)ODEC_SOLVER_OPTIONS_INIT, &solver);
 *   odec_solve(solver, &batch, &sink);
 *   odec_solver_destroy(solver);  odec_context_destroy(ctx);
 *
 * A program comes from the compiler (odec_compile.h) or is linked in as generated code.
 * No globals: everything hangs on a context, used by one thread at a time. Nothing here
 * exits, prints or aborts. Strings are UTF-8. Times are in the model's own unit of time.
 *
 * Results are in C order [run][save][column], in the program's precision, and have the same
 * bits however the batch is split over chunks, threads, vector widths and devices.
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

#define ODEC_VERSION "0.1.0"

typedef enum odec_status {
#define STATUS(name, value, text) ODEC_##name = value,
#include "status.def"
} odec_status;

typedef enum odec_run_status {
#define RUN_STATUS(name, value, text) ODEC_RUN_##name = value,
#include "status.def"
    ODEC_RUN_STATUS_COUNT
} odec_run_status;

const char *odec_status_text(odec_status status);
const char *odec_run_status_text(int run_status);

/* ---- context: the first error since it was created or cleared, in a person's words ---- */

typedef struct odec_context odec_context;

odec_status odec_context_create(odec_context **out);
void odec_context_destroy(odec_context *context); /* NULL is fine, here and below */
const char *odec_context_error(const odec_context *context); /* "" where there is none */
void odec_context_clear(odec_context *context);

/* ---- program: what the compiler makes of a model and a solve spec; plain data ---- */

typedef enum odec_precision { ODEC_DOUBLE, ODEC_FLOAT } odec_precision;

/* What the columns of a result are, and what parameters and states are. */
typedef struct odec_quantity {
    const char *name;
    const char *unit; /* "" where none is given */
    const char *text; /* description, or "" */
    double value;     /* a parameter's default, a state's initial value; NaN where it depends
                         on parameters that a run may set */
    double lo, hi;    /* bounds, -inf and inf where there are none */
} odec_quantity;

typedef enum odec_save_kind {
    ODEC_SAVE_FINAL, /* t1 alone */
    ODEC_SAVE_EVERY, /* t0, t0 + dt, ..., not beyond t1 */
    ODEC_SAVE_AT,    /* the times listed */
    ODEC_SAVE_COUNT  /* count times evenly spaced, both ends included */
} odec_save_kind;

typedef struct odec_save {
    odec_save_kind kind;
    double dt;
    int64_t count;
    const double *at; /* [count] */
} odec_save;

/* Bytes a kernel needs of one array; see DESIGN, Words. */
typedef enum odec_array_kind { ODEC_PER_RUN, ODEC_SHARED, ODEC_PER_LANE } odec_array_kind;

typedef struct odec_array {
    const char *name;
    odec_array_kind kind;
    int64_t bytes;          /* per run, in all, or per lane */
    int64_t bytes_per_save; /* more of the same for each save time */
} odec_array;

/* The factors of the Jacobian, for stiff methods (compiler/sparse.h). Rows and columns count in
 * the order of elimination. */
typedef struct odec_sparsity {
    int32_t n_jacobian;     /* entries of the Jacobian, */
    int32_t n_factors;      /* and of L + U */
    const int32_t *order;   /* [n_states] the state eliminated at each step */
    const int32_t *row, *column; /* [n_factors] */
    const bool *is_fill;         /* [n_factors] neither the Jacobian's nor on the diagonal */
    int32_t flops_linear;   /* f, df/dt and the Jacobian at once */
    int64_t flops_factor, flops_solve;
} odec_sparsity;

typedef struct odec_program {
    int32_t abi; /* ODEC_KERNEL_ABI */
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
    const double *atol; /* [n_states], NaN where not said */
    odec_save save;
    /* cost, for `odec info` and the planner */
    int32_t flops_rhs, live_values, n_hoisted;
    const odec_sparsity *sparsity; /* NULL: an explicit method */
    /* kernel text: self-contained, one for the CPU (C17) and one for CUDA (C++17) */
    const char *kernel_cpu;
    const char *kernel_cuda;
} odec_program;

/* ---- solver: a program made ready for a device ---- */

typedef struct odec_solver odec_solver;

typedef struct odec_solver_options {
    size_t size;           /* sizeof(odec_solver_options) */
    const char *device;    /* "auto", "cpu", "cuda", "cuda:1" */
    int32_t n_threads;     /* 0: all cores */
    int32_t lanes;         /* CPU vector width in doubles: 1, 2, 4, 8; 0: the machine's widest */
    const char *compiler;  /* the C compiler's name or path; NULL: $ODEC_CC, else gcc, clang, cc */
    const char *cache_dir; /* NULL: $XDG_CACHE_HOME/odec; "": no cache */
    int64_t memory_bytes;  /* budget for chunks; 0: memory_fraction */
    double memory_fraction; /* of what is free; 0: a modest default */
    int64_t chunk_runs;    /* an upper bound on a chunk; 0: none */
    /* Called about ten times a second, and when a signal was handled, while the C compiler
     * works, from the calling thread; false gives up: the compiler is killed, nothing of its
     * files stays, and odec_solver_create returns ODEC_CANCELLED. So that it can be killed
     * whole it runs in a process group of its own: a terminal's ^C reaches the caller alone,
     * who should answer false. NULL: the compiler is waited for, and shares ^C. */
    bool (*waiting)(void *user, double seconds); /* since the compiler was started */
    void *waiting_user;
} odec_solver_options;

#define ODEC_SOLVER_OPTIONS_INIT {.size = sizeof(odec_solver_options), .device = "auto"}

odec_status odec_solver_create(odec_context *context, const odec_program *program,
                               const odec_solver_options *options, odec_solver **out);
void odec_solver_destroy(odec_solver *solver);
bool odec_solver_cache_hit(const odec_solver *solver);
int32_t odec_solver_lanes(const odec_solver *solver);
int32_t odec_solver_threads(const odec_solver *solver);
const char *odec_solver_device(const odec_solver *solver);
const char *odec_solver_compiler(const odec_solver *solver); /* path; "" where there is none */

/* ---- batch: which runs ---- */

typedef enum odec_source_kind {
    ODEC_SOURCE_DEFAULT, /* the model's own value or expression */
    ODEC_SOURCE_UNIFORM, /* `value`, for every run */
    ODEC_SOURCE_GRID,    /* run r has point (r / repeat) % n of n points in lo .. hi */
    ODEC_SOURCE_COLUMN   /* run r has column[r * stride] */
} odec_source_kind;

/* Where the value of one parameter, or of one state at t0, comes from. */
typedef struct odec_source {
    odec_source_kind kind;
    double value;
    double lo, hi; /* both ends are points, exactly; n == 1 gives lo */
    int64_t n, repeat;
    bool log; /* geometric spacing */
    const double *column;
    int64_t stride; /* in doubles */
} odec_source;

#define ODEC_MAX_RUNS INT64_C(100000000000) /* of one batch: 10^11 */

typedef struct odec_batch {
    size_t size; /* sizeof(odec_batch) */
    int64_t n_runs;
    const odec_source *pars;   /* [n_pars]; NULL: all default */
    const odec_source *states; /* [n_states]; NULL: all default */
    double t0, t1;      /* NaN: the program's */
    double rtol;        /* NaN: the program's, else 1e-6 (in float 1e-4) */
    const double *atol; /* [n_states]; NULL or NaN: the program's, else 1e-9 (float 1e-7) */
    double dt;          /* fixed step; NaN: the program's */
    double dt_max;      /* NaN: the program's, else none */
    int64_t max_attempts; /* 0: 10^6 */
    odec_save save;
    /* Called about ten times a second from the calling thread; false cancels. May be NULL. */
    bool (*progress)(void *user, int64_t runs_done, int64_t n_runs);
    void *user;
} odec_batch;

#define ODEC_BATCH_INIT \
    {.size = sizeof(odec_batch), .t0 = NAN, .t1 = NAN, .rtol = NAN, .dt = NAN, .dt_max = NAN}

/* Takes results in order of runs, each run once, from a thread of the runtime's, never
 * two at once. values is [n_runs][n_saves][n_columns] in the program's precision and belongs
 * to the runtime; a return other than ODEC_OK ends the batch with that status. */
typedef struct odec_sink {
    odec_status (*write)(void *user, int64_t first_run, int64_t n_runs, const void *values,
                         const struct odec_run_record *records);
    void *user;
} odec_sink;

/* What a batch amounted to. After a failure the counts are those of the runs that the sink
 * was given, and the digest is "". */
typedef struct odec_result {
    int64_t n_runs, n_saves;
    int64_t n_by_status[ODEC_RUN_STATUS_COUNT];
    int64_t n_accepted, n_rejected, n_rhs, n_jacobian;
    int64_t n_chunks, chunk_runs;
    double solve_seconds; /* wall time of integration alone */
    char digest[33];      /* 128 bits in hex over values and statuses, in order of runs */
} odec_result;

/* Checks the whole batch before anything runs. sink and result may be NULL. A failure, the
 * sink's included, leaves nothing running and the solver ready for the next batch. */
odec_status odec_solve(odec_solver *solver, const odec_batch *batch, const odec_sink *sink,
                       odec_result *result);

/* Number of save times of a batch's save over its time span, and (unless times is NULL) their
 * values: exactly t1 last where it is one of them. At most 10^8. */
odec_status odec_save_times(odec_context *context, const odec_save *save, double t0, double t1,
                            double *times, int64_t capacity, int64_t *count);

/* Point i of n in lo .. hi: the formula of every grid, the same on every device. */
double odec_grid_point(double lo, double hi, int64_t n, bool log, int64_t i);

#ifdef __cplusplus
}
#endif
#endif
