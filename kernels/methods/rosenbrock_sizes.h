/* rosenbrock_sizes.h -- what a step of a Rosenbrock method is and keeps, in the words that every
 * family has (family.h). After the tableau; the compiler reads it too (method_row.h).
 */
#ifndef ODEC_ROSENBROCK_SIZES_H
#define ODEC_ROSENBROCK_SIZES_H

#define STEP_ORDER ROS_ORDER
#define STEP_EMBEDDED_ORDER ROS_EMBEDDED_ORDER
#define STEP_DENSE_ORDER ROS_DENSE_ORDER
#if ROS_EMBEDDED_ORDER < ROS_ORDER
#define STEP_ERROR_ORDER (ROS_EMBEDDED_ORDER + 1)
#else
#define STEP_ERROR_ORDER (ROS_ORDER + 1)
#endif
#define STEP_STIFF 1
#define STEP_FSAL 0
#define STEP_RHS ROS_STAGES
#define STEP_JACOBIANS 1
#define STEP_DENSE_CHECK 1
#define STEP_DENSE_CHECK_RHS 2
#define STEP_DENSE_RHS 0
#define STEP_COUNTS_RHS ADAPTIVE
#define STEP_CONTROL predictive
#define STEP_MEMORY_CHANGE 0

#define STEP_STAGES ROS_STAGES
#define STEP_ARRAYS(A, A2)                          \
    A2(v, STEP_STAGES + 1, N_STATES, 1)             \
    A(w, N_STATES, 1) /* the argument of a stage */ \
    A(ft, N_TIME, 1)                                \
    A(lu, N_LU, 1)

#endif
