/* choose.c -- what the spec and the model's solve block say together: the spec first, then
 * the model, then the default; and the method, where that is left to us.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "compiling.h"
#include "jumps.h"
#include "passes.h"
#include "sparse.h"

#define SPEC_ERROR(c, code, ...) \
    diag_report((c)->diags, code, NO_SPAN, NULL, __VA_ARGS__)

#define EXPLICIT_METHOD "tsit5"

/* ---- what the spec and the model's solve block say together ---- */

static const struct method *choose_method(struct compiling *c) {
    const char *name = c->spec->method          ? c->spec->method
                       : c->model->solve.method ? c->model->solve.method
                                                : METHOD_AUTO;
    c->automatic = strcmp(name, METHOD_AUTO) == 0;
    name = c->automatic ? EXPLICIT_METHOD : name;
    const struct method *method = method_find(name);
    if (method) {
        return method;
    }
    const char *meant = method_meant(name);
    if (meant) {
        SPEC_ERROR(c, DIAG_E0403, "unknown method '%s'; did you mean '%s'?", name,
                   meant);
        return NULL;
    }
    struct text known = {.arena = c->arena};
    for (int i = 0; method_word(i); i++) {
        text_add(&known, i ? ", %s" : "%s", method_word(i));
    }
    SPEC_ERROR(c, DIAG_E0403, "unknown method '%s'; there are %s", name, known.at);
    return NULL;
}

/* Where the method was named: in the model, or by the spec. */
static struct span method_span(const struct compiling *c) {
    return !c->spec->method && c->model->solve.method ? c->model->solve.method_span
                                                      : NO_SPAN;
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
        diag_report(
            c->diags, DIAG_E0405, method_span(c), NULL,
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
        const char *meant = precision_meant(name);
        SPEC_ERROR(c, DIAG_E0402,
                   meant ? "unknown precision '%s'; did you mean '%s'?"
                         : "unknown precision '%s'; there are double and float%s",
                   name, meant ? meant : "");
        return false;
    }
    return true;
}

/* The kernels divide by tolerances: in the program's precision they are normal numbers. */
static bool check_tolerance(struct compiling *c, double atol, struct span span) {
    const double least = c->kernel.is_float ? (double)FLT_MIN : DBL_MIN;
    if (atol < least) {
        diag_report(c->diags, DIAG_E0404, span, NULL,
                    "'atol' is %s, below the smallest normal number of %s, %s",
                    number_text(c->arena, atol),
                    c->kernel.is_float ? "float" : "double",
                    number_text(c->arena, least));
    }
    return !(atol < least);
}

static bool check_tolerances(struct compiling *c) {
    const struct solve_hints *s = &c->model->solve;
    bool right = !s->has_atol || check_tolerance(c, s->atol, s->atol_span);
    for (int i = 0; s->atol_of_state && i < c->model->states.n; i++) {
        right = check_tolerance(c, s->atol_of_state[i], s->atol_spans[i]) && right;
    }
    return right;
}

static struct symbol *find_symbol(const symbol_list *list, const char *name, size_t n) {
    for (int i = 0; i < list->n; i++) {
        if (strlen(list->at[i]->name) == n && memcmp(list->at[i]->name, name, n) == 0) {
            return list->at[i];
        }
    }
    return NULL;
}

/* False, and reported, where results would have two columns of this name. */
static bool check_column(struct compiling *c, const struct symbol *s) {
    if (symbol_is_own_column(s->name)) {
        SPEC_ERROR(c, DIAG_E0212, "output %s: results have a column of that name",
                   diag_name(c->diags, s->name));
        return false;
    }
    for (int i = 0; i < c->columns.n; i++) {
        if (strcmp(c->columns.at[i]->name, s->name) == 0) {
            SPEC_ERROR(c, DIAG_E0213, "output %s is named twice",
                       diag_name(c->diags, s->name));
            return false;
        }
    }
    return true;
}

/* "; did you mean 'x'?", or "". */
static const char *column_hint(struct compiling *c, const symbol_list *const lists[],
                               int n_lists, const char *name) {
    struct nearest nearest = {.wanted = name};
    for (int k = 0; k < n_lists; k++) {
        for (int i = 0; i < lists[k]->n; i++) {
            nearest_offer(&nearest, lists[k]->at[i]->name, NULL);
        }
    }
    return nearest.name ? arena_printf(c->arena, "; did you mean '%s'?", nearest.name)
                        : "";
}

/* The columns: those named in the spec, or all states, then all outs. */
static bool choose_columns(struct compiling *c) {
    const struct model *m = c->model;
    enum { N_LISTS = 4 };
    const symbol_list *const lists[N_LISTS] = {&m->states, &m->outs, &m->intermediates,
                                               &m->pars};
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
        for (int k = 0; k < N_LISTS && !found; k++) {
            found = find_symbol(lists[k], s, n);
        }
        if (!found || found->condition) {
            SPEC_ERROR(
                c, DIAG_E0406,
                found ? "output '%.*s' is a condition, not a number"
                      : "unknown output '%.*s'%s",
                (int)n, s,
                found ? ""
                      : column_hint(c, lists, N_LISTS, arena_copy(c->arena, s, n)));
            return false;
        }
        if (!check_column(c, found)) {
            return false;
        }
        VECTOR_PUSH(c->arena, &c->columns, found);
        s += n + strspn(s + n, " ");
        s = *s == ',' ? s + 1 : NULL;
    }
    return true;
}

static double first_known(double a, double b) { return isnan(a) ? b : a; }

void compiling_times(const struct compiling *c, double *t0, double *t1) {
    const struct solve_hints *s = &c->model->solve;
    const double start = isnan(c->spec->t1) ? (double)NAN : 0;
    *t0 = first_known(c->spec->t0, s->has_t ? s->t0 : start);
    *t1 = first_known(c->spec->t1, s->has_t ? s->t1 : (double)NAN);
}

/* Is a time span known that ends where it begins? */
static bool span_is_empty(const struct compiling *c) {
    double t0, t1;
    compiling_times(c, &t0, &t1);
    return t0 == t1;
}

bool choose(struct compiling *c) {
    const struct method *method = choose_method(c);
    if (!method || !choose_steps(c, method) || !choose_precision(c) ||
        !check_tolerances(c) || !choose_columns(c)) {
        return false;
    }
    const odec_save *save = c->spec->save ? c->spec->save : &c->model->solve.save;
    c->kernel.model = c->model;
    c->kernel.columns = &c->columns;
    c->kernel.method = method;
    c->kernel.saves =
        (c->spec->save || c->model->solve.has_save) && save->kind != ODEC_SAVE_FINAL;
    /* Rows at t0 are stored before any step, the final one after the last. */
    c->kernel.saves = c->kernel.saves || (!c->kernel.adaptive && span_is_empty(c));
    return true;
}

/* ---- what adaptive steps can pass over ---- */

void warn_of_steps(struct compiling *c) {
    const struct solve_hints *s = &c->model->solve;
    struct steps steps = {
        .dt_max =
            first_known(c->spec->dt_max, s->has_dt_max ? s->dt_max : (double)NAN)};
    compiling_times(c, &steps.t0, &steps.t1);
    if (c->kernel.adaptive) {
        warn_of_jumps(c->arena, c->diags, c->model, &steps);
    }
}

/* ---- stiff or not ---- */

#define MOST_ENTRIES 50000          /* of the Jacobian: each is a statement */
#define MOST_FACTOR_FLOPS 100000000 /* with more a run would take hours */

double *compiling_tolerances(struct compiling *c, double otherwise) {
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
    lowered_remove(l, FUNCTION_linear);
    l->jacobian = (struct jacobian){0};
    c->kernel.lu = NULL;
}

/* How many rows are stored on the way, where that is known. */
static double count_saves(const struct compiling *c, double span) {
    const odec_save *save = c->spec->save ? c->spec->save : &c->model->solve.save;
    if (!c->kernel.saves) {
        return 0;
    }
    return save->kind == ODEC_SAVE_EVERY ? span / save->dt : (double)save->count;
}

/* `auto`: the method that wins a race, where there can be one. */
static void choose_by_race(struct compiling *c, struct lowered *l) {
    const struct solve_hints *s = &c->model->solve;
    struct race race = {.rtol = first_known(c->spec->rtol, s->has_rtol ? s->rtol
                                                           : c->kernel.is_float ? 1e-4
                                                                                : 1e-6),
                        .atol = compiling_tolerances(c, 1e-9)};
    compiling_times(c, &race.t0, &race.t1);
    race.n_saves = count_saves(c, fabs(race.t1 - race.t0));
    if (!c->kernel.adaptive) {
        c->method_reason = "steps are fixed";
        return;
    }
    if (!(race.t0 < race.t1 || race.t0 > race.t1)) {
        c->method_reason = "no time span is known to try it on";
        return;
    }
    const bool can_be_stiff = make_stiff(c, l);
    c->kernel.method = race_methods(c->arena, l, can_be_stiff ? c->kernel.lu : NULL,
                                    &race, &c->method_reason);
    if (!c->kernel.method->stiff) {
        make_explicit(c, l);
    }
}

bool choose_linear_algebra(struct compiling *c, struct lowered *l) {
    if (c->automatic) {
        choose_by_race(c, l);
    } else if (c->kernel.method->stiff && !make_stiff(c, l)) {
        diag_report(
            c->diags, DIAG_E0408, method_span(c), NULL,
            "%s needs the Jacobian's factors: this one is too large and too full for "
            "generated code",
            c->kernel.method->name);
        return false;
    }
    return true;
}
