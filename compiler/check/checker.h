/* checker.h -- what the parts of the check share.
 *
 *   check.c         the passes in their order; nothing of the check calls it
 *      |
 *      +-- declare.c       items -> symbols; states and derivatives belong together
 *      +-- resolve.c       names -> symbols, calls -> operations; what every value uses
 *      +-- order.c         an order in which each value follows what it uses, or the
 *      |                   cycle; what kind of name each value may use
 *      +-- types.c         conditions and numbers
 *      +-- evaluate.c      values of constants and defaults; bounds
 *      +-- check_solve.c   the solve block
 *      +-- check_units.c   units
 *             |
 *          checker.c       struct checker, and what is said of symbols: calls none of them
 *
 * Between the passes calls go one way, to those above: declare and check_solve ask resolve
 * for suggestions, check_solve resolves, types and evaluates its own expressions, evaluate
 * asks order how large they are.
 */
#ifndef ODEC_CHECKER_H
#define ODEC_CHECKER_H

#include "model.h"

/* What a value depends on, through everything it uses. */
enum {
    NEEDS_PARS = 1,
    NEEDS_STATES = 2,
    NEEDS_TIME = 4,
    NEEDS_UNKNOWN = 8 /* something wrong that has been reported */
};

/* What a value may use. */
enum reach { REACH_CONSTANTS, REACH_PARAMETERS, REACH_ALL };

/* What symbols.def says of a kind. */
struct symbol_row {
    const char *article, *name; /* "a", "parameter" */
    const char *value;          /* "the default of" */
    bool may_be_condition;
    enum reach reach;
    unsigned brings; /* NEEDS_... */
};

struct use {
    struct symbol *symbol;
    struct span span;
};

enum mark { UNSEEN, OPEN, DONE };

/* A symbol under check. */
struct checked {
    struct symbol *symbol;
    const struct item *item; /* NULL: t and pi */
    struct names locals;     /* of a function -> struct local of its item */
    VECTOR(struct use) uses; /* by its value, in order of place */
    unsigned needs;
    bool used; /* somewhere */
    bool in_cycle;
    bool changes; /* continuously, as a run goes on */
    enum mark mark;
    int next_use; /* of the walk that orders */
    double size;  /* of its value, calls expanded */
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
    struct names names;                      /* -> struct symbol */
    VECTOR(struct checked *) checked;        /* by symbol->id */
    struct names unknown_names;              /* -> struct unknown */
    struct names with_init, with_derivative; /* -> struct item, by the state's name */
    struct names told; /* states whose derivative is reported already */
    VECTOR(struct unknown *) unknowns;
    double total_size; /* of all values, calls expanded */
    bool at_start;     /* types: in an initial value, where nothing changes yet */
    int n_cycles;      /* reported; from a limit on they are not even looked at */
};

static inline struct checked *checked_of(const struct checker *c,
                                         const struct symbol *s) {
    return c->checked.at[s->id];
}

const struct symbol_row *symbol_row(const struct symbol *s);
/* "a parameter" */
const char *symbol_described(struct checker *c, const struct symbol *s);
/* A note to the last diagnostic: where s is defined, and as what. */
void note_definition(struct checker *c, const struct symbol *s);
/* Nothing more is to be said of this name: it stands in a statement that is wrong. */
bool is_forgiven(const struct checker *c, const char *name);

/* ---- the passes ---- */

void declare_items(struct checker *c);
/* At the end: states without derivative, parameters without use. */
void check_declared(struct checker *c);

/* Resolves an expression that belongs to `checked` (NULL: to none), in the body of
 * `function` (NULL: in none). */
void resolve_expr(struct checker *c, struct expr *tree, struct checked *checked,
                  const struct checked *function);
void resolve_model(struct checker *c);
void report_unknowns(struct checker *c);
/* "did you mean 'gL'? (parameter, line 3)", or NULL. Offers states alone, or all. */
const char *suggest(struct checker *c, const char *name, bool states_only);

void order_model(struct checker *c);
/* Adds the size of an expression, calls expanded; false where the model is too large. checked,
 * where the expression is its value, keeps it. */
bool check_growth(struct checker *c, const struct expr *e, struct checked *checked);

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

/* Reports where units that are given do not fit. */
void check_units(struct checker *c, bool strict);

#endif
