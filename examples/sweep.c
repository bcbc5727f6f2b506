/* sweep.c -- odec inside an application: compile a model's text, integrate a sweep of it.
 *
 *   cc sweep.c $(pkg-config --cflags --libs odec) -o sweep && ./sweep
 *
 * Prints the final x of five runs of a damped oscillator.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "odec_compile.h"

static const char model[] = "model oscillator\n"
                            "par damping = 0.1\n"
                            "init x = 1, v = 0\n"
                            "x' = v\n"
                            "v' = -x - damping*v\n";

/* Takes the results, in order of runs: here one save time, the columns x and v. */
static odec_status print_rows(void *user, const odec_portion *portion) {
    const double *row = portion->values;
    (void)user;
    for (int64_t i = 0; i < portion->n_runs; i++, row += 2) {
        printf("run %d: x = %.6f (%s)\n", (int)(portion->first_run + i), row[0],
               odec_run_status_text(portion->records[i].status));
    }
    return ODEC_OK;
}

int main(void) {
    odec_compilation *compilation = NULL;
    odec_context *context = NULL;
    odec_solver *solver = NULL;
    const odec_spec spec = ODEC_SPEC_INIT;
    const odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_status status =
        odec_compile("oscillator.ode", model, strlen(model), &spec, &compilation);
    if (status != ODEC_OK) {
        fputs(compilation ? odec_compilation_diagnostics(compilation)
                          : "out of memory\n",
              stderr);
        odec_compilation_destroy(compilation);
        return 1;
    }
    status = odec_context_create(&context);
    if (status == ODEC_OK) {
        status = odec_solver_create(context, odec_compilation_program(compilation),
                                    &options, &solver);
    }
    if (status == ODEC_OK) {
        const odec_source damping = {
            .kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 0.4, .n = 5, .repeat = 1};
        odec_batch batch = ODEC_BATCH_INIT;
        batch.n_runs = 5;
        batch.pars = &damping;
        batch.t0 = 0;
        batch.t1 = 10;
        const odec_sink sink = {.size = sizeof sink, .write = print_rows};
        odec_result result = ODEC_RESULT_INIT;
        status = odec_solve(solver, &batch, &sink, &result);
    }
    if (status != ODEC_OK) {
        fprintf(stderr, "sweep: %s\n",
                context ? odec_context_error(context) : "no memory");
    }
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    odec_compilation_destroy(compilation);
    return status == ODEC_OK ? 0 : 1;
}
