/* unit_derive_models.c -- the Jacobian and df/dt of whole models are the derivatives of
 * f.
 *
 *   composites   the chain rule: f and its derivatives, one graph, are computed in MPFR
 *                too, so that no rounding hides an error
 *   structure    which entries there are, in which order, and what they share with f
 *
 * Each operation's own rule is unit_derive_rules.c's.
 */
#include "derive_support.h"

/* ---- composites: the chain rule ---- */

/* bits: how well graph and reference agree in MPFR; 50 where a rule has a constant that
 * is a rounded double, as 1/10 is too, and less where differences enlarge that. States,
 * and t, are in lo .. hi, parameters within 40% of their defaults. */
static const struct composite {
    const char *text;
    double lo, hi;
    int bits;
} composites[] = {
    {"model hill\npar v = 2, K = 0.7, n = 2.5, k = 0.3\ninit x = 1, y = 1\n"
     "x' = v*x^n/(K^n + x^n) - k*x*y\ny' = v/(1 + (x/K)^4) + y^3/(K^3 + y^3) - k*y",
     0.01, 5, 100},
    {"model michaelis\npar V = 3, Km = 0.4, Ki = 2\ninit S = 1, P = 0, E = 1\n"
     "rate = V*E*S/(Km*(1 + P/Ki) + S)\nS' = -rate\nP' = rate\nE' = -E*S/(S + Ki)^2",
     0, 5, 100},
    {"model products\npar k1 = 3, k2 = 4\ninit a = 1, b = 1, c = 1, d = 1\n"
     "a' = -k1*a*b*c + k2*d\nb' = a*b*c*d - (a + b)*(c - d)\nc' = a*a*b - 2*c\n"
     "d' = k1*(a - d)*(b - c)*(c - a)",
     -4, 4, 100},
    {"model nested_if\ninit x = 1, y = 1\n"
     "x' = if x < 1 then (if y > x then x*y else -x*t) else if t > 2 then x/y else "
     "exp(-x)*t\n"
     "y' = if not (x > y and t < 1) or y > 2 then x^2 else if x + y > 3 then 5 else "
     "y^3",
     0.1, 3, 100},
    {"model exp_of_quotients\ninit x = 1, y = 1\n"
     "x' = exp(-x/(y + 1))/(1 + exp((x - y)/2))\ny' = exp(exp(-x*y)/(x*x + 1)) - y",
     -0.9, 3, 100},
    {"model hodgkin_huxley\npar gNa = 120, gK = 36, gL = 0.3, C = 1, I = 10\n"
     "init V = -65, m = 0.05, h = 0.6, n = 0.3\n"
     "vtrap(x, y) = if abs(x/y) < 1e-6 then y*(1 - x/y/2) else x/(exp(x/y) - 1)\n"
     "relax(u, a, b) = a*(1 - u) - b*u\n"
     "V' = (I - gNa*m^3*h*(V - 50) - gK*n^4*(V + 77) - gL*(V + 54.4))/C\n"
     "m' = relax(m, 0.1*vtrap(-(V + 40), 10), 4*exp(-(V + 65)/18))\n"
     "h' = relax(h, 0.07*exp(-(V + 65)/20), 1/(1 + exp(-(V + 35)/10)))\n"
     "n' = relax(n, 0.01*vtrap(-(V + 55), 10), 0.125*exp(-(V + 65)/80))",
     -60, 40, 35},
    {"model powers\ninit x = 1, y = 1\n"
     "x' = -x^2.5 + y^(-1.5) + x^-3 - y^0.5\ny' = x^7*y^3.5/(1 + x^2)^2 + (x*y)^0.25",
     0.05, 4, 100},
    {"model roots\ninit x = 1, y = 1\n"
     "x' = sqrt(x*y) - cbrt(x - y)\ny' = sqrt(x^2 + y^2) + log(x/y)*log1p(x) - "
     "1/sqrt(1 + t)",
     0.05, 4, 100},
    {"model waves\ninit x = 1, y = 1\n"
     "x' = sin(t)*x - cos(x*t)*y^2\ny' = t^2*y + tan(x/4)*sin(x - cos(y + t))",
     -4, 4, 100},
    {"model driven\npar a = 2, b = 0.5, w = 3\ninit x = 1, y = 1\n"
     "amp = a*(1 + b*cos(w*t))\ngate = 1/(1 + exp(-(t - b)/a))\n"
     "x' = amp*x - gate*x^2\ny' = -y/amp + tanh(amp*y)",
     -3, 3, 100},
    {"model functions\npar k = 2\ninit x = 1, y = 1\nf(u, v) = u*exp(-v^2)/(1 + u^2)\n"
     "g(u) = f(u, k) - f(k*t, u)\nx' = f(f(x, y), g(y))\ny' = g(x*y) + g(g(x))",
     -2, 2, 100},
    {"model exponents\ninit x = 1, y = 1\n"
     "x' = x^y + 2^x - y^t\ny' = t^x/(x + y)^(x*y) + (1 + x)^-y + x^x",
     0.1, 3, 50},
    {"model inverse\ninit x = 0.1, y = 0.2\n"
     "x' = asin(x*y)*acos(x/2) + atan(x - 3*y)\n"
     "y' = asinh(x*t) - atanh(y*0.9) + acosh(2 + x*y) + atan2(x, y + t)",
     -0.9, 0.9, 100},
    {"model hyperbolic\ninit x = 1, y = 1\n"
     "x' = sinh(x)*cosh(y) - tanh(x*y)\ny' = expm1(x - y) + hypot(x*y, x + t)",
     -3, 3, 100},
    {"model pieces\npar p = 0.7\ninit x = 1, y = 1\n"
     "x' = max(0, min(x*y, 1)) - abs(x - y)*abs(t)\n"
     "y' = mod(t*x, p)*mod(x, y) + min(x^2, sin(y)) - "
     "floor(x)*sign(y)*round(t)*ceil(y)*x",
     -3, 3, 100},
    {"model rounded_constants\ninit x = 1, y = 1\n"
     "x' = log2(x*y) + log10(x + t)\ny' = erf(x - y)*erfc(x*t)",
     0.1, 3, 50},
};

/* Nodes' values in MPFR. */
struct precise {
    const struct lowered *l;
    const int *uses;
    mpfr_t *value;
};

static void precise_open(struct precise *p, const struct lowered *l) {
    p->l = l;
    p->uses = graph_uses(l->graph, lowered_function(l, FUNCTION_linear), 1);
    p->value = calloc((size_t)l->graph->nodes.n + 1, sizeof *p->value);
    assert_non_null(p->value);
    for (int n = 0; n < l->graph->nodes.n; n++) {
        mpfr_init2(p->value[n], BITS);
    }
}

static void precise_close(struct precise *p) {
    for (int n = 0; n < p->l->graph->nodes.n; n++) {
        mpfr_clear(p->value[n]);
    }
    free(p->value);
}

static bool is_variable(const struct lowered *l, const struct node *node,
                        int variable) {
    return variable == lowered_function(l, FUNCTION_rhs)->n
               ? node->kind == NODE_TIME
               : node->kind == NODE_STATE && node->index == variable;
}

/* With the variable (-1: none) moved by sign * 2^e. */
static void precise_run(struct precise *p, const struct point *at, int variable,
                        int sign, int e) {
    const struct graph *g = p->l->graph;
    mpfr_t args[3], step;
    mpfr_inits2(BITS, args[0], args[1], args[2], step, (mpfr_ptr)0);
    mpfr_set_si_2exp(step, sign, e, MPFR_RNDN);
    for (node_id n = 0; n < g->nodes.n; n++) {
        const struct node *node = graph_node(g, n);
        if (!p->uses[n]) {
            continue;
        }
        if (node->kind == NODE_OP) {
            for (int i = 0; i < node->n_args; i++) {
                mpfr_set(args[i], p->value[node->args[i]], MPFR_RNDN);
            }
            precise_op(node->op, p->value[n], args);
        } else {
            mpfr_set_d(p->value[n], leaf_value(node, at), MPFR_RNDN);
            if (is_variable(p->l, node, variable)) {
                mpfr_add(p->value[n], p->value[n], step, MPFR_RNDN);
            }
        }
    }
    mpfr_clears(args[0], args[1], args[2], step, (mpfr_ptr)0);
}

/* df/dvariable of all rows, by differences. */
static void precise_column(struct precise *p, const struct point *at, int variable,
                           mpfr_t d[]) {
    const struct function *f = lowered_function(p->l, FUNCTION_rhs);
    const int e = step_exponent(variable == f->n ? at->time : at->states[variable]);
    precise_run(p, at, variable, 1, e);
    for (int i = 0; i < f->n; i++) {
        mpfr_set(d[i], p->value[f->results[i]], MPFR_RNDN);
    }
    precise_run(p, at, variable, -1, e);
    for (int i = 0; i < f->n; i++) {
        mpfr_sub(d[i], d[i], p->value[f->results[i]], MPFR_RNDN);
        mpfr_div_2si(d[i], d[i], e + 1, MPFR_RNDN);
    }
}

static struct point random_point(const struct lowered *l, double lo, double hi) {
    struct point p = {.time = random_between(lo, hi)};
    for (int i = 0; i < lowered_function(l, FUNCTION_rhs)->n; i++) {
        p.states[i] = random_between(lo, hi);
    }
    for (int i = 0; i < lowered_function(l, FUNCTION_defaults)->n; i++) {
        const struct node *node =
            graph_node(l->graph, lowered_function(l, FUNCTION_defaults)->results[i]);
        assert_int_equal(node->kind, NODE_NUMBER);
        p.pars[i] = node->number * random_between(0.6, 1.4);
    }
    return p;
}

struct worst {
    double exact;   /* graph in MPFR against differences, relative */
    double rounded; /* graph in double against differences, of the row's largest */
};

/* |a - b| / size, 0 where both are zero. */
static double relative(mpfr_srcptr a, mpfr_srcptr b, double size) {
    mpfr_t d;
    mpfr_init2(d, BITS);
    mpfr_sub(d, a, b, MPFR_RNDN);
    const double e = fabs(mpfr_get_d(d, MPFR_RNDN));
    mpfr_clear(d);
    return isnan(e) ? (double)INFINITY : e == 0 ? 0 : e / size;
}

static void composite_point(const struct derived *d, struct precise *p,
                            const struct point *at, struct worst *worst) {
    const struct lowered *l = &d->l;
    const int n = lowered_function(l, FUNCTION_rhs)->n;
    const double *value = graph_doubles(d, at);
    mpfr_t reference[MAX_STATES + 1][MAX_STATES], y;
    double largest[MAX_STATES] = {0};
    mpfr_init2(y, BITS);
    for (int v = 0; v <= n; v++) {
        for (int i = 0; i < n; i++) {
            mpfr_init2(reference[v][i], BITS);
        }
        precise_column(p, at, v, reference[v]);
        for (int i = 0; i < n; i++) {
            largest[i] = fmax(largest[i], fabs(mpfr_get_d(reference[v][i], MPFR_RNDN)));
        }
    }
    precise_run(p, at, -1, 0, 0);
    for (int v = 0; v <= n; v++) {
        for (int i = 0; i < n; i++) {
            mpfr_ptr r = reference[v][i];
            const int place = place_of(l, i, v);
            const node_id node =
                place < 0 ? -1 : lowered_function(l, FUNCTION_linear)->results[place];
            mpfr_set_d(y, 0, MPFR_RNDN);
            /* below 2^-100 of the row the differences' own error shows */
            const double size =
                fmax(fabs(mpfr_get_d(r, MPFR_RNDN)), largest[i] * 0x1p-60);
            worst->exact =
                fmax(worst->exact, relative(node < 0 ? y : p->value[node], r, size));
            mpfr_set_d(y, node < 0 ? 0 : value[node], MPFR_RNDN);
            worst->rounded = fmax(worst->rounded, relative(y, r, largest[i]));
            mpfr_clear(r);
        }
    }
    mpfr_clear(y);
}

static void composite_check(const struct composite *c, int n_points) {
    struct derived d;
    struct precise p;
    struct worst worst = {0};
    derived_of_text(&d, c->text);
    precise_open(&p, &d.l);
    for (int k = 0; k < n_points; k++) {
        const struct point at = random_point(&d.l, c->lo, c->hi);
        composite_point(&d, &p, &at, &worst);
    }
    if (worst.exact > ldexp(1, -c->bits) || worst.rounded > 1e-11) {
        fail_msg("%s\nerrors %g in MPFR, %g in double", c->text, worst.exact,
                 worst.rounded);
    }
    precise_close(&p);
    derived_close(&d);
}

static void composites_are_derivatives(void **state) {
    (void)state;
    for (int i = 0; i < LENGTH(composites); i++) {
        composite_check(&composites[i], 100);
    }
}

/* Each branch has its own derivative, under every condition. */
static void branches_are_derivatives(void **state) {
    (void)state;
    static const char *conditions[] = {"x < y",
                                       "x <= y",
                                       "x > y",
                                       "x >= y",
                                       "x == y",
                                       "x != y",
                                       "x < 1 and y < 1",
                                       "x < 1 or y < 1",
                                       "not (x < y)",
                                       "t < x",
                                       "x < 1 and (y < 1 or not t < 1)",
                                       "x + 1 < y or t > 1",
                                       "c",
                                       "not c"};
    for (int i = 0; i < LENGTH(conditions); i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "model branch\ninit x = 1, y = 1\nc = x*y < t and x > 0.2\n"
                 "x' = if %s then x*y*t else sin(x)\n"
                 "y' = exp(-y)*(if %s then y else if x*y > 1 then x^3 else 7)",
                 conditions[i], conditions[i]);
        composite_check(&(struct composite){text, 0.05, 2, 100}, 60);
    }
}

/* What is not chosen may be singular: at x = y = 0 it leaves no NaN in the derivatives.
 */
static void what_is_not_chosen_is_not_seen(void **state) {
    (void)state;
    static const struct {
        const char *rate; /* x' */
        double by_x, by_y;
    } guarded[] = {
        {"max(1, log(x))", 0, 0},
        {"min(x, 1/y)", 1, 0},
        {"if x > 0 then log(x)*y else 3*x + y", 3, 1},
        {"if x > 0 then 1/y else min(y, 1/abs(x))", 0, 1},
        {"sqrt(x)*x + x^2.5 + y^1.5", 0, 0},
        {"hypot(x, y)*x + y", 0, 1},
    };
    for (int i = 0; i < LENGTH(guarded); i++) {
        char text[200];
        snprintf(text, sizeof text, "model m\ninit x = 1, y = 1\nx' = %s\ny' = y",
                 guarded[i].rate);
        struct derived d;
        derived_of_text(&d, text);
        const double *value = graph_doubles(&d, &(struct point){0});
        for (int v = 0; v < 2; v++) {
            const double y = derivative_of(&d, value, 0, v);
            const double expected = v ? guarded[i].by_y : guarded[i].by_x;
            if (!(y == expected)) {
                fail_msg("%s\nby %c: %g, not %g", text, "xy"[v], y, expected);
            }
        }
        derived_close(&d);
    }
}

/* ---- structure ---- */

/* Which derivatives there are: "row:column row:column ...; row ..." of df/dt. */
static const struct {
    const char *equations;
    const char *entries, *time_rows;
} structures[] = {
    {"init x = 1\npar a = 2\nx' = a*x", "0:0", ""},
    {"init x = 1\nx' = 3", "", ""},
    {"init x = 1\npar a = 2\nx' = a", "", ""},
    {"init x = 1\nx' = t", "", "0"},
    {"init x = 1\nx' = floor(x)", "", ""},
    {"init x = 1\nx' = floor(x)*x + sign(x) + ceil(t) + round(t)", "0:0", ""},
    {"init x = 1\nx' = 0*x", "", ""},
    {"init x = 1\nx' = 0*exp(x*x)", "", ""},
    {"init x = 1\nx' = x - x + x^0", "", ""},
    {"init x = 1, y = 1\nx' = if x < y then 2 else 3\ny' = if x < t then y else 3",
     "1:1", ""},
    {"init x = 1, y = 1, z = 1\nx' = z*y + x\ny' = 3\nz' = y*t + x*t",
     "0:0 0:1 0:2 2:0 2:1", "2"},
    {"init x = 1, y = 1, z = 1\nz' = x\ny' = z + x\nx' = y*exp(t)", "0:1 1:0 1:2 2:0",
     "0"},
    {"init x = 1, y = 1, z = 1\nw = t*z\nx' = w\ny' = w + z*y*x\nz' = sqrt(w)",
     "0:2 1:0 1:1 1:2 2:2", "0 1 2"},
    {"init x = 1, y = 1\nf(u, v) = u*u\nx' = f(y, x*t)\ny' = f(2, x)", "0:1", ""},
    {"init x = 1, y = 1\nx' = if y > t then x^2 else x*y\ny' = max(y, 1)",
     "0:0 0:1 1:1", ""},
};

static void structure_is_the_pattern(void **state) {
    (void)state;
    for (int i = 0; i < LENGTH(structures); i++) {
        char text[400];
        snprintf(text, sizeof text, "model m\n%s", structures[i].equations);
        struct derived d;
        derived_of_text(&d, text);
        struct text entries = {.arena = d.arena}, rows = {.arena = d.arena};
        text_add(&entries, "%s", "");
        text_add(&rows, "%s", "");
        const struct jacobian *j = &d.l.jacobian;
        for (int k = 0; k < j->entries.n; k++) {
            text_add(&entries, k ? " %d:%d" : "%d:%d", j->entries.at[k].row,
                     j->entries.at[k].column);
        }
        for (int k = 0; k < j->time_rows.n; k++) {
            text_add(&rows, k ? " %d" : "%d", j->time_rows.at[k]);
        }
        if (strcmp(entries.at, structures[i].entries) != 0 ||
            strcmp(rows.at, structures[i].time_rows) != 0) {
            fail_msg("%s\nentries %s; df/dt %s", text, entries.at, rows.at);
        }
        /* f comes first, as it is */
        const struct function *f = lowered_function(&d.l, FUNCTION_rhs);
        const struct function *linear = lowered_function(&d.l, FUNCTION_linear);
        assert_int_equal(linear->n, f->n + j->time_rows.n + j->entries.n);
        assert_memory_equal(linear->results, f->results,
                            sizeof(node_id) * (size_t)f->n);
        derived_close(&d);
    }
}

/* How many nodes of an operation f and its derivatives need together, once what is the same to
 * bits is one node. */
static const struct {
    const char *equations;
    enum op op;
    int n;
} sharing[] = {
    {"init x = 1, y = 1\nx' = exp(x)*y\ny' = x", OP_EXP, 1},
    {"init x = 1, y = 1\nx' = y/(1 + exp(-x))\ny' = exp(-x)", OP_EXP, 1},
    {"init x = 1, y = 1\nx' = sin(x*y)\ny' = cos(x*y)", OP_SIN, 1},
    {"init x = 1, y = 1\nx' = sin(x*y)\ny' = cos(x*y)", OP_COS, 1},
    {"init x = 1, y = 1\nx' = tanh(x + y)\ny' = 2*tanh(x + y)", OP_TANH, 1},
    {"init x = 1, y = 1\nx' = sqrt(x*y)\ny' = t*sqrt(x*y)", OP_SQRT, 1},
    {"init x = 1, y = 1\nx' = x*y\ny' = y*x", OP_MUL, 1},
    {"init x = 1, y = 1\npar n = 2\nx' = x^n\ny' = x^(n - 1)", OP_POW, 3},
    {"init x = 1, y = 1\nx' = x + y + t\ny' = x - y", OP_MUL, 0},
};

static void derivatives_share_nodes(void **state) {
    (void)state;
    for (int i = 0; i < LENGTH(sharing); i++) {
        char text[400];
        snprintf(text, sizeof text, "model m\n%s", sharing[i].equations);
        struct derived d;
        derived_of_text(&d, text);
        fuse(&d.l);
        const int *uses =
            graph_uses(d.l.graph, lowered_function(&d.l, FUNCTION_linear), 1);
        int n = 0;
        for (node_id k = 0; k < d.l.graph->nodes.n; k++) {
            n += uses[k] && node_is(d.l.graph, k, sharing[i].op);
        }
        if (n != sharing[i].n) {
            fail_msg("%s\nhas %d of %s", text, n, op_table[sharing[i].op].name);
        }
        derived_close(&d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(composites_are_derivatives),
        cmocka_unit_test(branches_are_derivatives),
        cmocka_unit_test(what_is_not_chosen_is_not_seen),
        cmocka_unit_test(structure_is_the_pattern),
        cmocka_unit_test(derivatives_share_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
