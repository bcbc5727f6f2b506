/* ast.c -- the constructors that the grammar's actions call, one each.
 *
 * At most MAX_NESTING levels are open in the parser at once; sums, products and `else if` open
 * none, so a tree may be as deep as the text is long.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "syntax.h"

enum { MAX_EXPONENT = 100, MAX_FACTORS = 32 };

static struct expr *new_expr(struct parser *p, enum expr_kind kind, struct span span) {
    struct expr *e = ARENA_NEW(p->arena, struct expr);
    e->kind = kind;
    e->span = span;
    e->local = -1;
    e->first = e;
    if (p->last_made) {
        p->last_made->next = e;
    }
    p->last_made = e;
    return e;
}

struct expr *ast_number(struct parser *p, struct span span, double number) {
    struct expr *e = new_expr(p, EXPR_NUMBER, span);
    e->number = number;
    return e;
}

struct expr *ast_name(struct parser *p, struct span span, const char *name) {
    struct expr *e = new_expr(p, EXPR_NAME, span);
    e->name = name;
    return e;
}

struct expr *ast_prime(struct parser *p, struct span span, const char *name) {
    const char *quoted = diag_name(p->diags, name);
    diag_report(p->diags, DIAG_E0114, span, "give its expression a name, and use that",
                "the derivative of %s stands on the left of '=' only", quoted);
    return ast_number(p, span, 1);
}

static struct expr *with_args(struct parser *p, struct expr *e, int n,
                              struct expr *const args[]) {
    assert(n > 0);
    e->first = args[0]->first;
    e->n_args = n;
    e->args = ARENA_ARRAY(p->arena, struct expr *, n);
    memcpy(e->args, args, sizeof *args * (size_t)n);
    return e;
}

struct expr *ast_unary(struct parser *p, struct span span, enum op op, struct expr *a) {
    struct expr *e = new_expr(p, EXPR_OP, span);
    e->op = op;
    return with_args(p, e, 1, (struct expr *[]){a});
}

struct expr *ast_binary(struct parser *p, struct span span, enum op op, struct expr *a,
                        struct expr *b) {
    struct expr *e = new_expr(p, EXPR_OP, span);
    e->op = op;
    return with_args(p, e, 2, (struct expr *[]){a, b});
}

arm_list *ast_arm(struct parser *p, arm_list *list, struct span if_span,
                  struct expr *condition, struct expr *yes) {
    if (!list) {
        list = ARENA_NEW(p->arena, arm_list);
    }
    VECTOR_PUSH(p->arena, list, ((struct arm){if_span.end - 2, condition, yes}));
    return list;
}

struct expr *ast_if(struct parser *p, struct span span, const arm_list *arms,
                    struct expr *no) {
    for (int i = arms->n - 1; i >= 0; i--) {
        const struct arm *arm = &arms->at[i];
        struct expr *e = new_expr(p, EXPR_OP, (struct span){arm->start, span.end});
        e->op = OP_SELECT;
        no = with_args(p, e, 3, (struct expr *[]){arm->condition, arm->yes, no});
    }
    return no;
}

struct expr *ast_call(struct parser *p, struct span span, const char *name,
                      const expr_list *args) {
    struct expr *e = new_expr(p, EXPR_CALL, span);
    e->name = name;
    return with_args(p, e, args->n, args->at);
}

expr_list *ast_args(struct parser *p, expr_list *list, struct expr *e) {
    if (!list) {
        list = ARENA_NEW(p->arena, expr_list);
    }
    VECTOR_PUSH(p->arena, list, e);
    return list;
}

local_list *ast_locals(struct parser *p, local_list *list, struct span span,
                       const char *name) {
    if (!list) {
        list = ARENA_NEW(p->arena, local_list);
    }
    VECTOR_PUSH(p->arena, list, ((struct local){name, span}));
    return list;
}

struct bounds *ast_bounds(struct parser *p, struct span first, struct span last,
                          struct expr *lo, struct expr *hi) {
    struct bounds *bounds = ARENA_NEW(p->arena, struct bounds);
    *bounds = (struct bounds){{first.start, last.end}, lo, hi};
    return bounds;
}

/* ---- nesting ---- */

bool ast_enter(struct parser *p, struct span span) {
    if (++p->nesting <= MAX_NESTING) {
        return true;
    }
    diag_report(p->diags, DIAG_E0107, span, NULL, "nested more than %d levels deep",
                MAX_NESTING);
    layout_break(p->layout);
    p->nesting = 0;
    return false;
}

struct expr *ast_leave(struct parser *p, struct expr *e) {
    p->nesting--;
    return e;
}

/* ---- units ---- */

struct unit *ast_unit_one(struct parser *p, struct span span, double number) {
    if (number != 1) {
        diag_report(p->diags, DIAG_E0604, span, NULL,
                    "the only number that is a factor of a unit is 1");
    }
    return unit_one(p->arena);
}

struct unit *ast_unit_power(struct parser *p, struct span span, const char *name,
                            double exponent) {
    if (exponent != floor(exponent) || fabs(exponent) > MAX_EXPONENT) {
        diag_report(p->diags, DIAG_E0604, span, NULL,
                    "a unit's exponent is an integer from -%d to %d", MAX_EXPONENT,
                    MAX_EXPONENT);
        return unit_one(p->arena);
    }
    return unit_power(p->arena, name, (int)exponent);
}

struct unit *ast_unit_product(struct parser *p, struct span span, struct unit *a,
                              struct unit *b, int sign) {
    if (a->n + b->n > MAX_FACTORS) {
        diag_report(p->diags, DIAG_E0604, span, NULL, "a unit of more than %d names",
                    MAX_FACTORS);
        return unit_one(p->arena);
    }
    return sign > 0 ? unit_times(p->arena, a, b) : unit_over(p->arena, a, b);
}

struct written_unit *ast_unit(struct parser *p, struct span span, struct unit *unit) {
    const char *from = p->ast->source + span.start;
    size_t n = span.end - span.start;
    char *text = arena_alloc(p->arena, n + 1), *to = text;
    bool one_line = !memchr(from, '\n', n);
    for (size_t i = 0; i < n; i++) {
        if (from[i] != ' ' && from[i] != '\t') {
            *to++ = from[i];
        }
    }
    struct written_unit *written = ARENA_NEW(p->arena, struct written_unit);
    *written =
        (struct written_unit){.text = one_line ? text : unit_text(p->arena, unit),
                              .span = span,
                              .unit = unit};
    return written;
}

/* ---- items ---- */

void ast_model(struct parser *p, struct span span, const char *name,
               struct span name_span, const char *text) {
    if (p->ast->name) {
        diag_report(p->diags, DIAG_E0202, span, NULL, "a second model statement");
        diag_note(p->diags, p->ast->name_span, "the model has its name here");
        return;
    }
    p->ast->name = name;
    p->ast->name_span = name_span;
    p->ast->text = text ? text : "";
}

void ast_item(struct parser *p, const struct item *item) {
    assert(item_value(item) || item->kind == ITEM_OUT);
    struct item *kept = ARENA_NEW(p->arena, struct item);
    *kept = *item;
    VECTOR_PUSH(p->arena, &p->ast->items, kept);
}

void ast_solve(struct parser *p, struct span span) {
    if (p->ast->has_solve) {
        diag_report(p->diags, DIAG_E0202, span, NULL, "a second solve block");
        diag_note(p->diags, p->ast->solve_span, "the first one is here");
        return;
    }
    p->ast->has_solve = true;
    p->ast->solve_span = span;
}

void ast_hint(struct parser *p, const struct hint *hint) {
    struct hint *kept = ARENA_NEW(p->arena, struct hint);
    *kept = *hint;
    VECTOR_PUSH(p->arena, &p->ast->hints, kept);
}

hint_values *ast_values(struct parser *p, hint_values *list, struct span span,
                        const char *state, struct expr *value) {
    if (!list) {
        list = ARENA_NEW(p->arena, hint_values);
    }
    VECTOR_PUSH(p->arena, list, ((struct hint_value){state, span, value}));
    return list;
}
