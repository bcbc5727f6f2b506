/* problems.h -- initial value problems whose solutions are known in closed form.
 *
 * Three linear, then two that are not; three of them depend on t explicitly, so that a
 * stage taken at the wrong time shows. All go on for ever, so that a method's error
 * gathers while rounding errors cancel: orders up to 7 can be told in double precision.
 */
#ifndef PROBLEMS_H
#define PROBLEMS_H

#include <math.h>
#include <stdbool.h>

struct problem {
    const char *name, *text;
    double (*exact)(double t); /* of the first state */
    bool is_homogeneous;       /* y' = A y */
};

static inline double exact_forced(double t) {
    return 1.3 * exp(-t) + 0.1 * (sin(3 * t) - 3 * cos(3 * t));
}
static inline double exact_rotor(double t) { return cos(t); }
static inline double exact_wave(double t) { return exp(sin(t)); }
static inline double exact_swing(double t) { return 1 / (2 - sin(t)); }

static const struct problem problems[] = {
    {"forced (linear)", "model forced\ninit x = 1\nx' = sin(3*t) - x\n", exact_forced,
     false},
    {"rotor (linear)", "model rotor\ninit x = 1, v = 0\nx' = v\nv' = -x\n", exact_rotor,
     true},
    {"wave (linear)", "model wave\ninit x = 1\nx' = x*cos(t)\n", exact_wave, false},
    {"swing", "model swing\ninit x = 1/2\nx' = x^2*cos(t)\n", exact_swing, false},
    {"swing (autonomous)",
     "model driven\ninit x = 1/2, s = 0, c = 1\nx' = x^2*c\ns' = c\nc' = -s\n",
     exact_swing, false},
};

enum { N_PROBLEMS = sizeof problems / sizeof *problems, N_LINEAR = 3 };

#endif
