/* measure.c -- see measure.h. Batches of the Lorenz equations grow until one takes long
 * enough to be believed; the context remembers the rate of the last.
 */
#include "measure.h"

#include <stdio.h>
#include <string.h>

#include "event.h"
#include "odec_compile.h"
#include "progress.h"

static const char model[] = "model lorenz\n"
                            "par sigma = 10, rho = 28, beta = 8/3\n"
                            "init x = 1, y = 1, z = 20\n"
                            "x' = sigma*(y - x)\n"
                            "y' = x*(rho - z) - y\n"
                            "z' = x*y - beta*z\n"
                            "solve { method = tsit5; rtol = 1e-6; t = 0 .. 10 }\n";

enum { PAR_RHO = 1, N_PARS = 3 };
#define FIRST_RUNS 256
#define SECONDS 0.3  /* of the batch that counts */
#define TRUSTED 0.05 /* from here on a batch's time tells how long another takes */
#define GROWTH 8     /* until then */

/* A batch of n runs, and how long it took. */
static odec_status solve(odec_solver *solver, struct progress *progress, int64_t n,
                         double *seconds) {
    odec_source pars[N_PARS] = {0};
    pars[PAR_RHO] =
        (odec_source){.kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 28, .n = n, .repeat = 1};
    odec_batch batch = ODEC_BATCH_INIT;
    batch.n_runs = n;
    batch.pars = pars;
    batch.progress = progress_report;
    batch.user = progress;
    double start = clock_seconds();
    odec_status status = odec_solve(solver, &batch, NULL, NULL);
    *seconds = clock_seconds() - start;
    return status;
}

static odec_status solve_for_a_while(odec_solver *solver, struct progress *progress) {
    double n = FIRST_RUNS, seconds = 0;
    for (;;) {
        odec_status status = solve(solver, progress, (int64_t)n, &seconds);
        if (status != ODEC_OK || seconds >= SECONDS / 2) {
            return status;
        }
        double growth = seconds > TRUSTED ? SECONDS / seconds : GROWTH;
        n *= growth < GROWTH ? growth : GROWTH;
        if (n > (double)ODEC_MAX_RUNS) {
            return ODEC_OK;
        }
    }
}

static odec_status measure(odec_context *context, const char *name,
                           const odec_program *program) {
    struct progress progress;
    progress_start(&progress, true);
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.device = name;
    options.waiting = progress_compiling;
    options.waiting_user = &progress;
    odec_solver *solver;
    odec_status status = odec_solver_create(context, program, &options, &solver);
    if (status == ODEC_OK) {
        status = solve_for_a_while(solver, &progress);
    }
    odec_solver_destroy(solver);
    return status;
}

bool measure_device(odec_context *context, const char *name, struct measured *out) {
    odec_spec spec = ODEC_SPEC_INIT;
    odec_compilation *compilation;
    odec_context_clear(context);
    odec_status status =
        odec_compile("lorenz", model, sizeof model - 1, &spec, &compilation);
    if (status == ODEC_OK) {
        status = measure(context, name, odec_compilation_program(compilation));
    }
    odec_compilation_destroy(compilation);
    const char *text = odec_context_error(context);
    out->failure[0] = '\0';
    if (status != ODEC_OK) {
        snprintf(out->failure, sizeof out->failure, "%.511s",
                 text[0] ? text : odec_status_text(status));
    }
    odec_context_clear(context);
    return status != ODEC_CANCELLED;
}
