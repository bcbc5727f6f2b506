/* progress.h -- a bar on a terminal, and ^C and other signals. */
#ifndef ODEC_PROGRESS_H
#define ODEC_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool draws; /* standard error is a terminal */
    bool drawn;
    double start, drawn_at;
};

/* From here on ^C, SIGTERM and SIGHUP only ask to stop, but those that were ignored before. A
 * further ^C, more than a second later, ends the process. */
void progress_catch_signals(void);
bool progress_interrupted(void);

/* Until `due` on the clock of event.h. False: ^C came before. */
bool progress_pause(double due);

void progress_start(struct progress *progress, bool quiet);

/* odec_batch's callback, user being the progress. False once ^C was pressed. */
bool progress_report(void *user, int64_t runs_done, int64_t n_runs);

/* odec_solver_options' callback, the same way. */
bool progress_compiling(void *user, double seconds);

void progress_end(struct progress *progress); /* wipes the line */

#endif
