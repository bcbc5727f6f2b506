/* saves.h -- the save times within a step: its dense output, row by row. */
#ifndef ODEC_SAVES_H
#define ODEC_SAVES_H

#include "lane.h"

#if SAVES
/* The equations' time at the lanes' saves that are due, as it was given. (All of it goes away
 * where no column asks: hence no loop over bits.) */
FN real saves_time(const struct solve *g, const struct place *at, mask due) {
    const unsigned bits = mask_bits(due);
    real t = R(0);
    for (int l = 0; l < WIDTH; l++) {
        lane_set(&t, l, (scalar)g->args->save_times[bits >> l & 1 ? at->save[l] : 0]);
    }
    return t;
}

/* Stores the save times that an accepted step to (t_new, y1) reaches. */
FN_RARE void save_due(const struct solve *g, struct lane *s, struct place *at,
                      mask accepted, struct instant t_new, struct step *step) {
    mask due = m_and(accepted, instant_reached(t_new, s->due));
    step_complete(step);
    count_rhs(at, due, STEP_DENSE_RHS);
    do {
        LOCAL_CELLS(y_due, N_STATES);
        LOCAL_CELLS(row, N_COLUMNS);
        const mask at_end = instant_reached(s->due, t_new);
        step_dense(step, instant_since(s->due, s->t) / vabs(step->h), y_due);
        EACH(i, N_STATES) y_due[i] = sel(at_end, step->y1[i], y_due[i]);
#if BOUNDED
        bounds_keep(y_due);
#endif
        row_at(saves_time(g, at, due), y_due, s->values, row);
        for (unsigned b = mask_bits(due); b; b &= b - 1) {
            const int l = lowest_bit(b);
            store_row(g, at->run[l], at->save[l]++, row, l);
            instant_set(&s->due, l, due_at(g, at->save[l]));
        }
        due = m_and(accepted, instant_reached(t_new, s->due));
    } while (any_lane(due));
}

#if SAVES_APART
/* The same as a call, for a CUDA thread. Inlined, the stages of a step and everything that an
 * attempt keeps have to be in registers at once; here what a save needs goes to memory of its
 * own, and only where there is a save. */
FN_OUTLINE void save_due_call(const struct odec_args *args, struct lane *s,
                              struct place *at, struct instant t_new,
                              struct step *step) {
    struct solve g;
    g.args = args;
    save_due(&g, s, at, m_of_bits(1), t_new, step);
}

#define COPY_CELLS(name, n, when) WHEN(when)(EACH(i, n) copy.name[i] = step->name[i];)
#define COPY_CELLS_2D(name, rows, n, when)             \
    WHEN(when)                                         \
    (UNROLL for (int j = 1; j < (rows); j++) {         \
        EACH(i, n) copy.name[j][i] = step->name[j][i]; \
    })

FN void save_due_apart(const struct solve *g, struct lane *s, struct place *at,
                       struct instant t_new, const struct step *step) {
    struct lane lane;
    struct place place = *at;
    struct step copy;
    UNROLL for (int i = 0; i < N_VALUES; i++) { lane.values[i] = s->values[i]; }
    lane.t = s->t;
    lane.due = s->due;
    copy.t0 = step->t0;
    copy.t = step->t;
    copy.h = step->h;
    copy.values = lane.values;
    ATTEMPT_ARRAYS(COPY_CELLS, COPY_CELLS_2D)
    save_due_call(g->args, &lane, &place, t_new, &copy);
    *at = place;
    s->due = lane.due;
}
#endif
#endif

#endif
