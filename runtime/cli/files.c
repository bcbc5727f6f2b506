/* files.c -- see files.h. A file that is there is known by device and inode, one that is not by
 * its directory's and its name in it. What is no plain file, as a pipe or a terminal, may be
 * shared.
 */
#define _GNU_SOURCE
#include "files.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out_file.h"
#include "path.h"
#include "result_file.h"

struct file_entry {
    char *said; /* "--stats s.json" */
    bool is_written, is_stream;
    dev_t device;
    ino_t inode; /* of the file, or of its directory: */
    char
        *name; /* in the directory, of what is not there; "-" where there is no inode */
};

#define ON(id) (1u << COMMAND_##id)
static const struct {
    size_t offset; /* in struct options */
    unsigned commands;
    enum file_use use;
    const char *what;
} rows[] = {
#define FILE_OPTION(member, commands, use, what) \
    {offsetof(struct options, member), commands, FILE_##use, what},
#include "files.def"
};

static void entry_release(struct file_entry *entry) {
    free(entry->said);
    free(entry->name);
}

/* Takes the entry. */
static int append(struct files *files, struct file_entry *entry) {
    struct file_entry *at =
        entry->said ? realloc(files->at, ((size_t)files->n + 1) * sizeof *at) : NULL;
    if (at == NULL) {
        entry_release(entry);
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    files->at = at;
    at[files->n++] = *entry;
    return EXIT_DONE;
}

/* False: nothing that two could share, or nothing that can be opened. */
static bool identify(const char *path, struct file_entry *entry) {
    struct stat info;
    if (out_file_is_standard_output(path)) {
        entry->name = strdup("-");
        return entry->name;
    }
    if (stat(path, &info) == 0) {
        entry->device = info.st_dev;
        entry->inode = info.st_ino;
        return S_ISREG(info.st_mode);
    }
    char *target = path_follow(path);
    char *directory = target ? path_directory(target) : NULL;
    const bool is_known = directory && stat(directory, &info) == 0;
    if (is_known) {
        const char *slash = strrchr(target, '/');
        entry->device = info.st_dev;
        entry->inode = info.st_ino;
        entry->name = strdup(slash ? slash + 1 : target);
    }
    free(directory);
    free(target);
    return is_known && entry->name;
}

/* path, said as what it is for. */
static int add_one(struct files *files, const char *what, const char *path,
                   const char *whose, bool is_written) {
    struct file_entry entry = {.is_written = is_written};
    if (!identify(path, &entry)) {
        free(entry.name);
        return EXIT_DONE;
    }
    const int n = strcmp(path, whose) == 0
                      ? asprintf(&entry.said, "%s %s", what, path)
                      : asprintf(&entry.said, "%s of %s %s", path, what, whose);
    entry.said = n < 0 ? NULL : entry.said;
    return append(files, &entry);
}

/* With what it is called until it is whole: at the end of any link. */
static int add_written(struct files *files, const char *what, const char *path,
                       const char *whose, enum file_use use) {
    CLI_TRY(add_one(files, what, path, whose, use != FILE_READ));
    const bool has_others = use >= FILE_WRITTEN && !out_file_is_standard_output(path);
    char *target = has_others ? path_follow(path) : NULL;
    int status = EXIT_DONE;
    for (int i = 1; status == EXIT_DONE && target && out_file_ending(i); i++) {
        char *name;
        if (asprintf(&name, "%s%s", target, out_file_ending(i)) < 0) {
            status = cli_error(EXIT_UNFINISHED, "out of memory");
            break;
        }
        status = add_one(files, what, name, whose, true);
        free(name);
    }
    free(target);
    return status;
}

int files_add(struct files *files, const char *what, const char *path,
              enum file_use use) {
    if (use != FILE_RESULT) {
        return add_written(files, what, path, path, use);
    }
    int status = EXIT_DONE;
    char *part;
    for (int i = 0; status == EXIT_DONE && (part = result_file_part(path, i)); i++) {
        status = add_written(files, what, part, path, FILE_WRITTEN);
        free(part);
    }
    return status;
}

/* Messages and results, where they go to a file. */
static int add_stream(struct files *files, const char *what, int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return EXIT_DONE;
    }
    struct file_entry entry = {.said = strdup(what),
                               .is_written = true,
                               .is_stream = true,
                               .device = info.st_dev,
                               .inode = info.st_ino};
    return append(files, &entry);
}

int files_take(struct files *files, const struct options *options) {
    for (int i = 0; i < options->arguments.n; i++) {
        CLI_TRY(files_add(files, "the model", options->arguments.at[i], FILE_READ));
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *path =
            *(const char *const *)((const char *)options + rows[i].offset);
        if (path && rows[i].commands >> options->command & 1) {
            CLI_TRY(files_add(files, rows[i].what, path, rows[i].use));
        }
    }
    CLI_TRY(add_stream(files, "standard output", STDOUT_FILENO));
    return add_stream(files, "standard error", STDERR_FILENO);
}

static bool are_one(const struct file_entry *a, const struct file_entry *b) {
    return (a->is_written || b->is_written) && !(a->is_stream && b->is_stream) &&
           a->device == b->device && a->inode == b->inode &&
           (a->name == NULL) == (b->name == NULL) &&
           (a->name == NULL || strcmp(a->name, b->name) == 0);
}

int files_check(const struct files *files) {
    for (int i = 0; i < files->n; i++) {
        for (int k = 0; k < i; k++) {
            if (are_one(&files->at[k], &files->at[i])) {
                return cli_error(EXIT_WRONG, "%s and %s are one file",
                                 files->at[k].said, files->at[i].said);
            }
        }
    }
    return EXIT_DONE;
}

void files_release(struct files *files) {
    for (int i = 0; i < files->n; i++) {
        entry_release(&files->at[i]);
    }
    free(files->at);
    *files = (struct files){0};
}

int files_of_options(const struct options *options) {
    struct files files = {0};
    int status = files_take(&files, options);
    if (status == EXIT_DONE) {
        status = files_check(&files);
    }
    files_release(&files);
    return status;
}
