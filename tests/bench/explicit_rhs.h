/* explicit_rhs.h -- the right-hand sides of the benches of explicit methods, as one
 * would write them by hand: constants folded, powers as products.
 *
 * Included with REAL, EXP, FABS and RHS(model) defined, once for each type of number;
 * inline, so that each peer has its own copy. Constants are doubles in every type: they
 * belong to the problem.
 */

static inline void RHS(lorenz)(const REAL *y, REAL rho, REAL *dy) {
    dy[0] = 10 * (y[1] - y[0]);
    dy[1] = y[0] * (rho - y[2]) - y[1];
    dy[2] = y[0] * y[1] - 8.0 / 3 * y[2];
}

static inline REAL RHS(vtrap)(REAL x) {
    return FABS(x) < 1e-6 ? 1 + x / 2 : x / (1 - EXP(-x));
}

static inline void RHS(hodgkin_huxley)(const REAL *y, REAL current, REAL *dy) {
    const REAL V = y[0], m = y[1], h = y[2], n = y[3];
    const REAL I_Na = 120 * (m * m * m) * h * (V - 50);
    const REAL I_K = 36 * (n * n * n * n) * (V + 77);
    const REAL I_L = 0.3 * (V + 54.387);
    dy[0] = current - I_Na - I_K - I_L;
    dy[1] = RHS(vtrap)((V + 40) / 10) * (1 - m) - 4 * EXP(-(V + 65) / 18) * m;
    dy[2] = 0.07 * EXP(-(V + 65) / 20) * (1 - h) - h / (1 + EXP(-(V + 35) / 10));
    dy[3] = 0.1 * RHS(vtrap)((V + 55) / 10) * (1 - n) - 0.125 * EXP(-(V + 65) / 80) * n;
}

#undef REAL
#undef EXP
#undef FABS
#undef RHS
