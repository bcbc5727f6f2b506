/* unit_results.c -- what the odec command gives back: results, figures, which runs failed; and what
 * is in the way. A table row or two per promise; messages verbatim.
 */
#define _GNU_SOURCE
#include "cli_support.h"

#include <sys/resource.h>

static void test_csv_on_standard_output(void **state) {
    (void)state;
    assert_int_equal(
        odec("run decay.ode --sweep k=0:50:2 --sweep 'x(0)=0:0:1' --save n:2 "
             "--out x -o - --quiet"),
        0);
    assert_string_equal(read_file("err"), "");
    assert_string_equal(read_file("out"), "run,t,k,x(0),x,status\n"
                                          "0,0,0,0,0,ok\n"
                                          "0,1,0,0,0,ok\n"
                                          "1,0,50,0,0,ok\n"
                                          "1,1,50,0,0,ok\n");
    /* The summary goes to standard error then. */
    assert_int_equal(odec("run decay.ode -o - --out x --set k=0"), 0);
    assert_string_equal(read_file("out"), "run,t,x,status\n0,1,1,ok\n");
    assert_non_null(strstr(read_file("err"), "decay: 1 run, ok, in "));
}

static void test_runs_from_a_table(void **state) {
    (void)state;
    assert_int_equal(odec("run decay.ode --runs runs.csv --save at:0 -o t.csv --out x"),
                     0);
    assert_string_equal(read_file("t.csv"), "run,t,x(0),k,x,status\n"
                                            "0,0,1,1,1,ok\n"
                                            "1,0,2,0.5,2,ok\n");
    assert_non_null(strstr(read_file("out"), "results in t.csv ("));
}

/* Columns that are no parameters go to the results as they are, or nowhere. */
static void test_labels_of_runs(void **state) {
    (void)state;
    write_file("labels.csv", "ID,k,group,x(0)\n"
                             "007,0,\"a \"\"b\"\", c\",5\n"
                             "8,0,M\xe9,6\n"
                             ",3,,7\n");
    assert_int_equal(
        odec("run decay.ode --runs labels.csv --keep ID,group --only 0..1 --save "
             "at:0 --out x -o l.csv --quiet"),
        0);
    assert_string_equal(read_file("l.csv"), "run,t,ID,group,k,x(0),x,status\n"
                                            "0,0,007,\"a \"\"b\"\", c\",0,5,5,ok\n"
                                            "1,0,8,M\xe9,0,6,6,ok\n");
    write_file("labels.csv", "ID,k,group,x(0)\n"
                             "007,0,\"a \"\"b\"\", c\",5\n"
                             "8,0,M\xe9,6\n"
                             ",3,\"\",7\n");
    assert_int_equal(
        odec("run decay.ode --runs labels.csv --keep ID --keep group --only 1..2 "
             "--out x -o l.npy --quiet"),
        0);
    assert_non_null(
        strstr(read_file("l.json"),
               "  \"runs\": [1, 2],\n"
               "  \"labels\": [\n"
               "    {\"name\": \"ID\", \"values\": [\"8\", \"\"]},\n"
               "    {\"name\": \"group\", \"values\": [\"M\xc3\xa9\", \"\"]}],\n"));
    assert_int_equal(
        odec("run decay.ode --runs labels.csv --keep group --ignore ID --only 0 "
             "--max-attempts 1 --failed b.csv"),
        3);
    assert_non_null(
        strstr(read_file("err"), ", group = a \"\"b\"\", c, k = 0, x(0) = 5\n"));
    assert_non_null(strstr(read_file("b.csv"), "run,t,group,k,x(0),status\n0,"));
    assert_non_null(
        strstr(read_file("b.csv"), ",\"a \"\"b\"\", c\",0,5,max-attempts\n"));
    /* The table of failed runs is one of runs. */
    assert_int_equal(
        odec(
            "run decay.ode --runs b.csv --keep group --save at:0 --out x -o - --quiet"),
        0);
    assert_string_equal(read_file("out"), "run,t,group,k,x(0),x,status\n"
                                          "0,0,\"a \"\"b\"\", c\",0,5,5,ok\n");
}

/* The digest of the last solve, from s.json. */
static char *digest(void) {
    char *text = strstr(read_file("s.json"), "\"digest\": \"");
    assert_non_null(text);
    text += 11;
    text[strcspn(text, "\"")] = '\0';
    assert_int_equal(strlen(text), 32);
    return text;
}

static void test_same_bits_however_computed(void **state) {
    (void)state;
    static const char *const ways[] = {"",
                                       "--threads 1",
                                       "--lanes 1",
                                       "--lanes 2",
                                       "--lanes 4",
                                       "--lanes 8",
                                       "--chunk 7",
                                       "--memory 1e5",
                                       "--cc cc",
                                       "-o d.npy",
                                       "--chunk 1 --lanes 4 -o d.csv"};
    char first[40] = "";
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments,
                 "run decay.ode --sweep k=0:9:101 --save n:5 --stats s.json %s",
                 ways[i]);
        assert_int_equal(odec(arguments), 0);
        if (i == 0) {
            strcpy(first, digest());
        }
        assert_string_equal(digest(), first);
    }
}

static void test_stats(void **state) {
    (void)state;
    assert_int_equal(odec("run decay.ode --sweep k=0:9:101 --stats s.json --quiet"), 0);
    static const char *const keys[] = {"\"runs\": 101,",
                                       "\"attempts\": {\"accepted\": ",
                                       "\"status\": {\"ok\": 101}",
                                       "\"method\": \"tsit5\"",
                                       "\"seconds\": {\"compile\": ",
                                       "\"cache_hit\": ",
                                       "\"devices\": [",
                                       "\"digest\": \"",
                                       "\"lanes\": "};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_non_null(strstr(read_file("s.json"), keys[i]));
    }
    assert_string_equal(read_file("out"), "");
}

static void test_failed_runs_are_warned_of(void **state) {
    (void)state;
    assert_int_equal(odec("run decay.ode --sweep k=0:9:3 --max-attempts 1 --quiet"), 3);
    const char *told = "odec: warning: 3 of 3 runs failed: 3 max-attempts\n"
                       "odec:   max-attempts: first run 0, at t = 0.0";
    assert_memory_equal(read_file("err"), told, strlen(told));
    assert_non_null(strstr(read_file("err"), ", k = 0\n"));
}

/* Two kinds of failure, run 2 and runs 5 and 6, whatever the order in which runs are done. */
static void write_failing(void) {
    write_file("fail.ode",
               "model fail\npar a = 0, b = 0\ninit x : 1 = 1 in -1e9 .. 50\n"
               "x' = if b > 0 then b/(x - x) else a*x^2\nsolve { t = 0 .. 1 }\n");
    write_file("fail.csv",
               "a,b,x(0)\n0,0,1\n0,0,2\n0,1,1\n-1,0,3\n0,0,4\n60,0,1\n70,0,1\n");
}

static const char two_kinds[] =
    "odec: warning: 3 of 7 runs failed: 1 non-finite, 2 out-of-bounds\n"
    "odec:   non-finite: run 2, at t = 0, a = 0, b = 1, x(0) = 1\n"
    "odec:   out-of-bounds: first run 5, at t = ";

static void test_first_of_each_kind_is_named(void **state) {
    (void)state;
    static const char *const ways[] = {"-o f.npy", "-o f.csv", "-o f.npy --chunk 1",
                                       "--stats s.json", ""};
    write_failing();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char line[160];
        snprintf(line, sizeof line,
                 "run fail.ode --quiet --runs fail.csv --method tsit5 %s", ways[i]);
        assert_int_equal(odec(line), 0);
        assert_memory_equal(read_file("err"), two_kinds, strlen(two_kinds));
        assert_non_null(strstr(read_file("err"), ", a = 60, b = 0, x(0) = 1\n"));
    }
}

static void test_exit_status_of_failed_runs(void **state) {
    (void)state;
    static const struct {
        const char *options;
        int status;
    } rows[] = {
        {"--runs fail.csv", 0},
        {"--runs fail.csv --fail-on all", 0},
        {"--runs fail.csv --fail-on any", 3},
        {"--runs fail.csv --only 5..6", 3},
        {"--runs fail.csv --only 5..6 --fail-on never", 0},
        {"--runs fail.csv --only 0..1 --fail-on any", 0},
        {"--set b=1", 3},
        {"--set b=1 --fail-on never", 0},
        {"--fail-on any", 0},
    };
    write_failing();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[160];
        snprintf(line, sizeof line, "run fail.ode --method tsit5 --quiet -o f.csv %s",
                 rows[i].options);
        assert_int_equal(odec(line), rows[i].status);
        assert_true(exists("f.csv"));
    }
}

static void test_table_of_failed_runs(void **state) {
    (void)state;
    write_failing();
    static const char *const ways[] = {"-o f.npy", "-o f.npy --chunk 1 --threads 2",
                                       ""};
    char first[512] = "";
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char line[200];
        snprintf(
            line, sizeof line,
            "run fail.ode --method tsit5 --quiet --runs fail.csv --failed bad.csv %s",
            ways[i]);
        assert_int_equal(odec(line), 0);
        char *text = read_file("bad.csv");
        const char *head = "run,t,a,b,x(0),status\n2,0,0,1,1,non-finite\n5,";
        assert_memory_equal(text, head, strlen(head));
        assert_non_null(strstr(text, ",60,0,1,out-of-bounds\n6,"));
        assert_non_null(strstr(text, ",70,0,1,out-of-bounds\n"));
        if (i == 0) {
            snprintf(first, sizeof first, "%s", text);
        }
        assert_string_equal(text, first);
    }
    /* All went well: names alone, so that no former table is taken for this run's. */
    assert_int_equal(odec("run fail.ode --method tsit5 --quiet --failed bad.csv"), 0);
    assert_string_equal(read_file("bad.csv"), "run,t,status\n");
    assert_int_equal(odec("run fail.ode --failed bad.txt"), 2);
    assert_string_equal(read_file("err"),
                        "odec: error: --failed: 'bad.txt' must end in .csv\n");
}

/* The rows that runs have alone are those that they have in the batch, to the last digit. */
static void test_some_runs_have_the_same_bits(void **state) {
    (void)state;
    write_failing();
    static const struct {
        const char *batch, *only, *pattern; /* of the lines, for grep */
    } rows[] = {
        {"decay.ode --sweep k=0.1:9:7:log --sweep 'x(0)=1:2:3' --save n:4", "4,9..11",
         "^\\(4\\|9\\|10\\|11\\),"},
        {"decay.ode --sweep k=0.1:9:7 --precision float", "3", "^3,"},
        {"decay.ode --sweep k=3,1,2 --sweep 'x(0)=1,2'", "1..4", "^[1-4],"},
        {"fail.ode --method tsit5 --runs fail.csv", "6,0..2", "^[0126],"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[256];
        snprintf(line, sizeof line, "run %s --quiet -o all.csv", rows[i].batch);
        assert_int_equal(odec(line), 0);
        snprintf(line, sizeof line, "run %s --quiet --only %s -o some.csv",
                 rows[i].batch, rows[i].only);
        assert_int_equal(odec(line), 0);
        snprintf(line, sizeof line,
                 "{ head -n 1 all.csv; grep '%s' all.csv; } | cmp - some.csv",
                 rows[i].pattern);
        assert_int_equal(system(line), 0);
    }
    assert_int_equal(
        odec("run decay.ode --sweep k=0:1:5 --only 1,3..4 --quiet -o some.npy"), 0);
    assert_non_null(strstr(read_file("some.json"),
                           "\"n\": 5, \"repeat\": 1, \"log\": false}],\n"
                           "  \"runs\": [1, 3, 4],\n"));
}

static void test_sweep_over_a_list(void **state) {
    (void)state;
    assert_int_equal(odec("run decay.ode --sweep k=3,1,2.5 --sweep 'x(0)=1:2:2' --save "
                          "at:0 --out x --quiet -o -"),
                     0);
    assert_string_equal(read_file("out"), "run,t,k,x(0),x,status\n"
                                          "0,0,3,1,1,ok\n"
                                          "1,0,3,2,2,ok\n"
                                          "2,0,1,1,1,ok\n"
                                          "3,0,1,2,2,ok\n"
                                          "4,0,2.5,1,1,ok\n"
                                          "5,0,2.5,2,2,ok\n");
    assert_int_equal(
        odec("run decay.ode --sweep k=3,1,2.5 --sweep 'x(0)=1:2:2' -o l.npy --quiet"),
        0);
    assert_non_null(
        strstr(read_file("l.json"),
               "{\"name\": \"k\", \"values\": [3, 1, 2.5], \"n\": 3, \"repeat\": 2}"));
}

/* Without a file results are printed: every saved row of one run, with every column. */
static void test_results_are_not_thrown_away(void **state) {
    (void)state;
    write_file("wide.ode",
               "model wide\ninit a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, "
               "h = 8, a_name_that_is_long = 9\n"
               "a' = 0\nb' = 0\nc' = 0\nd' = 0\ne' = 0\nf' = 0\ng' = 0\nh' = 0\n"
               "a_name_that_is_long' = 0\nsolve { t = 0 .. 1; save = n 3 }\n");
    assert_int_equal(odec("run wide.ode --quiet"), 0);
    static const char row[] =
        "              1              2              3              4              5"
        "              6              7              8                   9  ok\n";
    char expected[1024];
    snprintf(
        expected, sizeof expected,
        "  run            t              a              b              c              d"
        "              e              f              g              h"
        " a_name_that_is_long  status\n"
        "    0            0%s    0          0.5%s    0            1%s",
        row, row, row);
    assert_string_equal(read_file("out"), expected);
    assert_int_equal(odec("run decay.ode --save n:2001 --quiet"), 0);
    assert_int_equal(system("[ $(wc -l <out) -eq 2002 ]"), 0);
    assert_int_equal(odec("run decay.ode --sweep k=0:1:1000 --quiet"), 0);
    assert_int_equal(system("[ $(wc -l <out) -eq 1001 ]"), 0);
    assert_int_equal(odec("run decay.ode --sweep k=0:1:1001"), 2);
    assert_string_equal(
        read_file("err"),
        "odec: error: results of 1,001 runs at 1 time are too many to print: "
        "give -o FILE.csv or FILE.npy (-o - is CSV on standard output)\n");
    assert_int_equal(odec("run decay.ode --sweep k=0:1:501 --save n:2 --quiet"), 2);
    assert_string_equal(read_file("out"), "");
    assert_int_equal(odec("run decay.ode --sweep k=0:1:1001 --failed b.csv --quiet"),
                     0);
    assert_string_equal(read_file("out"), "");
}

static void test_dry_run(void **state) {
    (void)state;
    assert_int_equal(
        odec("run decay.ode --sweep k=0:9:1e5 --save n:5 --threads 1 "
             "--lanes 1 --chunk 1000 --dry-run -o dry.npy --stats figures.json"),
        0);
    static const char head[] = "decay: 100,000 runs of 5 save times, 3 columns\n"
                               "  results take 11.5 MiB in dry.npy\n"
                               "  cpu: 100 chunks of at most 1,000 runs, ";
    char *text = read_file("out");
    assert_memory_equal(text, head, strlen(head));
    assert_non_null(strstr(text, " of memory\n  integration takes about "));
    assert_null(strstr(text, "failed"));
    assert_false(exists("dry.npy") || exists("figures.json") ||
                 exists("dry.npy.partial"));
    assert_int_equal(odec("run decay.ode --sweep k=0:9:3 --max-attempts 1 --dry-run"),
                     0);
    text = read_file("out");
    static const char few[] =
        "decay: 3 runs of 1 save time, 3 columns\n  cpu: 1 chunk of at most 3 runs, ";
    assert_memory_equal(text, few, strlen(few));
    assert_non_null(strstr(text, ": 3 of the runs took "));
    assert_non_null(strstr(text, "\n  3 of them failed\n"));
    assert_int_equal(
        odec("run decay.ode --sweep k=0:9:1e10 --save n:1e6 --dry-run -o d.npy"), 1);
    static const char full[] =
        "odec: error: d.npy would take at least 213.2 PiB, and the disk has ";
    assert_memory_equal(read_file("err"), full, strlen(full));
}

static void test_output_that_cannot_be_written(void **state) {
    (void)state;
    int status =
        system("'" ODEC_COMMAND "' run decay.ode --quiet -o - >/dev/full 2>err");
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_string_equal(read_file("err"),
                        "odec: error: cannot write standard output: No space left on "
                        "device\n");
    status = system("'" ODEC_COMMAND "' run decay.ode --sweep k=0:1:1e5 --quiet -o - "
                    "2>err | head -n 1 >out; test -s out");
    assert_int_equal(status, 0);
    assert_string_equal(read_file("err"),
                        ""); /* a reader that goes is no error to tell */
    struct rlimit before, small = {.rlim_cur = 1 << 20};
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    int full = odec("run decay.ode --sweep k=0:1:1e5 --quiet --chunk 1000 -o x.npy");
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(full, 1);
    assert_non_null(strstr(read_file("err"),
                           "odec: error: cannot write x.npy: File too "
                           "large\nodec: "));
    assert_false(exists("x.npy") || exists("x.json"));
    assert_true(exists("x.npy.partial") && exists("x.npy.partial.json"));
}

static void test_interrupt(void **state) {
    (void)state;
    int status = system(
        "'" ODEC_COMMAND "' run decay.ode --sweep k=0:100:1e9 --t 0:10 --chunk "
        "1000 --quiet -o i.npy 2>err & until [ -s i.npy.partial.json ]; do sleep 0.1; "
        "done; kill -TERM $!; wait $!"); /* a shell has its & ignore INT */
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_memory_equal(read_file("err"), "odec: error: cancelled\n", 23);
    assert_true(exists("i.npy.partial") && !exists("i.npy"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_on_standard_output),
        cmocka_unit_test(test_runs_from_a_table),
        cmocka_unit_test(test_labels_of_runs),
        cmocka_unit_test(test_same_bits_however_computed),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_failed_runs_are_warned_of),
        cmocka_unit_test(test_first_of_each_kind_is_named),
        cmocka_unit_test(test_exit_status_of_failed_runs),
        cmocka_unit_test(test_table_of_failed_runs),
        cmocka_unit_test(test_some_runs_have_the_same_bits),
        cmocka_unit_test(test_sweep_over_a_list),
        cmocka_unit_test(test_results_are_not_thrown_away),
        cmocka_unit_test(test_dry_run),
        cmocka_unit_test(test_output_that_cannot_be_written),
        cmocka_unit_test(test_interrupt),
    };
    return cmocka_run_group_tests(tests, cli_begin, cli_end);
}
