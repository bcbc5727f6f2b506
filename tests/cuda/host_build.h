/* host_build.h -- a text to a loaded shared object, by a compiler of the host's. */
#ifndef TESTS_CUDA_HOST_BUILD_H
#define TESTS_CUDA_HOST_BUILD_H

#include <stdbool.h>

/* Is it there? */
bool host_has_compiler(const char *compiler);

/* The text into the file `source`, the compiler's call, which makes `object` of it, and what was
 * made, loaded; NULL where one of that fails. Both files are gone afterwards. */
void *host_build(const char *text, const char *source, const char *object,
                 const char *const *arguments);

#endif
