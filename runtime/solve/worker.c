/* worker.c -- see worker.h. */
#include "worker.h"

#include <stdio.h>
#include <string.h>

#include "say.h"

enum { USUAL_BUFFERS = 2 };

static const struct backend *backend_of(const struct worker *worker) {
    return worker->on->backend;
}

/* ---- plans ---- */

/* What a device whose user named no budget may take: enough to keep all lanes busy. */
static int64_t usual_budget(const struct worker *worker,
                            const struct plan_request *request) {
    const struct backend *backend = backend_of(worker);
    const int64_t all = request->budget_bytes, least = backend->usual_bytes;
    int64_t bytes = plan_budget(request, backend->usual_runs, least, all / 2);
    if (backend->lanes_come_first) {
        const int64_t busy = plan_budget(request, 1, least, all);
        bytes = busy > bytes ? busy : bytes;
    }
    return bytes < all ? bytes : all;
}

/* The arrays are the job's, in `arrays`. */
static struct plan_request request_of(const struct worker *worker,
                                      const struct job *job, int64_t n_runs,
                                      struct odec_array *arrays) {
    const struct odec_solver_options *options = worker->options;
    struct device *device = worker->on->device;
    struct plan_request request = {
        .arrays = arrays,
        .n_arrays = backend_of(worker)->arrays(device, job, arrays),
        .n_saves = job->settings->n_saves,
        .n_lanes = worker->on->facts.n_resident,
        .n_runs = n_runs,
        .budget_bytes = backend_of(worker)->budget(device),
        .max_chunk_runs = options->chunk_runs,
        .n_buffers = options->n_buffers ? options->n_buffers : USUAL_BUFFERS,
    };
    if (options->memory_bytes == 0 && options->memory_fraction == 0) {
        request.budget_bytes = usual_budget(worker, &request);
    }
    return request;
}

/* What is written straight to the caller's memory takes none of the budget, yet chunks are
 * no longer than if it did: while one is computed the one before is summed up, and still
 * near. One run alone may not fit any more: then the budget is no bound. */
static int64_t direct_chunk(const struct worker *worker, int64_t n_runs,
                            struct odec_array *arrays) {
    struct odec_context ignored = {.heap = worker->context->heap};
    struct job whole = *worker->job;
    struct plan plan;
    whole.direct = 0;
    const struct plan_request request = request_of(worker, &whole, n_runs, arrays);
    return plan_make(&ignored, &request, &plan) == ODEC_OK ? plan.chunk_runs
                                                           : request.max_chunk_runs;
}

odec_status worker_plan(struct worker *worker, struct odec_context *context,
                        int64_t n_runs, struct odec_array *arrays,
                        struct plan_request *out) {
    const int64_t most_runs =
        worker->job->direct ? direct_chunk(worker, n_runs, arrays) : 0;
    struct plan_request request = request_of(worker, worker->job, n_runs, arrays);
    if (worker->job->direct) {
        request.max_chunk_runs = most_runs;
    }
    if (worker->most_bytes > 0 && worker->most_bytes < request.budget_bytes) {
        request.budget_bytes = worker->most_bytes;
    }
    *out = request;
    return plan_make(context, &request, &worker->plan);
}

static odec_status make_plan(struct worker *worker, struct odec_context *context,
                             int64_t n_runs) {
    size_t capacity = (size_t)worker->job->program->n_arrays + BACKEND_MAX_ARRAYS;
    struct odec_array *arrays = heap_take(context->heap, capacity, sizeof *arrays);
    struct plan_request request;
    if (arrays == NULL) {
        return context_out_of_memory(context);
    }
    odec_status status = worker_plan(worker, context, n_runs, arrays, &request);
    heap_give(arrays);
    return status;
}

/* The next plan has half the room for runs. */
static void shrink(struct worker *worker) {
    const struct plan *plan = &worker->plan;
    worker->most_bytes =
        plan->fixed_bytes + (plan->total_bytes - plan->fixed_bytes) / 2;
}

/* ---- what becomes of a device that fails ---- */

static void leave(struct worker *worker, const char *reason) {
    worker->state = WORKER_OUT;
    snprintf(worker->on->failure, sizeof worker->on->failure, "%.*s", FAILURE_SIZE - 1,
             reason);
    context_log(worker->context, ODEC_LOG_WARNING, "%s takes no part: %s",
                worker->on->facts.name, reason);
    if (worker->queue) {
        queue_drop(worker->queue, worker->index);
    }
}

/* What was not collected of its ranges waits for anybody. */
static void return_flights(struct worker *worker) {
    for (int32_t i = 0; i < worker->n_flights; i++) {
        const struct flight *flight = &worker->flights[i];
        int64_t n_collected = flight->taken.n_runs - flight->left.n_runs;
        if (n_collected > 0) {
            queue_part_done(worker->queue, worker->index, flight->taken, n_collected);
        }
        queue_return(worker->queue, worker->index, flight->left);
    }
    worker->n_flights = 0;
}

static void say_plan(const struct worker *worker) {
    char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE];
    const struct plan *plan = &worker->plan;
    context_log(worker->context, ODEC_LOG_DETAIL, "%s: %s run%s in %s chunk%s, %s",
                worker->on->facts.name, say_count(a, plan->n_runs), say_s(plan->n_runs),
                say_count(b, plan->n_chunks), say_s(plan->n_chunks),
                say_bytes(c, plan->total_bytes));
}

odec_status worker_begin(struct worker *worker, int64_t n_runs) {
    struct heap *heap = worker->context->heap;
    struct odec_context first = {.heap = heap}, later = {.heap = heap};
    struct odec_context *context = &first;
    odec_status first_status = ODEC_OK;
    for (;;) {
        odec_status status = make_plan(worker, context, n_runs);
        if (status == ODEC_OK) {
            status = backend_of(worker)->begin(worker->on->device, context, worker->job,
                                               &worker->plan);
            if (status == ODEC_ERROR_MEMORY &&
                worker->plan.total_bytes > worker->plan.fixed_bytes) {
                shrink(worker);
                context = &later; /* the first failure is the one to tell */
                first_status = status;
                continue;
            }
        }
        worker->begun = status == ODEC_OK;
        worker->state = status == ODEC_OK ? WORKER_READY : WORKER_OUT;
        if (status != ODEC_OK) {
            leave(worker, first.error);
            return first_status != ODEC_OK ? first_status : status;
        }
        say_plan(worker);
        return ODEC_OK;
    }
}

void worker_join(struct worker *worker, struct queue *queue, int32_t index) {
    worker->queue = queue;
    worker->index = index;
}

/* A smaller plan, once nobody reads from the device's memory any more. */
static bool begin_again(struct worker *worker) {
    if (worker->n_held > 0) {
        return false;
    }
    int64_t n_runs = worker->plan.n_runs;
    backend_of(worker)->end(worker->on->device);
    worker->begun = false;
    shrink(worker);
    context_log(worker->context, ODEC_LOG_INFO,
                "%s: its memory ran out, it goes on with less", worker->on->facts.name);
    if (worker_begin(worker, n_runs) == ODEC_OK) {
        queue_set_most(worker->queue, worker->index, worker->plan.chunk_runs);
    }
    return true;
}

/* What is finished may have come after the last look for it. */
static bool note_failure(struct worker *worker) {
    const char *reason;
    if (backend_of(worker)->health(worker->on->device, &reason) == ODEC_OK) {
        return false;
    }
    worker->state = WORKER_FAILING;
    return true;
}

static bool see_to_failure(struct worker *worker) {
    const char *reason;
    odec_status status = backend_of(worker)->health(worker->on->device, &reason);
    return_flights(worker);
    if (status == ODEC_ERROR_MEMORY) {
        worker->state = WORKER_DRAINING;
    } else {
        leave(worker, reason);
    }
    return true;
}

/* ---- ranges and portions ---- */

static bool take_range(struct worker *worker) {
    struct slice slice;
    if (worker->n_flights == WORKER_MAX_BUFFERS ||
        backend_of(worker)->n_free(worker->on->device) < 1 ||
        !queue_take(worker->queue, worker->index, clock_seconds(), &slice)) {
        return false;
    }
    worker->flights[worker->n_flights++] = (struct flight){slice, slice};
    backend_of(worker)->submit(worker->on->device, slice);
    return true;
}

bool worker_advance(struct worker *worker) {
    switch (worker->state) {
    case WORKER_READY:
        return note_failure(worker) || take_range(worker);
    case WORKER_FAILING:
        return see_to_failure(worker);
    case WORKER_DRAINING:
        return begin_again(worker);
    case WORKER_OUT:
        break;
    }
    return false;
}

static void finish_first_flight(struct worker *worker) {
    struct slice slice = worker->flights[0].taken;
    queue_done(worker->queue, worker->index, slice, clock_seconds());
    worker->n_ranges++;
    if (slice.n_runs > worker->most_runs) {
        worker->most_runs = slice.n_runs;
    }
    worker->n_flights--;
    memmove(&worker->flights[0], &worker->flights[1],
            (size_t)worker->n_flights * sizeof worker->flights[0]);
}

bool worker_collect(struct worker *worker, struct portion *out) {
    if ((worker->state != WORKER_READY && worker->state != WORKER_FAILING) ||
        worker->n_flights == 0 ||
        !backend_of(worker)->collect(worker->on->device, out)) {
        return false;
    }
    struct slice *left = &worker->flights[0].left;
    left->first += out->slice.n_runs;
    left->n_runs -= out->slice.n_runs;
    worker->n_held++;
    worker->on->n_runs += out->slice.n_runs;
    if (left->n_runs == 0) {
        finish_first_flight(worker);
    }
    return true;
}

void worker_give_back(struct worker *worker, const struct portion *portion) {
    worker->n_held--;
    backend_of(worker)->give_back(worker->on->device, portion);
}

bool worker_reject(struct worker *worker, const struct portion *portion) {
    if (!queue_again(worker->queue, portion->slice)) {
        return false;
    }
    worker->on->n_runs -= portion->slice.n_runs;
    worker_give_back(worker, portion);
    return true;
}

int64_t worker_progress(struct worker *worker) {
    return worker->state == WORKER_READY
               ? backend_of(worker)->progress(worker->on->device)
               : 0;
}

void worker_end(struct worker *worker) {
    if (worker->begun) {
        backend_of(worker)->end(worker->on->device);
        worker->begun = false;
    }
}
