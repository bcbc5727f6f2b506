/* runs.h -- which runs the command line asks for: --set, --sweep and --runs as sources
 * for every parameter and initial value.
 */
#ifndef ODEC_RUNS_H
#define ODEC_RUNS_H

#include "options.h"
#include "result_file.h"
#include "run_table.h"

struct runs {
    int64_t n_runs;
    struct odec_source *pars, *states; /* [n_pars], [n_states] */
    struct run_axis *axes;             /* what varies, in the order it was given */
    int32_t n_axes;
    struct run_table table; /* of --runs */
    char **names;           /* of axes; [n_axes] */
};

int runs_parse(odec_context *context, const struct options *options,
               const struct odec_program *program, struct runs *out);
void runs_release(struct runs *runs);

#endif
