/* worker.h -- one device's part in a solve: its plan, what it has in hand, and what
 * becomes of that when the device fails.
 *
 *   READY     takes ranges, gives portions
 *   FAILING   has failed; gives the portions that it had finished by then
 *   DRAINING  its memory ran out: when the portions in others' hands are back it goes
 *             on with a smaller plan
 *   OUT       takes no part any more; portions collected from it stay readable until
 *             the end
 *
 * Every run it was given is in one of `flights` until its portion was collected; when
 * the device fails those ranges go back to the queue.
 */
#ifndef ODEC_WORKER_H
#define ODEC_WORKER_H

#include "queue.h"
#include "solver.h"

enum worker_state { WORKER_OUT, WORKER_READY, WORKER_FAILING, WORKER_DRAINING };

enum { WORKER_MAX_BUFFERS = 4, WORKER_MAX_PORTIONS = 8 };

/* A range that the device has in hand. */
struct flight {
    struct slice taken; /* as the queue gave it */
    struct slice left;  /* of it, not collected */
};

struct worker {
    enum worker_state state;
    struct solver_device *on;
    const struct odec_solver_options *options;
    const struct job *job;
    struct odec_context *context; /* the solver's: for its heap and its log */
    struct queue *queue;
    int32_t index; /* of the device in the queue */
    bool begun;    /* the backend is to be ended */
    struct plan plan;
    int64_t most_bytes; /* the next plan's, after memory ran out; 0: no bound */
    struct flight flights[WORKER_MAX_BUFFERS]; /* in order of submission */
    int32_t n_flights;
    int32_t n_held;    /* portions collected and not given back */
    int64_t n_ranges;  /* finished */
    int64_t most_runs; /* the longest of them */
};

/* The plan that worker_begin makes first. `arrays`: room for the program's and
 * BACKEND_MAX_ARRAYS more; what the plan is made from. */
odec_status worker_plan(struct worker *worker, struct odec_context *context,
                        int64_t n_runs, struct odec_array *arrays,
                        struct plan_request *out);

/* Makes a plan for a batch of n_runs and begins, with ever smaller plans while memory
 * does not suffice. On failure the worker is OUT, and `on` says why; nothing was
 * computed. */
odec_status worker_begin(struct worker *worker, int64_t n_runs);

/* From here on it takes ranges of the queue, as its device number `index`. */
void worker_join(struct worker *worker, struct queue *queue, int32_t index);

/* Moves what can move: sees to a device that has failed, takes ranges. False: nothing
 * did. */
bool worker_advance(struct worker *worker);

/* The next finished portion, if there is one. To be asked until there is none before
 * worker_advance, which gives up what a failed device has not finished. */
bool worker_collect(struct worker *worker, struct portion *out);
void worker_give_back(struct worker *worker, const struct portion *portion);
/* The same, but its runs have to be computed again. False: out of memory, nothing was
 * done. */
bool worker_reject(struct worker *worker, const struct portion *portion);

int64_t worker_progress(struct worker *worker); /* runs begun, of those not collected */
void worker_end(struct worker *worker);

#endif
