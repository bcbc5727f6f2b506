/* sundials_names.h -- the names of SUNDIALS 7 (7.1 or newer) for 6.4, too. */
#ifndef ODEC_BENCH_SUNDIALS_NAMES_H
#define ODEC_BENCH_SUNDIALS_NAMES_H

#include <arkode/arkode_erkstep.h>
#include <sundials/sundials_config.h>
#include <sundials/sundials_types.h>

#if SUNDIALS_VERSION_MAJOR < 7
#define SUN_COMM_NULL NULL
#define ARKodeSetUserData ERKStepSetUserData
#define ARKodeSetMaxNumSteps ERKStepSetMaxNumSteps
#define ARKodeSStolerances ERKStepSStolerances
#define ARKodeSetStopTime ERKStepSetStopTime
#define ARKodeEvolve ERKStepEvolve
#define ARKodeFree ERKStepFree
#endif

#endif
