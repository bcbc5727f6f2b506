/* unit_nulls.c -- every public function with NULL in each place where it takes a pointer: an
 * error or a neutral answer, as odec.h says, and no crash. The headers are read: a function
 * that has no row here fails the test.
 */
#include "odec_compile.h"
#include "runtime_support.h"

static odec_program program;
static odec_solver *solver;
static odec_devices *devices;
static odec_compilation *compilation;
static const odec_save no_times = {
    .size = sizeof no_times, .kind = ODEC_SAVE_AT, .count = 2};
static const char model[] = "model m\ninit x = 1\nx' = -x\nsolve { t = 0 .. 1 }\n";

/* What a call answered, as a number, and what it has to; strings by what they are. */
struct row {
    const char *call;
    long answer, expected;
};
#define NUMBER(call, expected) \
    { #call, (long)(call), (long)(expected) }
#define TEXT(call, expected) \
    { #call, strcmp(call, expected) == 0, 1 }
#define NOTHING(call) \
    { #call, ((call), 1), 1 }
#define REFUSED(call) NUMBER(call, ODEC_ERROR_ARGUMENT)

static void check(const struct row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (rows[i].answer != rows[i].expected) {
            fail_msg("%s is %ld, not %ld", rows[i].call, rows[i].answer,
                     rows[i].expected);
        }
    }
    odec_context_clear(context);
}

/* ---- are there rows for all? ---- */

static char called[1 << 14]; /* the texts of all calls */

static void remember(const struct row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const size_t end = strlen(called);
        snprintf(called + end, sizeof called - end, "%s\n", rows[i].call);
    }
}

#define CHECK(rows)                                   \
    do {                                              \
        const size_t n_ = sizeof rows / sizeof *rows; \
        check(rows, n_);                              \
        remember(rows, n_);                           \
    } while (0)

/* The name of a declaration that begins behind ODEC_API: up to the first '('. */
static void look_for(const char *declaration, int *n_found) {
    char call[80];
    const char *end = strchr(declaration, '('), *name = end;
    assert_non_null(end);
    while (name[-1] == '_' || (name[-1] >= 'a' && name[-1] <= 'z')) {
        name--;
    }
    snprintf(call, sizeof call, "%.*s(", (int)(end - name), name);
    if (strstr(called, call) == NULL) {
        fail_msg("no row calls %s)", call);
    }
    ++*n_found;
}

static int look_through(const char *path) {
    static char text[1 << 17];
    FILE *file = fopen(path, "r");
    int n_found = 0;
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (const char *at = text; (at = strstr(at, "\nODEC_API ")); at++) {
        look_for(at, &n_found);
    }
    return n_found;
}

/* Runs after the others. */
static void test_none_is_left_out(void **state) {
    (void)state;
    assert_true(look_through(ODEC_HEADER) > 25);
    assert_true(look_through(ODEC_COMPILE_HEADER) > 10);
}

/* ---- the rows ---- */

static void test_contexts(void **state) {
    (void)state;
    odec_context *made = NULL;
    const struct row rows[] = {
        TEXT(odec_status_text((odec_status)-1), "unknown status"),
        TEXT(odec_run_status_text(-1), "unknown"),
        REFUSED(odec_context_create(NULL)),
        REFUSED(odec_context_create_with(NULL, &made)),
        REFUSED(odec_context_create_with(NULL, NULL)),
        NOTHING(odec_context_destroy(NULL)),
        TEXT(odec_context_error(NULL), ""),
        NOTHING(odec_context_clear(NULL)),
    };
    CHECK(rows);
    assert_null(made);
}

static void test_programs(void **state) {
    (void)state;
    int32_t index = 0;
    const struct row rows[] = {
        NUMBER(odec_program_count(NULL, ODEC_STATE), 0),
        NUMBER(odec_program_count(&program, (odec_quantity_kind)7), 0),
        NUMBER(odec_program_quantity(NULL, ODEC_STATE, 0), 0),
        NUMBER(odec_program_quantity(&program, ODEC_STATE, -1), 0),
        NUMBER(odec_program_parameter(NULL, "k"), -1),
        NUMBER(odec_program_parameter(&program, NULL), -1),
        NUMBER(odec_program_state(NULL, "k"), -1),
        NUMBER(odec_program_state(&program, NULL), -1),
        NUMBER(odec_program_column(NULL, "k"), -1),
        NUMBER(odec_program_column(&program, NULL), -1),
        NUMBER(odec_program_find(NULL, &program, ODEC_STATE, "x", &index), ODEC_OK),
        REFUSED(odec_program_find(NULL, &program, ODEC_STATE, "y", &index)),
        REFUSED(odec_program_find(context, NULL, ODEC_STATE, "x", &index)),
        REFUSED(odec_program_find(context, &program, ODEC_STATE, NULL, &index)),
        REFUSED(odec_program_find(context, &program, ODEC_STATE, "x", NULL)),
    };
    CHECK(rows);
}

static void test_solvers(void **state) {
    (void)state;
    odec_solver *made = NULL;
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    odec_sizing sizing = ODEC_SIZING_INIT;
    odec_batch batch = batch_of(1, NULL), no_save = batch;
    const odec_source no_column = {.kind = ODEC_SOURCE_COLUMN, .stride = 1};
    const odec_batch no_values = batch_of(1, &no_column);
    no_save.save = &no_times;
    const struct row rows[] = {
        REFUSED(odec_solver_create(NULL, &program, NULL, &made)),
        REFUSED(odec_solver_create(context, NULL, NULL, &made)),
        REFUSED(odec_solver_create(context, &program, NULL, NULL)),
        REFUSED(odec_solver_create(NULL, NULL, NULL, NULL)),
        NOTHING(odec_solver_destroy(NULL)),
        NUMBER(odec_solver_cache_hit(NULL), false),
        NUMBER(odec_solver_n_devices(NULL), 0),
        REFUSED(odec_solver_device_info(NULL, 0, &info)),
        REFUSED(odec_solver_device_info(solver, 0, NULL)),
        REFUSED(odec_solve(NULL, &batch, NULL, NULL)),
        REFUSED(odec_solve(solver, NULL, NULL, NULL)),
        REFUSED(odec_solve(solver, &no_values, NULL, NULL)),
        REFUSED(odec_solve(solver, &no_save, NULL, NULL)),
        REFUSED(odec_solver_sizing(NULL, &batch, true, 0, &sizing)),
        REFUSED(odec_solver_sizing(solver, NULL, true, 0, &sizing)),
        REFUSED(odec_solver_sizing(solver, &batch, true, 0, NULL)),
        NUMBER(odec_solver_below_atol(NULL, 0), false),
    };
    CHECK(rows);
    assert_null(made);
}

static void test_times(void **state) {
    (void)state;
    int64_t count;
    double times[2];
    const odec_save every = {.size = sizeof every, .kind = ODEC_SAVE_EVERY, .dt = 1};
    const struct row rows[] = {
        NUMBER(odec_save_times(NULL, NULL, 0, 1, NULL, 0, &count), ODEC_OK),
        REFUSED(odec_save_times(NULL, &no_times, 0, 1, times, 2, &count)),
        REFUSED(odec_save_times(context, &no_times, 0, 1, times, 2, &count)),
        REFUSED(odec_save_times(context, &every, 0, 1, times, 2, NULL)),
        NUMBER(odec_grid_point(1, 2, 1, false, 0), 1),
    };
    CHECK(rows);
}

static void test_devices(void **state) {
    (void)state;
    odec_devices *made = NULL;
    odec_device_state look = ODEC_DEVICE_STATE_INIT;
    char text[80] = "before";
    int32_t order[64];
    const struct row rows[] = {
        REFUSED(odec_devices_create(NULL, &made)),
        REFUSED(odec_devices_create(context, NULL)),
        NOTHING(odec_devices_destroy(NULL)),
        NOTHING(odec_devices_sample(NULL)),
        NUMBER(odec_devices_count(NULL), 0),
        REFUSED(odec_devices_get(NULL, 0, &look)),
        REFUSED(odec_devices_get(devices, 0, NULL)),
        NUMBER(odec_devices_refused(NULL, 0, text, sizeof text), 0),
        NUMBER(odec_devices_refused(devices, 0, NULL, 80), 0),
        NUMBER(odec_devices_refused(devices, 0, text, 0), 0),
        NUMBER(odec_devices_rank(NULL, order), 0),
        NUMBER(odec_devices_rank(devices, NULL), 0),
    };
    CHECK(rows);
    assert_null(made);
    assert_string_equal(text, "");
}

static void test_compiler(void **state) {
    (void)state;
    odec_compilation *made[4] = {NULL};
    odec_diagnostic diagnostic = ODEC_DIAGNOSTIC_INIT;
    odec_name name = ODEC_NAME_INIT;
    odec_spec no_save = ODEC_SPEC_INIT, no_defaults = ODEC_SPEC_INIT;
    no_save.save = &no_times;
    no_defaults.n_defaults = 1;
    const struct row rows[] = {
        REFUSED(odec_compile("m", model, strlen(model), NULL, NULL)),
        REFUSED(odec_compile("m", NULL, 3, NULL, &made[0])),
        REFUSED(odec_compile("m", NULL, 0, NULL, &made[1])),
        REFUSED(odec_compile(NULL, model, strlen(model), &no_save, &made[2])),
        REFUSED(odec_compile(NULL, model, strlen(model), &no_defaults, &made[3])),
        NUMBER(odec_compilation_program(NULL), 0),
        TEXT(odec_compilation_diagnostics(NULL), ""),
        NUMBER(odec_compilation_n_errors(NULL), 0),
        NUMBER(odec_compilation_n_warnings(NULL), 0),
        TEXT(odec_compilation_dump(NULL), ""),
        NUMBER(odec_compilation_device(NULL), 0),
        NOTHING(odec_compilation_destroy(NULL)),
        NUMBER(odec_compilation_n_diagnostics(NULL), 0),
        REFUSED(odec_compilation_diagnostic(NULL, 0, &diagnostic)),
        REFUSED(odec_compilation_diagnostic(compilation, 0, NULL)),
        REFUSED(odec_compilation_name(NULL, "x", &name)),
        REFUSED(odec_compilation_name(compilation, NULL, &name)),
        REFUSED(odec_compilation_name(compilation, "x", NULL)),
        NUMBER(odec_method_name(-1), 0),
        NUMBER(odec_explain(NULL), 0),
        NUMBER(odec_diagnostic_code(-1), 0),
    };
    static const char *const said[] = {
        "error: there is no text of a model\n", "error: there is no text of a model\n",
        "error: no save time is given\n", "error: the list of 1 defaults is missing\n"};
    CHECK(rows);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(odec_compilation_diagnostics(made[i]), said[i]);
        odec_compilation_destroy(made[i]);
    }
}

/* Save times of a spec that no batch could have: refused before anything is copied. */
static void test_wrong_save_times(void **state) {
    (void)state;
    static const double times[] = {1, 2};
    static const struct {
        odec_save_kind kind;
        double dt;
        int64_t count;
        const char *said;
    } rows[] = {
        {ODEC_SAVE_AT, 0, -1, "error: no save time is given\n"},
        {ODEC_SAVE_AT, 0, 0, "error: no save time is given\n"},
        {ODEC_SAVE_AT, 0, INT64_MIN, "error: no save time is given\n"},
        {ODEC_SAVE_AT, 0, INT64_MAX,
         "error: 9223372036854775807 save times; at most 100000000 are possible\n"},
        {ODEC_SAVE_COUNT, 0, 1,
         "error: evenly spaced save times include both ends: at least 2, not 1\n"},
        {ODEC_SAVE_COUNT, 0, INT64_MAX,
         "error: 9223372036854775807 save times; at most 100000000 are possible\n"},
        {ODEC_SAVE_EVERY, -1, 0, "error: the save interval must be positive, not -1\n"},
        {(odec_save_kind)9, 0, 0, "error: unknown kind of save times\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        odec_save save = ODEC_SAVE_INIT;
        odec_spec spec = ODEC_SPEC_INIT;
        odec_compilation *made = NULL;
        save.kind = rows[i].kind;
        save.dt = rows[i].dt;
        save.count = rows[i].count;
        save.at = times;
        spec.save = &save;
        assert_int_equal(odec_compile("m", model, strlen(model), &spec, &made),
                         ODEC_ERROR_ARGUMENT);
        assert_string_equal(odec_compilation_diagnostics(made), rows[i].said);
        odec_compilation_destroy(made);
    }
}

static void test_simple_call(void **state) {
    (void)state;
    odec_table *tables[2] = {NULL};
    odec_run_options no_save = ODEC_RUN_OPTIONS_INIT;
    no_save.save = &no_times;
    const struct row rows[] = {
        REFUSED(odec_run_text(model, NULL, NULL)),
        REFUSED(odec_run_text(NULL, NULL, &tables[0])),
        REFUSED(odec_run_text(model, &no_save, &tables[1])),
        NOTHING(odec_table_destroy(NULL)),
    };
    static const char *const said[] = {"there is no text of a model",
                                       "error: no save time is given\n"};
    CHECK(rows);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(tables[i]->error, said[i]);
        odec_table_destroy(tables[i]);
    }
}

static int begin(void **state) {
    const int failed = runtime_begin(state);
    if (!failed) {
        const odec_solver_options options = test_options();
        program = decay_program();
        solver = open_solver(&program, &options);
        assert_int_equal(odec_devices_create(context, &devices), ODEC_OK);
        assert_int_equal(odec_compile("m", model, strlen(model), NULL, &compilation),
                         ODEC_OK);
    }
    return failed;
}

static int end(void **state) {
    odec_compilation_destroy(compilation);
    odec_devices_destroy(devices);
    odec_solver_destroy(solver);
    return runtime_end(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contexts),         cmocka_unit_test(test_programs),
        cmocka_unit_test(test_solvers),          cmocka_unit_test(test_times),
        cmocka_unit_test(test_devices),          cmocka_unit_test(test_compiler),
        cmocka_unit_test(test_wrong_save_times), cmocka_unit_test(test_simple_call),
        cmocka_unit_test(test_none_is_left_out),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
