/* cmd_explain.c -- odec explain: what a diagnostic's code means; without one, which there are. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "odec_compile.h"

enum { WIDTH = 88 };

/* A line that begins with blanks: as it is; one that is too long, as a list of names may be, goes
 * on in further lines as far indented. */
static void print_line(const char *text, const char *end) {
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
}

/* The words up to a line that begins with a blank, after as many characters; gives that line. */
static const char *print_words(const char *text, int column) {
    while (*text && *text != ' ') {
        const int n = (int)strcspn(text, " \n");
        const bool begins = column == 0;
        const bool fits = column + !begins + n <= WIDTH;
        printf("%s%.*s", begins ? "" : fits ? " " : "\n", n, text);
        column = fits ? column + !begins + n : n;
        text += n;
        text += *text == ' ' || *text == '\n';
        if (text[-1] == '\n' && (*text == '\n' || *text == ' ')) {
            break;
        }
    }
    printf("\n");
    return text;
}

static void print_text(const char *text, int column) {
    while (*text) {
        const char *end = text + strcspn(text, "\n");
        if (*text == ' ' || *text == '\n') {
            print_line(text, end);
            text = end + (*end == '\n');
        } else {
            text = print_words(text, column);
        }
        column = 0;
    }
}

/* A line for each: the first statement of what it means, as far as the line goes. */
static void print_codes(void) {
    const char *code;
    for (int i = 0; (code = odec_diagnostic_code(i)); i++) {
        const char *text = odec_explain(code), *end = strpbrk(text, ".:");
        while (end && end[1] != ' ' && end[1] != '\n') {
            end = strpbrk(end + 1, ".:");
        }
        const int n = end ? (int)(end - text) : (int)strlen(text);
        const int most = WIDTH - (int)strlen(code) - 2;
        int cut = n <= most ? n : most - 3;
        while (cut < n && cut > 0 && text[cut] != ' ' && text[cut] != '\n') {
            cut--;
        }
        printf("%s  ", code);
        for (int k = 0; k < cut; k++) {
            const bool is_space = text[k] == '\n' || text[k] == ' ';
            if (!is_space || (text[k + 1] != ' ' && text[k + 1] != '\n')) {
                putchar(is_space ? ' ' : text[k]);
            }
        }
        printf("%s\n", cut < n ? "..." : "");
    }
}

int cmd_explain(const struct options *options) {
    if (options->arguments.n > 1) {
        return cli_error(EXIT_WRONG, "odec explain takes one code: odec explain E0203");
    }
    if (options->arguments.n == 0) {
        print_codes();
        return cli_finish_output();
    }
    char code[16] = "";
    for (int i = 0; i < 15 && options->arguments.at[0][i]; i++) {
        code[i] = (char)toupper((unsigned char)options->arguments.at[0][i]);
    }
    const char *text = odec_explain(code);
    if (text == NULL) {
        return cli_error(EXIT_WRONG,
                         "there is no diagnostic '%s': odec explain lists them",
                         options->arguments.at[0]);
    }
    print_text(text, printf("%s:", code));
    printf("\n");
    return cli_finish_output();
}
