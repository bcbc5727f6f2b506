/* options.c -- see options.h. Everything comes from two tables, options.def and
 * commands.def. */
#include "options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odec_compile.h"

enum option_kind { FLAG, TEXT, MAYBE, LIST };

struct option_row {
    const char *name, *value, *help;
    enum option_kind kind;
    unsigned commands;
    size_t offset; /* in struct options */
};

#define METHOD_NAMES "{methods}" /* stands for them: the compiler has their list */
#define NOT_YET "not available yet"
#define ON(id) (1u << COMMAND_##id)
static const struct option_row option_rows[] = {
#define OPTION(member, name, kind, value, commands, help) \
    {name, value, help, kind, commands, offsetof(struct options, member)},
#include "options.def"
};
enum { OPTION_COUNT = sizeof option_rows / sizeof option_rows[0] };

static const struct {
    const char *name, *argument, *help;
} command_rows[] = {
#define COMMAND(id, name, argument, help) {#name, argument, help},
#include "commands.def"
};

const char *command_name(enum command_id command) { return command_rows[command].name; }

/* ---- help ---- */

static void print_overview(void) {
    printf("odec %s: a compiler for batches of ordinary differential equations\n\n",
           ODEC_VERSION);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf("  odec %-8s %-10s %s\n", command_rows[i].name, command_rows[i].argument,
               command_rows[i].help);
    }
    printf("\n  odec help COMMAND      the command's options\n"
           "  odec --version\n\n"
           "Example:\n  odec run lorenz.ode --sweep rho=0:28:1e6 -o out.npy\n");
}

static void print_option_help(const char *help) {
    const bool methods = strcmp(help, METHOD_NAMES) == 0;
    for (int i = 0; methods && odec_method_name(i); i++) {
        printf("%s%s", i ? " " : "", odec_method_name(i));
    }
    printf("%s\n", methods ? "" : help);
}

void options_print_help(const struct options *options) {
    if (options->command == COMMAND_COUNT) {
        print_overview();
        return;
    }
    printf("odec %s %s [options]\n  %s\n\n", command_rows[options->command].name,
           command_rows[options->command].argument,
           command_rows[options->command].help);
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->commands >> options->command & 1) {
            char left[64];
            snprintf(left, sizeof left, "%s %s", row->name, row->value);
            printf("  %-30s%s", left,
                   strlen(left) < 30 || row->help[0] == '\0'
                       ? ""
                       : "\n                                ");
            print_option_help(row->help);
        }
    }
}

/* ---- parsing ---- */

static const char *command_at(const void *list, int i) {
    (void)list;
    return i < COMMAND_COUNT    ? command_rows[i].name
           : i == COMMAND_COUNT ? "--version"
                                : NULL;
}

bool options_is_model(const char *name) {
    const size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".ode") == 0;
}

/* What somebody may have meant who calls command `list` points to: "" is not. */
static const char *option_at(const void *list, int i) {
    const enum command_id *command = list;
    if (i >= OPTION_COUNT) {
        return NULL;
    }
    const struct option_row *row = &option_rows[i];
    return row->commands >> *command & 1 && strcmp(row->help, NOT_YET) != 0 ? row->name
                                                                            : "";
}

static int find_command(const char *name, enum command_id *out) {
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, command_rows[i].name) == 0) {
            *out = (enum command_id)i;
            return EXIT_DONE;
        }
    }
    char hint[CLI_HINT];
    if (options_is_model(name)) {
        return cli_error(EXIT_WRONG, "'%s' is no command; did you mean 'odec run %s'?",
                         name, name);
    }
    cli_hint(hint, name, command_at, NULL);
    return cli_error(EXIT_WRONG, "unknown command '%s'%s", name,
                     hint[0] ? hint : "; see odec --help");
}

/* The row of "--name" or "--name=value". */
static int find_option(const char *text, enum command_id command,
                       const struct option_row **out) {
    size_t n = strcspn(text, "=");
    const struct option_row *others =
        NULL; /* a name may mean another thing elsewhere */
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (strlen(row->name) == n && strncmp(text, row->name, n) == 0) {
            if (row->commands >> command & 1) {
                *out = row;
                return EXIT_DONE;
            }
            others = row;
        }
    }
    if (others) {
        return cli_error(EXIT_WRONG, "'%s' is no option of odec %s", others->name,
                         command_rows[command].name);
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(n > 60 ? 60 : n), text);
    char hint[CLI_HINT];
    cli_hint(hint, name, option_at, &command);
    return hint[0] ? cli_error(EXIT_WRONG, "unknown option '%s'%s", name, hint)
                   : cli_error(EXIT_WRONG, "unknown option '%s'; see odec %s --help",
                               name, command_rows[command].name);
}

/* Lists have room for all of argv. */
static int list_add(struct text_list *list, int room, const char *text) {
    if (list->at == NULL) {
        list->at = calloc((size_t)room, sizeof *list->at);
        if (list->at == NULL) {
            return cli_error(EXIT_UNFINISHED, "out of memory");
        }
    }
    list->at[list->n++] = text;
    return EXIT_DONE;
}

static int store(struct options *options, const struct option_row *row,
                 const char *value, int room) {
    void *member = (char *)options + row->offset;
    switch (row->kind) {
    case FLAG:
        *(bool *)member = true;
        return EXIT_DONE;
    case TEXT:
    case MAYBE:
        if (*(const char **)member) {
            return cli_error(EXIT_WRONG, "'%s' is given twice", row->name);
        }
        *(const char **)member = value;
        return EXIT_DONE;
    case LIST:
        return list_add(member, room, value);
    }
    return EXIT_DONE;
}

/* Does a value that ends in `last` go on with the next argument, as it does in a model: every
 * 0.25, at 0.4, 4, n 100, 0 .. 24? */
static bool goes_on(const char *name, const char *last, const char *next) {
    const size_t n = strlen(last);
    if (strcmp(name, "--t") == 0) {
        return strncmp(next, "..", 2) == 0 ||
               (n >= 2 && strcmp(last + n - 2, "..") == 0);
    }
    static const char *const words[] = {"every", "at", "n"};
    bool open = n > 0 && last[n - 1] == ',';
    for (int i = 0; !open && i < 3; i++) {
        open = strcmp(last, words[i]) == 0;
    }
    return strcmp(name, "--save") == 0 && open;
}

/* A value of several words, in one text. */
static int join_words(int argc, char **argv, int *i, const char *name,
                      const char **value, struct options *out) {
    int last = *i;
    size_t n = strlen(*value) + 1;
    while (last + 1 < argc &&
           goes_on(name, last == *i ? *value : argv[last], argv[last + 1])) {
        n += strlen(argv[++last]) + 1;
    }
    if (last == *i) {
        return EXIT_DONE;
    }
    char *text = malloc(n);
    if (text == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    char *end = stpcpy(text, *value);
    while (*i < last) {
        *end++ = ' ';
        end = stpcpy(end, argv[++*i]);
    }
    *value = text;
    int status = list_add(&out->joined, argc, text);
    if (status != EXIT_DONE) {
        free(text);
    }
    return status;
}

/* NAME=VALUE NAME=VALUE ... after one --set. */
static int take_more(int argc, char **argv, int *i, const struct option_row *row,
                     struct options *out) {
    const bool has_names = strncmp(row->value, "NAME=", 5) == 0 && row->kind == LIST;
    while (has_names && *i + 1 < argc && argv[*i + 1][0] != '-' &&
           strchr(argv[*i + 1], '=')) {
        CLI_TRY(store(out, row, argv[++*i], argc));
    }
    return EXIT_DONE;
}

/* Option argv[*i], and its value; moves *i to the last that was used. */
static int take_option(int argc, char **argv, int *i, struct options *out) {
    const struct option_row *row = NULL;
    CLI_TRY(find_option(argv[*i], out->command, &row));
    const char *equals = strchr(argv[*i], '=');
    const char *value = equals ? equals + 1 : NULL;
    if (row->kind == FLAG) {
        return value ? cli_error(EXIT_WRONG, "'%s' takes no value", row->name)
                     : store(out, row, NULL, argc);
    }
    bool may_lack = row->kind == MAYBE;
    if (value == NULL && *i + 1 < argc && !(may_lack && argv[*i + 1][0] == '-')) {
        value = argv[++*i];
    } else if (value == NULL && may_lack) {
        return store(out, row, "", argc);
    }
    if (value == NULL || value[0] == '\0') {
        return cli_error(EXIT_WRONG, "'%s' needs a value: %s %s", row->name, row->name,
                         row->value);
    }
    CLI_TRY(join_words(argc, argv, i, row->name, &value, out));
    CLI_TRY(store(out, row, value, argc));
    return take_more(argc, argv, i, row, out);
}

const char *options_value(const struct options *options, const char *name) {
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(option_rows[i].name, name) == 0 &&
            option_rows[i].commands >> options->command & 1) {
            return option_rows[i].value;
        }
    }
    return "";
}

/* Option argv[i], if its value was in the arguments behind it, up to argv[last]. */
static const char *name_with_value(char **argv, int i, int last) {
    return last > i ? argv[i] : "";
}

int options_parse(int argc, char **argv, struct options *out) {
    *out = (struct options){.command = COMMAND_COUNT};
    bool only_arguments = false;
    const char *before = "";
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        bool is_option = !only_arguments && text[0] == '-' && text[1] != '\0';
        if (is_option && strcmp(text, "--") == 0) {
            only_arguments = true;
        } else if (is_option &&
                   (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0)) {
            out->help = true;
        } else if (is_option && strcmp(text, "--version") == 0) {
            out->version = true;
        } else if (is_option && out->command == COMMAND_COUNT) {
            return cli_error(EXIT_WRONG,
                             "'%s' stands before the command; see odec --help", text);
        } else if (is_option) {
            const int first = i;
            CLI_TRY(take_option(argc, argv, &i, out));
            before = name_with_value(argv, first, i);
            continue;
        } else if (out->command == COMMAND_COUNT && strcmp(text, "help") == 0) {
            out->help = true; /* odec help COMMAND */
        } else if (out->command == COMMAND_COUNT) {
            CLI_TRY(find_command(text, &out->command));
        } else {
            CLI_TRY(list_add(&out->arguments, argc, text));
            CLI_TRY(list_add(&out->before, argc, before));
        }
        before = "";
    }
    return EXIT_DONE;
}

void options_release(struct options *options) {
    free(options->arguments.at);
    free(options->before.at);
    for (int i = 0; i < options->joined.n; i++) {
        free((char *)options->joined.at[i]);
    }
    free(options->joined.at);
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (option_rows[i].kind == LIST) {
            struct text_list *list =
                (struct text_list *)((char *)options + option_rows[i].offset);
            free(list->at);
        }
    }
}
