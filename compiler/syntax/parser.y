/* parser.y -- tokens to items: the grammar of the language, one constructor call a rule.
 *
 * A pure bison parser. A mistake ends at the end of its statement: layout.c skips to it, the
 * rules with `error` go on from there, so all mistakes of a text are found in one run. What
 * was expected is exact (LAC). The stacks begin small and grow in the arena, until they are deep
 * enough for MAX_NESTING, which `nest` counts.
 */
%define api.pure full
%define api.prefix {syntax_}
%define api.token.prefix {TOK_}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%expect 0
%param {struct parser *p}

%code requires {
#include "syntax.h"
}

%union {
    double number;
    const char *name;
    struct expr *expr;
    expr_list *exprs;
    local_list *locals;
    struct bounds *bounds;
    struct unit *unit;
    struct written_unit *written;
    hint_values *values;
    arm_list *arms;
}

%code {
#include <string.h>

#include "words.h"

#define YYINITDEPTH 200
#define YYMAXDEPTH 20000
#define YYMALLOC(bytes) NULL /* the one of LAC never grows */
#define YYFREE(pointer) ((void)(pointer))
#define yyoverflow(message, states, state_bytes, values, value_bytes, spans, span_bytes, depth) \
    grow_stacks(p, states, state_bytes, values, value_bytes, spans, span_bytes, depth)
#define YYLLOC_DEFAULT(current, rhs, n)                            \
    do {                                                           \
        (current).start = YYRHSLOC(rhs, (n) ? 1 : 0).start;        \
        (current).end = YYRHSLOC(rhs, (n)).end;                    \
        if (!(n)) {                                                \
            (current).start = (current).end;                       \
        }                                                          \
    } while (0)

static int syntax_lex(SYNTAX_STYPE *value, struct span *span, struct parser *p);
static void syntax_error(const struct span *span, struct parser *p, const char *message);

static void *grown(struct parser *p, const void *old, size_t bytes, size_t times)
{
    return memcpy(arena_alloc(p->arena, bytes * times), old, bytes);
}

/* The stacks, full at *depth, with room for twice as much; where they are deep enough for any
 * text they stay as they are. yy_state_t is not known here yet. */
#define grow_stacks(p, states, state_bytes, values, value_bytes, spans, span_bytes, depth) \
    do {                                                                                   \
        if (*(depth) >= YYMAXDEPTH) {                                                      \
            syntax_error(&yylloc, p, "");                                                  \
        } else {                                                                           \
            *(states) = grown(p, *(states), (size_t)(state_bytes), 2);                     \
            *(values) = grown(p, *(values), (size_t)(value_bytes), 2);                     \
            *(spans) = grown(p, *(spans), (size_t)(span_bytes), 2);                        \
            *(depth) *= 2;                                                                 \
        }                                                                                  \
    } while (0)
}

/* Words and signs have their spelling as alias; the others, up to NUMBER, a description. */
%token YYEOF 0 "end of file" NEWLINE "end of line"
%token <name> NAME "a name" WORD "a key" UNIT "a unit" STRING "text"
%token <number> NUMBER "a number"
%token MODEL "model" CONST "const" PAR "par" INIT "init" OUT "out" SOLVE "solve"
%token IF "if" THEN "then" ELSE "else" IN "in" TIME "t" PI "pi"
%token OR "or" AND "and" LT "<" LE "<=" GT ">" GE ">=" EQ "==" NE "!="
%token ADD "+" SUB "-" MUL "*" DIV "/" POW "^" NOT "not" PRIME "'"
%token ASSIGN "=" DOTDOT ".." COLON ":" COMMA "," SEMICOLON ";"
%token OPEN "(" CLOSE ")" BEGIN_BLOCK "{" END_BLOCK "}" BRACKET "[" END_BRACKET "]"
/* What has its place in the language and is not available yet. */
%token DISCRETE "discrete" INPUT "input" TABLE "table" SUMMARY "summary" EVENT "event"
%token REACT "react" FOR "for" SUM "sum" PROD "prod" ARROW "->" BOTH_WAYS "<->"
/* What is no sign of the language: it fits nowhere. */
%token FOREIGN
/* One token, so that a chain of them is a list and not a nest. */
%token ELSE_IF "else if"

%precedence "else"
%left "or"
%left "and"
%precedence "not"
%nonassoc "<" "<=" ">" ">=" "==" "!="
%left "+" "-"
%left "*" "/"
%precedence SIGN
%right "^"

%type <expr> expr call
%type <exprs> args
%type <arms> ifs
%type <locals> locals
%type <bounds> bounds
%type <unit> factors factor
%type <written> unit
%type <name> text
%type <values> values entries

%%

lines: %empty | lines line;
line: statement end | error end { yyerrok; };
end: NEWLINE | ";";

statement
  : "model" NAME text               { ast_model(p, @$, $2, @2, $3); }
  | "const" consts
  | "par" pars
  | "init" inits
  | "out" outs
  | NAME "'" "=" expr text
      { ast_item(p, &(struct item){ITEM_DERIVATIVE, @$, $1, @1, NULL, $5, .value = $4}); }
  | NAME unit "=" expr text
      { ast_item(p, &(struct item){ITEM_INTERMEDIATE, @$, $1, @1, $2, $5, .value = $4}); }
  | NAME "(" locals ")" "=" expr text
      { ast_item(p, &(struct item){ITEM_FUNCTION, @$, $1, @1, NULL, $7, .function = {$6, $3}}); }
  | "solve" "{" hints "}"           { ast_solve(p, @1); }
  ;

consts: const | consts "," const;
const: NAME unit "=" expr text
      { ast_item(p, &(struct item){ITEM_CONST, @$, $1, @1, $2, $5, .value = $4}); };

pars: par | pars "," par;
par: NAME unit "=" expr bounds text
      { ast_item(p, &(struct item){ITEM_PAR, @$, $1, @1, $2, $6, .bounded = {$4, $5}}); };

inits: init | inits "," init;
init: NAME unit "=" expr bounds text
      { ast_item(p, &(struct item){ITEM_INIT, @$, $1, @1, $2, $6, .bounded = {$4, $5}}); };

outs: out | outs "," out;
out
  : NAME unit text
      { ast_item(p, &(struct item){ITEM_OUT, @$, $1, @1, $2, $3, .value = NULL}); }
  | NAME unit "=" expr text
      { ast_item(p, &(struct item){ITEM_OUT, @$, $1, @1, $2, $5, .value = $4}); }
  ;

locals
  : NAME                            { $$ = ast_locals(p, NULL, @1, $1); }
  | locals "," NAME                 { $$ = ast_locals(p, $1, @3, $3); }
  ;
bounds
  : %empty                          { $$ = NULL; }
  | "in" expr ".." expr             { $$ = ast_bounds(p, @2, @4, $2, $4); }
  | "in" expr ".."                  { $$ = ast_bounds(p, @2, @3, $2, NULL); }
  | "in" ".." expr                  { $$ = ast_bounds(p, @2, @3, NULL, $3); }
  ;
text
  : %empty                          { $$ = NULL; }
  | STRING
  ;

unit
  : %empty                          { $$ = NULL; }
  | ":" factors                     { $$ = ast_unit(p, @2, $2); }
  ;
factors
  : factor
  | factors "*" factor              { $$ = ast_unit_product(p, @$, $1, $3, 1); }
  | factors "/" factor              { $$ = ast_unit_product(p, @$, $1, $3, -1); }
  ;
factor
  : NUMBER                          { $$ = ast_unit_one(p, @1, $1); }
  | UNIT                            { $$ = ast_unit_power(p, @$, $1, 1); }
  | UNIT "^" NUMBER                 { $$ = ast_unit_power(p, @$, $1, $3); }
  | UNIT "^" "-" NUMBER             { $$ = ast_unit_power(p, @$, $1, -$4); }
  ;

hints: hint_lines | hint_lines hint | hint_lines error;
hint_lines: %empty | hint_lines hint end | hint_lines error end { yyerrok; };
hint
  : WORD "=" WORD
      { ast_hint(p, &(struct hint){$1, @1, @$, $3, .word_span = @3}); }
  | WORD "=" WORD values
      { ast_hint(p, &(struct hint){$1, @1, @$, $3, @3, .values = $4}); }
  | WORD "=" entries
      { ast_hint(p, &(struct hint){$1, @1, @$, .values = $3}); }
  | WORD "=" expr ".." expr
      { ast_hint(p, &(struct hint){$1, @1, @$, .lo = $3, .hi = $5}); }
  ;
values
  : expr                            { $$ = ast_values(p, NULL, @1, NULL, $1); }
  | values "," expr                 { $$ = ast_values(p, $1, @3, NULL, $3); }
  ;
entries
  : expr                            { $$ = ast_values(p, NULL, @1, NULL, $1); }
  | NAME ":" expr                   { $$ = ast_values(p, NULL, @$, $1, $3); }
  | entries "," expr                { $$ = ast_values(p, $1, @3, NULL, $3); }
  | entries "," NAME ":" expr       { $$ = ast_values(p, $1, @3, $3, $5); }
  ;

expr
  : NUMBER                          { $$ = ast_number(p, @$, $1); }
  | NAME                            { $$ = ast_name(p, @$, $1); }
  | "t"                             { $$ = ast_name(p, @$, "t"); }
  | "pi"                            { $$ = ast_name(p, @$, "pi"); }
  | NAME "'"                        { $$ = ast_prime(p, @$, $1); }
  | call
  | "(" nest expr ")"               { $$ = ast_leave(p, $3); }
  | "+" nest expr %prec SIGN        { $$ = ast_leave(p, $3); }
  | "-" nest expr %prec SIGN        { $$ = ast_leave(p, ast_unary(p, @$, OP_NEG, $3)); }
  | "not" nest expr %prec "not"     { $$ = ast_leave(p, ast_unary(p, @$, OP_NOT, $3)); }
  | ifs "else" expr %prec "else"    { $$ = ast_leave(p, ast_if(p, @$, $1, $3)); }
  | expr "^" nest expr %prec "^"    { $$ = ast_leave(p, ast_binary(p, @$, OP_POW, $1, $4)); }
  | expr "*" expr                   { $$ = ast_binary(p, @$, OP_MUL, $1, $3); }
  | expr "/" expr                   { $$ = ast_binary(p, @$, OP_DIV, $1, $3); }
  | expr "+" expr                   { $$ = ast_binary(p, @$, OP_ADD, $1, $3); }
  | expr "-" expr                   { $$ = ast_binary(p, @$, OP_SUB, $1, $3); }
  | expr "<" expr                   { $$ = ast_binary(p, @$, OP_LT, $1, $3); }
  | expr "<=" expr                  { $$ = ast_binary(p, @$, OP_LE, $1, $3); }
  | expr ">" expr                   { $$ = ast_binary(p, @$, OP_GT, $1, $3); }
  | expr ">=" expr                  { $$ = ast_binary(p, @$, OP_GE, $1, $3); }
  | expr "==" expr                  { $$ = ast_binary(p, @$, OP_EQ, $1, $3); }
  | expr "!=" expr                  { $$ = ast_binary(p, @$, OP_NE, $1, $3); }
  | expr "and" expr                 { $$ = ast_binary(p, @$, OP_AND, $1, $3); }
  | expr "or" expr                  { $$ = ast_binary(p, @$, OP_OR, $1, $3); }
  ;
ifs
  : "if" nest expr "then" expr      { $$ = ast_arm(p, NULL, @1, $3, $5); }
  | ifs ELSE_IF expr "then" expr    { $$ = ast_arm(p, $1, @2, $3, $5); }
  ;
call: NAME "(" nest args ")"        { $$ = ast_leave(p, ast_call(p, @$, $1, $4)); };
args
  : expr                            { $$ = ast_args(p, NULL, $1); }
  | args "," expr                   { $$ = ast_args(p, $1, $3); }
  ;
nest: %empty                        { if (!ast_enter(p, @0)) { YYERROR; } };

%%

static int syntax_lex(SYNTAX_STYPE *value, struct span *span, struct parser *p)
{
    int token = layout_next(p->layout, value, span);
    if (token == TOK_SYNTAX_error) {
        layout_break(p->layout);
        p->nesting = 0;
    }
    return token;
}

/* bison's own: the stacks are exhausted, which MAX_NESTING should have prevented. */
static void syntax_error(const struct span *span, struct parser *p, const char *message)
{
    (void)message;
    diag_report(p->diags, DIAG_E0107, *span, NULL, "nested too deeply");
}

/* ---- what to say of a token that does not fit ---- */

enum { MAX_EXPECTED = 128 };

/* The kinds of token that would fit, exact thanks to LAC. */
struct expected {
    yysymbol_kind_t at[MAX_EXPECTED];
    int n;
};

static bool expects(const struct expected *expected, yysymbol_kind_t kind)
{
    for (int i = 0; i < expected->n; i++) {
        if (expected->at[i] == kind) {
            return true;
        }
    }
    return false;
}

static const char *text_at(struct parser *p, struct span span)
{
    return arena_copy(p->arena, p->ast->source + span.start, span.end - span.start);
}

/* What words.def says of it; NULL: it is no word, no sign. */
static const struct word *word_of_kind(yysymbol_kind_t kind)
{
    switch (kind) {
#define WORD(token, spelling, place, line, when) \
    case YYSYMBOL_##token:                       \
        return word_of(TOK_##token);
#include "words.def"
    default:
        return NULL;
    }
}

static const struct sign *sign_of_kind(yysymbol_kind_t kind)
{
    switch (kind) {
#define SIGN(token, class, line) \
    case YYSYMBOL_##token:       \
        return sign_of(TOK_##token);
#include "words.def"
    default:
        return NULL;
    }
}

static bool is_comparison(yysymbol_kind_t kind)
{
    const struct sign *sign = sign_of_kind(kind);
    return sign && sign->class == SIGN_COMPARISON;
}

/* It stands between two operands. */
static bool is_binary(yysymbol_kind_t kind)
{
    const struct word *word = word_of_kind(kind);
    const struct sign *sign = sign_of_kind(kind);
    return (word && word->place == WORD_OPERATOR) || is_comparison(kind) ||
           (sign && sign->class == SIGN_OPERATOR);
}

/* Operators are told as one; so are the ways a statement may go on where it may end. */
static bool is_told(const struct expected *expected, yysymbol_kind_t kind)
{
    if (is_binary(kind) || kind == YYSYMBOL_SEMICOLON || kind == YYSYMBOL_ELSE_IF) {
        return false;
    }
    if (kind == YYSYMBOL_PRIME || kind == YYSYMBOL_OPEN) {
        return !expects(expected, YYSYMBOL_MUL);
    }
    if (kind == YYSYMBOL_STRING || kind == YYSYMBOL_COMMA || kind == YYSYMBOL_IN) {
        return !expects(expected, YYSYMBOL_NEWLINE);
    }
    return kind != YYSYMBOL_COLON || !expects(expected, YYSYMBOL_ASSIGN);
}

/* "expected ..." in words. */
static const char *expectation(struct parser *p, const struct expected *expected)
{
    if (expects(expected, YYSYMBOL_MODEL)) {
        return "expected a statement";
    }
    if (expects(expected, YYSYMBOL_NUMBER)) {
        return expects(expected, YYSYMBOL_UNIT) ? "expected a unit"
                                                : "expected an expression";
    }
    struct text list = {.arena = p->arena};
    text_add(&list, "expected %s", expects(expected, YYSYMBOL_MUL) ? "an operator" : "");
    bool first = !expects(expected, YYSYMBOL_MUL);
    for (int i = 0; i < expected->n; i++) {
        yysymbol_kind_t kind = expected->at[i];
        if (is_told(expected, kind)) {
            const bool is_spelled = word_of_kind(kind) || sign_of_kind(kind);
            const char *quote = kind == YYSYMBOL_PRIME ? "\"" : is_spelled ? "'" : "";
            text_add(&list, "%s%s%s%s", first ? "" : " or ", quote, yysymbol_name(kind),
                     quote);
            first = false;
        }
    }
    return list.at;
}

/* Words that begin a statement, and one that is nearly so. */
static const char *nearest_statement(struct parser *p, const char *name)
{
    struct nearest nearest = {.wanted = name};
#define OFFER_STATEMENT(spelling) nearest_offer(&nearest, spelling, NULL);
#define OFFER_EXPRESSION(spelling)
#define OFFER_OPERATOR(spelling)
#define OFFER_VALUE(spelling)
#define OFFER_CLAUSE(spelling)
#define WORD(token, spelling, place, line, when) OFFER_##place(spelling)
#include "words.def"
    return nearest.name && strlen(name) > 2
               ? arena_printf(p->arena, "did you mean '%s'?", nearest.name)
               : NULL;
}

/* A better hint than what was expected, for the usual slips. */
static const char *slip(struct parser *p, const struct expected *expected,
                        yysymbol_kind_t token)
{
    if (token == YYSYMBOL_ASSIGN && expects(expected, YYSYMBOL_EQ)) {
        return "a comparison is written '=='";
    }
    if (token == YYSYMBOL_IN) {
        return "bounds belong to parameters and states, and come before the text";
    }
    if (token == YYSYMBOL_ELSE && expects(expected, YYSYMBOL_THEN)) {
        return "write if c then a else b: there is no 'then'";
    }
    bool operand =
        token == YYSYMBOL_NAME || token == YYSYMBOL_NUMBER || token == YYSYMBOL_OPEN;
    if (operand && expects(expected, YYSYMBOL_THEN)) {
        return "write 'then' before it: if c then a else b";
    }
    const said_list *said = layout_said(p->layout);
    if (operand && said->n > 1 && said->at[said->n - 2].token == TOK_NAME &&
        op_builtin(text_at(p, said->at[said->n - 2].span)) != OP_COUNT) {
        return "its argument stands in parentheses";
    }
    if (operand && expects(expected, YYSYMBOL_MUL)) {
        return "a product is written with '*'";
    }
    return NULL;
}

/* True, and reported, where the token begins something that is not available yet. */
static bool report_later(struct parser *p, const struct expected *expected,
                         yysymbol_kind_t token, struct span span)
{
    bool in_expression =
        expects(expected, YYSYMBOL_NUMBER) && !expects(expected, YYSYMBOL_UNIT);
    const struct word *word = word_of_kind(token);
    const bool is_later = word && word->later;
    if (token == YYSYMBOL_BRACKET) {
        diag_report(p->diags, DIAG_E0113, span, NULL, "arrays are not available yet");
    } else if (in_expression && is_later && word->place == WORD_EXPRESSION) {
        diag_report(p->diags, DIAG_E0113, span, NULL, "'%s' is not available yet",
                    yysymbol_name(token));
    } else if (layout_at_start(p->layout) && is_later && word->place == WORD_STATEMENT) {
        diag_report(p->diags, DIAG_E0113, span, NULL,
                    "the statement '%s' is not available yet", yysymbol_name(token));
    } else {
        return false;
    }
    return true;
}

static void report_reserved(struct parser *p, yysymbol_kind_t token, struct span span)
{
    const char *name = yysymbol_name(token);
    if (token == YYSYMBOL_TIME || token == YYSYMBOL_PI) {
        diag_report(p->diags, DIAG_E0111, span, NULL, "'%s' is %s and cannot be defined", name,
                    token == YYSYMBOL_TIME ? "the time" : "the number 3.14159...");
    } else {
        diag_report(p->diags, DIAG_E0111, span, "choose another name",
                    "'%s' is a word of the language", name);
    }
}

/* The text ends at `end`, or so it seems, where more of the statement is due. */
static void report_early_end(struct parser *p, const struct expected *expected,
                             yysymbol_kind_t token, struct span end)
{
    struct span open;
    diag_report(p->diags, DIAG_E0110, end, expectation(p, expected), "unexpected end of %s",
                token == YYSYMBOL_YYEOF ? "file" : "line");
    if (layout_open_sign(p->layout, &open)) {
        diag_note(p->diags, open, "this '(' is still open");
    }
}

static void report_unexpected(struct parser *p, const struct expected *expected,
                              yysymbol_kind_t token, struct span span)
{
    const char *hint = slip(p, expected, token);
    if (!hint) {
        hint = expectation(p, expected);
    }
    if (token == YYSYMBOL_NEWLINE || token == YYSYMBOL_STRING) {
        diag_report(p->diags, DIAG_E0110, span, hint, "unexpected %s", yysymbol_name(token));
    } else if (token == YYSYMBOL_PRIME) {
        diag_report(p->diags, DIAG_E0110, span, hint, "unexpected \"'\"");
    } else {
        const char *text = token == YYSYMBOL_ELSE_IF ? "else if" : text_at(p, span);
        diag_report(p->diags, DIAG_E0110, span, hint, "unexpected %s",
                    diag_name(p->diags, text));
    }
    struct span open;
    if (token == YYSYMBOL_ASSIGN && layout_open_sign(p->layout, &open)) {
        diag_note(p->diags, open, "this '(' is still open");
    }
}

/* HABIT_... of where the token stands. */
static unsigned places_of(const struct parser *p, const struct expected *expected)
{
    const bool operand =
        expects(expected, YYSYMBOL_NUMBER) && !expects(expected, YYSYMBOL_UNIT);
    const bool complete = expects(expected, YYSYMBOL_MUL);
    return HABIT_ANYWHERE | (layout_in_solve(p->layout) ? HABIT_SOLVE : HABIT_START) |
           (operand ? HABIT_OPERAND : 0) |
           (complete ? HABIT_OPERATOR : 0) |
           (complete && layout_defines(p->layout) ? HABIT_DEFINED : 0) |
           (expects(expected, YYSYMBOL_CLOSE) ? HABIT_INSIDE : 0);
}

/* True, and reported, where the line of the solve block has a key that is none: its value may
 * have any form. */
static bool report_key(struct parser *p)
{
    const said_list *said = layout_said(p->layout);
    if (!layout_in_solve(p->layout) || said->n < 2 || said->at[0].token != TOK_WORD) {
        return false;
    }
    const char *key = text_at(p, said->at[0].span);
    if (key_is_known(key)) {
        return false;
    }
    habit_report_key(p->arena, p->diags, key, said->at[0].span);
    return true;
}

/* True, and reported, where it is what another language writes. */
static bool report_habit(struct parser *p, const struct expected *expected, bool foreign)
{
    const said_list *said = layout_said(p->layout);
    if (diags_are_full(p->diags)) {
        return false;
    }
    const unsigned places = places_of(p, expected);
    if (foreign) {
        habit_report_sign(p->arena, p->diags, p->ast->source, said, places);
        return true;
    }
    const struct habit habit = habit_find(p->arena, p->ast->source, said, places);
    struct span span = habit.span, end;
    const bool ended = !habit.earlier && layout_ended_early(p->layout, &end);
    if (!habit.text) {
        return false;
    }
    const int token = said->at[said->n - 1].token;
    if (ended || (!habit.earlier && token == TOK_NEWLINE)) {
        diag_report(p->diags, DIAG_E0110, ended ? end : span, habit.text,
                    "unexpected end of %s", token == TOK_YYEOF ? "file" : "line");
    } else if (token == TOK_PRIME && !habit.earlier) {
        diag_report(p->diags, DIAG_E0110, span, habit.text, "unexpected \"'\"");
    } else {
        diag_report(p->diags, DIAG_E0110, span, habit.text, "unexpected %s",
                    diag_name(p->diags, text_at(p, span)));
    }
    return true;
}

/* True, and reported, where a statement begins with two words, as `parm k = 1`. */
static bool report_two_words(struct parser *p)
{
    const said_list *said = layout_said(p->layout);
    if (layout_in_solve(p->layout) || said->n != 2 || said->at[0].token != TOK_NAME ||
        said->at[1].token != TOK_NAME) {
        return false;
    }
    const char *name = text_at(p, said->at[0].span);
    const char *hint = nearest_statement(p, name);
    diag_report(p->diags, DIAG_E0110, said->at[0].span,
                hint ? hint : "a definition is written name = expression", "unexpected %s",
                diag_name(p->diags, name));
    return true;
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *p)
{
    if (layout_stopped(p->layout)) {
        return 0;
    }
    struct expected expected;
    expected.n = yypcontext_expected_tokens(context, expected.at, MAX_EXPECTED);
    yysymbol_kind_t token = yypcontext_token(context);
    struct span span = *yypcontext_location(context);

    struct span end;

    if (report_key(p) || report_habit(p, &expected, token == YYSYMBOL_FOREIGN) ||
        report_later(p, &expected, token, span) || report_two_words(p)) {
        /* said what there is to say */
    } else if (layout_ended_early(p->layout, &end)) {
        report_early_end(p, &expected, token, end);
    } else if (word_of_kind(token) && expects(&expected, YYSYMBOL_NAME) &&
               !expects(&expected, YYSYMBOL_NUMBER) &&
               !(layout_at_start(p->layout) && is_binary(token))) {
        report_reserved(p, token, span);
    } else if (is_comparison(token) && expects(&expected, YYSYMBOL_ADD)) {
        diag_report(p->diags, DIAG_E0112, span, "write a < b and b < c",
                    "comparisons do not chain");
    } else {
        report_unexpected(p, &expected, token, span);
    }
    layout_break(p->layout);
    p->nesting = 0;
    return 0;
}

struct ast *parse(struct arena *arena, struct diags *diags, const char *text, size_t length)
{
    struct ast *ast = ARENA_NEW(arena, struct ast);
    ast->source = text;
    ast->length = length;
    ast->forgiven.arena = arena;
    struct parser p = {.arena = arena, .diags = diags, .ast = ast};
    p.layout = layout_create(arena, diags, ast);
    if (!p.layout) {
        return NULL;
    }
    syntax_parse(&p);
    return layout_stopped(p.layout) ? NULL : ast;
}
