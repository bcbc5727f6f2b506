/* unit_modes.c -- the caller's floating-point modes: whatever he has set for himself, all that
 * the library computes has the same bits, and his modes are back after each call.
 */
#include <fenv.h>

#include "odec_compile.h"
#include "runtime_support.h"

/* Constants that are folded, powers, numbers below the smallest normal one. */
static const char model[] =
    "model modes\n"
    "par k = 1/3, tiny = 3e-310\n"
    "init x = 2^0.3 + 0.1, y = tiny/7\n"
    "x' = -k*x*1.1 + sin(x)/3\n"
    "y' = -0.7*y\n"
    "out z = x/3 + exp(0.1)\n"
    "solve { rtol = 1e-5; atol = 1e-9; t = 0 .. 1; save = every 0.1 }\n";

static const struct {
    int rounding;
    unsigned mxcsr; /* FTZ and DAZ, of x86 */
} modes[] = {{FE_TONEAREST, 0},  {FE_UPWARD, 0},         {FE_DOWNWARD, 0},
             {FE_TOWARDZERO, 0}, {FE_TONEAREST, 0x8040}, {FE_UPWARD, 0x8040}};
enum { N_MODES = sizeof modes / sizeof *modes };

static unsigned control(void) {
#if defined(__x86_64__)
    uint16_t x87;
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    /* but for the flags of what happened */
    return (__builtin_ia32_stmxcsr() & 0xffc0) | (unsigned)x87 << 16;
#else
    return (unsigned)fegetround();
#endif
}

static unsigned set_mode(int i) {
    fesetround(modes[i].rounding);
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr((__builtin_ia32_stmxcsr() & ~0x8040u) | modes[i].mxcsr);
#endif
    return control();
}

/* All that is compared: bytes of what came out, in order. */
static struct out {
    size_t n;
    char bytes[1 << 20];
} first, other;

static void keep(struct out *out, const void *at, size_t n) {
    assert_true(out->n + n <= sizeof out->bytes);
    memcpy(out->bytes + out->n, at, n);
    out->n += n;
}

/* A call, after which the modes are as they were. */
#define CALL(call)                       \
    do {                                 \
        const odec_status is_ = (call);  \
        assert_int_equal(control(), as); \
        assert_int_equal(is_, ODEC_OK);  \
    } while (0)

static void keep_compiled(struct out *out, unsigned as) {
    odec_compilation *compilation;
    odec_table *table;
    odec_run_options options = ODEC_RUN_OPTIONS_INIT;
    odec_solver_options cpu = test_options();
    cpu.device = "cpu";
    options.solver = &cpu;
    CALL(odec_compile("m", model, strlen(model), NULL, &compilation));
    const odec_program *program = odec_compilation_program(compilation);
    const char *text = program->kernels[ODEC_TARGET_CPU].text;
    keep(out, text, strlen(text));
    for (int32_t i = 0; i < program->n_pars; i++) {
        keep(out, &program->pars[i].value, sizeof(double));
    }
    CALL(odec_run_text(model, &options, &table));
    keep(out, table->times, (size_t)table->n_saves * sizeof(double));
    keep(out, table->values,
         (size_t)(table->n_saves * table->n_columns) * sizeof(double));
    odec_table_destroy(table);
    odec_compilation_destroy(compilation);
}

static odec_status keep_portion(void *user, const odec_portion *portion) {
    keep(user, portion->values, (size_t)portion->n_runs * 7 * sizeof(double));
    return ODEC_OK;
}

static void keep_solved(struct out *out, odec_solver *solver, unsigned as) {
    static const odec_source sources[] = {
        {.kind = ODEC_SOURCE_GRID, .lo = 0.1, .hi = 2, .n = 33, .repeat = 3},
        {.kind = ODEC_SOURCE_GRID,
         .lo = 0.1,
         .hi = 7,
         .n = 99,
         .repeat = 1,
         .log = true},
        {.kind = ODEC_SOURCE_UNIFORM, .value = 0.3}};
    odec_sink sink = ODEC_SINK_INIT;
    sink.write = keep_portion;
    sink.user = out;
    for (int i = 0; i < 3; i++) {
        odec_batch batch = batch_of(99, &sources[i]);
        const odec_source x = {.kind = ODEC_SOURCE_UNIFORM, .value = 3e-310};
        const odec_save save = saves_of(7);
        odec_sizing sizing = ODEC_SIZING_INIT;
        batch.t0 = 0.1;
        batch.t1 = 0.8;
        batch.save = &save;
        batch.states = i == 2 ? &x : NULL;
        CALL(odec_solver_sizing(solver, &batch, false, 0, &sizing));
        CALL(odec_solve(solver, &batch, &sink, NULL));
    }
}

static void keep_times(struct out *out, unsigned as) {
    const odec_save saves[] = {
        {.size = sizeof *saves, .kind = ODEC_SAVE_EVERY, .dt = 0.1},
        {.size = sizeof *saves, .kind = ODEC_SAVE_COUNT, .count = 77}};
    for (int i = 0; i < 2; i++) {
        double times[100];
        int64_t n;
        CALL(odec_save_times(context, &saves[i], 0.1, 7.3, times, 100, &n));
        keep(out, times, (size_t)n * sizeof *times);
    }
    for (int64_t i = 0; i < 20; i++) {
        const double points[] = {odec_grid_point(0.1, 0.7, 20, false, i),
                                 odec_grid_point(0.1, 0.7, 20, true, i),
                                 odec_grid_point(1e-310, 2e-308, 20, false, i)};
        assert_int_equal(control(), as);
        keep(out, points, sizeof points);
    }
}

/* In a solver of each mode batches of the next one: its threads began with the first. */
static void test_same_bits(void **state) {
    (void)state;
    const odec_program program = decay_program();
    const odec_solver_options options = test_options();
    for (int i = 0; i < N_MODES; i++) {
        struct out *out = i == 0 ? &first : &other;
        odec_solver *solver;
        out->n = 0;
        unsigned as = set_mode(i);
        CALL(odec_solver_create(context, &program, &options, &solver));
        keep_compiled(out, as);
        keep_solved(out, solver, as);
        as = set_mode((i + 1) % N_MODES);
        keep_solved(out, solver, as);
        keep_times(out, as);
        set_mode(0);
        odec_solver_destroy(solver);
        assert_int_equal(out->n, first.n);
        assert_memory_equal(out->bytes, first.bytes, first.n);
    }
}

/* And after a call that fails. */
static void test_back_after_failures(void **state) {
    (void)state;
    const odec_program program = decay_program();
    odec_solver_options options = test_options();
    odec_solver *solver = open_solver(&program, &options), *none;
    const odec_batch batch = batch_of(0, NULL);
    odec_compilation *wrong;
    options.device = "abacus";
    const unsigned as = set_mode(N_MODES - 1);
    const odec_status statuses[] = {
        odec_solve(solver, &batch, NULL, NULL),
        odec_solver_create(context, &program, &options, &none),
        odec_compile("m", "model m\nx' = 1\n", 15, NULL, &wrong)};
    const unsigned after = control();
    set_mode(0);
    assert_int_equal(after, as);
    assert_int_equal(statuses[0], ODEC_ERROR_ARGUMENT);
    assert_int_equal(statuses[1], ODEC_ERROR_ARGUMENT);
    assert_int_equal(statuses[2], ODEC_ERROR_MODEL);
    odec_compilation_destroy(wrong);
    odec_solver_destroy(solver);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_back_after_failures),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
