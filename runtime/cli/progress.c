/* progress.c -- see progress.h.
 *
 *   compiling the kernel … 3 s
 *   [##########..........]  51%  5,100,000 of 10,000,000 runs  12.3 M runs/s  0:04 left
 */
#define _GNU_SOURCE
#include "progress.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "event.h"
#include "say.h"

enum { BAR_CELLS = 20 };

/* When the first signal came, on the clock of event.h; 0: none has. */
static _Atomic int64_t first_ns;

static int64_t now_ns(void) { return (int64_t)(1e9 * clock_seconds()); }

/* What is asked to end does so, and leaves nothing half done, within a second. Who cannot, as he
 * waits for a file or a driver, is ended by another ^C after it. No other signal ends it twice:
 * those come from programs, to the process and then to its group. */
static void on_signal(int signal_number) {
    const int error = errno;
    int64_t none = 0, first = atomic_load(&first_ns);
    if (first == 0) {
        atomic_compare_exchange_strong(&first_ns, &none, now_ns());
    } else if (signal_number == SIGINT && now_ns() - first > 1000000000) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    errno = error;
}

void progress_catch_signals(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaddset(&action.sa_mask, signals[i]);
    }
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (sigaction(signals[i], NULL, &before) == 0 &&
            before.sa_handler != SIG_IGN) { /* nohup, or a script's "odec ... &" */
            sigaction(signals[i], &action, NULL);
        }
    }
}

bool progress_interrupted(void) { return atomic_load(&first_ns) != 0; }

/* In naps, as the signal may find another thread, or come before a longer sleep. */
bool progress_pause(double due) {
    for (double left; !progress_interrupted() && (left = due - clock_seconds()) > 0;) {
        struct timespec nap = {.tv_nsec = (long)(1e9 * fmin(left, 0.05))};
        nanosleep(&nap, NULL);
    }
    return !progress_interrupted();
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
    return !progress_interrupted();
}

bool progress_compiling(void *user, double seconds) {
    struct progress *progress = user;
    if (progress->draws && seconds >= 1) {
        fprintf(stderr, "\rcompiling the kernel … %.0f s\033[K", floor(seconds));
        fflush(stderr);
        progress->drawn = true;
    }
    return !progress_interrupted();
}

void progress_end(struct progress *progress) {
    if (progress->drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    progress->drawn = progress->draws = false;
}
