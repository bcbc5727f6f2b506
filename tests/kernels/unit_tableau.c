/* unit_tableau.c -- every Runge-Kutta table is the method its file says it is.
 *
 * Compiled once per method, with TABLEAU naming the file:
 *     cc -Ikernels -Ikernels/methods -DTABLEAU='"tableau_tsit5.h"' tests/kernels/unit_tableau.c tests/kernels/trees.c
 *         -lcmocka -lm
 *
 * A Runge-Kutta method has order p where sum_j b_j Phi_j(t) = 1 / gamma(t) for every
 * rooted tree t of at most p nodes (Hairer, Norsett, Wanner, Solving ODEs I, II.2); its
 * dense output has order q where sum_j b_j(theta) Phi_j(t) = theta^r / gamma(t) for
 * every tree of r <= q nodes, which we ask of each power of theta, hence of all theta.
 * Here
 *
 *     Phi_i(t) = product over the subtrees s of t of sum_j a_ij Phi_j(s)
 *
 * The tolerance is no guess. The coefficients are within half an ulp of the exact ones
 * and a condition on r nodes multiplies r of them, so that its residual is at most
 * r eps / 2 times the same sum over absolute values; we allow twice that. An order
 * counts as exact only where the next one is missed by far more.
 *
 * The checks take the table as a value and return what is wrong with it, so that the
 * last test can spoil each coefficient in turn and see them notice.
 */
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "trees.h"

#include TABLEAU

enum {
    MAX_STAGES = 20,
    DEGREE = ERK_DENSE_DEGREE,
    END_STAGE = ERK_STAGES + !ERK_FSAL /* its row is b: the slope at y1 */
};

/* A sum and the same sum over absolute values, which bounds its rounding. */
struct sum {
    long double value, size;
};

/* ------------------------------------------------------------ the macros as data -- */
/* Stages count from 1, as in the tables; row and column 0 stay empty. */
struct table {
    int n_stages; /* the dense output's own included */
    double c[MAX_STAGES], a[MAX_STAGES][MAX_STAGES];
    double b[MAX_STAGES], e[MAX_STAGES];
    double dense[MAX_STAGES][DEGREE]; /* of theta^1, theta^2, ... */
};

struct stage {
    int index;
    double c, a[MAX_STAGES];
};

#define ENTRY(j, v) [j] = (v),
#define STAGE(i, ci, row) {.index = (i), .c = (ci), .a = {row(ENTRY)}},
#define DENSE_ROW(j, ...) [j] = {__VA_ARGS__},
#define DENSE_ROW_LENGTH(j, ...)                                               \
    _Static_assert(sizeof((double[]){__VA_ARGS__}) == DEGREE * sizeof(double), \
                   "a dense row has one coefficient per power of theta");

ERK_DENSE(DENSE_ROW_LENGTH)
_Static_assert(ERK_ORDER < MAX_NODES, "trees of one node more than the order");
#if ERK_EMBEDDED_ORDER == 0
#ifdef ERK_E
#error "ERK_E without an embedded method"
#endif
#define ERK_E(A) A(1, 0.0)
#endif

#if ERK_FSAL
#define FSAL_STAGE STAGE(ERK_STAGES, 1.0, ERK_B)
#else
#define FSAL_STAGE
#endif
static const struct stage given_stages[] = {ERK_STAGE_LIST(STAGE)
                                                FSAL_STAGE ERK_DENSE_EXTRA(STAGE)};
enum { N_GIVEN = sizeof given_stages / sizeof given_stages[0] };

static struct table given_table(void) {
    struct table t = {.n_stages = 1 + N_GIVEN,
                      .b = {ERK_B(ENTRY)},
                      .e = {ERK_E(ENTRY)},
                      .dense = {ERK_DENSE(DENSE_ROW)}};
    for (int g = 0; g < N_GIVEN; g++) {
        const struct stage *s = &given_stages[g];
        t.c[s->index] = s->c;
        for (int j = 0; j < MAX_STAGES; j++) {
            t.a[s->index][j] = s->a[j];
        }
    }
    return t;
}

/* -------------------------------------------------------------- the trees' Phi -- */
struct conditions {
    const struct table *table;
    struct forest forest;
    struct sum phi[MAX_TREES][MAX_STAGES]; /* of every tree and stage */
};

/* The factor that tree k is in Phi_i as a subtree: sum_j a_ij phi_j */
static struct sum subtree_factor(const struct conditions *c, int k, int i) {
    struct sum s = {0, 0};
    for (int j = 1; j < i; j++) {
        const double a = c->table->a[i][j];
        s.value += a * c->phi[k][j].value;
        s.size += fabs(a) * c->phi[k][j].size;
    }
    return s;
}

static void compute_conditions(struct conditions *c, const struct table *t) {
    c->table = t;
    c->forest = grown_forest(ERK_ORDER + 1);
    for (int k = 0; k < c->forest.n; k++) {
        const struct tree *tree = &c->forest.tree[k];
        for (int i = 1; i <= t->n_stages; i++) {
            struct sum phi = {1, 1};
            for (int n = 0; n < tree->n_subtrees; n++) {
                const struct sum factor = subtree_factor(c, tree->subtree[n], i);
                phi.value *= factor.value;
                phi.size *= factor.size;
            }
            c->phi[k][i] = phi;
        }
    }
}

/* -------------------------------------------------------------------- the orders -- */
/* The weights whose conditions are asked: the solution's b, the companion's b - e, or
 * the dense output's coefficients of one power of theta. */
struct weights {
    struct sum w[MAX_STAGES];
};

/* |sum_j w_j phi_j - target| of tree k, in units of what rounding the coefficients
 * makes it. */
static long double misfit(const struct conditions *c, int k, const struct weights *w,
                          long double target) {
    const struct sum *phi = c->phi[k];
    struct sum s = {-target, 0};
    for (int j = 1; j < MAX_STAGES; j++) {
        s.value += w->w[j].value * phi[j].value;
        s.size += w->w[j].size * phi[j].size;
    }
    long double residual = fabsl(s.value);
    long double tolerance = c->forest.tree[k].nodes * DBL_EPSILON * s.size;
    if (tolerance > 0) {
        return residual / tolerance;
    }
    return residual > 0 ? HUGE_VALL : 0;
}

/* The worst misfit of the trees of each number of nodes. */
struct misfits {
    long double of[MAX_NODES + 1];
};

static struct misfits step_misfits(const struct conditions *c,
                                   const struct weights *w) {
    struct misfits m = {{0}};
    for (int k = 0; k < c->forest.n; k++) {
        const struct tree *tree = &c->forest.tree[k];
        long double *worst = &m.of[tree->nodes];
        *worst = fmaxl(*worst, misfit(c, k, w, 1 / tree->gamma));
    }
    return m;
}

/* Are the orders up to `order` met, and is the next one clearly not? */
static bool order_is(const struct misfits *m, int order) {
    for (int nodes = 1; nodes <= order; nodes++) {
        if (!(m->of[nodes] <= 1)) {
            return false;
        }
    }
    return m->of[order + 1] > 1000;
}

static struct misfits solution_misfits(const struct conditions *c) {
    struct weights w = {0};
    for (int j = 1; j < MAX_STAGES; j++) {
        double b = c->table->b[j];
        w.w[j] = (struct sum){b, fabs(b)};
    }
    return step_misfits(c, &w);
}

static struct misfits companion_misfits(const struct conditions *c) {
    struct weights w = {0};
    for (int j = 1; j < MAX_STAGES; j++) {
        double b = c->table->b[j], e = c->table->e[j];
        w.w[j] = (struct sum){(long double)b - e, fabs(b) + fabs(e)};
    }
    return step_misfits(c, &w);
}

/* Power by power: a tree of r nodes asks 1 / gamma of theta^r, zero of the others. */
static struct misfits dense_misfits(const struct conditions *c) {
    struct misfits m = {{0}};
    for (int k = 0; k < c->forest.n; k++) {
        const struct tree *tree = &c->forest.tree[k];
        long double *worst = &m.of[tree->nodes];
        for (int d = 1; d <= MAX_NODES; d++) {
            struct weights w = {0};
            for (int j = 1; d <= DEGREE && j < MAX_STAGES; j++) {
                double x = c->table->dense[j][d - 1];
                w.w[j] = (struct sum){x, fabs(x)};
            }
            long double target = d == tree->nodes ? 1 / tree->gamma : 0;
            *worst = fmaxl(*worst, misfit(c, k, &w, target));
        }
    }
    return m;
}

/* -------------------------------------------------------------------- the checks -- */
static bool near(struct sum s, long double target) {
    return fabsl(s.value - target) <= DBL_EPSILON * (s.size + fabsl(target));
}

/* The polynomial of stage j, or its derivative, at theta = 1. */
static struct sum dense_at_end(const struct table *t, int j, bool derivative) {
    struct sum s = {0, 0};
    for (int d = 1; d <= DEGREE; d++) {
        double c = t->dense[j][d - 1] * (derivative ? d : 1);
        s.value += c;
        s.size += fabs(c);
    }
    return s;
}

/* Each returns what is wrong, or NULL. */
static const char *wrong_stages(const struct table *t) {
    for (int i = 1; i <= t->n_stages; i++) {
        struct sum row = {0, 0};
        for (int j = 1; j < MAX_STAGES; j++) {
            if (j >= i && t->a[i][j] != 0) {
                return "a stage needs a later one";
            }
            row.value += t->a[i][j];
            row.size += fabs(t->a[i][j]);
        }
        if (!near(row, t->c[i])) {
            return "a row's sum is not c";
        }
    }
    for (int j = 1; j < MAX_STAGES; j++) {
        if (t->a[END_STAGE][j] != t->b[j]) {
            return "the slope at y1 is not taken at y1";
        }
    }
    return NULL;
}

static const char *wrong_orders(const struct table *t) {
    static struct conditions c;
    compute_conditions(&c, t);
    struct misfits solution = solution_misfits(&c), companion = companion_misfits(&c),
                   output = dense_misfits(&c);
    if (!order_is(&solution, ERK_ORDER)) {
        return "the solution's order";
    }
    if (ERK_EMBEDDED_ORDER > 0 && !order_is(&companion, ERK_EMBEDDED_ORDER)) {
        return "the companion's order";
    }
    if (!order_is(&output, ERK_DENSE_ORDER)) {
        return "the dense output's order";
    }
    return NULL;
}

/* The pieces of dense output join with the steps' ends and with each other's slopes. */
static const char *wrong_ends(const struct table *t) {
    for (int j = 1; j < MAX_STAGES; j++) {
        if (!near(dense_at_end(t, j, false), t->b[j])) {
            return "the dense output does not end in y1";
        }
        if (t->dense[j][0] != (j == 1)) {
            return "the dense output's slope at theta = 0 is not f(y0)";
        }
        if (!near(dense_at_end(t, j, true), j == END_STAGE)) {
            return "the dense output's slope at theta = 1 is not f(y1)";
        }
    }
    return NULL;
}

static const char *wrong(const struct table *t) {
    const char *what = wrong_stages(t);
    what = what ? what : wrong_orders(t);
    return what ? what : wrong_ends(t);
}

/* --------------------------------------------------------------------- the tests -- */
static void test_stages_come_in_order(void **state) {
    (void)state;
    for (int g = 0; g < N_GIVEN; g++) {
        assert_int_equal(given_stages[g].index, g + 2);
    }
    assert_in_range(N_GIVEN, ERK_STAGES - 1, MAX_STAGES - 2);
}

static void print_misfits(const char *what, struct misfits m, int order) {
    long double worst = 0;
    for (int nodes = 1; nodes <= order; nodes++) {
        worst = fmaxl(worst, m.of[nodes]);
    }
    print_message("%s: %s: order %d met within %.2Lf of the bound, order %d missed by "
                  "%.1Le of it\n",
                  TABLEAU, what, order, worst, order + 1, m.of[order + 1]);
}

static void test_table_is_the_method(void **state) {
    (void)state;
    static struct conditions c;
    struct table t = given_table();
    compute_conditions(&c, &t);
    print_misfits("solution", solution_misfits(&c), ERK_ORDER);
    if (ERK_EMBEDDED_ORDER > 0) {
        print_misfits("companion", companion_misfits(&c), ERK_EMBEDDED_ORDER);
    }
    print_misfits("dense output", dense_misfits(&c), ERK_DENSE_ORDER);
    if (wrong(&t)) {
        fail_msg("%s: %s", TABLEAU, wrong(&t));
    }
}

/* Spoils one coefficient of the table and puts it back. */
static void expect_noticed(struct table *t, double *coefficient, const char *kind,
                           int i, int j) {
    double kept = *coefficient;
    *coefficient += 1e-10;
    if (!wrong(t)) {
        fail_msg("%s: a wrong %s[%d][%d] passes", TABLEAU, kind, i, j);
    }
    *coefficient = kept;
}

static void test_every_coefficient_matters(void **state) {
    (void)state;
    struct table t = given_table();
    for (int i = 1; i <= t.n_stages; i++) {
        expect_noticed(&t, &t.c[i], "c", i, 0);
        for (int j = 1; j <= t.n_stages; j++) {
            expect_noticed(&t, &t.a[i][j], "a", i, j);
        }
        for (int d = 0; d < DEGREE; d++) {
            expect_noticed(&t, &t.dense[i][d], "dense", i, d + 1);
        }
        if (i <= ERK_STAGES) {
            expect_noticed(&t, &t.b[i], "b", i, 0);
        }
        if (i <= ERK_STAGES && ERK_EMBEDDED_ORDER > 0) {
            expect_noticed(&t, &t.e[i], "e", i, 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees_are_all_there),
        cmocka_unit_test(test_stages_come_in_order),
        cmocka_unit_test(test_table_is_the_method),
        cmocka_unit_test(test_every_coefficient_matters),
    };
    return cmocka_run_group_tests_name(TABLEAU, tests, NULL, NULL);
}
