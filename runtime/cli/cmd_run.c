/* cmd_run.c -- odec run: everything that can be wrong is found before the kernel is
 * compiled and anything is written; then solve, write, say how it went.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "event.h"
#include "inputs.h"
#include "model.h"
#include "preview.h"
#include "progress.h"
#include "request.h"
#include "runs.h"
#include "say.h"
#include "strbuf.h"
#include "summary.h"

/* All that a run owns; released at one place, in the opposite order. */
struct job {
    const struct options *options;
    odec_context *context;
    struct request request;
    struct model model;
    struct runs runs;
    double *atol;
    struct odec_batch batch;
    struct settings settings;
    struct result_about about;
    struct result_file *file;
    struct out_file stats_file;
    struct preview preview;
    odec_solver *solver;
    struct odec_result result;
    double start, compile_seconds;
};

static int make_batch(struct job *job) {
    const struct odec_program *program = job->model.program;
    const struct request *request = &job->request;
    CLI_TRY(runs_parse(job->context, job->options, program, &job->runs));
    CLI_TRY(request_atol(job->options, program, &job->atol));
    if (!program->adaptive && (job->options->rtol || job->options->atol)) {
        return cli_error(EXIT_WRONG,
                         "%s needs an adaptive method: here %s takes fixed steps",
                         job->options->rtol ? "--rtol" : "--atol", program->method);
    }
    if (!program->adaptive && job->options->dt_max) {
        return cli_error(EXIT_WRONG,
                         "--dt-max needs an adaptive method: here %s takes fixed "
                         "steps",
                         program->method);
    }
    job->batch = (struct odec_batch)ODEC_BATCH_INIT;
    job->batch.n_runs = job->runs.n_runs;
    job->batch.pars = job->runs.pars;
    job->batch.states = job->runs.states;
    job->batch.t0 = request->t0;
    job->batch.t1 = request->t1;
    job->batch.rtol = request->rtol;
    job->batch.atol = job->atol;
    job->batch.dt = request->dt;
    job->batch.dt_max = request->dt_max;
    job->batch.max_attempts = request->max_attempts;
    job->batch.save = job->options->save ? request->save : program->save;
    return EXIT_DONE;
}

static void warn_of_tolerance(const struct job *job) {
    const struct odec_program *program = job->model.program;
    double least = 10 * (program->precision == ODEC_FLOAT ? 0x1p-23 : 0x1p-52);
    char a[SAY_SIZE];
    if (program->adaptive && job->settings.rtol < least) {
        cli_warning("rtol %s is below what %s can resolve (about %.1e)",
                    say_real(a, job->settings.rtol),
                    program->precision == ODEC_FLOAT ? "float" : "double", least);
    }
}

/* What odec_solve would find wrong, before any work. */
static int check_batch(struct job *job) {
    const struct odec_program *program = job->model.program;
    if (isnan(job->batch.t0) && (isnan(program->t0) || isnan(program->t1))) {
        return cli_error(EXIT_WRONG,
                         "no time span: give --t T0:T1, or t = T0 .. T1 in the "
                         "model's solve block");
    }
    odec_status status =
        settings_resolve(job->context, program, &job->batch, &job->settings);
    if (status != ODEC_OK) {
        return cli_failed(job->context, status);
    }
    struct inputs *inputs;
    status = inputs_create(job->context, program, &job->batch, &inputs);
    inputs_destroy(inputs);
    return status == ODEC_OK ? EXIT_DONE : cli_failed(job->context, status);
}

static int prepare(struct job *job) {
    const struct options *options = job->options;
    const char *path;
    CLI_TRY(model_argument(options, &path));
    if (options->input.n > 0) {
        return cli_error(EXIT_WRONG, "--input is not available yet");
    }
    CLI_TRY(request_parse(options, &job->request));
    if (odec_context_create(&job->context) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    if (options->output) {
        odec_status status = result_file_check(job->context, options->output);
        if (status != ODEC_OK) {
            return cli_failed(job->context, status);
        }
    }
    double before = clock_seconds();
    CLI_TRY(model_open(path, &job->request.spec, &job->model));
    job->compile_seconds = clock_seconds() - before;
    CLI_TRY(make_batch(job));
    CLI_TRY(check_batch(job));
    warn_of_tolerance(job);
    job->about = (struct result_about){.program = job->model.program,
                                       .batch = &job->batch,
                                       .settings = &job->settings,
                                       .axes = job->runs.axes,
                                       .n_axes = job->runs.n_axes};
    return EXIT_DONE;
}

/* Opens the files, then the device. The files first: they fail faster. */
static int open_all(struct job *job) {
    progress_catch_interrupt(); /* so that files and directories of ours are cleaned up
                                 */
    if (job->options->stats) {
        odec_status status =
            out_file_create(job->context, job->options->stats, &job->stats_file);
        if (status != ODEC_OK) {
            return cli_failed(job->context, status);
        }
    }
    if (job->options->output) {
        odec_status status = result_file_create(job->context, job->options->output,
                                                &job->about, &job->file);
        if (status != ODEC_OK) {
            return cli_failed(job->context, status);
        }
    }
    struct progress progress;
    progress_start(&progress, job->options->quiet);
    job->request.solver.n_runs = job->batch.n_runs;
    job->request.solver.waiting = progress_compiling;
    job->request.solver.waiting_user = &progress;
    double before = clock_seconds();
    odec_status status = odec_solver_create(job->context, job->model.program,
                                            &job->request.solver, &job->solver);
    job->compile_seconds += clock_seconds() - before;
    progress_end(&progress);
    return status == ODEC_OK ? EXIT_DONE : cli_failed(job->context, status);
}

/* The batch did not finish: why, and what there is of it. */
static int report_unfinished(const struct job *job, odec_status status) {
    if (job->file && result_file_is_broken_pipe(job->file)) {
        return EXIT_UNFINISHED; /* the reader of the pipe has gone: he knows */
    }
    int exit_status =
        job->file && result_file_error(job->file)[0]
            ? cli_error(EXIT_UNFINISHED, "%s", result_file_error(job->file))
            : cli_failed(job->context, status);
    int64_t n = job->file ? result_file_runs(job->file) : 0;
    if (n > 0 && strcmp(job->options->output, "-") != 0) {
        char a[SAY_SIZE], b[SAY_SIZE];
        fprintf(stderr, "odec: %s of %s runs are in %s.partial\n", say_count(a, n),
                say_count(b, job->batch.n_runs), job->options->output);
    }
    return exit_status;
}

static int solve(struct job *job) {
    struct progress progress;
    progress_start(&progress, job->options->quiet);
    job->batch.progress = progress_report;
    job->batch.user = &progress;
    struct odec_sink sink = {0};
    bool previews = !job->file && !job->options->quiet && preview_fits(&job->about);
    if (job->file) {
        sink = result_file_sink(job->file);
    } else if (previews) {
        sink = preview_sink(&job->preview, &job->about);
    }
    odec_status status = odec_solve(job->solver, &job->batch, &sink, &job->result);
    progress_end(&progress);
    if (status == ODEC_OK && job->file) {
        status = result_file_finish(job->file, &job->result);
    }
    if (status != ODEC_OK) {
        if (job->file) {
            result_file_keep(job->file);
        }
        return report_unfinished(job, status);
    }
    if (previews) {
        preview_print(&job->preview);
    }
    return EXIT_DONE;
}

static int write_stats(struct job *job, const struct stats *stats) {
    struct strbuf text = {0};
    stats_json(stats, &text);
    odec_status status = text.failed
                             ? ODEC_ERROR_MEMORY
                             : out_file_write(&job->stats_file, text.at, text.n);
    strbuf_release(&text);
    if (status == ODEC_OK) {
        status = out_file_commit(&job->stats_file);
    }
    return status == ODEC_OK
               ? cli_finish_output()
               : cli_error(EXIT_UNFINISHED, "cannot write %s: %s", job->options->stats,
                           job->stats_file.error ? strerror(job->stats_file.error)
                                                 : odec_status_text(status));
}

static int report(struct job *job) {
    const char *output = job->options->output;
    struct stats stats = {
        .program = job->model.program,
        .result = &job->result,
        .solver = job->solver,
        .compile_seconds = job->compile_seconds,
        .write_seconds = job->file ? result_file_seconds(job->file) : 0,
        .total_seconds = clock_seconds() - job->start,
    };
    summary_warn(&job->result);
    summary_warn_devices(job->solver);
    if (!job->options->quiet) {
        FILE *to = output && strcmp(output, "-") == 0 ? stderr : stdout;
        summary_print(to, &stats, output, job->file ? result_file_bytes(job->file) : 0);
    }
    return job->options->stats ? write_stats(job, &stats) : cli_finish_output();
}

int cmd_run(const struct options *options) {
    struct job job = {
        .options = options, .stats_file = {.fd = -1}, .start = clock_seconds()};
    int status = prepare(&job);
    if (status == EXIT_DONE) {
        status = open_all(&job);
    }
    if (status == EXIT_DONE) {
        status = solve(&job);
    }
    if (status == EXIT_DONE) {
        status = report(&job);
    }
    odec_solver_destroy(job.solver);
    result_file_destroy(job.file);
    out_file_abandon(&job.stats_file, false);
    out_file_release(&job.stats_file);
    settings_release(&job.settings);
    free(job.atol);
    runs_release(&job.runs);
    model_close(&job.model);
    odec_context_destroy(job.context);
    request_release(&job.request);
    return status;
}
