/* cc.c -- see cc.h: how it is run.
 *
 * The text reaches the compiler as a file that exists in memory only (memfd), its
 * messages come back in another, so that no pipe can fill up and nothing needs a
 * thread. The object, and whatever the compiler needs for a while ($TMPDIR), is written
 * into a directory that is ours alone and is gone before we return.
 */
#define _GNU_SOURCE
#include "cc.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cc_directory.h"
#include "event.h"

extern char **environ;

enum { MAX_IMAGE_BYTES = 1 << 30, MAX_MESSAGE_BYTES = 1 << 20 };

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

/* What of the environment a compiler may see: what it and its parts are found by. There is much
 * else that would change what it makes: GCC_EXEC_PREFIX, DEPENDENCIES_OUTPUT, LD_RUN_PATH,
 * NVCC_APPEND_FLAGS. ODEC_... is for scripts of the user's that stand for one. */
static const char *const visible[] = {
    "PATH=", "HOME=", "LD_LIBRARY_PATH=", "NVCC_CCBIN=", "ODEC_"};

static bool is_visible(const char *variable) {
    for (size_t i = 0; i < sizeof visible / sizeof *visible; i++) {
        if (strncmp(variable, visible[i], strlen(visible[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* That, messages in English, and temporary files where `temporary`, a "TMPDIR=...", says. List
 * of borrowed strings, or NULL. */
static char **compiler_environment(struct heap *heap, char *temporary) {
    size_t n = 0, used = 0;
    while (environ && environ[n]) {
        n++;
    }
    char **copy = heap_take(heap, n + 3, sizeof *copy);
    if (copy) {
        for (size_t i = 0; i < n; i++) {
            if (is_visible(environ[i])) {
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
    const char *directory; /* absolute */
    int input, messages;   /* descriptors */
};

static bool can_end_early(const struct cc *cc) {
    return cc->waiting || cc->most_seconds > 0;
}

/* Who is killed cannot end it any more: then at least it comes to an end of itself. */
static void bound_time(pid_t pid, double most_seconds) {
    if (most_seconds > 0 && most_seconds < 1e9) {
        const rlim_t seconds = (rlim_t)ceil(2 * most_seconds) + 1;
        prlimit(pid, RLIMIT_CPU, &(struct rlimit){seconds, seconds}, NULL);
    }
}

/* posix_spawn with default signals, but those that we ignore; an errno value. vfork-like, so a
 * process with threads and locks is safe. Who can give up has it in a process group of its
 * own. */
static int spawn_with(pid_t *pid, const struct run *run, char *const *arguments,
                      char *const *environment) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
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
    if (error == 0) {
        bound_time(*pid, run->cc->most_seconds);
    }
    return error;
}

static size_t count(const char *const *list) {
    size_t n = 0;
    while (list && list[n]) {
        n++;
    }
    return n;
}

/* The path, its words, flags and what comes behind them: borrowed, or NULL. */
static char **list_arguments(struct heap *heap, const struct cc *cc,
                             const char *const *flags, const char *const *last) {
    const char *const *const parts[] = {(const char *const *)cc->words, flags, last};
    size_t n = 2, used = 0;
    for (size_t i = 0; i < 3; i++) {
        n += count(parts[i]);
    }
    const char **list = heap_take(heap, n, sizeof *list);
    if (list) {
        list[used++] = cc->path;
        for (size_t i = 0; i < 3; i++) {
            for (size_t k = 0; k < count(parts[i]); k++) {
                list[used++] = parts[i][k];
            }
        }
    }
    return (char **)list;
}

static int spawn(struct heap *heap, pid_t *pid, const struct run *run,
                 const char *const *flags, const char *const *last) {
    const size_t size = strlen(run->directory) + sizeof "TMPDIR=";
    char *temporary = heap_take(heap, 1, size);
    char **environment = temporary ? compiler_environment(heap, temporary) : NULL;
    char **arguments = environment ? list_arguments(heap, run->cc, flags, last) : NULL;
    int error = ENOMEM;
    if (arguments) {
        snprintf(temporary, size, "TMPDIR=%s", run->directory);
        error = spawn_with(pid, run, arguments, environment);
    }
    heap_give(arguments);
    heap_give(environment);
    heap_give(temporary);
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

/* Runs it to its end. */
static odec_status run_with(struct odec_context *context, const struct run *run,
                            const char *const *flags, const char *const *last) {
    const struct cc *cc = run->cc;
    pid_t pid;
    int error = spawn(context->heap, &pid, run, flags, last);
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

static odec_status read_object(struct odec_context *context, const struct run *run,
                               const char *path, struct bytes *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool read = fd >= 0 && bytes_read(context->heap, fd, MAX_IMAGE_BYTES, out);
    const int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    return read ? ODEC_OK : not_read(context, run, error);
}

/* With everything open: arguments, run, read the object. */
static odec_status build_into(struct odec_context *context, const struct run *run,
                              const char *const *flags, struct bytes *out) {
    const size_t size = strlen(run->directory) + sizeof "/kernel.so";
    char *object = heap_take(context->heap, 1, size);
    if (object == NULL) {
        return context_out_of_memory(context);
    }
    snprintf(object, size, "%s/kernel.so", run->directory);
    odec_status status = run_with(context, run, flags,
                                  (const char *[]){"-o", object, run->cc->input, NULL});
    if (status == ODEC_OK) {
        status = read_object(context, run, object, out);
    }
    heap_give(object);
    return status;
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
    struct cc_directory directory;
    TRY(cc_directory_make(context, &directory));
    struct run run = {cc, directory.path, memory_file(text), memory_file("")};
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
    cc_directory_remove(&directory);
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
