/* inputs.h -- the parameters and initial values of a batch's runs, chunk by chunk.
 *
 * A value that all runs share is stored once. A grid is evaluated for the runs of a
 * chunk when the chunk's turn comes and is never stored for all runs. A caller's column
 * of doubles is used where it lies when the program computes in double, and converted
 * per chunk in float.
 */
#ifndef ODEC_INPUTS_H
#define ODEC_INPUTS_H

#include "context.h"

struct inputs;

/* Checks every source against its quantity's bounds. The batch's arrays must outlive
 * it. */
odec_status inputs_create(struct odec_context *context,
                          const struct odec_program *program,
                          const struct odec_batch *batch, struct inputs **out);
void inputs_destroy(struct inputs *inputs);

int32_t inputs_count(const struct inputs *inputs);         /* parameters, then states */
int64_t inputs_bytes_per_run(const struct inputs *inputs); /* of generated columns */

/* Columns of runs first .. first + n - 1 into memory of n * bytes_per_run, and where
 * each input is: list[inputs_count]. */
void inputs_fill(const struct inputs *inputs, int64_t first, int64_t n, void *memory,
                 struct odec_input *list);

#endif
