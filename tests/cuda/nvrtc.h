/* nvrtc.h -- the real NVRTC, opened at run time where there is one: CUDA text to a
 * cubin, without a GPU.
 */
#ifndef TESTS_CUDA_NVRTC_H
#define TESTS_CUDA_NVRTC_H

#include <stdbool.h>
#include <stddef.h>

/* Its C API as NVIDIA's nvrtc.h declares it. */
typedef struct nvrtc_program *nvrtc_handle;

#define NVRTC_FUNCTIONS(F)                                                            \
    F(nvrtcVersion, (int *major, int *minor))                                         \
    F(nvrtcCreateProgram,                                                             \
      (nvrtc_handle * program, const char *text, const char *name, int n_headers,     \
       const char *const *headers, const char *const *include_names))                 \
    F(nvrtcCompileProgram, (nvrtc_handle program, int n, const char *const *options)) \
    F(nvrtcGetProgramLogSize, (nvrtc_handle program, size_t * bytes))                 \
    F(nvrtcGetProgramLog, (nvrtc_handle program, char *log))                          \
    F(nvrtcGetCUBINSize, (nvrtc_handle program, size_t * bytes))                      \
    F(nvrtcGetPTXSize, (nvrtc_handle program, size_t * bytes))                        \
    F(nvrtcGetPTX, (nvrtc_handle program, char *ptx))                                 \
    F(nvrtcDestroyProgram, (nvrtc_handle * program))

struct nvrtc {
#define NVRTC_MEMBER(name, parameters) int(*name) parameters;
    NVRTC_FUNCTIONS(NVRTC_MEMBER)
#undef NVRTC_MEMBER
    int major, minor; /* its version */
};

/* Looks in the loader's path, $CUDA_PATH/lib64 and /usr/local/cuda/lib64. */
bool nvrtc_open(struct nvrtc *api);

struct cubin {
    size_t bytes; /* 0: NVRTC made none */
    char *log;    /* its words and ptxas's; NULL where memory is short */
    char *ptx;    /* the text it was made from; NULL like log */
};

/* For an architecture such as "90", with the options of runtime/cuda_options.h. The
 * caller releases the cubin, on failure too. */
bool nvrtc_compile(const struct nvrtc *api, const char *text, const char *arch,
                   struct cubin *out);
void cubin_release(struct cubin *cubin);

#endif
