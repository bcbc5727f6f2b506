/* unit_threads.c -- what odec.h promises of threads: eight of them with a context each, on
 * one program and one cache of kernels; one that looks at a context's devices while another
 * solves; and one that destroys a solver at work. They run under TSan: see tests/run.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "runtime_support.h"

enum { N_THREADS = 8, N_RUNS = 600, N_SAVES = 3, N_TIMES = 3 };

static odec_program program; /* of all */
static char cache[128];
static pthread_barrier_t together;

struct life {
    int number;
    double values[N_SAVES][N_RUNS]; /* runs fastest */
    struct odec_run_record records[N_RUNS];
    int64_t n_to_sink;
    char digest[33];
    const char *failed; /* at what; NULL: at nothing */
};

static odec_status count_runs(void *user, const odec_portion *portion) {
    struct life *life = user;
    life->n_to_sink += portion->n_runs;
    return ODEC_OK;
}

#define LIFE_TRY(life, call)                               \
    do {                                                   \
        if ((life)->failed == NULL && (call) != ODEC_OK) { \
            (life)->failed = #call;                        \
        }                                                  \
    } while (0)

/* All look for the kernel in the cache, and those that do not find it compile it
 * at the same time. */
static void *live(void *user) {
    struct life *life = user;
    odec_context *own = NULL;
    odec_solver *solver = NULL;
    odec_devices *devices = NULL;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_source k = sweep_k(N_RUNS);
    odec_batch batch = batch_of(N_RUNS, &k);
    const odec_save save = saves_of(N_SAVES);
    odec_output output = ODEC_OUTPUT_INIT;
    odec_sizing sizing = ODEC_SIZING_INIT;
    odec_result result = ODEC_RESULT_INIT;
    const odec_sink sink = {.size = sizeof sink, .write = count_runs, .user = life};
    options.device = "cpu";
    options.cache_dir = cache;
    options.n_threads = 1 + life->number % 3;
    options.chunk_runs = 50 + life->number;
    batch.save = &save;
    output.values = life->values;
    output.run_stride = 1;
    output.save_stride = N_RUNS;
    output.n_saves = N_SAVES;
    output.records = life->records;
    pthread_barrier_wait(&together);
    LIFE_TRY(life, odec_context_create(&own));
    LIFE_TRY(life, odec_solver_create(own, &program, &options, &solver));
    LIFE_TRY(life, odec_devices_create(own, &devices));
    if (odec_program_parameter(&program, "k") != 0) {
        life->failed = "the look-up";
    }
    for (int i = 0; i < N_TIMES; i++) {
        batch.output = i == 0 ? NULL : &output;
        LIFE_TRY(life, odec_solver_sizing(solver, &batch, i > 0, 0, &sizing));
        LIFE_TRY(life, odec_solve(solver, &batch, i == 0 ? &sink : NULL, &result));
        if (life->failed == NULL && i > 0 && strcmp(life->digest, result.digest) != 0) {
            life->failed = "the digest";
        }
        strcpy(life->digest, result.digest);
    }
    odec_devices_destroy(devices);
    odec_solver_destroy(solver);
    odec_context_destroy(own);
    return NULL;
}

static void test_eight_contexts(void **state) {
    (void)state;
    static struct life lives[N_THREADS];
    pthread_t threads[N_THREADS];
    program = decay_program();
    strcpy(cache, in_directory("shared-cache"));
    assert_int_equal(pthread_barrier_init(&together, NULL, N_THREADS), 0);
    for (int i = 0; i < N_THREADS; i++) {
        lives[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, live, &lives[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    pthread_barrier_destroy(&together);
    for (int i = 0; i < N_THREADS; i++) {
        if (lives[i].failed) {
            fail_msg("thread %d: %s", i, lives[i].failed);
        }
        assert_int_equal(lives[i].n_to_sink, N_RUNS);
        assert_string_equal(lives[i].digest, lives[0].digest);
        assert_memory_equal(lives[i].values, lives[0].values, sizeof lives[0].values);
        for (int run = 0; run < N_RUNS; run++) {
            assert_int_equal(lives[i].records[run].status, ODEC_RUN_OK);
        }
    }
}

/* ---- a context that others look at, a solver that another destroys ---- */

struct watched {
    odec_devices *devices;
    odec_solver *solver;
    atomic_bool is_over, has_begun;
    odec_status status;
};

static void *watch(void *user) {
    struct watched *watched = user;
    odec_device_state look = ODEC_DEVICE_STATE_INIT;
    bool is_well = true;
    while (!atomic_load(&watched->is_over)) {
        odec_devices_sample(watched->devices);
        for (int32_t i = 0; i < odec_devices_count(watched->devices); i++) {
            is_well &= odec_devices_get(watched->devices, i, &look) == ODEC_OK;
            is_well &= look.name[0] != '\0' && look.runs_done <= 1000;
        }
    }
    return is_well ? NULL : watched;
}

static bool tell_begun(void *user, int64_t runs_done, int64_t n_runs) {
    (void)runs_done, (void)n_runs;
    struct watched *watched = user;
    atomic_store(&watched->has_begun, true);
    return true;
}

static void *solve_without_end(void *user) {
    struct watched *watched = user;
    const odec_source k = {.kind = ODEC_SOURCE_UNIFORM, .value = 77};
    odec_batch batch = batch_of(1000, &k);
    batch.progress = tell_begun;
    batch.user = watched;
    watched->status = odec_solve(watched->solver, &batch, NULL, NULL);
    return NULL;
}

static void test_destroyed_and_watched(void **state) {
    (void)state;
    pthread_t watcher, worker;
    struct watched watched = {.status = ODEC_OK};
    const odec_solver_options options = test_options();
    program = decay_program();
    watched.solver = open_solver(&program, &options);
    assert_int_equal(odec_devices_create(context, &watched.devices), ODEC_OK);
    assert_int_equal(pthread_create(&watcher, NULL, watch, &watched), 0);
    assert_int_equal(pthread_create(&worker, NULL, solve_without_end, &watched), 0);
    while (!atomic_load(&watched.has_begun)) {
        sched_yield();
    }
    odec_solver_destroy(watched.solver);
    assert_int_equal(pthread_join(worker, NULL), 0);
    assert_int_equal(watched.status, ODEC_CANCELLED);
    atomic_store(&watched.is_over, true);
    void *failed;
    assert_int_equal(pthread_join(watcher, &failed), 0);
    assert_null(failed);
    odec_devices_destroy(watched.devices);
    odec_context_clear(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eight_contexts),
        cmocka_unit_test(test_destroyed_and_watched),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
