/* unit_cli.c -- the odec command from outside: arguments in, exit status, messages and
 * files out. A table row or two per promise; messages verbatim. ODEC_COMMAND is the
 * program's path.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static char *read_file(const char *name) {
    static char text[1 << 20];
    FILE *file = fopen(name, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[n] = '\0';
    if (file) {
        fclose(file);
    }
    return text;
}

/* Everything happens in a directory of its own, with a cache of its own. */
static int setup(void **state) {
    (void)state;
    const char *directory = scratch_create();
    if (directory == NULL || chdir(directory) != 0) {
        return 1;
    }
    setenv("XDG_CACHE_HOME", directory, 1);
    unsetenv("ODEC_CC");
    write_file("decay.ode", "model decay\n"
                            "par k : 1/s = 0.5 in 0 .. 100 \"rate\"\n"
                            "init x = 1, slow = 2\n"
                            "x' = -k*x\n"
                            "slow' = -0.1*slow\n"
                            "out sum_ = x + slow\n"
                            "solve { t = 0 .. 1 }\n");
    write_file("spanless.ode", "model spanless\ninit x = 1\nx' = -x\n");
    write_file("wrong.ode", "model wrong\ninit x = 1\nx' = -q*x\n");
    write_file("columns.ode", "model columns\n"
                              "par k = 1, status = 1\n"
                              "init x = 1\n"
                              "x' = -run\n"
                              "run = k*x*status\n"
                              "out k\n"
                              "solve { t = 0 .. 1 }\n");
    write_file("tiny.ode",
               "model tiny\npar k1 = 1, k2 = 50\ninit A = 1e-15, B = 0, C = 0\n"
               "A' = -k1*A*A/1e-15\nB' = k1*A*A/1e-15 - k2*B\nC' = k2*B\n"
               "solve { t = 0 .. 2 }\n");
    write_file("many.ode",
               "model many\n"
               "init s1 = 1e-12, s2 = 1e-12, s3 = 1e-12, s4 = 1e-12, s5 = 1e-12, "
               "s6 = 1e-12, s7 = 1e-12, s8 = 1e-12, s9 = 1e-12, s10 = 1e-12\n"
               "s1' = -s1\ns2' = -s2\ns3' = -s3\ns4' = -s4\ns5' = -s5\n"
               "s6' = -s6\ns7' = -s7\ns8' = -s8\ns9' = -s9\ns10' = -s10\n"
               "solve { t = 0 .. 1; method = tsit5 }\n");
    write_file("cliff.ode", "model cliff\ninit x = 1\n"
                            "x' = if t > 0 then sqrt(-x) else 0\n"
                            "solve { t = 0 .. 1; dt_max = 1 }\n");
    write_file("status.csv", "status\n1\n");
    write_file("bounds.csv", "k,x(0)\n1,1\n101,1\n");
    write_file("name.csv", "kk\n1\n");
    write_file("twice.csv", "k, k\n1,1\n");
    write_file("who.csv", "ID,k,sex\n1,2,M\n2,x,F\n");
    write_file("states.csv", "n,k,x\n1,2,3\n");
    write_file("out.csv", "k,slow\n1,2\n");
    write_file("ragged.csv", "k,x(0)\n1\n");
    write_file("german.csv", "k;x(0)\n0,5;1\n");
    write_file("saves.ode", "model saves\ninit x = 1\nx' = -x\n"
                            "solve { t = 0 .. 48; save = at 1, 24, 48 }\n");
    write_file("runs.csv", "x(0),k\r\n1,1\r\n2,\"0.5\"\r\n");
    return 0;
}

/* Runs the command by a shell; standard output and error go to the files out and err.
 */
static int odec(const char *arguments) {
    char command[1024];
    snprintf(command, sizeof command, "'%s' %s >out 2>err", ODEC_COMMAND, arguments);
    int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool exists(const char *name) { return access(name, F_OK) == 0; }

/* ---- what is wrong ---- */

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

static void test_wrong_model(void **state) {
    (void)state;
    assert_int_equal(odec("check decay.ode wrong.ode"), 2);
    assert_non_null(strstr(read_file("err"), "wrong.ode:3:"));
    assert_string_equal(read_file("out"),
                        "decay.ode: ok: 2 states, 1 parameter, 3 columns\n");
    assert_int_equal(odec("run wrong.ode -o x.csv"), 2);
    assert_false(exists("x.csv") || exists("x.csv.partial"));
}

/* ---- what works ---- */

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

/* ---- trouble with files ---- */

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
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_wrong_runs),
        cmocka_unit_test(test_columns_of_one_name),
        cmocka_unit_test(test_options_are_not_places),
        cmocka_unit_test(test_spellings_of_options),
        cmocka_unit_test(test_parameters_may_be_outputs),
        cmocka_unit_test(test_columns_of_results_are_passed_over),
        cmocka_unit_test(test_standard_input_and_capitals),
        cmocka_unit_test(test_lone_save_time_is_warned_of),
        cmocka_unit_test(test_labels_of_runs),
        cmocka_unit_test(test_wrong_model),
        cmocka_unit_test(test_csv_on_standard_output),
        cmocka_unit_test(test_runs_from_a_table),
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
        cmocka_unit_test(test_states_below_atol_are_named),
        cmocka_unit_test(test_counts_are_words),
        cmocka_unit_test(test_long_steps_are_warned_of),
        cmocka_unit_test(test_time_far_from_zero_is_warned_of),
        cmocka_unit_test(test_sums_of_many_steps_are_warned_of),
        cmocka_unit_test(test_small_tolerance_of_a_model),
        cmocka_unit_test(test_other_commands),
        cmocka_unit_test(test_output_that_cannot_be_written),
        cmocka_unit_test(test_interrupt),
    };
    return cmocka_run_group_tests(tests, setup, scratch_remove);
}
