/* own_kernel.c -- an application's own kernel around a step that odec has generated
 * (examples/consumer/maxima.cu): on the simulated driver it finds what the maxima in odec's own results say.
 *
 *   own_kernel EXAMPLES_DIR
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odec_compile.h"
#include "support.h"

static const char *examples;

struct maxima_args { /* as in examples/consumer/maxima.cu */
    double lo, hi, t_begin, t_end;
    double *periods;
    int n;
};

static char *read_text(const char *name) {
    static char text[65536];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", examples, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    return strdup(text);
}

/* The example's text for NVRTC, its header in the place of its include. */
static char *kernel_text(void) {
    static const char line[] = "#include \"lorenz_device.cuh\"\n";
    odec_compilation *compilation;
    odec_spec spec = ODEC_SPEC_INIT;
    char *model = read_text("lorenz.ode"), *example = read_text("consumer/maxima.cu");
    spec.device_name = "";
    assert_int_equal(
        odec_compile("lorenz.ode", model, strlen(model), &spec, &compilation), ODEC_OK);
    const char *header = odec_compilation_device(compilation);
    char *at = strstr(example, line);
    assert_non_null(at);
    const size_t size = strlen(example) + strlen(header) + 64;
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, "#define __CUDACC_RTC__\n%.*s%s%s", (int)(at - example),
             example, header, at + sizeof line - 1);
    odec_compilation_destroy(compilation);
    free(model);
    free(example);
    return text;
}

/* ---- the same from rows of a run ---- */

enum { N_ROWS = 80001, Z = 2, N = 3 };
#define T_BEGIN 20.0
#define T_END 420.0
#define RHO(i) (28 + 66.0 * (i))

static double rows[N][N_ROWS];

static odec_status take_rows(void *user, const odec_portion *portion) {
    (void)user;
    const double *values = portion->values;
    for (int64_t i = 0; i < portion->n_runs * N_ROWS; i++) {
        const int64_t run = portion->first_run + i / N_ROWS;
        rows[run][i % N_ROWS] = values[4 * i + Z];
    }
    return ODEC_OK;
}

static void solve(void) {
    char *model = read_text("lorenz.ode");
    odec_compilation *compilation;
    odec_context *context;
    odec_solver *solver;
    odec_spec spec = ODEC_SPEC_INIT;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_batch batch = ODEC_BATCH_INIT;
    odec_save save = ODEC_SAVE_INIT;
    odec_sink sink = ODEC_SINK_INIT;
    odec_source pars[3] = {
        {.kind = ODEC_SOURCE_DEFAULT},
        {.kind = ODEC_SOURCE_GRID, .lo = RHO(0), .hi = RHO(N - 1), .n = N, .repeat = 1},
        {.kind = ODEC_SOURCE_DEFAULT}};
    save.kind = ODEC_SAVE_COUNT;
    save.count = N_ROWS;
    spec.save = &save;
    options.device = "cpu";
    sink.write = take_rows;
    batch.n_runs = N;
    batch.pars = pars;
    batch.t0 = 0;
    batch.t1 = T_END;
    batch.save = &save;
    assert_int_equal(
        odec_compile("lorenz.ode", model, strlen(model), &spec, &compilation), ODEC_OK);
    const odec_program *program = odec_compilation_program(compilation);
    assert_int_equal(program->n_columns, 4);
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    assert_int_equal(odec_solver_create(context, program, &options, &solver), ODEC_OK);
    assert_int_equal(odec_solve(solver, &batch, &sink, NULL), ODEC_OK);
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    odec_compilation_destroy(compilation);
    free(model);
}

static double mean_period(const double *z) {
    const double dt = T_END / (N_ROWS - 1);
    int n = 0, first = 0, last = 0;
    for (int i = (int)(T_BEGIN / dt) + 1; i < N_ROWS - 1; i++) {
        if (z[i] > z[i - 1] && z[i] >= z[i + 1]) {
            last = i;
            first = n++ == 0 ? i : first;
        }
    }
    return (last - first) * dt / (n - 1);
}

/* Both are chaotic: what they have in common are means over some hundred maxima. */
static void test_finds_the_periods(void **state) {
    (void)state;
    struct gpu gpu = gpu_begin("");
    char *text = kernel_text(), *image = image_of(text);
    CUmodule module;
    CUfunction maxima;
    double *periods = pinned_bytes(N * sizeof *periods);
    struct maxima_args args = {RHO(0), RHO(N - 1), T_BEGIN, T_END, periods, N};
    void *arguments[] = {&args};
    OK(cuda.driver.module_load(&module, image));
    OK(cuda.driver.module_function(&maxima, module, "maxima"));
    OK(cuda.driver.launch(maxima, 2, 1, 1, 2, 1, 1, 0, gpu.stream, arguments, NULL));
    OK(cuda.driver.stream_synchronize(gpu.stream));
    solve();
    for (int i = 0; i < N; i++) {
        const double expected = mean_period(rows[i]);
        printf("rho = %g: %.6f, of rows %.6f\n", RHO(i), periods[i], expected);
        assert_true(fabs(periods[i] - expected) < 0.01 * expected);
    }
    OK(cuda.driver.module_unload(module));
    OK(cuda.driver.pinned_free(periods));
    free(image);
    free(text);
    gpu_close(&gpu);
    assert_clean();
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_finds_the_periods)};
    if (argc != 2) {
        fprintf(stderr, "usage: own_kernel EXAMPLES_DIR\n");
        return 2;
    }
    examples = argv[1];
    return cmocka_run_group_tests(tests, support_open, NULL);
}
