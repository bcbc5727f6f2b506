/* tableau_rosenbrock23.h -- the L-stable Rosenbrock method of order 2 with an error
 * estimate of order 3 in three stages that is known as ode23s.
 *
 * Source: L. F. Shampine, M. W. Reichelt, The MATLAB ODE suite, SIAM J. Sci. Comput. 18
 * (1997) 1-22, section 3, with d = 1 / (2 + sqrt 2), e32 = 6 + sqrt 2. There stage 3 is
 *     W k3 = f(t + h, y1) - e32 (k2 - f2) - 2 (k1 - f1) + h d f_t,  W = I - h d J;
 * without the f's, h k = Gamma^-1 u makes it one of rosenbrock.h's, where stage 3 is
 * taken at y1. The paper adds h/6 (k1 - 2 k2 + k3) to y1 for the solution of order 3:
 * ROS_E has it with the other sign. Dense output of order 2: the paper's. What the
 * macros mean: rosenbrock.h. */
/* A table, one row of the method a macro. */
/* clang-format off */
#define ROS_ORDER 2
#define ROS_EMBEDDED_ORDER 3
#define ROS_STAGES 3
#define ROS_STIFFLY_ACCURATE 0
#define ROS_GAMMA 0.2928932188134524755992
#define ROS_FIRST_GAMMA 0.2928932188134524755992

#define ROS_STAGE_LIST(S, T) S(2, 0.5, 0.0, ROS_A2, ROS_C2) \
    S(3, 1.0, -0.2928932188134524755992, ROS_A3, ROS_C3)
#define ROS_A2(A) A(1, 1.707106781186547524401)
#define ROS_A3(A) A(1, 3.414213562373095048802) A(2, 3.414213562373095048802)
#define ROS_C2(A) A(1, -3.414213562373095048802)
#define ROS_C3(A) A(1, -6.828427124746190097603) A(2, -25.31370849898476039041)
#define ROS_M(A) A(1, 3.414213562373095048802) A(2, 3.414213562373095048802)
#define ROS_E(A) A(1, -0.5690355937288491748003) A(2, -3.080880229039761715468) \
    A(3, -0.5690355937288491748003)

#define ROS_DENSE_ORDER 2
#define ROS_DENSE_DEGREE 2
#define ROS_DENSE(D) \
    D(1, 3.414213562373095048802, 0.0) \
    D(2, -4.828427124746190097603, 8.242640687119285146405)
