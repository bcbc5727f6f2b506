/* gpu_load.c -- a program's kernels, loaded: from the images that are linked in with it where it
 * has some for this GPU, else its texts through the vendor's compiler.
 *
 *   | kernel | the model's:   odec_kernel, odec_shared      |  one image, or one text, each
 *   | tools  | the runtime's: odec_fill_grid, odec_transpose |
 *
 * An image that the driver does not take is no failure as long as there is a text and a compiler
 * for it. One that it takes, but that was made for another ABI, is one: nobody would see it else.
 */
#include <stdio.h>
#include <string.h>

#include "gpu_device.h"

static const odec_kernel_text *texts_of(const struct gpu_device *device) {
    return &device->program->kernels[device->calls->target];
}

static const odec_image *image_of(const struct gpu_device *device) {
    return device->program->images[device->calls->target];
}

/* Why its texts cannot be compiled; "" where they can. */
static const char *why_no_text(const struct gpu_device *device) {
    const odec_kernel_text *texts = texts_of(device);
    return texts->text == NULL || texts->tools == NULL
               ? "the program has no text for it"
               : device->gpu->library->no_compiler;
}

odec_status gpu_load_check(struct odec_context *context,
                           const struct gpu_device *device) {
    const odec_kernel_text *texts = texts_of(device);
    const odec_image *image = image_of(device);
    FAIL_IF(image == NULL && (texts->text == NULL || texts->tools == NULL), context,
            ODEC_ERROR_ARGUMENT, "the program has no kernel for %s",
            device->calls->title);
    FAIL_IF(image && (!image->kernel || !image->tools), context, ODEC_ERROR_ARGUMENT,
            "the program's image for %s lacks a kernel", device->calls->title);
    return ODEC_OK;
}

/* ---- texts ---- */

static odec_status failed(struct odec_context *context, const char *reason) {
    return context_fail(context, ODEC_ERROR_DEVICE, "%s", reason);
}

/* An image from the cache that does not load is dropped, and compiled anew. */
static odec_status load_text(struct odec_context *context, struct gpu_device *device,
                             const struct cache *cache, const char *text,
                             gpu_module *module, bool *cache_hit) {
    for (int tries = 0;; tries++) {
        struct bytes image;
        struct cache_key key;
        char reason[GPU_REASON_SIZE] = "";
        TRY(device->calls->compile(context, device->gpu, cache, text, &image, &key,
                                   cache_hit));
        int result = GPU_CALL(device, module_load, module, image.at);
        bool loaded = gpu_succeeded(device->gpu, result, "loading a kernel", reason);
        if (loaded && !*cache_hit) {
            cache_put(cache, &key, &image);
        }
        bytes_release(&image);
        if (loaded) {
            return ODEC_OK;
        }
        if (!*cache_hit || tries > 0 || atomic_load(&device->gpu->is_dead)) {
            return failed(context, reason);
        }
        cache_drop(cache, &key);
    }
}

static odec_status load_texts(struct odec_context *context, struct gpu_device *device,
                              const struct odec_solver_options *options) {
    bool tools_hit = false;
    struct cache cache = cache_open(context, options);
    const odec_kernel_text *texts = texts_of(device);
    odec_status status = load_text(context, device, &cache, texts->text,
                                   &device->module, &device->cache_hit);
    if (status == ODEC_OK) {
        status = load_text(context, device, &cache, texts->tools, &device->tools,
                           &tools_hit);
    }
    cache_close(&cache);
    return status;
}

/* ---- images ---- */

/* False: the driver does not take it, and `reason` says why. */
static bool take_image(struct gpu_device *device, const void *image, gpu_module *module,
                       char reason[GPU_REASON_SIZE]) {
    const int result = GPU_CALL(device, module_load, module, image);
    if (!gpu_succeeded(device->gpu, result, "loading the image in the program",
                       reason)) {
        *module = NULL;
        return false;
    }
    return true;
}

/* Images have the ABI's number in a name. */
static odec_status check_abi(struct odec_context *context, struct gpu_device *device,
                             gpu_module module) {
    char symbol[64], reason[GPU_REASON_SIZE] = "";
    gpu_address at;
    snprintf(symbol, sizeof symbol, "%s%d", ODEC_IMAGE_ABI, ODEC_KERNEL_ABI);
    const int result = GPU_CALL(device, module_global, &at, module, symbol);
    if (gpu_succeeded(device->gpu, result, "looking at the image in the program",
                      reason)) {
        return ODEC_OK;
    }
    TRY(gpu_check(context, device->gpu));
    return context_fail(context, ODEC_ERROR_ARGUMENT,
                        "%s: the image in the program is not for kernel ABI %d, which "
                        "this runtime has: build it anew",
                        device->gpu->name, ODEC_KERNEL_ABI);
}

/* The driver's words, and what may be behind them. */
static odec_status refused(struct odec_context *context,
                           const struct gpu_device *device, const char *reason) {
    const odec_image *image = image_of(device);
    const struct gpu *gpu = device->gpu;
    const int made = (int)image->compiler, has = gpu->library->driver_version;
    return context_fail(
        context, ODEC_ERROR_DEVICE,
        "%s; it was made by %s %d.%d for %s, and this GPU is of %d.%d, its driver of "
        "%s %d.%d; it cannot be made here: %s",
        reason, device->calls->title, made / 1000, made % 1000 / 10,
        image->architectures ? image->architectures : "GPUs not told",
        gpu->architecture / 10, gpu->architecture % 10, device->calls->title,
        has / 1000, has % 1000 / 10, why_no_text(device));
}

static void unload(struct gpu_device *device, gpu_module *module) {
    if (*module) {
        GPU_GIVE_BACK(device->gpu, GPU_CALL(device, module_unload, *module));
        *module = NULL;
    }
}

/* *taken false, without a failure: the texts have to do. */
static odec_status load_images(struct odec_context *context, struct gpu_device *device,
                               bool *taken) {
    const odec_image *image = image_of(device);
    char reason[GPU_REASON_SIZE] = "";
    *taken = take_image(device, image->kernel, &device->module, reason) &&
             take_image(device, image->tools, &device->tools, reason);
    if (*taken) {
        TRY(check_abi(context, device, device->module));
        return check_abi(context, device, device->tools);
    }
    TRY(gpu_check(context, device->gpu));
    unload(device, &device->module);
    return why_no_text(device)[0] ? refused(context, device, reason) : ODEC_OK;
}

odec_status gpu_load(struct odec_context *context, struct gpu_device *device,
                     const struct odec_solver_options *options) {
    if (image_of(device)) {
        TRY(load_images(context, device, &device->is_linked_in));
    }
    if (device->is_linked_in) {
        return ODEC_OK;
    }
    const char *no_compiler = device->gpu->library->no_compiler;
    FAIL_IF(no_compiler[0], context, ODEC_ERROR_DEVICE, "%s: %s", device->calls->kind,
            no_compiler);
    return load_texts(context, device, options);
}
