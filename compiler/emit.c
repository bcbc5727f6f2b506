/* emit.c -- graph -> kernel text: the functions of one model, straight-line.
 *
 * A node that is used more than once, or whose text would get long, is a named value v<n>;
 * the rest is written where it is used. No name of the model's appears in code: states are
 * y[i], parameters p[i], per-run values c[i]; names stand in comments, with everything that
 * could end a comment or splice a line replaced.
 */
#include <math.h>
#include <string.h>

#include "graph.h"
#include "passes.h"
#include "sparse.h"

#define LONG_TEXT 72        /* characters of an expression written in place */
#define UNROLLED_STATES 32  /* loops over more states stay loops */
#define OUTLINED_STATES 20  /* from here on the right-hand side is a call; */
#define OUTLINED_FLOPS 48   /* or from here on: inlined, it stands in every stage */
#define GROUPED_STATES 10   /* up to here two vector registers are on their way at once */

struct emission {
    struct text *out;
    const struct graph *g;
    const int *uses;
    const char **written; /* by node: its text where it is used, NULL: not yet */
};

/* ---- comments ---- */

static void add_comment_text(struct text *out, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        const bool ends = c == '/' && i > 0 && text[i - 1] == '*';
        const bool opens = c == '*' && i > 0 && text[i - 1] == '/';
        if (ends || opens) {
            text_add_bytes(out, " ", 1);
        }
        const bool plain = ((unsigned char)c >= ' ' && c != '\\' && c != '?' && c != 127);
        text_add_bytes(out, plain ? &c : " ", 1);
    }
}

#define COMMENT_LENGTH 70

static void add_source_comment(struct text *out, const struct model *m, struct span span) {
    size_t n = span.end - span.start;
    const bool cut = n > COMMENT_LENGTH;
    if (cut) {
        n = COMMENT_LENGTH;
        while (n > 0 && ((unsigned char)m->source[span.start + n] & 0xc0) == 0x80) {
            n--; /* not inside a character */
        }
    }
    text_add(out, " /* ");
    add_comment_text(out, m->source + span.start, n);
    text_add(out, cut ? " ... */" : " */");
}

/* ---- expressions ---- */

static const char *literal_text(struct arena *arena, double x) {
    if (isnan(x)) {
        return "nan_real()";
    }
    if (isinf(x)) {
        return x > 0 ? "inf_real()" : "(-inf_real())";
    }
    const char *digits = number_text(arena, x);
    return arena_printf(arena, "R(%s%s)", digits, strpbrk(digits, ".e") ? "" : ".0");
}

static bool is_atom(const char *text) {
    int depth = 0;
    for (const char *c = text; *c; c++) {
        depth += (*c == '(' || *c == '[') - (*c == ')' || *c == ']');
        if (depth == 0 && (*c == ' ' || (*c == '-' && c == text))) {
            return false;
        }
    }
    return true;
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_';
}

/* Argument i of the node, as text. The reciprocal of a numeric divisor is a quotient of
 * scalars, so that in float too it is the reciprocal of the divisor as rounded. */
static const char *argument_text(const struct emission *e, const struct node *node, int i) {
    const struct node *divisor = graph_node(e->g, node->args[1]);
    if (node->op == OP_DIV_BY && i == 2 && divisor->kind == NODE_NUMBER) {
        return arena_printf(e->g->arena, "R((scalar)1 / (scalar)%s)",
                            number_text(e->g->arena, divisor->number));
    }
    return e->written[node->args[i]];
}

/* The operation's text from ops.def with its a, b, c replaced. */
static const char *op_text(struct emission *e, const struct node *node) {
    struct text t = {.arena = e->g->arena};
    const char *pattern = op_table[node->op].text;
    const bool infix = strpbrk(pattern, "(") == NULL;
    for (const char *c = pattern; *c; c++) {
        const bool alone = (c == pattern || !is_word(c[-1])) && !is_word(c[1]);
        if (*c >= 'a' && *c <= 'c' && alone) {
            const char *arg = argument_text(e, node, *c - 'a');
            const bool bare = !infix || is_atom(arg);
            text_add(&t, bare ? "%s" : "(%s)", arg);
        } else {
            text_add_bytes(&t, c, 1);
        }
    }
    return t.at;
}

static const char *leaf_text(struct arena *arena, const struct node *node) {
    switch (node->kind) {
    case NODE_NUMBER:
        return literal_text(arena, node->number);
    case NODE_PAR:
        return arena_printf(arena, "p[%d]", node->index);
    case NODE_STATE:
        return arena_printf(arena, "y[%d]", node->index);
    case NODE_VALUE:
        return arena_printf(arena, "c[%d]", node->index);
    case NODE_TIME:
    case NODE_OP:
        break;
    }
    return "t";
}

static void emit_node(struct emission *e, node_id n, const char *indent) {
    const struct node *node = graph_node(e->g, n);
    if (node->kind != NODE_OP) {
        e->written[n] = leaf_text(e->g->arena, node);
        return;
    }
    const char *text = op_text(e, node);
    if (e->uses[n] > 1 || strlen(text) > LONG_TEXT) {
        text_add(e->out, "%sconst %s v%d = %s;\n", indent, node->truth ? "mask" : "real", n,
                 text);
        text = arena_printf(e->g->arena, "v%d", n);
    }
    e->written[n] = text;
}

/* Marks in `marked` what result i needs and no earlier result did. */
static void mark_needed(const struct graph *g, node_id n, const char **written,
                        bool *marked) {
    marked[n] = true;
    for (; n >= 0; n--) {
        const struct node *node = graph_node(g, n);
        for (int i = 0; marked[n] && i < node->n_args; i++) {
            if (!written[node->args[i]]) {
                marked[node->args[i]] = true;
            }
        }
    }
}

struct emission_style {
    const char *target; /* "dy": dy[i] = ... */
    const char *const *targets; /* or by result */
    const char *indent;
    const struct model *model;
    const struct symbol *const *symbols; /* whose equation stands beside result i, or NULL */
    bool derivatives; /* a state's equation, not its initial value */
    bool names;       /* a state's name alone */
};

/* Result by result: the values it needs, then the result with the user's equation. */
static void emit_results(struct emission *e, const struct function *f,
                         const struct emission_style *style) {
    bool *marked = ARENA_ARRAY(e->g->arena, bool, e->g->nodes.n + 1);
    for (int i = 0; i < f->n; i++) {
        const node_id r = f->results[i];
        if (!e->written[r]) {
            mark_needed(e->g, r, e->written, marked);
            for (node_id n = 0; n <= r; n++) {
                if (marked[n] && !e->written[n]) {
                    emit_node(e, n, style->indent);
                }
            }
        }
        if (style->targets) {
            text_add(e->out, "%s%s = %s;", style->indent, style->targets[i], e->written[r]);
        } else {
            text_add(e->out, "%s%s[%d] = %s;", style->indent, style->target, i, e->written[r]);
        }
        if (style->symbols && style->symbols[i]) {
            const struct symbol *s = style->symbols[i];
            add_source_comment(e->out, style->model,
                               style->derivatives                            ? s->derivative_span
                               : style->names && s->kind == SYMBOL_STATE ? s->span
                                                                           : s->definition);
        }
        text_add(e->out, "\n");
    }
}

static struct emission emission_begin(struct text *out, struct graph *g,
                                      const struct function *f) {
    return (struct emission){out, g, graph_uses(g, f, 1),
                             ARENA_ARRAY(g->arena, const char *, g->nodes.n + 1)};
}

/* ---- functions ---- */

static int count_flops(const struct lowered *l, const struct function *f) {
    int flops = 0;
    const int *uses = graph_uses(l->graph, f, 1);
    for (node_id n = 0; n < l->graph->nodes.n; n++) {
        const struct node *node = graph_node(l->graph, n);
        flops += uses[n] && node->kind == NODE_OP ? op_table[node->op].flops : 0;
    }
    return flops;
}

static bool is_outlined(const struct lowered *l, const struct function *f) {
    return l->rhs.n >= OUTLINED_STATES || count_flops(l, f) >= OUTLINED_FLOPS;
}

/* A parameter that no input sets has its default, which may use other parameters: they come
 * first. Depth-first; check has excluded cycles. */
static void order_defaults(const struct lowered *l, int i, bool *seen, int *order, int *n) {
    if (seen[i]) {
        return;
    }
    seen[i] = true;
    const struct function one = {1, &l->defaults.results[i]};
    const int *uses = graph_uses(l->graph, &one, 1);
    for (node_id k = 0; k < l->graph->nodes.n; k++) {
        if (uses[k] && graph_node(l->graph, k)->kind == NODE_PAR) {
            order_defaults(l, graph_node(l->graph, k)->index, seen, order, n);
        }
    }
    order[(*n)++] = i;
}

static void emit_defaults(struct text *out, const struct model *m, const struct lowered *l) {
    struct arena *arena = l->graph->arena;
    int n = 0, *order = ARENA_ARRAY(arena, int, m->pars.n + 1);
    bool *seen = ARENA_ARRAY(arena, bool, m->pars.n + 1);
    text_add(out, "/* Parameters that the batch does not set. */\n"
                  "FN void model_defaults(const struct odec_input *given, real *p) {\n"
                  "    (void)given, (void)p;\n");
    for (int i = 0; i < m->pars.n; i++) {
        order_defaults(l, i, seen, order, &n);
    }
    for (int k = 0; k < n; k++) {
        const int i = order[k];
        const struct function one = {1, &l->defaults.results[i]};
        struct emission e = emission_begin(out, l->graph, &one);
        text_add(out, "    if (!given[%d].data) {\n", i);
        for (node_id v = 0; v <= one.results[0]; v++) {
            if (e.uses[v]) {
                emit_node(&e, v, "        ");
            }
        }
        text_add(out, "        p[%d] = %s;", i, e.written[one.results[0]]);
        add_source_comment(out, m, m->pars.at[i]->definition);
        text_add(out, "\n    }\n");
    }
    text_add(out, "}\n\n");
}

/* Results of `linear` go to dy, ft and J's places among the factors. */
static const char **linear_targets(struct arena *arena, const struct lowered *l,
                                   const struct sparse_lu *lu) {
    const char **targets = ARENA_ARRAY(arena, const char *, l->linear.n + 1);
    const struct jacobian *j = &l->jacobian;
    int n = 0;
    for (int i = 0; i < l->rhs.n; i++) {
        targets[n++] = arena_printf(arena, "dy[%d]", i);
    }
    for (int i = 0; i < j->time_rows.n; i++) {
        targets[n++] = arena_printf(arena, "ft[%d]", i);
    }
    for (int i = 0; i < j->entries.n; i++) {
        const struct jacobian_entry *e = &j->entries.at[i];
        targets[n++] = arena_printf(
            arena, "lu[%d]", sparse_place(lu, lu->position[e->row], lu->position[e->column]));
    }
    return targets;
}

static void emit_linear(struct text *out, const struct kernel_spec *spec,
                        const struct lowered *l) {
    struct arena *arena = l->graph->arena;
    const struct model *m = spec->model;
    const char *kind = is_outlined(l, &l->linear) ? "FN_OUTLINE" : "FN";
    text_add(out,
             "\n/* f, df/dt where it is not zero, and the Jacobian at its places among the\n"
             " * factors. */\n"
             "%s void model_linear(real t, const real *y, const real *c, real *dy, real *ft,\n"
             "                     real *lu) {\n"
             "    (void)t, (void)c, (void)ft;\n",
             kind);
    const struct symbol **symbols = ARENA_ARRAY(arena, const struct symbol *, l->linear.n + 1);
    for (int i = 0; i < m->states.n; i++) {
        symbols[i] = m->states.at[i];
    }
    struct emission e = emission_begin(out, l->graph, &l->linear);
    emit_results(&e, &l->linear,
                 &(struct emission_style){.targets = linear_targets(arena, l, spec->lu),
                                          .indent = "    ",
                                          .model = m,
                                          .symbols = symbols,
                                          .derivatives = true});
    text_add(out, "}\n\n");
    kind = is_outlined(l, &l->rhs) ? "FN_OUTLINE" : "FN";
    emit_factor(out, spec->lu, kind);
    emit_solve(out, spec->lu, kind);
    emit_add_time(out, &l->jacobian);
}

static void emit_functions(struct text *out, const struct kernel_spec *spec,
                           const struct lowered *l) {
    const struct model *m = spec->model;
    struct graph *g = l->graph;
    emit_defaults(out, m, l);

    text_add(out, "/* Per-run values c: what depends on parameters alone. */\n"
                  "FN void model_values(const real *p, real *c) {\n    (void)p, (void)c;\n");
    struct emission e = emission_begin(out, g, &l->values);
    emit_results(&e, &l->values, &(struct emission_style){.target = "c", .indent = "    "});
    text_add(out, "}\n\n");

    text_add(out, "/* Initial values. */\n"
                  "FN void model_initial(const real *p, real *y) {\n    (void)p;\n");
    e = emission_begin(out, g, &l->initial);
    const struct symbol *const *states = (const struct symbol *const *)m->states.at;
    emit_results(&e, &l->initial,
                 &(struct emission_style){.target = "y", .indent = "    ", .model = m, .symbols = states});
    text_add(out, "}\n\n");

    text_add(out,
             "/* The right-hand side: dy = f(t, y). */\n"
             "%s void model_rhs(real t, const real *y, const real *c, real *dy) {\n"
             "    (void)t, (void)c;\n",
             is_outlined(l, &l->rhs) ? "FN_OUTLINE" : "FN");
    e = emission_begin(out, g, &l->rhs);
    emit_results(&e, &l->rhs, &(struct emission_style){.target = "dy", .indent = "    ", .model = m, .symbols = states, .derivatives = true});
    text_add(out, "}\n\n");

    text_add(out, "/* The columns of a result. */\n"
                  "%s void model_columns(real t, const real *y, const real *c, real *o) {\n"
                  "    (void)t, (void)c;\n",
             is_outlined(l, &l->columns) ? "FN_OUTLINE" : "FN");
    e = emission_begin(out, g, &l->columns);
    const struct symbol *const *columns = (const struct symbol *const *)spec->columns->at;
    emit_results(&e, &l->columns, &(struct emission_style){.target = "o", .indent = "    ", .model = m, .symbols = columns, .names = true});
    text_add(out, "}\n");
    if (spec->lu) {
        emit_linear(out, spec, l);
    }
}

/* ---- sizes and library ---- */

static bool is_used(const struct graph *g, const int *uses, enum op op) {
    for (node_id n = 0; n < g->nodes.n; n++) {
        if (uses[n] && node_is(g, n, op)) {
            return true;
        }
    }
    return false;
}

static char *library_text(struct arena *arena, const struct kernel_spec *spec,
                          const struct lowered *l) {
    const struct function all[] = {l->defaults, l->initial, l->values,
                                   l->rhs,      l->columns, l->linear};
    const int *uses = graph_uses(l->graph, all, 6);
    struct text t = {.arena = arena};
    text_add(&t, "#include \"abi.h\"\n%s", spec->lu ? "#include \"lu.h\"\n" : "");
    for (int op = 0; op < OP_COUNT; op++) {
        const char *header = op_table[op].header;
        if (*header && is_used(l->graph, uses, (enum op)op) && !strstr(t.at, header)) {
            text_add(&t, "#include \"%s\"\n", header);
        }
    }
    return t.at;
}

static char *sizes_text(struct arena *arena, const struct kernel_spec *spec,
                        const struct lowered *l) {
    const int n = spec->model->states.n;
    return arena_printf(
        arena,
        "#define REAL_FLOAT %d\n"
        "#define N_STATES %d\n"
        "#define N_PARS %d\n"
        "#define N_VALUES %d\n"
        "#define N_COLUMNS %d\n"
        "#define ADAPTIVE %d /* 0: fixed steps */\n"
        "#define SAVES %d /* 0: the final time alone */\n"
        "#define GROUPS %d /* vector registers on their way at once */\n"
        "%s%s",
        spec->is_float, n, spec->model->pars.n, l->values.n, l->columns.n, spec->adaptive,
        spec->saves, n <= GROUPED_STATES ? 2 : 1,
        spec->lu ? arena_printf(arena,
                                "#define N_LU %d /* entries of L + U */\n"
                                "#define N_TIME %d /* entries of df/dt */\n",
                                spec->lu->n_entries, l->jacobian.time_rows.n)
                 : "",
        n <= UNROLLED_STATES ? "" : "#define STATE_UNROLL NO_UNROLL\n");
}

void emit(struct arena *arena, const struct kernel_spec *spec, const struct lowered *l,
          struct emitted *out) {
    struct text model = {.arena = arena};
    emit_functions(&model, spec, l);
    *out = (struct emitted){.model = model.at};
    out->sizes = sizes_text(arena, spec, l);
    out->library = library_text(arena, spec, l);
    out->method = arena_printf(arena, "#include \"tableau_%s.h\"\n#include \"%s.h\"\n",
                               spec->method->name, spec->method->family);
    out->live_values = 2 * spec->model->states.n + l->values.n;
    out->flops_rhs = count_flops(l, &l->rhs);
    out->flops_linear = count_flops(l, &l->linear);
}
