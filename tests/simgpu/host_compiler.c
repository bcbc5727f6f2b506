/* host_compiler.c -- compiles C++ for the host to a shared object, and remembers.
 *
 * The compiler is $ODEC_SIMGPU_CXX or g++. Where $ODEC_SIMGPU_CACHE names a directory, an object
 * is kept there under the hash of all that it was made from, and put in place by a
 * rename: any number of tests may share it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "compile.h"

extern char **environ;

enum { PATH_SIZE = 512, MAX_ARGUMENTS = 64 };

static const char *const fixed_options[] = {"-std=c++17",
                                            "-O1",
                                            "-fPIC",
                                            "-shared",
                                            "-w",
                                            "-march=native",
                                            "-ffp-contract=off",
                                            "-Wl,-Bsymbolic",
                                            "-x",
                                            "c++"};
enum { N_FIXED = sizeof fixed_options / sizeof *fixed_options };

/* ---- files ---- */

static bool file_read(const char *path, struct bytes *out) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (fd < 0) {
        return false;
    }
    *out = (struct bytes){0};
    if (fstat(fd, &about) == 0) {
        out->data = malloc((size_t)about.st_size + 1);
    }
    while (out->data && out->n < (size_t)about.st_size) {
        const ssize_t n = read(fd, out->data + out->n, (size_t)about.st_size - out->n);
        if (n <= 0) {
            free(out->data);
            out->data = NULL;
        }
        out->n += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    if (out->data) {
        out->data[out->n] = '\0';
    }
    return out->data != NULL;
}

static bool file_write(const char *path, const char *data, size_t n) {
    FILE *f = fopen(path, "wbe");
    bool ok = f && fwrite(data, 1, n, f) == n;
    if (f && fclose(f)) {
        ok = false;
    }
    return ok;
}

/* ---- the cache ---- */

/* False: there is no cache. */
static bool cache_path(const char *cxx, const char *text, const char *const *defines,
                       int n_defines, char path[PATH_SIZE]) {
    const char *directory = getenv("ODEC_SIMGPU_CACHE");
    if (!directory || !*directory) {
        return false;
    }
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, cxx, strlen(cxx) + 1);
    for (int i = 0; i < N_FIXED; i++) {
        XXH3_128bits_update(&state, fixed_options[i], strlen(fixed_options[i]) + 1);
    }
    for (int i = 0; i < n_defines; i++) {
        XXH3_128bits_update(&state, defines[i], strlen(defines[i]) + 1);
    }
    XXH3_128bits_update(&state, text, strlen(text));
    const XXH128_hash_t hash = XXH3_128bits_digest(&state);
    mkdir(directory, 0700);
    return snprintf(path, PATH_SIZE, "%s/%016llx%016llx.so", directory,
                    (unsigned long long)hash.high64,
                    (unsigned long long)hash.low64) < PATH_SIZE;
}

static void cache_store(const char *path, const struct bytes *object) {
    static int serial;
    char temporary[PATH_SIZE + 64];
    snprintf(temporary, sizeof temporary, "%s.%d.%d", path, (int)getpid(),
             __atomic_fetch_add(&serial, 1, __ATOMIC_RELAXED));
    if (!file_write(temporary, object->data, object->n) || rename(temporary, path)) {
        unlink(temporary);
    }
}

/* ---- compiling ---- */

/* Runs a program with its output in a file. Its exit status; -1: it is not there. */
static int run(const char *const *arguments, const char *output) {
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int failed = posix_spawnp(&pid, arguments[0], &actions, NULL,
                                    (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    while (!failed && waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return !failed && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool compile_in(const char *directory, const char *cxx, const char *text,
                       const char *const *defines, int n_defines, struct bytes *object,
                       struct bytes *log) {
    char source[PATH_SIZE + 16], output[PATH_SIZE + 16], messages[PATH_SIZE + 16];
    const char *arguments[MAX_ARGUMENTS] = {cxx};
    int n = 1;
    snprintf(source, sizeof source, "%s/kernel.cc", directory);
    snprintf(output, sizeof output, "%s/kernel.so", directory);
    snprintf(messages, sizeof messages, "%s/messages", directory);
    for (int i = 0; i < N_FIXED; i++) {
        arguments[n++] = fixed_options[i];
    }
    for (int i = 0; i < n_defines && n < MAX_ARGUMENTS - 4; i++) {
        arguments[n++] = defines[i];
    }
    arguments[n++] = source;
    arguments[n++] = "-o";
    arguments[n++] = output;
    const bool ok = file_write(source, text, strlen(text)) &&
                    run(arguments, messages) == 0 && file_read(output, object);
    if (!file_read(messages, log)) {
        *log = (struct bytes){strdup("the host's compiler cannot be run"), 0};
        log->n = log->data ? strlen(log->data) : 0;
    }
    unlink(source);
    unlink(output);
    unlink(messages);
    return ok;
}

bool host_compile(const char *text, const char *const *defines, int n_defines,
                  struct bytes *object, struct bytes *log) {
    const char *const chosen = getenv("ODEC_SIMGPU_CXX"), *const tmp = getenv("TMPDIR");
    const char *const cxx = chosen && *chosen ? chosen : "g++";
    char path[PATH_SIZE], directory[PATH_SIZE];
    const bool cached = cache_path(cxx, text, defines, n_defines, path);
    *object = *log = (struct bytes){0};
    if (cached && file_read(path, object)) {
        return true;
    }
    snprintf(directory, sizeof directory, "%s/simgpu-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(directory)) {
        return false;
    }
    const bool ok = compile_in(directory, cxx, text, defines, n_defines, object, log);
    rmdir(directory);
    if (ok && cached) {
        cache_store(path, object);
    }
    return ok;
}
