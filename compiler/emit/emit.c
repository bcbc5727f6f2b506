/* emit.c -- graph -> kernel text: the functions of one model, its sizes, and what they
 * include.
 */
#include <string.h>

#include "body.h"
#include "emit.h"
#include "linear_algebra.h"

#define UNROLLED_STATES 19 /* loops over more states stay loops */
#define OUTLINED_STATES 20 /* from here on the right-hand side is a call; */
#define OUTLINED_FLOPS 48  /* or from here on: inlined, it stands in every stage */
#define BY_VALUE_BYTES 128 /* that a CUDA call takes in registers, */
#define BY_VALUE_FLOPS 800 /* unless it is so long that it is written in parts */
#define GROUPED_STATES 10  /* up to here two vector registers are on their way, */
#define GROUPED_STIFF 32   /* or to here with a stiff method, which loops over them */

/* ---- functions ---- */

static bool is_outlined(const struct lowered *l, const struct function *f) {
    return l->rhs.n >= OUTLINED_STATES || graph_flops(l->graph, f) >= OUTLINED_FLOPS;
}

/* Few enough values for a call by value (kernels/rhs_call.h). */
static bool is_by_value(const struct kernel_spec *spec, const struct lowered *l) {
    const int bytes = (l->rhs.n + l->values.n) * (spec->is_float ? 4 : 8);
    return !spec->lu && is_outlined(l, &l->rhs) && l->rhs.n < OUTLINED_STATES &&
           bytes <= BY_VALUE_BYTES && graph_flops(l->graph, &l->rhs) < BY_VALUE_FLOPS;
}

/* A parameter that no input sets has its default, which may use other parameters: they
 * come first. Depth-first; check has excluded cycles. */
static void order_defaults(const struct lowered *l, int i, bool *seen, int *order,
                           int *n) {
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

static void emit_defaults(struct text *out, const struct model *m,
                          const struct lowered *l) {
    struct arena *arena = l->graph->arena;
    int n = 0, *order = ARENA_ARRAY(arena, int, m->pars.n + 1);
    bool *seen = ARENA_ARRAY(arena, bool, m->pars.n + 1);
    text_add(out, "/* Parameters that the batch does not set. */\n"
                  "FN void model_defaults(const struct odec_input *given, cell *p) {\n"
                  "    (void)given, (void)p;\n");
    for (int i = 0; i < m->pars.n; i++) {
        order_defaults(l, i, seen, order, &n);
    }
    for (int k = 0; k < n; k++) {
        const int i = order[k];
        text_add(out, "    if (!given[%d].data) {\n", i);
        const char *value =
            body_value(out, l->graph, l->defaults.results[i], "        ");
        text_add(out, "        p[%d] = %s;", i, value);
        body_comment(out, m, m->pars.at[i]->definition);
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
            arena, "lu[%d]",
            sparse_place(lu, lu->position[e->row], lu->position[e->column]));
    }
    return targets;
}

/* Returns how many values the parts of a function pass on, as do all that write some
 * functions. */
static int emit_linear(struct text *out, const struct kernel_spec *spec,
                       const struct lowered *l) {
    struct arena *arena = l->graph->arena;
    const struct model *m = spec->model;
    const struct symbol **symbols =
        ARENA_ARRAY(arena, const struct symbol *, l->linear.n + 1);
    for (int i = 0; i < m->states.n; i++) {
        symbols[i] = m->states.at[i];
    }
    const int n_passed = body_function(
        out, l->graph, &l->linear,
        &(struct body_style){
            .comment = "f, df/dt where it is not zero, and the Jacobian at its places "
                       "among the\n * factors.",
            .kind = is_outlined(l, &l->linear) ? "FN_OUTLINE" : "FN",
            .name = "model_linear",
            .parameters = "real t, const cell *RESTRICT y, const cell *RESTRICT c, "
                          "cell *RESTRICT dy, cell *RESTRICT ft, cell *RESTRICT lu",
            .arguments = "t, y, c, dy, ft, lu",
            .unused = "(void)t, (void)y, (void)c, (void)dy, (void)ft, (void)lu;",
            .targets = linear_targets(arena, l, spec->lu),
            .model = m,
            .symbols = symbols,
            .derivatives = true});
    const char *kind = is_outlined(l, &l->rhs) ? "FN_OUTLINE" : "FN";
    emit_linear_algebra(out, spec->lu, kind);
    emit_add_time(out, &l->jacobian);
    return n_passed;
}

static int larger(int a, int b) { return a > b ? a : b; }

static int emit_functions(struct text *out, const struct kernel_spec *spec,
                          const struct lowered *l) {
    const struct model *m = spec->model;
    const struct symbol *const *states = (const struct symbol *const *)m->states.at;
    const struct symbol *const *columns =
        (const struct symbol *const *)spec->columns->at;
    const struct {
        const struct function *f;
        struct body_style style;
    } functions[] = {
        {&l->values,
         {.comment = "Per-run values c: what depends on parameters alone.",
          .kind = "FN",
          .name = "model_values",
          .parameters = "const cell *p, cell *c",
          .arguments = "p, c",
          .unused = "(void)p, (void)c;",
          .target = "c"}},
        {&l->initial,
         {.comment = "Initial values.",
          .kind = "FN",
          .name = "model_initial",
          .parameters = "const cell *p, cell *y",
          .arguments = "p, y",
          .unused = "(void)p, (void)y;",
          .target = "y",
          .model = m,
          .symbols = states}},
        {&l->rhs,
         {.comment = "The right-hand side: dy = f(t, y).",
          .kind = is_by_value(spec, l)      ? "FN_RHS"
                  : is_outlined(l, &l->rhs) ? "FN_OUTLINE"
                                            : "FN",
          .name = "model_rhs",
          .parameters = "real t, const cell *RESTRICT y, const cell *RESTRICT c, "
                        "cell *RESTRICT dy",
          .arguments = "t, y, c, dy",
          .unused = "(void)t, (void)y, (void)c, (void)dy;",
          .target = "dy",
          .model = m,
          .symbols = states,
          .derivatives = true}},
        {&l->columns,
         {.comment = "The columns of a result.",
          .kind = is_outlined(l, &l->columns) ? "FN_OUTLINE" : "FN",
          .name = "model_columns",
          .parameters = "real t, const cell *RESTRICT y, const cell *RESTRICT c, "
                        "cell *RESTRICT o",
          .arguments = "t, y, c, o",
          .unused = "(void)t, (void)y, (void)c, (void)o;",
          .target = "o",
          .model = m,
          .symbols = columns,
          .names = true}},
    };
    int n = 0;
    emit_defaults(out, m, l);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        const struct body_style *style = &functions[i].style;
        n = larger(n, body_function(out, l->graph, functions[i].f, style));
    }
    return spec->lu ? larger(n, emit_linear(out, spec, l)) : n;
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

/* sizeof(struct workspace) of kernels/workspace.h, for one lane. */
static int64_t count_workspace(const struct kernel_spec *spec, const struct lowered *l,
                               int n_passed) {
    const int64_t n = spec->model->states.n;
    const int64_t step = spec->lu ? (spec->method->stages + 2) * n +
                                        larger(l->jacobian.time_rows.n, 1) +
                                        spec->lu->n_entries
                                  : (spec->method->stages + 2 + !spec->adaptive) * n;
    const int64_t cells = 11 * n + step + larger(l->values.n, 1) +
                          larger(spec->model->pars.n, 1) + l->columns.n +
                          larger(n_passed, 1);
    return cells * (spec->is_float ? 4 : 8);
}

/* At least SUSPENDED_CELLS of kernels/suspend.h and 16 more words. */
static int64_t count_suspended(const struct kernel_spec *spec, const struct lowered *l,
                               int64_t workspace) {
    const int64_t cells = 2 * (int64_t)spec->model->states.n + l->values.n;
    return 8 * (16 + (workspace > ODEC_LOCAL_BYTES ? 0 : cells));
}

static char *sizes_text(struct arena *arena, const struct kernel_spec *spec,
                        const struct lowered *l, int n_passed,
                        const struct emitted *sizes) {
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
        "#define N_PASSED %d "
        "/* values from one part of a long function to the next */\n"
        "#define WORKSPACE_BYTES %lld /* of a lane's arrays, */\n"
        "#define LARGE_LANES %d /* 1: more than CUDA's local memory should hold */\n"
        "#define SUSPENDED_BYTES %lld /* of a lane between two launches on CUDA */\n"
        "#define RHS_CALLED %d /* 1: the right-hand side is a call, */\n"
        "#define RHS_BY_VALUE %d /* 1: on CUDA with its values in registers */\n"
        "%s%s",
        spec->is_float, n, spec->model->pars.n, l->values.n, l->columns.n,
        spec->adaptive, spec->saves,
        n <= (spec->lu ? GROUPED_STIFF : GROUPED_STATES) ? 2 : 1, n_passed,
        (long long)sizes->workspace_bytes, sizes->workspace_bytes > ODEC_LOCAL_BYTES,
        (long long)sizes->suspended_bytes, is_outlined(l, &l->rhs),
        is_by_value(spec, l),
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
    const int n_passed = emit_functions(&model, spec, l);
    const int64_t workspace = count_workspace(spec, l, n_passed);
    *out = (struct emitted){.model = model.at};
    out->workspace_bytes = workspace;
    out->suspended_bytes = count_suspended(spec, l, workspace);
    out->sizes = sizes_text(arena, spec, l, n_passed, out);
    out->library = library_text(arena, spec, l);
    out->method =
        arena_printf(arena, "#include \"tableau_%s.h\"\n", spec->method->name);
    out->family = arena_printf(arena, "#include \"%s.h\"\n", spec->method->family);
    out->live_values = 2 * spec->model->states.n + l->values.n;
    out->flops_rhs = graph_flops(l->graph, &l->rhs);
    out->flops_linear = graph_flops(l->graph, &l->linear);
}
