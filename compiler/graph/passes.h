/* passes.h -- the entry point of every pass over the graph, in the order of compile.c. */
#ifndef ODEC_PASSES_H
#define ODEC_PASSES_H

#include "model.h"

/* lower.c: model -> graph. columns: the states, outs and intermediates that are saved. False
 * after an error. */
struct lowered;
bool lower(struct arena *arena, struct diags *diags, const struct model *model,
           const symbol_list *columns, struct lowered *out);

/* derive.c: the Jacobian and df/dt, before hoisting; false where it is too large. sparse.c: the
 * pattern of its factors. */
bool derive(struct lowered *lowered);
struct sparse_lu;
struct sparse_lu *analyse(struct arena *arena, struct lowered *lowered);

/* race.c: the method that suits the model, and why; before hoisting. Without factors (NULL) an
 * explicit one. */
struct method;
struct race {
    double t0, t1, rtol;
    const double *atol; /* [n_states] */
    double n_saves;     /* between steps */
};
const struct method *race_methods(struct arena *arena, const struct lowered *lowered,
                                  const struct sparse_lu *lu, const struct race *race,
                                  const char **reason);

/* fuse.c, hoist.c: graph -> graph, in this order. */
void fuse(struct lowered *lowered);
void hoist(struct lowered *lowered);

#endif
