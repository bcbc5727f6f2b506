/* network.c -- see network.h.
 *
 * The network: a tree of reversible reactions, in which the parent of species i is one
 * of the four before it, and bimolecular reactions among species whose numbers differ
 * by less than REACH,
 *
 *     S_a <-> S_b            kf in 1e-3 .. 1e5, kf/kb in 0.1 .. 10
 *     S_a + S_b -> S_c + S_d  k in 1e-2 .. 1e4
 *
 * all log-uniform. Every reaction makes as many molecules as it takes, so that the sum
 * of the concentrations is constant; mass action keeps them positive. The coupling is
 * local, as in a chain of organelles or of boxes, and the Jacobian's LU factors grow
 * like n: at n = 100 and STIFF_NETWORK_SEED they have about 800 entries.
 */
#include "network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REACH = 7, PARENTS = 4 };

/* Bimolecular reactions per species. */
static const double BIMOLECULAR_SHARE = 0.6;

/* S_from <-> S_to. */
struct edge {
    int from, to;
    double kf, kb;
};

/* S_in[0] + S_in[1] -> S_out[0] + S_out[1], four different species. */
struct collision {
    int in[2], out[2];
    double k;
};

/* What a unit of rate of a collision does to the column of one of its reactants: places
 * in the values of the Jacobian. */
struct partial {
    int down[2], up[2];
};

struct network {
    int n, n_edges, n_collisions;
    struct edge *edges; /* the last NETWORK_N_PARS have their kf from the parameters */
    struct collision *collisions;
    struct partial *partials; /* [2 n_collisions] */
    double *initial;
    double pars[NETWORK_N_PARS];
    int *column_starts, *row_indices;
    double *constant; /* the Jacobian's part that never changes */
    /* Places of d(S_from)'/d(S_from) and d(S_to)'/d(S_from) of the swept edges. */
    int swept[NETWORK_N_PARS][2];
};

/* ---- drawing the reactions ---- */

/* Knuth's MMIX generator; its upper bits alone are used. In [0, 1). */
static double uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

static int below(uint64_t *state, int n) { return (int)(uniform(state) * n); }

/* Log-uniform between 10^low and 10^high, to four digits. */
static double rate_constant(uint64_t *state, double low, double high) {
    char text[32];
    snprintf(text, sizeof text, "%.3e", pow(10, low + (high - low) * uniform(state)));
    return strtod(text, NULL);
}

static void draw_edges(struct network *net, uint64_t *state) {
    for (int i = 1; i < net->n; i++) {
        struct edge *e = &net->edges[i - 1];
        e->from = i - 1 - below(state, i < PARENTS ? i : PARENTS);
        e->to = i;
        e->kf = rate_constant(state, -3, 5);
        e->kb = rate_constant(state, log10(e->kf) - 1, log10(e->kf) + 1);
    }
    for (int p = 0; p < NETWORK_N_PARS; p++) { /* spread along the tree */
        struct edge *chosen =
            &net->edges[(p + 1) * net->n_edges / (NETWORK_N_PARS + 2)];
        struct edge *place = &net->edges[net->n_edges - NETWORK_N_PARS + p];
        const struct edge moved = *chosen;
        *chosen = *place;
        *place = moved;
        net->pars[p] = moved.kf;
    }
}

static void draw_collisions(struct network *net, uint64_t *state) {
    for (int i = 0; i < net->n_collisions; i++) {
        struct collision *c = &net->collisions[i];
        const int base = below(state, net->n - REACH + 1);
        int species[REACH];
        for (int k = 0; k < REACH; k++) { /* a shuffle, from the front */
            species[k] = base + k;
        }
        for (int k = 0; k < 4; k++) {
            const int other = k + below(state, REACH - k), moved = species[other];
            species[other] = species[k];
            species[k] = moved;
        }
        c->in[0] = species[0], c->in[1] = species[1];
        c->out[0] = species[2], c->out[1] = species[3];
        c->k = rate_constant(state, -2, 4);
    }
}

/* ---- the Jacobian's pattern ---- */

static void mark_column(bool *dense, int n, int column, const int *rows, int n_rows) {
    for (int i = 0; i < n_rows; i++) {
        dense[(size_t)column * (size_t)n + (size_t)rows[i]] = true;
    }
}

static bool find_pattern(struct network *net) {
    const int n = net->n;
    bool *dense = calloc((size_t)n * (size_t)n, sizeof *dense);
    if (dense == NULL) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        mark_column(dense, n, i, &i, 1);
    }
    for (int i = 0; i < net->n_edges; i++) {
        const int both[2] = {net->edges[i].from, net->edges[i].to};
        mark_column(dense, n, both[0], both, 2);
        mark_column(dense, n, both[1], both, 2);
    }
    for (int i = 0; i < net->n_collisions; i++) {
        const struct collision *c = &net->collisions[i];
        for (int k = 0; k < 2; k++) {
            mark_column(dense, n, c->in[k], c->in, 2);
            mark_column(dense, n, c->in[k], c->out, 2);
        }
    }
    int n_entries = 0;
    for (int i = 0; i < n * n; i++) {
        n_entries += dense[i];
    }
    net->row_indices = malloc(sizeof(int) * (size_t)n_entries);
    net->constant = calloc((size_t)n_entries, sizeof(double));
    if (net->row_indices && net->constant) {
        int at = 0;
        for (int i = 0; i < n * n; i++) {
            if (i % n == 0) {
                net->column_starts[i / n] = at;
            }
            if (dense[i]) {
                net->row_indices[at++] = i % n;
            }
        }
        net->column_starts[n] = at;
    }
    free(dense);
    return net->row_indices && net->constant;
}

static int place_of(const struct network *net, int row, int column) {
    int at = net->column_starts[column];
    while (net->row_indices[at] != row) {
        at++;
    }
    return at;
}

static void find_places(struct network *net) {
    const int first_swept = net->n_edges - NETWORK_N_PARS;
    for (int i = 0; i < net->n_edges; i++) {
        const struct edge *e = &net->edges[i];
        const int out = place_of(net, e->from, e->from),
                  in = place_of(net, e->to, e->from);
        if (i < first_swept) {
            net->constant[out] -= e->kf;
            net->constant[in] += e->kf;
        } else {
            net->swept[i - first_swept][0] = out;
            net->swept[i - first_swept][1] = in;
        }
        net->constant[place_of(net, e->to, e->to)] -= e->kb;
        net->constant[place_of(net, e->from, e->to)] += e->kb;
    }
    for (int i = 0; i < 2 * net->n_collisions; i++) {
        const struct collision *c = &net->collisions[i / 2];
        for (int k = 0; k < 2; k++) {
            net->partials[i].down[k] = place_of(net, c->in[k], c->in[i % 2]);
            net->partials[i].up[k] = place_of(net, c->out[k], c->in[i % 2]);
        }
    }
}

/* ---- life ---- */

struct network *network_create(int n, uint64_t seed) {
    struct network *net = n < NETWORK_MIN_SPECIES ? NULL : calloc(1, sizeof *net);
    if (net == NULL) {
        return NULL;
    }
    net->n = n;
    net->n_edges = n - 1;
    net->n_collisions = (int)(BIMOLECULAR_SHARE * n);
    net->edges = calloc((size_t)net->n_edges, sizeof *net->edges);
    net->collisions = calloc((size_t)net->n_collisions, sizeof *net->collisions);
    net->partials = calloc(2 * (size_t)net->n_collisions, sizeof *net->partials);
    net->initial = calloc((size_t)n, sizeof *net->initial);
    net->column_starts = calloc((size_t)n + 1, sizeof *net->column_starts);
    if (net->edges == NULL || net->collisions == NULL || net->partials == NULL ||
        net->initial == NULL || net->column_starts == NULL) {
        network_destroy(net);
        return NULL;
    }
    uint64_t state = seed;
    draw_edges(net, &state);
    draw_collisions(net, &state);
    for (int i = 0; i < n; i += 5) { /* the species between are made by reactions */
        net->initial[i] = 1;
    }
    if (!find_pattern(net)) {
        network_destroy(net);
        return NULL;
    }
    find_places(net);
    return net;
}

void network_destroy(struct network *net) {
    if (net) {
        free(net->edges);
        free(net->collisions);
        free(net->partials);
        free(net->initial);
        free(net->column_starts);
        free(net->row_indices);
        free(net->constant);
        free(net);
    }
}

int network_n_species(const struct network *net) { return net->n; }
const double *network_initial(const struct network *net) { return net->initial; }
const double *network_pars(const struct network *net) { return net->pars; }

const int *network_column_starts(const struct network *net) {
    return net->column_starts;
}

const int *network_row_indices(const struct network *net) { return net->row_indices; }

/* ---- numbers ---- */

static void add_edge(const struct edge *e, double kf, const double *y, double *dy) {
    const double rate = kf * y[e->from] - e->kb * y[e->to];
    dy[e->from] -= rate;
    dy[e->to] += rate;
}

void network_rhs(const struct network *net, const double *pars, const double *y,
                 double *dy) {
    const int first_swept = net->n_edges - NETWORK_N_PARS;
    memset(dy, 0, sizeof(double) * (size_t)net->n);
    for (int i = 0; i < first_swept; i++) {
        add_edge(&net->edges[i], net->edges[i].kf, y, dy);
    }
    for (int p = 0; p < NETWORK_N_PARS; p++) {
        add_edge(&net->edges[first_swept + p], pars[p], y, dy);
    }
    for (int i = 0; i < net->n_collisions; i++) {
        const struct collision *c = &net->collisions[i];
        const double rate = c->k * y[c->in[0]] * y[c->in[1]];
        dy[c->in[0]] -= rate;
        dy[c->in[1]] -= rate;
        dy[c->out[0]] += rate;
        dy[c->out[1]] += rate;
    }
}

void network_jacobian(const struct network *net, const double *pars, const double *y,
                      double *values) {
    memcpy(values, net->constant, sizeof(double) * (size_t)net->column_starts[net->n]);
    for (int p = 0; p < NETWORK_N_PARS; p++) {
        values[net->swept[p][0]] -= pars[p];
        values[net->swept[p][1]] += pars[p];
    }
    for (int i = 0; i < net->n_collisions; i++) {
        const struct collision *c = &net->collisions[i];
        for (int k = 0; k < 2; k++) {
            const struct partial *at = &net->partials[2 * i + k];
            const double d = c->k * y[c->in[1 - k]];
            values[at->down[0]] -= d;
            values[at->down[1]] -= d;
            values[at->up[0]] += d;
            values[at->up[1]] += d;
        }
    }
}

/* ---- text ---- */

static void write_rates(const struct network *net, FILE *file) {
    const int first_swept = net->n_edges - NETWORK_N_PARS;
    for (int i = 0; i < net->n_edges; i++) {
        const struct edge *e = &net->edges[i];
        fprintf(file, "r%d = ", i + 1);
        if (i < first_swept) {
            fprintf(file, "%.17g", e->kf);
        } else {
            fprintf(file, "k%d", i - first_swept + 1);
        }
        fprintf(file, "*S%d - %.17g*S%d\n", e->from + 1, e->kb, e->to + 1);
    }
    for (int i = 0; i < net->n_collisions; i++) {
        const struct collision *c = &net->collisions[i];
        fprintf(file, "q%d = %.17g*S%d*S%d\n", i + 1, c->k, c->in[0] + 1, c->in[1] + 1);
    }
}

/* + before the first term would be no expression. */
static void write_term(bool *first, bool made, char kind, int number, FILE *file) {
    fprintf(file, "%s%c%d",
            made     ? *first ? " " : " + "
            : *first ? " -"
                     : " - ",
            kind, number);
    *first = false;
}

/* The tree reaches every species, so that none has an empty sum. */
static void write_derivative(const struct network *net, int species, FILE *file) {
    bool first = true;
    fprintf(file, "S%d' =", species + 1);
    for (int i = 0; i < net->n_edges; i++) {
        const struct edge *e = &net->edges[i];
        if (e->from == species || e->to == species) {
            write_term(&first, e->to == species, 'r', i + 1, file);
        }
    }
    for (int i = 0; i < net->n_collisions; i++) {
        const struct collision *c = &net->collisions[i];
        const bool taken = c->in[0] == species || c->in[1] == species;
        if (taken || c->out[0] == species || c->out[1] == species) {
            write_term(&first, !taken, 'q', i + 1, file);
        }
    }
    fputc('\n', file);
}

bool network_write_model(const struct network *net, FILE *file) {
    fprintf(file, "model network \"mass-action network of %d species\"\n\n", net->n);
    for (int p = 0; p < NETWORK_N_PARS; p++) {
        fprintf(file, "par k%d = %.17g\n", p + 1, net->pars[p]);
    }
    for (int i = 0; i < net->n; i++) {
        fprintf(file, "init S%d = %.17g\n", i + 1, net->initial[i]);
    }
    write_rates(net, file);
    for (int i = 0; i < net->n; i++) {
        write_derivative(net, i, file);
    }
    fputs("\nsolve { rtol = 1e-6; atol = 1e-10; t = 0 .. 1000 }\n", file);
    return !ferror(file);
}

bool network_write_tridiagonal(int n, FILE *file) {
    if (n < 3) {
        return false;
    }
    fprintf(file,
            "model tridiagonal \"Fisher's front along a chain of %d cells\"\n\n"
            "par D = %.17g \"diffusion, per cell squared\"\n"
            "par r = 10 \"growth\"\n\n"
            "cell(left, u, right) = D*(left - 2*u + right) + r*u*(1 - u)\n\n",
            n, 1e-2 * (n - 1) * (n - 1));
    for (int i = 1; i <= n; i++) {
        /* a front of the width that it keeps, a tenth of the chain from the left */
        const double x = (i - 1.0) / (n - 1);
        fprintf(file, "init u%d = %.17g\n", i, 1 / (1 + exp((x - 0.1) / 0.03)));
    }
    for (int i = 1; i <= n; i++) {
        fprintf(file, "u%d' = cell(u%d, u%d, u%d)\n", i, i > 1 ? i - 1 : 1, i,
                i < n ? i + 1 : n);
    }
    fputs("\nsolve { rtol = 1e-6; atol = 1e-9; t = 0 .. 1 }\n", file);
    return !ferror(file);
}
