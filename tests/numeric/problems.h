/* problems.h -- initial value problems whose solutions are known in closed form.
 *
 * Two linear, three not; three of them depend on t explicitly, so that a stage taken at the
 * wrong time shows.
 */
#ifndef PROBLEMS_H
#define PROBLEMS_H

#include <math.h>

struct problem {
    const char *name, *text;
    double (*exact)(double t); /* of the first state */
};

static inline double exact_forced(double t) {
    return 1.5 * exp(-t) + 0.5 * (sin(t) - cos(t));
}
static inline double exact_rotor(double t) { return cos(t); }
static inline double exact_bell(double t) { return 1 / (1 + t * t); }
static inline double exact_wave(double t) { return exp(sin(t)); }
static inline double exact_logistic(double t) { return 1 / (1 + 9 * exp(-t)); }

static const struct problem problems[] = {
    {"forced (linear)", "model forced\ninit x = 1\nx' = sin(t) - x\n", exact_forced},
    {"rotor (linear)", "model rotor\ninit x = 1, v = 0\nx' = v\nv' = -x\n", exact_rotor},
    {"wave (linear)", "model wave\ninit x = 1\nx' = x*cos(t)\n", exact_wave},
    {"bell", "model bell\ninit x = 1\nx' = -2*t*x^2\n", exact_bell},
    {"logistic", "model logistic\ninit x = 0.1\nx' = x*(1 - x)\n", exact_logistic},
};

enum { N_PROBLEMS = sizeof problems / sizeof *problems };

#endif
