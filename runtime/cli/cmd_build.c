/* cmd_build.c -- odec build: solvers as C files, NAME.h and NAME.c of each model, or its functions
 * for CUDA kernels of the user's own, NAME_device.cuh. All models are compiled before anything is
 * written, and each file appears under its name whole.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "commands.h"
#include "fatbin.h"
#include "files.h"
#include "generate.h"
#include "model_file.h"
#include "out_file.h"
#include "path.h"
#include "progress.h"
#include "request.h"
#include "settings.h"

/* What all models of a build are compiled with. */
struct build {
    const struct options *options;
    const struct request *request;
    odec_context *context;
    struct fatbin *fatbin; /* NULL: without images */
};

struct building {
    const char *path; /* of the model */
    char name[GENERATE_NAME];
    struct generated files;
    char *device; /* NAME_device.cuh; NULL: not wanted */
};

/* ---- names ---- */

static int name_one(const struct options *options, struct building *b) {
    if (options->name && !generate_is_name(options->name)) {
        return cli_error(EXIT_WRONG,
                         "--name: '%s' is no name: letters, digits and '_', a letter "
                         "first, at most %d",
                         options->name, GENERATE_NAME - 1);
    }
    if (options->name) {
        strcpy(b->name, options->name); /* generate_is_name: it fits */
    } else if (!generate_name(b->path, b->name)) {
        return cli_error(EXIT_WRONG,
                         "%s: no name can be made of the file's: give one with "
                         "--name",
                         b->path);
    }
    const char *whose = generate_hides(b->name);
    return whose == NULL
               ? EXIT_DONE
               : cli_error(EXIT_WRONG,
                           "%s: %s.h would stand before %s's header of that name: give "
                           "another with --name",
                           b->path, b->name, whose);
}

/* Two that differ in case alone are one file to some systems. */
static int name_all(const struct options *options, struct building *all, int n) {
    if (options->name && n > 1) {
        return cli_error(EXIT_WRONG, "--name is for one model, and there are %d", n);
    }
    for (int i = 0; i < n; i++) {
        CLI_TRY(name_one(options, &all[i]));
        for (int k = 0; k < i; k++) {
            if (strcasecmp(all[i].name, all[k].name) == 0) {
                return cli_error(EXIT_WRONG,
                                 "%s and %s would both be %s.c: build one of them by "
                                 "itself, with --name",
                                 all[k].path, all[i].path, all[i].name);
            }
        }
    }
    return EXIT_DONE;
}

/* ---- texts ---- */

/* The options that say nothing before the model is known, in what the program's batches have
 * where they say nothing. *atol is to be freed. */
static int take_atol(const struct build *build, odec_program *program, double **atol) {
    CLI_TRY(request_check_steps(build->options, program));
    CLI_TRY(request_atol(build->options, program, atol));
    for (int32_t i = 0; *atol && i < program->n_states; i++) {
        if (isnan((*atol)[i]) && program->atol) {
            (*atol)[i] = program->atol[i];
        }
    }
    if (*atol) {
        program->atol = *atol;
    }
    return EXIT_DONE;
}

/* Save times without a time span: any that there could be for them. */
static odec_status check_save_alone(odec_context *context, const odec_save *save) {
    double least = 0, most = 1;
    int64_t n = save->kind == ODEC_SAVE_AT ? save->count : 0;
    for (int64_t i = 0; i < n; i++) {
        least = i == 0 ? save->at[i] : fmin(least, save->at[i]);
        most = i == 0 ? save->at[i] : fmax(most, save->at[i]);
    }
    const bool descends = n > 0 && save->at[n - 1] < save->at[0];
    if (save->kind == ODEC_SAVE_EVERY) {
        most = save->dt;
    }
    return odec_save_times(context, save, descends ? most : least,
                           descends ? least : most, NULL, 0, &n);
}

/* What the first batch would be told: save times outside of the span, more steps than can be
 * counted. How many attempts a run has and, where the model has no time span, which one, is the
 * batch's business. */
static int check_defaults(const struct build *build, const char *path,
                          const odec_program *program) {
    const odec_save *save = program->save;
    struct odec_batch batch = ODEC_BATCH_INIT;
    struct settings settings;
    odec_status status;
    batch.n_runs = 1;
    batch.max_attempts = INT64_MAX;
    batch.save = save;
    if (!isnan(program->t0) && !isnan(program->t1)) {
        status = settings_resolve(build->context, program, &batch, &settings);
        settings_release(&settings);
    } else {
        status = check_save_alone(build->context, save);
    }
    return status == ODEC_OK
               ? EXIT_DONE
               : request_failed(build->context, status, path, build->options, program);
}

static int generate_one(const struct build *build, const odec_program *program,
                        struct building *b) {
    odec_program with_images = *program;
    struct fatbin_image image = {.image = {.size = 0}};
    int status = EXIT_DONE;
    if (build->fatbin) {
        status = fatbin_make(build->fatbin, b->path, program, &image);
        with_images.images[ODEC_TARGET_CUDA] = &image.image;
    }
    if (status == EXIT_DONE) {
        odec_status generated = generate(&with_images, b->name, &b->files);
        if (generated != ODEC_OK) {
            status = cli_error(EXIT_UNFINISHED, "%s: %s", b->path,
                               odec_status_text(generated));
        }
    }
    fatbin_image_release(&image);
    return status;
}

static int make_one(const struct build *build, const struct model_file *model,
                    struct building *b) {
    odec_program program = *model->program;
    double *atol = NULL;
    int status = take_atol(build, &program, &atol);
    if (status == EXIT_DONE) {
        status = check_defaults(build, b->path, &program);
    }
    if (status == EXIT_DONE && build->options->with_device) {
        b->device = strdup(odec_compilation_device(model->compilation));
        status = b->device ? EXIT_DONE : cli_error(EXIT_UNFINISHED, "out of memory");
    }
    if (status == EXIT_DONE) {
        status = generate_one(build, &program, b);
    }
    free(atol);
    return status;
}

/* All of them, so that all mistakes are told at once. */
static int make_all(const struct build *build, struct building *all, int n) {
    int worst = EXIT_DONE;
    for (int i = 0; i < n && !progress_interrupted(); i++) {
        odec_spec spec = build->request->spec;
        struct model_file model;
        spec.device_name = build->options->with_device ? all[i].name : NULL;
        odec_context_clear(build->context);
        int status = model_file_open(all[i].path, &spec, &model);
        if (status == EXIT_DONE) {
            status = make_one(build, &model, &all[i]);
        }
        model_file_close(&model);
        worst = status > worst ? status : worst;
    }
    return worst == EXIT_DONE && progress_interrupted()
               ? cli_error(EXIT_UNFINISHED, "cancelled")
               : worst;
}

/* With what nvcc has to make of them, if anything. */
static int make_with(struct build *build, struct building *all, int n) {
    struct fatbin fatbin;
    if (build->options->fatbin == NULL) {
        return make_all(build, all, n);
    }
    progress_catch_signals(); /* so that nothing of nvcc stays */
    int status = fatbin_open(build->context, build->options,
                             build->request->solver.compile_seconds, &fatbin);
    if (status == EXIT_DONE) {
        build->fatbin = &fatbin;
        status = make_all(build, all, n);
    }
    fatbin_close(&fatbin);
    return status;
}

/* ---- files ---- */

/* What is made of a model, in this order. */
static const struct {
    const char *ending;
    size_t text; /* in struct building; NULL there: it is not made */
} made[] = {{".c", offsetof(struct building, files.source)},
            {".h", offsetof(struct building, files.header)},
            {"_device.cuh", offsetof(struct building, device)}};
enum { N_MADE = sizeof made / sizeof made[0] };

static int made_path(const char *directory, const char *name, int i, char **out) {
    if (asprintf(out, "%s/%s%s", directory, name, made[i].ending) < 0) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    return EXIT_DONE;
}

static int add_made(struct files *files, const char *directory,
                    const struct building *all, int n) {
    int status = EXIT_DONE;
    for (int i = 0; status == EXIT_DONE && i < n * N_MADE; i++) {
        char *path;
        CLI_TRY(made_path(directory, all[i / N_MADE].name, i % N_MADE, &path));
        status = files_add(files, "-o", path, FILE_SAVED);
        free(path);
    }
    return status;
}

/* Is a file that is to be made also one that is read? */
static int check_files(const struct options *options, const struct building *all,
                       int n) {
    struct files files = {0};
    int status = files_take(&files, options);
    if (status == EXIT_DONE) {
        status = add_made(&files, options->directory, all, n);
    }
    if (status == EXIT_DONE) {
        status = files_check(&files);
    }
    files_release(&files);
    return status;
}

static int write_one(odec_context *context, const char *directory,
                     const struct building *b) {
    odec_status status = ODEC_OK;
    for (int i = 0; status == ODEC_OK && i < N_MADE; i++) {
        const char *text = *(char *const *)((const char *)b + made[i].text);
        char *path;
        if (text) {
            CLI_TRY(made_path(directory, b->name, i, &path));
            status = out_file_save(context, path, text, strlen(text));
            free(path);
        }
    }
    return status == ODEC_OK ? EXIT_DONE : cli_failed(context, status);
}

/* The folder and those above it. What is there in place of one, the files will tell. */
static int make_folder(const char *directory) {
    char *path = strdup(directory);
    int error = path ? 0 : ENOMEM;
    for (char *end = path; error == 0 && *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        const char rest = *end;
        *end = '\0';
        error = mkdir(path, 0777) == 0 ? path_sync_directory(path)
                : errno == EEXIST      ? 0
                                       : errno;
        *end = rest;
    }
    free(path);
    return error == 0 ? EXIT_DONE
                      : cli_error(EXIT_UNFINISHED, "cannot make the folder %s: %s",
                                  directory, strerror(error));
}

static int write_all(const struct build *build, const struct building *all, int n) {
    int status = make_folder(build->options->directory);
    for (int i = 0; status == EXIT_DONE && i < n; i++) {
        status = write_one(build->context, build->options->directory, &all[i]);
    }
    return status;
}

static int run_build(struct build *build, struct request *request, struct building *all,
                     int n) {
    const struct options *options = build->options;
    for (int i = 0; i < n; i++) {
        all[i].path = options->arguments.at[i];
    }
    CLI_TRY(name_all(options, all, n));
    CLI_TRY(check_files(options, all, n));
    CLI_TRY(request_take_defaults(options, request));
    if (options->fatbin == NULL && options->nvcc) {
        return cli_error(EXIT_WRONG, "--nvcc is for --fatbin, which is not there");
    }
    if (odec_context_create(&build->context) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    CLI_TRY(make_with(build, all, n));
    return write_all(build, all, n);
}

int cmd_build(const struct options *options) {
    const int n = options->arguments.n;
    if (n == 0 || options->directory == NULL) {
        return cli_error(EXIT_WRONG, "odec build needs %s: odec build MODEL... -o DIR",
                         n == 0 ? "a model" : "a folder");
    }
    struct request request;
    struct build build = {.options = options, .request = &request};
    int status = request_parse(options, &request);
    struct building *all = status == EXIT_DONE ? calloc((size_t)n, sizeof *all) : NULL;
    if (status == EXIT_DONE) {
        status = all ? run_build(&build, &request, all, n)
                     : cli_error(EXIT_UNFINISHED, "out of memory");
    }
    for (int i = 0; all && i < n; i++) {
        generated_release(&all[i].files);
        free(all[i].device);
    }
    free(all);
    odec_context_destroy(build.context);
    request_release(&request);
    return status;
}
