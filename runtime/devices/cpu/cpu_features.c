/* cpu_features.c -- see cpu_features.h. One part per architecture. */
#define _GNU_SOURCE
#include "cpu_features.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int32_t cpu_usable_cores(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0
                ? CPU_COUNT(&set)
                : (int)sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n;
}

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* Identity and feature words of cpuid; leaf 1's ebx (which core this is) is left out.
 */
static void read_fingerprint(uint64_t fingerprint[16]) {
    static const struct {
        unsigned leaf, subleaf;
    } leaves[] = {{0, 0}, {1, 0}, {7, 0}, {7, 1}, {0x80000001, 0}};
    unsigned a, b, c, d;
    int n = 0;
    for (unsigned i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        a = b = c = d = 0;
        __get_cpuid_count(leaves[i].leaf, leaves[i].subleaf, &a, &b, &c, &d);
        if (leaves[i].leaf == 1) {
            b = 0;
        }
        fingerprint[n++] = (uint64_t)a << 32 | b;
        fingerprint[n++] = (uint64_t)c << 32 | d;
    }
}

#define HAS(feature) (__builtin_cpu_supports(feature) != 0)

/* Of cpuid, what __builtin_cpu_supports has no word for in every compiler. */
static bool has_bit_c(unsigned leaf, int bit) {
    unsigned a, b, c = 0, d;
    return __get_cpuid(leaf, &a, &b, &c, &d) && (c >> bit & 1);
}

/* What a compiler takes for granted at each level of the x86-64 psABI. */
static odec_isa read_isa(void) {
    enum { CX16 = 13, MOVBE = 22, F16C = 29 /* of leaf 1 */, LAHF = 0, LZCNT = 5 };
    const unsigned extended = 0x80000001;
    const bool v2 = HAS("sse3") && HAS("ssse3") && HAS("sse4.1") && HAS("sse4.2") &&
                    HAS("popcnt") && has_bit_c(1, CX16) && has_bit_c(extended, LAHF);
    const bool v3 = v2 && HAS("avx") && HAS("avx2") && HAS("fma") && HAS("bmi") &&
                    HAS("bmi2") && has_bit_c(1, MOVBE) && has_bit_c(1, F16C) &&
                    has_bit_c(extended, LZCNT);
    const bool v4 = v3 && HAS("avx512f") && HAS("avx512bw") && HAS("avx512cd") &&
                    HAS("avx512dq") && HAS("avx512vl");
    return v4   ? ODEC_ISA_X86_64_V4
           : v3 ? ODEC_ISA_X86_64_V3
           : v2 ? ODEC_ISA_X86_64_V2
                : ODEC_ISA_BASE;
}

/* __builtin_cpu_supports asks the operating system too (xgetbv). */
void cpu_features_read(struct cpu_features *out) {
    *out = (struct cpu_features){.lanes = 2, .arch_flag = "-march=native"};
    __builtin_cpu_init();
    out->fma = __builtin_cpu_supports("fma");
    out->prefer_512 = __builtin_cpu_supports("avx512f");
    if (out->prefer_512) {
        out->lanes = 8;
    } else if (__builtin_cpu_supports("avx2") && out->fma) {
        out->lanes = 4;
    }
    out->without_flag = out->prefer_512 ? NULL : "-mno-avx512f";
    out->isa = read_isa();
    /* A compiler that is older than the processor schedules for no one in particular. */
    out->tune_flag =
        out->prefer_512 && __builtin_cpu_is("intel") ? "-mtune=icelake-server" : NULL;
    read_fingerprint(out->fingerprint);
}

#elif defined(__aarch64__)
#include <sys/auxv.h>

void cpu_features_read(struct cpu_features *out) {
    *out = (struct cpu_features){.lanes = 2, .fma = true, .arch_flag = "-mcpu=native"};
    uint64_t identity;
    __asm__("mrs %0, MIDR_EL1" : "=r"(identity)); /* Linux answers it for programs */
    out->fingerprint[0] = getauxval(AT_HWCAP);
    out->fingerprint[1] = getauxval(AT_HWCAP2);
    out->fingerprint[2] = identity;
}

#else
void cpu_features_read(struct cpu_features *out) {
    *out = (struct cpu_features){.lanes = 2, .arch_flag = "-mcpu=native"};
}
#endif

/* ---- levels ---- */

#if defined(__aarch64__)
#define BASE_NAME "aarch64"
#else
#define BASE_NAME "portable"
#endif

static const struct level {
    const char *name;
    odec_isa isa;
    int32_t lanes;
    const char *machine, *flags, *undo;
} levels[] = {
#define LEVEL(id, word, name, isa, lanes, machine, is, has, beyond, flags, undo) \
    {name, ODEC_ISA_##isa, lanes, machine, flags, undo},
#include "levels.def"
};
enum { N_LEVELS = sizeof levels / sizeof *levels };

const char *cpu_isa_name(odec_isa isa) {
    for (int i = 0; i < N_LEVELS; i++) {
        if (levels[i].isa == isa && isa != ODEC_ISA_BASE) {
            return levels[i].name;
        }
    }
    return BASE_NAME;
}

bool cpu_isa_fuses(odec_isa isa) {
#if defined(__x86_64__)
    return isa >= ODEC_ISA_X86_64_V3;
#elif defined(__aarch64__)
    return (void)isa, true;
#else
    return (void)isa, false;
#endif
}

#if defined(__aarch64__)
#define OUR_LEVELS "aarch64"
#elif defined(__x86_64__)
#define OUR_LEVELS "x86_64*"
#else
#define OUR_LEVELS "" /* flags of this machine's are not known */
#endif

/* Exactly what the machine's level of this isa has, where the CPU has all of it. */
static void lower_to(odec_isa isa, struct cpu_features *cpu) {
    for (int i = 0; i < N_LEVELS && isa <= cpu->isa; i++) {
        const struct level *level = &levels[i];
        if (level->isa == isa && strstr(OUR_LEVELS, level->machine)) {
            const char *flags = level->flags[0] ? level->flags : level->undo;
            snprintf(cpu->arch_flag, sizeof cpu->arch_flag, "%.*s",
                     (int)strcspn(flags, " "), flags); /* -march= comes first */
            cpu->without_flag = NULL;
            cpu->isa = isa;
            cpu->lanes = level->lanes;
            cpu->fma = cpu_isa_fuses(isa);
            cpu->prefer_512 = level->lanes == 8;
            cpu->tune_flag = cpu->prefer_512 ? cpu->tune_flag : NULL;
            return;
        }
    }
}

odec_status cpu_features_allowed(struct odec_context *context,
                                 struct cpu_features *out) {
    const char *asked = getenv("ODEC_ISA");
    cpu_features_read(out);
    if (asked == NULL || asked[0] == '\0') {
        return ODEC_OK;
    }
    for (int i = 0; i < N_LEVELS; i++) {
        if (strcmp(levels[i].name, asked) == 0) {
            lower_to(levels[i].isa, out);
            return ODEC_OK;
        }
    }
    char names[128] = "";
    for (int i = 0; i < N_LEVELS; i++) {
        strcat(strcat(names, i ? ", " : ""), levels[i].name);
    }
    return context_fail(context, ODEC_ERROR_ARGUMENT, "ODEC_ISA: '%.40s' is none of %s",
                        asked, names);
}
