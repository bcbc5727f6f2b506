/* cmd_explain.c -- odec explain: what a diagnostic's code means. */
#include <ctype.h>
#include <stdio.h>

#include "commands.h"
#include "odec_compile.h"

int cmd_explain(const struct options *options) {
    if (options->arguments.n != 1) {
        return cli_error(EXIT_WRONG, "odec explain needs a code: odec explain E0203");
    }
    char code[16] = "";
    for (int i = 0; i < 15 && options->arguments.at[0][i]; i++) {
        code[i] = (char)toupper((unsigned char)options->arguments.at[0][i]);
    }
    const char *text = odec_explain(code);
    if (text == NULL) {
        return cli_error(EXIT_WRONG, "there is no diagnostic '%s'",
                         options->arguments.at[0]);
    }
    printf("%s: %s\n", code, text);
    return cli_finish_output();
}
