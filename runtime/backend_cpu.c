/* backend_cpu.c -- the CPU as a device: the kernel's text through the system's C
 * compiler into a loaded image, run by a pool of threads that share each chunk run by
 * run.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend.h"
#include "cache.h"
#include "cc.h"
#include "cpu_features.h"
#include "image.h"
#include "memory.h"

typedef int kernel_function(const struct odec_args *args);

struct device {
    struct cc cc;
    struct image image;
    kernel_function *kernel;
    struct pool *pool;
    int32_t lanes;   /* doubles to a vector */
    int32_t n_reals; /* of the program's precision to a vector */
    bool cache_hit;
    _Alignas(64) int stop;
};

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
        "-fschedule-insns", /* gcc interleaves lane groups before it assigns registers */
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
                               struct device *device) {
    TRY(image_load(context, bytes->at, bytes->n, &device->image));
    const int *abi = image_symbol(&device->image, "odec_kernel_abi");
    void *kernel = image_symbol(&device->image, "odec_kernel");
    int version = abi ? *abi : 0; /* goes with the image */
    if (kernel && version == ODEC_KERNEL_ABI) {
        memcpy(&device->kernel, &kernel, sizeof kernel);
        return ODEC_OK;
    }
    image_unload(&device->image);
    return context_fail(context, ODEC_ERROR_DEVICE,
                        "the kernel does not fit this runtime (ABI %d, not %d)",
                        version, ODEC_KERNEL_ABI);
}

/* From the cache where it is there and loads, else by the compiler. */
static odec_status make_kernel(struct odec_context *context, const char *text,
                               const struct cpu_features *cpu,
                               const struct cache *cache, struct device *device) {
    char define[32];
    const char *flags[MAX_CPU_FLAGS];
    compiler_flags(cpu, device->n_reals, define, flags);
    struct cache_key key = kernel_key(&device->cc, cpu, flags, text);
    struct bytes bytes;
    if (cache_get(cache, &key, &bytes)) {
        struct odec_context ignored = {{0}};
        device->cache_hit = load_kernel(&ignored, &bytes, device) == ODEC_OK;
        bytes_release(&bytes);
        if (device->cache_hit) {
            return ODEC_OK;
        }
        cache_drop(cache, &key);
    }
    TRY(cc_build(context, &device->cc, flags, text, &bytes));
    odec_status status = load_kernel(context, &bytes, device);
    if (status == ODEC_OK) {
        cache_put(cache, &key, &bytes);
    }
    bytes_release(&bytes);
    return status;
}

/* ---- open, close ---- */

static int32_t usable_cores(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0
                ? CPU_COUNT(&set)
                : (int)sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > POOL_MAX_THREADS ? POOL_MAX_THREADS : n;
}

/* A worker keeps the arrays of its lanes on its stack: those at work, prepared and kept to take
 * a block of steps again. */
static size_t stack_bytes(const struct odec_program *program, int32_t n_reals) {
    int64_t lane_bytes = 0;
    for (int32_t i = 0; i < program->n_arrays; i++) {
        if (program->arrays[i].kind == ODEC_PER_LANE) {
            lane_bytes += program->arrays[i].bytes;
        }
    }
    return (size_t)(8 << 20) + (size_t)(3 * lane_bytes * n_reals);
}

static odec_status device_init(struct odec_context *context,
                               const struct odec_program *program,
                               const struct odec_solver_options *options,
                               struct device *device) {
    struct cpu_features cpu;
    cpu_features_read(&cpu);
    int32_t lanes = options->lanes ? options->lanes : cpu.lanes;
    FAIL_IF(lanes != 1 && lanes != 2 && lanes != 4 && lanes != 8, context,
            ODEC_ERROR_ARGUMENT, "%d lanes: 1, 2, 4 or 8 are possible", options->lanes);
    FAIL_IF(options->n_threads < 0, context, ODEC_ERROR_ARGUMENT,
            "%d threads: 1 to %d can be used", options->n_threads, POOL_MAX_THREADS);
    FAIL_IF(program->kernel_cpu == NULL, context, ODEC_ERROR_ARGUMENT,
            "the program has no kernel for the CPU");
    device->lanes = lanes;
    device->n_reals = lanes > 1 && program->precision == ODEC_FLOAT ? 2 * lanes : lanes;
    TRY(cc_find(context, options->compiler, &device->cc));
    device->cc.waiting = options->waiting;
    device->cc.waiting_user = options->waiting_user;
    struct cache cache = cache_open(options->cache_dir);
    odec_status status =
        make_kernel(context, program->kernel_cpu, &cpu, &cache, device);
    cache_close(&cache);
    TRY(status);
    int32_t n_threads = options->n_threads ? options->n_threads : usable_cores();
    return pool_create(context, n_threads, stack_bytes(program, device->n_reals),
                       &device->pool);
}

static void cpu_close(struct device *device) {
    if (device) {
        pool_destroy(device->pool);
        image_unload(&device->image);
        cc_release(&device->cc);
        free(device);
    }
}

static odec_status cpu_open(struct odec_context *context,
                            const struct odec_program *program,
                            const struct odec_solver_options *options,
                            struct device **out) {
    *out = NULL;
    struct device *device = aligned_alloc(_Alignof(struct device), sizeof *device);
    if (device == NULL) {
        return context_out_of_memory(context);
    }
    *device = (struct device){.image = {.fd = -1}};
    odec_status status = device_init(context, program, options, device);
    if (status != ODEC_OK) {
        cpu_close(device);
        return status;
    }
    *out = device;
    return ODEC_OK;
}

static void cpu_facts(const struct device *device, struct device_facts *out) {
    int32_t n_threads = pool_n_threads(device->pool);
    *out = (struct device_facts){
        .name = backend_cpu.name,
        .compiler = device->cc.path,
        .lanes = device->lanes,
        .n_threads = n_threads,
        .n_resident =
            (int64_t)n_threads * device->n_reals * 2, /* two groups a thread */
        .free_bytes = memory_free_bytes(),
        .cache_hit = device->cache_hit,
    };
}

static void *cpu_allocate(struct device *device, size_t bytes) {
    (void)device;
    void *memory = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void cpu_release(struct device *device, void *memory, size_t bytes) {
    (void)device;
    if (memory) {
        munmap(memory, bytes ? bytes : 1);
    }
}

/* ---- launches ---- */

/* The kernel's arithmetic is IEEE's: round to nearest, subnormal numbers kept, whatever
 * the application has set for itself. */
#if defined(__x86_64__)
typedef unsigned int fp_state;
static fp_state fp_enter(void) {
    fp_state before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(0x1f80);
    return before;
}
static void fp_leave(fp_state before) { __builtin_ia32_ldmxcsr(before); }
#elif defined(__aarch64__)
typedef uint64_t fp_state;
static fp_state fp_enter(void) {
    fp_state before, standard = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(standard));
    return before;
}
static void fp_leave(fp_state before) {
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
typedef int fp_state;
static fp_state fp_enter(void) { return 0; }
static void fp_leave(fp_state before) { (void)before; }
#endif

static void launch_work(void *user) {
    struct launch *launch = user;
    fp_state before = fp_enter();
    int failed = launch->device->kernel(&launch->args);
    fp_leave(before);
    if (failed) {
        atomic_store(&launch->failed, failed);
    }
}

/* Runs a worker takes at once: few enough that the last ones do not wait for one
 * worker, many enough that taking them costs nothing, and whole vectors. */
static long long launch_grain(const struct device *device, long long n_runs) {
    long long width = device->n_reals;
    long long share = n_runs / (8 * (long long)pool_n_threads(device->pool));
    long long grain = share / width * width;
    return grain < width ? width : grain > 64 * width ? 64 * width : grain;
}

static void cpu_submit(struct device *device, struct launch *launch) {
    launch->next = 0;
    launch->device = device;
    launch->args.next = &launch->next;
    launch->args.grain = launch_grain(device, launch->args.n_runs);
    launch->args.stop = &device->stop;
    atomic_store(&launch->failed, 0);
    launch->job.work = launch_work;
    launch->job.user = launch;
    launch->job.finished = launch->finished;
    pool_submit(device->pool, &launch->job);
}

static bool cpu_done(struct launch *launch) { return atomic_load(&launch->job.done); }

static int64_t cpu_progress(struct launch *launch) {
    long long begun = __atomic_load_n(&launch->next, __ATOMIC_RELAXED);
    return begun < launch->args.n_runs ? begun : launch->args.n_runs;
}

static void cpu_stop(struct device *device, bool stop) {
    __atomic_store_n(&device->stop, stop, __ATOMIC_RELAXED);
}

static double cpu_busy_seconds(struct device *device) {
    return pool_busy_seconds(device->pool);
}

const struct backend backend_cpu = {
    .name = "cpu",
    .open = cpu_open,
    .close = cpu_close,
    .facts = cpu_facts,
    .allocate = cpu_allocate,
    .release = cpu_release,
    .submit = cpu_submit,
    .done = cpu_done,
    .progress = cpu_progress,
    .stop = cpu_stop,
    .busy_seconds = cpu_busy_seconds,
};
