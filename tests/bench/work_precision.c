/* work_precision.c -- see work_precision.h. */
#define _GNU_SOURCE
#include "work_precision.h"

#include "peer_library.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Opens the file to write; with --problem the other problems' rows stay. */
static FILE *reopen(const struct bench_options *o, const char *path, const char *head) {
    FILE *old = o->problem ? fopen(path, "r") : NULL;
    char *kept = NULL, line[1024];
    size_t n_kept = 0;
    FILE *rows = open_memstream(&kept, &n_kept);
    for (int i = 0; old && rows && fgets(line, sizeof line, old); i++) {
        const size_t n = strlen(o->problem);
        if (i >= 2 && (strncmp(line, o->problem, n) != 0 || line[n] != ',')) {
            fputs(line, rows);
        }
    }
    if (old) {
        fclose(old);
    }
    FILE *csv = rows && fclose(rows) == 0 ? fopen(path, "w") : NULL;
    if (csv) {
        fputs(head, csv);
        fputs(kept, csv);
    }
    free(kept);
    return csv;
}

bool work_precision_open(struct work_precision *out, const struct bench_options *o,
                         const char *bench, const char *name) {
    struct peer_library library;
    char head[512];
    *out = (struct work_precision){.o = o, .bench = bench, .name = name};
    snprintf(out->path, sizeof out->path, "%s/%s.csv", o->records, name);
    if (peer_library_look(&library)) {
        snprintf(
            head, sizeof head,
            "# odec_bench %s, least of the turns; SUNDIALS %s, %s\n"
            "problem,solver,rtol,us_per_run,error_max,error_rms,attempts_or_steps\n",
            bench, library.version, peer_library_verdict(&library));
        out->csv = reopen(o, out->path, head);
    }
    if (out->csv == NULL) {
        return report_failure(bench, "its .csv cannot be written");
    }
    return true;
}

void work_precision_point(FILE *csv, const char *problem, const char *solver,
                          int decade, const struct sample *us, double error_max,
                          double error_rms, double attempts) {
    fprintf(csv, "%s,%s,1e-%d,%.6g,%.4g,%.4g,%.6g\n", problem, solver, decade,
            sample_min(us), error_max, error_rms, attempts);
    fflush(csv);
    printf(
        "  %-14s %-18s 1e-%-2d %11.5g us/run (median %.5g)  error max %8.2g rms %8.2g",
        problem, solver, decade, sample_min(us), sample_median(us), error_max,
        error_rms);
    if (!isnan(attempts)) {
        printf(" %9.5g attempts", attempts);
    }
    putchar('\n');
    fflush(stdout);
}

static bool run_script(const struct work_precision *out, const char *script,
                       const char *rest) {
    char command[16384];
    snprintf(command, sizeof command, "python3 '%s/%s' '%s'%s", ODEC_BENCH_SOURCES,
             script, out->path, rest);
    const bool done = system(command) == 0;
    printf("  %s: %s\n", done ? "done" : "NOT done", command);
    fflush(stdout);
    return done;
}

bool work_precision_close(struct work_precision *out) {
    char svg[4200];
    snprintf(svg, sizeof svg, " '%s/%s.svg'", out->o->records, out->name);
    const bool written = fclose(out->csv) == 0;
    const bool tabled = run_script(out, "equal_error.py", "");
    const bool drawn = run_script(out, "plot_work_precision.py", svg);
    return (written && tabled && drawn) || report_failure(out->bench, "see above");
}
