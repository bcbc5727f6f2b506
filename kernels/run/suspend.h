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

#define ONE_WORD(name, when) +(when)
#define WORDS_real 1
#define WORDS_brief 1
#define WORDS_tally 1
#define WORDS_instant (1 + REAL_FLOAT)
#define VALUE_WORDS(type, name, when) +(when)*WORDS_##type
#define CELL_WORDS(name, n, when) +(when) * (n)
#if IN_WORKSPACE
#define PASSED_CELLS 0
#else
#define PASSED_CELLS (0 LANE_ARRAYS(CELL_WORDS, NO_CELLS_2D))
#endif
static_assert(8 * (1 + PASSED_CELLS LANE_VALUES(VALUE_WORDS) PLACE_WORDS(ONE_WORD)
                           PROGRESS_WORDS(ONE_WORD)) ==
                  SUSPENDED_BYTES,
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

FN void pass_brief(struct suspended *s, brief *x) {
    real whole = real_of_brief(*x);
    pass_real(s, &whole);
    *x = brief_of(whole);
}

FN void pass_tally(struct suspended *s, tally *x) {
    long long word = *x;
    pass_word(s, &word);
    *x = (tally)word;
}

/* All of a lane that an attempt does not make anew. */
FN void pass_lane(struct suspended *s, struct lane *lane, struct place *at) {
#define PASS_CELLS(name, n, when) WHEN(when)(pass_cells(s, lane->name, n);)
#define PASS_VALUE(type, name, when) WHEN(when)(pass_##type(s, &lane->name);)
#define PASS_PLACE(name, when) WHEN(when)(pass_word(s, &at->name[0]);)
    LANE_ARRAYS(PASS_CELLS, NO_CELLS_2D)
    LANE_VALUES(PASS_VALUE)
    PLACE_WORDS(PASS_PLACE)
}

/* How far a run is, beside its lane: what launches share. */
struct progress {
#define PROGRESS_WORD(name, when) WHEN(when)(long long name;)
    PROGRESS_WORDS(PROGRESS_WORD)
};

FN void pass_progress(struct suspended *s, struct progress *r) {
#define PASS_PROGRESS(name, when) WHEN(when)(pass_word(s, &r->name);)
    PROGRESS_WORDS(PASS_PROGRESS)
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
