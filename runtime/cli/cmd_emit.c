/* cmd_emit.c -- odec emit: the kernel's text, for the CPU's compiler or for CUDA's, or the model's
 * functions for kernels of the user's own.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "model_file.h"
#include "request.h"

static bool is_device(const struct options *options) {
    return options->target && strcmp(options->target, "device") == 0;
}

static int emit(const struct options *options, const struct model_file *model) {
    if (options->dump || is_device(options)) {
        fputs(options->dump ? odec_compilation_dump(model->compilation)
                            : odec_compilation_device(model->compilation),
              stdout);
        return EXIT_DONE;
    }
    bool cuda = options->target && strcmp(options->target, "cuda") == 0;
    if (options->target && !cuda && strcmp(options->target, "c") != 0) {
        return cli_error(EXIT_WRONG, "--target: '%s' is none of c, cuda and device",
                         options->target);
    }
    const odec_target target = cuda ? ODEC_TARGET_CUDA : ODEC_TARGET_CPU;
    const char *text = model->program->kernels[target].text;
    if (text == NULL) {
        return cli_error(EXIT_UNFINISHED, "there is no kernel text for %s",
                         cuda ? "cuda" : "c");
    }
    fputs(text, stdout);
    return EXIT_DONE;
}

int cmd_emit(const struct options *options) {
    struct request request;
    struct model_file model = {0};
    const char *path;
    CLI_TRY(model_file_argument(options, &path));
    int status = request_parse(options, &request);
    if (status == EXIT_DONE) {
        status = request_take_defaults(options, &request);
    }
    if (status == EXIT_DONE && is_device(options) && options->dump) {
        status = cli_error(EXIT_WRONG, "--dump and --target device exclude each other");
    }
    request.spec.device_name = is_device(options) ? "" : NULL;
    if (status == EXIT_DONE) {
        status = model_file_open(path, &request.spec, &model);
    }
    if (status == EXIT_DONE) {
        status = emit(options, &model);
    }
    model_file_close(&model);
    request_release(&request);
    int output = cli_finish_output();
    return status != EXIT_DONE ? status : output;
}
