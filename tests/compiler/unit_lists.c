/* unit_lists.c -- methods.def, ops.def and words.def, and that the texts and tests which
 * name what is in them keep up: a list by hand is held here or is not there.
 *
 *   unit_lists README.md LANGUAGE.md
 */
#include <ctype.h>
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
        if (row->order != m->order) {
            fail_msg("'%s' is of order %d, in method_rows.h of %g", m->name, m->order,
                     row->order);
        }
        if ((row->in_double.first > 0) != m->adaptive ||
            (row->in_float.first > 0) != m->adaptive) {
            fail_msg("'%s' %s adaptive, not so in method_rows.h", m->name,
                     m->adaptive ? "is" : "is not");
        }
    }
    for (int i = 0; i < N_METHOD_ROWS; i++) {
        if (!method_find(method_rows[i].name)) {
            fail_msg("method_rows.h has '%s', methods.def has not",
                     method_rows[i].name);
        }
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

/* What the table says is right; a method need not be in it. */
static void test_manual_of_methods(void **state) {
    (void)state;
    const char *at = strstr(readme, "## Methods\n\n|"),
               *end = at ? strstr(at + strlen("## Methods\n\n|"), "\n\n") : NULL;
    if (!end) {
        fail_msg("README.md has no table of methods");
    }
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
    if (n < 10) {
        fail_msg("README.md's table of methods has %d rows, at least 10 are looked for",
                 n);
    }
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

/* What stands behind `before` up to the next '`', wherever lines break: one space for
 * white space. Says what is not there. */
static const char *find_list(const char *text, const char *before, char *found,
                             size_t size) {
    for (const char *at = text; *at; at++) {
        const char *c = at, *b = before;
        for (; *b && (*b == ' ' ? isspace((unsigned char)*c) : *c == *b); b++) {
            c += *b == ' ' ? strspn(c, " \n") : 1;
        }
        if (*b) {
            continue;
        }
        size_t n = 0;
        for (; *c && *c != '`' && n + 1 < size; c++) {
            const bool space = isspace((unsigned char)*c);
            if (!space || (n > 0 && found[n - 1] != ' ')) {
                found[n++] = space ? ' ' : *c;
            }
        }
        found[n] = '\0';
        if (*c != '`') {
            fail_msg("LANGUAGE.md: no end of what follows \"%s\"", before);
        }
        return c;
    }
    fail_msg("LANGUAGE.md does not say \"%s\"", before);
    return NULL;
}

/* "Functions: `sin cos ...`. Those of two arguments are `atan2(y, x) ...`." */
static void test_manual_of_functions(void **state) {
    (void)state;
    char all[4000], found[4000], two[4000];
    const char *end = find_list(language, "Functions: `", found, sizeof found);
    list_functions(all, "");
    if (strcmp(found, all) != 0) {
        fail_msg("LANGUAGE.md has the functions\n%s\nops.def has\n%s", found, all);
    }
    find_list(end, "two arguments are `", two, sizeof two);
    for (int op = 0; op < OP_COUNT; op++) {
        char call[32];
        snprintf(call, sizeof call, "%s(", op_table[op].spelling);
        const bool listed = strstr(two, call) != NULL;
        if (op_table[op].class == OP_CLASS_BUILTIN &&
            listed != (op_table[op].arity == 2)) {
            fail_msg("LANGUAGE.md: '%s' has %d argument%s, those of two are said to be "
                     "%s",
                     op_table[op].spelling, op_table[op].arity,
                     op_table[op].arity == 1 ? "" : "s", two);
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

static void expect_listed(const char *word, bool listed, bool reserved) {
    if (listed != reserved) {
        fail_msg("LANGUAGE.md: '%s' is %samong the reserved words", word,
                 listed ? "" : "not ");
    }
}

/* "Reserved: `model const ...`." names these words, and no other. */
static void test_manual_of_words(void **state) {
    (void)state;
    char list[1000], found[1003], word[64];
    find_list(language, "Reserved: `", list, sizeof list);
    snprintf(found, sizeof found, " %s ", list);
    int n_found = 0, n_words = 0;
    for (char *at = found; *at; at++) {
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
    expect_listed(spelling, strstr(found, word) != NULL, COUNT_##place);
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
