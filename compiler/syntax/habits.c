/* habits.c -- habits.def against what was read.
 *
 * A pattern is a row of elements with spaces between; each stands for one token. It is held
 * against the tokens up to the one that does not fit, from the end; only where a statement is
 * wrong, so nothing here need be fast.
 */
#include "habits.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "names.h"
#include "parser.h"
#include "utf8.h"
#include "words.h"

enum { MOST_ELEMENTS = 12, MOST_BACK = 200, LONGEST_NAME = 40 };

static const struct {
    enum habit_place place;
    const char *pattern, *text;
} habits[] = {
#define HABIT(place, pattern, text) {HABIT_##place, pattern, text},
#include "habits.def"
};

struct other_word {
    const char *spelling, *text;
};

static const struct other_word functions[] = {
#define OTHER_FUNCTION(spelling, text) {spelling, text},
#include "habits.def"
};

static const struct other_word names[] = {
#define OTHER_NAME(spelling, text) {spelling, text},
#include "habits.def"
};

static const struct other_word keys[] = {
#define OTHER_KEY(spelling, text) {spelling, text},
#include "habits.def"
};

static const struct {
    const char *before, *after;
} derivatives[] = {
#define DERIVATIVE_NAME(before, after) {before, after},
#include "habits.def"
};

enum block_role { BLOCK_OPENS, BLOCK_JOINS, BLOCK_ENDS };

static const struct {
    const char *spelling;
    enum block_role role;
} blocks[] = {
#define BLOCK_WORD(spelling, role) {spelling, BLOCK_##role},
#include "habits.def"
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- one element ---- */

struct element {
    const char *at;
    size_t n;
    bool is_wrong, is_joined; /* '#' and '&' before it */
};

static struct element element_of(const char *at, size_t n) {
    struct element e = {.at = at, .n = n};
    if (n > 1 && *e.at == '#') {
        e.is_wrong = true;
        e.at++;
        e.n--;
    }
    if (e.n > 1 && e.at[0] == '&' && e.at[1] != '&') {
        e.is_joined = true;
        e.at++;
        e.n--;
    }
    return e;
}

static bool is_element(struct element e, const char *text) {
    return strlen(text) == e.n && memcmp(e.at, text, e.n) == 0;
}

static bool is_word_byte(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* As this one of several, case aside; a '*' that ends a word stands for anything. */
static bool is_spelled(const char *text, size_t n, const char *spelling,
                       size_t length) {
    const bool open = length > 1 && spelling[length - 1] == '*' &&
                      (is_word_byte(*spelling) || *spelling == '\\');
    const size_t compared = open ? length - 1 : length;
    if (open ? n < compared : n != compared) {
        return false;
    }
    for (size_t i = 0; i < compared; i++) {
        if (tolower((unsigned char)text[i]) != tolower((unsigned char)spelling[i])) {
            return false;
        }
    }
    return true;
}

/* One of an element's alternatives: a kind of token, or a spelling. */
static bool is_alternative(const char *at, size_t n, const struct said *token,
                           const char *text, size_t length) {
    static const struct {
        const char *kind;
        int tokens[3];
    } kinds[] = {{"NAME", {TOK_NAME, TOK_WORD, TOK_UNIT}},
                 {"NUMBER", {TOK_NUMBER, TOK_NUMBER, TOK_NUMBER}},
                 {"TEXT", {TOK_STRING, TOK_STRING, TOK_STRING}},
                 {"END", {TOK_NEWLINE, TOK_SEMICOLON, TOK_YYEOF}}};
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        if (strlen(kinds[i].kind) == n && memcmp(kinds[i].kind, at, n) == 0) {
            const int *of = kinds[i].tokens;
            return token->token == of[0] || token->token == of[1] ||
                   token->token == of[2];
        }
    }
    return (n == 3 && memcmp(at, "ANY", 3) == 0) || is_spelled(text, length, at, n);
}

static bool fits(struct element e, const char *source, const said_list *said, int k) {
    const struct said *token = &said->at[k];
    const char *text = source + token->span.start, *end = e.at + e.n;
    const size_t n = token->span.end - token->span.start;
    if (e.is_joined && (k == 0 || said->at[k - 1].span.end != token->span.start)) {
        return false;
    }
    if (e.at[0] == '|') { /* the sign itself */
        return is_spelled(text, n, e.at, e.n);
    }
    for (const char *at = e.at; at < end;) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        const char *to = bar ? bar : end;
        if (is_alternative(at, (size_t)(to - at), token, text, n)) {
            return true;
        }
        at = to + 1;
    }
    return false;
}

/* ---- a pattern ---- */

struct pattern {
    int n, gap; /* gap: the element that is "..." or "..", or -1 */
    bool is_narrow;
    struct element at[MOST_ELEMENTS];
    int token[MOST_ELEMENTS]; /* which it fits */
};

static struct pattern pattern_of(const char *text) {
    struct pattern p = {.gap = -1};
    while (*text && p.n < MOST_ELEMENTS) {
        const size_t n = strcspn(text, " ");
        p.at[p.n] = element_of(text, n);
        const bool narrow = is_element(p.at[p.n], "..");
        if ((narrow || is_element(p.at[p.n], "...")) &&
            p.n > 0) { /* alone it is the sign */
            assert(p.gap < 0);
            p.is_narrow = narrow;
            p.gap = p.n;
        }
        p.n++;
        text += n + (text[n] == ' ');
    }
    return p;
}

/* Elements first .. last - 1 fit the tokens from k on. */
static bool run_fits(struct pattern *p, int first, int last, const char *source,
                     const said_list *said, int k) {
    if (k < 0 || k + last - first > said->n) {
        return false;
    }
    for (int i = first; i < last; i++) {
        p->token[i] = k + i - first;
        if (!fits(p->at[i], source, said, p->token[i])) {
            return false;
        }
    }
    return true;
}

/* The tokens from .. to - 1 are such as the gap takes. */
static bool gap_fits(const struct pattern *p, const said_list *said, int from, int to) {
    for (int k = from; k < to && p->is_narrow; k++) {
        if (said->at[k].token == TOK_ASSIGN) {
            return false;
        }
    }
    return true;
}

static bool pattern_fits(struct pattern *p, const char *source, const said_list *said,
                         bool from_start) {
    const int tail = p->gap < 0 ? p->n : p->n - p->gap - 1;
    const int to = said->n - tail; /* where the last run begins */
    if (!run_fits(p, p->n - tail, p->n, source, said, to)) {
        return false;
    }
    if (p->gap < 0) {
        return !from_start || to == 0;
    }
    const int first = from_start ? 0 : to - MOST_BACK;
    for (int k = from_start ? 0 : to - p->gap; k >= first && k >= 0; k--) {
        if (k + p->gap <= to && run_fits(p, 0, p->gap, source, said, k) &&
            gap_fits(p, said, k + p->gap, to)) {
            return true;
        }
    }
    return false;
}

/* $2 is the text of the second element. */
static const char *filled(struct arena *arena, const char *text,
                          const struct pattern *p, const char *source,
                          const said_list *said) {
    struct text out = {.arena = arena};
    text_add_bytes(&out, "", 0);
    for (const char *at = text; *at; at++) {
        const int i = at[0] == '$' ? at[1] - '1' : -1;
        if (i < 0 || i >= p->n || i == p->gap) {
            text_add_bytes(&out, at, 1);
            continue;
        }
        const struct span span = said->at[p->token[i]].span;
        const size_t n = span.end - span.start;
        text_add_bytes(&out, source + span.start, n < LONGEST_NAME ? n : LONGEST_NAME);
        text_add(&out, "%s", n < LONGEST_NAME ? "" : "...");
        at++;
    }
    return out.at;
}

struct habit habit_find(struct arena *arena, const char *source, const said_list *said,
                        unsigned places) {
    for (size_t i = 0; i < LENGTH(habits) && said->n > 0; i++) {
        const bool from_start =
            habits[i].place & (HABIT_START | HABIT_SOLVE | HABIT_DEFINED);
        struct pattern p = pattern_of(habits[i].pattern);
        if (!(habits[i].place & places) ||
            !pattern_fits(&p, source, said, from_start)) {
            continue;
        }
        int wrong = p.n - 1;
        for (int k = 0; k < p.n; k++) {
            wrong = p.at[k].is_wrong ? k : wrong;
        }
        return (struct habit){.text = filled(arena, habits[i].text, &p, source, said),
                              .span = said->at[p.token[wrong]].span,
                              .earlier = wrong < p.n - 1};
    }
    return (struct habit){0};
}

static const char *hint_of_character(uint32_t point) {
    switch (point) {
    case 0x00a0:
        return "this space is not the one of the space bar";
    case '\r':
        return "a line ends with LF, or CR LF";
    default:
        return point >= 0x80 ? "names are made of a-z A-Z 0-9 _" : NULL;
    }
}

void habit_report_sign(struct arena *arena, struct diags *diags, const char *source,
                       const said_list *said, unsigned places) {
    const struct span span = said->at[said->n - 1].span;
    const char *at = source + span.start;
    const uint32_t point = utf8_decode(at, utf8_length(at, span.end - span.start));
    const char *hint = habit_find(arena, source, said, places).text;
    if (!hint) {
        hint = hint_of_character(point);
    }
    if (point > 0x20 && !(point >= 0x7f && point <= 0xa0)) {
        diag_report(diags, DIAG_E0103, span, hint, "unexpected '%.*s'",
                    (int)(span.end - span.start), at);
    } else {
        diag_report(diags, DIAG_E0103, span, hint, "unexpected character U+%04X",
                    (unsigned)point);
    }
}

/* ---- words ---- */

static const char *text_of(const struct other_word *words, size_t n, const char *word) {
    for (size_t i = 0; i < n; i++) {
        if (name_is_one_of(word, words[i].spelling)) {
            return words[i].text;
        }
    }
    return NULL;
}

const char *habit_function(const char *name) {
    return text_of(functions, LENGTH(functions), name);
}

const char *habit_name(const char *name) { return text_of(names, LENGTH(names), name); }

void habit_report_key(struct arena *arena, struct diags *diags, const char *key,
                      struct span span) {
    const char *hint = text_of(keys, LENGTH(keys), key);
    struct nearest nearest = {.wanted = key};
    struct text all = {.arena = arena};
    text_add(&all, "there are ");
    for (int i = 0; key_at(i); i++) {
        nearest_offer(&nearest, key_at(i), NULL);
        text_add(&all, "%s%s", i ? ", " : "", key_at(i));
    }
    if (!hint && nearest.name) {
        hint = arena_printf(arena, "did you mean '%s'?", nearest.name);
    }
    diag_report(diags, DIAG_E0401, span, hint ? hint : all.at, "unknown key %s",
                diag_name(diags, key));
}

const char *habit_arguments(const char *function, int n) {
#define OTHER_ARGUMENTS(spelling, count, text)                \
    if (n == (count) && name_is_one_of(function, spelling)) { \
        return text;                                          \
    }
#include "habits.def"
    return NULL;
}

bool habit_is_derivative(const char *function) {
#define DERIVATIVE_FUNCTION(spelling) name_is_one_of(function, spelling) ||
    return
#include "habits.def"
        false;
}

bool habit_derivative_form(int i, const char **before, const char **after) {
    if (i >= (int)LENGTH(derivatives)) {
        return false;
    }
    *before = derivatives[i].before;
    *after = derivatives[i].after;
    return true;
}

static bool has_role(const char *word, enum block_role role) {
    for (size_t i = 0; i < LENGTH(blocks); i++) {
        if (blocks[i].role == role && name_is_one_of(word, blocks[i].spelling)) {
            return true;
        }
    }
    return false;
}

bool habit_joins(const char *word) { return has_role(word, BLOCK_JOINS); }

bool habit_opens(const char *word) { return has_role(word, BLOCK_OPENS); }

bool habit_ends(const char *word) { return has_role(word, BLOCK_ENDS); }
