/* nvrtc_compile.c -- holds the CUDA text of examples and methods against bounds.
 *
 *   nvrtc_compile ARCH EXAMPLES_DIR BOUNDS.tsv    for one architecture, such as 90
 *   nvrtc_compile --record ARCH EXAMPLES_DIR [METHOD]
 *                                                 prints its rows, or a method's alone
 *
 * The real NVRTC compiles each program's text to a cubin with the options that DESIGN
 * states; its ptxas tells registers, stack and spills. A row may become better, never
 * worse: a text that takes more registers or spills more than its row says fails. A
 * text without a row, a new method's say, has to compile and must not spill more than
 * another method's of the same model does there; the end says how many there are and
 * what records them, for those who have NVRTC. One that spills more fails until its row
 * has been recorded, and so looked at. What ptxas makes of a
 * text changes with its version, so rows, and that there are none, are held where NVRTC
 * has the version that recorded them. What issue 2 promises is held with every version.
 *
 * Every operation of the PTX must be IEEE's: correctly rounded, no two of them joined.
 *
 * Where there is no NVRTC the test is skipped. Nothing here needs a GPU.
 *
 * bounds.tsv, one row a text: program, arch, registers, stack bytes, spill bytes;
 * record.sh records all anew, or the rows of a method that is new.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "methods.h"
#include "nvrtc.h"
#include "programs.h"

/* ---- one text ---- */

/* What ptxas says of a kernel and the functions it calls. */
struct usage {
    int registers;
    int stack_bytes;
    int spill_bytes; /* stored */
};

/* Adds up ptxas's own words; there is one kernel in a text:
 *   Function properties for odec_kernel
 *     16 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
 *   Used 92 registers, ... */
static bool usage_of_log(const char *log, struct usage *u) {
    *u = (struct usage){0};
    for (const char *at = log; (at = strstr(at, " bytes stack frame,")); at++) {
        const char *number = at;
        while (number > log && number[-1] >= '0' && number[-1] <= '9') {
            number--;
        }
        int stack, stores;
        if (sscanf(number, "%d bytes stack frame, %d bytes spill stores", &stack,
                   &stores) != 2) {
            return false;
        }
        u->stack_bytes += stack;
        u->spill_bytes += stores;
    }
    for (const char *at = log; (at = strstr(at, "Used ")); at++) {
        int registers;
        if (sscanf(at, "Used %d registers", &registers) == 1 &&
            registers > u->registers) {
            u->registers = registers;
        }
    }
    return u->registers > 0;
}

/* ---- arithmetic ---- */

static bool is_one_of(const char *operation, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strncmp(operation, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}
#define IS_ONE_OF(operation, names) \
    is_one_of(operation, names, sizeof names / sizeof *names)

/* PTX's names of operations that round, such as "mul.rn.f64": no other operation may
 * stand for one, and ptxas must not join two of them. That needs ".rn"; those that only
 * approximate exist without it alone. Sums in memory depend on the order of threads. No
 * operation may flush or clamp. *n: counts those that round. */
static bool is_exact(const char *operation, int *n) {
    static const char *const rounding[] = {"add.", "sub.", "mul.",   "fma.", "mad.",
                                           "div.", "rcp.", "ex2.",   "lg2.", "sqrt.",
                                           "sin.", "cos.", "rsqrt.", "tanh."};
    static const char *const shared[] = {"atom.", "red."};
    static const char *const types[] = {".f16", ".bf16", ".f32", ".f64"};
    bool is_real = false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        is_real |= strstr(operation, types[i]) != NULL;
    }
    if (!is_real) {
        return true;
    }
    if (IS_ONE_OF(operation, shared) || strstr(operation, ".ftz") ||
        strstr(operation, ".sat")) {
        return false;
    }
    *n += IS_ONE_OF(operation, rounding);
    return !IS_ONE_OF(operation, rounding) || strstr(operation, ".rn");
}

/* Every operation is IEEE's own. Says which is not. */
static bool arithmetic_is_exact(const char *ptx, const char *name, const char *arch) {
    static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789.";
    int n_operations = 0;
    for (const char *at = ptx; *at;) {
        const size_t n = strspn(at, word);
        char operation[64];
        snprintf(operation, sizeof operation, "%.*s", (int)n, at);
        if (!is_exact(operation, &n_operations)) {
            fprintf(stderr, "%s sm_%s: %s in its PTX\n", name, arch, operation);
            return false;
        }
        at += n ? n : 1;
    }
    if (n_operations == 0) {
        fprintf(stderr, "%s sm_%s: no arithmetic in its PTX\n", name, arch);
    }
    return n_operations > 0;
}

/* ---- compiling ---- */

/* The text to a cubin, and what it uses. NVRTC's words on failure, or where it warns.
 */
static bool compile_text(const struct nvrtc *api, const char *text, const char *arch,
                         const char *name, struct usage *u) {
    struct cubin cubin;
    const bool ok = nvrtc_compile(api, text, arch, &cubin) && cubin.log &&
                    !strstr(cubin.log, "warning") && usage_of_log(cubin.log, u) &&
                    cubin.ptx && arithmetic_is_exact(cubin.ptx, name, arch);
    if (!ok) {
        fprintf(stderr, "%s sm_%s: NVRTC says\n%s\n", name, arch,
                cubin.log ? cubin.log : "");
    }
    cubin_release(&cubin);
    return ok;
}

/* ---- bounds ---- */

struct row {
    char program[160];
    char arch[8];
    struct usage usage;
};

struct bounds {
    struct row *rows;
    int n;
    int major, minor; /* the version of NVRTC that recorded them */
};

/* The rows of a file's text; a line that begins with # is a comment, "# NVRTC 13.0"
 * says the version. */
static bool bounds_parse(char *text, struct bounds *b) {
    *b = (struct bounds){0};
    int lines = 1;
    for (const char *c = text; *c; c++) {
        lines += *c == '\n';
    }
    b->rows = calloc((size_t)lines, sizeof *b->rows);
    if (!b->rows) {
        return false;
    }
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        struct row *r = &b->rows[b->n];
        if (*line == '#') {
            sscanf(line, "# NVRTC %d.%d", &b->major, &b->minor);
        } else if (sscanf(line, "%159[^\t]\t%7[^\t]\t%d\t%d\t%d", r->program, r->arch,
                          &r->usage.registers, &r->usage.stack_bytes,
                          &r->usage.spill_bytes) == 5) {
            b->n++;
        } else {
            fprintf(stderr, "bounds: not a row: %s\n", line);
            return false;
        }
    }
    return true;
}

static const struct row *bounds_find(const struct bounds *b, const char *program,
                                     const char *arch) {
    for (int i = 0; i < b->n; i++) {
        if (strcmp(b->rows[i].program, program) == 0 &&
            strcmp(b->rows[i].arch, arch) == 0) {
            return &b->rows[i];
        }
    }
    return NULL;
}

/* The most that a recorded text of the same model, which is the program's first word,
 * spills on this architecture. */
static int bounds_spill_of_model(const struct bounds *b, const char *program,
                                 const char *arch) {
    const size_t n = strcspn(program, " ") + 1;
    int most = 0;
    for (int i = 0; i < b->n; i++) {
        const struct row *r = &b->rows[i];
        if (strncmp(r->program, program, n) == 0 && strcmp(r->arch, arch) == 0 &&
            r->usage.spill_bytes > most) {
            most = r->usage.spill_bytes;
        }
    }
    return most;
}

/* What issue 2 promises, on every architecture and with every NVRTC. */
static const struct promise {
    const char *program;
    int registers;
    int spill_bytes;
} promises[] = {
    {"lorenz tsit5 adaptive double final", 96, 0},
    {"lorenz tsit5 adaptive double saves", 96, 0},
};

static bool keeps_promises(const char *program, const char *arch,
                           const struct usage *u) {
    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++) {
        const struct promise *p = &promises[i];
        if (strcmp(p->program, program) == 0 &&
            (u->registers > p->registers || u->spill_bytes > p->spill_bytes)) {
            fprintf(stderr,
                    "%s sm_%s: %d registers, %d bytes spilled; promised are at most %d "
                    "and %d\n",
                    program, arch, u->registers, u->spill_bytes, p->registers,
                    p->spill_bytes);
            return false;
        }
    }
    return true;
}

static bool within_row(const char *program, const char *arch, const struct usage *u,
                       const struct bounds *b) {
    const struct row *r = bounds_find(b, program, arch);
    const int usual = r ? 0 : bounds_spill_of_model(b, program, arch);
    if (!r && u->spill_bytes > usual) {
        fprintf(stderr,
                "%s sm_%s: registers %d, stack %d, spill %d; it has no row, so it must "
                "not spill more than %d, as other methods do\n",
                program, arch, u->registers, u->stack_bytes, u->spill_bytes, usual);
        return false;
    }
    if (!r) {
        return true;
    }
    if (u->registers > r->usage.registers || u->stack_bytes > r->usage.stack_bytes ||
        u->spill_bytes > r->usage.spill_bytes) {
        fprintf(stderr,
                "%s sm_%s: registers %d, stack %d, spill %d; recorded are %d, %d, %d\n",
                program, arch, u->registers, u->stack_bytes, u->spill_bytes,
                r->usage.registers, r->usage.stack_bytes, r->usage.spill_bytes);
        return false;
    }
    return true;
}

/* ---- the matrix ---- */

static const struct example {
    const char *name;
    bool stiff;
} examples[] = {
    {"lorenz", false},           {"vanderpol", false},    {"lotka_volterra", false},
    {"hodgkin_huxley", false},   {"two_body", false},     {"pendulum", false},
    {"robertson", true},         {"hires", true},         {"oregonator", true},
    {"van_der_pol_stiff", true}, {"beeler_reuter", true}, {"pollution", true}};

/* Every example with every method in double, with saves: adaptive steps where the
 * method has them, else fixed ones; on every architecture where the method is the
 * model's kind. What else there is stands on one architecture: the final time alone,
 * fixed steps of the pairs, float. tsit5 and rodas5p, the defaults, are held without
 * saves everywhere. */
static bool in_matrix(const char *arch, const struct example *e, const struct method *m,
                      const struct choice *c) {
    if (c->adaptive && !m->adaptive) {
        return false;
    }
    const bool usual = c->adaptive == m->adaptive && !c->is_float;
    const bool one = strcmp(arch, "90") == 0;
    if (m->stiff != e->stiff) {
        return one && usual && c->saves;
    }
    if (one) {
        return c->saves ? !m->stiff || c->adaptive : usual;
    }
    return usual && (c->saves || strcmp(m->name, "tsit5") == 0 ||
                     strcmp(m->name, "rodas5p") == 0);
}

struct session {
    struct nvrtc api;
    struct bounds bounds;
    const char *arch;
    bool record;
    const char *only; /* record this method's rows alone; NULL: all */
    bool same_version;
    int n, n_failed;
    int n_without_row;
    const char *without_row; /* the method of them all, "tools"; NULL: of several */
};

/* A text of this method, "tools" where it is of none, has no row. */
static void note_without_row(struct session *s, const char *method) {
    const bool same = s->n_without_row == 0 ||
                      (s->without_row && strcmp(s->without_row, method) == 0);
    s->without_row = same ? method : NULL;
    s->n_without_row++;
}

/* How many texts have no row, and what records them. */
static void say_without_row(const struct session *s) {
    if (s->n_without_row == 0) {
        return;
    }
    const bool one_method = s->without_row && method_find(s->without_row);
    printf("sm_%s: %d without a row; recorded for every architecture by\n"
           "    tests/cuda/record.sh build/release/tests/cuda/nvrtc_compile examples "
           "%s%stests/cuda/bounds.tsv\n",
           s->arch, s->n_without_row, one_method ? s->without_row : "",
           one_method ? " >>" : ">");
}

/* method: as of note_without_row. text: NULL where there was none to be had. */
static void session_text(struct session *s, const char *name, const char *method,
                         const char *text) {
    struct usage u;
    bool ok = text && compile_text(&s->api, text, s->arch, name, &u);
    if (ok && s->record) {
        printf("%s\t%s\t%d\t%d\t%d\n", name, s->arch, u.registers, u.stack_bytes,
               u.spill_bytes);
    } else if (ok) {
        if (s->same_version && !bounds_find(&s->bounds, name, s->arch)) {
            note_without_row(s, method);
        }
        ok = keeps_promises(name, s->arch, &u) &&
             (!s->same_version || within_row(name, s->arch, &u, &s->bounds));
    }
    s->n++;
    s->n_failed += !ok;
}

static void session_choice(struct session *s, const char *source,
                           const struct choice *c) {
    odec_compilation *compilation;
    const odec_program *program = compile_choice(source, c, &compilation);
    session_text(s, choice_text(c).at, c->method,
                 program ? program->kernels[ODEC_TARGET_CUDA].text : NULL);
    odec_compilation_destroy(compilation);
}

/* The runtime's own kernels, which every program carries. */
static void session_tools(struct session *s) {
    const struct choice c = {.model = "tools", .method = "rk4"};
    odec_compilation *compilation;
    const odec_program *program =
        compile_choice("model m\ninit x = 1\nx' = -x\n", &c, &compilation);
    session_text(s, "tools", "tools",
                 program ? program->kernels[ODEC_TARGET_CUDA].tools : NULL);
    odec_compilation_destroy(compilation);
}

static bool is_asked_for(const struct session *s, const struct method *m) {
    return !s->only || strcmp(s->only, m->name) == 0;
}

static void session_example(struct session *s, const char *directory,
                            const struct example *example) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.ode", directory, example->name);
    char *source = read_file(path);
    if (!source) {
        s->n_failed++;
        return;
    }
    for (int i = 0; method_at(i); i++) {
        const struct method *m = method_at(i);
        for (int bits = 0; bits < 8 && is_asked_for(s, m); bits++) {
            const struct choice c = {example->name, m->name, !(bits & 4), bits & 2,
                                     bits & 1};
            if (in_matrix(s->arch, example, m, &c)) {
                session_choice(s, source, &c);
            }
        }
    }
    free(source);
}

/* The rows to hold. False where the file cannot be read. */
static bool session_bounds(struct session *s, const char *path) {
    char *text = read_file(path);
    const bool ok = text && bounds_parse(text, &s->bounds);
    free(text);
    s->same_version =
        s->bounds.major == s->api.major && s->bounds.minor == s->api.minor;
    if (ok && !s->same_version) {
        printf(
            "bounds are of NVRTC %d.%d, this is %d.%d: only what is promised is held\n",
            s->bounds.major, s->bounds.minor, s->api.major, s->api.minor);
    }
    return ok;
}

int main(int argc, char **argv) {
    struct session s = {.record = argc >= 4 && strcmp(argv[1], "--record") == 0};
    s.only = s.record ? argv[4] : NULL; /* NULL too where there is none */
    const bool version = argc == 2 && strcmp(argv[1], "--version") == 0;
    if (argc != 4 && !version && !(argc == 5 && s.record && method_find(s.only))) {
        fprintf(stderr, "usage: nvrtc_compile ARCH EXAMPLES_DIR BOUNDS.tsv\n"
                        "       nvrtc_compile --record ARCH EXAMPLES_DIR [METHOD]\n"
                        "       nvrtc_compile --version\n");
        return 2;
    }
    if (!nvrtc_open(&s.api)) {
        printf("skipped: no NVRTC here (libnvrtc.so; looked in the loader's path, "
               "$CUDA_PATH/lib64 and /usr/local/cuda/lib64)\n");
        return EXIT_SKIPPED;
    }
    if (version) {
        printf("%d.%d\n", s.api.major, s.api.minor);
        return 0;
    }
    s.arch = argv[s.record ? 2 : 1];
    if (!s.record && !session_bounds(&s, argv[3])) {
        return 1;
    }
    const char *directory = argv[s.record ? 3 : 2];
    if (!s.only) {
        session_tools(&s);
    }
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        session_example(&s, directory, &examples[i]);
    }
    fprintf(s.record ? stderr : stdout, "sm_%s: %d texts, %d failed\n", s.arch, s.n,
            s.n_failed);
    say_without_row(&s);
    free(s.bounds.rows);
    return s.n_failed ? 1 : 0;
}
