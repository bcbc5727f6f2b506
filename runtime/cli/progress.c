/* progress.c -- see progress.h.
 *
 *   compiling the kernel … 3 s
 *   [##########..........]  51%  5,100,000 of 10,000,000 runs  12.3 M runs/s  0:04 left
 */
#define _GNU_SOURCE
#include "progress.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "event.h"
#include "say.h"

enum { BAR_CELLS = 20 };

static volatile sig_atomic_t interrupted; /* a signal handler has nothing else */

static void on_interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

void progress_catch_interrupt(void) {
    struct sigaction action = {.sa_handler = on_interrupt,
                               .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool progress_interrupted(void) { return interrupted; }

/* In naps, as the signal may find another thread, or come before a longer sleep. */
bool progress_pause(double due) {
    for (double left; !interrupted && (left = due - clock_seconds()) > 0;) {
        struct timespec nap = {.tv_nsec = (long)(1e9 * fmin(left, 0.05))};
        nanosleep(&nap, NULL);
    }
    return !interrupted;
}

void progress_start(struct progress *progress, bool quiet) {
    *progress = (struct progress){.draws = !quiet && isatty(STDERR_FILENO),
                                  .start = clock_seconds()};
}

bool progress_report(void *user, int64_t runs_done, int64_t n_runs) {
    struct progress *progress = user;
    double now = clock_seconds(), seconds = now - progress->start;
    if (progress->draws && seconds > 0.3 && now - progress->drawn_at > 0.09) {
        double share = (double)runs_done / (double)n_runs;
        double rate = (double)runs_done / seconds;
        char bar[BAR_CELLS + 1], a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE], d[SAY_SIZE];
        for (int i = 0; i < BAR_CELLS; i++) {
            bar[i] = i < (int)(share * BAR_CELLS) ? '#' : '.';
        }
        bar[BAR_CELLS] = '\0';
        double left = runs_done > 0 ? (double)(n_runs - runs_done) / rate : 0;
        fprintf(stderr, "\r[%s] %3d%%  %s of %s run%s  %s runs/s  %s left\033[K", bar,
                (int)(100 * share), say_count(a, runs_done), say_count(b, n_runs),
                say_s(n_runs), say_rate(c, rate),
                runs_done > 0 ? say_seconds(d, left) : "?");
        fflush(stderr);
        progress->drawn = true;
        progress->drawn_at = now;
    }
    return !interrupted;
}

bool progress_compiling(void *user, double seconds) {
    struct progress *progress = user;
    if (progress->draws && seconds >= 1) {
        fprintf(stderr, "\rcompiling the kernel … %.0f s\033[K", floor(seconds));
        fflush(stderr);
        progress->drawn = true;
    }
    return !interrupted;
}

void progress_end(struct progress *progress) {
    if (progress->drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    progress->drawn = progress->draws = false;
}
