/* job.c -- see job.h. */
#include "job.h"

static struct shape shape_of(const struct odec_program *program, int64_t n_saves) {
    const bool is_float = program->precision == ODEC_FLOAT;
    return (struct shape){.n_saves = n_saves,
                          .n_columns = program->n_columns,
                          .scalar = is_float ? sizeof(float) : sizeof(double)};
}

/* What a kernel may write straight to the caller's memory: all, but what a sink is to have
 * in C order too. */
static uint32_t direct_roles(const struct job *job, bool has_sink) {
    const struct place *output = &job->output;
    const bool values =
        output->values && (!has_sink || place_is_in_order(output, &job->shape));
    const bool records = output->records && (!has_sink || output->record_stride == 1);
    return (uint32_t)values << ODEC_ARRAY_VALUES | (uint32_t)records
                                                       << ODEC_ARRAY_RECORDS;
}

static odec_status check_arrays(struct odec_context *context, const struct job *job) {
    const struct odec_program *program = job->program;
    const int64_t wanted[ODEC_N_ARRAY_ROLES] = {
        [ODEC_ARRAY_VALUES] = job->run_value_bytes,
        [ODEC_ARRAY_RECORDS] = (int64_t)sizeof(struct odec_run_record)};
    int64_t bytes[ODEC_N_ARRAY_ROLES] = {0};
    for (int32_t i = 0; i < program->n_arrays; i++) {
        const struct odec_array *array = &program->arrays[i];
        FAIL_IF(array->role <= ODEC_ARRAY_NONE || array->role >= ODEC_N_ARRAY_ROLES ||
                    bytes[array->role] != 0,
                context, ODEC_ERROR_ARGUMENT,
                "the program's array %d ('%s') has no role of its own", i, array->name);
        bytes[array->role] =
            array->bytes + array->bytes_per_save * job->settings->n_saves;
    }
    for (int role = 0; role < ODEC_N_ARRAY_ROLES; role++) {
        FAIL_IF(bytes[role] < wanted[role], context, ODEC_ERROR_ARGUMENT,
                "the program's arrays leave out its values or records");
    }
    return ODEC_OK;
}

/* Memory of a GPU is for a solver of that GPU alone. */
static odec_status check_device(const struct odec_solver *solver) {
    const char *const wanted = "sources or results in a GPU's memory need a solver for "
                               "one GPU alone (\"cuda:0\"):";
    FAIL_IF(solver->n_devices != 1, solver->context, ODEC_ERROR_ARGUMENT,
            "%s this one has %d devices", wanted, solver->n_devices);
    FAIL_IF(backend_is_host(solver->devices[0].backend), solver->context,
            ODEC_ERROR_ARGUMENT, "%s this one has the %s", wanted,
            solver->devices[0].facts.name);
    return ODEC_OK;
}

odec_status job_make(struct odec_solver *solver, const struct odec_batch *batch,
                     bool has_sink, struct settings *settings, struct inputs **inputs,
                     struct job *out) {
    struct odec_context *context = solver->context;
    const struct odec_program *program = &solver->program.known;
    FAIL_IF(batch->n_runs < 1 || batch->n_runs > ODEC_MAX_RUNS, context,
            ODEC_ERROR_ARGUMENT, "a batch of %lld runs: 1 to %lld are possible",
            (long long)batch->n_runs, (long long)ODEC_MAX_RUNS);
    TRY(settings_resolve(context, program, batch, settings));
    TRY(inputs_create(context, program, batch, inputs));
    *out = (struct job){.program = program,
                        .settings = settings,
                        .inputs = *inputs,
                        .shape = shape_of(program, settings->n_saves),
                        .seen = solver->seen};
    out->run_value_bytes =
        settings->n_saves * program->n_columns * (int64_t)out->shape.scalar;
    TRY(output_resolve(context, batch, &out->shape, &out->output, &out->device_output));
    out->on_device = inputs_on_device(*inputs) || out->device_output.values ||
                     out->device_output.records;
    out->stream = batch->stream;
    if (out->on_device) {
        TRY(check_device(solver));
    }
    /* records of a span of no length are settled by their values, here */
    out->host_values =
        has_sink || settings->span == 0 || out->device_output.values == NULL;
    out->direct = direct_roles(out, has_sink);
    return check_arrays(context, out);
}
