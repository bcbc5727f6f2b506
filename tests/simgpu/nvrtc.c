/* nvrtc.c -- the entry points of NVRTC.
 *
 * An image is an image_header and a shared object, the same for PTX and cubin. Options
 * are those that the real NVRTC has, as far as odec might use them; what they ask of
 * arithmetic holds anyway.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "image.h"
#include "world.h"

enum { /* of nvrtc.h, beside those of cuda_api.h */
       NVRTC_ERROR_OUT_OF_MEMORY = 1,
       NVRTC_ERROR_INVALID_INPUT = 3,
       NVRTC_ERROR_INVALID_PROGRAM = 4,
       NVRTC_ERROR_INVALID_OPTION = 5,
       NVRTC_ERROR_INTERNAL_ERROR = 11
};

struct program {
    struct object object;
    char *text, *name;
    struct image_header header;
    struct bytes compiled, log;
};

enum { MAX_DEFINES = 32, LOG_SIZE = 512 };

struct options {
    int architecture;
    bool is_virtual;
    const char *defines[MAX_DEFINES];
    int n_defines;
};

/* ---- what it is ---- */

nvrtcResult nvrtcVersion(int *major, int *minor) {
    world_lock();
    world_prepare();
    const int version = world.config.nvrtc_version;
    const bool missing = world.config.nvrtc == NVRTC_MISSING;
    world_unlock();
    *major = version / 1000;
    *minor = version % 1000 / 10;
    return missing ? NVRTC_ERROR_INTERNAL_ERROR : NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetNumSupportedArchs(int *count) {
    world_lock();
    world_prepare();
    *count = world.config.n_architectures;
    world_unlock();
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetSupportedArchs(int *list) {
    world_lock();
    world_prepare();
    for (int i = 0; i < world.config.n_architectures; i++) {
        list[i] = world.config.architectures[i];
    }
    world_unlock();
    return NVRTC_SUCCESS;
}

/* ---- programs ---- */

static struct program *program_find(nvrtcProgram handle) {
    world_lock();
    world_prepare();
    struct program *program = object_find(handle, OBJECT_PROGRAM);
    world_unlock();
    return program;
}

static void program_empty(struct program *program) {
    free(program->text);
    free(program->name);
    free(program->compiled.data);
    free(program->log.data);
    program->text = program->name = NULL;
    program->compiled = program->log = (struct bytes){0};
    program->object.alive = false;
}

void programs_take_down(void) {
    for (size_t i = 0; i < world.n_objects; i++) {
        if (world.objects[i]->kind == OBJECT_PROGRAM && world.objects[i]->alive) {
            violation("leaked NVRTC program");
            program_empty((struct program *)world.objects[i]);
        }
    }
}

nvrtcResult nvrtcCreateProgram(nvrtcProgram *handle, const char *text, const char *name,
                               int n_headers, const char *const *headers,
                               const char *const *names) {
    (void)headers, (void)names;
    if (!handle || !text || n_headers != 0) {
        return NVRTC_ERROR_INVALID_INPUT;
    }
    world_lock();
    world_prepare();
    struct program *program = object_add(sizeof *program, OBJECT_PROGRAM, NULL);
    program->text = strdup(text);
    program->name = strdup(name ? name : "default_program");
    *handle = program->object.handle;
    world_unlock();
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcDestroyProgram(nvrtcProgram *handle) {
    world_lock();
    world_prepare();
    struct program *program = object_find(*handle, OBJECT_PROGRAM);
    if (program) {
        program_empty(program);
        *handle = NULL;
    }
    world_unlock();
    return program ? NVRTC_SUCCESS : NVRTC_ERROR_INVALID_PROGRAM;
}

/* ---- compiling ---- */

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* "sm_90", "compute_90" */
static bool read_architecture(const char *text, struct options *options) {
    options->is_virtual = begins(text, "compute_");
    if (!options->is_virtual && !begins(text, "sm_")) {
        return false;
    }
    options->architecture = atoi(strchr(text, '_') + 1);
    for (int i = 0; i < world.config.n_architectures; i++) {
        if (world.config.architectures[i] == options->architecture) {
            return true;
        }
    }
    return false;
}

/* False: NVRTC has no such option; its words are in `log`. */
static bool read_options(int n, const char *const *texts, struct options *options,
                         char log[LOG_SIZE]) {
    static const char *const architecture[] = {"--gpu-architecture=", "-arch="};
    static const char *const harmless[] = {
        "--std=",          "-std=",           "--ftz=",
        "--prec-div=",     "--prec-sqrt=",    "--fmad=",
        "-fmad=",          "-default-device", "--device-as-default",
        "--restrict",      "-lineinfo",       "--ptxas-options=",
        "--maxrregcount=", "--dopt=",         "--split-compile=",
        "--no-cache",      "--diag-suppress="};
    for (int i = 0; i < n; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof harmless / sizeof *harmless; k++) {
            known = known || begins(texts[i], harmless[k]);
        }
        for (int k = 0; k < 2; k++) {
            if (begins(texts[i], architecture[k])) {
                known = true;
                if (!read_architecture(texts[i] + strlen(architecture[k]), options)) {
                    snprintf(log, LOG_SIZE,
                             "nvrtc: error: invalid value for --gpu-architecture "
                             "(-arch)\n");
                    return false;
                }
            }
        }
        if (begins(texts[i], "-D") && options->n_defines < MAX_DEFINES) {
            known = true;
            options->defines[options->n_defines++] = texts[i];
        }
        if (!known) {
            snprintf(log, LOG_SIZE, "nvrtc: error: unrecognized option %s found\n",
                     texts[i]);
            return false;
        }
    }
    return true;
}

static void set_log(struct program *program, const char *text) {
    free(program->log.data);
    program->log.data = strdup(text);
    program->log.n = strlen(text);
}

nvrtcResult nvrtcCompileProgram(nvrtcProgram handle, int n_options,
                                const char *const *options) {
    struct program *program = program_find(handle);
    struct options read = {.architecture = world.config.architectures[0],
                           .is_virtual = true};
    char log[LOG_SIZE];
    if (!program) {
        return NVRTC_ERROR_INVALID_PROGRAM;
    }
    if (!read_options(n_options, options, &read, log)) {
        set_log(program, log);
        return NVRTC_ERROR_INVALID_OPTION;
    }
    if (world.config.nvrtc == NVRTC_FAILS) {
        set_log(program, "error: this NVRTC fails, as it was told to\n");
        return NVRTC_ERROR_COMPILATION;
    }
    char *text = kernel_text_make(program->text, program->name);
    if (!text) {
        return NVRTC_ERROR_OUT_OF_MEMORY;
    }
    free(program->log.data);
    free(program->compiled.data);
    const bool ok = host_compile(text, read.defines, read.n_defines, &program->compiled,
                                 &program->log);
    free(text);
    world_lock();
    world.report.n_compilations++;
    world_unlock();
    if (!ok) {
        return NVRTC_ERROR_COMPILATION;
    }
    program->header = (struct image_header){
        .architecture = read.architecture,
        .is_virtual = read.is_virtual,
        .bytes = program->compiled.n,
        .hash = image_hash(program->compiled.data, program->compiled.n)};
    memcpy(program->header.magic, IMAGE_MAGIC, sizeof program->header.magic);
    return NVRTC_SUCCESS;
}

/* ---- results ---- */

nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram handle, size_t *bytes) {
    const struct program *program = program_find(handle);
    if (!program) {
        return NVRTC_ERROR_INVALID_PROGRAM;
    }
    *bytes = program->log.n + 1;
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetProgramLog(nvrtcProgram handle, char *text) {
    const struct program *program = program_find(handle);
    if (!program) {
        return NVRTC_ERROR_INVALID_PROGRAM;
    }
    if (program->log.n) {
        memcpy(text, program->log.data, program->log.n);
    }
    text[program->log.n] = '\0';
    return NVRTC_SUCCESS;
}

/* The size of an image; 0 where there is none of this form. */
static nvrtcResult image_size(nvrtcProgram handle, bool ptx, size_t *bytes) {
    const struct program *program = program_find(handle);
    if (!program || !program->compiled.data) {
        return NVRTC_ERROR_INVALID_PROGRAM;
    }
    const bool has = ptx || !program->header.is_virtual;
    *bytes = has ? sizeof program->header + program->compiled.n : 0;
    return NVRTC_SUCCESS;
}

static nvrtcResult image_get(nvrtcProgram handle, bool ptx, char *image) {
    const struct program *program = program_find(handle);
    if (!program || !program->compiled.data || (!ptx && program->header.is_virtual)) {
        return NVRTC_ERROR_INVALID_PROGRAM;
    }
    struct image_header header = program->header;
    header.is_virtual = ptx;
    memcpy(image, &header, sizeof header);
    memcpy(image + sizeof header, program->compiled.data, program->compiled.n);
    return NVRTC_SUCCESS;
}

nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, size_t *bytes) {
    return image_size(program, false, bytes);
}

nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char *image) {
    return image_get(program, false, image);
}

nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, size_t *bytes) {
    return image_size(program, true, bytes);
}

nvrtcResult nvrtcGetPTX(nvrtcProgram program, char *text) {
    return image_get(program, true, text);
}
