/* jumps.h -- warns of what adaptive steps can pass over. */
#ifndef ODEC_JUMPS_H
#define ODEC_JUMPS_H

#include "model.h"

/* How adaptive steps will be made. */
struct steps {
    double t0, t1; /* NaN where no span is known */
    double dt_max; /* NaN where there is none */
};

/* A warning for each condition and each jump in what derivatives use that t alone decides, unless
 * it is known to have no edge in the span, or dt_max meets its edges. The model has been lowered,
 * so that its depth and size are within limits. */
void warn_of_jumps(struct arena *arena, struct diags *diags, const struct model *model,
                   const struct steps *steps);

#endif
