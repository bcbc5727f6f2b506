/* jumps.c -- conditions and jumps that t alone decides.
 *
 * An adaptive step that begins and ends far from a short pulse never sees it, and has no error.
 * So what t alone decides (with parameters and constants) is looked for in everything that
 * derivatives use: comparisons, mod, floor, ceil, round, sign, and what 'and', 'or', 'not' make
 * of them. Names and functions are seen through, and the largest such expression that is written
 * is the one to be told, once, whoever uses it.
 *
 * One walk over the names in their order, each once, and then the derivatives: calls are expanded
 * with what their arguments depend on. What is found goes into groups: one for all derivatives, one for each name's
 * value and one for each argument of a call. Where a name or an argument is used, its group is
 * found. All that was found inside an expression that is itself one of those looked for is
 * dropped, so that in the end a group counts where it is used outside these.
 */
#include "jumps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checker.h"
#include "piecewise.h"

struct group;

/* A place that t alone decides, as used by one call; or the use of a group. */
struct place {
    const struct expr *e; /* NULL: of the group */
    const struct scope *scope;
    unsigned needs;
    bool condition;
    struct group *group;
};

struct group {
    VECTOR(struct place) places;
    unsigned needs; /* of the whole value or argument */
    bool collected;
};

/* A call, with what its arguments depend on and where they jump. */
struct call {
    struct scope scope; /* its outer: of the caller's */
    struct group **args;
};

/* What is found in a tree that is walked, or in a call's body. */
struct frame {
    const struct expr *tree, *e;
    const struct call *call; /* NULL: of none */
};

/* An expression that waits for what it belongs to. */
struct found {
    unsigned needs;
    int from;            /* its places begin here in `into` */
    struct group *group; /* of an argument, which has its places: else NULL */
};

struct search {
    struct arena *arena;
    struct group *into;       /* of what is being walked */
    struct group **of_symbol; /* by symbol->id; NULL: not yet walked */
    VECTOR(struct frame) frames;
    VECTOR(struct found) found;
};

static unsigned use_group(struct search *s, struct group *group) {
    if (group->places.n > 0) {
        const struct place use = {.group = group};
        VECTOR_PUSH(s->arena, &s->into->places, use);
    }
    return group->needs;
}

static unsigned search_symbol(struct search *s, const struct symbol *symbol) {
    struct group *group = s->of_symbol[symbol->id];
    return group ? use_group(s, group) : symbol_row(symbol)->brings;
}

static bool can_jump(enum op op) {
    return op == OP_MOD || op == OP_FLOOR || op == OP_CEIL || op == OP_ROUND ||
           op == OP_SIGN || op_table[op].class == OP_CLASS_COMPARE;
}

/* True where something was found that is written here: not in a name's value. */
static bool found_here(const struct group *group, int n_before) {
    bool here = false;
    for (int i = n_before; i < group->places.n; i++) {
        here = here || group->places.at[i].e;
    }
    return here;
}

/* needs: what its arguments depend on; their places are those from n_before on. */
static void search_op(struct search *s, const struct expr *e, const struct call *call,
                      unsigned needs, int n_before) {
    struct group *into = s->into;
    const bool logic = op_table[e->op].class == OP_CLASS_LOGIC;
    const bool by_time = (needs & NEEDS_TIME) && !(needs & NEEDS_STATES);
    if (by_time && (can_jump(e->op) || (logic && found_here(into, n_before)))) {
        into->places.n = n_before;
        const struct place one = {.e = e,
                                  .scope = call ? &call->scope : NULL,
                                  .needs = needs,
                                  .condition = logic || op_table[e->op].class ==
                                                            OP_CLASS_COMPARE};
        VECTOR_PUSH(s->arena, &into->places, one);
    }
}

/* The places from n_before on as a group of their own. */
static struct group *take_group(struct search *s, unsigned needs, int n_before) {
    struct group *group = ARENA_NEW(s->arena, struct group);
    group->needs = needs;
    for (int i = n_before; i < s->into->places.n; i++) {
        VECTOR_PUSH(s->arena, &group->places, s->into->places.at[i]);
    }
    s->into->places.n = n_before;
    return group;
}

/* The expression that is open is done. */
static void close_expr(struct search *s, unsigned needs, int from) {
    struct frame *f = &s->frames.at[s->frames.n - 1];
    struct found found = {.needs = needs, .from = from};
    if (f->e->is_argument) {
        found.group = take_group(s, needs, from);
    }
    VECTOR_PUSH(s->arena, &s->found, found);
    f->e = expr_after(f->tree, f->e);
}

static void open_call(struct search *s, const struct expr *e,
                      const struct call *outer) {
    struct call *inner = ARENA_NEW(s->arena, struct call);
    inner->scope = (struct scope){outer ? &outer->scope : NULL, e->args};
    inner->args = ARENA_ARRAY(s->arena, struct group *, e->n_args + 1);
    s->found.n -= e->n_args;
    for (int i = 0; i < e->n_args; i++) {
        inner->args[i] = s->found.at[s->found.n + i].group;
    }
    const struct expr *body = e->symbol->value;
    VECTOR_PUSH(s->arena, &s->frames, ((struct frame){body, expr_begin(body), inner}));
}

static void search_step(struct search *s) {
    const struct frame f = s->frames.at[s->frames.n - 1];
    const struct expr *e = f.e;
    unsigned needs = 0;
    int from = s->into->places.n;
    if (e->kind == EXPR_CALL) {
        open_call(s, e, f.call);
        return;
    }
    s->found.n -= e->n_args;
    for (int i = 0; i < e->n_args; i++) {
        const struct found *arg = &s->found.at[s->found.n + i];
        needs |= arg->needs;
        from = i == 0 ? arg->from : from;
    }
    if (e->kind == EXPR_OP) {
        search_op(s, e, f.call, needs, from);
    } else if (e->kind == EXPR_NAME) {
        needs = e->local >= 0 ? use_group(s, f.call->args[e->local])
                              : search_symbol(s, e->symbol);
    }
    close_expr(s, needs, from);
}

/* What the expression depends on; its places go to s->into. */
static unsigned search_expr(struct search *s, const struct expr *tree) {
    VECTOR_PUSH(s->arena, &s->frames, ((struct frame){tree, expr_begin(tree), NULL}));
    while (s->frames.n > 0) {
        if (s->frames.at[s->frames.n - 1].e) {
            search_step(s);
        } else if (--s->frames.n > 0) { /* a call's body, which has the call's places */
            const struct found body = s->found.at[--s->found.n];
            close_expr(s, body.needs, body.from);
        }
    }
    return s->found.at[--s->found.n].needs;
}

static void search_names(struct search *s, const symbol_list *order) {
    for (int i = 0; i < order->n; i++) {
        const struct symbol *symbol = order->at[i];
        if (symbol->kind == SYMBOL_INTERMEDIATE || symbol->kind == SYMBOL_OUT) {
            struct group *group = ARENA_NEW(s->arena, struct group);
            s->into = group;
            group->needs = search_expr(s, symbol->value);
            s->of_symbol[symbol->id] = group;
        }
    }
}

typedef VECTOR(struct place) place_list;

/* All places of the group, and of those that it uses. */
static void collect(struct arena *arena, struct group *root, place_list *out) {
    VECTOR(struct group *) open = {0};
    VECTOR_PUSH(arena, &open, root);
    root->collected = true;
    while (open.n > 0) {
        const struct group *group = open.at[--open.n];
        for (int i = 0; i < group->places.n; i++) {
            const struct place *place = &group->places.at[i];
            if (place->e) {
                VECTOR_PUSH(arena, out, *place);
            } else if (!place->group->collected) {
                place->group->collected = true;
                VECTOR_PUSH(arena, &open, place->group);
            }
        }
    }
}

/* ---- what is told ---- */

/* By place, so that all uses of one expression are neighbours. */
static int compare_places(const void *a, const void *b) {
    const struct span x = ((const struct place *)a)->e->span;
    const struct span y = ((const struct place *)b)->e->span;
    if (x.start != y.start) {
        return x.start < y.start ? -1 : 1;
    }
    return x.end == y.end ? 0 : x.end < y.end ? -1 : 1;
}

/* Three digits, rounded down, so that a step of this length is none too long. */
static double rounded_down(double x) {
    const double unit = pow(10, floor(log10(x)) - 2);
    return floor(x / unit * (1 + 1e-9)) * unit;
}

/* The expression as it is written, on one line. */
static const char *written(struct arena *arena, struct diags *diags, const char *source,
                           struct span span) {
    char *text = arena_copy(arena, source + span.start, span.end - span.start);
    for (char *p = text; *p; p++) {
        *p = *p == '\n' || *p == '\r' || *p == '\t' ? ' ' : *p;
    }
    return diag_name(diags, text);
}

/* All uses of one expression together: known where all are, the shortest phase of all. */
static struct jumps jumps_of_all(const struct place *at, int n, double t0, double t1) {
    enum { MOST_USES = 100 };
    struct jumps all = {.known = n <= MOST_USES, .phase = (double)INFINITY};
    for (int i = 0; i < n && all.known; i++) {
        const struct jumps one = piecewise_jumps(at[i].e, at[i].scope, t0, t1);
        all.known = one.known;
        if (one.n > 0) {
            all.first = all.n ? fmin(all.first, one.first) : one.first;
            all.phase = fmin(all.phase, one.phase);
            all.n += one.n;
        }
    }
    return all;
}

static void warn_of_one(struct arena *arena, struct diags *diags,
                        const struct model *model, const struct steps *steps,
                        const struct place *at, int n) {
    const bool spanned = isfinite(steps->t0) && isfinite(steps->t1);
    const double t0 = spanned ? fmin(steps->t0, steps->t1) : 0;
    const double t1 = spanned ? fmax(steps->t0, steps->t1) : (double)INFINITY;
    const struct jumps jumps = jumps_of_all(at, n, t0, t1);
    unsigned needs = 0;
    for (int i = 0; i < n; i++) {
        needs |= at[i].needs;
    }
    const bool has_pars = needs & NEEDS_PARS;
    const bool shown = jumps.known && jumps.n > 0;
    if (jumps.known && jumps.n == 0 && spanned && !has_pars) {
        return; /* no edge */
    }
    if (steps->dt_max <= (shown ? jumps.phase * (1 + 1e-6) : (double)INFINITY)) {
        return; /* met */
    }
    const char *does = at->condition ? "switches" : "jumps";
    const char *hint = arena_printf(
        arena, "give solve a dt_max that is no longer than the shortest of its phases");
    if (shown) {
        hint = arena_printf(arena, "%s at %.6g%s; dt_max = %.3g in solve meets all",
                            steps->t1 < steps->t0 ? "last" : "first", jumps.first,
                            has_pars ? ", with the defaults" : "",
                            rounded_down(jumps.phase));
    }
    diag_report(diags, DIAG_W0503, at->e->span, hint,
                "%s %s at times that adaptive steps can pass over",
                written(arena, diags, model->source, at->e->span), does);
}

void warn_of_jumps(struct arena *arena, struct diags *diags, const struct model *model,
                   const struct steps *steps) {
    int n_symbols = 0;
    for (int i = 0; i < model->order.n; i++) {
        const int id = model->order.at[i]->id;
        n_symbols = id >= n_symbols ? id + 1 : n_symbols;
    }
    struct group root = {0};
    struct search s = {.arena = arena};
    s.of_symbol = ARENA_ARRAY(arena, struct group *, n_symbols);
    search_names(&s, &model->order);
    s.into = &root;
    for (int i = 0; i < model->states.n; i++) {
        search_expr(&s, model->states.at[i]->derivative);
    }
    place_list all = {0};
    collect(arena, &root, &all);
    if (all.n > 0) {
        qsort(all.at, (size_t)all.n, sizeof *all.at, compare_places);
    }
    for (int from = 0, to; from < all.n; from = to) {
        for (to = from + 1; to < all.n && all.at[to].e == all.at[from].e;) {
            to++;
        }
        warn_of_one(arena, diags, model, steps, &all.at[from], to - from);
    }
}
