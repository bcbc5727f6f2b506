/* job.c -- see job.h. */
#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MAX_MODEL_BYTES = 1 << 16 };

char *read_model(const char *directory, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    char *text = file ? calloc(1, MAX_MODEL_BYTES) : NULL;
    if (text == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
    } else {
        text[fread(text, 1, MAX_MODEL_BYTES - 1, file)] = '\0';
    }
    if (file) {
        fclose(file);
    }
    return text;
}

void job_close(struct job *job) {
    odec_solver_destroy(job->solver);
    odec_compilation_destroy(job->compilation);
    odec_context_destroy(job->context);
    free(job->kernel);
    free(job->pars);
    free(job->states);
    free(job->atol);
    free(job->values);
    *job = (struct job){0};
}

static bool job_failed(struct job *job, const char *why) {
    fprintf(stderr, "%s\n", why);
    job_close(job);
    return false;
}

bool job_compile(const struct bench_options *o, const struct job_spec *spec,
                 struct job *job) {
    *job = (struct job){0};
    char *read = spec->text ? NULL : read_model(o->examples, spec->model);
    const char *text = spec->text ? spec->text : read;
    if (text == NULL) {
        return false;
    }
    odec_spec how = ODEC_SPEC_INIT;
    const odec_save final = {.size = sizeof(odec_save), .kind = ODEC_SAVE_FINAL};
    how.method = spec->method;
    how.outputs = spec->outputs;
    how.save = &final;
    how.dt = spec->dt;
    const struct moment start = moment_now();
    const odec_status status =
        odec_compile(spec->model, text, strlen(text), &how, &job->compilation);
    job->odec_took = moment_since(start);
    free(read);
    if (status != ODEC_OK) {
        return job_failed(job, job->compilation
                                   ? odec_compilation_diagnostics(job->compilation)
                                   : odec_status_text(status));
    }
    job->program = *odec_compilation_program(job->compilation);
    if (spec->prefix) {
        const size_t n = strlen(spec->prefix) +
                         strlen(job->program.kernels[ODEC_TARGET_CPU].text) + 1;
        job->kernel = malloc(n);
        if (job->kernel == NULL) {
            return job_failed(job, "no memory");
        }
        snprintf(job->kernel, n, "%s%s", spec->prefix,
                 job->program.kernels[ODEC_TARGET_CPU].text);
        job->program.kernels[ODEC_TARGET_CPU].text = job->kernel;
    }
    return true;
}

/* CPU time of the processes that have ended and been waited for. */
static double children_cpu(void) {
    struct rusage used = {0};
    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static bool job_solver(const struct bench_options *o, const struct job_spec *spec,
                       struct job *job) {
    odec_solver_options how = ODEC_SOLVER_OPTIONS_INIT;
    how.device = "cpu";
    how.n_threads = spec->threads;
    how.compiler = o->compiler;
    how.cache_dir = spec->cache_dir;
    const double cpu = children_cpu();
    const struct moment start = moment_now();
    const odec_status status =
        odec_solver_create(job->context, &job->program, &how, &job->solver);
    job->cc_took =
        (struct moment){.wall = moment_since(start).wall, .cpu = children_cpu() - cpu};
    return status == ODEC_OK;
}

bool job_open(const struct bench_options *o, const struct job_spec *spec,
              struct job *job) {
    if (!job_compile(o, spec, job)) {
        return false;
    }
    if (odec_context_create(&job->context) != ODEC_OK) {
        return job_failed(job, "no context");
    }
    if (!job_solver(o, spec, job)) {
        return job_failed(job, odec_context_error(job->context));
    }
    const size_t n_states = (size_t)job->program.n_states;
    job->pars = calloc((size_t)job->program.n_pars + 1, sizeof *job->pars);
    job->states = calloc(n_states, sizeof *job->states);
    job->atol = calloc(n_states, sizeof *job->atol);
    if (job->pars == NULL || job->states == NULL || job->atol == NULL) {
        return job_failed(job, "no memory");
    }
    job->batch = (odec_batch)ODEC_BATCH_INIT;
    job->result = (odec_result)ODEC_RESULT_INIT;
    job->batch.pars = job->pars;
    job->batch.t0 = 0;
    job->batch.t1 = spec->t1;
    job->batch.rtol = spec->tolerance;
    job->batch.dt = spec->dt;
    for (size_t i = 0; i < n_states; i++) {
        job->atol[i] = spec->tolerance;
        if (spec->y0) {
            job->states[i] =
                (odec_source){.kind = ODEC_SOURCE_UNIFORM, .value = spec->y0[i]};
        }
    }
    job->batch.states = job->states;
    job->batch.atol = job->atol;
    return true;
}

bool job_source(struct job *job, const char *name, odec_source source) {
    for (int i = 0; i < job->program.n_pars; i++) {
        if (strcmp(job->program.pars[i].name, name) == 0) {
            job->pars[i] = source;
            return true;
        }
    }
    fprintf(stderr, "the model has no parameter %s\n", name);
    return false;
}

bool job_runs(struct job *job, int64_t n_runs, bool keep) {
    const size_t n = (size_t)n_runs;
    free(job->values);
    job->batch.n_runs = n_runs;
    job->values =
        keep ? calloc(n * (size_t)job->program.n_columns, sizeof(double)) : NULL;
    if (keep && job->values == NULL) {
        fprintf(stderr, "no memory\n");
        return false;
    }
    return true;
}

static odec_status keep_values(void *user, const odec_portion *portion) {
    struct job *job = user;
    const size_t n = (size_t)job->program.n_columns;
    if (job->values) {
        memcpy(job->values + (size_t)portion->first_run * n, portion->values,
               (size_t)portion->n_runs * n * sizeof(double));
    }
    return ODEC_OK;
}

bool job_solve(struct job *job, struct moment *took) {
    const odec_sink sink = {.size = sizeof sink, .write = keep_values, .user = job};
    const struct moment start = moment_now();
    const odec_status status =
        odec_solve(job->solver, &job->batch, &sink, &job->result);
    *took = moment_since(start);
    if (status != ODEC_OK) {
        fprintf(stderr, "%s\n", odec_context_error(job->context));
        odec_context_clear(job->context);
        return false;
    }
    if (job->result.n_by_status[ODEC_RUN_OK] != job->batch.n_runs) {
        fprintf(stderr, "not every run is ok\n");
        return false;
    }
    return true;
}

double job_attempts(const struct job *job) {
    return (double)(job->result.n_accepted + job->result.n_rejected);
}
