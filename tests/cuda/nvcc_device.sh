#!/bin/sh
# nvcc_device.sh ODEC EXAMPLES_DIR -- what `odec emit --target device` prints compiles with plain
# nvcc for every architecture, several models in one file beside macros of the user's, and nvcc
# and its host compiler have nothing to say about it; so does the example.
set -eu
odec=$1 examples=$2
. "$(dirname "$0")/../support/cuda_toolkit.sh"
find_nvcc
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
failed=0

header() { # MODEL OPTIONS...
    model=$1
    shift
    "$odec" emit "$examples/$model.ode" --target device "$@" >"$directory/${model}_device.cuh"
}
compile() { # WHAT OPTIONS...
    what=$1
    shift
    if ! "$nvcc" -std=c++17 -I"$directory" -Werror all-warnings \
        -Xcompiler -Wall,-Wextra,-Werror "$@" >"$directory/messages" 2>&1 ||
        [ -s "$directory/messages" ]; then
        echo "$what: nvcc says"
        cat "$directory/messages"
        failed=1
    fi
}

header lorenz --method tsit5
header two_body --method vern7 --precision float
header hodgkin_huxley --method dopri5
header vanderpol --method rk4 --dt 0.01
header robertson --method rodas5p
header pollution --method rosenbrock23
cat >"$directory/all.cu" <<'END'
#define R "mine"
#define FN(x) x
#include "lorenz_device.cuh"
#include "two_body_device.cuh"
#include "hodgkin_huxley_device.cuh"
#include "vanderpol_device.cuh"
#include "robertson_device.cuh"
#include "pollution_device.cuh"
#include "lorenz_device.cuh" /* once more does no harm */
#if defined(N_STATES) || defined(ODEC_DIALECT_H) || defined(UNROLL)
#error a macro is left behind
#endif
static_assert(sizeof(R) == sizeof("mine") && FN(1), "the user's macros are back");

#define KERNEL(model, ...)                                                        \
    __global__ void model##_steps(const model::scalar *ps, model::scalar *ys, const model::scalar *ts, int n, \
                                  model::scalar h) {                              \
        const int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);               \
        model::run r;                                                             \
        model::workspace w;                                                       \
        model::scalar *const y = ys + i * model::n_states, y1[model::n_states];   \
        model::prepare(r, ps + i * model::n_pars);                                \
        model::begin(w, r, 0, y);                                                 \
        for (int k = 0; k < n; k++) {                                             \
            model::step(w, r, ts[k], h, y, y1);                                  \
            __VA_ARGS__                                                           \
            model::accept(w);                                                     \
            for (int j = 0; j < model::n_states; j++) {                           \
                y[j] = y1[j];                                                     \
            }                                                                     \
        }                                                                         \
    }
#define ERROR(model)                          \
    model::scalar e[model::n_states];         \
    model::error(w, e);                       \
    if (e[0] > 1) {                           \
        continue;                             \
    }
#define JACOBIAN(model)                                                     \
    model::scalar lu[model::n_factors], ft[model::n_time + 1], dy[model::n_states]; \
    model::jacobian(r, ts[k], y1, dy, ft, lu);                              \
    if (lu[model::jacobian_place(n % model::n_jacobian)] > 0 || !model::factor(h, lu)) { \
        continue;                                                           \
    }                                                                       \
    model::solve(lu, y1);
KERNEL(lorenz_device, ERROR(lorenz_device))
KERNEL(two_body_device, ERROR(two_body_device))
KERNEL(hodgkin_huxley_device, ERROR(hodgkin_huxley_device))
KERNEL(vanderpol_device)
KERNEL(robertson_device, JACOBIAN(robertson_device))
KERNEL(pollution_device, ERROR(pollution_device) JACOBIAN(pollution_device))
int jacobian_at() { return robertson_device::jacobian_row(3); } /* of the host */
END
for sm in 75 80 90 100 120; do
    compile "sm_$sm" -arch=sm_$sm -cubin "$directory/all.cu" -o "$directory/all.cubin"
done
# No flag matters: all arithmetic is in intrinsics.
for flags in -fmad=true -fmad=false "-use_fast_math -ftz=false"; do
    compile "PTX, $flags" $flags -arch=sm_90 -ptx "$directory/all.cu" -o "$directory/$flags.ptx"
done
for flags in -fmad=true "-use_fast_math -ftz=false"; do
    cmp "$directory/-fmad=false.ptx" "$directory/$flags.ptx" || failed=1
done
compile "the host's side" -c "$directory/all.cu" -o "$directory/all.o"
compile "the example" -c "$examples/consumer/maxima.cu" -o "$directory/maxima.o"
exit $failed
