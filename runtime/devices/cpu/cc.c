/* cc.c -- see cc.h.
 *
 * The text reaches the compiler as a file that exists in memory only (memfd), its
 * messages come back in another, so that no pipe can fill up and nothing needs a
 * thread. The object, and whatever the compiler needs for a while ($TMPDIR), is written
 * into a directory that is ours alone and is gone before we return.
 */
#define _GNU_SOURCE
#include "cc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event.h"

extern char **environ;

enum { MAX_FLAGS = 32, MAX_IMAGE_BYTES = 1 << 30, MAX_MESSAGE_BYTES = 1 << 20 };

/* ---- finding it ---- */

static bool executable_file(const char *path, struct stat *info) {
    return stat(path, info) == 0 && S_ISREG(info->st_mode) && access(path, X_OK) == 0;
}

/* The first directory of PATH that holds name. In `file`, or NULL. */
static const char *find_on_path(const char *name, char file[PATH_MAX],
                                struct stat *info) {
    const char *path = getenv("PATH");
    if (strchr(name, '/')) {
        return executable_file(name, info) ? name : NULL;
    }
    if (path == NULL || path[0] == '\0') {
        path = "/usr/local/bin:/usr/bin:/bin";
    }
    for (const char *p = path;; p++) {
        size_t n = strcspn(p, ":");
        /* An empty entry means the working directory: not looked at, as it is a trap.
         */
        if (n > 0 && n < PATH_MAX &&
            snprintf(file, PATH_MAX, "%.*s/%s", (int)n, p, name) < PATH_MAX &&
            executable_file(file, info)) {
            return file;
        }
        p += n;
        if (*p == '\0') {
            return NULL;
        }
    }
}

/* What the file behind the path is. */
static odec_status identify(struct odec_context *context, const char *path,
                            const struct stat *info, struct cc *cc) {
    char real[PATH_MAX];
    cc->path = heap_text(context->heap, path);
    cc->real_path = heap_text(context->heap, realpath(path, real) ? real : path);
    cc->size = info->st_size;
    cc->mtime_ns = info->st_mtim.tv_sec * INT64_C(1000000000) + info->st_mtim.tv_nsec;
    if (cc->path == NULL || cc->real_path == NULL) {
        cc_release(cc);
        return context_out_of_memory(context);
    }
    return ODEC_OK;
}

odec_status cc_find(struct odec_context *context, const char *asked, struct cc *out) {
    static const char *const usual[] = {"gcc", "clang", "cc"};
    const char *variable = getenv("ODEC_CC");
    const char *where = "";
    if (asked == NULL && variable && variable[0]) {
        asked = variable;
        where = " ($ODEC_CC)";
    }
    *out = (struct cc){.title = "the C compiler", .input = "-"};
    struct stat info;
    char file[PATH_MAX];
    const char *found = NULL;
    if (asked) {
        found = find_on_path(asked, file, &info);
        FAIL_IF(found == NULL, context, ODEC_ERROR_COMPILER,
                "the C compiler '%s'%s is not there or cannot be run", asked, where);
    }
    for (int i = 0; i < 3 && found == NULL; i++) {
        found = find_on_path(usual[i], file, &info);
    }
    FAIL_IF(
        found == NULL, context, ODEC_ERROR_COMPILER,
        "no C compiler is on PATH: install gcc or clang (Debian: apt-get install gcc), "
        "or name one with --cc or $ODEC_CC");
    return identify(context, found, &info, out);
}

odec_status cc_find_named(struct odec_context *context, const char *name,
                          struct cc *out, bool *is_there) {
    struct stat info;
    char file[PATH_MAX];
    const char *found = find_on_path(name, file, &info);
    *out = (struct cc){.title = out->title, .input = out->input};
    *is_there = found != NULL;
    return *is_there ? identify(context, found, &info, out) : ODEC_OK;
}

void cc_release(struct cc *cc) {
    heap_give(cc->path);
    heap_give(cc->real_path);
    *cc = (struct cc){0};
}

/* ---- running it ---- */

/* A file in memory above the standard descriptors, closed on exec, holding text. */
static int memory_file(const char *text) {
    int low = memfd_create("odec", MFD_CLOEXEC);
    if (low < 0) {
        return -1;
    }
    int fd = low > 2 ? low : fcntl(low, F_DUPFD_CLOEXEC, 3);
    if (fd != low) {
        close(low);
    }
    if (fd >= 0 &&
        (!bytes_write(fd, text, strlen(text)) || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The environment with messages in English and temporary files where `temporary`, a
 * "TMPDIR=...", says. List of borrowed strings, or NULL. */
static char **compiler_environment(struct heap *heap, char *temporary) {
    size_t n = 0;
    while (environ[n]) {
        n++;
    }
    char **copy = heap_take(heap, n + 3, sizeof *copy);
    if (copy) {
        size_t used = 0;
        for (size_t i = 0; i < n; i++) {
            if (strncmp(environ[i], "LC_ALL=", 7) != 0 &&
                strncmp(environ[i], "TMPDIR=", 7) != 0) {
                copy[used++] = environ[i];
            }
        }
        copy[used++] = "LC_ALL=C";
        copy[used++] = temporary;
        copy[used] = NULL;
    }
    return copy;
}

/* What a run of the compiler needs beside its arguments. */
struct run {
    const struct cc *cc;
    const char *directory;
    int input, messages; /* descriptors */
};

static bool can_end_early(const struct cc *cc) {
    return cc->waiting || cc->most_seconds > 0;
}

/* posix_spawn with default signals; an errno value. vfork-like, so a process with
 * threads and locks is safe. Who can give up has it in a process group of its own. */
static int spawn(struct heap *heap, pid_t *pid, const struct run *run,
                 char *const *arguments) {
    char temporary[PATH_MAX + 8];
    snprintf(temporary, sizeof temporary, "TMPDIR=%s", run->directory);
    char **environment = compiler_environment(heap, temporary);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (environment == NULL) {
        return ENOMEM;
    }
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGCHLD);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, run->input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, run->messages, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, run->messages, STDERR_FILENO);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                             (can_end_early(run->cc) ? POSIX_SPAWN_SETPGROUP : 0)));
    int error =
        posix_spawn(pid, run->cc->path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    heap_give(environment);
    return error;
}

enum ending { SUCCEEDED, FAILED, GIVEN_UP, TOO_LONG };

/* waitpid that no signal ends. */
static pid_t wait_through(pid_t pid, int *status, int flags) {
    pid_t ended;
    do {
        ended = waitpid(pid, status, flags);
    } while (ended < 0 && errno == EINTR);
    return ended;
}

/* A descriptor that can be read once the process has ended; -1 on a kernel before 5.3,
 * where poll then waits its time out. */
static int process_descriptor(pid_t pid) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

/* Whether to wait on, `seconds` after the start. */
static bool waits_on(const struct cc *cc, double seconds, enum ending *why) {
    if (cc->most_seconds > 0 && seconds >= cc->most_seconds) {
        *why = TOO_LONG;
        return false;
    }
    *why = GIVEN_UP;
    return cc->waiting == NULL || cc->waiting(cc->waiting_user, seconds);
}

/* As waitpid, but asks about ten times a second whether to go on; 0 once told not to, with
 * the reason, the compiler killed with all that it has started. */
static pid_t wait_asking(const struct cc *cc, pid_t pid, int *status,
                         enum ending *why) {
    double start = clock_seconds();
    struct pollfd end = {.fd = process_descriptor(pid), .events = POLLIN};
    pid_t ended = 0;
    bool goes_on = true;
    while (ended == 0 && goes_on) {
        poll(&end, 1, 100); /* a signal ends it too: ask at once */
        ended = wait_through(pid, status, WNOHANG);
        goes_on = ended != 0 || waits_on(cc, clock_seconds() - start, why);
    }
    if (end.fd >= 0) {
        close(end.fd);
    }
    if (!goes_on) {
        kill(-pid, SIGKILL);
        wait_through(pid, status, 0);
    }
    return ended;
}

/* Where the application has arranged that children vanish (SIGCHLD ignored, or a wait
 * of its own) nobody knows how it ended; then the object that is there or not tells. */
static enum ending wait_for(const struct cc *cc, pid_t pid) {
    int status = 0;
    enum ending why = GIVEN_UP;
    pid_t ended = can_end_early(cc) ? wait_asking(cc, pid, &status, &why)
                                    : wait_through(pid, &status, 0);
    if (ended == 0) {
        return why;
    }
    bool good = ended < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return good ? SUCCEEDED : FAILED;
}

/* The first lines of the compiler's message, in the context. */
static odec_status build_failed(struct odec_context *context, const struct cc *cc,
                                int messages) {
    struct bytes text;
    if (!bytes_read(context->heap, messages, MAX_MESSAGE_BYTES, &text)) {
        text = (struct bytes){0};
    }
    const char *start = text.at ? (const char *)text.at : "";
    const char *end = start;
    for (int line = 0; line < 6 && *end; line++) {
        end += strcspn(end, "\n");
        end += *end == '\n';
    }
    while (end > start && end[-1] == '\n') {
        end--;
    }
    int n = (int)(end - start > 1500 ? 1500 : end - start);
    odec_status status =
        context_fail(context, ODEC_ERROR_COMPILER, "%s %s failed%s%.*s", cc->title,
                     cc->path, n > 0 ? ":\n" : " without a message", n, start);
    bytes_release(&text);
    return status;
}

/* Runs it to its end, with up to MAX_FLAGS flags and what comes behind them. */
static odec_status run_with(struct odec_context *context, const struct run *run,
                            const char *const *flags, const char *const *last) {
    const struct cc *cc = run->cc;
    const char *arguments[MAX_FLAGS + 8];
    int n = 0;
    arguments[n++] = cc->path;
    for (; *flags && n < MAX_FLAGS; flags++) {
        arguments[n++] = *flags;
    }
    for (; *last; last++) {
        arguments[n++] = *last;
    }
    arguments[n] = NULL;
    pid_t pid;
    int error = spawn(context->heap, &pid, run, (char *const *)arguments);
    if (error == ENOMEM) {
        return context_out_of_memory(context);
    }
    FAIL_IF(error, context, ODEC_ERROR_COMPILER, "cannot run %s %s: %s", cc->title,
            cc->path, strerror(error));
    enum ending ending = wait_for(cc, pid);
    FAIL_IF(ending == GIVEN_UP, context, ODEC_CANCELLED, "cancelled");
    FAIL_IF(ending == TOO_LONG, context, ODEC_ERROR_COMPILER,
            "%s %s took longer than %g s, and was ended", cc->title, cc->path,
            cc->most_seconds);
    return ending == FAILED ? build_failed(context, cc, run->messages) : ODEC_OK;
}

/* It has ended well, but what it made cannot be read. */
static odec_status not_read(struct odec_context *context, const struct run *run,
                            int error) {
    return error == ENOMEM ? context_out_of_memory(context)
                           : build_failed(context, run->cc, run->messages);
}

/* With everything open: arguments, run, read the object. */
static odec_status build_into(struct odec_context *context, const struct run *run,
                              const char *const *flags, struct bytes *out) {
    char object[PATH_MAX];
    snprintf(object, sizeof object, "%s/kernel.so", run->directory);
    TRY(run_with(context, run, flags,
                 (const char *[]){"-o", object, run->cc->input, NULL}));
    int fd = open(object, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool read = fd >= 0 && bytes_read(context->heap, fd, MAX_IMAGE_BYTES, out);
    const int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    return read ? ODEC_OK : not_read(context, run, error);
}

static void remove_files(const char *directory) {
    DIR *list = opendir(directory);
    struct dirent *entry;
    while (list && (entry = readdir(list)) != NULL) {
        unlinkat(dirfd(list), entry->d_name, 0); /* fails for . and .., as it should */
    }
    if (list) {
        closedir(list);
    }
}

/* A process that was killed may still make the file that it was about to: then once
 * more.
 */
static void remove_directory(const char *directory) {
    for (int i = 0; i < 50; i++) {
        remove_files(directory);
        if (rmdir(directory) == 0 || errno != ENOTEMPTY) {
            return;
        }
        poll(NULL, 0, 10);
    }
}

static odec_status ask_into(struct odec_context *context, const struct run *run,
                            const char *const *flags, struct bytes *out) {
    TRY(run_with(context, run, flags, (const char *[]){NULL}));
    return bytes_read(context->heap, run->messages, MAX_MESSAGE_BYTES, out)
               ? ODEC_OK
               : not_read(context, run, errno);
}

typedef odec_status run_into(struct odec_context *context, const struct run *run,
                             const char *const *flags, struct bytes *out);

/* In a directory of its own, with text on standard input. */
static odec_status run_inside(struct odec_context *context, const struct cc *cc,
                              const char *const *flags, const char *text,
                              run_into *into, struct bytes *out) {
    *out = (struct bytes){0};
    const char *parent = getenv("TMPDIR");
    char directory[PATH_MAX - 16];
    int n = snprintf(directory, sizeof directory, "%s/odec-XXXXXX",
                     parent && parent[0] ? parent : "/tmp");
    FAIL_IF(n >= (int)sizeof directory, context, ODEC_ERROR_IO, "$TMPDIR is too long");
    FAIL_IF(mkdtemp(directory) == NULL, context, ODEC_ERROR_IO,
            "cannot make a directory for the compiler's output in %s: %s",
            parent && parent[0] ? parent : "/tmp", strerror(errno));
    struct run run = {cc, directory, memory_file(text), memory_file("")};
    odec_status status =
        run.input < 0 || run.messages < 0
            ? context_fail(context, ODEC_ERROR_IO, "cannot make a file in memory: %s",
                           strerror(errno))
            : into(context, &run, flags, out);
    if (run.input >= 0) {
        close(run.input);
    }
    if (run.messages >= 0) {
        close(run.messages);
    }
    remove_directory(directory);
    return status;
}

odec_status cc_build(struct odec_context *context, const struct cc *cc,
                     const char *const *flags, const char *text, struct bytes *out) {
    return run_inside(context, cc, flags, text, build_into, out);
}

odec_status cc_ask(struct odec_context *context, const struct cc *cc,
                   const char *const *flags, struct bytes *out) {
    return run_inside(context, cc, flags, "", ask_into, out);
}
