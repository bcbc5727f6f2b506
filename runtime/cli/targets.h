/* targets.h -- what a name on the command line or in a table of runs stands for: a
 * parameter, or as "x(0)" the initial value of a state.
 */
#ifndef ODEC_TARGETS_H
#define ODEC_TARGETS_H

#include "runs.h"

struct target {
    struct odec_source *source;
    const struct odec_quantity *quantity;
    bool is_par; /* false: an initial value */
};

/* Is there such a name? No word of it where there is none. */
bool target_find(const char *text, size_t n, const struct odec_program *program,
                 struct runs *runs, struct target *out);

/* What text[0..n) names, which must not have been given before. where: the option, or file
 * and line. */
int target_claim(const char *where, const char *text, size_t n,
                 const struct odec_program *program, struct runs *runs,
                 struct target *out);

/* "; did you mean 'k'?", or "". */
const char *target_hint(char out[CLI_HINT], const char *name,
                        const struct odec_program *program);

/* Why there is no such name, in words. advice: what to do, where no name is near; or "". */
int target_unknown(const char *where, const char *text, size_t n,
                   const struct odec_program *program, const struct runs *runs,
                   const char *advice);

/* What differs from run to run is a column of the results: none may have its name. */
int target_check_column(const char *where, const char *name,
                        const struct odec_program *program);

/* A source that differs from run to run; the axis's name is copied. */
int target_add_axis(const char *where, const char *name, size_t n,
                    const struct odec_program *program, const struct run_axis *axis,
                    struct runs *runs);

#endif
