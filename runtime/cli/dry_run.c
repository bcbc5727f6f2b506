/* dry_run.c -- see dry_run.h.
 *
 *   lorenz: 1,000,000 runs of 101 save times, 3 columns
 *     results take 2.3 GiB in out.npy
 *     cpu: 245 chunks of at most 4,096 runs, 21.3 MiB of memory
 *     integration takes about 12.3 s: 8,000 of the runs took 0.098 s
 *
 * The sample grows until it takes long enough to be measured, or is the batch.
 */
#include "dry_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failures.h"
#include "progress.h"
#include "say.h"

#define ENOUGH_SECONDS 0.2
enum { FIRST_SAMPLE = 1000, SAMPLE_GROWS = 8 };

struct sample {
    int64_t n_runs;
    struct odec_source *pars, *states;
    double *values; /* [n_axes][n_runs] */
};

static void sample_release(struct sample *sample) {
    free(sample->pars);
    free(sample->states);
    free(sample->values);
}

static void *copy_of(const void *list, size_t n, size_t size) {
    void *copy = calloc(n + 1, size);
    if (copy) {
        memcpy(copy, list, n * size);
    }
    return copy;
}

/* n runs, evenly spread. */
static int sample_create(const struct result_about *about, const struct runs *runs,
                         int64_t n, struct sample *out) {
    const struct odec_program *program = about->program;
    const int64_t n_runs = about->batch->n_runs;
    *out = (struct sample){.n_runs = n};
    out->pars = copy_of(runs->pars, (size_t)program->n_pars, sizeof *out->pars);
    out->states = copy_of(runs->states, (size_t)program->n_states, sizeof *out->states);
    out->values = calloc((size_t)n, ((size_t)about->n_axes + 1) * sizeof(double));
    if (out->pars == NULL || out->states == NULL || out->values == NULL) {
        sample_release(out);
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    for (int32_t i = 0; i < about->n_axes; i++) {
        const struct odec_source *source = about->axes[i].source;
        const ptrdiff_t place = source - runs->pars;
        const bool is_par = source >= runs->pars && place < program->n_pars;
        double *column = out->values + i * n;
        for (int64_t k = 0; k < n; k++) {
            const int64_t run = (int64_t)((double)k / (double)n * (double)n_runs);
            column[k] = run_axis_value(&about->axes[i], run);
        }
        *(is_par ? &out->pars[place] : &out->states[source - runs->states]) =
            (struct odec_source){
                .kind = ODEC_SOURCE_COLUMN, .column = column, .stride = 1};
    }
    return EXIT_DONE;
}

static int solve_sample(odec_context *context, odec_solver *solver,
                        const struct result_about *about, const struct runs *runs,
                        int64_t n, struct odec_result *result) {
    struct sample sample;
    struct progress progress;
    CLI_TRY(sample_create(about, runs, n, &sample));
    progress_start(&progress, true);
    struct odec_batch batch = *about->batch;
    batch.n_runs = n;
    batch.pars = sample.pars;
    batch.states = sample.states;
    batch.progress = progress_report;
    batch.user = &progress;
    *result = (struct odec_result)ODEC_RESULT_INIT;
    odec_status status = odec_solve(solver, &batch, NULL, result);
    progress_end(&progress);
    sample_release(&sample);
    return status == ODEC_OK ? EXIT_DONE : cli_failed(context, status);
}

static int print_time(odec_context *context, odec_solver *solver,
                      const struct result_about *about, const struct runs *runs) {
    const int64_t n_runs = about->batch->n_runs;
    int64_t n = n_runs < FIRST_SAMPLE ? n_runs : FIRST_SAMPLE;
    struct odec_result result;
    for (;; n = n_runs / SAMPLE_GROWS < n ? n_runs : n * SAMPLE_GROWS) {
        CLI_TRY(solve_sample(context, solver, about, runs, n, &result));
        if (n == n_runs || result.solve_seconds >= ENOUGH_SECONDS) {
            break;
        }
    }
    char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE];
    const double seconds = result.solve_seconds;
    printf("  integration takes about %s: %s of the run%s took %s\n",
           say_seconds(a, seconds * (double)n_runs / (double)n), say_count(b, n),
           say_s(n_runs), say_seconds(c, seconds));
    if (failures_count(&result) > 0) {
        printf("  %s of them failed\n", say_count(a, failures_count(&result)));
    }
    return EXIT_DONE;
}

static int print_chunks(odec_context *context, odec_solver *solver,
                        const struct result_about *about) {
    char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE];
    for (int32_t i = 0; i < odec_solver_n_devices(solver); i++) {
        odec_device_info info = ODEC_DEVICE_INFO_INIT;
        odec_sizing s = ODEC_SIZING_INIT;
        odec_solver_device_info(solver, i, &info);
        odec_status status = odec_solver_sizing(solver, about->batch, false, i, &s);
        if (status != ODEC_OK) {
            return cli_failed(context, status);
        }
        printf("  %s: %s chunk%s of at most %s run%s, %s of memory\n", info.name,
               say_count(a, s.n_chunks), say_s(s.n_chunks), say_count(b, s.chunk_runs),
               say_s(s.chunk_runs), say_bytes(c, s.total_bytes));
    }
    return EXIT_DONE;
}

static int print_bytes(odec_context *context, const struct result_about *about,
                       const char *output) {
    int64_t bytes;
    bool exact;
    char a[SAY_SIZE];
    odec_status status = result_file_room(context, output, about, &bytes, &exact);
    if (status == ODEC_ERROR_ARGUMENT || status == ODEC_ERROR_MEMORY) {
        return cli_failed(context, status);
    }
    printf("  results take %s%s in %s\n", exact ? "" : "at least ", say_bytes(a, bytes),
           strcmp(output, "-") == 0 ? "standard output" : output);
    return status == ODEC_OK ? EXIT_DONE : cli_failed(context, status);
}

int dry_run(odec_context *context, odec_solver *solver,
            const struct result_about *about, const struct runs *runs,
            const char *output) {
    char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE];
    const int64_t n_runs = about->batch->n_runs, n_saves = about->settings->n_saves;
    printf("%s: %s run%s of %s save time%s, %s column%s\n", about->program->model,
           say_count(a, n_runs), say_s(n_runs), say_count(b, n_saves), say_s(n_saves),
           say_count(c, about->program->n_columns), say_s(about->program->n_columns));
    if (output) {
        CLI_TRY(print_bytes(context, about, output));
    }
    CLI_TRY(print_chunks(context, solver, about));
    CLI_TRY(print_time(context, solver, about, runs));
    return cli_finish_output();
}
