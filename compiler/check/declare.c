/* declare.c -- items to symbols: every name once, every state with its derivative.
 *
 * The order of items in the text means nothing, so all symbols are made before any name is
 * resolved.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "checker.h"
#include "habits.h"

enum { MAX_DERIVATIVE = 80 }; /* bytes of a name that may stand for one */

static struct symbol *new_symbol(struct checker *c, enum symbol_kind kind,
                                 const char *name, const struct item *item) {
    struct symbol *s = ARENA_NEW(c->arena, struct symbol);
    s->kind = kind;
    s->name = name;
    s->text = s->unit_text = "";
    s->lo_value = -(double)INFINITY;
    s->hi_value = (double)INFINITY;
    s->id = c->checked.n;
    if (item) {
        s->span = item->name_span;
        s->definition = item->span;
        s->value = item_value(item);
        s->text = item->text ? item->text : "";
        s->unit_text = item->unit ? item->unit->text : "";
        s->unit = item->unit ? item->unit->unit : NULL;
        s->bounds = item_bounds(item);
    }
    struct checked *checked = ARENA_NEW(c->arena, struct checked);
    checked->symbol = s;
    checked->item = item;
    VECTOR_PUSH(c->arena, &c->checked, checked);
    return s;
}

/* True, and reported, where the name of an item cannot be taken. */
static bool is_taken(struct checker *c, const char *name, struct span span) {
    if (op_builtin(name) != OP_COUNT) {
        diag_report(c->diags, DIAG_E0205, span, "choose another name",
                    "'%s' is a builtin function", name);
        return true;
    }
    const struct symbol *s = names_get(&c->names, name);
    if (s) {
        diag_report(c->diags, DIAG_E0202, span, NULL, "%s is already defined",
                    diag_name(c->diags, name));
        note_definition(c, s);
    }
    return s != NULL;
}

static symbol_list *list_of(struct model *m, enum symbol_kind kind) {
    switch (kind) {
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    case SYMBOL_##kind:                                                           \
        return &m->list;
#include "symbols.def"
    default:
        return NULL;
    }
}

static void add_to_list(struct checker *c, struct symbol *s) {
    symbol_list *list = list_of(c->model, s->kind);
    assert(list);
    s->index = list->n;
    VECTOR_PUSH(c->arena, list, s);
}

static void take_locals(struct checker *c, struct symbol *s, const local_list *locals) {
    s->n_locals = locals->n;
    s->locals = ARENA_ARRAY(c->arena, const char *, locals->n);
    s->local_spans = ARENA_ARRAY(c->arena, struct span, locals->n);
    struct names *seen = &checked_of(c, s)->locals;
    seen->arena = c->arena;
    for (int i = 0; i < locals->n; i++) {
        struct local *local = &locals->at[i];
        const struct local *first = names_get(seen, local->name);
        s->locals[i] = local->name;
        s->local_spans[i] = local->span;
        if (!first) {
            names_put(seen, local->name, local);
        }
        if (first) {
            diag_report(c->diags, DIAG_E0202, local->span, NULL,
                        "%s is already defined", diag_name(c->diags, local->name));
            diag_note(c->diags, first->span, "first defined here, as an argument");
        } else if (op_builtin(local->name) != OP_COUNT) {
            diag_report(c->diags, DIAG_E0205, local->span, "choose another name",
                        "'%s' is a builtin function", local->name);
        }
    }
}

/* Reports a column that could not be told from the results' own or from a state's. */
static void check_column(struct checker *c, const struct item *item) {
    const struct symbol *s = names_get(&c->names, item->name);
    if (symbol_is_own_column(item->name)) {
        diag_report(c->diags, DIAG_E0212, item->name_span, "choose another name",
                    "results have a column %s of their own",
                    diag_name(c->diags, item->name));
    } else if (!item_value(item) && s && s->kind == SYMBOL_STATE) {
        diag_report(c->diags, DIAG_E0213, item->name_span, "leave it out",
                    "%s is a column already, as all states are",
                    diag_name(c->diags, item->name));
        note_definition(c, s);
    }
}

/* `der(x) = ...`, where x is a state that has no derivative: no function, and reported. */
static bool is_other_derivative(struct checker *c, const struct item *item) {
    const local_list *locals =
        item->kind == ITEM_FUNCTION ? item->function.locals : NULL;
    if (!locals || locals->n != 1 || !habit_is_derivative(item->name)) {
        return false;
    }
    const char *state = locals->at[0].name;
    if (!names_get(&c->with_init, state) || names_get(&c->with_derivative, state)) {
        return false;
    }
    const struct span span = {item->name_span.start, locals->at[0].span.end + 1};
    diag_report(c->diags, DIAG_E0206, span,
                arena_printf(c->arena, "write %.60s' = ...", state),
                "this defines a function: the state %s has no derivative",
                diag_name(c->diags, state));
    names_put(&c->told, state, (void *)item);
    return true;
}

/* Items that define a name of their own. */
static void declare(struct checker *c, const struct item *item) {
    static const enum symbol_kind kinds[] = {
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    [ITEM_##item] = SYMBOL_##kind,
#include "symbols.def"
    };
    if (item->kind == ITEM_DERIVATIVE || !item_value(item) ||
        is_other_derivative(c, item) || is_taken(c, item->name, item->name_span)) {
        return;
    }
    struct symbol *s = new_symbol(c, kinds[item->kind], item->name, item);
    names_put(&c->names, s->name, s);
    add_to_list(c, s);
    if (item->kind == ITEM_FUNCTION) {
        take_locals(c, s, item->function.locals);
    } else if (item->kind == ITEM_INIT || item->kind == ITEM_OUT) {
        check_column(c, item);
    }
}

/* `out name`: an observable that shows another symbol. */
static void declare_shown(struct checker *c, struct names *shown,
                          const struct item *item) {
    const struct symbol *first = names_get(shown, item->name);
    const struct symbol *s = names_get(&c->names, item->name);
    if (!first && s && s->kind == SYMBOL_OUT) {
        first = s;
    }
    if (first) {
        diag_report(c->diags, DIAG_E0202, item->name_span, NULL,
                    "%s is already an output", diag_name(c->diags, item->name));
        diag_note(c->diags, first->span, "first named here");
        return;
    }
    check_column(c, item);
    struct symbol *out = new_symbol(c, SYMBOL_OUT, item->name, item);
    out->value = ARENA_NEW(c->arena, struct expr);
    *out->value = (struct expr){.kind = EXPR_NAME,
                                .span = item->name_span,
                                .name = item->name,
                                .local = -1,
                                .first = out->value};
    names_put(shown, item->name, out);
    add_to_list(c, out);
    if (s && !item->unit) {
        out->unit = s->unit;
        out->unit_text = s->unit_text;
    }
    if (s && !item->text) {
        out->text = s->text;
    }
}

/* A state that has a derivative alone: reported, and known from here on. */
static void declare_without_init(struct checker *c, const struct item *item) {
    if (!is_forgiven(c, item->name)) {
        const char *hint = suggest(c, item->name, true);
        hint = hint ? hint : arena_printf(c->arena, "add init %.60s = ...", item->name);
        diag_report(c->diags, DIAG_E0207, item->name_span, hint,
                    "%s has a derivative, but no initial value",
                    diag_name(c->diags, item->name));
    }
    struct symbol *s = new_symbol(c, SYMBOL_STATE, item->name, NULL);
    s->span = item->name_span;
    s->derivative = item->value;
    s->derivative_span = item->span;
    names_put(&c->names, s->name, s);
}

static void declare_derivative(struct checker *c, const struct item *item) {
    struct symbol *s = names_get(&c->names, item->name);
    if (!s && op_builtin(item->name) != OP_COUNT) {
        is_taken(c, item->name, item->name_span);
    } else if (!s) {
        declare_without_init(c, item);
    } else if (s->kind != SYMBOL_STATE) {
        const bool could_be = s->kind == SYMBOL_INTERMEDIATE || s->kind == SYMBOL_PAR ||
                              s->kind == SYMBOL_CONST;
        diag_report(c->diags, DIAG_E0208, item->name_span,
                    could_be
                        ? arena_printf(c->arena, "write init %.60s = ... on line %d",
                                       item->name, diags_line(c->diags, s->span.start))
                        : "a state has an 'init'",
                    "%s is no state", diag_name(c->diags, item->name));
        note_definition(c, s);
    } else if (s->derivative) {
        diag_report(c->diags, DIAG_E0202, item->name_span, NULL,
                    "%s already has a derivative", diag_name(c->diags, item->name));
        diag_note(c->diags, s->derivative_span, "first given here");
    } else {
        s->derivative = item->value;
        s->derivative_span = item->span;
    }
}

static void declare_own(struct checker *c, enum symbol_kind kind, const char *name,
                        double number) {
    struct symbol *s = new_symbol(c, kind, name, NULL);
    s->number = number;
    names_put(&c->names, name, s);
}

void declare_items(struct checker *c) {
#define OWN(kind, spelling, article, name, number, brings) \
    declare_own(c, SYMBOL_##kind, spelling, number);
#include "symbols.def"
    for (int i = 0; i < c->ast->items.n; i++) {
        struct item *item = c->ast->items.at[i];
        if (item->kind == ITEM_INIT) {
            names_put(&c->with_init, item->name, item);
        } else if (item->kind == ITEM_DERIVATIVE) {
            names_put(&c->with_derivative, item->name, item);
        }
    }
    for (int i = 0; i < c->ast->items.n; i++) {
        declare(c, c->ast->items.at[i]);
    }
    struct names shown = {.arena = c->arena};
    for (int i = 0; i < c->ast->items.n; i++) {
        const struct item *item = c->ast->items.at[i];
        if (item->kind == ITEM_DERIVATIVE) {
            declare_derivative(c, item);
        } else if (!item_value(item)) {
            declare_shown(c, &shown, item);
        }
    }
}

/* ---- the model as a whole ---- */

/* A name that other languages give the derivative of this state; NULL: there is none. */
static const struct symbol *find_other_derivative(struct checker *c,
                                                  const struct symbol *state) {
    const char *before, *after;
    for (int i = 0; habit_derivative_form(i, &before, &after); i++) {
        char name[MAX_DERIVATIVE];
        const int n = snprintf(name, sizeof name, "%s%s%s", before, state->name, after);
        const struct symbol *s =
            n < (int)sizeof name ? names_get(&c->names, name) : NULL;
        if (s && (s->kind == SYMBOL_INTERMEDIATE || s->kind == SYMBOL_OUT)) {
            return s;
        }
    }
    return NULL;
}

static void report_no_derivative(struct checker *c, const struct symbol *state) {
    const struct symbol *other = find_other_derivative(c, state);
    diag_report(
        c->diags, DIAG_E0206, state->span,
        arena_printf(c->arena, "%s %.60s' = ...", other ? "write" : "add", state->name),
        "the state %s has no derivative", diag_name(c->diags, state->name));
    if (other) {
        diag_note(
            c->diags, other->span, "%s is %s; a derivative is written %.60s' = ...",
            diag_name(c->diags, other->name), symbol_described(c, other), state->name);
    }
}

static void check_states(struct checker *c) {
    const struct model *m = c->model;
    for (int i = 0; i < m->states.n; i++) {
        const struct symbol *s = m->states.at[i];
        if (!s->derivative && !is_forgiven(c, s->name) &&
            !names_get(&c->told, s->name)) {
            report_no_derivative(c, s);
        }
    }
    if (m->states.n == 0 && diags_n_errors(c->diags) == 0) {
        diag_report(c->diags, DIAG_E0209, c->ast->first, "a state has 'init x = ...'",
                    "the model has no states");
    }
}

/* `alag(depot) = 1`: a function of an argument that is called like a state, which nobody calls. */
static void warn_uncalled(struct checker *c) {
    for (int i = 0; i < c->model->functions.n; i++) {
        const struct symbol *f = c->model->functions.at[i];
        const struct symbol *state = NULL;
        for (int k = 0; k < f->n_locals && !state; k++) {
            const struct symbol *s = names_get(&c->names, f->locals[k]);
            state = s && s->kind == SYMBOL_STATE ? s : NULL;
        }
        if (state && !checked_of(c, f)->used) {
            diag_report(c->diags, DIAG_W0504, f->definition,
                        "what depends on a state is written name = ...",
                        "the function %s is not used; its argument %s is not the state",
                        diag_name(c->diags, f->name), diag_name(c->diags, state->name));
        }
    }
}

/* Only where all else is right: a name misspelled elsewhere is told there. */
static void warn_unused(struct checker *c) {
    for (int i = 0; diags_n_errors(c->diags) == 0 && i < c->model->pars.n; i++) {
        const struct symbol *s = c->model->pars.at[i];
        if (!checked_of(c, s)->used) {
            diag_report(c->diags, DIAG_W0501, s->span, NULL,
                        "the parameter %s is not used", diag_name(c->diags, s->name));
        }
    }
}

/* Distance from the line's start, where nothing stands before it; -1: something does. */
static int indent_of(const char *source, uint32_t at) {
    uint32_t from = at;
    while (from > 0 && (source[from - 1] == ' ' || source[from - 1] == '\t')) {
        from--;
    }
    return from == 0 || source[from - 1] == '\n' ? (int)(at - from) : -1;
}

/* As indent_of, of the `par` before this name; the old one where ',' stands there. */
static int indent_of_par(const char *source, uint32_t name, int old) {
    while (name > 0 && (source[name - 1] == ' ' || source[name - 1] == '\t')) {
        name--;
    }
    const bool follows = name >= 3 && memcmp(source + name - 3, "par", 3) == 0;
    return follows ? indent_of(source, name - 3) : old;
}

/* What may be a parameter: made of numbers, constants and parameters. */
static bool could_be_parameter(const struct checker *c, const struct item *item) {
    const struct symbol *s = names_get(&c->names, item->name);
    const unsigned needs = s ? checked_of(c, s)->needs : NEEDS_UNKNOWN;
    return item->kind == ITEM_INTERMEDIATE && !(needs & ~(unsigned)NEEDS_PARS) &&
           !s->condition;
}

/* `par k = 1`, and deeper on the line after it `j = 2`: which is no parameter. */
static void warn_continued(struct checker *c) {
    const char *source = c->ast->source;
    int indent = -1; /* of the line with `par`, to which the last item belongs */
    for (int i = 0; i < c->ast->items.n; i++) {
        const struct item *item = c->ast->items.at[i];
        const int its = indent_of(source, item->span.start);
        if (item->kind == ITEM_PAR) {
            indent = indent_of_par(source, item->span.start, indent);
        } else if (indent >= 0 && its > indent && could_be_parameter(c, item)) {
            diag_report(c->diags, DIAG_W0505, item->name_span,
                        arena_printf(c->arena,
                                     "write par %.60s = ..., or end the line before "
                                     "with ','",
                                     item->name),
                        "%s is no parameter, but an intermediate",
                        diag_name(c->diags, item->name));
        } else {
            indent = -1;
        }
    }
}

void check_declared(struct checker *c) {
    check_states(c);
    warn_unused(c);
    if (diags_n_errors(c->diags) == 0) {
        warn_uncalled(c);
        warn_continued(c);
    }
}
