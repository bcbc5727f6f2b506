/* abi.h -- what the runtime hands to a kernel, in C's own types.
 *
 * Kernel text and the runtime both include this file, so that the layout is written once.
 * A `scalar` is the program's precision. Runs are counted from the start of the chunk.
 * ODEC_KERNEL_ABI changes whenever anything here does; it is part of the cache key.
 */
#ifndef ODEC_ABI_H
#define ODEC_ABI_H

#define ODEC_KERNEL_ABI 6

/* A kernel's entry on the CPU. A text that is linked beside others is compiled with a name
 * of its own for it; all else that the text defines is static. */
#ifndef ODEC_KERNEL
#define ODEC_KERNEL odec_kernel
#define ODEC_KERNEL_IN_IMAGE 1 /* alone in a loaded image, which tells its ABI */
#else
#define ODEC_KERNEL_IN_IMAGE 0
#endif

/* An image for a GPU has a symbol of this name and the ABI's number, "odec_image_abi_5", by which
 * the runtime sees that the image is for it. */
#define ODEC_IMAGE_ABI "odec_image_abi_"

/* Up to so many bytes a CUDA thread's arrays may take of its local memory, which the driver
 * backs for every thread that the card could hold; larger ones are in PER_LANE memory. */
#define ODEC_LOCAL_BYTES 4096

/* One value per run. data == 0: the model's own expression. stride counts scalars: 0 where
 * every run has the same value, 1 for a column of its own. */
struct odec_input {
    const void *data;
    long long stride;
};

/* How one run went. */
struct odec_run_record {
    double t;   /* time reached */
    int status; /* enum odec_run_status */
    int reserved;
    long long n_accepted, n_rejected; /* attempts */
    /* Evaluations of the right-hand side, dense output's included; not those of a state that
     * was set to its bound, nor of fixed steps that are taken anew to find where a run failed. */
    long long n_rhs;
    long long n_jacobian;
};

/* What a kernel's arrays are for: ARRAY(ROLE, name, element). The runtime finds an array's
 * place by its role; struct odec_args has a pointer of each name, 0 where the program has no
 * such array.
 *
 * PER_LANE ones: on the CPU a worker's own part, for ODEC_MOST_GROUPS vectors of lanes, at a
 * cache line's border; on CUDA all threads' at once, for whole warps. */
#define ODEC_ARRAYS(ARRAY)                                                        \
    ARRAY(VALUES, values, void) /* scalar[n_runs][n_saves][n_columns] */          \
    ARRAY(RECORDS, records, struct odec_run_record) /* [n_runs] */                \
    ARRAY(SAVE_TIMES, save_times, const double)     /* from t0 to t1, in order */ \
    ARRAY(ATOL, atol, const double)                 /* [n_states], each > 0 */    \
    ARRAY(SUSPENDED, suspended, void) /* a lane between launches (suspend.h) */   \
    ARRAY(WORKSPACE, workspace, void) /* beyond ODEC_LOCAL_BYTES (workspace.h) */ \
    ARRAY(SEEN, seen, int)            /* [2][n_states] of adaptive programs (seen.h) */

enum odec_array_role {
    ODEC_ARRAY_NONE, /* what a device needs beside a kernel's arrays */
#define ODEC_ROLE(ROLE, name, element) ODEC_ARRAY_##ROLE,
    ODEC_ARRAYS(ODEC_ROLE)
#undef ODEC_ROLE
        ODEC_N_ARRAY_ROLES
};

/* Vectors of lanes that a worker of the CPU has in flight, at most. */
#define ODEC_MOST_GROUPS 2

struct odec_args {
    long long n_runs;
    long long first_run; /* where in the batch the chunk begins */
    long long *next; /* atomic, shared by the workers of a chunk: first run not taken */
    long long grain; /* runs a worker takes at once */
    const int *stop; /* not 0: return soon, leaving runs undone */
    const struct odec_input *pars;   /* [n_pars], in order of definition */
    const struct odec_input *states; /* [n_states], initial values */
    double t0, t1;                   /* t1 < t0: backwards */
    double span;                     /* |t1 - t0| */
    double sign;                     /* of t1 - t0: 1 or -1 */
    double rtol;
    double dt;     /* fixed-step programs: the step */
    double dt_max; /* adaptive programs: no step is longer */
    long long max_attempts;
    long long n_saves;
#define ODEC_POINTER(ROLE, name, element) element *name;
    ODEC_ARRAYS(ODEC_POINTER)
#undef ODEC_POINTER
    int worker; /* which of the CPU's workers this is, from 0; 0 on CUDA */
    /* For CUDA alone, whose launches end before all runs are done (suspend.h): */
    int launch_attempts;             /* steps a thread tries at most */
    int resume;                      /* 1: threads go on with what they suspended */
    unsigned long long *n_suspended; /* counts the runs suspended */
    /* For the CPU alone, whose results may be in the application's own memory: from one value
     * of `values` to the next, in scalars (column_stride 0: the order above, whatever the others
     * say), and from one of `records` to the next. */
    long long run_stride, save_stride, column_stride;
    long long record_stride;
};

/* What all runs share and all threads of a GPU read at once, in one block: in this order,
 * without gaps, TABLE(type, its bytes, name, count). Up to ODEC_CONSTANT_BYTES of it are in a
 * module's constant memory, under the name odec_shared; else args point to it. */
#define ODEC_TABLES(TABLE, n_pars, n_states)   \
    TABLE(double, 8, atol, n_states)           \
    TABLE(struct odec_input, 16, pars, n_pars) \
    TABLE(struct odec_input, 16, states, n_states)
#define ODEC_TABLE_BYTES(type, bytes, name, n) \
    +(bytes) * ((n) + !(n)) /* at least one */
#define ODEC_TABLES_BYTES(n_pars, n_states) \
    (0 ODEC_TABLES(ODEC_TABLE_BYTES, n_pars, n_states))
#define ODEC_CONSTANT_BYTES 32768

/* ---- the kernels of templates/tools.cu.in ---- */

/* A sweep: all of its formula that does not depend on the point (runtime/grid.c). */
struct odec_ramp {
    double lo, hi, step;
    double least, most;  /* of lo and hi */
    long long n, repeat; /* point (run / repeat) % n */
    int log;
};

struct odec_grid_args {
    struct odec_ramp ramp;
    void *out; /* [n_runs] */
    long long first, n_runs;
    int is_float;
};

struct odec_transpose_args {
    const void *from; /* [n_values][n_runs] */
    void *to;         /* [n_runs][n_values] */
    long long n_runs, n_values;
    int is_float;
};

#endif
