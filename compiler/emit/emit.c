/* emit.c -- graph -> kernel text: the functions of one model, its sizes, and what they
 * include. How each function is written stands in functions.def.
 */
#include "emit.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "abi.h"
#include "body.h"
#include "linear_algebra.h"
#include "target.h"

#define UNROLLED_STATES 19 /* loops over more states stay loops */
#define OUTLINED_STATES 20 /* from here on the right-hand side is a call; */
#define OUTLINED_FLOPS 48  /* or from here on: inlined, it stands in every stage */

struct emitting {
    struct text *out;
    struct arena *arena;
    const struct kernel_spec *spec;
    const struct lowered *l;
    const struct function *rhs;
    struct kernel_sizes sizes;
    int64_t workspace_bytes, suspended_bytes; /* of a lane */
};

/* ---- how functions are written ---- */

struct form;
typedef void emit_function(struct emitting *e, const struct function *f,
                           const struct form *form);
static emit_function emit_PLAIN, emit_DEFAULTS, emit_INITIAL, emit_LINEAR;

enum call { CALL_INLINE, CALL_BY_SIZE, CALL_RHS };
enum beside { BESIDE_NOTHING, BESIDE_DEFINITION, BESIDE_EQUATION, BESIDE_NAME };

struct form {
    emit_function *emit;
    enum call call;
    const char *result;
    enum beside beside;
    const char *name;
    const char *parameters, *arguments; /* within their parentheses */
    const char *comment;
};

static const struct form forms[FUNCTION_COUNT] = {
#define FUNCTION(name, form, leaves, call, result, beside, parameters, arguments,  \
                 comment)                                                          \
    [FUNCTION_##name] = {emit_##form,    CALL_##call, #result,    BESIDE_##beside, \
                         "model_" #name, #parameters, #arguments, comment},
#include "functions.def"
};

static bool is_outlined(const struct emitting *e, const struct function *f) {
    return e->rhs->n >= OUTLINED_STATES ||
           graph_flops(e->l->graph, f) >= OUTLINED_FLOPS;
}

/* Few enough values for a call by value (kernels/run/rhs_call.h). */
static bool is_by_value(const struct emitting *e) {
    const struct target *cuda = &targets[ODEC_TARGET_CUDA];
    const int bytes = (e->rhs->n + e->sizes.n_values) * (e->spec->is_float ? 4 : 8);
    return !e->spec->lu && is_outlined(e, e->rhs) && e->rhs->n < OUTLINED_STATES &&
           bytes <= cuda->by_value_bytes &&
           graph_flops(e->l->graph, e->rhs) < cuda->by_value_flops;
}

/* The word that it is declared with. */
static const char *kind_of(const struct emitting *e, const struct function *f) {
    const enum call call = forms[f->kind].call;
    return call == CALL_RHS && is_by_value(e)         ? "FN_RHS"
           : call != CALL_INLINE && is_outlined(e, f) ? "FN_OUTLINE"
                                                      : "FN";
}

/* What stands beside result i. */
static const struct span *spans_beside(const struct emitting *e,
                                       const struct function *f) {
    const struct model *m = e->spec->model;
    const symbol_list *symbols = f->kind == FUNCTION_columns   ? e->spec->columns
                                 : f->kind == FUNCTION_initial ? &m->initial_order
                                                               : &m->states;
    const enum beside beside = forms[f->kind].beside;
    if (beside == BESIDE_NOTHING) {
        return NULL;
    }
    struct span *spans = ARENA_ARRAY(e->arena, struct span, f->n + 1);
    for (int i = 0; i < f->n && i < symbols->n; i++) {
        const struct symbol *s = symbols->at[i];
        spans[i] = beside == BESIDE_EQUATION ? s->derivative_span
                   : beside == BESIDE_NAME && s->kind == SYMBOL_STATE ? s->span
                                                                      : s->definition;
    }
    return spans;
}

/* Without the parentheses. */
static const char *inside(struct arena *arena, const char *text) {
    assert(text[0] == '(' && text[strlen(text) - 1] == ')');
    return arena_copy(arena, text + 1, strlen(text) - 2);
}

static void emit_body(struct emitting *e, const struct function *f,
                      const struct form *form, const char *const *targets) {
    const struct body_style style = {.comment = form->comment,
                                     .kind = kind_of(e, f),
                                     .name = form->name,
                                     .parameters = inside(e->arena, form->parameters),
                                     .arguments = inside(e->arena, form->arguments),
                                     .target = form->result,
                                     .targets = targets,
                                     .model = e->spec->model,
                                     .beside = spans_beside(e, f)};
    const int n_passed = body_function(e->out, e->l->graph, f, &style);
    if (n_passed > e->sizes.n_passed) {
        e->sizes.n_passed = n_passed;
    }
}

static void emit_PLAIN(struct emitting *e, const struct function *f,
                       const struct form *form) {
    emit_body(e, f, form, NULL);
}

/* A parameter that no input sets has its default, which may use other parameters. */
static void emit_DEFAULTS(struct emitting *e, const struct function *f,
                          const struct form *form) {
    const struct model *m = e->spec->model;
    struct body_values *values = body_values_create(e->l->graph);
    text_add(e->out,
             "/* %s */\n"
             "FN void %s%s {\n"
             "    (void)given, (void)p;\n",
             form->comment, form->name, form->parameters);
    for (int k = 0; k < f->n; k++) {
        const int i = e->l->pars_in_order[k];
        text_add(e->out, "    if (!given[%d].data) {\n", i);
        const char *value = body_value(values, e->out, f->results[i], "        ");
        text_add(e->out, "        p[%d] = %s;", i, value);
        body_comment(e->out, m, m->pars.at[i]->definition);
        text_add(e->out, "\n    }\n");
    }
    text_add(e->out, "}\n\n");
}

/* A state that no input sets has its initial value, which may use other states'. Straight-line,
 * since a value may be long and used by many. */
static void emit_INITIAL(struct emitting *e, const struct function *f,
                         const struct form *form) {
    const int *order = e->l->states_in_order;
    const struct function in_order = {f->kind, f->n,
                                      ARENA_ARRAY(e->arena, node_id, f->n + 1)};
    const char **targets = ARENA_ARRAY(e->arena, const char *, f->n + 1);
    for (int i = 0; i < f->n; i++) {
        in_order.results[i] = f->results[order[i]];
        targets[i] =
            arena_printf(e->arena, "if (!given[%d].data) y[%d]", order[i], order[i]);
    }
    emit_body(e, &in_order, form, targets);
}

/* Results go to dy, ft and J's places among the factors; with them what stiff methods need. */
static void emit_LINEAR(struct emitting *e, const struct function *f,
                        const struct form *form) {
    const struct jacobian *j = &e->l->jacobian;
    const struct sparse_lu *lu = e->spec->lu;
    const char **targets = ARENA_ARRAY(e->arena, const char *, f->n + 1);
    int n = 0;
    for (int i = 0; i < e->rhs->n; i++) {
        targets[n++] = arena_printf(e->arena, "dy[%d]", i);
    }
    for (int i = 0; i < j->time_rows.n; i++) {
        targets[n++] = arena_printf(e->arena, "ft[%d]", i);
    }
    for (int i = 0; i < j->entries.n; i++) {
        const struct jacobian_entry *entry = &j->entries.at[i];
        const int place =
            sparse_place(lu, lu->position[entry->row], lu->position[entry->column]);
        targets[n++] = arena_printf(e->arena, "lu[%d]", place);
    }
    assert(n == f->n);
    emit_body(e, f, form, targets);
    emit_linear_algebra(e->out, lu, is_outlined(e, e->rhs) ? "FN_OUTLINE" : "FN");
    emit_add_time(e->out, j);
}

static void emit_functions(struct emitting *e) {
    for (int kind = 0; kind < FUNCTION_COUNT; kind++) {
        for (int i = 0; i < e->l->functions.n; i++) {
            const struct function *f = &e->l->functions.at[i];
            if ((int)f->kind == kind) {
                forms[kind].emit(e, f, &forms[kind]);
            }
        }
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

static char *library_text(const struct emitting *e) {
    const struct lowered *l = e->l;
    const int *uses = graph_uses(l->graph, l->functions.at, l->functions.n);
    struct text t = {.arena = e->arena};
    text_add(&t, "#include \"abi.h\"\n%s", e->spec->lu ? "#include \"lu.h\"\n" : "");
    for (int op = 0; op < OP_COUNT; op++) {
        const char *header = op_table[op].header;
        if (*header && is_used(l->graph, uses, (enum op)op) && !strstr(t.at, header)) {
            text_add(&t, "#include \"%s\"\n", header);
        }
    }
    return t.at;
}

/* One row a bound, of states in their order: what has none costs nothing. In float what is out of
 * its range bounds nothing, or all. */
static void add_bounds(struct text *t, const struct emitting *e, bool upper) {
    const symbol_list *states = &e->spec->model->states;
    const double largest = e->spec->is_float ? (double)FLT_MAX : DBL_MAX;
    const double nothing = upper ? (double)INFINITY : -(double)INFINITY;
    text_add(t, "#define STATE_%s_BOUNDS(BOUND)", upper ? "UPPER" : "LOWER");
    for (int i = 0; i < states->n; i++) {
        double bound = upper ? states->at[i]->hi_value : states->at[i]->lo_value;
        bound = bound > largest ? INFINITY : bound < -largest ? -INFINITY : bound;
        if (bound != nothing) {
            text_add(t, " \\\n    BOUND(%d, %s)", i, body_literal(e->arena, bound));
        }
    }
    text_add(t, "\n");
}

/* Of kernels/model.h, where some state has one. */
static void add_all_bounds(struct text *t, const struct emitting *e) {
    const symbol_list *states = &e->spec->model->states;
    bool bounded = false;
    for (int i = 0; i < states->n; i++) {
        bounded = bounded || states->at[i]->bounds;
    }
    if (bounded) {
        text_add(t, "#define BOUNDED 1 /* some states have bounds */\n");
        add_bounds(t, e, false);
        add_bounds(t, e, true);
    }
}

static void count_bytes(struct emitting *e) {
    const struct method *method = e->spec->method;
    e->workspace_bytes =
        method->workspace_cells(&e->sizes) * (e->spec->is_float ? 4 : 8);
    e->suspended_bytes =
        8 * method->suspended_words(&e->sizes, e->workspace_bytes > ODEC_LOCAL_BYTES);
}

/* What kernels/model.h asks for. */
static char *sizes_text(const struct emitting *e) {
    const struct kernel_sizes *s = &e->sizes;
    const int n = s->n_states;
    const struct {
        const char *name;
        int64_t value;
        const char *comment; /* NULL: none */
        bool stiff;          /* of stiff methods alone */
    } sizes[] = {
        {"REAL_FLOAT", s->is_float, NULL, false},
        {"N_STATES", n, NULL, false},
        {"N_PARS", s->n_pars, NULL, false},
        {"N_VALUES", s->n_values, NULL, false},
        {"N_COLUMNS", s->n_columns, NULL, false},
        {"ADAPTIVE", s->adaptive, "0: fixed steps", false},
        {"SAVES", s->saves, "0: the final time alone", false},
        {"GROUPS", cpu_groups(n, e->spec->lu != NULL),
         "vector registers on their way at once", false},
        {"N_PASSED", s->n_passed, "values from one part of a long function to the next",
         false},
        {"WORKSPACE_BYTES", e->workspace_bytes, "of a lane's arrays,", false},
        {"LARGE_LANES", e->workspace_bytes > ODEC_LOCAL_BYTES,
         "1: more than CUDA's local memory should hold", false},
        {"SUSPENDED_BYTES", e->suspended_bytes,
         "of a lane between two launches on CUDA", false},
        {"RHS_CALLED", is_outlined(e, e->rhs), "1: the right-hand side is a call,",
         false},
        {"RHS_BY_VALUE", is_by_value(e), "1: on CUDA with its values in registers",
         false},
        {"N_LU", s->n_lu, "entries of L + U", true},
        {"N_TIME", s->n_time, "entries of df/dt", true},
    };
    struct text t = {.arena = e->arena};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (!sizes[i].stiff || e->spec->lu) {
            text_add(&t, "#define %s %lld", sizes[i].name, (long long)sizes[i].value);
            text_add(&t, sizes[i].comment ? " /* %s */\n" : "\n", sizes[i].comment);
        }
    }
    if (s->stops) {
        text_add(&t, "#define STOPS 1 /* runs stop on their way */\n");
    }
    if (n > UNROLLED_STATES) {
        text_add(&t, "#define STATE_UNROLL NO_UNROLL\n");
    }
    add_all_bounds(&t, e);
    return t.at;
}

void emit(struct arena *arena, const struct kernel_spec *spec, const struct lowered *l,
          struct emitted *out) {
    struct text model = {.arena = arena};
    struct emitting e = {.out = &model,
                         .arena = arena,
                         .spec = spec,
                         .l = l,
                         .rhs = lowered_function(l, FUNCTION_rhs)};
    e.sizes = (struct kernel_sizes){
        .n_states = e.rhs->n,
        .n_pars = lowered_function(l, FUNCTION_defaults)->n,
        .n_values = lowered_function(l, FUNCTION_values)->n,
        .n_columns = lowered_function(l, FUNCTION_columns)->n,
        .n_time = spec->lu ? l->jacobian.time_rows.n : 0,
        .n_lu = spec->lu ? spec->lu->n_entries : 0,
        .adaptive = spec->adaptive,
        .saves = spec->saves,
        .is_float = spec->is_float,
        .stops = spec->stops,
    };
    emit_functions(&e); /* which counts what the parts of functions pass on */
    count_bytes(&e);
    *out = (struct emitted){
        .model = model.at,
        .sizes = sizes_text(&e),
        .library = library_text(&e),
        .method =
            arena_printf(arena, "#include \"tableau_%s.h\"\n#include \"%s_sizes.h\"\n",
                         spec->method->name, spec->method->family),
        .family = arena_printf(arena, "#include \"%s.h\"\n", spec->method->family),
        .live_values = 2 * e.sizes.n_states + e.sizes.n_values,
        .flops_rhs = graph_flops(l->graph, e.rhs),
        .flops_linear = graph_flops(l->graph, lowered_function(l, FUNCTION_linear)),
        .workspace_bytes = e.workspace_bytes,
        .suspended_bytes = e.suspended_bytes,
    };
}
