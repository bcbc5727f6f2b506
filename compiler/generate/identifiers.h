/* identifiers.h -- names of C that a user's names become. */
#ifndef ODEC_IDENTIFIERS_H
#define ODEC_IDENTIFIERS_H

#include "mem.h"
#include "odec.h"

/* [n] the members of a struct for quantities: their names, with underscores behind what is
 * reserved (reserved.def) or would be there twice. */
const char **identifiers_of(struct arena *arena, const odec_quantity *quantities,
                            int n);

#endif
