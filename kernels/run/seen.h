/* seen.h -- what a batch has seen of its states, for those whose error nothing controls.
 *
 * Where a state is never larger than its atol any error of it is within the tolerance. Whether
 * there are such states is known of a whole batch alone: args->seen, one for each worker of the
 * CPU, one for all threads of a GPU, tells of each state whether it was not zero, and whether it
 * was above its atol, in any run at its start or after an accepted step.
 *
 *   seen | not zero: state 0, 1, ... | above its atol: state 0, 1, ... |
 *
 * Words become 1 and stay so: whose looks come first, or twice, does not show, and threads may
 * store at once. Once all states have been above there is nothing left to look for.
 */
#ifndef ODEC_SEEN_H
#define ODEC_SEEN_H

#include "lane.h"

#if ADAPTIVE
/* Looks at state i of all lanes, each of which has some run's; `y` is the state. False: it has
 * been above its atol by now. */
FN int seen_look(const struct solve *g, int i, real y) {
    int *const not_zero = g->args->seen, *const above = not_zero + N_STATES;
    const real size = vabs(y);
    if (any_lane(gt(size, splat((scalar)ARGS_ATOL(g->args)[i])))) {
        not_zero[i] = above[i] = 1;
    } else if (!not_zero[i] && any_lane(gt(size, R(0)))) {
        not_zero[i] = 1;
    }
    return !above[i];
}

/* The same of all states. False: every one has been above its atol by now. */
FN_RARE int seen_note(const struct solve *g, const cell *y) {
    int open = 0;
    EACH(i, N_STATES) {
        if (!g->args->seen[N_STATES + i]) {
            open |= seen_look(g, i, y[i]);
        }
    }
    return open;
}
#endif

#endif
