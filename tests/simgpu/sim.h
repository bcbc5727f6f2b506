/* sim.h -- the simulated driver for a test that is not linked to it.
 *
 * ctest sets LD_LIBRARY_PATH (simgpu_test in CMakeLists.txt), so that libcuda.so.1 is
 * the simulated one.
 */
#ifndef SIM_H
#define SIM_H

#include "simgpu.h"

struct sim {
#define SIM_MEMBER(name, returns, parameters) returns(*name) parameters;
    SIMGPU_FUNCTIONS(SIM_MEMBER)
#undef SIM_MEMBER
};

extern struct sim sim;

/* Fills `sim`. False where libcuda.so.1 is missing or is a real one. */
bool sim_open(void);

#endif
