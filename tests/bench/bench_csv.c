/* bench_csv.c -- results as CSV: the final states of a million runs of Lorenz, to a file,
 * by one thread and by all cores, beside plain writes of the same bytes. A value is one
 * of the states, the run's number or its parameter.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu_features.h"
#include "job.h"
#include "result_file.h"

enum { N_RUNS = 1000000, PORTION_RUNS = 1 << 16, N_VALUES = 5 };

struct csv_bench {
    struct job job;
    struct settings settings;
    struct run_axis axis;
    struct odec_run_record *records; /* [PORTION_RUNS] */
    char path[4096];
};

static bool write_csv(struct csv_bench *b, int32_t n_threads, struct moment *took,
                      double *bytes) {
    const struct result_about about = {.program = &b->job.program,
                                       .batch = &b->job.batch,
                                       .settings = &b->settings,
                                       .axes = &b->axis,
                                       .n_axes = 1,
                                       .n_threads = n_threads};
    struct result_file *file;
    odec_result result = ODEC_RESULT_INIT;
    if (result_file_create(b->job.context, b->path, &about, &file) != ODEC_OK) {
        return report_failure("csv", odec_context_error(b->job.context));
    }
    const struct odec_sink sink = result_file_sink(file);
    odec_status status = ODEC_OK;
    const struct moment start = moment_now();
    for (int64_t first = 0; first < N_RUNS && status == ODEC_OK;
         first += PORTION_RUNS) {
        const int64_t left = N_RUNS - first;
        const odec_portion portion = {
            .size = sizeof portion,
            .first_run = first,
            .n_runs = left < PORTION_RUNS ? left : PORTION_RUNS,
            .values = b->job.values + first * b->job.program.n_columns,
            .records = b->records};
        status = sink.write(sink.user, &portion);
    }
    *took = moment_since(start);
    if (status == ODEC_OK) {
        status = result_file_finish(file, &result);
    }
    *bytes = (double)result_file_bytes(file);
    result_file_destroy(file);
    unlink(b->path);
    return status == ODEC_OK || report_failure("csv", "a write failed");
}

static bool write_plainly(const struct csv_bench *b, double bytes,
                          struct moment *took) {
    enum { BLOCK = 1 << 17 };
    static char block[BLOCK];
    memset(block, '7', sizeof block);
    const int fd = open(b->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool done = fd >= 0;
    const struct moment start = moment_now();
    for (double left = bytes; done && left > 0; left -= BLOCK) {
        const size_t n = left < BLOCK ? (size_t)left : BLOCK;
        done = write(fd, block, n) == (ssize_t)n;
    }
    *took = moment_since(start);
    if (fd >= 0) {
        close(fd);
    }
    unlink(b->path);
    return done || report_failure("csv", "a plain write failed");
}

static bool measure(const struct bench_options *o, struct csv_bench *b) {
    const int32_t n_cores = cpu_usable_cores();
    struct sample one_cpu = {0}, one = {0}, all = {0}, all_cpu = {0}, plain = {0},
                  plain_cpu = {0}, share = {0};
    const double ns = 1e9 / ((double)N_RUNS * N_VALUES);
    double bytes = 0;
    for (int i = 0; i < o->repeats; i++) {
        struct moment alone, together, theirs;
        if (!write_csv(b, 1, &alone, &bytes) ||
            !write_csv(b, n_cores, &together, &bytes) ||
            !write_plainly(b, bytes, &theirs)) {
            return false;
        }
        sample_add(&one, ns * alone.wall);
        sample_add(&one_cpu, ns * (alone.cpu - theirs.cpu));
        sample_add(&all, ns * together.wall);
        sample_add(&all_cpu, ns * (together.cpu - theirs.cpu));
        sample_add(&plain, ns * theirs.wall);
        sample_add(&plain_cpu, ns * theirs.cpu);
        sample_add(&share, 100 * theirs.wall / together.wall);
    }
    report_value(o, "csv", "the file", 1e-6 * bytes, "MB");
    report_value(o, "csv", "plain writes of it, wall", sample_median(&plain),
                 "ns/value");
    report_value(o, "csv", "plain writes of it, CPU", sample_median(&plain_cpu),
                 "ns/value");
    report_value(o, "csv", "one thread, wall", sample_median(&one), "ns/value");
    report_value(o, "csv", "all cores, wall", sample_median(&all), "ns/value");
    report_value(o, "csv", "all cores, CPU beyond plain writes",
                 sample_median(&all_cpu), "ns/value");
    const bool met = report_target(o, "csv", "one thread, CPU beyond plain writes",
                                   sample_median(&one_cpu), false, 15, "ns/value");
    return report_target(o, "csv", "all cores, share of plain writes",
                         sample_median(&share), true, 80, "%") &&
           met;
}

bool bench_csv(const struct bench_options *o) {
    const struct job_spec spec = {.model = "lorenz.ode",
                                  .outputs = "x,y,z",
                                  .method = "tsit5",
                                  .dt = NAN,
                                  .tolerance = 1e-6,
                                  .t1 = 1,
                                  .threads = 1};
    struct csv_bench b = {0};
    struct moment took;
    const odec_source rho = {
        .kind = ODEC_SOURCE_GRID, .lo = 0, .hi = 21, .n = N_RUNS, .repeat = 1};
    report_title("csv", "1,000,000 runs of Lorenz, final states, to .csv: run, t, rho, "
                        "x, y, z, status");
    snprintf(b.path, sizeof b.path, "%s/odec-bench-%d.csv", o->scratch, (int)getpid());
    b.records = calloc(PORTION_RUNS, sizeof *b.records);
    bool done =
        b.records && job_open(o, &spec, &b.job) && job_source(&b.job, "rho", rho) &&
        job_runs(&b.job, N_RUNS, true) && job_solve(&b.job, &took) &&
        settings_resolve(b.job.context, &b.job.program, &b.job.batch, &b.settings) ==
            ODEC_OK;
    b.axis = (struct run_axis){.name = "rho", .source = &rho};
    done = done ? measure(o, &b) : report_failure("csv", "it could not be set up");
    settings_release(&b.settings);
    job_close(&b.job);
    free(b.records);
    return done;
}
