/* unit_natives.c -- texts of the compiler's, several of them linked into one program under
 * names of their own: the same bits as by the system's compiler, and that compiler is not
 * needed. That they link at all shows that nothing else in a text is visible.
 */
#include "odec_compile.h"
#include "runtime_support.h"

/* tests/runtime/CMakeLists.txt compiles them: METHOD_LANES. */
odec_kernel_function native_tsit5_1, native_tsit5_2, native_rk4_1, native_rk4_2;

static const struct trial {
    const char *method;
    double dt;
    odec_native natives[2];
} trials[] = {
    {"tsit5",
     NAN,
     {{ODEC_ISA_BASE, 1, ODEC_DOUBLE, native_tsit5_1, NULL},
      {ODEC_ISA_BASE, 2, ODEC_DOUBLE, native_tsit5_2, NULL}}},
    {"rk4",
     0.01,
     {{ODEC_ISA_BASE, 1, ODEC_DOUBLE, native_rk4_1, NULL},
      {ODEC_ISA_BASE, 2, ODEC_DOUBLE, native_rk4_2, NULL}}},
};

static odec_compilation *compile(const struct trial *trial) {
    static char text[4096];
    FILE *file = fopen(EXAMPLES_DIR "/lorenz.ode", "rb");
    odec_spec spec = ODEC_SPEC_INIT;
    odec_compilation *compilation;
    assert_non_null(file);
    const size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    spec.method = trial->method;
    spec.dt = trial->dt;
    assert_int_equal(odec_compile("lorenz.ode", text, length, &spec, &compilation),
                     ODEC_OK);
    return compilation;
}

static void solve(const odec_program *program, const odec_solver_options *options,
                  odec_result *result) {
    odec_source pars[3] = {{.kind = ODEC_SOURCE_DEFAULT},
                           {.kind = ODEC_SOURCE_GRID, .lo = 20, .hi = 30, .n = 37},
                           {.kind = ODEC_SOURCE_DEFAULT}};
    pars[1].repeat = 1;
    odec_batch batch = batch_of(37, pars);
    odec_solver *solver = open_solver(program, options);
    batch.t0 = 0;
    batch.t1 = 10;
    assert_int_equal(odec_solve(solver, &batch, NULL, result), ODEC_OK);
    odec_solver_destroy(solver);
}

static void test_same_bits(void **state) {
    (void)state;
    char *path = strdup(getenv("PATH"));
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        odec_compilation *compilation = compile(&trials[i]);
        odec_program program = *odec_compilation_program(compilation);
        odec_solver_options options = test_options();
        odec_result compiled = ODEC_RESULT_INIT, linked = ODEC_RESULT_INIT;
        options.device = "cpu";
        solve(&program, &options, &compiled);
        program.natives = trials[i].natives;
        program.n_natives = 2;
        program.kernels[ODEC_TARGET_CPU].text = NULL;
        setenv("PATH", "", 1);
        options.cache_dir = "";
        for (options.lanes = 1; options.lanes <= 2; options.lanes++) {
            solve(&program, &options, &linked);
            assert_string_equal(linked.digest, compiled.digest);
            assert_int_equal(linked.n_rhs, compiled.n_rhs);
        }
        setenv("PATH", path, 1);
        odec_compilation_destroy(compilation);
    }
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits)};
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
