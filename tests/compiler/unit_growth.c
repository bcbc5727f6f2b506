/* unit_growth.c -- what a compilation takes grows with the model, not with its square: twice the
 * model takes about twice the memory, in what the arena asks the allocator for.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "odec_compile.h"

static void *count_bytes(void *user, size_t bytes) {
    *(size_t *)user += bytes;
    return malloc(bytes);
}

static void release(void *user, void *pointer) {
    (void)user;
    free(pointer);
}

/* Text of a model with n of what grows. */
typedef void write_model(FILE *out, int n);

static void many_parameters_and_states(FILE *out, int n) {
    fprintf(out, "model m\n");
    for (int i = 0; i < n; i++) {
        fprintf(out, "par k%d = %d.5\ninit x%d = k%d\nx%d' = -k%d*x%d\n", i, i % 7, i,
                i, i, i, i);
    }
}

static void many_parameters(FILE *out, int n) {
    fprintf(out, "model m\ninit x = 1\ns0 = x\n");
    for (int i = 0; i < n; i++) {
        fprintf(out, "par k%d = %d.5\ns%d = s%d + k%d\n", i, i % 7, i + 1, i, i);
    }
    fprintf(out, "x' = s%d\n", n);
}

static void chain_of_defaults(FILE *out, int n) {
    fprintf(out, "model m\npar k0 = 1\ninit x = 1\n");
    for (int i = 1; i < n; i++) {
        fprintf(out, "par k%d = k%d + 1\n", i, i - 1);
    }
    fprintf(out, "x' = -k%d*x\n", n - 1);
}

static void chain_backwards(FILE *out, int n) {
    fprintf(out, "model m\ninit x = 1\nx' = -k0*x\n");
    for (int i = 0; i < n - 1; i++) {
        fprintf(out, "par k%d = k%d + 1\n", i, i + 1);
    }
    fprintf(out, "par k%d = 1\n", n - 1);
}

static void long_sum(FILE *out, int n) {
    fprintf(out, "model m\ninit x = 1\npar k = 1\nx' = k");
    for (int i = 0; i < n; i++) {
        fprintf(out, " + sin(%d*x)*k\n", i);
    }
}

static void long_choice(FILE *out, int n) {
    fprintf(out, "model m\ninit x = 1\nf(a) = a^2\nx' = ");
    for (int i = 0; i < n; i++) {
        fprintf(out, "if x < %d then f(x - %d)\nelse ", i, i);
    }
    fprintf(out, "1\n");
}

static size_t bytes_of(write_model *write, int n, const char *method) {
    char *text = NULL;
    size_t length = 0, bytes = 0;
    FILE *out = open_memstream(&text, &length);
    write(out, n);
    fclose(out);
    odec_spec spec = ODEC_SPEC_INIT;
    spec.method = method;
    spec.t0 = 0;
    spec.t1 = 1;
    spec.allocate = count_bytes;
    spec.release = release;
    spec.user = &bytes;
    odec_compilation *c;
    if (odec_compile("m.ode", text, length, &spec, &c) != ODEC_OK) {
        fail_msg("%.300s", c ? odec_compilation_diagnostics(c) : "out of memory");
    }
    odec_compilation_destroy(c);
    free(text);
    return bytes;
}

static void test_growth(void **state) {
    (void)state;
    const struct {
        const char *name;
        write_model *write;
        int n;
    } rows[] = {
        {"parameters and states", many_parameters_and_states, 1000},
        {"parameters", many_parameters, 3000},
        {"a chain of defaults", chain_of_defaults, 3000},
        {"a chain of defaults, backwards", chain_backwards, 3000},
        {"a sum", long_sum, 2500},
        {"a choice", long_choice, 600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (const char *const *method =
                 (const char *const[]){"auto", "tsit5", "rodas5p", NULL};
             *method; method++) {
            const size_t once = bytes_of(rows[i].write, rows[i].n, *method);
            const size_t twice = bytes_of(rows[i].write, 2 * rows[i].n, *method);
            if (twice > 2.6 * (double)once) {
                fail_msg("%s, %s: %zu bytes for %d, %zu for twice as many",
                         rows[i].name, *method, once, rows[i].n, twice);
            }
        }
    }
}

/* What ended with "out of memory" (4 GiB and more) before defaults had one order for all. */
static void test_large(void **state) {
    (void)state;
    const size_t most = (size_t)512 << 20;
    assert_true(bytes_of(many_parameters_and_states, 4000, NULL) < most);
    assert_true(bytes_of(many_parameters, 12000, NULL) < most);
    assert_true(bytes_of(chain_of_defaults, 9000, NULL) < most);
}

static void *compile_long(void *data) {
    (void)data;
    for (const char *const *method = (const char *const[]){"tsit5", "rodas5p", NULL};
         *method; method++) {
        bytes_of(long_sum, 5000, *method);
        bytes_of(long_choice, 1200, *method);
    }
    return NULL;
}

/* No walk over an expression calls itself: one of any length takes no stack. */
static void test_little_stack(void **state) {
    (void)state;
    pthread_attr_t attr;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, 256 << 10), 0);
    assert_int_equal(pthread_create(&thread, &attr, compile_long, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attr);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_little_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
