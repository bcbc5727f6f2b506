/* model_file.c -- see model_file.h. */
#define _GNU_SOURCE
#include "model_file.h"

#include <stdio.h>
#include <unistd.h>

#include "bytes.h"

enum { MAX_MODEL_BYTES = 64 << 20 };

static int read_model(const char *path, struct bytes *out) {
    char why[BYTES_WHY];
    if (bytes_read_file(NULL, path, MAX_MODEL_BYTES, out, why)) {
        return EXIT_DONE;
    }
    return why[0] ? cli_error(EXIT_WRONG, "cannot read %s: %s", path, why)
                  : cli_error(EXIT_UNFINISHED, "out of memory");
}

int model_file_open(const char *path, const odec_spec *spec, struct model_file *out) {
    *out = (struct model_file){0};
    struct bytes text;
    CLI_TRY(read_model(path, &text));
    struct odec_spec with_color = *spec;
    with_color.color = isatty(STDERR_FILENO) && spec->dump == NULL;
    odec_status status = odec_compile(path, (const char *)text.at, text.n, &with_color,
                                      &out->compilation);
    bytes_release(&text);
    if (out->compilation == NULL) {
        return cli_error(EXIT_UNFINISHED, "%s: %s", path, odec_status_text(status));
    }
    fflush(stdout);
    if (status == ODEC_ERROR_ARGUMENT) { /* of the command line, not of the model */
        odec_diagnostic why = ODEC_DIAGNOSTIC_INIT;
        odec_compilation_diagnostic(out->compilation, 0, &why);
        return cli_error(EXIT_WRONG, "%s: %s", path, why.text);
    }
    fputs(odec_compilation_diagnostics(out->compilation), stderr);
    out->program =
        status == ODEC_OK ? odec_compilation_program(out->compilation) : NULL;
    return out->program ? EXIT_DONE
           : status == ODEC_ERROR_MODEL
               ? EXIT_WRONG
               : cli_error(EXIT_UNFINISHED, "%s: %s", path, odec_status_text(status));
}

void model_file_close(struct model_file *model) {
    odec_compilation_destroy(model->compilation);
    *model = (struct model_file){0};
}

/* What stands behind an option may have been meant for its value. */
static int report_second(const struct options *options, const char *command) {
    const struct text_list *given = &options->arguments, *before = &options->before;
    const char *name = before->at[1], *value;
    int i = 1;
    if (name[0] == '\0' && !options_is_model(given->at[0])) {
        name = before->at[0];
        i = name[0] ? 0 : 1;
    }
    value = options_value(options, name);
    if (value[0] == '\0') {
        return cli_error(EXIT_WRONG, "odec %s takes one model, not also '%s'", command,
                         given->at[1]);
    }
    return cli_error(EXIT_WRONG,
                     "'%s' stands alone: the value of %s before it is to be one word, "
                     "%s %s",
                     given->at[i], name, name, value);
}

int model_file_argument(const struct options *options, const char **path) {
    const char *command = command_name(options->command);
    if (options->arguments.n == 0) {
        return cli_error(EXIT_WRONG, "odec %s needs a model: odec %s MODEL", command,
                         command);
    }
    if (options->arguments.n > 1) {
        return report_second(options, command);
    }
    *path = options->arguments.at[0];
    return EXIT_DONE;
}
