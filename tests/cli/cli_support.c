/* cli_support.c -- see cli_support.h. */
#include "cli_support.h"

#include "scratch.h"

void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

char *read_file(const char *name) {
    static char text[1 << 20];
    FILE *file = fopen(name, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[n] = '\0';
    if (file) {
        fclose(file);
    }
    return text;
}

int cli_begin(void **state) {
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

int odec(const char *arguments) {
    char command[1024];
    snprintf(command, sizeof command, "'%s' %s >out 2>err", ODEC_COMMAND, arguments);
    int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

bool exists(const char *name) { return access(name, F_OK) == 0; }

int cli_end(void **state) { return scratch_remove(state); }
