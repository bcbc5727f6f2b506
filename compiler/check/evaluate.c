/* evaluate.c -- the values of constants, of parameters at their defaults, and of
 * bounds.
 *
 * By op_value, the kernels' own arithmetic, so that a constant is what a kernel would
 * compute. Symbols come in the order of order.c: what is used has its number already.
 */
#include <assert.h>
#include <math.h>

#include "checker.h"

static double evaluate(struct arena *arena, const struct expr *e,
                       const double *locals) {
    double few[3], *args = few;
    assert(e->kind != EXPR_OP || e->n_args <= 3);
    switch (e->kind) {
    case EXPR_NUMBER:
        return e->number;
    case EXPR_NAME:
        return e->local >= 0 ? locals[e->local] : e->symbol->number;
    case EXPR_CALL:
        args = ARENA_ARRAY(arena, double, e->n_args);
        break;
    case EXPR_OP:
        break;
    }
    for (int i = 0; i < e->n_args; i++) {
        args[i] = evaluate(arena, e->args[i], locals);
    }
    return e->kind == EXPR_CALL ? evaluate(arena, e->symbol->value, args)
                                : op_value(e->op, args);
}

/* True where the expression uses constants alone; what else it uses is reported. */
static bool is_constant(struct checker *c, const struct expr *e, const char *what) {
    bool constant = true;
    for (int i = 0; i < e->n_args; i++) {
        constant = is_constant(c, e->args[i], what) && constant;
    }
    if (e->kind == EXPR_NUMBER || e->kind == EXPR_OP) {
        return constant;
    }
    const struct symbol *s = e->symbol;
    if (!s || (checked_of(c, s)->needs & NEEDS_UNKNOWN)) {
        return false; /* reported where it is wrong */
    }
    bool is_function = s->kind == SYMBOL_FUNCTION && checked_of(c, s)->needs == 0;
    if (s->kind == SYMBOL_CONST || s->kind == SYMBOL_PI || is_function) {
        return constant;
    }
    diag_report(c->diags, DIAG_E0307, e->span, NULL,
                "%s uses constants alone; %s is %s", what, diag_name(c->diags, s->name),
                s->kind == SYMBOL_FUNCTION ? "not a constant function"
                                           : symbol_described(c, s));
    return false;
}

bool constant_value(struct checker *c, const struct expr *e, const char *what,
                    double *value) {
    if (!is_constant(c, e, what) || !check_growth(c, e, NULL)) {
        return false;
    }
    *value = evaluate(c->arena, e, NULL);
    if (!isfinite(*value)) {
        diag_report(c->diags, DIAG_E0309, e->span, NULL, "%s is not a finite number",
                    what);
    }
    return isfinite(*value);
}

static void check_finite(struct checker *c, const struct symbol *s) {
    if ((s->kind == SYMBOL_CONST || s->kind == SYMBOL_PAR) && !isfinite(s->number)) {
        diag_report(c->diags, DIAG_E0309, s->value->span, NULL,
                    "%s %s is not a finite number", symbol_row(s)->value,
                    diag_name(c->diags, s->name));
        checked_of(c, s)->needs |= NEEDS_UNKNOWN;
    }
}

/* A parameter's bounds are constants in order, and its default is between them. */
static void check_bounds(struct checker *c, struct symbol *s) {
    double lo = 0, hi = 0;
    bool known = constant_value(c, s->lo, "a bound", &lo);
    known = constant_value(c, s->hi, "a bound", &hi) && known;
    if (!known) {
        return;
    }
    s->lo_value = lo;
    s->hi_value = hi;
    struct span both = {s->lo->span.start, s->hi->span.end};
    if (lo > hi) {
        diag_report(c->diags, DIAG_E0310, both, "the lower bound comes first",
                    "the bounds are the wrong way round: %s > %s",
                    number_text(c->arena, lo), number_text(c->arena, hi));
    } else if (!(checked_of(c, s)->needs & NEEDS_UNKNOWN) &&
               !(s->number >= lo && s->number <= hi)) {
        diag_report(c->diags, DIAG_E0311, s->value->span, NULL,
                    "the default of %s, %s, is outside its bounds %s .. %s",
                    diag_name(c->diags, s->name), number_text(c->arena, s->number),
                    number_text(c->arena, lo), number_text(c->arena, hi));
        diag_note(c->diags, both, "the bounds are here");
    }
}

void evaluate_model(struct checker *c) {
    const struct model *m = c->model;
    for (int i = 0; i < m->order.n; i++) {
        struct symbol *s = m->order.at[i];
        unsigned needs = checked_of(c, s)->needs;
        for (int k = 0; k < checked_of(c, s)->uses.n; k++) {
            needs |= checked_of(c, checked_of(c, s)->uses.at[k].symbol)->needs &
                     NEEDS_UNKNOWN;
        }
        checked_of(c, s)->needs |= needs & NEEDS_UNKNOWN;
        if (s->kind != SYMBOL_FUNCTION && !(needs & ~NEEDS_PARS)) {
            s->number = evaluate(c->arena, s->value, NULL);
            check_finite(c, s);
        }
    }
    for (int i = 0; i < m->pars.n; i++) {
        if (m->pars.at[i]->lo) {
            check_bounds(c, m->pars.at[i]);
        }
    }
}
