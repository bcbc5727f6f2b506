/* compile.c -- the pipeline: every pass in order, and nothing else that knows it.
 *
 *   parse -> check -> choose (what the spec leaves to the model) -> lower
 *         -> derive, analyse (stiff methods), probe (auto) -> hoist -> fuse -> emit
 *         -> template
 *
 * One arena holds all of a compilation, its program too. Where memory runs out, the
 * arena jumps back to odec_compile.
 */
#define _GNU_SOURCE /* uselocale */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "graph.h"
#include "odec_compile.h"
#include "passes.h"
#include "sparse.h"

struct odec_compilation {
    struct arena *arena;
    odec_program *program;
    const char *diagnostics;
    const char *dump;
    int n_warnings;
};

struct compiling {
    struct arena *arena;
    struct diags *diags;
    const odec_spec *spec;
    struct model *model;
    struct kernel_spec kernel;
    bool automatic; /* the method is for us to choose */
    const char *method_reason;
    symbol_list columns;
    struct text dump;
};

static const struct method methods[] = {
#define METHOD(name, order, adaptive, family, stages) \
    {#name, #family, order, stages, adaptive, METHOD_IS_STIFF_##family},
#define METHOD_IS_STIFF_erk false
#define METHOD_IS_STIFF_rosenbrock true
#include "methods.def"
};

static bool wants_dump(const struct compiling *c, const char *stage) {
    return c->spec->dump && strcmp(c->spec->dump, stage) == 0;
}

/* A mistake in the spec has no place in the source: shown at the model's name. */
#define SPEC_ERROR(c, code, ...) \
    diag_report((c)->diags, code, (struct span){0, 0}, NULL, __VA_ARGS__)

#define AUTO "auto"
#define EXPLICIT_METHOD "tsit5"
#define STIFF_METHOD "rodas5p"

/* ---- what the spec and the model's solve block say together ---- */

static const struct method *find_method(const char *name) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return &methods[i];
        }
    }
    return NULL;
}

static const struct method *choose_method(struct compiling *c) {
    const char *name = c->spec->method          ? c->spec->method
                       : c->model->solve.method ? c->model->solve.method
                                                : AUTO;
    c->automatic = strcmp(name, AUTO) == 0;
    name = c->automatic ? EXPLICIT_METHOD : name;
    const struct method *method = find_method(name);
    if (method) {
        return method;
    }
    struct text known = {.arena = c->arena};
    text_add(&known, "%s, ", AUTO);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        text_add(&known, i ? ", %s" : "%s", methods[i].name);
    }
    SPEC_ERROR(c, DIAG_E0403, "unknown method '%s'; there are %s", name, known.at);
    return NULL;
}

static bool choose_steps(struct compiling *c, const struct method *method) {
    const struct solve_hints *hints = &c->model->solve;
    const bool spec_dt = !isnan(c->spec->dt), spec_rtol = !isnan(c->spec->rtol);
    const bool tolerance = spec_rtol || (!spec_dt && hints->has_rtol && !hints->has_dt);
    if (spec_dt && spec_rtol) {
        SPEC_ERROR(c, DIAG_E0405,
                   "a fixed step (dt) and a tolerance (rtol) exclude each other");
        return false;
    }
    const bool fixed = spec_dt || (!spec_rtol && hints->has_dt);
    if (!method->adaptive && !fixed) {
        SPEC_ERROR(
            c, DIAG_E0405,
            tolerance ? "method '%s' has fixed steps only: it takes dt, not a tolerance"
                      : "method '%s' has fixed steps only: give it dt",
            method->name);
        return false;
    }
    c->kernel.adaptive = !fixed;
    return true;
}

static bool choose_precision(struct compiling *c) {
    const char *name = c->spec->precision          ? c->spec->precision
                       : c->model->solve.precision ? c->model->solve.precision
                                                   : "double";
    c->kernel.is_float = strcmp(name, "float") == 0;
    if (!c->kernel.is_float && strcmp(name, "double") != 0) {
        SPEC_ERROR(c, DIAG_E0402, "unknown precision '%s'; there are double and float",
                   name);
        return false;
    }
    return true;
}

static struct symbol *find_symbol(const symbol_list *list, const char *name, size_t n) {
    for (int i = 0; i < list->n; i++) {
        if (strlen(list->at[i]->name) == n && memcmp(list->at[i]->name, name, n) == 0) {
            return list->at[i];
        }
    }
    return NULL;
}

/* The columns: those named in the spec, or all states, then all outs. */
static bool choose_columns(struct compiling *c) {
    const struct model *m = c->model;
    const symbol_list *lists[] = {&m->states, &m->outs, &m->intermediates};
    const char *s = c->spec->outputs;
    for (int k = 0; !s && k < 2; k++) {
        for (int i = 0; i < lists[k]->n; i++) {
            VECTOR_PUSH(c->arena, &c->columns, lists[k]->at[i]);
        }
    }
    while (s) {
        s += strspn(s, " ");
        const size_t n = strcspn(s, ", ");
        struct symbol *found = NULL;
        for (int k = 0; k < 3 && !found; k++) {
            found = find_symbol(lists[k], s, n);
        }
        if (!found || found->condition) {
            SPEC_ERROR(c, DIAG_E0406,
                       found ? "output '%.*s' is a condition, not a number"
                             : "unknown output '%.*s'",
                       (int)n, s);
            return false;
        }
        VECTOR_PUSH(c->arena, &c->columns, found);
        s += n + strspn(s + n, " ");
        s = *s == ',' ? s + 1 : NULL;
    }
    return true;
}

static bool choose(struct compiling *c) {
    const struct method *method = choose_method(c);
    if (!method || !choose_steps(c, method) || !choose_precision(c) ||
        !choose_columns(c)) {
        return false;
    }
    const odec_save *save = c->spec->save ? c->spec->save : &c->model->solve.save;
    c->kernel.model = c->model;
    c->kernel.columns = &c->columns;
    c->kernel.method = method;
    c->kernel.saves =
        (c->spec->save || c->model->solve.has_save) && save->kind != ODEC_SAVE_FINAL;
    return true;
}

/* ---- stiff or not ---- */

#define MOST_ENTRIES 50000          /* of the Jacobian: each is a statement */
#define MOST_FACTOR_FLOPS 100000000 /* with more a run would take hours */

static double first_known(double a, double b) { return isnan(a) ? b : a; }

static double *tolerances(struct compiling *c, double otherwise) {
    const struct solve_hints *s = &c->model->solve;
    double *atol = ARENA_ARRAY(c->arena, double, c->model->states.n + 1);
    for (int i = 0; i < c->model->states.n; i++) {
        atol[i] = s->has_atol ? s->atol : otherwise;
        if (s->atol_of_state && !isnan(s->atol_of_state[i])) {
            atol[i] = s->atol_of_state[i];
        }
    }
    return atol;
}

/* Derivatives and the pattern of the factors; false where they are too many for us. */
static bool make_stiff(struct compiling *c, struct lowered *l) {
    if (!derive(l) || l->jacobian.entries.n > MOST_ENTRIES) {
        return false;
    }
    c->kernel.lu = analyse(c->arena, l);
    return c->kernel.lu->flops_factor <= MOST_FACTOR_FLOPS;
}

static void make_explicit(struct compiling *c, struct lowered *l) {
    l->linear = (struct function){0};
    l->jacobian = (struct jacobian){0};
    c->kernel.lu = NULL;
}

/* `auto`: the method that gets further in a race, where there can be one. */
static void choose_stiffness(struct compiling *c, struct lowered *l) {
    const struct solve_hints *s = &c->model->solve;
    const struct race race = {
        .t0 = first_known(c->spec->t0, s->has_t ? s->t0 : (double)NAN),
        .t1 = first_known(c->spec->t1, s->has_t ? s->t1 : (double)NAN),
        .rtol = first_known(c->spec->rtol, s->has_rtol          ? s->rtol
                                           : c->kernel.is_float ? 1e-4
                                                                : 1e-6),
        .atol = tolerances(c, 1e-9)};
    if (!c->kernel.adaptive) {
        c->method_reason = "steps are fixed";
    } else if (!(race.t0 < race.t1)) {
        c->method_reason = "no time span is known to try it on";
    } else if (!make_stiff(c, l)) {
        c->method_reason = "the Jacobian has too many entries for a stiff method";
        make_explicit(c, l);
    } else if (probe_is_stiff(c->arena, l, c->kernel.lu, &race, &c->method_reason)) {
        c->kernel.method = find_method(STIFF_METHOD);
    } else {
        make_explicit(c, l);
    }
}

static bool choose_linear_algebra(struct compiling *c, struct lowered *l) {
    if (c->automatic) {
        choose_stiffness(c, l);
    } else if (c->kernel.method->stiff && !make_stiff(c, l)) {
        SPEC_ERROR(
            c, DIAG_E0408,
            "%s needs the Jacobian's factors: this one is too large and too full for "
            "generated code",
            c->kernel.method->name);
        return false;
    }
    return true;
}

/* ---- the program ---- */

static double constant_or_nan(const struct graph *g, node_id n) {
    const struct node *node = graph_node(g, n);
    return node->kind == NODE_NUMBER ? node->number : (double)NAN;
}

static odec_quantity quantity_of(const struct symbol *s, double value) {
    const bool par = s->kind == SYMBOL_PAR;
    return (odec_quantity){.name = s->name,
                           .unit = s->unit_text ? s->unit_text : "",
                           .text = s->text ? s->text : "",
                           .value = value,
                           .lo = par ? s->lo_value : -(double)INFINITY,
                           .hi = par ? s->hi_value : (double)INFINITY};
}

static odec_quantity *quantities(struct compiling *c, const symbol_list *list,
                                 const struct graph *g, const struct function *values) {
    odec_quantity *q = ARENA_ARRAY(c->arena, odec_quantity, list->n + 1);
    for (int i = 0; i < list->n; i++) {
        q[i] = quantity_of(list->at[i], values ? constant_or_nan(g, values->results[i])
                                               : (double)NAN);
    }
    return q;
}

static void program_arrays(struct compiling *c, const struct emitted *parts,
                           odec_program *p) {
    const int64_t scalar = c->kernel.is_float ? 4 : 8;
    odec_array *a = ARENA_ARRAY(c->arena, odec_array, 6);
    a[0] = (odec_array){"values", ODEC_PER_RUN, 0, scalar * p->n_columns};
    a[1] = (odec_array){"records", ODEC_PER_RUN,
                        (int64_t)sizeof(struct odec_run_record), 0};
    a[2] = (odec_array){"save_times", ODEC_SHARED, 0, 8};
    a[3] = (odec_array){"atol", ODEC_SHARED, 8 * (int64_t)p->n_states, 0};
    p->arrays = a;
    a[4] = (odec_array){"suspended", ODEC_PER_LANE, parts->suspended_bytes, 0};
    p->n_arrays = 5;
    if (parts->workspace_bytes > ODEC_LOCAL_BYTES) {
        a[p->n_arrays++] =
            (odec_array){"workspace", ODEC_PER_LANE, parts->workspace_bytes, 0};
    }
}

static void program_hints(struct compiling *c, odec_program *p) {
    const struct solve_hints *s = &c->model->solve;
    const odec_spec *spec = c->spec;
    p->rtol = !isnan(spec->rtol) ? spec->rtol : s->has_rtol ? s->rtol : (double)NAN;
    p->dt = !isnan(spec->dt) ? spec->dt : s->has_dt ? s->dt : (double)NAN;
    p->dt_max = s->has_dt_max ? s->dt_max : (double)NAN;
    p->t0 = s->has_t ? s->t0 : (double)NAN;
    p->t1 = s->has_t ? s->t1 : (double)NAN;
    p->atol = tolerances(c, (double)NAN);
    p->save = spec->save ? *spec->save : s->save;
    if (p->save.kind == ODEC_SAVE_AT) { /* the program outlives the spec */
        double *at = ARENA_ARRAY(c->arena, double, p->save.count + 1);
        memcpy(at, p->save.at, sizeof *at * (size_t)p->save.count);
        p->save.at = at;
    }
}

static const odec_sparsity *program_sparsity(struct compiling *c,
                                             const struct lowered *l,
                                             const struct emitted *parts) {
    const struct sparse_lu *lu = c->kernel.lu;
    if (!lu) {
        return NULL;
    }
    odec_sparsity *s = ARENA_NEW(c->arena, odec_sparsity);
    int32_t *row = ARENA_ARRAY(c->arena, int32_t, lu->n_entries);
    for (int k = 0; k < lu->n; k++) {
        for (int e = lu->row_start[k]; e < lu->row_start[k + 1]; e++) {
            row[e] = k;
        }
    }
    bool *is_fill = ARENA_ARRAY(c->arena, bool, lu->n_entries);
    for (int e = 0; e < lu->n_entries; e++) {
        is_fill[e] = lu->is_fill[e] && lu->column[e] != row[e];
    }
    *s = (odec_sparsity){.n_jacobian = l->jacobian.entries.n,
                         .n_factors = lu->n_entries,
                         .order = lu->order,
                         .row = row,
                         .column = lu->column,
                         .is_fill = is_fill,
                         .flops_linear = parts->flops_linear,
                         .flops_factor = lu->flops_factor,
                         .flops_solve = lu->flops_solve};
    return s;
}

static odec_program *make_program(struct compiling *c, const struct lowered *l,
                                  const struct emitted *parts) {
    odec_program *p = ARENA_NEW(c->arena, odec_program);
    const struct model *m = c->model;
    p->abi = ODEC_KERNEL_ABI;
    p->model = m->name;
    p->text = m->text ? m->text : "";
    p->n_pars = m->pars.n;
    p->n_states = m->states.n;
    p->n_columns = c->columns.n;
    p->pars = quantities(c, &m->pars, l->graph, &l->defaults);
    p->states = quantities(c, &m->states, l->graph, &l->initial);
    p->columns = quantities(c, &c->columns, l->graph, NULL);
    p->method = c->kernel.method->name;
    p->order = c->kernel.method->order;
    p->adaptive = c->kernel.adaptive;
    p->precision = c->kernel.is_float ? ODEC_FLOAT : ODEC_DOUBLE;
    p->saves = c->kernel.saves;
    program_arrays(c, parts, p);
    program_hints(c, p);
    p->flops_rhs = parts->flops_rhs;
    p->live_values = parts->live_values;
    p->n_hoisted = l->values.n;
    p->method_reason = c->method_reason;
    p->sparsity = program_sparsity(c, l, parts);
    p->kernel_cpu = template_fill(c->arena, &c->kernel, parts, "cpu");
    p->kernel_cuda = template_fill(c->arena, &c->kernel, parts, "cuda");
    p->tools_cuda = template_tools(c->arena);
    return p;
}

/* ---- the pipeline ---- */

static odec_program *compile(struct compiling *c, const char *text, size_t length) {
    struct ast *ast = parse(c->arena, c->diags, text, length);
    if (ast && wants_dump(c, "ast")) {
        ast_dump(&c->dump, ast);
    }
    c->model = ast ? check(c->arena, c->diags, ast, c->spec->units_strict) : NULL;
    if (!c->model || diags_n_errors(c->diags)) {
        return NULL;
    }
    if (wants_dump(c, "model")) {
        model_dump(&c->dump, c->model);
    }
    struct lowered lowered;
    if (!choose(c) || !lower(c->arena, c->diags, c->model, &c->columns, &lowered)) {
        return NULL;
    }
    if (wants_dump(c, "graph")) {
        graph_dump(&c->dump, &lowered, c->model);
    }
    if (!choose_linear_algebra(c, &lowered)) {
        return NULL;
    }
    hoist(&lowered);
    if (wants_dump(c, "hoist")) {
        graph_dump(&c->dump, &lowered, c->model);
    }
    fuse(&lowered);
    if (wants_dump(c, "fuse")) {
        graph_dump(&c->dump, &lowered, c->model);
    }
    struct emitted parts;
    emit(c->arena, &c->kernel, &lowered, &parts);
    if (wants_dump(c, "emit")) {
        text_add(&c->dump, "%s\n%s\n%s", parts.sizes, parts.library, parts.model);
    }
    return make_program(c, &lowered, &parts);
}

static odec_status compile_in_c_locale(const char *file_name, const char *text,
                                       size_t length, const odec_spec *spec,
                                       odec_compilation **out) {
    const struct allocator allocator = {spec->allocate, spec->release, spec->user};
    jmp_buf on_failure;
    struct arena *arena = arena_create(spec->allocate ? &allocator : NULL, &on_failure);
    if (!arena) {
        return ODEC_ERROR_MEMORY;
    }
    if (setjmp(on_failure)) {
        arena_destroy(arena);
        return ODEC_ERROR_MEMORY;
    }
    struct odec_compilation *r = ARENA_NEW(arena, struct odec_compilation);
    struct compiling *c = ARENA_NEW(arena, struct compiling);
    *c = (struct compiling){.arena = arena, .spec = spec, .dump = {.arena = arena}};
    c->diags = diags_create(arena, file_name, text, length);
    r->arena = arena;
    r->program = compile(c, text, length);
    if (diags_n_errors(c->diags)) {
        r->program = NULL;
    }
    r->diagnostics = diags_text(c->diags, spec->color);
    r->n_warnings = diags_n_warnings(c->diags);
    r->dump = c->dump.at ? c->dump.at : "";
    *out = r;
    return r->program ? ODEC_OK : ODEC_ERROR_MODEL;
}

odec_status odec_compile(const char *file_name, const char *text, size_t length,
                         const odec_spec *spec, odec_compilation **out) {
    *out = NULL;
    const locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale) {
        return ODEC_ERROR_MEMORY;
    }
    const locale_t callers = uselocale(c_locale); /* numbers have points, not commas */
    const odec_status status = compile_in_c_locale(file_name, text, length, spec, out);
    uselocale(callers);
    freelocale(c_locale);
    return status;
}

const odec_program *odec_compilation_program(const odec_compilation *c) {
    return c->program;
}

const char *odec_compilation_diagnostics(const odec_compilation *c) {
    return c->diagnostics;
}

int odec_compilation_n_warnings(const odec_compilation *c) { return c->n_warnings; }

const char *odec_compilation_dump(const odec_compilation *c) { return c->dump; }

void odec_compilation_destroy(odec_compilation *c) {
    if (c) {
        arena_destroy(c->arena);
    }
}
