/* cpu_kernel.c -- see cpu_kernel.h. */
#include "cpu_kernel.h"

#include <stdio.h>
#include <string.h>

#include "cache.h"
#include "cpu_features.h"
#include "event.h"
#include "fp_state.h"
#include "strbuf.h"

/* ---- text to loaded image ---- */

enum { MAX_CPU_FLAGS = 24 };

/* Where the time that a compiler takes begins to be felt: about 10 s. */
#define MANY_FLOPS 20000

/* Is the kernel so large that it is compiled with less effort? With functions inlined and
 * instructions scheduled before registers are assigned the compiler takes 20 to 50 times as long
 * for such a one. */
static bool is_large(const struct odec_program *program) {
    double flops = program->flops_rhs;
    if (program->sparsity) {
        flops += (double)program->sparsity->flops_linear +
                 (double)program->sparsity->flops_factor +
                 (double)program->sparsity->flops_solve;
    }
    return flops > MANY_FLOPS;
}

static int add_flags(const char *flags[MAX_CPU_FLAGS], int n, const char *const *more) {
    while (*more) {
        flags[n++] = *more++;
    }
    return n;
}

/* NULL-terminated; the define's text lives in `define`. Results have the same bits with either
 * effort. */
static void compiler_flags(const struct cpu_features *cpu, bool large, int32_t n_reals,
                           char define[32], const char *flags[MAX_CPU_FLAGS]) {
    static const char *const always[] = {
        "-x",
        "c",
        "-std=gnu17",
        "-fPIC",
        "-shared",
        "-nostdlib",
        "-pipe",
        "-w",
        "-Wno-psabi",
        "-fno-math-errno",
        "-fno-trapping-math",
        "-ffp-contract=off",
        NULL,
    };
    static const char *const usual_effort[] = {
        "-O2",
        "-fschedule-insns", /* gcc interleaves lane groups before it assigns registers
                             */
        NULL,
    };
    static const char *const less_effort[] = {
        "-O1",
        "-Dalways_inline=unused", /* the compiler decides what it inlines */
        NULL,
    };
    int n = add_flags(flags, 0, always);
    n = add_flags(flags, n, large ? less_effort : usual_effort);
    flags[n++] = cpu->arch_flag;
    if (cpu->without_flag) {
        flags[n++] = cpu->without_flag;
    }
    if (cpu->tune_flag) {
        flags[n++] = cpu->tune_flag;
    }
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
    parts[n++] = (struct cache_part){cc->named, cc->named_bytes};
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
static odec_status make_kernel(struct odec_context *context,
                               const struct odec_program *program,
                               const struct cpu_features *cpu,
                               const struct cache *cache, struct cpu_kernel *kernel) {
    char define[32];
    const char *flags[MAX_CPU_FLAGS];
    const char *text = program->kernels[ODEC_TARGET_CPU].text;
    compiler_flags(cpu, is_large(program), kernel->n_reals, define, flags);
    struct cache_key key = kernel_key(&kernel->cc, cpu, flags, text);
    struct bytes bytes;
    if (cache_get(cache, &key, &bytes)) {
        struct odec_context ignored = {.heap = context->heap};
        kernel->cache_hit = load_kernel(&ignored, &bytes, kernel) == ODEC_OK;
        bytes_release(&bytes);
        if (kernel->cache_hit) {
            return ODEC_OK;
        }
        cache_drop(cache, &key);
    }
    const double start = clock_seconds();
    TRY(cc_build(context, &kernel->cc, flags, text, &bytes));
    context_log(context, ODEC_LOG_DETAIL, "%s compiled a kernel in %.2f s",
                kernel->cc.path, clock_seconds() - start);
    odec_status status = load_kernel(context, &bytes, kernel);
    if (status == ODEC_OK) {
        cache_put(cache, &key, &bytes);
    }
    bytes_release(&bytes);
    return status;
}

/* ---- kernels that are linked in ---- */

static void set_lanes(struct cpu_kernel *kernel, const struct odec_program *program,
                      int32_t lanes) {
    kernel->lanes = lanes;
    kernel->n_reals = lanes > 1 && program->precision == ODEC_FLOAT ? 2 * lanes : lanes;
}

/* Of those that a CPU of `isa` can run with so many lanes (0: no more than its registers have)
 * the one that asks most of it; NULL: there is none. */
static const odec_native *find_native(const struct odec_program *program, odec_isa isa,
                                      const struct cpu_features *cpu, int32_t lanes) {
    const odec_native *best = NULL;
    for (int32_t i = 0; i < program->n_natives; i++) {
        const odec_native *native = &program->natives[i];
        const bool fits =
            native->isa <= isa && native->precision == program->precision &&
            (lanes ? native->lanes == lanes : native->lanes <= cpu->lanes);
        if (fits && (best == NULL || native->isa > best->isa ||
                     (native->isa == best->isa && native->lanes > best->lanes))) {
            best = native;
        }
    }
    return best;
}

/* None is there, and no text that one could be made of. */
static odec_status no_kernel(struct odec_context *context,
                             const struct odec_program *program, odec_isa isa,
                             int32_t lanes) {
    struct strbuf text = {0};
    char asked[32] = "";
    if (lanes) {
        snprintf(asked, sizeof asked, ", %d lane%s", lanes, lanes > 1 ? "s" : "");
    }
    for (int32_t i = 0; i < program->n_natives; i++) {
        const odec_native *native = &program->natives[i];
        strbuf_add(&text, "%s %s of %d lane%s", i == 0 ? "; it has" : ",",
                   cpu_isa_name(native->isa), native->lanes,
                   native->lanes > 1 ? "s" : "");
    }
    const odec_status status =
        text.failed
            ? context_out_of_memory(context)
            : context_fail(context, ODEC_ERROR_ARGUMENT,
                           "model %.60s: no kernel that is linked in is for this CPU "
                           "(%s%s)%s",
                           program->model, cpu_isa_name(isa), asked, text.at);
    strbuf_release(&text);
    return status;
}

static odec_status take_native(struct odec_context *context,
                               const struct odec_program *program,
                               const odec_native *native, struct cpu_kernel *out) {
    fp_state before = fp_enter();
    const int wrong = native->check ? native->check() : 0;
    fp_leave(before);
    FAIL_IF(
        wrong == ODEC_CONTRACTED, context, ODEC_ERROR_ARGUMENT,
        "model %.60s: the kernel for %s was compiled without -ffp-contract=off: its "
        "results would have other bits",
        program->model, cpu_isa_name(native->isa));
    FAIL_IF(
        wrong == ODEC_RELAXED, context, ODEC_ERROR_ARGUMENT,
        "model %.60s: the kernel for %s was compiled with a part of -ffast-math: its "
        "results would have other bits",
        program->model, cpu_isa_name(native->isa));
    FAIL_IF(wrong, context, ODEC_ERROR_ARGUMENT,
            "model %.60s: the kernel for %s was compiled wrongly (%d)", program->model,
            cpu_isa_name(native->isa), wrong);
    set_lanes(out, program, native->lanes);
    out->is_native = true;
    out->isa = native->isa;
    out->fuses = cpu_isa_fuses(native->isa);
    out->call = native->kernel;
    return ODEC_OK;
}

/* ---- either ---- */

/* The widest that so few runs fill on all threads: their steps take less time in narrower ones. */
static int32_t choose_lanes(const struct odec_program *program,
                            const struct odec_solver_options *options,
                            const struct cpu_features *cpu) {
    if (options->lanes || options->n_runs == 0) {
        return options->lanes ? options->lanes : cpu->lanes;
    }
    const int64_t n_threads =
        options->n_threads > 0 ? options->n_threads : cpu_usable_cores();
    const int64_t n_groups = program->n_groups > 1 ? program->n_groups : 1;
    struct cpu_kernel kernel;
    int32_t lanes = 1;
    for (; lanes < cpu->lanes; lanes *= 2) {
        set_lanes(&kernel, program, lanes);
        if (kernel.n_reals * n_groups * n_threads >= options->n_runs) {
            break;
        }
    }
    return lanes;
}

static odec_status compile_kernel(struct odec_context *context,
                                  const struct odec_program *program,
                                  const struct odec_solver_options *options,
                                  const struct cpu_features *cpu,
                                  struct cpu_kernel *kernel) {
    kernel->fuses = cpu->fma;
    set_lanes(kernel, program, choose_lanes(program, options, cpu));
    TRY(cc_find(context, options->compiler, &kernel->cc));
    kernel->cc.waiting = options->waiting;
    kernel->cc.waiting_user = options->waiting_user;
    kernel->cc.most_seconds = options->compile_seconds;
    struct cache cache = cache_open(context, options);
    odec_status status = make_kernel(context, program, cpu, &cache, kernel);
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
    TRY(cpu_features_allowed(context, &cpu));
    const bool has_text = program->kernels[ODEC_TARGET_CPU].text != NULL;
    if (program->n_natives > 0 && !(options->compiler && has_text)) {
        const odec_native *native = find_native(program, cpu.isa, &cpu, lanes);
        if (native) {
            return take_native(context, program, native, out);
        }
        if (!has_text) {
            return no_kernel(context, program, cpu.isa, lanes);
        }
    }
    FAIL_IF(!has_text, context, ODEC_ERROR_ARGUMENT,
            "the program has no kernel for the CPU");
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
