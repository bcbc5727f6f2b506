/* job.h -- what a batch is for every device, checked: all that plans depend on. */
#ifndef ODEC_JOB_H
#define ODEC_JOB_H

#include "solver.h"

/* has_sink: values will be wanted in C order. settings and inputs, which the job points to,
 * are to be released after a failure too. Its event is the caller's. */
odec_status job_make(struct odec_solver *solver, const struct odec_batch *batch,
                     bool has_sink, struct settings *settings, struct inputs **inputs,
                     struct job *out);

#endif
