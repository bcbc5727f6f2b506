/* save.c -- the times at which a batch's results are stored.
 *
 * Time k is t0 + k dt in one rounding, never a running sum. A time that is t1 but for
 * the rounding of dt and of the division is t1 exactly, so that `every 0.1` over 0 ..
 * 100 ends at 100 with 1001 times. A span that runs backwards has times that do: t0 - k dt.
 * Listed times may repeat, and so do all times of a span that ends where it begins.
 */
#include <float.h>
#include <math.h>

#include "context.h"
#include "fp_state.h"
#include "save.h"
#include "say.h"

/* What times this near to each other cannot be told apart by. */
static double resolution(double t0, double t1) {
    return DBL_EPSILON * fmax(fabs(t0), fabs(t1));
}

/* Number of times t0, t0 + dt, ... and whether the last of them is t1. */
static odec_status count_every(struct odec_context *context, double dt, double t0,
                               double t1, int64_t *count, bool *ends_at_t1) {
    char text[SAY_SIZE];
    FAIL_IF(!(dt > 0 && isfinite(dt)), context, ODEC_ERROR_ARGUMENT,
            "the save interval must be positive, not %s", say_real(text, dt));
    const double span = fabs(t1 - t0);
    double steps = span / dt;
    FAIL_IF(!(steps < (double)ODEC_MAX_SAVES), context, ODEC_ERROR_ARGUMENT,
            "saving every %s gives %.3g save times; at most %lld are possible",
            say_real(text, dt), steps, (long long)ODEC_MAX_SAVES);
    FAIL_IF(span > 0 && dt <= resolution(t0, t1), context, ODEC_ERROR_ARGUMENT,
            "the save interval %s is too small to move the time at %g",
            say_real(text, dt), fmax(fabs(t0), fabs(t1)));
    double nearest = round(steps);
    /* k dt is off by k times dt's rounding: relative to the span, half an epsilon. */
    *ends_at_t1 = nearest >= 1 && fabs(fma(nearest, copysign(dt, t1 - t0), t0) - t1) <=
                                      4 * resolution(t0, t1) + 2 * DBL_EPSILON * span;
    *count = (int64_t)(*ends_at_t1 ? nearest : floor(steps)) + 1;
    return ODEC_OK;
}

static odec_status check_listed(struct odec_context *context,
                                const struct odec_save *save, double t0, double t1) {
    char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE];
    FAIL_IF(save->count < 1 || save->at == NULL, context, ODEC_ERROR_ARGUMENT,
            "no save time is given");
    for (int64_t i = 0; i < save->count; i++) {
        double t = save->at[i];
        FAIL_IF(!(t >= fmin(t0, t1) && t <= fmax(t0, t1)), context, ODEC_ERROR_ARGUMENT,
                "save time %s is outside the time span %s .. %s", say_real(a, t),
                say_real(b, t0), say_real(c, t1));
        FAIL_IF(i > 0 && (t1 < t0 ? t > save->at[i - 1] : t < save->at[i - 1]), context,
                ODEC_ERROR_ARGUMENT, "save times must %s: %s comes after %s",
                t1 < t0 ? "descend, as the time span does" : "ascend", say_real(a, t),
                say_real(b, save->at[i - 1]));
    }
    return ODEC_OK;
}

static odec_status count_times(struct odec_context *context,
                               const struct odec_save *save, double t0, double t1,
                               int64_t *count, bool *ends_at_t1) {
    *ends_at_t1 = true;
    *count = 1;
    switch (save->kind) {
    case ODEC_SAVE_FINAL:
        return ODEC_OK;
    case ODEC_SAVE_EVERY:
        return count_every(context, save->dt, t0, t1, count, ends_at_t1);
    case ODEC_SAVE_AT:
        TRY(check_listed(context, save, t0, t1));
        *count = save->count;
        break;
    case ODEC_SAVE_COUNT:
        FAIL_IF(save->count < 2, context, ODEC_ERROR_ARGUMENT,
                "evenly spaced save times include both ends: at least 2, not %lld",
                (long long)save->count);
        *count = save->count;
        break;
    default:
        return context_fail(context, ODEC_ERROR_ARGUMENT, "unknown kind of save times");
    }
    FAIL_IF(*count > ODEC_MAX_SAVES, context, ODEC_ERROR_ARGUMENT,
            "%lld save times; at most %lld are possible", (long long)*count,
            (long long)ODEC_MAX_SAVES);
    FAIL_IF(save->kind == ODEC_SAVE_COUNT && t0 != t1 &&
                fabs(t1 - t0) / (double)(*count - 1) <= resolution(t0, t1),
            context, ODEC_ERROR_ARGUMENT, "%lld save times are too many to tell apart",
            (long long)*count);
    return ODEC_OK;
}

odec_status save_read(struct odec_context *context, const struct odec_save *given,
                      struct odec_save *out) {
    *out = (struct odec_save)ODEC_SAVE_INIT;
    return given ? context_read(context, out, given, "odec_save", "ODEC_SAVE_INIT")
                 : ODEC_OK;
}

static odec_status save_times(struct odec_context *context,
                              const struct odec_save *given, double t0, double t1,
                              double *times, int64_t capacity, int64_t *count) {
    char a[SAY_SIZE], b[SAY_SIZE];
    struct odec_save known, *save = &known;
    TRY(save_read(context, given, save));
    FAIL_IF(!(isfinite(t0) && isfinite(t1) && isfinite(t1 - t0)), context,
            ODEC_ERROR_ARGUMENT, "the time span %s .. %s is not finite",
            say_real(a, t0), say_real(b, t1));
    bool ends_at_t1;
    TRY(count_times(context, save, t0, t1, count, &ends_at_t1));
    if (times == NULL) {
        return ODEC_OK;
    }
    FAIL_IF(capacity < *count, context, ODEC_ERROR_ARGUMENT,
            "%lld save times do not fit in %lld places", (long long)*count,
            (long long)capacity);
    double step = save->kind == ODEC_SAVE_COUNT ? (t1 - t0) / (double)(*count - 1)
                                                : copysign(save->dt, t1 - t0);
    for (int64_t k = 0; k < *count; k++) {
        double t = save->kind == ODEC_SAVE_AT ? save->at[k] : fma((double)k, step, t0);
        times[k] = t1 < t0 ? fmax(t, t1) : fmin(t, t1);
    }
    if (save->kind != ODEC_SAVE_AT && ends_at_t1) {
        times[*count - 1] = t1;
    }
    return ODEC_OK;
}

odec_status odec_save_times(odec_context *context, const odec_save *save, double t0,
                            double t1, double *times, int64_t capacity,
                            int64_t *count) {
    FAIL_IF(count == NULL, context, ODEC_ERROR_ARGUMENT,
            "no place for the number of save times is given");
    *count = 0;
    const fp_state callers = fp_enter();
    fp_hold(&t0);
    fp_hold(&t1);
    const odec_status status =
        save_times(context, save, t0, t1, times, capacity, count);
    fp_leave(callers);
    return status;
}
