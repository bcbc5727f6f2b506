/* cli_support.h -- the odec command from outside: arguments in, exit status, messages and files out.
 * ODEC_COMMAND is the program's path. Everything happens in a directory of a test's own, with a
 * cache of its own, and with the models and tables that cli_begin writes there.
 */
#ifndef CLI_SUPPORT_H
#define CLI_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

int cli_begin(void **state); /* group setup, and teardown */
int cli_end(void **state);

/* Runs the command by a shell; standard output and error go to the files out and err. */
int odec(const char *arguments);

void write_file(const char *name, const char *text);
char *read_file(const char *name); /* "" where there is none; until the next is read */
bool exists(const char *name);

#endif
