/* unit_context.c -- what an application hands to a context and a solver: its allocator, its
 * log, its cache of kernels, and how long the C compiler may take.
 */
#include <sys/stat.h>

#include "runtime_support.h"

#include "failing_alloc.h"

/* ---- an allocator ---- */

struct counting {
    long n_calls, n_out; /* blocks that were not released */
    long fails_at;       /* the call that gives none; 0: all do */
};

static void *counted_allocate(void *user, size_t bytes) {
    struct counting *counting = user;
    if (++counting->n_calls == counting->fails_at) {
        return NULL;
    }
    counting->n_out++;
    return __real_malloc(bytes);
}

static void counted_release(void *user, void *at) {
    struct counting *counting = user;
    assert_non_null(at);
    counting->n_out--;
    free(at);
}

/* All that an application does; the error's text. */
static odec_status whole_life(const odec_context_options *options,
                              const odec_solver_options *solver_options,
                              char error[256]) {
    const odec_program program = decay_program();
    odec_context *own = NULL;
    odec_solver *solver = NULL;
    odec_devices *devices = NULL;
    odec_source k = sweep_k(500);
    odec_batch batch = batch_of(500, &k);
    const odec_sink sink = {.size = sizeof sink, .write = look_away};
    odec_sizing sizing = ODEC_SIZING_INIT;
    error[0] = '\0';
    odec_status status = odec_context_create_with(options, &own);
    if (status == ODEC_OK) {
        status = odec_solver_create(own, &program, solver_options, &solver);
    }
    if (status == ODEC_OK) {
        status = odec_devices_create(own, &devices);
    }
    if (status == ODEC_OK) {
        status = odec_solver_sizing(solver, &batch, false, 0, &sizing);
    }
    for (int i = 0; i < 2 && status == ODEC_OK; i++) {
        status = odec_solve(solver, &batch, i ? &sink : NULL, NULL);
    }
    if (own) {
        snprintf(error, 256, "%s", odec_context_error(own));
    }
    odec_devices_destroy(devices);
    odec_solver_destroy(solver);
    odec_context_destroy(own);
    return status;
}

static odec_context_options counted(struct counting *counting) {
    odec_context_options options = ODEC_CONTEXT_OPTIONS_INIT;
    options.allocate = counted_allocate;
    options.release = counted_release;
    options.memory_user = counting;
    return options;
}

static odec_solver_options on_cpu(void) {
    odec_solver_options options = test_options();
    options.device = "cpu";
    options.chunk_runs = 100;
    return options;
}

/* Not one block of the library's own is malloc's, with the C compiler or without, and all
 * come back. */
static void test_all_from_the_allocator(void **state) {
    (void)state;
    const char *const caches[] = {"", in_directory("cache"), in_directory("cache")};
    for (int i = 0; i < 3; i++) {
        struct counting counting = {0};
        const odec_context_options options = counted(&counting);
        odec_solver_options solver_options = on_cpu();
        char error[256];
        solver_options.cache_dir = caches[i];
        alloc_fail_at(0);
        const odec_status status = whole_life(&options, &solver_options, error);
        const long n_own = n_alloc_calls;
        assert_string_equal(error, "");
        assert_int_equal(status, ODEC_OK);
        assert_int_equal(n_own, 0);
        assert_true(counting.n_calls > 20);
        assert_int_equal(counting.n_out, 0);
    }
}

static void test_each_allocation_fails(void **state) {
    (void)state;
    odec_solver_options solver_options = on_cpu();
    long n_errors = 0;
    for (long n = 1;; n++) {
        struct counting counting = {.fails_at = n};
        const odec_context_options options = counted(&counting);
        char error[256];
        const odec_status status = whole_life(&options, &solver_options, error);
        assert_int_equal(counting.n_out, 0);
        if (counting.n_calls < n) {
            assert_int_equal(status, ODEC_OK);
            break;
        }
        n_errors += status != ODEC_OK;
        if (status != ODEC_OK && n > 2) { /* there is a context to say it */
            assert_true(status == ODEC_ERROR_MEMORY);
            assert_non_null(strstr(error, "out of memory"));
        }
    }
    assert_true(n_errors > 15);
}

/* A program in the test's directory. */
static char *write_script(const char *name, const char *text) {
    char *path = in_directory(name);
    FILE *script = fopen(path, "w");
    assert_non_null(script);
    fputs(text, script);
    assert_int_equal(fclose(script), 0);
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

/* Up to where the C compiler runs, which here fails at once: memory is what was missing, and
 * no compiler is said to be at fault that never ran. */
static void test_each_allocation_before_the_compiler(void **state) {
    (void)state;
    odec_solver_options solver_options = on_cpu();
    solver_options.cache_dir = "";
    solver_options.compiler = write_script("no-cc", "#!/bin/sh\nexit 1\n");
    long n_without = 0;
    for (long n = 1;; n++) {
        struct counting counting = {.fails_at = n};
        const odec_context_options options = counted(&counting);
        char error[256];
        const odec_status status = whole_life(&options, &solver_options, error);
        assert_int_equal(counting.n_out, 0);
        if (status == ODEC_ERROR_COMPILER) {
            assert_non_null(strstr(error, "no-cc failed without a message"));
            assert_true(n_without == n - 1); /* the later ones are its message's */
            break;
        }
        assert_int_equal(status, ODEC_ERROR_MEMORY);
        n_without++;
    }
    assert_true(n_without > 5);
}

static void test_half_an_allocator(void **state) {
    (void)state;
    struct counting counting = {0};
    odec_context_options options = counted(&counting);
    odec_context *own = context;
    options.release = NULL;
    assert_int_equal(odec_context_create_with(&options, &own), ODEC_ERROR_ARGUMENT);
    assert_null(own);
    assert_int_equal(odec_context_create_with(NULL, &own), ODEC_ERROR_ARGUMENT);
    assert_int_equal(counting.n_calls, 0);
}

/* ---- a log ---- */

struct lines {
    char text[4096];
    int n[ODEC_LOG_WARNING + 1];
};

static void keep_line(void *user, odec_log_level level, const char *text) {
    struct lines *lines = user;
    const size_t n = strlen(lines->text);
    assert_null(strchr(text, '\n'));
    snprintf(lines->text + n, sizeof lines->text - n, "%s\n", text);
    lines->n[level]++;
}

static void test_log(void **state) {
    (void)state;
    odec_context_options options = ODEC_CONTEXT_OPTIONS_INIT;
    struct lines lines = {0};
    char error[256];
    options.log = keep_line;
    options.log_user = &lines;
    odec_solver_options solver_options = on_cpu();
    solver_options.cache_dir = "";
    assert_int_equal(whole_life(&options, &solver_options, error), ODEC_OK);
    assert_non_null(strstr(lines.text, " compiled a kernel in "));
    assert_non_null(strstr(lines.text, "cpu: 2 threads of "));
    assert_non_null(strstr(lines.text, ", its kernel compiled\n"));
    assert_non_null(strstr(lines.text, "cpu: 500 runs in 5 chunks, "));
    assert_int_equal(lines.n[ODEC_LOG_WARNING], 0);
    assert_true(lines.n[ODEC_LOG_INFO] > 0 && lines.n[ODEC_LOG_DETAIL] > 0);
}

/* Where kernels are not kept that should be, the log says so. */
static void test_log_of_no_cache(void **state) {
    (void)state;
    static const char *const names[] = {"XDG_CACHE_HOME", "HOME"};
    odec_context_options options = ODEC_CONTEXT_OPTIONS_INIT;
    struct lines lines = {0};
    char error[256], *before[2];
    options.log = keep_line;
    options.log_user = &lines;
    odec_solver_options solver_options = on_cpu();
    solver_options.cache_dir = NULL;
    for (int i = 0; i < 2; i++) {
        before[i] = getenv(names[i]) ? strdup(getenv(names[i])) : NULL;
        unsetenv(names[i]);
    }
    assert_int_equal(whole_life(&options, &solver_options, error), ODEC_OK);
    assert_non_null(strstr(lines.text, "kernels are not kept: neither $XDG_CACHE_HOME "
                                       "nor $HOME says where\n"));
    assert_int_equal(lines.n[ODEC_LOG_WARNING], 1);
    lines = (struct lines){0};
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    assert_int_equal(whole_life(&options, &solver_options, error), ODEC_OK);
    assert_non_null(strstr(lines.text, "kernels are not kept: /dev/null/odec is no "
                                       "directory of this user's alone\n"));
    unsetenv("XDG_CACHE_HOME");
    for (int i = 0; i < 2; i++) {
        if (before[i]) {
            setenv(names[i], before[i], 1);
        }
        free(before[i]);
    }
}

/* ---- a cache ---- */

struct shelf {
    unsigned char key[32], bytes[1 << 20];
    size_t n;
    int n_got, n_put, n_dropped;
};

static size_t shelf_get(void *user, const unsigned char *key, void *to,
                        size_t capacity) {
    struct shelf *shelf = user;
    assert_true((to == NULL) == (capacity == 0)); /* as odec.h says */
    if (shelf->n == 0 || memcmp(shelf->key, key, sizeof shelf->key) != 0) {
        return 0;
    }
    shelf->n_got++;
    if (to) {
        memcpy(to, shelf->bytes, shelf->n < capacity ? shelf->n : capacity);
    }
    return shelf->n;
}

static void shelf_put(void *user, const unsigned char *key, const void *at, size_t n) {
    struct shelf *shelf = user;
    assert_true(n <= sizeof shelf->bytes);
    shelf->n_put += n > 0;
    shelf->n_dropped += n == 0;
    shelf->n = n;
    memcpy(shelf->key, key, sizeof shelf->key);
    if (n > 0) {
        memcpy(shelf->bytes, at, n);
    }
}

static bool hits(struct shelf *shelf) {
    const odec_program program = decay_program();
    odec_solver_options options = on_cpu();
    options.cache_dir = in_directory("unused");
    options.cache_get = shelf_get;
    options.cache_put = shelf_put;
    options.cache_user = shelf;
    odec_solver *solver = open_solver(&program, &options);
    const bool hit = odec_solver_cache_hit(solver);
    const odec_batch batch = batch_of(3, NULL);
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    odec_solver_destroy(solver);
    return hit;
}

static void test_cache(void **state) {
    (void)state;
    static struct shelf shelf;
    struct stat info;
    assert_false(hits(&shelf));
    assert_int_equal(shelf.n_put, 1);
    assert_true(hits(&shelf));
    assert_int_equal(shelf.n_put, 1);
    for (int i = 0; i < 4; i++) { /* header, size, image, end */
        const size_t at[] = {3, 45, shelf.n / 2, shelf.n - 1};
        shelf.bytes[at[i]] ^= 1;
        assert_false(hits(&shelf));
        assert_int_equal(shelf.n_put, 2 + i);
        assert_true(hits(&shelf));
    }
    shelf.n /= 2;
    assert_false(hits(&shelf));
    assert_true(hits(&shelf));
    assert_int_not_equal(stat(in_directory("unused"), &info), 0);
}

/* ---- the C compiler's time ---- */

static void test_compile_seconds(void **state) {
    (void)state;
    const odec_program program = decay_program();
    odec_solver_options options = on_cpu();
    odec_solver *solver;
    char *compiler = write_script("slow-cc", "#!/bin/sh\nsleep 600\n"), expected[512];
    options.cache_dir = "";
    options.compiler = compiler;
    options.compile_seconds = 0.2;
    odec_context_clear(context);
    assert_int_equal(odec_solver_create(context, &program, &options, &solver),
                     ODEC_ERROR_COMPILER);
    snprintf(expected, sizeof expected,
             "the C compiler %s took longer than 0.2 s, and was ended", compiler);
    assert_string_equal(odec_context_error(context), expected);
    options.compile_seconds = -1;
    odec_context_clear(context);
    assert_int_equal(odec_solver_create(context, &program, &options, &solver),
                     ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context),
                        "the C compiler's time must not be negative: -1 s");
    odec_context_clear(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_from_the_allocator),
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_each_allocation_before_the_compiler),
        cmocka_unit_test(test_half_an_allocator),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_log_of_no_cache),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_compile_seconds),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
