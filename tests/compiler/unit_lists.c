/* unit_lists.c -- methods.def, ops.def and words.def, and that the texts and tests which
 * name what is in them keep up: a list by hand is held here or is not there.
 *
 *   unit_lists README.md LANGUAGE.md
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "method_rows.h"
#include "methods.h"
#include "odec_compile.h"
#include "ops.h"

static const char *readme, *language;

/* ---- methods ---- */

static const struct method_row *row_of(const char *name) {
    for (int i = 0; i < N_METHOD_ROWS; i++) {
        if (strcmp(method_rows[i].name, name) == 0) {
            return &method_rows[i];
        }
    }
    return NULL;
}

static void test_every_method_has_its_row(void **state) {
    (void)state;
    for (int i = 0; method_at(i); i++) {
        const struct method *m = method_at(i);
        const struct method_row *row = row_of(m->name);
        if (!row) {
            fail_msg("'%s' has no row in tests/support/method_rows.h", m->name);
        }
        assert_true(row->order == m->order);
        assert_int_equal(row->in_double.first > 0, m->adaptive);
        assert_int_equal(row->in_float.first > 0, m->adaptive);
    }
    for (int i = 0; i < N_METHOD_ROWS; i++) {
        assert_non_null(method_find(method_rows[i].name));
        assert_ptr_equal(row_of(method_rows[i].name), &method_rows[i]);
    }
}

static void test_names(void **state) {
    (void)state;
    assert_string_equal(odec_method_name(0), METHOD_AUTO);
    assert_null(odec_method_name(-1));
    assert_null(method_find(METHOD_AUTO));
    int n = 0;
    for (; method_at(n); n++) {
        assert_string_equal(odec_method_name(n + 1), method_at(n)->name);
        assert_ptr_equal(method_find(method_at(n)->name), method_at(n));
    }
    assert_null(odec_method_name(n + 1));
    assert_int_equal(n, N_METHOD_ROWS);
}

/* `odec explain` and the diagnostic itself name all, `auto` too. */
static void test_explanation(void **state) {
    (void)state;
    char all[1000] = "    ";
    for (int i = 0; odec_method_name(i); i++) {
        strcat(strcat(all, i ? " " : ""), odec_method_name(i));
    }
    assert_non_null(strstr(odec_explain("E0403"), strcat(all, "\n")));
}

/* "| `tsit5` | 5(4) | fixed, adaptive | " ..., "; stiff" after the steps. */
static void expect_manual_row(const char *line, const struct method *m) {
    char orders[32], row[128];
    snprintf(orders, sizeof orders, m->adaptive ? "%d(%d)" : "%d", m->order,
             m->embedded_order);
    snprintf(row, sizeof row, "| `%s` | %s | fixed%s%s |", m->name, orders,
             m->adaptive ? ", adaptive" : "", m->stiff ? "; stiff" : "");
    if (strncmp(line, row, strlen(row)) != 0) {
        fail_msg("README.md has not the row\n%s", row);
    }
}

static void test_manual_of_methods(void **state) {
    (void)state;
    const char *at = strstr(readme, "## Methods"),
               *end = at ? strstr(at, "\n\n`") : NULL;
    assert_non_null(end);
    int n = 0;
    while ((at = strstr(at, "\n| `")) && at < end) {
        const char *name = at + 4;
        char method[32];
        snprintf(method, sizeof method, "%.*s", (int)strcspn(name, "`"), name);
        if (!method_find(method)) {
            fail_msg("README.md knows a method '%s'", method);
        }
        expect_manual_row(++at, method_find(method));
        n++;
    }
    assert_true(n >= 10);
}

/* ---- functions ---- */

/* "    sin cos ...", as many as there are. */
static void list_functions(char *all, const char *before) {
    strcpy(all, before);
    for (int op = 0; op < OP_COUNT; op++) {
        if (op_table[op].class == OP_CLASS_BUILTIN) {
            strcat(strcat(all, all[strlen(before)] ? " " : ""), op_table[op].spelling);
        }
    }
}

static void test_explanation_of_functions(void **state) {
    (void)state;
    char all[4000];
    list_functions(all, "    ");
    assert_non_null(strstr(odec_explain("E0204"), strcat(all, "\n")));
}

/* "Functions: `sin cos ...`. Those of two arguments are `atan2(y, x) ...`." */
static void test_manual_of_functions(void **state) {
    (void)state;
    char all[4000], found[4000] = "";
    const char *list = strstr(language, "Functions: `");
    assert_non_null(list);
    list += strlen("Functions: `");
    const char *end = strchr(list, '`');
    assert_true(end && end - list < (long)sizeof found);
    memcpy(found, list, (size_t)(end - list));
    for (char *at = found; *at; at++) {
        *at = *at == '\n' ? ' ' : *at;
    }
    list_functions(all, "");
    assert_string_equal(found, all);
    const char *two = strstr(end, "two\narguments are `");
    assert_non_null(two);
    for (int op = 0; op < OP_COUNT; op++) {
        char call[32];
        snprintf(call, sizeof call, "%s(", op_table[op].spelling);
        const char *at = strstr(two, call);
        const bool listed = at && at < strstr(two, "`. ");
        if (op_table[op].class == OP_CLASS_BUILTIN &&
            listed != (op_table[op].arity == 2)) {
            fail_msg("LANGUAGE.md: the arguments of '%s'", op_table[op].spelling);
        }
    }
}

/* ---- words ---- */

/* What is said of a model of this text, in which the last word stands for a name. */
static void expect_reserved(const char *word) {
    char text[128], expected[128];
    snprintf(text, sizeof text, "model m\ninit %s = 1\n", word);
    snprintf(expected, sizeof expected, "error[E0111]: '%s' is ", word);
    odec_compilation *c = NULL;
    const odec_spec spec = ODEC_SPEC_INIT;
    assert_int_equal(odec_compile("m.ode", text, strlen(text), &spec, &c),
                     ODEC_ERROR_MODEL);
    if (!strstr(odec_compilation_diagnostics(c), expected)) {
        fail_msg("%s: not so: %s", expected, odec_compilation_diagnostics(c));
    }
    odec_compilation_destroy(c);
}

/* Each word is reserved, and parser.y's name of its token is its spelling. */
static void test_words_are_reserved(void **state) {
    (void)state;
#define RESERVED_STATEMENT(spelling) expect_reserved(spelling);
#define RESERVED_EXPRESSION(spelling) expect_reserved(spelling);
#define RESERVED_OPERATOR(spelling) expect_reserved(spelling);
#define RESERVED_VALUE(spelling) expect_reserved(spelling);
#define RESERVED_CLAUSE(spelling) /* a name where none is due */
#define WORD(token, spelling, place, line, when) RESERVED_##place(spelling)
#include "words.def"
}

/* "Reserved: `model const ...`." names these words, and no other. */
static void test_manual_of_words(void **state) {
    (void)state;
    char found[1000] = " ", word[64];
    const char *list = strstr(language, "Reserved: `");
    assert_non_null(list);
    list += strlen("Reserved: `");
    assert_true(strcspn(list, "`") < sizeof found - 3);
    snprintf(found, sizeof found, " %.*s ", (int)strcspn(list, "`"), list);
    int n_found = 0, n_words = 0;
    for (char *at = found; *at; at++) {
        *at = *at == '\n' ? ' ' : *at;
        n_found += at > found && *at == ' ' && at[-1] != ' ';
    }
#define COUNT_STATEMENT 1
#define COUNT_EXPRESSION 1
#define COUNT_OPERATOR 1
#define COUNT_VALUE 1
#define COUNT_CLAUSE 0
#define WORD(token, spelling, place, line, when)   \
    n_words += COUNT_##place;                      \
    snprintf(word, sizeof word, " %s ", spelling); \
    assert_int_equal(strstr(found, word) != NULL, COUNT_##place);
#include "words.def"
    assert_int_equal(n_found, n_words);
}

static void test_explanation_of_keys(void **state) {
    (void)state;
    char name[32];
#define KEY(key, value)                                   \
    snprintf(name, sizeof name, " %s", #key);             \
    assert_non_null(strstr(odec_explain("E0401"), name)); \
    snprintf(name, sizeof name, "\n| `%s` |", #key);      \
    assert_non_null(strstr(language, name));
#include "words.def"
}

static const char *read_text(const char *path) {
    char *text = calloc(1, 1 << 18);
    FILE *file = fopen(path, "rb");
    if (!text || !file || fread(text, 1, (1 << 18) - 1, file) == 0) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
    return text;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: unit_lists README.md LANGUAGE.md\n");
        return 2;
    }
    readme = read_text(argv[1]);
    language = read_text(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_method_has_its_row),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_explanation),
        cmocka_unit_test(test_manual_of_methods),
        cmocka_unit_test(test_explanation_of_functions),
        cmocka_unit_test(test_manual_of_functions),
        cmocka_unit_test(test_words_are_reserved),
        cmocka_unit_test(test_manual_of_words),
        cmocka_unit_test(test_explanation_of_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
