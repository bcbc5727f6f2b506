/* alloc_failure.c -- the compiler with every one of its allocations failing in turn.
 *
 * For n = 1, 2, ... the n-th allocation of a compilation returns NULL, until a
 * compilation is reached that makes fewer. Each returns ODEC_ERROR_MEMORY with nothing
 * left behind, and everything allocated is released. (Idea: Lua's and SQLite's test
 * suites.) Under ASan the arena gives each request a block of its own, so that there
 * are many more of them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "odec_compile.h"

struct counting {
    long calls, fails_at, live;
};

static void *allocate(void *user, size_t bytes) {
    struct counting *c = user;
    if (++c->calls == c->fails_at) {
        return NULL;
    }
    void *p = malloc(bytes);
    if (p) {
        memset(p, 0xa5, bytes); /* who reads before writing gets no zeros */
    }
    c->live += p != NULL;
    return p;
}

static void release(void *user, void *pointer) {
    struct counting *c = user;
    c->live -= pointer != NULL;
    free(pointer);
}

static const char rich[] =
    "model rich \"a bit of everything\"\n"
    "const N = 3, third = 1/N\n"
    "par a : 1/s = 0.5 in 0 .. 10 \"a rate\", b = 2*a, c = third^2\n"
    "par k : mV = -70 in -100 .. 100\n"
    "init x : mV = k, y = sqrt(b), z = 1\n"
    "gate(v, s) = if abs(v) < 1e-6 then 1 + v/2 else v/(1 - exp(-v/s))\n"
    "outer(v) = gate(v, 3) + gate(v + 1, b)\n"
    "p = x*y + q\n"
    "q = z^3/7 + outer(x)\n"
    "x' = -a*(x - k) + p*sin(t)\n"
    "y' = atan2(y, z)/c + max(x, y) - mod(t, 2)\n"
    "z' = if x > 0 and not (y < 1 or z == 2) then erf(z) else -z\n"
    "out energy : 1 = x^2 + y^2 \"its square\"\n"
    "out q\n"
    "solve { method = dopri5; rtol = 1e-7; atol = 1e-9, y: 1e-12; t = 0 .. 10\n"
    "  save = at 1, 2, 5 }\n";

static const char wrong[] = "model wrong\n"
                            "par a = 1, a = 2, unused : mV = 3\n"
                            "init x : mV = 1, y : s = nowhere\n"
                            "x' = gLk*x + y + foo(1, 2) + sin(1, 2)\n"
                            "p = q\n"
                            "q = r + p\n"
                            "r = q\n"
                            "f(u) = f(u) + 1\n"
                            "z' = 1\n"
                            "out = (((\n"
                            "event e: when x > 1 { stop }\n"
                            "solve { method = nothing; rtol = \"x\" }\n";

static odec_status compile(struct counting *c, const char *text, const char *dump,
                           odec_compilation **out) {
    odec_spec spec = ODEC_SPEC_INIT;
    spec.allocate = allocate;
    spec.release = release;
    spec.user = c;
    spec.dump = dump;
    return odec_compile("model.ode", text, strlen(text), &spec, out);
}

/* Returns how many allocations a whole compilation makes. */
static long fail_each(const char *text, const char *dump, odec_status expected) {
    for (long n = 1;; n++) {
        struct counting c = {.fails_at = n};
        odec_compilation *compilation = NULL;
        const odec_status status = compile(&c, text, dump, &compilation);
        if (c.calls >= n) { /* it did fail */
            assert_int_equal(status, ODEC_ERROR_MEMORY);
            assert_null(compilation);
        } else {
            assert_int_equal(status, expected);
            assert_non_null(compilation);
            assert_int_equal(odec_compilation_program(compilation) != NULL,
                             expected == ODEC_OK);
        }
        odec_compilation_destroy(compilation);
        assert_int_equal(c.live, 0);
        if (c.calls < n) {
            return n - 1;
        }
    }
}

static void test_rich_model(void **state) {
    (void)state;
    static const char *const dumps[] = {NULL, "ast", "graph", "emit"};
    for (int i = 0; i < 4; i++) {
        const long n = fail_each(rich, dumps[i], ODEC_OK);
        print_message("%ld allocations failed in turn\n", n);
        assert_true(n > 5);
    }
}

static void test_wrong_model(void **state) {
    (void)state;
    const long n = fail_each(wrong, NULL, ODEC_ERROR_MODEL);
    print_message("%ld allocations failed in turn\n", n);
    assert_true(n > 1);
}

/* After a failure the next compilation gives what it gives without one. */
static void test_nothing_is_remembered(void **state) {
    (void)state;
    struct counting c = {0}, bad = {.fails_at = 3};
    odec_compilation *first, *failed, *second;
    assert_int_equal(compile(&c, rich, NULL, &first), ODEC_OK);
    assert_int_equal(compile(&bad, rich, NULL, &failed), ODEC_ERROR_MEMORY);
    assert_int_equal(compile(&c, rich, NULL, &second), ODEC_OK);
    assert_string_equal(
        odec_compilation_program(first)->kernels[ODEC_TARGET_CPU].text,
        odec_compilation_program(second)->kernels[ODEC_TARGET_CPU].text);
    assert_string_equal(
        odec_compilation_program(first)->kernels[ODEC_TARGET_CUDA].text,
        odec_compilation_program(second)->kernels[ODEC_TARGET_CUDA].text);
    odec_compilation_destroy(first);
    odec_compilation_destroy(second);
    assert_int_equal(c.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rich_model),
        cmocka_unit_test(test_wrong_model),
        cmocka_unit_test(test_nothing_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
