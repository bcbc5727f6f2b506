/* model.h -- what the text of a model gives to the device library: the one contract between the
 * compiler, which writes that text (compiler/emit), and all else that is in a kernel.
 *
 * Sizes come first in a kernel, as numbers for the preprocessor:
 *
 *   REAL_FLOAT        1: reals are floats
 *   N_STATES          at least 1
 *   N_PARS            parameters
 *   N_VALUES          per-run values: what depends on parameters alone
 *   N_COLUMNS         of a result
 *   ADAPTIVE          1: steps by tolerance, 0: fixed ones
 *   SAVES             1: several save times, 0: the final time alone
 *   STOPS             1: runs stop on their way, each at instants of its own; left out: 0
 *   GROUPS            vector registers on their way at once, on a CPU
 *   N_PASSED          values from one part of a long function to the next
 *   WORKSPACE_BYTES   of all arrays of a lane (workspace.h), as the runtime allocates them
 *   LARGE_LANES       1: they are more than CUDA's local memory should hold
 *   SUSPENDED_BYTES   of a run between two launches on CUDA (suspend.h)
 *   RHS_CALLED        1: the right-hand side is a call, not inlined,
 *   RHS_BY_VALUE      1: on CUDA with its values in registers (rhs_call.h)
 *   N_LU, N_TIME      entries of the factors and of df/dt; stiff methods alone
 *   STATE_UNROLL      how loops over states are unrolled; left out: whole
 *   BOUNDED           1: some states have bounds; left out: 0. Then there are
 *   STATE_LOWER_BOUNDS(BOUND), STATE_UPPER_BOUNDS(BOUND)
 *                     BOUND(i, bound) for each state i that has one, a real
 *
 * Its functions are those of functions.def. They see arrays by these letters: p parameters, c
 * per-run values, y states, t the time; none of those that they are given overlap.
 */
#ifndef ODEC_MODEL_H
#define ODEC_MODEL_H

#include "abi.h"
#include "dialect.h"

#if !defined(N_STATES) || !defined(N_PARS) || !defined(N_VALUES) ||               \
    !defined(N_COLUMNS) || !defined(ADAPTIVE) || !defined(SAVES) ||               \
    !defined(GROUPS) || !defined(N_PASSED) || !defined(WORKSPACE_BYTES) ||        \
    !defined(LARGE_LANES) || !defined(SUSPENDED_BYTES) || !defined(RHS_CALLED) || \
    !defined(RHS_BY_VALUE)
#error "a size of the model is missing"
#endif

#ifndef STOPS
#define STOPS 0
#endif
#ifndef BOUNDED
#define BOUNDED 0
#endif

#if ADAPTIVE
#define FIXED_STEPS 0
#else
#define FIXED_STEPS 1
#endif
#if FIXED_STEPS && STOPS
#define GRID_STOPS 1 /* fixed steps, cut where the run stops on its way */
#else
#define GRID_STOPS 0
#endif
#if FIXED_STEPS && !STOPS
#define SAME_TIMES 1 /* every run's steps are at the same times, */
#define OWN_TIMES 0  /* or at its own */
#else
#define SAME_TIMES 0
#define OWN_TIMES 1
#endif

#if IN_WORKSPACE
struct cell; /* workspace.h */
#endif

#define FUNCTION(name, form, leaves, call, result, beside, parameters, arguments, \
                 comment)                                                         \
    FN_OFFERED void model_##name parameters;
#if STEP_STIFF
#define ALGEBRA(name, type, parameters) FN_OFFERED type model_##name parameters;
#else
#define STIFF_FUNCTION(...)
#endif
#include "functions.def"

#endif
