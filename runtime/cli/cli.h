/* cli.h -- what the commands share: exit statuses and the one way to report an error.
 *
 * A function that can fail prints its message and returns the exit status to leave
 * with; 0 is success, and the caller passes anything else on.
 */
#ifndef ODEC_CLI_H
#define ODEC_CLI_H

#include "odec.h"

enum {
    EXIT_DONE = 0,
    EXIT_UNFINISHED = 1, /* could not finish */
    EXIT_WRONG = 2,      /* the model or the arguments are wrong */
    EXIT_FAILED_RUNS = 3 /* done, but runs failed, as --fail-on says */
};

/* "odec: error: ..." on standard error; returns exit_status. */
int cli_error(int exit_status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void cli_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "--set k", of an option and a name: whose value is wrong. */
enum { CLI_WHAT = 96 };
const char *cli_what(char out[CLI_WHAT], const char *option, const char *name,
                     size_t n);

/* The context's error, with the exit status that belongs to a library's status. */
int cli_exit_of(odec_status status); /* whose fault it is */
int cli_failed(const odec_context *context, odec_status status);

/* The text as a terminal may see it, in a message that is no error. */
enum { CLI_SHOWN = 4160 };
const char *cli_shown(char out[CLI_SHOWN], const char *text);

/* Flushes standard output: EXIT_DONE, or what went wrong with it. */
int cli_finish_output(void);

/* n bytes of a user's text as they are shown: cut where they are many, '?' in place of what is
 * no letter or sign. */
enum { CLI_TEXT = 64 };
const char *cli_text(char out[CLI_TEXT], const char *at, size_t n);

/* "; did you mean 'rho'?" for a mistyped name, or "" where none is near. next(list, i)
 * is name i, NULL after the last; it stays where it is until the next call. */
enum { CLI_HINT = 96 };
const char *cli_hint(char out[CLI_HINT], const char *name,
                     const char *(*next)(const void *list, int i), const void *list);

#define CLI_TRY(call)                   \
    do {                                \
        int cli_status_ = (call);       \
        if (cli_status_ != EXIT_DONE) { \
            return cli_status_;         \
        }                               \
    } while (0)

#endif
