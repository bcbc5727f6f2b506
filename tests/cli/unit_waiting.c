/* unit_waiting.c -- odec_solver_options' callback while the C compiler works: when it
 * is called, from where, and what happens once it says no. The compilers are scripts.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "abi_text.h"
#include "event.h"
#include "odec.h"
#include "scratch.h"

static void write_script(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(name, 0700), 0);
}

static int setup(void **state) {
    (void)state;
    const char *directory = scratch_create();
    if (directory == NULL || chdir(directory) != 0 || mkdir("tmp", 0700) != 0) {
        return 1;
    }
    setenv("TMPDIR", "tmp", 1);
    /* Files of its own, and a child that outlives it unless both are killed. */
    write_script("slow", "#!/bin/sh\n: >\"$TMPDIR/a\"\nsleep 30 &\necho $! >child\n"
                         "wait\n");
    write_script("good", "#!/bin/sh\nsleep 0.7\nexec gcc \"$@\"\n");
    write_script("fast", "#!/bin/sh\nexec gcc \"$@\"\n");
    return 0;
}

struct patience {
    double seconds; /* says no after so many */
    int n_calls;
    double last; /* what the last call was told */
    pthread_t thread;
};

static bool wait_patiently(void *user, double seconds) {
    struct patience *p = user;
    assert_true(seconds >= p->last);
    p->n_calls++;
    p->last = seconds;
    p->thread = pthread_self();
    return seconds < p->seconds;
}

static const char nothing_kernel[] =
    ABI_DEFINITION "int odec_kernel(const void *args);\n"
                   "int odec_kernel(const void *args) { return args == 0; }\n";

/* Compiles a kernel of nothing; *took is how long that was, error what went wrong. */
static odec_status compile(const char *compiler, struct patience *patience,
                           double *took, char error[256]) {
    odec_context *context;
    odec_solver *solver;
    odec_program program = ODEC_PROGRAM_INIT;
    program.model = "nothing";
    program.kernels[ODEC_TARGET_CPU].text = nothing_kernel;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.n_threads = 1;
    options.cache_dir = "";
    options.compiler = compiler;
    options.waiting = patience ? wait_patiently : NULL;
    options.waiting_user = patience;
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    double start = clock_seconds();
    odec_status status = odec_solver_create(context, &program, &options, &solver);
    *took = clock_seconds() - start;
    snprintf(error, 256, "%s", odec_context_error(context));
    assert_true((solver != NULL) == (status == ODEC_OK));
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    return status;
}

static void assert_nothing_left(void) {
    DIR *list = opendir("tmp");
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        assert_int_equal(entry->d_name[0], '.');
    }
    closedir(list);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_told_no(void **state) {
    (void)state;
    struct patience patience = {.seconds = 0.3};
    double took;
    char error[256];
    assert_int_equal(compile("./slow", &patience, &took, error), ODEC_CANCELLED);
    assert_string_equal(error, "cancelled");
    assert_true(took >= 0.3 && took < 0.3 + 0.5);
    assert_nothing_left();
    /* What the compiler had started is gone too, or is on its way. */
    FILE *file = fopen("child", "r");
    int child = 0;
    assert_int_equal(fscanf(file, "%d", &child), 1);
    fclose(file);
    char stat_name[64], line[128] = "";
    snprintf(stat_name, sizeof stat_name, "/proc/%d/stat", child);
    usleep(100000);
    file = fopen(stat_name, "r");
    bool gone = file == NULL || fgets(line, sizeof line, file) == NULL ||
                strstr(line, ") Z") != NULL || strstr(line, ") X") != NULL;
    if (file) {
        fclose(file);
    }
    assert_true(gone);
}

static void test_asked_ten_times_a_second(void **state) {
    (void)state;
    struct patience patience = {.seconds = 60};
    double took;
    char error[256];
    assert_int_equal(compile("./good", &patience, &took, error), ODEC_OK);
    assert_true(took >= 0.7 && took < 30);
    assert_true(patience.n_calls >= 4 && patience.n_calls <= 11 * took);
    assert_true(patience.last <= took);
    assert_true(pthread_equal(patience.thread, pthread_self()));
    assert_nothing_left();
    assert_int_equal(compile("./good", NULL, &took, error), ODEC_OK);
    assert_int_equal(compile("./fast", &patience, &took, error), ODEC_OK);
    assert_nothing_left();
}

static void on_alarm(int signal_number) { (void)signal_number; }

/* A signal brings the question forward; many do not lose the compiler. */
static void test_signals(void **state) {
    (void)state;
    struct sigaction action = {.sa_handler = on_alarm}, before;
    sigaction(SIGALRM, &action, &before);
    struct itimerval often = {{0, 7000}, {0, 7000}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    struct patience patience = {.seconds = 60};
    double took;
    char error[256];
    assert_int_equal(compile("./good", &patience, &took, error), ODEC_OK);
    struct patience short_one = {.seconds = 0.05};
    assert_int_equal(compile("./slow", &short_one, &took, error), ODEC_CANCELLED);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_true(patience.n_calls > 20);
    assert_true(took < 0.5);
    assert_nothing_left();
}

/* An application that ignores SIGCHLD has no exit status to read. */
static void test_vanishing_children(void **state) {
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    struct patience patience = {.seconds = 60}, none = {.seconds = 0};
    double took;
    char error[256];
    assert_int_equal(compile("./good", &patience, &took, error), ODEC_OK);
    assert_int_equal(compile("./slow", &none, &took, error), ODEC_CANCELLED);
    signal(SIGCHLD, SIG_DFL);
    assert_true(took < 0.5);
    assert_nothing_left();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_no),
        cmocka_unit_test(test_asked_ten_times_a_second),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_vanishing_children),
    };
    return cmocka_run_group_tests(tests, setup, scratch_remove);
}
