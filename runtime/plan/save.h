/* save.h -- what a batch saves, and its limits. */
#ifndef ODEC_SAVE_H
#define ODEC_SAVE_H

#include "context.h"

/* The caller's, whichever version he has; NULL: the final state. */
odec_status save_read(struct odec_context *context, const struct odec_save *given,
                      struct odec_save *out);

#endif
