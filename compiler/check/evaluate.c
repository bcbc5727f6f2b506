/* evaluate.c -- the values of constants, of parameters at their defaults, and of
 * bounds.
 *
 * By term_op, the kernels' own arithmetic, so that a constant is what a kernel would
 * compute: products are fused within an expression, while a constant's or a parameter's name,
 * an argument and a function's value are numbers. Symbols come in the order of order.c: what is
 * used has its number already.
 */
#include <assert.h>
#include <math.h>

#include "checker.h"

/* One step of a tree whose value is wanted; of a call's body, with its arguments' values. */
struct frame {
    const struct expr *tree, *e;
    const double *locals;
};

static struct term leaf_value(const struct expr *e, const double *locals) {
    return term_of(e->kind == EXPR_NUMBER ? e->number
                   : e->local >= 0        ? locals[e->local]
                                          : e->symbol->number);
}

static double evaluate(struct arena *arena, const struct expr *tree) {
    VECTOR(struct frame) frames = {0};
    VECTOR(struct term) terms = {0};
    VECTOR_PUSH(arena, &frames, ((struct frame){tree, expr_begin(tree), NULL}));
    while (frames.n > 0) {
        struct frame *f = &frames.at[frames.n - 1];
        const struct expr *e = f->e;
        if (!e && --frames.n > 0) { /* a call is done */
            f = &frames.at[frames.n - 1];
            terms.at[terms.n - 1] = term_of(terms.at[terms.n - 1].value);
            f->e = expr_after(f->tree, f->e);
        }
        if (!e) {
            continue;
        }
        terms.n -= e->n_args;
        const struct term *args = e->n_args > 0 ? terms.at + terms.n : NULL;
        if (e->kind == EXPR_CALL) {
            double *locals = ARENA_ARRAY(arena, double, e->n_args);
            for (int i = 0; i < e->n_args; i++) {
                locals[i] = args[i].value;
            }
            const struct expr *body = e->symbol->value;
            VECTOR_PUSH(arena, &frames,
                        ((struct frame){body, expr_begin(body), locals}));
            continue;
        }
        const struct term term =
            e->kind == EXPR_OP ? term_op(e->op, args) : leaf_value(e, f->locals);
        VECTOR_PUSH(arena, &terms, term);
        f->e = expr_after(f->tree, e);
    }
    return terms.at[0].value;
}

/* True where the expression uses constants alone; what else it uses is reported. */
static bool is_constant(struct checker *c, const struct expr *tree, const char *what) {
    bool constant = true;
    for (const struct expr *e = expr_begin(tree); e; e = expr_after(tree, e)) {
        if (e->kind == EXPR_NUMBER || e->kind == EXPR_OP) {
            continue;
        }
        const struct symbol *s = e->symbol;
        if (!s || (checked_of(c, s)->needs & NEEDS_UNKNOWN)) {
            constant = false; /* reported where it is wrong */
            continue;
        }
        bool is_function = s->kind == SYMBOL_FUNCTION && checked_of(c, s)->needs == 0;
        if (s->kind == SYMBOL_CONST || s->kind == SYMBOL_PI || is_function) {
            continue;
        }
        diag_report(c->diags, DIAG_E0307, e->span, NULL,
                    "%s uses constants alone; %s is %s", what,
                    diag_name(c->diags, s->name),
                    s->kind == SYMBOL_FUNCTION ? "not a constant function"
                                               : symbol_described(c, s));
        constant = false;
    }
    return constant;
}

bool constant_value(struct checker *c, const struct expr *e, const char *what,
                    double *value) {
    if (!is_constant(c, e, what) || !check_growth(c, e, NULL)) {
        return false;
    }
    *value = evaluate(c->arena, e);
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

/* An end of bounds; where it is not given the value stays. */
static bool bound_value(struct checker *c, const struct expr *e, double *value) {
    return !e || constant_value(c, e, "a bound", value);
}

/* Bounds are constants in order. A parameter's default is between its own; so is an initial
 * value where constants alone decide it, since one that runs can set may lie anywhere. */
static void check_bounds(struct checker *c, struct symbol *s) {
    double lo = -(double)INFINITY, hi = (double)INFINITY;
    bool known = bound_value(c, s->bounds->lo, &lo);
    known = bound_value(c, s->bounds->hi, &hi) && known;
    if (!known) {
        return;
    }
    const bool state = s->kind == SYMBOL_STATE;
    const unsigned free = state ? 0 : NEEDS_PARS;
    if (lo > hi) {
        diag_report(c->diags, DIAG_E0310, s->bounds->span,
                    "the lower bound comes first",
                    "the bounds are the wrong way round: %s > %s",
                    number_text(c->arena, lo), number_text(c->arena, hi));
        return;
    }
    if (state && lo == hi) {
        diag_report(c->diags, DIAG_E0310, s->bounds->span,
                    "what does not change is a parameter",
                    "the bounds of the state %s leave it one value alone",
                    diag_name(c->diags, s->name));
        return;
    }
    s->lo_value = lo;
    s->hi_value = hi;
    if (!(checked_of(c, s)->needs & ~free) && !(s->number >= lo && s->number <= hi)) {
        diag_report(c->diags, DIAG_E0311, s->value->span, NULL,
                    "%s %s, %s, is outside its bounds %s", symbol_row(s)->value,
                    diag_name(c->diags, s->name), number_text(c->arena, s->number),
                    bounds_text(c->arena, lo, hi));
        diag_note(c->diags, s->bounds->span, "the bounds are here");
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
            s->number = evaluate(c->arena, s->value);
            check_finite(c, s);
        }
    }
    const symbol_list *const bounded[] = {&m->pars, &m->states};
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < bounded[k]->n; i++) {
            if (bounded[k]->at[i]->bounds) {
                check_bounds(c, bounded[k]->at[i]);
            }
        }
    }
}
