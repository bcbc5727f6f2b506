/* bench_process.c -- the benches of the whole command: time to the first result, memory
 * of a large batch, and results streamed to disk.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { PATH_BYTES = 4096, MAX_ARGUMENTS = 32 };

/* A directory of our own on the disk to measure; holds results and the kernel cache. */
struct place {
    char directory[PATH_BYTES - 64], result[PATH_BYTES], cache[PATH_BYTES];
};

static bool place_open(const struct bench_options *o, struct place *place) {
    char *scratch =
        realpath(o->scratch, NULL); /* a relative XDG_CACHE_HOME is ignored */
    snprintf(place->directory, sizeof place->directory, "%s/odec-bench-XXXXXX",
             scratch ? scratch : "");
    free(scratch);
    if (mkdtemp(place->directory) == NULL) {
        fprintf(stderr, "%s: %s\n", place->directory, strerror(errno));
        return false;
    }
    snprintf(place->result, sizeof place->result, "%s/result.npy", place->directory);
    snprintf(place->cache, sizeof place->cache, "%s/cache", place->directory);
    return mkdir(place->cache, 0700) == 0;
}

/* Runs a program to its end, its standard streams our own. False where it failed. */
static bool run(char *const *arguments, char *const *environment, struct rusage *used) {
    pid_t pid;
    int status;
    const int error =
        posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environment);
    if (error) {
        fprintf(stderr, "%s: %s\n", arguments[0], strerror(error));
        return false;
    }
    while (wait4(pid, &status, 0, used) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void remove_tree(const char *path) {
    struct rusage ignored;
    char *arguments[] = {"rm", "-rf", (char *)path, NULL};
    run(arguments, environ, &ignored);
}

struct spent {
    double wall, cpu;  /* s, of the process and its children */
    double peak_bytes; /* resident, of the largest of them */
};

/* `odec run MODEL rest...` with the place's own kernel cache. rest ends with NULL. */
static bool run_odec(const struct bench_options *o, const struct place *place,
                     const char *model, const char *const *rest, struct spent *spent) {
    char model_path[PATH_BYTES], cache[PATH_BYTES + 32];
    char *environment[512], *arguments[MAX_ARGUMENTS];
    snprintf(model_path, sizeof model_path, "%s/%s", o->examples, model);
    snprintf(cache, sizeof cache, "XDG_CACHE_HOME=%s", place->cache);
    int n = 0;
    environment[n++] = cache;
    for (char **e = environ; *e && n < 511; e++) {
        if (strncmp(*e, "XDG_CACHE_HOME=", 15) != 0) {
            environment[n++] = *e;
        }
    }
    environment[n] = NULL;
    n = 0;
    arguments[n++] = (char *)o->command;
    arguments[n++] = "run";
    arguments[n++] = model_path;
    arguments[n++] = "--quiet";
    while (*rest && n < MAX_ARGUMENTS - 1) {
        arguments[n++] = (char *)*rest++;
    }
    arguments[n] = NULL;
    struct rusage used = {0};
    const struct moment start = moment_now();
    const bool done = run(arguments, environment, &used);
    spent->wall = moment_since(start).wall;
    spent->cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    spent->peak_bytes = 1024.0 * (double)used.ru_maxrss;
    return done;
}

static double file_bytes(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (double)info.st_size : -1;
}

/* ---- the first result ---- */

bool bench_first(const struct bench_options *o) {
    report_title("first",
                 "odec run, a grid of 100 runs of Lorenz to t = 10, whole process: "
                 "empty kernel cache, then cached");
    struct place place;
    if (!place_open(o, &place)) {
        return report_failure("first", "no place for results");
    }
    const char *const rest[] = {"--sweep", "rho=0:21:100", "--t",
                                "0:10",    "--save",       "final",
                                "-o",      place.result,   NULL};
    struct sample cold = {0}, cached = {0};
    bool done = true;
    for (int r = 0; done && r < o->repeats; r++) {
        struct spent spent = {0};
        remove_tree(place.cache);
        done = mkdir(place.cache, 0700) == 0 &&
               run_odec(o, &place, "lorenz.ode", rest, &spent);
        sample_add(&cold, spent.wall);
        done = done && run_odec(o, &place, "lorenz.ode", rest, &spent);
        sample_add(&cached, spent.wall);
    }
    remove_tree(place.directory);
    if (!done) {
        return report_failure("first", "odec run failed");
    }
    report_value(o, "first", "cold, best", sample_min(&cold), "s");
    report_value(o, "first", "cached, best", sample_min(&cached), "s");
    const bool met = report_target(o, "first", "cold, median", sample_median(&cold),
                                   false, 1.0, "s");
    return report_target(o, "first", "cached, median", sample_median(&cached), false,
                         0.1, "s") &&
           met;
}

/* ---- memory of a large batch ---- */

bool bench_memory(const struct bench_options *o) {
    report_title("memory",
                 "odec run, 10,000,000 runs of Lorenz to t = 0.1, final states to "
                 ".npy, peak resident memory of the process");
    struct place place;
    if (!place_open(o, &place)) {
        return report_failure("memory", "no place for results");
    }
    const char *const rest[] = {"--sweep", "rho=0:28:1e7", "--t",   "0:0.1",
                                "--save",  "final",        "--out", "x,y,z",
                                "-o",      place.result,   NULL};
    const char *const warm[] = {"--sweep", "rho=0:28:8", "--t",   "0:0.1",
                                "--save",  "final",      "--out", "x,y,z",
                                "-o",      place.result, NULL};
    struct spent first, spent;
    /* The first run leaves the kernel in the cache: the C compiler's memory is not
     * odec's. */
    const bool done = run_odec(o, &place, "lorenz.ode", warm, &first) &&
                      run_odec(o, &place, "lorenz.ode", rest, &spent);
    const double bytes = file_bytes(place.result);
    remove_tree(place.directory);
    if (!done || bytes < 240e6) {
        return report_failure("memory", "odec run failed or its result is not whole");
    }
    report_value(o, "memory", "result", bytes * 1e-6, "MB");
    report_value(o, "memory", "time, whole process", spent.wall, "s");
    report_value(o, "memory", "runs, whole process", 1e-6 * 1e7 / spent.wall, "M/s");
    return report_target(o, "memory", "peak memory", spent.peak_bytes * 1e-6, false,
                         100, "MB");
}

/* ---- streaming to disk ---- */

enum { BLOCK_BYTES = 1 << 20 };

struct transfer {
    double written,
        synced; /* bytes/s until the last write, and until it is on the disk */
};

/* The disk's own speed: plain writes of as many bytes to a new file. */
static bool write_plainly(const char *path, double bytes, struct transfer *out) {
    static char block[BLOCK_BYTES];
    memset(block, 0x5a, sizeof block);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    const struct moment start = moment_now();
    bool done = true;
    for (double left = bytes; done && left > 0; left -= BLOCK_BYTES) {
        const size_t n = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
        done = write(fd, block, n) == (ssize_t)n;
    }
    out->written = bytes / moment_since(start).wall;
    done = done && fsync(fd) == 0;
    out->synced = bytes / moment_since(start).wall;
    close(fd);
    return done;
}

static bool stream(const struct bench_options *o, const struct place *place,
                   struct transfer *out, double *bytes, struct spent *spent) {
    const char *const rest[] = {"--sweep", "rho=0:21:1e6", "--t",   "0:1",
                                "--save",  "n:100",        "--out", "x,y,z",
                                "-o",      place->result,  NULL};
    const struct moment start = moment_now();
    if (!run_odec(o, place, "lorenz.ode", rest, spent)) {
        return false;
    }
    *bytes = file_bytes(place->result);
    out->written = *bytes / spent->wall;
    const int fd = open(place->result, O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    out->synced = *bytes / moment_since(start).wall;
    if (fd >= 0) {
        close(fd);
    }
    return synced;
}

bool bench_disk(const struct bench_options *o) {
    report_title("disk",
                 "odec run, 1,000,000 runs of Lorenz, 100 save times, to .npy (2.4 "
                 "GB), whole process, against plain writes of as many bytes");
    struct place place;
    if (!place_open(o, &place)) {
        return report_failure("disk", "no place for results");
    }
    struct sample plain = {0}, plain_synced = {0}, odec = {0}, odec_synced = {0};
    struct sample share = {0}, cpu = {0};
    bool done = true;
    double bytes = 0;
    for (int r = -1; done && r < 3; r++) { /* the first turn warms the kernel cache */
        struct transfer theirs, ours;
        struct spent spent = {0};
        done = stream(o, &place, &ours, &bytes, &spent) && bytes >= 2.4e9 &&
               unlink(place.result) == 0 &&
               write_plainly(place.result, bytes, &theirs) && unlink(place.result) == 0;
        if (done && r >= 0) {
            sample_add(&plain, theirs.written * 1e-6);
            sample_add(&plain_synced, theirs.synced * 1e-6);
            sample_add(&odec, ours.written * 1e-6);
            sample_add(&odec_synced, ours.synced * 1e-6);
            sample_add(&share, ours.written / theirs.written * 100);
            sample_add(&cpu, spent.cpu);
        }
    }
    remove_tree(place.directory);
    if (!done) {
        return report_failure("disk", "odec run or a write failed");
    }
    report_value(o, "disk", "plain writes", sample_median(&plain), "MB/s");
    report_value(o, "disk", "plain writes, with fsync", sample_median(&plain_synced),
                 "MB/s");
    report_value(o, "disk", "odec", sample_median(&odec), "MB/s");
    report_value(o, "disk", "odec, with fsync", sample_median(&odec_synced), "MB/s");
    report_value(o, "disk", "odec, CPU time", sample_median(&cpu), "s");
    return report_target(o, "disk", "odec's share of plain writes, median",
                         sample_median(&share), true, 50, "%");
}
