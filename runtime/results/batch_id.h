/* batch_id.h -- which batch: equal texts, equal results. 128 bits of XXH3 over the program (its
 * kernel's text and the names of its columns), the settings, and every run's values; not over
 * the device, nor how the batch is split.
 */
#ifndef ODEC_BATCH_ID_H
#define ODEC_BATCH_ID_H

#include "result_file.h"

void batch_id(const struct result_about *about, char out[BATCH_ID_SIZE]);

#endif
