/* speed.c -- a generated solver against the kernel that odec makes of the same model where it runs:
 * by turns, in one process and one thread, with as many lanes. Medians of processor time, so that
 * other work on the machine counts little.
 *
 *   speed MODEL.ode RUNS METHOD DT    METHOD "" and DT nan: the model's
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <odec_compile.h>

#include "solver.h" /* by odec build --name solver */

enum { ROUNDS = 15, MOST_BYTES = 1 << 20 };

static double processor_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static odec_compilation *compile(char **argv) {
    static char text[MOST_BYTES];
    FILE *file = fopen(argv[1], "rb");
    odec_spec spec = ODEC_SPEC_INIT;
    odec_save final = ODEC_SAVE_INIT;
    odec_compilation *compilation = NULL;
    if (file) {
        const size_t n = fread(text, 1, sizeof text, file);
        fclose(file);
        spec.method = argv[3][0] ? argv[3] : NULL;
        spec.dt = atof(argv[4]);
        spec.save = &final;
        odec_compile(argv[1], text, n, &spec, &compilation);
    }
    return compilation;
}

static odec_status measure(odec_context *context, const odec_program *compiled,
                           int64_t n_runs, double medians[2]) {
    const odec_program *programs[] = {compiled, &solver_program};
    odec_solver *solvers[2] = {NULL, NULL};
    odec_result results[2] = {ODEC_RESULT_INIT, ODEC_RESULT_INIT};
    odec_source states[solver_n_states] = {{.kind = ODEC_SOURCE_GRID}};
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_batch batch = ODEC_BATCH_INIT;
    double seconds[2][ROUNDS];
    odec_status status = ODEC_OK;
    options.device = "cpu";
    options.n_threads = 1;
    states[0].lo = 0.9;
    states[0].hi = 1;
    states[0].n = batch.n_runs = n_runs;
    states[0].repeat = 1;
    batch.states = states;
    for (int i = 0; status == ODEC_OK && i < 2; i++) {
        status = odec_solver_create(context, programs[i], &options, &solvers[i]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int k = 0; status == ODEC_OK && k < 2; k++) {
            const int i = (k + round) % 2;
            const double begun = processor_seconds();
            status = odec_solve(solvers[i], &batch, NULL, &results[i]);
            seconds[i][round] = processor_seconds() - begun;
        }
    }
    for (int i = 0; status == ODEC_OK && i < 2; i++) {
        qsort(seconds[i], ROUNDS, sizeof(double), by_size);
        medians[i] = seconds[i][ROUNDS / 2];
    }
    for (int i = 0; i < 2; i++) {
        odec_solver_destroy(solvers[i]);
    }
    if (status == ODEC_OK && strcmp(results[0].digest, results[1].digest) != 0) {
        printf("the bits differ\n");
        return ODEC_ERROR_DEVICE;
    }
    return status;
}

int main(int argc, char **argv) {
    odec_context *context;
    odec_compilation *compilation = argc > 4 ? compile(argv) : NULL;
    const odec_program *compiled =
        compilation ? odec_compilation_program(compilation) : NULL;
    double medians[2];
    if (compiled == NULL || odec_context_create(&context) != ODEC_OK) {
        return 2;
    }
    const odec_status status = measure(context, compiled, atoi(argv[2]), medians);
    if (status == ODEC_OK) {
        printf("%.4f s by odec, %.4f s by the generated solver, ratio %.3f\n",
               medians[0], medians[1], medians[1] / medians[0]);
    } else {
        printf("%s\n", odec_context_error(context));
    }
    odec_context_destroy(context);
    odec_compilation_destroy(compilation);
    return status != ODEC_OK || !(medians[1] <= 1.03 * medians[0]);
}
