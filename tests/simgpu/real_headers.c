/* real_headers.c -- holds runtime/cuda_api.h and cuda_api.def against the vendor's
 * headers.
 *
 * Compiled twice by real_headers.sh: with OURS it sees our declarations, without it the
 * real cuda.h and nvrtc.h. Both print what they see of types and numbers, which must be
 * the same; the real headers must also have each entry point with the very parameters
 * of its row, which the compiler checks. No library is needed: nothing is called.
 */
#include <stddef.h>
#include <stdio.h>

#ifdef OURS
#include "cuda_api.h"
#else
#define __CUDA_API_VERSION_INTERNAL /* functions under their own names, old ones too   \
                                     */
#include <cuda.h>
#include <nvrtc.h>

#define SAME(symbol, returns, parameters)                                         \
    _Static_assert(                                                               \
        __builtin_types_compatible_p(__typeof__(&symbol), returns(*) parameters), \
        #symbol " has other parameters");
#define DRIVER(member, symbol, parameters) SAME(symbol, CUresult, parameters)
#define NVRTC(member, symbol, parameters) SAME(symbol, nvrtcResult, parameters)
#include "cuda_api.def"

#include "numbers.h" /* CUDA_NUMBERS again: real_headers.sh copies it, names matter */
#endif

#define TYPES(TYPE)             \
    TYPE(CUresult)              \
    TYPE(CUdevice)              \
    TYPE(CUdevice_attribute)    \
    TYPE(CUfunction_attribute)  \
    TYPE(CUdeviceptr)           \
    TYPE(CUcontext)             \
    TYPE(CUmodule)              \
    TYPE(CUfunction)            \
    TYPE(CUstream)              \
    TYPE(CUevent)               \
    TYPE(CUarray)               \
    TYPE(CUpointer_attribute)   \
    TYPE(CUstreamCaptureStatus) \
    TYPE(CUmemorytype)          \
    TYPE(CUDA_MEMCPY3D)         \
    TYPE(nvrtcResult)           \
    TYPE(nvrtcProgram)

#define BOX_MEMBERS(MEMBER) \
    MEMBER(srcXInBytes)     \
    MEMBER(srcMemoryType)   \
    MEMBER(srcHost)         \
    MEMBER(srcDevice)       \
    MEMBER(srcPitch)        \
    MEMBER(dstXInBytes)     \
    MEMBER(dstMemoryType)   \
    MEMBER(dstHost)         \
    MEMBER(dstDevice) MEMBER(dstPitch) MEMBER(WidthInBytes) MEMBER(Height) MEMBER(Depth)

int main(void) {
#define PRINT_TYPE(name) printf("%s %zu %zu\n", #name, sizeof(name), _Alignof(name));
#define PRINT_NUMBER(name, number) printf("%s %d\n", #name, (int)name);
    TYPES(PRINT_TYPE)
    CUDA_NUMBERS(PRINT_NUMBER)
#define PRINT_PLACE(member) \
    printf("%s %zu\n", #member, offsetof(CUDA_MEMCPY3D, member));
    BOX_MEMBERS(PRINT_PLACE)
    return 0;
}
