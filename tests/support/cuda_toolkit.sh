# cuda_toolkit.sh -- read by tests that need a real toolkit; where there is none they end as skipped,
# and say where they looked.

# find_nvcc: sets nvcc.
find_nvcc() {
    for nvcc in nvcc ${CUDA_PATH:+"$CUDA_PATH/bin/nvcc"} /usr/local/cuda/bin/nvcc; do
        if command -v "$nvcc" >/dev/null 2>&1; then
            return 0
        fi
    done
    echo "skipped: no nvcc here (looked in PATH, \$CUDA_PATH/bin and /usr/local/cuda/bin)"
    exit 77
}

# find_cuda_headers: sets toolkit, the folder whose include/ has cuda.h.
find_cuda_headers() {
    for toolkit in "${CUDA_PATH:-}" "${CUDA_HOME:-}" /usr/local/cuda /usr; do
        if [ -n "$toolkit" ] && [ -f "$toolkit/include/cuda.h" ]; then
            return 0
        fi
    done
    echo "skipped: no cuda.h (looked in \$CUDA_PATH, \$CUDA_HOME, /usr/local/cuda, /usr)"
    exit 77
}
