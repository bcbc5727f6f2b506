/* settings.h -- the numbers of one batch, with every default filled in and checked. */
#ifndef ODEC_SETTINGS_H
#define ODEC_SETTINGS_H

#include "context.h"

struct settings {
    double t0, t1; /* t1 < t0: backwards */
    double span;   /* |t1 - t0| */
    double rtol, dt, dt_max;
    double *atol; /* [n_states] */
    int64_t max_attempts;
    double *times; /* [n_saves] */
    int64_t n_saves;
    bool saves_end; /* the final state alone, also where a run has not come to t1 */
};

odec_status settings_resolve(struct odec_context *context,
                             const struct odec_program *program,
                             const struct odec_batch *batch, struct settings *out);
void settings_release(struct settings *settings);

#endif
