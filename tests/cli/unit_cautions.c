/* unit_cautions.c -- what the odec command warns of before and after a run.
 * A table row or two per promise; messages verbatim.
 */
#include "cli_support.h"

static void test_lone_save_time_is_warned_of(void **state) {
    (void)state;
    assert_int_equal(odec("run decay.ode --save every:100 --quiet"), 0);
    assert_string_equal(
        read_file("err"),
        "odec: warning: no save time but t = 0 lies within the time span 0 .. 1: it is "
        "shorter than the save interval, 100\n");
    assert_int_equal(odec("run decay.ode --save every:1 --quiet"), 0);
    assert_string_equal(read_file("err"), "");
    assert_int_equal(odec("run decay.ode --save every:1 --t 3:3 --quiet"), 0);
    assert_string_equal(read_file("err"), "");
    assert_int_equal(odec("run decay.ode --save at:0 --quiet"), 0);
    assert_string_equal(read_file("err"), "");
}

/* States whose error nothing controls: amounts far below every atol. */
static void test_states_below_atol_are_named(void **state) {
    (void)state;
    static const struct {
        const char *options, *warning, *stats;
    } rows[] = {
        {"",
         "odec: warning: the error of A, B, C was not controlled: never above atol (1e-09); "
         "give a smaller --atol, such as A:1e-15\n",
         "\"below_atol\": [\"A\", \"B\", \"C\"],"},
        {" --atol 1e-18,B:1e-16",
         "odec: warning: the error of B was not controlled: never above atol (1e-16); "
         "give a smaller --atol, such as B:1e-22\n",
         "\"below_atol\": [\"B\"],"},
        {" --atol B:1e-20,A:1e-15",
         "odec: warning: the error of A, C was not controlled: never above atol (1e-15 .. "
         "1e-09); give a smaller --atol, such as A:1e-21\n",
         "\"below_atol\": [\"A\", \"C\"],"},
        {" --precision float --atol 1e-35 --set 'A(0)=1e-36' --method tsit5",
         "odec: warning: the error of A was not controlled: never above atol (1e-35); "
         "give a smaller --atol\n",
         "\"below_atol\": [\"A\"],"},
        {" --atol 1e-20", "", "\"below_atol\": [],"},
        {" --dt 0.01", "", "\"below_atol\": [],"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[256];
        snprintf(line, sizeof line, "run tiny.ode --quiet --stats s.json%s",
                 rows[i].options);
        assert_int_equal(odec(line), 0);
        assert_string_equal(read_file("err"), rows[i].warning);
        assert_non_null(strstr(read_file("s.json"), rows[i].stats));
    }
    assert_int_equal(odec("run many.ode --quiet"), 0);
    assert_string_equal(
        read_file("err"),
        "odec: warning: the error of s1, s2, s3, s4, s5, s6, s7, s8 and 2 more was not "
        "controlled: never above atol (1e-09); give a smaller --atol, such as s1:1e-15\n");
}

/* One of a thing is not several, and all are 100 %. */
static void test_counts_are_words(void **state) {
    (void)state;
    assert_int_equal(odec("run cliff.ode --max-attempts 1"), 3);
    assert_non_null(strstr(read_file("err"), "1 of 1 run failed: "));
    assert_non_null(strstr(read_file("out"), "  1 step tried, 100 % rejected, "));
    assert_int_equal(odec("check spanless.ode"), 0);
    assert_string_equal(read_file("out"),
                        "spanless.ode: ok: 1 state, 0 parameters, 1 column\n");
}

static void test_long_steps_are_warned_of(void **state) {
    (void)state;
    assert_int_equal(odec("run decay.ode --method rk4 --dt 1.5 --quiet"), 0);
    assert_string_equal(
        read_file("err"),
        "odec: warning: dt 1.5 is longer than the time span 0 .. 1: a single "
        "step, to its end\n");
    assert_int_equal(odec("run decay.ode --method rk4 --dt 1 --quiet"), 0);
    assert_string_equal(read_file("err"), "");
    assert_int_equal(odec("run decay.ode --method rk4 --dt 1 --t 3:3 --quiet"), 0);
    assert_string_equal(read_file("err"), "");
}

static void test_time_far_from_zero_is_warned_of(void **state) {
    (void)state;
    write_file("wave.ode", "model wave\ninit y = 0\ny' = speed\nspeed = cos(t)\n");
    write_file("wave_out.ode", "model wave\ninit y = 0\ny' = -y\nout now = t + 1\n");
    write_file("free.ode", "model free\ninit x = 1, v = t\nx' = v\nv' = -x\n");
    static const struct {
        const char *options, *says; /* "": nothing */
    } rows[] = {
        {"wave.ode --t 1e5:100010 --precision float",
         "float knows to 3.9e-03 at t = 100010, 3.9e-04 of the time span; let t count from "
         "the start of the span, or use double\n"},
        {"wave.ode --t -100010:-100000 --precision float",
         "float knows to 3.9e-03 at t = 100010, 3.9e-04 of the time span; let t count from "
         "the start of the span, or use double\n"},
        {"wave_out.ode --t 1e7:10000010 --dt 0.1 --method rk4 --precision float",
         "float knows to 5.0e-01 at t = 10000010, 5.0e-02 of the time span; let t count "
         "from the start of the span, or use double\n"},
        {"wave.ode --t 0:1e4 --dt 0.005 --method euler --max-attempts 1e8 --precision float",
         "float knows to 4.9e-04 at t = 10000, 9.8e-02 of a step; use double\n"},
        /* Here x' = 1000 cos(1000 t) by tsit5 was off by 0.34, its amplitude 1. */
        {"wave.ode --t 1000:1001 --dt 0.001 --method tsit5 --precision float",
         "float knows to 3.1e-05 at t = 1001, 3.1e-02 of a step; let t count from the start "
         "of the span, or use double\n"},
        {"wave.ode --t 1e9:1000000001 --dt 2e-6 --method rk4",
         "double knows to 6.0e-08 at t = 1000000001, 3.0e-02 of a step; let t count from "
         "the start of the span\n"},
        {"wave.ode --t 15:16 --dt 0.001 --method tsit5 --precision float", ""},
        {"wave.ode --t 0:3e4 --precision float",
         "float knows to 9.8e-04 at t = 30000, "}, /* part of a mean step */
        {"wave.ode --t 1e15:1000000000000008",
         "double knows to 6.2e-02 at t = 1000000000000008, 7.8e-03 of the time span; "
         "let t count from the start of the span\n"},
        {"wave.ode --t 100:110 --precision float", ""},
        {"wave.ode --t 0:1000 --precision float", ""},
        {"wave.ode --t 0:1000 --dt 0.1 --method rk4 --precision float", ""},
        {"wave.ode --t 0:10 --rtol 2e-6 --precision float", ""},
        {"wave.ode --t 1e7:10000010", ""},
        {"free.ode --t 1e6:1000010 --precision float", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char command[160];
        snprintf(command, sizeof command, "run %s --quiet", rows[i].options);
        odec(command);
        const char *found = strstr(read_file("err"), "the equations use t, which ");
        const char *end = found ? strchr(found, '\n') : NULL;
        const char *says = found ? found + strlen("the equations use t, which ") : "";
        const int n = found && end ? (int)(end - says) + 1 : 0;
        const size_t n_right = strlen(rows[i].says);
        if ((n > 0) != (n_right > 0) || strncmp(says, rows[i].says, n_right)) {
            fail_msg("%s: '%.*s'", rows[i].options, n, says);
        }
    }
}

static void test_sums_of_many_steps_are_warned_of(void **state) {
    (void)state;
    write_file("clock.ode",
               "model clock\ninit c = 0\nc' = 1\nsolve { t = 0 .. 1000 }\n");
    static const char told[] =
        "odec: warning: 1.0e+05 steps in float: their roundings add up to about 2.0e-03 of a "
        "state that changes steadily, at least 1.9e-05 of one that swings; fewer steps, or double, lose "
        "less\n";
    static const struct {
        const char *options, *says;
    } rows[] = {
        {"--dt-max 0.01 --precision float", told},
        {"--dt 0.01 --method rk4 --precision float", told},
        {"--dt 0.1 --method rk4 --precision float", ""},
        {"--dt-max 1 --precision float", ""},
        {"--dt-max 0.01", ""},
        {"--dt-max 0.01 --rtol 3e-12",
         "odec: warning: 1.0e+05 steps in double: their roundings add up to about 3.7e-12 of "
         "a state that changes steadily, at least 3.5e-14 of one that swings; fewer steps lose less\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char command[160];
        snprintf(command, sizeof command, "run clock.ode --quiet %s", rows[i].options);
        assert_int_equal(odec(command), 0);
        assert_string_equal(read_file("err"), rows[i].says);
    }
}

/* A tolerance that is no normal number is the same error whoever meets it, at its place. */
static void test_small_tolerance_of_a_model(void **state) {
    (void)state;
    write_file("small.ode", "model small\ninit x = 1, y = 1\nx' = -x\ny' = -y\n"
                            "solve { t = 0 .. 1; atol = 1e-9, y: 1e-40 }\n");
    static const char *const commands[] = {"check", "info", "run"};
    char command[128];
    for (int i = 0; i < 3; i++) {
        snprintf(command, sizeof command, "%s small.ode", commands[i]);
        assert_int_equal(odec(command), 0);
        snprintf(command, sizeof command, "%s small.ode --precision float",
                 commands[i]);
        assert_int_equal(odec(command), 2);
        assert_string_equal(
            read_file("err"),
            "small.ode:5:37: error[E0404]: 'atol' is 1e-40, below the smallest normal number "
            "of float, 1.1754943508222875e-38\n"
            "    5 | solve { t = 0 .. 1; atol = 1e-9, y: 1e-40 }\n"
            "      |                                     ^~~~~\n");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lone_save_time_is_warned_of),
        cmocka_unit_test(test_states_below_atol_are_named),
        cmocka_unit_test(test_counts_are_words),
        cmocka_unit_test(test_long_steps_are_warned_of),
        cmocka_unit_test(test_time_far_from_zero_is_warned_of),
        cmocka_unit_test(test_sums_of_many_steps_are_warned_of),
        cmocka_unit_test(test_small_tolerance_of_a_model),
    };
    return cmocka_run_group_tests(tests, cli_begin, cli_end);
}
