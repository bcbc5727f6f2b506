/* job.h -- a model, compiled and ready, with a batch of runs: what the benches of
 * integration have in common.
 */
#ifndef ODEC_BENCH_JOB_H
#define ODEC_BENCH_JOB_H

#include "bench.h"
#include "odec.h"
#include "odec_compile.h"

#include <math.h> /* NAN */

struct job_spec {
    const char *model; /* a file of the examples, or the name of `text` */
    const char *text;  /* the model; NULL: the file's */
    const char *outputs, *method;
    double dt;        /* NAN: adaptive */
    double tolerance; /* rtol, and atol of every state */
    double t1;        /* t0 is 0 */
    int threads;
    const char *prefix;    /* put before the kernel's text; NULL: nothing */
    const double *y0;      /* initial values; NULL: the model's */
    const char *cache_dir; /* NULL: odec's choice; "": always compile */
};

struct job {
    odec_context *context;
    odec_compilation *compilation;
    odec_program program;
    char *kernel; /* owned text where it is not the program's own */
    odec_solver *solver;
    odec_batch batch; /* what a bench changes here counts from the next solve on */
    odec_source *pars, *states;
    double *atol;   /* [n_states] */
    double *values; /* [n_runs][n_columns], or NULL: not kept */
    odec_result result;
    struct moment odec_took; /* text to program */
    struct moment cc_took;   /* program to solver: the C compiler; cpu is its own */
};

/* The text of a file of the directory, or NULL with a message. The caller frees it. */
char *read_model(const char *directory, const char *name);

/* Compiles the model; the job then wants its runs. False with a message, closed. */
bool job_open(const struct bench_options *o, const struct job_spec *spec,
              struct job *job);
/* Compiles the text alone, to job->program. */
bool job_compile(const struct bench_options *o, const struct job_spec *spec,
                 struct job *job);
/* NULLs are fine: a job of zeros, or one that is closed. */
void job_close(struct job *job);

/* Sets the source of the parameter named. */
bool job_source(struct job *job, const char *name, odec_source source);
/* Sets the number of runs and whether their values are kept. */
bool job_runs(struct job *job, int64_t n_runs, bool keep);

/* One solve of the batch, timed. False, with a message, where not every run is ok. */
bool job_solve(struct job *job, struct moment *took);
double job_attempts(const struct job *job); /* of the last solve */

#endif
