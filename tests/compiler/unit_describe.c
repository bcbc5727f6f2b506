/* unit_describe.c -- what a compilation says of a model's names after the text is gone, and what
 * it says to those who would set one that no run can set.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "odec_compile.h"

static const char model[] = "model m\n"
                            "par k = 1\n"
                            "j = 2\n"
                            "const N = 3, M = N + 1\n"
                            "f(a) = a^2\n"
                            "init x = 1, y = k\n"
                            "x' = -k*j*f(x)/N\n"
                            "y' = r\n"
                            "r = y*M\n"
                            "out s = x\n";

static odec_compilation *compile(const odec_spec *spec) {
    odec_compilation *c = NULL;
    char *text = strdup(model);
    odec_compile("m.ode", text, strlen(text), spec, &c);
    memset(text, 'z', strlen(text));
    free(text);
    assert_non_null(c);
    return c;
}

static void test_kinds(void **state) {
    (void)state;
    static const struct {
        const char *name, *article, *kind;
        int32_t line;
        double number;
    } rows[] = {{"k", "a", "parameter", 2, 1},
                {"j", "an", "intermediate", 3, 2},
                {"N", "a", "constant", 4, 3},
                {"M", "a", "constant", 4, (double)NAN},
                {"f", "a", "function", 5, (double)NAN},
                {"x", "a", "state", 6, 1},
                {"y", "a", "state", 6, (double)NAN},
                {"r", "an", "intermediate", 9, (double)NAN},
                {"s", "an", "output", 10, (double)NAN}};
    odec_compilation *c = compile(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        odec_name is = ODEC_NAME_INIT;
        assert_int_equal(odec_compilation_name(c, rows[i].name, &is), ODEC_OK);
        assert_string_equal(is.kind, rows[i].kind);
        assert_string_equal(is.article, rows[i].article);
        assert_int_equal(is.line, rows[i].line);
        assert_true(isnan(rows[i].number) ? isnan(is.number)
                                          : is.number == rows[i].number);
    }
    odec_compilation_destroy(c);
}

static void test_no_name(void **state) {
    (void)state;
    odec_compilation *c = compile(NULL);
    odec_name is = ODEC_NAME_INIT;
    assert_int_equal(odec_compilation_name(c, "nothing", &is), ODEC_ERROR_ARGUMENT);
    assert_int_equal(odec_compilation_name(c, "t", &is), ODEC_ERROR_ARGUMENT);
    assert_int_equal(odec_compilation_name(c, NULL, &is), ODEC_ERROR_ARGUMENT);
    is.size = 0;
    assert_int_equal(odec_compilation_name(c, "k", &is), ODEC_ERROR_ARGUMENT);
    odec_compilation_destroy(c);
    odec_spec wrong = ODEC_SPEC_INIT;
    wrong.method = "nosuch";
    c = compile(&wrong);
    is.size = sizeof is;
    assert_int_equal(odec_compilation_name(c, "k", &is), ODEC_ERROR_ARGUMENT);
    odec_compilation_destroy(c);
}

static void test_defaults(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"j", "'j' is an intermediate (line 3): declare it 'par j = 2'"},
        {"r", "'r' is an intermediate (line 9): declare it 'par r = ...'"},
        {"N", "'N' is a constant (line 4): declare it 'par N = 3'"},
        {"x", "its initial value is written 'x(0)'"},
        {"kk", "did you mean 'k'?"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const odec_default set = {rows[i][0], 1};
        odec_spec spec = ODEC_SPEC_INIT;
        spec.defaults = &set;
        spec.n_defaults = 1;
        odec_compilation *c = compile(&spec);
        odec_diagnostic d = ODEC_DIAGNOSTIC_INIT;
        assert_int_equal(odec_compilation_diagnostic(c, 0, &d), ODEC_OK);
        assert_string_equal(d.code, "E0409");
        assert_string_equal(d.hint, rows[i][1]);
        odec_compilation_destroy(c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_no_name),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
