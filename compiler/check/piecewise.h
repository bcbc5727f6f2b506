/* piecewise.h -- expressions of time alone, as the pieces of straight lines that they are. */
#ifndef ODEC_PIECEWISE_H
#define ODEC_PIECEWISE_H

#include "ast.h"

/* A call's arguments, each an expression of the scope that it is written in. */
struct scope {
    const struct scope *outer; /* of the arguments; NULL: the model */
    struct expr *const *args;
};

/* Where an expression jumps, or a condition switches, between two times. */
struct jumps {
    bool known;   /* false: it is not made of straight lines, or of too many */
    int n;        /* that were found: the first LONGEST_LOOK pieces are looked at */
    double first; /* where n > 0 */
    double phase; /* the shortest from t0, or a jump, to the next; where n > 0 */
};

/* Parameters have their defaults. t1 may be infinite. */
struct jumps piecewise_jumps(const struct expr *e, const struct scope *scope, double t0,
                             double t1);

#endif
