/* unit_jumps.c -- what adaptive steps can pass over is told: where, once, and with the step that
 * meets it; what is no such thing is not. And the pieces of random expressions of t are those
 * that a fine grid finds.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"
#include "odec_compile.h"
#include "piecewise.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* The diagnostics of "model m", then the text; freed by the caller. */
static char *warnings_of(const char *model, const odec_spec *spec) {
    char text[4000];
    snprintf(text, sizeof text, "model m\n%s\n", model);
    odec_compilation *c = NULL;
    if (odec_compile("m.ode", text, strlen(text), spec, &c) != ODEC_OK) {
        fail_msg("%s%s", text, c ? odec_compilation_diagnostics(c) : "out of memory");
    }
    char *said = strdup(odec_compilation_diagnostics(c));
    odec_compilation_destroy(c);
    assert_non_null(said);
    return said;
}

static int count(const char *text, const char *what) {
    int n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p++) {
        n++;
    }
    return n;
}

/* ---- what is told ---- */

#define X "init x = 0\nx' = "
#define SPAN "\nsolve { t = 0 .. 48 }"

static const struct {
    const char *model, *told, *hint; /* told: place and text of the first, or NULL */
    int n;
} rows[] = {
    /* conditions */
    {X "if mod(t, 12) < 0.01 then 1 else 0" SPAN,
     "3:9: warning[W0503]: 'mod(t, 12) < 0.01' "
     "switches at times that adaptive steps can pass over",
     "first at 0.01; dt_max = 0.01 in solve meets all", 1},
    {"par at = 5, w = 0.01\n" X "if t >= at and t < at + w then 1/w else 0" SPAN,
     "4:9: warning[W0503]: 't >= at and t < at + w' switches",
     "first at 5, with the defaults; dt_max = 0.01 in solve meets all", 1},
    {X "if not (t < 7 or 8.125 < t) then 1 else 0" SPAN,
     "3:9: warning[W0503]: 'not (t < 7 or 8.125 < t)' switches",
     "first at 7; dt_max = 1.12 in solve meets all", 1},
    {X "if mod(floor(t/24), 7) < 1 then 1 else 0" SPAN,
     "3:9: warning[W0503]: 'mod(floor(t/24), 7) < 1' switches",
     "first at 24; dt_max = 24 in", 1},
    {X "if sin(t) > 0 then 1 else 0" SPAN, "'sin(t) > 0' switches",
     "give solve a dt_max that is no longer than the shortest of its phases", 1},
    {X "if t > 5 and x > 1 then 1 else 0" SPAN, "3:9: warning[W0503]: 't > 5' switches",
     "first at 5; dt_max = 5", 1},
    {"par late = 1e9\n" X "if t > late then 1 else 0" SPAN, "'t > late' switches",
     "give solve a dt_max", 1},
    {X "if mod(t, 12) < 0.01 then 1 else 0", "'mod(t, 12) < 0.01' switches",
     "first at 0.01; dt_max = 0.01", 1},
    {X "if t > 1 and\n t < 2 then 1 else 0" SPAN, "'t > 1 and  t < 2' switches",
     "first at 1;", 1},
    /* jumps */
    {X "floor(t/6)" SPAN, "3:6: warning[W0503]: 'floor(t/6)' jumps",
     "first at 6; dt_max = 6", 1},
    {X "ceil(t/6) + round(t/5)" SPAN, "'ceil(t/6)' jumps", "dt_max = 6", 2},
    {X "round(t/5)" SPAN, "'round(t/5)' jumps", "first at 2.5; dt_max = 2.5", 1},
    {X "sign(t - 3)" SPAN, "'sign(t - 3)' jumps", "first at 3;", 1},
    {X "mod(3 - t, 2)" SPAN, "'mod(3 - t, 2)' jumps", "first at 1; dt_max = 1", 1},
    {X "exp(-mod(t, 12))" SPAN, "3:11: warning[W0503]: 'mod(t, 12)' jumps",
     "first at 12;", 1},
    {X "mod(t^2, 9)" SPAN, "'mod(t^2, 9)' jumps", "give solve a dt_max", 1},
    /* through names and functions, once for each that is written */
    {"h = mod(t, 24)\nday = h >= 7 and h < 8\n" X "if day then 1 else 0" SPAN,
     "3:7: warning[W0503]: 'h >= 7 and h < 8' switches", "first at 7; dt_max = 1", 1},
    {"h = mod(t, 24)\nday = h < 12\ninit y = 0\ny' = h\n" X "if day then 1 else 0" SPAN,
     "2:5: warning[W0503]: 'mod(t, 24)' jumps", "first at 24", 2},
    {"p(s, w) = if s >= 0 and s < w then 1 else 0\n" X
     "p(t - 5, 0.5) + p(t - 2, 0.25) - p(mod(t, 24) - 7, 1)" SPAN,
     "2:14: warning[W0503]: 's >= 0 and s < w' switches", "first at 2; dt_max = 0.25",
     1},
    {"f(a) = g(a)\ng(b) = 2*b\n" X "f(g(floor(t/6)))" SPAN, "'floor(t/6)' jumps",
     "first at 6", 1},
    {"late = t > 3\n" X "if not late then 1 else if late then 2 else 0" SPAN,
     "2:8: warning[W0503]: 't > 3' switches", "first at 3", 1},
    {"late = t > 3\n" X "if x > 0 and late then 1 else 0" SPAN, "'t > 3' switches", "",
     1},
    /* met by dt_max, or not quite */
    {X "if mod(t, 12) < 0.01 then 1 else 0\nsolve { t = 0 .. 48; dt_max = 0.011 }",
     "'mod(t, 12) < 0.01'", "dt_max = 0.01", 1},
    {X "if mod(t, 12) < 0.01 then 1 else 0\nsolve { t = 0 .. 48; dt_max = 0.01 }", NULL,
     "", 0},
    {X "if sin(t) > 0 then 1 else 0\nsolve { t = 0 .. 48; dt_max = 0.1 }", NULL, "", 0},
    /* none */
    {X "if x > t then 1 else 0" SPAN, NULL, "", 0},
    {X "mod(t + x, 2) + floor(x) + sign(x - t)" SPAN, NULL, "", 0},
    {X "min(t, 3) + max(t, 4) + abs(t - 5) + sin(t)" SPAN, NULL, "", 0},
    {"par p = 3\n" X "if p > 2 then floor(p) else mod(p, 2)" SPAN, NULL, "", 0},
    {X "if t >= 0 then 1 else 2" SPAN, NULL, "", 0},
    {X "if t >= 48 then 1 else 2" SPAN, NULL, "", 0},
    {X "floor(t/100)" SPAN, NULL, "", 0},
    {"f(s) = if s > 1 then 1 else 0\n" X "f(x)" SPAN, NULL, "", 0},
    {X "-x\nout o = floor(t)\nunused = t > 5" SPAN, NULL, "", 0},
    {X "if mod(t, 12) < 0.01 then 1 else 0\nsolve { t = 0 .. 48; dt = 0.1 }", NULL, "",
     0},
    {X "floor(t)\nsolve { t = 0 .. 48; method = rk4; dt = 0.1 }", NULL, "", 0},
};

static void what_is_told(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char *said = warnings_of(rows[i].model, NULL);
        const bool right =
            count(said, "W0503") == rows[i].n && (rows[i].n > 0 || *said == '\0') &&
            (!rows[i].told || strstr(said, rows[i].told)) && strstr(said, rows[i].hint);
        if (!right) {
            fail_msg("row %zu:\n%s\n---\n%s", i, rows[i].model, said);
        }
        free(said);
    }
}

/* A run's own choices count: its span, its longest step, its fixed steps. */
static void what_a_run_chooses(void **state) {
    (void)state;
    static const char model[] = X "if t > 60 and t < 61 then 1 else 0" SPAN;
    odec_spec spec = ODEC_SPEC_INIT;
    char *said[5];
    said[0] = warnings_of(model, &spec);
    spec.t0 = 0;
    spec.t1 = 100;
    said[1] = warnings_of(model, &spec);
    spec.dt_max = 1;
    said[2] = warnings_of(model, &spec);
    spec.dt_max = 2;
    said[3] = warnings_of(model, &spec);
    spec.dt_max = (double)NAN;
    spec.dt = 2;
    said[4] = warnings_of(model, &spec);
    static const int expected[] = {0, 1, 0, 1, 0};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(count(said[i], "W0503"), expected[i]);
        free(said[i]);
    }
}

/* ---- random expressions against a grid ---- */

static unsigned long random_state;

static int random_below(int n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int)((random_state >> 33) % (unsigned)n);
}

/* Numbers are multiples of 1/4, so that a grid between multiples of 1/64 or so is beside most
 * edges. */
static void write_number(FILE *out, int depth) {
    if (depth == 0) {
        fprintf(out, random_below(3) ? "t" : "%g", 0.25 * (random_below(40) + 1));
        return;
    }
    static const char *const calls[] = {"floor", "ceil", "round", "sign", "abs"};
    const int kind = random_below(10);
    fprintf(out,
            kind < 5    ? "%s("
            : kind == 5 ? "mod("
                        : "(",
            kind < 5 ? calls[kind] : "");
    write_number(out, depth - 1);
    if (kind == 5 || kind == 6) {
        fprintf(out, kind == 5 ? ", %g" : "*%g", 0.25 * (random_below(20) + 1));
    } else if (kind > 6) {
        fprintf(out, kind == 7 ? " + " : kind == 8 ? " - " : "*0.5 - 0.25*");
        write_number(out, depth - 1);
    }
    fprintf(out, ")");
}

static void write_condition(FILE *out, int depth) {
    if (depth == 0 || random_below(3) == 0) {
        write_number(out, 2);
        fprintf(out, random_below(2) ? " < " : " >= ");
        write_number(out, 1);
        return;
    }
    fprintf(out, random_below(4) ? "(" : "not (");
    write_condition(out, depth - 1);
    fprintf(out, random_below(2) ? " and " : " or ");
    write_condition(out, depth - 1);
    fprintf(out, ")");
}

/* The expression at t, by another way than piecewise.c's. */
static double value_at(const struct expr *e, double t) {
    double args[3] = {0};
    for (int i = 0; i < e->n_args; i++) {
        args[i] = value_at(e->args[i], t);
    }
    return e->kind == EXPR_NUMBER ? e->number
           : e->kind == EXPR_NAME ? t
                                  : op_value(e->op, args);
}

enum { N_EXPRESSIONS = 2000, N_POINTS = 4000 };

/* The first switch, and how many, by a grid over 0 .. 10. */
static struct jumps jumps_by_grid(const struct expr *e) {
    struct jumps jumps = {.known = true};
    bool before = value_at(e, 1e-4) != 0;
    for (int i = 1; i < N_POINTS; i++) {
        const double t = 10.0 * (i + 0.3717) / N_POINTS;
        const bool now = value_at(e, t) != 0;
        if (now != before) {
            jumps.first = jumps.n++ ? jumps.first : t;
        }
        before = now;
    }
    return jumps;
}

static bool check_random(struct arena *arena, int i) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    fprintf(out, "model m\ninit x = 0\nx' = 1\nc = ");
    write_condition(out, 2);
    fprintf(out, "\n");
    fclose(out);
    struct diags *diags = diags_create(arena, "m.ode", text, length);
    struct ast *ast = parse(arena, diags, text, length);
    struct model *model = ast ? check(arena, diags, ast, false) : NULL;
    if (!model) {
        fail_msg("%s", diags_text(diags, false));
    }
    const struct expr *e = model->intermediates.at[0]->value;
    const struct jumps found = piecewise_jumps(e, NULL, 0, 10);
    const struct jumps grid = jumps_by_grid(e);
    const double step = 10.0 / N_POINTS;
    const bool seen = found.n == 0 || found.phase > 3 * step;
    if (!found.known || found.n < grid.n || (seen && found.n != grid.n) ||
        (seen && found.n > 0 && fabs(found.first - grid.first) > 2 * step)) {
        fail_msg("%d: %s known %d, %d against %d, first at %g against %g, phase %g", i,
                 text, found.known, found.n, grid.n, found.first, grid.first,
                 found.phase);
    }
    free(text);
    return seen && found.n > 0;
}

static void random_conditions(void **state) {
    (void)state;
    volatile int n_seen = 0; /* longjmp keeps it */
    for (int i = 0; i < N_EXPRESSIONS; i++) {
        jmp_buf on_failure;
        struct arena *arena = arena_create(NULL, &on_failure);
        assert_non_null(arena);
        assert_int_equal(setjmp(on_failure), 0);
        random_state = (unsigned long)i + 1;
        for (int k = 0; k < 20; k++) {
            random_below(2);
        }
        n_seen = n_seen + check_random(arena, i);
        arena_destroy(arena);
    }
    assert_true(n_seen > N_EXPRESSIONS / 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told),
        cmocka_unit_test(what_a_run_chooses),
        cmocka_unit_test(random_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
