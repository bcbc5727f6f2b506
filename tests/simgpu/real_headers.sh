#!/bin/sh
# real_headers.sh CC SOURCE_DIR PUBLIC_DIR -- our declarations of CUDA against the
# vendor's: headers by real_headers.c, entry points by what the libraries export.
set -eu
cc=$1 source=$2 public=$3
here=$source/tests/simgpu
. "$source/tests/support/cuda_toolkit.sh"
find_cuda_headers
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
failed=0

# ---- types, numbers, parameters
{
    echo '#define CUDA_NUMBERS(NUMBER) \'
    sed -n 's/^ *\(NUMBER([A-Z0-9_]*, [0-9]*)\).*/\1 \\/p' "$source/runtime/devices/cuda/cuda_api.h"
    echo
} >"$directory/numbers.h"
"$cc" -std=gnu17 -DOURS -I"$source/runtime" -I"$source/runtime/base" -I"$source/runtime/devices/cuda" -I"$public" "$here/real_headers.c" \
    -o "$directory/ours"
if "$cc" -std=gnu17 -I"$source/runtime/devices/cuda" -I"$directory" -isystem "$toolkit/include" \
    "$here/real_headers.c" -o "$directory/real"; then
    "$directory/ours" >"$directory/ours.txt"
    "$directory/real" >"$directory/real.txt"
    if ! diff "$directory/ours.txt" "$directory/real.txt"; then
        echo "cuda_api.h (<) is not as the headers in $toolkit (>)"
        failed=1
    fi
else
    echo "cuda_api.def is not as the headers in $toolkit"
    failed=1
fi

# ---- exported symbols
# exports KIND LIBRARY: each symbol of a KIND row is there
exports() {
    [ -f "$2" ] || return 0
    nm -D --defined-only "$2" | sed 's/.* //; s/@.*//' | sort >"$directory/exported"
    tr '\n' ' ' <"$source/runtime/devices/cuda/cuda_api.def" |
        grep -o "$1([a-z_0-9]*, *[A-Za-z_0-9]*" | sed 's/.*, *//' | grep -v '^symbol$' |
        sort >"$directory/needed"
    [ -s "$directory/needed" ]
    if ! comm -23 "$directory/needed" "$directory/exported" >"$directory/missing" ||
        [ -s "$directory/missing" ]; then
        echo "$2 does not export:"
        cat "$directory/missing"
        failed=1
    fi
}
# installed NAME: where the linker finds it
installed() {
    /sbin/ldconfig -p 2>/dev/null | sed -n "s/^[[:space:]]*$1 .*=> //p" | head -n 1
}
exports DRIVER "$toolkit/lib64/stubs/libcuda.so"
exports DRIVER "$(installed libcuda.so.1)"
for library in "$toolkit"/lib64/libnvrtc.so.??; do
    exports NVRTC "$library"
done
exports NVML "$toolkit/lib64/stubs/libnvidia-ml.so"
exports NVML "$(installed libnvidia-ml.so.1)"
exit $failed
