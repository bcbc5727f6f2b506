/* cmd_devices.c -- odec devices: what this machine can compute on. */
#include <stdio.h>

#include "commands.h"
#include "cpu_features.h"
#include "memory.h"
#include "say.h"

#include <unistd.h>

int cmd_devices(const struct options *options) {
    struct cpu_features cpu;
    char memory[SAY_SIZE];
    cpu_features_read(&cpu);
    int64_t free_bytes = memory_free_bytes();
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (options->arguments.n > 0) {
        return cli_error(EXIT_WRONG, "odec devices takes no argument");
    }
    if (options->json) {
        printf("[{\"name\": \"cpu\", \"cores\": %d, \"lanes\": %d, \"fma\": %s, "
               "\"free_bytes\": %lld}]\n",
               cores, cpu.lanes, cpu.fma ? "true" : "false", (long long)free_bytes);
    } else {
        printf("cpu   %d cores, vectors of %d doubles%s, %s of memory free\n", cores,
               cpu.lanes, cpu.fma ? "" : " without fma (slow)",
               say_bytes(memory, free_bytes));
    }
    return cli_finish_output();
}
