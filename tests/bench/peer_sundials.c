/* peer_sundials.c -- see peer_sundials.h. */
#include "peer_sundials.h"

#include "sundials_names.h"

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

#define REAL double
#define EXP exp
#define FABS fabs
#define RHS(model) model##_double
#include "explicit_rhs.h"

static int lorenz(sunrealtype t, N_Vector state, N_Vector rate, void *user) {
    (void)t;
    lorenz_double(N_VGetArrayPointer(state), *(double *)user, N_VGetArrayPointer(rate));
    return 0;
}

static int hodgkin_huxley(sunrealtype t, N_Vector state, N_Vector rate, void *user) {
    (void)t;
    hodgkin_huxley_double(N_VGetArrayPointer(state), *(double *)user,
                          N_VGetArrayPointer(rate));
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

int peer_model_states(enum peer_model model) { return models[model].n; }
const double *peer_model_start(enum peer_model model) { return models[model].y0; }

/* ---- the integrator ---- */

#if SUNDIALS_VERSION_MAJOR < 7
static const ARKODE_ERKTableID order8 = ARKODE_FEHLBERG_13_7_8;
#else
static const ARKODE_ERKTableID order8 = ARKODE_VERNER_13_7_8;
#endif

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
    case PEER_ORDER8:
        return ERKStepSetTableNum(peer->erk, order8) == 0;
    }
    return false;
}

struct peer *peer_create(enum peer_model model, enum peer_method method) {
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL || SUNContext_Create(SUN_COMM_NULL, &peer->context) != 0) {
        free(peer);
        return NULL;
    }
    peer->model = model;
    peer->y = N_VNew_Serial(models[model].n, peer->context);
    peer->erk =
        peer->y ? ERKStepCreate(models[model].rhs, 0, peer->y, peer->context) : NULL;
    if (peer->erk == NULL || !set_method(peer, method) ||
        ARKodeSetUserData(peer->erk, &peer->swept) != 0 ||
        ARKodeSetMaxNumSteps(peer->erk, 1000000) != 0) {
        peer_destroy(peer);
        return NULL;
    }
    return peer;
}

void peer_destroy(struct peer *peer) {
    if (peer) {
        if (peer->erk) {
            ARKodeFree(&peer->erk);
        }
        if (peer->y) {
            N_VDestroy(peer->y);
        }
        SUNContext_Free(&peer->context);
        free(peer);
    }
}

bool peer_run(struct peer *peer, double swept, double t1, double tolerance, double *y) {
    const size_t bytes = sizeof(double) * (size_t)models[peer->model].n;
    double *state = N_VGetArrayPointer(peer->y), t;
    peer->swept = swept;
    memcpy(state, models[peer->model].y0, bytes);
    const bool ran =
        ERKStepReInit(peer->erk, models[peer->model].rhs, 0, peer->y) == 0 &&
        ARKodeSStolerances(peer->erk, tolerance, tolerance) == 0 &&
        ARKodeSetStopTime(peer->erk, t1) == 0 &&
        ARKodeEvolve(peer->erk, t1, peer->y, &t, ARK_NORMAL) >= 0;
    memcpy(y, state, bytes);
    return ran;
}
