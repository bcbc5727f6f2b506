/* programs.h -- what the tests of CUDA text share: a model's file and a choice of
 * method, steps, precision and saves, compiled to a program.
 */
#ifndef TESTS_CUDA_PROGRAMS_H
#define TESTS_CUDA_PROGRAMS_H

#include <stdbool.h>

#include "odec_compile.h"

#define EXIT_SKIPPED 77 /* what ctest takes for "skipped" (SKIP_RETURN_CODE) */

struct choice {
    const char *model; /* name, for messages */
    const char *method;
    bool adaptive;
    bool is_float;
    bool saves;
};

/* "lorenz tsit5 adaptive double saves"; for messages and as a key. */
struct choice_text {
    char at[160];
};
struct choice_text choice_text(const struct choice *c);

/* A whole file, with a NUL behind it; NULL with a message where it cannot be read.
 * malloc'd. */
char *read_file(const char *path);

/* The program of `source`, or NULL with the diagnostics on standard error. It lives
 * until the compilation is destroyed. */
const odec_program *compile_choice(const char *source, const struct choice *c,
                                   odec_compilation **out);

#endif
