/* host_cuda.c -- runs the CUDA text on the host and finds the bits of the CPU's
 * kernels.
 *
 *   host_cuda double|float g++|clang++ EXAMPLES_DIR HOST_WORDS.h
 *
 * A program has two texts. The one for CUDA is compiled as C++17 with host_words.h in
 * the place of CUDA's words, the one for the CPU as C17 with 1 and with 8 lanes. All
 * three get the same batch: the CUDA kernel's one thread takes all runs; then each run
 * once more alone.
 *
 *   values   CUDA [save][column][run], CPU [run][save][column]: transposed, every bit
 *   records  every member of every run
 *
 * The trials cover each method, adaptive and fixed steps, and each way to fail; a
 * trial says how its runs must end, so that a batch in which nothing fails is no proof
 * by accident. Skipped where there is no such compiler.
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

/* ---- the trials ---- */

#define ENDS(status) (1u << ODEC_RUN_##status)

#define POLE "model pole\npar p = 1\ninit x = 1\nx' = p*x^2\n"
#define NO_NUMBER "model no_number\npar p = 1\ninit x = 1\nx' = sqrt(1.2 - p*t) - x\n"

/* D is set from outside, the others follow. */
#define FOLLOWS                                                             \
    "model follows\npar k = 2\ninit D = 1.5, x = k*D + t, y = both(x, D)\n" \
    "both(u, v) = exp(-u*v) + sin(u)\n"                                     \
    "D' = -0.1*D\nx' = y - x\ny' = D*x - y^3\n"

/* Runs that begin outside, that leave, that come to a bound and stay. */
#define BOUNDED_STATES                                                       \
    "model bounded\npar p = 1\ninit x = p in 0.55 .. 1.3, y = 0.5 in 0 ..\n" \
    "x' = 0.2*p\ny' = -40*y*(1 + p*p)\n"

static const struct trial {
    const char *model;
    const char *source; /* NULL: the example of that name */
    const char *method;
    double t1;
    double dt; /* 0: adaptive steps */
    long long
        max_attempts; /* adaptive in float: two fifths; 0: as many as are needed */
    unsigned ends;    /* the statuses that occur, and no other */
} trials[] = {
    {"lorenz", NULL, "tsit5", 5, 0, 0, ENDS(OK)},
    {"vanderpol", NULL, "bs3", 10, 0, 0, ENDS(OK)},
    {"lotka_volterra", NULL, "dopri5", 10, 0, 0, ENDS(OK)},
    {"hodgkin_huxley", NULL, "tsit5", 15, 0, 0, ENDS(OK)},
    {"two_body", NULL, "vern7", 8, 0, 0, ENDS(OK)},
    {"pendulum", NULL, "heun", 3, 0, 0, ENDS(OK)},
    {"lorenz", NULL, "tsit5", 5, 0, 250, ENDS(OK) | ENDS(MAX_ATTEMPTS)},
    {"follows", FOLLOWS, "tsit5", 3, 0, 0, ENDS(OK)},
    {"follows", FOLLOWS, "rodas4", 3, 0, 0, ENDS(OK)},
    {"bounded", BOUNDED_STATES, "tsit5", 2, 0, 0, ENDS(OK) | ENDS(OUT_OF_BOUNDS)},
    {"bounded", BOUNDED_STATES, "rodas5p", 2, 0, 0, ENDS(OK) | ENDS(OUT_OF_BOUNDS)},
    {"bounded", BOUNDED_STATES, "tsit5", 2, 0.01, 0, ENDS(OK) | ENDS(OUT_OF_BOUNDS)},
    {"bounded", BOUNDED_STATES, "rk4", 2, 0.01, 0, ENDS(OK) | ENDS(OUT_OF_BOUNDS)},
    {"pole", POLE, "dopri5", 1, 0, 0, ENDS(OK) | ENDS(STEP_UNDERFLOW)},
    {"no_number", NO_NUMBER, "tsit5", 1, 0, 0, ENDS(OK) | ENDS(NON_FINITE)},
    {"lorenz", NULL, "rk4", 2, 0.01, 0, ENDS(OK)},
    {"two_body", NULL, "tsit5", 3, 0.013, 0, ENDS(OK)},
    {"pendulum", NULL, "euler", 2, 0.003, 0, ENDS(OK)},
    {"vanderpol", NULL, "bs3", 2, 0.01, 0, ENDS(OK)},
    {"hodgkin_huxley", NULL, "dopri5", 2, 0.01, 0, ENDS(OK)},
    {"lotka_volterra", NULL, "vern7", 3, 0.25, 7, ENDS(MAX_ATTEMPTS)},
    {"pole", POLE, "heun", 2, 0.01, 0, ENDS(OK) | ENDS(NON_FINITE)},
    {"robertson", NULL, "rodas5p", 1000, 0, 0, ENDS(OK)},
    {"hires", NULL, "rodas4", 50, 0, 0, ENDS(OK)},
    {"oregonator", NULL, "rosenbrock23", 20, 0, 0, ENDS(OK)},
    {"pollution", NULL, "rodas5p", 5, 0, 0, ENDS(OK)},
    {"beeler_reuter", NULL, "rodas4", 30, 0, 0, ENDS(OK)},
    {"two_body", NULL, "rodas5p", 3, 0.013, 0, ENDS(OK)},
    {"pole", POLE, "rodas4", 1, 0, 0, ENDS(OK) | ENDS(STEP_UNDERFLOW)},
    {"no_number", NO_NUMBER, "rodas5p", 1, 0, 0, ENDS(OK) | ENDS(NON_FINITE)},
};

enum { N_TRIALS = sizeof trials / sizeof *trials };

/* Of a method that has none above. */
static struct trial usual_trial(const struct method *m) {
    return (struct trial){.model = "two_body",
                          .method = m->name,
                          .t1 = 3,
                          .dt = m->adaptive ? 0 : 0.013,
                          .ends = ENDS(OK)};
}

enum { WARP = 32 };
enum { N_RUNS = 37, N_SAVES = 25 }; /* neither a multiple of any vector's length */

/* ---- compilers ---- */

typedef int cpu_kernel(const struct odec_args *args);
typedef void cuda_kernel(struct odec_args args);

struct toolbox {
    const char *cxx, *cc;
    const char *host_words;
    char directory[64]; /* for the files of compilations, our own */
    int n_objects;
};

/* The shared object of a text, loaded; NULL where that fails. lanes == 0: text for
 * CUDA. */
static void *build(struct toolbox *tools, const char *text, int lanes) {
    char source[128], object[128], define[32];
    const int n = tools->n_objects++;
    snprintf(source, sizeof source, "%s/%d.txt", tools->directory, n);
    snprintf(object, sizeof object, "%s/%d.so", tools->directory, n);
    snprintf(define, sizeof define, "-DLANES=%d", lanes);
    const char *cuda[] = {tools->cxx,
                          "-std=c++17",
                          "-O2",
                          "-fPIC",
                          "-shared",
                          "-w",
                          "-march=native",
                          "-ffp-contract=off",
                          "-include",
                          tools->host_words,
                          "-x",
                          "c++",
                          source,
                          "-o",
                          object,
                          NULL};
    const char *cpu[] = {tools->cc,
                         "-std=gnu17",
                         "-O2",
                         "-fPIC",
                         "-shared",
                         "-w",
                         "-march=native",
                         "-ffp-contract=off",
                         "-fno-math-errno",
                         "-fno-trapping-math",
                         "-Wno-psabi",
                         define,
                         "-x",
                         "c",
                         source,
                         "-o",
                         object,
                         "-lm",
                         NULL};
    return host_build(text, source, object, lanes ? cpu : cuda);
}

/* ---- one batch ---- */

/* A double of the program's precision at position i. */
static void put_scalar(const odec_program *p, void *data, size_t i, double x) {
    if (p->precision == ODEC_FLOAT) {
        ((float *)data)[i] = (float)x;
    } else {
        ((double *)data)[i] = x;
    }
}

static size_t scalar_bytes(const odec_program *p) {
    return p->precision == ODEC_FLOAT ? sizeof(float) : sizeof(double);
}

struct batch {
    const odec_program *program;
    struct odec_input *pars, *states;
    double first_par[N_RUNS], first_state[N_RUNS]; /* columns of either precision */
    double *atol;
    double save_times[N_SAVES];
    int n_saves;
    long long next;
    int stop;
    struct odec_args args; /* all but values and records */
    void *shared;          /* the module's constant memory; NULL: it has none */
};

/* 0.5 .. 1.4 times the model's own value, run by run. */
static void vary(const odec_program *p, const odec_quantity *q, double *column,
                 struct odec_input *input) {
    if (isfinite(q->value)) {
        for (int r = 0; r < N_RUNS; r++) {
            put_scalar(p, column, (size_t)r, q->value * (0.5 + 0.025 * r));
        }
        *input = (struct odec_input){column, 1};
    }
}

static bool batch_begin(struct batch *b, const odec_program *p, const struct trial *t) {
    *b = (struct batch){.program = p};
    b->pars = calloc((size_t)p->n_pars + 1, sizeof *b->pars);
    b->states = calloc((size_t)p->n_states + 1, sizeof *b->states);
    b->atol = calloc((size_t)p->n_states + 1, sizeof *b->atol);
    if (!b->pars || !b->states || !b->atol) {
        return false;
    }
    const bool is_float = p->precision == ODEC_FLOAT;
    for (int i = 0; i < p->n_states; i++) {
        b->atol[i] = is_float ? 1e-6 : 1e-9;
    }
    if (p->n_pars) {
        vary(p, &p->pars[0], b->first_par, &b->pars[0]);
    }
    vary(p, &p->states[0], b->first_state, &b->states[0]);
    b->n_saves = p->saves ? N_SAVES : 1;
    for (int i = 0; i < b->n_saves; i++) { /* start and end included, two at one time */
        b->save_times[i] = t->t1 * i / (b->n_saves > 1 ? b->n_saves - 1 : 1);
    }
    b->save_times[b->n_saves / 2] = b->save_times[(b->n_saves - 1) / 2];
    b->save_times[b->n_saves - 1] = t->t1;
    b->args = (struct odec_args){
        .n_runs = N_RUNS,
        .next = &b->next,
        .grain = N_RUNS,
        .stop = &b->stop,
        .pars = b->pars,
        .states = b->states,
        .t0 = 0,
        .t1 = t->t1,
        .span = t->t1,
        .sign = 1,
        .rtol = is_float ? 1e-4 : 1e-6,
        .atol = b->atol,
        .dt = t->dt,
        .dt_max = (double)INFINITY,
        .max_attempts = !t->max_attempts         ? 100000
                        : is_float && t->dt == 0 ? t->max_attempts * 2 / 5
                                                 : t->max_attempts,
        .save_times = b->save_times,
        .n_saves = b->n_saves,
        .record_stride = 1,
    };
    for (int i = 0; i < p->n_arrays; i++) {
        if (p->arrays[i].kind == ODEC_PER_LANE) { /* a whole warp's */
            void *memory = calloc(WARP, (size_t)p->arrays[i].bytes);
            const bool suspended = p->arrays[i].role == ODEC_ARRAY_SUSPENDED;
            *(suspended ? &b->args.suspended : &b->args.workspace) = memory;
            if (!memory) {
                return false;
            }
        }
    }
    return true;
}

static void batch_end(struct batch *b) {
    free(b->pars);
    free(b->states);
    free(b->atol);
    free(b->args.workspace);
    free(b->args.suspended);
}

/* ---- results ---- */

#define UNWRITTEN 0xa5 /* each byte of a result before the kernel runs */

/* As the CPU stores them: [run][save][column]. */
struct results {
    unsigned char *values;
    struct odec_run_record records[N_RUNS];
    int *seen; /* [2][n_states] */
};

static size_t row_bytes(const struct batch *b) {
    return (size_t)b->program->n_columns * scalar_bytes(b->program);
}

static size_t values_bytes(const struct batch *b) {
    return row_bytes(b) * (size_t)b->n_saves * N_RUNS;
}

static bool results_begin(struct results *r, const struct batch *b) {
    r->values = malloc(values_bytes(b));
    r->seen = calloc(2 * (size_t)b->program->n_states + 1, sizeof *r->seen);
    if (r->values && r->seen) {
        memset(r->values, UNWRITTEN, values_bytes(b));
        memset(r->records, UNWRITTEN, sizeof r->records);
    }
    return r->values && r->seen;
}

static void results_end(struct results *r) {
    free(r->values);
    free(r->seen);
}

static void run_cpu(struct batch *b, cpu_kernel *kernel, struct results *r) {
    struct odec_args args = b->args;
    b->next = 0;
    args.values = r->values;
    args.records = r->records;
    args.seen = r->seen;
    kernel(&args);
}

/* What all runs share to where the module has it. */
static void fill_shared(const struct batch *b) {
    const size_t n_states = (size_t)b->program->n_states;
    const size_t n_pars = (size_t)b->program->n_pars;
    char *at = b->shared;
    if (at) {
#define COPY(type, bytes, name, n)           \
    memcpy(at, b->name, (n) * sizeof(type)); \
    at += ((n) + !(n)) * sizeof(type);
        ODEC_TABLES(COPY, n_pars, n_states)
#undef COPY
    }
}

/* Launches of few steps and of many, each going on with what the last one suspended. */
static int launch_until_done(struct batch *b, cuda_kernel *kernel,
                             struct odec_args args) {
    static const int attempts[] = {5, 1, 16, 130, 3, 17};
    int n_launches = 0;
    unsigned long long n_suspended = 0;
    args.n_suspended = &n_suspended;
    do {
        n_suspended = 0;
        args.launch_attempts = attempts[n_launches % 6];
        kernel(args);
        args.resume = 1;
        n_launches++;
    } while (b->next < args.n_runs || n_suspended > 0);
    return n_launches;
}

/* n_runs runs from `first` by the CUDA kernel, transposed into the results. */
static bool run_cuda(struct batch *b, cuda_kernel *kernel, int first, int n_runs,
                     struct results *r) {
    const size_t scalar = scalar_bytes(b->program);
    const size_t columns = (size_t)b->program->n_columns, saves = (size_t)b->n_saves;
    unsigned char *values = malloc(scalar * columns * saves * (size_t)n_runs);
    struct odec_input par = b->pars[0], state = b->states[0];
    if (!values) {
        return false;
    }
    memset(values, UNWRITTEN, scalar * columns * saves * (size_t)n_runs);
    if (par.data) {
        b->pars[0].data = (const unsigned char *)par.data + (size_t)first * scalar;
    }
    if (state.data) {
        b->states[0].data = (const unsigned char *)state.data + (size_t)first * scalar;
    }
    struct odec_args args = b->args;
    b->next = 0;
    args.n_runs = n_runs;
    args.values = values;
    args.records = &r->records[first];
    args.seen = r->seen;
    fill_shared(b);
    const int n_launches = launch_until_done(b, kernel, args);
    if (n_runs == N_RUNS && n_launches < 2) {
        fprintf(stderr, "no run was ever suspended\n");
        free(values);
        return false;
    }
    b->pars[0] = par;
    b->states[0] = state;
    for (size_t sc = 0; sc < saves * columns; sc++) {
        for (size_t run = 0; run < (size_t)n_runs; run++) {
            memcpy(r->values + (((size_t)first + run) * saves * columns + sc) * scalar,
                   values + (sc * (size_t)n_runs + run) * scalar, scalar);
        }
    }
    free(values);
    return true;
}

/* True where both hold the same bits and every one of them was written. */
static bool same_results(const char *name, const char *what, const struct batch *b,
                         const struct results *a, const struct results *c) {
    const size_t scalar = scalar_bytes(b->program);
    const size_t n_run =
        row_bytes(b) / scalar * (size_t)b->n_saves; /* values of a run */
    const unsigned char unwritten[] = {UNWRITTEN, UNWRITTEN, UNWRITTEN, UNWRITTEN,
                                       UNWRITTEN, UNWRITTEN, UNWRITTEN, UNWRITTEN};
    for (size_t i = 0; i < n_run * N_RUNS; i++) {
        const unsigned char *x = a->values + i * scalar, *y = c->values + i * scalar;
        const bool written = memcmp(x, unwritten, scalar) != 0;
        if (!written || memcmp(x, y, scalar) != 0) {
            fprintf(stderr, "%s, %s: run %zu, save %zu, column %zu %s\n", name, what,
                    i / n_run, i % n_run / (size_t)b->program->n_columns,
                    i % (size_t)b->program->n_columns,
                    written ? "has other bits" : "is not written");
            return false;
        }
    }
    for (int r = 0; r < N_RUNS; r++) {
        const struct odec_run_record *x = &a->records[r], *y = &c->records[r];
        if (memcmp(x, y, sizeof *x) != 0) {
            fprintf(stderr,
                    "%s, %s: run %d: t %.17g status %d attempts %lld + %lld rhs %lld, "
                    "CUDA: %.17g %d %lld + %lld %lld\n",
                    name, what, r, x->t, x->status, x->n_accepted, x->n_rejected,
                    x->n_rhs, y->t, y->status, y->n_accepted, y->n_rejected, y->n_rhs);
            return false;
        }
    }
    for (int i = 0; i < 2 * b->program->n_states; i++) {
        if (a->seen[i] != c->seen[i] || (a->seen[i] && !b->program->adaptive)) {
            fprintf(stderr, "%s, %s: of state %d other sizes were seen\n", name, what,
                    i % b->program->n_states);
            return false;
        }
    }
    return true;
}

/* The runs end as the trial says: each status of its own at least once, and no other.
 */
static bool right_ends(const char *name, const struct trial *t,
                       const struct results *r) {
    unsigned ends = 0;
    for (int i = 0; i < N_RUNS; i++) {
        const int status = r->records[i].status;
        ends |= status >= 0 && status < ODEC_RUN_STATUS_COUNT ? 1u << status : ~0u;
    }
    if (ends != t->ends) {
        fprintf(stderr, "%s: statuses (bits) %#x, not %#x\n", name, ends, t->ends);
    }
    return ends == t->ends;
}

/* ---- one trial ---- */

static bool compare(const char *name, const struct trial *t, struct batch *b,
                    cuda_kernel *cuda, cpu_kernel *const *cpu) {
    static const char *const what[] = {"1 lane", "8 lanes"};
    struct results together = {0}, alone = {0}, host[2] = {0};
    bool ok = results_begin(&together, b) && results_begin(&alone, b) &&
              results_begin(&host[0], b) && results_begin(&host[1], b) &&
              run_cuda(b, cuda, 0, N_RUNS, &together);
    for (int r = 0; ok && r < N_RUNS; r++) {
        ok = run_cuda(b, cuda, r, 1, &alone);
    }
    for (int i = 0; ok && i < 2; i++) {
        run_cpu(b, cpu[i], &host[i]);
        ok = same_results(name, what[i], b, &host[i], &together);
    }
    ok = ok && same_results(name, "each run alone", b, &together, &alone) &&
         right_ends(name, t, &together);
    results_end(&together);
    results_end(&alone);
    results_end(&host[0]);
    results_end(&host[1]);
    return ok;
}

static bool run_trial(struct toolbox *tools, const struct trial *t, const char *source,
                      const struct choice *c) {
    const struct choice_text name = choice_text(c);
    odec_compilation *compilation;
    const odec_program *p = compile_choice(source, c, &compilation);
    void *libraries[3] = {0}, *symbols[3] = {0};
    bool ok = p != NULL;
    for (int i = 0; ok && i < 3; i++) {
        libraries[i] =
            i == 2 ? build(tools, p->kernels[ODEC_TARGET_CUDA].text, 0)
                   : build(tools, p->kernels[ODEC_TARGET_CPU].text, i == 0 ? 1 : 8);
        symbols[i] = libraries[i] ? dlsym(libraries[i], "odec_kernel") : NULL;
        ok = symbols[i] != NULL;
    }
    struct batch b = {0};
    if (ok && batch_begin(&b, p, t)) {
        cuda_kernel *cuda;
        cpu_kernel *cpu[2];
        memcpy(&cuda, &symbols[2], sizeof cuda);
        b.shared = dlsym(libraries[2], "odec_shared");
        memcpy(cpu, symbols, sizeof cpu);
        ok = compare(name.at, t, &b, cuda, cpu);
    } else {
        fprintf(stderr, "%s: a text does not compile\n", name.at);
        ok = false;
    }
    batch_end(&b);
    for (int i = 0; i < 3; i++) {
        if (libraries[i]) {
            dlclose(libraries[i]);
        }
    }
    odec_compilation_destroy(compilation);
    return ok;
}

/* Returns how many failed. */
static int run_with_and_without_saves(struct toolbox *tools, const char *directory,
                                      const struct trial *t, bool is_float) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.ode", directory, t->model);
    char *source = t->source ? strdup(t->source) : read_file(path);
    int n_failed = source ? 0 : 2;
    for (int saves = 0; source && saves < 2; saves++) {
        const struct choice c = {t->model, t->method, t->dt == 0, is_float, saves};
        n_failed += !run_trial(tools, t, source, &c);
    }
    free(source);
    return n_failed;
}

static bool has_trial(const char *method) {
    for (size_t i = 0; i < N_TRIALS; i++) {
        if (strcmp(trials[i].method, method) == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(
            stderr,
            "usage: host_cuda double|float g++|clang++ EXAMPLES_DIR HOST_WORDS.h\n");
        return 2;
    }
    const bool is_float = strcmp(argv[1], "float") == 0;
    const bool clang = strcmp(argv[2], "clang++") == 0;
    struct toolbox tools = {.cxx = argv[2],
                            .cc = clang ? "clang" : "gcc",
                            .host_words = argv[4],
                            .directory = "/tmp/odec-host-cuda-XXXXXX"};
    if (!host_has_compiler(tools.cxx) || !host_has_compiler(tools.cc)) {
        printf("skipped: no %s here\n", tools.cxx);
        return EXIT_SKIPPED;
    }
    if (!mkdtemp(tools.directory)) {
        perror("mkdtemp");
        return 1;
    }
    int n = 0, n_failed = 0;
    for (size_t i = 0; i < N_TRIALS; i++) {
        n_failed += run_with_and_without_saves(&tools, argv[3], &trials[i], is_float);
        n += 2;
    }
    for (int i = 0; method_at(i); i++) {
        const struct trial usual = usual_trial(method_at(i));
        if (!has_trial(method_at(i)->name)) {
            n_failed += run_with_and_without_saves(&tools, argv[3], &usual, is_float);
            n += 2;
        }
    }
    rmdir(tools.directory);
    printf("%d programs, %d failed\n", n, n_failed);
    return n_failed ? 1 : 0;
}
