/* cmd_build.c -- odec build: solvers as C files, NAME.h and NAME.c of each model, or its functions
 * for CUDA kernels of the user's own, NAME_device.cuh. All models are compiled before anything is
 * written, and each file appears under its name whole.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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

/* fatbin NULL: without images. */
static int generate_one(const struct model_file *model, struct fatbin *fatbin,
                        struct building *b) {
    odec_program program = *model->program;
    struct fatbin_image image = {.image = {.size = 0}};
    int status = EXIT_DONE;
    if (fatbin) {
        status = fatbin_make(fatbin, b->path, &program, &image);
        program.images[ODEC_TARGET_CUDA] = &image.image;
    }
    if (status == EXIT_DONE) {
        odec_status generated = generate(&program, b->name, &b->files);
        if (generated != ODEC_OK) {
            status = cli_error(EXIT_UNFINISHED, "%s: %s", b->path,
                               odec_status_text(generated));
        }
    }
    fatbin_image_release(&image);
    return status;
}

static int compile_one(const odec_spec *given, bool with_device, struct fatbin *fatbin,
                       struct building *b) {
    odec_spec spec = *given;
    struct model_file model;
    spec.device_name = with_device ? b->name : NULL;
    int status = model_file_open(b->path, &spec, &model);
    if (status == EXIT_DONE && with_device) {
        b->device = strdup(odec_compilation_device(model.compilation));
        status = b->device ? EXIT_DONE : cli_error(EXIT_UNFINISHED, "out of memory");
    }
    if (status == EXIT_DONE) {
        status = generate_one(&model, fatbin, b);
    }
    model_file_close(&model);
    return status;
}

/* All of them, so that all mistakes are told at once. */
static int compile_all(const odec_spec *spec, bool with_device, struct fatbin *fatbin,
                       struct building *all, int n) {
    int worst = EXIT_DONE;
    for (int i = 0; i < n; i++) {
        int status = compile_one(spec, with_device, fatbin, &all[i]);
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* With what nvcc has to make of them, if anything. */
static int compile_with(const struct options *options, const odec_spec *spec,
                        struct building *all, int n) {
    odec_context *context;
    struct fatbin fatbin;
    if (options->fatbin == NULL && options->nvcc) {
        return cli_error(EXIT_WRONG, "--nvcc is for --fatbin, which is not there");
    }
    if (options->fatbin == NULL) {
        return compile_all(spec, options->with_device, NULL, all, n);
    }
    if (odec_context_create(&context) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    int status = fatbin_open(context, options, &fatbin);
    if (status == EXIT_DONE) {
        status = compile_all(spec, options->with_device, &fatbin, all, n);
    }
    fatbin_close(&fatbin);
    odec_context_destroy(context);
    return status;
}

/* ---- files ---- */

/* Under a name of this process's own first: builds of the same files may meet. */
static int write_whole(const char *path, const char *temporary, const char *text) {
    unlink(temporary); /* of one that had our number and was killed */
    const int fd =
        open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) {
        return errno;
    }
    int error = bytes_write(fd, text, strlen(text)) ? 0 : errno;
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

static int write_file(const char *directory, const char *name, const char *ending,
                      const char *text) {
    char *path, *temporary;
    if (asprintf(&path, "%s/%s%s", directory, name, ending) < 0) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    if (asprintf(&temporary, "%s.%ld.partial", path, (long)getpid()) < 0) {
        free(path);
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    const int error = write_whole(path, temporary, text);
    const int status =
        error ? cli_error(EXIT_UNFINISHED, "cannot write %s: %s", path, strerror(error))
              : EXIT_DONE;
    free(temporary);
    free(path);
    return status;
}

static int write_all(const char *directory, const struct building *all, int n) {
    if (mkdir(directory, 0777) != 0 && errno != EEXIST) {
        return cli_error(EXIT_UNFINISHED, "cannot make the folder %s: %s", directory,
                         strerror(errno));
    }
    int status = EXIT_DONE;
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

static int build(const struct options *options, struct request *request,
                 struct building *all, int n) {
    for (int i = 0; i < n; i++) {
        all[i].path = options->arguments.at[i];
    }
    CLI_TRY(name_all(options, all, n));
    CLI_TRY(request_take_defaults(options, request));
    CLI_TRY(compile_with(options, &request->spec, all, n));
    return write_all(options->directory, all, n);
}

int cmd_build(const struct options *options) {
    const int n = options->arguments.n;
    if (n == 0 || options->directory == NULL) {
        return cli_error(EXIT_WRONG, "odec build needs %s: odec build MODEL... -o DIR",
                         n == 0 ? "a model" : "a folder");
    }
    struct request request;
    int status = request_parse(options, &request);
    struct building *all = status == EXIT_DONE ? calloc((size_t)n, sizeof *all) : NULL;
    if (status == EXIT_DONE) {
        status = all ? build(options, &request, all, n)
                     : cli_error(EXIT_UNFINISHED, "out of memory");
    }
    for (int i = 0; all && i < n; i++) {
        generated_release(&all[i].files);
        free(all[i].device);
    }
    free(all);
    request_release(&request);
    return status;
}
