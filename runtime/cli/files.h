/* files.h -- all files that a command reads and writes, so that no two of them are one: the same
 * name, a link, another name of the same file. Before anything is compiled.
 */
#ifndef ODEC_FILES_H
#define ODEC_FILES_H

#include "options.h"

enum file_use { FILE_READ, FILE_SAVED, FILE_WRITTEN, FILE_RESULT };

struct files {
    struct file_entry *at;
    int n;
};

/* What the options name, models, and standard output and error. */
int files_take(struct files *files, const struct options *options);
/* One more; `what` is how it is called: "-o". */
int files_add(struct files *files, const char *what, const char *path,
              enum file_use use);
/* EXIT_WRONG where two are one and at least one of them is written. */
int files_check(const struct files *files);
void files_release(struct files *files);

/* All of it: every command begins so. */
int files_of_options(const struct options *options);

#endif
