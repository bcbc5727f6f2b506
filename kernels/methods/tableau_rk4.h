/* tableau_rk4.h -- the classical Runge-Kutta method, order 4, fixed step only.
 *
 * Source: W. Kutta, Zeitschrift fuer Math. und Physik 46 (1901) 435-453; E. Hairer,
 * S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd ed.,
 * Springer 1993, II.1. Dense output: the cubic Hermite polynomial through both ends
 * with both slopes. Its error in a step is O(h^4), as large as the error the steps
 * before have summed to, so that output between the steps converges with order 4
 * too. The slope at the right end is the extra stage, which is also the next step's
 * first. What the macros mean: erk.h. */
/* A table, one row of the method a macro. */
/* clang-format off */
#define ERK_ORDER 4
#define ERK_EMBEDDED_ORDER 0
#define ERK_STAGES 4
#define ERK_FSAL 0

#define ERK_STAGE_LIST(S) S(2, 0.5, ERK_A2) S(3, 0.5, ERK_A3) S(4, 1.0, ERK_A4)
#define ERK_A2(A) A(1, 0.5)
#define ERK_A3(A) A(2, 0.5)
#define ERK_A4(A) A(3, 1.0)

#define ERK_B(A) A(1, (1.0 / 6.0)) A(2, (1.0 / 3.0)) A(3, (1.0 / 3.0)) \
    A(4, (1.0 / 6.0))

#define ERK_DENSE_ORDER 3
#define ERK_DENSE_DEGREE 3
#define ERK_DENSE_EXTRA(S) S(5, 1.0, ERK_B)
#define ERK_DENSE(D) \
    D(1, 1.0, -1.5, (2.0 / 3.0)) \
    D(2, 0.0, 1.0, (-2.0 / 3.0)) \
    D(3, 0.0, 1.0, (-2.0 / 3.0)) \
    D(4, 0.0, 0.5, (-1.0 / 3.0)) \
    D(5, 0.0, -1.0, 1.0)
