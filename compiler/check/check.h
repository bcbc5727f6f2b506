/* check.h -- what the parts of the check share: check.c, resolve.c, order.c,
 * check_solve.c.
 *
 *   check.c        items -> symbols; states and derivatives belong together; unused
 *                  parameters
 *   resolve.c      names -> symbols, calls -> operations; what every value uses
 *   order.c        an order in which each value follows what it uses, or the cycle;
 *                  what kind of name each value may use
 *   types.c        conditions and numbers
 *   evaluate.c     values of constants and defaults; bounds
 *   check_solve.c  the solve block
 *   check_units.c  units
 */
#ifndef ODEC_CHECK_H
#define ODEC_CHECK_H

#include "syntax.h"

/* What a value depends on, through everything it uses. */
enum {
    NEEDS_PARS = 1,
    NEEDS_STATES = 2,
    NEEDS_TIME = 4,
    NEEDS_UNKNOWN = 8 /* something wrong that has been reported */
};

struct use {
    struct symbol *symbol;
    struct span span;
};

enum mark { UNSEEN, OPEN, DONE };

/* A symbol under check. */
struct node {
    struct symbol *symbol;
    const struct item *item; /* NULL: t and pi */
    struct names locals;     /* of a function -> struct local of its item */
    VECTOR(struct use) uses; /* by its value, in order of place */
    unsigned needs;
    bool used; /* somewhere */
    bool in_cycle;
    bool changes; /* continuously, as a run goes on */
    enum mark mark;
    int next_use;       /* of the walk that orders */
    double size, depth; /* of its value, calls expanded */
};

struct unknown {
    const char *name;
    struct span first, second;
    bool call;
    const char *hint;
    int count;
};

struct checker {
    struct arena *arena;
    struct diags *diags;
    const struct ast *ast;
    struct model *model;
    struct names names;          /* -> struct symbol */
    VECTOR(struct node *) nodes; /* by symbol->id */
    struct names unknown_names;  /* -> struct unknown */
    VECTOR(struct unknown *) unknowns;
    double total_size; /* of all values, calls expanded */
    bool too_deep;     /* reported */
    int n_cycles;      /* reported; from a limit on they are not even looked at */
};

static inline struct node *node_of(const struct checker *c, const struct symbol *s) {
    return c->nodes.at[s->id];
}

/* "parameter" and "a parameter", "state" and "a state", ... */
const char *symbol_kind_name(const struct symbol *s);
const char *symbol_described(struct checker *c, const struct symbol *s);
/* A note to the last diagnostic: where s is defined, and as what. */
void note_definition(struct checker *c, const struct symbol *s);
/* Nothing more is to be said of this name: it stands in a statement that is wrong. */
bool is_forgiven(const struct checker *c, const char *name);

/* Resolves an expression that belongs to `node` (NULL: to none), in the body of
 * `function` (NULL: in none). */
void resolve_expr(struct checker *c, struct expr *e, struct node *node,
                  const struct node *function);
void resolve_model(struct checker *c);
void report_unknowns(struct checker *c);
/* "did you mean 'gL'? (parameter, line 3)", or NULL. Offers states alone, or all. */
const char *suggest(struct checker *c, const char *name, bool states_only);

void order_model(struct checker *c);
/* Adds the size of an expression, calls expanded; false where it is too deep or the
 * model too large. node, where the expression is its value, keeps both. */
bool check_growth(struct checker *c, const struct expr *e, struct node *node);

/* evaluate.c */
void evaluate_model(struct checker *c);
/* The value of an expression of constants alone; false, and reported, where it is none.
 * what: "a bound" ... */
bool constant_value(struct checker *c, const struct expr *e, const char *what,
                    double *value);

/* types.c */
void check_types(struct checker *c);
/* Reports a condition where a number must stand. */
void check_number(struct checker *c, const struct expr *e);

void check_solve(struct checker *c);

#endif
