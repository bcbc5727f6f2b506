/* springs.c -- see springs.h. The solver is made once; each batch costs what its runs cost. */
#include "springs.h"

bool springs_open(struct springs *springs) {
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.device = "cpu";
    *springs = (struct springs){NULL, NULL};
    return odec_context_create(&springs->context) == ODEC_OK &&
           odec_solver_create(springs->context, &spring_program, &options,
                              &springs->solver) == ODEC_OK;
}

void springs_close(struct springs *springs) {
    odec_solver_destroy(springs->solver);
    odec_context_destroy(springs->context);
}

const char *springs_error(const struct springs *springs) {
    return springs->context ? odec_context_error(springs->context) : "out of memory";
}

bool springs_solve(struct springs *springs, int n, const spring_pars *pars,
                   const double *start, double t1, int n_saves, double *out) {
    odec_source sources[spring_n_pars], states[spring_n_states];
    odec_batch batch = ODEC_BATCH_INIT;
    odec_save save = ODEC_SAVE_INIT;
    odec_output output = ODEC_OUTPUT_INIT;
    spring_columns(pars, sources);
    for (int i = 0; start && i < spring_n_states; i++) {
        states[i] = (odec_source){
            .kind = ODEC_SOURCE_COLUMN, .column = start + i, .stride = spring_n_states};
    }
    save.kind = n_saves > 1 ? ODEC_SAVE_COUNT : ODEC_SAVE_FINAL;
    save.count = n_saves;
    batch.n_runs = n;
    batch.pars = sources;
    batch.states = start ? states : NULL;
    batch.t0 = 0;
    batch.t1 = t1;
    batch.save = &save;
    output.values = out;
    batch.output = &output;
    return odec_solve(springs->solver, &batch, NULL, NULL) == ODEC_OK;
}
