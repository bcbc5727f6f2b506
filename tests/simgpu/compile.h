/* compile.h -- how the simulated NVRTC makes a shared object of a text. */
#ifndef SIMGPU_COMPILE_H
#define SIMGPU_COMPILE_H

#include <stdbool.h>
#include <stddef.h>

struct bytes { /* owned */
    char *data;
    size_t n;
};

/* kernel_text.c: a CUDA text as C++ for the host: words in front, trampolines behind.
 * NULL: out of memory. */
char *kernel_text_make(const char *text, const char *name);

/* host_compiler.c: a C++ text as a shared object, with n_defines options -D... . False,
 * with what the compiler said, where it does not compile. */
bool host_compile(const char *text, const char *const *defines, int n_defines,
                  struct bytes *object, struct bytes *log);

/* made by CMake: the texts of host_arithmetic.h and kernel_words.h */
extern const char *const kernel_text_words;

#endif
