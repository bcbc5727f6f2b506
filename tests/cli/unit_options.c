/* unit_options.c -- what is asked of the odec command: options, tables of runs and models, right and wrong.
 * A table row or two per promise; messages verbatim.
 */
#include "cli_support.h"

static void test_wrong_arguments(void **state) {
    (void)state;
    static const struct {
        const char *arguments;
        int status;
        const char *error; /* after "odec: error: " */
    } rows[] = {
        {"", 2, "what is to be done? See odec --help"},
        {"rnu decay.ode", 2, "unknown command 'rnu'; did you mean 'run'?"},
        {"frobnicate", 2, "unknown command 'frobnicate'; see odec --help"},
        {"build", 2, "odec build needs a model: odec build MODEL... -o DIR"},
        {"build decay.ode", 2, "odec build needs a folder: odec build MODEL... -o DIR"},
        {"--quiet run", 2, "'--quiet' stands before the command; see odec --help"},
        {"run", 2, "odec run needs a model: odec run MODEL"},
        {"run a b", 2, "odec run takes one model, not also 'b'"},
        {"run decay.ode --save at:1 2 4", 2,
         "'2' stands alone: the value of --save before it is to be one word, --save "
         "final|every:DT|at:T1,T2,...|n:COUNT"},
        {"run --save at:1 2 4 decay.ode", 2,
         "'2' stands alone: the value of --save before it is to be one word, --save "
         "final|every:DT|at:T1,T2,...|n:COUNT"},
        {"run decay.ode --t 0 24", 2,
         "'24' stands alone: the value of --t before it is to be one word, --t T0:T1"},
        {"run --t 0 24 decay.ode", 2,
         "'24' stands alone: the value of --t before it is to be one word, --t T0:T1"},
        {"run decay.ode --sweep k=0.1, 0.2", 2,
         "'0.2' stands alone: the value of --sweep before it is to be one word, --sweep "
         "NAME=LO:HI:N[:log]..."},
        {"run decay.ode --out I, R", 2,
         "'R' stands alone: the value of --out before it is to be one word, --out X,Y,..."},
        {"run decay.ode --set k = 0.3", 2,
         "'0.3' stands alone: the value of --set before it is to be one word, --set "
         "NAME=VALUE..."},
        {"run --t 3 decay.ode b", 2, "odec run takes one model, not also 'b'"},
        {"run decay.ode --quiet b", 2, "odec run takes one model, not also 'b'"},
        {"run saves.ode --t 24", 2,
         "save time 48 is outside the time span 0 .. 24; the save times are the model's: with "
         "another --t give --save too"},
        {"run saves.ode --t 24 --save at:30", 2,
         "save time 30 is outside the time span 0 .. 24"},
        {"run missing.ode", 2, "cannot read missing.ode: No such file or directory"},
        {"run /", 2, "cannot read /: Is a directory"},
        {"run decay.ode --swep k=0:1:2", 2,
         "unknown option '--swep'; did you mean '--sweep'?"},
        {"run decay.ode --json", 2, "'--json' is no option of odec run"},
        {"run decay.ode --t", 2, "'--t' needs a value: --t T0:T1"},
        {"run decay.ode --t=0:1 --t 0:2", 2, "'--t' is given twice"},
        {"run decay.ode --quiet=1", 2, "'--quiet' takes no value"},
        {"run decay.ode --input I=a.csv", 2, "--input is not available yet"},
        {"run decay.ode --fail-on some", 2,
         "--fail-on: 'some' is none of any, all, never"},
        {"run spanless.ode", 2,
         "no time span: give --t T0:T1, or t = T0 .. T1 in the model's solve block"},
        {"run decay.ode --t x", 2, "--t: 'x' is not a number"},
        {"run decay.ode --t 0:24:0.5", 2,
         "--t: '0:24:0.5' is neither T1 nor T0:T1; times of results are --save every:DT"},
        {"run decay.ode --t 0..x", 2, "--t: 'x' is not a number"},
        {"decay.ode", 2,
         "'decay.ode' is no command; did you mean 'odec run decay.ode'?"},
        {"version", 2, "unknown command 'version'; did you mean '--version'?"},
        {"run decay.ode -n 5", 2, "unknown option '-n'; see odec run --help"},
        {"run decay.ode --seed 1", 2, "unknown option '--seed'; see odec run --help"},
        {"run decay.ode --inptu x", 2, "unknown option '--inptu'; see odec run --help"},
        {"check decay.ode --swep", 2, "unknown option '--swep'; see odec check --help"},
        {"run decay.ode --Method rk4", 2,
         "unknown option '--Method'; did you mean '--method'?"},
        {"run decay.ode -set k=1", 2, "unknown option '-set'; did you mean '--set'?"},
        {"run decay.ode --keep ID", 2,
         "--keep is for a table of --runs, which is not there"},
        {"info decay.ode --ignore ID", 2, "info: --ignore needs --device"},
        {"run decay.ode --rtol 1e-6,5", 2, "--rtol: '1e-6,5' is not a number"},
        {"run decay.ode --rtol 0,5", 2,
         "--rtol: '0,5' is not a number: it is to have a decimal point"},
        {"run decay.ode --t 1:x", 2, "--t: 'x' is not a number"},
        {"run decay.ode --t -1e308:1e308", 2,
         "--t: the time span '-1e308:1e308' is not finite"},
        {"run decay.ode --t 5:1 --save at:1,2", 2,
         "save times must descend, as the time span does: 2 comes after 1"},
        {"run decay.ode --t 5:1 --save at:6", 2,
         "save time 6 is outside the time span 5 .. 1"},
        {"run decay.ode --rtol -1", 2, "--rtol: '-1' must be positive"},
        {"run decay.ode --rtol 2", 2, "--rtol: '2' is not below 1"},
        {"run decay.ode --rtol 1e999", 2, "--rtol: '1e999' is not a number"},
        {"run decay.ode --atol 1e-8,slwo:1", 2,
         "--atol: the model has no state 'slwo'; did you mean 'slow'?"},
        {"run decay.ode --max-attempts 0.5", 2,
         "--max-attempts: '0.5' is not a positive whole number"},
        {"run decay.ode --save often", 2,
         "--save: 'often' is none of final, every:DT, at:T1,T2,..., n:COUNT"},
        {"run decay.ode --save every:0", 2, "--save every: '0' must be positive"},
        {"run decay.ode --save every:1e-12", 2,
         "saving every 1e-12 gives 1e+12 save times; at most 100000000 are possible"},
        {"run decay.ode --save at:0.5,0.25", 2,
         "save times must ascend: 0.25 comes after 0.5"},
        {"run decay.ode --dt 1e-18 --method rk4", 2,
         "dt = 1e-18 makes 1e+18 steps of the time span 0 .. 1, more than the 2^53 that can "
         "be counted"},
        {"run decay.ode --dt 1e-40 --method rk4 --precision float --t 0:1e-37", 2,
         "dt is 1e-40, below the smallest normal number of float, 1.1754943508222875e-38"},
        {"run decay.ode --dt 1e-38 --method rk4 --save n:5", 2,
         "dt = 1e-38 makes 1e+38 steps of the time span 0 .. 1, more than the 2^53 that can "
         "be counted"},
        {"run decay.ode --dt 0.125 --method rk4 --max-attempts 7", 2,
         "dt = 0.125 makes 8 steps of the time span 0 .. 1, more than max_attempts, 7"},
        {"run decay.ode --t 0:2e300 --save n:4", 2,
         "the time span 0 .. 2e+300 is not within -1e+300 .. 1e+300, the times of double"},
        {"run decay.ode --t=-1e300:0", 2,
         "the time span -1e+300 .. 0 is not within -1e+300 .. 1e+300, the times of double"},
        {"run decay.ode --t 0:2e38 --precision float --save n:4", 2,
         "the time span 0 .. 2e+38 is not within -1e+38 .. 1e+38, the times of float"},
        {"run decay.ode --atol 0", 2, "--atol: '0' must be positive"},
        {"run decay.ode --atol 1e-40,slow:1e-50 --precision float", 2,
         "--atol: '1e-40' is below the smallest normal number of float, "
         "1.1754943508222875e-38"},
        {"run decay.ode --atol slow:1e-310", 2,
         "--atol: 'slow:1e-310' is below the smallest normal number of double, "
         "2.2250738585072014e-308"},
        {"run decay.ode --save at:2", 2, "save time 2 is outside the time span 0 .. 1"},
        {"run decay.ode --precision half", 2,
         "--precision: 'half' is neither double nor float"},
        {"run decay.ode --precision single", 2,
         "--precision: 'single' is neither double nor float; did you mean 'float'?"},
        {"run decay.ode --precision F32", 2,
         "--precision: 'F32' is neither double nor float; did you mean 'float'?"},
        {"run decay.ode --precision Double", 2,
         "--precision: 'Double' is neither double nor float; did you mean 'double'?"},
        {"run decay.ode --lanes 3", 2, "--lanes: '3' is none of 1, 2, 4, 8"},
        {"run decay.ode --lanes 16", 2, "--lanes: '16' is more than 8"},
        {"run decay.ode --threads 0", 2,
         "--threads: '0' is not a positive whole number"},
        {"run decay.ode --memory 64Q", 2, "--memory: '64Q' is not a number"},
        {"run decay.ode --memory 101%", 2, "--memory: '101%' is not in 0% .. 100%"},
        {"run decay.ode --memory 20 --threads 1", 1,
         "shared arrays need 88 B (seen 64 B), the budget is 20 B"},
        {"run decay.ode --device gpu", 2,
         "unknown device 'gpu': auto, all, cpu, cuda, cuda:0 and the like"},
        {"run decay.ode -o - --cc no-such-cc", 1,
         "the C compiler 'no-such-cc' is not there or cannot be run"},
        {"run decay.ode --cc no-such-cc", 1,
         "the C compiler 'no-such-cc' is not there or cannot be run"},
        {"emit decay.ode --target fortran", 2,
         "--target: 'fortran' is none of c, cuda and device"},
        {"info decay.ode --method tsit5 --plot x.svg", 2,
         "tsit5 has no Jacobian: --plot needs a stiff method"},
        {"info decay.ode --plot x.pdf", 2, "--plot: 'x.pdf' must end in .svg, or be -"},
        {"info decay.ode --t -1e308:1e308", 2,
         "--t: the time span '-1e308:1e308' is not finite"},
        {"explain E9999", 2, "there is no diagnostic 'E9999': odec explain lists them"},
        {"run decay.ode -o x.nc", 2,
         "cannot write x.nc: NetCDF is not available yet; use .csv or .npy"},
        {"run decay.ode -o x", 2,
         "cannot tell the format of 'x': it must end in .csv or .npy, or be -"},
        {"run decay.ode -o nowhere/x.csv", 1,
         "cannot write nowhere/x.csv: No such file or directory"},
        {"run decay.ode --stats nowhere/s.json", 1,
         "cannot write nowhere/s.json: No such file or directory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[512];
        int status = odec(rows[i].arguments);
        snprintf(expected, sizeof expected, "odec: error: %s\n", rows[i].error);
        assert_string_equal(read_file("err"), expected);
        assert_int_equal(status, rows[i].status);
        assert_string_equal(read_file("out"), "");
    }
}

/* What is wrong with an option is not shown in the model. */
static void test_options_are_not_places(void **state) {
    (void)state;
    write_file("named.ode",
               "model named\ninit x = 1\nx' = -x\nsolve { method = rk4 }\n");
    static const struct {
        const char *arguments, *error;
    } rows[] = {
        {"run decay.ode --out Slow",
         "decay.ode: error[E0406]: unknown output 'Slow'; did "
         "you mean 'slow'?\n"},
        {"run decay.ode --out nowhere",
         "decay.ode: error[E0406]: unknown output 'nowhere'\n"},
        {"run decay.ode --method rk4",
         "decay.ode: error[E0405]: method 'rk4' has fixed steps only: give it dt\n"},
        {"emit decay.ode --rtol 1e-3 --dt 1",
         "decay.ode: error[E0405]: a fixed step (dt) and a tolerance (rtol) exclude each "
         "other\n"},
        {"check decay.ode --set slwo=3",
         "decay.ode: error[E0409]: the model has no parameter 'slwo' to be set\n"},
        {"run decay.ode --method RK45",
         "decay.ode: error[E0403]: unknown method 'RK45'; did you mean 'dopri5'?\n"},
        {"run decay.ode --method ode45",
         "decay.ode: error[E0403]: unknown method 'ode45'; did you mean 'dopri5'?\n"},
        {"run decay.ode --method lsoda",
         "decay.ode: error[E0403]: unknown method 'lsoda'; did you mean 'auto'?\n"},
        {"run decay.ode --method ode15s",
         "decay.ode: error[E0403]: unknown method 'ode15s'; did you mean 'auto'?\n"},
        {"run decay.ode --method Tsit5",
         "decay.ode: error[E0403]: unknown method 'Tsit5'; did you mean 'tsit5'?\n"},
        /* The model's own mistake has its place. */
        {"run named.ode --t 1",
         "named.ode:4:18: error[E0405]: method 'rk4' has fixed steps only: give it dt\n"
         "    4 | solve { method = rk4 }\n"
         "      |                  ^~~\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(odec(rows[i].arguments), 2);
        assert_string_equal(read_file("err"), rows[i].error);
    }
}

/* Several values to one option, and what a model would have in its place. */
static void test_spellings_of_options(void **state) {
    (void)state;
    static const struct {
        const char *plain, *other;
    } rows[] = {
        {"decay.ode --set k=2 --set 'x(0)=3'", "decay.ode --set k=2 'x(0)=3'"},
        {"decay.ode --sweep k=1:2:2 --sweep 'x(0)=1,2'",
         "decay.ode --sweep k=1:2:2 'x(0)=1,2'"},
        {"decay.ode --save every:0.25", "decay.ode --save every 0.25"},
        {"decay.ode --save every:0.25", "decay.ode --save 'every 0.25'"},
        {"decay.ode --save at:0.25,0.5,1", "decay.ode --save at 0.25, 0.5, 1"},
        {"decay.ode --save at:0.25,0.5,1", "decay.ode --save at 0.25,0.5,1 --set"
                                           " k=0.5"},
        {"decay.ode --save n:5", "--save n 5 decay.ode"},
        {"decay.ode --t 0:2", "decay.ode --t 2"},
        {"spanless.ode --t 0:2", "spanless.ode --t 2"},
        {"late.ode --t 3:4", "late.ode --t 4"},
        {"decay.ode --t 0:2", "decay.ode --t 0..2"},
        {"decay.ode --t 0:2", "decay.ode --t 0 .. 2"},
        {"decay.ode --t 0:2", "decay.ode --t '0 .. 2'"},
        {"decay.ode --atol 1e-8,slow:1e-3", "decay.ode --atol '1e-8, slow: 1e-3'"},
    };
    write_file("late.ode", "model late\ninit x = 1\nx' = -x\nsolve { t = 3 .. 9 }\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[200];
        snprintf(line, sizeof line, "run %s -o plain.csv --quiet", rows[i].plain);
        assert_int_equal(odec(line), 0);
        snprintf(line, sizeof line, "run %s -o other.csv --quiet", rows[i].other);
        assert_int_equal(odec(line), 0);
        assert_int_equal(system("sed 's/,k,/,/; s/,x(0),/,/' plain.csv >p; sed "
                                "'s/,k,/,/; s/,x(0),/,/' other.csv | cmp - p"),
                         0);
    }
}

static void test_other_commands(void **state) {
    (void)state;
    assert_int_equal(odec("--version"), 0);
    assert_string_equal(read_file("out"), "odec 0.1.0\n");
    assert_int_equal(odec("run --help"), 0);
    assert_non_null(strstr(read_file("out"), "--sweep NAME=LO:HI:N[:log]"));
    assert_int_equal(odec("help build"), 0);
    assert_non_null(strstr(read_file("out"), "odec build MODEL... [options]\n"));
    assert_non_null(strstr(read_file("out"), "-o DIR "));
    assert_int_equal(odec("help"), 0);
    assert_non_null(strstr(read_file("out"), "odec help COMMAND "));
    assert_int_equal(odec("info decay.ode"), 0);
    assert_non_null(strstr(read_file("out"), "  k = 0.5 [1/s] in 0 .. 100  rate\n"));
    assert_int_equal(odec("info decay.ode --json"), 0);
    assert_non_null(strstr(read_file("out"),
                           "{\"name\": \"k\", \"unit\": \"1/s\", \"text\": "
                           "\"rate\", \"value\": 0.5, \"lo\": 0, \"hi\": "
                           "100}"));
    assert_int_equal(odec("emit decay.ode --target cuda"), 0);
    assert_non_null(strstr(read_file("out"), "__global__"));
    assert_int_equal(odec("explain e0203"), 0);
    assert_memory_equal(read_file("out"), "E0203: ", 7);
    assert_int_equal(odec("devices"), 0);
    assert_non_null(strstr(read_file("out"), "\ncpu "));
}

static void test_wrong_model(void **state) {
    (void)state;
    assert_int_equal(odec("check decay.ode wrong.ode"), 2);
    assert_non_null(strstr(read_file("err"), "wrong.ode:3:"));
    assert_string_equal(read_file("out"),
                        "decay.ode: ok: 2 states, 1 parameter, 3 columns\n");
    assert_int_equal(odec("run wrong.ode -o x.csv"), 2);
    assert_false(exists("x.csv") || exists("x.csv.partial"));
}

static void test_wrong_runs(void **state) {
    (void)state;
    static const struct {
        const char *arguments, *error;
    } rows[] = {
        {"--set k", "--set: 'k' is not NAME=VALUE"},
        {"--set k=x", "--set k: 'x' is not a number"},
        {"--set kk=1", "--set: the model has no parameter 'kk'; did you mean 'k'?"},
        {"--set K=1", "--set: the model has no parameter 'K'; did you mean 'k'?"},
        {"--set q=1", "--set: the model has no parameter 'q'"},
        {"--set sum_=1",
         "--set: 'sum_' is an output (line 6): declare it 'par sum_ = ...'"},
        {"--set k=1,slow=2",
         "--set: 'k=1,slow=2' sets several at once: write --set k=1 slow=2"},
        {"--set k=1 'x(0)=2' k=3", "--set: 'k' is given twice"},
        {"--set k=0,5",
         "--set k: '0,5' is not a number: it is to have a decimal point"},
        {"--set x=1", "--set: 'x' is a state; its initial value is written 'x(0)'"},
        {"--set 'slwo(0)=1'",
         "--set: the model has no parameter 'slwo(0)'; did you mean 'slow(0)'?"},
        {"--set k=1 --set k=2", "--set: 'k' is given twice"},
        {"--set k=1 --sweep k=1:2:3", "--sweep: 'k' is given twice"},
        {"--set k=101", "parameter 'k' is 101, outside its bounds 0 .. 100"},
        {"--sweep k=0:1", "--sweep: 'k=0:1' is not NAME=LO:HI:N, NAME=LO:HI:N:log or "
                          "NAME=A,B,..."},
        {"--sweep k=0:1:5:lin", "--sweep: 'k=0:1:5:lin' is not NAME=LO:HI:N, "
                                "NAME=LO:HI:N:log or NAME=A,B,..."},
        {"--sweep k=1,x,3", "--sweep k: 'x' is not a number"},
        {"--sweep k=1:x:3", "--sweep k: 'x' is not a number"},
        {"--sweep k=1,2,", "--sweep k: '1,2,' has a comma too many"},
        {"--sweep k=1,101",
         "parameter 'k' is 101 in run 1, outside its bounds 0 .. 100"},
        {"--sweep kk=1,2",
         "--sweep: the model has no parameter 'kk'; did you mean 'k'?"},
        {"--only 1", "--only: there is no run 1: 1 run, 0 .. 0"},
        {"--sweep k=0:1:5 --only 3..5", "--only: there is no run 5: 5 runs, 0 .. 4"},
        {"--sweep k=0:1:5 --only 3..2", "--only: '3..2' ends before it begins"},
        {"--sweep k=0:1:5 --only 1..3,2", "--only: '2' is named twice"},
        {"--sweep k=0:1:5 --only 1:3",
         "--only: '1:3' is not the number of a run: write 1..3"},
        {"--sweep k=0:1:5 --only 0,2-4",
         "--only: '2-4' is not the number of a run: write 2..4"},
        {"--sweep k=0:1:5 --only 2-x",
         "--only: '2-x' is not the number of a run: 0, 1, ..."},
        {"--only=-1", "--only: '-1' is not the number of a run: 0, 1, ..."},
        {"--only 0,", "--only: '' is not the number of a run: 0, 1, ..."},
        {"--sweep k=0:1:0", "--sweep k: '0' is not a positive whole number"},
        {"--sweep k=0:101:5", "parameter 'k' is 101, outside its bounds 0 .. 100"},
        {"--sweep k=0:1:5:log", "the geometric sweep of 'k' needs two ends of the same "
                                "sign, neither of them 0"},
        {"--sweep k=0:1:1e12",
         "--sweep: 1e+12 runs; a batch has at most 100,000,000,000"},
        {"--sweep k=0:1:1e9 --sweep 'x(0)=0:1:1e9'",
         "--sweep: 1e+18 runs; a batch has at most 100,000,000,000"},
        {"--runs missing.csv", "cannot read missing.csv: No such file or directory"},
        {"--runs bounds.csv", "bounds.csv:3: 'k' is 101, outside its bounds 0 .. 100"},
        {"--runs name.csv",
         "name.csv:1: the model has no parameter 'kk'; did you mean 'k'?"},
        {"--runs twice.csv", "twice.csv:1: two columns are called 'k'"},
        {"--runs who.csv",
         "who.csv:1: the model has no parameters 'ID', 'sex'; --ignore "
         "ID,sex passes over the columns, --keep ID,sex takes them to the "
         "results"},
        {"--runs who.csv --ignore sex",
         "who.csv:1: the model has no parameter 'ID'; --ignore ID passes over the column, "
         "--keep ID takes it to the results"},
        {"--runs who.csv --keep ID,sax",
         "--keep: who.csv has no column 'sax'; did you mean 'sex'?"},
        {"--runs who.csv --keep ID --ignore sex,ID", "--keep: 'ID' is named twice"},
        {"--runs who.csv --ignore ID,sex",
         "who.csv:3: 'x' is not a number (column 'k')"},
        {"--runs states.csv",
         "states.csv:1: 'x' is a state; its initial value is written "
         "'x(0)'"},
        {"--runs out.csv --keep slow",
         "--keep: 'slow' is an output too, and results have "
         "one column of a name: leave it out with --out"},
        {"--runs ragged.csv", "ragged.csv:2: 1 value, the first line has 2 names"},
        {"--runs german.csv",
         "german.csv:1: columns seem to be separated by ';': here it is ',', and numbers have "
         "a decimal point (in pandas to_csv(sep=',', decimal='.'), in R write.csv)"},
        {"--runs - </dev/null", "cannot read /dev/stdin: it is a device"},
        {"--runs runs.csv --sweep k=0:1:2",
         "--runs and --sweep cannot be joined: a table already says what every run is"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char arguments[256], expected[512];
        snprintf(arguments, sizeof arguments, "run decay.ode -o x.npy %s",
                 rows[i].arguments);
        int status = odec(arguments);
        snprintf(expected, sizeof expected, "odec: error: %s\n", rows[i].error);
        assert_string_equal(read_file("err"), expected);
        assert_int_equal(status, 2);
        assert_false(exists("x.npy") || exists("x.npy.partial"));
    }
}

/* Results have one column of a name. */
static void test_columns_of_one_name(void **state) {
    (void)state;
    static const struct {
        const char *arguments, *error;
    } rows[] = {
        {"run columns.ode --sweep status=1:2:2",
         "odec: error: --sweep: 'status' cannot differ from run to run: results have a "
         "column of that name\n"},
        {"run columns.ode --runs status.csv",
         "odec: error: status.csv:1: 'status' cannot differ from run to run: results "
         "have a column of that name\n"},
        {"run columns.ode --sweep k=1:2:2",
         "odec: error: --sweep: 'k' is an output too, and results have one column of a "
         "name: leave it out with --out\n"},
        {"check columns.ode --out x,x",
         "columns.ode: error[E0213]: output 'x' is named twice\n"},
        {"check columns.ode --out x,run",
         "columns.ode: error[E0212]: output 'run': results have a column of that "
         "name\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(odec(rows[i].arguments), 2);
        assert_string_equal(read_file("err"), rows[i].error);
    }
    assert_int_equal(
        odec("run columns.ode --sweep k=1:2:2 --out x --set status=0 -o - --quiet"), 0);
    assert_string_equal(read_file("out"), "run,t,k,x,status\n0,1,1,1,ok\n1,1,2,1,ok\n");
}

static void test_parameters_may_be_outputs(void **state) {
    (void)state;
    assert_int_equal(
        odec("run decay.ode --set k=3 --sweep 'x(0)=1,2' --save at:0 --out k,x "
             "-o - --quiet"),
        0);
    assert_string_equal(read_file("out"), "run,t,x(0),k,x,status\n"
                                          "0,0,1,3,1,ok\n"
                                          "1,0,2,3,2,ok\n");
}

/* What results have and no run takes is passed over; who gives a table that is not one of
 * --failed's, nor results, is told. */
static void test_columns_of_results_are_passed_over(void **state) {
    (void)state;
    static const struct {
        const char *table, *options, *says;
    } rows[] = {
        {"k,t\n1,2\n", "", "column t is that of a result, and is passed over"},
        {"t,k,run,status\n1,2,3,ok\n", "",
         "columns t, run, status are those of a result, and are passed over"},
        {"run,k,status\n1,2,ok\n", "--ignore run",
         "column status is that of a result, and is passed over"},
        {"k,t\n1,2\n", "--ignore t", NULL},
        {"run,t,k,status\n3,0.5,2,max-attempts\n", "", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[128], expected[160] = "";
        write_file("of.csv", rows[i].table);
        snprintf(line, sizeof line, "run decay.ode --quiet --runs of.csv %s",
                 rows[i].options);
        assert_int_equal(odec(line), 0);
        if (rows[i].says) {
            snprintf(expected, sizeof expected, "odec: note: of.csv:1: %s\n",
                     rows[i].says);
        }
        assert_string_equal(read_file("err"), expected);
    }
}

/* As -o - writes standard output; and an extension in capitals is that extension. */
static void test_standard_input_and_capitals(void **state) {
    (void)state;
    assert_int_equal(
        odec("run decay.ode --runs - --save at:0 -o T.CSV --out x --quiet <runs.csv"),
        0);
    assert_string_equal(read_file("err"), "");
    assert_string_equal(read_file("T.CSV"), "run,t,x(0),k,x,status\n"
                                            "0,0,1,1,1,ok\n"
                                            "1,0,2,0.5,2,ok\n");
    assert_int_equal(odec("run decay.ode --runs - --failed F.Csv -o T.NPY --quiet "
                          "<runs.csv"),
                     0);
    assert_true(exists("T.NPY") && exists("T.json") && exists("F.Csv"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_options_are_not_places),
        cmocka_unit_test(test_spellings_of_options),
        cmocka_unit_test(test_other_commands),
        cmocka_unit_test(test_wrong_model),
        cmocka_unit_test(test_wrong_runs),
        cmocka_unit_test(test_columns_of_one_name),
        cmocka_unit_test(test_parameters_may_be_outputs),
        cmocka_unit_test(test_columns_of_results_are_passed_over),
        cmocka_unit_test(test_standard_input_and_capitals),
    };
    return cmocka_run_group_tests(tests, cli_begin, cli_end);
}
