/* runs.h -- which runs the command line asks for: --set, --sweep, --runs and --only as
 * sources for every parameter and initial value.
 */
#ifndef ODEC_RUNS_H
#define ODEC_RUNS_H

#include "model_file.h"
#include "options.h"
#include "result_file.h"
#include "run_table.h"

struct runs {
    int64_t n_runs;
    struct odec_source *pars, *states; /* [n_pars], [n_states] */
    struct run_axis *axes;             /* what varies, in the order it was given */
    int32_t n_axes;
    struct run_label *labels; /* of --keep */
    int32_t n_labels;
    int64_t *numbers;       /* of --only: [n_runs]; else NULL */
    struct run_table table; /* of --runs */
    char **names;           /* of axes; [n_axes] */
    double **columns;       /* of axes, where the batch has one of its own; [n_axes] */
    double **lists;         /* of sweeps over a list; [n_axes] */
    const odec_compilation *compilation; /* of the model: for what its names are */
};

int runs_parse(odec_context *context, const struct options *options,
               const struct model_file *model, struct runs *out);
void runs_release(struct runs *runs);

/* Of run_columns.c: the runs of --runs. */
int runs_take_table(odec_context *context, const struct options *options,
                    const struct odec_program *program, struct runs *runs);
/* Room for n of them. */
int runs_reserve_axes(struct runs *runs, size_t n);

/* Of run_choice.c: leaves the runs that --only names ("4,10..20", both ends included), with
 * the values that they have in the whole batch. */
int runs_choose(const char *only, struct runs *runs);

/* Makes columns of what the batch cannot have otherwise: lists, and runs that were chosen. */
int runs_fill(struct runs *runs);

#endif
