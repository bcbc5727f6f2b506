/* compiling.h -- a compilation on its way: what the parts of the pipeline share.
 *
 *   compile.c   the pipeline
 *   choose.c    what the spec and the model's solve block say together
 *   defaults.c  those of the spec in place of the model's
 *   program.c   the program that comes out
 *   describe.c  what a name of the model is
 */
#ifndef ODEC_COMPILING_H
#define ODEC_COMPILING_H

#include "diag.h"
#include "emit.h"
#include "graph.h"
#include "odec_compile.h"

struct compiling {
    struct arena *arena;
    struct diags *diags;
    const odec_spec *spec;
    struct model *model;
    struct kernel_spec kernel;
    bool automatic; /* the method is for us to choose */
    const char *method_reason;
    symbol_list columns;
    struct text dump;
    const char *device; /* NAME_device.cuh, where it was asked for */
};

/* Method, steps, precision, columns, saves into c->kernel. False, and reported, where they
 * do not fit. */
bool choose(struct compiling *c);
/* Warns of what the adaptive steps that were chosen can pass over. After lowering. */
void warn_of_steps(struct compiling *c);
/* Derivatives and factors for a stiff method; with `auto`, whether it is one. Before
 * hoisting. False, and reported, where the named method cannot have them. */
bool choose_linear_algebra(struct compiling *c, struct lowered *lowered);
/* The spec's defaults in place of the model's and initial values. After choosing, which looks at the
 * model's own: whatever a batch sets, it is solved by the same method. False, and reported, where
 * one does not fit. */
bool apply_defaults(struct compiling *c, struct lowered *lowered);
/* The time span as far as it is known, else NAN: the spec's, then the model's. With an end alone,
 * and none in the model, it begins at 0. */
void compiling_times(const struct compiling *c, double *t0, double *t1);
/* [n_states] atol of the solve block; `otherwise` where it says nothing. */
double *compiling_tolerances(struct compiling *c, double otherwise);

/* What the name is; false: the model has none such. */
bool describe_name(const struct model *model, const struct diags *diags,
                   const char *name, odec_name *out);
/* "'j' is an intermediate (line 3): declare it 'par j = 2'"; NULL: the model has no such name. */
const char *why_not_settable(struct compiling *c, const char *name);

odec_program *make_program(struct compiling *c, const struct lowered *lowered,
                           const struct emitted *parts);

#endif
