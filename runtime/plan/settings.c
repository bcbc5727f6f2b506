/* settings.c -- see settings.h. What the batch leaves open the program says, and what
 * neither says has a default that depends on nothing but the precision.
 */
#include "settings.h"

#include <math.h>
#include <stdlib.h>

#include "save.h"
#include "say.h"

static double first_given(double a, double b, double c) {
    return !isnan(a) ? a : !isnan(b) ? b : c;
}

static bool is_positive(double x) { return x > 0 && isfinite(x); }

static odec_status resolve_span(struct odec_context *context,
                                const struct odec_program *program,
                                const struct odec_batch *batch, struct settings *out) {
    char a[SAY_SIZE], b[SAY_SIZE];
    out->t0 = first_given(batch->t0, program->t0, NAN);
    out->t1 = first_given(batch->t1, program->t1, NAN);
    FAIL_IF(isnan(out->t0) || isnan(out->t1), context, ODEC_ERROR_ARGUMENT,
            "no time span: neither the model's solve block nor the batch has one");
    FAIL_IF(!(isfinite(out->t0) && isfinite(out->t1) && out->t0 < out->t1), context,
            ODEC_ERROR_ARGUMENT, "the time span %s .. %s does not run forward",
            say_real(a, out->t0), say_real(b, out->t1));
    FAIL_IF(program->precision == ODEC_FLOAT && !((float)out->t0 < (float)out->t1),
            context, ODEC_ERROR_ARGUMENT, "the time span %s .. %s is empty in float",
            say_real(a, out->t0), say_real(b, out->t1));
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
    FAIL_IF(!program->adaptive && !is_positive(out->dt), context, ODEC_ERROR_ARGUMENT,
            "%s takes fixed steps: dt must be positive, not %s", program->method,
            say_real(text, out->dt));
    out->dt_max = first_given(batch->dt_max, program->dt_max, INFINITY);
    FAIL_IF(!(out->dt_max > 0), context, ODEC_ERROR_ARGUMENT,
            "dt_max must be positive, not %s", say_real(text, out->dt_max));
    out->max_attempts = batch->max_attempts ? batch->max_attempts : 1000000;
    FAIL_IF(out->max_attempts < 1, context, ODEC_ERROR_ARGUMENT,
            "max_attempts must be positive, not %lld", (long long)out->max_attempts);
    return ODEC_OK;
}

static odec_status resolve_atol(struct odec_context *context,
                                const struct odec_program *program,
                                const struct odec_batch *batch, struct settings *out) {
    char text[SAY_SIZE];
    bool is_float = program->precision == ODEC_FLOAT;
    out->atol = malloc(sizeof(double) * (size_t)(program->n_states + 1));
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
        out->atol[i] = atol;
    }
    return ODEC_OK;
}

static odec_status resolve_times(struct odec_context *context,
                                 const struct odec_program *program,
                                 const struct odec_batch *batch, struct settings *out) {
    struct odec_save save;
    TRY(save_read(context, batch->save, &save));
    out->saves_end = save.kind == ODEC_SAVE_FINAL;
    FAIL_IF(!program->saves && !out->saves_end, context, ODEC_ERROR_ARGUMENT,
            "the program was compiled to save the final state only");
    int64_t n;
    TRY(odec_save_times(context, &save, out->t0, out->t1, NULL, 0, &n));
    out->times = malloc(sizeof(double) * (size_t)n); /* n is capped: no overflow */
    if (out->times == NULL) {
        return context_out_of_memory(context);
    }
    return odec_save_times(context, &save, out->t0, out->t1, out->times, n,
                           &out->n_saves);
}

static odec_status resolve_all(struct odec_context *context,
                               const struct odec_program *program,
                               const struct odec_batch *batch, struct settings *out) {
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
    free(settings->atol);
    free(settings->times);
    *settings = (struct settings){0};
}
