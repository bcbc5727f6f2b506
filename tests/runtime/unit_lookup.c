/* unit_lookup.c -- a program's quantities by name and by number, whatever size the program
 * says its quantities have.
 */
#include "runtime_support.h"

/* A quantity of a version to come, longer than ours. */
struct longer {
    odec_quantity quantity;
    double more;
};

#define QUANTITY(n, u) \
    { .quantity = {.name = n, .unit = u, .text = ""}, .more = 1 }

static const struct longer pars[] = {QUANTITY("sigma", ""), QUANTITY("rho", "1/s"),
                                     QUANTITY("NULL", "")};
static const struct longer states[] = {QUANTITY("x", "m"), QUANTITY("y", "kg")};
static const struct longer columns[] = {QUANTITY("y", "kg"), QUANTITY("energy", "J")};

static odec_program example(void) {
    odec_program program = ODEC_PROGRAM_INIT;
    program.quantity_size = sizeof(struct longer);
    program.model = "m";
    program.n_pars = 3;
    program.pars = &pars[0].quantity;
    program.n_states = program.n_columns = 2;
    program.states = &states[0].quantity;
    program.columns = &columns[0].quantity;
    return program;
}

static void test_by_number(void **state) {
    (void)state;
    const odec_program program = example();
    assert_int_equal(odec_program_count(&program, ODEC_PARAMETER), 3);
    assert_int_equal(odec_program_count(&program, ODEC_COLUMN), 2);
    assert_int_equal(odec_program_count(&program, (odec_quantity_kind)7), 0);
    assert_string_equal(odec_program_quantity(&program, ODEC_PARAMETER, 1)->unit,
                        "1/s");
    assert_string_equal(odec_program_quantity(&program, ODEC_STATE, 1)->unit, "kg");
    assert_string_equal(odec_program_quantity(&program, ODEC_COLUMN, 1)->name,
                        "energy");
    assert_null(odec_program_quantity(&program, ODEC_PARAMETER, 3));
    assert_null(odec_program_quantity(&program, ODEC_PARAMETER, -1));
    assert_null(odec_program_quantity(&program, (odec_quantity_kind)-1, 0));
}

static void test_by_name(void **state) {
    (void)state;
    const odec_program program = example();
    assert_int_equal(odec_program_parameter(&program, "rho"), 1);
    assert_int_equal(odec_program_parameter(&program, "NULL"), 2);
    assert_int_equal(odec_program_parameter(&program, "x"), -1);
    assert_int_equal(odec_program_state(&program, "y"), 1);
    assert_int_equal(odec_program_column(&program, "y"), 0);
    assert_int_equal(odec_program_column(&program, ""), -1);
}

static void test_find(void **state) {
    (void)state;
    const odec_program program = example();
    const struct {
        odec_quantity_kind kind;
        const char *name;
        int32_t index;
        const char *error;
    } rows[] = {
        {ODEC_PARAMETER, "sigma", 0, ""},
        {ODEC_COLUMN, "energy", 1, ""},
        {ODEC_PARAMETER, "roh", -1, "m has no parameter 'roh'; did you mean 'rho'?"},
        {ODEC_COLUMN, "enrgy", -1, "m has no column 'enrgy'; did you mean 'energy'?"},
        {ODEC_STATE, "energy", -1, "m has no state 'energy': that is a column"},
        {ODEC_COLUMN, "temperature", -1, "m has no column 'temperature'"},
        {(odec_quantity_kind)3, "x", -1, "there is no kind 3 of quantities"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t index = 77;
        odec_context_clear(context);
        const odec_status status =
            odec_program_find(context, &program, rows[i].kind, rows[i].name, &index);
        assert_int_equal(status, rows[i].index < 0 ? ODEC_ERROR_ARGUMENT : ODEC_OK);
        assert_int_equal(index, rows[i].index);
        assert_string_equal(odec_context_error(context), rows[i].error);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_number),
        cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
