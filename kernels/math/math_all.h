/* math_all.h -- all elementary functions of the dialect.
 *
 * Each function is written once, for double and float, for one lane, a register of
 * lanes and a CUDA thread (see dialect.h), and gives the same bits in all of them. Its
 * bound, in units in the last place of the result, is in tests/support/math_functions.def
 * and measured there against MPFR: sqrt, division and div_by are correctly rounded, what
 * rounds is exact, the others are within 1, 2 or 4.
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
#include "math_power.h"
#include "math_round.h"
#include "math_trig.h"

#endif
