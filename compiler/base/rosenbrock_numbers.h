/* rosenbrock_numbers.h -- the tableau of a Rosenbrock method as numbers, for method.c.in. What its
 * macros mean: rosenbrock.h. The argument of a stage that continues the one before is that one's
 * and its increment.
 */
#include <string.h>

#define SET(j, x) row[j] = x;
#define TERM(j, x) +1
#define ONE(j, ...) +1
#define STAGE_REST(i, time, g, set_c) \
    t->node[i] = time;                \
    t->gamma[i] = g;                  \
    t->n_terms += 0 set_c(TERM);      \
    row = t->c[i];                    \
    set_c(SET)
#define STAGE(i, time, g, set_a, set_c) \
    row = t->a[i];                      \
    t->n_terms += 0 set_a(TERM);        \
    set_a(SET) STAGE_REST(i, time, g, set_c)
#define NEXT_STAGE(i, time, g, set_c)             \
    memcpy(t->a[i], t->a[(i)-1], sizeof t->a[i]); \
    t->a[i][(i)-1] = 1;                           \
    t->n_terms++;                                 \
    STAGE_REST(i, time, g, set_c)

_Static_assert(ROS_STAGES <= MOST_STAGES, "struct tableau holds as many");

static void tableau_fill(struct tableau *t) {
    *t = (struct tableau){
        .n_stages = ROS_STAGES,
        .error_order = STEP_ERROR_ORDER,
        .n_rhs = ROS_STAGES - 1, /* the Jacobian comes with the first */
        .ends_with_error = ROS_STIFFLY_ACCURATE,
        .scale = ROS_GAMMA,
        .dense_stages = 0 ROS_DENSE(ONE),
        .dense_degree = ROS_DENSE_DEGREE,
    };
    double *row;
    t->gamma[1] = ROS_FIRST_GAMMA;
    ROS_STAGE_LIST(STAGE, NEXT_STAGE)
#if ROS_STIFFLY_ACCURATE
    t->n_terms++;
#else
    t->n_terms += 0 ROS_M(TERM) ROS_E(TERM);
    row = t->b;
    ROS_M(SET)
    row = t->error;
    ROS_E(SET)
#endif
}
