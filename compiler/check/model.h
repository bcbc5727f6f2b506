/* model.h -- a model as it is meant: symbols, each with its value, and the solve block.
 *
 * What the check makes of the items, and all that later passes see of the text.
 */
#ifndef ODEC_MODEL_H
#define ODEC_MODEL_H

#include "ast.h"
#include "odec.h"

enum symbol_kind {
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    SYMBOL_##kind,
#define OWN(kind, spelling, article, name, number, brings) SYMBOL_##kind,
#include "symbols.def"
};

struct symbol {
    enum symbol_kind kind;
    const char *name;
    struct span span;       /* of the name where it is defined */
    struct span definition; /* of the whole item or statement */
    const char *text;       /* description, or "" */
    const char *unit_text;  /* as written, or "" */
    struct unit *unit;
    struct expr *value;          /* of `out name`: an EXPR_NAME; NULL: t and pi */
    struct expr *derivative;     /* states */
    struct span derivative_span; /* of the whole statement x' = ... */
    const struct bounds *bounds; /* of parameters and states, or NULL */
    double lo_value, hi_value;   /* after check; -inf, inf where none */
    double number; /* after check: of constants, and of parameters at their defaults */
    int n_locals;  /* functions */
    const char **locals;
    struct span *local_spans;
    int index; /* among its kind, in order of definition; states in order of init */
    int id;    /* among all symbols */
    bool condition; /* its value is a truth value: functions and intermediates alone */
};

/* The solve block. has_... false: not said. Values are constant expressions, evaluated. */
struct solve_hints {
    const char *method; /* NULL: not said */
    struct span method_span;
    const char *precision; /* "double", "float" or NULL */
    bool has_rtol, has_atol, has_dt, has_dt_max, has_t, has_save;
    double rtol, dt, dt_max, t0, t1;
    double atol;
    struct span atol_span;
    /* [n_states], NaN where not said by name; NULL where none is */
    double *atol_of_state;
    struct span *atol_spans; /* of these */
    odec_save save;
};

typedef VECTOR(struct symbol *) symbol_list;

struct model {
    const char *file_name;
    const char *source; /* the whole text, for comments in generated code */
    size_t source_length;
    const char *name;
    const char *text;
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    symbol_list list;
#include "symbols.def"
    symbol_list order; /* all with a value: each after what its value uses (not x') */
    /* states: each after those whose initial values its own uses, through names and calls */
    symbol_list initial_order;
    struct solve_hints solve;
};

/* Results have a column of this name themselves: run, t, status. */
bool symbol_is_own_column(const char *name);

/* Items -> model: names, arity, kinds, cycles, bounds, units. NULL after an error. */
struct model *check(struct arena *arena, struct diags *diags, struct ast *ast,
                    bool units_strict);
/* What later passes rely on holds; a model without errors always says yes. */
bool model_is_whole(struct arena *arena, const struct model *model);
void model_dump(struct text *out, const struct model *model);
/* "0 .. 1", "0 ..", ".. 1" */
const char *bounds_text(struct arena *arena, double lo, double hi);

#endif
