/* piecewise.c -- where an expression of time alone jumps.
 *
 * Sums, multiples, abs, min, max, mod, floor, ... and `if` of t make pieces of straight lines.
 * One walk over the expression gives its line just after a time, and until when at least it
 * goes on: the earliest of the ends of its parts, and of where lines that it compares cross.
 * From end to end that gives all pieces. A condition is the number 0 or 1.
 *
 * Just after an end, rounding must not decide on which side the parts are: what is zero but
 * for rounding has the sign that it is about to have.
 */
#include "piecewise.h"

#include <math.h>

#include "model.h"

#define LONGEST_LOOK 2000 /* pieces */
#define MOST_WORK 200000  /* operations */
#define MOST_DEPTH 1000   /* operations inside one another, through names and calls */
#define ROUNDING 1e-13

/* value + slope*(time - t) from t on, until a time when it may be another. */
struct piece {
    double value, slope, until;
};

struct walk {
    double t;
    long work;
    int depth;
    bool unknown; /* something is no straight line */
};

static struct piece piece_at(struct walk *w, const struct expr *e,
                             const struct scope *scope);

static struct piece constant(double value, double until) {
    return (struct piece){value, 0, until};
}

static struct piece unknown_piece(struct walk *w) {
    w->unknown = true;
    return constant(0, (double)INFINITY);
}

/* p ends where its line, `distance` below zero now, reaches zero. */
static void end_at_zero(const struct walk *w, struct piece *p, double distance,
                        double slope) {
    const double after = -distance / slope;
    if (distance != 0 && slope != 0 && after > 0) {
        p->until = fmin(p->until, w->t + after);
    }
}

/* The sign of a - b just after t: constant until the lines cross. */
static struct piece compare(const struct walk *w, struct piece a, struct piece b) {
    const double rounding = ROUNDING * (fabs(a.value) + fabs(b.value) +
                                        (fabs(a.slope) + fabs(b.slope)) * fabs(w->t));
    double d = a.value - b.value;
    const double slope = a.slope - b.slope;
    if (fabs(d) <= rounding && slope != 0) {
        d = 0;
    }
    const double side = d != 0 ? d : slope;
    struct piece p = constant((side > 0) - (side < 0), fmin(a.until, b.until));
    end_at_zero(w, &p, d, slope);
    return p;
}

static struct piece floor_of(const struct walk *w, struct piece a) {
    const double rounding = ROUNDING * (fabs(a.value) + fabs(a.slope * w->t));
    const double near = round(a.value);
    double below = floor(a.value);
    if (a.slope != 0 && fabs(a.value - near) <= rounding) {
        below = a.slope > 0 ? near : near - 1;
    }
    struct piece p = constant(below, a.until);
    if (a.slope != 0) {
        const double to = a.slope > 0 ? below + 1 : below;
        p.until = fmin(p.until, w->t + (to - a.value) / a.slope);
    }
    return p;
}

static struct piece scaled(struct piece a, double by) {
    return (struct piece){a.value * by, a.slope * by, a.until};
}

static struct piece plus(struct piece a, struct piece b, double sign) {
    return (struct piece){a.value + sign * b.value, a.slope + sign * b.slope,
                          fmin(a.until, b.until)};
}

/* What is no line unless its arguments are constant. */
static struct piece of_constants(struct walk *w, enum op op,
                                 const struct piece args[]) {
    double values[3] = {0}, until = (double)INFINITY;
    for (int i = 0; i < op_table[op].arity; i++) {
        if (args[i].slope != 0) {
            return unknown_piece(w);
        }
        values[i] = args[i].value;
        until = fmin(until, args[i].until);
    }
    return constant(op_value(op, values), until);
}

static struct piece choose_piece(struct walk *w, const struct expr *e,
                                 const struct scope *scope) {
    const struct piece condition = piece_at(w, e->args[0], scope);
    struct piece p = piece_at(w, e->args[condition.value != 0 ? 1 : 2], scope);
    p.until = fmin(p.until, condition.until);
    return p;
}

static struct piece mod_of(struct walk *w, struct piece a, struct piece b) {
    if (b.slope != 0 || b.value == 0) {
        return unknown_piece(w);
    }
    struct piece quotient = scaled(a, 1 / b.value);
    quotient.until = fmin(a.until, b.until);
    const struct piece turns = floor_of(w, quotient);
    return plus(a, scaled(turns, b.value), -1);
}

/* The smaller (sign 1) or the larger (-1) of two lines, until they cross. */
static struct piece smaller(const struct walk *w, struct piece a, struct piece b,
                            double sign) {
    const struct piece order = compare(w, a, b);
    struct piece p = order.value * sign > 0 ? b : a;
    p.until = order.until;
    return p;
}

static struct piece truth(struct piece order, bool below, bool equal, bool above) {
    const bool holds = order.value < 0 ? below : order.value > 0 ? above : equal;
    return constant(holds, order.until);
}

static struct piece piece_of_op(struct walk *w, const struct expr *e,
                                const struct scope *scope) {
    if (e->op == OP_SELECT) {
        return choose_piece(w, e, scope);
    }
    struct piece args[3] = {{0}};
    for (int i = 0; i < e->n_args; i++) {
        args[i] = piece_at(w, e->args[i], scope);
    }
    const struct piece a = args[0], b = args[1], zero = constant(0, (double)INFINITY);
    switch (e->op) {
    case OP_ADD:
        return plus(a, b, 1);
    case OP_SUB:
        return plus(a, b, -1);
    case OP_NEG:
        return scaled(a, -1);
    case OP_MUL:
        if (a.slope == 0 || b.slope == 0) {
            struct piece p = a.slope == 0 ? scaled(b, a.value) : scaled(a, b.value);
            p.until = fmin(a.until, b.until);
            return p;
        }
        break;
    case OP_DIV:
        if (b.slope == 0 && b.value != 0) {
            struct piece p = {a.value / b.value, a.slope / b.value,
                              fmin(a.until, b.until)};
            return p;
        }
        break;
    case OP_LT:
        return truth(compare(w, a, b), true, false, false);
    case OP_LE:
        return truth(compare(w, a, b), true, true, false);
    case OP_GT:
        return truth(compare(w, a, b), false, false, true);
    case OP_GE:
        return truth(compare(w, a, b), false, true, true);
    case OP_EQ:
        return truth(compare(w, a, b), false, true, false);
    case OP_NE:
        return truth(compare(w, a, b), true, false, true);
    case OP_AND:
        return constant(a.value != 0 && b.value != 0, fmin(a.until, b.until));
    case OP_OR:
        return constant(a.value != 0 || b.value != 0, fmin(a.until, b.until));
    case OP_NOT:
        return constant(a.value == 0, a.until);
    case OP_ABS:
        return smaller(w, a, scaled(a, -1), -1);
    case OP_MIN:
        return smaller(w, a, b, 1);
    case OP_MAX:
        return smaller(w, a, b, -1);
    case OP_SIGN:
        return compare(w, a, zero);
    case OP_FLOOR:
        return floor_of(w, a);
    case OP_CEIL:
        return scaled(floor_of(w, scaled(a, -1)), -1);
    case OP_ROUND:
        return floor_of(w, plus(a, constant(0.5, (double)INFINITY), 1));
    case OP_MOD:
        return mod_of(w, a, b);
    default:
        break;
    }
    return of_constants(w, e->op, args);
}

static struct piece piece_of_symbol(struct walk *w, const struct symbol *s) {
    switch (s->kind) {
    case SYMBOL_TIME:
        return (struct piece){w->t, 1, (double)INFINITY};
    case SYMBOL_CONST:
    case SYMBOL_PAR:
    case SYMBOL_PI:
        return constant(s->number, (double)INFINITY);
    case SYMBOL_INTERMEDIATE:
    case SYMBOL_OUT:
        return piece_at(w, s->value, NULL);
    default:
        return unknown_piece(w);
    }
}

static struct piece piece_at(struct walk *w, const struct expr *e,
                             const struct scope *scope) {
    struct piece p = {0};
    if (w->unknown || ++w->work > MOST_WORK || w->depth > MOST_DEPTH) {
        return unknown_piece(w);
    }
    w->depth++;
    switch (e->kind) {
    case EXPR_NUMBER:
        p = constant(e->number, (double)INFINITY);
        break;
    case EXPR_NAME:
        p = e->local >= 0 ? piece_at(w, scope->args[e->local], scope->outer)
                          : piece_of_symbol(w, e->symbol);
        break;
    case EXPR_CALL: {
        const struct scope inner = {scope, e->args};
        p = piece_at(w, e->symbol->value, &inner);
        break;
    }
    case EXPR_OP:
        p = piece_of_op(w, e, scope);
        break;
    }
    w->depth--;
    return isfinite(p.value) && isfinite(p.slope) ? p : unknown_piece(w);
}

struct jumps piecewise_jumps(const struct expr *e, const struct scope *scope, double t0,
                             double t1) {
    struct jumps jumps = {.phase = (double)INFINITY};
    struct walk w = {.t = t0};
    struct piece before = piece_at(&w, e, scope);
    double last = t0;
    for (int i = 0; i < LONGEST_LOOK && before.until < t1; i++) {
        const double end = before.until;
        if (!(end - w.t > ROUNDING * fabs(end))) {
            w.unknown = true; /* pieces too short to tell */
        }
        const double reached = before.value + before.slope * (end - w.t);
        w.t = end;
        const struct piece after = piece_at(&w, e, scope);
        if (w.unknown) {
            break;
        }
        if (fabs(after.value - reached) > 1e-9 * (fabs(after.value) + fabs(reached))) {
            jumps.first = jumps.n++ ? jumps.first : end;
            jumps.phase = fmin(jumps.phase, end - last);
            last = end;
        }
        before = after;
    }
    jumps.known = !w.unknown;
    return jumps;
}
