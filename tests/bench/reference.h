/* reference.h -- reference solutions of the benches of explicit methods, by nothing that
 * is measured: extrapolated midpoints in long double. */
#ifndef ODEC_BENCH_REFERENCE_H
#define ODEC_BENCH_REFERENCE_H

#include "peer_sundials.h"

/* As peer_run: one run to t1. Errors at t1 are some 1e-15 relative to 1 + |y|, times
 * what the problem makes of them. False where it does not get there. */
bool reference_run(enum peer_model model, double swept, double t1, double *y);

#endif
