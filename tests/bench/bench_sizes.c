/* bench_sizes.c -- how long large stiff models take to compile: the CPU kernel by odec
 * and the C compiler without a cache, the CUDA kernel by the real NVRTC for sm_90 where
 * there is one. NVRTC needs no GPU.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cuda/nvrtc.h"
#include "job.h"
#include "peer_cvode.h"

/* ---- the models ---- */

struct size_case {
    const char *name;
    int n;
    bool is_network; /* else the tridiagonal chain */
};

static const struct size_case cases[] = {
    {"network100", 100, true},
    {"network200", 200, true},
    {"tridiagonal1000", 1000, false},
};

static bool write_model(const struct size_case *c, FILE *file) {
    if (!c->is_network) {
        return network_write_tridiagonal(c->n, file);
    }
    struct network *net = network_create(c->n, STIFF_NETWORK_SEED);
    const bool written = net && network_write_model(net, file);
    network_destroy(net);
    return written;
}

/* Or NULL. The caller frees it. */
static char *model_text(const struct size_case *c) {
    char *text = NULL;
    size_t bytes;
    FILE *file = open_memstream(&text, &bytes);
    const bool written = file && write_model(c, file);
    if (file && fclose(file) == 0 && written) {
        return text;
    }
    free(text);
    return NULL;
}

/* ---- the bench ---- */

enum { SIZE_REPEATS = 3 };

struct sizes {
    struct sample odec, cc, cc_cpu;
    struct moment nvrtc; /* once */
    double n_factors, kernel_bytes, cuda_bytes, cubin_bytes;
};

/* Takes minutes. */
static bool measure_nvrtc(const struct nvrtc *api, const char *text,
                          struct sizes *sizes) {
    struct cubin cubin;
    const struct moment start = moment_now();
    const bool done = nvrtc_compile(api, text, "90", &cubin);
    sizes->nvrtc = moment_since(start);
    sizes->cubin_bytes = (double)cubin.bytes;
    if (!done && cubin.log) {
        fprintf(stderr, "NVRTC says\n%s\n", cubin.log);
    }
    cubin_release(&cubin);
    return done;
}

/* nvrtc: NULL where there is none. */
static bool measure(const struct bench_options *o, const struct size_case *c,
                    const struct nvrtc *nvrtc, struct sizes *sizes) {
    char *text = model_text(c);
    bool done = text != NULL;
    for (int r = 0; done && r < SIZE_REPEATS; r++) {
        const struct job_spec spec = {.model = c->name,
                                      .text = text,
                                      .method = "rodas5p",
                                      .dt = NAN,
                                      .tolerance = 1e-6,
                                      .t1 = 1,
                                      .threads = 1,
                                      .cache_dir = ""};
        struct job job;
        done = job_open(o, &spec, &job);
        if (!done) {
            break;
        }
        sample_add(&sizes->odec, job.odec_took.wall);
        sample_add(&sizes->cc, job.cc_took.wall);
        sample_add(&sizes->cc_cpu, job.cc_took.cpu);
        sizes->n_factors = job.program.sparsity->n_factors;
        sizes->kernel_bytes = (double)strlen(job.program.kernels[ODEC_TARGET_CPU].text);
        sizes->cuda_bytes = (double)strlen(job.program.kernels[ODEC_TARGET_CUDA].text);
        if (nvrtc && r == 0) {
            done =
                measure_nvrtc(nvrtc, job.program.kernels[ODEC_TARGET_CUDA].text, sizes);
        }
        job_close(&job);
    }
    free(text);
    return done;
}

static void say(const struct bench_options *o, const struct size_case *c,
                const char *what, double value, const char *unit) {
    char text[96];
    snprintf(text, sizeof text, "%s: %s", c->name, what);
    report_value(o, "sizes", text, value, unit);
}

bool bench_sizes(const struct bench_options *o) {
    struct nvrtc nvrtc;
    const bool has_nvrtc = nvrtc_open(&nvrtc);
    bool all = true;
    report_title("sizes",
                 "seconds to compile with rodas5p, no cache, wall time: medians of "
                 "three, NVRTC once");
    if (has_nvrtc) {
        printf("  NVRTC %d.%d, sm_90\n", nvrtc.major, nvrtc.minor);
    } else {
        printf("  no NVRTC here\n");
    }
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const struct size_case *c = &cases[k];
        struct sizes sizes = {0};
        if (!measure(o, c, has_nvrtc ? &nvrtc : NULL, &sizes)) {
            all = report_failure(c->name, "see above");
            continue;
        }
        say(o, c, "entries of L + U", sizes.n_factors, "");
        say(o, c, "text to program", sample_median(&sizes.odec), "s");
        say(o, c, "CPU kernel's text", sizes.kernel_bytes * 1e-3, "kB");
        say(o, c, "C compiler", sample_median(&sizes.cc), "s");
        say(o, c, "C compiler, least", sample_min(&sizes.cc), "s");
        say(o, c, "C compiler, CPU time", sample_median(&sizes.cc_cpu), "s");
        if (has_nvrtc) {
            say(o, c, "CUDA kernel's text", sizes.cuda_bytes * 1e-3, "kB");
            say(o, c, "NVRTC", sizes.nvrtc.wall, "s");
            say(o, c, "NVRTC, CPU time", sizes.nvrtc.cpu, "s");
            say(o, c, "cubin", sizes.cubin_bytes * 1e-3, "kB");
        }
    }
    return all;
}
