/* fit.c -- fits a spring's parameters to data by differential evolution (Storn & Price 1997). All
 * candidates of a generation are one batch. The data are of a spring that is known, so that the
 * fit can be told right from wrong.
 */
#include <math.h>
#include <stdio.h>

#include "springs.h"

enum { N = 64, N_SAVES = 41, N_GENERATIONS = 80, N_FITTED = 2, ROW = spring_n_outputs };

static const double lo[N_FITTED] = {0.5, 0}, hi[N_FITTED] = {20, 2};
static const double truth[N_FITTED] = {4.2, 0.37};
static const double t_end = 10;

/* The same numbers everywhere, in 0 .. 1 (xorshift: Marsaglia 2003). */
static double random_number(void) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

static spring_pars pars_of(const double fitted[N_FITTED]) {
    spring_pars pars = spring_PARS_INIT;
    pars.stiffness = fitted[0];
    pars.friction = fitted[1];
    return pars;
}

/* Sums of squares of all candidates. */
static bool evaluate(struct springs *springs, double candidates[N][N_FITTED],
                     double data[N_SAVES][ROW], double costs[N]) {
    static double out[N][N_SAVES][ROW];
    spring_pars pars[N];
    for (int i = 0; i < N; i++) {
        pars[i] = pars_of(candidates[i]);
    }
    if (!springs_solve(springs, N, pars, NULL, t_end, N_SAVES, &out[0][0][0])) {
        return false;
    }
    for (int i = 0; i < N; i++) {
        costs[i] = 0;
        for (int k = 0; k < N_SAVES; k++) {
            const double d = out[i][k][spring_output_x] - data[k][spring_output_x];
            costs[i] += d * d;
        }
    }
    return true;
}

/* One candidate for each of the population, out of three others. */
static void breed(double population[N][N_FITTED], double candidates[N][N_FITTED]) {
    for (int i = 0; i < N; i++) {
        int others[3];
        for (int k = 0; k < 3; k++) {
            others[k] = (int)(random_number() * N);
        }
        const int always = (int)(random_number() * N_FITTED);
        for (int p = 0; p < N_FITTED; p++) {
            const double x =
                population[others[0]][p] +
                0.7 * (population[others[1]][p] - population[others[2]][p]);
            const bool crosses = p == always || random_number() < 0.9;
            candidates[i][p] = crosses ? fmin(fmax(x, lo[p]), hi[p]) : population[i][p];
        }
    }
}

static int fit(struct springs *springs) {
    double data[N_SAVES][ROW], population[N][N_FITTED], candidates[N][N_FITTED];
    double costs[N], candidate_costs[N];
    const spring_pars known = pars_of(truth);
    if (!springs_solve(springs, 1, &known, NULL, t_end, N_SAVES, &data[0][0])) {
        return 1;
    }
    for (int k = 0; k < N_SAVES; k++) { /* what was measured is not exact */
        data[k][spring_output_x] += 0.002 * (random_number() - 0.5);
    }
    for (int i = 0; i < N; i++) {
        for (int p = 0; p < N_FITTED; p++) {
            population[i][p] = lo[p] + (hi[p] - lo[p]) * random_number();
        }
    }
    if (!evaluate(springs, population, data, costs)) {
        return 1;
    }
    int best = 0;
    for (int g = 0; g < N_GENERATIONS; g++) {
        breed(population, candidates);
        if (!evaluate(springs, candidates, data, candidate_costs)) {
            return 1;
        }
        for (int i = 0; i < N; i++) {
            if (candidate_costs[i] < costs[i]) {
                costs[i] = candidate_costs[i];
                population[i][0] = candidates[i][0];
                population[i][1] = candidates[i][1];
            }
            best = costs[i] < costs[best] ? i : best;
        }
    }
    const double *found = population[best];
    printf("stiffness %.4f of %.4f, friction %.4f of %.4f, rms error %.1e\n", found[0],
           truth[0], found[1], truth[1], sqrt(costs[best] / N_SAVES));
    return !(fabs(found[0] - truth[0]) < 2e-3 && fabs(found[1] - truth[1]) < 2e-3);
}

int main(void) {
    struct springs springs;
    int result = 1;
    if (springs_open(&springs)) {
        result = fit(&springs);
    }
    if (result != 0) {
        fprintf(stderr, "fit: %s\n", springs_error(&springs));
    }
    springs_close(&springs);
    return result;
}
