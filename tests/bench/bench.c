/* bench.c -- odec's benches: `odec_bench [options] [BENCH...]`, all of them by default.
 *
 *   --odec PATH       the odec command          --examples DIR  the models
 *   --scratch DIR     the disk to measure       --cc NAME       the kernels' C compiler
 *   --repeats N       odd, default 9            --json FILE     JSON lines, appended
 *   --records DIR     where explicit and workprecision write their .csv and .svg;
 *                     default: the sources
 *   --peers DIR       what peers.sh installed; default: $ODEC_BENCH_PEERS
 *   --problem NAME    explicit and workprecision: this one alone
 *   --sundials any    also one without optimisation, which is no peer
 *
 * Each bench prints both sides, their ratio and the target. Exit status: 0 where every
 * target is met, 1 where not, 2 for wrong arguments. Records: RECORDS.md.
 */
#define _GNU_SOURCE
#include "bench.h"
#include "peer_library.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- clocks and statistics ---- */

static double seconds_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct moment moment_now(void) {
    return (struct moment){seconds_of(CLOCK_MONOTONIC),
                           seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
}

struct moment moment_since(struct moment start) {
    const struct moment now = moment_now();
    return (struct moment){now.wall - start.wall, now.cpu - start.cpu};
}

void sample_add(struct sample *s, double x) {
    if (s->n < MAX_REPEATS) {
        s->at[s->n++] = x;
    }
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct sample sorted(const struct sample *s) {
    struct sample copy = *s;
    qsort(copy.at, (size_t)copy.n, sizeof copy.at[0], compare);
    return copy;
}

double sample_median(const struct sample *s) { return sorted(s).at[s->n / 2]; }
double sample_min(const struct sample *s) { return sorted(s).at[0]; }
double sample_max(const struct sample *s) { return sorted(s).at[s->n - 1]; }

/* ---- report ---- */

void report_title(const char *bench, const char *text) {
    printf("\n%s: %s\n", bench, text);
    fflush(stdout);
}

static void json_line(const struct bench_options *o, const char *bench,
                      const char *what, double value, const char *unit) {
    if (o->json) {
        fprintf(o->json,
                "{\"bench\": \"%s\", \"what\": \"%s\", \"value\": %.6g, \"unit\": "
                "\"%s\"}\n",
                bench, what, value, unit);
        fflush(o->json);
    }
}

void report_value(const struct bench_options *o, const char *bench, const char *what,
                  double value, const char *unit) {
    printf("  %-46s %12.5g %s\n", what, value, unit);
    fflush(stdout);
    json_line(o, bench, what, value, unit);
}

bool report_target(const struct bench_options *o, const char *bench, const char *what,
                   double value, bool at_least, double target, const char *unit) {
    const bool met = at_least ? value >= target : value <= target;
    printf("  %-46s %12.5g %-8s target %s %g: %s\n", what, value, unit,
           at_least ? ">=" : "<=", target, met ? "met" : "MISSED");
    fflush(stdout);
    json_line(o, bench, what, value, unit);
    return met;
}

bool report_failure(const char *bench, const char *why) {
    fflush(stdout);
    fprintf(stderr, "%s: cannot be measured: %s\n", bench, why);
    return false;
}

/* Which SUNDIALS the peers are: a library without optimisation is no peer. */
static bool report_peer(const struct bench_options *o) {
    struct peer_library library;
    if (!peer_library_look(&library)) {
        return report_failure("peer", "SUNDIALS refuses");
    }
    printf("peer: SUNDIALS %s, %s\n%s", library.version, peer_library_verdict(&library),
           library.files);
    report_value(o, "peer", "N_VWrmsNorm, 1000 elements", library.ns_per_element,
                 "ns/element");
    report_value(o, "peer", "the same loop, built here with -O3", library.ns_optimised,
                 "ns/element");
    report_value(o, "peer", "the same loop, built here with -O0", library.ns_plain,
                 "ns/element");
    return library.optimised;
}

/* ---- arguments ---- */

static const struct {
    const char *name;
    bool (*run)(const struct bench_options *);
    bool has_peer; /* SUNDIALS */
} benches[] = {
    {"lorenz", bench_lorenz, true},
    {"hodgkin-huxley", bench_hodgkin_huxley, true},
    {"explicit", bench_explicit, true},
    {"stiff", bench_stiff, true},
    {"workprecision", bench_workprecision, true},
    {"fixed", bench_fixed, false},
    {"refill", bench_refill, false},
    {"mixed", bench_mixed, false},
    {"threads", bench_threads, false},
    {"first", bench_first, false},
    {"memory", bench_memory, false},
    {"disk", bench_disk, false},
    {"sizes", bench_sizes, false},
    {"writer", bench_writer, false},
    {"csv", bench_csv, false},
};

enum { N_BENCHES = sizeof benches / sizeof benches[0] };

static int usage(const char *why, const char *what) {
    fprintf(stderr, "odec_bench: %s '%s'\n", why, what);
    fprintf(
        stderr,
        "odec_bench [--odec PATH] [--examples DIR] [--scratch DIR] [--cc NAME] "
        "[--records DIR] [--peers DIR] [--problem NAME] [--sundials any] [--repeats N] "
        "[--json FILE] [BENCH...]\nbenches:");
    for (int i = 0; i < N_BENCHES; i++) {
        fprintf(stderr, " %s", benches[i].name);
    }
    fputc('\n', stderr);
    return 2;
}

/* One option with its value. 0, or an exit status. */
static int read_option(struct bench_options *o, const char *name, const char *value) {
    if (strcmp(name, "--odec") == 0) {
        o->command = value;
    } else if (strcmp(name, "--examples") == 0) {
        o->examples = value;
    } else if (strcmp(name, "--scratch") == 0) {
        o->scratch = value;
    } else if (strcmp(name, "--records") == 0) {
        o->records = value;
    } else if (strcmp(name, "--peers") == 0) {
        o->peers = value;
    } else if (strcmp(name, "--problem") == 0) {
        o->problem = value;
    } else if (strcmp(name, "--sundials") == 0) {
        if (strcmp(value, "any") != 0) {
            return usage("--sundials takes any, not", value);
        }
        o->any_library = true;
    } else if (strcmp(name, "--cc") == 0) {
        o->compiler = value;
    } else if (strcmp(name, "--repeats") == 0) {
        o->repeats = atoi(value);
        if (o->repeats < 3 || o->repeats > MAX_REPEATS) {
            return usage("repeats out of 3 .. 101:", value);
        }
    } else if (strcmp(name, "--json") == 0) {
        o->json = fopen(value, "a");
        if (o->json == NULL) {
            return usage("cannot open", value);
        }
    } else {
        return usage("no such option:", name);
    }
    return 0;
}

int main(int argc, char **argv) {
    struct bench_options o = {.command = ODEC_BENCH_COMMAND,
                              .examples = ODEC_BENCH_EXAMPLES,
                              .scratch = ".",
                              .records = ODEC_BENCH_RECORDS,
                              .peers = getenv("ODEC_BENCH_PEERS"),
                              .repeats = 9};
    bool chosen[N_BENCHES] = {false}, any = false, met = true;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            const int wrong = i + 1 < argc ? read_option(&o, argv[i], argv[i + 1])
                                           : usage("no value for", argv[i]);
            if (wrong) {
                return wrong;
            }
            i++;
            continue;
        }
        bool known = false;
        for (int k = 0; k < N_BENCHES; k++) {
            if (strcmp(argv[i], benches[k].name) == 0) {
                chosen[k] = any = known = true;
            }
        }
        if (!known) {
            return usage("no such bench:", argv[i]);
        }
    }
    const bool has_peer = report_peer(&o) || o.any_library;
    for (int k = 0; k < N_BENCHES; k++) {
        if (!chosen[k] && any) {
            continue;
        }
        if (benches[k].has_peer && !has_peer) {
            met = report_failure(benches[k].name,
                                 "this SUNDIALS is no peer: it was compiled without "
                                 "optimisation (README.md; --sundials any)");
            continue;
        }
        met = benches[k].run(&o) && met;
    }
    if (o.json) {
        fclose(o.json);
    }
    return met ? 0 : 1;
}
