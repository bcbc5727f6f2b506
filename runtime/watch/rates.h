/* rates.h -- how fast each device of a context computed, and how many runs it has done.
 * A solve notes it while it works and when it ends; who shows, ranks or guesses reads
 * it. Any thread may do either: a lock protects the whole.
 */
#ifndef ODEC_RATES_H
#define ODEC_RATES_H

#include "context.h"

struct rates;

/* The context's own, created at the first call. */
odec_status context_rates(struct odec_context *context, struct rates **out);

/* A device has done n_runs more (less, where some have to be done again) of a program,
 * at so many runs/s; 0: not measured, what was known stays. */
void rates_note(struct rates *rates, const char *device,
                const struct odec_program *program, double rate, int64_t n_runs);

/* Runs/s of a device, of the last program it worked on, and its runs of all programs.
 * NaN, -1: not known. */
void rates_last(struct rates *rates, const char *device, double *rate, int64_t *n_runs);

/* Runs/s of a device with this program or, where it is NULL, with the one measured last
 * on any device: so the rates of several devices can be compared. 0: not known. */
double rates_with(struct rates *rates, const char *device,
                  const struct odec_program *program);

#endif
