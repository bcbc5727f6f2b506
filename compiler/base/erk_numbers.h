/* erk_numbers.h -- the tableau of an explicit Runge-Kutta method as numbers, for method.c.in. What
 * its macros mean: erk.h.
 */
#define SET(j, x) row[j] = x;
#define TERM(j, x) +1
#define STAGE(i, time, set)        \
    {                              \
        double *row = t->a[i];     \
        t->node[i] = time;         \
        t->n_terms += 0 set(TERM); \
        set(SET)                   \
    }
#define EXTRA_TERMS(i, time, set) +(0 set(TERM))
#define ONE(j, ...) +1

_Static_assert(ERK_STAGES <= MOST_STAGES, "struct tableau holds as many");

static void tableau_fill(struct tableau *t) {
    *t = (struct tableau){
        .n_stages = ERK_STAGES,
        .error_order = STEP_ERROR_ORDER,
        .n_rhs = STEP_RHS,
        .ends_with_slope = STEP_FSAL,
        .dense_rhs = STEP_DENSE_RHS,
        .dense_terms = 0 ERK_DENSE_EXTRA(EXTRA_TERMS),
        .dense_stages = 0 ERK_DENSE(ONE),
        .dense_degree = ERK_DENSE_DEGREE,
    };
    ERK_STAGE_LIST(STAGE)
    double *row = t->b;
#if STEP_FSAL
    t->node[ERK_STAGES] = 1;
#endif
    t->n_terms += 0 ERK_B(TERM);
    ERK_B(SET)
#if ERK_EMBEDDED_ORDER
    row = t->error;
    t->n_terms += 0 ERK_E(TERM);
    ERK_E(SET)
#endif
}
