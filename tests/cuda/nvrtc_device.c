/* nvrtc_device.c -- a model's functions for kernels of the user's own, compiled by the real NVRTC
 * as an application would: several models and a kernel in one text, without a warning.
 *
 *   nvrtc_device ARCHITECTURE EXAMPLES_DIR
 *
 * Skipped where there is no NVRTC, or where it does not know the architecture.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvrtc.h"
#include "programs.h"

static const struct {
    const char *model, *method, *precision;
    bool is_stiff;
} models[] = {{"lorenz", "tsit5", "double", false},
              {"two_body", "vern7", "float", false},
              {"vanderpol", "bs3", "double", false},
              {"robertson", "rodas5p", "double", true},
              {"pollution", "rosenbrock23", "float", true}};
enum { N_MODELS = sizeof models / sizeof *models, TEXT_BYTES = 4 << 20 };

static const char kernel[] =
    "extern \"C\" __global__ void %1$s_steps(%1$s_device::scalar *y, int n,\n"
    "                                        %1$s_device::scalar h) {\n"
    "    namespace model = %1$s_device;\n"
    "    model::scalar p[model::n_pars], y1[model::n_states], e[model::n_states];\n"
    "    model::run r;\n"
    "    model::workspace w;\n"
    "    model::defaults(p);\n"
    "    model::prepare(r, p);\n"
    "    model::begin(w, r, 0, y);\n"
    "    for (int i = 0; i < n; i++) {\n"
    "        model::step(w, r, i * h, h, y, y1);\n"
    "        model::error(w, e);\n"
    "        model::accept(w);\n"
    "        for (int k = 0; k < model::n_states; k++) { y[k] = y1[k] + e[k]; }\n"
    "%2$s    }\n"
    "}\n";

static const char stiff[] =
    "        model::scalar lu[model::n_factors], ft[model::n_time + 1];\n"
    "        model::jacobian(r, h, y, e, ft, lu);\n"
    "        y[model::jacobian_row(i % model::n_jacobian)] =\n"
    "            lu[model::jacobian_place(i % model::n_jacobian)];\n"
    "        if (model::factor(h, lu)) { model::solve(lu, y); }\n";

/* All headers and a kernel of each, malloc'd; NULL: one does not compile. */
static char *whole_text(const char *examples) {
    char *text = calloc(TEXT_BYTES, 1);
    size_t n = 0;
    for (int i = 0; text && i < N_MODELS; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.ode", examples, models[i].model);
        char *source = read_file(path);
        odec_compilation *compilation = NULL;
        odec_spec spec = ODEC_SPEC_INIT;
        spec.method = models[i].method;
        spec.precision = models[i].precision;
        spec.device_name = "";
        if (!source || odec_compile(models[i].model, source, strlen(source), &spec,
                                    &compilation) != ODEC_OK) {
            free(text);
            text = NULL;
        } else {
            n += (size_t)snprintf(text + n, TEXT_BYTES - n, "%s",
                                  odec_compilation_device(compilation));
            n += (size_t)snprintf(text + n, TEXT_BYTES - n, kernel, models[i].model,
                                  models[i].is_stiff ? stiff : "");
        }
        odec_compilation_destroy(compilation);
        free(source);
    }
    return text && n < TEXT_BYTES ? text : NULL;
}

int main(int argc, char **argv) {
    struct nvrtc api;
    struct cubin cubin;
    if (argc != 3) {
        fprintf(stderr, "usage: nvrtc_device ARCHITECTURE EXAMPLES_DIR\n");
        return 2;
    }
    if (!nvrtc_open(&api)) {
        printf("skipped: no NVRTC here (libnvrtc.so)\n");
        return EXIT_SKIPPED;
    }
    char *text = whole_text(argv[2]);
    if (!text) {
        return 1;
    }
    const bool done = nvrtc_compile(&api, text, argv[1], &cubin);
    const bool is_unknown = !done && strstr(cubin.log, "invalid value for --gpu-arch");
    const bool has_warning = strstr(cubin.log, "warning") || strstr(cubin.log, "error");
    if (!done || has_warning) {
        printf("%.4000s\n", cubin.log);
    }
    cubin_release(&cubin);
    free(text);
    return is_unknown ? EXIT_SKIPPED : !done || has_warning;
}
