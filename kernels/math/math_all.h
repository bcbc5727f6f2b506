/* math_all.h -- all elementary functions of the dialect.
 *
 * Each function is written once, for double and float, for one lane, a register of
 * lanes and a CUDA thread (see dialect.h), and gives the same bits in all of them. The
 * bounds, measured by tests/math_ulp.c against MPFR, in units in the last place of the
 * result:
 *
 *   sqrt, division, div_by        correctly rounded (0.5)
 *   floor ceil round sign mod     exact (mod: exact where representable, else rounded
 * once) exp log sin cos               at most 1 expm1 log1p log2 log10 tan asin acos
 * atan atan2 sinh cosh tanh asinh acosh atanh cbrt hypot            at most 2 pow erf
 * erfc                  at most 4
 *
 * Special values are those of C17 Annex F, pow's table included. A NaN result has an
 * unspecified sign and payload: store it through `canonical`.
 *
 * The idea that the files share: a straight line of multiply-adds that is right for
 * every common argument, and one guard, any_rare(), behind which a lane that needs more
 * (a huge angle, a subnormal, an overflow, a special value) gets it, by `sel`.
 * Polynomials are minimax (Remez exchange, tests/math_remez.py), so there is no table
 * and no gather.
 */
#ifndef ODEC_MATH_ALL_H
#define ODEC_MATH_ALL_H

#include "math_erf.h"
#include "math_exp.h"
#include "math_hyp.h"
#include "math_log.h"
#include "math_pow.h"
#include "math_round.h"
#include "math_trig.h"

#endif
