/* fatbin.c -- see fatbin.h. nvcc is found by --nvcc, $ODEC_NVCC, PATH, $CUDA_PATH and
 * $CUDA_HOME, where toolkits usually are, in this order; a name that was given has to be there.
 * It gets a text on standard input, with one variable more, whose name tells the runtime for
 * which ABI the image was made, and the options that NVRTC gets. Names in an image are made of its
 * source's path: that of a file in memory is the same each time, a temporary file's is not.
 */
#include "fatbin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cuda_options.h"
#include "progress.h"

enum {
    LEAST_VERSION = 11070, /* of nvcc that knows every word of the kernels */
    LEAST_ARCHITECTURE = 70
};

/* ---- architectures ---- */

/* The number in "sm_90" or "sm_90a"; 0: it is no such name. */
static int architecture_number(const char *name) {
    int number = 0, end = 0;
    if (sscanf(name, "sm_%3d%n", &number, &end) != 1 || name[3] == '+' ||
        name[3] == '-') {
        return 0;
    }
    end += name[end] == 'a' || name[end] == 'f';
    return name[end] == '\0' ? number : 0;
}

static bool has_name(const struct fatbin *f, const char *name) {
    for (int i = 0; i < f->n; i++) {
        if (strcmp(f->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static int add_architecture(struct fatbin *f, const char *name, size_t length) {
    char text[sizeof f->names[0]];
    snprintf(text, sizeof text, "%.*s", (int)(length < 15 ? length : 15), name);
    const int number = architecture_number(text);
    if (number == 0 || length > 15) {
        return cli_error(
            EXIT_WRONG,
            "--fatbin: '%.*s' is no architecture: sm_80, sm_90 and the like",
            (int)(length < 40 ? length : 40), name);
    }
    if (number < LEAST_ARCHITECTURE) {
        return cli_error(EXIT_WRONG, "--fatbin: %s is too old: sm_%d is needed", text,
                         LEAST_ARCHITECTURE);
    }
    if (has_name(f, text)) {
        return EXIT_DONE;
    }
    if (f->n == FATBIN_MOST) {
        return cli_error(EXIT_WRONG, "--fatbin: there are more than %d architectures",
                         FATBIN_MOST);
    }
    strcpy(f->names[f->n++], text);
    return EXIT_DONE;
}

/* And of the newest PTX, which the drivers of GPUs to come compile. */
static void list_targets(struct fatbin *f) {
    int newest = 0;
    for (int i = 0; i < f->n; i++) {
        const char *number = f->names[i] + strlen("sm_");
        const size_t n = strlen(f->said);
        snprintf(f->targets[i], sizeof f->targets[i],
                 "-gencode=arch=compute_%s,code=sm_%s", number, number);
        snprintf(f->said + n, sizeof f->said - n, "%s%s", i ? ", " : "", f->names[i]);
        newest = architecture_number(f->names[i]) > newest
                     ? architecture_number(f->names[i])
                     : newest;
    }
    snprintf(f->targets[f->n], sizeof f->targets[f->n],
             "-gencode=arch=compute_%d,code=compute_%d", newest, newest);
}

static int parse(struct fatbin *f, const char *list) {
    for (const char *name = list;; name++) {
        const size_t n = strcspn(name, ",");
        CLI_TRY(add_architecture(f, name, n));
        name += n;
        if (*name == '\0') {
            list_targets(f);
            return EXIT_DONE;
        }
    }
}

/* ---- nvcc ---- */

static bool goes_on(void *user, double seconds) {
    (void)user, (void)seconds;
    return !progress_interrupted();
}

/* *is_there false: not there. */
static int look_for(struct fatbin *f, const char *folder, const char *name,
                    bool *is_there) {
    char path[4096];
    const int n = snprintf(path, sizeof path, "%s%s%s", folder ? folder : "",
                           folder ? "/bin/" : "", name);
    *is_there = false;
    if (n >= (int)sizeof path) {
        return EXIT_DONE;
    }
    f->nvcc = (struct cc){.title = "nvcc", .input = "/dev/stdin"};
    const odec_status status = cc_find_named(f->context, path, &f->nvcc, is_there);
    f->nvcc.waiting = goes_on;
    f->nvcc.most_seconds = f->most_seconds;
    return status == ODEC_OK ? EXIT_DONE : cli_failed(f->context, status);
}

static int find_nvcc(struct fatbin *f, const char *asked) {
    const char *variable = getenv("ODEC_NVCC");
    const char *const folders[] = {NULL, getenv("CUDA_PATH"), getenv("CUDA_HOME"),
                                   "/usr/local/cuda"};
    bool is_there = false;
    if (asked || (variable && variable[0])) {
        CLI_TRY(look_for(f, NULL, asked ? asked : variable, &is_there));
        return is_there
                   ? EXIT_DONE
                   : cli_error(EXIT_UNFINISHED,
                               "nvcc '%s'%s is not there or cannot be run",
                               asked ? asked : variable, asked ? "" : " ($ODEC_NVCC)");
    }
    for (int i = 0; i < 4 && !is_there; i++) {
        if (i == 0 || (folders[i] && folders[i][0])) {
            CLI_TRY(look_for(f, folders[i], "nvcc", &is_there));
        }
    }
    return is_there ? EXIT_DONE
                    : cli_error(EXIT_UNFINISHED,
                                "--fatbin needs nvcc, and it is not on PATH, in "
                                "$CUDA_PATH or in /usr/local/cuda: name it with --nvcc "
                                "or $ODEC_NVCC");
}

/* "... release 13.0, V13.0.88" */
static int ask_version(struct fatbin *f) {
    struct bytes said;
    const odec_status status =
        cc_ask(f->context, &f->nvcc, (const char *[]){"--version", NULL}, &said);
    int major = 0, minor = 0;
    if (status != ODEC_OK) {
        return cli_failed(f->context, status);
    }
    const char *release = strstr((const char *)said.at, "release ");
    const bool is_told =
        release && sscanf(release, "release %4d.%4d", &major, &minor) == 2;
    bytes_release(&said);
    f->version = 1000 * major + 10 * minor;
    if (!is_told || f->version < LEAST_VERSION) {
        return cli_error(EXIT_UNFINISHED, "nvcc %s %s", f->nvcc.path,
                         is_told ? "is older than CUDA 11.7, which is needed"
                                 : "does not tell its version");
    }
    return EXIT_DONE;
}

int fatbin_open(odec_context *context, const struct options *options,
                double most_seconds, struct fatbin *out) {
    *out = (struct fatbin){.context = context, .most_seconds = most_seconds};
    CLI_TRY(parse(out, options->fatbin));
    CLI_TRY(find_nvcc(out, options->nvcc));
    return ask_version(out);
}

void fatbin_close(struct fatbin *fatbin) {
    cc_release(&fatbin->nvcc);
    bytes_release(&fatbin->tools);
}

/* ---- images ---- */

static int compile(struct fatbin *f, const char *path, const char *text,
                   struct bytes *out) {
    const char *flags[FATBIN_MOST + 16] = {"-fatbin", "-x", "cu", CUDA_OPTIONS};
    int n = 0;
    while (flags[n]) {
        n++;
    }
    for (int i = 0; i <= f->n; i++) {
        flags[n++] = f->targets[i];
    }
    const size_t size = strlen(text) + 128;
    char *whole = malloc(size);
    if (whole == NULL) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    snprintf(
        whole, size,
        "#define ODEC_SAME_IMAGE 1\n%s\nextern \"C\" {\n__constant__ int %s%d;\n}\n",
        text, ODEC_IMAGE_ABI, ODEC_KERNEL_ABI);
    const odec_status status = cc_build(f->context, &f->nvcc, flags, whole, out);
    free(whole);
    return status == ODEC_OK ? EXIT_DONE
                             : cli_error(EXIT_UNFINISHED, "%s for %s: %s", path,
                                         f->said, odec_context_error(f->context));
}

int fatbin_make(struct fatbin *fatbin, const char *path, const odec_program *program,
                struct fatbin_image *out) {
    const odec_kernel_text *texts = &program->kernels[ODEC_TARGET_CUDA];
    *out = (struct fatbin_image){.image = {.size = sizeof(odec_image)}};
    if (texts->text == NULL || texts->tools == NULL) {
        return cli_error(EXIT_UNFINISHED, "%s: there is no kernel text for CUDA", path);
    }
    if (fatbin->tools.at == NULL) {
        CLI_TRY(compile(fatbin, path, texts->tools, &fatbin->tools));
    }
    CLI_TRY(compile(fatbin, path, texts->text, &out->kernel));
    out->image.kernel = out->kernel.at;
    out->image.kernel_bytes = (int64_t)out->kernel.n;
    out->image.tools = fatbin->tools.at;
    out->image.tools_bytes = (int64_t)fatbin->tools.n;
    out->image.compiler = fatbin->version;
    out->image.architectures = fatbin->said;
    return EXIT_DONE;
}

void fatbin_image_release(struct fatbin_image *image) { bytes_release(&image->kernel); }
