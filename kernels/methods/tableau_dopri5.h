/* tableau_dopri5.h -- Dormand and Prince's 5(4) pair, FSAL.
 *
 * Source: J. R. Dormand, P. J. Prince, A family of embedded Runge-Kutta formulae,
 * J. Comput. Appl. Math. 6 (1980) 19-26; E. Hairer, S. P. Norsett, G. Wanner,
 * Solving Ordinary Differential Equations I, 2nd ed., Springer 1993, II.5, Table
 * 5.2. Dense output of order 4: the cubic Hermite polynomial plus theta^2 (1 -
 * theta)^2 h sum d_j k_j, with the d_j of the book's code DOPRI5, multiplied out in
 * rational arithmetic. What the macros mean: erk.h. */
/* A table, one row of the method a macro. */
/* clang-format off */
#define ERK_ORDER 5
#define ERK_EMBEDDED_ORDER 4
#define ERK_STAGES 7
#define ERK_FSAL 1

#define ERK_STAGE_LIST(S) S(2, 0.2, ERK_A2) S(3, 0.3, ERK_A3) S(4, 0.8, ERK_A4) \
    S(5, (8.0 / 9.0), ERK_A5) S(6, 1.0, ERK_A6)
#define ERK_A2(A) A(1, 0.2)
#define ERK_A3(A) A(1, 0.075) A(2, 0.225)
#define ERK_A4(A) A(1, (44.0 / 45.0)) A(2, (-56.0 / 15.0)) A(3, (32.0 / 9.0))
#define ERK_A5(A) A(1, (19372.0 / 6561.0)) A(2, (-25360.0 / 2187.0)) \
    A(3, (64448.0 / 6561.0)) A(4, (-212.0 / 729.0))
#define ERK_A6(A) A(1, (9017.0 / 3168.0)) A(2, (-355.0 / 33.0)) \
    A(3, (46732.0 / 5247.0)) A(4, (49.0 / 176.0)) A(5, (-5103.0 / 18656.0))

#define ERK_B(A) A(1, (35.0 / 384.0)) A(3, (500.0 / 1113.0)) A(4, (125.0 / 192.0)) \
    A(5, (-2187.0 / 6784.0)) A(6, (11.0 / 84.0))
#define ERK_E(A) A(1, (71.0 / 57600.0)) A(3, (-71.0 / 16695.0)) A(4, (71.0 / 1920.0)) \
    A(5, (-17253.0 / 339200.0)) A(6, (22.0 / 525.0)) A(7, -0.025)

#define ERK_DENSE_ORDER 4
#define ERK_DENSE_DEGREE 4
#define ERK_DENSE_EXTRA(S)
#define ERK_DENSE(D) \
    D(1, 1.0, -2.853580065386283467283, 3.071743464105900267898, \
      -1.127017565386283467283) \
    D(3, 0.0, 4.023133379230304145880, -6.249321565289000025813, \
      2.675424484351597946419) \
    D(4, 0.0, -3.732401961588504018475, 10.06897058984367470362, \
      -5.685526961588504018475) \
    D(5, 0.0, 2.554803830184942319752, -6.399112377351016714975, \
      3.521932367920791376355) \
    D(6, 0.0, -1.374424114218602541660, 3.272657752246728892845, \
      -1.767281257075745398803) \
    D(7, 0.0, 1.382468931778143561786, -3.764937863556287123572, \
      2.382468931778143561786)
