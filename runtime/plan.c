/* plan.c -- see plan.h. All sums and products are checked: a batch of 10^12 runs or a
 * save count out of a typing mistake gives an error, never a wrapped size.
 */
#include "plan.h"

#include "say.h"

/* Bytes of all arrays of a kind, each as it grows with the save times; false on
 * overflow. */
static bool arrays_bytes(const struct plan_request *request, enum odec_array_kind kind,
                         int64_t *out) {
    int64_t sum = 0;
    for (int32_t i = 0; i < request->n_arrays; i++) {
        const struct odec_array *array = &request->arrays[i];
        int64_t bytes;
        if (array->kind == kind &&
            (array->bytes < 0 || array->bytes_per_save < 0 ||
             __builtin_mul_overflow(array->bytes_per_save, request->n_saves, &bytes) ||
             __builtin_add_overflow(bytes, array->bytes, &bytes) ||
             __builtin_add_overflow(sum, bytes, &sum))) {
            return false;
        }
    }
    *out = sum;
    return true;
}

/* What stays for the whole batch, and what one run adds. */
static bool request_bytes(const struct plan_request *request, int64_t *fixed,
                          int64_t *run) {
    int64_t lane;
    return arrays_bytes(request, ODEC_SHARED, fixed) &&
           arrays_bytes(request, ODEC_PER_LANE, &lane) &&
           arrays_bytes(request, ODEC_PER_RUN, run) &&
           !__builtin_mul_overflow(lane, request->n_lanes, &lane) &&
           !__builtin_add_overflow(*fixed, lane, fixed);
}

static odec_status over_budget(struct odec_context *context, const char *what,
                               int64_t bytes, const struct plan_request *request) {
    char need[SAY_SIZE], budget[SAY_SIZE];
    return context_fail(context, ODEC_ERROR_BUDGET, "%s %s, the budget is %s", what,
                        say_bytes(need, bytes),
                        say_bytes(budget, request->budget_bytes));
}

static int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }

odec_status plan_make(struct odec_context *context, const struct plan_request *request,
                      struct plan *out) {
    FAIL_IF(request->n_runs < 1 || request->n_saves < 0 || request->n_lanes < 0 ||
                request->n_buffers < 1 || request->max_chunk_runs < 0,
            context, ODEC_ERROR_ARGUMENT,
            "a plan needs at least one run and one buffer, and no negative count");
    int64_t fixed, run;
    FAIL_IF(!request_bytes(request, &fixed, &run), context, ODEC_ERROR_BUDGET,
            "the arrays of one run are larger than any memory");
    if (fixed > request->budget_bytes) {
        return over_budget(context, "shared arrays need", fixed, request);
    }
    int64_t room = request->budget_bytes - fixed;
    if (run > room) {
        int64_t bytes = fixed > INT64_MAX - run ? INT64_MAX : fixed + run;
        return over_budget(context, "one run needs", bytes, request);
    }
    int64_t per_run = run > 0 ? run : 1;
    int32_t n_buffers = (int32_t)min_i64(request->n_buffers, room / per_run);
    n_buffers = n_buffers < 1 ? 1 : n_buffers; /* run == 0 and no room */
    int64_t chunk = room / per_run / n_buffers;
    chunk = min_i64(run > 0 ? chunk : request->n_runs, request->n_runs);
    if (request->max_chunk_runs > 0) {
        chunk = min_i64(chunk, request->max_chunk_runs);
    }
    int64_t n_chunks = (request->n_runs - 1) / chunk + 1;
    n_buffers = (int32_t)min_i64(n_buffers, n_chunks);
    *out = (struct plan){
        .n_runs = request->n_runs,
        .chunk_runs = chunk,
        .n_chunks = n_chunks,
        .run_bytes = run,
        .fixed_bytes = fixed,
        .buffer_bytes = chunk * run, /* at most room */
        .total_bytes = fixed + n_buffers * chunk * run,
        .n_buffers = n_buffers,
    };
    return ODEC_OK;
}

odec_status plan_slice(struct odec_context *context, const struct plan *plan, int64_t i,
                       struct slice *out) {
    FAIL_IF(i < 0 || i >= plan->n_chunks, context, ODEC_ERROR_ARGUMENT,
            "chunk %lld of %lld does not exist", (long long)i,
            (long long)plan->n_chunks);
    int64_t first = i * plan->chunk_runs; /* below n_runs */
    *out = (struct slice){first, min_i64(plan->chunk_runs, plan->n_runs - first)};
    return ODEC_OK;
}

int64_t plan_budget(const struct plan_request *request, int64_t least, int64_t most) {
    int64_t fixed, run, wanted;
    if (!request_bytes(request, &fixed, &run) ||
        __builtin_mul_overflow(run, min_i64(request->n_lanes, request->n_runs),
                               &wanted) ||
        __builtin_mul_overflow(wanted, request->n_buffers, &wanted) ||
        __builtin_add_overflow(wanted, fixed, &wanted)) {
        return most;
    }
    wanted = wanted > least ? wanted : least;
    return min_i64(wanted, most > least ? most : least);
}
