/* syntax.h -- from text to items: what scanner, layout and parser share.
 *
 *   text -> lexer.l -> words and signs -> layout.c -> tokens with statement ends
 *        -> parser.y -> struct ast: items in the order they were written
 */
#ifndef ODEC_SYNTAX_H
#define ODEC_SYNTAX_H

#include "ast.h"
#include "habits.h"

enum {
    MAX_SOURCE = 1 << 28, /* bytes of text */
    MAX_TOKENS = 1000000,
    MAX_NESTING = 1000 /* parentheses, signs, if, ^ open at once */
};

/* ---- scanner, layout and parser at work ---- */

union SYNTAX_STYPE; /* a token's value: parser.y */

/* lexer.l: words and signs. Opened on text[offset ..]. */
struct scanner {
    struct arena *arena;
    struct diags *diags;
    const char *text;
    size_t length;
    uint32_t offset; /* of the next character */
    bool quiet;      /* a statement is skipped: its mistakes are not reported */
    void *flex;
};

void scanner_open(struct scanner *scanner);
int scanner_next(struct scanner *scanner, union SYNTAX_STYPE *value, struct span *span);

/* layout.c: statement ends, clause words, statements that cannot be read. */
/* NULL, and reported, where the text is none: broken UTF-8, NUL bytes, too large. */
struct layout *layout_create(struct arena *arena, struct diags *diags, struct ast *ast);
int layout_next(struct layout *layout, union SYNTAX_STYPE *value, struct span *span);
/* The statement of the token just read is wrong, and that has been reported: skips to
 * its end, and forgives its names. */
void layout_break(struct layout *layout);
/* What is known of the token just read, for messages. */
bool layout_at_start(const struct layout *layout); /* it is the first of a statement */
/* It is the end of the file, or a new line's while a '(' is open: *span is where the text
 * before it ends. */
bool layout_ended_early(const struct layout *layout, struct span *span);
/* The statement, or the line of the solve block, up to it. */
const said_list *layout_said(const struct layout *layout);
bool layout_in_solve(const struct layout *layout);
bool layout_defines(const struct layout *layout); /* "=", "'" or ":" follows it */
bool layout_open_sign(const struct layout *layout,
                      struct span *span);         /* the last '(' */
bool layout_stopped(const struct layout *layout); /* the text is given up */

struct parser {
    struct arena *arena;
    struct diags *diags;
    struct ast *ast;
    struct layout *layout;
    int nesting;            /* levels open */
    struct expr *last_made; /* NULL: none */
};

/* ---- ast.c: the constructors that grammar actions call ---- */

struct expr *ast_number(struct parser *p, struct span span, double number);
struct expr *ast_name(struct parser *p, struct span span, const char *name);
struct expr *ast_prime(struct parser *p, struct span span,
                       const char *name); /* reports */
struct expr *ast_unary(struct parser *p, struct span span, enum op op, struct expr *a);
struct expr *ast_binary(struct parser *p, struct span span, enum op op, struct expr *a,
                        struct expr *b);
/* `if c then a` and `else if c then a`, one after another; list: or NULL. if_span: of `if`. */
arm_list *ast_arm(struct parser *p, arm_list *list, struct span if_span,
                  struct expr *condition, struct expr *yes);
/* With `else`, which ends where the whole ends. */
struct expr *ast_if(struct parser *p, struct span span, const arm_list *arms,
                    struct expr *no);
struct expr *ast_call(struct parser *p, struct span span, const char *name,
                      const expr_list *args);

expr_list *ast_args(struct parser *p, expr_list *list,
                    struct expr *e); /* list: or NULL */
local_list *ast_locals(struct parser *p, local_list *list, struct span span,
                       const char *name);
/* first, last: what the bounds begin and end with. */
struct bounds *ast_bounds(struct parser *p, struct span first, struct span last,
                          struct expr *lo, struct expr *hi);

struct unit *ast_unit_one(struct parser *p, struct span span, double number);
struct unit *ast_unit_power(struct parser *p, struct span span, const char *name,
                            double exponent);
/* a * b, or a / b where sign is -1 */
struct unit *ast_unit_product(struct parser *p, struct span span, struct unit *a,
                              struct unit *b, int sign);
struct written_unit *ast_unit(struct parser *p, struct span span, struct unit *unit);

void ast_model(struct parser *p, struct span span, const char *name,
               struct span name_span, const char *text);
void ast_item(struct parser *p, const struct item *item);
void ast_solve(struct parser *p, struct span span);
void ast_hint(struct parser *p, const struct hint *hint);
hint_values *ast_values(struct parser *p, hint_values *list, struct span span,
                        const char *state, struct expr *value);

/* Counts one more level of nesting; false, and reported, where that is too deep. */
bool ast_enter(struct parser *p, struct span span);
struct expr *ast_leave(struct parser *p, struct expr *e);

#endif
