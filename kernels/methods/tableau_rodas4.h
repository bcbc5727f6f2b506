/* tableau_rodas4.h -- RODAS, Hairer and Wanner's 4(3) pair of Rosenbrock methods in six
 * stages: L-stable and stiffly accurate, and so is its companion.
 *
 * Source: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed.
 * (1996), IV.10 and VI.4, and the authors' code RODAS, which has the coefficients to 16
 * digits (the first of its sets). Every gamma_i is exact: gamma, alpha_i and
 * beta'_2 = 0.0317, beta'_3 = 0.0635, beta'_4 = 0.3438 were chosen, and gamma_i is
 * gamma + beta'_i - alpha_i. Dense output of order 3: the code's, its terms in
 * theta (1 - theta) multiplied out. What the macros mean: rosenbrock.h. */
/* A table, one row of the method a macro. */
/* clang-format off */
#define ROS_ORDER 4
#define ROS_EMBEDDED_ORDER 3
#define ROS_STAGES 6
#define ROS_STIFFLY_ACCURATE 1
#define ROS_GAMMA 0.25
#define ROS_FIRST_GAMMA 0.25

#define ROS_STAGE_LIST(S, T) S(2, 0.386, -0.1043, ROS_A2, ROS_C2) \
    S(3, 0.21, 0.1035, ROS_A3, ROS_C3) S(4, 0.63, -0.0362, ROS_A4, ROS_C4) \
    S(5, 1.0, 0.0, ROS_A5, ROS_C5) T(6, 1.0, 0.0, ROS_C6)
#define ROS_A2(A) A(1, 1.544)
#define ROS_A3(A) A(1, 0.9466785280815826) A(2, 0.2557011698983284)
#define ROS_A4(A) A(1, 3.314825187068521) A(2, 2.896124015972201) \
    A(3, 0.9986419139977817)
#define ROS_A5(A) A(1, 1.221224509226641) A(2, 6.019134481288629) \
    A(3, 12.53708332932087) A(4, -0.6878860361058950)
#define ROS_C2(A) A(1, -5.6688)
#define ROS_C3(A) A(1, -2.430093356833875) A(2, -0.2063599157091915)
#define ROS_C4(A) A(1, -0.1073529058151375) A(2, -9.594562251023355) \
    A(3, -20.47028614809616)
#define ROS_C5(A) A(1, 7.496443313967647) A(2, -10.24680431464352) \
    A(3, -33.99990352819905) A(4, 11.70890893206160)
#define ROS_C6(A) A(1, 8.083246795921522) A(2, -7.981132988064893) \
    A(3, -31.52159432874371) A(4, 16.31930543123136) A(5, -6.058818238834054)

#define ROS_DENSE_ORDER 3
#define ROS_DENSE_DEGREE 3
#define ROS_DENSE(D) \
    D(1, 11.347459592672501, -10.8025154227259853, 0.6762803392801253) \
    D(2, -1.468861396321538, 13.575710529290182, -6.087714651680015) \
    D(3, -22.2638352862366, 51.23176182448225, -16.43084320892478) \
    D(4, -8.680657743674718, 32.759996821752683, -24.76722511418386) \
    D(5, 2.025137723295662, -7.619526849012534, 6.594389125716872) \
    D(6, 1.0, 0.0, 0.0)
