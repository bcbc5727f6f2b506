/* tableau_bs3.h -- Bogacki and Shampine's 3(2) pair, FSAL.
 *
 * Source: P. Bogacki, L. F. Shampine, A 3(2) pair of Runge-Kutta formulas, Appl.
 * Math. Letters 2 (1989) 321-325. Dense output: the cubic Hermite polynomial
 * through both ends with both slopes, as in the paper; the FSAL stage is the slope
 * at the right end. What the macros mean: erk.h. */
/* A table, one row of the method a macro. */
/* clang-format off */
#define ERK_ORDER 3
#define ERK_EMBEDDED_ORDER 2
#define ERK_STAGES 4
#define ERK_FSAL 1

#define ERK_STAGE_LIST(S) S(2, 0.5, ERK_A2) S(3, 0.75, ERK_A3)
#define ERK_A2(A) A(1, 0.5)
#define ERK_A3(A) A(2, 0.75)

#define ERK_B(A) A(1, (2.0 / 9.0)) A(2, (1.0 / 3.0)) A(3, (4.0 / 9.0))
#define ERK_E(A) A(1, (-5.0 / 72.0)) A(2, (1.0 / 12.0)) A(3, (1.0 / 9.0)) A(4, -0.125)

#define ERK_DENSE_ORDER 3
#define ERK_DENSE_DEGREE 3
#define ERK_DENSE_EXTRA(S)
#define ERK_DENSE(D) \
    D(1, 1.0, (-4.0 / 3.0), (5.0 / 9.0)) \
    D(2, 0.0, 1.0, (-2.0 / 3.0)) \
    D(3, 0.0, (4.0 / 3.0), (-8.0 / 9.0)) \
    D(4, 0.0, -1.0, 1.0)
