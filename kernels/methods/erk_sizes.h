/* erk_sizes.h -- what a step of an explicit Runge-Kutta method is and keeps, in the words that
 * every family has (family.h). After the tableau; the compiler reads it too (method_row.h).
 */
#ifndef ODEC_ERK_SIZES_H
#define ODEC_ERK_SIZES_H

#define ERK_COUNT(stage, c, row) +1

#define STEP_ORDER ERK_ORDER
#define STEP_EMBEDDED_ORDER ERK_EMBEDDED_ORDER
#define STEP_DENSE_ORDER ERK_DENSE_ORDER
#if ERK_EMBEDDED_ORDER
#define STEP_ERROR_ORDER (ERK_EMBEDDED_ORDER + 1)
#else
#define STEP_ERROR_ORDER 0
#endif
#define STEP_STIFF 0
#define STEP_FSAL ERK_FSAL
#define STEP_RHS (ERK_STAGES - ERK_FSAL)
#define STEP_JACOBIANS 0
#define STEP_DENSE_CHECK 0
#define STEP_DENSE_CHECK_RHS 0
#define STEP_DENSE_RHS (0 ERK_DENSE_EXTRA(ERK_COUNT))
#if STEP_DENSE_RHS
#define STEP_COUNTS_RHS SAVES
#else
#define STEP_COUNTS_RHS 0
#endif
#define STEP_CONTROL pi
#define STEP_MEMORY_CHANGE 1

#define STEP_STAGES (ERK_STAGES ERK_DENSE_EXTRA(ERK_COUNT)) /* dense output's too */
#define STEP_ARRAYS(A, A2) A2(k, STEP_STAGES + 1, N_STATES, 1)

#endif
