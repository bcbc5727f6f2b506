/* save.h -- limits of what a batch saves. */
#ifndef ODEC_SAVE_H
#define ODEC_SAVE_H

#include <stdint.h>

#define ODEC_MAX_SAVES INT64_C(100000000)

#endif
