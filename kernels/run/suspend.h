/* suspend.h -- a CUDA thread's run between two launches.
 *
 * A launch tries a bounded number of steps, so that the host sees progress, can stop and share
 * out what is left, and no display's watchdog bites. A run that is under way then goes to
 * PER_LANE memory and comes back to the same thread of the next launch, bit by bit:
 *
 *   suspended | word 0: thread 0, 1, ... | word 1: thread 0, 1, ... | ...
 *
 * Word 0 tells whether the thread has a run. Arrays that are in the workspace stay there.
 */
#ifndef ODEC_SUSPEND_H
#define ODEC_SUSPEND_H

#include "lane.h"

#define SUSPENDED_CELLS (IN_WORKSPACE ? 0 : N_STATES * (1 + STEP_FSAL) + N_VALUES)
static_assert(8 * (SUSPENDED_CELLS + 16) <= SUSPENDED_BYTES,
              "the runtime allocates what the kernel uses");

/* A thread's place among the words; each pass_... stores a value or takes it back. */
struct suspended {
    long long *at;
    long long n_threads;
    bool store;
};

FN struct suspended suspended_of(const struct odec_args *args, bool store) {
    struct suspended s;
    s.n_threads = (long long)gridDim.x * blockDim.x;
    s.at =
        (long long *)args->suspended + (long long)blockIdx.x * blockDim.x + threadIdx.x;
    s.store = store;
    return s;
}

FN void pass_word(struct suspended *s, long long *x) {
    if (s->store) {
        *s->at = *x;
    } else {
        *x = *s->at;
    }
    s->at += s->n_threads;
}

FN void pass_real(struct suspended *s, real *x) {
    long long word = as_int(*x);
    pass_word(s, &word);
    *x = as_real((ival)word);
}

FN void pass_instant(struct suspended *s, struct instant *t) {
    pass_real(s, &t->hi);
#if REAL_FLOAT
    pass_real(s, &t->lo);
#endif
}

FN void pass_cells(struct suspended *s, cell *y, int n) {
#if IN_WORKSPACE
    (void)s, (void)y, (void)n;
#else
    EACH(i, n) pass_real(s, &y[i]);
#endif
}

/* All of a lane that an attempt does not make anew. */
FN void pass_lane(struct suspended *s, struct lane *lane, struct place *at) {
    pass_cells(s, lane->y, N_STATES);
#if STEP_FSAL
    pass_cells(s, lane->k1, N_STATES);
#endif
    pass_cells(s, lane->values, N_VALUES);
    pass_instant(s, &lane->t);
    pass_real(s, &lane->h);
    pass_real(s, &lane->memory);
    long long n_accepted = lane->n_accepted;
    pass_word(s, &n_accepted);
    lane->n_accepted = (ival)n_accepted;
    pass_word(s, &at->run[0]);
#if SAVES
    pass_instant(s, &lane->due);
    pass_word(s, &at->save[0]);
#endif
}

/* At a launch's start: has this thread a run to go on with? */
FN bool resume_begin(const struct odec_args *args, struct suspended *s) {
    long long live = 0;
    *s = suspended_of(args, false);
    if (args->resume) {
        pass_word(s, &live);
    }
    return live != 0;
}

/* At its end, of every thread. */
FN void suspend_begin(const struct odec_args *args, struct suspended *s, bool live) {
    long long word = live;
    *s = suspended_of(args, true);
    pass_word(s, &word);
    if (live) {
        atomicAdd(args->n_suspended, 1ull);
    }
}

#endif
