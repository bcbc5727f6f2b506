/* cuda_compile.c -- see cuda_compile.h. */
#define _GNU_SOURCE
#include "cuda_compile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cuda_options.h"

static const char *const options[] = {NULL /* the architecture's */, CUDA_OPTIONS};

enum { N_OPTIONS = sizeof options / sizeof *options, ARCHITECTURE_SIZE = 40 };

/* Of those that NVRTC knows the GPU's own, else the newest before it; 0: none. */
static int find_architecture(const struct gpu *gpu) {
    const struct cuda_api *api = cuda_api_of(gpu);
    int n = 0, found = 0;
    if (api->nvrtc.n_architectures(&n) != NVRTC_SUCCESS || n < 1) {
        return 0;
    }
    int *known = heap_take(gpu->library->heap, (size_t)n, sizeof *known);
    if (known && api->nvrtc.architectures(known) == NVRTC_SUCCESS) {
        for (int i = 0; i < n; i++) {
            if (known[i] <= gpu->architecture && known[i] > found) {
                found = known[i];
            }
        }
    }
    heap_give(known);
    return found;
}

static struct cache_key image_key(const struct cuda_api *api, const char *architecture,
                                  const char *text) {
    struct stat info = {0};
    char path[PATH_MAX];
    const char *name = realpath(api->nvrtc_path, path) ? path : api->nvrtc_path;
    stat(name, &info);
    const int64_t identity[] = {ODEC_KERNEL_ABI, api->nvrtc_version,
                                (int64_t)info.st_size, (int64_t)info.st_mtim.tv_sec,
                                (int64_t)info.st_mtim.tv_nsec};
    struct cache_part parts[4 + N_OPTIONS] = {{"cuda", 4},
                                              {text, strlen(text)},
                                              {name, strlen(name)},
                                              {identity, sizeof identity},
                                              {architecture, strlen(architecture)}};
    for (int i = 1; i < N_OPTIONS; i++) {
        parts[4 + i] = (struct cache_part){options[i], strlen(options[i])};
    }
    struct cache_key key = cache_key_of(parts, 4 + N_OPTIONS);
    return key;
}

/* ---- NVRTC ---- */

static odec_status read_image(struct odec_context *context, const struct cuda_api *api,
                              nvrtcProgram program, bool is_ptx, struct bytes *image) {
    size_t n = 0;
    nvrtcResult result = is_ptx ? api->nvrtc.ptx_bytes(program, &n)
                                : api->nvrtc.cubin_bytes(program, &n);
    FAIL_IF(result != NVRTC_SUCCESS || n == 0, context, ODEC_ERROR_COMPILER,
            "NVRTC gives no image (error %d)", result);
    image->at = heap_take(context->heap, n + 1, 1);
    image->n = n;
    if (image->at == NULL) {
        return context_out_of_memory(context);
    }
    result = is_ptx ? api->nvrtc.ptx(program, (char *)image->at)
                    : api->nvrtc.cubin(program, (char *)image->at);
    if (result != NVRTC_SUCCESS) {
        bytes_release(image);
        return context_fail(context, ODEC_ERROR_COMPILER,
                            "NVRTC gives no image (error %d)", result);
    }
    return ODEC_OK;
}

/* The first lines of what NVRTC has to say. */
static odec_status say_log(struct odec_context *context, const struct cuda_api *api,
                           nvrtcProgram program, nvrtcResult result) {
    size_t n = 0;
    char *log = NULL;
    if (api->nvrtc.log_bytes(program, &n) == NVRTC_SUCCESS) {
        log = heap_take(context->heap, n + 1, 1);
    }
    bool is_read = log && api->nvrtc.log(program, log) == NVRTC_SUCCESS;
    context_fail(context, ODEC_ERROR_COMPILER, "NVRTC failed (error %d)%s%.1500s",
                 result, is_read && log[0] ? ": " : "", is_read ? log : "");
    heap_give(log);
    return ODEC_ERROR_COMPILER;
}

static odec_status compile(struct odec_context *context, const struct cuda_api *api,
                           const char *architecture, bool is_ptx, const char *text,
                           struct bytes *image) {
    const char *arguments[N_OPTIONS];
    nvrtcProgram program = NULL;
    memcpy(arguments, options, sizeof arguments);
    arguments[0] = architecture;
    nvrtcResult result = api->nvrtc.create(&program, text, "kernel.cu", 0, NULL, NULL);
    FAIL_IF(result != NVRTC_SUCCESS, context, ODEC_ERROR_COMPILER,
            "NVRTC takes no program (error %d)", result);
    result = api->nvrtc.compile(program, N_OPTIONS, arguments);
    odec_status status = result == NVRTC_SUCCESS
                             ? read_image(context, api, program, is_ptx, image)
                             : say_log(context, api, program, result);
    api->nvrtc.destroy(&program);
    return status;
}

odec_status cuda_compile(struct odec_context *context, const struct gpu *gpu,
                         const struct cache *cache, const char *text,
                         struct bytes *image, struct cache_key *key, bool *cache_hit) {
    const struct cuda_api *api = cuda_api_of(gpu);
    char architecture[ARCHITECTURE_SIZE];
    int known = find_architecture(gpu);
    *image = (struct bytes){0};
    FAIL_IF(known == 0, context, ODEC_ERROR_COMPILER,
            "%s: its compute capability %d.%d is older than any that NVRTC %d.%d knows",
            gpu->name, gpu->architecture / 10, gpu->architecture % 10,
            api->nvrtc_version / 1000, api->nvrtc_version % 1000 / 10);
    FAIL_IF(known < 70, context, ODEC_ERROR_COMPILER,
            "%s: its compute capability %d.%d is too old: 7.0 is needed", gpu->name,
            gpu->architecture / 10, gpu->architecture % 10);
    bool is_ptx = known != gpu->architecture;
    snprintf(architecture, sizeof architecture, "--gpu-architecture=%s_%d",
             is_ptx ? "compute" : "sm", known);
    *key = image_key(api, architecture, text);
    *cache_hit = cache_get(cache, key, image);
    return *cache_hit ? ODEC_OK
                      : compile(context, api, architecture, is_ptx, text, image);
}
