/* probe.c -- is the model stiff? A race decides between an explicit and a stiff method.
 *
 * tsit5 and rodas5p both integrate the model, interpreted, at the parameters' defaults, over
 * the solve's time span, to its tolerance. Each may spend the same amount of work, counted in
 * floating-point operations as the kernels would do them; the one that gets further is chosen,
 * or the cheaper one if both arrive. So the choice weighs what it should: steps that stability
 * makes small against factors that many states make dear.
 *
 * It is a function of the model and the solve spec alone. Everything is computed by the
 * kernels' own arithmetic (op_value), so that every machine chooses the same, and what a kernel
 * rejects is rejected: an attempt whose factors are no good, a norm or a weight that is no number.
 */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "passes.h"
#include "sparse.h"

#define WORK 2000000       /* flops that each may spend, */
#define ATTEMPTS 60        /* and at least so many attempts, */
#define MOST_WORK 20000000 /* but no more than this */

#include "tableau_rodas5p.h"
#include "tableau_tsit5.h"

/* ---- the tableaus as numbers ---- */

#define STAGES 8

struct tableau {
    int n_stages;
    double a[STAGES + 1][STAGES + 1], c[STAGES + 1][STAGES + 1]; /* c: Rosenbrock's */
    double node[STAGES + 1], gamma[STAGES + 1];                  /* of time, of df/dt */
    double error[STAGES + 1];
};

static void explicit_tableau(struct tableau *t) {
    *t = (struct tableau){.n_stages = ERK_STAGES};
#define SET(j, x) row[j] = x;
#define STAGE(i, time, set)    \
    {                          \
        double *row = t->a[i]; \
        t->node[i] = time;     \
        set(SET)               \
    }
    ERK_STAGE_LIST(STAGE)
    STAGE(ERK_STAGES, 1, ERK_B)
    double *row = t->error;
    ERK_E(SET)
#undef STAGE
}

/* The last stages' arguments are the one before plus its u: w_i = w_(i-1) + u_(i-1). */
static void stiff_tableau(struct tableau *t) {
    *t = (struct tableau){.n_stages = ROS_STAGES};
    t->gamma[1] = ROS_FIRST_GAMMA;
#define STAGE(i, time, g, set_a, set_c) \
    {                                   \
        double *row = t->a[i];          \
        t->node[i] = time;              \
        t->gamma[i] = g;                \
        {set_a(SET)} row = t->c[i];     \
        set_c(SET)                      \
    }
#define NEXT_STAGE(i, time, g, set_c)             \
    memcpy(t->a[i], t->a[(i)-1], sizeof t->a[i]); \
    t->a[i][(i)-1] = 1;                           \
    STAGE(i, time, g, KEEP, set_c)
#define KEEP(S) (void)row;
    ROS_STAGE_LIST(STAGE, NEXT_STAGE)
}

/* ---- the interpreter ---- */

struct tape {
    int n;
    node_id *nodes;
};

struct probe {
    struct arena *arena;
    const struct lowered *l;
    const struct function *f, *jacobian; /* rhs and linear of l */
    const struct sparse_lu *lu;
    const struct race *race;
    int n;
    double *value; /* by node */
    double *pars;
    struct tape rhs, linear;
    double *factors, *work; /* [n_entries], [n] */
};

/* A run of one of the methods. */
struct runner {
    double gone; /* of the time span, */
    double t, h; /* the equations' time there and the step, of its sign */
    double *y, *y1, *w, *ft;
    double *k[STAGES + 1];
    double flops, flops_attempt; /* spent; of an attempt */
};

static double take(enum op op, double a, double b) {
    return op_value(op, (double[]){a, b});
}

static double leaf_value(const struct probe *p, const struct node *node, double t,
                         const double *y) {
    switch (node->kind) {
    case NODE_NUMBER:
        return node->number;
    case NODE_PAR:
        return p->pars[node->index];
    case NODE_STATE:
        return y[node->index];
    case NODE_TIME:
        return t;
    case NODE_VALUE: /* there are none before hoisting */
    case NODE_OP:
        break;
    }
    assert(!"a leaf that the race does not know");
    return 0;
}

static void play(struct probe *p, const struct tape *tape, double t, const double *y) {
    for (int i = 0; i < tape->n; i++) {
        const struct node *node = graph_node(p->l->graph, tape->nodes[i]);
        double args[3];
        for (int k = 0; k < node->n_args; k++) {
            args[k] = p->value[node->args[k]];
        }
        p->value[tape->nodes[i]] = node->kind == NODE_OP ? op_value(node->op, args)
                                                         : leaf_value(p, node, t, y);
    }
}

/* What f needs: of the parameters alone if `constant`, which is computed once, or the rest. */
static struct tape tape_of(const struct probe *p, const struct function *f,
                           bool constant) {
    struct graph *g = p->l->graph;
    const int *uses = graph_uses(g, f, 1);
    struct tape tape = {0, ARENA_ARRAY(p->arena, node_id, g->nodes.n + 1)};
    for (node_id n = 0; n < g->nodes.n; n++) {
        const bool varies = graph_node(g, n)->depends & (DEPENDS_STATE | DEPENDS_TIME);
        if (uses[n] && varies != constant) {
            tape.nodes[tape.n++] = n;
        }
    }
    return tape;
}

/* Results of a function at the start, each after those that it uses itself; as they become
 * known they stand in `values`, [f->n], where their leaves find them. */
static void find_values(struct probe *p, const struct function *f, const int *order,
                        double *values, const double *y) {
    const struct graph *g = p->l->graph;
    bool *known = ARENA_ARRAY(p->arena, bool, g->nodes.n + 1);
    struct tape tape = {0, ARENA_ARRAY(p->arena, node_id, g->nodes.n + 1)};
    for (int k = 0; k < f->n; k++) {
        const int i = order[k];
        tape.n = graph_collect(g, f->results[i], known, tape.nodes);
        play(p, &tape, p->race->t0, y);
        values[i] = p->value[f->results[i]];
    }
}

static void find_pars(struct probe *p) {
    const struct function *f = lowered_function(p->l, FUNCTION_defaults);
    p->pars = ARENA_ARRAY(p->arena, double, f->n + 1);
    find_values(p, f, p->l->pars_in_order, p->pars, NULL);
}

static const double *find_initial(struct probe *p) {
    const struct function *f = lowered_function(p->l, FUNCTION_initial);
    double *y = ARENA_ARRAY(p->arena, double, f->n + 1);
    find_values(p, f, p->l->states_in_order, y, y);
    return y;
}

static void rhs(struct probe *p, double t, const double *y, double *dy) {
    play(p, &p->rhs, t, y);
    for (int i = 0; i < p->n; i++) {
        dy[i] = p->value[p->f->results[i]];
    }
}

/* ---- linear algebra, as lu.c writes it ---- */

/* The pivot that a diagonal entry became, as kernels/methods/lu.h judges it. */
static bool pivot_is_good(double entry, double pivot) {
    const double ratio = fabs(entry / pivot), limit = 0.125 / DBL_EPSILON;
    return isfinite(pivot) && pivot != 0 && ratio <= limit && ratio * limit >= 1;
}

/* False where the factors are not good for a digit. */
static bool factor(struct probe *p, double d) {
    bool good = true;
    const struct sparse_lu *lu = p->lu;
    const struct jacobian *j = &p->l->jacobian;
    const node_id *entry = p->jacobian->results + p->n + j->time_rows.n;
    memset(p->factors, 0, sizeof *p->factors * (size_t)lu->n_entries);
    for (int i = 0; i < j->entries.n; i++) {
        const struct jacobian_entry *e = &j->entries.at[i];
        p->factors[sparse_place(lu, lu->position[e->row], lu->position[e->column])] =
            p->value[entry[i]];
    }
    for (int k = 0; k < lu->n; k++) {
        for (int e = lu->row_start[k]; e < lu->row_start[k + 1]; e++) {
            p->work[lu->column[e]] = p->factors[e] - (e == lu->pivot[k] ? d : 0);
        }
        for (int e = lu->row_start[k]; e < lu->pivot[k]; e++) {
            const int m = lu->column[e];
            const double l = p->work[m] / p->factors[lu->pivot[m]];
            p->work[m] = l;
            for (int u = lu->pivot[m] + 1; u < lu->row_start[m + 1]; u++) {
                p->work[lu->column[u]] -= l * p->factors[u];
            }
        }
        const int diagonal = lu->pivot[k];
        good = good && pivot_is_good(p->factors[diagonal] - d, p->work[k]);
        for (int e = lu->row_start[k]; e < lu->row_start[k + 1]; e++) {
            p->factors[e] = p->work[lu->column[e]];
        }
    }
    return good;
}

static void solve(const struct probe *p, double *b) {
    const struct sparse_lu *lu = p->lu;
    for (int k = 0; k < lu->n; k++) {
        double *x = &b[lu->order[k]];
        for (int e = lu->row_start[k]; e < lu->pivot[k]; e++) {
            *x -= p->factors[e] * b[lu->order[lu->column[e]]];
        }
    }
    for (int k = lu->n - 1; k >= 0; k--) {
        double *x = &b[lu->order[k]];
        for (int e = lu->pivot[k] + 1; e < lu->row_start[k + 1]; e++) {
            *x -= p->factors[e] * b[lu->order[lu->column[e]]];
        }
        *x /= p->factors[lu->pivot[k]];
    }
}

/* ---- attempts ---- */

static void combine(const struct runner *r, int n, int stage, const double *a,
                    double scale, const double *from, double *to) {
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 1; j < stage; j++) {
            sum += a[j] * r->k[j][i];
        }
        to[i] = from[i] + scale * sum;
    }
}

/* y1 and, in w, the error; false where it has failed whatever its error. */
static bool attempt_explicit(struct probe *p, const struct tableau *b,
                             struct runner *r) {
    rhs(p, r->t, r->y, r->k[1]);
    for (int s = 2; s <= b->n_stages; s++) {
        combine(r, p->n, s, b->a[s], r->h, r->y, r->y1);
        rhs(p, r->t + b->node[s] * r->h, r->y1, r->k[s]);
    }
    memset(r->w, 0, sizeof *r->w * (size_t)p->n);
    combine(r, p->n, b->n_stages + 1, b->error, r->h, r->w, r->w);
    return true;
}

static bool attempt_stiff(struct probe *p, const struct tableau *b, struct runner *r) {
    const struct jacobian *j = &p->l->jacobian;
    play(p, &p->linear, r->t, r->y);
    const bool good = factor(p, 1 / (ROS_GAMMA * r->h));
    const node_id *ft = p->jacobian->results + p->n;
    for (int i = 0; i < j->time_rows.n; i++) {
        r->ft[i] = p->value[ft[i]];
    }
    for (int s = 1; s <= b->n_stages; s++) {
        double *const k = r->k[s];
        combine(r, p->n, s, b->a[s], 1, r->y, r->w);
        rhs(p, r->t + b->node[s] * r->h, r->w, k);
        combine(r, p->n, s, b->c[s], 1 / r->h, k, k);
        for (int i = 0; i < j->time_rows.n; i++) {
            k[j->time_rows.at[i]] += b->gamma[s] * r->h * r->ft[i];
        }
        for (int i = 0; i < p->n; i++) {
            k[i] = -k[i]; /* (J - d I) u = -(...) */
        }
        solve(p, k);
    }
    for (int i = 0; i < p->n; i++) {
        r->y1[i] = r->w[i] + r->k[b->n_stages][i];
        r->w[i] = r->k[b->n_stages][i];
    }
    return good;
}

static double error_norm(const struct probe *p, const struct runner *r) {
    double sum = 0;
    for (int i = 0; i < p->n; i++) {
        const double size =
            fabs(r->y[i]) > fabs(r->y1[i]) ? fabs(r->y[i]) : fabs(r->y1[i]);
        const double weight = p->race->atol[i] + p->race->rtol * size;
        const double q = isfinite(weight) ? r->w[i] / weight : (double)NAN;
        sum += q * q;
    }
    return take(OP_SQRT, sum / p->n, 0);
}

/* ---- the race ---- */

static double race_span(const struct race *race) { return fabs(race->t1 - race->t0); }

/* Integrates until t1 or until the work is spent; r->gone says how far. */
static void run(struct probe *p, bool stiff, double work, struct runner *r) {
    struct tableau b;
    (stiff ? stiff_tableau : explicit_tableau)(&b);
    const double order = stiff ? ROS_EMBEDDED_ORDER + 1 : ERK_EMBEDDED_ORDER + 1;
    const double t0 = p->race->t0, span = race_span(p->race);
    double h = span * 1e-6;
    while (r->gone < span && r->flops < work) {
        const bool last = h >= span - r->gone;
        h = last ? span - r->gone : h;
        r->t = p->race->t1 < t0 ? t0 - r->gone : t0 + r->gone;
        r->h = p->race->t1 < t0 ? -h : h;
        const bool good = (stiff ? attempt_stiff : attempt_explicit)(p, &b, r);
        r->flops += r->flops_attempt;
        const double e = good ? error_norm(p, r) : (double)INFINITY;
        double factor = 0.2;
        if (e < 1e300) { /* false for NaN too */
            factor = e > 0 ? 0.9 * take(OP_POW, e, -1 / order) : 10;
            factor = factor < 0.2 ? 0.2 : factor > 10 ? 10 : factor;
        }
        if (e <= 1) {
            r->gone = last ? span : r->gone + h;
            memcpy(r->y, r->y1, sizeof *r->y * (size_t)p->n);
        }
        h *= factor;
        if (r->gone + h == r->gone) {
            break; /* gets no further */
        }
    }
}

static struct runner runner_of(const struct probe *p, const double *initial,
                               double flops) {
    struct runner r = {.flops_attempt = flops};
    double **rows[] = {&r.y, &r.y1, &r.w, &r.ft};
    for (int i = 0; i < 4; i++) {
        *rows[i] = ARENA_ARRAY(p->arena, double, p->n);
    }
    for (int i = 0; i <= STAGES; i++) {
        r.k[i] = ARENA_ARRAY(p->arena, double, p->n);
    }
    memcpy(r.y, initial, sizeof *initial * (size_t)p->n);
    return r;
}

bool probe_is_stiff(struct arena *arena, const struct lowered *l,
                    const struct sparse_lu *lu, const struct race *race,
                    const char **reason) {
    struct probe p = {.arena = arena,
                      .l = l,
                      .f = lowered_function(l, FUNCTION_rhs),
                      .jacobian = lowered_function(l, FUNCTION_linear),
                      .lu = lu,
                      .race = race,
                      .n = lu->n};
    p.value = ARENA_ARRAY(arena, double, l->graph->nodes.n + 1);
    p.factors = ARENA_ARRAY(arena, double, lu->n_entries);
    p.work = ARENA_ARRAY(arena, double, p.n);
    find_pars(&p);
    const double *initial = find_initial(&p);
    p.linear = tape_of(&p, p.jacobian, true);
    play(&p, &p.linear, 0, NULL); /* once */
    p.linear = tape_of(&p, p.jacobian, false);
    p.rhs = tape_of(&p, p.f, false);

    const double n = p.n, f = graph_flops(l->graph, p.f);
    const double flops_explicit = 6 * f + 2 * n * 28 + 9 * n;
    const double flops_stiff = 7 * f + graph_flops(l->graph, p.jacobian) +
                               (double)lu->flops_factor + 8 * (double)lu->flops_solve +
                               2 * n * 45 + 9 * n;
    double work = WORK;
    work = work < ATTEMPTS * flops_stiff ? ATTEMPTS * flops_stiff : work;
    work = work > MOST_WORK ? MOST_WORK : work;
    struct runner a = runner_of(&p, initial, flops_explicit);
    struct runner b = runner_of(&p, initial, flops_stiff);
    run(&p, false, work, &a);
    run(&p, true, work, &b);

    const double far_a = a.gone / race_span(race), far_b = b.gone / race_span(race);
    const bool stiff = far_a == 1 && far_b == 1 ? b.flops < a.flops : far_b > far_a;
    *reason =
        far_a == 1 && far_b == 1
            ? arena_printf(arena, "tsit5 would take %.2g times the work of rodas5p",
                           a.flops / b.flops)
            : arena_printf(arena,
                           "with the same work tsit5 gets through %.3g %% of the time "
                           "span, rodas5p through %.3g %%",
                           100 * far_a, 100 * far_b);
    return stiff;
}
