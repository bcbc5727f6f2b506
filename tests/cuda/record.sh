#!/bin/sh
# record.sh NVRTC_COMPILE EXAMPLES_DIR >bounds.tsv -- every row of bounds.tsv anew, by the
# program that the build made (build/release/tests/cuda/nvrtc_compile). Look at what changed
# before it is committed: a row that got worse has to be worth it.
set -eu
printf '# What ptxas makes of the CUDA text: see nvrtc_compile.c, which holds this.\n'
printf '# NVRTC %s\n' "$("$1" --version)"
printf '# program\tarch\tregisters\tstack bytes\tspill bytes\n'
for arch in 75 80 90 100 120; do
    "$1" --record "$arch" "$2"
done
