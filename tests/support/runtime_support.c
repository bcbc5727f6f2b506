/* runtime_support.c -- see runtime_support.h. */
#include "runtime_support.h"
#include "abi_text.h"
#include "scratch.h"

static const char decay_kernel[] = ABI_HEADER ABI_DEFINITION
    "static double input(struct odec_input in, long long run, double otherwise) {\n"
    "    return in.data ? ((const double *)in.data)[run * in.stride] : otherwise; }\n"
    "static void one(const struct odec_args *a, long long run) {\n"
    "    double k = input(a->pars[0], run, 0.5), x = input(a->states[0], run, 1), t = "
    "a->t0;\n"
    "    int steps = 0;\n"
    "    for (long long s = 0; s < a->n_saves; s++) {\n"
    "        double h = (a->save_times[s] - t) / 4;\n"
    "        for (int i = 0; i < 4; i++, steps++) {\n"
    "            double k1 = -k*x, k2 = -k*(x + h/2*k1), k3 = -k*(x + h/2*k2),\n"
    "                   k4 = -k*(x + h*k3);\n"
    "            x += h/6*(k1 + 2*k2 + 2*k3 + k4); }\n"
    "        t = a->save_times[s];\n"
    "        long long at = a->column_stride ? run * a->run_stride + s * "
    "a->save_stride\n"
    "                                        : run * a->n_saves + s;\n"
    "        ((double *)a->values)[at] = k == 13 ? __builtin_nan(\"\") : x; }\n"
    "    a->records[run * a->record_stride] = (struct odec_run_record){\n"
    "        .t = t, .status = k == 13 ? 4 : 0, .n_accepted = steps,\n"
    "        .n_rejected = LANES, .n_rhs = 4 * steps}; }\n"
    "int odec_kernel(const struct odec_args *a);\n"
    "int odec_kernel(const struct odec_args *a) {\n"
    "    for (;;) {\n"
    "        long long run = __atomic_fetch_add(a->next, a->grain, __ATOMIC_RELAXED);\n"
    "        long long end = run + a->grain < a->n_runs ? run + a->grain : a->n_runs;\n"
    "        if (run >= end) return 0;\n"
    "        for (; run < end; run++) {\n"
    "            while (input(a->pars[0], run, 0.5) == 77)\n"
    "                if (__atomic_load_n(a->stop, __ATOMIC_RELAXED)) return 0;\n"
    "            if (__atomic_load_n(a->stop, __ATOMIC_RELAXED)) return 0;\n"
    "            one(a, run); } } }\n";

static const odec_quantity decay_pars[] = {{"k", "1/s", "rate", 0.5, -100, 100}};
static const odec_quantity decay_states[] = {{"x", "", "", 1, -INFINITY, INFINITY}};

static const odec_array decay_arrays[] = {
    {"values", ODEC_PER_RUN, 0, 8, ODEC_ARRAY_VALUES, ODEC_ALL_TARGETS},
    {"records", ODEC_PER_RUN, sizeof(struct odec_run_record), 0, ODEC_ARRAY_RECORDS,
     ODEC_ALL_TARGETS},
    {"save_times", ODEC_SHARED, 0, 8, ODEC_ARRAY_SAVE_TIMES, ODEC_ALL_TARGETS}};

odec_program decay_program(void) {
    return (odec_program){.size = sizeof(odec_program),
                          .quantity_size = sizeof(odec_quantity),
                          .array_size = sizeof(odec_array),
                          .native_size = sizeof(odec_native),
                          .abi = ODEC_KERNEL_ABI,
                          .model = "decay",
                          .text = "",
                          .n_pars = 1,
                          .n_states = 1,
                          .n_columns = 1,
                          .n_arrays = 3,
                          .arrays = decay_arrays,
                          .pars = decay_pars,
                          .states = decay_states,
                          .columns = decay_states,
                          .method = "rk4",
                          .order = 4,
                          .adaptive = true,
                          .saves = true,
                          .rtol = NAN,
                          .dt = NAN,
                          .dt_max = NAN,
                          .t0 = 0,
                          .t1 = 1,
                          .kernels[ODEC_TARGET_CPU].text = decay_kernel};
}

odec_context *context;
static const char *directory; /* for files and the kernel cache */

int runtime_begin(void **state) {
    (void)state;
    directory = scratch_create();
    return directory == NULL || odec_context_create(&context) != ODEC_OK;
}

int runtime_end(void **state) {
    odec_context_destroy(context);
    return scratch_remove(state);
}

char *in_directory(const char *name) {
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

odec_solver_options test_options(void) {
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.cache_dir = in_directory("cache");
    options.n_threads = 2;
    return options;
}

odec_solver *open_solver(const odec_program *program,
                         const odec_solver_options *options) {
    odec_solver *solver;
    odec_context_clear(context);
    if (odec_solver_create(context, program, options, &solver) != ODEC_OK) {
        fail_msg("%s", odec_context_error(context));
    }
    return solver;
}

odec_source sweep_k(int64_t n) {
    return (odec_source){
        .kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 2, .n = n, .repeat = 1};
}

odec_batch batch_of(int64_t n_runs, const odec_source *k) {
    odec_batch batch = ODEC_BATCH_INIT;
    batch.n_runs = n_runs;
    batch.pars = k;
    return batch;
}

odec_save saves_of(int64_t n) {
    return (odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = n};
}

odec_status look_away(void *user, const odec_portion *portion) {
    (void)user, (void)portion;
    return ODEC_OK;
}
