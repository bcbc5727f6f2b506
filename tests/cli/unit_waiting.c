/* unit_waiting.c -- odec_solver_options' callback while the C compiler works: when it
 * is called, from where, and what happens once it says no. The compilers are scripts,
 * the time between two calls is simulated.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "abi_text.h"
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
    /* Files of its own, and a child that outlives this test unless both are killed: who
     * waits for either waits until ctest ends it. */
    write_script("slow", "#!/bin/sh\n: >\"$TMPDIR/a\"\nsleep 3600 &\necho $! >child\n"
                         "wait\n");
    write_script("good", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.01; done\n"
                         "exec gcc \"$@\"\n");
    write_script("fast", "#!/bin/sh\nexec gcc \"$@\"\n");
    return 0;
}

/* ---- the clock ---- */

/* Time here is what poll was told to wait, so that nothing hangs on how busy the
 * machine is. Where `only_signals`, poll waits for ever for the end or a signal. */
static double simulated_seconds;
static bool only_signals;

int __real_poll(struct pollfd *at, nfds_t n, int milliseconds);
int __wrap_poll(struct pollfd *at, nfds_t n, int milliseconds);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

int __wrap_poll(struct pollfd *at, nfds_t n, int milliseconds) {
    if (n > 0 && only_signals) {
        return __real_poll(at, n, -1);
    }
    int n_ready = __real_poll(at, n, 1);
    if (n_ready == 0) {
        simulated_seconds += 1e-3 * milliseconds;
    }
    return n_ready;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out) {
    (void)clock;
    out->tv_sec = (time_t)simulated_seconds;
    out->tv_nsec = (long)(1e9 * (simulated_seconds - (double)out->tv_sec));
    return 0;
}

/* ---- a compile, and who waits for it ---- */

struct patience {
    int n_calls, last_call; /* says no at the last one; 0: never */
    const char *until;      /* or once this file has something in it; NULL: none */
    int go_at;              /* the call at which "good" may go on; 0: never */
    double first, last;     /* what these calls were told */
    pthread_t thread;
};

static bool wait_patiently(void *user, double seconds) {
    struct patience *p = user;
    assert_true(seconds >= p->last);
    if (p->n_calls++ == 0) {
        p->first = seconds;
    }
    p->last = seconds;
    p->thread = pthread_self();
    if (p->n_calls == p->go_at) {
        write_script("go", "");
    }
    struct stat file;
    bool is_there = p->until != NULL && stat(p->until, &file) == 0 && file.st_size > 0;
    return p->n_calls != p->last_call && !is_there;
}

static const char nothing_kernel[] =
    ABI_DEFINITION "int odec_kernel(const void *args);\n"
                   "int odec_kernel(const void *args) { return args == 0; }\n";

/* Compiles a kernel of nothing; error is what went wrong. */
static odec_status compile(const char *compiler, struct patience *patience,
                           char error[256]) {
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
    odec_status status = odec_solver_create(context, &program, &options, &solver);
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

static bool has_ended(int child) {
    char name[64], line[128] = "";
    snprintf(name, sizeof name, "/proc/%d/stat", child);
    FILE *file = fopen(name, "r");
    bool ended = file == NULL || fgets(line, sizeof line, file) == NULL ||
                 strstr(line, ") Z") != NULL || strstr(line, ") X") != NULL;
    if (file) {
        fclose(file);
    }
    return ended;
}

static void test_told_no(void **state) {
    (void)state;
    struct patience patience = {.last_call = 3};
    char error[256];
    assert_int_equal(compile("./slow", &patience, error), ODEC_CANCELLED);
    assert_string_equal(error, "cancelled");
    assert_int_equal(patience.n_calls, 3);
    assert_nothing_left();
}

/* What the compiler had started is gone too, or is on its way. */
static void test_children_of_the_compiler(void **state) {
    (void)state;
    struct patience patience = {.until = "child"};
    char error[256];
    remove("child");
    assert_int_equal(compile("./slow", &patience, error), ODEC_CANCELLED);
    FILE *file = fopen("child", "r");
    int child = 0;
    assert_int_equal(fscanf(file, "%d", &child), 1);
    fclose(file);
    while (!has_ended(child)) {
        usleep(1000);
    }
    assert_nothing_left();
}

static void test_asked_ten_times_a_second(void **state) {
    (void)state;
    struct patience patience = {.go_at = 20};
    char error[256];
    remove("go");
    simulated_seconds = 1000;
    assert_int_equal(compile("./good", &patience, error), ODEC_OK);
    assert_true(patience.n_calls >= 20);
    assert_true(fabs(patience.first - 0.1) < 1e-6);
    assert_true(fabs(patience.last - 0.1 * patience.n_calls) < 1e-6);
    assert_true(pthread_equal(patience.thread, pthread_self()));
    assert_nothing_left();
    assert_int_equal(compile("./good", NULL, error), ODEC_OK);
    struct patience another = {0};
    assert_int_equal(compile("./fast", &another, error), ODEC_OK);
    assert_nothing_left();
}

static void on_alarm(int signal_number) { (void)signal_number; }

/* A signal brings the question forward; many do not lose the compiler. */
static void test_signals(void **state) {
    (void)state;
    struct sigaction action = {.sa_handler = on_alarm}, before;
    sigaction(SIGALRM, &action, &before);
    struct itimerval often = {{0, 7000}, {0, 7000}}, never = {{0, 0}, {0, 0}};
    only_signals = true;
    setitimer(ITIMER_REAL, &often, NULL);
    struct patience patience = {.go_at = 20};
    char error[256];
    remove("go");
    assert_int_equal(compile("./good", &patience, error), ODEC_OK);
    struct patience short_one = {.last_call = 1};
    assert_int_equal(compile("./slow", &short_one, error), ODEC_CANCELLED);
    setitimer(ITIMER_REAL, &never, NULL);
    only_signals = false;
    sigaction(SIGALRM, &before, NULL);
    assert_true(patience.n_calls >= 20);
    assert_int_equal(short_one.n_calls, 1);
    assert_nothing_left();
}

/* An application that ignores SIGCHLD has no exit status to read. */
static void test_vanishing_children(void **state) {
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    struct patience patience = {.go_at = 3}, none = {.last_call = 1};
    char error[256];
    remove("go");
    assert_int_equal(compile("./good", &patience, error), ODEC_OK);
    assert_int_equal(compile("./slow", &none, error), ODEC_CANCELLED);
    signal(SIGCHLD, SIG_DFL);
    assert_int_equal(none.n_calls, 1);
    assert_nothing_left();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_no),
        cmocka_unit_test(test_children_of_the_compiler),
        cmocka_unit_test(test_asked_ten_times_a_second),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_vanishing_children),
    };
    return cmocka_run_group_tests(tests, setup, scratch_remove);
}
