/* device_support.c -- see device_support.h. */
#define _GNU_SOURCE
#include "device_support.h"

#include <time.h>
#include <unistd.h>

#include "scratch.h"

enum { WATCHDOG_SECONDS = 100 };

/* Runs of a hundred to some thousand steps; k and b vary. */
static const char model_text[] = "model spring\n"
                                 "par k = 1, b = 0.1\n"
                                 "init x = 1, v = 0\n"
                                 "x' = v\n"
                                 "v' = -k*x - b*v*v*v\n"
                                 "solve { t = 0 .. 5 }\n";

/* ---- programs: one a kind, compiled once ---- */

enum { MAX_PROGRAMS = 20 };

static struct {
    struct trial kind;
    odec_compilation *compilation;
} programs[MAX_PROGRAMS];
static int n_programs;
static char cache[512];

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_kind(const struct trial *a, const struct trial *b) {
    return same_text(a->model, b->model) && same_text(a->method, b->method) &&
           a->is_float == b->is_float && a->fixed_steps == b->fixed_steps &&
           a->n_saves == b->n_saves;
}

const odec_program *trial_program(const struct trial *trial) {
    for (int i = 0; i < n_programs; i++) {
        if (same_kind(&programs[i].kind, trial)) {
            return odec_compilation_program(programs[i].compilation);
        }
    }
    assert_true(n_programs < MAX_PROGRAMS);
    const odec_save save = {
        .size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = trial->n_saves};
    const char *text = trial->model ? trial->model : model_text;
    odec_spec spec = ODEC_SPEC_INIT;
    spec.method = trial->method ? trial->method : "tsit5";
    spec.precision = trial->is_float ? "float" : "double";
    if (trial->n_saves > 0) {
        spec.save = &save;
    }
    if (trial->fixed_steps) {
        spec.dt = 0.01;
    } else {
        spec.rtol = 1e-5;
    }
    odec_compilation *compilation = NULL;
    odec_status status =
        odec_compile("spring", text, strlen(text), &spec, &compilation);
    if (status != ODEC_OK) {
        fail_msg("%s",
                 compilation ? odec_compilation_diagnostics(compilation) : "memory");
    }
    programs[n_programs].kind = *trial;
    programs[n_programs++].compilation = compilation;
    return odec_compilation_program(compilation);
}

/* ---- the group ---- */

int device_begin(void **state) {
    (void)state;
    alarm(WATCHDOG_SECONDS);
    const char *directory = scratch_create();
    if (directory == NULL || !sim_open()) {
        fprintf(stderr, "the simulated driver is not there: is LD_LIBRARY_PATH set?\n");
        return 1;
    }
    snprintf(cache, sizeof cache, "%s/kernels", directory);
    return 0;
}

int device_end(void **state) {
    while (n_programs > 0) {
        odec_compilation_destroy(programs[--n_programs].compilation);
    }
    return scratch_remove(state);
}

int run_device_tests(int argc, char **argv, const struct CMUnitTest *tests, size_t n) {
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return _cmocka_run_group_tests("device", tests, n, device_begin, device_end);
}

/* ---- a trial ---- */

odec_status trial_open(const struct trial *trial, odec_context *context,
                       odec_solver **out) {
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.device = trial->device ? trial->device : "cuda";
    options.n_runs = trial->expected_runs;
    options.n_threads = trial->n_threads ? trial->n_threads : 1;
    options.cache_dir = cache;
    options.memory_bytes = trial->memory_bytes;
    options.chunk_runs = trial->chunk_runs;
    options.n_buffers = trial->n_buffers;
    options.distribution = trial->distribution;
    options.capacities = trial->capacities;
    options.n_capacities = trial->n_capacities;
    return odec_solver_create(context, trial_program(trial), &options, out);
}

struct collecting {
    struct outcome *out;
    const struct trial *trial;
    int64_t next_run;
};

/* Every run into its place; in order where that was promised. */
static odec_status collect(void *user, const odec_portion *portion) {
    struct collecting *c = user;
    const int64_t first = portion->first_run, n = portion->n_runs;
    struct outcome *out = c->out;
    if (c->trial->in_order && first != c->next_run) {
        return ODEC_ERROR_ARGUMENT;
    }
    c->next_run = first + n;
    memcpy(out->values + (size_t)first * out->run_bytes, portion->values,
           (size_t)n * out->run_bytes);
    memcpy(out->records + first, portion->records, (size_t)n * sizeof *out->records);
    for (int64_t i = 0; i < n; i++) {
        out->times[first + i]++;
    }
    if (c->trial->sink_seconds > 0) {
        struct timespec t = {0, (long)(1e9 * c->trial->sink_seconds)};
        nanosleep(&t, NULL);
    }
    return ODEC_OK;
}

static void outcome_begin(const struct trial *trial, struct outcome *out) {
    const odec_program *program = trial_program(trial);
    const size_t scalar = trial->is_float ? sizeof(float) : sizeof(double);
    const size_t n_saves = trial->n_saves > 0 ? (size_t)trial->n_saves : 1;
    const size_t n = (size_t)trial->n_runs;
    out->result = (odec_result)ODEC_RESULT_INIT;
    out->n_runs = trial->n_runs;
    out->run_bytes = scalar * n_saves * (size_t)program->n_columns;
    out->values = calloc(n, out->run_bytes);
    out->records = calloc(n, sizeof *out->records);
    out->times = calloc(n, 1);
    assert_true(out->values && out->records && out->times);
}

void trial_solve_alone(const struct trial *trial, odec_context *context,
                       odec_solver *solver, struct outcome *out) {
    const odec_program *program = trial_program(trial);
    outcome_begin(trial, out);
    struct collecting collecting = {.out = out, .trial = trial};
    double *column = calloc((size_t)trial->n_runs, sizeof *column);
    odec_source *pars = calloc((size_t)program->n_pars + 1, sizeof *pars);
    assert_non_null(pars);
    assert_non_null(column);
    for (int64_t i = 0; i < trial->n_runs; i++) {
        column[i] = odec_grid_point(0.1, 200, trial->n_runs, true, i);
    }
    pars[0] = (odec_source){.kind = ODEC_SOURCE_GRID,
                            .lo = 0.1,
                            .hi = 200,
                            .n = trial->n_runs,
                            .repeat = 1,
                            .log = true};
    if (program->n_pars > 1) {
        pars[1] = (odec_source){.kind = ODEC_SOURCE_UNIFORM, .value = 0.05};
    }
    if (trial->columns) {
        pars[0] =
            (odec_source){.kind = ODEC_SOURCE_COLUMN, .column = column, .stride = 1};
    }
    odec_batch batch = ODEC_BATCH_INIT;
    batch.n_runs = trial->n_runs;
    batch.pars = pars;
    batch.save = program->save;
    batch.progress = trial->progress;
    batch.user = trial->user;
    batch.output = trial->output;
    odec_sink sink = {.size = sizeof sink,
                      .write = collect,
                      .user = &collecting,
                      .any_order = !trial->in_order};
    if (trial->prepare) {
        trial->prepare(trial, solver, &batch);
    }
    if (trial->around) {
        trial->around(true);
    }
    out->status =
        odec_solve(solver, &batch, trial->no_sink ? NULL : &sink, &out->result);
    if (trial->around) {
        trial->around(false);
    }
    snprintf(out->error, sizeof out->error, "%s", odec_context_error(context));
    free(column);
    free(pars);
}

void trial_solve(const struct trial *trial, odec_context *context, odec_solver *solver,
                 struct outcome *out) {
    trial_solve_alone(trial, context, solver, out);
    for (int32_t i = 0; i < 32; i++) {
        out->below_atol |= odec_solver_below_atol(solver, i) ? 1u << i : 0;
    }
    out->n_devices = odec_solver_n_devices(solver);
    for (int32_t i = 0; i < out->n_devices && i < MAX_TRIAL_DEVICES; i++) {
        odec_device_info info = ODEC_DEVICE_INFO_INIT;
        odec_solver_device_info(solver, i, &info);
        snprintf(out->devices[i].name, sizeof out->devices[i].name, "%s", info.name);
        snprintf(out->devices[i].failure, sizeof out->devices[i].failure, "%.255s",
                 info.failure);
        out->devices[i].n_runs = info.n_runs;
    }
}

void trial_run(const struct trial *trial, struct outcome *out) {
    odec_context *context;
    odec_solver *solver = NULL;
    *out = (struct outcome){0};
    if (trial->sim) {
        assert_true(sim.configure(trial->sim));
    }
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    out->status = trial_open(trial, context, &solver);
    out->created = out->status == ODEC_OK;
    if (out->created) {
        trial_solve(trial, context, solver, out);
    } else {
        assert_null(solver);
        snprintf(out->error, sizeof out->error, "%s", odec_context_error(context));
    }
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    if (sim.finish() != 0) {
        struct simgpu_report report;
        sim.report(&report);
        fail_msg("%s: %s", trial->sim ? trial->sim : "", report.first_violation);
    }
}

void trial_on_cpu(const struct trial *trial, struct outcome *out) {
    struct trial alone = *trial;
    alone.sim = "devices=0";
    alone.device = "cpu";
    alone.memory_bytes = alone.chunk_runs = 0;
    alone.distribution = ODEC_DYNAMIC;
    alone.progress = NULL;
    alone.sink_seconds = 0;
    trial_run(&alone, out);
    assert_int_equal(out->status, ODEC_OK);
}

void outcome_release(struct outcome *outcome) {
    free(outcome->values);
    free(outcome->records);
    free(outcome->times);
    *outcome = (struct outcome){0};
}

/* ---- what came ---- */

int64_t assert_partial(const struct outcome *outcome, const struct outcome *reference) {
    int64_t n = 0;
    for (int64_t i = 0; outcome->times && i < outcome->n_runs; i++) {
        const size_t at = (size_t)i * outcome->run_bytes;
        assert_true(outcome->times[i] <= 1);
        if (outcome->times[i]) {
            assert_memory_equal(outcome->values + at, reference->values + at,
                                outcome->run_bytes);
            assert_memory_equal(&outcome->records[i], &reference->records[i],
                                sizeof *outcome->records);
            n++;
        }
    }
    return n;
}

void assert_same_bits(const struct outcome *outcome, const struct outcome *reference) {
    if (outcome->status != ODEC_OK) {
        fail_msg("%s", outcome->error);
    }
    assert_int_equal(assert_partial(outcome, reference), outcome->n_runs);
    assert_string_equal(outcome->result.digest, reference->result.digest);
    assert_true(outcome->result.n_accepted == reference->result.n_accepted);
    assert_true(outcome->result.n_rejected == reference->result.n_rejected);
    assert_int_equal(outcome->result.n_below_atol, reference->result.n_below_atol);
    assert_int_equal(outcome->below_atol, reference->below_atol);
    int64_t n = 0;
    for (int32_t i = 0; i < outcome->n_devices; i++) {
        n += outcome->devices[i].n_runs;
    }
    assert_true(n == outcome->n_runs);
}

int64_t runs_of(const struct outcome *outcome, const char *name) {
    for (int32_t i = 0; i < outcome->n_devices; i++) {
        if (strcmp(outcome->devices[i].name, name) == 0) {
            return outcome->devices[i].n_runs;
        }
    }
    return 0;
}
