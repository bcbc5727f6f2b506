/* summary.c -- see summary.h.
 *
 *   lorenz: 100,000 runs, all ok, in 0.214 s (468 k runs/s)
 *     tsit5 in double on cpu, 2 threads of 8 lanes, 1 chunk
 *     2,345,678 attempts, 1.2 % rejected, 11 M attempts/s
 *     compile 0.171 s (cached) | solve 0.214 s | write 0.010 s | total 0.402 s
 *     results in out.npy (2.3 MiB)
 */
#include "summary.h"

#include <string.h>

#include "cli.h"
#include "failures.h"
#include "say.h"

static void print_runs(FILE *to, const struct stats *stats) {
    const struct odec_result *result = stats->result;
    char runs[SAY_SIZE], stopped[SAY_SIZE], failed[SAY_SIZE], seconds[SAY_SIZE],
        rate[SAY_SIZE];
    struct strbuf how = {0};
    int64_t n_stopped = result->n_by_status[ODEC_RUN_EVENT_STOP];
    int64_t n_failed = failures_count(result);
    if (n_stopped > 0) {
        strbuf_add(&how, ", %s stopped by an event", say_count(stopped, n_stopped));
    }
    if (n_failed > 0) {
        strbuf_add(&how, ", %s failed (", say_count(failed, n_failed));
        failures_add_causes(&how, result);
        strbuf_add(&how, ")");
    } else {
        strbuf_add(&how, result->n_runs > 1 ? ", all ok" : ", ok");
    }
    double solve = result->solve_seconds;
    fprintf(to, "%s: %s run%s%s, in %s (%s runs/s)\n", stats->program->model,
            say_count(runs, result->n_runs), say_s(result->n_runs),
            how.at ? how.at : "", say_seconds(seconds, solve),
            say_rate(rate, (double)result->n_runs / (solve > 0 ? solve : 1e-9)));
    strbuf_release(&how);
}

/* "cpu, 2 threads of 8 lanes", or "3 devices" */
static void print_where(FILE *to, const odec_solver *solver) {
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    int32_t n = 0;
    for (int32_t i = odec_solver_n_devices(solver) - 1; i >= 0; i--) {
        odec_device_info one = ODEC_DEVICE_INFO_INIT;
        odec_solver_device_info(solver, i, &one);
        if (one.n_runs > 0) {
            info = one;
            n++;
        }
    }
    if (n == 1) {
        fprintf(to, "%s, %s", info.name, info.description);
    } else {
        fprintf(to, "%d devices", n);
    }
}

/* Which device did how many runs, where there are several. */
static void print_devices(FILE *to, const struct stats *stats) {
    const int32_t n = odec_solver_n_devices(stats->solver);
    char runs[SAY_SIZE], seconds[SAY_SIZE];
    for (int32_t i = 0; n > 1 && i < n; i++) {
        odec_device_info info = ODEC_DEVICE_INFO_INIT;
        odec_solver_device_info(stats->solver, i, &info);
        if (info.n_runs > 0 || info.failure[0] == '\0') {
            fprintf(to, "    %-7s %s run%s (%.3g %%), busy %s, %s\n", info.name,
                    say_count(runs, info.n_runs), say_s(info.n_runs),
                    100.0 * (double)info.n_runs / (double)stats->result->n_runs,
                    say_seconds(seconds, info.busy_seconds), info.description);
        }
    }
}

void summary_print(FILE *to, const struct stats *stats, const char *output,
                   int64_t output_bytes) {
    const struct odec_result *result = stats->result;
    const struct odec_solver *solver = stats->solver;
    char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE], d[SAY_SIZE];
    print_runs(to, stats);
    fprintf(to, "  %s in %s on ", stats->program->method,
            stats->program->precision == ODEC_FLOAT ? "float" : "double");
    print_where(to, solver);
    fprintf(to, ", %s chunk%s\n", say_count(a, result->n_chunks),
            say_s(result->n_chunks));
    print_devices(to, stats);
    if (stats->program->method_reason) {
        fprintf(to, "  (%s was chosen: %s)\n", stats->program->method,
                stats->program->method_reason);
    }
    int64_t attempts = result->n_accepted + result->n_rejected;
    double solve = result->solve_seconds > 0 ? result->solve_seconds : 1e-9;
    const double rejected =
        attempts > 0 ? 100.0 * (double)result->n_rejected / (double)attempts : 0.0;
    snprintf(c, SAY_SIZE, rejected < 99.5 ? "%.2g" : "%.0f", rejected); /* not 1e+02 */
    fprintf(to, "  %s step%s tried, %s %% rejected, %s steps/s\n",
            say_count(a, attempts), say_s(attempts), c,
            say_rate(b, (double)attempts / solve));
    fprintf(to, "  compile %s%s | solve %s | write %s | total %s\n",
            say_seconds(a, stats->compile_seconds),
            odec_solver_cache_hit(solver) ? " (cached)" : "",
            say_seconds(b, result->solve_seconds), say_seconds(c, stats->write_seconds),
            say_seconds(d, stats->total_seconds));
    if (output && strcmp(output, "-") != 0) {
        char shown[CLI_SHOWN];
        fprintf(to, "  results in %s (%s)\n", cli_shown(shown, output),
                say_bytes(a, output_bytes));
    }
}

void summary_warn_devices(const odec_solver *solver) {
    for (int32_t i = 0; i < odec_solver_n_devices(solver); i++) {
        odec_device_info info = ODEC_DEVICE_INFO_INIT;
        odec_solver_device_info(solver, i, &info);
        if (info.failure[0]) {
            cli_warning("%s took no further part: %s", info.name, info.failure);
        }
    }
}
