/* cmd_build.c -- odec build: solvers as C files, NAME.h and NAME.c of each model, or its functions
 * for CUDA kernels of the user's own, NAME_device.cuh. All models are compiled before anything is
 * written, and each file appears under its name whole.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "commands.h"
#include "fatbin.h"
#include "generate.h"
#include "model_file.h"
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
    return status == ODEC_OK ? EXIT_DONE
                             : cli_error(cli_exit_of(status), "%s: %s", path,
                                         odec_context_error(build->context));
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
    for (int i = 0; i < n; i++) {
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
    return worst;
}

/* With what nvcc has to make of them, if anything. */
static int make_with(struct build *build, struct building *all, int n) {
    struct fatbin fatbin;
    if (build->options->fatbin == NULL) {
        return make_all(build, all, n);
    }
    int status = fatbin_open(build->context, build->options, &fatbin);
    if (status == EXIT_DONE) {
        build->fatbin = &fatbin;
        status = make_all(build, all, n);
    }
    fatbin_close(&fatbin);
    return status;
}

/* ---- files ---- */

/* Under a name of this process's own first: builds of the same files may meet. */
static int write_whole(const char *path, const char *temporary, const char *text) {
    struct stat old;
    const bool is_there = stat(path, &old) == 0;
    unlink(temporary); /* of one that had our number and was killed */
    const int fd =
        open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) {
        return errno;
    }
    int error = bytes_write(fd, text, strlen(text)) ? 0 : errno;
    if (error == 0 && is_there && fchmod(fd, old.st_mode & 0777) != 0) {
        error = errno;
    }
    if (close(fd) != 0 && error == 0) {
        error = errno;
    }
    if (error == 0 && rename(temporary, path) != 0) {
        error = errno;
    }
    if (error) {
        unlink(temporary);
    }
    return error;
}

/* Of a link the file behind it, so that the link stays; to be freed. NULL: out of memory, or
 * errno ENOENT where the link leads nowhere. */
static char *behind_links(const char *path) {
    struct stat info;
    char *real = realpath(path, NULL);
    if (real == NULL && errno != ENOMEM) {
        errno = ENOENT;
        return lstat(path, &info) == 0 && S_ISLNK(info.st_mode) ? NULL : strdup(path);
    }
    return real;
}

static int write_file(const char *directory, const char *name, const char *ending,
                      const char *text) {
    char *path, *temporary = NULL;
    if (asprintf(&path, "%s/%s%s", directory, name, ending) < 0) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    char *real = behind_links(path);
    int error = real ? 0 : errno;
    if (error == 0 &&
        asprintf(&temporary, "%s.%ld.partial", real, (long)getpid()) < 0) {
        temporary = NULL;
        error = ENOMEM;
    }
    if (error == 0) {
        error = write_whole(real, temporary, text);
    }
    const int status =
        error == ENOMEM ? cli_error(EXIT_UNFINISHED, "out of memory")
        : !real         ? cli_error(EXIT_UNFINISHED,
                                    "cannot write %s: a link that leads nowhere", path)
        : error
            ? cli_error(EXIT_UNFINISHED, "cannot write %s: %s", path, strerror(error))
            : EXIT_DONE;
    free(temporary);
    free(real);
    free(path);
    return status;
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
        error = mkdir(path, 0777) != 0 && errno != EEXIST ? errno : 0;
        *end = rest;
    }
    free(path);
    return error == 0 ? EXIT_DONE
                      : cli_error(EXIT_UNFINISHED, "cannot make the folder %s: %s",
                                  directory, strerror(error));
}

static int write_all(const char *directory, const struct building *all, int n) {
    int status = make_folder(directory);
    for (int i = 0; status == EXIT_DONE && i < n; i++) {
        const struct {
            const char *ending, *text;
        } files[] = {{".c", all[i].files.source},
                     {".h", all[i].files.header},
                     {"_device.cuh", all[i].device}};
        for (int k = 0; status == EXIT_DONE && k < 3 && files[k].text; k++) {
            status = write_file(directory, all[i].name, files[k].ending, files[k].text);
        }
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
    CLI_TRY(request_take_defaults(options, request));
    if (options->fatbin == NULL && options->nvcc) {
        return cli_error(EXIT_WRONG, "--nvcc is for --fatbin, which is not there");
    }
    if (odec_context_create(&build->context) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    CLI_TRY(make_with(build, all, n));
    return write_all(options->directory, all, n);
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
