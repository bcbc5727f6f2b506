/* plan.c -- see plan.h. All sums and products are checked: a batch of 10^12 runs or a
 * save count out of a typing mistake gives an error, never a wrapped size.
 */
#include "plan.h"

#include "say.h"

/* What one array adds: for a run, for all, or for all lanes; false on overflow. */
static bool array_bytes(const struct plan_request *request, int32_t i, int64_t *out) {
    const struct odec_array *array = &request->arrays[i];
    int64_t times = array->kind == ODEC_PER_LANE ? request->n_lanes : 1;
    return array->bytes >= 0 && array->bytes_per_save >= 0 &&
           !__builtin_mul_overflow(array->bytes_per_save, request->n_saves, out) &&
           !__builtin_add_overflow(*out, array->bytes, out) &&
           !__builtin_mul_overflow(*out, times, out);
}

static bool is_fixed(const struct odec_array *array) {
    return array->kind != ODEC_PER_RUN && array->kind != ODEC_PER_COMPUTED_RUN;
}

/* What stays for the whole batch, and what one run adds: to each buffer, and once. */
struct sizes {
    int64_t fixed, run, computed;
    int64_t one_run; /* run + computed */
};

/* False on overflow. */
static bool request_sizes(const struct plan_request *request, struct sizes *out) {
    *out = (struct sizes){0};
    for (int32_t i = 0; i < request->n_arrays; i++) {
        const struct odec_array *array = &request->arrays[i];
        int64_t *sum = is_fixed(array)               ? &out->fixed
                       : array->kind == ODEC_PER_RUN ? &out->run
                                                     : &out->computed;
        int64_t bytes;
        if (!array_bytes(request, i, &bytes) ||
            __builtin_add_overflow(*sum, bytes, sum)) {
            return false;
        }
    }
    return !__builtin_add_overflow(out->run, out->computed, &out->one_run);
}

/* The largest array, of those alone that do not grow with the runs where `fixed` says
 * so. There is one. */
static int32_t largest_array(const struct plan_request *request, bool fixed,
                             int64_t *bytes) {
    int32_t largest = -1;
    *bytes = 0;
    for (int32_t i = 0; i < request->n_arrays; i++) {
        int64_t size;
        if (fixed && !is_fixed(&request->arrays[i])) {
            continue;
        }
        size = array_bytes(request, i, &size) ? size : INT64_MAX;
        if (largest < 0 || size > *bytes) {
            largest = i;
            *bytes = size;
        }
    }
    return largest;
}

static odec_status over_budget(struct odec_context *context, const char *what,
                               bool fixed, int64_t bytes,
                               const struct plan_request *request) {
    char need[SAY_SIZE], most[SAY_SIZE], budget[SAY_SIZE];
    int64_t largest_bytes;
    int32_t largest = largest_array(request, fixed, &largest_bytes);
    return context_fail(context, ODEC_ERROR_BUDGET, "%s %s (%s %s), the budget is %s",
                        what, say_bytes(need, bytes), request->arrays[largest].name,
                        say_bytes(most, largest_bytes),
                        say_bytes(budget, request->budget_bytes));
}

static odec_status over_any_memory(struct odec_context *context,
                                   const struct plan_request *request) {
    char most[SAY_SIZE];
    int64_t bytes;
    int32_t largest = largest_array(request, false, &bytes);
    return context_fail(context, ODEC_ERROR_BUDGET,
                        "the arrays of one run are larger than any memory (%s: at "
                        "least %s)",
                        request->arrays[largest].name, say_bytes(most, bytes));
}

static int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }

odec_status plan_make(struct odec_context *context, const struct plan_request *request,
                      struct plan *out) {
    *out = (struct plan){0};
    FAIL_IF(request->n_runs < 1 || request->n_saves < 0 || request->n_lanes < 0 ||
                request->n_buffers < 1 || request->max_chunk_runs < 0 ||
                request->budget_bytes < 0,
            context, ODEC_ERROR_ARGUMENT,
            "a plan needs at least one run and one buffer, and no negative count");
    struct sizes s;
    if (!request_sizes(request, &s)) {
        return over_any_memory(context, request);
    }
    if (s.fixed > request->budget_bytes) {
        return over_budget(context, "shared arrays need", true, s.fixed, request);
    }
    const int64_t room = request->budget_bytes - s.fixed;
    if (s.one_run > room) {
        int64_t bytes =
            s.fixed > INT64_MAX - s.one_run ? INT64_MAX : s.fixed + s.one_run;
        return over_budget(context, "one run needs", false, bytes, request);
    }
    int32_t n_buffers = request->n_buffers;
    int64_t chunk = request->n_runs;
    if (s.run > 0) {
        n_buffers = (int32_t)min_i64(n_buffers, (room - s.computed) / s.run);
    }
    if (s.one_run > 0) {
        chunk = min_i64(chunk, room / (n_buffers * s.run + s.computed));
    }
    if (request->max_chunk_runs > 0) {
        chunk = min_i64(chunk, request->max_chunk_runs);
    }
    int64_t n_chunks = (request->n_runs - 1) / chunk + 1;
    n_buffers = (int32_t)min_i64(n_buffers, n_chunks);
    *out = (struct plan){
        .n_runs = request->n_runs,
        .chunk_runs = chunk,
        .n_chunks = n_chunks,
        .run_bytes = s.run,
        .computed_bytes = s.computed,
        .fixed_bytes = s.fixed,
        .buffer_bytes = chunk * s.run, /* at most room */
        .total_bytes = s.fixed + chunk * (n_buffers * s.run + s.computed),
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

int64_t plan_budget(const struct plan_request *request, int32_t runs_each,
                    int64_t least, int64_t most) {
    struct sizes s;
    int64_t n_runs, wanted;
    if (!request_sizes(request, &s) ||
        __builtin_mul_overflow(request->n_lanes, (int64_t)runs_each, &n_runs) ||
        __builtin_mul_overflow(s.run, (int64_t)request->n_buffers, &wanted) ||
        __builtin_add_overflow(wanted, s.computed, &wanted) ||
        __builtin_mul_overflow(wanted, min_i64(n_runs, request->n_runs), &wanted) ||
        __builtin_add_overflow(wanted, s.fixed, &wanted)) {
        return most;
    }
    wanted = wanted > least ? wanted : least;
    return min_i64(wanted, most > least ? most : least);
}
