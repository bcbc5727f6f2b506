/* sim.c -- see sim.h. */
#define _GNU_SOURCE
#include "sim.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

struct sim sim;

static bool sim_bind(void *library, const char *symbol, void *place) {
    void *found = dlsym(library, symbol);
    if (!found) {
        fprintf(stderr, "no simulated driver: %s\n", dlerror());
        return false;
    }
    memcpy(place, &found, sizeof found);
    return true;
}

bool sim_open(void) {
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "no simulated driver: %s\n", dlerror());
        return false;
    }
#define SIM_BIND(name, returns, parameters)               \
    if (!sim_bind(library, "simgpu_" #name, &sim.name)) { \
        return false;                                     \
    }
    SIMGPU_FUNCTIONS(SIM_BIND)
#undef SIM_BIND
    return true;
}
