/* layout.c -- between scanner and parser: where statements end, and what words mean.
 *
 * A newline ends a statement except inside ( ) [ ], after a token that cannot end one
 * (operators, '=', ',', 'then', ...), before one that cannot begin one (operators, 'then',
 * 'else') and directly after '{'; empty statements never reach the parser. So a newline is
 * known by the token after it, which is read ahead. Three kinds of word depend on their place: `in` opens a clause
 * after a complete expression and is a name elsewhere, the words of units (after ':')
 * and the keys of the solve block are no names at all.
 *
 * After a mistake the statement is skipped here, with its block, token by token; the
 * names in it are forgiven: nothing more is said of them. Where a '(' was left open and
 * the next line looks like a statement of its own, that line is read again as one.
 */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "parser.h"
#include "syntax.h"
#include "utf8.h"
#include "words.h"

enum replay { NO_REPLAY, REPLAY_NEWLINE, REPLAY_TOKEN };

struct token {
    int kind;
    SYNTAX_STYPE value;
    struct span span;
};

struct layout {
    struct scanner scanner;
    struct ast *ast;
    int n_tokens;
    bool stopped;
    bool is_ahead; /* `ahead` is the scanner's next token */
    struct token ahead;

    int last; /* the token given last; NEWLINE at the beginning */
    struct span last_span;
    uint32_t previous_end; /* of the token before it */
    SYNTAX_STYPE last_value;
    int last_raw;             /* as the scanner gave it */
    bool last_at_start;       /* it began a statement */
    bool last_on_new_line;    /* a newline without effect came before it */
    VECTOR(struct span) open; /* ( and [ that are open */

    bool in_unit, in_solve;
    const char *key; /* of the solve block's line */

    enum replay replay;   /* give a newline, then the last token again */
    bool skipping;        /* a statement that is wrong */
    int skip_blocks;      /* { in it that are open */
    bool skips_line;      /* past every ';' */
    uint32_t skip_to;     /* past every line's end before */
    bool no_comment_ends; /* no more of them are in the text */
    bool skips_block;     /* with the lines that are indented deeper than */
    uint32_t block_indent;
    bool in_block;              /* on such a line */
    VECTOR(const char *) names; /* in this statement so far */
    said_list said;             /* of this statement or line of the solve block */
};

/* Reports what makes bytes no text at all: the first broken sequence or NUL byte. */
static bool check_text(struct diags *diags, const char *text, size_t length) {
    if (length > MAX_SOURCE) {
        diag_report(diags, DIAG_E0109, (struct span){0, 0}, NULL,
                    "the text is larger than %d MiB", MAX_SOURCE >> 20);
        return false;
    }
    for (size_t i = 0; i < length;) {
        size_t n = utf8_length(text + i, length - i);
        struct span span = {(uint32_t)i, (uint32_t)i + 1};
        if (n == 0) {
            diag_report(diags, DIAG_E0101, span, NULL, "not UTF-8 text: byte 0x%02x",
                        (unsigned char)text[i]);
            return false;
        }
        if (text[i] == '\0') {
            diag_report(diags, DIAG_E0102, span, NULL, "a NUL byte in the text");
            return false;
        }
        i += n;
    }
    return true;
}

struct layout *layout_create(struct arena *arena, struct diags *diags,
                             struct ast *ast) {
    if (!check_text(diags, ast->source, ast->length)) {
        return NULL;
    }
    bool bom = ast->length >= 3 && memcmp(ast->source, "\xef\xbb\xbf", 3) == 0;
    struct layout *l = ARENA_NEW(arena, struct layout);
    l->scanner = (struct scanner){.arena = arena,
                                  .diags = diags,
                                  .text = ast->source,
                                  .length = ast->length,
                                  .offset = bom ? 3 : 0};
    l->ast = ast;
    l->last = TOK_NEWLINE;
    scanner_open(&l->scanner);
    return l;
}

static bool is_end(int token) { return token == TOK_NEWLINE || token == TOK_SEMICOLON; }

/* The statement goes on after a newline that follows this token. */
static bool continues(int token) {
    const struct word *word = word_of(token);
    const struct sign *sign = sign_of(token);
    return (word && word->line != LINE_ENDS) || (sign && sign->line != LINE_ENDS);
}

/* An operand may end with this token: a word after it opens a clause. */
static bool ends_operand(int token) {
    const struct word *word = word_of(token);
    const struct sign *sign = sign_of(token);
    return token == TOK_NAME || token == TOK_NUMBER ||
           (word && word->place == WORD_VALUE) ||
           (sign && sign->class == SIGN_OPERAND_END);
}

static const char *copy_text(struct layout *l, struct span span) {
    return arena_copy(l->scanner.arena, l->scanner.text + span.start,
                      span.end - span.start);
}

static int stop(struct layout *l) {
    l->stopped = true;
    return TOK_YYEOF;
}

/* One token of the scanner's, counted unless it is skipped. */
static int scan(struct layout *l, SYNTAX_STYPE *value, struct span *span) {
    if (l->is_ahead) {
        l->is_ahead = false;
        *value = l->ahead.value;
        *span = l->ahead.span;
        return l->ahead.kind;
    }
    int token = scanner_next(&l->scanner, value, span);
    bool counts = token != TOK_NEWLINE && token != TOK_YYEOF && !l->skipping;
    if (counts && ++l->n_tokens > MAX_TOKENS) {
        diag_report(l->scanner.diags, DIAG_E0106, *span, NULL,
                    "the model has more than %d words and signs", MAX_TOKENS);
        return stop(l);
    }
    return token;
}

/* The first word of the text at `offset`: its length, 0 where there is none. */
static size_t peek_word(const struct layout *l, uint32_t offset, const char **word) {
    const char *at = l->scanner.text + offset,
               *end = l->scanner.text + l->scanner.length;
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    *word = at;
    while (at < end && (isalnum((unsigned char)*at) || *at == '_')) {
        at++;
    }
    return (size_t)(at - *word);
}

/* The text at `offset` begins with a statement's word, or with name', name =, name :.
 */
static bool looks_like_statement(const struct layout *l, uint32_t offset) {
    const char *word, *end = l->scanner.text + l->scanner.length;
    size_t n = peek_word(l, offset, &word);
    const char *at = word + n;
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    bool defines = at < end && (*at == '\'' || *at == ':' || *at == '=');
    bool compares = end - at > 1 && at[0] == '=' && at[1] == '=';
    const struct word *known = word_find(word, n);
    return (known && known->place == WORD_STATEMENT) || (n > 0 && defines && !compares);
}

/* The token after the newlines that come next, which is not taken. */
static const struct token *look_ahead(struct layout *l) {
    const bool quiet = l->scanner.quiet;
    l->scanner.quiet =
        false; /* where it is wrong the parser gets it, and says nothing */
    do {
        l->ahead.kind = scan(l, &l->ahead.value, &l->ahead.span);
    } while (l->ahead.kind == TOK_NEWLINE);
    l->is_ahead = true;
    l->scanner.quiet = quiet;
    return &l->ahead;
}

/* The next line goes on with the statement: it begins with what none begins with. */
static bool next_line_joins(struct layout *l) {
    const struct token *next = look_ahead(l);
    const struct word *word = word_of(next->kind);
    const struct sign *sign = sign_of(next->kind);
    return (word && word->line == LINE_AROUND) || (sign && sign->line == LINE_AROUND) ||
           (next->kind == TOK_NAME && habit_joins(next->value.name) &&
            !looks_like_statement(l, next->span.start));
}

/* `solve` and its '{' on the next line: reported, and read as if they stood on one. */
static bool solve_opens_below(struct layout *l) {
    if (l->last != TOK_SOLVE || look_ahead(l)->kind != TOK_BEGIN_BLOCK) {
        return false;
    }
    diag_report(l->scanner.diags, DIAG_E0110, l->ahead.span,
                "it stands on the line of 'solve'", "unexpected '{'");
    return true;
}

/* The next token with an effect: newlines and ';' only where they end something. */
static int next_effective(struct layout *l, SYNTAX_STYPE *value, struct span *span) {
    l->last_on_new_line = false;
    for (;;) {
        int token = scan(l, value, span);
        bool inside = l->open.n > 0;
        bool nothing_to_end = is_end(l->last) || l->last == TOK_BEGIN_BLOCK;
        if (token == TOK_NEWLINE && (inside || nothing_to_end || continues(l->last) ||
                                     next_line_joins(l) || solve_opens_below(l))) {
            l->last_on_new_line = true;
        } else if (token == TOK_SEMICOLON && !inside && nothing_to_end) {
            continue;
        } else if (token == TOK_YYEOF && !l->stopped && !inside && !nothing_to_end &&
                   !continues(l->last)) {
            return TOK_NEWLINE;
        } else {
            return token;
        }
    }
}

/* ---- words by their place ---- */

/* What a word is here: NAME, a clause's, WORD, UNIT or itself. */
static int classify_word(struct layout *l, int token, SYNTAX_STYPE *value,
                         struct span span) {
    bool key_place = l->last == TOK_BEGIN_BLOCK || is_end(l->last);
    if (l->in_unit) {
        value->name = copy_text(l, span);
        return TOK_UNIT;
    }
    if (l->in_solve && key_place && (token == TOK_NAME || token == TOK_TIME)) {
        value->name = l->key = copy_text(l, span);
        return TOK_WORD;
    }
    if (token != TOK_NAME) {
        return token;
    }
    if (l->in_solve && l->last == TOK_ASSIGN && l->key && key_takes_word(l->key)) {
        return TOK_WORD;
    }
    const struct word *clause = word_find(value->name, strlen(value->name));
    if (clause && ends_operand(l->last)) {
        return clause->token;
    }
    VECTOR_PUSH(l->scanner.arena, &l->names, value->name);
    return TOK_NAME;
}

/* Keeps account of brackets, blocks and units. */
static void follow_sign(struct layout *l, int token, struct span span) {
    switch (token) {
    case TOK_OPEN:
    case TOK_BRACKET:
        VECTOR_PUSH(l->scanner.arena, &l->open, span);
        break;
    case TOK_CLOSE:
    case TOK_END_BRACKET:
        l->open.n -= l->open.n > 0;
        break;
    case TOK_BEGIN_BLOCK:
        l->in_solve = l->last == TOK_SOLVE;
        break;
    case TOK_END_BLOCK:
        l->in_solve = false;
        break;
    case TOK_COLON:
        l->in_unit = l->open.n == 0 && !l->in_solve;
        break;
    case TOK_ASSIGN:
    case TOK_COMMA:
    case TOK_STRING:
    case TOK_NEWLINE:
    case TOK_SEMICOLON:
        l->in_unit = false;
        break;
    default:
        break;
    }
}

/* The first token decides whether this is the language at all. */
static int check_first(struct layout *l, int token, struct span span) {
    struct nearest nearest = {.wanted = copy_text(l, span)};
    const char *hint = NULL;
    l->ast->first = span;
    if (token == TOK_YYEOF) {
        span = (struct span){0, 0};
    }
    if (token == TOK_MODEL) {
        return token;
    }
    if (token == TOK_NAME) {
        nearest_offer(&nearest, "model", NULL);
        hint = nearest.name ? "did you mean 'model'?" : NULL;
    }
    if (token == TOK_FOREIGN) {
        const said_list only = {.at = &(struct said){token, span}, .n = 1};
        habit_report_sign(l->scanner.arena, l->scanner.diags, l->scanner.text, &only,
                          HABIT_START | HABIT_ANYWHERE);
    } else if (token != TOK_SYNTAX_error) {
        diag_report(l->scanner.diags, DIAG_E0201, span, hint,
                    "the first statement must be 'model NAME'");
    }
    return stop(l);
}

/* ---- statements that are wrong ---- */

/* With the x of dx and dxdt, whose derivative the statement may have been. */
static void forgive(struct layout *l, const char *name) {
    names_put(&l->ast->forgiven, name, l);
    const char *before, *after;
    for (int i = 0; habit_derivative_form(i, &before, &after); i++) {
        const size_t n = strlen(name), b = strlen(before), a = strlen(after);
        if (n > b + a && strncmp(name, before, b) == 0 &&
            strcmp(name + n - a, after) == 0) {
            names_put(&l->ast->forgiven,
                      arena_copy(l->scanner.arena, name + b, n - b - a), l);
        }
    }
}

/* Where the line of this offset begins to say something: its distance from the line's start;
 * false where something stands before the offset. */
static bool begins_line(const struct layout *l, uint32_t offset, uint32_t *indent) {
    uint32_t at = offset;
    while (at > 0 &&
           (l->scanner.text[at - 1] == ' ' || l->scanner.text[at - 1] == '\t')) {
        at--;
    }
    *indent = offset - at;
    return at == 0 || l->scanner.text[at - 1] == '\n';
}

/* The statement that is skipped opens a block as other languages do, and what comes next
 * belongs to it. */
static bool block_goes_on(struct layout *l) {
    const struct token *next = look_ahead(l);
    uint32_t indent;
    if (!l->skips_block) {
        return false;
    }
    if (next->kind == TOK_ELSE) {
        return true;
    }
    if (!begins_line(l, next->span.start, &indent)) {
        return l->in_block; /* as its line */
    }
    l->in_block = indent > l->block_indent && next->kind != TOK_YYEOF;
    if (l->in_block) {
        return true;
    }
    const char *name = next->kind == TOK_NAME ? next->value.name : "";
    const bool ends = habit_ends(name) && !looks_like_statement(l, next->span.start);
    l->skips_block = !ends; /* nothing after it belongs to it */
    return ends || (habit_joins(name) && !looks_like_statement(l, next->span.start));
}

/* The line that ends here ends with "...". */
static bool ends_with_dots(const struct layout *l, uint32_t end) {
    while (end > 0 && isspace((unsigned char)l->scanner.text[end - 1])) {
        end--;
    }
    return end >= 3 && memcmp(l->scanner.text + end - 3, "...", 3) == 0;
}

static bool is_spelled(const struct layout *l, struct span span, const char *text) {
    const size_t n = span.end - span.start;
    return strlen(text) == n && memcmp(l->scanner.text + span.start, text, n) == 0;
}

/* The statement is wrong from here on as lines are: by a comment of other languages, by what
 * stands for a whole line. */
static bool spoils_line(const struct layout *l) {
    static const char *const signs[] = {"//", "/*", "%", "$", "@", "->", "<->"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (is_spelled(l, l->last_span, signs[i])) {
            return true;
        }
    }
    return false;
}

/* Where a comment that begins here ends, 0 where it does not. */
static uint32_t comment_end(struct layout *l, uint32_t at) {
    const size_t n = l->scanner.length;
    for (; !l->no_comment_ends && at + 1 < n; at++) {
        if (l->scanner.text[at] == '*' && l->scanner.text[at + 1] == '/') {
            return at + 2;
        }
    }
    l->no_comment_ends = true;
    return 0;
}

/* A newline or ';' ends the statement that is skipped. */
static bool skip_ends(struct layout *l, int token, struct span span) {
    if (l->skip_blocks > 0 || (token == TOK_SEMICOLON && l->skips_line) ||
        (token == TOK_NEWLINE && ends_with_dots(l, span.start))) {
        return false;
    }
    if (l->open.n > 0) {
        return looks_like_statement(l, span.end);
    }
    if (token == TOK_NEWLINE && (continues(l->last) || next_line_joins(l))) {
        return false;
    }
    return !block_goes_on(l);
}

/* Reads to the end of the statement and gives that. */
static int skip_statement(struct layout *l, struct span *span) {
    l->scanner.quiet = true;
    int token;
    bool done = false;
    while (!done) {
        SYNTAX_STYPE value;
        token = scan(l, &value, span);
        if (token != TOK_YYEOF && span->start < l->skip_to) {
            l->last = TOK_FOREIGN;
            continue;
        }
        switch (token) {
        case TOK_YYEOF:
            token = l->stopped ? TOK_YYEOF : TOK_NEWLINE;
            done = true;
            break;
        case TOK_NEWLINE:
        case TOK_SEMICOLON:
            done = skip_ends(l, token, *span);
            break;
        case TOK_BEGIN_BLOCK:
            l->skip_blocks++;
            break;
        case TOK_END_BLOCK:
            done = l->skip_blocks == 0 && l->in_solve;
            l->skip_blocks -= l->skip_blocks > 0;
            break;
        case TOK_NAME:
            forgive(l, value.name);
            break;
        default:
            break;
        }
        if (token != TOK_BEGIN_BLOCK && token != TOK_END_BLOCK) {
            follow_sign(l, token, *span);
        }
        l->last = token == TOK_NEWLINE && !done ? l->last : token;
    }
    assert(l->skip_blocks >= 0);
    l->in_solve = l->in_solve && token != TOK_END_BLOCK;
    l->scanner.quiet = l->skipping = l->skips_block = l->skips_line = false;
    l->open.n = 0;
    return token;
}

/* The statement's first word opens a block of lines in other languages. */
static bool opens_block(const struct layout *l) {
    const struct said *first = l->said.at;
    return !l->in_solve && l->said.n > 0 &&
           (first->token == TOK_IF || first->token == TOK_FOR ||
            (first->token == TOK_NAME && habit_opens(l->names.at[0])));
}

/* The last token stands inside ( ) on a line that looks like a statement of its own. */
static bool begins_on_new_line(const struct layout *l) {
    return l->last_on_new_line && l->open.n > 0 &&
           looks_like_statement(l, l->last_span.start);
}

void layout_break(struct layout *l) {
    for (int i = 0; i < l->names.n; i++) {
        forgive(l, l->names.at[i]);
    }
    l->in_unit = false;
    if (is_end(l->last) || l->last == TOK_END_BLOCK) {
        l->open.n = 0;
    } else if (begins_on_new_line(l)) {
        l->open.n = 0;
        l->replay = REPLAY_NEWLINE;
    } else {
        l->skipping = true;
        l->in_block = false;
        l->skips_line = spoils_line(l);
        l->skip_to =
            is_spelled(l, l->last_span, "/*") ? comment_end(l, l->last_span.end) : 0;
        l->skips_block = opens_block(l) &&
                         begins_line(l, l->said.at[0].span.start, &l->block_indent);
        l->skip_blocks = l->last == TOK_BEGIN_BLOCK;
    }
}

/* ---- the parser's side ---- */

static int next_raw(struct layout *l, SYNTAX_STYPE *value, struct span *span) {
    if (l->replay == REPLAY_NEWLINE) {
        l->replay = REPLAY_TOKEN;
        l->last = TOK_NEWLINE;
        *span = (struct span){l->last_span.start, l->last_span.start};
        return TOK_NEWLINE;
    }
    if (l->replay == REPLAY_TOKEN) {
        l->replay = NO_REPLAY;
        *value = l->last_value;
        *span = l->last_span;
        return l->last_raw;
    }
    return next_effective(l, value, span);
}

int layout_next(struct layout *l, SYNTAX_STYPE *value, struct span *span) {
    if (l->stopped) {
        *span = (struct span){l->scanner.offset, l->scanner.offset};
        return TOK_YYEOF;
    }
    if (l->skipping) {
        return skip_statement(l, span);
    }
    bool replaying = l->replay == REPLAY_NEWLINE;
    bool first = l->ast->first.end == 0;
    int token = next_raw(l, value, span);
    if (replaying) {
        return token;
    }
    if (!is_end(l->last)) {
        l->previous_end = l->last_span.end;
    }
    l->last_raw = token;
    l->last_value = *value;
    l->last_span = *span;
    l->last_at_start = is_end(l->last) && !l->in_solve;
    if (l->last_at_start) {
        l->names.n = 0;
    }
    if (is_end(l->last) || (l->in_solve && l->last == TOK_BEGIN_BLOCK)) {
        l->said.n = 0;
    }
    if (first && !l->stopped) {
        token = check_first(l, token, *span);
    }
    if (token == TOK_NAME || word_of(token)) {
        token = classify_word(l, token, value, *span);
    }
    if (token == TOK_ELSE && look_ahead(l)->kind == TOK_IF) {
        token = TOK_ELSE_IF;
        span->end = l->ahead.span.end;
        l->is_ahead = false;
        l->last_span = *span;
    }
    VECTOR_PUSH(l->scanner.arena, &l->said, ((struct said){token, *span}));
    follow_sign(l, token, *span);
    l->last = token;
    return token;
}

bool layout_at_start(const struct layout *l) { return l->last_at_start; }

const said_list *layout_said(const struct layout *l) { return &l->said; }

bool layout_in_solve(const struct layout *l) { return l->in_solve; }

bool layout_defines(const struct layout *l) {
    return looks_like_statement(l, l->last_span.start) && !begins_on_new_line(l);
}

bool layout_stopped(const struct layout *l) { return l->stopped; }

bool layout_ended_early(const struct layout *l, struct span *span) {
    *span = (struct span){l->previous_end, l->previous_end};
    return l->last == TOK_YYEOF || begins_on_new_line(l);
}

bool layout_open_sign(const struct layout *l, struct span *span) {
    if (l->open.n > 0) {
        *span = l->open.at[l->open.n - 1];
    }
    return l->open.n > 0;
}
