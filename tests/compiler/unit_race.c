/* unit_race.c -- the method that `auto` is: for models of which the best is known, at tolerances
 * and with saves that favour one or another; and tableaus as numbers, which the race computes with.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "methods.h"
#include "odec_compile.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static char *read_example(const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.ode", EXAMPLES, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 1 << 16);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

/* ---- the choice ---- */

#define DECAY "model m\npar k = 1e6\ninit x = 1\nx' = -k*(x - cos(t))\n"

static const struct {
    const char *model; /* an example's name, or a text */
    double t1, rtol;   /* t1, NAN: the model's */
    int64_t n_saves;   /* 0: the final state */
    const char *method, *why;
} rows[] = {
    /* the higher order pays from some tolerance on */
    {"lorenz", NAN, 1e-2, 0, "tsit5", "vern7 takes 1."},
    {"lorenz", NAN, 1e-6, 0, "vern7", "tsit5 takes 1."},
    {"lorenz", NAN, 1e-10, 0, "vern7", "tsit5 takes 2."},
    {"two_body", NAN, 1e-9, 0, "vern7", "tsit5 takes 2."},
    /* but values between its steps cost it six stages each */
    {"lorenz", 100, 1e-6, 100000, "tsit5", "vern7 takes 1."},
    /* stiff */
    {DECAY, 10, 1e-6, 0, "rodas5p", "rodas4 takes 1."},
    {"beeler_reuter", NAN, 1e-6, 0, "rodas4", "rodas5p takes 1."},
    {"robertson", NAN, 1e-6, 0, "rodas5p", "rodas4 takes about as much work"},
    {"robertson", NAN, 1e-10, 0, "rodas5p", "rodas4 takes 5."},
    /* its transient alone is not */
    {DECAY, 1e-7, 1e-6, 0, "tsit5", "rodas5p 1."},
    /* a Jacobian must be worth it */
    {"vanderpol", NAN, 1e-1, 0, "tsit5", "rodas4 as much"},
    /* nothing to measure: no step is any good */
    {"model m\npar a = 1e200, b = 1e200\ninit x = 0\nx' = 1 - (a*x)*b\n", 1, 1e-6, 0,
     "tsit5", "rodas5p through 0 %"},
    /* at rest: no error at all */
    {"model m\ninit x = 1\nx' = 0*x\n", 1, 1e-6, 0, "tsit5", "vern7 takes 1."},
};

static void test_choices(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char *text = strchr(rows[i].model, '\n') ? strdup(rows[i].model)
                                                 : read_example(rows[i].model);
        odec_save save = ODEC_SAVE_INIT;
        save.kind = rows[i].n_saves ? ODEC_SAVE_COUNT : ODEC_SAVE_FINAL;
        save.count = rows[i].n_saves;
        odec_spec spec = ODEC_SPEC_INIT;
        spec.method = "auto";
        spec.rtol = rows[i].rtol;
        spec.t0 = isnan(rows[i].t1) ? (double)NAN : 0;
        spec.t1 = rows[i].t1;
        spec.save = &save;
        odec_compilation *c = NULL;
        if (odec_compile("m.ode", text, strlen(text), &spec, &c) != ODEC_OK) {
            fail_msg("%s", odec_compilation_diagnostics(c));
        }
        const odec_program *program = odec_compilation_program(c);
        if (strcmp(program->method, rows[i].method) != 0 ||
            !strstr(program->method_reason, rows[i].why)) {
            fail_msg("row %zu: %s: %s", i, program->method, program->method_reason);
        }
        odec_compilation_destroy(c);
        free(text);
    }
}

/* ---- tableaus ---- */

static double sum_of(const double *row) {
    double sum = 0;
    for (int j = 1; j <= MOST_STAGES; j++) {
        sum += row[j];
    }
    return sum;
}

/* Consistent, and of second order: b 1 = 1, b c = 1/2, a 1 = c, errors add up to nothing. */
static void test_tableaus(void **state) {
    (void)state;
    const struct method *method;
    for (int i = 0; (method = method_at(i)) != NULL; i++) {
        struct tableau t;
        method->tableau(&t);
        assert_in_range(t.n_stages, 1, MOST_STAGES);
        assert_true(t.n_terms > 0 && t.n_rhs > 0);
        assert_true(t.error_order == 0 || t.error_order > 1);
        if (method->stiff) {
            assert_true(t.scale > 0 && t.ends_with_error == (sum_of(t.error) == 0));
            continue;
        }
        double order_2 = 0;
        for (int s = 1; s <= t.n_stages; s++) {
            order_2 += t.b[s] * t.node[s];
            if (s <= t.n_stages - t.ends_with_slope) {
                assert_true(fabs(sum_of(t.a[s]) - t.node[s]) < 1e-12);
            }
        }
        assert_true(fabs(sum_of(t.b) - 1) < 1e-12);
        assert_true(method->order < 2 || fabs(order_2 - 0.5) < 1e-12);
        assert_true(fabs(sum_of(t.error)) < 1e-12);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_tableaus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
