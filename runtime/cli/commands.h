/* commands.h -- the functions behind commands.def: options in, exit status out. */
#ifndef ODEC_COMMANDS_H
#define ODEC_COMMANDS_H

#include "options.h"

#define COMMAND(id, name, argument, help) int cmd_##name(const struct options *options);
#include "commands.def"

#endif
