/* network.h -- models of any size for the benches of stiff methods: mass-action
 * networks and reaction-diffusion chains.
 *
 * One list of reactions gives both the .ode text that odec compiles and the numbers
 * that the peer integrates, so that both solve the same problem. The same n and seed
 * give the same network everywhere.
 */
#ifndef ODEC_BENCH_NETWORK_H
#define ODEC_BENCH_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    NETWORK_N_PARS = 3,      /* rate constants that are parameters: k1, k2, k3 */
    NETWORK_MIN_SPECIES = 10 /* the fewest that the parameters can be spread among */
};

struct network;

/* NULL where n < NETWORK_MIN_SPECIES or memory is out. */
struct network *network_create(int n, uint64_t seed);
void network_destroy(struct network *net);

int network_n_species(const struct network *net);
/* Initial concentrations, [n]; their sum is constant along every solution. */
const double *network_initial(const struct network *net);
/* The defaults of k1, k2, k3. */
const double *network_pars(const struct network *net);

/* pars: [NETWORK_N_PARS]; y, dy: [n]. */
void network_rhs(const struct network *net, const double *pars, const double *y,
                 double *dy);

/* The Jacobian in compressed columns with the whole diagonal, rows ascending:
 * column_starts [n + 1], row_indices [column_starts[n]]. */
const int *network_column_starts(const struct network *net);
const int *network_row_indices(const struct network *net);
/* values: [column_starts[n]]. */
void network_jacobian(const struct network *net, const double *pars, const double *y,
                      double *values);

/* The model's text: states S1 .. Sn, parameters k1, k2, k3. False where writing fails.
 */
bool network_write_model(const struct network *net, FILE *file);

/* A front that travels along a chain of n cells (Fisher 1937), by the method of lines:
 *   u_i' = D (u_{i-1} - 2 u_i + u_{i+1}) + r u_i (1 - u_i), no flux at the ends;
 * states u1 .. un, parameters D (between neighbours, 1e-2 (n - 1)^2) and r.
 * False where n < 3 or writing fails. */
bool network_write_tridiagonal(int n, FILE *file);

#endif
