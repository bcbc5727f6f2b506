#!/bin/sh
# nvcc_by_hand.sh ODEC EXAMPLES_DIR -- what `odec emit --target cuda` prints compiles with
# plain nvcc, as its first comment says, and nvcc has nothing to say about it.
set -eu
odec=$1 examples=$2
. "$(dirname "$0")/../support/cuda_toolkit.sh"
find_nvcc
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
failed=0
for options in "--method tsit5" "--method tsit5 --save final" "--method rk4 --dt 0.01" \
    "--method vern7 --precision float"; do
    for model in lorenz pendulum; do
        "$odec" emit "$examples/$model.ode" --target cuda $options >"$directory/kernel.cu"
        if ! "$nvcc" -arch=sm_90 -fmad=false -cubin -x cu "$directory/kernel.cu" \
            -o "$directory/kernel.cubin" >"$directory/messages" 2>&1 ||
            [ -s "$directory/messages" ]; then
            echo "$model $options: nvcc says"
            cat "$directory/messages"
            failed=1
        fi
    done
done
exit $failed
