/* program.c -- the program: what a run needs of a compilation, as plain data. */
#include <math.h>
#include <string.h>

#include "compiling.h"
#include "sparse.h"

static double constant_or_nan(const struct graph *g, node_id n) {
    const struct node *node = graph_node(g, n);
    return node->kind == NODE_NUMBER ? node->number : (double)NAN;
}

static odec_quantity quantity_of(const struct symbol *s, double value) {
    return (odec_quantity){.name = s->name,
                           .unit = s->unit_text ? s->unit_text : "",
                           .text = s->text ? s->text : "",
                           .value = value,
                           .lo = s->lo_value,
                           .hi = s->hi_value};
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
    static const char *const names[] = {
#define NAME(ROLE, name, element) [ODEC_ARRAY_##ROLE] = #name,
        ODEC_ARRAYS(NAME)
#undef NAME
    };
    const int64_t scalar = c->kernel.is_float ? 4 : 8;
    const int64_t record = (int64_t)sizeof(struct odec_run_record);
    const uint32_t all = ODEC_ALL_TARGETS, cuda = 1u << ODEC_TARGET_CUDA;
    const struct {
        enum odec_array_role role;
        odec_array_kind kind;
        int64_t bytes, bytes_per_save;
        uint32_t targets;
        bool is_there;
    } rows[] = {
        {ODEC_ARRAY_VALUES, ODEC_PER_RUN, 0, scalar * p->n_columns, all, true},
        {ODEC_ARRAY_RECORDS, ODEC_PER_RUN, record, 0, all, true},
        {ODEC_ARRAY_SAVE_TIMES, ODEC_SHARED, 0, 8, all, true},
        {ODEC_ARRAY_ATOL, ODEC_SHARED, 8 * (int64_t)p->n_states, 0, all, true},
        {ODEC_ARRAY_SUSPENDED, ODEC_PER_LANE, parts->suspended_bytes, 0, cuda, true},
        {ODEC_ARRAY_WORKSPACE, ODEC_PER_LANE, parts->workspace_bytes, 0, cuda,
         parts->workspace_bytes > ODEC_LOCAL_BYTES},
        {ODEC_ARRAY_SEEN, ODEC_SHARED, 2 * (int64_t)sizeof(int) * p->n_states, 0, all,
         p->adaptive},
    };
    const int n_rows = sizeof rows / sizeof *rows;
    odec_array *a = ARENA_ARRAY(c->arena, odec_array, n_rows);
    p->arrays = a;
    for (int i = 0; i < n_rows; i++) {
        if (rows[i].is_there) {
            a[p->n_arrays++] =
                (odec_array){names[rows[i].role],    rows[i].kind, rows[i].bytes,
                             rows[i].bytes_per_save, rows[i].role, rows[i].targets};
        }
    }
}

/* The spec's, else the solve block's. */
static double hint(double of_spec, bool has, double of_model) {
    return !isnan(of_spec) ? of_spec : has ? of_model : (double)NAN;
}

static void program_hints(struct compiling *c, odec_program *p) {
    const struct solve_hints *s = &c->model->solve;
    const odec_spec *spec = c->spec;
    p->rtol = hint(spec->rtol, s->has_rtol, s->rtol);
    p->dt = hint(spec->dt, s->has_dt, s->dt);
    p->dt_max = hint(spec->dt_max, s->has_dt_max, s->dt_max);
    compiling_times(c, &p->t0, &p->t1);
    p->atol = compiling_tolerances(c, (double)NAN);
    odec_save *save =
        ARENA_NEW(c->arena, odec_save); /* the program outlives the spec */
    *save = spec->save ? *spec->save : s->save;
    save->size = sizeof *save;
    if (save->kind == ODEC_SAVE_AT) {
        double *at = ARENA_ARRAY(c->arena, double, save->count + 1);
        memcpy(at, save->at, sizeof *at * (size_t)save->count);
        save->at = at;
    }
    p->save = save;
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
    *s = (odec_sparsity){.size = sizeof *s,
                         .n_jacobian = l->jacobian.entries.n,
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

static bool uses_time(const struct graph *g, const struct function *f) {
    bool uses = false;
    for (int i = 0; i < f->n; i++) {
        uses = uses || (graph_node(g, f->results[i])->depends & DEPENDS_TIME);
    }
    return uses;
}

odec_program *make_program(struct compiling *c, const struct lowered *l,
                           const struct emitted *parts) {
    odec_program *p = ARENA_NEW(c->arena, odec_program);
    const struct model *m = c->model;
    *p = (odec_program)ODEC_PROGRAM_INIT;
    p->model = m->name;
    p->text = m->text ? m->text : "";
    p->n_pars = m->pars.n;
    p->n_states = m->states.n;
    p->n_columns = c->columns.n;
    p->pars = quantities(c, &m->pars, l->graph, lowered_function(l, FUNCTION_defaults));
    p->states =
        quantities(c, &m->states, l->graph, lowered_function(l, FUNCTION_initial));
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
    p->n_groups = cpu_groups(p->n_states, c->kernel.lu != NULL);
    p->n_hoisted = lowered_function(l, FUNCTION_values)->n;
    p->method_reason = c->method_reason;
    p->uses_time = uses_time(l->graph, lowered_function(l, FUNCTION_rhs)) ||
                   uses_time(l->graph, lowered_function(l, FUNCTION_columns));
    p->sparsity = program_sparsity(c, l, parts);
    for (int target = 0; target < ODEC_N_TARGETS; target++) {
        p->kernels[target].text =
            template_fill(c->arena, &c->kernel, parts, (odec_target)target);
        p->kernels[target].tools = template_tools(c->arena, (odec_target)target);
    }
    return p;
}
