/* sampler.c -- see sampler.h. */
#include "sampler.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "gpu.h"
#include "probe.h"
#include "rates.h"

enum { N_KEPT = 128 }; /* samples of a device: two minutes of one a second */

static const struct probe *const probes[N_BACKENDS] = {
#define BACKEND(kind) &probe_##kind,
#include "backends.def"
};

struct sampled {
    const struct backend *backend;
    const struct probe *probe;
    int32_t ordinal; /* of its kind; -1: there is none of it */
    char name[16], description[128];
    char missing[256]; /* as of the creation */
    bool has_compiler; /* false: that is what is missing, and no more */
    bool is_seen;      /* it can be sampled */
    bool is_lost;      /* since the last sample */
    union probe_state state;
    int64_t n_refused[TELEMETRY_REFUSAL_COUNT];
};

struct sampler {
    struct rates *rates; /* the context's */
    struct telemetry *telemetry;
    pthread_mutex_t mutex; /* holds for probes, for is_lost and for n_refused */
    int32_t n_devices;
    struct sampled devices[];
};

/* ---- create, destroy ---- */

/* How many there are of a kind, as far as they are looked at. */
struct kind_count {
    int32_t n;
    const char *missing, *no_compiler;
};

/* All of one kind; where there is none of it, what says why. */
static void find_kind(struct odec_context *context, struct sampler *sampler, int kind,
                      struct kind_count count) {
    const struct backend *backend = backends[kind];
    const int32_t n = count.n;
    for (int32_t i = 0; i < n || (i == 0 && n == 0); i++) {
        struct sampled *on = &sampler->devices[sampler->n_devices++];
        const bool is_named_by_kind = n == 0 || backend_is_host(backend);
        on->backend = backend;
        on->probe = probes[kind];
        on->ordinal = n > 0 ? i : -1;
        snprintf(on->name, sizeof on->name, is_named_by_kind ? "%s" : "%s:%d",
                 backend->kind, i);
        snprintf(on->missing, sizeof on->missing, "%s", count.missing);
        on->is_seen = n > 0 && on->probe->open(context, i, &on->state, on->description,
                                               on->missing);
        on->has_compiler = on->missing[0] || !count.no_compiler[0];
        if (!on->has_compiler) {
            snprintf(on->missing, sizeof on->missing, "%s", count.no_compiler);
        }
    }
}

static odec_status create(struct odec_context *context, struct sampler **out) {
    struct rates *rates;
    TRY(context_rates(context, &rates));
    struct kind_count counts[N_BACKENDS];
    int32_t n = 0;
    for (int kind = 0; kind < N_BACKENDS; kind++) {
        struct kind_count *count = &counts[kind];
        count->n = backends[kind]->count(backends[kind], context, &count->missing,
                                         &count->no_compiler);
        count->n = count->n < MAX_DEVICES ? count->n : MAX_DEVICES - 1;
        n += count->n > 0 ? count->n : 1;
    }
    struct sampler *sampler = heap_take(
        context->heap, 1, sizeof *sampler + (size_t)n * sizeof sampler->devices[0]);
    if (sampler == NULL) {
        return context_out_of_memory(context);
    }
    odec_status status = telemetry_create(context, n, N_KEPT, &sampler->telemetry);
    if (status != ODEC_OK) {
        heap_give(sampler);
        return status;
    }
    pthread_mutex_init(&sampler->mutex, NULL);
    sampler->rates = rates;
    for (int kind = 0; kind < N_BACKENDS; kind++) {
        find_kind(context, sampler, kind, counts[kind]);
    }
    *out = sampler;
    return ODEC_OK;
}

static void destroy(void *object) {
    struct sampler *sampler = object;
    pthread_mutex_destroy(&sampler->mutex);
    telemetry_destroy(sampler->telemetry);
    heap_give(sampler);
}

odec_status context_sampler(struct odec_context *context, struct sampler **out) {
    if (context->sampler == NULL) {
        TRY(create(context, &context->sampler));
        context_own(context, context->sampler, destroy);
    }
    *out = context->sampler;
    return ODEC_OK;
}

/* ---- samples ---- */

/* Makes what was refused unknown. False: it cannot be. */
static bool forget(struct telemetry_sample *sample, enum telemetry_refusal refusal) {
    switch (refusal) {
    case TELEMETRY_REFUSED_MEMORY:
        sample->memory_used = -1;
        sample->memory_total = sample->memory_total > 0 ? sample->memory_total : -1;
        return true;
    case TELEMETRY_REFUSED_UTILIZATION:
        sample->utilization = NAN;
        return true;
    case TELEMETRY_REFUSED_WATTS:
        sample->watts = NAN;
        return true;
    case TELEMETRY_REFUSED_CELSIUS:
        sample->celsius = NAN;
        return true;
    case TELEMETRY_REFUSED_MHZ:
        sample->mhz = NAN;
        return true;
    case TELEMETRY_REFUSED_RATE:
        sample->runs_per_second = NAN;
        return true;
    case TELEMETRY_REFUSED_RUNS:
        sample->runs_done = -1;
        return true;
    default:
        return false;
    }
}

/* Under the lock, so that a device's samples are added in the order of their times. */
static void take_locked(struct sampler *sampler, int32_t i) {
    struct sampled *on = &sampler->devices[i];
    struct telemetry_sample sample = TELEMETRY_SAMPLE_INIT(i, clock_seconds());
    on->is_lost = !on->probe->read(&on->state, &sample);
    rates_last(sampler->rates, on->name, &sample.runs_per_second, &sample.runs_done);
    for (;;) {
        enum telemetry_refusal refusal = telemetry_add(sampler->telemetry, &sample);
        on->n_refused[refusal]++;
        if (refusal == TELEMETRY_KEPT || !forget(&sample, refusal)) {
            return;
        }
    }
}

/* Of the device of this name; NULL: of all. */
static void take(struct sampler *sampler, const char *name) {
    pthread_mutex_lock(&sampler->mutex);
    for (int32_t i = 0; i < sampler->n_devices; i++) {
        const struct sampled *on = &sampler->devices[i];
        if (on->is_seen && (name == NULL || strcmp(on->name, name) == 0)) {
            take_locked(sampler, i);
        }
    }
    pthread_mutex_unlock(&sampler->mutex);
}

void sampler_take(struct sampler *sampler) { take(sampler, NULL); }

void sampler_take_one(struct sampler *sampler, const char *name) {
    take(sampler, name);
}

/* ---- what is known ---- */

int32_t sampler_n_devices(const struct sampler *sampler) { return sampler->n_devices; }

int32_t sampler_ordinal(const struct sampler *sampler, int32_t i) {
    return sampler->devices[i].ordinal;
}

const struct backend *sampler_backend(const struct sampler *sampler, int32_t i) {
    return sampler->devices[i].backend;
}

const char *sampler_name(const struct sampler *sampler, int32_t i) {
    return sampler->devices[i].name;
}

const char *sampler_description(const struct sampler *sampler, int32_t i) {
    return sampler->devices[i].description;
}

const char *sampler_missing(struct sampler *sampler, int32_t i) {
    pthread_mutex_lock(&sampler->mutex);
    bool is_lost = sampler->devices[i].is_lost;
    pthread_mutex_unlock(&sampler->mutex);
    return is_lost ? "the GPU is lost" : sampler->devices[i].missing;
}

const char *sampler_unknown(struct sampler *sampler, int32_t i) {
    const struct sampled *on = &sampler->devices[i];
    return on->is_seen ? on->probe->unknown(&on->state) : "";
}

void sampler_last(struct sampler *sampler, int32_t i, struct telemetry_sample *out) {
    if (!telemetry_last(sampler->telemetry, i, out)) {
        *out = (struct telemetry_sample)TELEMETRY_SAMPLE_INIT(i, 0);
    }
    rates_last(sampler->rates, sampler->devices[i].name, &out->runs_per_second,
               &out->runs_done);
}

int64_t sampler_refused(struct sampler *sampler, int32_t i, char *text, size_t size) {
    const struct sampled *on = &sampler->devices[i];
    int64_t n = 0;
    size_t at = 0;
    text[0] = '\0';
    pthread_mutex_lock(&sampler->mutex);
    for (enum telemetry_refusal r = TELEMETRY_KEPT + 1; r < TELEMETRY_REFUSAL_COUNT;
         r++) {
        if (on->n_refused[r] > 0 && at < size) {
            at += (size_t)snprintf(text + at, size - at, "%s%s (%lld)", n ? ", " : "",
                                   telemetry_refusal_text(r),
                                   (long long)on->n_refused[r]);
        }
        n += on->n_refused[r];
    }
    pthread_mutex_unlock(&sampler->mutex);
    return n;
}

/* ---- ranking ---- */

/* Puts the CPU behind the others, which keep their order. */
static void move_cpu_last(int32_t *order, int32_t n) {
    int32_t kept = 0;
    for (int32_t k = 0; k < n; k++) {
        if (order[k] != 0) {
            order[kept++] = order[k];
        }
    }
    if (kept < n) {
        order[kept] = 0;
    }
}

static bool is_usable(struct sampler *sampler, int32_t i,
                      const struct odec_program *program) {
    const struct sampled *on = &sampler->devices[i];
    const char *missing = sampler_missing(sampler, i);
    const bool lacks_compiler_alone = missing == on->missing && !on->has_compiler;
    return missing[0] == '\0' ||
           (lacks_compiler_alone && gpu_has_image(on->backend->gpu, program));
}

int32_t sampler_rank(struct sampler *sampler, const struct odec_program *program,
                     int32_t *order) {
    struct telemetry_sample samples[N_BACKENDS * MAX_DEVICES] = {{0}};
    double rates[N_BACKENDS * MAX_DEVICES] = {0};
    int32_t n = 0, n_gpus_measured = 0;
    for (int32_t i = 0; i < sampler->n_devices; i++) {
        const struct sampled *on = &sampler->devices[i];
        if (is_usable(sampler, i, program)) {
            sampler_last(sampler, i, &samples[n]);
            samples[n].runs_per_second = NAN; /* perhaps of another program */
            rates[n] = rates_with(sampler->rates, on->name, NULL);
            n_gpus_measured += i > 0 && rates[n] > 0;
            n++;
        }
    }
    telemetry_rank(samples, n, rates, order);
    for (int32_t k = 0; k < n; k++) {
        order[k] = samples[order[k]].device;
    }
    if (!(rates[0] > 0 && n_gpus_measured > 0)) {
        move_cpu_last(order, n);
    }
    return n;
}
