/* published.h -- stiff problems and their solutions as others have published them.
 *
 * Hairer & Wanner, Solving Ordinary Differential Equations II, IV.10, with the end
 * values of their codes' test problems, all recomputed independently; the van der Pol
 * oscillator at mu = 1000 from Mazzia & Magherini's test set for IVP solvers.
 */
#ifndef PUBLISHED_H
#define PUBLISHED_H

enum { MAX_STATES = 8, MAX_PUBLISHED = 12 };

struct published {
    double t, y[MAX_STATES];
};

struct published_problem {
    const char *name, *text;
    int n_states;
    const struct published *at; /* n_times of them */
    int n_times;
    /* rosenbrock23's bound in units of rtol, at 1e-5. Its error adds up to a power 2/3
       of the tolerance, and an oscillator's is one of phase, which relaxation makes
       large: after six jumps 390 rtol. */
    double by_rosenbrock23;
};

enum { ROBER, HIRES, OREGO, VDPOL, VDPOL_SCALED, N_PUBLISHED };
extern const struct published_problem published_problems[N_PUBLISHED];

#endif
