/* solver.c -- see solver.h; the public functions about a solver. */
#include "solver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The caller's options, in the size that he knows, over the defaults of the rest. */
static odec_status read_options(struct odec_context *context,
                                const struct odec_solver_options *given,
                                struct odec_solver_options *out) {
    *out = (struct odec_solver_options)ODEC_SOLVER_OPTIONS_INIT;
    if (given == NULL) {
        return ODEC_OK;
    }
    FAIL_IF(given->size < sizeof given->size || given->size > sizeof *out, context,
            ODEC_ERROR_ARGUMENT,
            "odec_solver_options has size %zu, not %zu: start from "
            "ODEC_SOLVER_OPTIONS_INIT",
            given->size, sizeof *out);
    memcpy(out, given, given->size);
    FAIL_IF(out->memory_bytes < 0 || out->chunk_runs < 0, context, ODEC_ERROR_ARGUMENT,
            "memory and chunk must not be negative");
    FAIL_IF(!(out->memory_fraction >= 0 && out->memory_fraction <= 1), context,
            ODEC_ERROR_ARGUMENT, "the share of memory must be in 0 .. 1, not %g",
            out->memory_fraction);
    return ODEC_OK;
}

static odec_status solver_init(struct odec_solver *solver,
                               const struct odec_solver_options *given) {
    struct odec_context *context = solver->context;
    struct odec_solver_options options;
    TRY(read_options(context, given, &options));
    FAIL_IF(
        solver->program->abi != ODEC_KERNEL_ABI, context, ODEC_ERROR_ARGUMENT,
        "the program was made for kernel ABI %d, this runtime has %d: compile it anew",
        solver->program->abi, ODEC_KERNEL_ABI);
    TRY(backend_find(context, options.device, &solver->backend));
    TRY(solver->backend->open(context, solver->program, &options, &solver->device));
    solver->backend->facts(solver->device, &solver->facts);
    solver->chunk_runs = options.chunk_runs;
    solver->memory_bytes = options.memory_bytes;
    if (options.memory_bytes == 0 && options.memory_fraction > 0) {
        double bytes = options.memory_fraction * (double)solver->facts.free_bytes;
        solver->memory_bytes = bytes < 1 ? 1 : (int64_t)bytes;
    }
    return ODEC_OK;
}

odec_status odec_solver_create(odec_context *context, const odec_program *program,
                               const odec_solver_options *options, odec_solver **out) {
    *out = NULL;
    struct odec_solver *solver = calloc(1, sizeof *solver);
    if (solver == NULL) {
        return context_out_of_memory(context);
    }
    solver->context = context;
    solver->program = program;
    odec_status status = solver_init(solver, options);
    if (status != ODEC_OK) {
        odec_solver_destroy(solver);
        return status;
    }
    *out = solver;
    return ODEC_OK;
}

void odec_solver_destroy(odec_solver *solver) {
    if (solver) {
        if (solver->backend) {
            solver->backend->close(solver->device);
        }
        free(solver);
    }
}

bool odec_solver_cache_hit(const odec_solver *solver) {
    return solver->facts.cache_hit;
}
int32_t odec_solver_lanes(const odec_solver *solver) { return solver->facts.lanes; }
int32_t odec_solver_threads(const odec_solver *solver) {
    return solver->facts.n_threads;
}
const char *odec_solver_device(const odec_solver *solver) { return solver->facts.name; }
const char *odec_solver_compiler(const odec_solver *solver) {
    return solver->facts.compiler;
}
