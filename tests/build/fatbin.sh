# fatbin.sh ODEC SOURCE INCLUDE RUNTIME COMPILER FLAGS NVCC -- what `odec build --fatbin` and --device
# say where something is wrong, with the simulated NVCC; that nothing is written then; and what
# they write. What the images do: tests/device/fatbin.c.
set -eu
. "$(dirname "$0")/lib.sh"
nvcc=$7
model=$source/examples/lorenz.ode
export ODEC_SIMGPU_CACHE="$scratch/simgpu"
unset ODEC_NVCC CUDA_PATH CUDA_HOME NVCC ODEC_SIMGPU_NVCC 2>/dev/null || :

says() { # STATUS TEXT ARGUMENTS...
    status=$1 text=$2
    shift 2
    "$odec" build "$model" -o out "$@" >log 2>&1 && found=0 || found=$?
    [ $found -eq "$status" ] || { cat log; fail "build $*: exit status $found, not $status"; }
    printf '%s\n' "$text" | cmp -s - log || {
        cat log
        fail "build $*: not '$text'"
    }
    [ ! -e out ] || fail "build $*: it has written something"
}

says 2 "odec: error: --fatbin: '90' is no architecture: sm_80, sm_90 and the like" --fatbin 90
says 2 "odec: error: --fatbin: '' is no architecture: sm_80, sm_90 and the like" --fatbin sm_80,
says 2 "odec: error: --fatbin: 'sm_80x' is no architecture: sm_80, sm_90 and the like" --fatbin sm_80x
says 2 "odec: error: --fatbin: 'sm_+8' is no architecture: sm_80, sm_90 and the like" --fatbin sm_+8
says 2 "odec: error: --fatbin: sm_61 is too old: sm_70 is needed" --fatbin sm_61
says 2 "odec: error: --nvcc is for --fatbin, which is not there" --nvcc "$nvcc"
says 1 "odec: error: nvcc 'no-such-nvcc' is not there or cannot be run" --fatbin sm_80 --nvcc no-such-nvcc
says 1 "odec: error: $model for sm_99: nvcc $nvcc failed:
nvcc fatal   : Unsupported gpu architecture 'compute_99'" --fatbin sm_99 --nvcc "$nvcc"
export ODEC_SIMGPU_NVCC=11.4
says 1 "odec: error: nvcc $nvcc is older than CUDA 11.7, which is needed" --fatbin sm_80 --nvcc "$nvcc"
unset ODEC_SIMGPU_NVCC
printf '#!/bin/sh\n' >mute
chmod +x mute
says 1 "odec: error: nvcc ./mute does not tell its version" --fatbin sm_80 --nvcc ./mute
many=$(i=10; while [ $i -lt 27 ]; do printf ',sm_1%d' $i; i=$((i + 1)); done)
says 2 "odec: error: --fatbin: there are more than 16 architectures" --fatbin "sm_100$many"
ODEC_NVCC=nowhere
export ODEC_NVCC
says 1 "odec: error: nvcc 'nowhere' (\$ODEC_NVCC) is not there or cannot be run" --fatbin sm_80
unset ODEC_NVCC
if [ ! -e /usr/local/cuda/bin/nvcc ]; then
    PATH=/nowhere says 1 "odec: error: --fatbin needs nvcc, and it is not on PATH, in \$CUDA_PATH or \
in /usr/local/cuda: name it with --nvcc or \$ODEC_NVCC" --fatbin sm_80
fi

# Found in each of its places; the images are the same, and stand in the file.
for way in option variable path cuda_path; do
    case $way in
    option) "$odec" build "$model" -o $way --fatbin sm_80,sm_90,sm_80 --nvcc "$nvcc" ;;
    variable) ODEC_NVCC=$nvcc "$odec" build "$model" -o $way --fatbin sm_80,sm_90 ;;
    path) PATH=$(dirname "$nvcc"):$PATH "$odec" build "$model" -o $way --fatbin sm_80,sm_90 ;;
    cuda_path)
        case :$PATH: in *:$(dirname "$(command -v nvcc || echo /)"):*) continue ;; esac
        CUDA_PATH=$(dirname "$(dirname "$nvcc")") "$odec" build "$model" -o $way --fatbin sm_80,sm_90
        ;;
    esac
    cmp option/lorenz.c $way/lorenz.c || fail "nvcc by $way makes another file"
done
grep -q '"sm_80, sm_90"' option/lorenz.c || fail "the file does not say what it is for"

# --device: a header beside the two, in the namespace of --name.
quietly "$odec" build "$model" -o device --device --name rho
[ "$(ls device | tr '\n' ' ')" = 'rho.c rho.h rho_device.cuh ' ] || fail "--device writes $(ls device)"
grep -q '^namespace rho_device {$' device/rho_device.cuh || fail "the header has another namespace"
quietly "$odec" build "$model" -o plain --name rho
cmp device/rho.c plain/rho.c
[ ! -e plain/rho_device.cuh ] || fail "without --device there is a header"
