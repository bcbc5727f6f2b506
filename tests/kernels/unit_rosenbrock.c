/* unit_rosenbrock.c -- every Rosenbrock table is the method its file says it is.
 *
 * Compiled once per method, with TABLEAU naming the file:
 *     cc -Ikernels -Ikernels/methods -DTABLEAU='"tableau_rodas4.h"' tests/kernels/unit_rosenbrock.c tests/kernels/trees.c
 *         -lcmocka -lm
 *
 * The tables have the transformed coefficients a, c, m, e, which belong to stages
 * u = Gamma h k (Hairer, Wanner, Solving ODEs II, IV.7, eq. 7.25). The method itself is
 * recovered from them, in long double:
 *
 *     Gamma = (diag(1 / gamma) - C)^-1   alpha = a Gamma
 *     b = m Gamma                        bhat = b - e Gamma
 *
 * It has order p where sum_j b_j Phi_j(t) = 1 / gamma(t) for every rooted tree t of at
 * most p nodes (there, theorem 7.4). At a node with one subtree s, Phi_i(t) has the
 * factor sum_j beta_ij Phi_j(s), at a node with several sum_j alpha_ij Phi_j(s) for
 * each of them, where beta = alpha + Gamma. Dense output has order q where sum_j
 * b_j(theta) Phi_j(t) = theta^r / gamma(t) for every tree of r <= q nodes, which we ask
 * of each power of theta. Then a step is taken in the transformed form, as
 * kernels/rosenbrock.h takes it, and the order of its error is measured.
 *
 * The tolerances are no guess. What should be zero is a list of residuals, each a
 * smooth function of the coefficients; these are known to 16 digits and rounded to a
 * double, so that a residual may be as large as
 *
 *     sum over coefficients x of |d residual / d x| 3 eps |x|
 *
 * and no larger. The derivatives are difference quotients. An order counts as exact
 * only where the next one is missed by far more.
 *
 * The checks take the table as a value and return what is wrong with it, so that the
 * last test can spoil each coefficient in turn and see them notice.
 */
#include <complex.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "trees.h"

#include TABLEAU

typedef long double real;

enum {
    S = ROS_STAGES,
    N = S + 1, /* stages count from 1, as in the tables; row and column 0 stay empty */
    DEGREE = ROS_DENSE_DEGREE,
    MAX_ORDER = ROS_ORDER > ROS_EMBEDDED_ORDER ? ROS_ORDER : ROS_EMBEDDED_ORDER,
    MAX_RESIDUALS = 3 * N + (2 + DEGREE) * MAX_TREES
};

/* ------------------------------------------------------------ the macros as data -- */
/* All real, so that it is also an array of coefficients. */
struct table {
    real gamma, gammas[N], alphas[N]; /* gamma; the row sums of Gamma and alpha */
    real a[N][N], c[N][N];
    real m[N], e[N];
    real dense[N][DEGREE]; /* of theta^1, theta^2, ... */
};
enum { N_COEFFICIENTS = sizeof(struct table) / sizeof(real) };

/* A stage as the list gives it; one that goes on from the argument of the stage before
 * has no a. */
struct stage {
    int index;
    bool goes_on;
    real alpha, gamma, a[N], c[N];
};

#define ENTRY(j, v) [j] = (v),
#define STAGE(i, al, ga, A, C) \
    {.index = (i), .alpha = (al), .gamma = (ga), .a = {A(ENTRY)}, .c = {C(ENTRY)}},
#define NEXT_STAGE(i, al, ga, C) \
    {.index = (i), .goes_on = true, .alpha = (al), .gamma = (ga), .c = {C(ENTRY)}},
#define DENSE_ROW(j, ...) [j] = {__VA_ARGS__},
#define DENSE_ROW_LENGTH(j, ...)                                               \
    _Static_assert(sizeof((double[]){__VA_ARGS__}) == DEGREE * sizeof(double), \
                   "a dense row has one coefficient per power of theta");

ROS_DENSE(DENSE_ROW_LENGTH)
_Static_assert((int)MAX_ORDER < (int)MAX_NODES,
               "trees of one node more than the order");

#if ROS_STIFFLY_ACCURATE
#if defined ROS_M || defined ROS_E
#error "the weights of a stiffly accurate method are its last stage's"
#endif
#define ROS_M(A) A(0, 0.0)
#define ROS_E(A) A(0, 0.0)
#endif

static const struct stage given_stages[] = {ROS_STAGE_LIST(STAGE, NEXT_STAGE)};
enum { N_GIVEN = sizeof given_stages / sizeof given_stages[0] };

static bool goes_on(int i) { return i >= 2 && given_stages[i - 2].goes_on; }

static struct table given_table(void) {
    struct table t = {.gamma = ROS_GAMMA,
                      .gammas = {[1] = ROS_FIRST_GAMMA},
                      .m = {ROS_M(ENTRY)},
                      .e = {ROS_E(ENTRY)},
                      .dense = {ROS_DENSE(DENSE_ROW)}};
    for (int g = 0; g < N_GIVEN; g++) {
        const struct stage *s = &given_stages[g];
        t.alphas[s->index] = s->alpha;
        t.gammas[s->index] = s->gamma;
        for (int j = 0; j < N; j++) {
            t.a[s->index][j] = s->a[j];
            t.c[s->index][j] = s->c[j];
        }
    }
    return t;
}

/* How far each coefficient may be from the true one. Those of dense output are sums of
 * others: the largest of a row tells of them. */
static struct table uncertainties(const struct table *t) {
    struct table u;
    const real *x = (const real *)t;
    for (int k = 0; k < N_COEFFICIENTS; k++) {
        ((real *)&u)[k] = 3 * DBL_EPSILON * fabsl(x[k]);
    }
    for (int j = 0; j < N; j++) {
        real largest = 0;
        for (int d = 0; d < DEGREE; d++) {
            largest = fmaxl(largest, u.dense[j][d]);
        }
        for (int d = 0; d < DEGREE; d++) {
            u.dense[j][d] = largest;
        }
    }
    return u;
}

/* The table with its implied rows written out. */
static struct table completed(const struct table *given) {
    struct table t = *given;
    for (int i = 2; i <= S; i++) {
        if (goes_on(i)) {
            for (int j = 0; j < N; j++) {
                t.a[i][j] = t.a[i - 1][j] + (j == i - 1);
            }
        }
    }
    if (ROS_STIFFLY_ACCURATE) {
        for (int j = 0; j < N; j++) {
            t.m[j] = t.a[S][j] + (j == S);
            t.e[j] = j == S;
        }
    }
    return t;
}

/* --------------------------------------------------------- the method recovered -- */
struct method {
    real alpha[N][N], gamma[N][N], beta[N][N];
    real b[N], bhat[N];
    real dense[DEGREE][N]; /* b of each power of theta */
};

/* result = row * matrix */
static void multiply(const real row[N], const real matrix[N][N], real result[N]) {
    for (int j = 0; j < N; j++) {
        real x = 0;
        for (int i = 1; i <= S; i++) {
            x += row[i] * matrix[i][j];
        }
        result[j] = x;
    }
}

/* t is complete. */
static struct method recover(const struct table *t) {
    struct method method = {0};
    for (int i = 1; i <= S; i++) { /* Gamma = gamma (1 + C Gamma), row by row */
        multiply(t->c[i], method.gamma, method.gamma[i]);
        for (int j = 1; j <= S; j++) {
            method.gamma[i][j] = t->gamma * ((i == j) + method.gamma[i][j]);
        }
    }
    for (int i = 1; i <= S; i++) {
        multiply(t->a[i], method.gamma, method.alpha[i]);
        for (int j = 1; j <= S; j++) {
            method.beta[i][j] = method.alpha[i][j] + method.gamma[i][j];
        }
    }
    multiply(t->m, method.gamma, method.b);
    multiply(t->e, method.gamma, method.bhat);
    for (int j = 1; j <= S; j++) {
        method.bhat[j] = method.b[j] - method.bhat[j];
    }
    for (int d = 0; d < DEGREE; d++) {
        real weights[N];
        for (int j = 0; j < N; j++) {
            weights[j] = t->dense[j][d];
        }
        multiply(weights, method.gamma, method.dense[d]);
    }
    return method;
}

/* ------------------------------------------------------------- the trees' Phi -- */
/* phi[k][i] of every tree k and stage i */
static void compute_phi(const struct forest *f, const struct method *method,
                        real phi[MAX_TREES][N]) {
    for (int k = 0; k < f->n; k++) {
        const struct tree *t = &f->tree[k];
        for (int i = 1; i <= S; i++) {
            const real *row = t->n_subtrees == 1 ? method->beta[i] : method->alpha[i];
            phi[k][i] = 1;
            for (int n = 0; n < t->n_subtrees; n++) {
                real x = 0;
                for (int j = 1; j <= S; j++) {
                    x += row[j] * phi[t->subtree[n]][j];
                }
                phi[k][i] *= x;
            }
        }
    }
}

/* ----------------------------------------------------------------- the residuals -- */
enum kind { ROW_SUM, DENSE_END, SOLUTION, COMPANION, DENSE, N_KINDS };

static const char *const kind_names[N_KINDS] = {
    "row sums", "dense output's end", "solution", "companion", "dense output"};

/* What is zero where the table is right: a list in an order that depends on no value.
 */
struct residuals {
    int n;
    struct residual {
        enum kind kind;
        int nodes; /* of the tree whose condition it is; 0: no tree */
        real value;
    } of[MAX_RESIDUALS];
};

static void add_residual(struct residuals *r, enum kind kind, int nodes, real value) {
    assert_in_range(r->n, 0, MAX_RESIDUALS - 1);
    r->of[r->n++] = (struct residual){kind, nodes, value};
}

static real sum_of(const real row[N]) {
    real x = 0;
    for (int j = 1; j <= S; j++) {
        x += row[j];
    }
    return x;
}

/* sum_j w_j phi_j - target */
static void add_condition(struct residuals *r, enum kind kind, int nodes,
                          const real w[N], const real phi[N], real target) {
    real x = -target;
    for (int j = 1; j <= S; j++) {
        x += w[j] * phi[j];
    }
    add_residual(r, kind, nodes, x);
}

static void compute_residuals(const struct forest *f, const struct table *given,
                              struct residuals *r) {
    const struct table t = completed(given);
    const struct method method = recover(&t);
    r->n = 0;
    for (int i = 1; i <= S; i++) {
        add_residual(r, ROW_SUM, 0, sum_of(method.alpha[i]) - t.alphas[i]);
        add_residual(r, ROW_SUM, 0, sum_of(method.gamma[i]) - t.gammas[i]);
        real end = -t.m[i];
        for (int d = 0; d < DEGREE; d++) {
            end += t.dense[i][d];
        }
        add_residual(r, DENSE_END, 0, end);
    }
    real phi[MAX_TREES][N];
    compute_phi(f, &method, phi);
    for (int k = 0; k < f->n; k++) {
        const int nodes = f->tree[k].nodes;
        const real target = 1 / f->tree[k].gamma;
        add_condition(r, SOLUTION, nodes, method.b, phi[k], target);
        add_condition(r, COMPANION, nodes, method.bhat, phi[k], target);
        for (int d = 1; d <= DEGREE; d++) {
            add_condition(r, DENSE, nodes, method.dense[d - 1], phi[k],
                          d == nodes ? target : 0);
        }
    }
}

/* ------------------------------------------------------------------- the bounds -- */
/* A table's trees, and how large each residual may be. */
struct bounds {
    struct forest forest;
    real of[MAX_RESIDUALS];
};

static void compute_bounds(const struct table *t, struct bounds *bounds) {
    bounds->forest = grown_forest(MAX_ORDER + 1);
    static struct residuals here, there;
    compute_residuals(&bounds->forest, t, &here);
    for (int n = 0; n < here.n; n++) {
        bounds->of[n] = 0;
    }
    struct table u = uncertainties(t);
    for (int k = 0; k < N_COEFFICIENTS; k++) {
        const real uncertainty = ((const real *)&u)[k];
        if (uncertainty == 0) {
            continue;
        }
        struct table moved = *t;
        real *x = (real *)&moved + k;
        const real kept = *x;
        *x += 1e4L * uncertainty;
        compute_residuals(&bounds->forest, &moved, &there);
        for (int n = 0; n < here.n; n++) {
            const real slope = (there.of[n].value - here.of[n].value) / (*x - kept);
            bounds->of[n] += fabsl(slope) * uncertainty;
        }
    }
    for (int n = 0; n < here.n; n++) {
        bounds->of[n] += 1e3L * LDBL_EPSILON; /* our own arithmetic */
    }
}

/* The worst residual of a kind and number of nodes: in units of its bound, and as it
 * is. */
struct misfit {
    real relative, absolute;
};

static struct misfit misfit_of(const struct residuals *r, const struct bounds *bounds,
                               enum kind kind, int nodes) {
    struct misfit m = {0, 0};
    for (int n = 0; n < r->n; n++) {
        if (r->of[n].kind == kind && r->of[n].nodes == nodes) {
            const real size = fabsl(r->of[n].value);
            m.absolute = fmaxl(m.absolute, size);
            m.relative = fmaxl(m.relative, size / bounds->of[n]);
        }
    }
    return m;
}

/* -------------------------------------------------------------------- the checks -- */
/* Are the orders up to `order` met, and is the next one clearly not? */
static bool order_is(const struct residuals *r, const struct bounds *bounds,
                     enum kind kind, int order) {
    for (int nodes = 1; nodes <= order; nodes++) {
        if (!(misfit_of(r, bounds, kind, nodes).relative <= 1)) {
            return false;
        }
    }
    return misfit_of(r, bounds, kind, order + 1).relative > 1000;
}

/* Each returns what is wrong, or NULL. */
static const char *wrong_stages(const struct table *t) {
    for (int i = 1; i <= S; i++) {
        for (int j = 0; j < N; j++) {
            if ((j == 0 || j >= i) && (t->a[i][j] != 0 || t->c[i][j] != 0)) {
                return "a stage needs a later one";
            }
        }
    }
    if (ROS_STIFFLY_ACCURATE &&
        !(goes_on(S) && t->alphas[S] == 1 && t->gammas[S] == 0)) {
        return "the last stage of a stiffly accurate method is not at y1";
    }
    return NULL;
}

static const int kind_order[N_KINDS] = {[SOLUTION] = ROS_ORDER,
                                        [COMPANION] = ROS_EMBEDDED_ORDER,
                                        [DENSE] = ROS_DENSE_ORDER};

static const char *wrong(const struct table *t, const struct bounds *bounds) {
    static struct residuals r;
    const char *what = wrong_stages(t);
    if (what) {
        return what;
    }
    compute_residuals(&bounds->forest, t, &r);
    for (enum kind kind = 0; kind < N_KINDS; kind++) {
        const bool right = kind_order[kind]
                               ? order_is(&r, bounds, kind, kind_order[kind])
                               : misfit_of(&r, bounds, kind, 0).relative <= 1;
        if (!right) {
            return kind_names[kind];
        }
    }
    return NULL;
}

/* --------------------------------------------------------------------- stability -- */
/* R(z) = 1 + z w (1 - z beta)^-1 (1, .., 1): what a step makes of y' = (z/h) y. */
static long double complex stability(const struct method *method, const real w[N],
                                     long double complex z) {
    long double complex k[N], result = 1;
    for (int i = 1; i <= S; i++) {
        k[i] = 1;
        for (int j = 1; j < i; j++) {
            k[i] += z * method->beta[i][j] * k[j];
        }
        k[i] /= 1 - z * method->beta[i][i];
        result += z * w[i] * k[i];
    }
    return result;
}

/* R(infinity) = 1 - w beta^-1 (1, .., 1) */
static real stability_at_infinity(const struct method *method, const real w[N]) {
    real x[N], result = 1;
    for (int i = 1; i <= S; i++) {
        x[i] = 1;
        for (int j = 1; j < i; j++) {
            x[i] -= method->beta[i][j] * x[j];
        }
        x[i] /= method->beta[i][i];
        result -= w[i] * x[i];
    }
    return result;
}

/* The largest |R(iy)|, 0.01 <= y <= 10^4. R's only pole is at 1/gamma > 0: where it is
 * at most 1, the method is A-stable. */
static real largest_on_axis(const struct method *method, const real w[N]) {
    real largest = 0;
    for (int k = -2000; k <= 4000; k++) {
        const real y = powl(10, k / 1000.0L);
        largest = fmaxl(largest, cabsl(stability(method, w, y * I)));
    }
    return largest;
}

/* ------------------------------------------------------------------------ a step -- */
/* x' = y + x^2 sin t, y' = (1 - x^2) y - x + cos 2t */
static void problem(real t, const real y[2], real f[2]) {
    f[0] = y[1] + y[0] * y[0] * sinl(t);
    f[1] = (1 - y[0] * y[0]) * y[1] - y[0] + cosl(2 * t);
}

static void problem_derivatives(real t, const real y[2], real jac[2][2], real ft[2]) {
    jac[0][0] = 2 * y[0] * sinl(t);
    jac[0][1] = 1;
    jac[1][0] = -2 * y[0] * y[1] - 1;
    jac[1][1] = 1 - y[0] * y[0];
    ft[0] = y[0] * y[0] * cosl(t);
    ft[1] = -2 * sinl(2 * t);
}

/* y(t + h) by the classical method in so small steps that its error is rounding. */
static void exact(real t, real h, const real y0[2], real y[2]) {
    enum { STEPS = 1000 };
    const real d = h / STEPS;
    y[0] = y0[0], y[1] = y0[1];
    for (int n = 0; n < STEPS; n++) {
        static const real at[4] = {0, 0.5L, 0.5L, 1}, weight[4] = {1, 2, 2, 1};
        real sum[2] = {0, 0}, f[2] = {0, 0};
        for (int i = 0; i < 4; i++) {
            const real w[2] = {y[0] + at[i] * d * f[0], y[1] + at[i] * d * f[1]};
            problem(t + (n + at[i]) * d, w, f);
            sum[0] += weight[i] * f[0], sum[1] += weight[i] * f[1];
        }
        y[0] += d / 6 * sum[0], y[1] += d / 6 * sum[1];
    }
}

/* The stages u of one step, from the complete table. */
static void take_stages(const struct table *t, real t0, real h, const real y0[2],
                        real u[N][2]) {
    real jac[2][2], ft[2];
    problem_derivatives(t0, y0, jac, ft);
    const real w00 = 1 / (h * t->gamma) - jac[0][0], w01 = -jac[0][1];
    const real w10 = -jac[1][0], w11 = 1 / (h * t->gamma) - jac[1][1];
    const real det = w00 * w11 - w01 * w10;
    for (int i = 1; i <= S; i++) {
        real y[2] = {y0[0], y0[1]}, r[2];
        for (int j = 1; j < i; j++) {
            y[0] += t->a[i][j] * u[j][0], y[1] += t->a[i][j] * u[j][1];
        }
        problem(t0 + t->alphas[i] * h, y, r);
        for (int n = 0; n < 2; n++) {
            r[n] += t->gammas[i] * h * ft[n];
            for (int j = 1; j < i; j++) {
                r[n] += t->c[i][j] / h * u[j][n];
            }
        }
        u[i][0] = (w11 * r[0] - w01 * r[1]) / det;
        u[i][1] = (w00 * r[1] - w10 * r[0]) / det;
    }
}

enum { MID = 2 }; /* dense output is looked at in theta = 1 / MID */

/* The error of one step of h, in the kinds that have an order. */
static void step_errors(const struct table *t, real h, real error[N_KINDS]) {
    static const real t0 = 0.3L, y0[2] = {0.8L, -0.6L};
    real u[N][2], end[2], mid[2], sum[N_KINDS] = {0};
    take_stages(t, t0, h, y0, u);
    exact(t0, h, y0, end);
    exact(t0, h / MID, y0, mid);
    for (int n = 0; n < 2; n++) {
        real solution = y0[n] - end[n], companion = y0[n] - end[n];
        real dense = y0[n] - mid[n];
        for (int j = 1; j <= S; j++) {
            solution += t->m[j] * u[j][n];
            companion += (t->m[j] - t->e[j]) * u[j][n];
            real power = 1;
            for (int d = 0; d < DEGREE; d++) {
                power /= MID;
                dense += power * t->dense[j][d] * u[j][n];
            }
        }
        sum[SOLUTION] += solution * solution;
        sum[COMPANION] += companion * companion;
        sum[DENSE] += dense * dense;
    }
    for (enum kind kind = SOLUTION; kind <= DENSE; kind++) {
        error[kind] = sqrtl(sum[kind]);
    }
}

/* --------------------------------------------------------------------- the tests -- */
static void test_stages_come_in_order(void **state) {
    (void)state;
    assert_int_equal(N_GIVEN, S - 1);
    for (int g = 0; g < N_GIVEN; g++) {
        assert_int_equal(given_stages[g].index, g + 2);
    }
}

static void test_table_is_the_method(void **state) {
    (void)state;
    static struct bounds bounds;
    static struct residuals r;
    const struct table t = given_table();
    compute_bounds(&t, &bounds);
    compute_residuals(&bounds.forest, &t, &r);
    for (enum kind kind = 0; kind < N_KINDS; kind++) {
        const int order = kind_order[kind];
        struct misfit worst = {0, 0};
        for (int nodes = order > 0; nodes <= order; nodes++) {
            const struct misfit m = misfit_of(&r, &bounds, kind, nodes);
            worst.relative = fmaxl(worst.relative, m.relative);
            worst.absolute = fmaxl(worst.absolute, m.absolute);
        }
        print_message("%s: %s: within %.2Lf of the bound (%.1Le)", TABLEAU,
                      kind_names[kind], worst.relative, worst.absolute);
        if (order > 0) {
            const struct misfit next = misfit_of(&r, &bounds, kind, order + 1);
            print_message(" to order %d, next missed by %.1Le", order, next.absolute);
        }
        print_message("\n");
    }
    if (wrong(&t, &bounds)) {
        fail_msg("%s: %s", TABLEAU, wrong(&t, &bounds));
    }
}

/* A stiffly accurate method's companion ends in a stage's argument too. */
static void test_method_is_l_stable(void **state) {
    (void)state;
    const struct table given = given_table(), t = completed(&given);
    const struct method method = recover(&t);
    const real infinity = stability_at_infinity(&method, method.b);
    const real on_axis = largest_on_axis(&method, method.b);
    const real companion_infinity = stability_at_infinity(&method, method.bhat);
    print_message("%s: |R(inf)| %.1Le, largest |R(iy)| - 1 %.1Le; companion %.1Le, "
                  "%.1Le\n",
                  TABLEAU, fabsl(infinity), on_axis - 1, fabsl(companion_infinity),
                  largest_on_axis(&method, method.bhat) - 1);
    assert_true(fabsl(infinity) < 1e-13L);
    assert_true(on_axis < 1 + 1e-13L);
    if (ROS_STIFFLY_ACCURATE) {
        assert_true(fabsl(companion_infinity) < 1e-13L);
        for (int j = 1; j <= S; j++) {
            assert_true(fabsl(method.beta[S][j] - method.b[j]) < 1e-13L);
        }
        assert_true(fabsl(sum_of(method.alpha[S]) - 1) < 1e-13L);
    }
}

/* The error of a step is of order h^(p + 1): that of half a step is 2^(p + 1) smaller.
 */
static void test_step_has_the_order(void **state) {
    (void)state;
    const struct table given = given_table(), t = completed(&given);
    real coarse[N_KINDS], fine[N_KINDS];
    step_errors(&t, 0x1p-5L, coarse);
    step_errors(&t, 0x1p-6L, fine);
    for (enum kind kind = SOLUTION; kind <= DENSE; kind++) {
        const real slope = log2l(coarse[kind] / fine[kind]);
        print_message("%s: a step's error: %s: %.1Le, order %.2Lf\n", TABLEAU,
                      kind_names[kind], fine[kind], slope);
        assert_true(fabsl(slope - (kind_order[kind] + 1)) < 0.25L);
    }
}

/* Spoils one coefficient of the table and puts it back. */
static void expect_noticed(struct table *t, const struct bounds *bounds,
                           real *coefficient, const char *name, int i, int j) {
    const real kept = *coefficient;
    *coefficient += 1e-10L;
    if (!wrong(t, bounds)) {
        fail_msg("%s: a wrong %s[%d][%d] passes", TABLEAU, name, i, j);
    }
    *coefficient = kept;
}

static void test_every_coefficient_matters(void **state) {
    (void)state;
    static struct bounds bounds;
    struct table t = given_table();
    compute_bounds(&t, &bounds);
    expect_noticed(&t, &bounds, &t.gamma, "gamma", 0, 0);
    for (int i = 1; i <= S; i++) {
        expect_noticed(&t, &bounds, &t.gammas[i], "gammas", i, 0);
        expect_noticed(&t, &bounds, &t.alphas[i], "alphas", i, 0);
        for (int j = 1; j <= S; j++) {
            expect_noticed(&t, &bounds, &t.c[i][j], "c", i, j);
            if (!goes_on(i)) {
                expect_noticed(&t, &bounds, &t.a[i][j], "a", i, j);
            }
        }
        for (int d = 0; d < DEGREE; d++) {
            expect_noticed(&t, &bounds, &t.dense[i][d], "dense", i, d + 1);
        }
        if (!ROS_STIFFLY_ACCURATE) {
            expect_noticed(&t, &bounds, &t.m[i], "m", i, 0);
            expect_noticed(&t, &bounds, &t.e[i], "e", i, 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees_are_all_there),
        cmocka_unit_test(test_stages_come_in_order),
        cmocka_unit_test(test_table_is_the_method),
        cmocka_unit_test(test_method_is_l_stable),
        cmocka_unit_test(test_step_has_the_order),
        cmocka_unit_test(test_every_coefficient_matters),
    };
    return cmocka_run_group_tests_name(TABLEAU, tests, NULL, NULL);
}
