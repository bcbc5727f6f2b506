/* abi.h -- what the runtime hands to a kernel, in C's own types.
 *
 * Kernel text and the runtime both include this file, so that the layout is written once.
 * A `scalar` is the program's precision. Runs are counted from the start of the chunk.
 * ODEC_KERNEL_ABI changes whenever anything here does; it is part of the cache key.
 */
#ifndef ODEC_ABI_H
#define ODEC_ABI_H

#define ODEC_KERNEL_ABI 3

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
    double t;       /* time reached */
    int status;     /* enum odec_run_status */
    int n_accepted; /* attempts */
    int n_rejected;
    int n_rhs; /* evaluations of the right-hand side, dense output's own included */
    int n_jacobian;
    int reserved;
};

struct odec_args {
    long long n_runs;
    long long
        *next; /* atomic, shared by the workers of a chunk: first run not yet taken */
    long long grain;                 /* runs a worker takes at once */
    const int *stop;                 /* not 0: return soon, leaving runs undone */
    const struct odec_input *pars;   /* [n_pars], in order of definition */
    const struct odec_input *states; /* [n_states], initial values */
    double t0, t1;
    double rtol;
    const double *atol; /* [n_states], each > 0 */
    double dt;          /* fixed-step programs: the step */
    double dt_max;      /* adaptive programs: no step is longer */
    long long max_attempts;
    const double *save_times; /* [n_saves], ascending, in [t0, t1] */
    long long n_saves;
    void *values;                    /* scalar[n_runs][n_saves][n_columns] */
    struct odec_run_record *records; /* [n_runs] */
    /* For CUDA alone, whose launches end before all runs are done (suspend.h): */
    int launch_attempts; /* steps a thread tries at most */
    int resume;          /* 1: threads go on with what they suspended */
    void *suspended;     /* the array of that name: its bytes for each thread */
    unsigned long long *n_suspended; /* counts the runs suspended */
    void *
        workspace; /* the array of that name, where the program has it: its bytes for each
                        thread, rounded up to whole warps */
};

/* Up to so many bytes of what all runs share are in a CUDA module's constant memory. */
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
