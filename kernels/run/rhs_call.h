/* rhs_call.h -- a CUDA thread's right-hand side, called by value.
 *
 * A large right-hand side is not inlined into every stage. Called with pointers, it would force
 * what they point to into local memory, which is all stages of a step, read again by every
 * stage after. Values go through registers.
 *
 * What the text that includes this has: the right-hand side as model_rhs_inlined, an FN.
 */
#ifndef ODEC_RHS_CALL_H
#define ODEC_RHS_CALL_H

#include "dialect.h"

struct rhs_states {
    real at[N_STATES];
};
struct rhs_values {
    real at[N_VALUES + !N_VALUES];
};

FN_OUTLINE struct rhs_states rhs_call(real t, struct rhs_states y,
                                      struct rhs_values c) {
    struct rhs_states dy;
    model_rhs_inlined(t, y.at, c.at, dy.at);
    return dy;
}

FN void model_rhs(real t, const cell *RESTRICT y, const cell *RESTRICT c,
                  cell *RESTRICT dy) {
    struct rhs_states states;
    struct rhs_values values;
    EACH(i, N_STATES) states.at[i] = y[i];
    UNROLL for (int i = 0; i < N_VALUES; i++) { values.at[i] = c[i]; }
    states = rhs_call(t, states, values);
    EACH(i, N_STATES) dy[i] = states.at[i];
}

#endif
