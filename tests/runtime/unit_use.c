/* unit_use.c -- calls from where they may not come: a callback, a child of fork, another
 * thread; and a context that is destroyed before what was made with it. An error, and nothing
 * hangs: a watchdog ends what does.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime_support.h"

enum { WATCHDOG_SECONDS = 120 };

/* ---- within a callback ---- */

enum callback { PROGRESS, SINK, LOG, ALLOCATOR, RELEASE, N_CALLBACKS };
enum act {
    SOLVE,
    SOLVE_OTHER,
    SIZE,
    CREATE,
    LOOK,
    DESTROY,
    DESTROY_OTHER,
    DESTROY_CONTEXT
};

static const struct {
    enum act act;
    const char *call;
    bool is_void; /* it cannot say that it is refused: the call under way does */
} acts[] = {
    {SOLVE, "odec_solve", false},
    {SOLVE_OTHER, "odec_solve", false},
    {SIZE, "odec_solver_sizing", false},
    {CREATE, "odec_solver_create", false},
    {LOOK, "odec_devices_create", false},
    {DESTROY, "odec_solver_destroy", true},
    {DESTROY_OTHER, "odec_solver_destroy", true},
};

/* One callback does one thing, once, while it is armed. */
static struct {
    enum callback at;
    enum act act;
    bool is_armed, was_called;
    odec_status status; /* of what the callback called */
} plan;
static odec_context *own;
static odec_solver *solver, *other;
static odec_program program;

static odec_status act(void) {
    const odec_batch batch = batch_of(3, NULL);
    odec_sizing sizing = ODEC_SIZING_INIT;
    odec_solver *made = NULL;
    odec_devices *devices = NULL;
    const odec_solver_options options = test_options();
    switch (plan.act) {
    case SOLVE:
        return odec_solve(solver, &batch, NULL, NULL);
    case SOLVE_OTHER:
        return odec_solve(other, &batch, NULL, NULL);
    case SIZE:
        return odec_solver_sizing(solver, &batch, true, 0, &sizing);
    case CREATE:
        return odec_solver_create(own, &program, &options, &made);
    case LOOK:
        return odec_devices_create(own, &devices);
    case DESTROY:
        odec_solver_destroy(solver);
        break;
    case DESTROY_OTHER:
        odec_solver_destroy(other);
        break;
    case DESTROY_CONTEXT:
        odec_context_destroy(own);
        break;
    }
    return ODEC_OK;
}

static void called_back(enum callback at) {
    if (plan.is_armed && plan.at == at) {
        plan.is_armed = false;
        plan.was_called = true;
        plan.status = act();
    }
}

static bool progress(void *user, int64_t runs_done, int64_t n_runs) {
    (void)user, (void)runs_done, (void)n_runs;
    called_back(PROGRESS);
    return true;
}

static odec_status take(void *user, const odec_portion *portion) {
    (void)user, (void)portion;
    called_back(SINK);
    return ODEC_OK;
}

static void hear(void *user, odec_log_level level, const char *text) {
    (void)user, (void)level, (void)text;
    called_back(LOG);
}

static void *allocate(void *user, size_t bytes) {
    (void)user;
    called_back(ALLOCATOR);
    return malloc(bytes);
}

static void release(void *user, void *at) {
    (void)user;
    called_back(RELEASE);
    free(at);
}

/* A context with two solvers, whose callbacks are ours. */
static void make(void) {
    odec_context_options options = ODEC_CONTEXT_OPTIONS_INIT;
    const odec_solver_options solver_options = test_options();
    plan.is_armed = plan.was_called = false;
    options.allocate = allocate;
    options.release = release;
    options.log = hear;
    program = decay_program();
    assert_int_equal(odec_context_create_with(&options, &own), ODEC_OK);
    assert_int_equal(odec_solver_create(own, &program, &solver_options, &solver),
                     ODEC_OK);
    assert_int_equal(odec_solver_create(own, &program, &solver_options, &other),
                     ODEC_OK);
}

static odec_status solve_with_callbacks(void) {
    odec_batch batch = batch_of(20, NULL);
    odec_sink sink = ODEC_SINK_INIT;
    sink.write = take;
    batch.progress = progress;
    return odec_solve(solver, &batch, &sink, NULL);
}

static void test_within_callbacks(void **state) {
    (void)state;
    for (enum callback at = PROGRESS; at < RELEASE; at++) {
        for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
            char expected[160];
            make();
            plan.at = at;
            plan.act = acts[i].act;
            plan.is_armed = true;
            const odec_status status = solve_with_callbacks();
            assert_true(plan.was_called);
            snprintf(expected, sizeof expected,
                     acts[i].is_void
                         ? "%s was called within a callback, and did nothing: "
                           "what a callback belongs to is destroyed after it"
                         : "%s cannot be called within a callback of the same "
                           "context",
                     acts[i].call);
            if (acts[i].is_void) {
                assert_int_equal(status, ODEC_ERROR_USE);
                assert_string_equal(odec_context_error(own), expected);
            } else { /* the batch goes on */
                assert_int_equal(plan.status, ODEC_ERROR_USE);
                assert_int_equal(status, ODEC_OK);
                assert_string_equal(odec_context_error(own),
                                    at == SINK ? "" : expected);
            }
            odec_context_clear(own); /* and all is as it was */
            assert_int_equal(solve_with_callbacks(), ODEC_OK);
            odec_solver_destroy(solver);
            odec_solver_destroy(other);
            odec_context_destroy(own);
        }
    }
}

static void test_while_it_is_destroyed(void **state) {
    (void)state;
    static const enum act refused[] = {SOLVE_OTHER, CREATE, LOOK, DESTROY_OTHER};
    for (int i = 0; i < 4; i++) {
        make();
        plan.at = RELEASE;
        plan.act = refused[i];
        plan.is_armed = true;
        odec_solver_destroy(solver);
        assert_true(plan.was_called);
        assert_true(plan.act == DESTROY_OTHER || plan.status == ODEC_ERROR_USE);
        odec_context_clear(own);
        solver = other; /* is still there */
        assert_int_equal(solve_with_callbacks(), ODEC_OK);
        odec_solver_destroy(other);
        odec_context_destroy(own);
    }
}

/* While a solver is made its context may be destroyed, but no other solver. */
static void test_while_it_is_made(void **state) {
    (void)state;
    static const enum callback callbacks[] = {LOG, ALLOCATOR};
    const odec_solver_options options = test_options();
    for (int i = 0; i < 2; i++) {
        odec_solver *third;
        make();
        plan.at = callbacks[i];
        plan.act = DESTROY_OTHER;
        plan.is_armed = true;
        assert_int_equal(odec_solver_create(own, &program, &options, &third),
                         ODEC_ERROR_USE);
        assert_null(third);
        odec_context_clear(own);
        plan.act = DESTROY_CONTEXT;
        plan.is_armed = true;
        assert_int_equal(odec_solver_create(own, &program, &options, &third), ODEC_OK);
        assert_true(plan.was_called && !plan.is_armed);
        odec_solver_destroy(third);
        odec_solver_destroy(solver);
        odec_solver_destroy(other);
    }
}

/* ---- a context that goes first ---- */

static void test_context_goes_first(void **state) {
    (void)state;
    odec_devices *devices;
    odec_device_state look = ODEC_DEVICE_STATE_INIT;
    make();
    assert_int_equal(odec_devices_create(own, &devices), ODEC_OK);
    odec_context_destroy(own);
    assert_int_equal(solve_with_callbacks(), ODEC_OK);
    odec_solver_destroy(solver);
    const odec_batch batch = batch_of(3, NULL);
    assert_int_equal(odec_solve(other, &batch, NULL, NULL), ODEC_OK);
    odec_solver_destroy(other);
    odec_devices_sample(devices);
    assert_int_equal(odec_devices_get(devices, 0, &look), ODEC_OK);
    odec_devices_destroy(devices); /* and with it all that is left: ASan sees it */
}

/* ---- two threads at once ---- */

static atomic_bool has_begun, is_over;

static bool wait_until_over(void *user, int64_t runs_done, int64_t n_runs) {
    (void)user, (void)runs_done, (void)n_runs;
    atomic_store(&has_begun, true);
    return !atomic_load(&is_over);
}

static void *solve_long(void *user) {
    const odec_source k = {.kind = ODEC_SOURCE_UNIFORM, .value = 77};
    odec_batch batch = batch_of(10, &k);
    odec_status *status = user;
    batch.progress = wait_until_over;
    *status = odec_solve(solver, &batch, NULL, NULL);
    return NULL;
}

static void test_beside_another_thread(void **state) {
    (void)state;
    pthread_t thread;
    odec_status theirs = ODEC_OK;
    odec_solver *made;
    const odec_batch batch = batch_of(3, NULL);
    const odec_solver_options options = test_options();
    make();
    assert_int_equal(pthread_create(&thread, NULL, solve_long, &theirs), 0);
    while (!atomic_load(&has_begun)) {
        sched_yield();
    }
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_ERROR_USE);
    assert_int_equal(odec_solve(other, &batch, NULL, NULL), ODEC_ERROR_USE);
    assert_int_equal(odec_solver_create(own, &program, &options, &made),
                     ODEC_ERROR_USE);
    assert_null(made);
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(theirs, ODEC_CANCELLED);
    assert_string_equal(odec_context_error(own), "cancelled");
    assert_int_equal(odec_solve(other, &batch, NULL, NULL), ODEC_OK);
    odec_solver_destroy(solver);
    odec_solver_destroy(other);
    odec_context_destroy(own);
}

/* ---- a child of fork ---- */

#if defined(__SANITIZE_THREAD__)
enum { IN_CHILD_SKIPPED = 1 }; /* TSan has no word for a child that starts threads */
#else
enum { IN_CHILD_SKIPPED = 0 };
#endif

/* The line of the first that is not so; 0: all is. */
#define EXPECT(condition)    \
    do {                     \
        if (!(condition)) {  \
            return __LINE__; \
        }                    \
    } while (0)

static int in_child(odec_devices *devices, odec_context *empty) {
    const odec_batch batch = batch_of(3, NULL);
    const odec_solver_options options = test_options();
    odec_device_state look = ODEC_DEVICE_STATE_INIT;
    odec_sizing sizing = ODEC_SIZING_INIT;
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    odec_solver *made;
    odec_devices *looked;
    char text[80];
    int32_t order[64];
    EXPECT(odec_solve(solver, &batch, NULL, NULL) == ODEC_ERROR_USE);
    EXPECT(
        strcmp(odec_context_error(own),
               "odec_solve: the context's threads and devices are in the process that "
               "made it, of which this is a child: it needs a context of its own") ==
        0);
    EXPECT(odec_solver_sizing(solver, &batch, true, 0, &sizing) == ODEC_ERROR_USE);
    EXPECT(odec_solver_create(own, &program, &options, &made) == ODEC_ERROR_USE);
    EXPECT(made == NULL);
    EXPECT(odec_devices_create(own, &looked) == ODEC_ERROR_USE && looked == NULL);
    EXPECT(odec_solver_device_info(solver, 0, &info) == ODEC_OK);
    EXPECT(odec_devices_get(devices, 0, &look) == ODEC_ERROR_USE);
    EXPECT(odec_devices_refused(devices, 0, text, sizeof text) == 0);
    EXPECT(odec_devices_rank(devices, order) == 0);
    odec_devices_sample(devices);
    odec_devices_destroy(devices);
    odec_solver_destroy(solver);
    odec_solver_destroy(other);
    odec_context_destroy(own);
    /* contexts of its own, one of which was there before */
    for (int i = 0; i < 2; i++) {
        EXPECT(empty != NULL);
        EXPECT(odec_solver_create(empty, &program, &options, &made) == ODEC_OK);
        EXPECT(odec_solve(made, &batch, NULL, NULL) == ODEC_OK);
        odec_solver_destroy(made);
        odec_context_destroy(empty);
        EXPECT(odec_context_create(&empty) == ODEC_OK);
    }
    odec_context_destroy(empty);
    return 0;
}

static int line_in_child(odec_devices *devices, odec_context *empty) {
    int ends[2], line = -1, status;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(WATCHDOG_SECONDS / 2);
        line = in_child(devices, empty);
        _exit(write(ends[1], &line, sizeof line) != sizeof line);
    }
    close(ends[1]);
    assert_true(read(ends[0], &line, sizeof line) == (ssize_t)sizeof line);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return line;
}

/* Whatever its threads are at: nothing, or a batch. */
static void test_in_a_child(void **state) {
    (void)state;
    if (IN_CHILD_SKIPPED) {
        skip();
    }
    odec_devices *devices;
    odec_context *empty;
    pthread_t thread;
    odec_status theirs = ODEC_OK;
    const odec_batch batch = batch_of(3, NULL);
    make();
    assert_int_equal(odec_devices_create(own, &devices), ODEC_OK);
    assert_int_equal(odec_context_create(&empty), ODEC_OK);
    assert_int_equal(line_in_child(devices, empty), 0);
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    atomic_store(&has_begun, false);
    atomic_store(&is_over, false);
    assert_int_equal(pthread_create(&thread, NULL, solve_long, &theirs), 0);
    while (!atomic_load(&has_begun)) {
        sched_yield();
    }
    assert_int_equal(line_in_child(devices, empty), 0);
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(theirs, ODEC_CANCELLED);
    odec_context_clear(own);
    assert_int_equal(odec_solve(solver, &batch, NULL, NULL), ODEC_OK);
    odec_devices_destroy(devices);
    odec_solver_destroy(solver);
    odec_solver_destroy(other);
    odec_context_destroy(own);
    odec_context_destroy(empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_within_callbacks),
        cmocka_unit_test(test_while_it_is_destroyed),
        cmocka_unit_test(test_while_it_is_made),
        cmocka_unit_test(test_context_goes_first),
        cmocka_unit_test(test_beside_another_thread),
        cmocka_unit_test(test_in_a_child),
    };
    alarm(WATCHDOG_SECONDS);
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
