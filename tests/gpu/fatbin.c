/* fatbin.c -- a generated solver whose images nvcc has made: on the GPU it takes them, compiles
 * nothing, and gives the CPU's bits. Compiled by fatbin.sh. */
#include "lorenz.h"

#include <stdio.h>
#include <string.h>

enum { N_RUNS = 5000 };

/* *compiler: what the device's kernel was compiled by, "" where it was linked in. */
static odec_status solve(odec_context *context, const char *device, odec_result *result,
                         char compiler[512]) {
    odec_source pars[lorenz_n_pars] = {0};
    odec_solver *solver = NULL;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    odec_batch batch = ODEC_BATCH_INIT;
    options.device = device;
    options.cache_dir = "";
    batch.n_runs = N_RUNS;
    batch.pars = pars;
    batch.t0 = 0;
    batch.t1 = 2;
    pars[lorenz_par_rho] = (odec_source){
        .kind = ODEC_SOURCE_GRID, .lo = 1, .hi = 30, .n = N_RUNS, .repeat = 1};
    odec_status status =
        odec_solver_create(context, &lorenz_program, &options, &solver);
    if (status == ODEC_OK) {
        odec_solver_device_info(solver, 0, &info);
        snprintf(compiler, 512, "%s", info.compiler);
        status = odec_solve(solver, &batch, NULL, result);
    }
    odec_solver_destroy(solver);
    return status;
}

int main(void) {
    odec_context *context;
    odec_result cpu = ODEC_RESULT_INIT, gpu = ODEC_RESULT_INIT;
    char compiler[512];
    odec_status status = odec_context_create(&context);
    if (status == ODEC_OK) {
        status = solve(context, "cpu", &cpu, compiler);
    }
    if (status == ODEC_OK) {
        status = solve(context, "cuda:0", &gpu, compiler);
    }
    const char *wrong = status != ODEC_OK ? odec_context_error(context)
                        : compiler[0]     ? "its image was not taken"
                        : strcmp(cpu.digest, gpu.digest)
                            ? "other results than the CPU's"
                            : NULL;
    if (wrong) {
        printf("FAILED, %s\n", wrong);
    }
    odec_context_destroy(context);
    return wrong != NULL;
}
