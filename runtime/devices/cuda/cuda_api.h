/* cuda_api.h -- CUDA's driver, NVRTC and NVML, opened at run time: one binary runs with
 * and without a GPU, and is built without a toolkit. The functions are listed in
 * cuda_api.def, the types are declared here as the vendor's headers do (a test holds
 * both against them).
 *
 * What is missing is said in words, and is no error of its own: odec falls back to the
 * CPU.
 */
#ifndef ODEC_CUDA_API_H
#define ODEC_CUDA_API_H

#include "context.h"

/* ---- the vendor's types ---- */
typedef int CUresult;
typedef int CUdevice;
typedef int CUdevice_attribute;
typedef int CUfunction_attribute;
typedef int CUpointer_attribute;
typedef int CUmemorytype;
typedef int CUstreamCaptureStatus;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUarray_st *CUarray;
typedef struct CUDA_MEMCPY3D_st {
    size_t srcXInBytes, srcY, srcZ, srcLOD;
    CUmemorytype srcMemoryType;
    const void *srcHost;
    CUdeviceptr srcDevice;
    CUarray srcArray;
    void *reserved0;
    size_t srcPitch, srcHeight;
    size_t dstXInBytes, dstY, dstZ, dstLOD;
    CUmemorytype dstMemoryType;
    void *dstHost;
    CUdeviceptr dstDevice;
    CUarray dstArray;
    void *reserved1;
    size_t dstPitch, dstHeight;
    size_t WidthInBytes, Height, Depth;
} CUDA_MEMCPY3D;
typedef int nvrtcResult;
typedef struct _nvrtcProgram *nvrtcProgram;
typedef int nvmlReturn_t;
typedef struct nvmlDevice_st *nvmlDevice_t;
typedef int nvmlTemperatureSensors_t;
typedef int nvmlClockType_t;
typedef struct nvmlMemory_st {
    unsigned long long total, free, used; /* bytes */
} nvmlMemory_t;
typedef struct nvmlUtilization_st {
    unsigned int gpu, memory; /* percent */
} nvmlUtilization_t;

/* ---- the vendor's numbers ---- */
#define CUDA_NUMBERS(NUMBER)                                       \
    NUMBER(CUDA_SUCCESS, 0)                                        \
    NUMBER(CUDA_ERROR_INVALID_VALUE, 1)                            \
    NUMBER(CUDA_ERROR_OUT_OF_MEMORY, 2)                            \
    NUMBER(CUDA_ERROR_NOT_INITIALIZED, 3)                          \
    NUMBER(CUDA_ERROR_DEVICE_UNAVAILABLE, 46)                      \
    NUMBER(CUDA_ERROR_NO_DEVICE, 100)                              \
    NUMBER(CUDA_ERROR_INVALID_DEVICE, 101)                         \
    NUMBER(CUDA_ERROR_INVALID_IMAGE, 200)                          \
    NUMBER(CUDA_ERROR_INVALID_CONTEXT, 201)                        \
    NUMBER(CUDA_ERROR_NO_BINARY_FOR_GPU, 209)                      \
    NUMBER(CUDA_ERROR_ECC_UNCORRECTABLE, 214)                      \
    NUMBER(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, 222)                \
    NUMBER(CUDA_ERROR_INVALID_HANDLE, 400)                         \
    NUMBER(CUDA_ERROR_NOT_FOUND, 500)                              \
    NUMBER(CUDA_ERROR_NOT_READY, 600)                              \
    NUMBER(CUDA_ERROR_ILLEGAL_ADDRESS, 700)                        \
    NUMBER(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, 701)                \
    NUMBER(CUDA_ERROR_LAUNCH_TIMEOUT, 702)                         \
    NUMBER(CUDA_ERROR_CONTEXT_IS_DESTROYED, 709)                   \
    NUMBER(CUDA_ERROR_ASSERT, 710)                                 \
    NUMBER(CUDA_ERROR_HARDWARE_STACK_ERROR, 714)                   \
    NUMBER(CUDA_ERROR_ILLEGAL_INSTRUCTION, 715)                    \
    NUMBER(CUDA_ERROR_MISALIGNED_ADDRESS, 716)                     \
    NUMBER(CUDA_ERROR_INVALID_ADDRESS_SPACE, 717)                  \
    NUMBER(CUDA_ERROR_INVALID_PC, 718)                             \
    NUMBER(CUDA_ERROR_LAUNCH_FAILED, 719)                          \
    NUMBER(CUDA_ERROR_UNKNOWN, 999)                                \
    NUMBER(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1)           \
    NUMBER(CU_DEVICE_ATTRIBUTE_CLOCK_RATE, 13)                     \
    NUMBER(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 16)           \
    NUMBER(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, 39) \
    NUMBER(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 75)       \
    NUMBER(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 76)       \
    NUMBER(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 0)             \
    NUMBER(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, 3)                  \
    NUMBER(CU_FUNC_ATTRIBUTE_NUM_REGS, 4)                          \
    NUMBER(CU_MEMORYTYPE_HOST, 1)                                  \
    NUMBER(CU_MEMORYTYPE_DEVICE, 2)                                \
    NUMBER(CU_POINTER_ATTRIBUTE_CONTEXT, 1)                        \
    NUMBER(CU_POINTER_ATTRIBUTE_MEMORY_TYPE, 2)                    \
    NUMBER(CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, 9)                 \
    NUMBER(CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, 11)              \
    NUMBER(CU_POINTER_ATTRIBUTE_RANGE_SIZE, 12)                    \
    NUMBER(CU_STREAM_NON_BLOCKING, 1)                              \
    NUMBER(CU_STREAM_CAPTURE_STATUS_NONE, 0)                       \
    NUMBER(CU_STREAM_CAPTURE_STATUS_ACTIVE, 1)                     \
    NUMBER(CU_EVENT_DEFAULT, 0)                                    \
    NUMBER(NVRTC_SUCCESS, 0)                                       \
    NUMBER(NVRTC_ERROR_COMPILATION, 6)

#define CUDA_ENUMERATOR(name, value) name = value,
enum { CUDA_NUMBERS(CUDA_ENUMERATOR) };
#undef CUDA_ENUMERATOR

enum { NVML_SUCCESS = 0, NVML_TEMPERATURE_GPU = 0, NVML_CLOCK_SM = 1 };

/* ---- the libraries ---- */
struct cuda_api {
    struct {
#define DRIVER(member, symbol, parameters) CUresult(*member) parameters;
#include "cuda_api.def"
    } driver;
    struct {
#define NVRTC(member, symbol, parameters) nvrtcResult(*member) parameters;
#include "cuda_api.def"
    } nvrtc;
    struct {
#define NVML(member, symbol, parameters) nvmlReturn_t(*member) parameters;
#include "cuda_api.def"
    } nvml;
    int driver_version;   /* 13000 for 13.0; 0: there is no driver */
    int n_devices;        /* 0 where there is no driver */
    int nvrtc_version;    /* 13000; 0: there is no NVRTC that this driver takes */
    char nvrtc_path[256]; /* where it was loaded from, for the cache key */
    bool has_nvml;
    /* In one line: why there is no device that can be used, and why there is no NVRTC, without
     * which those that have images for it can be used alone; "" where there is. */
    char missing[256], no_nvrtc[256];
    void *libraries[3]; /* handles: driver, NVRTC, NVML */
};

enum {
    CUDA_LEAST_DRIVER = 11040, /* the oldest with every entry point used */
    CUDA_LEAST_NVRTC = 11070   /* and that knows every word of the kernels */
};

/* Opens what there is; never fails, and says what is not there. The driver is
 * started (cuInit), no device is. */
void cuda_api_open(struct cuda_api *out);
void cuda_api_close(struct cuda_api *api); /* all zero is fine */

/* Has this error killed the context? All calls on it fail from then on; nothing of it
 * can be freed, and only its release is allowed. */
bool cuda_is_fatal(CUresult error);

/* "out of memory (CUDA_ERROR_OUT_OF_MEMORY)" */
enum { CUDA_TEXT_SIZE = 160 };
const char *cuda_error_text(const struct cuda_api *api, CUresult error,
                            char text[CUDA_TEXT_SIZE]);

#endif
