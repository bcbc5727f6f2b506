/* main.c -- the odec command: options to one of the cmd_... functions. */
#include <signal.h>
#include <stdio.h>

#include "commands.h"
#include "files.h"

static int run_command(const struct options *options) {
    CLI_TRY(files_of_options(options));
    switch (options->command) {
#define COMMAND(id, name, argument, help) \
    case COMMAND_##id:                    \
        return cmd_##name(options);
#include "commands.def"
    default:
        return cli_error(EXIT_WRONG, "what is to be done? See odec --help");
    }
}

int main(int argc, char **argv) {
    struct options options;
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error of write */
    signal(SIGXFSZ, SIG_IGN); /* and so is a limit on file sizes */
    int status = options_parse(argc, argv, &options);
    if (status == EXIT_DONE && options.version) {
        printf("odec %s\n", ODEC_VERSION);
        status = cli_finish_output();
    } else if (status == EXIT_DONE && options.help) {
        options_print_help(&options);
        status = cli_finish_output();
    } else if (status == EXIT_DONE) {
        status = run_command(&options);
    }
    options_release(&options);
    return status;
}
