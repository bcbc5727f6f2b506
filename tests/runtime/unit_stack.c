/* unit_stack.c -- 64 KiB of stack are enough for whoever calls the library: all of it happens in a
 * thread that has no more, with every example and with models as deep as they may be.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "odec_compile.h"
#include "scratch.h"

/* Sanitizers put more around what is on the stack. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { STACK_BYTES = 512 << 10 };
#else
enum { STACK_BYTES = 64 << 10 };
#endif

static const char *cache;

/* What a thread does, and what it found: cmocka's checks belong to the main one. */
struct work {
    const char *text;
    size_t length;
    odec_status compiled, created, solved, ran;
    char why[512];
};

static void solve(struct work *w, const odec_program *program) {
    odec_context *context;
    odec_solver *solver;
    w->created = odec_context_create(&context);
    if (w->created != ODEC_OK) {
        return;
    }
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.device = "cpu";
    options.n_threads = 2;
    options.cache_dir = cache;
    w->created = odec_solver_create(context, program, &options, &solver);
    if (w->created == ODEC_OK) {
        odec_batch batch = ODEC_BATCH_INIT;
        odec_save final = ODEC_SAVE_INIT;
        final.kind = ODEC_SAVE_FINAL;
        batch.save = &final;
        batch.n_runs = 5;
        batch.t0 = 0;
        batch.t1 = 1e-3;
        odec_result result = ODEC_RESULT_INIT;
        w->solved = odec_solve(solver, &batch, NULL, &result);
    }
    snprintf(w->why, sizeof w->why, "%.500s", odec_context_error(context));
    odec_solver_destroy(solver);
    odec_context_destroy(context);
}

/* The same by the simple call, whose kernel is in the cache now. */
static void run_text(struct work *w) {
    odec_solver_options solver = ODEC_SOLVER_OPTIONS_INIT;
    odec_run_options options = ODEC_RUN_OPTIONS_INIT;
    odec_save final = ODEC_SAVE_INIT;
    final.kind = ODEC_SAVE_FINAL;
    odec_table *table;
    solver.device = "cpu";
    solver.cache_dir = cache;
    options.solver = &solver;
    options.t0 = 0;
    options.t1 = 1e-3;
    options.save = &final;
    w->ran = odec_run_text(w->text, &options, &table);
    if (table && w->why[0] == '\0') {
        snprintf(w->why, sizeof w->why, "%.500s", table->error);
    }
    odec_table_destroy(table);
}

static void *in_thread(void *at) {
    struct work *w = at;
    odec_compilation *compilation;
    w->compiled = odec_compile("m.ode", w->text, w->length, NULL, &compilation);
    if (w->compiled == ODEC_OK) {
        solve(w, odec_compilation_program(compilation));
    }
    odec_compilation_destroy(compilation);
    run_text(w);
    return NULL;
}

static struct work work_on(const char *text) {
    struct work w = {.text = text, .length = strlen(text)};
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attributes, in_thread, &w), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    return w;
}

static void expect_solved(const char *name, const char *text) {
    const struct work w = work_on(text);
    if (w.compiled || w.created || w.solved || w.ran) { /* ODEC_OK is 0 */
        fail_msg("%s: compiled %d, created %d, solved %d, run %d: %s", name, w.compiled,
                 w.created, w.solved, w.ran, w.why);
    }
}

/* ---- examples ---- */

static char *read_whole(const char *path) {
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    return text;
}

static void test_examples(void **state) {
    (void)state;
    char path[1024];
    DIR *list = opendir(EXAMPLES_DIR);
    int n = 0;
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".ode") == 0) {
            snprintf(path, sizeof path, "%s/%s", EXAMPLES_DIR, entry->d_name);
            expect_solved(entry->d_name, read_whole(path));
            n++;
        }
    }
    closedir(list);
    assert_true(n >= 10);
}

/* ---- deep models ---- */

static char *repeated(const char *before, const char *unit, int n, const char *after) {
    const size_t size = strlen(before) + (size_t)n * strlen(unit) + strlen(after) + 1;
    char *text = malloc(size), *to = text;
    assert_non_null(text);
    to = stpcpy(to, before);
    for (int i = 0; i < n; i++) {
        to = stpcpy(to, unit);
    }
    stpcpy(to, after);
    return text;
}

#define HEAD "model m\ninit x = 1, y = 2\ny' = -y\nx' = "

static void test_deep_models(void **state) {
    (void)state;
    static const struct {
        const char *name, *before, *unit;
        int n;
        const char *after;
    } rows[] = {
        {"a sum", HEAD, "x*y + ", 2500, "1\n"},
        {"a long sum", HEAD, "x + ", 20000, "1\n"},
        {"a product", HEAD, "(0.5 + x)*", 5000, "y\n"},
        {"else if", HEAD "0 - x + if x > 9 then 1", " else if y > 3 then x", 3000,
         " else y\n"},
        {"parentheses", HEAD "-", "(x + ", 999, "0"},
        {"signs", HEAD, "- ", 1000, "x\n"},
        {"powers", HEAD, "x^", 999, "1\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = repeated(rows[i].before, rows[i].unit, rows[i].n, rows[i].after);
        if (strchr(rows[i].unit, '(') && !strchr(rows[i].unit, ')')) {
            char *closed = repeated(text, ")", rows[i].n, "\n");
            free(text);
            text = closed;
        }
        expect_solved(rows[i].name, text);
        free(text);
    }
}

/* A stiff method derives and factors what it finds. */
static void test_deep_and_stiff(void **state) {
    (void)state;
    char *text = repeated(HEAD, "0.1*x*y - ", 600, "x\nsolve { method = rodas5p }\n");
    expect_solved("a stiff sum", text);
    free(text);
}

/* Calls of calls. */
static void test_deep_calls(void **state) {
    (void)state;
    char text[1 << 14], *to = stpcpy(text, "model m\ninit x = 1\nf0(u) = 0.3*u + 1\n");
    for (int i = 1; i <= 300; i++) {
        to += sprintf(to, "f%d(u) = 0.9*f%d(u) + 1\n", i, i - 1);
    }
    sprintf(to, "x' = -f300(x)\n");
    expect_solved("calls of calls", text);
    char *deep = repeated(HEAD, "(", 100000, "1\n"); /* what is too deep is told */
    const struct work w = work_on(deep);
    assert_int_equal(w.compiled, ODEC_ERROR_MODEL);
    assert_int_equal(w.ran, ODEC_ERROR_MODEL);
    free(deep);
}

static int setup(void **state) {
    (void)state;
    cache = scratch_create();
    return cache == NULL;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_deep_models),
        cmocka_unit_test(test_deep_and_stiff),
        cmocka_unit_test(test_deep_calls),
    };
    return cmocka_run_group_tests(tests, setup, scratch_remove);
}
