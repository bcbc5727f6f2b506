/* habits.h -- what habits.def says of words and signs of other languages. */
#ifndef ODEC_HABITS_H
#define ODEC_HABITS_H

#include <stdbool.h>

#include "diag.h"
#include "mem.h"
#include "span.h"

enum habit_place {
    HABIT_START = 1,    /* the pattern is the statement so far */
    HABIT_SOLVE = 2,    /* it is the line of the solve block so far */
    HABIT_OPERAND = 4,  /* an operand is due */
    HABIT_OPERATOR = 8, /* an operand is complete */
    HABIT_ANYWHERE = 16,
    HABIT_INSIDE = 64, /* it stands in ( ), which may be closed here */
    HABIT_DEFINED = 32 /* as START and SOLVE; an operand is complete, a "=" follows */
};

/* A token that was read. */
struct said {
    int token;
    struct span span;
};
typedef VECTOR(struct said) said_list;

struct habit {
    const char *text; /* what to write; NULL: no habit is known */
    struct span span; /* of what is wrong */
    bool earlier;     /* it stands before the last token */
};

/* What ends with the last token of `said`, which does not fit. places: HABIT_... that hold. */
struct habit habit_find(struct arena *arena, const char *source, const said_list *said,
                        unsigned places);

/* Reports the last token, which is no sign of the language. */
void habit_report_sign(struct arena *arena, struct diags *diags, const char *source,
                       const said_list *said, unsigned places);

/* Reports a key of the solve block that is none. */
void habit_report_key(struct arena *arena, struct diags *diags, const char *key,
                      struct span span);

/* What stands here for a function or a name; NULL: not known. Case does not count. */
const char *habit_function(const char *name);
const char *habit_name(const char *name);

/* What stands for a builtin function with so many arguments, which it does not take. */
const char *habit_arguments(const char *function, int n);

/* A function of this name is a derivative. */
bool habit_is_derivative(const char *function);
/* What stands before and after a state's name in a name for its derivative; false past the
 * last. */
bool habit_derivative_form(int i, const char **before, const char **after);

/* The word goes on with a statement on the line before; it opens a block of lines; it ends one. */
bool habit_joins(const char *word);
bool habit_opens(const char *word);
bool habit_ends(const char *word);

#endif
