/* peer_cvode.c -- see peer_cvode.h. Right-hand sides and Jacobians are written as one
 * would by hand: plain C, constants folded.
 */
#include "peer_cvode.h"

#include "sundials_names.h"

#include <cvode/cvode.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdlib.h>
#include <string.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunlinsol/sunlinsol_klu.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <sunmatrix/sunmatrix_sparse.h>
#include <time.h>

/* ---- Robertson (1966) ---- */

static void robertson_rhs(const struct stiff_problem *p, const double *k,
                          const double *y, double *dy) {
    (void)p;
    const double r1 = k[0] * y[0], r2 = k[1] * y[1] * y[1], r3 = k[2] * y[1] * y[2];
    dy[0] = r3 - r1;
    dy[1] = r1 - r2 - r3;
    dy[2] = r2;
}

static void robertson_jacobian(const struct stiff_problem *p, const double *k,
                               const double *y, double *J) {
    (void)p;
    const double by_B = 2 * k[1] * y[1], to_C = k[2] * y[1], to_B = k[2] * y[2];
    double *A = J, *B = J + 3, *C = J + 6;
    A[0] = -k[0], A[1] = k[0];
    B[0] = to_B, B[1] = -by_B - to_B, B[2] = by_B;
    C[0] = to_C, C[1] = -to_C;
}

const struct stiff_problem stiff_robertson = {
    .name = "robertson",
    .n = 3,
    .n_pars = 3,
    .t0 = 0,
    .t1 = 1e4,
    .pars = {{"k1", 0.04, 0.04 / 3, 0.04 * 3},
             {"k2", 3e7, 1e7, 9e7},
             {"k3", 1e4, 1e4 / 3, 3e4}},
    .y0 = (const double[]){1, 0, 0},
    .atol = (const double[]){1e-10, 1e-14, 1e-10},
    .rhs = robertson_rhs,
    .jacobian = robertson_jacobian,
};

/* ---- HIRES (Hairer & Wanner II, IV.10); pars: k1, k_bind ---- */

static void hires_rhs(const struct stiff_problem *p, const double *pars,
                      const double *y, double *dy) {
    (void)p;
    const double k1 = pars[0], binding = pars[1] * y[5] * y[7], leaving = 1.81 * y[6];
    dy[0] = -k1 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007;
    dy[1] = k1 * y[0] - 8.75 * y[1];
    dy[2] = -(8.32 + k1) * y[2] + 0.43 * y[3] + 0.035 * y[4];
    dy[3] = 8.32 * y[1] + k1 * y[2] - 1.12 * y[3];
    dy[4] = -(0.035 + k1) * y[4] + 0.43 * (y[5] + y[6]);
    dy[5] = 0.69 * y[3] + k1 * y[4] - 0.43 * y[5] + 0.69 * y[6] - binding;
    dy[6] = binding - leaving;
    dy[7] = leaving - binding;
}

static void hires_jacobian(const struct stiff_problem *p, const double *pars,
                           const double *y, double *J) {
    (void)p;
    const double k1 = pars[0], by_y5 = pars[1] * y[7], by_y7 = pars[1] * y[5];
    double *c = J;
    c[0] = -k1, c[1] = k1;
    c += 8;
    c[0] = 0.43, c[1] = -8.75, c[3] = 8.32;
    c += 8;
    c[0] = 8.32, c[2] = -(8.32 + k1), c[3] = k1;
    c += 8;
    c[2] = 0.43, c[3] = -1.12, c[5] = 0.69;
    c += 8;
    c[2] = 0.035, c[4] = -(0.035 + k1), c[5] = k1;
    c += 8;
    c[4] = 0.43, c[5] = -0.43 - by_y5, c[6] = by_y5, c[7] = -by_y5;
    c += 8;
    c[4] = 0.43, c[5] = 0.69, c[6] = -1.81, c[7] = 1.81;
    c += 8;
    c[5] = -by_y7, c[6] = by_y7, c[7] = -by_y7;
}

const struct stiff_problem stiff_hires = {
    .name = "hires",
    .n = 8,
    .n_pars = 2,
    .t0 = 0,
    .t1 = 321.8122,
    .pars = {{"k1", 1.71, 1.71 * 0.7, 1.71 * 1.3},
             {"k_bind", 280, 280 * 0.7, 280 * 1.3}},
    .y0 = (const double[]){1, 0, 0, 0, 0, 0, 0, 0.0057},
    .atol = (const double[]){1e-10, 1e-10, 1e-10, 1e-10, 1e-10, 1e-10, 1e-10, 1e-10},
    .rhs = hires_rhs,
    .jacobian = hires_jacobian,
};

/* ---- POLLU (Verwer 1994); pars: k1, k2 ---- */

/* clang-format off */
enum {
    NO2, NO, O3P, O3, HO2, OH, HCHO, CO, ALD, MEO2, C2O3, CO2, PAN, CH3O, HNO3, O1D,
    SO2, SO4, NO3, N2O5, N_POLLUTANTS
};

/* k1 and k2 are parameters. */
static const double
    k3 = 1.23e4, k4 = 8.6e-4, k5 = 8.2e-4, k6 = 1.5e4, k7 = 1.3e-4, k8 = 2.4e4,
    k9 = 1.65e4, k10 = 9e3, k11 = 0.022, k12 = 1.2e4, k13 = 1.88, k14 = 1.63e4,
    k15 = 4.8e6, k16 = 3.5e-4, k17 = 0.0175, k18 = 1e8, k19 = 4.44e11, k20 = 1.24e3,
    k21 = 2.1, k22 = 5.78, k23 = 0.0474, k24 = 1.78e3, k25 = 3.12;
/* clang-format on */

static void pollution_rhs(const struct stiff_problem *p, const double *pars,
                          const double *y, double *dy) {
    (void)p;
    const double r1 = pars[0] * y[NO2], r2 = pars[1] * y[NO] * y[O3];
    const double r3 = k3 * y[HO2] * y[NO], r4 = k4 * y[HCHO], r5 = k5 * y[HCHO];
    const double r6 = k6 * y[HCHO] * y[OH], r7 = k7 * y[ALD], r8 = k8 * y[ALD] * y[OH];
    const double r9 = k9 * y[C2O3] * y[NO], r10 = k10 * y[C2O3] * y[NO2];
    const double r11 = k11 * y[PAN], r12 = k12 * y[MEO2] * y[NO], r13 = k13 * y[CH3O];
    const double r14 = k14 * y[NO2] * y[OH], r15 = k15 * y[O3P], r16 = k16 * y[O3];
    const double r17 = k17 * y[O3], r18 = k18 * y[O1D], r19 = k19 * y[O1D];
    const double r20 = k20 * y[SO2] * y[OH], r21 = k21 * y[NO3], r22 = k22 * y[NO3];
    const double r23 = k23 * y[NO2] * y[O3], r24 = k24 * y[NO3] * y[NO2];
    const double r25 = k25 * y[N2O5];
    dy[NO2] = r2 + r3 + r9 + r11 + r12 + r22 + r25 - r1 - r10 - r14 - r23 - r24;
    dy[NO] = r1 + r21 - r2 - r3 - r9 - r12;
    dy[O3P] = r1 + r17 + r19 + r22 - r15;
    dy[O3] = r15 - r2 - r16 - r17 - r23;
    dy[HO2] = 2 * r4 + r6 + r7 + r13 + r20 - r3;
    dy[OH] = r3 + 2 * r18 - r6 - r8 - r14 - r20;
    dy[HCHO] = r13 - r4 - r5 - r6;
    dy[CO] = r4 + r5 + r6 + r7;
    dy[ALD] = -r7 - r8;
    dy[MEO2] = r7 + r9 - r12;
    dy[C2O3] = r8 + r11 - r9 - r10;
    dy[CO2] = r9;
    dy[PAN] = r10 - r11;
    dy[CH3O] = r12 - r13;
    dy[HNO3] = r14;
    dy[O1D] = r16 - r18 - r19;
    dy[SO2] = -r20;
    dy[SO4] = r20;
    dy[NO3] = r23 + r25 - r21 - r22 - r24;
    dy[N2O5] = r24 - r25;
}

/* Column by column: in the column of species s, d_i stands for the derivative of r_i by
 * s, and the signs are those of pollution_rhs. */
static void pollution_jacobian(const struct stiff_problem *p, const double *pars,
                               const double *y, double *J) {
    (void)p;
    const double k1 = pars[0], k2 = pars[1];
    double *c = J + NO2 * N_POLLUTANTS;
    {
        const double d10 = k10 * y[C2O3], d14 = k14 * y[OH], d23 = k23 * y[O3],
                     d24 = k24 * y[NO3];
        c[NO2] = -k1 - d10 - d14 - d23 - d24;
        c[NO] = k1, c[O3P] = k1;
        c[C2O3] = -d10, c[PAN] = d10;
        c[OH] = -d14, c[HNO3] = d14;
        c[O3] = -d23, c[NO3] = d23 - d24, c[N2O5] = d24;
    }
    c = J + NO * N_POLLUTANTS;
    {
        const double d2 = k2 * y[O3], d3 = k3 * y[HO2], d9 = k9 * y[C2O3],
                     d12 = k12 * y[MEO2], sum = d2 + d3 + d9 + d12;
        c[NO] = -sum, c[NO2] = sum;
        c[O3] = -d2;
        c[HO2] = -d3, c[OH] = d3;
        c[C2O3] = -d9, c[CO2] = d9, c[MEO2] = d9 - d12, c[CH3O] = d12;
    }
    c = J + O3P * N_POLLUTANTS;
    c[O3P] = -k15, c[O3] = k15;
    c = J + O3 * N_POLLUTANTS;
    {
        const double d2 = k2 * y[NO], d23 = k23 * y[NO2];
        c[O3] = -d2 - k16 - k17 - d23;
        c[NO] = -d2, c[NO2] = d2 - d23, c[NO3] = d23;
        c[O1D] = k16, c[O3P] = k17;
    }
    c = J + HO2 * N_POLLUTANTS;
    {
        const double d3 = k3 * y[NO];
        c[HO2] = -d3, c[NO] = -d3, c[NO2] = d3, c[OH] = d3;
    }
    c = J + OH * N_POLLUTANTS;
    {
        const double d6 = k6 * y[HCHO], d8 = k8 * y[ALD], d14 = k14 * y[NO2],
                     d20 = k20 * y[SO2];
        c[OH] = -d6 - d8 - d14 - d20;
        c[HCHO] = -d6, c[CO] = d6, c[HO2] = d6 + d20;
        c[ALD] = -d8, c[C2O3] = d8;
        c[NO2] = -d14, c[HNO3] = d14;
        c[SO2] = -d20, c[SO4] = d20;
    }
    c = J + HCHO * N_POLLUTANTS;
    {
        const double d6 = k6 * y[OH];
        c[HCHO] = -k4 - k5 - d6, c[CO] = k4 + k5 + d6;
        c[HO2] = 2 * k4 + d6, c[OH] = -d6;
    }
    c = J + ALD * N_POLLUTANTS;
    {
        const double d8 = k8 * y[OH];
        c[ALD] = -k7 - d8, c[OH] = -d8, c[C2O3] = d8;
        c[HO2] = k7, c[CO] = k7, c[MEO2] = k7;
    }
    c = J + MEO2 * N_POLLUTANTS;
    {
        const double d12 = k12 * y[NO];
        c[MEO2] = -d12, c[NO] = -d12, c[NO2] = d12, c[CH3O] = d12;
    }
    c = J + C2O3 * N_POLLUTANTS;
    {
        const double d9 = k9 * y[NO], d10 = k10 * y[NO2];
        c[C2O3] = -d9 - d10, c[NO] = -d9, c[NO2] = d9 - d10;
        c[MEO2] = d9, c[CO2] = d9, c[PAN] = d10;
    }
    c = J + PAN * N_POLLUTANTS;
    c[PAN] = -k11, c[C2O3] = k11, c[NO2] = k11;
    c = J + CH3O * N_POLLUTANTS;
    c[CH3O] = -k13, c[HCHO] = k13, c[HO2] = k13;
    c = J + O1D * N_POLLUTANTS;
    c[O1D] = -k18 - k19, c[OH] = 2 * k18, c[O3P] = k19;
    c = J + SO2 * N_POLLUTANTS;
    {
        const double d20 = k20 * y[OH];
        c[SO2] = -d20, c[SO4] = d20, c[OH] = -d20, c[HO2] = d20;
    }
    c = J + NO3 * N_POLLUTANTS;
    {
        const double d24 = k24 * y[NO2];
        c[NO3] = -k21 - k22 - d24, c[NO] = k21, c[O3P] = k22;
        c[NO2] = k22 - d24, c[N2O5] = d24;
    }
    c = J + N2O5 * N_POLLUTANTS;
    c[N2O5] = -k25, c[NO3] = k25, c[NO2] = k25;
}

static const double pollution_initial[N_POLLUTANTS] = {
    [NO] = 0.2, [O3] = 0.04, [HCHO] = 0.1, [CO] = 0.3, [ALD] = 0.01, [SO2] = 0.007};

const struct stiff_problem stiff_pollution = {
    .name = "pollution",
    .n = N_POLLUTANTS,
    .n_pars = 2,
    .t0 = 0,
    .t1 = 60,
    .pars = {{"k1", 0.35, 0.35 / 2, 0.35 * 2}, {"k2", 26.6, 26.6 / 2, 26.6 * 2}},
    .y0 = pollution_initial,
    .atol = (const double[]){1e-12, 1e-12, 1e-12, 1e-12, 1e-12, 1e-12, 1e-12,
                             1e-12, 1e-12, 1e-12, 1e-12, 1e-12, 1e-12, 1e-12,
                             1e-12, 1e-12, 1e-12, 1e-12, 1e-12, 1e-12},
    .rhs = pollution_rhs,
    .jacobian = pollution_jacobian,
};

/* ---- network ---- */

static void rhs_of_network(const struct stiff_problem *p, const double *pars,
                           const double *y, double *dy) {
    network_rhs(p->network, pars, y, dy);
}

static void jacobian_of_network(const struct stiff_problem *p, const double *pars,
                                const double *y, double *J) {
    network_jacobian(p->network, pars, y, J);
}

struct stiff_problem stiff_network(const struct network *net) {
    static double atol[STIFF_MAX_NETWORK];
    for (int i = 0; i < STIFF_MAX_NETWORK; i++) {
        atol[i] = 1e-10;
    }
    const double *k = network_pars(net);
    return (struct stiff_problem){
        .name = "network",
        .n = network_n_species(net),
        .n_pars = NETWORK_N_PARS,
        .t0 = 0,
        .t1 = 1000,
        .pars = {{"k1", k[0], k[0] / 3, k[0] * 3},
                 {"k2", k[1], k[1] / 3, k[1] * 3},
                 {"k3", k[2], k[2] / 3, k[2] * 3}},
        .y0 = network_initial(net),
        .atol = atol,
        .rhs = rhs_of_network,
        .jacobian = jacobian_of_network,
        .column_starts = network_column_starts(net),
        .row_indices = network_row_indices(net),
        .network = net,
    };
}

/* ---- batches ---- */

void stiff_problem_draw(const struct stiff_problem *p, int n_runs, uint64_t seed,
                        double *pars) {
    uint64_t state = seed;
    for (int run = 0; run < n_runs; run++) {
        for (int i = 0; i < p->n_pars; i++) {
            const struct stiff_parameter *par = &p->pars[i];
            state =
                state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
            const double u = (double)(state >> 11) * 0x1p-53;
            *pars++ = run == 0 ? par->value : par->low * pow(par->high / par->low, u);
        }
    }
}

/* ---- the integrator ---- */

struct peer {
    const struct stiff_problem *problem;
    const double *pars; /* of the run */
    SUNContext context;
    N_Vector y, atol;
    SUNMatrix J;
    SUNLinearSolver solver;
    void *cvode;
};

static int rhs(sunrealtype t, N_Vector y, N_Vector dy, void *user) {
    const struct peer *peer = user;
    (void)t;
    peer->problem->rhs(peer->problem, peer->pars, N_VGetArrayPointer(y),
                       N_VGetArrayPointer(dy));
    return 0;
}

static int jacobian(sunrealtype t, N_Vector y, N_Vector dy, SUNMatrix J, void *user,
                    N_Vector t1, N_Vector t2, N_Vector t3) {
    const struct peer *peer = user;
    const struct stiff_problem *p = peer->problem;
    (void)t, (void)dy, (void)t1, (void)t2, (void)t3;
    if (p->column_starts) { /* CVODE clears the pattern together with the values */
        sunindextype *starts = SUNSparseMatrix_IndexPointers(J);
        sunindextype *rows = SUNSparseMatrix_IndexValues(J);
        for (int i = 0; i <= p->n; i++) {
            starts[i] = p->column_starts[i];
        }
        for (int i = 0; i < p->column_starts[p->n]; i++) {
            rows[i] = p->row_indices[i];
        }
        p->jacobian(p, peer->pars, N_VGetArrayPointer(y), SUNSparseMatrix_Data(J));
    } else {
        p->jacobian(p, peer->pars, N_VGetArrayPointer(y), SUNDenseMatrix_Data(J));
    }
    return 0;
}

/* SUNDIALS makes KLU analyse the pattern anew after CVodeReInit; the pattern of a batch
 * is one, so the first analysis is kept. */
static int keep_analysis(SUNLinearSolver solver) {
    (void)solver;
    return 0;
}

static bool create_solver(struct peer *peer) {
    const struct stiff_problem *p = peer->problem;
    if (p->column_starts) {
        peer->J =
            SUNSparseMatrix(p->n, p->n, p->column_starts[p->n], CSC_MAT, peer->context);
        peer->solver = peer->J ? SUNLinSol_KLU(peer->y, peer->J, peer->context) : NULL;
    } else {
        peer->J = SUNDenseMatrix(p->n, p->n, peer->context);
        peer->solver =
            peer->J ? SUNLinSol_Dense(peer->y, peer->J, peer->context) : NULL;
    }
    if (peer->solver == NULL ||
        CVodeSetLinearSolver(peer->cvode, peer->solver, peer->J) != 0 ||
        CVodeSetJacFn(peer->cvode, jacobian) != 0) {
        return false;
    }
    if (p->column_starts) {
        enum { AMD = 0 };
        if (SUNLinSol_KLUSetOrdering(peer->solver, AMD) != 0 ||
            SUNLinSolInitialize(peer->solver) != 0) {
            return false;
        }
        peer->solver->ops->initialize = keep_analysis;
    }
    return true;
}

/* What fails is counted, and said by whoever asked. */
static bool be_silent(struct peer *peer) {
#if SUNDIALS_VERSION_MAJOR < 7
    return CVodeSetErrFile(peer->cvode, NULL) == 0;
#else
    return SUNContext_ClearErrHandlers(peer->context) == 0;
#endif
}

static bool peer_open(struct peer *peer, double rtol, const double *atol) {
    const struct stiff_problem *p = peer->problem;
    if (SUNContext_Create(SUN_COMM_NULL, &peer->context) != 0) {
        return false;
    }
    peer->y = N_VNew_Serial(p->n, peer->context);
    peer->atol = N_VNew_Serial(p->n, peer->context);
    peer->cvode = CVodeCreate(CV_BDF, peer->context);
    if (peer->y == NULL || peer->atol == NULL || peer->cvode == NULL) {
        return false;
    }
    memcpy(N_VGetArrayPointer(peer->y), p->y0, sizeof(double) * (size_t)p->n);
    memcpy(N_VGetArrayPointer(peer->atol), atol, sizeof(double) * (size_t)p->n);
    return CVodeInit(peer->cvode, rhs, p->t0, peer->y) == 0 &&
           CVodeSVtolerances(peer->cvode, rtol, peer->atol) == 0 &&
           CVodeSetUserData(peer->cvode, peer) == 0 &&
           CVodeSetMaxNumSteps(peer->cvode, 10000000) == 0 && be_silent(peer) &&
           create_solver(peer);
}

static void peer_close(struct peer *peer) {
    CVodeFree(&peer->cvode);
    if (peer->solver) {
        SUNLinSolFree(peer->solver);
    }
    if (peer->J) {
        SUNMatDestroy(peer->J);
    }
    if (peer->atol) {
        N_VDestroy(peer->atol);
    }
    if (peer->y) {
        N_VDestroy(peer->y);
    }
    if (peer->context) {
        SUNContext_Free(&peer->context);
    }
}

static void add_stats(struct peer_stats *stats, void *cvode) {
    long steps = 0, rhs_evals = 0, jacobians = 0, factorizations = 0, failures = 0;
    CVodeGetNumSteps(cvode, &steps);
    CVodeGetNumRhsEvals(cvode, &rhs_evals);
    CVodeGetNumJacEvals(cvode, &jacobians);
    CVodeGetNumLinSolvSetups(cvode, &factorizations);
    CVodeGetNumErrTestFails(cvode, &failures);
    stats->steps += steps;
    stats->rhs_evals += rhs_evals;
    stats->jacobians += jacobians;
    stats->factorizations += factorizations;
    stats->error_failures += failures;
}

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool run_one(struct peer *peer, double *y_end) {
    const struct stiff_problem *p = peer->problem;
    double *state = N_VGetArrayPointer(peer->y), t;
    memcpy(state, p->y0, sizeof(double) * (size_t)p->n);
    const bool ran = CVodeReInit(peer->cvode, p->t0, peer->y) == 0 &&
                     CVodeSetStopTime(peer->cvode, p->t1) == 0 &&
                     CVode(peer->cvode, p->t1, peer->y, &t, CV_NORMAL) >= 0;
    for (int i = 0; i < p->n; i++) {
        y_end[i] = ran ? state[i] : NAN;
    }
    return ran;
}

bool peer_cvode_run(const struct stiff_problem *p, const double *pars, int n_runs,
                    double rtol, const double *atol, double *y_end,
                    struct peer_stats *stats) {
    struct peer peer = {.problem = p, .pars = pars};
    *stats = (struct peer_stats){0};
    const bool opened = peer_open(&peer, rtol, atol);
    if (opened) {
        const double start = cpu_seconds();
        for (int run = 0; run < n_runs; run++) {
            peer.pars = pars + (size_t)run * (size_t)p->n_pars;
            stats->failed += !run_one(&peer, y_end + (size_t)run * (size_t)p->n);
            add_stats(stats, peer.cvode);
        }
        stats->seconds = cpu_seconds() - start;
    }
    peer_close(&peer);
    return opened;
}

bool peer_cvode_reference(const struct stiff_problem *p, const double *pars, int n_runs,
                          double *y_end) {
    struct peer_stats stats;
    double *atol = malloc(sizeof(double) * (size_t)p->n);
    if (atol == NULL) {
        return false;
    }
    for (int i = 0; i < p->n; i++) {
        atol[i] = 1e-7 * p->atol[i];
    }
    const bool ran = peer_cvode_run(p, pars, n_runs, 1e-13, atol, y_end, &stats);
    free(atol);
    return ran && stats.failed == 0;
}
