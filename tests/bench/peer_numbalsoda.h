/* peer_numbalsoda.h -- LSODA and DOP853 as numbalsoda brings them (peers.sh installs
 * it), called from C: its two libraries want a C function, which here gcc has compiled
 * by -O3 -march=native, so that neither Python nor numba is in the time.
 */
#ifndef ODEC_PEER_NUMBALSODA_H
#define ODEC_PEER_NUMBALSODA_H

#include <stdbool.h>

#include "peer_cvode.h"
#include "peer_sundials.h"

/* venv: the directory that peers.sh made; NULL: none. False, with a message, where the
 * libraries are not there; then nothing below may be called. */
bool numbalsoda_open(const char *venv);

/* One run by DOP853, as peer_run. */
bool numbalsoda_dop853(enum peer_model model, double swept, double t1, double tolerance,
                       double *y);

/* LSODA, as peer_cvode_run, up to the first run that fails; of the stats, seconds and
 * failed alone. Its Jacobian is by
 * differences and dense, which is all it has. It takes one atol: where the problem's
 * differ it integrates states in units of them, which is the same. */
bool numbalsoda_lsoda(const struct stiff_problem *p, const double *pars, int n_runs,
                      double rtol, const double *atol, double *y_end,
                      struct peer_stats *stats);

#endif
