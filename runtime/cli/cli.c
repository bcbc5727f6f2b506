/* cli.c -- see cli.h. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *cli_text(char out[CLI_TEXT], const char *at, size_t n) {
    const size_t most = CLI_TEXT - 4, shown = n > most ? most : n;
    for (size_t i = 0; i < shown; i++) {
        const unsigned char c = (unsigned char)at[i];
        out[i] = c < 0x20 || c == 0x7f ? '?' : at[i];
    }
    strcpy(out + shown, n > most ? "..." : "");
    return out;
}

static void report(const char *kind, const char *format, va_list arguments) {
    fflush(stdout);
    fprintf(stderr, "odec: %s: ", kind);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
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

/* Edits (insert, delete, replace, swap neighbours) between two short names. */
static int distance(const char *a, const char *b) {
    enum { MAX = 40 };
    int n = (int)strnlen(a, MAX), m = (int)strnlen(b, MAX);
    int d[MAX + 1][MAX + 1];
    for (int i = 0; i <= n; i++) {
        for (int j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best) {
                best = d[i - 2][j - 2] + 1;
            }
            d[i][j] = best;
        }
    }
    return d[n][m];
}

const char *cli_hint(char out[CLI_HINT], const char *name,
                     const char *(*next)(const void *list, int i), const void *list) {
    int most = (int)strlen(name) / 3;
    most = most < 1 ? 1 : most;
    const char *candidate;
    out[0] = '\0';
    for (int i = 0; (candidate = next(list, i)) != NULL; i++) {
        int d = distance(name, candidate);
        if (d <= most && (d < (int)strlen(candidate) || d < (int)strlen(name))) {
            snprintf(out, CLI_HINT, "; did you mean '%.60s'?", candidate);
            most = d - 1;
        }
    }
    return out;
}
