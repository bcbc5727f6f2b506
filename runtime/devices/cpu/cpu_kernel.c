/* cpu_kernel.c -- see cpu_kernel.h. */
#include "cpu_kernel.h"

#include <stdio.h>
#include <string.h>

#include "cache.h"
#include "cpu_features.h"

/* ---- text to loaded image ---- */

enum { MAX_CPU_FLAGS = 24 };

/* NULL-terminated; the define's text lives in `define`. */
static void compiler_flags(const struct cpu_features *cpu, int32_t n_reals,
                           char define[32], const char *flags[MAX_CPU_FLAGS]) {
    static const char *const always[] = {
        "-x",
        "c",
        "-std=gnu17",
        "-O2",
        "-fPIC",
        "-shared",
        "-nostdlib",
        "-pipe",
        "-w",
        "-Wno-psabi",
        "-fno-math-errno",
        "-fno-trapping-math",
        "-ffp-contract=off",
        "-fschedule-insns", /* gcc interleaves lane groups before it assigns registers
                             */
    };
    int n = 0;
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        flags[n++] = always[i];
    }
    flags[n++] = cpu->arch_flag;
    if (cpu->prefer_512) {
        flags[n++] = "-mprefer-vector-width=512";
    }
    snprintf(define, 32, "-DLANES=%d", n_reals);
    flags[n++] = define;
    if (!cpu->fma) {
        flags[n++] = "-lm";
    }
    flags[n] = NULL;
}

/* Everything the image depends on. */
static struct cache_key kernel_key(const struct cc *cc, const struct cpu_features *cpu,
                                   const char *const *flags, const char *text) {
    struct cache_part parts[MAX_CPU_FLAGS + 8];
    int n = 0;
    int32_t abi = ODEC_KERNEL_ABI;
    int64_t identity[2] = {cc->size, cc->mtime_ns};
    parts[n++] = (struct cache_part){text, strlen(text)};
    parts[n++] = (struct cache_part){&abi, sizeof abi};
    parts[n++] = (struct cache_part){cpu->fingerprint, sizeof cpu->fingerprint};
    parts[n++] = (struct cache_part){cc->real_path, strlen(cc->real_path)};
    parts[n++] = (struct cache_part){identity, sizeof identity};
    for (; *flags; flags++) {
        parts[n++] = (struct cache_part){*flags, strlen(*flags)};
    }
    return cache_key_of(parts, n);
}

static odec_status load_kernel(struct odec_context *context, const struct bytes *bytes,
                               struct cpu_kernel *kernel) {
    TRY(image_load(context, bytes->at, bytes->n, &kernel->image));
    const int *abi = image_symbol(&kernel->image, "odec_kernel_abi");
    void *entry = image_symbol(&kernel->image, "odec_kernel");
    int version = abi ? *abi : 0; /* goes with the image */
    if (entry && version == ODEC_KERNEL_ABI) {
        memcpy(&kernel->call, &entry, sizeof entry);
        return ODEC_OK;
    }
    image_unload(&kernel->image);
    return context_fail(context, ODEC_ERROR_DEVICE,
                        "the kernel does not fit this runtime (ABI %d, not %d)",
                        version, ODEC_KERNEL_ABI);
}

/* From the cache where it is there and loads, else by the compiler. */
static odec_status make_kernel(struct odec_context *context, const char *text,
                               const struct cpu_features *cpu,
                               const struct cache *cache, struct cpu_kernel *kernel) {
    char define[32];
    const char *flags[MAX_CPU_FLAGS];
    compiler_flags(cpu, kernel->n_reals, define, flags);
    struct cache_key key = kernel_key(&kernel->cc, cpu, flags, text);
    struct bytes bytes;
    if (cache_get(cache, &key, &bytes)) {
        struct odec_context ignored = {.error = ""};
        kernel->cache_hit = load_kernel(&ignored, &bytes, kernel) == ODEC_OK;
        bytes_release(&bytes);
        if (kernel->cache_hit) {
            return ODEC_OK;
        }
        cache_drop(cache, &key);
    }
    TRY(cc_build(context, &kernel->cc, flags, text, &bytes));
    odec_status status = load_kernel(context, &bytes, kernel);
    if (status == ODEC_OK) {
        cache_put(cache, &key, &bytes);
    }
    bytes_release(&bytes);
    return status;
}

/* ---- kernels that are linked in ---- */

/* Of those that this CPU can run with so many lanes (0: no more than its registers have)
 * the one that asks most of it; NULL: there is none. */
static const odec_native *find_native(const struct odec_program *program,
                                      const struct cpu_features *cpu, int32_t lanes) {
    const odec_native *best = NULL;
    for (int32_t i = 0; i < program->n_natives; i++) {
        const odec_native *native = &program->natives[i];
        const bool fits =
            native->isa <= cpu->isa && native->precision == program->precision &&
            (lanes ? native->lanes == lanes : native->lanes <= cpu->lanes);
        if (fits && (best == NULL || native->isa > best->isa ||
                     (native->isa == best->isa && native->lanes > best->lanes))) {
            best = native;
        }
    }
    return best;
}

/* ---- either ---- */

static void set_lanes(struct cpu_kernel *kernel, const struct odec_program *program,
                      int32_t lanes) {
    kernel->lanes = lanes;
    kernel->n_reals = lanes > 1 && program->precision == ODEC_FLOAT ? 2 * lanes : lanes;
}

static odec_status compile_kernel(struct odec_context *context,
                                  const struct odec_program *program,
                                  const struct odec_solver_options *options,
                                  const struct cpu_features *cpu,
                                  struct cpu_kernel *kernel) {
    const char *text = program->kernels[ODEC_TARGET_CPU].text;
    FAIL_IF(text == NULL, context, ODEC_ERROR_ARGUMENT,
            "the program has no kernel for the CPU");
    set_lanes(kernel, program, options->lanes ? options->lanes : cpu->lanes);
    TRY(cc_find(context, options->compiler, &kernel->cc));
    kernel->cc.waiting = options->waiting;
    kernel->cc.waiting_user = options->waiting_user;
    struct cache cache = cache_open(options->cache_dir);
    odec_status status = make_kernel(context, text, cpu, &cache, kernel);
    cache_close(&cache);
    return status;
}

odec_status cpu_kernel_make(struct odec_context *context,
                            const struct odec_program *program,
                            const struct odec_solver_options *options,
                            struct cpu_kernel *out) {
    const int32_t lanes = options->lanes;
    struct cpu_features cpu;
    *out = (struct cpu_kernel){.image = {.fd = -1}};
    FAIL_IF(lanes != 0 && lanes != 1 && lanes != 2 && lanes != 4 && lanes != 8, context,
            ODEC_ERROR_ARGUMENT, "%d lanes: 1, 2, 4 or 8 are possible", lanes);
    cpu_features_read(&cpu);
    const bool wants_compiler =
        options->compiler && program->kernels[ODEC_TARGET_CPU].text;
    const odec_native *native = find_native(program, &cpu, lanes);
    if (native && !wants_compiler) {
        set_lanes(out, program, native->lanes);
        out->is_native = true;
        out->call = native->kernel;
        return ODEC_OK;
    }
    odec_status status = compile_kernel(context, program, options, &cpu, out);
    if (status != ODEC_OK) {
        cpu_kernel_release(out);
    }
    return status;
}

void cpu_kernel_release(struct cpu_kernel *kernel) {
    image_unload(&kernel->image);
    cc_release(&kernel->cc);
    *kernel = (struct cpu_kernel){.image = {.fd = -1}};
}
