/* tableau_heun.h -- Heun's method (the explicit trapezoid) with Euler inside it:
 * 2(1).
 *
 * Source: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential
 * Equations I, 2nd ed., Springer 1993, II.1. Dense output: the cubic Hermite
 * polynomial through both ends with both slopes, of order 2 because the right end
 * is; the slope there is the extra stage, which is also the next step's first. What
 * the macros mean: erk.h. */
/* A table, one row of the method a macro. */
/* clang-format off */
#define ERK_ORDER 2
#define ERK_EMBEDDED_ORDER 1
#define ERK_STAGES 2
#define ERK_FSAL 0

#define ERK_STAGE_LIST(S) S(2, 1.0, ERK_A2)
#define ERK_A2(A) A(1, 1.0)

#define ERK_B(A) A(1, 0.5) A(2, 0.5)
#define ERK_E(A) A(1, -0.5) A(2, 0.5)

#define ERK_DENSE_ORDER 2
#define ERK_DENSE_DEGREE 3
#define ERK_DENSE_EXTRA(S) S(3, 1.0, ERK_B)
#define ERK_DENSE(D) \
    D(1, 1.0, -0.5, 0.0) \
    D(2, 0.0, 1.5, -1.0) \
    D(3, 0.0, -1.0, 1.0)
