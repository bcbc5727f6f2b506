/* compile.c -- the pipeline: every pass in order, and nothing else that knows it.
 *
 *   parse -> check -> choose -> lower -> warn of jumps
 *         -> derive, analyse (stiff methods), race (auto) -> fuse -> hoist -> emit -> template
 *
 * One arena holds all of a compilation, its program too. Where memory runs out, the
 * arena jumps back to odec_compile.
 */
#define _GNU_SOURCE /* uselocale */
#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiling.h"
#include "device.h"
#include "fp_state.h"
#include "passes.h"
#include "sized.h"

enum { MAX_OPERATIONS = 500000 }; /* of a kernel: minutes of a C compiler */

struct odec_compilation {
    struct arena *arena;
    odec_program *program;
    const char *diagnostics;
    const odec_diagnostic *data; /* [n_data] */
    const char *dump;
    const char *device; /* NULL: not asked for */
    int32_t n_data;
    int n_errors, n_warnings;
    const struct model *model; /* NULL: there is none */
    const struct diags *diags; /* of which the lines are asked, no text */
};

static bool wants_dump(const struct compiling *c, const char *stage) {
    return c->spec->dump && strcmp(c->spec->dump, stage) == 0;
}

/* [n_states] how many operations each derivative has that those before it do not. */
static int *count_derivatives(struct compiling *c, const struct lowered *l) {
    const struct function *rhs = lowered_function(l, FUNCTION_rhs);
    bool *marked = ARENA_ARRAY(c->arena, bool, l->graph->nodes.n + 1);
    node_id *list = ARENA_ARRAY(c->arena, node_id, l->graph->nodes.n + 1);
    int *counts = ARENA_ARRAY(c->arena, int, rhs->n + 1);
    for (int i = 0; i < rhs->n; i++) {
        counts[i] = graph_collect(l->graph, rhs->results[i], marked, list);
    }
    return counts;
}

/* Names the largest derivative. */
static void report_many_operations(struct compiling *c, const struct lowered *l,
                                   int all, int linear) {
    const int *counts = count_derivatives(c, l);
    int largest = 0;
    for (int i = 1; i < c->model->states.n; i++) {
        largest = counts[i] > counts[largest] ? i : largest;
    }
    const struct symbol *state = c->model->states.at[largest];
    const char *hint =
        linear > 0 && all - linear <= MAX_OPERATIONS
            ? arena_printf(c->arena,
                           "%d of them are those of stiff methods: take tsit5", linear)
            : NULL;
    diag_report(
        c->diags, DIAG_E0410, state->derivative_span, hint,
        "the kernel has %d operations, more than %d; the most for a derivative, "
        "%d, are for that of %s",
        all, MAX_OPERATIONS, counts[largest], diag_name(c->diags, state->name));
}

/* Will a C compiler come to an end with it? */
static bool has_few_operations(struct compiling *c, const struct lowered *l) {
    int all = 0, linear = 0;
    for (int i = 0; i < l->functions.n; i++) {
        const struct function *f = &l->functions.at[i];
        const int n = graph_operations(l->graph, f);
        all += n;
        linear += f->kind == FUNCTION_linear ? n : 0;
    }
    if (all > MAX_OPERATIONS) {
        report_many_operations(c, l, all, linear);
    }
    return all <= MAX_OPERATIONS;
}

/* After a pass over the graph: what it must have kept, and what somebody may want to see. */
static void pass_done(struct compiling *c, const struct lowered *lowered,
                      const char *stage) {
    assert(graph_verify(lowered) == NULL);
    if (wants_dump(c, stage)) {
        graph_dump(&c->dump, lowered, c->model);
    }
}

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
    pass_done(c, &lowered, "graph");
    warn_of_steps(c);
    if (!choose_linear_algebra(c, &lowered) || !apply_defaults(c, &lowered)) {
        return NULL;
    }
    pass_done(c, &lowered, "derive");
    fuse(&lowered);
    pass_done(c, &lowered, "fuse");
    hoist(&lowered);
    pass_done(c, &lowered, "hoist");
    if (!has_few_operations(c, &lowered)) {
        return NULL;
    }
    struct emitted parts;
    emit(c->arena, &c->kernel, &lowered, &parts);
    if (wants_dump(c, "emit")) {
        text_add(&c->dump, "%s\n%s\n%s", parts.sizes, parts.library, parts.model);
    }
    if (c->spec->device_name) {
        c->device = device_text(c->arena, &c->kernel, &parts, &lowered.jacobian,
                                c->spec->device_name);
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
    r->data = diags_data(c->diags, &r->n_data);
    r->n_errors = diags_n_errors(c->diags);
    r->n_warnings = diags_n_warnings(c->diags);
    r->dump = c->dump.at ? c->dump.at : "";
    r->device = r->program ? c->device : NULL;
    r->model = r->program ? c->model : NULL;
    r->diags = c->diags;
    *out = r;
    return r->program ? ODEC_OK : ODEC_ERROR_MODEL;
}

/* What the span has no part in, which a solve looks at. False: `why` says why not. */
static bool check_save(const odec_save *save, char why[SIZED_TEXT]) {
    const bool listed = save->kind == ODEC_SAVE_AT,
               counted = save->kind == ODEC_SAVE_COUNT;
    *why = '\0';
    if (listed && (save->count < 1 || !save->at)) {
        snprintf(why, SIZED_TEXT, "no save time is given");
    } else if (counted && save->count < 2) {
        snprintf(why, SIZED_TEXT,
                 "evenly spaced save times include both ends: at least 2, not %lld",
                 (long long)save->count);
    } else if ((listed || counted) && save->count > ODEC_MAX_SAVES) {
        snprintf(why, SIZED_TEXT, "%lld save times; at most %lld are possible",
                 (long long)save->count, (long long)ODEC_MAX_SAVES);
    } else if (save->kind == ODEC_SAVE_EVERY && !(save->dt > 0 && isfinite(save->dt))) {
        snprintf(why, SIZED_TEXT, "the save interval must be positive, not %g",
                 save->dt);
    } else if (!listed && !counted && save->kind != ODEC_SAVE_EVERY &&
               save->kind != ODEC_SAVE_FINAL) {
        snprintf(why, SIZED_TEXT, "unknown kind of save times");
    }
    return *why == '\0';
}

/* The caller's spec and what it points to, over the defaults. False: `why` says why not. */
static bool read_spec(const odec_spec *given, odec_spec *out, odec_save *save,
                      char why[SIZED_TEXT]) {
    *out = (odec_spec)ODEC_SPEC_INIT;
    *save = (odec_save)ODEC_SAVE_INIT;
    enum sized is = given ? sized_read(out, given) : SIZED_OK;
    if (is != SIZED_OK) {
        sized_explain(why, is, "odec_spec", sized_size(given), sizeof *out,
                      "ODEC_SPEC_INIT");
        return false;
    }
    is = out->save ? sized_read(save, out->save) : SIZED_OK;
    if (is != SIZED_OK) {
        sized_explain(why, is, "odec_save", sized_size(out->save), sizeof *save,
                      "ODEC_SAVE_INIT");
        return false;
    }
    out->save = out->save ? save : NULL;
    if (out->save && !check_save(save, why)) {
        return false;
    }
    if (out->n_defaults > 0 && !out->defaults) {
        snprintf(why, SIZED_TEXT, "the list of %zu defaults is missing",
                 out->n_defaults);
        return false;
    }
    return true;
}

/* A compilation of nothing but the reason. */
static odec_status refuse(const char *why, odec_compilation **out) {
    jmp_buf on_failure;
    struct arena *arena = arena_create(NULL, &on_failure);
    if (!arena) {
        return ODEC_ERROR_MEMORY;
    }
    if (setjmp(on_failure)) {
        arena_destroy(arena);
        return ODEC_ERROR_MEMORY;
    }
    odec_diagnostic *data = ARENA_NEW(arena, odec_diagnostic);
    *data = (odec_diagnostic){.size = sizeof *data,
                              .severity = ODEC_SEVERITY_ERROR,
                              .belongs_to = -1,
                              .code = "",
                              .file = "",
                              .text = arena_copy(arena, why, strlen(why)),
                              .hint = ""};
    struct odec_compilation *r = ARENA_NEW(arena, struct odec_compilation);
    *r = (struct odec_compilation){.arena = arena,
                                   .diagnostics =
                                       arena_printf(arena, "error: %s\n", why),
                                   .data = data,
                                   .dump = "",
                                   .n_data = 1,
                                   .n_errors = 1};
    *out = r;
    return ODEC_ERROR_ARGUMENT;
}

odec_status odec_compile(const char *file_name, const char *text, size_t length,
                         const odec_spec *given, odec_compilation **out) {
    odec_spec spec;
    odec_save save;
    char why[SIZED_TEXT];
    if (!out) {
        return ODEC_ERROR_ARGUMENT;
    }
    *out = NULL;
    if (!text) {
        return refuse("there is no text of a model", out);
    }
    if (!read_spec(given, &spec, &save, why)) {
        return refuse(why, out);
    }
    const locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale) {
        return ODEC_ERROR_MEMORY;
    }
    const locale_t callers = uselocale(c_locale); /* numbers have points, not commas */
    const fp_state modes = fp_enter();
    const odec_status status =
        compile_in_c_locale(file_name ? file_name : "model", text, length, &spec, out);
    fp_leave(modes);
    uselocale(callers);
    freelocale(c_locale);
    return status;
}

const odec_program *odec_compilation_program(const odec_compilation *c) {
    return c ? c->program : NULL;
}

const char *odec_compilation_diagnostics(const odec_compilation *c) {
    return c ? c->diagnostics : "";
}

int32_t odec_compilation_n_diagnostics(const odec_compilation *c) {
    return c ? c->n_data : 0;
}

odec_status odec_compilation_diagnostic(const odec_compilation *c, int32_t i,
                                        odec_diagnostic *out) {
    const bool is_there = i >= 0 && i < odec_compilation_n_diagnostics(c);
    return is_there && sized_write(out, &c->data[i]) == SIZED_OK ? ODEC_OK
                                                                 : ODEC_ERROR_ARGUMENT;
}

odec_status odec_compilation_name(const odec_compilation *c, const char *name,
                                  odec_name *out) {
    odec_name found;
    const bool is_there =
        c && c->model && name && describe_name(c->model, c->diags, name, &found);
    return is_there && sized_write(out, &found) == SIZED_OK ? ODEC_OK
                                                            : ODEC_ERROR_ARGUMENT;
}

int odec_compilation_n_errors(const odec_compilation *c) { return c ? c->n_errors : 0; }

int odec_compilation_n_warnings(const odec_compilation *c) {
    return c ? c->n_warnings : 0;
}

const char *odec_compilation_dump(const odec_compilation *c) {
    return c ? c->dump : "";
}

const char *odec_compilation_device(const odec_compilation *c) {
    return c ? c->device : NULL;
}

void odec_compilation_destroy(odec_compilation *c) {
    if (c) {
        arena_destroy(c->arena);
    }
}
