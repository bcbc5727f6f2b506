/* peer_sundials.c -- see peer_sundials.h. The right-hand sides are written as one would
 * by hand: plain C with libm, constants folded, powers as products.
 */
#include "peer_sundials.h"

#include <arkode/arkode_erkstep.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdlib.h>
#include <string.h>

/* ---- Tsit5's rows for ERKStepSetTable, from odec's own table ---- */

#include "tableau_tsit5.h"

#define A_ENTRY(j, a) [j - 1] = a,
#define A_ROW(stage, c, row) [stage - 1] = {row(A_ENTRY)},
#define C_ENTRY(stage, c, row) [stage - 1] = c,
#define DIFFERENCE(j, e) d[j - 1] -= e;

static ARKodeButcherTable tsit5_table(void) {
    double A[ERK_STAGES][ERK_STAGES] = {ERK_STAGE_LIST(A_ROW)[6] = {ERK_B(A_ENTRY)}};
    double c[ERK_STAGES] = {ERK_STAGE_LIST(C_ENTRY)[6] = 1};
    double b[ERK_STAGES] = {ERK_B(A_ENTRY)};
    double d[ERK_STAGES]; /* the embedded solution: b - e */
    memcpy(d, b, sizeof d);
    ERK_E(DIFFERENCE)
    return ARKodeButcherTable_Create(ERK_STAGES, ERK_ORDER, ERK_EMBEDDED_ORDER, c, A[0],
                                     b, d);
}

/* ---- models ---- */

static int lorenz(realtype t, N_Vector state, N_Vector rate, void *user) {
    const double *y = N_VGetArrayPointer(state), rho = *(double *)user;
    double *dy = N_VGetArrayPointer(rate);
    (void)t;
    dy[0] = 10 * (y[1] - y[0]);
    dy[1] = y[0] * (rho - y[2]) - y[1];
    dy[2] = y[0] * y[1] - 8.0 / 3 * y[2];
    return 0;
}

static double vtrap(double x) { return fabs(x) < 1e-6 ? 1 + x / 2 : x / (1 - exp(-x)); }

static int hodgkin_huxley(realtype t, N_Vector state, N_Vector rate, void *user) {
    const double *y = N_VGetArrayPointer(state), current = *(double *)user;
    double *dy = N_VGetArrayPointer(rate);
    const double V = y[0], m = y[1], h = y[2], n = y[3];
    (void)t;
    const double I_Na = 120 * (m * m * m) * h * (V - 50);
    const double I_K = 36 * (n * n * n * n) * (V + 77);
    const double I_L = 0.3 * (V + 54.387);
    dy[0] = current - I_Na - I_K - I_L;
    dy[1] = vtrap((V + 40) / 10) * (1 - m) - 4 * exp(-(V + 65) / 18) * m;
    dy[2] = 0.07 * exp(-(V + 65) / 20) * (1 - h) - h / (1 + exp(-(V + 35) / 10));
    dy[3] = 0.1 * vtrap((V + 55) / 10) * (1 - n) - 0.125 * exp(-(V + 65) / 80) * n;
    return 0;
}

static const struct {
    int n;
    ARKRhsFn rhs;
    double y0[PEER_MAX_STATES];
} models[] = {
    [PEER_LORENZ] = {3, lorenz, {1, 0, 0}},
    [PEER_HODGKIN_HUXLEY] = {4, hodgkin_huxley, {-65, 0.053, 0.596, 0.318}},
};

/* ---- the integrator ---- */

struct peer {
    enum peer_model model;
    SUNContext context;
    N_Vector y;
    void *erk;
    double swept;
};

static bool set_method(struct peer *peer, enum peer_method method) {
    switch (method) {
    case PEER_TSIT5: {
        ARKodeButcherTable table = tsit5_table();
        const bool set = table && ERKStepSetTable(peer->erk, table) == 0;
        ARKodeButcherTable_Free(table);
        return set;
    }
    case PEER_DOPRI5:
        return ERKStepSetTableNum(peer->erk, ARKODE_DORMAND_PRINCE_7_4_5) == 0;
    case PEER_REFERENCE:
        return ERKStepSetTableNum(peer->erk, ARKODE_FEHLBERG_13_7_8) == 0;
    }
    return false;
}

struct peer *peer_create(enum peer_model model, enum peer_method method) {
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL || SUNContext_Create(NULL, &peer->context) != 0) {
        free(peer);
        return NULL;
    }
    peer->model = model;
    peer->y = N_VNew_Serial(models[model].n, peer->context);
    peer->erk =
        peer->y ? ERKStepCreate(models[model].rhs, 0, peer->y, peer->context) : NULL;
    if (peer->erk == NULL || !set_method(peer, method) ||
        ERKStepSetUserData(peer->erk, &peer->swept) != 0 ||
        ERKStepSetMaxNumSteps(peer->erk, 1000000) != 0) {
        peer_destroy(peer);
        return NULL;
    }
    return peer;
}

void peer_destroy(struct peer *peer) {
    if (peer) {
        if (peer->erk) {
            ERKStepFree(&peer->erk);
        }
        if (peer->y) {
            N_VDestroy(peer->y);
        }
        SUNContext_Free(&peer->context);
        free(peer);
    }
}

int peer_n_states(const struct peer *peer) { return models[peer->model].n; }

bool peer_run(struct peer *peer, double swept, double t1, double tolerance, double *y) {
    const size_t bytes = sizeof(double) * (size_t)models[peer->model].n;
    double *state = N_VGetArrayPointer(peer->y), t;
    peer->swept = swept;
    memcpy(state, models[peer->model].y0, bytes);
    const bool ran =
        ERKStepReInit(peer->erk, models[peer->model].rhs, 0, peer->y) == 0 &&
        ERKStepSStolerances(peer->erk, tolerance, tolerance) == 0 &&
        ERKStepSetStopTime(peer->erk, t1) == 0 &&
        ERKStepEvolve(peer->erk, t1, peer->y, &t, ARK_NORMAL) >= 0;
    memcpy(y, state, bytes);
    return ran;
}
