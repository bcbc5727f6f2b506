/* race.c -- which method suits the model? They integrate it, interpreted (probe.h), and the one
 * that needs the least work for the same error is chosen.
 *
 * First tsit5 and rodas5p set out over the solve's time span, to its tolerance. Each may spend the
 * same work. Where both arrive all methods take part in what follows; else those of the kind that
 * got further, explicit or stiff. So the choice weighs what it should: steps that stability makes
 * small against factors that many states make dear.
 *
 * Then each runs to landmarks, powers of 1/4 of the span, and its error there is taken against a
 * run with much tighter tolerances. The last landmarks count at which no error has grown
 * beyond the size of the solution (a chaotic model's does). A method of order p that has error E after
 * work W would have the error F after W (E/F)^(1/p): F is that of the first.
 *
 * It is a function of the model and the solve spec alone.
 */
#include <math.h>
#include <string.h>

#include "probe.h"

#define WORK 2000000       /* flops that each may spend, */
#define ATTEMPTS 60        /* and at least so many attempts, */
#define MOST_WORK 20000000 /* but no more than this */

#define MOST_SHARE 0.85  /* of the first's work: another must take less, */
#define STIFF_SHARE 0.65 /* or that, to take its Jacobian where the first needs none */
#define LEAST_ERROR 1e-2 /* in tolerances: smaller ones are as good */
#define MOST_RELATIVE_ERROR 0.1

enum { N_LANDMARKS = 8, N_COUNTED = 3, MOST_ENTRANTS = 4 };

static const struct {
    const char *name;
    bool is_stiff;
} entrants[MOST_ENTRANTS] = {
    {"tsit5", false}, {"vern7", false}, {"rodas5p", true}, {"rodas4", true}};

/* How an entrant came to the landmarks. */
struct course {
    const struct method *method;
    int n; /* reached */
    double work[N_LANDMARKS], error[N_LANDMARKS];
    double *y[N_LANDMARKS];
};

static struct course run_course(struct probe *p, const char *name, double tight,
                                int n_landmarks, double work) {
    struct runner *r = probe_runner(p, name, tight);
    struct course course = {.method = r->method};
    double at = race_span(p->race);
    for (int i = 1; i < N_LANDMARKS; i++) {
        at /= 4;
    }
    for (; course.n < n_landmarks; course.n++, at *= 4) {
        probe_run(p, r, at, work);
        if (r->gone < at) {
            break;
        }
        course.work[course.n] = r->flops;
        course.y[course.n] = ARENA_ARRAY(p->arena, double, p->n);
        memcpy(course.y[course.n], r->y, sizeof *r->y * (size_t)p->n);
    }
    return course;
}

/* In tolerances, the largest so far: a smaller one is chance. */
static void find_errors(const struct probe *p, const struct course *reference,
                        struct course *course) {
    double *error = ARENA_ARRAY(p->arena, double, p->n);
    for (int k = 0; k < course->n; k++) {
        const double *y = course->y[k], *exact = reference->y[k];
        for (int i = 0; i < p->n; i++) {
            error[i] = y[i] - exact[i];
        }
        const double e = probe_norm(p, error, exact, exact, 1);
        course->error[k] = k > 0 && e < course->error[k - 1] ? course->error[k - 1] : e;
    }
}

/* Are the errors of all that came to landmark k errors, not as large as the solution? */
static bool is_measured(const struct probe *p, const struct course *courses, int n,
                        int k) {
    bool good = k < courses[0].n;
    for (int i = 0; i < n && good; i++) {
        good = k >= courses[i].n || /* false for NaN */
               courses[i].error[k] * p->race->rtol < MOST_RELATIVE_ERROR;
    }
    return good;
}

/* Of what the first has to do for its error; infinite where it did not come so far. */
static double share_at(const struct course *first, const struct course *course, int k) {
    if (k >= course->n) {
        return (double)INFINITY;
    }
    const double e = fmax(course->error[k], LEAST_ERROR),
                 f = fmax(first->error[k], LEAST_ERROR);
    return course->work[k] / first->work[k] *
           probe_power(e / f, 1.0 / course->method->order);
}

/* The geometric mean over the last landmarks with errors; false: there are none. */
static bool find_shares(const struct probe *p, const struct course *courses, int n,
                        double *share) {
    int n_counted = 0;
    for (int i = 0; i < n; i++) {
        share[i] = 1;
    }
    for (int k = N_LANDMARKS - 1; k >= 0 && n_counted < N_COUNTED; k--) {
        if (is_measured(p, courses, n, k)) {
            n_counted++;
            for (int i = 0; i < n; i++) {
                share[i] *= share_at(&courses[0], &courses[i], k);
            }
        }
    }
    for (int i = 0; i < n && n_counted; i++) {
        share[i] = probe_power(share[i], 1.0 / n_counted);
    }
    return n_counted > 0;
}

static int find_best(const struct course *courses, int n, const double *share) {
    int best = 0;
    for (int i = 1; i < n; i++) {
        const bool same_kind = courses[i].method->stiff == courses[0].method->stiff;
        if (share[i] < (same_kind ? MOST_SHARE : STIFF_SHARE) &&
            share[i] < share[best]) {
            best = i;
        }
    }
    return best;
}

/* By how much the best has won, where it was not by so little that it does not count. */
static const char *tell(struct arena *arena, const struct course *courses, int n,
                        const double *share, int best, const char *what) {
    const char *before = *what ? "; at equal error " : "at equal error ";
    for (int i = 0; i < n; i++) {
        if (i == best || !isfinite(share[i])) {
            continue;
        }
        const double times = share[i] / share[best];
        const bool is_first = *before != ',';
        const char *much =
            times < 1  ? is_first ? " takes about as much work" : " as much"
            : is_first ? arena_printf(arena, " takes %.3g times its work", times)
                       : arena_printf(arena, " %.3g", times);
        what = arena_printf(arena, "%s%s%s%s", what, before, courses[i].method->name,
                            much);
        before = ", ";
    }
    return what;
}

/* The best of those that take part. `what`: why it is these, or "". */
static const struct method *best_of(struct probe *p, bool explicit_ones,
                                    bool stiff_ones, double work, const char *what,
                                    const char **reason) {
    const double finest = 1e-13, wanted = explicit_ones ? 1e-3 : 1e-2;
    const double rtol = fmax(p->race->rtol * wanted, finest);
    const struct course reference = run_course(p, explicit_ones ? "vern7" : "rodas5p",
                                               p->race->rtol / rtol, N_LANDMARKS, work);
    struct course courses[MOST_ENTRANTS];
    double share[MOST_ENTRANTS];
    int n = 0, best = 0;
    for (int i = 0; i < MOST_ENTRANTS; i++) {
        if (entrants[i].is_stiff ? stiff_ones : explicit_ones) {
            courses[n] = run_course(p, entrants[i].name, 1, reference.n, work);
            find_errors(p, &reference, &courses[n++]);
        }
    }
    if (find_shares(p, courses, n, share)) {
        best = find_best(courses, n, share);
        what = tell(p->arena, courses, n, share, best, what);
    }
    *reason = *what ? what : "the others could not be compared with it";
    return courses[best].method;
}

const struct method *race_methods(struct arena *arena, const struct lowered *l,
                                  const struct sparse_lu *lu, const struct race *race,
                                  const char **reason) {
    struct probe *p = probe_create(arena, l, lu, race);
    if (!lu) {
        return best_of(p, true, false, WORK,
                       "the Jacobian has too many entries for a stiff method", reason);
    }
    const double span = race_span(race);
    struct runner *a = probe_runner(p, "tsit5", 1), *b = probe_runner(p, "rodas5p", 1);
    double work = WORK;
    work = work < ATTEMPTS * b->flops_attempt ? ATTEMPTS * b->flops_attempt : work;
    work = work > MOST_WORK ? MOST_WORK : work;
    probe_run(p, a, span, work);
    probe_run(p, b, span, work);
    const bool both = a->gone == span && b->gone == span;
    const bool stiff = b->gone > a->gone;
    const char *what =
        both ? ""
             : arena_printf(arena,
                            "with the same work tsit5 gets through %.3g %% of the "
                            "time span, rodas5p through %.3g %%",
                            100 * a->gone / span, 100 * b->gone / span);
    return best_of(p, both || !stiff, both || stiff, work, what, reason);
}
