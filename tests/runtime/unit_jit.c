/* unit_jit.c -- models compiled, solved and dropped in one process, each of them another:
 *
 *   unit_jit MODELS
 *
 * Once it has run in, the process has the same open files and mappings after every model,
 * and no more memory at the end than at the beginning: what is allocated is the same to the
 * byte, what is resident within a bound that one leaked page a model would pass.
 */
#define _GNU_SOURCE /* mallinfo2 */
#include <dirent.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "odec_compile.h"

/* Models, until malloc has what it keeps: seven blocks of each size. */
enum { RUN_IN = 24 };

/* ASan keeps what was freed, so that it sees who uses it, and maps more for that; it sees leaks
 * itself. */
#ifdef __SANITIZE_ADDRESS__
enum { KEEPS_FREED = 1 };
#else
enum { KEEPS_FREED = 0 };
#endif

static int n_models;

struct held {
    long n_files, n_maps, resident, allocated; /* bytes */
};

static long count_files(void) {
    DIR *folder = opendir("/proc/self/fd");
    long n = 0;
    assert_non_null(folder);
    while (readdir(folder)) {
        n++;
    }
    closedir(folder);
    return n;
}

static struct held look(void) {
    struct held held = {.n_files = count_files()};
    static char line[8192];
    long pages = 0;
    malloc_trim(0);
    FILE *maps = fopen("/proc/self/maps", "r"), *statm;
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        held.n_maps++;
    }
    fclose(maps);
    assert_non_null(statm = fopen("/proc/self/statm", "r"));
    assert_int_equal(fscanf(statm, "%*s %ld", &pages), 1);
    fclose(statm);
    held.resident = pages * sysconf(_SC_PAGESIZE);
    const struct mallinfo2 info = mallinfo2();
    held.allocated = (long)(info.uordblks + info.hblkhd);
    return held;
}

static odec_status take_value(void *user, const odec_portion *portion) {
    memcpy(user, portion->values, sizeof(double));
    return ODEC_OK;
}

/* Model i: x' = -i*x, one step of Euler's, and so 1 - i. */
static void use_model(odec_context *context, int i) {
    odec_compilation *compilation;
    odec_solver *solver;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_batch batch = ODEC_BATCH_INIT;
    odec_sink sink = ODEC_SINK_INIT;
    double x = NAN;
    char text[200];
    const int n = snprintf(text, sizeof text,
                           "model m%d\ninit x = 1\nx' = -%d*x\n"
                           "solve { method = euler; dt = 1; t = 0 .. 1 }\n",
                           i, i);
    assert_int_equal(odec_compile("m", text, (size_t)n, NULL, &compilation), ODEC_OK);
    options.device = "cpu";
    options.cache_dir = "";
    options.n_threads = 1;
    options.lanes = 1;
    assert_int_equal(odec_solver_create(context, odec_compilation_program(compilation),
                                        &options, &solver),
                     ODEC_OK);
    assert_false(odec_solver_cache_hit(solver));
    batch.n_runs = 1;
    sink.write = take_value;
    sink.user = &x;
    assert_int_equal(odec_solve(solver, &batch, &sink, NULL), ODEC_OK);
    assert_true(x == 1 - i);
    odec_solver_destroy(solver);
    odec_compilation_destroy(compilation);
}

static void test_flat(void **state) {
    (void)state;
    odec_context *context;
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    struct held before = {0}, now;
    for (int i = 0; i < RUN_IN; i++) {
        use_model(context, i);
        before = look();
    }
    now = before;
    for (int i = RUN_IN; i < RUN_IN + n_models; i++) {
        use_model(context, i);
        now = look();
        if (now.n_files != before.n_files ||
            (!KEEPS_FREED && now.n_maps > before.n_maps)) {
            fail_msg("model %d: %ld open files instead of %ld, %ld mappings of %ld", i,
                     now.n_files, before.n_files, now.n_maps, before.n_maps);
        }
    }
    print_message("%d models: %ld files, %ld mappings; allocated %ld -> %ld, resident "
                  "%ld -> %ld\n",
                  n_models, now.n_files, now.n_maps, before.allocated, now.allocated,
                  before.resident, now.resident);
    assert_true(now.allocated <= before.allocated);
    assert_true(KEEPS_FREED ||
                now.resident - before.resident < 1024L * n_models + (1L << 20));
    odec_context_destroy(context);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_flat)};
    n_models = argc == 2 ? atoi(argv[1]) : 0;
    return n_models < 1 ? 2 : cmocka_run_group_tests(tests, NULL, NULL);
}
