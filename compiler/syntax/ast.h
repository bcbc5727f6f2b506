/* ast.h -- a model as it was written: expressions, and items in the order of the text.
 *
 * The parser makes expressions with names; the check resolves every name to its symbol,
 * every call to a builtin operation or a function of the model. All of it lives in the
 * compilation's arena.
 *
 * An expression is made after its arguments, and nothing is made between that is not part of
 * it. So from `first` along `next` to itself it is written in postfix order, and no walk over a
 * tree needs to call itself: a sum of any length is a loop.
 *
 *   a*b - f(c)     a -> b -> * -> c -> f -> -
 *                  |                       |
 *                  first               the tree
 */
#ifndef ODEC_AST_H
#define ODEC_AST_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "mem.h"
#include "names.h"
#include "ops.h"
#include "span.h"
#include "units.h"

struct symbol; /* check/model.h */

enum expr_kind {
    EXPR_NUMBER, /* number */
    EXPR_NAME,   /* name; after check: symbol, or local >= 0 in a function's body */
    EXPR_CALL, /* name(args); after check: symbol of a function, or turned into EXPR_OP */
    EXPR_OP    /* op(args): signs, comparisons, logic, if (OP_SELECT), builtins */
};

struct expr {
    enum expr_kind kind;
    struct span span;
    double number;
    const char *name;
    struct symbol *symbol;
    int local; /* index of a function's own parameter, else -1 */
    enum op op;
    int n_args;
    struct expr **args;
    bool is_argument;   /* after check: of a call of a function of the model */
    struct expr *first; /* the one of its tree that was made first; of a leaf itself */
    struct expr *next;  /* made after it, in its tree or in another one; NULL: none */
};

/* Steps through a tree, arguments before what they belong to:
 *     for (struct expr *e = expr_begin(tree); e; e = expr_after(tree, e)) */
static inline struct expr *expr_begin(const struct expr *tree) { return tree->first; }

static inline struct expr *expr_after(const struct expr *tree, const struct expr *e) {
    return e == tree ? NULL : e->next;
}

typedef VECTOR(struct expr *) expr_list;

typedef VECTOR(struct local) local_list;
struct local {
    const char *name;
    struct span span;
};

/* One condition of `if ... else if ... else`, and what is chosen where it holds. */
struct arm {
    uint32_t start; /* of its `if` */
    struct expr *condition, *yes;
};
typedef VECTOR(struct arm) arm_list;

enum item_kind {
    ITEM_CONST,
    ITEM_PAR,
    ITEM_INIT,
    ITEM_DERIVATIVE,
    ITEM_INTERMEDIATE,
    ITEM_FUNCTION,
    ITEM_OUT
};

struct bounds {
    struct span span;
    struct expr *lo, *hi; /* one may be NULL: not given */
};

/* A statement's part that defines one name. What is common to all kinds comes first, then
 * what each has of its own; a kind with a body keeps it there. */
struct item {
    enum item_kind kind;
    struct span span; /* of the whole item */
    const char *name;
    struct span name_span;
    const struct written_unit *unit; /* NULL: not given */
    const char *text;                /* NULL: not given */
    union {
        struct expr *value; /* all others; NULL: `out name` alone */
        struct {
            struct expr *value;
            const struct bounds *bounds; /* NULL: not given */
        } bounded;                       /* parameters and states */
        struct {
            struct expr *body;
            const local_list *locals;
        } function;
    };
};

static inline struct expr *item_value(const struct item *item) {
    return item->kind == ITEM_PAR || item->kind == ITEM_INIT ? item->bounded.value
           : item->kind == ITEM_FUNCTION                     ? item->function.body
                                                             : item->value;
}

/* NULL: none. */
static inline const struct bounds *item_bounds(const struct item *item) {
    return item->kind == ITEM_PAR || item->kind == ITEM_INIT ? item->bounded.bounds
                                                             : NULL;
}

/* A unit as written, for messages, and what it means. */
struct written_unit {
    const char *text;
    struct span span;
    struct unit *unit;
};

/* One value in the solve block: `expr` or `state: expr`. */
struct hint_value {
    const char *state; /* NULL: for all */
    struct span span;  /* of the whole value */
    struct expr *value;
};
typedef VECTOR(struct hint_value) hint_values;

/* One line of the solve block: key = [word] [values] or key = lo .. hi */
struct hint {
    const char *key;
    struct span key_span, span;
    const char *word; /* NULL where there is none */
    struct span word_span;
    const hint_values *values; /* NULL where there are none */
    struct expr *lo, *hi;      /* of a range, else NULL */
};

struct ast {
    const char *name, *text; /* name: NULL where the model statement is broken */
    struct span name_span;
    struct span first; /* the first statement's first token, or 0..0 */
    VECTOR(struct item *) items;
    VECTOR(struct hint *) hints;
    bool has_solve;
    struct span solve_span;
    const char *source;
    size_t length;
    /* Names in statements that could not be read: no follow-up errors about them. */
    struct names forgiven;
};

/* Text -> items. NULL where the text was given up, which is reported. */
struct ast *parse(struct arena *arena, struct diags *diags, const char *text,
                  size_t length);
void ast_dump(struct text *out, const struct ast *ast);

#endif
