/* settings.c -- see settings.h. What the batch leaves open the program says, and what
 * neither says has a default that depends on nothing but the precision.
 */
#include "settings.h"

#include <float.h>
#include <math.h>

#include "save.h"
#include "say.h"

static double first_given(double a, double b, double c) {
    return !isnan(a) ? a : !isnan(b) ? b : c;
}

/* What kernels take for a time that no run reaches (NEVER in kernels/dialect.h). */
#define NEVER_DOUBLE 1e300
#define NEVER_FLOAT 1e38

/* Kernels add a run's limit to attempts made before it: the sum is to be a number too. */
#define MOST_ATTEMPTS (INT64_C(1) << 62)

static bool is_positive(double x) { return x > 0 && isfinite(x); }

static odec_status resolve_span(struct odec_context *context,
                                const struct odec_program *program,
                                const struct odec_batch *batch, struct settings *out) {
    char a[SAY_SIZE], b[SAY_SIZE];
    out->t0 = first_given(batch->t0, program->t0, NAN);
    out->t1 = first_given(batch->t1, program->t1, NAN);
    FAIL_IF(isnan(out->t0) || isnan(out->t1), context, ODEC_ERROR_ARGUMENT,
            "no time span: neither the model's solve block nor the batch has one");
    bool is_float = program->precision == ODEC_FLOAT;
    const double never = is_float ? NEVER_FLOAT : NEVER_DOUBLE;
    const double least = is_float ? (double)FLT_MIN : DBL_MIN;
    out->span = fabs(out->t1 - out->t0);
    FAIL_IF(!(fabs(out->t0) < never && fabs(out->t1) < never), context,
            ODEC_ERROR_ARGUMENT,
            "the time span %s .. %s is not within -%g .. %g, the times of %s",
            say_real(a, out->t0), say_real(b, out->t1), never, never,
            is_float ? "float" : "double");
    FAIL_IF(!(out->span < never), context, ODEC_ERROR_ARGUMENT,
            "the time span %s .. %s is longer than %g, the longest of %s",
            say_real(a, out->t0), say_real(b, out->t1), never,
            is_float ? "float" : "double");
    FAIL_IF(out->span > 0 && out->span < least, context, ODEC_ERROR_ARGUMENT,
            "the time span %s .. %s is shorter than the smallest normal number of %s",
            say_real(a, out->t0), say_real(b, out->t1), is_float ? "float" : "double");
    return ODEC_OK;
}

/* The steps that a fixed dt makes of the span, by the formula of kernels/run/grid.h, which
 * turns them into a whole number: that is here held to what a double counts exactly, and to
 * what a run may take. */
static odec_status check_fixed(struct odec_context *context,
                               const struct odec_program *program,
                               const struct settings *settings) {
    char dt[SAY_SIZE], a[SAY_SIZE], b[SAY_SIZE];
    bool is_float = program->precision == ODEC_FLOAT;
    const double least = is_float ? (double)FLT_MIN : DBL_MIN;
    FAIL_IF(!is_positive(settings->dt), context, ODEC_ERROR_ARGUMENT,
            "%s takes fixed steps: dt must be positive, not %s", program->method,
            say_real(dt, settings->dt));
    FAIL_IF(settings->dt < least, context, ODEC_ERROR_ARGUMENT,
            "dt is %s, below the smallest normal number of %s, %s",
            say_real(dt, settings->dt), is_float ? "float" : "double",
            say_real(a, least));
    const double n = settings->span / settings->dt;
    FAIL_IF(
        !(n < 0x1p53), context, ODEC_ERROR_ARGUMENT,
        "dt = %s makes %.3g steps of the time span %s .. %s, more than the 2^53 that "
        "can be counted",
        say_real(dt, settings->dt), n, say_real(a, settings->t0),
        say_real(b, settings->t1));
    const double count = floor(n) + (n - floor(n) > 1e-9);
    FAIL_IF(
        count > (double)settings->max_attempts, context, ODEC_ERROR_ARGUMENT,
        "dt = %s makes %.0f steps of the time span %s .. %s, more than max_attempts, "
        "%lld",
        say_real(dt, settings->dt), count, say_real(a, settings->t0),
        say_real(b, settings->t1), (long long)settings->max_attempts);
    return ODEC_OK;
}

/* What a batch asks of its steps that the program's are not made for. */
static odec_status check_asked(struct odec_context *context,
                               const struct odec_program *program,
                               const struct odec_batch *batch) {
    FAIL_IF(
        program->adaptive && !isnan(batch->dt), context, ODEC_ERROR_ARGUMENT,
        "the batch sets dt, but its program chooses its steps (%s): a program of fixed "
        "steps is compiled with dt",
        program->method);
    if (program->adaptive) {
        return ODEC_OK;
    }
    bool has_atol = false;
    for (int32_t i = 0; batch->atol && i < program->n_states; i++) {
        has_atol = has_atol || !isnan(batch->atol[i]);
    }
    const char *name = !isnan(batch->rtol)     ? "rtol"
                       : has_atol              ? "atol"
                       : !isnan(batch->dt_max) ? "dt_max"
                                               : NULL;
    FAIL_IF(name, context, ODEC_ERROR_ARGUMENT,
            "the batch sets %s, but its program has fixed steps (%s): one that chooses "
            "them is compiled without dt",
            name, program->method);
    return ODEC_OK;
}

static odec_status resolve_steps(struct odec_context *context,
                                 const struct odec_program *program,
                                 const struct odec_batch *batch, struct settings *out) {
    char text[SAY_SIZE];
    bool is_float = program->precision == ODEC_FLOAT;
    out->rtol = first_given(batch->rtol, program->rtol, is_float ? 1e-4 : 1e-6);
    FAIL_IF(!is_positive(out->rtol), context, ODEC_ERROR_ARGUMENT,
            "rtol must be positive, not %s", say_real(text, out->rtol));
    out->dt = first_given(batch->dt, program->dt, 0);
    out->dt_max = first_given(batch->dt_max, program->dt_max, INFINITY);
    FAIL_IF(!(out->dt_max > 0), context, ODEC_ERROR_ARGUMENT,
            "dt_max must be positive, not %s", say_real(text, out->dt_max));
    out->max_attempts = batch->max_attempts ? batch->max_attempts : 1000000;
    FAIL_IF(out->max_attempts < 1, context, ODEC_ERROR_ARGUMENT,
            "max_attempts must be positive, not %lld", (long long)out->max_attempts);
    if (out->max_attempts > MOST_ATTEMPTS) {
        out->max_attempts = MOST_ATTEMPTS;
    }
    if (!program->adaptive) {
        TRY(check_fixed(context, program, out));
    }
    if (out->span == 0) {
        /* An adaptive kernel needs an attempt to see that it is at the end, and makes none of
         * any length; with fixed steps the initial row is all that there is. */
        out->max_attempts = program->adaptive;
        FAIL_IF(!program->adaptive && !program->saves, context, ODEC_ERROR_ARGUMENT,
                "the time span %s .. %s has no length: with fixed steps that needs a "
                "program compiled to save more than the final state",
                say_real(text, out->t0), say_real(text, out->t1));
    }
    return ODEC_OK;
}

static odec_status resolve_atol(struct odec_context *context,
                                const struct odec_program *program,
                                const struct odec_batch *batch, struct settings *out) {
    char text[SAY_SIZE], a[SAY_SIZE];
    bool is_float = program->precision == ODEC_FLOAT;
    const double least = is_float ? (double)FLT_MIN : DBL_MIN;
    out->atol =
        heap_take(context->heap, (size_t)program->n_states + 1, sizeof *out->atol);
    if (out->atol == NULL) {
        return context_out_of_memory(context);
    }
    for (int32_t i = 0; i < program->n_states; i++) {
        double of_batch = batch->atol ? batch->atol[i] : NAN;
        double of_program = program->atol ? program->atol[i] : NAN;
        double atol = first_given(of_batch, of_program, is_float ? 1e-7 : 1e-9);
        FAIL_IF(!is_positive(atol), context, ODEC_ERROR_ARGUMENT,
                "atol of %s must be positive, not %s", program->states[i].name,
                say_real(text, atol));
        FAIL_IF(atol < least, context, ODEC_ERROR_ARGUMENT,
                "atol of %s is %s, below the smallest normal number of %s, %s",
                program->states[i].name, say_real(text, atol),
                is_float ? "float" : "double", say_real(a, least));
        out->atol[i] = atol;
    }
    return ODEC_OK;
}

static odec_status resolve_times(struct odec_context *context,
                                 const struct odec_program *program,
                                 const struct odec_batch *batch, struct settings *out) {
    struct odec_save save;
    TRY(save_read(context, batch->save ? batch->save : program->save, &save));
    out->saves_end = save.kind == ODEC_SAVE_FINAL;
    FAIL_IF(!program->saves && !out->saves_end, context, ODEC_ERROR_ARGUMENT,
            "the program was compiled to save the final state only");
    int64_t n;
    TRY(odec_save_times(context, &save, out->t0, out->t1, NULL, 0, &n));
    out->times = heap_take(context->heap, (size_t)n, sizeof *out->times);
    if (out->times == NULL) {
        return context_out_of_memory(context);
    }
    return odec_save_times(context, &save, out->t0, out->t1, out->times, n,
                           &out->n_saves);
}

static odec_status resolve_all(struct odec_context *context,
                               const struct odec_program *program,
                               const struct odec_batch *batch, struct settings *out) {
    TRY(check_asked(context, program, batch));
    TRY(resolve_span(context, program, batch, out));
    TRY(resolve_steps(context, program, batch, out));
    TRY(resolve_atol(context, program, batch, out));
    return resolve_times(context, program, batch, out);
}

odec_status settings_resolve(struct odec_context *context,
                             const struct odec_program *program,
                             const struct odec_batch *batch, struct settings *out) {
    *out = (struct settings){0};
    odec_status status = resolve_all(context, program, batch, out);
    if (status != ODEC_OK) {
        settings_release(out);
    }
    return status;
}

void settings_release(struct settings *settings) {
    heap_give(settings->atol);
    heap_give(settings->times);
    *settings = (struct settings){0};
}
