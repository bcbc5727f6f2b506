/* plan.h -- the split of a batch into chunks that fit a device: a pure function of what
 * is asked to one immutable value, or a named error. Nothing is allocated and nothing
 * measured.
 *
 *   budget    |  shared arrays and lanes' workspace | buffer 0 | buffer 1 | computed |
 *   buffer    |  chunk_runs times (all arrays that exist once per run)    |
 *   computed  |  chunk_runs times (all that only computed runs have)      |
 *
 * While one buffer is computed the other is written out. Where a single run does not
 * fit twice there is one buffer, and where the whole batch is one chunk a second is
 * never used. The chunk is the longest that fits all buffers.
 */
#ifndef ODEC_PLAN_H
#define ODEC_PLAN_H

#include "context.h"

struct plan_request {
    const struct odec_array *arrays;
    int32_t n_arrays;
    int64_t n_saves;
    int64_t n_lanes; /* resident at once, for arrays per lane */
    int64_t n_runs;
    int64_t budget_bytes;
    int64_t max_chunk_runs; /* 0: none */
    int32_t n_buffers;      /* wanted: 1 or more */
};

struct plan {
    int64_t n_runs, chunk_runs, n_chunks;
    int64_t run_bytes;      /* all arrays of one run in each buffer, */
    int64_t computed_bytes; /* and those of one run while it is computed */
    int64_t fixed_bytes;    /* arrays that do not grow with the runs */
    int64_t buffer_bytes;   /* chunk_runs * run_bytes */
    int64_t total_bytes;    /* at most the budget */
    int32_t n_buffers;      /* in use */
};

struct slice {
    int64_t first, n_runs;
};

/* On failure, which names the largest array concerned, *out is no plan: it is all zero,
 * without a chunk that plan_slice would give. */
odec_status plan_make(struct odec_context *context, const struct plan_request *request,
                      struct plan *out);

/* Runs of chunk i. Chunks are disjoint and cover 0 .. n_runs exactly, in order. */
odec_status plan_slice(struct odec_context *context, const struct plan *plan, int64_t i,
                       struct slice *out);

/* Budget for runs_each runs for every lane in each buffer, between least and most. For
 * callers whose user named no budget. */
int64_t plan_budget(const struct plan_request *request, int32_t runs_each,
                    int64_t least, int64_t most);

#endif
