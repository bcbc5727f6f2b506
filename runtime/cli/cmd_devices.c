/* cmd_devices.c -- odec devices: what this machine can compute on and what it does just
 * now, once or again and again (--watch), with its speed (--measure).
 *
 * A look at a GPU does not start it; to measure it does. Times between two looks tell a
 * CPU's load, so that there are two before the first words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "device_table.h"
#include "event.h"
#include "measure.h"
#include "progress.h"
#include "request.h"

#define FIRST_SECONDS 0.2 /* between the first two looks */
#define LEAST_SECONDS 0.1
#define MOST_SECONDS 86400.0

struct display {
    const struct options *options;
    double period; /* seconds; 0: once */
    odec_context *context;
    odec_devices *devices;
    struct measured *measured; /* [devices]; NULL: not to be measured */
    bool redraws;              /* in place, on a terminal */
};

static int parse_period(const char *text, double *out) {
    *out = text ? 1 : 0;
    if (text == NULL || text[0] == '\0') {
        return EXIT_DONE;
    }
    CLI_TRY(parse_real("--watch", text, text + strlen(text), out));
    return *out >= LEAST_SECONDS && *out <= MOST_SECONDS
               ? EXIT_DONE
               : cli_error(EXIT_WRONG, "--watch: '%s' is not in %g .. %.0f seconds",
                           text, LEAST_SECONDS, MOST_SECONDS);
}

static int open_devices(struct display *display) {
    if (odec_context_create(&display->context) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    odec_status status = odec_devices_create(display->context, &display->devices);
    return status == ODEC_OK ? EXIT_DONE : cli_failed(display->context, status);
}

/* False: ^C came. */
static bool measure_all(struct display *display) {
    for (int32_t i = 0; i < odec_devices_count(display->devices); i++) {
        odec_device_state state = ODEC_DEVICE_STATE_INIT;
        odec_devices_get(display->devices, i, &state);
        if (state.missing[0] == '\0' &&
            !measure_device(display->context, state.name, &display->measured[i])) {
            return false;
        }
    }
    return true;
}

/* Lines over those that are there, and nothing below. */
static void redraw(const char *text) {
    fputs("\033[H", stdout);
    for (size_t n; *text; text += n + 1) {
        n = strcspn(text, "\n");
        printf("%.*s\033[K\n", (int)n, text);
    }
    fputs("\033[J", stdout);
}

static int show(const struct display *display) {
    struct strbuf text = {0};
    if (display->options->json) {
        device_json(display->devices, display->measured, display->period > 0, &text);
    } else {
        device_table(display->devices, display->measured, &text);
        if (display->period > 0 && !display->redraws) {
            strbuf_add(&text, "\n");
        }
    }
    bool failed = text.failed;
    if (!failed && display->redraws) {
        redraw(text.at);
    } else if (!failed) {
        fputs(text.at, stdout);
    }
    strbuf_release(&text);
    return failed ? cli_error(EXIT_UNFINISHED, "out of memory") : cli_finish_output();
}

/* Looks and tells; between that it measures, so that the looks are at a machine at
 * rest. */
static int run(struct display *display) {
    double due = clock_seconds() + FIRST_SECONDS;
    odec_devices_sample(display->devices);
    bool goes_on = progress_pause(due);
    odec_devices_sample(display->devices);
    if (goes_on && display->measured) {
        goes_on = measure_all(display);
    }
    if (!goes_on) {
        return display->period > 0 ? EXIT_DONE
                                   : cli_error(EXIT_UNFINISHED, "cancelled");
    }
    if (display->redraws) {
        fputs("\033[2J", stdout);
    }
    CLI_TRY(show(display));
    while (display->period > 0) {
        due = clock_seconds() + display->period;
        if (!progress_pause(due)) {
            return EXIT_DONE;
        }
        odec_devices_sample(display->devices);
        CLI_TRY(show(display));
    }
    return EXIT_DONE;
}

int cmd_devices(const struct options *options) {
    struct display display = {.options = options};
    if (options->arguments.n > 0) {
        return cli_error(EXIT_WRONG, "odec devices takes no argument");
    }
    CLI_TRY(parse_period(options->watch, &display.period));
    display.redraws = display.period > 0 && !options->json && isatty(STDOUT_FILENO);
    int status = open_devices(&display);
    if (status == EXIT_DONE && options->measure) {
        display.measured = calloc((size_t)odec_devices_count(display.devices),
                                  sizeof *display.measured);
        if (display.measured == NULL) {
            status = cli_error(EXIT_UNFINISHED, "out of memory");
        }
    }
    if (status == EXIT_DONE) {
        progress_catch_signals();
        status = run(&display);
    }
    free(display.measured);
    odec_devices_destroy(display.devices);
    odec_context_destroy(display.context);
    return status;
}
