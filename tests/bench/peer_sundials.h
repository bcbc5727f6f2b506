/* peer_sundials.h -- the peer: SUNDIALS' ERKStep, one run at a time, as its users call
 * it. */
#ifndef ODEC_PEER_SUNDIALS_H
#define ODEC_PEER_SUNDIALS_H

#include <stdbool.h>

enum peer_model { PEER_LORENZ, PEER_HODGKIN_HUXLEY };

enum peer_method {
    PEER_TSIT5,    /* odec's tableau */
    PEER_DOPRI5,   /* ERKStep's own Dormand-Prince 5(4) */
    PEER_REFERENCE /* Fehlberg 8(7), for reference solutions */
};

enum { PEER_MAX_STATES = 4 };

struct peer;

/* NULL where SUNDIALS refuses. */
struct peer *peer_create(enum peer_model model, enum peer_method method);
void peer_destroy(struct peer *peer);
int peer_n_states(const struct peer *peer);

/* One run from the model's initial values at t = 0 to t1 with rtol = atol = tolerance.
 * swept: Lorenz's rho, or Hodgkin and Huxley's I. y: [peer_n_states]. */
bool peer_run(struct peer *peer, double swept, double t1, double tolerance, double *y);

#endif
