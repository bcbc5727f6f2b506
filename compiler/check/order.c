/* order.c -- puts all values in an order in which each follows what it uses, or reports
 * the cycle; then says of each value what it depends on, and whether it may.
 *
 * The walk is depth first with its stack in the arena, since a chain of intermediates
 * may be as long as the text. A state stops it: its value in a run is no matter of
 * order. A second walk, from the states, does not stop there: that a run can start needs an
 * order of the initial values too. A use that closes a cycle is reported with its path and
 * then ignored; a cycle is reported once.
 */
#include <assert.h>
#include <string.h>

#include "checker.h"

enum { MAX_PATH = 8, MAX_CYCLES = 50, MAX_SIZE = 2000000 };

typedef VECTOR(struct checked *) checked_list;

struct walk {
    checked_list path;
    bool initial; /* the second one: states are followed too */
};

static bool is_followed(const struct symbol *s) {
    return !(symbol_row(s)->brings & NEEDS_STATES);
}

/* ---- cycles ---- */

static struct span span_of_use(const struct checked *checked,
                               const struct symbol *used) {
    for (int i = 0; i < checked->uses.n; i++) {
        if (checked->uses.at[i].symbol == used) {
            return checked->uses.at[i].span;
        }
    }
    return checked->symbol->span;
}

/* Is a cycle told from `s` rather than from `other`? From what comes first in the text; one of
 * initial values from a state. */
static bool is_told_first(const struct symbol *s, const struct symbol *other) {
    return is_followed(s) == is_followed(other) ? s->span.start < other->span.start
                                                : !is_followed(s);
}

/* The cycle is path->at[from .. n-1] and back. */
static void report_cycle(struct checker *c, const checked_list *path, int from) {
    int n = path->n - from, first = 0;
    c->n_cycles++;
    bool functions = true;
    for (int i = 0; i < n; i++) {
        struct checked *checked = path->at[from + i];
        checked->in_cycle = true;
        checked->needs |= NEEDS_UNKNOWN;
        functions = functions && checked->symbol->kind == SYMBOL_FUNCTION;
        if (is_told_first(checked->symbol, path->at[from + first]->symbol)) {
            first = i;
        }
    }
    const struct symbol *s = path->at[from + first]->symbol;
    struct text told = {.arena = c->arena};
    text_add(&told, "%.40s", s->name);
    for (int i = 1; i <= n && i < MAX_PATH; i++) {
        text_add(&told, " -> %.40s", path->at[from + (first + i) % n]->symbol->name);
    }
    diag_report(c->diags, functions ? DIAG_E0211 : DIAG_E0210, s->span, NULL,
                "%s%s is defined by itself: %s%s",
                is_followed(s) ? "" : "the initial value of ",
                diag_name(c->diags, s->name), told.at, n >= MAX_PATH ? " -> ..." : "");
    for (int i = 0; i < n && i < MAX_PATH; i++) {
        const struct checked *checked = path->at[from + (first + i) % n];
        const struct symbol *used = path->at[from + (first + i + 1) % n]->symbol;
        diag_note(c->diags, span_of_use(checked, used), "%s uses %s here",
                  diag_name(c->diags, checked->symbol->name),
                  diag_name(c->diags, used->name));
    }
}

/* ---- what a value depends on ---- */

static unsigned needs_of_use(const struct checker *c, const struct symbol *s) {
    const unsigned own = checked_of(c, s)->needs, brings = symbol_row(s)->brings;
    return !is_followed(s) ? brings : brings ? brings | (own & NEEDS_UNKNOWN) : own;
}

/* The size of an expression with its calls expanded. */
static double measure(const struct checker *c, const struct expr *tree) {
    double size = 0;
    for (const struct expr *e = expr_begin(tree); e; e = expr_after(tree, e)) {
        size += 1;
        if (e->kind == EXPR_CALL && e->symbol) {
            size += checked_of(c, e->symbol)->size;
        }
    }
    return size;
}

bool check_growth(struct checker *c, const struct expr *e, struct checked *checked) {
    const double size = measure(c, e);
    bool was_small = c->total_size <= MAX_SIZE;
    c->total_size += size;
    if (checked) {
        checked->size = size;
    }
    if (was_small && c->total_size > MAX_SIZE) {
        diag_report(c->diags, DIAG_E0304, e->span, NULL,
                    "the model grows to more than %d operations once its functions are "
                    "expanded",
                    MAX_SIZE);
    }
    return c->total_size <= MAX_SIZE;
}

static const char *class_name(unsigned needs) {
    return needs & NEEDS_STATES ? "states"
           : needs & NEEDS_TIME ? "the time"
                                : "parameters";
}

/* Reports a use that the value of a constant or a default must not make: of `s` itself, or of
 * what it depends on. */
static void report_use(struct checker *c, const struct symbol *owner,
                       const struct use *use, unsigned wrong, bool direct) {
    const struct symbol *s = use->symbol;
    const char *why =
        direct ? symbol_described(c, s)
               : arena_printf(c->arena, "which depends on %s", class_name(wrong));
    diag_report(c->diags,
                symbol_row(owner)->reach == REACH_CONSTANTS ? DIAG_E0307 : DIAG_E0308,
                use->span, NULL, "%s %s cannot use %s, %s", symbol_row(owner)->value,
                diag_name(c->diags, owner->name), diag_name(c->diags, s->name), why);
}

static void check_uses(struct checker *c, struct checked *checked) {
    const enum reach reach = symbol_row(checked->symbol)->reach;
    if (reach == REACH_ALL) {
        return;
    }
    const unsigned allowed = reach == REACH_CONSTANTS ? 0 : NEEDS_PARS;
    for (int i = 0; i < checked->uses.n; i++) {
        const struct use *use = &checked->uses.at[i];
        unsigned wrong = needs_of_use(c, use->symbol) & ~allowed;
        bool by_name =
            use->symbol->kind == SYMBOL_INTERMEDIATE || use->symbol->kind == SYMBOL_OUT;
        bool direct = symbol_row(use->symbol)->brings || by_name;
        bool reported = (wrong & NEEDS_UNKNOWN) && !direct;
        if ((wrong & ~(unsigned)NEEDS_UNKNOWN || (by_name && direct)) && !reported) {
            report_use(c, checked->symbol, use, wrong, direct);
            checked->needs |= NEEDS_UNKNOWN;
        }
    }
}

static void finish(struct checker *c, struct checked *checked) {
    checked->mark = DONE;
    for (int i = 0; i < checked->uses.n; i++) {
        checked->needs |= needs_of_use(c, checked->uses.at[i].symbol);
    }
    if (checked->symbol->value && !check_growth(c, checked->symbol->value, checked)) {
        checked->needs |= NEEDS_UNKNOWN;
    }
    check_uses(c, checked);
    if (checked->symbol->value) {
        VECTOR_PUSH(c->arena, &c->model->order, checked->symbol);
    }
}

static void finish_initial(struct checker *c, struct checked *checked) {
    checked->mark = DONE;
    if (checked->symbol->kind == SYMBOL_STATE) {
        VECTOR_PUSH(c->arena, &c->model->initial_order, checked->symbol);
    }
}

/* Visits everything that `root` uses, then root itself. */
static void visit(struct checker *c, struct checked *root, struct walk *walk) {
    checked_list *path = &walk->path;
    path->n = 0;
    root->mark = OPEN;
    VECTOR_PUSH(c->arena, path, root);
    while (path->n > 0) {
        struct checked *checked = path->at[path->n - 1];
        if (checked->next_use == checked->uses.n) {
            (walk->initial ? finish_initial : finish)(c, checked);
            path->n--;
            continue;
        }
        const struct symbol *used = checked->uses.at[checked->next_use++].symbol;
        struct checked *next = checked_of(c, used);
        if (!(walk->initial || is_followed(used)) || next->mark == DONE) {
            continue;
        }
        if (next->mark == UNSEEN) {
            next->mark = OPEN;
            VECTOR_PUSH(c->arena, path, next);
        } else if (!(checked->in_cycle && next->in_cycle) && c->n_cycles < MAX_CYCLES) {
            int from = path->n - 1;
            while (path->at[from] != next) {
                assert(from > 0); /* what is OPEN is on the path */
                from--;
            }
            report_cycle(c, path, from);
        }
    }
}

void order_model(struct checker *c) {
    struct walk all = {.initial = false}, initial = {.initial = true};
    for (int i = 0; i < c->checked.n; i++) {
        if (c->checked.at[i]->mark == UNSEEN) {
            visit(c, c->checked.at[i], &all);
        }
    }
    for (int i = 0; i < c->checked.n; i++) {
        c->checked.at[i]->mark = UNSEEN;
        c->checked.at[i]->next_use = 0;
    }
    for (int i = 0; i < c->model->states.n; i++) {
        if (checked_of(c, c->model->states.at[i])->mark == UNSEEN) {
            visit(c, checked_of(c, c->model->states.at[i]), &initial);
        }
    }
    for (int i = 0; i < c->model->states.n; i++) {
        const struct symbol *s = c->model->states.at[i];
        if (s->derivative) {
            check_growth(c, s->derivative, NULL);
        }
    }
}
