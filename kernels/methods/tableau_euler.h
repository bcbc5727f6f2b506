/* tableau_euler.h -- explicit Euler, order 1, fixed step only.
 *
 * Source: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential
 * Equations I, 2nd ed., Springer 1993, I.7. Dense output: the cubic Hermite
 * polynomial through both ends with both slopes, so that the output has a
 * continuous derivative; the slope at the right end is the extra stage, which is
 * also the next step's first. What the macros mean: erk.h. */
/* A table, one row of the method a macro. */
/* clang-format off */
#define ERK_ORDER 1
#define ERK_EMBEDDED_ORDER 0
#define ERK_STAGES 1
#define ERK_FSAL 0

#define ERK_STAGE_LIST(S)

#define ERK_B(A) A(1, 1.0)

#define ERK_DENSE_ORDER 1
#define ERK_DENSE_DEGREE 3
#define ERK_DENSE_EXTRA(S) S(2, 1.0, ERK_B)
#define ERK_DENSE(D) \
    D(1, 1.0, 1.0, -1.0) \
    D(2, 0.0, -1.0, 1.0)
