/* distribute.h -- a batch split among devices once, before anything runs: how many runs
 * each gets.
 */
#ifndef ODEC_DISTRIBUTE_H
#define ODEC_DISTRIBUTE_H

#include "context.h"

/* counts[i] in proportion to capacities[i], by largest remainder (Hamilton): device i's
 * quota is n_runs * capacities[i] / sum; each gets the whole part of its quota, and the
 * runs left over go one each to the largest fractions, the first of equal ones first.
 * The arithmetic is exact for all finite capacities. Counts add up to n_runs, and a
 * capacity of zero gets nothing. A capacity that is negative or no finite number is an
 * error that names the device; so is a list without any capacity. names and counts are
 * [n_devices]. */
odec_status distribute_capacity(struct odec_context *context, int64_t n_runs,
                                int32_t n_devices, const char *const *names,
                                const double *capacities, int64_t *counts);

/* The same with all capacities equal: counts differ by 1 at most, larger ones first. */
void distribute_uniform(int64_t n_runs, int32_t n_devices, int64_t *counts);

#endif
