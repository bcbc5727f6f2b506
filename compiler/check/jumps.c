/* jumps.c -- conditions and jumps that t alone decides.
 *
 * An adaptive step that begins and ends far from a short pulse never sees it, and has no error.
 * So what t alone decides (with parameters and constants) is looked for in everything that
 * derivatives use: comparisons, mod, floor, ceil, round, sign, and what 'and', 'or', 'not' make
 * of them. Names and functions are seen through, and the largest such expression that is written
 * is the one to be told, once, whoever uses it.
 *
 * One walk from the derivatives: calls are expanded with what their arguments depend on, names
 * are walked once. What is found goes into groups: one for all derivatives, one for each name's
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
    struct group *args;
};

struct search {
    struct arena *arena;
    struct group *into;       /* of what is being walked */
    struct group **of_symbol; /* by symbol->id; NULL: not yet walked */
};

static unsigned search_expr(struct search *s, const struct expr *e,
                            const struct call *call);

/* Walks a value or an argument of its own. */
static void search_group(struct search *s, struct group *group, const struct expr *e,
                         const struct call *call) {
    struct group *outer = s->into;
    s->into = group;
    group->needs = search_expr(s, e, call);
    s->into = outer;
}

static unsigned use_group(struct search *s, struct group *group) {
    if (group->places.n > 0) {
        const struct place use = {.group = group};
        VECTOR_PUSH(s->arena, &s->into->places, use);
    }
    return group->needs;
}

static unsigned search_symbol(struct search *s, const struct symbol *symbol) {
    if (symbol->kind != SYMBOL_INTERMEDIATE && symbol->kind != SYMBOL_OUT) {
        return symbol_row(symbol)->brings;
    }
    struct group **group = &s->of_symbol[symbol->id];
    if (!*group) {
        *group = ARENA_NEW(s->arena, struct group);
        search_group(s, *group, symbol->value, NULL);
    }
    return use_group(s, *group);
}

static unsigned search_call(struct search *s, const struct expr *e,
                            const struct call *call) {
    struct call *inner = ARENA_NEW(s->arena, struct call);
    inner->scope = (struct scope){call ? &call->scope : NULL, e->args};
    inner->args = ARENA_ARRAY(s->arena, struct group, e->n_args + 1);
    for (int i = 0; i < e->n_args; i++) {
        search_group(s, &inner->args[i], e->args[i], call);
    }
    return search_expr(s, e->symbol->value, inner);
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

static unsigned search_op(struct search *s, const struct expr *e,
                          const struct call *call) {
    struct group *into = s->into;
    const int n_before = into->places.n;
    const bool logic = op_table[e->op].class == OP_CLASS_LOGIC;
    unsigned needs = 0;
    for (int i = 0; i < e->n_args; i++) {
        needs |= search_expr(s, e->args[i], call);
    }
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
    return needs;
}

/* What the expression depends on. */
static unsigned search_expr(struct search *s, const struct expr *e,
                            const struct call *call) {
    switch (e->kind) {
    case EXPR_NUMBER:
        break;
    case EXPR_NAME:
        return e->local >= 0 ? use_group(s, &call->args[e->local])
                             : search_symbol(s, e->symbol);
    case EXPR_CALL:
        return search_call(s, e, call);
    case EXPR_OP:
        return search_op(s, e, call);
    }
    return 0;
}

typedef VECTOR(struct place) place_list;

/* All places of the group, and of those that it uses. */
static void collect(struct arena *arena, struct group *group, place_list *out) {
    if (group->collected) {
        return;
    }
    group->collected = true;
    for (int i = 0; i < group->places.n; i++) {
        const struct place *place = &group->places.at[i];
        if (place->e) {
            VECTOR_PUSH(arena, out, *place);
        } else {
            collect(arena, place->group, out);
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
    struct search s = {.arena = arena, .into = &root};
    s.of_symbol = ARENA_ARRAY(arena, struct group *, n_symbols);
    for (int i = 0; i < model->states.n; i++) {
        search_expr(&s, model->states.at[i]->derivative, NULL);
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
