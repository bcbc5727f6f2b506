/* cli.c -- see cli.h. */
#define _GNU_SOURCE
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "printable.h"

const char *cli_text(char out[CLI_TEXT], const char *at, size_t n) {
    const size_t most = CLI_TEXT - 4, shown = n > most ? most : n;
    memcpy(out, at, shown);
    strcpy(out + shown, n > most ? "..." : "");
    return printable(out);
}

static void report(const char *kind, const char *format, va_list arguments) {
    char *text = NULL;
    fflush(stdout);
    if (vasprintf(&text, format, arguments) < 0) {
        text = NULL;
    }
    fprintf(stderr, "odec: %s: %s\n", kind, text ? printable(text) : "out of memory");
    free(text);
}

const char *cli_shown(char out[CLI_SHOWN], const char *text) {
    snprintf(out, CLI_SHOWN, "%s", text);
    return printable(out);
}

int cli_error(int exit_status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    report("error", format, arguments);
    va_end(arguments);
    return exit_status;
}

void cli_warning(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    report("warning", format, arguments);
    va_end(arguments);
}

void cli_note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    report("note", format, arguments);
    va_end(arguments);
}

const char *cli_what(char out[CLI_WHAT], const char *option, const char *name,
                     size_t n) {
    snprintf(out, CLI_WHAT, "%s %.*s", option, (int)(n > 60 ? 60 : n), name);
    return out;
}

int cli_exit_of(odec_status status) {
    return status == ODEC_ERROR_ARGUMENT || status == ODEC_ERROR_MODEL
               ? EXIT_WRONG
               : EXIT_UNFINISHED;
}

int cli_failed(const odec_context *context, odec_status status) {
    const char *text = odec_context_error(context);
    return cli_error(cli_exit_of(status), "%s",
                     text[0] ? text : odec_status_text(status));
}

int cli_finish_output(void) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return EXIT_DONE;
    }
    if (errno == EPIPE) {
        return EXIT_UNFINISHED; /* the reader has gone: he knows */
    }
    return cli_error(EXIT_UNFINISHED, "cannot write standard output: %s",
                     errno ? strerror(errno) : "it failed");
}

/* An option without its dashes. */
static const char *bare(const char *name) { return name + strspn(name, "-"); }

const char *cli_hint(char out[CLI_HINT], const char *name,
                     const char *(*next)(const void *list, int i), const void *list) {
    const char *wanted = bare(name), *candidate;
    const int n = (int)strlen(wanted);
    int most = n < 2 ? 0 : n / 3 < 1 ? 1 : n / 3; /* one letter is like any other */
    out[0] = '\0';
    for (int i = 0; n <= NEAREST_LONGEST && (candidate = next(list, i)) != NULL; i++) {
        const int m = (int)strlen(bare(candidate));
        const int d =
            m <= NEAREST_LONGEST ? nearest_edits(wanted, n, bare(candidate), m) : m;
        if (n > 0 && d <= most && (d < m || d < n)) {
            snprintf(out, CLI_HINT, "; did you mean '%.60s'?", candidate);
            most = d - 1;
        }
    }
    return out;
}
