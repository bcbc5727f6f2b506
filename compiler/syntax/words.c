/* words.c -- the table of words and signs. */
#include "words.h"

#include <string.h>

#include "parser.h"

static const struct word words[] = {
#define WHEN_NOW false
#define WHEN_LATER true
#define WORD(token, spelling, place, line, when) \
    {TOK_##token, spelling, WORD_##place, LINE_##line, WHEN_##when},
#include "words.def"
};

static const struct sign signs[] = {
#define SIGN(token, class, line) {TOK_##token, SIGN_##class, LINE_##line},
#include "words.def"
};

static const struct {
    const char *name;
    bool takes_word;
} keys[] = {
#define TAKES_WORD true
#define TAKES_VALUE false
#define KEY(name, value) {#name, TAKES_##value},
#include "words.def"
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

const struct word *word_find(const char *text, size_t length) {
    for (size_t i = 0; i < LENGTH(words); i++) {
        const char *spelling = words[i].spelling;
        if (strncmp(spelling, text, length) == 0 && spelling[length] == '\0') {
            return &words[i];
        }
    }
    return NULL;
}

const struct word *word_of(int token) {
    for (size_t i = 0; i < LENGTH(words); i++) {
        if (words[i].token == token) {
            return &words[i];
        }
    }
    return NULL;
}

const struct sign *sign_of(int token) {
    for (size_t i = 0; i < LENGTH(signs); i++) {
        if (signs[i].token == token) {
            return &signs[i];
        }
    }
    return NULL;
}

const char *key_at(int i) {
    return i >= 0 && i < (int)LENGTH(keys) ? keys[i].name : NULL;
}

bool key_is_known(const char *key) {
    int i = 0;
    while (key_at(i) && strcmp(key_at(i), key) != 0) {
        i++;
    }
    return key_at(i) != NULL;
}

bool key_takes_word(const char *key) {
    for (size_t i = 0; i < LENGTH(keys); i++) {
        if (strcmp(keys[i].name, key) == 0) {
            return keys[i].takes_word;
        }
    }
    return false;
}
