/* cautions.h -- warnings of batches that run as they are asked to, and lose more than was asked
 * for: before the work by what is known then, after it by the steps that were taken.
 */
#ifndef ODEC_CAUTIONS_H
#define ODEC_CAUTIONS_H

#include "odec.h"
#include "settings.h"

/* What has been told. */
struct cautions {
    bool of_time, of_sums;
};

void cautions_before(struct cautions *told, const struct odec_program *program,
                     const struct odec_batch *batch, const struct settings *settings);
void cautions_after(struct cautions *told, const struct odec_program *program,
                    const struct settings *settings, const struct odec_result *result);
/* Of states whose error was not controlled in the solver's last batch. */
void cautions_below_atol(const struct odec_program *program,
                         const struct settings *settings, const odec_solver *solver);

#endif
