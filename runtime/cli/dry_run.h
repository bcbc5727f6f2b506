/* dry_run.h -- what a batch would take, before it is begun: runs, bytes, chunks, seconds.
 */
#ifndef ODEC_DRY_RUN_H
#define ODEC_DRY_RUN_H

#include "cli.h"
#include "runs.h"

/* Integrates a sample of the runs, spread over the batch, and says what all of them would
 * take. runs: what the batch of `about` was made of. output: the result's file, or NULL. */
int dry_run(odec_context *context, odec_solver *solver,
            const struct result_about *about, const struct runs *runs,
            const char *output);

#endif
