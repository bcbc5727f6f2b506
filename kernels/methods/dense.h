/* dense.h -- polynomials of dense output: c1 + c2 theta + c3 theta^2 + ... by Horner's rule.
 *
 * A tableau's macros give the coefficients as arguments; HORNER_OF(degree)(c1, ..., c_degree)
 * is one expression in `theta`.
 */
#ifndef ODEC_DENSE_H
#define ODEC_DENSE_H

#include "dialect.h"

#define HORNER_1(c1) R(c1)
#define HORNER_2(c1, c2) fmadd(theta, R(c2), R(c1))
#define HORNER_3(c1, c2, c3) fmadd(theta, HORNER_2(c2, c3), R(c1))
#define HORNER_4(c1, c2, c3, c4) fmadd(theta, HORNER_3(c2, c3, c4), R(c1))
#define HORNER_5(c1, c2, c3, c4, c5) fmadd(theta, HORNER_4(c2, c3, c4, c5), R(c1))
#define HORNER_6(c1, c2, c3, c4, c5, c6) \
    fmadd(theta, HORNER_5(c2, c3, c4, c5, c6), R(c1))
#define HORNER_7(c1, c2, c3, c4, c5, c6, c7) \
    fmadd(theta, HORNER_6(c2, c3, c4, c5, c6, c7), R(c1))
#define HORNER_OF(degree) HORNER_OF_(degree)
#define HORNER_OF_(degree) HORNER_##degree

/* theta c1 + theta^2 c2 + ... and its derivative, where theta is a number: constants */
#define VALUE_1(th, c1) ((th) * (c1))
#define VALUE_2(th, c1, c2) ((th) * ((c1) + VALUE_1(th, c2)))
#define VALUE_3(th, c1, c2, c3) ((th) * ((c1) + VALUE_2(th, c2, c3)))
#define VALUE_4(th, c1, c2, c3, c4) ((th) * ((c1) + VALUE_3(th, c2, c3, c4)))
#define VALUE_OF(degree) VALUE_OF_(degree)
#define VALUE_OF_(degree) VALUE_##degree
#define SLOPE_1(th, c1) (c1)
#define SLOPE_2(th, c1, c2) ((c1) + 2 * (th) * (c2))
#define SLOPE_3(th, c1, c2, c3) ((c1) + 2 * (th) * (c2) + 3 * (th) * (th) * (c3))
#define SLOPE_4(th, c1, c2, c3, c4) \
    (SLOPE_3(th, c1, c2, c3) + 4 * (th) * (th) * (th) * (c4))
#define SLOPE_OF(degree) SLOPE_OF_(degree)
#define SLOPE_OF_(degree) SLOPE_##degree

#endif
