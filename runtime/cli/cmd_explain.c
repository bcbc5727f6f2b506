/* cmd_explain.c -- odec explain: what a diagnostic's code means. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "odec_compile.h"

enum { WIDTH = 88 };

/* The text; a line that is too long, as a list of names may be, goes on in further lines
 * as far indented. */
static void print_wrapped(const char *text) {
    while (*text) {
        const char *end = text + strcspn(text, "\n");
        const int indent = (int)strspn(text, " ");
        for (int room = WIDTH; end - text > room; room = WIDTH - indent) {
            const char *cut = text + room, *first = text + strspn(text, " ");
            while (cut > first && *cut != ' ') {
                cut--;
            }
            if (cut == first) {
                break; /* one long word */
            }
            printf("%.*s\n%*s", (int)(cut - text), text, indent, "");
            text = cut + 1;
        }
        printf("%.*s\n", (int)(end - text), text);
        text = end + (*end == '\n');
    }
}

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
    printf("%s: ", code);
    print_wrapped(text);
    printf("\n");
    return cli_finish_output();
}
