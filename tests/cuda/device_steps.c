/* device_steps.c -- a model's functions for kernels of one's own (odec emit --target device) give
 * the bits of odec's own kernels.
 *
 *   device_steps double|float g++|clang++ EXAMPLES_DIR CUDA_DIR
 *
 * The header is compiled as C++17 for the host, once as it is for the host and once as CUDA's text
 * with host_words.h in the place of CUDA's words, without a warning, together with
 * device_driver.h. For each method, of fixed steps from the same start:
 *
 *   steps     the states after each are those of odec_solve with fixed steps, bit by bit
 *   dense     and those within each those of its saves
 *   error     estimates of order error_order, and odec's norm of them
 *   Jacobian  central differences of the right-hand side; what `solve` gives solves it
 *
 * Skipped where there is no such compiler.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_build.h"
#include "methods.h"
#include "programs.h"

enum { N_STEPS = 40, MAX_STATES = 32 };

#define DRIVEN \
    "model driven\npar p = 1 in 0 ..\ninit x = 1, v = p\nx' = v\nv' = -p*x + sin(3*t)\n"
/* Names that no C knows what to do with; calls of the right-hand side by value. */
#define LONG_ONE                                                                       \
    "model double\npar NULL = 1, I = 0.3\ninit threadIdx = 1, R = 0.5, while = 0.25\n" \
    "a = exp(-threadIdx*NULL) + sin(R) + cos(while)*tanh(R*threadIdx)\n"               \
    "threadIdx' = a - I*threadIdx*R\nR' = sin(a*while) - R\nwhile' = exp(-a*R) - while^3\n"

static const struct trial {
    const char *model, *source; /* NULL: the example of that name */
    const char *method;
    double dt, t0;
} trials[] = {
    {"lorenz", NULL, "tsit5", 0.01, 0},
    {"two_body", NULL, "vern7", 0.013, 0},
    {"hodgkin_huxley", NULL, "dopri5", 0.02, 0},
    {"vanderpol", NULL, "bs3", 0.01, 0},
    {"pendulum", NULL, "heun", 0.003, 0},
    {"lorenz", NULL, "rk4", 0.01, 0},
    {"pendulum", NULL, "euler", 0.003, 0},
    {"driven", DRIVEN, "tsit5", 0.0625, 1.7e9},
    {"double", LONG_ONE, "vern7", 0.05, 0},
    {"robertson", NULL, "rodas5p", 0.0001, 0},
    {"hires", NULL, "rodas4", 0.05, 0},
    {"oregonator", NULL, "rosenbrock23", 0.01, 0},
    {"pollution", NULL, "rodas5p", 0.01, 0},
    {"driven", DRIVEN, "rodas4", 0.0625, 1.7e9},
};

/* ---- files and compilers ---- */

struct toolbox {
    const char *cxx, *examples, *cuda_directory;
    char directory[64]; /* for the files of compilations, our own */
};

/* The driver with the header, loaded; NULL where that fails. */
static void *build(const struct toolbox *tools, const struct trial *t,
                   const char *header, const struct method *method, bool as_cuda) {
    char path[128], object[128], driver[512], words[512], name[64];
    snprintf(path, sizeof path, "%s/device.cuh", tools->directory);
    snprintf(object, sizeof object, "%s/driver.so", tools->directory);
    snprintf(driver, sizeof driver, "%s/device_driver.h", tools->cuda_directory);
    snprintf(words, sizeof words, "%s/host_words.h", tools->cuda_directory);
    snprintf(name, sizeof name, "-DMODEL=%s_device", t->model);
    const char *arguments[32] = {
        tools->cxx,         "-std=c++17",    "-O2",     "-fPIC", "-shared", "-Wall",
        "-Wextra",          "-march=native", "-Werror", name,    "-x",      "c++",
        "-ffp-contract=off"};
    int n = 13;
    if (method->adaptive) {
        arguments[n++] = "-DHAS_ERROR";
    }
    if (method->stiff) {
        arguments[n++] = "-DHAS_JACOBIAN";
    }
    if (as_cuda) { /* whose pragmas the host does not know */
        arguments[n++] = "-Wno-unknown-pragmas";
        arguments[n++] = "-Wno-unused-variable";
        arguments[n++] = "-include";
        arguments[n++] = words;
    } else {
        arguments[n++] = "-Wpedantic";
        arguments[n++] = "-Wconversion";
        arguments[n++] = "-Wshadow";
        arguments[n++] = "-Wold-style-cast";
    }
    arguments[n++] = "-include";
    arguments[n++] = path;
    arguments[n++] = driver;
    arguments[n++] = "-o";
    arguments[n++] = object;
    return host_build(header, path, object, arguments);
}

/* ---- odec's own steps ---- */

/* What is stored, as doubles: [2 N_STEPS + 1][n_columns]. */
struct saved {
    int n_columns;
    bool is_float;
    double at[(2 * N_STEPS + 1) * (MAX_STATES + 8)];
};

static odec_status take(void *user, const odec_portion *portion) {
    struct saved *saved = user;
    for (int i = 0; i < (2 * N_STEPS + 1) * saved->n_columns; i++) {
        saved->at[i] = saved->is_float ? ((const float *)portion->values)[i]
                                       : ((const double *)portion->values)[i];
    }
    return ODEC_OK;
}

/* Times of saves: within each step, at its end, and an end of the run beyond, whose last step has
 * another length. */
static void save_times(const struct trial *t, double *at) {
    for (int i = 0; i < N_STEPS; i++) {
        at[2 * i] = t->t0 + (i + 0.3) * t->dt;
        at[2 * i + 1] = t->t0 + (i + 1) * t->dt;
    }
    at[2 * N_STEPS] = t->t0 + (N_STEPS + 2) * t->dt;
}

static bool solve(const odec_program *program, const struct trial *t, double par,
                  const double *at, struct saved *out) {
    odec_context *context = NULL;
    odec_solver *solver = NULL;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_batch batch = ODEC_BATCH_INIT;
    odec_sink sink = ODEC_SINK_INIT;
    odec_save save = ODEC_SAVE_INIT;
    odec_source *pars = calloc((size_t)program->n_pars + 1, sizeof *pars);
    *out = (struct saved){program->n_columns, program->precision == ODEC_FLOAT, {0}};
    save.kind = ODEC_SAVE_AT;
    save.at = at;
    save.count = 2 * N_STEPS + 1;
    sink.write = take;
    sink.user = out;
    options.device = "cpu";
    options.n_threads = 1;
    batch.n_runs = 1;
    batch.t0 = t->t0;
    batch.t1 = at[2 * N_STEPS];
    batch.dt = t->dt;
    batch.save = &save;
    batch.pars = pars;
    if (pars && program->n_pars) {
        pars[0].kind = ODEC_SOURCE_UNIFORM;
        pars[0].value = par;
    }
    odec_status status = pars ? odec_context_create(&context) : ODEC_ERROR_MEMORY;
    if (status == ODEC_OK) {
        status = odec_solver_create(context, program, &options, &solver);
    }
    if (status == ODEC_OK) {
        status = odec_solve(solver, &batch, &sink, NULL);
    }
    if (status != ODEC_OK) {
        fprintf(stderr, "%s\n", context ? odec_context_error(context) : "no memory");
    }
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    free(pars);
    return status == ODEC_OK;
}

/* ---- what is compared ---- */

typedef void driver_steps(double t0, double par, double dt, int n, const double *due,
                          double *out, double *within);
typedef double driver_error(double par, double h, double rtol, const double *atol,
                            double *e, double *y0, double *end);
typedef int driver_error_order(void);
typedef void driver_rhs(double par, double t, const double *y, double *dy);
typedef int driver_jacobian(double par, double t, const double *y, double d,
                            const double *b, double *full, double *per_time, double *x);

struct comparing {
    const struct trial *trial;
    const odec_program *program;
    const struct method *method;
    void *library;
    double par;
    struct saved saved;
    double times[2 * N_STEPS + 1];
    double y[MAX_STATES]; /* some state on the way */
};

static void *find(const struct comparing *c, const char *name) {
    void *found = dlsym(c->library, name);
    if (!found) {
        fprintf(stderr, "%s: no %s\n", c->trial->model, name);
        exit(1);
    }
    return found;
}

static int failed(const struct comparing *c, const char *what, int i, double is,
                  double should) {
    printf("%s, %s: %s %d is %.17g, not %.17g\n", c->trial->model, c->trial->method,
           what, i, is, should);
    return 1;
}

static int compare_steps(struct comparing *c) {
    const int n = c->program->n_states;
    double due[N_STEPS], *out = calloc(2 * N_STEPS * (size_t)n, sizeof *out);
    int n_failed = 0;
    for (int i = 0; i < N_STEPS; i++) {
        due[i] = c->times[2 * i] - c->trial->t0;
    }
    double *within = out + N_STEPS * n;
    ((driver_steps *)find(c, "driver_steps"))(c->trial->t0, c->par, c->trial->dt,
                                              N_STEPS, due, out, within);
    for (int i = 0; i < N_STEPS && !n_failed; i++) {
        for (int k = 0; k < n; k++) {
            const double *row = c->saved.at + 2 * i * c->program->n_columns;
            const double inside = within[i * n + k], end = out[i * n + k];
            const double saved_end = row[c->program->n_columns + k];
            if (memcmp(&inside, &row[k], sizeof inside) != 0) {
                n_failed += failed(c, "within step", i, inside, row[k]);
            }
            if (memcmp(&end, &saved_end, sizeof end) != 0) {
                n_failed += failed(c, "the end of step", i, end, saved_end);
            }
        }
    }
    memcpy(c->y, out + (N_STEPS - 1) * n, sizeof *out * (size_t)n);
    free(out);
    return n_failed;
}

/* Halving h divides the estimate by 2^error_order, about; the norm is that of the estimates. */
static int compare_error(const struct comparing *c) {
    const int n = c->program->n_states;
    double atol[MAX_STATES], e[2][MAX_STATES], y[MAX_STATES], y1[MAX_STATES];
    double size[2] = {0, 0};
    int n_failed = 0;
    const double h = 4 * c->trial->dt;
    for (int k = 0; k < n; k++) {
        atol[k] = 1e-6 * (1 + k);
    }
    for (int i = 0; i < 2; i++) {
        const double norm = ((driver_error *)find(c, "driver_error"))(
            c->par, i ? h / 2 : h, 1e-3, atol, e[i], y, y1);
        double sum = 0;
        for (int k = 0; k < n; k++) {
            const double weight = atol[k] + 1e-3 * fmax(fabs(y[k]), fabs(y1[k]));
            sum += e[i][k] * e[i][k] / (weight * weight) / n;
            size[i] += fabs(e[i][k]);
        }
        if (!(fabs(norm - sum) <= 0.01 * sum)) {
            n_failed += failed(c, "the norm of step", i, norm, sum);
        }
    }
    const double order = log2(size[0] / size[1]);
    const int error_order = ((driver_error_order *)find(c, "driver_error_order"))();
    if (c->program->precision == ODEC_DOUBLE &&
        strcmp(c->trial->model, "lorenz") == 0 && !(fabs(order - error_order) < 0.5)) {
        n_failed += failed(c, "the order of errors", 0, order, error_order);
    }
    return n_failed;
}

/* Column by column against central differences. */
static int compare_partials(const struct comparing *c, double t, const double *full) {
    const int n = c->program->n_states;
    driver_rhs *rhs = (driver_rhs *)find(c, "driver_rhs");
    double up[MAX_STATES], down[MAX_STATES], y[MAX_STATES];
    int n_failed = 0;
    for (int j = 0; j < n; j++) {
        const double eps = c->saved.is_float ? 2e-3 : 1e-6;
        const double d = eps * fmax(fabs(c->y[j]), 1e-3);
        memcpy(y, c->y, sizeof y);
        y[j] = c->y[j] + d;
        rhs(c->par, t, y, up);
        y[j] = c->y[j] - d;
        rhs(c->par, t, y, down);
        for (int i = 0; i < n; i++) {
            const double is = full[i * n + j], should = (up[i] - down[i]) / (2 * d);
            const double slack = (fabs(up[i]) + fabs(down[i])) * eps / d;
            if (!(fabs(is - should) <= 100 * eps * fabs(should) + slack)) {
                n_failed += failed(c, "partial derivative", i * n + j, is, should);
            }
        }
    }
    return n_failed;
}

static int compare_jacobian(const struct comparing *c) {
    const int n = c->program->n_states;
    const double t = 0.25, d = 3.5;
    double full[MAX_STATES * MAX_STATES], per_time[MAX_STATES], b[MAX_STATES];
    double x[MAX_STATES], up[MAX_STATES], down[MAX_STATES];
    int n_failed = 0;
    for (int i = 0; i < n; i++) {
        b[i] = 1 + i % 3;
    }
    if (!((driver_jacobian *)find(c, "driver_jacobian"))(c->par, t, c->y, d, b, full,
                                                         per_time, x)) {
        return failed(c, "factor", 0, 0, 1);
    }
    n_failed += compare_partials(c, t, full);
    driver_rhs *rhs = (driver_rhs *)find(c, "driver_rhs");
    rhs(c->par, t + 0x1p-10, c->y, up);
    rhs(c->par, t - 0x1p-10, c->y, down);
    for (int i = 0; i < n; i++) {
        const double should = (up[i] - down[i]) * 0x1p9;
        double left = -d * x[i], size = fabs(d * x[i]) + fabs(b[i]);
        if (!(fabs(per_time[i] - should) <= 1e-3 * (1 + fabs(should)))) {
            n_failed += failed(c, "df/dt", i, per_time[i], should);
        }
        for (int j = 0; j < n; j++) {
            left += full[i * n + j] * x[j];
            size += fabs(full[i * n + j] * x[j]);
        }
        if (!(fabs(left - b[i]) <= (c->saved.is_float ? 1e-5 : 1e-13) * size)) {
            n_failed += failed(c, "the solution's row", i, left, b[i]);
        }
    }
    return n_failed;
}

/* ---- a trial ---- */

/* Of the model, with fixed steps or, where the method has an estimate, without. */
static odec_compilation *compile(const struct trial *t, const char *source,
                                 bool is_float, bool fixed) {
    odec_compilation *compilation = NULL;
    odec_save save = ODEC_SAVE_INIT;
    odec_spec spec = ODEC_SPEC_INIT;
    save.kind = ODEC_SAVE_EVERY;
    save.dt = t->dt;
    spec.method = t->method;
    spec.precision = is_float ? "float" : "double";
    spec.device_name = "";
    if (fixed) {
        spec.dt = t->dt;
        spec.save = &save;
    }
    if (odec_compile(t->model, source, strlen(source), &spec, &compilation) !=
        ODEC_OK) {
        fprintf(stderr, "%s",
                compilation ? odec_compilation_diagnostics(compilation)
                            : "no memory\n");
        exit(1);
    }
    return compilation;
}

static int run_header(const struct toolbox *tools, struct comparing *c,
                      const char *header, bool as_cuda) {
    c->library = build(tools, c->trial, header, c->method, as_cuda);
    if (!c->library) {
        printf("%s, %s, as %s: does not compile\n", c->trial->model, c->trial->method,
               as_cuda ? "CUDA's text" : "the host's");
        return 1;
    }
    int n_failed = compare_steps(c);
    if (c->method->adaptive) {
        n_failed += compare_error(c);
    }
    if (c->method->stiff) {
        n_failed += compare_jacobian(c);
    }
    dlclose(c->library);
    return n_failed;
}

static int run_trial(const struct toolbox *tools, const struct trial *t,
                     bool is_float) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.ode", tools->examples, t->model);
    char *read = t->source ? NULL : read_file(path);
    const char *source = t->source ? t->source : read;
    if (!source) {
        return 1;
    }
    struct comparing *c = calloc(1, sizeof *c);
    odec_compilation *fixed = compile(t, source, is_float, true);
    c->trial = t;
    c->method = method_find(t->method);
    c->program = odec_compilation_program(fixed);
    odec_compilation *free_steps =
        c->method->adaptive ? compile(t, source, is_float, false) : NULL;
    c->par = c->program->n_pars ? 1.25 * c->program->pars[0].value : 0;
    save_times(t, c->times);
    int n_failed = 1;
    if (c->program->n_states <= MAX_STATES &&
        solve(c->program, t, c->par, c->times, &c->saved)) {
        n_failed = 0;
        for (int as_cuda = 0; as_cuda < 2; as_cuda++) {
            n_failed += run_header(tools, c, odec_compilation_device(fixed), as_cuda);
        }
        if (free_steps) {
            n_failed +=
                run_header(tools, c, odec_compilation_device(free_steps), false);
        }
    }
    odec_compilation_destroy(free_steps);
    odec_compilation_destroy(fixed);
    free(c);
    free(read);
    return n_failed;
}

static bool has_trial(const char *method) {
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        if (strcmp(trials[i].method, method) == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr,
                "usage: device_steps double|float g++|clang++ EXAMPLES_DIR CUDA_DIR\n");
        return 2;
    }
    const bool is_float = strcmp(argv[1], "float") == 0;
    struct toolbox tools = {.cxx = argv[2],
                            .examples = argv[3],
                            .cuda_directory = argv[4],
                            .directory = "/tmp/odec-device-steps-XXXXXX"};
    if (!host_has_compiler(tools.cxx)) {
        printf("skipped: no %s here\n", tools.cxx);
        return EXIT_SKIPPED;
    }
    if (!mkdtemp(tools.directory)) {
        perror("mkdtemp");
        return 1;
    }
    int n = 0, n_failed = 0;
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++, n++) {
        n_failed += run_trial(&tools, &trials[i], is_float) > 0;
    }
    for (int i = 0; method_at(i); i++) {
        const struct trial usual = {"two_body", NULL, method_at(i)->name, 0.013, 0};
        if (!has_trial(usual.method)) {
            n_failed += run_trial(&tools, &usual, is_float) > 0;
            n++;
        }
    }
    rmdir(tools.directory);
    printf("%d models, %d failed\n", n, n_failed);
    return n_failed ? 1 : 0;
}
