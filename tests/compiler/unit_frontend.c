/* unit_frontend.c -- text to model: values, names, cascades, units, memory, hostile
 * texts.
 *
 * What diagnostics say is held by tests/golden; here stand tables of what must be
 * accepted, how much must be reported, and what functions give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"
#include "names.h"
#include "odec_compile.h"
#include "units.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define HEAD "model m\ninit x = 1\n"

/* The front end on one text, which has no NUL after it. */
struct front {
    jmp_buf on_failure;
    struct arena *arena;
    char *text;
    struct diags *diags;
    struct model *model;
    bool out_of_memory;
};

static void front_open(struct front *f, const char *text, size_t length) {
    *f = (struct front){.text = malloc(length + 1)};
    assert_non_null(f->text);
    f->text = realloc(f->text, length ? length : 1);
    memcpy(f->text, text, length);
    f->arena = arena_create(NULL, &f->on_failure);
    assert_non_null(f->arena);
    if (setjmp(f->on_failure)) {
        f->out_of_memory = true;
        return;
    }
    f->diags = diags_create(f->arena, "m.ode", f->text, length);
    struct ast *ast = parse(f->arena, f->diags, f->text, length);
    f->model = ast ? check(f->arena, f->diags, ast, false) : NULL;
    assert_true(!f->model || model_is_whole(f->arena, f->model));
}

static void front_close(struct front *f) {
    arena_destroy(f->arena);
    free(f->text);
}

static void expect_errors(const char *text, size_t length, int n_errors,
                          const char *code) {
    struct front f;
    front_open(&f, text, length);
    assert_false(f.out_of_memory);
    const char *said = diags_text(f.diags, false);
    if (diags_n_errors(f.diags) != n_errors || (code && !strstr(said, code))) {
        fail_msg("%d errors and %s expected of\n%.2000s\nfound\n%s", n_errors,
                 code ? code : "no code", text, said);
    }
    assert_int_equal(f.model == NULL, n_errors > 0);
    front_close(&f);
}

/* ---- constants have the values they should ---- */

static const struct {
    const char *expression;
    double value;
} values[] = {{"-2^2", -4},
              {"2^3^2", 512},
              {"2^-1", 0.5},
              {"3*-2", -6},
              {"1 - 2 - 3", -4},
              {"12/3/2", 2},
              {"8/3", 8.0 / 3},
              {"1.5e3 + .5 + 5. + 1e-3", 1505.501},
              {"if 1 < 2 then 3 else 4", 3},
              {"if not 1 < 2 or 1 == 2 then 3 else 4", 4},
              {"if 1 < 2 and 2 <= 2 and 3 > 2 and 2 >= 2 and 1 != 2 then 3 else 4", 3},
              {"1 + if 2 < 1 then 1 else 2*3", 7},
              {"max(min(1, 2), -1) + abs(-3)", 4},
              {"floor(-1.5) + ceil(1.5) + sign(-2)", -1},
              {"g(3) + 1", 10},
              {"h(2, 3)", 11},
              {"later + 1", 6},
              {"+1 - +2", -1},
              {"2*+3 + +-+2^2", 2},
              {"1\n + 2 # more\n\n # and\n\t* 3\n^2", 19},
              {"if 1 < 2\n and 2 < 1 then 1\nelse if 2\n > 1 then 2\n else 3", 2}};

static void constants_have_their_values(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(values); i++) {
        char text[500];
        int n = snprintf(text, sizeof text,
                         HEAD "const c = %s\nx' = c\ng(a) = a^2\nh(a, b) = a + g(b)\n"
                              "const later = 5\n",
                         values[i].expression);
        struct front f;
        front_open(&f, text, (size_t)n);
        assert_non_null(f.model);
        assert_true(f.model->consts.at[0]->number == values[i].value);
        front_close(&f);
    }
}

/* ---- every builtin is there, with its number of arguments ---- */

static void builtins_are_known(void **state) {
    (void)state;
    for (int op = 0; op < OP_COUNT; op++) {
        if (op_table[op].class != OP_CLASS_BUILTIN) {
            continue;
        }
        char text[200];
        int n = snprintf(text, sizeof text, HEAD "x' = %s(%s)", op_table[op].spelling,
                         op_table[op].arity == 2 ? "x, 2" : "x");
        expect_errors(text, (size_t)n, 0, NULL);
        n = snprintf(text, sizeof text, HEAD "x' = %s(x, 2, 3)", op_table[op].spelling);
        expect_errors(text, (size_t)n, 1, "E0301");
        n = snprintf(text, sizeof text, HEAD "x' = 1\npar %s = 2",
                     op_table[op].spelling);
        expect_errors(text, (size_t)n, 1, "E0205");
    }
}

/* ---- one mistake, one message ---- */

static const struct {
    const char *text;
    int n_errors;
    const char *code;
} mistakes[] = {
    {HEAD "x' = x", 0, NULL},
    {HEAD "x' = x\n\n\n", 0, NULL},
    {HEAD "x' = x;;; ; par k = 1 in 0 .. 2 \"text\"", 0, NULL},
    /* names in a statement that is wrong are not missed elsewhere */
    {HEAD "x' = $", 1, "E0103"},
    {HEAD "x' = a\na = (b", 1, "E0110"},
    {HEAD "x' = a + b\npar a = , b = 3", 1, "E0110"},
    {HEAD "x' = k\npar k 3", 1, "E0110"},
    {HEAD "x' = spike\nevent spike: when x > 1 {\n y = 2; z = 3\n}\n", 1, "E0113"},
    {HEAD "x' = I\ninput I : pA = 500 in 3 .. 4", 1, "E0113"},
    {HEAD "for i in 1..3 { for j in 1..3 {\n x' = 3\n } }\ny = 2", 1, "E0113"},
    {"model m\ninit u[i in 1..3] = 0\nu[1]' = 2", 2, "E0113"},
    {"model m\nreact r: A -> B mass k\ninit A = 1, B = 2", 1, "E0113"},
    /* a parenthesis left open does not swallow what follows */
    {HEAD "x' = (1 + (2\ny = nothing\npar k = 1", 2, "E0203"},
    {HEAD "x' = max(1,\n 2 $ 3,\n 4)\ny = nothing", 2, "E0203"},
    {HEAD "x' = 1\nsolve {\n dt = $\n rtol = -1\n}\ny = nothing", 3, "E0404"},
    {HEAD "x' = 1\nsolve { dt = * }\ny = nothing", 2, "E0203"},
    {HEAD "x' = 1\nsolve { dt = 1 \ny = nothing", 2, "E0110"},
    {HEAD "x' = 1\nsolve foo { dt = 1 }\ny = nothing", 2, "E0203"},
    /* an unknown name is told once */
    {HEAD "x' = k + k*k\ny = k", 1, "E0203"},
    {HEAD "x' = y\nz' = y + z", 2, "E0207"},
    /* a cycle is told once, and not its consequences */
    {HEAD "x' = a\na = b\nb = a\nc = a + b", 1, "E0210"},
    {HEAD "x' = f(1)\nf(a) = f(a) + 1\nconst c = f(2)", 1, "E0211"},
    {HEAD "x' = 1\nconst a = b, b = a, c = a\npar k = a in b .. c", 1, "E0210"},
    {HEAD "x' = 1\nconst a = 1/0, b = a + 1\npar k = b in a .. b", 1, "E0309"},
    {HEAD "x' = 1\nconst a = nothing, b = a\npar k = b in a .. b", 1, "E0203"},
    {HEAD "x' = 1\nconst a = x, b = a, c = b", 1, "E0307"},
    /* the first statement */
    {"", 1, "E0201"},
    {"\n\n", 1, "E0201"},
    {"par k = 1\ninit x = 1\nx' = nothing", 1, "E0201"},
    {"model", 1, "E0110"},
    {"model m x", 1, "E0110"},
    /* words that are free as names, and places where they are not */
    {HEAD "x' = in + at\nin = 1\nat = 2", 0, NULL},
    {HEAD "x' = 1\nsolve { save = 3 }", 1, "E0402"},
    {HEAD "x' = 1\nsolve { }", 0, NULL},
    {HEAD "x' = 1\nsolve {\n}\nsolve {\n}", 1, "E0202"},
    {HEAD "x' = 1\nsolve\n{ dt = 1 }", 1, "E0110"},
    {HEAD "x' = 1\nsolve # on\n\n{ dt = nothing }", 2, "E0203"},
    /* a statement ends at a newline, unless the next line goes on with it */
    {HEAD "x' = 1\n+ 2", 0, NULL},
    {HEAD "x' = 1;\n+ 2", 1, "E0110"},
    {HEAD "x' = if x > 1 then 1\nelse 2", 0, NULL},
    {HEAD "x' = if x > 1\nthen 1\n else 2\ny = nothing", 1, "E0203"},
    {HEAD "x' = 1 $\n+ nothing\n  / 2\ny = nothing2", 2, "E0203"},
    {HEAD "x' = 1\nsolve { dt = 1\n / 2 }", 0, NULL},
    /* what ends a statement that is wrong, though the next begins with a mistake too */
    {HEAD "x' = 1 $\n\"open\ny = nothing", 3, "E0105"},
    {HEAD "x' = 1 $\n1e999 = 2", 3, "E0104"},
    /* comments and blocks of other languages are one mistake */
    {HEAD "x' = 1 // a; b = nothing\ny = nothing2", 2, "E0203"},
    {HEAD "/* a (\n b { \n c; d */\nx' = 1\ny = nothing2", 2, "E0203"},
    {HEAD "x' = 1\n/* a\ny = nothing", 2, "E0203"},
    {HEAD "x' = 1\nif x > 1\n  y = 2; z = $\nelse\n  y = 3\nend\ny = nothing", 2,
     "E0203"},
    {HEAD "x' = 1\nif (x > 1) y = 2; else y = 3;\nz = nothing", 2, "E0203"},
    {HEAD "x' = 1\nif (x > 1) {\ny = 2\n} else {\ny = 3\n}\nz = nothing", 2, "E0203"},
    {HEAD "x' = 1\ndef f(x):\n  return $\nz = nothing", 2, "E0203"},
    {HEAD "x' = 1\nx2 = foo(x > 1)\nz = if x2 then 1 else 2", 1, "E0204"},
    {HEAD "x' = 1 \\\n+ 2", 0, NULL},
    {HEAD "x' = 1 \\ # why not\n+ 2", 0, NULL},
    {HEAD "x' =\n\n  1", 0, NULL},
    {HEAD "x' = 1\rx = 2", 1, "E0103"},
};

static void one_mistake_one_message(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(mistakes); i++) {
        expect_errors(mistakes[i].text, strlen(mistakes[i].text), mistakes[i].n_errors,
                      mistakes[i].code);
    }
}

/* ---- hostile texts: one message, no time, no stack ---- */

/* a0 = 1 + a0 + a1, a1 = 1 + a0 + a2, ...: every one closes a cycle of its own */
static void expect_cycles(int n) {
    char *text = malloc(100 + 40 * (size_t)n), *to = text;
    assert_non_null(text);
    to = stpcpy(to, HEAD "x' = a0\n");
    for (int i = 0; i < n; i++) {
        to += sprintf(to, "a%d = 1 + a0 + a%d\n", i, i + 1);
    }
    to += sprintf(to, "a%d = 1\n", n);
    expect_errors(text, (size_t)(to - text), 50, "E0210");
    free(text);
}

/* before, then `unit` n times, then after */
static void expect_repeated(const char *before, const char *unit, size_t n,
                            const char *after, int n_errors, const char *code) {
    size_t length = strlen(before) + n * strlen(unit) + strlen(after);
    char *text = malloc(length + 1), *to = text;
    assert_non_null(text);
    to = stpcpy(to, before);
    for (size_t i = 0; i < n; i++) {
        to = stpcpy(to, unit);
    }
    stpcpy(to, after);
    expect_errors(text, length, n_errors, code);
    free(text);
}

static void hostile_texts_are_refused(void **state) {
    (void)state;
    expect_repeated(HEAD "x' = ", "(", 1000000, "1", 1, "m.ode:3:1006: error[E0107]");
    expect_repeated(HEAD "x' = ", "(", 1000001, "1", 1, "E0107");
    expect_repeated(HEAD "x' = ", "-", 1000, "1", 0, NULL);
    expect_repeated(HEAD "x' = ", "-", 1001, "1", 1, "E0107");
    expect_repeated(HEAD "x' = ", "2^", 100000, "1", 1, "E0107");
    expect_repeated(HEAD "x' = 1 + ", "max(x, ", 100000, "1", 1, "E0107");
    expect_repeated(HEAD "x' = ", "if x > 1 then ", 1001, "1", 1, "E0107");
    expect_repeated(HEAD "x' = ", "if x > 1 then 1 else (", 501, "1", 1, "E0107");
    expect_repeated(HEAD "x' = ", "if x > 1 then 1 else ", 100000, "1", 0, NULL);
    expect_repeated(HEAD "par p = ", "if 1 < 2 then 1 else ", 100000, "1\nx' = p", 0,
                    NULL);
    expect_repeated(HEAD "x' = ", "x + ", 300000, "1", 0, NULL);
    expect_repeated(HEAD "x' = x\n", " * x\n", 200000, "", 0, NULL);
    expect_repeated(HEAD "const c = ", "1 + ", 300000, "1\nx' = c", 0, NULL);
    expect_repeated(HEAD "x' = ", "x + ", 300000, "nothing", 1, "E0203");
    expect_repeated(HEAD "x' = ", "x + ", 1000000, "1", 1, "E0106");
    expect_repeated(HEAD "x' = 1 # ", "a", 10000000, "", 0, NULL);
    expect_repeated(HEAD "x' = ", "a", 10000000, "", 1, "E0203");
    expect_repeated(HEAD "x' = ", "1", 10000000, "", 1, "E0104");
    expect_repeated(HEAD "x' = ", "1", 300, "", 0, NULL);
    expect_repeated(HEAD "x' = 1 \"", "a", 10000000, "\"", 0, NULL);
    expect_repeated(HEAD "x' = 1\n", "\n", 10000000, "", 0, NULL);
    expect_repeated(HEAD "x' = 1\n", "event e {", 100000, "", 1, "E0113");
    expect_repeated("model m\ninit ", "x", 300, " = 1\n", 1, "E0206");
    /* so many mistakes that explaining each would take minutes */
    expect_repeated(HEAD "x' = 1\n", "a b\n", 300000, "", 300000, "E0110");
    expect_repeated(HEAD "x' = 1\n", "/* a\n", 300000, "", 300000, "E0103");
    expect_cycles(100000);
    expect_errors(HEAD "x' = 1\0", sizeof(HEAD "x' = 1\0") - 1, 1, "E0102");
}

static const char *const not_utf8[] = {
    "\x80",         "\xc3(",        "\xc0\x80",
    "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
    "\xf8\x88",     "\xe2\x82",     "\xff"};

static void broken_utf8_is_located(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(not_utf8); i++) {
        char text[100];
        int n = snprintf(text, sizeof text, HEAD "# \xc3\xa9%s", not_utf8[i]);
        expect_errors(text, (size_t)n, 1, "m.ode:3:4: error[E0101]");
    }
    static const char good[] = HEAD "x' = 1 # \xf4\x8f\xbf\xbf \xe2\x82\xac";
    expect_errors(good, sizeof good - 1, 0, NULL);
}

/* ---- units ---- */

static const struct {
    const char *a, *b;
    enum unit_relation relation;
    double ratio;
} unit_pairs[] = {{"mV", "mV", UNITS_SAME, 1},
                  {"nS*mV", "pA", UNITS_SAME, 1},
                  {"pA/pF", "mV/ms", UNITS_SAME, 1},
                  {"V", "mV", UNITS_SCALED, 1000},
                  {"h", "s", UNITS_SCALED, 3600},
                  {"mg/L", "ug/mL", UNITS_SAME, 1},
                  {"mM", "mol/m^3", UNITS_SAME, 1},
                  {"kg*m*s^-2", "N", UNITS_SAME, 1},
                  {"J/C", "V", UNITS_SAME, 1},
                  {"1/ohm", "S", UNITS_SAME, 1},
                  {"1/min", "Hz", UNITS_SCALED, 1.0 / 60},
                  {"cells/mL", "cells/L", UNITS_SCALED, 1000},
                  {"mcells", "cells", UNITS_DIFFERENT, 0},
                  {"mV", "pA", UNITS_DIFFERENT, 0},
                  {"1", "V/V", UNITS_SAME, 1},
                  {"V/mV", "1", UNITS_SCALED, 1000}};

/* The unit of a parameter written with it. */
static const struct unit *unit_of_text(struct front *f, const char *unit) {
    char text[200];
    int n = snprintf(text, sizeof text, HEAD "x' = k\npar k : %s = 1", unit);
    front_open(f, text, (size_t)n);
    assert_non_null(f->model);
    assert_string_equal(f->model->pars.at[0]->unit_text, unit);
    return f->model->pars.at[0]->unit;
}

static void units_compare(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(unit_pairs); i++) {
        struct front a, b;
        const struct unit *x = unit_of_text(&a, unit_pairs[i].a);
        const struct unit *y = unit_of_text(&b, unit_pairs[i].b);
        double ratio;
        assert_int_equal(unit_compare(a.arena, x, y, &ratio), unit_pairs[i].relation);
        if (unit_pairs[i].relation == UNITS_SCALED) {
            double error = ratio / unit_pairs[i].ratio - 1;
            assert_true(error < 1e-12 && error > -1e-12);
        }
        front_close(&a);
        front_close(&b);
    }
}

/* ---- did you mean ---- */

static const struct {
    const char *wanted, *offered, *best; /* best: NULL for none */
} near_names[] = {{"gLk", "gL EL C", "gL"},         {"sigm", "sigma rho", "sigma"},
                  {"teh", "the ten", "the"},        {"Rho", "rho who", "rho"},
                  {"x", "alpha beta", NULL},        {"velocity", "v vel voltage", NULL},
                  {"tsit55", "tsit5 bs3", "tsit5"}, {"ab", "ba", "ba"}};

static void nearest_names(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(near_names); i++) {
        struct nearest nearest = {.wanted = near_names[i].wanted};
        char offered[100];
        strcpy(offered, near_names[i].offered);
        for (char *name = strtok(offered, " "); name; name = strtok(NULL, " ")) {
            nearest_offer(&nearest, name, NULL);
        }
        if (near_names[i].best) {
            assert_non_null(nearest.name);
            assert_string_equal(nearest.name, near_names[i].best);
        } else {
            assert_null(nearest.name);
        }
    }
}

/* ---- memory ---- */

static void arena_gives_zeroed_aligned_memory(void **state) {
    (void)state;
    jmp_buf on_failure;
    struct arena *arena = arena_create(NULL, &on_failure);
    assert_non_null(arena);
    assert_int_equal(setjmp(on_failure), 0);
    char *last = NULL;
    for (size_t size = 0; size < 3000; size = 2 * size + 1) {
        char *p = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 'x', size);
        assert_ptr_not_equal(p, last);
        last = size ? p : NULL;
    }
    char *grown = arena_grow(arena, arena_copy(arena, "abc", 3), 3, 10);
    assert_memory_equal(grown, "abc\0\0\0\0\0\0\0", 10);
    struct text text = {.arena = arena};
    for (int i = 0; i < 1000; i++) {
        text_add(&text, "%d,", i % 10);
    }
    assert_int_equal(text.n, 2000);
    assert_int_equal(strlen(text.at), 2000);
    arena_destroy(arena);
    arena_destroy(NULL);
}

static void arena_leaves_where_memory_ends(void **state) {
    (void)state;
    jmp_buf on_failure;
    struct arena *arena = arena_create(NULL, &on_failure);
    assert_non_null(arena);
    if (!setjmp(on_failure)) {
        arena_alloc(arena, SIZE_MAX);
        fail();
    }
    if (!setjmp(on_failure)) {
        arena_alloc(arena, SIZE_MAX / 2 + 1);
        fail();
    }
    arena_destroy(arena);
}

static void names_are_found_again(void **state) {
    (void)state;
    jmp_buf on_failure;
    struct arena *arena = arena_create(NULL, &on_failure);
    assert_non_null(arena);
    assert_int_equal(setjmp(on_failure), 0);
    struct names names = {.arena = arena};
    assert_null(names_get(&names, "x"));
    for (int i = 0; i < 5000; i++) {
        char *name = arena_printf(arena, "n%d", i);
        names_put(&names, name, name);
    }
    names_put(&names, "n7", "seven");
    assert_string_equal(names_get(&names, "n7"), "seven");
    assert_string_equal(names_get(&names, "n4999"), "n4999");
    assert_null(names_get(&names, "n5000"));
    assert_int_equal(names.n, 5000);
    arena_destroy(arena);
}

/* ---- diagnostics ---- */

static void every_code_is_explained(void **state) {
    (void)state;
    static const char *const codes[] = {
#define DIAG(code, severity, explanation) #code,
#include "diag.def"
    };
    for (size_t i = 0; i < LENGTH(codes); i++) {
        const char *text = odec_explain(codes[i]);
        assert_non_null(text);
        assert_int_equal(text[strlen(text) - 1], '\n');
    }
    assert_null(odec_explain("E9999"));
    assert_null(odec_explain(""));
}

static void color_only_if_asked(void **state) {
    (void)state;
    static const char text[] = HEAD "x' = nowhere # \033[31m\a";
    struct front f;
    front_open(&f, text, sizeof text - 1);
    assert_null(strchr(diags_text(f.diags, false), '\033'));
    assert_non_null(strstr(diags_text(f.diags, true),
                           "\033[1mm.ode:3:6: \033[1;31merror[E0203]:\033[0m "
                           "\033[1munknown name 'nowhere'\033[0m\n"
                           "    3 | x' = nowhere # ?[31m?\n"
                           "      |      \033[1;32m^~~~~~~\033[0m\n"));
    front_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_have_their_values),
        cmocka_unit_test(builtins_are_known),
        cmocka_unit_test(one_mistake_one_message),
        cmocka_unit_test(hostile_texts_are_refused),
        cmocka_unit_test(broken_utf8_is_located),
        cmocka_unit_test(units_compare),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(arena_leaves_where_memory_ends),
        cmocka_unit_test(names_are_found_again),
        cmocka_unit_test(every_code_is_explained),
        cmocka_unit_test(color_only_if_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
