/* both.c -- one model in both ways: generated when this program was built, and compiled now from its
 * text, both.c MODEL.ode. The results are the same bits.
 */
#include <odec_compile.h>
#include <stdio.h>
#include <string.h>

#include "spring.h"

enum { MOST_BYTES = 1 << 16, N_RUNS = 1000 };

static odec_status solve(odec_context *context, const odec_program *program,
                         odec_result *result) {
    odec_solver *solver = NULL;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.device = "cpu";
    odec_status status = odec_solver_create(context, program, &options, &solver);
    if (status == ODEC_OK) {
        odec_source pars[spring_n_pars] = {{.kind = ODEC_SOURCE_DEFAULT}};
        odec_batch batch = ODEC_BATCH_INIT;
        pars[spring_par_friction] = (odec_source){
            .kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 5, .n = N_RUNS, .repeat = 1};
        batch.n_runs = N_RUNS;
        batch.pars = pars;
        batch.save = program->save;
        status = odec_solve(solver, &batch, NULL, result);
    }
    odec_solver_destroy(solver);
    return status;
}

int main(int argc, char **argv) {
    static char text[MOST_BYTES];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    odec_compilation *compilation = NULL;
    odec_context *context = NULL;
    odec_result built = ODEC_RESULT_INIT, compiled = ODEC_RESULT_INIT;
    if (!file) {
        return 2;
    }
    const size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    odec_status status = odec_context_create(&context);
    if (status == ODEC_OK) {
        status = solve(context, &spring_program, &built);
    }
    if (status == ODEC_OK) {
        status = odec_compile(argv[1], text, length, NULL, &compilation);
    }
    if (status == ODEC_OK) {
        status = solve(context, odec_compilation_program(compilation), &compiled);
    }
    if (status == ODEC_OK) {
        printf("built %s, compiled %s, %d runs\n", built.digest, compiled.digest,
               (int)compiled.n_runs);
    } else {
        fprintf(stderr, "both: %s\n", context ? odec_context_error(context) : "");
    }
    odec_compilation_destroy(compilation);
    odec_context_destroy(context);
    return status != ODEC_OK || strcmp(built.digest, compiled.digest) != 0;
}
