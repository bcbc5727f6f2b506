/* sizing.c -- odec_solver_sizing: the plan of a batch that is not begun. */
#include "job.h"
#include "sized.h"
#include "worker.h"

static void tell_plan(const struct job *job, const struct worker *worker,
                      const struct plan_request *request, odec_sizing *out) {
    const struct plan *plan = &worker->plan;
    *out = (odec_sizing){.size = sizeof *out,
                         .n_runs = plan->n_runs,
                         .n_saves = job->settings->n_saves,
                         .value_bytes = plan->n_runs * job->run_value_bytes,
                         .record_bytes =
                             plan->n_runs * (int64_t)sizeof(struct odec_run_record),
                         .chunk_runs = plan->chunk_runs,
                         .n_chunks = plan->n_chunks,
                         .n_buffers = plan->n_buffers,
                         .run_bytes = plan->run_bytes,
                         .computed_bytes = plan->computed_bytes,
                         .fixed_bytes = plan->fixed_bytes,
                         .total_bytes = plan->total_bytes,
                         .budget_bytes = request->budget_bytes,
                         .n_arrays = request->n_arrays};
    for (int32_t i = 0; i < request->n_arrays; i++) {
        const odec_array *array = &request->arrays[i];
        const bool per_lane = array->kind == ODEC_PER_LANE;
        out->array_name[i] = array->name;
        out->array_kind[i] = per_lane ? ODEC_SHARED : array->kind;
        out->array_bytes[i] = (array->bytes + array->bytes_per_save * out->n_saves) *
                              (per_lane ? request->n_lanes : 1);
    }
}

/* Were the device to do all of it. */
static odec_status size_job(struct odec_solver *solver, const struct job *job,
                            int64_t n_runs, int32_t device, odec_sizing *out) {
    struct odec_context *context = solver->context;
    _Static_assert(ODEC_N_ARRAY_ROLES + BACKEND_MAX_ARRAYS <= ODEC_SIZING_ROOM,
                   "arrays have a role each");
    struct odec_array arrays[ODEC_SIZING_ROOM];
    struct plan_request request;
    int64_t bytes;
    struct worker worker = {.on = &solver->devices[device],
                            .options = &solver->options,
                            .job = job,
                            .context = context};
    TRY(worker_plan(&worker, context, n_runs, arrays, &request));
    FAIL_IF(__builtin_mul_overflow(n_runs, job->run_value_bytes, &bytes), context,
            ODEC_ERROR_BUDGET, "the values of all runs are larger than any memory");
    tell_plan(job, &worker, &request, out);
    return ODEC_OK;
}

static odec_status check_device(struct odec_solver *solver, int32_t device) {
    FAIL_IF(device < 0 || device >= solver->n_devices, solver->context,
            ODEC_ERROR_ARGUMENT, "there is no device %d: the solver has %d", device,
            solver->n_devices);
    const struct solver_device *on = &solver->devices[device];
    FAIL_IF(on->device == NULL, solver->context, ODEC_ERROR_DEVICE,
            "%s is not open%s%s", on->facts.name, on->failure[0] ? ": " : "",
            on->failure);
    return ODEC_OK;
}

static odec_status size_batch(odec_solver *solver, const odec_batch *given, bool direct,
                              int32_t device, odec_sizing *out) {
    struct odec_context *context = solver->context;
    struct odec_batch batch = ODEC_BATCH_INIT;
    struct odec_sizing known = ODEC_SIZING_INIT;
    struct settings settings = {0};
    struct inputs *inputs = NULL;
    struct job job;
    char text[SIZED_TEXT];
    FAIL_IF(out == NULL, context, ODEC_ERROR_ARGUMENT, "there is no odec_sizing");
    FAIL_IF(!sized_is_possible(out->size), context, ODEC_ERROR_ARGUMENT, "%s",
            sized_explain(text, SIZED_WRONG, "odec_sizing", out->size, sizeof *out,
                          "ODEC_SIZING_INIT"));
    TRY(context_read(context, &batch, given, "odec_batch", "ODEC_BATCH_INIT"));
    TRY(check_device(solver, device));
    odec_status status = job_make(solver, &batch, !direct, &settings, &inputs, &job);
    if (status == ODEC_OK) {
        status = size_job(solver, &job, batch.n_runs, device, &known);
    }
    inputs_destroy(inputs);
    settings_release(&settings);
    sized_write(out, &known);
    return status;
}

odec_status odec_solver_sizing(odec_solver *solver, const odec_batch *batch,
                               bool direct, int32_t device, odec_sizing *out) {
    TRY(solver_enter(solver, "odec_solver_sizing"));
    return solver_leave(solver, size_batch(solver, batch, direct, device, out));
}
