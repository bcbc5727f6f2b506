/* cautions.c -- see cautions.h.
 *
 * The clock itself loses nothing, wherever it starts; two things do, most of all in float:
 *
 *   time    equations that use t see it rounded to the precision: to half the spacing u of
 *           numbers at the larger end of the span. With f = cos(t) in float, the error of a
 *           state was 0.3 to 1 of u/2 over a span of 10, 4 to 40 over 1000 and more, at steps
 *           of about 1; with fixed steps of dt and f = w cos(w t), w dt = 0.2 and 1, by tsit5,
 *           vern7 and rodas5p it was 0.3 to 32 of u/2 dt, half the amplitude where that was
 *           0.015. It is told where u/2 is more than a tolerance of a tenth of the span or of a
 *           fixed step, or a twentieth of the longest adaptive step; afterwards, where it is
 *           more than ten tolerances of a mean step.
 *   sums    a state is the sum of n increments, each rounded. Where it changes steadily the
 *           roundings have one sign for long: measured with c' = 1 by rk4 and tsit5, n = 3e4 ..
 *           3e6, the mean over some dt was 0.04 to 0.29 n eps of it: n eps/6 is told. Where it
 *           swings they are a random walk: with x'' = -x 0.1 to 1.3 sqrt(n) eps, and more where
 *           a swing has more than 10^4 steps: sqrt(n) eps/2 is told, as the least.
 *
 * And one thing is not looked after: of a state that is never above its atol any error is within
 * the tolerance. Which those are the kernels see (kernels/run/seen.h).
 *
 * A tolerance is rtol; of fixed steps, which have none, FIXED_TOLERANCE.
 */
#include "cautions.h"

#include <float.h>
#include <math.h>

#include "cli.h"
#include "say.h"
#include "strbuf.h"

#define FIXED_TOLERANCE 1e-3

static double precision_eps(const struct odec_program *program) {
    return program->precision == ODEC_FLOAT ? 0x1p-23 : 0x1p-52;
}

static const char *precision_name(const struct odec_program *program) {
    return program->precision == ODEC_FLOAT ? "float" : "double";
}

/* One that the precision does not hold has a warning of its own. */
static double least_rtol(const struct odec_program *program) {
    return 10 * precision_eps(program);
}

static double tolerance_of(const struct odec_program *program,
                           const struct settings *s) {
    return program->adaptive ? fmax(s->rtol, least_rtol(program)) : FIXED_TOLERANCE;
}

/* From one number of the precision at x to the next. */
static double spacing_at(const struct odec_program *program, double x) {
    int exponent;
    frexp(x, &exponent);
    return ldexp(precision_eps(program), exponent - 1);
}

/* ---- what is asked for ---- */

static void warn_of_tolerance(const struct odec_program *program,
                              const struct settings *s) {
    const double least = least_rtol(program);
    char a[SAY_SIZE];
    if (program->adaptive && s->rtol < least) {
        cli_warning("rtol %s is below what %s can resolve (about %.1e)",
                    say_real(a, s->rtol), precision_name(program), least);
    }
}

static void warn_of_long_step(const struct odec_program *program,
                              const struct settings *s) {
    char dt[SAY_SIZE], a[SAY_SIZE], b[SAY_SIZE];
    if (!program->adaptive && s->span > 0 && s->dt > s->span) {
        cli_warning(
            "dt %s is longer than the time span %s .. %s: a single step, to its end",
            say_real(dt, s->dt), say_real(a, s->t0), say_real(b, s->t1));
    }
}

static void warn_of_lone_save(const struct odec_batch *batch,
                              const struct settings *s) {
    char dt[SAY_SIZE], t0[SAY_SIZE], t1[SAY_SIZE];
    const struct odec_save *save = batch->save;
    if (save && save->kind == ODEC_SAVE_EVERY && s->n_saves == 1 && s->span > 0) {
        cli_warning("no save time but t = %s lies within the time span %s .. %s: it is "
                    "shorter than the save interval, %s",
                    say_real(t0, s->t0), say_real(t0, s->t0), say_real(t1, s->t1),
                    say_real(dt, save->dt));
    }
}

/* ---- what is lost ---- */

/* What an error of the time is held against. */
struct scale {
    const char *name;
    double length;
    double visible; /* the least part of it that is told */
};

static void warn_of_time(struct cautions *told, const struct odec_program *program,
                         const struct settings *s, const struct scale *scale) {
    const double far = fmax(fabs(s->t0), fabs(s->t1));
    const double lost = spacing_at(program, far) / 2 / scale->length;
    const bool starts_far = far > 2 * s->span;
    const bool is_float = program->precision == ODEC_FLOAT;
    char a[SAY_SIZE];
    if (!told->of_time && program->uses_time && s->span > 0 && lost > scale->visible) {
        told->of_time = true;
        cli_warning(
            "the equations use t, which %s knows to %.1e at t = %s, %.1e of %s%s%s%s",
            precision_name(program), lost * scale->length, say_real(a, far), lost,
            scale->name, starts_far ? "; let t count from the start of the span" : "",
            starts_far && is_float ? ", or "
            : is_float             ? "; "
                                   : "",
            is_float ? "use double" : "");
    }
}

static void warn_of_sums(struct cautions *told, const struct odec_program *program,
                         const struct settings *s, double n_steps) {
    const double eps = precision_eps(program);
    if (!told->of_sums && n_steps * eps / 6 > tolerance_of(program, s)) {
        told->of_sums = true;
        cli_warning(
            "%.1e steps in %s: their roundings add up to about %.1e of a state that "
            "changes steadily, at least %.1e of one that swings; fewer steps%s lose less",
            n_steps, precision_name(program), fmin(n_steps * eps / 6, 1),
            sqrt(n_steps) * eps / 2,
            program->precision == ODEC_FLOAT ? ", or double," : "");
    }
}

void cautions_before(struct cautions *told, const struct odec_program *program,
                     const struct odec_batch *batch, const struct settings *s) {
    const double step = program->adaptive ? s->dt_max : s->dt;
    warn_of_tolerance(program, s);
    warn_of_long_step(program, s);
    warn_of_lone_save(batch, s);
    const struct scale span = {"the time span", s->span, tolerance_of(program, s) / 10};
    warn_of_time(told, program, s, &span);
    if (isfinite(step)) {
        const double visible = program->adaptive ? 1.0 / 20 : FIXED_TOLERANCE;
        warn_of_time(told, program, s, &(struct scale){"a step", step, visible});
    }
    warn_of_sums(told, program, s, s->span / step);
}

void cautions_after(struct cautions *told, const struct odec_program *program,
                    const struct settings *s, const struct odec_result *result) {
    const double n_steps = (double)result->n_accepted / (double)result->n_runs;
    if (program->adaptive && n_steps > 0) {
        const struct scale mean = {"a mean step", s->span / n_steps,
                                   10 * tolerance_of(program, s)};
        warn_of_time(told, program, s, &mean);
        warn_of_sums(told, program, s, n_steps);
    }
}

/* ---- what is not looked after ---- */

/* "1e-09", or "1e-12 .. 1e-09". */
static void add_range(struct strbuf *out, double lo, double hi) {
    char a[SAY_SIZE], b[SAY_SIZE];
    strbuf_add(out, "%s%s%s", say_real(a, lo), lo < hi ? " .. " : "",
               lo < hi ? say_real(b, hi) : "");
}

/* A millionth of the state's, as an example of a smaller one. */
static void add_smaller(struct strbuf *out, const struct odec_program *program,
                        int32_t state, double atol) {
    const bool is_float = program->precision == ODEC_FLOAT;
    const double smaller = 1e-6 * atol;
    if (smaller >= (is_float ? (double)FLT_MIN : DBL_MIN)) {
        strbuf_add(out, ", such as %s:%.1g", program->states[state].name, smaller);
    }
}

void cautions_below_atol(const struct odec_program *program, const struct settings *s,
                         const odec_solver *solver) {
    enum { MOST_NAMES = 8 };
    struct strbuf names = {0}, range = {0}, smaller = {0};
    double lo = (double)INFINITY, hi = 0;
    int32_t n = 0;
    for (int32_t i = 0; i < program->n_states; i++) {
        if (!odec_solver_below_atol(solver, i)) {
            continue;
        }
        if (n == 0) {
            add_smaller(&smaller, program, i, s->atol[i]);
        }
        if (n < MOST_NAMES) {
            strbuf_add(&names, "%s%s", n ? ", " : "", program->states[i].name);
        }
        lo = fmin(lo, s->atol[i]);
        hi = fmax(hi, s->atol[i]);
        n++;
    }
    if (n > MOST_NAMES) {
        strbuf_add(&names, " and %d more", n - MOST_NAMES);
    }
    if (n > 0) {
        add_range(&range, lo, hi);
        cli_warning("the error of %s was not controlled: never above atol (%s); give a "
                    "smaller --atol%s",
                    names.at ? names.at : "", range.at ? range.at : "",
                    smaller.at ? smaller.at : "");
    }
    strbuf_release(&names);
    strbuf_release(&range);
    strbuf_release(&smaller);
}
