/* batch_id.c -- see batch_id.h. */
#include "batch_id.h"

#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Each with its length, so that two lists of texts that read the same one after another differ.
 */
static void add(XXH3_state_t *state, const void *at, size_t n) {
    const uint64_t length = n;
    XXH3_128bits_update(state, &length, sizeof length);
    XXH3_128bits_update(state, at, n);
}

static void add_text(XXH3_state_t *state, const char *text) {
    add(state, text ? text : "", text ? strlen(text) : 0);
}

static void add_program(XXH3_state_t *state, const struct odec_program *program) {
    const char *text = program->kernels[ODEC_TARGET_CPU].text;
    add_text(state, ODEC_VERSION);
    add_text(state, program->model);
    add_text(state, text ? text : program->kernels[ODEC_TARGET_CUDA].text);
    for (int32_t i = 0; i < program->n_columns; i++) {
        add_text(state, program->columns[i].name);
    }
    for (int32_t i = 0; i < program->n_pars; i++) {
        add(state, &program->pars[i].value, sizeof(double));
    }
    for (int32_t i = 0; i < program->n_states; i++) {
        add(state, &program->states[i].value, sizeof(double));
    }
}

static void add_settings(XXH3_state_t *state, const struct odec_program *program,
                         const struct settings *settings) {
    const double numbers[] = {settings->t0,     settings->t1,
                              settings->rtol,   settings->dt,
                              settings->dt_max, (double)settings->saves_end};
    add(state, numbers, sizeof numbers);
    add(state, &settings->max_attempts, sizeof settings->max_attempts);
    add(state, settings->times, (size_t)settings->n_saves * sizeof(double));
    if (settings->atol) {
        add(state, settings->atol, (size_t)program->n_states * sizeof(double));
    }
}

static void add_source(XXH3_state_t *state, const struct odec_source *source,
                       int64_t n_runs) {
    const int32_t kind = (int32_t)source->kind;
    add(state, &kind, sizeof kind);
    if (source->kind == ODEC_SOURCE_UNIFORM) {
        add(state, &source->value, sizeof source->value);
    } else if (source->kind == ODEC_SOURCE_GRID) {
        const double ends[] = {source->lo, source->hi};
        const int64_t counts[] = {source->n, source->repeat, source->log};
        add(state, ends, sizeof ends);
        add(state, counts, sizeof counts);
    } else if (source->kind == ODEC_SOURCE_COLUMN) {
        for (int64_t run = 0; run < n_runs; run++) {
            XXH3_128bits_update(state, &source->column[run * source->stride],
                                sizeof(double));
        }
    }
}

static void add_sources(XXH3_state_t *state, const struct odec_source *list, int32_t n,
                        int64_t n_runs) {
    const struct odec_source none = {.kind = ODEC_SOURCE_DEFAULT};
    for (int32_t i = 0; i < n; i++) {
        add_source(state, list ? &list[i] : &none, n_runs);
    }
}

void batch_id(const struct result_about *about, char out[BATCH_ID_SIZE]) {
    const struct odec_program *program = about->program;
    const struct odec_batch *batch = about->batch;
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    add_program(&state, program);
    add_settings(&state, program, about->settings);
    add(&state, &batch->n_runs, sizeof batch->n_runs);
    add_sources(&state, batch->pars, program->n_pars, batch->n_runs);
    add_sources(&state, batch->states, program->n_states, batch->n_runs);
    if (about->numbers) {
        add(&state, about->numbers, (size_t)batch->n_runs * sizeof *about->numbers);
    }
    const XXH128_hash_t hash = XXH3_128bits_digest(&state);
    snprintf(out, BATCH_ID_SIZE, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}
