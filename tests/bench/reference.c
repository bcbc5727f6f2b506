/* reference.c -- see reference.h. Gragg's midpoint rule with his smoothing, extrapolated
 * in h^2 over 2, 4 .. 2 N_ROWS substeps (Hairer, Norsett & Wanner I, II.9): order
 * 2 N_ROWS, in numbers of 64 bits, so that rounding is far below a double's.
 */
#include "reference.h"

#include <math.h>
#include <string.h>

#define REAL long double
#define EXP expl
#define FABS fabsl
#define RHS(model) model##_long
#include "explicit_rhs.h"

enum { N_ROWS = 9, MAX_STEPS = 1000000 };
#define TOLERANCE 1e-16L

typedef long double vector[PEER_MAX_STATES];

struct problem {
    enum peer_model model;
    int n;
    long double swept;
};

static void rhs(const struct problem *p, const vector y, vector dy) {
    if (p->model == PEER_LORENZ) {
        lorenz_long(y, p->swept, dy);
    } else {
        hodgkin_huxley_long(y, p->swept, dy);
    }
}

/* out: y after H by n substeps, even in n. */
static void midpoint(const struct problem *p, const vector y, const vector f,
                     long double H, int n, vector out) {
    const long double h = H / n;
    vector before, now, after, rate;
    for (int i = 0; i < p->n; i++) {
        before[i] = y[i];
        now[i] = y[i] + h * f[i];
    }
    for (int step = 1; step < n; step++) {
        rhs(p, now, rate);
        for (int i = 0; i < p->n; i++) {
            after[i] = before[i] + 2 * h * rate[i];
            before[i] = now[i];
            now[i] = after[i];
        }
    }
    rhs(p, now, rate);
    for (int i = 0; i < p->n; i++) {
        out[i] = (before[i] + now[i] + h * rate[i]) / 2;
    }
}

/* y after H into out; returns the error's estimate, relative to 1 + |y|. */
static long double extrapolate(const struct problem *p, const vector y, long double H,
                               vector out) {
    vector f, table[N_ROWS]; /* table[k]: the newest entry of column k */
    long double error = 0;
    rhs(p, y, f);
    for (int row = 0; row < N_ROWS; row++) {
        vector entry;
        midpoint(p, y, f, H, 2 * (row + 1), entry);
        for (int i = 0; i < p->n; i++) {
            for (int k = 0; k < row; k++) { /* Aitken and Neville */
                const long double ratio = (long double)(row + 1) / (row - k);
                const long double next =
                    entry[i] + (entry[i] - table[k][i]) / (ratio * ratio - 1);
                table[k][i] = entry[i];
                entry[i] = next;
            }
            if (row == N_ROWS - 1) {
                const long double e =
                    fabsl(entry[i] - table[row - 1][i]) / (1 + fabsl(entry[i]));
                error = e <= error ? error : e; /* a NaN is the largest */
                out[i] = entry[i];
            }
            table[row][i] = entry[i];
        }
    }
    return error;
}

bool reference_run(enum peer_model model, double swept, double t1, double *y) {
    const struct problem p = {model, peer_model_states(model), swept};
    vector at, next;
    long double t = 0, H = 1e-3L;
    for (int i = 0; i < p.n; i++) {
        at[i] = peer_model_start(model)[i];
    }
    for (int step = 0; step < MAX_STEPS && t < t1; step++) {
        const bool last = t + H >= t1;
        const long double used = last ? t1 - t : H;
        const long double error = extrapolate(&p, at, used, next);
        const bool good = error <= TOLERANCE;
        const long double factor =
            0.9L * powl(TOLERANCE / (error + 1e-24L), 1.0L / (2 * N_ROWS - 1));
        if (good) {
            t = last ? t1 : t + used;
            memcpy(at, next, sizeof at);
        }
        if (!good || !last) {
            H = used * (factor > 0.2L ? fminl(factor, 3) : 0.2L);
        }
    }
    for (int i = 0; i < p.n; i++) {
        y[i] = (double)at[i];
    }
    return t >= t1;
}
