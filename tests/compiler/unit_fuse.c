/* unit_fuse.c -- what is fused follows from what is written alone.
 *
 * Random models as trees, which the test prints as text and evaluates itself, with C's fma, by
 * the rule as the language's reference states it. Against that stand the compiler's functions
 * after its last pass, evaluated by the kernels' own arithmetic: the same bits. And the same
 * model written in other ways (other order, more outs, calls written out as names) has the same
 * bits in its Jacobian too.
 */
#include <stdbool.h>

#include "derive_support.h"

enum {
    STATES = 3,
    PARS = 4,
    NAMES = 4,
    FUNCTIONS = 2,
    MOST_NODES = 4000,
    MOST_CALLS = 60
};
enum { MODELS = 3000 };

/* ---- models as trees ---- */

enum kind { K_NUMBER, K_PAR, K_STATE, K_TIME, K_NAME, K_ARG, K_CALL, K_OP };

struct tree {
    enum kind kind;
    enum op op;
    int index; /* of the parameter, state, name, argument, function */
    double number;
    const struct tree *args[3];
};

struct models {
    struct tree nodes[MOST_NODES];
    int n;
    const struct tree *name[NAMES], *body[FUNCTIONS], *rhs[STATES];
    struct point at;
};

static const struct tree *make(struct models *m, struct tree t) {
    assert_true(m->n < MOST_NODES);
    m->nodes[m->n] = t;
    return &m->nodes[m->n++];
}

static int below(int n) { return (int)(random_bits() % (uint64_t)n); }

/* Numbers with few digits, so that they are read as they are; ones and powers of two too. */
static double some_number(void) {
    static const double plain[] = {1, -1, 2, 0.5, 0, 4, 3};
    return below(4) ? random_between(-4, 4) : plain[below(LENGTH(plain))];
}

/* Which leaves an expression may have. */
struct scope {
    int names, functions, args;
    bool states, pars;
};

static const struct tree *random_tree(struct models *m, const struct scope *s,
                                      int depth);

static const struct tree *random_leaf(struct models *m, const struct scope *s) {
    for (;;) {
        switch (below(7)) {
        case 0:
            return make(m, (struct tree){.kind = K_NUMBER, .number = some_number()});
        case 1:
        case 2:
            if (s->pars) {
                return make(m, (struct tree){.kind = K_PAR, .index = below(PARS)});
            }
            break;
        case 3:
        case 4:
            if (s->states) {
                return make(m, (struct tree){.kind = K_STATE, .index = below(STATES)});
            }
            break;
        case 5:
            if (s->names) {
                return make(m, (struct tree){.kind = K_NAME, .index = below(s->names)});
            }
            break;
        default:
            if (s->args) {
                return make(m, (struct tree){.kind = K_ARG, .index = below(s->args)});
            }
            if (s->states) {
                return make(m, (struct tree){.kind = K_TIME});
            }
        }
    }
}

static const struct tree *random_tree(struct models *m, const struct scope *s,
                                      int depth) {
    static const enum op ops[] = {OP_ADD, OP_ADD, OP_SUB, OP_SUB, OP_MUL,
                                  OP_MUL, OP_MUL, OP_NEG, OP_DIV, OP_POW};
    if (depth == 0 || below(8) == 0) {
        return random_leaf(m, s);
    }
    if (s->functions && below(8) == 0) {
        const struct tree *a = random_tree(m, s, depth - 1);
        const struct tree *b = random_tree(m, s, depth - 1);
        return make(m, (struct tree){.kind = K_CALL,
                                     .index = below(s->functions),
                                     .args = {a, b}});
    }
    const enum op op = ops[below(LENGTH(ops))];
    struct tree t = {.kind = K_OP, .op = op};
    t.args[0] = random_tree(m, s, depth - 1);
    if (op == OP_POW) {
        static const double exponents[] = {0, 1,  2,  3,   4,   5,  6,
                                           7, -1, -2, 0.5, 1.5, 2.2};
        t.args[1] =
            make(m, (struct tree){.kind = K_NUMBER,
                                  .number = exponents[below(LENGTH(exponents))]});
    } else if (op_table[op].arity == 2) {
        t.args[1] = random_tree(m, s, depth - 1);
    }
    return make(m, t);
}

static void random_model(struct models *m) {
    m->n = 0;
    for (int i = 0; i < FUNCTIONS; i++) {
        m->body[i] = random_tree(
            m, &(struct scope){.functions = i, .args = 2, .pars = true, .states = true},
            2);
    }
    for (int i = 0; i < NAMES; i++) {
        m->name[i] = random_tree(
            m,
            &(struct scope){
                .names = i, .functions = FUNCTIONS, .pars = true, .states = i % 2 == 1},
            3);
    }
    for (int i = 0; i < STATES; i++) {
        m->rhs[i] = random_tree(
            m,
            &(struct scope){
                .names = NAMES, .functions = FUNCTIONS, .pars = true, .states = true},
            4);
    }
    for (int i = 0; i < STATES; i++) {
        m->at.states[i] = random_between(0.1, 3);
    }
    for (int i = 0; i < PARS; i++) {
        m->at.pars[i] = below(6) ? random_between(-3, 3) : some_number();
    }
    m->at.time = random_between(0, 5);
}

/* ---- the rule ---- */

struct valued {
    double value;
    bool is_product;
    double factor[2];
};

static struct valued value_of(const struct models *m, const struct tree *t,
                              const struct valued *args);

static struct valued plain(double value) { return (struct valued){.value = value}; }

/* A sum: of two products the right one is fused. */
static struct valued sum_of(struct valued a, struct valued b, double sign) {
    return plain(b.is_product   ? fma(sign * b.factor[0], b.factor[1], a.value)
                 : a.is_product ? fma(a.factor[0], a.factor[1], sign * b.value)
                                : a.value + sign * b.value);
}

static struct valued op_of(const struct tree *t, const struct valued x[]) {
    switch (t->op) {
    case OP_ADD:
        return sum_of(x[0], x[1], 1);
    case OP_SUB:
        return sum_of(x[0], x[1], -1);
    case OP_MUL:
        return (struct valued){x[0].value * x[1].value, true, {x[0].value, x[1].value}};
    case OP_NEG:
        return (struct valued){
            -x[0].value, x[0].is_product, {-x[0].factor[0], x[0].factor[1]}};
    case OP_DIV:
        return plain(x[0].value / x[1].value);
    default:
        return plain(op_value(OP_POW, (double[]){x[0].value, x[1].value}));
    }
}

/* By itself: what has a name, an argument, a function's value. */
static struct valued by_itself(struct valued v) {
    v.is_product = false;
    return v;
}

static struct valued value_of(const struct models *m, const struct tree *t,
                              const struct valued *args) {
    struct valued x[3];
    switch (t->kind) {
    case K_NUMBER:
        return plain(t->number);
    case K_PAR:
        return plain(m->at.pars[t->index]);
    case K_STATE:
        return plain(m->at.states[t->index]);
    case K_TIME:
        return plain(m->at.time);
    case K_NAME:
        return by_itself(value_of(m, m->name[t->index], NULL));
    case K_ARG:
        return args[t->index];
    case K_CALL:
        for (int i = 0; i < 2; i++) {
            x[i] = by_itself(value_of(m, t->args[i], args));
        }
        return by_itself(value_of(m, m->body[t->index], x));
    default:
        for (int i = 0; i < op_table[t->op].arity; i++) {
            x[i] = value_of(m, t->args[i], args);
        }
        return op_of(t, x);
    }
}

/* ---- as text ---- */

/* How a model is written. */
struct writing {
    bool turned;    /* definitions in the other order */
    bool outs;      /* parts of it are outs too */
    bool written;   /* calls are written out: their arguments and values are names */
    bool constants; /* parameters are constants */
};

struct page {
    char lines[400][4000];
    int n, n_calls;
    const struct writing *how;
    const struct models *m;
};

static void add(char *to, const char *format, ...) {
    va_list list;
    va_start(list, format);
    const size_t n = strlen(to);
    vsnprintf(to + n, 4000 - n, format, list);
    va_end(list);
    assert_true(strlen(to) < 3990);
}

static char *line(struct page *p) {
    assert_true(p->n < LENGTH(p->lines));
    p->lines[p->n][0] = 0;
    return p->lines[p->n++];
}

/* args: the names that stand for a body's arguments; NULL in a function's own text: a, b. */
static void write_tree(struct page *p, char *to, const struct tree *t,
                       const char (*args)[20]) {
    static const char *const signs[] = {[OP_ADD] = " + ",
                                        [OP_SUB] = " - ",
                                        [OP_MUL] = "*",
                                        [OP_DIV] = "/",
                                        [OP_POW] = "^"};
    switch (t->kind) {
    case K_NUMBER:
        add(to, t->number < 0 ? "(%.17g)" : "%.17g", t->number);
        break;
    case K_PAR:
        add(to, "p%d", t->index);
        break;
    case K_STATE:
        add(to, "y%d", t->index);
        break;
    case K_TIME:
        add(to, "t");
        break;
    case K_NAME:
        add(to, "w%d", t->index);
        break;
    case K_ARG:
        add(to, "%s", args ? args[t->index] : t->index ? "b" : "a");
        break;
    case K_CALL:
        if (p->how->written) {
            const int call = p->n_calls++;
            char names[2][20];
            for (int i = 0; i < 2; i++) {
                snprintf(names[i], sizeof names[i], "c%d_%d", call, i);
                char *l = line(p);
                add(l, "%s = ", names[i]);
                write_tree(p, l, t->args[i], args);
            }
            char *l = line(p);
            add(l, "c%d = ", call);
            write_tree(p, l, p->m->body[t->index], names);
            add(to, "c%d", call);
            break;
        }
        add(to, "f%d(", t->index);
        write_tree(p, to, t->args[0], args);
        add(to, ", ");
        write_tree(p, to, t->args[1], args);
        add(to, ")");
        break;
    default:
        add(to, t->op == OP_NEG ? "(-" : "(");
        write_tree(p, to, t->args[0], args);
        if (op_table[t->op].arity == 2) {
            add(to, "%s", signs[t->op]);
            write_tree(p, to, t->args[1], args);
        }
        add(to, ")");
    }
}

/* Outs that show every part of the tree. */
static void write_parts(struct page *p, const struct tree *t, int *n) {
    for (int i = 0; i < 3 && t->args[i]; i++) {
        write_parts(p, t->args[i], n);
    }
    if (t->kind == K_OP) {
        char *l = line(p);
        add(l, "out o%d = ", (*n)++);
        write_tree(p, l, t, NULL);
    }
}

static const char *text_of(const struct models *m, const struct writing *how) {
    static struct page page;
    static char text[400 * 4000];
    page.n = page.n_calls = 0;
    page.how = how;
    page.m = m;
    int n_outs = 0;
    for (int i = 0; i < PARS; i++) {
        add(line(&page), how->constants ? "const p%d = %.17g" : "par p%d = %.17g", i,
            m->at.pars[i]);
    }
    for (int i = 0; i < FUNCTIONS && !how->written; i++) {
        char *l = line(&page);
        add(l, "f%d(a, b) = ", i);
        write_tree(&page, l, m->body[i], NULL);
    }
    for (int i = 0; i < NAMES; i++) {
        char *l = line(&page);
        add(l, "w%d = ", i);
        write_tree(&page, l, m->name[i], NULL);
    }
    for (int i = 0; i < STATES; i++) {
        char *l = line(&page);
        add(l, "y%d' = ", i);
        write_tree(&page, l, m->rhs[i], NULL);
        if (how->outs) {
            write_parts(&page, m->rhs[i], &n_outs);
        }
    }
    strcpy(text, "model m\ninit y0 = 1, y1 = 1, y2 = 1\n");
    char *end = text + strlen(text);
    for (int i = 0; i < page.n; i++) {
        end += sprintf(end, "%s\n", page.lines[how->turned ? page.n - 1 - i : i]);
    }
    return text;
}

/* ---- compiled ---- */

struct built {
    struct derived d;
    double *value; /* by node */
};

static void build(struct built *b, const char *text) {
    struct derived *d = &b->d;
    derived_open(d);
    struct diags *diags = diags_create(d->arena, "m.ode", text, strlen(text));
    struct ast *ast = parse(d->arena, diags, text, strlen(text));
    struct model *model = ast ? check(d->arena, diags, ast, false) : NULL;
    if (!model || !lower(d->arena, diags, model, &model->outs, &d->l)) {
        fail_msg("%s\n%s", text, diags_text(diags, false));
    }
    assert_true(derive(&d->l));
    fuse(&d->l);
    hoist(&d->l);
    assert_null(graph_verify(&d->l));
}

/* All nodes at the point, which names the parameters as the text has them. */
static void evaluate_built(struct built *b, const struct point *at) {
    const struct graph *g = b->d.l.graph;
    const struct function *values = lowered_function(&b->d.l, FUNCTION_values);
    double *held = ARENA_ARRAY(b->d.arena, double, values->n + 1);
    b->value = ARENA_ARRAY(b->d.arena, double, g->nodes.n + 1);
    for (int pass = 0; pass < 2; pass++) { /* the per-run values, then all */
        for (node_id n = 0; n < g->nodes.n; n++) {
            const struct node *node = graph_node(g, n);
            double args[3] = {0};
            for (int i = 0; i < node->n_args; i++) {
                args[i] = b->value[node->args[i]];
            }
            b->value[n] = node->kind == NODE_OP      ? op_value(node->op, args)
                          : node->kind == NODE_VALUE ? held[node->index]
                                                     : leaf_value(node, at);
        }
        for (int i = 0; i < values->n; i++) {
            held[i] = b->value[values->results[i]];
        }
    }
}

static double result(const struct built *b, enum function_kind kind, int i) {
    return b->value[lowered_function(&b->d.l, kind)->results[i]];
}

/* A zero's sign is free, as it is to simplify.c. */
static bool same_number(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static struct point turned(const struct point *at) {
    struct point r = *at;
    for (int i = 0; i < PARS; i++) {
        r.pars[i] = at->pars[PARS - 1 - i];
    }
    return r;
}

/* ---- the tests ---- */

static void bits_follow_from_the_text(void **state) {
    (void)state;
    static struct models m;
    random_begin("fusing");
    for (int k = 0; k < MODELS; k++) {
        random_model(&m);
        struct built b;
        build(&b, text_of(&m, &(struct writing){0}));
        evaluate_built(&b, &m.at);
        for (int i = 0; i < STATES; i++) {
            const double due = value_of(&m, m.rhs[i], NULL).value;
            const double is = result(&b, FUNCTION_rhs, i);
            if (!same_number(is, due) ||
                !same_number(is, result(&b, FUNCTION_linear, i))) {
                fail_msg("%s\ny%d' is %a, not %a, and with the Jacobian %a",
                         text_of(&m, &(struct writing){0}), i, is, due,
                         result(&b, FUNCTION_linear, i));
            }
        }
        derived_close(&b.d);
    }
}

static void other_writing_changes_nothing(void **state) {
    (void)state;
    static const struct writing ways[] = {
        {.turned = true}, {.outs = true}, {.written = true}, {true, true, true, false}};
    static struct models m;
    random_begin("writing");
    for (int k = 0; k < MODELS / 4; k++) {
        random_model(&m);
        const struct point back = turned(&m.at);
        struct built plain, other;
        build(&plain, text_of(&m, &(struct writing){0}));
        evaluate_built(&plain, &m.at);
        for (int w = 0; w < LENGTH(ways); w++) {
            build(&other, text_of(&m, &ways[w]));
            evaluate_built(&other, ways[w].turned ? &back : &m.at);
            for (int i = 0; i < STATES; i++) {
                for (int v = 0; v <= STATES; v++) {
                    const double a = derivative_of(&plain.d, plain.value, i, v);
                    const double c = derivative_of(&other.d, other.value, i, v);
                    if (!same_number(a, c)) {
                        fail_msg("%s\nd y%d'/d %d is %a, before %a",
                                 text_of(&m, &ways[w]), i, v, c, a);
                    }
                }
                const double a = result(&plain, FUNCTION_rhs, i);
                const double c = result(&other, FUNCTION_rhs, i);
                if (!same_number(a, c)) {
                    fail_msg("%s\ny%d' is %a, before %a", text_of(&m, &ways[w]), i, c,
                             a);
                }
            }
            derived_close(&other.d);
        }
        derived_close(&plain.d);
    }
}

/* Parameters alone, or constants in their place, which the compiler folds: as a derivative, and
 * as the default of a parameter. */
static void constants_are_as_parameters(void **state) {
    (void)state;
    static struct models m;
    const struct scope pars = {.functions = FUNCTIONS, .pars = true};
    int n_finite = 0;
    random_begin("constants");
    for (int k = 0; k < MODELS; k++) {
        random_model(&m);
        for (int i = 0; i < FUNCTIONS; i++) {
            m.body[i] = random_tree(
                &m, &(struct scope){.functions = i, .args = 2, .pars = true}, 2);
        }
        for (int i = 0; i < STATES; i++) {
            m.rhs[i] = random_tree(&m, &pars, 4);
        }
        for (int i = 0; i < NAMES; i++) {
            m.name[i] = random_tree(&m, &pars, 2);
        }
        double due[STATES];
        for (int constants = 0; constants < 2; constants++) {
            struct built b;
            build(&b, text_of(&m, &(struct writing){.constants = constants}));
            evaluate_built(&b, &m.at);
            for (int i = 0; i < STATES; i++) {
                const double is = result(&b, FUNCTION_rhs, i);
                due[i] = constants ? due[i] : is;
                n_finite += constants && isfinite(is);
                if (!same_number(is, due[i])) {
                    fail_msg("%s\ny%d' is %a, of parameters %a",
                             text_of(&m, &(struct writing){.constants = true}), i, is,
                             due[i]);
                }
            }
            derived_close(&b.d);
        }
    }
    assert_true(n_finite > MODELS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_follow_from_the_text),
        cmocka_unit_test(other_writing_changes_nothing),
        cmocka_unit_test(constants_are_as_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
