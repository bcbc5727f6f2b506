/* rates.c -- see rates.h. A program is known by a line of text, "lorenz tsit5 double":
 * enough for a guess, and it outlives the program.
 */
#include "rates.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { PROGRAM_SIZE = 96, MAX_ROWS = 128 };

struct row {
    char device[16];
    char program[PROGRAM_SIZE]; /* that rate is of */
    double rate;                /* 0: not measured yet */
    int64_t n_runs;
};

struct rates {
    pthread_mutex_t mutex; /* holds for all below */
    struct row rows[MAX_ROWS];
    int32_t n;
    char latest[PROGRAM_SIZE]; /* measured last */
};

static void destroy(void *object) {
    struct rates *rates = object;
    pthread_mutex_destroy(&rates->mutex);
    heap_give(rates);
}

odec_status context_rates(struct odec_context *context, struct rates **out) {
    if (context->rates == NULL) {
        context->rates = heap_take(context->heap, 1, sizeof *context->rates);
        if (context->rates == NULL) {
            return context_out_of_memory(context);
        }
        pthread_mutex_init(&context->rates->mutex, NULL);
        context_own(context, context->rates, destroy);
    }
    *out = context->rates;
    return ODEC_OK;
}

static void name_program(char out[PROGRAM_SIZE], const struct odec_program *program) {
    snprintf(out, PROGRAM_SIZE, "%.60s %.20s %s", program->model ? program->model : "",
             program->method ? program->method : "",
             program->precision == ODEC_FLOAT ? "float" : "double");
}

static struct row *find(struct rates *rates, const char *device) {
    for (int32_t i = 0; i < rates->n; i++) {
        if (strcmp(rates->rows[i].device, device) == 0) {
            return &rates->rows[i];
        }
    }
    return NULL;
}

/* The device's row, a new one where there is none yet; NULL: they are all taken. */
static struct row *find_or_add(struct rates *rates, const char *device) {
    struct row *row = find(rates, device);
    if (row == NULL && rates->n < MAX_ROWS) {
        row = &rates->rows[rates->n++];
        snprintf(row->device, sizeof row->device, "%s", device);
    }
    return row;
}

void rates_note(struct rates *rates, const char *device,
                const struct odec_program *program, double rate, int64_t n_runs) {
    pthread_mutex_lock(&rates->mutex);
    struct row *row = rate > 0 || n_runs != 0 ? find_or_add(rates, device) : NULL;
    if (row) {
        row->n_runs += n_runs;
        if (rate > 0) {
            row->rate = rate;
            name_program(row->program, program);
            memcpy(rates->latest, row->program, sizeof rates->latest);
        }
    }
    pthread_mutex_unlock(&rates->mutex);
}

void rates_last(struct rates *rates, const char *device, double *rate,
                int64_t *n_runs) {
    pthread_mutex_lock(&rates->mutex);
    const struct row *row = find(rates, device);
    *rate = row && row->rate > 0 ? row->rate : NAN;
    *n_runs = row ? row->n_runs : -1;
    pthread_mutex_unlock(&rates->mutex);
}

double rates_with(struct rates *rates, const char *device,
                  const struct odec_program *program) {
    char name[PROGRAM_SIZE];
    pthread_mutex_lock(&rates->mutex);
    if (program) {
        name_program(name, program);
    } else {
        memcpy(name, rates->latest, sizeof name);
    }
    const struct row *row = find(rates, device);
    double rate = row && strcmp(row->program, name) == 0 ? row->rate : 0;
    pthread_mutex_unlock(&rates->mutex);
    return rate;
}
