/* cuda_api.c -- see cuda_api.h. A library counts only as a whole: all of its entry
 * points or none of them.
 */
#define _GNU_SOURCE
#include "cuda_api.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIBRARY_DRIVER, LIBRARY_NVRTC, LIBRARY_NVML };

/* NVRTCs by their file's name, newest first. */
static const struct {
    const char *name;
    int major;
} nvrtc_names[] = {
    {"libnvrtc.so.13", 13}, {"libnvrtc.so.12", 12}, {"libnvrtc.so.11.2", 11}};

enum { WHY_SIZE = 256 }; /* of `missing` and `no_nvrtc` */

/* One line of why; the first one stays. */
static void say_missing(char why[WHY_SIZE], const char *what, const char *detail) {
    if (why[0] == '\0') {
        snprintf(why, WHY_SIZE, "%s%s", what, detail);
    }
}

/* ---- libraries ---- */

struct entry {
    const char *symbol;
    void *place; /* of a function pointer */
};

/* All entry points into their places, or none. */
static bool bind(void *library, const struct entry *entries, size_t n) {
    for (size_t i = 0; i < n; i++) {
        void *found = dlsym(library, entries[i].symbol);
        if (found == NULL) {
            return false;
        }
        memcpy(entries[i].place, &found, sizeof found);
    }
    return true;
}

/* Not unloaded while the process lives: drivers keep threads and handlers of their own.
 */
static void *open_library(const char *path) {
    return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

static void drop_library(struct cuda_api *api, int which) {
    if (api->libraries[which]) {
        dlclose(api->libraries[which]);
        api->libraries[which] = NULL;
    }
}

/* Versions as CUDA writes them: 11070 is 11.7. */
static void say_too_old(char why[WHY_SIZE], const char *what, int version, int least) {
    char text[64];
    snprintf(text, sizeof text, "%d.%d is too old: %d.%d is needed", version / 1000,
             version % 1000 / 10, least / 1000, least % 1000 / 10);
    say_missing(why, what, text);
}

/* ---- the driver ---- */

static void open_driver(struct cuda_api *api) {
    const struct entry entries[] = {
#define DRIVER(member, symbol, parameters) {#symbol, &api->driver.member},
#include "cuda_api.def"
    };
    void *library = api->libraries[LIBRARY_DRIVER] = open_library("libcuda.so.1");
    if (library == NULL) {
        say_missing(api->missing, "no CUDA driver is installed (libcuda.so.1)", "");
        return;
    }
    int version = 0;
    CUresult (*driver_version)(int *version) = NULL;
    const struct entry first = {"cuDriverGetVersion", &driver_version};
    if (bind(library, &first, 1)) {
        driver_version(&version);
    }
    if (version < CUDA_LEAST_DRIVER ||
        !bind(library, entries, sizeof entries / sizeof *entries)) {
        say_too_old(api->missing, "the driver's CUDA ", version, CUDA_LEAST_DRIVER);
        return;
    }
    char text[CUDA_TEXT_SIZE];
    CUresult error = api->driver.init(0);
    if (error == CUDA_SUCCESS) {
        error = api->driver.device_count(&api->n_devices);
    }
    if (error != CUDA_SUCCESS || api->n_devices < 1) {
        error = error == CUDA_SUCCESS ? CUDA_ERROR_NO_DEVICE : error;
        say_missing(api->missing, "the CUDA driver does not start: ",
                    cuda_error_text(api, error, text));
        api->n_devices = 0;
        return;
    }
    api->driver_version = version;
}

/* ---- NVRTC ---- */

/* *too_old: the newest version that was found and refused. */
static bool try_nvrtc(struct cuda_api *api, const char *path, int *too_old) {
    const struct entry entries[] = {
#define NVRTC(member, symbol, parameters) {#symbol, &api->nvrtc.member},
#include "cuda_api.def"
    };
    int major, minor;
    void *library = api->libraries[LIBRARY_NVRTC] = open_library(path);
    struct link_map *map;
    if (library && bind(library, entries, sizeof entries / sizeof *entries) &&
        api->nvrtc.version(&major, &minor) == NVRTC_SUCCESS) {
        const int version = 1000 * major + 10 * minor;
        if (version >= CUDA_LEAST_NVRTC &&
            dlinfo(library, RTLD_DI_LINKMAP, &map) == 0) {
            api->nvrtc_version = version;
            snprintf(api->nvrtc_path, sizeof api->nvrtc_path, "%s", map->l_name);
            return true;
        }
        *too_old = version > *too_old ? version : *too_old;
    }
    drop_library(api, LIBRARY_NVRTC);
    return false;
}

/* The newest whose major version the driver knows, where the linker finds it or in a
 * toolkit. */
static void open_nvrtc(struct cuda_api *api) {
    const char *const roots[] = {NULL, getenv("CUDA_HOME"), getenv("CUDA_PATH"),
                                 "/usr/local/cuda"};
    int too_old = 0;
    for (size_t i = 0; i < sizeof nvrtc_names / sizeof *nvrtc_names; i++) {
        if (nvrtc_names[i].major > api->driver_version / 1000) {
            continue;
        }
        for (size_t k = 0; k < sizeof roots / sizeof *roots; k++) {
            char path[512];
            if (k > 0 && roots[k] == NULL) {
                continue;
            }
            snprintf(path, sizeof path, "%s%s%s", k ? roots[k] : "", k ? "/lib64/" : "",
                     nvrtc_names[i].name);
            if (try_nvrtc(api, path, &too_old)) {
                return;
            }
        }
    }
    if (too_old > 0) {
        say_too_old(api->no_nvrtc, "NVRTC ", too_old, CUDA_LEAST_NVRTC);
    } else {
        say_missing(api->no_nvrtc,
                    "no NVRTC for this driver is installed (libnvrtc.so.N)", "");
    }
}

/* ---- NVML ---- */

static void open_nvml(struct cuda_api *api) {
    const struct entry entries[] = {
#define NVML(member, symbol, parameters) {#symbol, &api->nvml.member},
#include "cuda_api.def"
    };
    void *library = api->libraries[LIBRARY_NVML] = open_library("libnvidia-ml.so.1");
    api->has_nvml = library &&
                    bind(library, entries, sizeof entries / sizeof *entries) &&
                    api->nvml.init() == NVML_SUCCESS;
}

/* ---- all ---- */

void cuda_api_open(struct cuda_api *out) {
    *out = (struct cuda_api){0};
    open_driver(out);
    if (out->driver_version) {
        open_nvrtc(out);
        open_nvml(out);
    }
}

void cuda_api_close(struct cuda_api *api) {
    if (api->has_nvml) {
        api->nvml.shutdown();
    }
    for (int i = 0; i < 3; i++) {
        drop_library(api, i);
    }
    *api = (struct cuda_api){0};
}

bool cuda_is_fatal(CUresult error) {
    switch (error) {
    case CUDA_ERROR_DEVICE_UNAVAILABLE:
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_UNKNOWN:
        return true;
    default:
        return false;
    }
}

const char *cuda_error_text(const struct cuda_api *api, CUresult error,
                            char text[CUDA_TEXT_SIZE]) {
    const char *name = NULL, *words = NULL;
    if (api->driver.error_name && api->driver.error_text &&
        api->driver.error_name(error, &name) == CUDA_SUCCESS &&
        api->driver.error_text(error, &words) == CUDA_SUCCESS) {
        snprintf(text, CUDA_TEXT_SIZE, "%s (%s)", words, name);
    } else {
        snprintf(text, CUDA_TEXT_SIZE, "error %d", error);
    }
    return text;
}
