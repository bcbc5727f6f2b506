/* nvrtc.c -- see nvrtc.h. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda_options.h"
#include "nvrtc.h"

enum { NVRTC_SUCCESS = 0 };

static void *open_library(void) {
    static const char *const names[] = {"libnvrtc.so.13", "libnvrtc.so.12",
                                        "libnvrtc.so"};
    const char *cuda_path = getenv("CUDA_PATH");
    const char *folders[] = {"", cuda_path ? cuda_path : "", "/usr/local/cuda"};
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++) {
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            char path[4096];
            snprintf(path, sizeof path, "%s%s%s", folders[f],
                     *folders[f] ? "/lib64/" : "", names[n]);
            void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
            if (library) {
                return library;
            }
        }
    }
    return NULL;
}

bool nvrtc_open(struct nvrtc *api) {
    void *library = open_library();
    if (!library) {
        return false;
    }
#define LOAD(name, parameters)                         \
    {                                                  \
        void *symbol = dlsym(library, #name);          \
        if (!symbol) {                                 \
            return false;                              \
        }                                              \
        memcpy(&api->name, &symbol, sizeof api->name); \
    }
    NVRTC_FUNCTIONS(LOAD)
#undef LOAD
    return api->nvrtcVersion(&api->major, &api->minor) == NVRTC_SUCCESS;
}

bool nvrtc_compile(const struct nvrtc *api, const char *text, const char *arch,
                   struct cubin *out) {
    char arch_option[32];
    snprintf(arch_option, sizeof arch_option, "--gpu-architecture=sm_%s", arch);
    const char *options[] = {arch_option, CUDA_OPTIONS, "--ptxas-options=-v"};
    *out = (struct cubin){0};
    nvrtc_handle program = NULL;
    if (api->nvrtcCreateProgram(&program, text, "kernel.cu", 0, NULL, NULL)) {
        return false;
    }
    const int n = (int)(sizeof options / sizeof *options);
    const bool done = api->nvrtcCompileProgram(program, n, options) == NVRTC_SUCCESS &&
                      api->nvrtcGetCUBINSize(program, &out->bytes) == NVRTC_SUCCESS &&
                      out->bytes > 0;
    size_t log_bytes = 0;
    api->nvrtcGetProgramLogSize(program, &log_bytes);
    out->log = calloc(log_bytes + 1, 1);
    if (out->log) {
        api->nvrtcGetProgramLog(program, out->log);
    }
    size_t ptx_bytes = 0;
    if (done && api->nvrtcGetPTXSize(program, &ptx_bytes) == NVRTC_SUCCESS) {
        out->ptx = calloc(ptx_bytes + 1, 1);
        if (out->ptx && api->nvrtcGetPTX(program, out->ptx) != NVRTC_SUCCESS) {
            *out->ptx = '\0';
        }
    }
    api->nvrtcDestroyProgram(&program);
    return done;
}

void cubin_release(struct cubin *cubin) {
    free(cubin->log);
    free(cubin->ptx);
}
