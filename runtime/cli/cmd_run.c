/* cmd_run.c -- odec run: everything that can be wrong is found before the kernel is
 * compiled and anything is written; then solve, write, say how it went.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cautions.h"
#include "commands.h"
#include "cpu_features.h"
#include "dry_run.h"
#include "event.h"
#include "failures.h"
#include "inputs.h"
#include "model_file.h"
#include "preview.h"
#include "progress.h"
#include "request.h"
#include "runs.h"
#include "say.h"
#include "strbuf.h"
#include "summary.h"

/* All that a run owns; released at one place, in the opposite order. */
struct run_command {
    const struct options *options;
    odec_context *context;
    struct request request;
    struct model_file model;
    struct runs runs;
    double *atol;
    struct odec_batch batch;
    struct settings settings;
    struct cautions told;
    struct result_about about;
    struct result_file *file;
    struct out_file stats_file, failed_file;
    struct preview preview;
    struct failures failures;
    struct progress compiling; /* a device that steps in later compiles too */
    odec_solver *solver;
    struct odec_result result;
    double start, compile_seconds;
};

static int make_batch(struct run_command *command) {
    const struct odec_program *program = command->model.program;
    const struct request *request = &command->request;
    CLI_TRY(runs_parse(command->context, command->options, &command->model,
                       &command->runs));
    CLI_TRY(request_atol(command->options, program, &command->atol));
    CLI_TRY(request_check_steps(command->options, program));
    command->batch = (struct odec_batch)ODEC_BATCH_INIT;
    command->batch.n_runs = command->runs.n_runs;
    command->batch.pars = command->runs.pars;
    command->batch.states = command->runs.states;
    command->batch.t0 = request->t0;
    command->batch.t1 = request->t1;
    command->batch.rtol = request->rtol;
    command->batch.atol = command->atol;
    command->batch.dt = request->dt;
    command->batch.dt_max = request->dt_max;
    command->batch.max_attempts = request->max_attempts;
    command->batch.save = command->options->save ? &request->save : program->save;
    return EXIT_DONE;
}

/* What odec_solve would find wrong, before any work. */
static int check_batch(struct run_command *command) {
    const struct odec_program *program = command->model.program;
    if (isnan(command->batch.t0) && (isnan(program->t0) || isnan(program->t1))) {
        return cli_error(EXIT_WRONG,
                         "no time span: give --t T0:T1, or t = T0 .. T1 in the "
                         "model's solve block");
    }
    odec_status status = settings_resolve(command->context, program, &command->batch,
                                          &command->settings);
    if (status != ODEC_OK) {
        return request_failed(command->context, status, "", command->options, program);
    }
    struct inputs *inputs;
    status = inputs_create(command->context, program, &command->batch, &inputs);
    inputs_destroy(inputs);
    return status == ODEC_OK ? EXIT_DONE : cli_failed(command->context, status);
}

/* That may write results: those that may compute them. */
static int32_t count_threads(const struct run_command *command) {
    const int32_t n = command->request.solver.n_threads;
    return n > 0 ? n : cpu_usable_cores();
}

static bool ends_in(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcasecmp(text + n - m, end) == 0;
}

/* Options of files and ends, before the model is read. */
static int check_options(const struct options *options) {
    static const char *const fail_on[] = {"any", "all", "never"};
    bool known = options->fail_on == NULL;
    for (int i = 0; !known && i < 3; i++) {
        known = strcmp(options->fail_on, fail_on[i]) == 0;
    }
    if (!known) {
        return cli_error(EXIT_WRONG, "--fail-on: '%s' is none of any, all, never",
                         options->fail_on);
    }
    if (options->failed && !ends_in(options->failed, ".csv")) {
        return cli_error(EXIT_WRONG, "--failed: '%s' must end in .csv",
                         options->failed);
    }
    return EXIT_DONE;
}

/* Results are not thrown away: without a file they are printed, but for those of a batch of
 * which only other things are asked. */
static int check_printing(const struct run_command *command) {
    const struct options *options = command->options;
    char n[SAY_SIZE], rows[SAY_SIZE];
    if (options->output || options->stats || options->failed || options->dry_run ||
        preview_fits(&command->about)) {
        return EXIT_DONE;
    }
    const int64_t n_runs = command->batch.n_runs, n_saves = command->settings.n_saves;
    return cli_error(EXIT_WRONG,
                     "results of %s runs at %s time%s are too many to print: give -o "
                     "FILE.csv or FILE.npy (-o - is CSV on standard output)",
                     say_count(n, n_runs), say_count(rows, n_saves), say_s(n_saves));
}

static int prepare(struct run_command *command) {
    const struct options *options = command->options;
    const char *path;
    CLI_TRY(model_file_argument(options, &path));
    if (options->input.n > 0) {
        return cli_error(EXIT_WRONG, "--input is not available yet");
    }
    CLI_TRY(check_options(options));
    CLI_TRY(request_parse(options, &command->request));
    if (odec_context_create(&command->context) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    if (options->output) {
        odec_status status = result_file_check(command->context, options->output);
        if (status != ODEC_OK) {
            return cli_failed(command->context, status);
        }
    }
    double before = clock_seconds();
    CLI_TRY(model_file_open(path, &command->request.spec, &command->model));
    command->compile_seconds = clock_seconds() - before;
    CLI_TRY(make_batch(command));
    CLI_TRY(check_batch(command));
    cautions_before(&command->told, command->model.program, &command->batch,
                    &command->settings);
    command->about = (struct result_about){.program = command->model.program,
                                           .batch = &command->batch,
                                           .settings = &command->settings,
                                           .axes = command->runs.axes,
                                           .n_axes = command->runs.n_axes,
                                           .n_threads = count_threads(command),
                                           .numbers = command->runs.numbers,
                                           .labels = command->runs.labels,
                                           .n_labels = command->runs.n_labels};
    return check_printing(command);
}

static bool writes_standard_output(const struct run_command *command) {
    return command->options->output && strcmp(command->options->output, "-") == 0;
}

static int open_result(struct run_command *command) {
    if (command->options->output) {
        odec_status status =
            result_file_create(command->context, command->options->output,
                               &command->about, &command->file);
        if (status != ODEC_OK) {
            return cli_failed(command->context, status);
        }
        if (result_file_is_unguarded(command->file)) {
            cli_warning("no locks where %s is: let no other process write it meanwhile",
                        command->options->output);
        }
    }
    return EXIT_DONE;
}

static int open_files(struct run_command *command) {
    if (command->options->failed) {
        odec_status status = out_file_create(command->context, command->options->failed,
                                             &command->failed_file);
        if (status != ODEC_OK) {
            return cli_failed(command->context, status);
        }
    }
    if (command->options->stats) {
        odec_status status = out_file_create(command->context, command->options->stats,
                                             &command->stats_file);
        if (status != ODEC_OK) {
            return cli_failed(command->context, status);
        }
    }
    return writes_standard_output(command) ? EXIT_DONE : open_result(command);
}

/* Opens the files, then the device. The files first: they fail faster; but for standard
 * output, which would have a line of names before the error of a device. */
static int open_all(struct run_command *command) {
    progress_catch_signals(); /* so that files and directories of ours are cleaned up
                                 */
    if (!command->options->dry_run) {
        CLI_TRY(open_files(command));
    }
    progress_start(&command->compiling, command->options->quiet);
    command->request.solver.n_runs = command->batch.n_runs;
    command->request.solver.waiting = progress_compiling;
    command->request.solver.waiting_user = &command->compiling;
    double before = clock_seconds();
    odec_status status = odec_solver_create(command->context, command->model.program,
                                            &command->request.solver, &command->solver);
    command->compile_seconds += clock_seconds() - before;
    progress_end(&command->compiling);
    if (status != ODEC_OK) {
        return cli_failed(command->context, status);
    }
    return writes_standard_output(command) && !command->options->dry_run
               ? open_result(command)
               : EXIT_DONE;
}

/* The batch did not finish: why, and what there is of it. */
static int report_unfinished(const struct run_command *command, odec_status status) {
    if (command->file && result_file_is_broken_pipe(command->file)) {
        return EXIT_UNFINISHED; /* the reader of the pipe has gone: he knows */
    }
    int exit_status =
        command->file && result_file_error(command->file)[0]
            ? cli_error(EXIT_UNFINISHED, "%s", result_file_error(command->file))
            : cli_failed(command->context, status);
    int64_t n = command->file ? result_file_runs(command->file) : 0;
    const char *place = command->file ? result_file_place(command->file) : "";
    if (n > 0 && place[0]) {
        char a[SAY_SIZE], b[SAY_SIZE], shown[CLI_SHOWN];
        fprintf(stderr, "odec: %s of %s run%s %s in %s\n", say_count(a, n),
                say_count(b, command->batch.n_runs), say_s(command->batch.n_runs),
                n == 1 ? "is" : "are", cli_shown(shown, place));
    }
    return exit_status;
}

/* Where results go: to a file, to a table that is printed, or nowhere. NULL: nowhere. */
static int choose_sink(struct run_command *command, struct odec_sink *sink,
                       bool *prints, const struct odec_sink **out) {
    const struct options *options = command->options;
    *prints = false;
    *out = sink;
    if (command->file) {
        *sink = result_file_sink(command->file);
        return EXIT_DONE;
    }
    if (!preview_fits(&command->about) ||
        (options->quiet && (options->stats || options->failed))) {
        *out = NULL;
        return EXIT_DONE;
    }
    if (preview_create(&command->about, &command->preview) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    *prints = true;
    *sink = preview_sink(&command->preview);
    return EXIT_DONE;
}

static int solve(struct run_command *command) {
    struct odec_sink results;
    const struct odec_sink *next;
    bool prints;
    CLI_TRY(choose_sink(command, &results, &prints, &next));
    const struct odec_sink sink =
        failures_sink(&command->failures, &command->about, next,
                      command->options->failed ? &command->failed_file : NULL);
    struct progress progress;
    progress_start(&progress, command->options->quiet);
    command->batch.progress = progress_report;
    command->batch.user = &progress;
    odec_status status =
        odec_solve(command->solver, &command->batch, &sink, &command->result);
    progress_end(&progress);
    if (status == ODEC_OK && command->file) {
        status = result_file_finish(command->file, &command->result);
    }
    if (status != ODEC_OK) {
        if (command->file) {
            result_file_keep(command->file);
        }
        return report_unfinished(command, status);
    }
    if (prints) {
        preview_print(&command->preview);
    }
    return EXIT_DONE;
}

/* A file beside the results is whole, or an error says why not. */
static int finish_file(struct out_file *file, const char *path, odec_status status) {
    if (status == ODEC_OK) {
        status = out_file_commit(file);
    }
    return status == ODEC_OK ? EXIT_DONE
                             : cli_error(EXIT_UNFINISHED, "cannot write %s: %s", path,
                                         file->error ? out_file_trouble(file)
                                                     : odec_status_text(status));
}

static int write_stats(struct run_command *command, const struct stats *stats) {
    struct strbuf text = {0};
    stats_json(stats, &text);
    odec_status status = text.failed
                             ? ODEC_ERROR_MEMORY
                             : out_file_write(&command->stats_file, text.at, text.n);
    strbuf_release(&text);
    return finish_file(&command->stats_file, command->options->stats, status);
}

/* The exit status of a batch that is done. */
static int status_of_runs(const struct run_command *command) {
    const char *fail_on = command->options->fail_on;
    const int64_t n = failures_count(&command->result);
    const bool any = fail_on && strcmp(fail_on, "any") == 0;
    const bool never = fail_on && strcmp(fail_on, "never") == 0;
    return !never && n > 0 && (any || n == command->result.n_runs) ? EXIT_FAILED_RUNS
                                                                   : EXIT_DONE;
}

static int report(struct run_command *command) {
    const char *output = command->options->output;
    struct stats stats = {
        .program = command->model.program,
        .result = &command->result,
        .solver = command->solver,
        .compile_seconds = command->compile_seconds,
        .write_seconds = command->file ? result_file_seconds(command->file) : 0,
        .total_seconds = clock_seconds() - command->start,
    };
    failures_warn(&command->failures, &command->result);
    cautions_after(&command->told, command->model.program, &command->settings,
                   &command->result);
    cautions_below_atol(command->model.program, &command->settings, command->solver);
    summary_warn_devices(command->solver);
    if (!command->options->quiet) {
        FILE *to = output && strcmp(output, "-") == 0 ? stderr : stdout;
        summary_print(to, &stats, output,
                      command->file ? result_file_bytes(command->file) : 0);
    }
    if (command->options->failed) {
        CLI_TRY(finish_file(&command->failed_file, command->options->failed, ODEC_OK));
    }
    if (command->options->stats) {
        CLI_TRY(write_stats(command, &stats));
    }
    CLI_TRY(cli_finish_output());
    return status_of_runs(command);
}

int cmd_run(const struct options *options) {
    struct run_command command = {.options = options,
                                  .stats_file = {.fd = -1},
                                  .failed_file = {.fd = -1},
                                  .result = ODEC_RESULT_INIT,
                                  .start = clock_seconds()};
    int status = prepare(&command);
    if (status == EXIT_DONE) {
        status = open_all(&command);
    }
    if (status == EXIT_DONE && options->dry_run) {
        status = dry_run(command.context, command.solver, &command.about, &command.runs,
                         options->output);
    } else if (status == EXIT_DONE) {
        status = solve(&command);
    }
    if (status == EXIT_DONE && !options->dry_run) {
        status = report(&command);
    }
    odec_solver_destroy(command.solver);
    result_file_destroy(command.file);
    out_file_release(&command.stats_file);
    out_file_release(&command.failed_file);
    preview_release(&command.preview);
    settings_release(&command.settings);
    free(command.atol);
    runs_release(&command.runs);
    model_file_close(&command.model);
    odec_context_destroy(command.context);
    request_release(&command.request);
    return status;
}
