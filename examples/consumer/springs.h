/* springs.h -- springs by the thousand: a library around a solver that is generated at build time.
 */
#ifndef SPRINGS_H
#define SPRINGS_H

#include "spring.h"

struct springs {
    odec_context *context;
    odec_solver *solver;
};

/* Ready to solve, again and again. False: springs_error says why. springs_close in any case. */
bool springs_open(struct springs *springs);
void springs_close(struct springs *springs);
const char *springs_error(const struct springs *springs);

/* n springs of these parameters from t = 0 to t1, each from its own start[2], x and v, or
 * all from the model's (NULL). out[n][n_saves][2], evenly spaced, both ends included; one
 * save is the end alone. */
bool springs_solve(struct springs *springs, int n, const spring_pars *pars,
                   const double *start, double t1, int n_saves, double *out);

#endif
