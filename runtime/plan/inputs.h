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

int32_t inputs_count(const struct inputs *inputs); /* parameters, then states */

/* ---- for a device with memory of its own: input i of inputs_count ---- */

/* Where it comes from. */
const struct odec_source *inputs_source(const struct inputs *inputs, int32_t i);
/* Does it vary over the runs: by a grid or a column? (Not by one of a GPU's memory, of which a
 * device makes nothing of its own.) */
bool inputs_is_varying(const struct inputs *inputs, int32_t i);
int32_t inputs_n_varying(const struct inputs *inputs);
/* Its values in runs first .. first + n - 1, in the program's precision; one that
 * varies. */
void inputs_fill_one(const struct inputs *inputs, int32_t i, int64_t first, int64_t n,
                     void *out);
const char *inputs_name(const struct inputs *inputs, int32_t i);
/* Is one of them in a GPU's memory? Where the run's value of such a one is. */
bool inputs_on_device(const struct inputs *inputs);
uintptr_t inputs_device_at(const struct inputs *inputs, int32_t i, int64_t run);
/* The value of one that all runs share, in the program's precision; NULL: the model's.
 */
const void *inputs_uniform(const struct inputs *inputs, int32_t i);

/* ---- for one that shares the caller's ---- */

int64_t inputs_bytes_per_run(const struct inputs *inputs); /* of generated columns */

/* Columns of runs first .. first + n - 1 into memory of n * bytes_per_run, and where
 * each input is: list[inputs_count]. */
void inputs_fill(const struct inputs *inputs, int64_t first, int64_t n, void *memory,
                 struct odec_input *list);

#endif
