/* abi_text.h -- the kernel ABI's number in text: of kernels written by hand, and of
 * messages.
 */
#ifndef ABI_TEXT_H
#define ABI_TEXT_H

#include "abi.h"

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number
#define ABI_NUMBER TEXT_OF(ODEC_KERNEL_ABI)

/* Its text begins with this one line (ODEC_ABI_PATH: of the build). */
#define ABI_HEADER "#include \"" ODEC_ABI_PATH "\"\n"

/* What a kernel must define beside its entry. */
#define ABI_DEFINITION                    \
    "extern const int odec_kernel_abi;\n" \
    "const int odec_kernel_abi = " ABI_NUMBER ";\n"

#endif
