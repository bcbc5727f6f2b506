/* peer_library.c -- see peer_library.h.
 *
 * The probe is N_VWrmsNorm: CVODE calls it several times a step, and a compiler may not
 * change the order of its sum, so that its speed tells -O0 from anything else and
 * hardly tells -O2 from -O3 or one instruction set from another. Two copies of its
 * loop, built here, say what the two are on this machine at this moment.
 */
#define _GNU_SOURCE
#include "peer_library.h"

#include "bench.h"

#include "sundials_names.h"
#include <link.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdlib.h>
#include <string.h>
#include <sundials/sundials_math.h>
#include <sundials/sundials_version.h>

enum { N_ELEMENTS = 1000, N_CALLS = 1000, N_TRIALS = 15 };

/* ---- the files ---- */

/* Of dl_iterate_phdr: one object that this process has loaded. */
static int note_file(struct dl_phdr_info *info, size_t bytes, void *user) {
    struct peer_library *library = user;
    const size_t used = strlen(library->files);
    (void)bytes;
    if (strstr(info->dlpi_name, "libsundials") || strstr(info->dlpi_name, "libklu")) {
        char *path = realpath(info->dlpi_name, NULL);
        snprintf(library->files + used, sizeof library->files - used, "  %s\n",
                 path ? path : info->dlpi_name);
        free(path);
    }
    return 0;
}

/* ---- the loops ---- */

#ifdef __clang__
#define BY_O0 __attribute__((noinline, optnone))
#define BY_O3 __attribute__((noinline)) /* CMakeLists.txt says -O3 */
#else
#define BY_O0 __attribute__((noinline, optimize("O0")))
#define BY_O3 __attribute__((noinline))
#endif

#define SUM_OF_SQUARES                \
    double sum = 0;                   \
    for (long i = 0; i < n; i++) {    \
        double product = x[i] * w[i]; \
        sum += product * product;     \
    }                                 \
    return sum;

BY_O0 static double sum_plain(const double *x, const double *w,
                              long n){SUM_OF_SQUARES} BY_O3
    static double sum_optimised(const double *x, const double *w, long n) {
    SUM_OF_SQUARES
}

/* As the library: SUNRsqrt is a macro that says its argument twice, and before
 * SUNDIALS 7 that was the sum. volatile: the compiler is not to know better. */
static double norm_by(double (*volatile sum)(const double *, const double *, long),
                      const double *x, const double *w) {
#if SUNDIALS_VERSION_MAJOR < 7
    return SUNRsqrt(sum(x, w, N_ELEMENTS) / N_ELEMENTS);
#else
    const double squares = sum(x, w, N_ELEMENTS);
    return SUNRsqrt(squares / N_ELEMENTS);
#endif
}

enum { LIBRARY, OPTIMISED, PLAIN, N_LOOPS };

/* ns per element. */
static double time_loop(int which, N_Vector x, N_Vector w) {
    const double *at_x = N_VGetArrayPointer(x), *at_w = N_VGetArrayPointer(w);
    volatile double norm; /* every call is made */
    const struct moment start = moment_now();
    for (int call = 0; call < N_CALLS; call++) {
        norm = which == LIBRARY     ? N_VWrmsNorm(x, w)
               : which == OPTIMISED ? norm_by(sum_optimised, at_x, at_w)
                                    : norm_by(sum_plain, at_x, at_w);
        N_VGetArrayPointer(x)[0] = norm; /* nothing can be taken out of the loop */
    }
    return moment_since(start).cpu * 1e9 / N_CALLS / N_ELEMENTS;
}

bool peer_library_look(struct peer_library *out) {
    *out = (struct peer_library){0};
    SUNContext context = NULL;
    SUNDIALSGetVersion(out->version, sizeof out->version);
    dl_iterate_phdr(note_file, out);
    if (SUNContext_Create(SUN_COMM_NULL, &context) != 0) {
        return false;
    }
    N_Vector x = N_VNew_Serial(N_ELEMENTS, context);
    N_Vector w = x ? N_VNew_Serial(N_ELEMENTS, context) : NULL;
    if (w) {
        struct sample times[N_LOOPS] = {{0}};
        N_VConst(0.5, x);
        N_VConst(0.25, w);
        for (int trial = 0; trial < N_TRIALS; trial++) {
            for (int which = 0; which < N_LOOPS; which++) {
                sample_add(&times[which], time_loop(which, x, w));
            }
        }
        out->ns_per_element = sample_min(&times[LIBRARY]);
        out->ns_optimised = sample_min(&times[OPTIMISED]);
        out->ns_plain = sample_min(&times[PLAIN]);
        out->optimised = out->ns_per_element < sqrt(out->ns_optimised * out->ns_plain);
        N_VDestroy(w);
    }
    if (x) {
        N_VDestroy(x);
    }
    SUNContext_Free(&context);
    return w != NULL;
}

const char *peer_library_verdict(const struct peer_library *library) {
    return library->optimised ? "compiled with optimisation"
                              : "compiled WITHOUT OPTIMISATION (see README.md)";
}
