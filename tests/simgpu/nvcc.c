/* nvcc.c -- the simulated nvcc: a text on standard input to a fatbin that the simulated driver
 * loads.
 *
 *   nvcc --version
 *   nvcc -fatbin -x cu OPTIONS -gencode=arch=compute_90,code=sm_90 ... -o FILE /dev/stdin
 *
 * It is that of CUDA 13.0, or of the version in $ODEC_SIMGPU_NVCC (12.4), and has the options that
 * odec gives to it and no other. What they ask of arithmetic holds anyway.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "image.h"

enum { MOST = 32, TEXT_BYTES = 16 << 20 };

static const int known[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};

struct call {
    int version; /* 13000 */
    int n;
    struct image_header images[MOST];
    const char *output;
};

__attribute__((format(printf, 1, 2))) static int fatal(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("nvcc fatal   : ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return 1;
}

/* "-gencode=arch=compute_90,code=sm_90" or code=compute_90 */
static int add_target(struct call *call, const char *option) {
    int virtual_one = 0, real_one = 0, end = 0;
    const char *code = strchr(option, ',');
    if (sscanf(option, "-gencode=arch=compute_%d", &virtual_one) != 1 || !code) {
        return fatal("Unknown option '%s'", option);
    }
    const int is_virtual =
        sscanf(code, ",code=compute_%d%n", &real_one, &end) == 1 && code[end] == '\0';
    if (!is_virtual &&
        (sscanf(code, ",code=sm_%d%n", &real_one, &end) != 1 || code[end] != '\0')) {
        return fatal("Unknown option '%s'", option);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i] == virtual_one && real_one == virtual_one && call->n < MOST) {
            call->images[call->n++] = (struct image_header){.architecture = real_one,
                                                            .is_virtual = is_virtual};
            return 0;
        }
    }
    return fatal("Unsupported gpu architecture 'compute_%d'", virtual_one);
}

static int read_options(int n, char **options, struct call *call) {
    static const char *const harmless[] = {
        "-fatbin",          "-x",           "cu",
        "--std=c++17",      "--ftz=false",  "--prec-div=true",
        "--prec-sqrt=true", "--fmad=false", "/dev/stdin"};
    for (int i = 1; i < n; i++) {
        int is_harmless = 0;
        for (size_t k = 0; k < sizeof harmless / sizeof *harmless; k++) {
            is_harmless |= strcmp(options[i], harmless[k]) == 0;
        }
        if (strcmp(options[i], "-o") == 0 && i + 1 < n) {
            call->output = options[++i];
        } else if (!is_harmless && add_target(call, options[i])) {
            return 1;
        }
    }
    return call->output && call->n ? 0 : fatal("No input files specified; use --help");
}

static int write_fatbin(const struct call *call, const struct bytes *object) {
    struct fatbin_header header = {.version = call->version, .n = call->n};
    FILE *file = fopen(call->output, "wb");
    memcpy(header.magic, FATBIN_MAGIC, sizeof header.magic);
    int ok = file && fwrite(&header, sizeof header, 1, file) == 1;
    for (int i = 0; ok && i < call->n; i++) {
        struct image_header image = call->images[i];
        memcpy(image.magic, IMAGE_MAGIC, sizeof image.magic);
        image.bytes = object->n;
        image.hash = image_hash(object->data, object->n);
        ok = fwrite(&image, sizeof image, 1, file) == 1;
    }
    ok = ok && fwrite(object->data, object->n, 1, file) == 1;
    return (file && fclose(file)) || !ok ? fatal("cannot write %s", call->output) : 0;
}

static int compile(const struct call *call) {
    char *text = calloc(TEXT_BYTES, 1);
    struct bytes object, log;
    if (!text || fread(text, 1, TEXT_BYTES - 1, stdin) == 0) {
        free(text);
        return fatal("no text");
    }
    char *made = kernel_text_make(text, "stdin");
    int failed = !made || !host_compile(made, NULL, 0, &object, &log);
    if (failed && made && log.data) {
        fputs(log.data, stderr);
    }
    failed = failed || write_fatbin(call, &object);
    if (made) {
        free(object.data);
        free(log.data);
    }
    free(made);
    free(text);
    return failed;
}

int main(int argc, char **argv) {
    const char *version = getenv("ODEC_SIMGPU_NVCC");
    int major = 13, minor = 0;
    struct call call = {.n = 0};
    if (version) {
        sscanf(version, "%d.%d", &major, &minor);
    }
    call.version = 1000 * major + 10 * minor;
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("nvcc: NVIDIA (R) Cuda compiler driver\n"
               "Cuda compilation tools, release %d.%d, V%d.%d.88\n",
               major, minor, major, minor);
        return 0;
    }
    return read_options(argc, argv, &call) || compile(&call);
}
