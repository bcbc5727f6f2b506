/* host_build.c -- see host_build.h. */
#define _GNU_SOURCE
#include "host_build.h"

#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Runs a compiler to its end. Its exit status; -1: it is not there. */
static int run_compiler(const char *const *arguments) {
    pid_t pid;
    int status;
    if (posix_spawnp(&pid, arguments[0], NULL, NULL, (char *const *)arguments,
                     environ)) {
        return -1;
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    bool ok = f && fputs(text, f) >= 0;
    if (f && fclose(f) != 0) {
        ok = false;
    }
    return ok;
}

bool host_has_compiler(const char *compiler) {
    return run_compiler((const char *[]){compiler, "-dumpversion", NULL}) == 0;
}

void *host_build(const char *text, const char *source, const char *object,
                 const char *const *arguments) {
    void *library = NULL;
    if (write_file(source, text) && run_compiler(arguments) == 0) {
        library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            fprintf(stderr, "%s\n", dlerror());
        }
    }
    unlink(source);
    unlink(object);
    return library;
}
