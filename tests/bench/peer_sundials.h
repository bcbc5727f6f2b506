/* peer_sundials.h -- a peer of the explicit methods: SUNDIALS' ERKStep, one run at a
 * time, as its users call it; and the problems of all of their peers. */
#ifndef ODEC_PEER_SUNDIALS_H
#define ODEC_PEER_SUNDIALS_H

#include <stdbool.h>

enum peer_model { PEER_LORENZ, PEER_HODGKIN_HUXLEY };

enum peer_method {
    PEER_TSIT5,  /* odec's tableau */
    PEER_DOPRI5, /* ERKStep's own Dormand-Prince 5(4) */
    PEER_ORDER8  /* ERKStep's Verner 8(7); before SUNDIALS 7 Fehlberg's */
};

enum { PEER_MAX_STATES = 4 };

int peer_model_states(enum peer_model model);
/* Initial values at t = 0: [peer_model_states]. */
const double *peer_model_start(enum peer_model model);

struct peer;

/* NULL where SUNDIALS refuses. */
struct peer *peer_create(enum peer_model model, enum peer_method method);
void peer_destroy(struct peer *peer);

/* One run from the model's initial values at t = 0 to t1 with rtol = atol = tolerance.
 * swept: Lorenz's rho, or Hodgkin and Huxley's I. y: [peer_model_states]. */
bool peer_run(struct peer *peer, double swept, double t1, double tolerance, double *y);

#endif
