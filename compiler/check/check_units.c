/* check_units.c -- units held together where they are given.
 *
 * Made to be silent where it does not know. The unit of an expression is one of
 *   UNKNOWN   something in it has no unit given; fits everything
 *   BARE      numbers alone, and what comes out of exp and the like, since an empirical
 *             rate such as 0.25*exp(...) hides units in its numbers; takes any unit
 *   KNOWN     a unit
 *
 * A name without a unit is UNKNOWN, whatever its value's unit is. A function's arguments
 * are UNKNOWN in its body. The unit of time is not given either: each derivative that is
 * KNOWN implies one, and two that differ are told.
 */
#include <math.h>

#include "checker.h"

enum { MAX_FACTORS = 64 };

enum knowledge { UNKNOWN, BARE, KNOWN };

struct expr_unit {
    enum knowledge knowledge;
    const struct unit *unit; /* where KNOWN */
};

struct unit_check {
    struct arena *arena;
    struct diags *diags;
    const struct model *model;
    bool strict;
    struct expr_unit *of_symbol; /* of its value, by id */
};

static const struct expr_unit unknown = {UNKNOWN, NULL};
static const struct expr_unit bare = {BARE, NULL};

static struct expr_unit known(const struct unit *unit) {
    return (struct expr_unit){KNOWN, unit};
}

static struct expr_unit unit_of(struct unit_check *c, const struct expr *e);

/* ---- reports ---- */

static const char *ratio_hint(struct unit_check *c, const struct unit *a,
                              const struct unit *b, enum unit_relation relation,
                              double ratio) {
    if (relation != UNITS_SCALED) {
        return NULL;
    }
    return arena_printf(c->arena, "1 %s is %.6g %s", unit_text(c->arena, a), ratio,
                        unit_text(c->arena, b));
}

/* Reports where a and b are both known and differ. what: "the two sides of '+'" ... */
static void need_same(struct unit_check *c, struct span span, struct expr_unit a,
                      struct expr_unit b, const char *what) {
    double ratio;
    if (a.knowledge != KNOWN || b.knowledge != KNOWN) {
        return;
    }
    enum unit_relation relation = unit_compare(c->arena, a.unit, b.unit, &ratio);
    if (relation != UNITS_SAME) {
        diag_report(c->diags, c->strict ? DIAG_E0601 : DIAG_W0601, span,
                    ratio_hint(c, a.unit, b.unit, relation, ratio),
                    "units differ: %s are in %s and %s", what,
                    unit_text(c->arena, a.unit), unit_text(c->arena, b.unit));
    }
}

/* Reports where the unit of an argument is known and is not 1. */
static void need_number(struct unit_check *c, const struct expr *e, struct expr_unit u,
                        const char *what) {
    double ratio;
    if (u.knowledge != KNOWN) {
        return;
    }
    const struct unit *one = unit_one(c->arena);
    enum unit_relation relation = unit_compare(c->arena, u.unit, one, &ratio);
    if (relation != UNITS_SAME) {
        diag_report(c->diags, c->strict ? DIAG_E0602 : DIAG_W0602, e->span,
                    ratio_hint(c, u.unit, one, relation, ratio),
                    "%s has the unit %s, but takes a number without one", what,
                    unit_text(c->arena, u.unit));
    }
}

/* ---- expressions ---- */

/* The unit of what has the unit of both: known if either is, and nothing is unknown. */
static struct expr_unit join(struct expr_unit a, struct expr_unit b) {
    if (a.knowledge == UNKNOWN || b.knowledge == UNKNOWN) {
        return unknown;
    }
    return a.knowledge == KNOWN ? a : b;
}

static struct expr_unit unit_of_product(struct unit_check *c, struct expr_unit a,
                                        struct expr_unit b, bool divide) {
    if (a.knowledge == UNKNOWN || b.knowledge == UNKNOWN) {
        return unknown;
    }
    if (a.knowledge == BARE && b.knowledge == BARE) {
        return bare;
    }
    const struct unit *one = unit_one(c->arena);
    const struct unit *x = a.knowledge == BARE ? one : a.unit;
    const struct unit *y = b.knowledge == BARE ? one : b.unit;
    if (x->n + y->n > MAX_FACTORS) {
        return unknown;
    }
    return known(divide ? unit_over(c->arena, x, y) : unit_times(c->arena, x, y));
}

/* The unit to an exponent that may be a fraction; unknown where the result is no unit.
 */
static struct expr_unit unit_to(struct unit_check *c, struct expr_unit u,
                                double exponent) {
    if (u.knowledge != KNOWN) {
        return u;
    }
    struct unit *result = unit_one(c->arena);
    for (int i = 0; i < u.unit->n; i++) {
        double e = u.unit->at[i].exponent * exponent;
        if (e != floor(e) || fabs(e) > 1000) {
            return unknown;
        }
        if (e != 0) {
            const struct unit *factor =
                unit_power(c->arena, u.unit->at[i].name, (int)e);
            result = unit_times(c->arena, result, factor);
        }
    }
    return known(result);
}

static struct expr_unit unit_of_power(struct unit_check *c, const struct expr *e,
                                      struct expr_unit base,
                                      struct expr_unit exponent) {
    const struct expr *number = e->args[1];
    double sign = 1;
    need_number(c, e->args[1], exponent, "the exponent");
    if (number->kind == EXPR_OP && number->op == OP_NEG) {
        number = number->args[0];
        sign = -1;
    }
    if (base.knowledge == KNOWN && base.unit->n == 0) {
        return base;
    }
    if (number->kind == EXPR_NUMBER) {
        return unit_to(c, base, sign * number->number);
    }
    return base.knowledge == BARE ? bare : unknown;
}

static struct expr_unit unit_of_op(struct unit_check *c, const struct expr *e) {
    struct expr_unit args[3] = {unknown, unknown, unknown};
    for (int i = 0; i < e->n_args; i++) {
        args[i] = unit_of(c, e->args[i]);
    }
    const char *spelling = op_table[e->op].spelling;
    const enum op_units units = op_table[e->op].units;
    switch (units) {
    case OP_UNITS_SIDES:
        need_same(c, e->span, args[0], args[1],
                  arena_printf(c->arena, "the two sides of '%s'", spelling));
        return join(args[0], args[1]);
    case OP_UNITS_ARGUMENTS:
    case OP_UNITS_RATIO:
        need_same(c, e->span, args[0], args[1],
                  arena_printf(c->arena, "the arguments of '%s'", spelling));
        return units == OP_UNITS_RATIO ? bare : join(args[0], args[1]);
    case OP_UNITS_BRANCHES:
        need_same(c, e->span, args[1], args[2], "the two branches of 'if'");
        return join(args[1], args[2]);
    case OP_UNITS_PRODUCT:
    case OP_UNITS_QUOTIENT:
        return unit_of_product(c, args[0], args[1], units == OP_UNITS_QUOTIENT);
    case OP_UNITS_POWER:
        return unit_of_power(c, e, args[0], args[1]);
    case OP_UNITS_ROOT_2:
        return unit_to(c, args[0], 1.0 / 2);
    case OP_UNITS_ROOT_3:
        return unit_to(c, args[0], 1.0 / 3);
    case OP_UNITS_SAME:
        return args[0];
    case OP_UNITS_ANY:
        return bare;
    case OP_UNITS_BARE:
        break;
    }
    need_number(c, e->args[0], args[0],
                arena_printf(c->arena, "the argument of '%s'", spelling));
    return bare;
}

static struct expr_unit unit_of(struct unit_check *c, const struct expr *e) {
    switch (e->kind) {
    case EXPR_NUMBER:
        return bare;
    case EXPR_NAME:
        if (!e->symbol) {
            return unknown;
        }
        if (e->symbol->kind == SYMBOL_PI) {
            return bare;
        }
        return e->symbol->unit ? known(e->symbol->unit) : unknown;
    case EXPR_CALL:
        for (int i = 0; i < e->n_args; i++) {
            unit_of(c, e->args[i]);
        }
        return e->symbol ? c->of_symbol[e->symbol->id] : unknown;
    case EXPR_OP:
        break;
    }
    return unit_of_op(c, e);
}

/* ---- the model ---- */

static void check_symbol(struct unit_check *c, const struct symbol *s) {
    struct expr_unit value = unit_of(c, s->value);
    c->of_symbol[s->id] = value;
    if (!s->unit) {
        return;
    }
    const char *name = diag_name(c->diags, s->name);
    need_same(c, s->value->span, known(s->unit), value,
              arena_printf(c->arena, "%s and its value", name));
    for (int i = 0; s->lo && i < 2; i++) {
        const struct expr *bound = i ? s->hi : s->lo;
        need_same(c, bound->span, known(s->unit), unit_of(c, bound),
                  arena_printf(c->arena, "%s and its bound", name));
    }
}

/* The units of time that the derivatives imply: the first is held against all others.
 */
static void check_derivatives(struct unit_check *c) {
    const struct symbol *first = NULL;
    const struct unit *time = NULL;
    for (int i = 0; i < c->model->states.n; i++) {
        const struct symbol *s = c->model->states.at[i];
        struct expr_unit value = s->derivative ? unit_of(c, s->derivative) : unknown;
        if (!s->unit || value.knowledge != KNOWN) {
            continue;
        }
        const struct unit *implied = unit_over(c->arena, s->unit, value.unit);
        double ratio;
        if (!first) {
            first = s;
            time = implied;
            continue;
        }
        enum unit_relation relation = unit_compare(c->arena, implied, time, &ratio);
        if (relation != UNITS_SAME) {
            diag_report(c->diags, c->strict ? DIAG_E0603 : DIAG_W0603,
                        s->derivative_span,
                        ratio_hint(c, implied, time, relation, ratio),
                        "the time is in %s for %s, but in %s for %s",
                        unit_text(c->arena, implied), diag_name(c->diags, s->name),
                        unit_text(c->arena, time), diag_name(c->diags, first->name));
            diag_note(c->diags, first->derivative_span, "the other derivative is here");
        }
    }
}

void check_units(struct checker *checker, bool strict) {
    struct unit_check c = {.arena = checker->arena,
                           .diags = checker->diags,
                           .model = checker->model,
                           .strict = strict};
    c.of_symbol = ARENA_ARRAY(c.arena, struct expr_unit, checker->checked.n);
    for (int i = 0; i < c.model->order.n; i++) {
        check_symbol(&c, c.model->order.at[i]);
    }
    check_derivatives(&c);
}
