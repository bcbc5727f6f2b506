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
 * KNOWN implies one, by the state's unit over its own. What is implied is a time, and the same
 * for all. An empirical number (0.01, or what comes out of exp) that is a factor can hide
 * units: what has one `hides`, and is not held to imply a time.
 */
#include <math.h>
#include <string.h>

#include "checker.h"

enum { MAX_FACTORS = 64 };

enum knowledge { UNKNOWN, BARE, KNOWN };

struct expr_unit {
    enum knowledge knowledge;
    const struct unit *unit; /* where KNOWN */
    bool hides;              /* a factor may hide units */
};

struct unit_check {
    struct arena *arena;
    struct diags *diags;
    const struct model *model;
    bool strict;
    struct expr_unit *of_symbol; /* of its value, by id */
};

static const struct expr_unit unknown = {UNKNOWN, NULL, false};
static const struct expr_unit bare = {BARE, NULL, false};
static const struct expr_unit empirical = {BARE, NULL, true};

static struct expr_unit known(const struct unit *unit) {
    return (struct expr_unit){KNOWN, unit, false};
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
    struct expr_unit u = a.knowledge == KNOWN ? a : b;
    if (a.knowledge == b.knowledge) {
        u.hides = a.knowledge == KNOWN ? a.hides && b.hides : a.hides || b.hides;
    }
    return u;
}

static struct expr_unit unit_of_product(struct unit_check *c, struct expr_unit a,
                                        struct expr_unit b, bool divide) {
    if (a.knowledge == UNKNOWN || b.knowledge == UNKNOWN) {
        return unknown;
    }
    const bool hides = a.hides || b.hides;
    if (a.knowledge == BARE && b.knowledge == BARE) {
        return hides ? empirical : bare;
    }
    const struct unit *one = unit_one(c->arena);
    const struct unit *x = a.knowledge == BARE ? one : a.unit;
    const struct unit *y = b.knowledge == BARE ? one : b.unit;
    if (x->n + y->n > MAX_FACTORS) {
        return unknown;
    }
    struct expr_unit u =
        known(divide ? unit_over(c->arena, x, y) : unit_times(c->arena, x, y));
    u.hides = hides;
    return u;
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
    return (struct expr_unit){KNOWN, result, u.hides};
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
    return base.knowledge == BARE ? empirical : unknown;
}

/* Numbers that stand in equations that have their units: as in 4*pi*r^2, 0.5*m*v^2. */
static bool is_plain(double number) {
    return number == 0.25 || number == 0.5 || (number == floor(number) && number <= 4);
}

/* args: their units */
static struct expr_unit unit_of_op(struct unit_check *c, const struct expr *e,
                                   const struct expr_unit *args) {
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
        return units == OP_UNITS_RATIO ? empirical : join(args[0], args[1]);
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
        return empirical;
    case OP_UNITS_BARE:
        break;
    }
    need_number(c, e->args[0], args[0],
                arena_printf(c->arena, "the argument of '%s'", spelling));
    return empirical;
}

static struct expr_unit unit_with(struct unit_check *c, const struct expr *e,
                                  const struct expr_unit *args) {
    switch (e->kind) {
    case EXPR_NUMBER:
        return is_plain(e->number) ? bare : empirical;
    case EXPR_NAME:
        if (!e->symbol) {
            return unknown;
        }
        if (e->symbol->kind == SYMBOL_PI) {
            return bare;
        }
        return e->symbol->unit ? known(e->symbol->unit) : unknown;
    case EXPR_CALL:
        return e->symbol ? c->of_symbol[e->symbol->id] : unknown;
    case EXPR_OP:
        break;
    }
    return unit_of_op(c, e, args);
}

static struct expr_unit unit_of(struct unit_check *c, const struct expr *tree) {
    VECTOR(struct expr_unit) stack = {0};
    for (const struct expr *e = expr_begin(tree); e; e = expr_after(tree, e)) {
        stack.n -= e->n_args;
        const struct expr_unit *args = e->n_args > 0 ? stack.at + stack.n : NULL;
        const struct expr_unit unit = unit_with(c, e, args);
        VECTOR_PUSH(c->arena, &stack, unit);
    }
    return stack.at[0];
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
    for (int i = 0; s->bounds && i < 2; i++) {
        const struct expr *bound = i ? s->bounds->hi : s->bounds->lo;
        if (bound) {
            need_same(c, bound->span, known(s->unit), unit_of(c, bound),
                      arena_printf(c->arena, "%s and its bound", name));
        }
    }
}

/* What a derivative implies as the unit of time; false where it is not known. */
static bool time_of(struct unit_check *c, const struct symbol *s,
                    const struct unit **time, bool *is_time) {
    struct expr_unit value = s->derivative ? unit_of(c, s->derivative) : unknown;
    if (!s->unit || value.knowledge != KNOWN) {
        return false;
    }
    *time = unit_over(c->arena, s->unit, value.unit);
    *is_time = unit_can_be_time(c->arena, *time);
    if (!*is_time && !value.hides) {
        diag_report(c->diags, c->strict ? DIAG_E0603 : DIAG_W0603, s->derivative_span,
                    arena_printf(c->arena, "the time would be in %s",
                                 unit_text(c->arena, *time)),
                    "the derivative of %s is in %s, which is not %s over a time",
                    diag_name(c->diags, s->name), unit_text(c->arena, value.unit),
                    unit_text(c->arena, s->unit));
        return false;
    }
    return true;
}

/* Derivatives that imply different units of time are told: the first that implies one is held
 * against all others. */
static void check_derivatives(struct unit_check *c) {
    const symbol_list *states = &c->model->states;
    const struct unit **times = ARENA_ARRAY(c->arena, const struct unit *, states->n);
    int first = -1;
    bool first_is_time = false;
    for (int i = 0; i < states->n; i++) {
        bool is_time;
        if (!time_of(c, states->at[i], &times[i], &is_time)) {
            times[i] = NULL;
        } else if (first < 0 || (is_time && !first_is_time)) {
            first = i;
            first_is_time = is_time;
        }
    }
    for (int i = 0; i < states->n; i++) {
        double ratio;
        if (!times[i] || i == first) {
            continue;
        }
        const struct symbol *s = states->at[i], *other = states->at[first];
        enum unit_relation relation =
            unit_compare(c->arena, times[i], times[first], &ratio);
        if (relation != UNITS_SAME) {
            diag_report(
                c->diags, c->strict ? DIAG_E0603 : DIAG_W0603, s->derivative_span,
                ratio_hint(c, times[i], times[first], relation, ratio),
                "the time is in %s for %s, but in %s for %s",
                unit_text(c->arena, times[i]), diag_name(c->diags, s->name),
                unit_text(c->arena, times[first]), diag_name(c->diags, other->name));
            diag_note(c->diags, other->derivative_span, "the other derivative is here");
        }
    }
}

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_';
}

/* Where a name stands in the text of a unit. */
static struct span span_of_name(const char *source, struct span unit,
                                const char *name) {
    const size_t n = strlen(name);
    for (uint32_t at = unit.start; at + n <= unit.end; at++) {
        const bool begins = at == unit.start || !is_name_byte(source[at - 1]);
        const bool ends = at + n == unit.end || !is_name_byte(source[at + n]);
        if (begins && ends && memcmp(source + at, name, n) == 0) {
            return (struct span){at, at + (uint32_t)n};
        }
    }
    return unit;
}

/* Each name that is nearly a known unit's, once. */
static void note_nearly_known(struct checker *c) {
    struct names seen = {.arena = c->arena};
    for (int i = 0; i < c->ast->items.n; i++) {
        const struct written_unit *written = c->ast->items.at[i]->unit;
        for (int k = 0; written && k < written->unit->n; k++) {
            const char *name = written->unit->at[k].name;
            const char *known = NULL;
            if (!names_get(&seen, name)) {
                names_put(&seen, name, (void *)written);
                known = unit_suggestion(c->arena, name);
            }
            if (known) {
                diag_report(c->diags, DIAG_N0605,
                            span_of_name(c->ast->source, written->span, name),
                            arena_printf(c->arena, "did you mean '%s'?", known),
                            "%s is no known unit: it is taken as one of its own",
                            diag_name(c->diags, name));
            }
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
    note_nearly_known(checker);
}
