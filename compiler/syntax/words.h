/* words.h -- what words.def says of a token. */
#ifndef ODEC_WORDS_H
#define ODEC_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum word_place {
    WORD_STATEMENT,
    WORD_EXPRESSION,
    WORD_OPERATOR,
    WORD_VALUE,
    WORD_CLAUSE
};
enum sign_class { SIGN_OPERATOR, SIGN_COMPARISON, SIGN_OPERAND_END, SIGN_OTHER };
enum line_joint { LINE_ENDS, LINE_AFTER, LINE_AROUND };

struct word {
    int token; /* of parser.y: TOK_... */
    const char *spelling;
    enum word_place place;
    enum line_joint line;
    bool later; /* not available yet */
};

struct sign {
    int token;
    enum sign_class class;
    enum line_joint line;
};

/* NULL where there is none. */
const struct word *word_find(const char *text, size_t length);
const struct word *word_of(int token);
const struct sign *sign_of(int token);

/* The keys of the solve block; NULL past the last. */
const char *key_at(int i);
bool key_is_known(const char *key);
/* The value of this key of the solve block begins with a word. */
bool key_takes_word(const char *key);

#endif
