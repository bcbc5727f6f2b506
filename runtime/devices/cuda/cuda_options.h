/* cuda_options.h -- what NVRTC is told beside the architecture, here and in tests.
 *
 * The text's own words are IEEE operations (kernels/dialect.h); these hold what it
 * computes beside them, in C's operators, to the same.
 */
#ifndef ODEC_CUDA_OPTIONS_H
#define ODEC_CUDA_OPTIONS_H

#define CUDA_OPTIONS \
    "--std=c++17", "--ftz=false", "--prec-div=true", "--prec-sqrt=true", "--fmad=false"

#endif
