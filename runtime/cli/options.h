/* options.h -- the command line as it was written: which command, its arguments, its
 * options. What the values mean is for request.c and runs.c.
 */
#ifndef ODEC_OPTIONS_H
#define ODEC_OPTIONS_H

#include "cli.h"

enum command_id {
#define COMMAND(id, name, argument, help) COMMAND_##id,
#include "commands.def"
    COMMAND_COUNT
};

struct text_list {
    const char **at;
    int n;
};

struct options {
    enum command_id command;
    bool help, version;
    struct text_list arguments; /* models, a code */
    struct text_list before; /* of each: the option whose value ends before it, or "" */
    struct text_list joined; /* values of several words, which are ours */
#define FLAG(member) bool member;
#define TEXT(member) const char *member;
#define MAYBE(member) const char *member;
#define LIST(member) struct text_list member;
#define OPTION(member, name, kind, value, commands, help) kind(member)
#include "options.def"
#undef FLAG
#undef TEXT
#undef MAYBE
#undef LIST
};

/* Texts stay argv's, but for those of several words. */
int options_parse(int argc, char **argv, struct options *out);
void options_release(struct options *options);

/* By its name, which ends in .ode. */
bool options_is_model(const char *name);

/* Of an option of the command: "T0:T1" of "--t"; "": it has none of that name. */
const char *options_value(const struct options *options, const char *name);

const char *command_name(enum command_id command);
void options_print_help(const struct options *options);

#endif
