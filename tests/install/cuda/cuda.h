/* cuda.h -- CUDA's driver for the guide's programs where there is no toolkit: what the runtime
 * itself uses of it (cuda_api.def), under the names that the toolkit's header gives them.
 */
#ifndef CUDA_H
#define CUDA_H

#include <stddef.h>

typedef int CUresult, CUdevice, CUdevice_attribute, CUfunction_attribute,
    CUpointer_attribute, CUstreamCaptureStatus;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUDA_MEMCPY3D_st CUDA_MEMCPY3D;

enum { CUDA_SUCCESS = 0, CU_STREAM_NON_BLOCKING = 1 };

#define DRIVER(member, symbol, parameters) CUresult symbol parameters;
#include "cuda_api.def"

#define cuCtxPopCurrent cuCtxPopCurrent_v2
#define cuCtxPushCurrent cuCtxPushCurrent_v2
#define cuDevicePrimaryCtxRelease cuDevicePrimaryCtxRelease_v2
#define cuMemAlloc cuMemAlloc_v2
#define cuMemFree cuMemFree_v2
#define cuMemcpyDtoHAsync cuMemcpyDtoHAsync_v2
#define cuMemcpyHtoDAsync cuMemcpyHtoDAsync_v2
#define cuStreamDestroy cuStreamDestroy_v2

#endif
