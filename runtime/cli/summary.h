/* summary.h -- how a solve went, in a person's words. */
#ifndef ODEC_SUMMARY_H
#define ODEC_SUMMARY_H

#include <stdio.h>

#include "about_json.h"

void summary_print(FILE *to, const struct stats *stats, const char *output,
                   int64_t output_bytes);

void summary_warn_devices(const odec_solver *solver); /* that failed */

#endif
