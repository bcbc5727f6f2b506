/* control.c -- a control loop in real time: every millisecond the spring is looked at, a force is
 * chosen, and the simulation goes on from where it is. A call is one run of one millisecond on the
 * calling thread; the solver is made once, and nothing is planned anew.
 */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "springs.h"

enum { N_TICKS = 4000 };

static const double tick = 1e-3, wanted = 0.25;

static double now(void) {
    struct timespec time;
    timespec_get(&time, TIME_UTC);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(void) {
    struct springs springs;
    double state[spring_n_states] = {1, 0}; /* x, v */
    spring_pars pars = spring_PARS_INIT;
    double longest = 0;
    bool is_good = springs_open(&springs);
    const double start = now();
    for (int i = 0; is_good && i < N_TICKS; i++) {
        const double before = now();
        /* Holds the spring where it is wanted, with the friction that it lacks. */
        pars.force = pars.stiffness * wanted + 40 * (wanted - state[spring_state_x]) -
                     12 * state[spring_state_v];
        double next[spring_n_outputs];
        is_good = springs_solve(&springs, 1, &pars, state, tick, 1, next);
        state[spring_state_x] = next[spring_output_x];
        state[spring_state_v] = next[spring_output_v];
        longest = fmax(longest, now() - before);
    }
    if (!is_good) {
        fprintf(stderr, "control: %s\n", springs_error(&springs));
    } else {
        printf("x = %.6f, v = %.6f; a tick took %.1f us, at most %.1f us\n",
               state[spring_state_x], state[spring_state_v],
               1e6 * (now() - start) / N_TICKS, 1e6 * longest);
        is_good = fabs(state[spring_state_x] - wanted) < 1e-4 &&
                  fabs(state[spring_state_v]) < 1e-3;
    }
    springs_close(&springs);
    return !is_good;
}
