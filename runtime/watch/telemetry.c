/* telemetry.c -- see telemetry.h.
 *
 *   ring of 4 after 6 samples   | 4 | 5 | 2 | 3 |     sample i stands at i % 4
 */
#include "telemetry.h"

#include <float.h>
#include <math.h>
#include <pthread.h>

struct telemetry {
    pthread_mutex_t mutex; /* holds for all below */
    int32_t n_devices, capacity;
    struct telemetry_sample *samples; /* [n_devices][capacity] */
    int64_t *n_samples;               /* [n_devices] ever added */
    int64_t n_by_refusal[TELEMETRY_REFUSAL_COUNT];
};

odec_status telemetry_create(struct odec_context *context, int32_t n_devices,
                             int32_t capacity, struct telemetry **out) {
    *out = NULL;
    FAIL_IF(n_devices < 1 || capacity < 1, context, ODEC_ERROR_ARGUMENT,
            "telemetry needs at least one device and one sample");
    struct telemetry *telemetry = heap_take(context->heap, 1, sizeof *telemetry);
    if (telemetry == NULL) {
        return context_out_of_memory(context);
    }
    pthread_mutex_init(&telemetry->mutex, NULL);
    telemetry->n_devices = n_devices;
    telemetry->capacity = capacity;
    telemetry->n_samples =
        heap_take(context->heap, (size_t)n_devices, sizeof *telemetry->n_samples);
    telemetry->samples = heap_take(context->heap, (size_t)n_devices * (size_t)capacity,
                                   sizeof *telemetry->samples);
    if (telemetry->n_samples == NULL || telemetry->samples == NULL) {
        telemetry_destroy(telemetry);
        return context_out_of_memory(context);
    }
    *out = telemetry;
    return ODEC_OK;
}

void telemetry_destroy(struct telemetry *telemetry) {
    if (telemetry) {
        pthread_mutex_destroy(&telemetry->mutex);
        heap_give(telemetry->n_samples);
        heap_give(telemetry->samples);
        heap_give(telemetry);
    }
}

const char *telemetry_refusal_text(enum telemetry_refusal refusal) {
    switch (refusal) {
#define TELEMETRY_REFUSAL(name, text) \
    case TELEMETRY_REFUSED_##name:    \
        return text;
        TELEMETRY_REFUSALS
#undef TELEMETRY_REFUSAL
    default:
        return "kept";
    }
}

/* ---- adding ---- */

/* In lo .. hi, or unknown. */
static bool is_real_in(double value, double lo, double hi) {
    return isnan(value) || (value >= lo && value <= hi);
}

/* What is wrong with a sample in itself. */
static enum telemetry_refusal check_values(const struct telemetry_sample *s) {
    bool both_known = s->memory_used >= 0 && s->memory_total >= 0;
    if (s->memory_used < -1 || s->memory_total < -1 ||
        (both_known && s->memory_used > s->memory_total)) {
        return TELEMETRY_REFUSED_MEMORY;
    }
    if (!is_real_in(s->utilization, 0, 1)) {
        return TELEMETRY_REFUSED_UTILIZATION;
    }
    if (!is_real_in(s->watts, 0, 10000)) {
        return TELEMETRY_REFUSED_WATTS;
    }
    if (!is_real_in(s->celsius, -100, 200)) {
        return TELEMETRY_REFUSED_CELSIUS;
    }
    if (!is_real_in(s->mhz, 0, 100000)) {
        return TELEMETRY_REFUSED_MHZ;
    }
    if (!is_real_in(s->runs_per_second, 0, DBL_MAX)) {
        return TELEMETRY_REFUSED_RATE;
    }
    return s->runs_done < -1 ? TELEMETRY_REFUSED_RUNS : TELEMETRY_KEPT;
}

/* The place of the i-th sample ever of a device. */
static struct telemetry_sample *place(struct telemetry *telemetry, int32_t device,
                                      int64_t i) {
    return &telemetry->samples[(int64_t)device * telemetry->capacity +
                               i % telemetry->capacity];
}

static enum telemetry_refusal add_locked(struct telemetry *telemetry,
                                         const struct telemetry_sample *sample) {
    int32_t device = sample->device;
    if (device < 0 || device >= telemetry->n_devices) {
        return TELEMETRY_REFUSED_DEVICE;
    }
    if (!isfinite(sample->time)) {
        return TELEMETRY_REFUSED_TIME;
    }
    int64_t n = telemetry->n_samples[device];
    if (n > 0 && sample->time < place(telemetry, device, n - 1)->time) {
        return TELEMETRY_REFUSED_ORDER;
    }
    enum telemetry_refusal refusal = check_values(sample);
    if (refusal == TELEMETRY_KEPT) {
        *place(telemetry, device, n) = *sample;
        telemetry->n_samples[device]++;
    }
    return refusal;
}

enum telemetry_refusal telemetry_add(struct telemetry *telemetry,
                                     const struct telemetry_sample *sample) {
    pthread_mutex_lock(&telemetry->mutex);
    enum telemetry_refusal refusal = add_locked(telemetry, sample);
    telemetry->n_by_refusal[refusal]++;
    pthread_mutex_unlock(&telemetry->mutex);
    return refusal;
}

/* ---- reading ---- */

int32_t telemetry_read(struct telemetry *telemetry, int32_t device,
                       struct telemetry_sample *out, int32_t n) {
    if (device < 0 || device >= telemetry->n_devices || n < 1) {
        return 0;
    }
    pthread_mutex_lock(&telemetry->mutex);
    int64_t end = telemetry->n_samples[device];
    int64_t kept = end < telemetry->capacity ? end : telemetry->capacity;
    n = kept < n ? (int32_t)kept : n;
    for (int32_t i = 0; i < n; i++) {
        out[i] = *place(telemetry, device, end - n + i);
    }
    pthread_mutex_unlock(&telemetry->mutex);
    return n;
}

bool telemetry_last(struct telemetry *telemetry, int32_t device,
                    struct telemetry_sample *out) {
    return telemetry_read(telemetry, device, out, 1) == 1;
}

int64_t telemetry_refused(struct telemetry *telemetry, enum telemetry_refusal reason) {
    pthread_mutex_lock(&telemetry->mutex);
    int64_t n = telemetry->n_by_refusal[reason];
    pthread_mutex_unlock(&telemetry->mutex);
    return n;
}

/* ---- ranking ---- */

enum factor { SPEED, ROOM, IDLE, COOL, N_FACTORS };

/* The list, and what its members are measured against. */
struct ranking {
    const struct telemetry_sample *samples;
    const double *rates;
    double largest[N_FACTORS]; /* rate and free memory alone */
    double mean[N_FACTORS];    /* of the known factors */
};

/* A quantity that is compared with the largest in the list; NaN: not known. */
static double amount(const struct ranking *r, enum factor factor, int32_t i) {
    const struct telemetry_sample *s = &r->samples[i];
    if (factor == ROOM) {
        bool known = s->memory_used >= 0 && s->memory_total >= s->memory_used;
        return known ? (double)(s->memory_total - s->memory_used) : NAN;
    }
    bool measured = r->rates && r->rates[i] > 0;
    double rate = measured ? r->rates[i] : s->runs_per_second;
    return rate > 0 && isfinite(rate) ? rate : NAN;
}

/* NaN: not known. */
static double factor_of(const struct ranking *r, enum factor factor, int32_t i) {
    const struct telemetry_sample *s = &r->samples[i];
    switch (factor) {
    case SPEED:
        return amount(r, SPEED, i) / r->largest[SPEED];
    case ROOM:
        return r->largest[ROOM] > 0 ? (1 + amount(r, ROOM, i) / r->largest[ROOM]) / 2
                                    : NAN;
    case IDLE:
        return 1 - s->utilization / 2;
    default:
        return isnan(s->celsius) ? NAN : fmin(fmax(1 - (s->celsius - 70) / 50, 0.5), 1);
    }
}

static double score_of(const struct ranking *r, int32_t i) {
    double score = 1;
    for (enum factor f = 0; f < N_FACTORS; f++) {
        double factor = factor_of(r, f, i);
        score *= isnan(factor) ? r->mean[f] : factor;
    }
    return score;
}

void telemetry_rank(const struct telemetry_sample *samples, int32_t n,
                    const double *rates, int32_t *order) {
    struct ranking r = {.samples = samples, .rates = rates};
    for (int32_t i = 0; i < n; i++) {
        r.largest[SPEED] = fmax(r.largest[SPEED], amount(&r, SPEED, i));
        r.largest[ROOM] = fmax(r.largest[ROOM], amount(&r, ROOM, i));
    }
    for (enum factor f = 0; f < N_FACTORS; f++) {
        double sum = 0;
        int32_t n_known = 0;
        for (int32_t i = 0; i < n; i++) {
            double factor = factor_of(&r, f, i);
            sum += isnan(factor) ? 0 : factor;
            n_known += !isnan(factor);
        }
        r.mean[f] = n_known > 0 ? sum / n_known : 1;
    }
    for (int32_t i = 0; i < n; i++) { /* by insertion: equal scores keep their order */
        double score = score_of(&r, i);
        int32_t at = i;
        for (; at > 0 && score_of(&r, order[at - 1]) < score; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}
