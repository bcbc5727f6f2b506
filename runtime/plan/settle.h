/* settle.h -- a span that ends where it begins: no step is due, and what a kernel made of one
 * that goes nowhere does not count.
 */
#ifndef ODEC_SETTLE_H
#define ODEC_SETTLE_H

#include "output.h"

/* n runs with values and records at `at`: t1, no steps, and the status that their states say.
 * Once more it changes nothing. */
void settle_records(const struct odec_program *program, double t1,
                    const struct place *at, int64_t n_runs);

#endif
