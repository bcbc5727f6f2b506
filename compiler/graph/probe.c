/* probe.c -- see probe.h. The model as a tape of operations, and attempts at steps. */
#include "probe.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "sparse.h"

/* ---- the interpreter ---- */

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

static void tape_add(const struct probe *p, struct tape *tape, node_id id) {
    const struct node *node = graph_node(p->l->graph, id);
    struct instruction *i = &tape->at[tape->n++];
    *i = (struct instruction){node->kind == NODE_OP ? node->op : OP_COUNT, id, {0}};
    memcpy(i->args, node->args, sizeof *i->args * (size_t)node->n_args);
}

/* Arithmetic here, which is most of it; the rest where all operations are. */
static void play(struct probe *p, const struct tape *tape, double t, const double *y) {
    double *const v = p->value;
    for (const struct instruction *i = tape->at; i < tape->at + tape->n; i++) {
        const double a = v[i->args[0]], b = v[i->args[1]];
        switch (i->op) {
        case OP_ADD:
            v[i->node] = a + b;
            break;
        case OP_SUB:
            v[i->node] = a - b;
            break;
        case OP_MUL:
            v[i->node] = a * b;
            break;
        case OP_DIV:
            v[i->node] = a / b;
            break;
        case OP_COUNT:
            v[i->node] = leaf_value(p, graph_node(p->l->graph, i->node), t, y);
            break;
        default:
            v[i->node] = op_value(i->op, (double[]){a, b, v[i->args[2]]});
        }
    }
}

static struct tape tape_for(const struct probe *p) {
    return (struct tape){
        0, ARENA_ARRAY(p->arena, struct instruction, p->l->graph->nodes.n + 1)};
}

/* What f needs: of the parameters alone if `constant`, which is computed once, or the rest. */
static struct tape tape_of(const struct probe *p, const struct function *f,
                           bool constant) {
    struct graph *g = p->l->graph;
    const int *uses = graph_uses(g, f, 1);
    struct tape tape = tape_for(p);
    for (node_id n = 0; n < g->nodes.n; n++) {
        const bool varies = graph_node(g, n)->depends & (DEPENDS_STATE | DEPENDS_TIME);
        if (uses[n] && varies != constant) {
            tape_add(p, &tape, n);
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
    node_id *nodes = ARENA_ARRAY(p->arena, node_id, g->nodes.n + 1);
    struct tape tape = tape_for(p);
    for (int k = 0; k < f->n; k++) {
        const int i = order[k], n = graph_collect(g, f->results[i], known, nodes);
        tape.n = 0;
        for (int j = 0; j < n; j++) {
            tape_add(p, &tape, nodes[j]);
        }
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

/* to = from + scale times the sum of the stages before, weighted by a row. */
static void combine(const struct probe *p, const struct runner *r, int stage,
                    const double *row, double scale, const double *from, double *to) {
    memset(p->sum, 0, sizeof *p->sum * (size_t)p->n);
    for (int j = 1; j < stage; j++) {
        for (int i = 0; row[j] != 0 && i < p->n; i++) {
            p->sum[i] += row[j] * r->k[j][i];
        }
    }
    for (int i = 0; i < p->n; i++) {
        to[i] = from[i] + scale * p->sum[i];
    }
}

/* y1 and, in w, the error; false where it has failed whatever its error. */
static bool attempt_explicit(struct probe *p, struct runner *r) {
    const struct tableau *b = &r->tableau;
    const int n_slopes = b->n_stages + 1;
    rhs(p, r->t, r->y, r->k[1]);
    for (int s = 2; s <= b->n_stages - b->ends_with_slope; s++) {
        combine(p, r, s, b->a[s], r->h, r->y, r->y1);
        rhs(p, r->t + b->node[s] * r->h, r->y1, r->k[s]);
    }
    combine(p, r, n_slopes - b->ends_with_slope, b->b, r->h, r->y, r->y1);
    if (b->ends_with_slope) {
        rhs(p, r->t + r->h, r->y1, r->k[b->n_stages]);
    }
    memset(r->w, 0, sizeof *r->w * (size_t)p->n);
    combine(p, r, n_slopes, b->error, r->h, r->w, r->w);
    return true;
}

static bool attempt_stiff(struct probe *p, struct runner *r) {
    const struct tableau *b = &r->tableau;
    const struct jacobian *j = &p->l->jacobian;
    const int n_stages = b->n_stages;
    play(p, &p->linear, r->t, r->y);
    const bool good = factor(p, 1 / (b->scale * r->h));
    const node_id *ft = p->jacobian->results + p->n;
    for (int i = 0; i < j->time_rows.n; i++) {
        r->ft[i] = p->value[ft[i]];
    }
    for (int s = 1; s <= n_stages; s++) {
        double *const k = r->k[s];
        combine(p, r, s, b->a[s], 1, r->y, r->w);
        rhs(p, r->t + b->node[s] * r->h, r->w, k);
        combine(p, r, s, b->c[s], 1 / r->h, k, k);
        for (int i = 0; i < j->time_rows.n; i++) {
            k[j->time_rows.at[i]] += b->gamma[s] * r->h * r->ft[i];
        }
        for (int i = 0; i < p->n; i++) {
            k[i] = -k[i]; /* (J - d I) u = -(...) */
        }
        solve(p, k);
    }
    if (b->ends_with_error) {
        for (int i = 0; i < p->n; i++) {
            r->y1[i] = r->w[i] + r->k[n_stages][i];
            r->w[i] = r->k[n_stages][i];
        }
    } else {
        combine(p, r, n_stages + 1, b->b, 1, r->y, r->y1);
        memset(r->w, 0, sizeof *r->w * (size_t)p->n);
        combine(p, r, n_stages + 1, b->error, 1, r->w, r->w);
    }
    return good;
}

double probe_norm(const struct probe *p, const double *error, const double *y,
                  const double *y1, double tight) {
    double sum = 0;
    for (int i = 0; i < p->n; i++) {
        const double size = fabs(y[i]) > fabs(y1[i]) ? fabs(y[i]) : fabs(y1[i]);
        const double weight = (p->race->atol[i] + p->race->rtol * size) / tight;
        const double q = isfinite(weight) ? error[i] / weight : (double)NAN;
        sum += q * q;
    }
    return take(OP_SQRT, sum / p->n, 0);
}

/* ---- a run ---- */

double probe_power(double x, double exponent) { return take(OP_POW, x, exponent); }

double race_span(const struct race *race) { return fabs(race->t1 - race->t0); }

static void accept(const struct probe *p, struct runner *r, double gone) {
    const double span = race_span(p->race), step = gone - r->gone;
    const double n_saves = p->race->n_saves / span * step;
    r->flops += r->flops_dense * (n_saves < 1 ? n_saves : 1) + r->flops_save * n_saves;
    r->gone = gone;
    memcpy(r->y, r->y1, sizeof *r->y * (size_t)p->n);
}

void probe_run(struct probe *p, struct runner *r, double until, double work) {
    const double t0 = p->race->t0;
    const bool backwards = p->race->t1 < t0;
    while (r->gone < until && r->flops < work) {
        const bool last = r->step >= until - r->gone;
        const double h = last ? until - r->gone : r->step;
        r->t = backwards ? t0 - r->gone : t0 + r->gone;
        r->h = backwards ? -h : h;
        const bool good =
            r->method->stiff ? attempt_stiff(p, r) : attempt_explicit(p, r);
        r->flops += r->flops_attempt;
        const double e =
            good ? probe_norm(p, r->w, r->y, r->y1, r->tight) : (double)INFINITY;
        double factor = 0.2;
        if (e < 1e300) { /* false for NaN too */
            factor = e > 0 ? 0.9 * probe_power(e, -1.0 / r->tableau.error_order) : 10;
            factor = factor < 0.2 ? 0.2 : factor > 10 ? 10 : factor;
        }
        if (e <= 1) {
            accept(p, r, last ? until : r->gone + h);
            r->step = last && h * factor < r->step ? r->step : h * factor;
        } else {
            r->step = h * factor;
        }
        if (r->gone + r->step == r->gone) {
            break; /* gets no further */
        }
    }
}

#define ATTEMPT_FLOPS 150 /* norm, controller, what lanes wait for: as measured */

/* As the kernels do them. */
static void count_flops(const struct probe *p, struct runner *r) {
    const struct tableau *b = &r->tableau;
    const double n = p->n, f = graph_flops(p->l->graph, p->f);
    r->flops_attempt = b->n_rhs * f + 2 * n * b->n_terms + 9 * n + ATTEMPT_FLOPS;
    r->flops_dense = b->dense_rhs * f + 2 * n * b->dense_terms;
    r->flops_save = 2 * (b->dense_degree + n) * b->dense_stages;
    if (r->method->stiff) {
        r->flops_attempt += graph_flops(p->l->graph, p->jacobian) +
                            (double)p->lu->flops_factor +
                            b->n_stages * (double)p->lu->flops_solve;
    }
}

struct runner *probe_runner(const struct probe *p, const char *method, double tight) {
    struct runner *r = ARENA_ARRAY(p->arena, struct runner, 1);
    *r = (struct runner){.method = method_find(method), .tight = tight};
    r->method->tableau(&r->tableau);
    r->step = race_span(p->race) * 1e-6;
    double **rows[] = {&r->y, &r->y1, &r->w, &r->ft};
    for (int i = 0; i < 4; i++) {
        *rows[i] = ARENA_ARRAY(p->arena, double, p->n);
    }
    for (int i = 0; i <= r->tableau.n_stages; i++) {
        r->k[i] = ARENA_ARRAY(p->arena, double, p->n);
    }
    memcpy(r->y, p->initial, sizeof *r->y * (size_t)p->n);
    count_flops(p, r);
    return r;
}

struct probe *probe_create(struct arena *arena, const struct lowered *l,
                           const struct sparse_lu *lu, const struct race *race) {
    struct probe *p = ARENA_ARRAY(arena, struct probe, 1);
    *p = (struct probe){.arena = arena,
                        .l = l,
                        .f = lowered_function(l, FUNCTION_rhs),
                        .lu = lu,
                        .race = race};
    p->n = p->f->n;
    p->value = ARENA_ARRAY(arena, double, l->graph->nodes.n + 1);
    p->sum = ARENA_ARRAY(arena, double, p->n + 1);
    find_pars(p);
    p->initial = find_initial(p);
    const struct function *all = p->f;
    if (lu) {
        p->jacobian = all = lowered_function(l, FUNCTION_linear);
        p->factors = ARENA_ARRAY(arena, double, lu->n_entries);
        p->work = ARENA_ARRAY(arena, double, p->n);
        p->linear = tape_of(p, all, false);
    }
    p->rhs = tape_of(p, all, true);
    play(p, &p->rhs, 0, NULL); /* what is constant, once */
    p->rhs = tape_of(p, p->f, false);
    return p;
}
