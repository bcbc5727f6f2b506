/* cmd_check.c -- odec check: the diagnostics of one or more models, and one line for
 * each that is right.
 */
#include <stdio.h>

#include "commands.h"
#include "model_file.h"
#include "request.h"
#include "runs.h"
#include "say.h"

static int check_sets(const struct options *options, const struct model_file *model) {
    odec_context *context;
    if (odec_context_create(&context) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    struct runs runs;
    int status = runs_parse(context, options, model, &runs);
    if (status == EXIT_DONE) {
        runs_release(&runs);
    }
    odec_context_destroy(context);
    return status;
}

static int check_one(const struct options *options, const struct request *request,
                     const char *path) {
    struct model_file model;
    int status = model_file_open(path, &request->spec, &model);
    if (model.compilation && options->dump) {
        fputs(odec_compilation_dump(model.compilation), stdout);
    }
    if (status == EXIT_DONE) {
        status = check_sets(options, &model);
    }
    if (status == EXIT_DONE && !options->dump) {
        const odec_program *program = model.program;
        int n = odec_compilation_n_warnings(model.compilation);
        char shown[CLI_SHOWN];
        printf("%s: ok: %d state%s, %d parameter%s, %d column%s",
               cli_shown(shown, path), program->n_states, say_s(program->n_states),
               program->n_pars, say_s(program->n_pars), program->n_columns,
               say_s(program->n_columns));
        if (n > 0) {
            printf(", %d warning%s", n, say_s(n));
        }
        printf("\n");
    }
    model_file_close(&model);
    return status;
}

int cmd_check(const struct options *options) {
    struct request request;
    if (options->arguments.n == 0) {
        return cli_error(EXIT_WRONG, "odec check needs a model: odec check MODEL...");
    }
    int worst = request_parse(options, &request);
    if (worst == EXIT_DONE) {
        worst = request_take_defaults(options, &request);
    }
    if (worst == EXIT_DONE) {
        for (int i = 0; i < options->arguments.n; i++) {
            int status = check_one(options, &request, options->arguments.at[i]);
            worst = status > worst ? status : worst;
        }
    }
    request_release(&request);
    int output = cli_finish_output();
    return worst > output ? worst : output;
}
